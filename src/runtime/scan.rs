//! Looks through kept messages on every core but one, off the loop.
//!
//! What matches is the predicate's, the order of matches the scan's business; both are in `store`.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::channels::EventSender;
use super::supervisor::panicked;
use crate::app::{Event, ScanEvent, ScanId, Schemas};
use crate::model::{Failure, Timestamp};
use crate::store::{Chunk, FieldIndex, Query, QueryRun, Scan};

/// Runs a scan to its end, once the one before has ended; dropping this stops it.
///
/// A cancelled scan may still be inside one long search of a regular expression. Waiting for it keeps scans that are
/// started while somebody types from taking every core together.
pub(super) async fn run(id: ScanId, scan: Scan, turn: Arc<Semaphore>, outbox: EventSender) {
    let scan = Arc::new(scan);
    let _stop = CancelOnDrop(Arc::clone(&scan));
    let Ok(permit) = turn.acquire_owned().await else {
        return;
    };
    // One core is left to the loop and the tails.
    let threads = available_parallelism()
        .map_or(1, NonZero::get)
        .saturating_sub(1);
    let matches = outbox.clone();
    let scanning = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let send = |event| matches.send_blocking(Event::Scan(id, event));
        let finished = scan.run(threads, |chunk, indices| {
            if !send(ScanEvent::Matches { chunk, indices }) {
                scan.cancel();
            }
        });
        if finished {
            send(ScanEvent::Finished {
                undecided: scan.undecided(),
            });
        }
    });
    watch(id, scanning, outbox).await;
}

/// Looks through messages where they are read, on a thread of its own.
#[derive(Clone, Debug)]
pub(super) struct MessageFilter {
    query: Arc<Query>,
    turn: Arc<Semaphore>,
}

impl MessageFilter {
    /// A filter that looks while no scan does.
    pub(super) fn new(query: Arc<Query>, turn: Arc<Semaphore>) -> Self {
        Self { query, turn }
    }

    /// What of a chunk the query finds, and for how many messages its expression costs more than it may.
    pub(super) async fn matching(
        &self,
        chunk: &Arc<Chunk>,
    ) -> Result<(Option<Arc<Chunk>>, u64), Failure> {
        let (predicate, chunk) = (self.query.predicate().clone(), Arc::clone(chunk));
        let permit = Arc::clone(&self.turn).acquire_owned().await.ok();
        let looking = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let run = QueryRun::at(Timestamp::now());
            let found = predicate.scan(&chunk, &run);
            (chunk.select(&found), run.undecided())
        });
        let looked = looking.await;
        looked.map_err(|_panicked| panicked("looking for what matches"))
    }
}

/// Finds out which fields messages have. Without an answer the query is typed without help.
pub(super) async fn index_fields(
    id: ScanId,
    chunks: Vec<Arc<Chunk>>,
    schemas: Schemas,
    outbox: EventSender,
) {
    let index = move || Arc::new(FieldIndex::reading_by(&chunks, Some(&schemas)));
    if let Ok(index) = tokio::task::spawn_blocking(index).await {
        outbox.send(Event::Fields(id, index)).await;
    }
}

/// Tells when it panics: its tail would wait for ever.
async fn watch(id: ScanId, scanning: JoinHandle<()>, outbox: EventSender) {
    if scanning.await.is_err_and(|error| error.is_panic()) {
        outbox.send(Event::Scan(id, ScanEvent::Failed)).await;
    }
}

struct CancelOnDrop(Arc<Scan>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::super::channels::event_channels;
    use super::*;
    use tokio::task::JoinSet;

    const ID: ScanId = ScanId(3);

    #[tokio::test]
    async fn a_scan_that_panics_is_told() {
        let (outbox, mut inbox) = event_channels();
        let scanning = tokio::task::spawn_blocking(|| panic!("as a test wants it"));
        watch(ID, scanning, outbox).await;
        let told = inbox.control.recv().await.unwrap();
        assert_eq!(told, Event::Scan(ID, ScanEvent::Failed));
    }

    #[tokio::test]
    async fn a_scan_waits_for_the_thread_of_the_one_before() {
        let (outbox, mut inbox) = event_channels();
        let turn = Arc::new(Semaphore::new(1));
        let before = Arc::clone(&turn).acquire_owned().await.unwrap();
        let predicate = Query::parse("a").unwrap().predicate().clone();
        let scan = Scan::new(predicate, Vec::new(), Timestamp(0));
        let mut tasks = JoinSet::new();
        tasks.spawn(run(ID, scan, turn, outbox));
        tokio::task::yield_now().await;
        assert!(inbox.control.try_recv().is_err());
        drop(before);
        let told = inbox.control.recv().await.unwrap();
        assert_eq!(told, Event::Scan(ID, ScanEvent::Finished { undecided: 0 }));
    }
}
