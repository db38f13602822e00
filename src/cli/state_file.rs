//! Files of JSON in the state folder, each of which is replaced as a whole: several liftuis may run side by side.

use std::fs;
use std::io::{ErrorKind, Result, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

/// What the file holds; what is empty, where there is none.
///
/// # Errors
/// The file is there and cannot be read, or holds something else.
pub(super) fn read<T: DeserializeOwned + Default>(path: &Path) -> Result<T> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(T::default()),
        read => read?,
    };
    Ok(serde_json::from_slice(&bytes)?)
}

/// Replaces the file, so that none is ever half written.
///
/// # Errors
/// The file or its folder could not be written.
pub(super) fn replace(path: &Path, value: &impl Serialize) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut file, value)?;
    file.flush()?;
    file.persist(path)?;
    Ok(())
}
