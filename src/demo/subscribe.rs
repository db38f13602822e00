//! Where a subscription starts and stops, and why it may not begin: the rules of wire-contract §4.6.
//! How its messages then get to the client is `reader.rs`.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::cluster::Cluster;
use super::partition::{Partition, PartitionState};
use super::reader::{MessageBatch, SubscriptionReader};
use super::replication::BrokerIndex;
use crate::wire::pb;
use pb::{StartPosition, StopPosition};

/// How many batches may wait for a slow client; then the reader waits too.
const BATCHES: usize = 4;

impl Cluster {
    /// Begins a subscription at this broker; an error comes in the place of the handshake.
    pub(super) fn subscribe(
        self: &Arc<Self>,
        at: BrokerIndex,
        request: &pb::SubscribeRequest,
        deadline: Option<Instant>,
    ) -> Result<mpsc::Receiver<MessageBatch>, Status> {
        let partition = self.readable_partition(at, request)?;
        let fence = fence(&partition, request)?;
        let reverse = request.reverse && self.compat().reverse;
        let reader = {
            let state = partition.lock();
            let range = OffsetRange::resolve(&state, at, request)?;
            if reverse && state.log.is_empty() {
                let text = "Failed to create stream reader: segment not found";
                return Err(Status::internal(text));
            }
            range.check_open(&state, at)?;
            SubscriptionReader::new(&partition, &state, at, range, reverse)
        };
        let (batches, receiver) = mpsc::channel(BATCHES);
        let ended = self.brokers[at].subscriptions.token();
        self.spawn(reader.run(batches, ended, fence, deadline));
        Ok(receiver)
    }

    fn readable_partition(
        &self,
        at: BrokerIndex,
        request: &pb::SubscribeRequest,
    ) -> Result<Arc<Partition>, Status> {
        let is_up = self.brokers[at].is_up();
        let partition = self.lock().partition(&request.stream, request.partition);
        let partition = partition.filter(|_| is_up);
        let partition = partition.ok_or_else(|| Status::not_found("No such partition"))?;
        if request.resume {
            self.resume(&partition);
        }
        let leads = partition.lock().replicas.leader() == at;
        if !leads && !request.read_isr_replica {
            return Err(Status::failed_precondition("Server not partition leader"));
        }
        if !leads && consumer(request).is_some() {
            let text = "Consumer groups not compatible with ReadISRReplica";
            return Err(Status::invalid_argument(text));
        }
        Ok(partition)
    }
}

/// The member of a group that subscribes; none outside of groups.
fn consumer(request: &pb::SubscribeRequest) -> Option<&pb::Consumer> {
    let consumer = request.consumer.as_ref();
    consumer.filter(|consumer| !consumer.group_id.is_empty())
}

/// What ends the subscription of a group's member when a newer one comes.
fn fence(
    partition: &Partition,
    request: &pb::SubscribeRequest,
) -> Result<Option<CancellationToken>, Status> {
    let Some(consumer) = consumer(request) else {
        return Ok(None);
    };
    if consumer.consumer_id.is_empty() {
        let text = "Consumer id cannot be empty when group id is provided";
        return Err(Status::invalid_argument(text));
    }
    let fence = partition.fence_consumer(&consumer.group_id, consumer.group_epoch);
    let refused =
        || Status::failed_precondition("Consumer is not currently assigned this partition");
    fence.map(Some).ok_or_else(refused)
}

/// The offsets that a subscription wants.
#[derive(Clone, Copy, Debug)]
pub(super) struct OffsetRange {
    pub(super) start: i64,
    /// The last offset to deliver; none runs until cancelled.
    pub(super) stop: Option<i64>,
}

impl OffsetRange {
    /// The offsets that the request means on this broker now.
    fn resolve(
        state: &PartitionState,
        at: BrokerIndex,
        request: &pb::SubscribeRequest,
    ) -> Result<Self, Status> {
        let start = start(state, at, request)?;
        let stop = stop(state, at, request)?;
        if let Some(stop) = stop.filter(|stop| *stop < start) {
            let text = format!("Stop offset is before start offset: {stop} < {start}");
            return Err(Status::invalid_argument(text));
        }
        Ok(Self { start, stop })
    }

    /// A paused partition refuses readers of what it has; readers of what is to come get the handshake and then the end.
    fn check_open(self, state: &PartitionState, at: BrokerIndex) -> Result<(), Status> {
        let (high_watermark, _) = state.replicas.seen_by(at);
        if state.is_open() || self.start > high_watermark {
            return Ok(());
        }
        let text = "Failed to create stream reader: segment has been closed";
        Err(Status::internal(text))
    }
}

fn start(
    state: &PartitionState,
    at: BrokerIndex,
    request: &pb::SubscribeRequest,
) -> Result<i64, Status> {
    let unknown = |code: prost::UnknownEnumValue| format!("Unknown StartPosition {}", code.0);
    let position = StartPosition::try_from(request.start_position)
        .map_err(|code| Status::invalid_argument(unknown(code)))?;
    let (high_watermark, newest) = state.replicas.seen_by(at);
    let oldest = state.log.oldest();
    Ok(match position {
        StartPosition::NewOnly => newest + 1,
        StartPosition::Latest => newest.max(0),
        StartPosition::Earliest => oldest,
        // Past the end means the next committed message, whatever its offset (wire-contract §0.8).
        StartPosition::Offset => request.start_offset.max(oldest).min(high_watermark + 1),
        StartPosition::Timestamp => {
            let first = state.log.first_since(request.start_timestamp);
            first.unwrap_or(newest + 1)
        }
    })
}

fn stop(
    state: &PartitionState,
    at: BrokerIndex,
    request: &pb::SubscribeRequest,
) -> Result<Option<i64>, Status> {
    let unknown = |code: prost::UnknownEnumValue| format!("Unknown StopPosition {}", code.0);
    let position = StopPosition::try_from(request.stop_position)
        .map_err(|code| Status::invalid_argument(unknown(code)))?;
    let (_, newest) = state.replicas.seen_by(at);
    Ok(match position {
        StopPosition::StopOnCancel => Some(newest).filter(|_| state.readonly && newest >= 0),
        StopPosition::StopOffset => Some(request.stop_offset).filter(|offset| *offset != -1),
        StopPosition::StopLatest if newest < 0 => {
            return Err(Status::resource_exhausted("Stream is empty"));
        }
        StopPosition::StopLatest => Some(newest),
        StopPosition::StopTimestamp => Some(stop_at_time(state, newest, request.stop_timestamp)?),
    })
}

fn stop_at_time(state: &PartitionState, newest: i64, timestamp: i64) -> Result<i64, Status> {
    let failed =
        |why: &str| Status::internal(format!("Failed to lookup offset for timestamp: {why}"));
    if newest < 0 {
        return Err(failed("failed to find log segment for timestamp: EOF"));
    }
    let found = state.log.last_until(timestamp);
    found.ok_or_else(|| failed("timestamp is before the beginning of the log"))
}
