//! Whether a query names a field that no message has, which is likely misspelt: said once, of the messages that came first.

use std::sync::Arc;

use super::chunk::Chunk;
use super::field_index::FieldIndex;
use super::query::Query;
use crate::model::counted;

/// Messages that a query is held against at most.
const MOST_MESSAGES: usize = 5_000;
/// Bytes of these messages at most.
const MOST_BYTES: usize = 8 << 20;
/// Messages after which a reading without an end that finds nothing says why.
const EARLY: usize = 500;
/// Chunks that may come in several pieces between those of other partitions.
const MIXED: usize = 64;

/// The messages of a reading that came first, for what a query names and they do not have.
#[derive(Debug, Default)]
pub struct QueryFieldCheck {
    query: Option<Query>,
    first: Vec<Arc<Chunk>>,
    messages: usize,
    bytes: usize,
    /// Messages came that are not among the first.
    is_cut: bool,
    is_over: bool,
    /// The reading has no end: what is to be said is said before.
    is_endless: bool,
}

impl QueryFieldCheck {
    /// Looks at what comes for a query, where there is one.
    pub fn new(query: Option<&Query>, is_endless: bool) -> Self {
        Self {
            query: query.cloned(),
            is_endless,
            ..Self::default()
        }
    }

    /// What messages lack was said before.
    #[must_use]
    pub fn saying_nothing(self) -> Self {
        Self {
            is_over: true,
            ..self
        }
    }

    /// The query.
    pub fn query(&self) -> Option<&Query> {
        self.query.as_ref()
    }

    /// Messages come, whether the query finds them or not. A chunk may come in several pieces.
    pub fn add(&mut self, chunk: &Arc<Chunk>) {
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

    /// A sentence for a reading without an end, once so many messages came that their fields are known, and none was found.
    pub fn early(&mut self, found: u64) -> Option<String> {
        if !self.is_endless || self.messages < EARLY || self.is_over {
            return None;
        }
        // They are looked at once.
        self.is_over = true;
        self.sentence().filter(|_| found == 0)
    }

    /// A sentence at the end. Where the query found messages, those that came later may have what the first ones lack.
    pub fn last(&mut self, found: u64) -> Option<String> {
        if self.is_over || found > 0 && self.is_cut {
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
        let index = FieldIndex::reading_by(&self.first, query.types());
        query.mistake(&index, None)
    }
}
