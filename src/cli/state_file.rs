//! Files of JSON in the state folder, each of which is replaced as a whole: several liftuis may run side by side.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Result, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

use super::escaped_output::EscapedOutput;
use super::private_file;

/// Bytes of such a file at most: far more than any of them holds.
const MOST: u64 = 256 << 20;

/// What the file holds; what is empty, where there is none.
///
/// # Errors
/// The file is there and cannot be read, or holds something else.
pub(super) fn read<T: DeserializeOwned + Default>(path: &Path) -> Result<T> {
    let bytes = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(T::default()),
        opened => private_file::read_within(opened?, MOST)?,
    };
    Ok(serde_json::from_slice(&bytes)?)
}

/// What the file holds; what is empty, where it is not there or cannot be read, which the log tells of `what`.
pub(super) fn read_or_empty<T: DeserializeOwned + Default>(path: Option<PathBuf>, what: &str) -> T {
    let Some(path) = path else {
        return T::default();
    };
    read(&path).unwrap_or_else(|error| {
        tracing::warn!(%error, path = %path.display(), "{what} cannot be read");
        T::default()
    })
}

/// [`replace`], where the log tells that `what` was not kept, and nothing else depends on it.
pub(super) fn replace_or_warn(path: &Path, value: &impl Serialize, what: &str) {
    if let Err(error) = replace(path, value) {
        tracing::warn!(%error, path = %path.display(), "{what} was not kept");
    }
}

/// Replaces the file, so that none is ever half written.
///
/// # Errors
/// The file or its folder could not be written.
pub(super) fn replace(path: &Path, value: &impl Serialize) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    private_file::create_folder(folder)?;
    let file = NamedTempFile::new_in(folder)?;
    // JSON all the same, and nothing in it acts on the terminal of whoever looks at it.
    let mut escaped = EscapedOutput::new(Box::new(file.as_file().try_clone()?), true);
    serde_json::to_writer(BufWriter::new(escaped.json()), value)?;
    escaped.flush()?;
    file.persist(path)?;
    Ok(())
}
