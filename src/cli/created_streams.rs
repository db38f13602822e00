//! The minimum ISR that this user's own creations of streams asked for: a file a cluster in the state folder.
//! No broker tells it, and what a broker's loss would stop depends on it.

use std::collections::BTreeMap;

use super::state_file;
use crate::config::Folders;
use crate::health::CreatedMinIsr;

/// More creations than these are not remembered; the oldest are forgotten first.
const MOST: usize = 10_000;

/// What was asked for, by stream; none where nothing was kept or it cannot be read.
pub(crate) fn read(cluster: &str) -> BTreeMap<String, CreatedMinIsr> {
    let path = Folders::of_user().map(|folders| folders.created_streams(cluster));
    state_file::read_or_empty(path, "what streams were created with")
}

/// Keeps what that stream was created with.
pub(super) fn keep(cluster: &str, stream: String, min_isr: CreatedMinIsr) {
    let Some(folders) = Folders::of_user() else {
        return;
    };
    let mut known = read(cluster);
    known.insert(stream, min_isr);
    if known.len() > MOST {
        let oldest = known.iter().min_by_key(|(_, created)| created.at);
        if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
            known.remove(&oldest);
        }
    }
    let path = folders.created_streams(cluster);
    state_file::replace_or_warn(&path, &known, "what a stream was created with");
}
