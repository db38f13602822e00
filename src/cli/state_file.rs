//! Files of JSON in the state folder, each of which is replaced as a whole: several liftuis may run side by side.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Result, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

use super::cluster_alias;
use super::escaped_output::EscapedOutput;
use super::private_file;
use crate::config::Folders;

/// Bytes of such a file at most: far more than any of them holds.
const MOST: u64 = 256 << 20;

/// What nobody has seen for so long is forgotten.
pub(super) const FORGOTTEN_AFTER: Duration = Duration::from_secs(7 * 86_400);

/// Files of one kind, one for each cluster.
pub(super) struct StateFile<T> {
    path: fn(&Folders, &str) -> PathBuf,
    /// What they hold, as the log calls it.
    what: &'static str,
    holds: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned + Default> StateFile<T> {
    pub(super) const fn new(path: fn(&Folders, &str) -> PathBuf, what: &'static str) -> Self {
        Self {
            path,
            what,
            holds: PhantomData,
        }
    }

    /// Where that of a cluster is; nowhere where the process has no home.
    pub(super) fn path(&self, cluster: &str) -> Option<PathBuf> {
        let folders = Folders::of_user()?;
        let name = cluster_alias::kept_name(&folders, cluster);
        Some((self.path)(&folders, &name))
    }

    /// What was kept of the cluster; what is empty, where nothing was or it cannot be read, which the log tells.
    pub(super) fn read(&self, cluster: &str) -> T {
        let Some(path) = self.path(cluster) else {
            return T::default();
        };
        read(&path).unwrap_or_else(|error| {
            tracing::warn!(%error, path = %path.display(), "{} cannot be read", self.what);
            T::default()
        })
    }

    /// Keeps this of the cluster; where that fails the log tells, and nothing else depends on it.
    pub(super) fn write(&self, cluster: &str, value: &T) {
        self.try_in(cluster, |path| replace(path, value));
    }

    /// Changes what is kept of the cluster.
    pub(super) fn update(&self, cluster: &str, change: impl FnOnce(&mut T)) {
        let mut value = self.read(cluster);
        change(&mut value);
        self.write(cluster, &value);
    }

    /// Forgets what was kept of the cluster.
    pub(super) fn remove(&self, cluster: &str) {
        self.try_in(cluster, |path| match std::fs::remove_file(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        });
    }

    /// Keeps something in the file of the cluster; where that fails the log tells.
    pub(super) fn try_in(&self, cluster: &str, keep: impl FnOnce(&Path) -> Result<()>) {
        if let Some(path) = self.path(cluster)
            && let Err(error) = keep(&path)
        {
            tracing::warn!(%error, path = %path.display(), "{} was not kept", self.what);
        }
    }
}

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
