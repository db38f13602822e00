//! The memory behind the truth: the last word of every broker, probe and cursor. What follows from it is worked out
//! in the modules beside it.

use std::sync::Arc;

use super::{HealthOptions, Truth};
use crate::model::{CursorEntry, Probe, Timestamp, View};

/// Collects what is said and tells what follows.
#[derive(Debug)]
pub struct Health {
    options: HealthOptions,
    truth: Arc<Truth>,
}

impl Health {
    /// Nothing is known yet.
    pub fn new(options: HealthOptions) -> Self {
        Self {
            options,
            truth: Arc::default(),
        }
    }

    /// How it judges.
    pub fn options(&self) -> &HealthOptions {
        &self.options
    }

    /// Takes one broker's answer, or why there is none.
    pub fn observe(&mut self, view: &Arc<View>) {
        let at = view.result.is_ok().then_some(view.at);
        Arc::make_mut(&mut self.truth).as_of = at.max(self.truth.as_of);
    }

    /// Takes what a partition's leader said when asked for it alone.
    pub fn probe(&mut self, _probe: &Probe) {}

    /// Takes all cursors as they were read at `now`.
    pub fn cursors(&mut self, _entries: &[CursorEntry], _now: Timestamp) {}

    /// The truth as of all that was said up to `now`. The same value, shared, where nothing changed.
    pub fn assess(&mut self, _now: Timestamp) -> Arc<Truth> {
        Arc::clone(&self.truth)
    }
}
