//! Log lines to a file, never to the screen.
//! What is logged is said where it happens.

use std::fs::OpenOptions;
use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

use super::escaped_output::EscapedOutput;
use super::exit::{CliError, Result};
use super::private_file;

/// Sends log lines to the end of a file, more of them with a higher `verbosity`, until the guard is dropped.
pub(crate) fn start(path: &Path, verbosity: u8) -> Result<WorkerGuard> {
    let mut options = OpenOptions::new();
    let file = private_file::open(path, options.create(true).append(true));
    let file = file.map_err(|error| {
        CliError::usage(format!("{} cannot be written: {error}", path.display()))
    })?;
    // Somebody will read it on a terminal, and much of it is what servers said.
    let escaped = EscapedOutput::new(Box::new(file), true);
    let (writer, guard) = tracing_appender::non_blocking(escaped);
    let filter = match verbosity {
        0 => "liftui=info,warn",
        1 => "liftui=debug,info",
        _ => "liftui=trace,debug",
    };
    let subscriber = tracing_subscriber::fmt()
        .with_writer(writer)
        .with_ansi(false)
        .with_env_filter(EnvFilter::new(filter))
        .finish();
    // A second call in one process, as tests make, keeps the first subscriber.
    let _was_set_before = tracing::subscriber::set_global_default(subscriber);
    Ok(guard)
}
