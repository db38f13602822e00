//! What the last check saw of a cluster: how far its logs had come, in a file in the state folder.
//! Where that cannot be read or written, the check judges by what it sees itself.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::config::Folders;
use crate::health::KnownStream;
use crate::model::Timestamp;

/// A stream that no check has seen for so long is forgotten: it was deleted.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(7 * 86_400);

/// What the last check knew; nothing where there was none.
pub(super) fn read(cluster: &str) -> BTreeMap<String, KnownStream> {
    let path = Folders::of_user().map(|folders| folders.last_check(cluster));
    let bytes = path.and_then(|path| fs::read(path).ok());
    let known = bytes.map(|bytes| serde_json::from_slice(&bytes));
    match known {
        Some(Ok(known)) => known,
        Some(Err(error)) => {
            tracing::warn!(%error, "what the last check left cannot be read");
            BTreeMap::new()
        }
        None => BTreeMap::new(),
    }
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
    if let Err(error) = replace(&path, &fresh) {
        tracing::warn!(%error, path = %path.display(), "the next check will not know this one");
    }
}

/// The file is replaced as a whole: checks may run side by side.
fn replace(path: &Path, known: &BTreeMap<&String, &KnownStream>) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut file, known)?;
    file.flush()?;
    file.persist(path)?;
    Ok(())
}
