//! What the dashboard keeps for later runs, each in its file in the state folder; of a demo cluster only what is its user's own.

use std::sync::Arc;

use super::audit_log::{ChangeNotes, PendingChange};
use super::{incidents, kept_queries, kept_view, known_brokers, known_cursors, rows};
use crate::app::{KeptRow, KeptView, QueryChange};
use crate::client::{BrokerHealth, KnownCursors};
use crate::health::Incident;
use crate::model::Operation;
use crate::runtime::{ChangeEnd, SavedState};

/// Keeps all of it, or of a demo cluster, which is gone when the dashboard ends, what its user chose.
pub(super) struct UserState {
    /// Whether the cluster is a demo.
    pub(super) is_demo: bool,
    /// Whether what was left of earlier runs counts for nothing, and nothing is left of how this one looks.
    pub(super) is_fresh: bool,
    /// Whether queries are kept that were only typed.
    pub(super) keeps_typed: bool,
}

impl SavedState for UserState {
    fn begin_change(&self, cluster: &str, operation: &Operation) -> Option<ChangeEnd> {
        if self.is_demo {
            return None;
        }
        let notes = ChangeNotes::default();
        let change = PendingChange::begin(cluster, operation, &notes);
        Some(Box::new(move |outcome| {
            change.finish(outcome);
            notes.take().pop().map_or(Ok(()), Err)
        }))
    }

    fn save_incidents(&self, cluster: &str, incidents: &[Arc<Incident>]) {
        if !self.is_demo {
            incidents::keep(cluster, incidents);
        }
    }

    fn save_row(&self, cluster: &str, streams: &str, row: Option<KeptRow>) {
        if !self.is_fresh {
            rows::keep(cluster, streams, row);
        }
    }

    fn save_query(&self, cluster: &str, change: &QueryChange) {
        kept_queries::keep(cluster, change, self.keeps_typed);
    }

    fn save_view(&self, cluster: &str, view: &KeptView) {
        kept_view::FILE.write(cluster, view);
    }

    fn save_brokers(&self, cluster: &str, brokers: &[BrokerHealth]) {
        if !self.is_demo {
            known_brokers::keep(cluster, brokers);
        }
    }

    fn save_cursors(&self, cluster: &str, cursors: &[KnownCursors]) {
        if !self.is_demo {
            known_cursors::keep(cluster, cursors);
        }
    }
}
