//! One thing as one broker reports it.

use crate::model::{BrokerId, Partition, Timestamp};

/// What one broker says of the cluster, of a stream or of a partition.
#[derive(Debug)]
pub(super) struct Claim<'a, T> {
    /// The broker.
    pub(super) broker: &'a BrokerId,
    /// The thing as the broker sees it.
    pub(super) value: &'a T,
    /// When the broker collected it: before it waited for its survey of brokers (wire-contract §4.7).
    pub(super) at: Timestamp,
    /// Whether the broker still says so; otherwise it has stopped answering since.
    pub(super) current: bool,
}

// A derive would ask for `T: Copy`.
impl<T> Copy for Claim<'_, T> {}
impl<T> Clone for Claim<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<'a, T> Claim<'a, T> {
    /// Another thing as the same broker reported it at the same time.
    pub(super) fn with<U>(self, value: &'a U) -> Claim<'a, U> {
        Claim {
            broker: self.broker,
            value,
            at: self.at,
            current: self.current,
        }
    }
}

impl Claim<'_, Partition> {
    /// Whether the broker says now that it leads the partition itself.
    pub(super) fn claims_to_lead(&self) -> bool {
        self.current && self.names(self.broker)
    }

    /// Whether the broker names that one as the leader.
    pub(super) fn names(&self, leader: &BrokerId) -> bool {
        self.value.leader.as_ref() == Some(leader)
    }
}
