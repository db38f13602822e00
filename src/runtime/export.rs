//! Writes kept messages to a file that appears when it is whole.
//!
//! How a message is written is `store`'s; which messages, and the file's name, are the user's.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::NamedTempFile;

use super::channels::EventSender;
use crate::app::{Event, ExportSpec, Progress, RequestId};
use crate::config::expand_home;
use crate::model::{ErrorKind, Failure, Target};

/// Messages between two events of progress.
const STEP: u64 = 10_000;

/// Writes what the spec says; dropping the future stops it and removes what it wrote.
pub(super) async fn run(id: RequestId, spec: ExportSpec, outbox: EventSender) {
    let stopped = Arc::new(AtomicBool::new(false));
    let _stop = StopOnDrop(Arc::clone(&stopped));
    let path = spec.path.clone();
    let progress_outbox = outbox.clone();
    let written = tokio::task::spawn_blocking(move || {
        write(&spec, |messages| {
            let is_received =
                progress_outbox.send_blocking(Event::Exported(id, Progress::Going(messages)));
            is_received && !stopped.load(Ordering::Relaxed)
        })
    });
    let progress = match written.await {
        Ok(Ok(messages)) => Progress::Finished { messages, path },
        Ok(Err(error)) => Progress::Failed(failed(&path, &error)),
        Err(_) => Progress::Failed(failed(
            &path,
            &io::Error::other("liftui broke while writing"),
        )),
    };
    outbox.send(Event::Exported(id, progress)).await;
}

struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// `on_step` is called with the count and returns whether to go on.
fn write(spec: &ExportSpec, on_step: impl Fn(u64) -> bool) -> io::Result<u64> {
    write_file(&spec.path, |mut out| {
        spec.form.write_head(&spec.columns, &mut out)?;
        let mut written = 0;
        spec.rows.try_for_each(|message| {
            spec.form.write(message, &spec.columns, &mut out)?;
            written += 1;
            if written % STEP == 0 && !on_step(written) {
                return Err(io::Error::from(io::ErrorKind::Interrupted));
            }
            Ok(())
        })?;
        Ok(written)
    })
}

/// Makes a file of what is written: through one beside it, so that renaming that stays within one disk.
pub(super) fn write_file(
    path: &str,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<u64>,
) -> io::Result<u64> {
    let path = &expand_home(Path::new(path));
    let scratch = scratch_beside(path)?;
    let mut out = BufWriter::new(scratch.as_file());
    let written = write(&mut out)?;
    out.flush()?;
    drop(out);
    // Somebody may have made a file of that name meanwhile: theirs is kept.
    scratch
        .persist_noclobber(path)
        .map_err(|refused| refused.error)?;
    Ok(written)
}

/// A file that nobody has named yet, as readable as any other file of this user.
fn scratch_beside(path: &Path) -> io::Result<NamedTempFile> {
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut scratch = tempfile::Builder::new();
    scratch.prefix(".liftui-");
    #[cfg(unix)]
    scratch.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    scratch.tempfile_in(folder.unwrap_or(Path::new(".")))
}

/// What is said where it could not be written.
pub(super) fn failed(path: &str, error: &io::Error) -> Failure {
    let known = [
        (io::ErrorKind::AlreadyExists, "a file of that name exists"),
        (io::ErrorKind::NotFound, "its folder does not exist"),
        (io::ErrorKind::PermissionDenied, "you may not write there"),
    ];
    let found = known.iter().find(|(kind, _)| *kind == error.kind());
    let why = found.map_or_else(|| error.to_string(), |(_, words)| (*words).to_owned());
    let sentence = format!("\"{path}\" was not written: {why}");
    Failure::new(ErrorKind::Local, Target::Cluster, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MessageSink, MessageStamp};
    use crate::store::{ChunkBuilder, ExportForm, ExportRows, Store};

    fn spec(path: &Path) -> ExportSpec {
        let mut builder = ChunkBuilder::new();
        for (offset, value) in [(0, "a"), (1, "b"), (2, "c")] {
            builder.value(value.as_bytes());
            let stamp = MessageStamp {
                offset,
                ..MessageStamp::default()
            };
            assert!(builder.commit(stamp).is_none());
        }
        let mut store = Store::new();
        store.push(&builder.flush().unwrap());
        ExportSpec {
            path: path.to_str().unwrap().to_owned(),
            form: ExportForm::Raw,
            rows: ExportRows::new(&store, 1..3, true),
            columns: Vec::new(),
        }
    }

    #[test]
    fn a_file_appears_whole_and_holds_what_was_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export");
        assert_eq!(write(&spec(&path), |_| true).unwrap(), 2);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "c\nb\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_exists_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export");
        std::fs::write(&path, "mine").unwrap();
        let refused = write(&spec(&path), |_| true).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    }
}
