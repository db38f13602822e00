//! The query of a tail: which one counts, and the scans that find out which messages match it.
//! What matches is the predicate's to say; where the text is typed, the prompt's.

use std::sync::Arc;

use crate::app::{Context, Effect, ScanEvent, ScanId};
use crate::store::{ChunkKey, Query, Store};

/// Chunks handed to one scan: few enough that what has come since is looked at soon.
const AT_ONCE: usize = 32;

/// The query of a tail.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    query: Option<Arc<Query>>,
    scan: Option<Scan>,
}

/// A scan under way.
#[derive(Clone, Debug, PartialEq)]
struct Scan {
    id: ScanId,
    /// Names of the chunks in the order in which they were handed over; none for those answered.
    keys: Vec<Option<ChunkKey>>,
}

impl Search {
    /// The query that counts, if there is one.
    pub fn query(&self) -> Option<&Query> {
        self.query.as_deref()
    }

    /// Whether messages in memory are being looked at.
    pub fn is_scanning(&self) -> bool {
        self.scan.is_some()
    }

    /// Shows only what matches, or everything again.
    pub(super) fn set(&mut self, query: Option<Query>, store: &mut Store, context: &mut Context) {
        self.cancel(context);
        self.query = query.map(Arc::new);
        if self.query.is_some() {
            store.begin_query();
        } else {
            store.end_query();
        }
        self.go_on(store, context);
    }

    /// Hands over what no scan was asked to look at yet, newest first, unless one is under way.
    pub(super) fn go_on(&mut self, store: &mut Store, context: &mut Context) {
        let Some(query) = self.query.as_ref().filter(|_| self.scan.is_none()) else {
            return;
        };
        let (keys, chunks): (Vec<_>, Vec<_>) = store.unasked(AT_ONCE).into_iter().unzip();
        if chunks.is_empty() {
            return;
        }
        let id = context.new_scan();
        context.order(Effect::Scan(id, Arc::clone(query), chunks));
        let keys = keys.into_iter().map(Some).collect();
        self.scan = Some(Scan { id, keys });
    }

    /// Takes what a scan found; `false` where it is not this tail's, or no longer.
    pub(super) fn on_scan(
        &mut self,
        id: ScanId,
        event: &ScanEvent,
        store: &mut Store,
        context: &mut Context,
    ) -> bool {
        let Some(scan) = self.scan.as_mut().filter(|scan| scan.id == id) else {
            return false;
        };
        match event {
            ScanEvent::Matches { chunk, indices } => {
                if let Some(key) = scan.keys.get_mut(*chunk).and_then(Option::take) {
                    store.accept(key, Arc::clone(indices));
                }
            }
            ScanEvent::Finished => {
                let silent = scan.keys.iter_mut().filter_map(Option::take);
                silent.for_each(|key| store.accept(key, Arc::default()));
                self.scan = None;
                self.go_on(store, context);
            }
        }
        true
    }

    /// Ends a scan under way; what it still finds is dropped.
    pub(super) fn cancel(&mut self, context: &mut Context) {
        if let Some(scan) = self.scan.take() {
            context.order(Effect::CancelScan(scan.id));
        }
    }
}
