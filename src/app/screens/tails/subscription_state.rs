//! How reading goes, partition by partition, and for all of them together.

use std::time::Duration;

use super::tail::LookedRange;
use crate::app::row_key::PartitionKey;
use crate::model::{
    BrokerId, EndReason, Failure, Offset, PartitionId, StreamName, SubscriptionEvent, Timestamp,
};

/// How reading one partition goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum SubscriptionState {
    /// The subscription was asked for.
    #[default]
    Opening,
    /// A broker serves it.
    Live(BrokerId),
    /// The subscription was cut; a broker to go on with is looked for.
    Resuming {
        /// How many tries since the cut, from 1.
        attempt: u32,
        /// When it was cut.
        since: Timestamp,
        /// What cut it, or what the last try ran into.
        failure: Failure,
    },
    /// The subscription is over.
    Ended(EndReason),
}

/// How old a pause has to be before a view without one is newer than it: every broker was asked again since.
const PAUSE_OUTDATED_AFTER: Duration = Duration::from_secs(4);

/// How long a change of the cluster may take to be seen: every broker was asked since.
const VIEWS_OUTDATED_AFTER: Duration = Duration::from_secs(5);

/// What lies before the oldest message in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum OldestEnd {
    /// Older messages, or none: nobody has asked.
    #[default]
    Open,
    /// Nothing: it is the oldest message that the broker keeps, or there is none.
    AtStart,
    /// Messages that left memory since older ones were asked for: what still comes of those does not join what is kept,
    /// and would leave a hole that nothing fills.
    Cut,
}

/// One partition of a tail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TailPartition {
    /// The stream.
    pub(crate) stream: StreamName,
    /// The partition.
    pub(crate) partition: PartitionId,
    /// How reading it goes.
    pub(super) state: SubscriptionState,
    /// When it came to that.
    since: Timestamp,
    /// What lies before the oldest message in memory.
    pub(super) oldest: OldestEnd,
    /// Whether older messages are being fetched.
    pub(super) fetching: bool,
    /// What a search through the stream has looked at.
    pub(super) looked: Option<LookedRange>,
    /// Whether it was read up to what its leader had: from then on messages come as they are published.
    pub(super) live: bool,
    /// The newest offset of a log that ends before the place where reading was to begin; -1: it is empty.
    pub(super) past_end: Option<Offset>,
    /// The newest offset of messages that were removed before they could be read.
    pub(super) removed_to: Option<Offset>,
    /// When the stream was created whose messages are kept.
    created: Option<Timestamp>,
    /// When the stream was created that has its name now.
    named: Option<Timestamp>,
    /// When the stream was created that took the place of one that was deleted.
    replaced_by: Option<Timestamp>,
}

impl TailPartition {
    /// A partition whose subscription was asked for.
    pub(super) fn new(stream: StreamName, partition: PartitionId) -> Self {
        Self {
            stream,
            partition,
            state: SubscriptionState::Opening,
            since: Timestamp::default(),
            oldest: OldestEnd::Open,
            fetching: false,
            looked: None,
            live: false,
            past_end: None,
            removed_to: None,
            created: None,
            named: None,
            replaced_by: None,
        }
    }

    /// The same of the stream that has the name now, where nothing is kept of the one before.
    pub(super) fn successor(&self) -> Self {
        Self {
            created: self.named,
            named: self.named,
            ..Self::new(StreamName::clone(&self.stream), self.partition)
        }
    }

    /// Nothing is kept of it any more: what is read from now on is of the stream that has the name now.
    pub(super) fn forget_messages(&mut self) {
        self.created = self.named;
        self.looked = None;
    }

    /// A stream of that name is known that was created then. Views are some seconds behind: what has been open for less
    /// is of the stream that they name next, and one that was deleted is named for a while. `kept` is the time of the
    /// newest message that is kept: a stream has none from before it was created.
    pub(super) fn on_named(&mut self, created: Timestamp, kept: Option<Timestamp>, now: Timestamp) {
        self.named = self.named.max(Some(created));
        let is_young = match self.state {
            SubscriptionState::Opening => true,
            SubscriptionState::Live(_) => self.since.age(now) < VIEWS_OUTDATED_AFTER,
            SubscriptionState::Resuming { .. } | SubscriptionState::Ended(_) => false,
        };
        if is_young || self.created.is_none() && !self.is_gone() {
            self.created = self.named;
        }
        let is_deleted = self.state == SubscriptionState::Ended(EndReason::Deleted);
        let is_younger = kept.is_some_and(|kept| kept < created)
            || self.created.is_some() && self.created < self.named;
        if is_deleted && (is_younger || self.since.age(now) >= VIEWS_OUTDATED_AFTER) {
            self.replaced_by = self.named;
        }
    }

    /// When the stream was created that took the place of the one whose messages are kept.
    pub(crate) fn replaced(&self) -> Option<Timestamp> {
        if let SubscriptionState::Ended(EndReason::Replaced { created }) = self.state {
            return Some(created);
        }
        if self.replaced_by.is_some() {
            return self.replaced_by;
        }
        self.named
            .filter(|named| self.created.is_some_and(|created| created < *named))
    }

    /// Whether the stream whose messages are kept was deleted.
    pub(crate) fn is_gone(&self) -> bool {
        let is_deleted = self.state == SubscriptionState::Ended(EndReason::Deleted);
        is_deleted || self.replaced().is_some()
    }

    /// The stream and the number.
    pub(in crate::app) fn key(&self) -> PartitionKey {
        (StreamName::clone(&self.stream), self.partition)
    }

    /// Whether it is that partition of that stream.
    pub(super) fn is(&self, stream: &str, partition: PartitionId) -> bool {
        self.partition == partition && *self.stream == *stream
    }

    /// Whether its subscription was cut and a broker to go on with is looked for.
    pub(crate) fn is_resuming(&self) -> bool {
        self.cut().is_some()
    }

    /// Whether it is over.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.state, SubscriptionState::Ended(_))
    }

    /// Whether it was read to its end, and nothing more comes.
    pub(super) fn is_read(&self) -> bool {
        matches!(
            self.state,
            SubscriptionState::Ended(EndReason::StopReached | EndReason::ReadonlyEnd)
        )
    }

    /// The subscription is asked for again.
    pub(super) fn reopen(&mut self) {
        self.state = SubscriptionState::Opening;
        self.past_end = None;
        self.removed_to = None;
        self.replaced_by = None;
        self.fetching = false;
        self.forget_cut();
        self.live = false;
    }

    /// Older messages are asked for from where memory begins now.
    pub(super) fn forget_cut(&mut self) {
        if self.oldest == OldestEnd::Cut {
            self.oldest = OldestEnd::Open;
        }
    }

    /// Something happened to its subscription.
    pub(super) fn on_event(&mut self, event: &SubscriptionEvent, now: Timestamp) {
        self.state = match event {
            SubscriptionEvent::Opened { broker } | SubscriptionEvent::Resumed { broker, .. } => {
                SubscriptionState::Live(BrokerId::clone(broker))
            }
            SubscriptionEvent::Resuming { attempt, failure } => SubscriptionState::Resuming {
                attempt: *attempt,
                since: self.cut_since().unwrap_or(now),
                failure: failure.clone(),
            },
            SubscriptionEvent::PastEnd { newest, .. } => {
                self.past_end = Some(*newest);
                return;
            }
            SubscriptionEvent::Gap { to, .. } | SubscriptionEvent::Emptied { newest: to } => {
                self.removed_to = Some(*to);
                return;
            }
            SubscriptionEvent::Rewound { .. } | SubscriptionEvent::Uncommitted { .. } => return,
            SubscriptionEvent::Ended(reason) => {
                if let EndReason::Replaced { created } = reason {
                    self.named = self.named.max(Some(*created));
                }
                SubscriptionState::Ended(reason.clone())
            }
        };
        self.since = now;
    }

    /// Whether it is over because the partition was paused, long enough for brokers to have reported it since.
    pub(super) fn was_paused(&self, now: Timestamp) -> bool {
        self.state == SubscriptionState::Ended(EndReason::Paused)
            && self.since.age(now) >= PAUSE_OUTDATED_AFTER
    }

    fn cut_since(&self) -> Option<Timestamp> {
        self.cut().map(|(since, ..)| since)
    }

    /// When it was cut, how often a broker was looked for since, and why the last time was in vain.
    fn cut(&self) -> Option<(Timestamp, u32, &Failure)> {
        if let SubscriptionState::Resuming {
            attempt,
            since,
            failure,
        } = &self.state
        {
            return Some((*since, *attempt, failure));
        }
        None
    }

    fn end_reason(&self) -> Option<&EndReason> {
        if let SubscriptionState::Ended(reason) = &self.state {
            return Some(reason);
        }
        None
    }
}

/// All partitions of a tail together: the worst that holds for any of them, and for how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TailState<'a> {
    /// None is served yet.
    Opening,
    /// All are served, or have been read to their end with others still served.
    Live,
    /// Some were cut.
    Resuming {
        /// How many.
        partitions: usize,
        /// The most tries since a cut.
        attempt: u32,
        /// When the first of them was cut.
        since: Timestamp,
        /// What one of them ran into.
        failure: &'a Failure,
    },
    /// Some are over for a reason that is news.
    Ended {
        /// How many are so for this reason.
        partitions: usize,
        /// The gravest reason.
        reason: &'a EndReason,
    },
}

/// How many partitions ended, by reason, the gravest first.
pub(crate) fn ends(partitions: &[TailPartition]) -> Vec<(usize, &EndReason)> {
    let mut ends: Vec<(usize, &EndReason)> = Vec::new();
    for reason in partitions.iter().filter_map(TailPartition::end_reason) {
        let same = |(_, known): &&mut (usize, &EndReason)| {
            std::mem::discriminant(*known) == std::mem::discriminant(reason)
        };
        match ends.iter_mut().find(same) {
            Some((count, _)) => *count += 1,
            None => ends.push((1, reason)),
        }
    }
    ends.sort_by_key(|(_, reason)| match reason {
        EndReason::Failed(_) | EndReason::Unavailable(_) | EndReason::Fenced => 0,
        EndReason::Deleted | EndReason::Replaced { .. } => 1,
        EndReason::Paused => 2,
        EndReason::ReadonlyEnd => 3,
        EndReason::StopReached => 4,
    });
    ends
}

impl<'a> TailState<'a> {
    /// What holds for these partitions together.
    pub(super) fn of(partitions: &'a [TailPartition]) -> Self {
        let cuts: Vec<_> = partitions.iter().filter_map(TailPartition::cut).collect();
        if let Some((since, _, failure)) = cuts.iter().min_by_key(|(since, ..)| *since) {
            let attempts = cuts.iter().map(|(_, attempt, _)| *attempt);
            return Self::Resuming {
                partitions: cuts.len(),
                attempt: attempts.max().unwrap_or(1),
                since: *since,
                failure,
            };
        }
        let ends = ends(partitions);
        let all_ended = ends.iter().map(|(count, _)| count).sum::<usize>() == partitions.len();
        let is_news = |reason: &EndReason| *reason != EndReason::StopReached || all_ended;
        if let Some((partitions, reason)) = ends.first().filter(|(_, reason)| is_news(reason)) {
            return Self::Ended {
                partitions: *partitions,
                reason,
            };
        }
        let is_live = |one: &TailPartition| matches!(one.state, SubscriptionState::Live(_));
        if partitions.iter().any(is_live) {
            return Self::Live;
        }
        Self::Opening
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ErrorKind, Target};

    const NOW: Timestamp = Timestamp(1_000);

    fn partitions(events: &[SubscriptionEvent]) -> Vec<TailPartition> {
        let partition = |(number, event): (PartitionId, &SubscriptionEvent)| {
            let mut partition = TailPartition::new("s".into(), number);
            partition.on_event(event, NOW);
            partition
        };
        (0..).zip(events).map(partition).collect()
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
    fn the_worst_state_of_any_partition_is_that_of_the_tail() {
        assert_eq!(
            TailState::of(&[TailPartition::new("s".into(), 0)]),
            TailState::Opening
        );
        assert_eq!(
            TailState::of(&partitions(&[opened(), opened()])),
            TailState::Live
        );
        let cut = partitions(&[opened(), resuming(2), resuming(5), ended(EndReason::Paused)]);
        assert!(matches!(
            TailState::of(&cut),
            TailState::Resuming {
                partitions: 2,
                attempt: 5,
                ..
            }
        ));
        // Each is counted for its own reason, the gravest first.
        let several = partitions(&[
            ended(EndReason::ReadonlyEnd),
            ended(EndReason::Paused),
            opened(),
            ended(EndReason::Paused),
        ]);
        assert_eq!(
            ends(&several),
            [(2, &EndReason::Paused), (1, &EndReason::ReadonlyEnd)]
        );
        let paused = partitions(&[opened(), ended(EndReason::Paused)]);
        assert!(matches!(
            TailState::of(&paused),
            TailState::Ended { partitions: 1, .. }
        ));
    }

    #[test]
    fn partitions_read_to_their_end_are_no_news_while_others_live() {
        let done = ended(EndReason::StopReached);
        assert_eq!(
            TailState::of(&partitions(&[opened(), done.clone()])),
            TailState::Live
        );
        assert!(matches!(
            TailState::of(&partitions(&[done.clone(), done])),
            TailState::Ended { partitions: 2, .. }
        ));
    }

    #[test]
    fn a_cut_is_dated_by_its_first_try() {
        let mut part = TailPartition::new("s".into(), 0);
        part.on_event(&resuming(1), NOW);
        part.on_event(&resuming(2), Timestamp(5_000));
        assert!(matches!(
            part.state,
            SubscriptionState::Resuming {
                attempt: 2,
                since: NOW,
                ..
            }
        ));
    }
}
