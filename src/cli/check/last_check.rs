//! What the last check saw of a cluster: how far its logs had come and what was wrong, in a file in the state folder.
//! Where that cannot be read or written, the check judges by what it sees itself.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cli::state_file;
use crate::config::Folders;
use crate::health::{KnownFinding, KnownStream};
use crate::model::Timestamp;

/// A stream that no check has seen for so long is forgotten: it was deleted.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(7 * 86_400);

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
        let path = Folders::of_user().map(|folders| folders.last_check(cluster));
        state_file::read_or_empty(path, "what the last check left")
    }

    /// Leaves what this check knows to the next one.
    pub(super) fn write(mut self, cluster: &str, now: Timestamp) {
        let Some(folders) = Folders::of_user() else {
            return;
        };
        let is_fresh = |stream: &KnownStream| Timestamp(stream.seen).age(now) < FORGOTTEN_AFTER;
        self.streams.retain(|_, stream| is_fresh(stream));
        let path = folders.last_check(cluster);
        state_file::replace_or_warn(&path, &self, "what this check saw");
    }
}
