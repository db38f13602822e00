//! Opens a partition for a member of a group: at the position that the group has stored, unless its log was lost since.
//! When one is opened again, and which reads it then, is `readers`'.
#![expect(
    clippy::disallowed_methods,
    reason = "a shorter log is believed by the clock"
)]

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{AssignedPartition, cursor_id};
use crate::client::Client;
use crate::client::error::{Error, Result};
use crate::client::subscribe::{SHORTER_LOG_BELIEVED_AFTER, SubscribeRequest, Subscription};
use crate::model::{
    ErrorKind, Offset, OwnedMessages, PartitionId, RetryLimit, StartAt, StreamName, SubscribeSpec,
    SubscriptionEvent, Target, Timestamp,
};
use crate::wire::pb;
use crate::wire::rpc::Rpc;

/// How far the clocks of two brokers may be apart, one of which stamps messages and one positions.
const CLOCK_SKEW: Duration = Duration::from_millis(500);

/// An attempt to open a partition, and the position beyond its log where there was one.
pub(super) type OpenResult = Result<(Subscription<OwnedMessages>, Option<SubscriptionEvent>)>;

/// Opens partitions under one epoch of the group.
#[derive(Clone)]
pub(super) struct ReaderFactory {
    pub(super) client: Client,
    pub(super) group: String,
    pub(super) consumer: String,
    pub(super) epoch: u64,
    pub(super) start: Option<StartAt>,
}

/// How far reading has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    /// The last offset dealt with.
    pub(super) offset: Offset,
    /// Its message is no newer, where that is known: a newer one is another log's.
    pub(super) not_after: Option<Timestamp>,
}

impl ReaderFactory {
    /// Opens a partition there, or else where it had come to, or where the group has.
    pub(super) async fn open(
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
