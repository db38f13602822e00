//! Runs the decoder of subscriptions over messages that are all there, without a network: what fuzzing calls.
//! Real subscriptions are `client`'s.

use super::subscription_decoder::{Disposition, ReadRange, SubscriptionDecoder};
use crate::model::{MessageSink, Offset};

/// What came of the messages of a subscription.
#[derive(Debug)]
pub struct RecordedRead<B> {
    /// What the sink made of them.
    pub batches: Vec<B>,
    /// How many are no messages.
    pub malformed: usize,
}

/// Takes these messages off the wire, one after the other, as if each gap was explained when it was met.
pub fn read_recorded<S: MessageSink>(
    sink: S,
    messages: &[&[u8]],
    next: Option<Offset>,
    reverse: bool,
) -> RecordedRead<S::Batch> {
    let mut decoder = SubscriptionDecoder::new(sink);
    decoder.reopen(ReadRange {
        next,
        reverse,
        ..ReadRange::default()
    });
    let mut read = RecordedRead {
        batches: Vec::new(),
        malformed: 0,
    };
    for message in messages {
        let mut outcome = decoder.decode(message);
        if outcome == Ok(Disposition::Held) {
            decoder.note_loss();
            outcome = decoder.release_held();
        }
        read.malformed += usize::from(outcome.is_err());
        read.batches.extend(decoder.take_batch());
    }
    while let Some(batch) = decoder.flush() {
        read.batches.push(batch);
    }
    read
}
