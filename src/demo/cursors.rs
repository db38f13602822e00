//! Cursors: which broker keeps which, and how they are stored in the cursors stream (wire-contract §4.8).
//! That the stream compacts and pauses itself is in its spec.

use std::sync::Arc;

use prost::Message;
use tokio::sync::mpsc;
use tonic::Status;

use super::cluster::Cluster;
use super::partition::Partition;
use super::pending_acks::Publication;
use super::publish::inbox;
use super::replication::BrokerIndex;
use crate::wire::pb::AckPolicy;

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

    fn check(&self) -> Result<(), Status> {
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
    ) -> Result<(), Status> {
        key.check()?;
        let partition = self.led_cursor_partition(at, &key)?;
        let text = key.text();
        let (acks, mut acked) = mpsc::unbounded_channel();
        let message = CursorMessage {
            stream: key.stream,
            partition: key.partition,
            cursor_id: key.cursor_id,
            offset,
        };
        self.deliver(&Publication {
            subject: &partition.subject,
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
        self.lock().cursors.insert(text, offset);
        Ok(())
    }

    /// The last offset stored; -1 where there is none.
    pub(super) fn fetch_cursor(&self, at: BrokerIndex, key: &CursorKey) -> Result<i64, Status> {
        key.check()?;
        self.led_cursor_partition(at, key)?;
        Ok(self.lock().cursors.get(&key.text()).copied().unwrap_or(-1))
    }

    /// The partition that keeps the cursor; none where cursors are off.
    pub(super) fn cursor_partition(&self, key: &CursorKey) -> Option<Arc<Partition>> {
        let state = self.lock();
        let partitions = &state.streams.get(CURSORS)?.partitions;
        let hash = usize::try_from(crc32fast::hash(key.text().as_bytes())).unwrap_or_default();
        partitions.get(hash % partitions.len()).cloned()
    }

    /// The partition that keeps the cursor, resumed if it was paused; only its leader may be asked.
    fn led_cursor_partition(
        &self,
        at: BrokerIndex,
        key: &CursorKey,
    ) -> Result<Arc<Partition>, Status> {
        let found = self.cursor_partition(key);
        let found = found.filter(|_| self.brokers[at].is_up());
        let partition = found.ok_or_else(|| Status::internal("Cursors stream does not exist"))?;
        if partition.lock().replicas.leader() != at {
            let text = format!("Server not leader for cursors partition {}", partition.id);
            return Err(Status::failed_precondition(text));
        }
        self.resume(&partition);
        Ok(partition)
    }
}
