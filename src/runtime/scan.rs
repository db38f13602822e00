//! Looks through kept messages on every core but one, off the loop.
//!
//! What matches is the predicate's, the order of matches the scan's business; both are in `store`.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use super::channels::EventSender;
use crate::app::{Event, ScanEvent, ScanId};
use crate::store::Scan;

/// Runs a scan to its end; dropping this stops it.
pub(super) async fn run(id: ScanId, scan: Scan, outbox: EventSender) {
    let scan = Arc::new(scan);
    let _stop = CancelOnDrop(Arc::clone(&scan));
    // One core is left to the loop and the tails.
    let threads = available_parallelism()
        .map_or(1, NonZero::get)
        .saturating_sub(1);
    let done = tokio::task::spawn_blocking(move || {
        let send = |event| outbox.send_blocking(Event::Scan(id, event));
        let finished = scan.run(threads, |chunk, indices| {
            if !send(ScanEvent::Matches { chunk, indices }) {
                scan.cancel();
            }
        });
        if finished {
            send(ScanEvent::Finished);
        }
    });
    // A panic in it was logged; the scan then never finishes on screen.
    let _ = done.await;
}

struct CancelOnDrop(Arc<Scan>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
