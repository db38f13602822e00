//! What the last check saw of a cluster: how far its logs had come and what was wrong, in a file in the state folder.
//! Where that cannot be read or written, the check judges by what it sees itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cli::state_file::{FORGOTTEN_AFTER, StateFile};
use crate::config::Folders;
use crate::health::{KnownFinding, KnownStream};
use crate::model::Timestamp;

const FILE: StateFile<LastCheck> = StateFile::new(Folders::last_check, "what the last check left");

/// What the last check knew; nothing where there was none.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LastCheck {
    /// How far the logs had come, by stream.
    pub(crate) streams: BTreeMap<String, KnownStream>,
    /// When somebody has acknowledged all losses, in Unix nanoseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) acknowledged: Option<i64>,
    /// What was wrong.
    pub(crate) findings: Vec<KnownFinding>,
}

impl LastCheck {
    /// Reads what was left.
    pub(crate) fn read(cluster: &str) -> Self {
        FILE.read(cluster)
    }

    /// Leaves what this check knows to the next one. A stream that none has seen for long was deleted.
    pub(super) fn write(mut self, cluster: &str, now: Timestamp) {
        let is_fresh = |stream: &KnownStream| Timestamp(stream.seen).age(now) < FORGOTTEN_AFTER;
        self.streams.retain(|_, stream| is_fresh(stream));
        FILE.write(cluster, &self);
    }
}
