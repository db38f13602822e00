//! What happens to a subscription besides messages: facts that the client reports and the dashboard shows.

use super::{BrokerId, Failure, Offset};

/// Something that happened to a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionEvent {
    /// The broker took it: its empty first message came.
    Opened {
        /// The broker that serves it.
        broker: BrokerId,
    },
    /// It was cut, and a broker to go on with is looked for.
    Resuming {
        /// How many tries since the cut, from 1.
        attempt: u32,
        /// What cut it, or what the last try ran into.
        failure: Failure,
    },
    /// It goes on where it was cut: nothing twice, nothing left out.
    Resumed {
        /// The broker that serves it now.
        broker: BrokerId,
        /// The offset that follows the last one delivered; -1 where none was delivered yet.
        next: Offset,
    },
    /// Messages were removed before they could be delivered: retention, or compaction at the very start of the log.
    /// What compaction takes out elsewhere is no gap, since a later message of the same key stands for it.
    Gap {
        /// The first of their offsets.
        from: Offset,
        /// The last of their offsets.
        to: Offset,
    },
    /// It is over; nothing follows.
    Ended(EndReason),
}

impl SubscriptionEvent {
    /// How many offsets it says were removed before they could be read: of a gap both ends belong to it.
    pub fn removed(&self) -> u64 {
        let Self::Gap { from, to } = self else {
            return 0;
        };
        u64::try_from(to.saturating_sub(*from).saturating_add(1)).unwrap_or(0)
    }
}

/// Why a subscription is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// All that was asked for has been delivered, or there was nothing in that range.
    StopReached,
    /// The stream was deleted, or deleted and made anew.
    Deleted,
    /// The partition was paused.
    Paused,
    /// The partition is readonly and all of it has been delivered.
    ReadonlyEnd,
    /// A newer member of the consumer group reads this partition now.
    Fenced,
    /// No broker could go on with it within the limit.
    Unavailable(Failure),
    /// The server ended it for a reason that trying again will not mend.
    Failed(Failure),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_counts_both_its_ends() {
        let removed = |from, to| SubscriptionEvent::Gap { from, to }.removed();
        assert_eq!(removed(4, 9), 6);
        assert_eq!(removed(7, 7), 1);
        assert_eq!(SubscriptionEvent::Ended(EndReason::Deleted).removed(), 0);
    }
}
