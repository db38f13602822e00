//! The thread of a tail that filters and prints. It may wait for its reader as long as it likes: nothing else waits.
//! The forms of messages are `store::export`'s and `table`'s.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use super::notes::Notes;
use super::table::MessageTable;
use crate::cli::escaped_output::EscapedOutput;
use crate::model::{TimeDisplay, Timestamp};
use crate::store::{
    Chunk, ExportForm, MessageFormat, MessageRef, Query, QueryFieldCheck, QueryRun, write_record,
    write_record_after,
};

/// Bytes handed to the reader at once.
const BUFFER: usize = 256 * 1024;

/// Some messages of a chunk.
pub(super) type MessageRun = (Arc<Chunk>, Range<usize>);

/// How messages are printed.
pub(super) enum PrintForm {
    /// As NDJSON, CSV or bare values.
    Export(ExportForm),
    /// As one JSON array.
    Json,
    /// As lines for eyes.
    Table(Box<MessageTable>),
    /// As the user says.
    Custom(MessageFormat, TimeDisplay),
    /// Not at all: they are counted.
    Count,
}

/// Which messages are printed.
pub(super) struct Filter {
    /// The query that messages must fit.
    pub(super) query: Option<Query>,
    /// The key that they must have.
    pub(super) key: Option<Vec<u8>>,
    /// So many at most.
    pub(super) limit: Option<u64>,
    /// What is yet to come is waited for without an end.
    pub(super) is_endless: bool,
    /// That the query asks for what only a program shows was said: what stored values lack is no news.
    pub(super) is_unsearched: bool,
    /// Messages for which the query costs more than it may.
    pub(super) undecided: Arc<AtomicU64>,
}

impl Filter {
    /// The messages of a run that are wanted. A whole chunk is searched at once, which is faster than one message
    /// after the other.
    fn find(&self, chunk: &Chunk, range: &Range<usize>) -> Vec<usize> {
        let run = QueryRun::at(Timestamp::now());
        let is_of_key = |index: &usize| {
            let key = chunk.get(*index).map(|message| message.key());
            self.key.is_none() || key == self.key.as_deref()
        };
        let found = match &self.query {
            None => range.clone().filter(is_of_key).collect(),
            Some(query) if *range == (0..chunk.len()) => {
                let found = query.predicate().scan(chunk, &run).into_iter();
                let found = found.filter_map(|index| usize::try_from(index).ok());
                found.filter(is_of_key).collect()
            }
            Some(query) => {
                let matches = |index: &usize| {
                    let message = chunk.get(*index);
                    message.is_some_and(|message| query.predicate().matches(&message, &run))
                };
                range.clone().filter(is_of_key).filter(matches).collect()
            }
        };
        self.undecided.fetch_add(run.undecided(), Ordering::Relaxed);
        found
    }

    fn takes_all(&self) -> bool {
        self.query.is_none() && self.key.is_none()
    }
}

/// Prints runs of messages.
pub(super) struct Printer {
    filter: Filter,
    form: PrintForm,
    out: EscapedOutput,
    /// Whether a message was written already.
    is_begun: bool,
    /// Whether records tell the time between messages.
    has_gaps: bool,
    /// When the message before was stored.
    before: Option<Timestamp>,
    printed: Arc<AtomicU64>,
    check: QueryFieldCheck,
    notes: Notes,
}

impl Printer {
    /// A printer that writes to `out`, and has said what is likely misspelt.
    pub(super) fn new(form: PrintForm, filter: Filter, out: EscapedOutput, notes: Notes) -> Self {
        Self {
            check: QueryFieldCheck::new(
                filter.query.as_ref().filter(|_| !filter.is_unsearched),
                filter.is_endless,
            ),
            notes,
            filter,
            form,
            out: out.buffered(BUFFER),
            is_begun: false,
            has_gaps: false,
            before: None,
            printed: Arc::default(),
        }
    }

    /// Tells in each record how long after the one before the message came, or does not.
    pub(super) fn with_gaps(mut self, has_gaps: bool) -> Self {
        self.has_gaps = has_gaps;
        self
    }

    /// Where it counts what it has printed.
    pub(super) fn count(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.printed)
    }

    /// Prints what comes until nothing comes any more or the limit is reached.
    pub(super) fn run(mut self, mut runs: mpsc::Receiver<MessageRun>) -> io::Result<()> {
        self.print_head()?;
        let mut left = self.filter.limit.unwrap_or(u64::MAX);
        while left > 0 {
            let run = match runs.try_recv() {
                Ok(run) => run,
                Err(_nothing_yet) => {
                    self.flush()?;
                    match runs.blocking_recv() {
                        Some(run) => run,
                        None => break,
                    }
                }
            };
            self.check.add(&run.0);
            left = self.print(&run, left)?;
            let printed = self.printed.load(Ordering::Relaxed);
            self.notes.print(self.check.early(printed));
        }
        let printed = self.printed.load(Ordering::Relaxed);
        self.notes.print(self.check.last(printed));
        self.finish()
    }

    /// Prints the messages of a run that are wanted, and returns how many more may be printed.
    fn print(&mut self, (chunk, range): &MessageRun, left: u64) -> io::Result<u64> {
        let messages: Box<dyn Iterator<Item = MessageRef<'_>>> = if self.filter.takes_all() {
            Box::new(chunk.iter().take(range.end).skip(range.start))
        } else {
            let found = self.filter.find(chunk, range).into_iter();
            Box::new(found.filter_map(|index| chunk.get(index)))
        };
        let mut printed = 0;
        for message in messages.take(usize::try_from(left).unwrap_or(usize::MAX)) {
            self.write(&message)?;
            printed += 1;
        }
        self.printed.fetch_add(printed, Ordering::Relaxed);
        Ok(left - printed)
    }

    fn print_head(&mut self) -> io::Result<()> {
        match &self.form {
            PrintForm::Export(form) => form.write_head(&[], &mut self.out),
            // The columns of a table follow from its first rows; a bracket alone would stand before the next sentence on stderr.
            PrintForm::Json | PrintForm::Table(_) | PrintForm::Custom(..) | PrintForm::Count => {
                Ok(())
            }
        }
    }

    fn write(&mut self, message: &MessageRef<'_>) -> io::Result<()> {
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        match &mut self.form {
            PrintForm::Export(ExportForm::Ndjson) => self.write_record(message),
            PrintForm::Export(form) => form.write(message, &[], &mut self.out),
            PrintForm::Json => {
                self.out.write_all(if is_first { b"[\n" } else { b"," })?;
                self.write_record(message)
            }
            PrintForm::Table(table) => table.row(message, &mut self.out),
            PrintForm::Custom(format, times) => {
                let time = |at| times.whole(at, Timestamp::now());
                format.write_with(message, time, &mut self.out)
            }
            PrintForm::Count => Ok(()),
        }
    }

    fn write_record(&mut self, message: &MessageRef<'_>) -> io::Result<()> {
        let mut out = self.out.json();
        if !self.has_gaps {
            return write_record(message, &mut out);
        }
        let before = self.before.replace(message.timestamp());
        write_record_after(message, before, &mut out)
    }

    fn finish(mut self) -> io::Result<()> {
        match self.form {
            PrintForm::Json if self.is_begun => self.out.write_all(b"]\n")?,
            PrintForm::Json => self.out.write_all(b"[]\n")?,
            PrintForm::Count => writeln!(self.out, "{}", self.printed.load(Ordering::Relaxed))?,
            PrintForm::Table(mut table) => {
                table.finish(&mut self.out)?;
                self.notes.print(table.mistake());
            }
            PrintForm::Export(_) | PrintForm::Custom(..) => {}
        }
        self.out.flush()
    }

    /// Hands what there is to the reader.
    fn flush(&mut self) -> io::Result<()> {
        if let PrintForm::Table(table) = &mut self.form {
            table.flush(&mut self.out)?;
        }
        self.out.flush()
    }
}
