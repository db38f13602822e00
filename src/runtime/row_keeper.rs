//! Hands what the user chose for the rows of streams to who keeps it for later runs: one after the other, off the loop.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::channels::EventSender;
use super::options::RowAccess;
use super::supervisor::panicked;
use crate::app::{Event, KeptRow};

/// The names of streams and what is kept of their rows.
pub(super) type RowChange = (String, Option<KeptRow>);

/// Keeps what comes until nothing more can.
pub(super) async fn run(
    keep: RowAccess,
    cluster: String,
    mut changes: mpsc::UnboundedReceiver<RowChange>,
    outbox: EventSender,
) {
    while let Some((streams, row)) = changes.recv().await {
        let (keep, cluster) = (Arc::clone(&keep), cluster.clone());
        let keeping = spawn_blocking(move || keep(&cluster, &streams, row));
        if keeping.await.is_err_and(|error| error.is_panic()) {
            let failure = panicked("writing down what rows show");
            outbox.send(Event::Failed(failure)).await;
        }
    }
}
