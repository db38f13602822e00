//! Brings one subscription's messages to its client: the handshake, what is committed, and the reason of its end.
//! Where it starts and stops was decided in `subscribe.rs`.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::partition::{LogState, Partition, PartitionState};
use super::replication::BrokerIndex;
use super::subscribe::OffsetRange;
use super::timings;

/// Most bytes of one batch.
const BATCH: usize = 128 * 1024;

/// Messages as stored, or why there are no more. A channel that closes without a reason is a clean end.
pub(super) type MessageBatch = Result<Vec<Bytes>, Status>;

/// One subscription.
#[derive(Debug)]
pub(super) struct SubscriptionReader {
    partition: Arc<Partition>,
    at: BrokerIndex,
    next: i64,
    stop: Option<i64>,
    reverse: bool,
    /// How often the log had been closed when the reader was opened; one that was opened closed ends at once.
    times_closed: Option<u64>,
}

impl SubscriptionReader {
    /// A reader at this broker.
    pub(super) fn new(
        partition: &Arc<Partition>,
        state: &PartitionState,
        at: BrokerIndex,
        range: OffsetRange,
        reverse: bool,
    ) -> Self {
        let (high_watermark, _) = state.replicas.seen_by(at);
        let last = if reverse { high_watermark } else { i64::MAX };
        Self {
            partition: Arc::clone(partition),
            at,
            next: range.start.min(last),
            stop: range.stop,
            reverse,
            times_closed: state.is_open().then_some(state.times_closed),
        }
    }

    /// Sends batches until the end, the client's leave, the broker's `ended`, a newer group member's `fence` or the deadline.
    pub(super) async fn run(
        mut self,
        batches: mpsc::Sender<MessageBatch>,
        ended: CancellationToken,
        fence: Option<CancellationToken>,
        deadline: Option<Instant>,
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
            () = timings::wait_until(deadline) => {
                let late = Status::deadline_exceeded("context deadline exceeded");
                batches.send(Err(late)).await.ok();
            }
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
        if state.log_state == LogState::Deleted {
            let end = Status::not_found("commit log was deleted");
            return (Vec::new(), Some(end));
        }
        if self.times_closed != Some(state.times_closed) {
            let end = Status::failed_precondition("commit log was closed");
            return (Vec::new(), Some(end));
        }
        if self.reverse {
            self.read_backward(&state)
        } else {
            self.read_forward(&state)
        }
    }

    fn read_forward(&mut self, state: &PartitionState) -> (Vec<Bytes>, Option<Status>) {
        let (high_watermark, newest) = state.replicas.seen_by(self.at);
        let mut messages = Vec::new();
        for (offset, message) in state.log.read(self.next, high_watermark, BATCH) {
            messages.push(message);
            self.next = offset + 1;
            if self.stop == Some(offset) {
                return (messages, Some(stop_reached()));
            }
        }
        let ended = messages.is_empty() && state.readonly && self.next > newest;
        let end = || Status::resource_exhausted("End of readonly partition");
        (messages, ended.then(end))
    }

    /// Newest first; the end of the data is an error of its own kind (wire-contract §4.6, `reverse`).
    fn read_backward(&mut self, state: &PartitionState) -> (Vec<Bytes>, Option<Status>) {
        const MESSAGES: usize = 256;
        let mut messages = Vec::new();
        while let Some((offset, message)) = state.log.at_or_before(self.next) {
            messages.push(message);
            self.next = offset - 1;
            if self.stop == Some(offset) {
                return (messages, Some(stop_reached()));
            }
            if messages.len() == MESSAGES {
                return (messages, None);
            }
        }
        (messages, Some(Status::unknown("EOF")))
    }
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
