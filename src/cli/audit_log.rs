//! What this user changed, when, and how it ended: a file of JSON lines in the state folder, and `liftui log`.
//! Values of messages are not written down. Where the file cannot be written, the change is not held up, and that is said.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::args::OutputArgs;
use super::cell_format::plain;
use super::command_context::CommandContext;
use super::created_streams;
use super::escaped_output::json_line;
use super::exit::{CliError, Exit, Result};
use super::output::{Column, OutputRow, output_row};
use super::private_file;
use crate::config::Folders;
use crate::health::CreatedMinIsr;
use crate::model::{ErrorKind, Failure, Operation, Outcome, Timestamp, format_ranges, shell_line};

output_row! {
    /// One change.
    #[derive(Deserialize)]
    struct LogEntry {
        time: String,
        cluster: String,
        command: String,
        outcome: String,
        detail: Option<String>,
    }
}

impl OutputRow for LogEntry {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::text("TIME", |entry| entry.time.clone()),
        Column::name("CLUSTER", |entry| entry.cluster.clone()),
        Column::text("COMMAND", |entry| entry.command.clone()),
        Column::text("OUTCOME", |entry| entry.outcome.clone()),
        Column::text("DETAIL", |entry| plain(entry.detail.as_ref())),
    ];

    fn raw(&self) -> String {
        self.command.clone()
    }
}

/// A line of the file. A change has two of the same id: one before it is sent, one when it has ended.
#[derive(Serialize, Deserialize)]
struct LogLine {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(flatten)]
    entry: LogEntry,
}

/// What a change is called that was written down and not sent, or not answered yet.
const SENDING: &str = "sending";

/// Sentences about the changes of a command, said at its end: which were sent when it was broken off, and that the log was
/// not written.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChangeNotes(Arc<Mutex<Vec<String>>>);

impl ChangeNotes {
    /// Adds one, where it was not added before: of many changes each would say that the log was not written.
    pub(crate) fn push(&self, sentence: String) {
        let mut sentences = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }

    /// Takes all.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A change that was written down before it was sent. One that is dropped without an end has an unknown outcome.
#[derive(Debug)]
pub(crate) struct PendingChange {
    id: String,
    cluster: String,
    command: String,
    notes: ChangeNotes,
    /// Whether it says so where it is broken off.
    says_end: bool,
    /// A stream that it creates, with what no broker will tell of it.
    creates: Option<(String, CreatedMinIsr)>,
}

impl PendingChange {
    /// Writes down one change of that cluster that is about to be sent.
    pub(crate) fn begin(cluster: &str, operation: &Operation, notes: &ChangeNotes) -> Self {
        let creates = CreatedMinIsr::of(operation, Timestamp::now());
        let mut change = Self::begin_command(cluster, command(operation), notes);
        change.creates = creates.map(|(stream, min_isr)| (stream.to_owned(), min_isr));
        change
    }

    /// Writes down a command that is about to send many messages.
    pub(crate) fn begin_command(cluster: &str, command: String, notes: &ChangeNotes) -> Self {
        let change = Self {
            id: format!("{:016x}", fastrand::u64(..)),
            cluster: cluster.to_owned(),
            command,
            notes: notes.clone(),
            says_end: false,
            creates: None,
        };
        change.append(SENDING, None);
        change
    }

    /// The same one, which says so where it is broken off.
    pub(crate) fn saying_if_broken_off(mut self) -> Self {
        self.says_end = true;
        self
    }

    /// Writes down how it ended.
    pub(crate) fn finish(mut self, outcome: &std::result::Result<Outcome, Failure>) {
        self.says_end = false;
        // One without an answer may have been created as well.
        let may_exist =
            !matches!(outcome, Err(failure) if failure.kind != ErrorKind::OutcomeUnknown);
        if let (Some((stream, min_isr)), true) = (self.creates.take(), may_exist) {
            created_streams::keep(&self.cluster, stream, min_isr);
        }
        let (outcome, detail) = match outcome {
            Ok(outcome) => outcome_words(outcome),
            Err(failure) if failure.kind == ErrorKind::OutcomeUnknown => {
                ("unknown", Some(failure.sentence.clone()))
            }
            Err(failure) => ("failed", Some(failure.sentence.clone())),
        };
        self.append(outcome, detail);
    }

    /// Writes down how many messages of one command ended.
    pub(crate) fn finish_command(mut self, command: String, outcome: &str, detail: String) {
        self.says_end = false;
        self.command = command;
        self.append(outcome, Some(detail));
    }

    fn append(&self, outcome: &str, detail: Option<String>) {
        let time = Timestamp::now().to_utc();
        let entry = LogEntry {
            time: time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            cluster: self.cluster.clone(),
            command: self.command.clone(),
            outcome: outcome.to_owned(),
            detail,
        };
        let line = LogLine {
            id: Some(self.id.clone()),
            entry,
        };
        let Some(folders) = Folders::of_user() else {
            return self
                .notes
                .push(not_logged("there is no home folder; set HOME"));
        };
        let path = folders.change_log();
        if let Err(error) = write_line(&path, &line) {
            tracing::warn!(%error, "the log of changes was not written");
            self.notes.push(not_logged(&format!(
                "{} cannot be written: {error}; make it writable, or set XDG_STATE_HOME to a folder that is",
                path.display()
            )));
        }
    }
}

impl Drop for PendingChange {
    fn drop(&mut self) {
        if self.says_end {
            self.notes.push(format!(
                "liftui {} was sent, outcome unknown: it was broken off before an answer came",
                self.command
            ));
        }
    }
}

/// What is said of a change that cannot be found in the log later.
fn not_logged(why: &str) -> String {
    format!("the change was not written down for \"liftui log\": {why}")
}

/// Prints all that was written down, oldest first.
pub(crate) fn print(context: &mut CommandContext<'_>, output: OutputArgs) -> Result {
    let folders = Folders::of_user().ok_or_else(|| {
        CliError::new(Exit::FAILED, "there is no home folder, so there is no log")
    })?;
    let entries = read(&folders.change_log())?;
    context.printer(output).print_all(&entries)?;
    Ok(Exit::DONE)
}

/// Whether this user has done exactly that within so much time, as far as is written down.
pub(crate) fn has_done(cluster: &str, operation: &Operation, within: Duration) -> bool {
    let command = command(operation);
    let since = Timestamp::now().minus(within).to_utc();
    let entries = Folders::of_user().map(|folders| read(&folders.change_log()));
    let entries = entries.and_then(Result::ok).unwrap_or_default();
    let mut entries = entries.iter().rev();
    entries.any(|entry| {
        let time = DateTime::parse_from_rfc3339(&entry.time);
        let is_it = entry.cluster == cluster && entry.command == command;
        is_it && time.is_ok_and(|time| time >= since)
    })
}

/// Lines that cannot be read are skipped: a machine may have stopped while one was written, or a disk gone bad.
fn read(path: &Path) -> Result<Vec<LogEntry>> {
    let mut entries: Vec<LogEntry> = Vec::new();
    let mut pending: HashMap<String, usize> = HashMap::new();
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(entries),
        opened => opened.map_err(|error| unreadable(path, &error))?,
    };
    for line in BufReader::new(file).split(b'\n') {
        let line = line.map_err(|error| unreadable(path, &error))?;
        let Ok(LogLine { id, entry }) = serde_json::from_slice(&line) else {
            continue;
        };
        let earlier = id.as_ref().and_then(|id| pending.remove(id));
        if let Some(begun) = earlier.and_then(|index| entries.get_mut(index)) {
            let time = std::mem::take(&mut begun.time);
            *begun = LogEntry { time, ..entry };
            continue;
        }
        if let Some(id) = id.filter(|_| entry.outcome == SENDING) {
            pending.insert(id, entries.len());
        }
        entries.push(entry);
    }
    for entry in entries.iter_mut().filter(|entry| entry.outcome == SENDING) {
        "unknown".clone_into(&mut entry.outcome);
        entry.detail = Some("no end of it was written down".to_owned());
    }
    Ok(entries)
}

fn unreadable(path: &Path, error: &io::Error) -> CliError {
    CliError::new(
        Exit::FAILED,
        format!("{} cannot be read: {error}", path.display()),
    )
}

/// One line is one write, so that processes side by side do not mix theirs.
fn write_line(path: &Path, line: &LogLine) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        private_file::create_folder(folder)?;
    }
    let line = json_line(line)?;
    let mut options = OpenOptions::new();
    let mut file = private_file::open(path, options.create(true).append(true))?;
    private_file::take_from_others(&file);
    file.write_all(line.as_bytes())
}

fn outcome_words(outcome: &Outcome) -> (&'static str, Option<String>) {
    match outcome {
        Outcome::Done => ("done", None),
        Outcome::Acked { ack, partition } => {
            let suffix = partition.map_or_else(String::new, |partition| format!("/{partition}"));
            let detail = format!("{}{suffix} @ {}", ack.stream, ack.offset);
            ("acked", Some(detail))
        }
        Outcome::Sent => ("sent", None),
        Outcome::Partial { failed, .. } => {
            let partitions: Vec<_> = failed.iter().map(|(partition, _)| *partition).collect();
            let detail = format!("not partitions {}", format_ranges(&partitions));
            ("partly", Some(detail))
        }
    }
}

/// The command that repeats it; of a publish, everything but the key, the headers and the value.
fn command(operation: &Operation) -> String {
    let Operation::Publish(options) = operation else {
        return shell_line(&operation.argv());
    };
    let mut bare = (**options).clone();
    bare.key.clear();
    bare.value.clear();
    bare.headers.clear();
    let mut argv = Operation::Publish(Box::new(bare)).argv();
    argv.pop();
    format!("{} ({} B)", shell_line(&argv), options.value.len())
}
