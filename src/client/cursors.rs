//! Cursors: how far consumers have read. Set and fetched at their home broker; all of them found in `__cursors`.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tonic::{Response, Status};

use super::cursor_log::{KnownCursors, KnownPartition};
use super::error::{Error, Result, spoken};
use super::inner::{Api, Inner, with_deadline};
use super::partitioner::by_key;
use super::retry::RetryBudget;
use super::subscribe::{SubscribeRequest, Subscription, SubscriptionItem};
use super::{Client, Observer};
use crate::model::{
    CursorEntry, EndReason, ErrorKind, Failure, Message, Offset, OwnedMessages, Partition,
    PartitionId, RetryLimit, StartAt, StopAt, StreamName, SubscribeSpec, SubscriptionEvent, Target,
    Timestamp, counted_plainly, format_ranges,
};
use crate::wire::internal::{self, CURSORS};
use crate::wire::pb;
use crate::wire::rpc::Rpc;

/// How long an internal stream may go without a leader that answers before its reading fails. A leader that moves is
/// found within a second; one that died is not replaced for 15 s (wire-contract §5), and who asks for cursors would
/// rather know. Readings are repeated by whoever needs them, so none waits for better times.
const PATIENCE: Duration = Duration::from_secs(3);

/// How many of the newest messages of a partition of `__cursors` are looked through for one cursor.
const NEWEST_CURSORS: u64 = 1000;

/// How long that may take: who waits for it reads nothing meanwhile.
const STORED_AT_TIMEOUT: Duration = Duration::from_secs(1);

/// All cursors found, and which partitions of `__cursors` could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CursorReading {
    /// Cursors by id, stream and partition: the latest stored of each. Of partitions that could not be read they are what
    /// this client read before, or [recalled](Observer::recall_cursors), with that time.
    pub entries: Vec<CursorEntry>,
    /// Partitions that are paused, as they are by default after a minute without use.
    pub paused: Vec<PartitionId>,
    /// Partitions that could not be read for another reason, and why.
    pub unread: Vec<(PartitionId, Failure)>,
    /// Partitions whose cursors may have moved since they were read, and when that was; never, where they were not. One that
    /// is paused and has stored nothing since is not among them: what was read still holds.
    pub outdated: Vec<(PartitionId, Timestamp)>,
}

impl Observer {
    /// All cursors, from `__cursors`. Never resumes a paused partition: [`read_cursors`](Self::read_cursors) tells
    /// which ones are.
    ///
    /// # Errors
    /// [`ErrorKind::CursorsDisabled`] where there is no `__cursors` stream. What keeps a partition of it from being
    /// read, a few seconds after that began: no leader that answers, a refusal.
    pub async fn cursors(&self) -> Result<Vec<CursorEntry>> {
        self.read_cursors().await?.whole()
    }

    /// All cursors that can be read, with what could not be: each partition of `__cursors` is read for itself.
    ///
    /// # Errors
    /// [`ErrorKind::CursorsDisabled`] where there is no `__cursors` stream; where no broker answers.
    pub async fn read_cursors(&self) -> Result<CursorReading> {
        let limit = self.core().options.request_timeout;
        self.read_cursors_within(limit).await
    }

    /// As [`read_cursors`](Self::read_cursors), taking so long at most. What was not read to its end by then is told as
    /// unread, and the next reading goes on from there.
    ///
    /// # Errors
    /// As [`read_cursors`](Self::read_cursors).
    pub async fn read_cursors_within(&self, limit: Duration) -> Result<CursorReading> {
        let limit = ReadLimit::new(limit);
        self.core().read_cursors(false, limit).await
    }

    /// Recalls what an earlier run has read: partitions that cannot be read are known from there.
    pub async fn recall_cursors(&self, known: Vec<KnownCursors>) {
        self.core().cursor_log.lock().await.recall(known);
    }

    /// What was read so far, for a later run to [recall](Self::recall_cursors).
    pub async fn known_cursors(&self) -> Vec<KnownCursors> {
        self.core().cursor_log.lock().await.known()
    }
}

impl Client {
    /// All cursors, after resuming what is paused of `__cursors`: the server pauses it again by itself.
    ///
    /// # Errors
    /// As [`Observer::cursors`].
    pub async fn cursors_resuming(&self) -> Result<Vec<CursorEntry>> {
        let limit = ReadLimit::new(self.core().options.request_timeout);
        self.core().read_cursors(true, limit).await?.whole()
    }

    /// Stores how far a consumer has read: the last offset it read. Streams and partitions are not checked by servers:
    /// any names work.
    ///
    /// # Errors
    /// [`ErrorKind::CursorsDisabled`]; [`ErrorKind::OutcomeUnknown`] where no answer came.
    pub async fn set_cursor(
        &self,
        id: &str,
        stream: &str,
        partition: PartitionId,
        offset: Offset,
    ) -> Result<()> {
        let request = pb::SetCursorRequest {
            stream: stream.to_owned(),
            partition,
            cursor_id: id.to_owned(),
            offset,
        };
        let send = |mut api: Api, left| {
            let request = with_deadline(request.clone(), left);
            async move { api.set_cursor(request).await }
        };
        let home = self.core().home(id, stream, partition).await?;
        let target = Target::Cursor(id.to_owned());
        let calling = self.core().call_home(Rpc::SetCursor, &home, &target, send);
        calling.await.map(drop)
    }

    /// The last offset that a consumer has read; `None` where it never stored one. Not for observers: asking resumes
    /// a paused `__cursors` partition.
    ///
    /// # Errors
    /// [`ErrorKind::CursorsDisabled`].
    pub async fn fetch_cursor(
        &self,
        id: &str,
        stream: &str,
        partition: PartitionId,
    ) -> Result<Option<Offset>> {
        let request = pb::FetchCursorRequest {
            stream: stream.to_owned(),
            partition,
            cursor_id: id.to_owned(),
        };
        let send = |mut api: Api, left| {
            let request = with_deadline(request.clone(), left);
            async move { api.fetch_cursor(request).await }
        };
        let home = self.core().home(id, stream, partition).await?;
        let target = Target::Cursor(id.to_owned());
        let calling = self
            .core()
            .call_home(Rpc::FetchCursor, &home, &target, send);
        let answer = calling.await?;
        Ok(Some(answer.offset).filter(|offset| *offset >= 0))
    }
}

impl Inner {
    /// A call that the leader of a partition of `__cursors` answers. One that has just started says that there is no such
    /// stream, and will know better.
    async fn call_home<T, A>(
        self: &Arc<Self>,
        rpc: Rpc,
        home: &(StreamName, PartitionId),
        target: &Target,
        send: impl Fn(Api, Duration) -> A,
    ) -> Result<T>
    where
        A: Future<Output = std::result::Result<Response<T>, Status>> + Send,
    {
        let mut budget = RetryBudget::within(self.options.request_timeout);
        loop {
            match self.call_leader(rpc, &home.0, home.1, target, &send).await {
                Err(error) if error.is_missing() || error.kind() == ErrorKind::CursorsDisabled => {
                    let sentence =
                        format!("{target}: its broker has just started, and knows no cursors yet");
                    let young = error.explained(ErrorKind::NoLeader, sentence);
                    budget.wait(young).await?;
                    self.metadata.invalidate();
                }
                outcome => return outcome,
            }
        }
    }

    /// When a cursor was stored at that offset, as the newest messages of its partition of `__cursors` tell; `None` where they
    /// do not, or may not be read.
    pub(crate) async fn stored_at(
        self: &Arc<Self>,
        id: &str,
        stream: &StreamName,
        partition: PartitionId,
        offset: Offset,
    ) -> Result<Option<Timestamp>> {
        let home = self.home(id, stream, partition).await?;
        let request = SubscribeRequest::read_only(SubscribeSpec {
            start: StartAt::Last(NEWEST_CURSORS),
            stop: StopAt::Latest,
            give_up: RetryLimit::After(STORED_AT_TIMEOUT),
            ..SubscribeSpec::new(home.0, home.1)
        });
        let mut stored = None;
        let limit = ReadLimit::new(self.options.request_timeout);
        let reading = self.read_until_end(request, limit, |item| {
            if let LogItem::Message(message) = item
                && let Some(entry) = internal::cursor(&message)
                && entry.id == id
                && (&entry.stream, entry.partition) == (stream, partition)
            {
                stored = (entry.offset == offset).then_some(entry.time);
            }
        });
        match reading.await {
            Ok(_) => Ok(stored),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The partition of `__cursors` whose leader keeps the cursor: CRC-32 of its key (wire-contract §4.8).
    async fn home(
        self: &Arc<Self>,
        id: &str,
        stream: &str,
        partition: PartitionId,
    ) -> Result<(StreamName, PartitionId)> {
        let partitions = self.cursor_partitions().await?.len();
        let key = internal::cursor_key(id, stream, partition);
        Ok((CURSORS.into(), by_key(key.as_bytes(), partitions)))
    }

    /// The partitions of `__cursors`. A cluster that has them keeps them: where brokers that have just started are the only
    /// ones to answer, and know of none yet, they are those that were seen before.
    pub(crate) async fn cursor_partitions(self: &Arc<Self>) -> Result<Vec<PartitionId>> {
        let cursors = StreamName::from(CURSORS);
        let cluster = self.metadata_with(&cursors, 0).await?;
        let found = cluster.stream(&cursors);
        let found = found.map(|stream| stream.partitions.iter().map(|p| p.id).collect());
        let mut seen = self
            .cursor_partitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if found.is_some() {
            seen.clone_from(&found);
        }
        let disabled = ErrorKind::CursorsDisabled;
        let error = || Error::of_kind(disabled, Rpc::FetchCursor, Target::Cluster, "");
        seen.clone().ok_or_else(error)
    }

    pub(super) async fn read_cursors(
        self: &Arc<Self>,
        resume: bool,
        limit: ReadLimit,
    ) -> Result<CursorReading> {
        let partitions = self.cursor_partitions().await?;
        let created = self.cursors_created().await?;
        let mut log = self.cursor_log.lock().await;
        let mut reading = CursorReading::default();
        for id in partitions {
            let known = log.partition(id);
            known.record_creation(created);
            let end = self.read_cursor_partition(known, id, resume, limit).await;
            let now = Timestamp::now();
            let outdated = match end {
                Ok(EndReason::Paused) => {
                    reading.paused.push(id);
                    let leader = self.cursors_at_leader(id).await;
                    known.record_pause(leader.as_ref(), now);
                    known.read_at() < now
                }
                Ok(_) => {
                    known.record_end(now);
                    false
                }
                Err(error) if error.kind() == ErrorKind::Closed => return Err(error),
                Err(error) => {
                    reading.unread.push((id, Failure::from(error)));
                    true
                }
            };
            if outdated {
                reading.outdated.push((id, known.read_at()));
            }
            reading.entries.extend(known.entries());
        }
        let place = |entry: &CursorEntry| {
            (
                entry.id.clone(),
                StreamName::clone(&entry.stream),
                entry.partition,
            )
        };
        reading.entries.sort_by_cached_key(place);
        Ok(reading)
    }

    /// When `__cursors` was created.
    async fn cursors_created(self: &Arc<Self>) -> Result<Timestamp> {
        let cluster = self.metadata_with(&CURSORS.into(), 0).await?;
        let stream = cluster.stream(CURSORS);
        Ok(stream.map_or(Timestamp::NEVER, |stream| stream.created))
    }

    /// What the leader of a partition of `__cursors` says of it; `None` where it does not answer, or is not the leader.
    async fn cursors_at_leader(self: &Arc<Self>, id: PartitionId) -> Option<Partition> {
        let cursors = StreamName::from(CURSORS);
        let leader = self.leader(&cursors, id).await.ok()?;
        let view = self.fetch_stream_from(&leader.address, &cursors).await;
        let partition = view.ok()?.partition(&cursors, id)?.clone();
        (partition.leader == Some(leader.broker)).then_some(partition)
    }

    /// Whether that partition of `__cursors` is paused, where metadata leaves it open: its leader is asked, which costs it one
    /// error in its log. A subscription would cost several.
    async fn is_paused(self: &Arc<Self>, id: PartitionId) -> bool {
        let cursors = StreamName::from(CURSORS);
        let cluster = self.metadata_with(&cursors, id).await;
        let found = cluster.ok();
        let found = found
            .as_ref()
            .and_then(|cluster| cluster.partition(&cursors, id));
        if !found.is_some_and(|partition| partition.paused_flag) {
            return false;
        }
        let asked = self.fetch_partition(&cursors, id).await;
        asked.is_err_and(|error| error.kind() == ErrorKind::PartitionPaused)
    }

    /// Reads what is new in one partition. One that is known to be paused is not asked again: servers log each attempt as an
    /// error.
    async fn read_cursor_partition(
        self: &Arc<Self>,
        known: &mut KnownPartition,
        id: PartitionId,
        resume: bool,
        limit: ReadLimit,
    ) -> Result<EndReason> {
        if known.was_paused()
            && !resume
            && let Some(leader) = self.cursors_at_leader(id).await
            && known.is_still_paused(&leader)
        {
            return Ok(EndReason::Paused);
        }
        if !resume && known.next().is_none() && self.is_paused(id).await {
            return Ok(EndReason::Paused);
        }
        let request = SubscribeRequest {
            resume,
            ..up_to_now(CURSORS, id, known.next())
        };
        self.read_until_end(request, limit, |item| match item {
            LogItem::Message(message) => known.record(message.offset, internal::cursor(&message)),
            LogItem::Rewound => known.forget(),
        })
        .await
    }

    /// Reads a subscription to its end and tells which end it was, or what could not be read and why.
    pub(crate) async fn read_until_end(
        self: &Arc<Self>,
        request: SubscribeRequest,
        limit: ReadLimit,
        take: impl FnMut(LogItem),
    ) -> Result<EndReason> {
        let target = Target::Partition(Arc::clone(&request.spec.stream), request.spec.partition);
        let read = self.read_all(request, limit, &target, take).await;
        read.map_err(|error| unreadable(target, error))
    }

    async fn read_all(
        self: &Arc<Self>,
        request: SubscribeRequest,
        limit: ReadLimit,
        target: &Target,
        mut take: impl FnMut(LogItem),
    ) -> Result<EndReason> {
        let sink = OwnedMessages::default();
        let mut count = 0;
        let mut next_by = limit.next_by();
        let opening = Subscription::open(Arc::clone(self), request, sink);
        let opening = timeout_at(next_by, opening).await;
        let mut messages = opening.map_err(|_late| limit.exceeded(target, count))??;
        loop {
            let next = timeout_at(next_by, messages.next()).await;
            let Some(item) = next.map_err(|_late| limit.exceeded(target, count))? else {
                return Err(Error::closed());
            };
            match item {
                SubscriptionItem::Batch(message) => {
                    count += 1;
                    next_by = limit.next_by();
                    take(LogItem::Message(message));
                }
                SubscriptionItem::Event(SubscriptionEvent::Rewound { .. }) => {
                    take(LogItem::Rewound);
                }
                SubscriptionItem::Event(SubscriptionEvent::Ended(reason)) => {
                    // A paused partition is told apart: what it held before is still worth showing.
                    return match reason.clone().failure(target) {
                        Some(failure) if reason != EndReason::Paused => Err(failure.into()),
                        _ => Ok(reason),
                    };
                }
                SubscriptionItem::Event(_) => {}
            }
        }
    }
}

/// How long an internal stream may be read: whoever asks for what it holds asked for an answer, and a broker may bring
/// nothing, or never the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadLimit {
    whole: Duration,
    deadline: Instant,
    /// How long nothing may come: where one partition is silent there is time left for the others.
    silence: Duration,
}

impl ReadLimit {
    /// From now on.
    pub(crate) fn new(whole: Duration) -> Self {
        Self {
            whole,
            deadline: Instant::now() + whole,
            silence: whole / 3,
        }
    }

    /// When the next message has to be there, now that one has come.
    fn next_by(&self) -> Instant {
        self.deadline.min(Instant::now() + self.silence)
    }

    fn exceeded(&self, target: &Target, count: u64) -> Error {
        let came = if count == 0 {
            "nothing came".to_owned()
        } else {
            format!("{} came", counted_plainly(count, "message"))
        };
        let waited = if Instant::now() >= self.deadline {
            self.whole
        } else {
            self.silence
        };
        let sentence = format!("{came}, and not the end within {}", spoken(waited));
        Error::new(ErrorKind::Timeout, target.clone(), sentence)
    }
}

impl CursorReading {
    /// Why some cursors are not known for certain, where that is so.
    pub fn failure(&self) -> Option<Failure> {
        if let Some((_, failure)) = self.unread.first() {
            return Some(failure.clone());
        }
        let outdated = |id: &&PartitionId| self.outdated.iter().any(|(other, _)| other == *id);
        let asleep: Vec<_> = self.paused.iter().filter(outdated).copied().collect();
        if asleep.is_empty() {
            return None;
        }
        let (noun, verb, they) = match asleep.len() {
            1 => ("partition", "is", "it holds"),
            _ => ("partitions", "are", "they hold"),
        };
        let places = format_ranges(&asleep);
        let sentence =
            format!("{noun} {places} of {CURSORS} {verb} paused, and what {they} was not read");
        Some(Failure::from(Error::new(
            ErrorKind::PartitionPaused,
            Target::Stream(CURSORS.into()),
            sentence,
        )))
    }

    /// All cursors; fails where some partition could not be read but for a pause.
    fn whole(self) -> Result<Vec<CursorEntry>> {
        match self.unread.into_iter().next() {
            Some((_, failure)) => Err(failure.into()),
            None => Ok(self.entries),
        }
    }
}

/// What an internal stream holds, or that its log went back: what was read of it before is no longer so.
pub(crate) enum LogItem {
    Message(Message),
    Rewound,
}

/// The same error about what could not be read: most failures name the broker alone.
fn unreadable(target: Target, error: Error) -> Error {
    let sentence = format!("{target} could not be read: {error}");
    Error::new(error.kind(), target, sentence).caused_by(error)
}

/// One partition of an internal stream: from where it was read to before, to its end.
pub(crate) fn up_to_now(
    stream: &str,
    partition: PartitionId,
    next: Option<Offset>,
) -> SubscribeRequest {
    let request = SubscribeRequest::read_only(SubscribeSpec {
        start: next.map_or(StartAt::Earliest, StartAt::Offset),
        stop: StopAt::Latest,
        give_up: RetryLimit::After(PATIENCE),
        ..SubscribeSpec::new(stream, partition)
    });
    SubscribeRequest {
        goes_on: next.is_some(),
        ..request
    }
}
