//! What became of a key: which one is read, how far that is, what is known.

use std::sync::Arc;

use super::App;
use super::effect::{Effect, KeyHistorySpec};
use super::ids::RequestId;
use super::inflight::Request;
use super::range_run::RangeRun;
use super::row_key::DetailTarget;
use crate::model::{Failure, StreamName};
use crate::store::KeyHistory;

/// The history of a key that was asked for.
pub type KeyHistoryRun = RangeRun<KeyHistorySpec, KeyHistory>;

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
        self.key_history = Some(RangeRun::new(id, spec, history, self.context.now));
        self.overlays.show_detail(DetailTarget::KeyHistory);
    }

    /// Nothing is read for a text that nobody looks at.
    pub(super) fn stop_unseen_key_history(&mut self) {
        if !self.overlays.shows(&DetailTarget::KeyHistory) {
            self.stop_key_history();
        }
    }

    fn stop_key_history(&mut self) {
        if let Some(run) = &mut self.key_history {
            run.stop(Effect::CancelKeyHistory, &mut self.context);
        }
    }

    /// Some of a history was read.
    pub(super) fn on_key_history(
        &mut self,
        id: RequestId,
        read: Result<(Arc<KeyHistory>, bool), Failure>,
    ) {
        RangeRun::on_read(self.key_history.as_mut(), id, read, &mut self.context);
    }
}
