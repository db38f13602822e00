//! What this user changed, when, and how it ended: a file of JSON lines in the state folder, and `liftui log`.
//! Values of messages are not written down. Where the file cannot be written, the change is not held up.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use serde::Deserialize;

use super::args::OutputArgs;
use super::cell_format::plain;
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::output::{Column, OutputRow, output_row};
use crate::config::Folders;
use crate::model::{Failure, Operation, Outcome, Timestamp, format_ranges, shell_line};

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
        Column::text("CLUSTER", |entry| entry.cluster.clone()),
        Column::text("COMMAND", |entry| entry.command.clone()),
        Column::text("OUTCOME", |entry| entry.outcome.clone()),
        Column::text("DETAIL", |entry| plain(entry.detail.as_ref())),
    ];

    fn raw(&self) -> String {
        self.command.clone()
    }
}

/// Writes down one change of that cluster and how it ended.
pub(crate) fn record(
    cluster: &str,
    operation: &Operation,
    outcome: &std::result::Result<Outcome, Failure>,
) {
    let (outcome, detail) = match outcome {
        Ok(outcome) => outcome_words(outcome),
        Err(failure) => ("failed", Some(failure.sentence.clone())),
    };
    append(cluster, command(operation), outcome, detail);
}

/// Writes down many messages of one command together.
pub(crate) fn record_many(cluster: &str, command: String, outcome: &str, detail: String) {
    append(cluster, command, outcome, Some(detail));
}

fn append(cluster: &str, command: String, outcome: &str, detail: Option<String>) {
    let time = Timestamp::now().to_utc();
    let entry = LogEntry {
        time: time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        cluster: cluster.to_owned(),
        command,
        outcome: outcome.to_owned(),
        detail,
    };
    if let Some(folders) = Folders::of_user()
        && let Err(error) = write_line(&folders.change_log(), &entry)
    {
        tracing::warn!(%error, "the log of changes was not written");
    }
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

/// Lines that cannot be read are skipped: a machine may have stopped while one was written.
fn read(path: &Path) -> Result<Vec<LogEntry>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(path)?;
    let entries = text.lines().map(serde_json::from_str);
    Ok(entries.filter_map(std::result::Result::ok).collect())
}

/// One line is one write, so that processes side by side do not mix theirs.
fn write_line(path: &Path, entry: &LogEntry) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let line = serde_json::to_string(entry)? + "\n";
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
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
