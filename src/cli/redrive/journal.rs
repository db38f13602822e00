//! The journal of a redrive: JSON lines, each on disk before the next step is taken. A batch is written down before it is
//! sent; where nothing follows that line the process died, nobody knows how the batch ended, and it is not sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::batch::MessageOutcome;
use super::plan::RedrivePlan;
use crate::cli::args::RedriveArgs;
use crate::cli::command_context::CommandContext;
use crate::cli::escaped_output::json_line;
use crate::cli::exit::{CliError, Exit, Result};
use crate::cli::private_file;
use crate::config::Folders;
use crate::model::{Offset, PartitionId};

/// The file that was named; else, unless nothing is published, one in the user's own folder, removed when all is done.
pub(super) fn journal_path(
    context: &CommandContext<'_>,
    args: &RedriveArgs,
    from: &str,
    to: &str,
) -> Option<JournalLocation> {
    if args.dry_run {
        return None;
    }
    if let Some(path) = &args.journal {
        let path = path.clone();
        return Some(JournalLocation { path, named: true });
    }
    let words = [context.cluster_name(), from.to_owned(), to.to_owned()];
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '.' {
            c
        } else {
            '_'
        }
    };
    let name = words.join("-").chars().map(plain).collect::<String>();
    let sum = crc32fast::hash(words.join("\n").as_bytes());
    let folder = Folders::of_user()?.state.join("redrive");
    Some(JournalLocation {
        path: folder.join(format!("{name}-{sum:08x}.jsonl")),
        named: false,
    })
}

/// Where the journal is.
pub(super) struct JournalLocation {
    path: PathBuf,
    /// Whether the user named it: then it stays.
    named: bool,
}

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum JournalLine {
    Plan(RedrivePlan),
    Sending {
        partition: PartitionId,
        offsets: Vec<Offset>,
    },
    Ended {
        partition: PartitionId,
        stored: Vec<Offset>,
        failed: Vec<Offset>,
        unknown: Vec<Offset>,
    },
    Finished,
}

/// How far one partition has come.
#[derive(Debug, Default)]
pub(super) struct JournalProgress {
    /// Everything before it is settled; `None` before anything was sent.
    next: Option<Offset>,
    /// What is settled from there on.
    ahead: BTreeSet<Offset>,
    /// The batch that was written down last, until its end is.
    sending: Vec<Offset>,
    stored: u64,
    unknown: Vec<Offset>,
}

impl JournalProgress {
    /// Where to read on.
    pub(super) fn next(&self) -> Option<Offset> {
        self.next
    }

    /// Messages that the other stream has, over all runs.
    pub(super) fn stored(&self) -> u64 {
        self.stored
    }

    /// Messages of which nobody knows.
    pub(super) fn unknown(&self) -> &[Offset] {
        &self.unknown
    }

    /// Whether a message must not be sent again.
    pub(super) fn is_settled(&self, offset: Offset) -> bool {
        self.next.is_some_and(|next| offset < next) || self.ahead.contains(&offset)
    }

    fn apply_outcome(&mut self, stored: &[Offset], failed: &[Offset], unknown: &[Offset]) {
        self.sending.clear();
        self.stored += u64::try_from(stored.len()).unwrap_or(0);
        self.unknown.extend(unknown);
        let settled = stored.iter().chain(unknown);
        let last = settled.clone().max().copied();
        self.ahead.extend(settled);
        let after = last.map(|last| last.saturating_add(1));
        self.next = failed.iter().min().copied().or(after).or(self.next);
        let next = self.next.unwrap_or(0);
        self.ahead.retain(|offset| *offset >= next);
    }

    /// A batch that was sent, whose end nobody wrote down.
    fn abandon(&mut self) {
        let sending = std::mem::take(&mut self.sending);
        if !sending.is_empty() {
            self.apply_outcome(&[], &[], &sending);
        }
    }
}

/// What was written down, and the file that it is written to; none in a dry run, or where the user has no home.
pub(super) struct Journal {
    location: Option<JournalLocation>,
    file: Option<File>,
    plan: Option<RedrivePlan>,
    progress: BTreeMap<PartitionId, JournalProgress>,
}

impl Journal {
    /// Opens the file or makes it, and reads what is in it. Another process may not have it open.
    pub(super) fn open(location: Option<JournalLocation>) -> Result<Self> {
        let mut journal = Self {
            location,
            file: None,
            plan: None,
            progress: BTreeMap::new(),
        };
        let Some(location) = &journal.location else {
            return Ok(journal);
        };
        let path = location.path.clone();
        let wrong = |why: String| CliError::new(Exit::FAILED, format!("{}: {why}", path.display()));
        let mut file = open_file(&path)
            .map_err(|error| wrong(format!("{error}; name another file with --journal")))?;
        lock(&file)
            .map_err(|_held| wrong("another redrive is at work with this journal".into()))?;
        let text = read_lines(&mut file).map_err(wrong)?;
        // A line that was cut off by the end of the machine was not acted upon.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        for (number, line) in (1..).zip(text.get(..whole).unwrap_or_default().lines()) {
            let line = serde_json::from_str(line).map_err(|_no_line| {
                wrong(format!("line {number} is none of a redrive's journal"))
            })?;
            if number == 1 && !matches!(line, JournalLine::Plan(_)) {
                return Err(wrong(NO_JOURNAL.into()));
            }
            journal.replay(line);
        }
        for progress in journal.progress.values_mut() {
            progress.abandon();
        }
        let whole = u64::try_from(whole).unwrap_or(u64::MAX);
        let cut = file.set_len(whole);
        let cut = cut.and_then(|()| file.seek(SeekFrom::End(0)));
        cut.map_err(|error| wrong(format!("it cannot be written: {error}")))?;
        journal.file = Some(file);
        Ok(journal)
    }

    /// The plan of the run that began it.
    pub(super) fn plan(&self) -> Option<RedrivePlan> {
        self.plan.clone()
    }

    /// Where it is.
    pub(super) fn path(&self) -> Option<&Path> {
        self.location
            .as_ref()
            .map(|location| location.path.as_path())
    }

    /// How far a partition has come; `None` where it was not begun.
    pub(super) fn progress(&self, partition: PartitionId) -> Option<&JournalProgress> {
        self.progress.get(&partition)
    }

    /// The messages of which nobody knows, by partition.
    pub(super) fn unknown(&self) -> Vec<(PartitionId, Vec<Offset>)> {
        let all = self.progress.iter();
        let some = all.filter(|(_, progress)| !progress.unknown.is_empty());
        some.map(|(partition, progress)| (*partition, progress.unknown.clone()))
            .collect()
    }

    /// Writes down what is to be done.
    pub(super) fn write_plan(&mut self, plan: &RedrivePlan) -> Result<()> {
        self.write(&JournalLine::Plan(plan.clone()))
    }

    /// Writes down what is about to be sent.
    pub(super) fn write_sending(
        &mut self,
        partition: PartitionId,
        offsets: Vec<Offset>,
    ) -> Result<()> {
        self.write(&JournalLine::Sending { partition, offsets })
    }

    /// Writes down how it ended.
    pub(super) fn write_outcome(
        &mut self,
        partition: PartitionId,
        outcome: &MessageOutcome,
    ) -> Result<()> {
        self.write(&JournalLine::Ended {
            partition,
            stored: outcome.stored.clone(),
            failed: outcome.failed.clone(),
            unknown: outcome.unknown.clone(),
        })
    }

    /// Writes down that nothing is left. A journal that nobody named is removed, unless there is something to look up.
    pub(super) fn finish(&mut self, is_clean: bool) -> Result<()> {
        self.write(&JournalLine::Finished)?;
        if let Some(location) = self
            .location
            .as_ref()
            .filter(|location| !location.named && is_clean)
        {
            fs::remove_file(&location.path)?;
        }
        Ok(())
    }

    fn write(&mut self, line: &JournalLine) -> Result<()> {
        if let (Some(file), Some(location)) = (&mut self.file, &self.location) {
            let text = json_line(line).map_err(std::io::Error::from)?;
            let written = file.write_all(text.as_bytes());
            written.and_then(|()| file.sync_data()).map_err(|error| {
                let sentence = format!("{} cannot be written: {error}", location.path.display());
                CliError::new(Exit::FAILED, sentence)
            })?;
        }
        self.replay_ref(line);
        Ok(())
    }

    fn replay(&mut self, line: JournalLine) {
        if let JournalLine::Plan(plan) = line {
            self.plan = Some(plan);
        } else {
            self.replay_ref(&line);
        }
    }

    fn replay_ref(&mut self, line: &JournalLine) {
        match line {
            JournalLine::Plan(_) | JournalLine::Finished => {}
            JournalLine::Sending { partition, offsets } => {
                let progress = self.progress.entry(*partition).or_default();
                progress.abandon();
                progress.sending.clone_from(offsets);
            }
            JournalLine::Ended {
                partition,
                stored,
                failed,
                unknown,
            } => {
                let progress = self.progress.entry(*partition).or_default();
                progress.apply_outcome(stored, failed, unknown);
            }
        }
    }
}

fn open_file(path: &Path) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        private_file::create_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    private_file::open(path, &mut options)
}

/// What every journal begins with, and a cut-off one with some of it.
const BEGINNING: &[u8] = b"{\"plan\":{";

const NO_JOURNAL: &str =
    "it is no journal of a redrive, and is left as it is; name another file with --journal";

/// What the file holds. One that does not begin as a journal does is none: it is not read on, and nothing in it is touched.
fn read_lines(file: &mut File) -> std::result::Result<String, String> {
    let found = file.metadata().map_err(|error| error.to_string())?;
    if !found.is_file() {
        return Err(
            "it is no file that a journal can be kept in; name another with --journal".into(),
        );
    }
    let mut bytes = Vec::new();
    let length = u64::try_from(BEGINNING.len()).unwrap_or(0);
    let begun = Read::by_ref(file).take(length).read_to_end(&mut bytes);
    begun.map_err(|error| error.to_string())?;
    if !BEGINNING.starts_with(&bytes) {
        return Err(NO_JOURNAL.into());
    }
    let rest = file.read_to_end(&mut bytes);
    rest.map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_no_text| NO_JOURNAL.into())
}

#[cfg(unix)]
fn lock(file: &File) -> std::io::Result<()> {
    use rustix::fs::{FlockOperation, flock};
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) => Err(std::io::ErrorKind::WouldBlock.into()),
        // Some file systems know no locks.
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(not(unix))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "on Unix it can fail, and both have one caller"
)]
fn lock(_: &File) -> std::io::Result<()> {
    Ok(())
}

/// Offsets as the subject of a sentence, those in a row together: `offset 5 was`, `offsets 5, 7-9 were`.
pub(super) fn offsets_were(offsets: &[Offset]) -> String {
    if let [only] = offsets {
        return format!("offset {only} was");
    }
    let mut sorted = offsets.to_vec();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|left, right| left.checked_add(1) == Some(*right));
    let texts = runs.filter_map(|run| match run {
        [] => None,
        [only] => Some(only.to_string()),
        [first, .., last] => Some(format!("{first}-{last}")),
    });
    format!("offsets {} were", texts.collect::<Vec<_>>().join(", "))
}
