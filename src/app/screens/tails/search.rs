//! The query of a tail: which one counts, and the scans that find out which messages match it.
//! What matches is decided in `store`.

use std::sync::Arc;

use crate::app::context::Context;
use crate::app::effect::Effect;
use crate::app::event::ScanEvent;
use crate::app::ids::ScanId;
use crate::app::notice::Level;
use crate::store::{ChunkKey, Query, Store};

/// Chunks passed to one scan: few enough that what has come since is scanned soon.
const CHUNKS_AT_ONCE: usize = 32;
/// The same while nothing matches, in which case new messages are not waited for: each scan is twice as long as the one before.
const MAX_CHUNKS_AT_ONCE: usize = 1024;

/// The query of a tail.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    query: Option<Arc<Query>>,
    scan: Option<Scan>,
    undecided: u64,
    /// Scans without a match since the last one with any.
    empty_scans: u32,
}

/// A scan under way.
#[derive(Clone, Debug, PartialEq)]
struct Scan {
    id: ScanId,
    /// Names of the chunks in the order in which they were passed; none for those answered.
    keys: Vec<Option<ChunkKey>>,
    /// Whether any message matches so far.
    found: bool,
}

impl Search {
    /// The query that counts, if there is one.
    pub fn query(&self) -> Option<&Query> {
        self.query.as_deref()
    }

    /// The query that counts, for whoever reads messages.
    pub(super) fn shared_query(&self) -> Option<Arc<Query>> {
        self.query.clone()
    }

    /// Elsewhere, too, the query could not decide some messages.
    pub(super) fn add_undecided(&mut self, messages: u64) {
        self.undecided += messages;
    }

    /// Whether messages in memory are being scanned.
    pub(crate) fn is_scanning(&self) -> bool {
        self.scan.is_some()
    }

    /// For how many messages the query's expression costs more than it may: they count as not matching.
    pub(crate) fn undecided(&self) -> u64 {
        self.undecided
    }

    /// Shows only what matches, or everything again.
    pub(super) fn set(&mut self, query: Option<Query>, store: &mut Store, context: &mut Context) {
        self.cancel(context);
        let schemas = &context.settings.schemas;
        let query = query.map(|query| schemas.reading_query(query));
        self.query = query.map(Arc::new);
        self.undecided = 0;
        self.empty_scans = 0;
        if self.query.is_some() {
            store.begin_query();
        } else {
            store.end_query();
        }
        self.scan_unscanned(store, context);
    }

    /// Scans what was not scanned yet, newest first, unless a scan is under way.
    pub(super) fn scan_unscanned(&mut self, store: &mut Store, context: &mut Context) {
        let Some(query) = self.query.as_ref().filter(|_| self.scan.is_none()) else {
            return;
        };
        let (keys, chunks): (Vec<_>, Vec<_>) =
            store.unasked(self.chunks_at_once()).into_iter().unzip();
        if chunks.is_empty() {
            return;
        }
        let id = context.new_scan_id();
        context.emit(Effect::Scan(id, Arc::clone(query), chunks));
        let keys = keys.into_iter().map(Some).collect();
        self.scan = Some(Scan {
            id,
            keys,
            found: false,
        });
    }

    fn chunks_at_once(&self) -> usize {
        let times = 1_usize.checked_shl(self.empty_scans).unwrap_or(usize::MAX);
        CHUNKS_AT_ONCE.saturating_mul(times).min(MAX_CHUNKS_AT_ONCE)
    }

    /// A scan found something; `false` where it is not this tail's, or no longer.
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
                scan.found |= !indices.is_empty();
                if let Some(key) = scan.keys.get_mut(*chunk).and_then(Option::take) {
                    store.accept(key, Arc::clone(indices));
                }
            }
            ScanEvent::Failed => {
                // It would break again: all messages are shown rather than none for ever.
                self.scan = None;
                self.set(None, store, context);
                let sentence = "liftui broke while looking for what matches: all messages are shown again; \
                                --log FILE keeps what happened";
                context.notify(Level::Error, sentence);
            }
            ScanEvent::Finished { undecided } => {
                self.undecided += undecided;
                self.empty_scans = if scan.found { 0 } else { self.empty_scans + 1 };
                let without_match = scan.keys.iter_mut().filter_map(Option::take);
                without_match.for_each(|key| store.accept(key, Arc::default()));
                self.scan = None;
                self.scan_unscanned(store, context);
            }
        }
        true
    }

    /// Ends a scan under way; what it still finds is dropped.
    pub(super) fn cancel(&mut self, context: &mut Context) {
        if let Some(scan) = self.scan.take() {
            context.emit(Effect::CancelScan(scan.id));
        }
    }
}
