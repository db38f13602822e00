//! The subscriptions of one member: all of its partitions side by side. None waits for another to open, and one that
//! cannot be opened, or has ended for a reason that may pass, is opened again after a wait that grows.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;
use tokio_stream::{Stream, StreamMap};
use tokio_util::time::DelayQueue;

use super::reader_factory::{OpenResult, Position, ReaderFactory};
use super::{AssignedPartition, ConsumerOptions};
use crate::client::Client;
use crate::client::backoff::Backoff;
use crate::client::subscribe::{Subscription, SubscriptionItem};
use crate::model::{
    EndReason, ErrorKind, Failure, Message, Offset, OwnedMessages, StartAt, SubscriptionEvent,
    Timestamp,
};

/// What a partition brings.
pub(super) enum ReaderItem {
    Message(Message),
    Event(SubscriptionEvent),
}

/// Why a partition is not read at the moment.
#[derive(Debug)]
struct LastingFailure {
    reason: EndReason,
    attempt: u32,
    reported: Instant,
    backoff: Backoff,
}

/// The subscriptions of one member.
pub(super) struct PartitionReaders {
    factory: ReaderFactory,
    /// What lasts so long is told again.
    reported_every: Duration,
    reading: StreamMap<AssignedPartition, Subscription<OwnedMessages>>,
    opening: JoinSet<(AssignedPartition, OpenResult)>,
    /// Which attempt counts for a partition: one that was begun before is aborted.
    attempts: BTreeMap<AssignedPartition, AbortHandle>,
    waiting: DelayQueue<AssignedPartition>,
    failures: BTreeMap<AssignedPartition, LastingFailure>,
    /// The last offset dealt with when the partitions were assigned, and of what was delivered since.
    last: BTreeMap<AssignedPartition, Offset>,
    /// The newest time of all that was delivered of a partition: what has a later one was not.
    newest: BTreeMap<AssignedPartition, Timestamp>,
}

impl PartitionReaders {
    /// No partition yet.
    pub(super) fn new(client: Client, options: &ConsumerOptions, reported_every: Duration) -> Self {
        Self {
            factory: ReaderFactory {
                client,
                group: options.group.clone(),
                consumer: options.consumer.clone(),
                epoch: 0,
                start: options.start,
            },
            reported_every,
            reading: StreamMap::new(),
            opening: JoinSet::new(),
            attempts: BTreeMap::new(),
            waiting: DelayQueue::new(),
            failures: BTreeMap::new(),
            last: BTreeMap::new(),
            newest: BTreeMap::new(),
        }
    }

    /// Ends all subscriptions and attempts.
    pub(super) fn close_all(&mut self) {
        self.reading.clear();
        self.opening.abort_all();
        self.opening = JoinSet::new();
        self.attempts.clear();
        self.waiting.clear();
        self.failures.clear();
    }

    /// Reads these partitions from now on, under that epoch.
    pub(super) fn assign(
        &mut self,
        epoch: u64,
        partitions: &[AssignedPartition],
        acknowledged: impl Fn(&AssignedPartition) -> Option<Offset>,
    ) {
        self.close_all();
        self.factory.epoch = epoch;
        self.last = partitions
            .iter()
            .filter_map(|place| Some((place.clone(), acknowledged(place)?)))
            .collect();
        self.newest.retain(|place, _| partitions.contains(place));
        for place in partitions {
            self.open(place.clone(), None);
        }
    }

    /// Whether another member, or a later epoch, was seen to have taken the partition over.
    pub(super) fn is_fenced(&self, place: &AssignedPartition) -> bool {
        let failure = self.failures.get(place);
        failure.is_some_and(|failure| failure.reason == EndReason::Fenced)
    }

    /// Opens a partition, in place of what reads it now; at that position, or else where the group has come to.
    pub(super) fn open(&mut self, place: AssignedPartition, start: Option<StartAt>) {
        self.reading.remove(&place);
        if start.is_some() {
            self.last.remove(&place);
            self.failures.remove(&place);
        }
        let factory = self.factory.clone();
        let last = self.last.get(&place).map(|offset| Position {
            offset: *offset,
            not_after: self.newest.get(&place).copied(),
        });
        let own = place.clone();
        let attempt = self.opening.spawn(async move {
            let result = factory.open(&own, start, last).await;
            (own, result)
        });
        if let Some(before) = self.attempts.insert(place, attempt) {
            before.abort();
        }
    }

    /// The next item of any partition.
    pub(super) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<(AssignedPartition, ReaderItem)> {
        loop {
            if let Poll::Ready(Some(opened)) = self.opening.poll_join_next(cx) {
                // An attempt that was given up for a later one.
                let Ok((place, result)) = opened else {
                    continue;
                };
                if let Some(event) = self.on_opened(&place, result) {
                    return Poll::Ready((place, ReaderItem::Event(event)));
                }
                continue;
            }
            if let Poll::Ready(Some(due)) = self.waiting.poll_expired(cx) {
                self.open(due.into_inner(), None);
                continue;
            }
            let Poll::Ready(Some((place, item))) = Pin::new(&mut self.reading).poll_next(cx) else {
                return Poll::Pending;
            };
            match item {
                SubscriptionItem::Batch(message) => {
                    self.failures.remove(&place);
                    self.last.insert(place.clone(), message.offset);
                    let newest = self.newest.entry(place.clone()).or_default();
                    *newest = message.timestamp.max(*newest);
                    return Poll::Ready((place, ReaderItem::Message(message)));
                }
                SubscriptionItem::Event(event) => {
                    if let Some(event) = self.on_event(&place, event) {
                        return Poll::Ready((place, ReaderItem::Event(event)));
                    }
                }
            }
        }
    }

    /// What is worth telling of an attempt to open a partition.
    fn on_opened(
        &mut self,
        place: &AssignedPartition,
        result: OpenResult,
    ) -> Option<SubscriptionEvent> {
        self.attempts.remove(place);
        match result {
            Ok((subscription, event)) => {
                if event.is_some() {
                    self.last.remove(place);
                }
                self.reading.insert(place.clone(), subscription);
                event
            }
            Err(error) if may_pass(error.kind()) => {
                let reason = EndReason::Unavailable(Failure::from(error));
                self.open_later(place, reason)
            }
            Err(error) => {
                let reason = EndReason::Failed(Failure::from(error));
                Some(SubscriptionEvent::Ended(reason))
            }
        }
    }

    /// What is worth telling of an event of a subscription.
    fn on_event(
        &mut self,
        place: &AssignedPartition,
        event: SubscriptionEvent,
    ) -> Option<SubscriptionEvent> {
        let reason = match event {
            SubscriptionEvent::Ended(reason) => reason,
            SubscriptionEvent::Rewound { .. } => {
                self.last.remove(place);
                return Some(event);
            }
            SubscriptionEvent::Gap { .. }
            | SubscriptionEvent::PastEnd { .. }
            | SubscriptionEvent::Emptied { .. } => return Some(event),
            // After an end that may pass and was told, each attempt would tell of itself again.
            SubscriptionEvent::Opened { .. }
            | SubscriptionEvent::Resuming { .. }
            | SubscriptionEvent::Resumed { .. }
            | SubscriptionEvent::Uncommitted { .. } => {
                return (!self.failures.contains_key(place)).then_some(event);
            }
        };
        if let EndReason::Deleted | EndReason::Replaced { .. } | EndReason::Failed(_) = reason {
            return Some(SubscriptionEvent::Ended(reason));
        }
        self.open_later(place, reason)
    }

    /// Opens a partition again after a wait. Told is the first time, another reason than before, and what lasts.
    fn open_later(
        &mut self,
        place: &AssignedPartition,
        reason: EndReason,
    ) -> Option<SubscriptionEvent> {
        let now = Instant::now();
        let before = self.failures.remove(place);
        let is_same = before.as_ref().is_some_and(|before| {
            std::mem::discriminant(&before.reason) == std::mem::discriminant(&reason)
        });
        let mut lasting = match before {
            Some(before) if is_same => LastingFailure { reason, ..before },
            _ => LastingFailure {
                reason,
                attempt: 0,
                reported: now,
                backoff: Backoff::of_subscription(),
            },
        };
        lasting.attempt += 1;
        let wait = lasting.backoff.next_wait();
        self.waiting.insert(place.clone(), wait);
        let failure = if let EndReason::Unavailable(failure) = &lasting.reason {
            Some(failure.clone())
        } else {
            None
        };
        let lasts = failure.is_some() && lasting.reported.elapsed() >= self.reported_every;
        let event = (!is_same || lasts).then(|| {
            lasting.reported = now;
            match failure {
                Some(failure) => SubscriptionEvent::Resuming {
                    attempt: lasting.attempt,
                    failure,
                },
                None => SubscriptionEvent::Ended(lasting.reason.clone()),
            }
        });
        self.failures.insert(place.clone(), lasting);
        event
    }
}

/// Whether another attempt to open a partition may succeed: the group would not have it if it were not there, so who does not
/// know it has just started.
fn may_pass(kind: ErrorKind) -> bool {
    let is_missing = matches!(
        kind,
        ErrorKind::NoSuchStream
            | ErrorKind::NoSuchPartition
            | ErrorKind::CursorsDisabled
            | ErrorKind::BadAddress
    );
    is_missing || kind.is_retryable()
}
