//! Streams that come and go, so that brokers have deleted ones to remember, and which exist.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use liftui::model::{ErrorKind, StreamOptions};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Run, ticks};

/// What is known of a stream of this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamState {
    /// It is there, or may be.
    Exists,
    /// It was deleted.
    DeletedAt(Instant),
}

/// All streams of this run.
#[derive(Debug, Default)]
pub(crate) struct Existence {
    streams: Mutex<BTreeMap<String, StreamState>>,
}

impl Existence {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, StreamState>> {
        self.streams.lock().expect("nobody panics with it")
    }

    pub(crate) fn exists(&self, name: &str) {
        self.lock().insert(name.to_owned(), StreamState::Exists);
    }

    fn deleted(&self, name: &str) {
        let state = StreamState::DeletedAt(Instant::now());
        self.lock().insert(name.to_owned(), state);
    }

    /// What is known of that stream; `None`: nobody ever made it.
    pub(crate) fn of(&self, name: &str) -> Option<StreamState> {
        self.lock().get(name).copied()
    }

    /// Those that are there.
    pub(crate) fn names(&self) -> Vec<String> {
        let streams = self.lock();
        let there = streams
            .iter()
            .filter(|(_, state)| **state == StreamState::Exists);
        there.map(|(name, _)| name.clone()).collect()
    }
}

/// Makes and deletes some streams, for brokers to remember when they start again.
pub(crate) async fn leave_ghosts(run: &Arc<Run>) {
    for number in 0..5 {
        create_and_delete(run, &format!("{}ghost-{number}", run.names.prefix)).await;
    }
}

/// Starts whoever makes and deletes streams.
pub(crate) fn start(run: &Arc<Run>, tasks: &mut JoinSet<()>) {
    let run = Arc::clone(run);
    tasks.spawn(async move {
        let mut pace = ticks(Duration::from_secs(1));
        for number in 0.. {
            tokio::select! {
                _ = pace.tick() => {}
                () = run.quiet.cancelled() => return,
            }
            create_and_delete(&run, &format!("{}passing-{number}", run.names.prefix)).await;
        }
    });
}

async fn create_and_delete(run: &Arc<Run>, name: &str) {
    let options = StreamOptions {
        name: name.to_owned(),
        replication_factor: Some(-1),
        ..StreamOptions::default()
    };
    run.changes.exists(name);
    let mut pace = ticks(Duration::from_millis(50));
    loop {
        match run.client.create_stream(&options).await {
            Ok(()) => break,
            Err(error) if error.kind() == ErrorKind::StreamExists => break,
            Err(error) => check_failure(run, &error),
        }
        pace.tick().await;
    }
    let mut is_tried = false;
    loop {
        match run.client.delete_stream(name).await {
            Ok(()) => break,
            // Of one that was never tried to be deleted: whoever says so does not know it yet.
            Err(error) if error.kind() == ErrorKind::NoSuchStream && !is_tried => return,
            Err(error) if error.kind() == ErrorKind::NoSuchStream => break,
            Err(error) => {
                is_tried |= error.kind() == ErrorKind::OutcomeUnknown;
                check_failure(run, &error);
            }
        }
        pace.tick().await;
    }
    run.changes.deleted(name);
}

/// A change may fail while no majority is there, or end as unknown. Anything else is no answer to a fault.
fn check_failure(run: &Run, error: &liftui::client::Error) {
    if !error.kind().is_retryable() && error.kind() != ErrorKind::OutcomeUnknown {
        run.history.wrong(format!("a change: {error}"));
    }
}
