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

use super::partition::{Partition, PartitionState};
use super::replication::BrokerIndex;
use super::subscribe::OffsetRange;
use super::timings;

/// Most bytes of one batch.
const BATCH: usize = 128 * 1024;

/// Messages as stored, or why there are no more. A channel that closes without a reason is a clean end.
pub(super) type Batch = Result<Vec<Bytes>, Status>;

/// What a look at the partition gave.
enum ReadStep {
    Messages(Vec<Bytes>),
    /// Messages, and then the end.
    Last(Vec<Bytes>, Status),
    Nothing,
}

/// One subscription.
#[derive(Debug)]
pub(super) struct SubscriptionReader {
    partition: Arc<Partition>,
    at: BrokerIndex,
    next: i64,
    stop: Option<i64>,
    reverse: bool,
    /// How often the log had been closed when the reader was opened; one that was opened closed ends at once.
    closings: Option<u64>,
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
        let newest_first = || range.start.min(high_watermark);
        Self {
            partition: Arc::clone(partition),
            at,
            next: if reverse { newest_first() } else { range.start },
            stop: range.stop,
            reverse,
            closings: state.is_open().then_some(state.times_closed),
        }
    }

    /// Sends batches until the end, the client's leave, the broker's `ended`, a newer group member's `fence` or the deadline.
    pub(super) async fn run(
        mut self,
        batches: mpsc::Sender<Batch>,
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
            () = self.deliver(&batches) => {}
            () = batches.closed() => {}
            () = ended.cancelled() => {}
            () = fence.cancelled() => {}
            () = timings::wait_until(deadline) => {
                let late = Status::deadline_exceeded("context deadline exceeded");
                batches.send(Err(late)).await.ok();
            }
        }
    }

    async fn deliver(&mut self, batches: &mpsc::Sender<Batch>) {
        let partition = Arc::clone(&self.partition);
        loop {
            let mut changed = pin!(partition.changed.notified());
            changed.as_mut().enable();
            match self.read() {
                ReadStep::Nothing => changed.await,
                ReadStep::Messages(messages) => {
                    if batches.send(Ok(messages)).await.is_err() {
                        return;
                    }
                }
                ReadStep::Last(messages, end) => {
                    if !messages.is_empty() && batches.send(Ok(messages)).await.is_err() {
                        return;
                    }
                    batches.send(Err(end)).await.ok();
                    return;
                }
            }
        }
    }

    fn read(&mut self) -> ReadStep {
        let partition = Arc::clone(&self.partition);
        let state = partition.lock();
        if state.log_state == super::partition::LogState::Deleted {
            return ReadStep::Last(Vec::new(), Status::not_found("commit log was deleted"));
        }
        if self.closings != Some(state.times_closed) {
            return ReadStep::Last(
                Vec::new(),
                Status::failed_precondition("commit log was closed"),
            );
        }
        if self.reverse {
            self.read_backward(&state)
        } else {
            self.read_forward(&state)
        }
    }

    fn read_forward(&mut self, state: &PartitionState) -> ReadStep {
        let (high_watermark, newest) = state.replicas.seen_by(self.at);
        let mut messages = Vec::new();
        for (offset, message) in state.log.read(self.next, high_watermark, BATCH) {
            messages.push(message);
            self.next = offset + 1;
            if self.stop == Some(offset) {
                return ReadStep::Last(messages, Status::resource_exhausted("Stop offset reached"));
            }
        }
        if !messages.is_empty() {
            return ReadStep::Messages(messages);
        }
        if state.readonly && self.next > newest {
            return ReadStep::Last(
                messages,
                Status::resource_exhausted("End of readonly partition"),
            );
        }
        ReadStep::Nothing
    }

    /// Newest first; the end of the data is an error of its own kind (wire-contract §4.6, `reverse`).
    fn read_backward(&mut self, state: &PartitionState) -> ReadStep {
        const MESSAGES: usize = 256;
        let mut messages = Vec::new();
        while let Some((offset, message)) = state.log.at_or_before(self.next) {
            messages.push(message);
            self.next = offset - 1;
            if self.stop == Some(offset) {
                return ReadStep::Last(messages, Status::resource_exhausted("Stop offset reached"));
            }
            if messages.len() == MESSAGES {
                return ReadStep::Messages(messages);
            }
        }
        ReadStep::Last(messages, Status::unknown("EOF"))
    }
}

/// The messages of the batches, one by one, as the gRPC server wants them.
#[derive(Debug)]
pub(super) struct MessageStream {
    batches: mpsc::Receiver<Batch>,
    batch: std::vec::IntoIter<Bytes>,
}

impl MessageStream {
    /// The messages of these batches.
    pub(super) fn new(batches: mpsc::Receiver<Batch>) -> Self {
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
