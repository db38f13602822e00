//! A member of a consumer group: reads the partitions assigned to it, and stores how far it has come. Staying a member is
//! `consumer::heartbeat`'s, opening and reopening partitions `consumer::readers`'.

mod heartbeat;
mod options;
mod positions;
mod reader_factory;
mod readers;

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Interval;
use tokio_stream::Stream;
use tokio_stream::wrappers::WatchStream;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Client;
use super::error::{Error, Result};
use super::inner::Api;
use crate::model::{
    ErrorKind, Failure, Message, Offset, PartitionId, StartAt, StreamName, SubscriptionEvent,
    Target,
};
use crate::wire::pb;
use crate::wire::rpc::Rpc;
pub use options::{Acknowledge, ConsumerOptions};

use heartbeat::{Assignment, Heartbeat, Membership};
use positions::Positions;
use readers::{PartitionReaders, ReaderItem};

/// What a consumer yields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsumerItem {
    /// The group has changed, and these are this member's partitions now, maybe none.
    Assigned {
        /// The group's epoch.
        epoch: u64,
        /// The partitions.
        partitions: Vec<(StreamName, PartitionId)>,
    },
    /// A message of one of them.
    Message(Message),
    /// Something that happened to the subscription of one of them. What may pass, as a pause, a missing leader or a newer
    /// member, is tried again and told once, and again when it lasts beyond a heartbeat.
    Event {
        /// The stream.
        stream: StreamName,
        /// The partition.
        partition: PartitionId,
        /// What happened.
        event: SubscriptionEvent,
    },
    /// The coordinator has not heard of this member for longer than a heartbeat; it goes on trying, and joins again if it
    /// was taken for dead.
    HeartbeatFailed(Failure),
    /// Positions could not be stored; the next checkpoint tries again.
    CheckpointFailed(Failure),
}

/// How far a member has come in one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartitionPosition {
    /// The stream.
    pub stream: StreamName,
    /// The partition.
    pub partition: PartitionId,
    /// The last offset that was dealt with; `None` before the first.
    pub acknowledged: Option<Offset>,
    /// The last offset that this member has stored for the group.
    pub stored: Option<Offset>,
}

/// Stands for never where an interval needs a number.
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// A partition that a member may be assigned.
type AssignedPartition = (StreamName, PartitionId);

/// Positions being stored, and how each of them went.
type Storing = Pin<Box<dyn Future<Output = Vec<(AssignedPartition, Offset, Result<()>)>> + Send>>;

/// A member of a consumer group, as a stream of [`ConsumerItem`]s. It reads while it is polled, and stays a member by
/// itself; dropped without [`leave`](Self::leave), the coordinator takes it for dead after a while (15 s by default).
///
/// Messages are delivered at least once: what was dealt with but not stored when a partition moves, comes again to the
/// member that it moves to.
pub struct Consumer {
    client: Client,
    options: ConsumerOptions,
    membership: watch::Receiver<Membership>,
    changes: WatchStream<Membership>,
    assignment: Option<Assignment>,
    readers: PartitionReaders,
    checkpoint: Interval,
    storing: Option<Storing>,
    positions: Positions,
    /// What has to be told before anything that comes.
    pending: VecDeque<ConsumerItem>,
    /// Stops the heartbeat.
    stop: Option<DropGuard>,
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
        self.inner().cursor_partitions().await?;
        let joined = heartbeat::join(self.inner(), &options).await?;
        let stop = CancellationToken::new();
        let (heartbeat, membership) = Heartbeat::new(Arc::clone(self.inner()), &options, &joined);
        let running = stop.clone();
        let reported_every = heartbeat.interval();
        self.inner().tasks.run(async move {
            running.run_until_cancelled(heartbeat.run()).await;
        });
        let every = options.checkpoint_every.unwrap_or(A_YEAR);
        let mut checkpoint = tokio::time::interval(every.max(Duration::from_millis(10)));
        checkpoint.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        checkpoint.reset();
        Ok(Consumer {
            readers: PartitionReaders::new(self.clone(), &options, reported_every),
            client: self.clone(),
            options,
            changes: WatchStream::from_changes(membership.clone()),
            membership,
            assignment: None,
            checkpoint,
            storing: None,
            positions: Positions::default(),
            pending: VecDeque::new(),
            stop: Some(stop.drop_guard()),
        })
    }
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

    /// How far this member has come in each of its partitions.
    pub fn positions(&self) -> Vec<PartitionPosition> {
        let partitions = self.assignment.iter().flat_map(|it| &it.partitions);
        let position = |place: &AssignedPartition| PartitionPosition {
            stream: Arc::clone(&place.0),
            partition: place.1,
            acknowledged: self.positions.acknowledged(place),
            stored: self.positions.stored(place),
        };
        partitions.map(position).collect()
    }

    /// The next message or event; `None` once the client was closed. May be dropped while it waits: nothing is lost.
    pub async fn next(&mut self) -> Option<ConsumerItem> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Deals with a message and all before it in its partition: the next checkpoint may store that. One of a partition
    /// that was given to another member meanwhile has no effect.
    pub fn acknowledge(&mut self, message: &Message) {
        let place = (Arc::clone(&message.stream), message.partition);
        if self.owns(&place) {
            self.positions.acknowledge(place, message.offset);
        }
    }

    /// Reads one of this member's partitions from there on, instead of where it has come to. What was dealt with before
    /// and not stored yet is not stored any more.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] where the partition is not assigned to this member.
    pub fn seek(&mut self, stream: &str, partition: PartitionId, start: StartAt) -> Result<()> {
        let place = (StreamName::from(stream), partition);
        if !self.owns(&place) {
            let target = Target::Partition(place.0, partition);
            let sentence = format!("{target} is not assigned to this member");
            return Err(Error::refused(target, sentence));
        }
        self.positions.forget(&place);
        self.readers.open(place, Some(start));
        Ok(())
    }

    /// Stores how far this member has come: with [`Acknowledge::OnNext`] the message handed out last is included. Where it
    /// is dropped while it waits, some positions may be stored.
    ///
    /// # Errors
    /// That of the first position that could not be stored.
    pub async fn checkpoint(&mut self) -> Result<()> {
        self.positions.acknowledge_in_hand();
        self.store_all().await
    }

    /// Stores how far this member has come and leaves the group, so that others read on at once.
    ///
    /// # Errors
    /// Where it could not be stored, or the group not be left: then the coordinator finds out by itself. To be no member
    /// any more, or of a group that is gone, is to have left.
    pub async fn leave(mut self) -> Result<()> {
        self.readers.close_all();
        let stored = self.checkpoint().await;
        // A heartbeat that goes on would find that it is no member, and join again.
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
        let inner = self.client.inner();
        let limit = inner.options.request_timeout;
        let rpc = Rpc::LeaveConsumerGroup;
        match inner.call_any(rpc, &target, limit, send).await {
            Err(error)
                if !matches!(error.kind(), ErrorKind::NotMember | ErrorKind::NoSuchGroup) =>
            {
                stored.and(Err(error))
            }
            _ => stored,
        }
    }

    fn owns(&self, place: &AssignedPartition) -> bool {
        let assignment = self.assignment.as_ref();
        assignment.is_some_and(|it| it.partitions.contains(place))
    }

    /// Takes in what the coordinator says of the group. All subscriptions begin anew, under the new epoch: one under an
    /// older epoch would be fenced (wire-contract §4.11).
    fn apply_membership(&mut self, membership: Membership) {
        let Membership {
            assignment,
            last_failure,
        } = membership;
        if assignment == self.assignment {
            self.pending
                .extend(last_failure.map(ConsumerItem::HeartbeatFailed));
            return;
        }
        self.assignment.clone_from(&assignment);
        let Assignment { epoch, partitions } = assignment.unwrap_or_default();
        // Of a lost partition nothing is stored any more: its new owner may have begun a heartbeat ago, and servers
        // fence readers, not SetCursor (wire-contract §4.8, §4.11): the last write would win and rewind the group. The
        // new owner reads again what was not stored. Nor of one that another owned in between.
        let readers = &self.readers;
        self.positions
            .retain(|place| partitions.contains(place) && !readers.is_fenced(place));
        self.storing = None;
        let acknowledged = |place: &AssignedPartition| self.positions.acknowledged(place);
        self.readers.assign(epoch, &partitions, acknowledged);
        self.pending
            .push_back(ConsumerItem::Assigned { epoch, partitions });
        self.begin_storing();
    }

    /// What is to be stored now.
    fn unstored(&self) -> Vec<(AssignedPartition, Offset)> {
        // The heartbeat may know of a newer assignment than was taken in.
        let heard = self.membership.borrow().assignment.clone();
        let own = heard.unwrap_or_default().partitions;
        self.positions
            .unstored(|place| own.contains(place) && !self.readers.is_fenced(place))
    }

    /// Begins to store what is not stored yet, unless that is under way.
    fn begin_storing(&mut self) {
        let unstored = self.unstored();
        if self.storing.is_some() || unstored.is_empty() {
            return;
        }
        let client = self.client.clone();
        let id = cursor_id(&self.options.group);
        self.storing = Some(Box::pin(async move {
            let mut stored = Vec::new();
            for (place, offset) in unstored {
                let result = client.set_cursor(&id, &place.0, place.1, offset).await;
                stored.push((place, offset, result));
            }
            stored
        }));
    }

    /// Takes in what was stored; the first failure, if there is one.
    fn end_storing(&mut self, stored: Vec<(AssignedPartition, Offset, Result<()>)>) -> Result<()> {
        let mut first = Ok(());
        for (place, offset, result) in stored {
            match result {
                Ok(()) => self.positions.record_stored(place, offset),
                Err(error) => first = first.and(Err(error)),
            }
        }
        first
    }

    async fn store_all(&mut self) -> Result<()> {
        loop {
            self.begin_storing();
            let Some(storing) = self.storing.as_mut() else {
                return Ok(());
            };
            let stored = storing.await;
            self.storing = None;
            self.end_storing(stored)?;
        }
    }

    fn poll_storing(&mut self, cx: &mut Context<'_>) {
        let Some(storing) = &mut self.storing else {
            return;
        };
        if let Poll::Ready(stored) = storing.as_mut().poll(cx) {
            self.storing = None;
            if let Err(error) = self.end_storing(stored) {
                self.pending
                    .push_back(ConsumerItem::CheckpointFailed(error.into()));
            }
        }
    }

    fn item_of_reader(&mut self, place: AssignedPartition, item: ReaderItem) -> ConsumerItem {
        match item {
            ReaderItem::Message(message) => {
                if self.options.acknowledge == Acknowledge::OnNext {
                    self.positions.hand_out(place, message.offset);
                }
                ConsumerItem::Message(message)
            }
            ReaderItem::Event(event) => {
                if let SubscriptionEvent::Rewound { .. } = event {
                    // The stored position means other messages now.
                    self.positions.forget(&place);
                }
                let (stream, partition) = place;
                ConsumerItem::Event {
                    stream,
                    partition,
                    event,
                }
            }
        }
    }
}

impl Stream for Consumer {
    type Item = ConsumerItem;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ConsumerItem>> {
        let this = &mut *self;
        this.positions.acknowledge_in_hand();
        loop {
            if let Some(item) = this.pending.pop_front() {
                return Poll::Ready(Some(item));
            }
            match Pin::new(&mut this.changes).poll_next(cx) {
                Poll::Ready(Some(membership)) => {
                    this.apply_membership(membership);
                    continue;
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {}
            }
            if this.checkpoint.poll_tick(cx).is_ready() && this.options.checkpoint_every.is_some() {
                this.begin_storing();
            }
            this.poll_storing(cx);
            if !this.pending.is_empty() {
                continue;
            }
            let (place, item) = ready!(this.readers.poll_next(cx));
            return Poll::Ready(Some(this.item_of_reader(place, item)));
        }
    }
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
