//! Reads the copy of a partition that one broker holds: at exactly that broker, and nowhere else when it fails.
//! For who compares copies; whoever wants messages subscribes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

use super::Observer;
use super::error::{Error, Result};
use super::pool::Lease;
use super::transport::Call;
use crate::model::{
    BrokerId, ErrorKind, Message, Offset, PartitionId, StreamName, Target, Timestamp,
};
use crate::wire::pb;
use crate::wire::rpc::Rpc;
use crate::wire::status::Meaning;

/// Which copy to read, and how far.
#[derive(Clone, Debug)]
pub struct ReplicaSpec {
    /// The stream.
    pub stream: StreamName,
    /// The partition.
    pub partition: PartitionId,
    /// The broker that holds the copy. Servers take anybody who asks and stay silent where they hold none (wire-contract §4.6).
    pub broker: BrokerId,
    /// Where to begin; the oldest message kept where there is none.
    pub start: Option<Offset>,
    /// The last offset to read; it has to be committed there, or reading waits for it.
    pub stop: Offset,
}

/// The messages of one copy, in order.
#[derive(Debug)]
pub struct ReplicaReader {
    messages: tonic::Streaming<pb::Message>,
    /// The place on a connection.
    _lease: Lease,
    target: Target,
    address: String,
    stop: Offset,
    /// How long a message may take.
    limit: Duration,
    is_over: bool,
}

impl Observer {
    /// Opens a copy for reading.
    ///
    /// # Errors
    /// The broker is not known or does not answer; what it refuses with.
    pub async fn read_replica(&self, spec: ReplicaSpec) -> Result<ReplicaReader> {
        let inner = self.inner();
        let target = Target::Partition(Arc::clone(&spec.stream), spec.partition);
        let unknown = || {
            let sentence = format!("nobody knows where broker {} is", spec.broker);
            Error::new(ErrorKind::Unreachable, target.clone(), sentence)
        };
        let address = inner
            .brokers
            .address(&spec.broker, None)
            .ok_or_else(unknown)?;
        let lease = inner.pool.lease(&address)?;
        let mut api = pb::api_client::ApiClient::new(lease.channel())
            .max_decoding_message_size(inner.options.max_answer_bytes);
        let limit = inner.options.request_timeout;
        let call = Call {
            rpc: Rpc::Subscribe,
            target: &target,
            address: &address,
        };
        let opening = async {
            let mut messages = api.subscribe(request(&spec)).await?.into_inner();
            let handshake = messages.message().await?;
            Ok((messages, handshake))
        };
        let messages = match timeout(limit, opening).await {
            Ok(Ok((messages, Some(_)))) => messages,
            Ok(Ok((_, None))) => return Err(call.cut()),
            Ok(Err(status)) => return Err(call.error(status)),
            Err(_) => return Err(call.timed_out(limit)),
        };
        Ok(ReplicaReader {
            messages,
            _lease: lease,
            stop: spec.stop,
            is_over: false,
            target,
            address,
            limit,
        })
    }
}

impl ReplicaReader {
    /// The next message; `None` after the last one that was asked for. May be dropped while it waits.
    ///
    /// # Errors
    /// The broker fails, ends the reading, or nothing comes in time. What follows is not read any more.
    pub async fn next(&mut self) -> Result<Option<Message>> {
        if self.is_over {
            return Ok(None);
        }
        let call = Call {
            rpc: Rpc::Subscribe,
            target: &self.target,
            address: &self.address,
        };
        let next = timeout(self.limit, self.messages.message()).await;
        self.is_over = !matches!(next, Ok(Ok(Some(_))));
        let message = match next {
            Ok(Ok(Some(message))) => message,
            Ok(Ok(None)) => return Err(call.cut()),
            Ok(Err(status)) => {
                return match call.meaning(&status) {
                    Ok(Meaning::StopReached | Meaning::ReadonlyEnd | Meaning::EmptyRange) => {
                        Ok(None)
                    }
                    Ok(Meaning::ReaderLost) => Err(call.reader_lost()),
                    _ => Err(call.error(status)),
                };
            }
            Err(_) => return Err(call.timed_out(self.limit)),
        };
        self.is_over = message.offset >= self.stop;
        Ok((message.offset <= self.stop).then(|| owned(message)))
    }
}

fn request(spec: &ReplicaSpec) -> pb::SubscribeRequest {
    let (position, offset) = match spec.start {
        Some(offset) => (pb::StartPosition::Offset, offset),
        None => (pb::StartPosition::Earliest, 0),
    };
    pb::SubscribeRequest {
        stream: spec.stream.to_string(),
        partition: spec.partition,
        start_position: position.into(),
        start_offset: offset,
        read_isr_replica: true,
        stop_position: pb::StopPosition::StopOffset.into(),
        stop_offset: spec.stop,
        ..pb::SubscribeRequest::default()
    }
}

/// Headers are sorted: servers send them in another order each time.
fn owned(message: pb::Message) -> Message {
    let mut headers: Vec<(String, Bytes)> = message.headers.into_iter().collect();
    headers.sort_unstable();
    Message {
        stream: message.stream.into(),
        partition: message.partition,
        offset: message.offset,
        timestamp: Timestamp(message.timestamp),
        key: message.key,
        value: message.value,
        headers,
        subject: message.subject.into(),
        reply_subject: message.reply_subject.into(),
    }
}
