//! Cursors: how far consumers have read. Each is set and fetched at the leader of its partition of `__cursors`; all of them
//! are found in that stream.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tonic::{Response, Status};

use super::cursor_log::KnownCursors;
use super::cursor_reading::CursorReading;
use super::error::{Error, Result};
use super::inner::{Api, Inner, with_deadline};
use super::partitioner::by_key;
use super::retry::RetryBudget;
use super::subscribe::{SubscribeRequest, Subscription, SubscriptionItem};
use super::{Client, Observer};
use crate::model::{
    CursorEntry, EndReason, ErrorKind, Message, Offset, OwnedMessages, PartitionId, RetryLimit,
    StartAt, StopAt, StreamName, SubscribeSpec, SubscriptionEvent, Target, Timestamp,
    check_cursor_offset, counted_plainly, limit_text,
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
        let limit = self.inner().options.request_timeout;
        self.read_cursors_within(limit).await
    }

    /// As [`read_cursors`](Self::read_cursors), taking so long at most. What was not read to its end by then is told as
    /// unread, and the next reading goes on from there.
    ///
    /// # Errors
    /// As [`read_cursors`](Self::read_cursors).
    pub async fn read_cursors_within(&self, limit: Duration) -> Result<CursorReading> {
        let limit = ReadLimit::new(limit);
        self.inner().read_cursors(false, limit).await
    }

    /// Recalls what an earlier run has read: partitions that cannot be read are known from there.
    pub async fn recall_cursors(&self, known: Vec<KnownCursors>) {
        self.inner().cursor_log.lock().await.recall(known);
    }

    /// What was read so far, for a later run to [recall](Self::recall_cursors).
    pub async fn known_cursors(&self) -> Vec<KnownCursors> {
        self.inner().cursor_log.lock().await.known()
    }
}

impl Client {
    /// All cursors, after resuming what is paused of `__cursors`: the server pauses it again by itself.
    ///
    /// # Errors
    /// As [`Observer::cursors`].
    pub async fn cursors_resuming(&self) -> Result<Vec<CursorEntry>> {
        let limit = ReadLimit::new(self.inner().options.request_timeout);
        self.inner().read_cursors(true, limit).await?.whole()
    }

    /// Stores how far a consumer has read: the last offset it read. Streams and partitions are not checked by servers:
    /// any names work.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] for an offset below -1; [`ErrorKind::CursorsDisabled`]; [`ErrorKind::OutcomeUnknown`] where no answer came.
    pub async fn set_cursor(
        &self,
        id: &str,
        stream: &str,
        partition: PartitionId,
        offset: Offset,
    ) -> Result<()> {
        check_cursor_offset(offset)
            .map_err(|why| Error::refused(Target::Cursor(id.to_owned()), why))?;
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
        let kept_in = self
            .inner()
            .partition_of_cursor(id, stream, partition)
            .await?;
        let target = Target::Cursor(id.to_owned());
        let calling = self
            .inner()
            .call_cursor_leader(Rpc::SetCursor, &kept_in, &target, send);
        calling.await.map(drop)
    }

    /// The last offset that a consumer has read; `None` where it never stored one, or -1, which servers do not tell apart.
    /// Below that where another client has stored such a one, which stands nowhere.
    /// Not for observers: asking resumes a paused `__cursors` partition.
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
        let kept_in = self
            .inner()
            .partition_of_cursor(id, stream, partition)
            .await?;
        let target = Target::Cursor(id.to_owned());
        let calling = self
            .inner()
            .call_cursor_leader(Rpc::FetchCursor, &kept_in, &target, send);
        let answer = calling.await?;
        Ok(Some(answer.offset).filter(|offset| *offset != -1))
    }
}

impl Inner {
    /// A call that the leader of a partition of `__cursors` answers. One that has just started says that there is no such
    /// stream, and will know better.
    async fn call_cursor_leader<T, A>(
        self: &Arc<Self>,
        rpc: Rpc,
        (stream, id): &(StreamName, PartitionId),
        target: &Target,
        send: impl Fn(Api, Duration) -> A,
    ) -> Result<T>
    where
        A: Future<Output = std::result::Result<Response<T>, Status>> + Send,
    {
        let mut budget = RetryBudget::within(self.options.request_timeout);
        loop {
            match self.call_leader(rpc, stream, *id, target, &send).await {
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
        let (cursors, of_cursor) = self.partition_of_cursor(id, stream, partition).await?;
        let request = SubscribeRequest::read_only(SubscribeSpec {
            start: StartAt::Last(NEWEST_CURSORS),
            stop: StopAt::Latest,
            give_up: RetryLimit::After(STORED_AT_TIMEOUT),
            ..SubscribeSpec::new(cursors, of_cursor)
        });
        let mut stored = None;
        let limit = ReadLimit::new(self.options.request_timeout);
        let reading = self.read_until_end(request, limit, |item| {
            if let LogItem::Message(message) = item
                && let Some(entry) = internal::cursor(&message)
                && *entry.id == *id
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
    async fn partition_of_cursor(
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
        let sentence = format!("{came}, and not the end within {}", limit_text(waited));
        Error::new(ErrorKind::Timeout, target.clone(), sentence)
    }
}

/// What an internal stream holds, or that its log went back: what was read of it before is no longer so.
pub(crate) enum LogItem {
    Message(Message),
    Rewound,
}

/// The same error about what could not be read: most failures name the broker alone.
fn unreadable(target: Target, error: Error) -> Error {
    let sentence = format!(
        "{target} could not be read: {}",
        target.named_before(&error.to_string())
    );
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
