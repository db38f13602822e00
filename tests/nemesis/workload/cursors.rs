//! A consumer of its own kind: stores how far it has come, and looks whether that is still so.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use liftui::model::{ErrorKind, Offset};
use tokio::task::JoinSet;

use super::{Run, ticks};

const ID: &str = "nemesis";

/// Starts it.
pub(crate) fn start(run: &Arc<Run>, tasks: &mut JoinSet<()>) {
    tasks.spawn(store(Arc::clone(run)));
}

/// What a cursor may be.
#[derive(Default)]
struct Possible {
    /// The offset stored last, for certain.
    stored: Option<Offset>,
    /// Those that may be stored yet: a request whose answer was lost may still be on its way.
    unknown: BTreeSet<Offset>,
}

impl Possible {
    /// Whether it may be there. A broker that comes back from a crash shows what it had committed for certain before, and an
    /// emptied one nothing (wire-contract §8.1 F): for a while after one it may be anywhere that it has been.
    fn allows(&self, found: Option<Offset>, after_crash: bool) -> bool {
        found == self.stored
            || found.is_some_and(|offset| self.unknown.contains(&offset))
            || after_crash && found < self.stored
    }
}

async fn store(run: Arc<Run>) {
    let mut possible = Possible::default();
    let mut pace = ticks(Duration::from_millis(100));
    let stream = &run.names.main;
    for offset in 0.. {
        tokio::select! {
            _ = pace.tick() => {}
            () = run.quiet.cancelled() => break,
        }
        match run.client.set_cursor(ID, stream, 0, offset).await {
            Ok(()) => possible.stored = Some(offset),
            Err(error) => {
                check_failure(&run, &error);
                possible.unknown.insert(offset);
            }
        }
        fetch(&run, &mut possible).await;
    }
    // After the last fault it can be had again.
    pace.reset();
    while !fetch(&run, &mut possible).await {
        pace.tick().await;
    }
}

/// Whether it could be fetched.
async fn fetch(run: &Arc<Run>, possible: &mut Possible) -> bool {
    let fetched = run.client.fetch_cursor(ID, &run.names.main, 0).await;
    match fetched {
        Ok(found) => {
            if !possible.allows(found, run.target.has_crashed_lately()) {
                let stored = possible.stored;
                let what = format!("the cursor is at {found:?}, and was stored at {stored:?}");
                run.history.wrong(what);
            }
            true
        }
        Err(error) => {
            check_failure(run, &error);
            false
        }
    }
}

fn check_failure(run: &Run, error: &liftui::client::Error) {
    let may_be = error.kind().is_retryable()
        || matches!(
            error.kind(),
            ErrorKind::OutcomeUnknown | ErrorKind::PartitionPaused
        );
    if !may_be {
        run.history.wrong(format!("cursors: {error}"));
    }
}
