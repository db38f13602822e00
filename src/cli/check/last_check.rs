//! What the last check saw of a cluster: how far its logs had come and what was wrong, in a file in the state folder.
//! Where that cannot be read or written, the check judges by what it sees itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::cli::state_file::{FORGOTTEN_AFTER, StateFile};
use crate::config::Folders;
use crate::demo::DemoCluster;
use crate::health::{
    Health, Incident, IncidentRecorder, KnownCursor, KnownFinding, KnownLoss, KnownStream,
};
use crate::model::Timestamp;

const FILE: StateFile<LastCheck> = StateFile::new(Folders::last_check, "what the last check left");

/// What the last check knew; nothing where there was none.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LastCheck {
    /// The ids of its brokers.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) brokers: BTreeSet<String>,
    /// How far the logs had come, by stream.
    pub(crate) streams: BTreeMap<String, KnownStream>,
    /// When somebody has acknowledged all losses, in Unix nanoseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) acknowledged: Option<i64>,
    /// What was lost and is not acknowledged, as it was first seen.
    pub(crate) losses: Vec<KnownLoss>,
    /// What was wrong.
    pub(crate) findings: Vec<KnownFinding>,
    /// Where cursors stood.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) cursors: Vec<KnownCursor>,
}

impl LastCheck {
    /// Reads what was left.
    pub(crate) fn read(cluster: &str) -> Self {
        FILE.read(cluster)
    }

    /// Forgets what was left of a demo cluster, which is gone. A real one that had this address before may come back to it.
    pub(crate) fn forget_demo(cluster: &str) {
        let brokers = Self::read(cluster).brokers;
        let is_of_demo = |id: &String| id.starts_with(DemoCluster::BROKER_PREFIX);
        if !brokers.is_empty() && brokers.iter().all(is_of_demo) {
            FILE.remove(cluster);
        }
    }

    /// Has the logs held against what was known of them, and says again what was lost since and is not acknowledged: seen
    /// here, or by a dashboard in these incidents.
    pub(crate) fn recall_logs(self, incidents: &[Arc<Incident>], health: &mut Health) {
        let acknowledged = self.acknowledged;
        let is_unknown = |loss: &KnownLoss| acknowledged.is_none_or(|at| loss.loss.at.0 > at);
        let seen = IncidentRecorder::losses(incidents).into_iter();
        let losses = self.losses.into_iter().chain(seen.filter(is_unknown));
        health.recall_brokers(self.brokers);
        health.recall(self.streams);
        health.recall_losses(losses.collect());
    }

    /// Leaves what this check knows to the next one. A stream that none has seen for long was deleted.
    pub(super) fn write(mut self, cluster: &str, now: Timestamp) {
        let is_fresh = |stream: &KnownStream| Timestamp(stream.seen).age(now) < FORGOTTEN_AFTER;
        self.streams.retain(|_, stream| is_fresh(stream));
        FILE.write(cluster, &self);
    }
}
