//! `liftui table`: the latest message of each key of a stream, as of a moment. Keeping them is `store::KeyTable`'s, reading the
//! runtime's. Values that found no room are read again for their printing, in `values`.

mod values;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::interval;

use super::args::{OutputForm, TableArgs};
use super::cell_format;
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::json::JsonTime;
use super::output::{Column, FieldNames, OutputRow, Printer};
use super::partition_spec;
use super::query_reading::QueryReading;
use crate::model::{StartAt, StreamName, Timestamp, counted_plainly};
use crate::runtime::range_reader::{RangeItem, RangeReader, Source};
use crate::store::{
    ExportForm, KeyTable, QueryFieldCheck, RowId, TableOrder, TableRecord, TooManyKeys,
};
use crate::ui::format;
use values::ValueReader;

/// Columns of a key in a table.
const KEY: usize = 40;
/// Columns of a value in a table.
const VALUE: usize = 80;
/// How often progress is told.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);
/// Chunks between two looks at how far it is.
const REPORTED_EVERY: usize = 16;

impl FieldNames for TableRecord {
    fn field_names() -> Vec<&'static str> {
        Self::FIELDS.to_vec()
    }
}

impl OutputRow for TableRecord {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::text("KEY", |row| {
            let key = row.key.as_ref().or(row.key_base64.as_ref());
            format::cut_middle(key.map_or("", String::as_str), KEY, "…")
        }),
        Column::number("#", |row| row.partition.to_string()),
        Column::number("OFFSET", |row| row.offset.to_string()),
        Column::text("TIME", |row| cell_format::time(&JsonTime(row.time))),
        Column::number("CHANGES", |row| format::count_u64(row.changes)),
        Column::text("VALUE", |row| {
            let value = row.value.as_ref().or(row.value_base64.as_ref());
            let value = value.map_or("", String::as_str);
            if row.deleted {
                return "deleted".to_owned();
            }
            format::cut(value, VALUE, "…")
        }),
    ];

    fn raw(&self) -> String {
        self.value.clone().unwrap_or_default()
    }
}

/// Reads up to the moment that was asked for, and prints the rows.
pub(crate) async fn table(context: &mut CommandContext<'_>, args: &TableArgs) -> Result {
    let observer = context.observer()?;
    let (spec, _) = partition_spec::find(&observer, &args.stream).await?;
    context.console.print_hint(args.query.as_ref());
    let specs = std::slice::from_ref(&spec);
    let reading = QueryReading::new(context, args.query.as_ref(), specs)?;
    let ids = spec.partitions.iter();
    let partitions: Vec<Source> = ids.map(|id| (Arc::clone(&spec.stream), *id)).collect();
    let limit = args.memory.unwrap_or(context.settings.tail_budget.value);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let timeout = context.settings.cluster.timeout.value;
    let ends = (StartAt::Earliest, args.at);
    let range = RangeReader::begin(&observer, &partitions, ends, timeout);
    let table = KeyTable::new(&partitions, limit);
    let (table, mut check) = fold(context, range, table, (args, reading)).await?;
    let order = TableOrder {
        sort: args.sort.into(),
        reversed: args.reverse,
        deleted: args.deleted,
    };
    let rows = table.order(&order, |_| true);
    let mut is_whole = print_notes(context, &table, &spec.stream);
    let found = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    context.console.print_mistake(&mut check, found);
    if table.keeps_values() {
        print_kept(context, args, &table, &rows)?;
    } else {
        let reader = ValueReader::new(observer, timeout, limit);
        is_whole &= print_read_again(context, args, &table, &rows, reader).await?;
    }
    context.console.out.flush()?;
    Ok(if is_whole { Exit::DONE } else { Exit::FAILED })
}

/// Puts the range into the table and holds the query against what comes, on a thread of its own: connections have this one.
async fn fold(
    context: &mut CommandContext<'_>,
    range: RangeReader,
    table: KeyTable,
    (args, reading): (&TableArgs, QueryReading),
) -> Result<(KeyTable, QueryFieldCheck)> {
    let (progress, read) = watch::channel(0);
    let stream = args.stream.clone();
    let mut folding = spawn_blocking(move || fold_blocking(range, table, &reading, &progress));
    let mut ticks = interval(PROGRESS_EVERY);
    let folded = loop {
        tokio::select! {
            biased;
            folded = &mut folding => break folded,
            _ = ticks.tick(), if args.progress => {
                let read = counted_plainly(*read.borrow(), "message");
                context.console.print_error(&format!("{read} read"));
            }
        }
    };
    let folded = folded.map_err(|error| CliError::new(Exit::FAILED, error.to_string()))?;
    folded.map_err(|refused| too_many(&stream, refused))
}

fn fold_blocking(
    mut range: RangeReader,
    mut table: KeyTable,
    reading: &QueryReading,
    progress: &watch::Sender<u64>,
) -> std::result::Result<(KeyTable, QueryFieldCheck), TooManyKeys> {
    let query = reading.query.as_ref();
    let mut check = reading.check();
    let mut chunks = 0_usize;
    while let Some(item) = range.next_blocking() {
        match item {
            RangeItem::Chunk(chunk) => {
                check.add(&chunk);
                table.add_chunk(&chunk, query, Timestamp::now())?;
                chunks += 1;
                if chunks.is_multiple_of(REPORTED_EVERY) {
                    progress.send_replace(table.totals().read);
                }
            }
            RangeItem::Event((stream, partition), event) => {
                table.apply_event(&stream, partition, &event);
            }
            RangeItem::Failed((stream, partition), sentence) => {
                table.fail(&stream, partition, sentence);
            }
        }
    }
    Ok((table, check))
}

fn too_many(stream: &str, refused: TooManyKeys) -> CliError {
    let limit = format::bytes_len(refused.limit);
    let keys = counted_plainly(refused.keys, "key");
    let sentence = format!(
        "the keys of \"{stream}\" take more than {limit} of memory even without their values, {keys} so far: read fewer \
         partitions, or allow more with --memory"
    );
    CliError::new(Exit::FAILED, sentence)
}

/// Says on stderr what is not in the table, and whether all that was asked for was read.
fn print_notes(context: &mut CommandContext<'_>, table: &KeyTable, stream: &StreamName) -> bool {
    for note in table.readings().filter_map(|read| read.note.as_ref()) {
        context.console.print_error(note);
    }
    let totals = table.totals();
    if totals.keyless > 0 {
        let count = counted_plainly(totals.keyless, "message");
        let sentence = format!("{count} of stream \"{stream}\" without a key: part of no row");
        context.console.print_error(&sentence);
    }
    if totals.undecided > 0 {
        let count = counted_plainly(totals.undecided, "message");
        let sentence = format!(
            "the expression of the query costs too much for {count}: a key whose latest message is one of these is not shown"
        );
        context.console.print_error(&sentence);
    }
    table.readings().all(|read| read.is_done)
}

/// Prints rows whose values are there.
fn print_kept(
    context: &mut CommandContext<'_>,
    args: &TableArgs,
    table: &KeyTable,
    rows: &[RowId],
) -> Result<()> {
    if context.form(args.output) == OutputForm::Raw {
        for row in rows.iter().filter_map(|id| table.row(*id)) {
            let (value, out) = (row.value().unwrap_or_default(), &mut context.console.out);
            TableRecord::write(&row, value, ExportForm::Raw, out)?;
        }
        return Ok(());
    }
    let printer: Printer<'_, TableRecord> = context.printer(args.output);
    printer.print_each(|| {
        let rows = rows.iter().filter_map(|id| table.row(*id));
        rows.map(|row| TableRecord::new(&row, row.value().unwrap_or_default()))
    })?;
    Ok(())
}

/// Prints rows whose values are read once more, as many at a time as there is memory for; returns whether all were there.
async fn print_read_again(
    context: &mut CommandContext<'_>,
    args: &TableArgs,
    table: &KeyTable,
    rows: &[RowId],
    mut reader: ValueReader,
) -> Result<bool> {
    let parts = reader.parts(table, rows);
    let times = counted_plainly(u64::try_from(parts.len()).unwrap_or(0), "time");
    let limit = format::bytes_len(reader.limit());
    context.console.print_error(&format!(
        "keys and values take more than {limit} of memory: the messages are read {times} more (--memory allows more)"
    ));
    let is_raw = context.form(args.output) == OutputForm::Raw;
    let mut missing = 0;
    let mut printer: Printer<'_, TableRecord> = context.printer(args.output);
    for part in parts {
        let values = reader.read(table, &part).await;
        for row in part.iter().filter_map(|id| table.row(*id)) {
            let Some(value) = values.of(&row) else {
                missing += 1;
                continue;
            };
            if is_raw {
                printer.print_bytes(value)?;
            } else {
                printer.print(&TableRecord::new(&row, value))?;
            }
        }
    }
    printer.finish()?;
    for note in reader.take_notes() {
        context.console.print_error(&note);
    }
    if missing > 0 {
        let rows = counted_plainly(missing, "row");
        let sentence = format!(
            "{rows} left out: the messages were removed before their values could be read again"
        );
        context.console.print_error(&sentence);
    }
    Ok(missing == 0)
}
