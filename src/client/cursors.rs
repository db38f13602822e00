//! Cursors: how far consumers have read. Set and fetched at their home broker; all of them found in `__cursors`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::error::{Error, Result};
use super::inner::{Api, Inner, with_deadline};
use super::partitioner::by_key;
use super::subscribe::{SubscribeRequest, Subscription, SubscriptionItem};
use super::{Client, Observer};
use crate::model::{
    CursorEntry, EndReason, ErrorKind, Offset, OwnedMessages, PartitionId, RetryLimit, StartAt,
    StopAt, StreamName, SubscribeSpec, SubscriptionEvent, Target,
};
use crate::wire::internal::{self, CURSORS};
use crate::wire::pb;
use crate::wire::rpc::Rpc;

/// How long an internal stream may go without a leader that answers before its reading fails. A leader that moves is
/// found within a second; one that died is not replaced for 15 s (wire-contract §5), and who asks for cursors would
/// rather know. Readings are repeated by whoever needs them, so none waits for better times.
const PATIENCE: Duration = Duration::from_secs(3);

/// All cursors found, and which partitions of `__cursors` could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CursorReading {
    /// Cursors by id, stream and partition: the latest stored of each.
    pub entries: Vec<CursorEntry>,
    /// Partitions of `__cursors` that are paused, as they are by default after a minute without use: of these the
    /// entries are what this client read before.
    pub paused: Vec<PartitionId>,
}

/// What has been read of `__cursors` so far, so that each reading goes on where the one before ended.
#[derive(Debug, Default)]
pub(crate) struct CursorLog {
    entries: BTreeMap<(String, StreamName, PartitionId), CursorEntry>,
    next: BTreeMap<PartitionId, Offset>,
}

impl Observer {
    /// All cursors, from `__cursors`. Never resumes a paused partition: [`read_cursors`](Self::read_cursors) tells
    /// which ones are.
    ///
    /// # Errors
    /// [`ErrorKind::CursorsDisabled`] where there is no `__cursors` stream. What keeps a partition of it from being
    /// read, a few seconds after that began: no leader that answers, a refusal.
    pub async fn cursors(&self) -> Result<Vec<CursorEntry>> {
        Ok(self.read_cursors().await?.entries)
    }

    /// The same, with what could not be read.
    ///
    /// # Errors
    /// As [`cursors`](Self::cursors).
    pub async fn read_cursors(&self) -> Result<CursorReading> {
        self.core().read_cursors(false).await
    }
}

impl Client {
    /// All cursors, after resuming what is paused of `__cursors`: the server pauses it again by itself.
    ///
    /// # Errors
    /// As [`Observer::cursors`].
    pub async fn cursors_resuming(&self) -> Result<Vec<CursorEntry>> {
        Ok(self.core().read_cursors(true).await?.entries)
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
        let core = self.core();
        core.call_leader(Rpc::SetCursor, &home.0, home.1, &target, send)
            .await?;
        Ok(())
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
        let core = self.core();
        let answer = core
            .call_leader(Rpc::FetchCursor, &home.0, home.1, &target, send)
            .await?;
        Ok(Some(answer.offset).filter(|offset| *offset >= 0))
    }
}

impl Inner {
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

    /// The partitions of `__cursors`.
    pub(crate) async fn cursor_partitions(self: &Arc<Self>) -> Result<Vec<PartitionId>> {
        let cursors = StreamName::from(CURSORS);
        let cluster = self.metadata_with(&cursors, 0).await?;
        let Some(stream) = cluster.stream(&cursors) else {
            let kind = ErrorKind::CursorsDisabled;
            return Err(Error::of_kind(kind, Rpc::FetchCursor, Target::Cluster, ""));
        };
        Ok(stream
            .partitions
            .iter()
            .map(|partition| partition.id)
            .collect())
    }

    async fn read_cursors(self: &Arc<Self>, resume: bool) -> Result<CursorReading> {
        let partitions = self.cursor_partitions().await?;
        let mut book = self.cursor_log.lock().await;
        let mut paused = Vec::new();
        for partition in partitions {
            if !self
                .read_cursor_partition(&mut book, partition, resume)
                .await?
            {
                paused.push(partition);
            }
        }
        Ok(CursorReading {
            entries: book.entries.values().cloned().collect(),
            paused,
        })
    }

    /// Reads what is new in one partition; `false` where it is paused.
    async fn read_cursor_partition(
        self: &Arc<Self>,
        book: &mut CursorLog,
        partition: PartitionId,
        resume: bool,
    ) -> Result<bool> {
        let next = book.next.get(&partition).copied();
        let mut order = whole(CURSORS, partition, next);
        order.resume = resume;
        let end = self
            .read_until_end(order, |message| {
                book.next.insert(partition, message.offset + 1);
                if let Some(entry) = internal::cursor(&message) {
                    let key = (entry.id.clone(), Arc::clone(&entry.stream), entry.partition);
                    book.entries.insert(key, entry);
                }
            })
            .await?;
        Ok(end != EndReason::Paused)
    }

    /// Reads a subscription to its end and tells which end it was, or what could not be read and why.
    pub(crate) async fn read_until_end(
        self: &Arc<Self>,
        order: SubscribeRequest,
        take: impl FnMut(crate::model::Message),
    ) -> Result<EndReason> {
        let target = Target::Partition(Arc::clone(&order.spec.stream), order.spec.partition);
        let drained = self.drain_into(order, &target, take).await;
        drained.map_err(|error| unreadable(target, error))
    }

    async fn drain_into(
        self: &Arc<Self>,
        order: SubscribeRequest,
        target: &Target,
        mut take: impl FnMut(crate::model::Message),
    ) -> Result<EndReason> {
        let sink = OwnedMessages::default();
        let mut messages = Subscription::open(Arc::clone(self), order, sink).await?;
        while let Some(item) = messages.next().await {
            match item {
                SubscriptionItem::Batch(message) => take(message),
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
        Err(Error::closed())
    }
}

/// The same error about what could not be read: most failures name the broker alone.
fn unreadable(target: Target, error: Error) -> Error {
    let sentence = format!("{target} could not be read: {error}");
    Error::new(error.kind(), target, sentence).caused_by(error)
}

/// One partition of an internal stream: from where it was read to before, to its end.
pub(crate) fn whole(
    stream: &str,
    partition: PartitionId,
    next: Option<Offset>,
) -> SubscribeRequest {
    SubscribeRequest::read_only(SubscribeSpec {
        start: next.map_or(StartAt::Earliest, StartAt::Offset),
        stop: StopAt::Latest,
        give_up: RetryLimit::After(PATIENCE),
        ..SubscribeSpec::new(stream, partition)
    })
}
