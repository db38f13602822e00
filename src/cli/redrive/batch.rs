//! A batch of messages sent to the other stream, and how each of them ended.
//! What is written down of that is `journal`'s.

use bytes::Bytes;
use tokio::time::Interval;

use crate::cli::exit::CliError;
use crate::client::{Client, Publisher, PublisherOptions};
use crate::model::{
    AckPolicy, Destination, ErrorKind, Failure, Offset, Outcome, PartitionId, PublishOptions,
    StreamName,
};
use crate::runtime::pace;
use crate::store::MessageRef;

/// Messages of a batch at most: so many are of unknown outcome where the process dies.
const MAX_MESSAGES: usize = 256;

/// Bytes of a batch, but for its last message.
const MAX_BYTES: usize = 4 << 20;

/// Batches per second where a rate is asked for.
const BATCHES_PER_SECOND: u32 = 10;

/// Messages that are sent together.
#[derive(Default)]
pub(super) struct RedriveBatch {
    messages: Vec<(Offset, PublishOptions)>,
    bytes: usize,
}

impl RedriveBatch {
    /// Whether there is nothing to send.
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The offsets that the messages have in the stream that is read.
    pub(super) fn offsets(&self) -> Vec<Offset> {
        self.messages.iter().map(|(offset, _)| *offset).collect()
    }
}

/// How the messages of a batch ended.
#[derive(Default)]
pub(super) struct MessageOutcome {
    /// The other stream has them.
    pub(super) stored: Vec<Offset>,
    /// The other stream does not.
    pub(super) failed: Vec<Offset>,
    /// Nobody knows whether it does.
    pub(super) unknown: Vec<Offset>,
    /// What the first one that was not stored ran into.
    pub(super) error: Option<CliError>,
}

/// Publishes batches, no faster than asked.
pub(super) struct BatchPublisher {
    publisher: Publisher,
    to: StreamName,
    interval: Option<Interval>,
    size: usize,
    next_batch: RedriveBatch,
}

impl BatchPublisher {
    /// Sends nothing yet.
    pub(super) fn new(client: &Client, to: &StreamName, rate: Option<u32>) -> Self {
        let publisher = client.publish_session(PublisherOptions {
            max_in_flight: MAX_MESSAGES,
        });
        let size = rate.map_or(MAX_MESSAGES, |rate| {
            let per_batch = usize::try_from(rate / BATCHES_PER_SECOND).unwrap_or(MAX_MESSAGES);
            per_batch.clamp(1, MAX_MESSAGES)
        });
        let interval = rate.map(|rate| {
            let size = u32::try_from(size).unwrap_or(u32::MAX);
            pace::ticks(size, rate)
        });
        Self {
            publisher,
            to: StreamName::clone(to),
            interval,
            size,
            next_batch: RedriveBatch::default(),
        }
    }

    /// Adds a copy of a message; the batch, once it is full.
    pub(super) fn add(
        &mut self,
        message: &MessageRef<'_>,
        partition: PartitionId,
    ) -> Option<RedriveBatch> {
        let headers = message.publisher_headers();
        let headers = headers.map(|(name, value)| (name.to_owned(), Bytes::copy_from_slice(value)));
        let to = Destination::Partition(StreamName::clone(&self.to), partition);
        let value = Bytes::copy_from_slice(message.value());
        let options = PublishOptions {
            key: Bytes::copy_from_slice(message.key()),
            headers: headers.collect(),
            ack_policy: AckPolicy::All,
            ..PublishOptions::new(to, value)
        };
        self.next_batch.bytes += message.size();
        self.next_batch.messages.push((message.offset(), options));
        let full =
            self.next_batch.messages.len() >= self.size || self.next_batch.bytes >= MAX_BYTES;
        full.then(|| self.take_batch())
    }

    /// The batch as far as it has come together.
    pub(super) fn take_batch(&mut self) -> RedriveBatch {
        std::mem::take(&mut self.next_batch)
    }

    /// Waits until the rate allows another batch.
    pub(super) async fn wait(&mut self) {
        if let Some(interval) = &mut self.interval {
            interval.tick().await;
        }
    }

    /// Publishes a batch and waits until it is known how each message ended. None is sent a second time.
    pub(super) async fn publish(&mut self, batch: RedriveBatch) -> MessageOutcome {
        let mut acks = Vec::with_capacity(batch.messages.len());
        for (offset, options) in batch.messages {
            acks.push((offset, self.publisher.publish(options).await));
        }
        let mut outcomes = MessageOutcome::default();
        for (offset, ack) in acks {
            let outcome = match ack {
                Ok(ack) => ack.await,
                Err(error) => Err(error),
            };
            outcomes.record(offset, outcome.map_err(Failure::from));
        }
        outcomes
    }
}

impl MessageOutcome {
    fn record(&mut self, offset: Offset, outcome: Result<Outcome, Failure>) {
        let failure = match outcome {
            Ok(Outcome::Acked { .. }) => return self.stored.push(offset),
            // An ack was asked for, so there is no other good end.
            Ok(Outcome::Done | Outcome::Sent | Outcome::Partial { .. }) => {
                return self.unknown.push(offset);
            }
            Err(failure) => failure,
        };
        if failure.kind == ErrorKind::OutcomeUnknown {
            self.unknown.push(offset);
        } else {
            self.failed.push(offset);
        }
        self.error.get_or_insert_with(|| failure.into());
    }
}
