//! How reading goes, partition by partition, and in one word for all of them.
//! What was read is the store's; when to read on, the tail's.

use std::time::Duration;

use crate::model::{
    BrokerId, EndReason, Failure, PartitionId, StreamName, SubscriptionEvent, Timestamp,
};

/// How reading one partition goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SubscriptionState {
    /// The subscription was asked for.
    #[default]
    Opening,
    /// A broker serves it.
    Live(BrokerId),
    /// It was cut; a broker to go on with is looked for.
    Resuming {
        /// How many tries since the cut, from 1.
        attempt: u32,
        /// When it was cut.
        since: Timestamp,
        /// What cut it, or what the last try ran into.
        failure: Failure,
    },
    /// It is over.
    Ended(EndReason),
}

/// How old a pause has to be before word that there is none is newer than it: every broker was asked again since.
const BELIEVED: Duration = Duration::from_secs(4);

/// One partition of a tail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailPartition {
    /// The stream.
    pub stream: StreamName,
    /// The partition.
    pub partition: PartitionId,
    /// How reading it goes.
    pub phase: SubscriptionState,
    /// When it came to that.
    pub(super) since: Timestamp,
    /// Whether the oldest message that the broker keeps is in memory, or there is none before it.
    pub(super) at_start: bool,
    /// Whether older messages are on their way.
    pub(super) fetching: bool,
    /// Whether it was read up to what its leader had: from then on messages come as they are published.
    pub(super) live: bool,
}

impl TailPartition {
    /// A partition whose subscription was asked for.
    pub(super) fn new(stream: StreamName, partition: PartitionId) -> Self {
        Self {
            stream,
            partition,
            phase: SubscriptionState::Opening,
            since: Timestamp::default(),
            at_start: false,
            fetching: false,
            live: false,
        }
    }

    /// Whether it is that partition of that stream.
    pub(super) fn is(&self, stream: &str, partition: PartitionId) -> bool {
        self.partition == partition && *self.stream == *stream
    }

    /// Takes what happened to its subscription.
    pub(super) fn note(&mut self, event: &SubscriptionEvent, now: Timestamp) {
        self.phase = match event {
            SubscriptionEvent::Opened { broker } | SubscriptionEvent::Resumed { broker, .. } => {
                SubscriptionState::Live(BrokerId::clone(broker))
            }
            SubscriptionEvent::Resuming { attempt, failure } => SubscriptionState::Resuming {
                attempt: *attempt,
                since: self.cut_since().unwrap_or(now),
                failure: failure.clone(),
            },
            SubscriptionEvent::Gap { .. } => return,
            SubscriptionEvent::Ended(reason) => SubscriptionState::Ended(reason.clone()),
        };
        self.since = now;
    }

    /// Whether it is over because the partition was paused, long enough for brokers to have said so since.
    pub(super) fn was_paused(&self, now: Timestamp) -> bool {
        self.phase == SubscriptionState::Ended(EndReason::Paused) && self.since.age(now) >= BELIEVED
    }

    fn cut_since(&self) -> Option<Timestamp> {
        match &self.phase {
            SubscriptionState::Resuming { since, .. } => Some(*since),
            SubscriptionState::Opening
            | SubscriptionState::Live(_)
            | SubscriptionState::Ended(_) => None,
        }
    }
}

/// All partitions of a tail in one word: the worst that holds for any of them, and for how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TailState<'a> {
    /// None is served yet.
    Opening,
    /// All are served, or have been read to their end with others still served.
    Live,
    /// Some were cut.
    Resuming {
        /// How many.
        parts: usize,
        /// The most tries since a cut.
        attempt: u32,
        /// When the first of them was cut.
        since: Timestamp,
        /// What one of them ran into.
        failure: &'a Failure,
    },
    /// Some are over for a reason that is news.
    Ended {
        /// How many.
        parts: usize,
        /// Why one of them is.
        reason: &'a EndReason,
    },
}

/// What holds for these partitions together.
pub(super) fn summary(parts: &[TailPartition]) -> TailState<'_> {
    let ended = parts.iter().filter_map(|part| match &part.phase {
        SubscriptionState::Ended(reason) => Some(reason),
        SubscriptionState::Opening
        | SubscriptionState::Live(_)
        | SubscriptionState::Resuming { .. } => None,
    });
    let ended: Vec<&EndReason> = ended.collect();
    let news = ended
        .iter()
        .find(|reason| ***reason != EndReason::StopReached);
    if let Some(resuming) = resuming(parts) {
        return resuming;
    }
    match (news, ended.first()) {
        (Some(reason), _) => TailState::Ended {
            parts: ended.len(),
            reason,
        },
        (None, Some(reason)) if ended.len() == parts.len() => TailState::Ended {
            parts: ended.len(),
            reason,
        },
        _ if parts
            .iter()
            .any(|part| matches!(part.phase, SubscriptionState::Live(_))) =>
        {
            TailState::Live
        }
        _ => TailState::Opening,
    }
}

fn resuming(parts: &[TailPartition]) -> Option<TailState<'_>> {
    let cuts = parts.iter().filter_map(|part| match &part.phase {
        SubscriptionState::Resuming {
            attempt,
            since,
            failure,
        } => Some((*since, *attempt, failure)),
        SubscriptionState::Opening | SubscriptionState::Live(_) | SubscriptionState::Ended(_) => {
            None
        }
    });
    let cuts: Vec<(Timestamp, u32, &Failure)> = cuts.collect();
    let (since, _, failure) = cuts.iter().min_by_key(|(since, ..)| *since)?;
    Some(TailState::Resuming {
        parts: cuts.len(),
        attempt: cuts
            .iter()
            .map(|(_, attempt, _)| *attempt)
            .max()
            .unwrap_or(1),
        since: *since,
        failure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ErrorKind, Target};

    const NOW: Timestamp = Timestamp(1_000);

    fn parts(events: &[SubscriptionEvent]) -> Vec<TailPartition> {
        let part = |(partition, event): (PartitionId, &SubscriptionEvent)| {
            let mut part = TailPartition::new("s".into(), partition);
            part.note(event, NOW);
            part
        };
        (0..).zip(events).map(part).collect()
    }

    fn opened() -> SubscriptionEvent {
        SubscriptionEvent::Opened { broker: "b".into() }
    }

    fn resuming(attempt: u32) -> SubscriptionEvent {
        let failure = Failure::new(ErrorKind::Unreachable, Target::Cluster, "refused");
        SubscriptionEvent::Resuming { attempt, failure }
    }

    fn ended(reason: EndReason) -> SubscriptionEvent {
        SubscriptionEvent::Ended(reason)
    }

    #[test]
    fn the_worst_phase_is_the_summary() {
        assert_eq!(
            summary(&[TailPartition::new("s".into(), 0)]),
            TailState::Opening
        );
        assert_eq!(summary(&parts(&[opened(), opened()])), TailState::Live);
        let cut = parts(&[opened(), resuming(2), resuming(5), ended(EndReason::Paused)]);
        assert!(matches!(
            summary(&cut),
            TailState::Resuming {
                parts: 2,
                attempt: 5,
                ..
            }
        ));
        let paused = parts(&[opened(), ended(EndReason::Paused)]);
        assert!(matches!(
            summary(&paused),
            TailState::Ended { parts: 1, .. }
        ));
    }

    #[test]
    fn partitions_read_to_their_end_are_no_news_while_others_live() {
        let done = ended(EndReason::StopReached);
        assert_eq!(summary(&parts(&[opened(), done.clone()])), TailState::Live);
        assert!(matches!(
            summary(&parts(&[done.clone(), done])),
            TailState::Ended { parts: 2, .. }
        ));
    }

    #[test]
    fn a_cut_is_dated_by_its_first_try() {
        let mut part = TailPartition::new("s".into(), 0);
        part.note(&resuming(1), NOW);
        part.note(&resuming(2), Timestamp(5_000));
        assert!(matches!(
            part.phase,
            SubscriptionState::Resuming {
                attempt: 2,
                since: NOW,
                ..
            }
        ));
    }
}
