//! What became of a key: which one is read, how far that is, what is known.

use std::sync::Arc;

use super::App;
use super::effect::{Effect, KeyHistorySpec};
use super::ids::RequestId;
use super::inflight::Request;
use super::overlays::Overlay;
use super::row_key::DetailTarget;
use crate::model::{Failure, StreamName};
use crate::store::KeyHistory;

/// The history of a key that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyHistoryRun {
    id: RequestId,
    spec: KeyHistorySpec,
    history: Arc<KeyHistory>,
    is_reading: bool,
    failure: Option<Failure>,
}

impl KeyHistoryRun {
    /// Which key.
    pub fn spec(&self) -> &KeyHistorySpec {
        &self.spec
    }

    /// What is known.
    pub fn history(&self) -> &KeyHistory {
        &self.history
    }

    /// Whether its partition is still being read.
    pub fn is_reading(&self) -> bool {
        self.is_reading
    }

    /// Why reading broke.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }
}

impl App {
    /// The history that was asked for last.
    pub fn key_history(&self) -> Option<&KeyHistoryRun> {
        self.key_history.as_ref()
    }

    /// Begins to read what became of a key, and shows it.
    pub(super) fn show_key_history(&mut self, spec: KeyHistorySpec) {
        self.stop_key_history();
        let id = self.context.begin_request(Request::KeyHistory);
        self.context.emit(Effect::ReadKeyHistory(id, spec.clone()));
        let history = KeyHistory::new(StreamName::clone(&spec.stream), spec.partition);
        self.key_history = Some(KeyHistoryRun {
            id,
            spec,
            history: Arc::new(history),
            is_reading: true,
            failure: None,
        });
        self.overlays.show_detail(DetailTarget::KeyHistory);
    }

    /// Nothing is read for a text that nobody looks at.
    pub(super) fn stop_unseen_key_history(&mut self) {
        let is_seen = self.overlays.open().is_some_and(|open| {
            matches!(open, Overlay::Pager(pager) if *pager.target() == DetailTarget::KeyHistory)
        });
        if !is_seen {
            self.stop_key_history();
        }
    }

    fn stop_key_history(&mut self) {
        let Some(run) = self.key_history.as_mut().filter(|run| run.is_reading) else {
            return;
        };
        run.is_reading = false;
        self.context.emit(Effect::CancelKeyHistory(run.id));
        self.context.end_request(run.id);
    }

    /// Some of a history was read, or with `true` all of it. What comes for one that was stopped is dropped (I5).
    pub(super) fn on_key_history(
        &mut self,
        id: RequestId,
        read: Result<(Arc<KeyHistory>, bool), Failure>,
    ) {
        let is_current = |run: &&mut KeyHistoryRun| run.id == id && run.is_reading;
        let Some(run) = self.key_history.as_mut().filter(is_current) else {
            return self.context.count_late_answer();
        };
        match read {
            Ok((history, is_done)) => {
                run.history = history;
                if !is_done {
                    return;
                }
            }
            Err(failure) => run.failure = Some(failure),
        }
        run.is_reading = false;
        self.context.end_request(id);
    }
}
