//! What the last check saw of a cluster: how far its logs had come, in a file in the state folder.
//! Where that cannot be read or written, the check judges by what it sees itself.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cli::state_file;
use crate::config::Folders;
use crate::health::KnownStream;
use crate::model::Timestamp;

/// A stream that no check has seen for so long is forgotten: it was deleted.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(7 * 86_400);

/// What the last check knew; nothing where there was none.
pub(super) fn read(cluster: &str) -> BTreeMap<String, KnownStream> {
    let path = Folders::of_user().map(|folders| folders.last_check(cluster));
    state_file::read_or_empty(path, "what the last check left")
}

/// Leaves what this check knows to the next one.
pub(super) fn write(cluster: &str, known: &BTreeMap<String, KnownStream>, now: Timestamp) {
    let Some(folders) = Folders::of_user() else {
        return;
    };
    let fresh = known.iter();
    let fresh: BTreeMap<_, _> = fresh
        .filter(|(_, stream)| Timestamp(stream.seen).age(now) < FORGOTTEN_AFTER)
        .collect();
    let path = folders.last_check(cluster);
    if let Err(error) = state_file::replace(&path, &fresh) {
        tracing::warn!(%error, path = %path.display(), "the next check will not know this one");
    }
}
