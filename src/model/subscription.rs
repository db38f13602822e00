//! What happens to a subscription besides messages: facts that the client reports and the dashboard shows.

use super::{BrokerId, ErrorKind, Failure, Offset, StartAt, Target, Timestamp, counted};

/// Something that happened to a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum SubscriptionEvent {
    /// The broker took it: its empty first message came.
    Opened {
        /// The broker that serves it.
        broker: BrokerId,
    },
    /// The subscription was cut, and a broker to go on with is looked for.
    Resuming {
        /// How many tries since the cut, from 1.
        attempt: u32,
        /// What cut it, or what the last try ran into.
        failure: Failure,
    },
    /// The subscription goes on where it was cut: nothing twice, nothing left out.
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
    /// The partition's log went back: its leader lost messages that had been delivered, as one does that was restarted
    /// with an empty folder. Offsets from `to` on are delivered again, with other messages.
    Rewound {
        /// The offset that was to come next.
        from: Offset,
        /// The offset of the log as it is now at which reading goes on.
        to: Offset,
    },
    /// When it was opened, these messages were stored and not committed yet: they lie past its stop, and nobody can read
    /// them before replicas have them. Told of a stop at the latest message alone.
    Uncommitted {
        /// The first of their offsets.
        from: Offset,
        /// The last of their offsets.
        to: Offset,
    },
    /// The log ends before the place where reading was to begin: reading begins at its end instead, or is done at once where
    /// it was to stop.
    PastEnd {
        /// Where it was to begin: an offset, or a time that has not come yet.
        start: StartAt,
        /// The newest offset of the log; -1 where it is empty.
        newest: Offset,
        /// Whether it is read from there: a range beyond the end is not.
        #[cfg_attr(feature = "dashboard", serde(default = "always"))]
        is_read: bool,
    },
    /// The log keeps no message any more, though offsets up to this one were given: whether some of what was removed was of
    /// the time that was asked for, nobody knows.
    Emptied {
        /// The newest of those offsets.
        newest: Offset,
    },
    /// The subscription is over; nothing follows.
    Ended(EndReason),
}

impl SubscriptionEvent {
    /// How many offsets it says were removed before they could be read: of a gap both ends belong to it.
    pub fn removed(&self) -> u64 {
        if let Self::Gap { from, to } = self {
            count(*from, *to)
        } else {
            0
        }
    }

    /// What whoever reads `target` ought to know, in one sentence; `None` where all goes on as asked for. Of a cut only
    /// the first attempt has a sentence.
    pub fn sentence(&self, target: &Target) -> Option<String> {
        Some(match self {
            Self::Resuming {
                attempt: 1,
                failure,
            } => {
                let failure = target.named_before(&failure.sentence);
                format!("{target}: {failure}; resuming")
            }
            Self::Resumed {
                broker,
                next: Offset::MIN..0,
            } => format!("{target}: resumed on {broker}; nothing was read before"),
            Self::Resumed { broker, next } => {
                format!("{target}: resumed on {broker} at offset {next}")
            }
            Self::Gap { from, to } if from == to => {
                format!("{target}: offset {from} was removed before it could be read")
            }
            Self::Gap { from, to } => {
                format!("{target}: offsets {from} to {to} were removed before they could be read")
            }
            Self::Rewound { from, to } => format!(
                "{target}: its log went back: offset {from} was to come next, and it goes on at {to}; what was \
                 between is lost, or kept by a replica that does not lead"
            ),
            Self::Uncommitted { from, to } => {
                let messages = counted(
                    usize::try_from(count(*from, *to)).unwrap_or(usize::MAX),
                    "message",
                );
                let verb = if from == to { "is" } else { "are" };
                format!("{target}: {messages} {verb} not committed yet")
            }
            Self::Emptied { newest: 0 } => {
                format!("{target} keeps no message any more: the one at offset 0 was removed")
            }
            Self::Emptied { newest } => format!(
                "{target} keeps no message any more: those at offsets up to {newest} were removed"
            ),
            Self::PastEnd {
                start,
                newest,
                is_read,
            } => past_end(target, *start, *newest, *is_read),
            Self::Opened { .. } | Self::Resuming { .. } | Self::Ended(_) => return None,
        })
    }
}

/// That a log ends before the place where it was to be read from.
fn past_end(target: &Target, start: StartAt, newest: Offset, is_read: bool) -> String {
    let end = match newest {
        ..0 => "is empty".to_owned(),
        newest => format!("ends at offset {newest}"),
    };
    let sought = match start {
        StartAt::Offset(offset) => format!("there is no offset {offset} yet"),
        StartAt::Time(time) => format!("{} is yet to come", time.to_utc_text()),
        StartAt::Earliest
        | StartAt::Latest
        | StartAt::New
        | StartAt::Last(_)
        | StartAt::TimeAgo(_) => "nothing is there yet".to_owned(),
    };
    let read = if is_read {
        ", and is read from there"
    } else {
        ""
    };
    format!("{sought}: {target} {end}{read}")
}

/// What recordings lacked before ranges beyond the end were done at once.
#[cfg(feature = "dashboard")]
fn always() -> bool {
    true
}

/// How many offsets lie from one to another, both included.
fn count(from: Offset, to: Offset) -> u64 {
    u64::try_from(to.saturating_sub(from).saturating_add(1)).unwrap_or(0)
}

impl EndReason {
    /// The failure that stands for an end where messages were owed; `None` for an end as asked for, or with the
    /// partition.
    pub fn failure(self, target: &Target) -> Option<Failure> {
        let replaced;
        let (kind, what) = match self {
            Self::StopReached | Self::ReadonlyEnd => return None,
            Self::Unavailable(failure) | Self::Failed(failure) => return Some(failure),
            Self::Deleted => (ErrorKind::StreamDeleted, "is gone: the stream was deleted"),
            Self::Replaced { created } => {
                let created = created.to_utc_text();
                replaced = format!(
                    "is gone: the stream was deleted, and another one of that name was created at {created}"
                );
                (ErrorKind::StreamDeleted, &*replaced)
            }
            Self::Paused => (ErrorKind::PartitionPaused, "is paused: resume it first"),
            Self::Fenced => (ErrorKind::Fenced, "is read by a newer member of the group"),
        };
        Some(Failure::new(
            kind,
            target.clone(),
            format!("{target} {what}"),
        ))
    }
}

/// Why a subscription is over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum EndReason {
    /// All that was asked for has been delivered, or there was nothing in that range.
    StopReached,
    /// The stream was deleted.
    Deleted,
    /// The stream was deleted, and another one of that name was made.
    Replaced {
        /// When the other one was created.
        created: Timestamp,
    },
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
