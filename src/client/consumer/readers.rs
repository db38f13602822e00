//! The subscriptions of one member: all of its partitions side by side. None waits for another to open, and one that
//! cannot be opened, or has ended for a reason that may pass, is opened again after a wait that grows.
#![expect(
    clippy::disallowed_methods,
    reason = "what lasts is told again, and a shorter log believed, by the clock"
)]

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;
use tokio_stream::{Stream, StreamMap};
use tokio_util::time::DelayQueue;

use super::{AssignedPartition, ConsumerOptions, cursor_id};
use crate::client::Client;
use crate::client::backoff::Backoff;
use crate::client::error::{Error, Result};
use crate::client::subscribe::{
    SHORTER_LOG_BELIEVED_AFTER, SubscribeRequest, Subscription, SubscriptionItem,
};
use crate::model::{
    EndReason, ErrorKind, Failure, Message, Offset, OwnedMessages, PartitionId, RetryLimit,
    StartAt, StreamName, SubscribeSpec, SubscriptionEvent, Target, Timestamp,
};
use crate::wire::pb;
use crate::wire::rpc::Rpc;

/// How far the clocks of two brokers may be apart, one of which stamps messages and one positions.
const CLOCK_SKEW: Duration = Duration::from_millis(500);

/// What a partition brings.
pub(super) enum ReaderItem {
    Message(Message),
    Event(SubscriptionEvent),
}

/// Why a partition is not read at the moment.
#[derive(Debug)]
struct Trouble {
    reason: EndReason,
    attempt: u32,
    told: Instant,
    backoff: Backoff,
}

/// An attempt to open a partition, and the position beyond its log where there was one.
type OpenResult = Result<(Subscription<OwnedMessages>, Option<SubscriptionEvent>)>;

/// Opens partitions under one epoch of the group.
#[derive(Clone)]
struct ReaderOpener {
    client: Client,
    group: String,
    consumer: String,
    epoch: u64,
    start: Option<StartAt>,
}

/// The subscriptions of one member.
pub(super) struct PartitionReaders {
    opener: ReaderOpener,
    /// What lasts so long is told again.
    told_after: Duration,
    reading: StreamMap<AssignedPartition, Subscription<OwnedMessages>>,
    opening: JoinSet<(AssignedPartition, OpenResult)>,
    /// Which attempt counts for a partition: one that was begun before is aborted.
    attempts: BTreeMap<AssignedPartition, AbortHandle>,
    waiting: DelayQueue<AssignedPartition>,
    trouble: BTreeMap<AssignedPartition, Trouble>,
    /// The last offset dealt with when the partitions were assigned, and of what was delivered since.
    last: BTreeMap<AssignedPartition, Offset>,
    /// The newest time of all that was delivered of a partition: what has a later one was not.
    newest: BTreeMap<AssignedPartition, Timestamp>,
}

impl PartitionReaders {
    /// No partition yet.
    pub(super) fn new(client: Client, options: &ConsumerOptions, told_after: Duration) -> Self {
        Self {
            opener: ReaderOpener {
                client,
                group: options.group.clone(),
                consumer: options.consumer.clone(),
                epoch: 0,
                start: options.start,
            },
            told_after,
            reading: StreamMap::new(),
            opening: JoinSet::new(),
            attempts: BTreeMap::new(),
            waiting: DelayQueue::new(),
            trouble: BTreeMap::new(),
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
        self.trouble.clear();
    }

    /// Reads these partitions from now on, under that epoch.
    pub(super) fn assign(
        &mut self,
        epoch: u64,
        partitions: &[AssignedPartition],
        acknowledged: impl Fn(&AssignedPartition) -> Option<Offset>,
    ) {
        self.close_all();
        self.opener.epoch = epoch;
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
        let trouble = self.trouble.get(place);
        trouble.is_some_and(|trouble| trouble.reason == EndReason::Fenced)
    }

    /// Opens a partition, in place of what reads it now; at that position, or else where the group has come to.
    pub(super) fn open(&mut self, place: AssignedPartition, start: Option<StartAt>) {
        self.reading.remove(&place);
        if start.is_some() {
            self.last.remove(&place);
            self.trouble.remove(&place);
        }
        let opener = self.opener.clone();
        let last = self.last.get(&place).map(|offset| Position {
            offset: *offset,
            not_after: self.newest.get(&place).copied(),
        });
        let own = place.clone();
        let attempt = self.opening.spawn(async move {
            let result = opener.open(&own, start, last).await;
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
                    self.trouble.remove(&place);
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
                return (!self.trouble.contains_key(place)).then_some(event);
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
        let before = self.trouble.remove(place);
        let is_same = before.as_ref().is_some_and(|before| {
            std::mem::discriminant(&before.reason) == std::mem::discriminant(&reason)
        });
        let mut trouble = match before {
            Some(before) if is_same => Trouble { reason, ..before },
            _ => Trouble {
                reason,
                attempt: 0,
                told: now,
                backoff: Backoff::of_subscription(),
            },
        };
        trouble.attempt += 1;
        let wait = trouble.backoff.next_wait();
        self.waiting.insert(place.clone(), wait);
        let failure = if let EndReason::Unavailable(failure) = &trouble.reason {
            Some(failure.clone())
        } else {
            None
        };
        let lasts = failure.is_some() && trouble.told.elapsed() >= self.told_after;
        let event = (!is_same || lasts).then(|| {
            trouble.told = now;
            match failure {
                Some(failure) => SubscriptionEvent::Resuming {
                    attempt: trouble.attempt,
                    failure,
                },
                None => SubscriptionEvent::Ended(trouble.reason.clone()),
            }
        });
        self.trouble.insert(place.clone(), trouble);
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

/// How far reading has come.
#[derive(Clone, Copy, Debug)]
struct Position {
    /// The last offset dealt with.
    offset: Offset,
    /// Its message is no newer, where that is known: a newer one is another log's.
    not_after: Option<Timestamp>,
}

impl ReaderOpener {
    async fn open(
        &self,
        (stream, partition): &AssignedPartition,
        start: Option<StartAt>,
        last: Option<Position>,
    ) -> OpenResult {
        let come_to = match (start, last) {
            (Some(_), _) => None,
            (None, Some(last)) => Some(last),
            (None, None) => {
                let id = cursor_id(&self.group);
                let stored = self.client.fetch_cursor(&id, stream, *partition).await?;
                match stored.filter(|offset| *offset >= 0) {
                    Some(offset) => {
                        let position = self.stored_position(&id, stream, *partition, offset);
                        Some(position.await?)
                    }
                    None => None,
                }
            }
        };
        let (start, event) = match (start, come_to) {
            (Some(start), _) => (start, None),
            (None, Some(last)) => self.after(stream, *partition, last).await?,
            (None, None) => match self.start {
                Some(start) => (start, None),
                None => return Err(self.no_position(stream, *partition)),
            },
        };
        let spec = SubscribeSpec {
            start,
            give_up: RetryLimit::Never,
            ..SubscribeSpec::new(Arc::clone(stream), *partition)
        };
        let request = SubscribeRequest {
            consumer: Some(pb::Consumer {
                group_id: self.group.clone(),
                group_epoch: self.epoch,
                consumer_id: self.consumer.clone(),
            }),
            ..SubscribeRequest::read_only(spec)
        };
        let inner = Arc::clone(self.client.inner());
        let opened = Subscription::open(inner, request, OwnedMessages::default()).await?;
        Ok((opened, event))
    }

    /// A position that the group has stored. Its message is older than that.
    async fn stored_position(
        &self,
        id: &str,
        stream: &StreamName,
        partition: PartitionId,
        offset: Offset,
    ) -> Result<Position> {
        let inner = self.client.inner();
        let stored = inner.stored_at(id, stream, partition, offset).await?;
        Ok(Position {
            offset,
            not_after: stored.map(|time| time.plus(CLOCK_SKEW)),
        })
    }

    /// Where to go on after that position. One beyond the end, or at a message newer than itself, belongs to a log that was
    /// lost: nothing of the new one has been read, so all of it is.
    async fn after(
        &self,
        stream: &StreamName,
        partition: PartitionId,
        last: Position,
    ) -> Result<(StartAt, Option<SubscriptionEvent>)> {
        let next = last.offset.saturating_add(1);
        let rewound = || {
            let rewound = SubscriptionEvent::Rewound { from: next, to: 0 };
            Ok((StartAt::Earliest, Some(rewound)))
        };
        let doubted = Instant::now();
        loop {
            let here = match self.client.fetch_partition(stream, partition).await {
                Ok(here) => here,
                // A pause is told by the subscription, and a policy may not allow to ask.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::PartitionPaused
                            | ErrorKind::PermissionDenied
                            | ErrorKind::Unsupported
                    ) =>
                {
                    return Ok((StartAt::Offset(next), None));
                }
                Err(error) => return Err(error),
            };
            let end = here
                .newest_offset
                .max(here.high_watermark)
                .saturating_add(1);
            let is_believed = doubted.elapsed() >= SHORTER_LOG_BELIEVED_AFTER;
            if next <= end {
                match self.is_of_this_log(stream, partition, last).await {
                    Some(false) => return rewound(),
                    None if !is_believed => {}
                    Some(true) | None => return Ok((StartAt::Offset(next), None)),
                }
            } else if is_believed {
                return rewound();
            }
            tokio::time::sleep(SHORTER_LOG_BELIEVED_AFTER / 4).await;
        }
    }

    /// Whether the message at a position is no newer than that; `None` where it cannot be had now.
    async fn is_of_this_log(
        &self,
        stream: &StreamName,
        partition: PartitionId,
        last: Position,
    ) -> Option<bool> {
        let Some(not_after) = last.not_after else {
            return Some(true);
        };
        let inner = self.client.inner();
        let (offset, time) = inner.first_from(stream, partition, last.offset).await?;
        Some(offset != last.offset || time <= not_after)
    }

    fn no_position(&self, stream: &str, partition: PartitionId) -> Error {
        let target = Target::Partition(stream.into(), partition);
        let text = format!("group \"{}\" has stored no position of it", self.group);
        Error::of_kind(ErrorKind::NoSuchCursor, Rpc::FetchCursor, target, &text)
    }
}
