//! Whether a partition still commits what it stores.

use std::time::Duration;

use super::assess::AssessContext;
use super::{PartitionStatus, PartitionTruth};
use crate::model::{Offset, Timestamp};

/// A high watermark that stands for so long while the log grows is stalled.
const GROWING_STALL: Duration = Duration::from_millis(900);

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
    /// Whether it is one: messages come and none is committed, or it has lasted though none came. Followers fetch within
    /// moments of an append, so that two looks a second apart do not both fall between append and commit by chance.
    pub(super) fn growing_or_lasting(&self, context: &AssessContext<'_>) -> bool {
        let age = self.since.age(context.now);
        let at_rest = context.options.alerts.commit_stalled_after;
        if self.growing {
            age >= GROWING_STALL.min(at_rest)
        } else {
            age >= at_rest
        }
    }

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
