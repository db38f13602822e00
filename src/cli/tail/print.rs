//! The thread of a tail that filters and prints. It may wait for its reader as long as it likes: nothing else waits.
//! The forms of messages are `store::export`'s and `table`'s.

use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use super::table::MessageTable;
use crate::model::Timestamp;
use crate::store::{Chunk, ExportForm, Exporter, MessageFormat, MessageRef, Query, write_record};

/// Bytes handed to the reader at once.
const BUFFER: usize = 256 * 1024;

type Out = BufWriter<Box<dyn Write + Send>>;

/// Some messages of a chunk.
pub(super) type MessageRun = (Arc<Chunk>, Range<usize>);

/// How messages are printed.
pub(super) enum PrintForm {
    /// As NDJSON, CSV or bare values.
    Export(ExportForm),
    /// As one JSON array.
    Json,
    /// As lines for eyes.
    Table(MessageTable),
    /// As the user says.
    Custom(MessageFormat),
    /// Not at all: they are counted.
    Count,
}

/// Which messages are printed.
pub(super) struct Filter {
    /// Those that this query finds.
    pub(super) query: Option<Query>,
    /// Those of this key.
    pub(super) key: Option<Vec<u8>>,
    /// So many at most.
    pub(super) limit: Option<u64>,
}

impl Filter {
    /// The messages of a run that are wanted. A whole chunk is searched at once, which is faster than one message
    /// after the other.
    fn find(&self, chunk: &Chunk, range: &Range<usize>) -> Vec<usize> {
        let now = Timestamp::now();
        let is_of_key = |index: &usize| {
            let key = chunk.get(*index).map(|message| message.key());
            self.key.is_none() || key == self.key.as_deref()
        };
        match &self.query {
            None => range.clone().filter(is_of_key).collect(),
            Some(query) if *range == (0..chunk.len()) => {
                let found = query.predicate().scan(chunk, now).into_iter();
                let found = found.filter_map(|index| usize::try_from(index).ok());
                found.filter(is_of_key).collect()
            }
            Some(query) => {
                let matches = |index: &usize| {
                    let message = chunk.get(*index);
                    message.is_some_and(|message| query.predicate().matches(&message, now))
                };
                range.clone().filter(is_of_key).filter(matches).collect()
            }
        }
    }

    fn takes_all(&self) -> bool {
        self.query.is_none() && self.key.is_none()
    }
}

/// Prints runs of messages.
pub(super) struct Printer {
    filter: Filter,
    sink: OutputSink,
    printed: Arc<AtomicU64>,
}

/// Where messages are written, in their form.
enum OutputSink {
    Export(Exporter<Out>),
    Json(Out, bool),
    Table(Out, MessageTable),
    Custom(Out, MessageFormat),
    Count(Out),
}

impl Printer {
    /// A printer that writes to `out`.
    pub(super) fn new(
        form: PrintForm,
        filter: Filter,
        out: Box<dyn Write + Send>,
    ) -> io::Result<Self> {
        let out = BufWriter::with_capacity(BUFFER, out);
        let sink = match form {
            PrintForm::Export(form) => OutputSink::Export(Exporter::new(form, out)?),
            PrintForm::Json => OutputSink::Json(out, true),
            PrintForm::Table(table) => OutputSink::Table(out, table),
            PrintForm::Custom(format) => OutputSink::Custom(out, format),
            PrintForm::Count => OutputSink::Count(out),
        };
        Ok(Self {
            filter,
            sink,
            printed: Arc::default(),
        })
    }

    /// Where it counts what it has printed.
    pub(super) fn count(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.printed)
    }

    /// Prints what comes until nothing comes any more or the limit is reached.
    pub(super) fn run(mut self, mut runs: mpsc::Receiver<MessageRun>) -> io::Result<()> {
        self.sink.begin()?;
        let mut left = self.filter.limit.unwrap_or(u64::MAX);
        while left > 0 {
            let run = match runs.try_recv() {
                Ok(run) => run,
                Err(_nothing_yet) => {
                    self.sink.flush()?;
                    match runs.blocking_recv() {
                        Some(run) => run,
                        None => break,
                    }
                }
            };
            left = self.print(&run, left)?;
        }
        self.sink.finish(self.printed.load(Ordering::Relaxed))
    }

    /// Prints the messages of a run that are wanted, and returns how many more may be printed.
    fn print(&mut self, (chunk, range): &MessageRun, left: u64) -> io::Result<u64> {
        let mut printed = 0;
        let filter = &self.filter;
        let mut print = |message: MessageRef<'_>| {
            if printed < left {
                printed += 1;
                return self.sink.write(&message);
            }
            Ok(())
        };
        if filter.takes_all() {
            chunk
                .iter()
                .take(range.end)
                .skip(range.start)
                .try_for_each(print)?;
        } else {
            let found = filter.find(chunk, range).into_iter();
            let mut found = found.filter_map(|index| chunk.get(index));
            found.try_for_each(&mut print)?;
        }
        self.printed.fetch_add(printed, Ordering::Relaxed);
        Ok(left - printed)
    }
}

impl OutputSink {
    fn begin(&mut self) -> io::Result<()> {
        match self {
            Self::Json(out, _) => out.write_all(b"["),
            Self::Table(out, table) => table.head(out),
            Self::Export(_) | Self::Custom(..) | Self::Count(_) => Ok(()),
        }
    }

    fn write(&mut self, message: &MessageRef<'_>) -> io::Result<()> {
        match self {
            Self::Export(exporter) => exporter.write(message),
            Self::Json(out, first) => {
                out.write_all(if *first { b"\n" } else { b"," })?;
                *first = false;
                write_record(message, out)
            }
            Self::Table(out, table) => table.row(message, out),
            Self::Custom(out, format) => format.write(message, out),
            Self::Count(_) => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Export(exporter) => exporter.flush(),
            Self::Json(out, _) | Self::Table(out, _) | Self::Custom(out, _) | Self::Count(out) => {
                out.flush()
            }
        }
    }

    fn finish(mut self, count: u64) -> io::Result<()> {
        match &mut self {
            Self::Json(out, _) => out.write_all(b"]\n")?,
            Self::Count(out) => writeln!(out, "{count}")?,
            Self::Export(_) | Self::Table(..) | Self::Custom(..) => {}
        }
        self.flush()
    }
}
