//! Whether a partition still commits what it stores.

use super::{PartitionStatus, PartitionTruth};
use crate::model::{Offset, Timestamp};

/// A high watermark that stays behind the newest offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CommitStall {
    high_watermark: Offset,
    /// The newest offset when the high watermark was first seen there.
    newest_then: Offset,
    pub(super) since: Timestamp,
    /// Whether messages have been stored meanwhile.
    pub(super) growing: bool,
}

impl CommitStall {
    /// The stall as of now; `None` where everything is committed, or nothing is expected to be.
    pub(super) fn update(
        old: Option<Self>,
        truth: &PartitionTruth,
        now: Timestamp,
    ) -> Option<Self> {
        let (high_watermark, newest) = (truth.high_watermark?, truth.newest_offset?);
        let at_rest = truth.status.lacks_leader() || truth.status == PartitionStatus::Paused;
        if newest <= high_watermark || at_rest {
            return None;
        }
        let unchanged = old.filter(|old| old.high_watermark == high_watermark);
        let stall = unchanged.unwrap_or(Self {
            high_watermark,
            newest_then: newest,
            since: now,
            growing: false,
        });
        Some(Self {
            growing: newest > stall.newest_then,
            ..stall
        })
    }
}
