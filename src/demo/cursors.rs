//! Cursors: which broker keeps which, and how they are stored in the cursors stream (wire-contract §4.8).
//! That the stream compacts and pauses itself is in its spec.

use std::borrow::Cow;
use std::sync::Arc;

use prost::Message;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tonic::Status;

use super::broker_set::BrokerIndex;
use super::cluster::Cluster;
use super::cluster_state::Stream;
use super::partition::Partition;
use super::pending_acks::Publication;
use super::publish::{as_go_error, inbox};
use crate::wire::pb::{self, AckPolicy};

/// The name of the cursors stream.
pub(super) const CURSORS: &str = "__cursors";

/// The value of a cursor's message.
#[derive(Clone, PartialEq, Message)]
struct CursorMessage {
    #[prost(string, tag = "1")]
    stream: String,
    #[prost(int32, tag = "2")]
    partition: i32,
    #[prost(string, tag = "3")]
    cursor_id: String,
    #[prost(int64, tag = "4")]
    offset: i64,
}

/// Which cursor is meant. Whether its stream exists nobody asks.
#[derive(Clone, Debug)]
pub(super) struct CursorKey {
    pub(super) stream: String,
    pub(super) partition: i32,
    pub(super) cursor_id: String,
}

impl CursorKey {
    fn text(&self) -> String {
        format!("{},{},{}", self.cursor_id, self.stream, self.partition)
    }

    fn partition_of(&self, cursors: &Stream) -> Option<Arc<Partition>> {
        let partitions = &cursors.partitions;
        let hash = usize::try_from(crc32fast::hash(self.text().as_bytes())).unwrap_or_default();
        partitions.get(hash % partitions.len()).cloned()
    }

    /// Refuses a key that says too little.
    pub(super) fn check(&self) -> Result<(), Status> {
        if self.stream.is_empty() {
            return Err(Status::invalid_argument("No stream provided"));
        }
        if self.cursor_id.is_empty() {
            return Err(Status::invalid_argument("No cursorId provided"));
        }
        Ok(())
    }
}

impl Cluster {
    /// Stores a cursor; returns when all in-sync replicas have it.
    pub(super) async fn set_cursor(
        &self,
        at: BrokerIndex,
        key: CursorKey,
        offset: i64,
        deadline: Option<Instant>,
    ) -> Result<(), Status> {
        let partition = self.led_cursor_partition(at, &key)?;
        let resumed = self.resume_for(at, &partition, deadline).await;
        resumed.map_err(|status| Status::internal(as_go_error(&status)))?;
        let text = key.text();
        let (acks, mut acked) = mpsc::unbounded_channel();
        let message = CursorMessage {
            stream: key.stream,
            partition: key.partition,
            cursor_id: key.cursor_id,
            offset,
        };
        self.deliver(&Publication {
            subject: Cow::Borrowed(&*partition.subject),
            key: text.clone().into(),
            value: message.encode_to_vec().into(),
            ack_inbox: inbox(),
            policy: AckPolicy::All,
            expected_offset: -1,
            acks: Some(acks),
            ..Publication::default()
        });
        if acked.recv().await.is_none() {
            return Err(Status::internal("context deadline exceeded"));
        }
        Ok(())
    }

    /// The last offset stored, as the leader's log has it; -1 where there is none.
    pub(super) async fn fetch_cursor(
        &self,
        at: BrokerIndex,
        key: &CursorKey,
        deadline: Option<Instant>,
    ) -> Result<i64, Status> {
        let partition = self.led_cursor_partition(at, key)?;
        let resumed = self.resume_for(at, &partition, deadline).await;
        resumed.map_err(|status| {
            let text = format!("Failed to resume stream: {}", as_go_error(&status));
            Status::internal(as_go_error(&Status::internal(text)))
        })?;
        let state = partition.lock();
        let committed = state.committed_at(at);
        let found = committed
            .log
            .newest_of_key(key.text().as_bytes(), committed.high_watermark);
        let message = found.and_then(|frame| pb::Message::decode(frame.clone()).ok());
        let cursor = message.and_then(|message| CursorMessage::decode(message.value).ok());
        Ok(cursor.map_or(-1, |cursor| cursor.offset))
    }

    /// The partition that keeps the cursor; none where cursors are off.
    #[cfg(feature = "dashboard")]
    pub(super) fn cursor_partition(&self, key: &CursorKey) -> Option<Arc<Partition>> {
        key.partition_of(self.lock().streams.get(CURSORS)?)
    }

    /// The partition that keeps the cursor; only its leader may be asked.
    fn led_cursor_partition(
        &self,
        at: BrokerIndex,
        key: &CursorKey,
    ) -> Result<Arc<Partition>, Status> {
        let stream = self.known_stream(at, CURSORS);
        let partition = stream.and_then(|stream| key.partition_of(&stream));
        let partition =
            partition.ok_or_else(|| Status::internal("Cursors stream does not exist"))?;
        if partition.lock().replicas.known_to(at).leader != at {
            let text = format!("Server not leader for cursors partition {}", partition.id);
            return Err(Status::failed_precondition(text));
        }
        Ok(partition)
    }
}
