//! Whether a partition really is paused or readonly: metadata's flags are sticky (wire-contract §0.2, §0.3), so they
//! are weighed against times and probes. Who leads is decided in `leader`.

use super::Known;
use crate::model::{EventTimes, Partition, Probe, ProbeState, Timestamp};

/// What probes of a partition have found.
#[derive(Clone, Debug, Default)]
pub(super) struct ProbeHistory {
    /// When the leader was asked last, whatever came of it.
    pub(super) asked: Timestamp,
    /// The latest probe that found anything.
    latest: Option<Probed>,
    /// Changes of pause and readonly as the believed view last reported them, and when it first did.
    changes: Option<(EventTimes, EventTimes, Timestamp)>,
}

#[derive(Clone, Debug)]
struct Probed {
    at: Timestamp,
    paused: bool,
    readonly: Option<bool>,
    partition: Option<Box<Partition>>,
}

impl ProbeHistory {
    /// Records a probe; one that is older than the last is dropped. Returns whether it found anything.
    pub(super) fn record(&mut self, probe: &Probe) -> bool {
        if probe.at < self.asked {
            return false;
        }
        self.asked = probe.at;
        let (paused, readonly, partition) = match &probe.state {
            ProbeState::Serving {
                partition,
                readonly,
            } => {
                // Without the flag it never is readonly.
                let never = (!partition.readonly_flag).then_some(false);
                (false, never.or(*readonly), Some(partition.clone()))
            }
            ProbeState::Paused => (true, None, None),
            ProbeState::Unknown(_) => return false,
        };
        // A probe of the pause alone must not discard what is known of readonly.
        let readonly = readonly.or_else(|| self.latest.as_ref().and_then(|old| old.readonly));
        self.latest = Some(Probed {
            at: probe.at,
            paused,
            readonly,
            partition,
        });
        true
    }

    /// Records the changes that the believed view reports, and drops a probe from before a new one.
    pub(super) fn record_changes(&mut self, partition: &Partition, at: Timestamp) {
        let changes = (partition.pause_changed, partition.readonly_changed);
        let unchanged = self.changes.filter(|(p, r, _)| (*p, *r) == changes);
        let since = unchanged.map_or(at, |(_, _, since)| since);
        self.changes = Some((changes.0, changes.1, since));
        self.latest.take_if(|latest| latest.at < since);
    }

    /// The leader's own partition, where a probe brought it later than `at`.
    pub(super) fn partition_after(&self, at: Timestamp) -> Option<&Partition> {
        let latest = self.latest.as_ref().filter(|latest| latest.at > at)?;
        latest.partition.as_deref()
    }

    /// Whether the partition is paused. Without the flag it never was. With it, a message that the leader received
    /// after the latest pause or resume shows that the latest was a resume.
    pub(super) fn paused(&self, partition: &Partition, by_leader: bool) -> Known {
        if let Some(latest) = &self.latest {
            return latest.paused.into();
        }
        let received = partition.received.latest > partition.pause_changed.latest;
        if !partition.paused_flag || (by_leader && received) {
            return Known::No;
        }
        Known::Unknown
    }

    /// Whether the partition is readonly. The flag outlives pause and resume, and a broker's restart; a message received
    /// after the latest change shows that it is not.
    pub(super) fn readonly(&self, partition: &Partition, by_leader: bool) -> Known {
        if let Some(readonly) = self.latest.as_ref().and_then(|latest| latest.readonly) {
            return readonly.into();
        }
        if !partition.readonly_flag {
            return Known::No;
        }
        let changed = partition.readonly_changed.latest;
        if !by_leader || !changed.is_set() {
            return Known::Unknown;
        }
        if partition.received.latest > changed {
            return Known::No;
        }
        if partition.pause_changed.latest <= changed {
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
        let history = ProbeHistory::default();
        assert_eq!(history.paused(&flagged(0, 0, 0), true), Known::No);
        assert_eq!(history.paused(&flagged(5, 0, 3), true), Known::Unknown);
        assert_eq!(history.paused(&flagged(5, 0, 9), true), Known::No);
        assert_eq!(history.paused(&flagged(5, 0, 9), false), Known::Unknown);
    }

    #[test]
    fn readonly_is_believed_where_no_pause_came_after_it() {
        let history = ProbeHistory::default();
        for (partition, by_leader, readonly) in [
            (flagged(0, 0, 9), true, Known::No),
            (flagged(0, 5, 3), true, Known::Yes),
            (flagged(7, 5, 3), true, Known::Unknown),
            (flagged(7, 5, 9), true, Known::No),
            (flagged(0, 5, 3), false, Known::Unknown),
        ] {
            assert_eq!(history.readonly(&partition, by_leader), readonly);
        }
    }

    #[test]
    fn a_probe_counts_until_the_view_tells_of_a_later_change() {
        let mut history = ProbeHistory::default();
        history.record_changes(&flagged(5, 0, 0), Timestamp(10));
        assert!(history.record(&probe(11, ProbeState::Paused)));
        assert_eq!(history.paused(&flagged(5, 0, 0), true), Known::Yes);
        history.record_changes(&flagged(5, 0, 0), Timestamp(12));
        assert_eq!(history.paused(&flagged(5, 0, 0), true), Known::Yes);
        history.record_changes(&flagged(13, 0, 0), Timestamp(14));
        assert_eq!(history.paused(&flagged(13, 0, 0), true), Known::Unknown);
        history.record(&probe(15, serving(Some(true))));
        assert_eq!(history.paused(&flagged(13, 4, 0), true), Known::No);
        assert_eq!(history.readonly(&flagged(13, 4, 0), true), Known::Yes);
    }

    #[test]
    fn a_probe_that_finds_it_writable_outweighs_an_older_one() {
        let mut history = ProbeHistory::default();
        history.record_changes(&flagged(5, 7, 0), Timestamp(8));
        history.record(&probe(9, serving(Some(true))));
        assert_eq!(history.readonly(&flagged(5, 7, 0), true), Known::Yes);
        // Asked after the change, and before any view reported it.
        history.record(&probe(20, serving(None)));
        history.record_changes(&flagged(5, 10, 0), Timestamp(19));
        assert_eq!(history.readonly(&flagged(5, 0, 0), true), Known::No);
    }

    #[test]
    fn a_probe_that_nobody_answered_changes_nothing() {
        let mut history = ProbeHistory::default();
        history.record(&probe(5, ProbeState::Paused));
        let failure = Failure::new(ErrorKind::Timeout, Target::Cluster, "no answer");
        assert!(!history.record(&probe(6, ProbeState::Unknown(failure))));
        assert!(!history.record(&probe(4, serving(None))));
        assert_eq!(history.paused(&flagged(1, 0, 0), true), Known::Yes);
        assert_eq!(history.asked, Timestamp(6));
    }
}
