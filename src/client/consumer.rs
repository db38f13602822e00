//! A member of a consumer group: reads the partitions assigned to it, and stores how far it has come. Staying a member
//! is `consumer::heart`'s.

mod heartbeat;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Interval;
use tokio_stream::{StreamExt, StreamMap};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Client;
use super::error::{Error, Result};
use super::inner::Api;
use super::subscribe::{SubscribeRequest, Subscription, SubscriptionItem};
use crate::model::{
    EndReason, ErrorKind, Failure, Message, Offset, OwnedMessages, PartitionId, RetryLimit,
    StartAt, StreamName, SubscribeSpec, SubscriptionEvent, Target,
};
use crate::wire::pb;
use crate::wire::rpc::Rpc;
use heartbeat::{Assignment, Heartbeat, Membership};

/// Which group to join, and how.
#[derive(Clone, Debug)]
pub struct ConsumerOptions {
    /// The group's id; a group comes into being with its first member.
    pub group: String,
    /// This member's id, unique in the group; empty: one is made up.
    pub consumer: String,
    /// The streams to read: each partition by one member of the group.
    pub streams: Vec<StreamName>,
    /// Where to start on a partition of which the group has stored no position.
    pub start: StartAt,
    /// How often positions are stored; `None`: only by [`Consumer::checkpoint`] and [`Consumer::leave`].
    pub checkpoint_every: Option<Duration>,
    /// How often the coordinator hears of this member; `None`: at two fifths of what it allows, 6 s by default.
    pub heartbeat_every: Option<Duration>,
}

impl ConsumerOptions {
    /// A member that reads these streams from now on and stores its positions every 5 s.
    pub fn new(
        group: impl Into<String>,
        streams: impl IntoIterator<Item = impl Into<StreamName>>,
    ) -> Self {
        Self {
            group: group.into(),
            consumer: String::new(),
            streams: streams.into_iter().map(Into::into).collect(),
            start: StartAt::New,
            checkpoint_every: Some(Duration::from_secs(5)),
            heartbeat_every: None,
        }
    }
}

/// What a consumer yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsumerItem {
    /// The group has changed, and these are this member's partitions now, maybe none.
    Assigned {
        /// The group's epoch.
        epoch: u64,
        /// The partitions.
        partitions: Vec<(StreamName, PartitionId)>,
    },
    /// A message of one of them. Asking for the next item says that it is dealt with.
    Message(Message),
    /// Something that happened to the subscription of one of them. One that ended because it is paused, readonly or
    /// fenced is tried again every second, and told of once.
    Event {
        /// The stream.
        stream: StreamName,
        /// The partition.
        partition: PartitionId,
        /// What happened.
        event: SubscriptionEvent,
    },
    /// The coordinator did not hear of this member; it goes on trying, and joins again if it was taken for dead.
    HeartbeatFailed(Failure),
    /// Positions could not be stored; the next checkpoint tries again.
    CheckpointFailed(Failure),
}

/// How long to leave a partition alone whose subscription ended for a reason that may pass, as a pause.
const REOPEN_AFTER: Duration = Duration::from_secs(1);

/// Stands for never where an interval needs a number.
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

type AssignedPartition = (StreamName, PartitionId);

/// A member of a consumer group. It reads while it is polled, and stays a member by itself; dropped without
/// [`leave`](Self::leave), the coordinator takes it for dead after a while (15 s by default).
///
/// Messages are delivered at least once: what was dealt with but not stored when a partition moves, comes again to the
/// member that it moves to.
pub struct Consumer {
    client: Client,
    options: ConsumerOptions,
    membership: watch::Receiver<Membership>,
    assignment: Option<Assignment>,
    reading: StreamMap<AssignedPartition, Subscription<OwnedMessages>>,
    /// Assigned partitions without a subscription yet.
    to_open: VecDeque<AssignedPartition>,
    checkpoint: Interval,
    positions: Positions,
    /// Partitions whose subscriptions ended for a reason that may pass.
    reopening: BTreeMap<AssignedPartition, EndReason>,
    reopen_timer: Interval,
    /// Stops the heartbeat.
    stop: Option<DropGuard>,
}

/// How far this member has come.
#[derive(Debug, Default)]
struct Positions {
    /// The message handed out last: dealt with once the next one is asked for.
    in_hand: Option<(AssignedPartition, Offset)>,
    done: BTreeMap<AssignedPartition, Offset>,
    stored: BTreeMap<AssignedPartition, Offset>,
}

impl Positions {
    fn mark_handed_done(&mut self) {
        if let Some((place, offset)) = self.in_hand.take() {
            self.done.insert(place, offset);
        }
    }

    /// Forgets partitions that others read now.
    fn retain_owned(&mut self, is_own: impl Fn(&AssignedPartition) -> bool) {
        self.done.retain(|place, _| is_own(place));
        self.stored.retain(|place, _| is_own(place));
    }

    /// What is to be stored of partitions that this member may speak for.
    fn unstored(
        &self,
        is_own: impl Fn(&AssignedPartition) -> bool,
    ) -> Vec<(AssignedPartition, Offset)> {
        let is_new = |(place, offset): &(&AssignedPartition, &Offset)| {
            is_own(place) && self.stored.get(*place) != Some(*offset)
        };
        let new = self.done.iter().filter(is_new);
        new.map(|(place, offset)| (place.clone(), *offset))
            .collect()
    }
}

impl Client {
    /// Joins a consumer group. The first item is what was assigned.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyMember`] where the group has a member of that id,
    /// [`ErrorKind::NoSuchStream`], [`ErrorKind::InvalidArgument`] without a group or streams,
    /// [`ErrorKind::CursorsDisabled`] where positions could not be stored, [`ErrorKind::OutcomeUnknown`].
    pub async fn join_group(&self, mut options: ConsumerOptions) -> Result<Consumer> {
        if options.consumer.is_empty() {
            options.consumer = format!("liftui-{:016x}", fastrand::u64(..));
        }
        self.core().cursor_partitions().await?;
        let joined = heartbeat::join(self.core(), &options).await?;
        let stop = CancellationToken::new();
        let (heart, membership) = Heartbeat::new(Arc::clone(self.core()), &options, &joined);
        let beating = stop.clone();
        self.core().tasks.run(async move {
            beating.run_until_cancelled(heart.run()).await;
        });
        let every = options.checkpoint_every.unwrap_or(A_YEAR);
        let mut checkpoint = tokio::time::interval(every.max(Duration::from_millis(10)));
        checkpoint.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        checkpoint.reset();
        Ok(Consumer {
            client: self.clone(),
            options,
            membership,
            assignment: None,
            reading: StreamMap::new(),
            to_open: VecDeque::new(),
            checkpoint,
            positions: Positions::default(),
            reopening: BTreeMap::new(),
            reopen_timer: tokio::time::interval(REOPEN_AFTER),
            stop: Some(stop.drop_guard()),
        })
    }
}

/// What a consumer waits for.
enum ConsumerWakeup {
    Group,
    Item(AssignedPartition, SubscriptionItem<Message>),
    Checkpoint,
    /// Ended subscriptions may be tried again.
    ReopenDue,
}

impl Consumer {
    /// This member's id.
    pub fn id(&self) -> &str {
        &self.options.consumer
    }

    /// The group's epoch as this member knows it; 0 before it has heard.
    pub fn epoch(&self) -> u64 {
        let assignment = self.assignment.as_ref();
        assignment.map_or(0, |assignment| assignment.epoch)
    }

    /// The next message or event; `None` once the client was closed. May be dropped while it waits.
    pub async fn next(&mut self) -> Option<ConsumerItem> {
        self.positions.mark_handed_done();
        loop {
            if let Err(failure) = self.open_next().await {
                return Some(failure);
            }
            match self.wake().await? {
                ConsumerWakeup::Group => {
                    if let Some(item) = self.apply_membership().await {
                        return Some(item);
                    }
                }
                ConsumerWakeup::Item(place, item) => {
                    if let Some(item) = self.item_of_subscription(place, item) {
                        return Some(item);
                    }
                }
                ConsumerWakeup::ReopenDue => self.to_open.extend(self.reopening.keys().cloned()),
                ConsumerWakeup::Checkpoint if self.options.checkpoint_every.is_some() => {
                    if let Err(error) = self.store_positions().await {
                        return Some(ConsumerItem::CheckpointFailed(error.into()));
                    }
                }
                ConsumerWakeup::Checkpoint => {}
            }
        }
    }

    async fn wake(&mut self) -> Option<ConsumerWakeup> {
        let is_reading = !self.reading.is_empty();
        let is_resting = self
            .reopening
            .keys()
            .any(|place| !self.reading.contains_key(place));
        tokio::select! {
            biased;
            changed = self.membership.changed() => changed.ok().map(|()| ConsumerWakeup::Group),
            _ = self.checkpoint.tick() => Some(ConsumerWakeup::Checkpoint),
            _ = self.reopen_timer.tick(), if is_resting => Some(ConsumerWakeup::ReopenDue),
            Some((place, item)) = self.reading.next(), if is_reading => Some(ConsumerWakeup::Item(place, item)),
        }
    }

    /// Takes in what the coordinator says of the group. All subscriptions begin anew, under the new epoch: one under
    /// an older epoch would be fenced (wire-contract §4.11).
    async fn apply_membership(&mut self) -> Option<ConsumerItem> {
        let Membership {
            assignment,
            last_failure: trouble,
        } = self.membership.borrow_and_update().clone();
        if assignment == self.assignment {
            return trouble.map(ConsumerItem::HeartbeatFailed);
        }
        self.assignment.clone_from(&assignment);
        let Assignment {
            epoch,
            partitions: places,
        } = assignment.unwrap_or_default();
        self.reading.clear();
        // Of a lost partition nothing is stored any more: its new owner may have begun a heartbeat ago, and servers
        // fence readers, not SetCursor (wire-contract §4.8, §4.11): the last write would win and rewind the group. The
        // new owner reads again what was not stored. Nor of one that another owned in between.
        let resting = std::mem::take(&mut self.reopening);
        self.positions
            .retain_owned(|place| places.contains(place) && !is_fenced(&resting, place));
        self.to_open = places.iter().cloned().collect();
        if let Err(error) = self.store_positions().await {
            return Some(ConsumerItem::CheckpointFailed(error.into()));
        }
        Some(ConsumerItem::Assigned {
            epoch,
            partitions: places,
        })
    }

    /// Subscribes to what is assigned and not read yet, one after the other.
    async fn open_next(&mut self) -> std::result::Result<(), ConsumerItem> {
        while let Some(place) = self.to_open.front().cloned() {
            let subscription = self.open(&place).await;
            self.to_open.pop_front();
            match subscription {
                Ok(subscription) => {
                    self.reading.insert(place, subscription);
                }
                Err(error) => return Err(self.not_opened(place, &error)),
            }
        }
        Ok(())
    }

    /// What may pass is tried again with the next item, after the others.
    fn not_opened(&mut self, place: AssignedPartition, error: &Error) -> ConsumerItem {
        let failure = Failure::from(error);
        let (stream, partition) = place.clone();
        let event = if error.kind().is_retryable() {
            self.to_open.push_back(place);
            let attempt = 1;
            SubscriptionEvent::Resuming { attempt, failure }
        } else {
            SubscriptionEvent::Ended(EndReason::Failed(failure))
        };
        ConsumerItem::Event {
            stream,
            partition,
            event,
        }
    }

    async fn open(
        &self,
        (stream, partition): &AssignedPartition,
    ) -> Result<Subscription<OwnedMessages>> {
        let id = cursor_id(&self.options.group);
        let come_to = match self.positions.done.get(&(Arc::clone(stream), *partition)) {
            Some(offset) => Some(*offset),
            None => self.client.fetch_cursor(&id, stream, *partition).await?,
        };
        let spec = SubscribeSpec {
            start: come_to.map_or(self.options.start, |offset| StartAt::Offset(offset + 1)),
            give_up: RetryLimit::Never,
            ..SubscribeSpec::new(Arc::clone(stream), *partition)
        };
        let order = SubscribeRequest {
            consumer: Some(pb::Consumer {
                group_id: self.options.group.clone(),
                group_epoch: self.epoch(),
                consumer_id: self.options.consumer.clone(),
            }),
            ..SubscribeRequest::read_only(spec)
        };
        let core = Arc::clone(self.client.core());
        Subscription::open(core, order, OwnedMessages::default()).await
    }

    fn item_of_subscription(
        &mut self,
        place: AssignedPartition,
        item: SubscriptionItem<Message>,
    ) -> Option<ConsumerItem> {
        match item {
            SubscriptionItem::Batch(message) => {
                self.reopening.remove(&place);
                self.positions.in_hand = Some((place, message.offset));
                Some(ConsumerItem::Message(message))
            }
            SubscriptionItem::Event(event) => {
                let is_news = self.schedule_reopen(&place, &event);
                let (stream, partition) = place;
                is_news.then_some(ConsumerItem::Event {
                    stream,
                    partition,
                    event,
                })
            }
        }
    }

    /// Remembers an end that may pass, to try again a little later. Whether the event is worth telling: the same end
    /// after every try is not.
    fn schedule_reopen(&mut self, place: &AssignedPartition, event: &SubscriptionEvent) -> bool {
        let SubscriptionEvent::Ended(reason) = event else {
            return !self.reopening.contains_key(place);
        };
        let may_pass = match reason {
            EndReason::Paused
            | EndReason::ReadonlyEnd
            | EndReason::Fenced
            | EndReason::Unavailable(_)
            | EndReason::StopReached => true,
            EndReason::Deleted | EndReason::Failed(_) => false,
        };
        if !may_pass {
            return true;
        }
        self.reopen_timer.reset();
        self.reopening
            .insert(place.clone(), reason.clone())
            .as_ref()
            != Some(reason)
    }

    /// Stores how far this member has come, the message handed out last included.
    ///
    /// # Errors
    /// That of the first position that could not be stored.
    pub async fn checkpoint(&mut self) -> Result<()> {
        self.positions.mark_handed_done();
        self.store_positions().await
    }

    async fn store_positions(&mut self) -> Result<()> {
        let id = cursor_id(&self.options.group);
        // The heartbeat may know of a newer assignment than was taken in.
        let heard = self.membership.borrow().assignment.clone();
        let own = heard.unwrap_or_default().partitions;
        let is_own =
            |place: &AssignedPartition| own.contains(place) && !is_fenced(&self.reopening, place);
        for (place, offset) in self.positions.unstored(is_own) {
            let (stream, partition) = &place;
            self.client
                .set_cursor(&id, stream, *partition, offset)
                .await?;
            self.positions.stored.insert(place, offset);
        }
        Ok(())
    }

    /// Stores how far this member has come and leaves the group, so that others read on at once.
    ///
    /// # Errors
    /// Where it could not be stored, or the group not be left: then the coordinator finds out by itself. To be no member
    /// any more, or of a group that is gone, is to have left.
    pub async fn leave(mut self) -> Result<()> {
        self.reading.clear();
        self.checkpoint().await?;
        // A heart that beats on would find that it is no member, and join again.
        self.stop = None;
        let target = Target::Group(self.options.group.clone());
        let request = pb::LeaveConsumerGroupRequest {
            group_id: self.options.group.clone(),
            consumer_id: self.options.consumer.clone(),
        };
        let send = |mut api: Api, _| {
            let request = request.clone();
            async move { api.leave_consumer_group(request).await }
        };
        let core = self.client.core();
        let limit = core.options.request_timeout;
        let rpc = Rpc::LeaveConsumerGroup;
        match core.call_any(rpc, &target, limit, send).await {
            Err(error)
                if !matches!(error.kind(), ErrorKind::NotMember | ErrorKind::NoSuchGroup) =>
            {
                Err(error)
            }
            _ => Ok(()),
        }
    }
}

/// Whether another member, or a later epoch, was seen to have taken the partition over.
fn is_fenced(resting: &BTreeMap<AssignedPartition, EndReason>, place: &AssignedPartition) -> bool {
    resting.get(place) == Some(&EndReason::Fenced)
}

/// The id under which a group stores its positions (wire-contract §6.3).
fn cursor_id(group: &str) -> String {
    format!("__group:{group}")
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("group", &self.options.group)
            .field("consumer", &self.options.consumer)
            .field("epoch", &self.epoch())
            .finish_non_exhaustive()
    }
}
