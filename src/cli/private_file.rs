//! Files and folders that only their user may read: state, journals, logs.
//! And how much of a file or of stdin is read at most: neither has to end.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// Makes a folder and those above it; those that are there already stay as they are.
///
/// # Errors
/// It could not be made.
pub(super) fn create_folder(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file as the options say; one that is made is its user's alone.
///
/// # Errors
/// It could not be opened.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

/// Takes from others what an earlier version gave them. Where that fails the file is theirs, or of another system.
#[cfg(unix)]
pub(super) fn take_from_others(file: &File) {
    use std::os::unix::fs::PermissionsExt;
    let _not_ours = file.set_permissions(PermissionsExt::from_mode(0o600));
}

/// Elsewhere a file in the folder of its user is that user's.
#[cfg(not(unix))]
pub(super) fn take_from_others(_: &File) {}

/// All of a file, where that is no more than so many bytes: a device has no end.
///
/// # Errors
/// Opening or reading failed, or there is more.
pub(super) fn read_file_within(path: &Path, most: u64) -> Result<Vec<u8>> {
    read_within(File::open(path)?, most)
}

/// All that there is to read, where that is no more than so many bytes.
///
/// # Errors
/// Reading failed, or there is more.
pub(super) fn read_within(input: impl Read, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        let more = format!("it holds more than {most} bytes");
        return Err(Error::new(ErrorKind::FileTooLarge, more));
    }
    Ok(bytes)
}
