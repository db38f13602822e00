//! Says once that a query or a row names a field that no message has: such a one is likely misspelt.

use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::print::MessageRun;
use crate::model::counted;
use crate::store::{Chunk, FieldIndex, Query};

/// Messages that a query is held against at most.
const MOST_MESSAGES: usize = 5_000;
/// Bytes of these messages at most.
const MOST_BYTES: usize = 8 << 20;
/// Messages after which a tail without an end that finds nothing says why.
const EARLY: usize = 500;
/// Chunks that may come in several pieces between those of other partitions.
const MIXED: usize = 64;

/// The messages that came first, for what a query names and they do not have.
#[derive(Default)]
pub(super) struct QueryCheck {
    query: Option<Query>,
    first: Vec<Arc<Chunk>>,
    messages: usize,
    bytes: usize,
    /// Messages came that are not among the first.
    is_cut: bool,
    is_over: bool,
    /// The tail has no end: what is to be said is said before.
    is_endless: bool,
}

impl QueryCheck {
    /// Looks at what comes for a query, where there is one.
    pub(super) fn of(query: Option<&Query>, is_endless: bool) -> Self {
        Self {
            query: query.cloned(),
            is_endless,
            ..Self::default()
        }
    }

    /// Messages come, whether the query finds them or not.
    pub(super) fn add(&mut self, (chunk, _): &MessageRun) {
        if self.query.is_none() || self.is_over {
            return;
        }
        let mut latest = self.first.iter().rev().take(MIXED);
        if latest.any(|known| Arc::ptr_eq(known, chunk)) {
            return;
        }
        if self.messages >= MOST_MESSAGES || self.bytes >= MOST_BYTES {
            self.is_cut = true;
            return;
        }
        self.messages += chunk.len();
        self.bytes += chunk.payload_bytes();
        self.first.push(Arc::clone(chunk));
    }

    /// A sentence of a tail without an end, once so many messages came that their fields are known, and none was found.
    pub(super) fn early(&mut self, printed: u64) -> Option<String> {
        if !self.is_endless || self.messages < EARLY || self.is_over {
            return None;
        }
        // They are looked at once.
        self.is_over = true;
        self.sentence().filter(|_| printed == 0)
    }

    /// A sentence at the end. Where the query found messages, those that came later may have what the first ones lack.
    pub(super) fn last(&mut self, printed: u64) -> Option<String> {
        if self.is_over || printed > 0 && self.is_cut {
            return None;
        }
        self.is_over = true;
        let sentence = self.sentence()?;
        if !self.is_cut {
            return Some(sentence);
        }
        let first = counted(self.messages, "message");
        Some(format!("of the first {first}: {sentence}"))
    }

    fn sentence(&self) -> Option<String> {
        let query = self.query.as_ref()?;
        query.mistake(&FieldIndex::of(&self.first), None)
    }
}

/// Sentences of the printer, which has no console.
#[derive(Clone, Debug)]
pub(super) struct Notes(UnboundedSender<String>);

impl Notes {
    /// A way for sentences, and its other end.
    pub(super) fn channel() -> (Self, UnboundedReceiver<String>) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), receiver)
    }

    /// Has the sentence printed, where there is one.
    pub(super) fn print(&self, sentence: Option<String>) {
        if let Some(sentence) = sentence {
            // Whoever would print it has ended.
            let _nobody_prints_it = self.0.send(sentence);
        }
    }
}
