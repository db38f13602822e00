//! Puts the truth together, in one piece or by steps: a large cluster takes longer than a key may wait.
//! How one stream is assessed is `assess`' matter.

use std::sync::Arc;

use super::assess::AssessContext;
use super::stream_tracker::Assessed;
use super::{Health, PARTITIONS_AT_ONCE, Truth};
use crate::model::Timestamp;

/// How many times [`PARTITIONS_AT_ONCE`] have their turn before the truth is put together, of those of which only the log has
/// grown.
const TURNS: u8 = 2;

/// How far a truth that takes several calls has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum AssessStep {
    /// Nothing was assessed since the truth was put together.
    #[default]
    Begun,
    /// Some of the streams that changed were assessed.
    Partly,
    /// All of which more changed than the log were, and so many turns of the others.
    Turn(u8),
    /// All of them were: the truth is put together next.
    Assessed,
}

impl Health {
    /// The truth as of all that was reported up to `now`: the same value, shared, where nothing changed. Only streams of
    /// which something new was reported are assessed again.
    ///
    /// In a cluster of more than 4,000 partitions, those of which only the log has grown take turns from call to call;
    /// whatever else changes is there at once.
    pub fn assess(&mut self, now: Timestamp) -> Arc<Truth> {
        loop {
            if let Some(truth) = self.assess_some(now) {
                return truth;
            }
        }
    }

    /// A part of what [`Health::assess`] does, which takes some milliseconds in a cluster of any size; `None` until a last call
    /// has done the rest.
    pub fn assess_some(&mut self, now: Timestamp) -> Option<Arc<Truth>> {
        if self.has_pending_views() {
            self.read_pending();
            return None;
        }
        self.assess_up_to(Some(PARTITIONS_AT_ONCE), now)
    }

    /// Assesses without turns, however long it takes: for who asks once.
    pub fn assess_whole(&mut self, now: Timestamp) -> Arc<Truth> {
        let (streams, cursors) = (&mut self.streams, &mut self.cursors);
        self.pending.read(usize::MAX, streams, cursors);
        let truth = self.assess_up_to(None, now);
        truth.unwrap_or_else(|| Arc::clone(&self.truth))
    }

    /// `None` where more is left than may be looked at in one call.
    fn assess_up_to(&mut self, most: Option<usize>, now: Timestamp) -> Option<Arc<Truth>> {
        let were_assessed = self.step == AssessStep::Assessed;
        let assessed = if were_assessed && most.is_some() {
            self.step = AssessStep::Begun;
            true
        } else {
            self.assess_changed(most, now)? || were_assessed
        };
        let wrote = self.streams.write_history(now);
        if assessed || wrote {
            self.sums = self.streams.sums();
        }
        if assessed || wrote || self.changed || !self.cursors.is_empty() {
            self.changed = false;
            self.truth = Arc::new(self.put_together(now));
        }
        Some(Arc::clone(&self.truth))
    }

    /// Whether any stream was assessed; `None` where more are left, and where the sums of a large cluster are enough work for
    /// a call of its own.
    fn assess_changed(&mut self, most: Option<usize>, now: Timestamp) -> Option<bool> {
        let assessed = self.assess_streams(most, now)?;
        if assessed && self.update_unlisted(now) {
            // Whom nobody can reach is known only now that all partitions have named theirs.
            self.assess_streams(most, now)?;
            self.update_unlisted(now);
        }
        let is_large = most.is_some_and(|most| self.truth.totals.partitions > most);
        if assessed && is_large {
            self.step = AssessStep::Assessed;
            return None;
        }
        Some(assessed)
    }

    /// Whether any stream was assessed since the truth was put together; `None` where more are left.
    fn assess_streams(&mut self, most: Option<usize>, now: Timestamp) -> Option<bool> {
        let no_majority = self.brokers.lacks_majority();
        if no_majority != self.no_majority {
            self.no_majority = no_majority;
            self.streams.mark_all_changed();
        }
        let context = AssessContext {
            views: self.brokers.claims(),
            brokers: &self.brokers,
            no_majority,
            options: &self.options,
            now,
        };
        match self.streams.assess(&context, most) {
            Assessed::Nothing => Some(std::mem::take(&mut self.step) != AssessStep::Begun),
            Assessed::Changes => {
                let turns = match self.step {
                    AssessStep::Turn(turns) => turns + 1,
                    AssessStep::Begun | AssessStep::Partly | AssessStep::Assessed => 1,
                };
                if turns < TURNS && self.streams.has_turns_left() {
                    self.step = AssessStep::Turn(turns);
                    return None;
                }
                self.step = AssessStep::Begun;
                Some(true)
            }
            Assessed::Part => {
                self.step = AssessStep::Partly;
                None
            }
        }
    }

    /// Finds brokers that nobody lists. Returns whether all streams have to be assessed anew for it.
    fn update_unlisted(&mut self, now: Timestamp) -> bool {
        let named = self.streams.named_brokers();
        let changed = self.brokers.update_unlisted(named, now);
        if changed {
            self.streams.mark_all_changed();
        }
        changed
    }
}
