//! Whether a partition really is paused or readonly: metadata's flags are sticky (wire-contract §0.2, §0.3), so they
//! are weighed against times and probes. Who leads is decided in `witness`.

use super::Known;
use crate::model::{EventTimes, Partition, Probe, ProbeState, Timestamp};

/// What probes of a partition have told.
#[derive(Clone, Debug, Default)]
pub(super) struct Probed {
    /// When the leader was asked last, whatever came of it.
    pub(super) asked: Timestamp,
    /// The latest answer that told something.
    answer: Option<Answer>,
    /// Changes of pause and readonly as the believed view last told them, and when it did so first.
    changes: Option<(EventTimes, EventTimes, Timestamp)>,
}

#[derive(Clone, Debug)]
struct Answer {
    at: Timestamp,
    paused: bool,
    readonly: Option<bool>,
    partition: Option<Box<Partition>>,
}

impl Probed {
    /// Takes a probe; one that is older than the last is dropped. Returns whether it told anything.
    pub(super) fn take(&mut self, probe: &Probe) -> bool {
        if probe.at < self.asked {
            return false;
        }
        self.asked = probe.at;
        let answer = match &probe.state {
            // Without the flag it never is readonly.
            ProbeState::Serving {
                partition,
                readonly,
            } => {
                let readonly = if partition.readonly_flag {
                    *readonly
                } else {
                    Some(false)
                };
                (false, readonly, Some(partition.clone()))
            }
            ProbeState::Paused => (true, None, None),
            ProbeState::Unknown(_) => return false,
        };
        let (paused, readonly, partition) = answer;
        // Who asks only for the one must not forget the other.
        let readonly = readonly.or_else(|| self.answer.as_ref().and_then(|old| old.readonly));
        self.answer = Some(Answer {
            at: probe.at,
            paused,
            readonly,
            partition,
        });
        true
    }

    /// Notes what the believed view says of changes. An answer from before a change counts no more.
    pub(super) fn note(&mut self, partition: &Partition, at: Timestamp) {
        let (paused, readonly) = (partition.pause_changed, partition.readonly_changed);
        if self
            .changes
            .is_none_or(|(p, r, _)| (p, r) != (paused, readonly))
        {
            self.changes = Some((paused, readonly, at));
        }
        let since = self.changes.map(|(_, _, since)| since);
        if self
            .answer
            .as_ref()
            .is_some_and(|answer| Some(answer.at) < since)
        {
            self.answer = None;
        }
    }

    /// The leader's own partition, where a probe brought it later than `at`.
    pub(super) fn partition_after(&self, at: Timestamp) -> Option<(Timestamp, &Partition)> {
        let answer = self.answer.as_ref().filter(|answer| answer.at > at)?;
        Some((answer.at, answer.partition.as_deref()?))
    }

    /// Whether the partition is paused. Without the flag it never was. With it, a message that the leader received
    /// after the latest pause or resume shows that the latest was a resume.
    pub(super) fn paused(&self, told: &Partition, by_leader: bool) -> Known {
        if let Some(answer) = &self.answer {
            return answer.paused.into();
        }
        let received = told.received.latest > told.pause_changed.latest;
        if !told.paused_flag || (by_leader && received) {
            return Known::No;
        }
        Known::Unknown
    }

    /// Whether it is readonly. The flag outlives pause and resume, and a broker's restart; a message received after
    /// the latest change shows that it is not.
    pub(super) fn readonly(&self, told: &Partition, by_leader: bool) -> Known {
        if let Some(readonly) = self.answer.as_ref().and_then(|answer| answer.readonly) {
            return readonly.into();
        }
        if !told.readonly_flag {
            return Known::No;
        }
        let changed = told.readonly_changed.latest;
        if by_leader && changed.is_set() && told.received.latest > changed {
            return Known::No;
        }
        if by_leader && changed.is_set() && told.pause_changed.latest <= changed {
            return Known::Yes;
        }
        Known::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ErrorKind, Failure, Target};

    fn times(latest: i64) -> EventTimes {
        EventTimes {
            first: Timestamp(latest.min(1)),
            latest: Timestamp(latest),
        }
    }

    fn flagged(paused: i64, readonly: i64, received: i64) -> Partition {
        Partition {
            paused_flag: paused > 0,
            readonly_flag: readonly > 0,
            pause_changed: times(paused),
            readonly_changed: times(readonly),
            received: times(received),
            ..Partition::default()
        }
    }

    fn probe(at: i64, state: ProbeState) -> Probe {
        Probe {
            stream: "s".into(),
            partition: 0,
            at: Timestamp(at),
            state,
        }
    }

    fn serving(readonly: Option<bool>) -> ProbeState {
        let readonly_flag = readonly.is_some();
        ProbeState::Serving {
            partition: Box::new(Partition {
                readonly_flag,
                ..Partition::default()
            }),
            readonly,
        }
    }

    #[test]
    fn a_flag_alone_proves_no_pause() {
        let probed = Probed::default();
        assert_eq!(probed.paused(&flagged(0, 0, 0), true), Known::No);
        assert_eq!(probed.paused(&flagged(5, 0, 3), true), Known::Unknown);
        assert_eq!(probed.paused(&flagged(5, 0, 9), true), Known::No);
        assert_eq!(probed.paused(&flagged(5, 0, 9), false), Known::Unknown);
    }

    #[test]
    fn readonly_is_believed_where_no_pause_came_after_it() {
        let probed = Probed::default();
        for (partition, by_leader, readonly) in [
            (flagged(0, 0, 9), true, Known::No),
            (flagged(0, 5, 3), true, Known::Yes),
            (flagged(7, 5, 3), true, Known::Unknown),
            (flagged(7, 5, 9), true, Known::No),
            (flagged(0, 5, 3), false, Known::Unknown),
        ] {
            assert_eq!(probed.readonly(&partition, by_leader), readonly);
        }
    }

    #[test]
    fn a_probe_counts_until_the_view_tells_of_a_later_change() {
        let mut probed = Probed::default();
        probed.note(&flagged(5, 0, 0), Timestamp(10));
        assert!(probed.take(&probe(11, ProbeState::Paused)));
        assert_eq!(probed.paused(&flagged(5, 0, 0), true), Known::Yes);
        probed.note(&flagged(5, 0, 0), Timestamp(12));
        assert_eq!(probed.paused(&flagged(5, 0, 0), true), Known::Yes);
        probed.note(&flagged(13, 0, 0), Timestamp(14));
        assert_eq!(probed.paused(&flagged(13, 0, 0), true), Known::Unknown);
        probed.take(&probe(15, serving(Some(true))));
        assert_eq!(probed.paused(&flagged(13, 4, 0), true), Known::No);
        assert_eq!(probed.readonly(&flagged(13, 4, 0), true), Known::Yes);
    }

    #[test]
    fn a_probe_that_finds_it_writable_outweighs_an_older_one() {
        let mut probed = Probed::default();
        probed.note(&flagged(5, 7, 0), Timestamp(8));
        probed.take(&probe(9, serving(Some(true))));
        assert_eq!(probed.readonly(&flagged(5, 7, 0), true), Known::Yes);
        // Asked after the change, and before any view told of it.
        probed.take(&probe(20, serving(None)));
        probed.note(&flagged(5, 10, 0), Timestamp(19));
        assert_eq!(probed.readonly(&flagged(5, 0, 0), true), Known::No);
    }

    #[test]
    fn a_probe_that_nobody_answered_changes_nothing() {
        let mut probed = Probed::default();
        probed.take(&probe(5, ProbeState::Paused));
        let failure = Failure::new(ErrorKind::Timeout, Target::Cluster, "no answer");
        assert!(!probed.take(&probe(6, ProbeState::Unknown(failure))));
        assert!(!probed.take(&probe(4, serving(None))));
        assert_eq!(probed.paused(&flagged(1, 0, 0), true), Known::Yes);
        assert_eq!(probed.asked, Timestamp(6));
    }
}
