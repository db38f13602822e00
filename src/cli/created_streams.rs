//! The minimum ISR that this user's own creations of streams asked for: a file a cluster in the state folder.
//! No broker tells it, and what a broker's loss would stop depends on it.

use std::collections::BTreeMap;

use super::state_file::StateFile;
use crate::config::Folders;
use crate::health::CreatedMinIsr;

/// More creations than these are not remembered; the oldest are forgotten first.
const MOST: usize = 10_000;

/// What was asked for, by stream.
pub(super) const FILE: StateFile<BTreeMap<String, CreatedMinIsr>> =
    StateFile::new(Folders::created_streams, "what streams were created with");

/// Keeps what that stream was created with.
pub(super) fn keep(cluster: &str, stream: String, min_isr: CreatedMinIsr) {
    FILE.update(cluster, |known| {
        known.insert(stream, min_isr);
        if known.len() > MOST {
            let oldest = known.iter().min_by_key(|(_, created)| created.at);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                known.remove(&oldest);
            }
        }
    });
}
