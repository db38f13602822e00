//! Where a subscription starts and stops, and why it may not begin: the rules of wire-contract §4.6.
//! How its messages then get to the client is `reader.rs`.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::broker_set::BrokerIndex;
use super::cluster::Cluster;
use super::log::LookupError;
use super::partition::{Partition, PartitionState};
use super::publish::as_go_error;
use super::reader::{MessageBatch, SubscriptionReader};
use crate::wire::pb;
use pb::{StartPosition, StopPosition};

/// How many batches may wait for a slow client; then the reader waits too.
const BATCHES: usize = 4;

impl Cluster {
    /// Begins a subscription at this broker; an error comes in the place of the handshake.
    pub(super) async fn subscribe(
        self: &Arc<Self>,
        at: BrokerIndex,
        request: &pb::SubscribeRequest,
        deadline: Option<Instant>,
    ) -> Result<mpsc::Receiver<MessageBatch>, Status> {
        let partition = self.readable_partition(at, request)?;
        if request.resume {
            let resumed = self.resume_for(at, &partition, deadline).await;
            resumed.map_err(|status| {
                let why = as_go_error(&status);
                Status::internal(format!("Failed to resume stream: {why}"))
            })?;
        }
        let fence = fence(&partition, request)?;
        let reader = {
            let state = partition.lock();
            let range = OffsetRange::resolve(&state, at, request)?;
            let reverse = request.reverse && self.compat().reverse;
            SubscriptionReader::open(&partition, &state, at, range, reverse)?
        };
        // Servers look at their policy last (wire-contract §4.9).
        self.policy.check("Subscribe", &request.stream)?;
        let (batches, receiver) = mpsc::channel(BATCHES);
        let ended = self.brokers[at].subscriptions.token();
        self.spawn(reader.run(batches, ended, fence));
        Ok(receiver)
    }

    fn readable_partition(
        &self,
        at: BrokerIndex,
        request: &pb::SubscribeRequest,
    ) -> Result<Arc<Partition>, Status> {
        if consumer(request).is_some_and(|consumer| consumer.consumer_id.is_empty()) {
            let text = "Consumer id cannot be empty when group id is provided";
            return Err(Status::invalid_argument(text));
        }
        let partition = self.known_partition(at, &request.stream, request.partition);
        let partition = partition.ok_or_else(|| Status::not_found("No such partition"))?;
        let leads = partition.lock().replicas.known_to(at).leader == at;
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
}

/// Where reading starts, as servers resolve it: past what is committed, and where nothing is left, readers wait for the
/// next committed message (wire-contract §0.8).
fn start(
    state: &PartitionState,
    at: BrokerIndex,
    request: &pb::SubscribeRequest,
) -> Result<i64, Status> {
    let unknown = |code: prost::UnknownEnumValue| format!("Unknown StartPosition {}", code.0);
    let position = StartPosition::try_from(request.start_position)
        .map_err(|code| Status::invalid_argument(unknown(code)))?;
    let log = &state.replicas.at(at).log;
    let start = match position {
        StartPosition::NewOnly => log.next_offset(),
        StartPosition::Latest => log.newest(),
        StartPosition::Earliest => log.oldest().unwrap_or_default(),
        StartPosition::Offset => request.start_offset,
        StartPosition::Timestamp => {
            check_index(state, at)?;
            log.earliest_since(request.start_timestamp)
        }
    };
    Ok(start.max(0))
}

fn stop(
    state: &PartitionState,
    at: BrokerIndex,
    request: &pb::SubscribeRequest,
) -> Result<Option<i64>, Status> {
    let unknown = |code: prost::UnknownEnumValue| format!("Unknown StopPosition {}", code.0);
    let position = StopPosition::try_from(request.stop_position)
        .map_err(|code| Status::invalid_argument(unknown(code)))?;
    let newest = state.newest_at(at);
    let readonly = state.replicas.known_to(at).readonly;
    Ok(match position {
        StopPosition::StopOnCancel => Some(newest).filter(|_| readonly && newest >= 0),
        StopPosition::StopOffset => Some(request.stop_offset).filter(|offset| *offset != -1),
        StopPosition::StopLatest if newest < 0 => {
            return Err(Status::resource_exhausted("Stream is empty"));
        }
        StopPosition::StopLatest => Some(newest),
        StopPosition::StopTimestamp => {
            check_index(state, at)?;
            let found = state
                .replicas
                .at(at)
                .log
                .latest_until(request.stop_timestamp);
            Some(found.map_err(|error| lookup_failed(lookup_text(error)))?)
        }
    })
}

/// A time is looked up in the index of the segments, which a pause closes.
fn check_index(state: &PartitionState, at: BrokerIndex) -> Result<(), Status> {
    if state.replicas.known_to(at).is_open() {
        return Ok(());
    }
    let why = "failed to find log segment for timestamp: segment has been closed";
    Err(lookup_failed(why))
}

fn lookup_text(error: LookupError) -> &'static str {
    match error {
        LookupError::EndOfSegments => "failed to find log segment for timestamp: EOF",
        LookupError::BeforeBeginning => "timestamp is before the beginning of the log",
    }
}

fn lookup_failed(why: &str) -> Status {
    Status::internal(format!("Failed to lookup offset for timestamp: {why}"))
}
