//! Brings one subscription's messages to its client: the handshake, what is committed, and the reason of its end.
//! Where it starts and stops was decided in `subscribe.rs`.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::broker_set::BrokerIndex;
use super::log::{LogError, LogReader};
use super::partition::{Partition, PartitionState};
use super::replica::LogState;
use super::subscribe::OffsetRange;

/// Most bytes of one batch.
const BATCH: usize = 128 * 1024;

/// Messages as stored, or why there are no more. A channel that closes without a reason is a clean end.
pub(super) type MessageBatch = Result<Vec<Bytes>, Status>;

/// How a subscription reads.
#[derive(Debug)]
enum Direction {
    Forward(LogReader),
    /// Newest first, from that offset down.
    Backward(i64),
}

/// One subscription.
#[derive(Debug)]
pub(super) struct SubscriptionReader {
    partition: Arc<Partition>,
    at: BrokerIndex,
    direction: Direction,
    stop: Option<i64>,
    /// How often the log had been closed when the reader was opened; one that was opened closed ends at once.
    times_closed: Option<u64>,
}

impl SubscriptionReader {
    /// A reader at this broker. Of a paused partition what is there cannot be read: the segments are closed. What is to come
    /// can, and then the handshake comes and the end.
    pub(super) fn open(
        partition: &Arc<Partition>,
        state: &PartitionState,
        at: BrokerIndex,
        range: OffsetRange,
        reverse: bool,
    ) -> Result<Self, Status> {
        let failed =
            |why: LogError| Status::internal(format!("Failed to create stream reader: {why}"));
        let log = state.committed_at(at);
        let is_open = state.replicas.known_to(at).is_open();
        let direction = if reverse {
            let from = range.start.min(log.high_watermark);
            let from = log.log.reversed_from(from).map_err(failed)?;
            Direction::Backward(from)
        } else {
            Direction::Forward(LogReader::open(log, range.start).map_err(failed)?)
        };
        let reads_what_is_there = range.start <= log.high_watermark && log.log.oldest().is_some();
        if !is_open && reads_what_is_there {
            return Err(failed(LogError::SegmentClosed));
        }
        Ok(Self {
            partition: Arc::clone(partition),
            at,
            direction,
            stop: range.stop,
            times_closed: is_open.then_some(state.replicas.known_to(at).times_closed),
        })
    }

    /// Sends batches until the end, the client's leave, the broker's `ended` or a newer group member's `fence`.
    pub(super) async fn run(
        mut self,
        batches: mpsc::Sender<MessageBatch>,
        ended: CancellationToken,
        fence: Option<CancellationToken>,
    ) {
        let _counted = self.partition.add_subscriber();
        // The handshake: one empty message.
        if batches.send(Ok(vec![Bytes::new()])).await.is_err() {
            return;
        }
        let fence = fence.unwrap_or_default();
        tokio::select! {
            () = self.send_batches(&batches) => {}
            () = batches.closed() => {}
            () = ended.cancelled() => {}
            () = fence.cancelled() => {}
        }
    }

    async fn send_batches(&mut self, batches: &mpsc::Sender<MessageBatch>) {
        let partition = Arc::clone(&self.partition);
        loop {
            let mut changed = pin!(partition.changed.notified());
            changed.as_mut().enable();
            let (messages, end) = self.read();
            let nothing = messages.is_empty();
            if !nothing && batches.send(Ok(messages)).await.is_err() {
                return;
            }
            if let Some(end) = end {
                batches.send(Err(end)).await.ok();
                return;
            }
            if nothing {
                changed.await;
            }
        }
    }

    /// The messages that can be read now, and the end where they are the last.
    fn read(&mut self) -> (Vec<Bytes>, Option<Status>) {
        let partition = Arc::clone(&self.partition);
        let state = partition.lock();
        let known = state.replicas.known_to(self.at);
        if known.log_state == LogState::Deleted {
            let end = Status::not_found("commit log was deleted");
            return (Vec::new(), Some(end));
        }
        if self.times_closed != Some(known.times_closed) || !known.is_open() {
            let end = Status::failed_precondition("commit log was closed");
            return (Vec::new(), Some(end));
        }
        match &mut self.direction {
            Direction::Forward(reader) => read_forward(reader, &state, self.at, self.stop),
            Direction::Backward(next) => read_backward(next, &state, self.at, self.stop),
        }
    }
}

fn read_forward(
    reader: &mut LogReader,
    state: &PartitionState,
    at: BrokerIndex,
    stop: Option<i64>,
) -> (Vec<Bytes>, Option<Status>) {
    let log = state.committed_at(at);
    let messages = match reader.read(log, BATCH, |offset| Some(offset) == stop) {
        Ok(messages) => messages,
        Err(lost) => return (Vec::new(), Some(Status::unknown(lost.to_string()))),
    };
    let last = messages.last().map(|(offset, _)| *offset);
    let end = if last.is_some() && last == stop {
        Some(stop_reached())
    } else {
        let is_at_end = reader.is_waiting() && log.high_watermark == log.log.newest();
        let ends = is_at_end && messages.is_empty() && state.replicas.known_to(at).readonly;
        ends.then(|| Status::resource_exhausted("End of readonly partition"))
    };
    let frames = messages.into_iter().map(|(_, frame)| frame);
    (frames.collect(), end)
}

/// Newest first; the end of the data is an error of its own kind (wire-contract §4.6, `reverse`).
fn read_backward(
    next: &mut i64,
    state: &PartitionState,
    at: BrokerIndex,
    stop: Option<i64>,
) -> (Vec<Bytes>, Option<Status>) {
    const MESSAGES: usize = 256;
    let mut messages = Vec::new();
    while let Some((offset, message)) = state.replicas.at(at).log.at_or_before(*next) {
        messages.push(message);
        *next = offset - 1;
        if stop == Some(offset) {
            return (messages, Some(stop_reached()));
        }
        if messages.len() == MESSAGES {
            return (messages, None);
        }
    }
    (messages, Some(Status::unknown("EOF")))
}

fn stop_reached() -> Status {
    Status::resource_exhausted("Stop offset reached")
}

/// The messages of the batches, one by one, as the gRPC server wants them.
#[derive(Debug)]
pub(super) struct MessageStream {
    batches: mpsc::Receiver<MessageBatch>,
    batch: std::vec::IntoIter<Bytes>,
}

impl MessageStream {
    /// The messages of these batches.
    pub(super) fn new(batches: mpsc::Receiver<MessageBatch>) -> Self {
        Self {
            batches,
            batch: Vec::new().into_iter(),
        }
    }
}

impl Stream for MessageStream {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(message) = self.batch.next() {
                return Poll::Ready(Some(Ok(message)));
            }
            match std::task::ready!(self.batches.poll_recv(cx)) {
                Some(Ok(batch)) => self.batch = batch.into_iter(),
                Some(Err(end)) => return Poll::Ready(Some(Err(end))),
                None => return Poll::Ready(None),
            }
        }
    }
}
