//! The bytes that all open tails may take together.
//! Which end of a tail leaves is the store's to say; here is decided which tail gives.

use super::Store;

/// A limit in bytes over any number of stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    limit: usize,
}

impl Budget {
    /// At most this many bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit }
    }

    /// The limit in bytes.
    pub fn limit(self) -> usize {
        self.limit
    }

    /// Drops chunks until the stores together keep to the limit: each time the one that takes most gives, so that a
    /// busy tail does not empty a quiet one. Returns whether they do keep to it now; frozen ones give nothing.
    pub fn enforce<'a>(self, stores: impl IntoIterator<Item = &'a mut Store>) -> bool {
        let mut stores: Vec<&mut Store> = stores.into_iter().collect();
        let mut kept: usize = stores.iter().map(|store| store.bytes()).sum();
        while kept > self.limit {
            let giving = stores.iter_mut().filter(|store| store.can_evict());
            let largest = giving.max_by_key(|store| store.bytes());
            let Some(chunk) = largest.and_then(|store| store.evict_one()) else {
                return false;
            };
            kept = kept.saturating_sub(chunk.bytes());
        }
        true
    }
}
