//! Log lines to a file and, for `:log` of the dashboard, in memory; never to the screen.
//! What is logged is said where it happens.

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::MakeWriterExt;

use super::escaped_output::EscapedOutput;
use super::exit::{CliError, Result};
use super::private_file;
use crate::model::sanitise;

/// How many of the last lines are kept in memory.
const KEPT: usize = 1000;

static LAST_LINES: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// The last lines, the oldest first.
pub(crate) fn last_lines() -> Vec<String> {
    let lines = LAST_LINES.lock().unwrap_or_else(PoisonError::into_inner);
    lines.iter().cloned().collect()
}

/// Keeps the last lines in memory, for a dashboard that shows them.
struct LineKeeper;

impl Write for LineKeeper {
    /// Each call brings a whole line.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = LAST_LINES.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(sanitise::line(text.trim_end()).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn filter(verbosity: u8) -> EnvFilter {
    EnvFilter::new(match verbosity {
        0 => "liftui=info,warn",
        1 => "liftui=debug,info",
        _ => "liftui=trace,debug",
    })
}

/// Keeps log lines in memory, until the process ends.
pub(crate) fn keep(verbosity: u8) {
    let subscriber = tracing_subscriber::fmt()
        .with_writer(|| LineKeeper)
        .with_ansi(false)
        .with_env_filter(filter(verbosity))
        .finish();
    let _was_set_before = tracing::subscriber::set_global_default(subscriber);
}

/// Sends log lines to the end of a file, more of them with a higher `verbosity`, until the guard is dropped; the last of
/// them are kept in memory too.
pub(crate) fn start(path: &Path, verbosity: u8) -> Result<WorkerGuard> {
    let mut options = OpenOptions::new();
    let file = private_file::open(path, options.create(true).append(true));
    let file = file.map_err(|error| {
        CliError::usage(format!("{} cannot be written: {error}", path.display()))
    })?;
    // Somebody will read it on a terminal, and much of it is what servers said.
    let escaped = EscapedOutput::new(Box::new(file), true);
    let (writer, guard) = tracing_appender::non_blocking(escaped);
    let subscriber = tracing_subscriber::fmt()
        .with_writer(writer.and(|| LineKeeper))
        .with_ansi(false)
        .with_env_filter(filter(verbosity))
        .finish();
    // A second call in one process, as tests make, keeps the first subscriber.
    let _was_set_before = tracing::subscriber::set_global_default(subscriber);
    Ok(guard)
}
