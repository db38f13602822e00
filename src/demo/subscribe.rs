//! Where a subscription starts and stops, and why it may not begin: the rules of wire-contract §4.6.
//! How its messages then get to the client is `reader.rs`.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::cluster::Cluster;
use super::partition::{Partition, PartitionState};
use super::reader::{Batch, SubscriptionReader};
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
    ) -> Result<mpsc::Receiver<Batch>, Status> {
        let partition = self.find_partition(at, request)?;
        let fence = fence(&partition, request)?;
        let reverse = request.reverse && self.compat.reverse();
        let reader = {
            let state = partition.lock();
            let range = OffsetRange::of(&state, at, request)?;
            if reverse && state.log.is_empty() {
                return Err(Status::internal(
                    "Failed to create stream reader: segment not found",
                ));
            }
            range.check_open(&state, at)?;
            SubscriptionReader::new(&partition, &state, at, range, reverse)
        };
        let (batches, receiver) = mpsc::channel(BATCHES);
        let ended = self.brokers[at].subscriptions();
        let pump = reader.run(batches, ended, fence, deadline);
        let stop = self.stop.clone();
        self.tasks
            .spawn(async move { stop.run_until_cancelled(pump).await });
        Ok(receiver)
    }

    fn find_partition(
        &self,
        at: BrokerIndex,
        request: &pb::SubscribeRequest,
    ) -> Result<Arc<Partition>, Status> {
        let known = self.brokers[at].is_up();
        let partition = self.lock().partition(&request.stream, request.partition);
        let partition = partition.filter(|_| known);
        let partition = partition.ok_or_else(|| Status::not_found("No such partition"))?;
        if request.resume {
            self.resume(&partition);
        }
        let leads = partition.lock().replicas.leader() == at;
        let in_group = request
            .consumer
            .as_ref()
            .is_some_and(|consumer| !consumer.group_id.is_empty());
        if !leads && !request.read_isr_replica {
            return Err(Status::failed_precondition("Server not partition leader"));
        }
        if !leads && in_group {
            let text = "Consumer groups not compatible with ReadISRReplica";
            return Err(Status::invalid_argument(text));
        }
        Ok(partition)
    }
}

/// A consumer's place in its group; the token ends its subscription when a newer one comes. None outside of groups.
fn fence(
    partition: &Partition,
    request: &pb::SubscribeRequest,
) -> Result<Option<CancellationToken>, Status> {
    let consumer = request
        .consumer
        .as_ref()
        .filter(|consumer| !consumer.group_id.is_empty());
    let Some(consumer) = consumer else {
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
    /// What the request means on this broker now.
    fn of(
        state: &PartitionState,
        at: BrokerIndex,
        request: &pb::SubscribeRequest,
    ) -> Result<Self, Status> {
        let start = start(state, at, request)?;
        let stop = stop(state, at, request)?;
        if let Some(stop) = stop.filter(|stop| *stop < start) {
            return Err(Status::invalid_argument(format!(
                "Stop offset is before start offset: {stop} < {start}"
            )));
        }
        Ok(Self { start, stop })
    }

    /// A paused partition refuses readers of what it has; readers of what is to come get the handshake and then the end.
    fn check_open(self, state: &PartitionState, at: BrokerIndex) -> Result<(), Status> {
        let (high_watermark, _) = state.replicas.seen_by(at);
        if state.is_open() || self.start > high_watermark {
            return Ok(());
        }
        Err(Status::internal(
            "Failed to create stream reader: segment has been closed",
        ))
    }
}

fn start(
    state: &PartitionState,
    at: BrokerIndex,
    request: &pb::SubscribeRequest,
) -> Result<i64, Status> {
    let asked = request.start_position;
    let position = StartPosition::try_from(asked).map_err(|unknown| {
        Status::invalid_argument(format!("Unknown StartPosition {}", unknown.0))
    })?;
    let (high_watermark, newest) = state.replicas.seen_by(at);
    let oldest = state.log.oldest();
    Ok(match position {
        StartPosition::NewOnly => newest + 1,
        StartPosition::Latest => newest.max(0),
        StartPosition::Earliest => oldest,
        // Past the end means the next committed message, whatever its offset (wire-contract §0.8).
        StartPosition::Offset => request.start_offset.max(oldest).min(high_watermark + 1),
        StartPosition::Timestamp => state
            .log
            .first_since(request.start_timestamp)
            .unwrap_or(newest + 1),
    })
}

fn stop(
    state: &PartitionState,
    at: BrokerIndex,
    request: &pb::SubscribeRequest,
) -> Result<Option<i64>, Status> {
    let asked = request.stop_position;
    let position = StopPosition::try_from(asked).map_err(|unknown| {
        Status::invalid_argument(format!("Unknown StopPosition {}", unknown.0))
    })?;
    let (_, newest) = state.replicas.seen_by(at);
    match position {
        StopPosition::StopOnCancel => {
            Ok(Some(newest).filter(|newest| state.readonly && *newest >= 0))
        }
        StopPosition::StopOffset => Ok(Some(request.stop_offset).filter(|offset| *offset != -1)),
        StopPosition::StopLatest if newest < 0 => {
            Err(Status::resource_exhausted("Stream is empty"))
        }
        StopPosition::StopLatest => Ok(Some(newest)),
        StopPosition::StopTimestamp => {
            stop_at_time(state, newest, request.stop_timestamp).map(Some)
        }
    }
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
