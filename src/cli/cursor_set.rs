//! `cursor set`: moves a cursor in one partition or in all, and shows before what will be read again or skipped.

use std::time::Duration;

use super::args::CursorSetArgs;
use super::audit_log;
use super::cell_format::{count, duration, latency, time};
use super::command_context::CommandContext;
use super::cursors::{StoredCursors, similar_cursor};
use super::exit::{CliError, Exit, Result};
use super::json::{JsonTime, seconds};
use super::mutate::{need_name, perform_saying};
use super::output::{Column, OutputRow, output_row};
use super::partition_spec::{metadata_with, no_such_partition, no_such_stream};
use crate::client::Error;
use crate::model::{
    CursorGoal, CursorMove, ErrorKind, Offset, Operation, PartitionId, Stream, StreamName,
    Timestamp, check_cursor_offset, counted_plainly, exact_age, format_ranges,
};
use crate::runtime::Access;
use crate::ui::format;

/// Consumers store their cursors every few seconds.
const RECENTLY: Duration = Duration::from_secs(30);

/// How long it is looked for when a cursor was stored.
const READING_TIME: Duration = Duration::from_secs(1);

output_row! {
    /// What moving a cursor of one partition does.
    struct CursorMoveRow {
        id: String,
        stream: String,
        partition: PartitionId,
        from: Option<Offset>,
        to: Offset,
        /// Messages that are read again.
        read_again: Option<i64>,
        /// Messages that are not read at all.
        skipped: Option<i64>,
        /// Both in words.
        #[serde(skip)]
        change: String,
        /// How much later, or earlier where it is negative, the next message was stored.
        seconds: Option<f64>,
        /// When the message was stored that is read next.
        next: JsonTime,
    }
}

impl OutputRow for CursorMoveRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::name("ID", |row| row.id.clone()),
        Column::name("STREAM", |row| row.stream.clone()),
        Column::number("PARTITION", |row| row.partition.to_string()),
        Column::number("FROM", |row| count(row.from)),
        Column::number("TO", |row| count(Some(row.to))),
        Column::text("CHANGE", |row| row.change.clone()),
        Column::number("BY TIME", |row| {
            let sign = if row.seconds < Some(0.0) { "-" } else { "+" };
            let spent = match row.seconds.map(f64::abs) {
                Some(short @ ..1.0) => latency(Some(short * 1000.0)),
                long => duration(long),
            };
            if spent.is_empty() {
                spent
            } else {
                format!("{sign}{spent}")
            }
        }),
        Column::text("NEXT MESSAGE OF", |row| time(&row.next)),
    ];

    fn raw(&self) -> String {
        self.to.to_string()
    }
}

impl CursorMoveRow {
    fn new(id: &str, stream: &str, moved: &CursorMove) -> Self {
        let change = moved.change();
        let span = |from: Timestamp, to: Timestamp| {
            let back = seconds(to.age(from));
            if to < from {
                -back
            } else {
                seconds(from.age(to))
            }
        };
        let both = moved.next_before.zip(moved.next_after);
        Self {
            id: id.to_owned(),
            stream: stream.to_owned(),
            partition: moved.partition,
            from: moved.from,
            to: moved.to,
            read_again: change.map(|change| change.min(0).saturating_neg()),
            skipped: change.map(|change| change.max(0)),
            change: match (moved.effect(), change) {
                (Some((count, what)), _) => {
                    format!("{}{} {what}", up_to(moved), format::count_u64(count))
                }
                (None, Some(_)) if moved.from == Some(moved.to) => "stays".to_owned(),
                (None, Some(_)) => "nothing read again".to_owned(),
                (None, None) => "new".to_owned(),
            },
            seconds: both.map(|(before, after)| span(before, after)),
            next: JsonTime(moved.next_after.unwrap_or_default()),
        }
    }
}

/// Sets a cursor, or shows what that would do. Servers take one of any stream (wire-contract §4.8), which would only hide a
/// typing error.
pub(crate) async fn cursor_set(context: &mut CommandContext<'_>, args: &CursorSetArgs) -> Result {
    if !args.dry_run {
        // Refused before anything is asked.
        context.client()?;
    }
    let access = context.access()?;
    need_name("a cursor", &args.id)?;
    if let CursorGoal::At(offset) = args.goal() {
        check_cursor_offset(offset).map_err(CliError::refused)?;
    }
    let (stream, partition) = &args.target;
    if let (CursorGoal::At(_), None) = (args.goal(), partition) {
        return Err(CliError::usage(format!(
            "\"{stream}\" is not STREAM:PARTITION, as in orders:0; all partitions at once take --to or --by"
        )));
    }
    let observer = access.observer();
    let cluster = metadata_with(&observer, stream).await?;
    let found = cluster
        .stream(stream)
        .ok_or_else(|| no_such_stream(stream))?;
    let partitions = partitions_of(found, *partition)?;
    if let (CursorGoal::At(offset), Some(partition)) = (args.goal(), partition) {
        let within = observer.check_cursor_end(stream, *partition, offset).await;
        within.map_err(wrong_place)?;
    }
    warn_of_consumer(context, args, &partitions).await;
    if let Some(operation) = args.operation() {
        return super::mutate::perform(context, operation).await;
    }
    let cluster = context.cluster_name();
    let moves = plan(&access, &cluster, args, &partitions).await?;
    if moves.iter().any(|moved| moved.to < 0) {
        // Servers tell a cursor at -1 from none by nothing (wire-contract §4.8).
        let sentence = "a cursor at -1 counts as never stored: what its consumer reads again depends on where it is set up to start";
        context.console.print_error(sentence);
    }
    for sentence in moves.iter().filter_map(|moved| cut_short(args, moved)) {
        context.console.print_error(&sentence);
    }
    if let Some(sentence) = left_out(args, &partitions, &moves) {
        context.console.print_error(&sentence);
    }
    if args.dry_run {
        let rows = moves
            .iter()
            .map(|moved| CursorMoveRow::new(&args.id, stream, moved));
        let rows: Vec<CursorMoveRow> = rows.collect();
        context.printer(args.output).print_all(&rows)?;
        return Ok(Exit::DONE);
    }
    perform(context, args, &moves).await
}

fn partitions_of(stream: &Stream, named: Option<PartitionId>) -> Result<Vec<PartitionId>> {
    match named {
        Some(partition) if stream.partition(partition).is_none() => {
            Err(no_such_partition(stream, partition))
        }
        Some(partition) => Ok(vec![partition]),
        None => Ok(stream.partitions.iter().map(|one| one.id).collect()),
    }
}

/// Where a consumer starts that finds its cursor at -1, nobody knows but itself.
fn up_to(moved: &CursorMove) -> &'static str {
    if moved.to < 0 { "up to " } else { "" }
}

/// What is said of a move that does not go as far as asked, or further, or the other way: a cursor stays within what the log
/// keeps.
fn cut_short(args: &CursorSetArgs, moved: &CursorMove) -> Option<String> {
    let (CursorGoal::By(asked), Some(from)) = (args.goal(), moved.from) else {
        return None;
    };
    let by = moved.to.saturating_sub(from.max(-1));
    let (stream, _) = &args.target;
    let why = match moved.newest {
        _ if by == asked => return None,
        Some(newest) if moved.to >= newest && by < asked => {
            format!("its log ends at offset {newest}")
        }
        _ => format!("its log keeps no message before offset {}", moved.to + 1),
    };
    let id = moved.partition;
    Some(format!(
        "{stream}:{id} goes by {by:+}, and not by {asked:+}: {why}"
    ))
}

/// What is said of partitions in which the cursor is not set: those of which it has read nothing, as far as servers tell.
fn left_out(
    args: &CursorSetArgs,
    partitions: &[PartitionId],
    moves: &[CursorMove],
) -> Option<String> {
    let is_moved = |id: &PartitionId| moves.iter().any(|moved| moved.partition == *id);
    let left: Vec<PartitionId> = partitions
        .iter()
        .copied()
        .filter(|id| !is_moved(id))
        .collect();
    let (stream, _) = &args.target;
    (!left.is_empty()).then(|| {
        let how = match args.goal() {
            CursorGoal::By(_) => "a partition by itself takes --to, or an offset, all the same",
            CursorGoal::Next(_) | CursorGoal::At(_) => "name a partition to set it all the same",
        };
        format!(
            "cursor \"{}\" has read nothing of {stream}:{} and is left as it is there; {how}",
            args.id,
            format_ranges(&left)
        )
    })
}

/// Says that somebody else has stored the cursor a short time ago, where that is so: it may be its consumer, which then runs.
/// What is not known soon is not said, and keeps nobody from moving it.
async fn warn_of_consumer(
    context: &mut CommandContext<'_>,
    args: &CursorSetArgs,
    partitions: &[PartitionId],
) {
    let Ok(access) = context.access() else { return };
    let reading = access.observer().read_cursors_within(READING_TIME).await;
    let now = Timestamp::now();
    let (stream, _) = &args.target;
    let entries = reading.iter().flat_map(|reading| &reading.entries);
    let own = entries.filter(|entry| {
        let is_meant = *entry.id == *args.id && *entry.stream == **stream;
        is_meant && partitions.contains(&entry.partition)
    });
    let cluster = context.cluster_name();
    let recent = own.filter(|entry| {
        let stored = Operation::SetCursor {
            id: entry.id.to_string(),
            stream: StreamName::clone(&entry.stream),
            partition: entry.partition,
            offset: entry.offset,
        };
        // The log has whole seconds.
        let within = RECENTLY + Duration::from_secs(1);
        entry.time.age(now) < RECENTLY && !audit_log::has_done(&cluster, &stored, within)
    });
    let recent: Vec<(PartitionId, Timestamp)> =
        recent.map(|entry| (entry.partition, entry.time)).collect();
    let Some(last) = recent.iter().map(|(_, time)| *time).max() else {
        return;
    };
    let mut ids: Vec<PartitionId> = recent.iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    let sentence = format!(
        "cursor \"{}\" of {stream}:{} was stored {} ago: if its consumer runs, it will store its own place over this; stop it first",
        args.id,
        format_ranges(&ids),
        exact_age(last.age(now)),
    );
    context.console.print_error(&sentence);
}

/// What would become of the cursor: in that partition, or in all that it has read of.
async fn plan(
    access: &Access,
    cluster: &str,
    args: &CursorSetArgs,
    partitions: &[PartitionId],
) -> Result<Vec<CursorMove>> {
    let (stream, _) = &args.target;
    let stored = StoredCursors::of(access, cluster).await?;
    let mut from = Vec::new();
    for partition in partitions {
        from.push((
            *partition,
            stored.offset(&args.id, stream, *partition).await?,
        ));
    }
    let planned = access
        .observer()
        .plan_cursor_moves(&args.spec(), &from)
        .await;
    let moves = planned.map_err(wrong_place)?;
    if moves.is_empty() {
        let similar = similar_cursor(&access.observer(), &args.id).await;
        let sentence = format!(
            "cursor \"{}\" has read nothing of {stream}{similar}",
            args.id
        );
        return Err(CliError::new(Exit::NOT_FOUND, sentence));
    }
    Ok(moves)
}

/// A place that the partition does not have is a fault of the line.
fn wrong_place(error: Error) -> CliError {
    if error.kind() == ErrorKind::InvalidArgument {
        CliError::usage(error.to_string())
    } else {
        error.into()
    }
}

/// Sets it in one partition after the other, and says what each will read again or skip. Goes on after one that fails.
async fn perform(
    context: &mut CommandContext<'_>,
    args: &CursorSetArgs,
    moves: &[CursorMove],
) -> Result {
    let mut failed = None;
    for moved in moves {
        let operation = args.spec().setting(moved);
        let addition = match moved.effect() {
            Some((count, what)) => {
                let messages = counted_plainly(count, "message");
                format!(": {}{messages} will be {what}", up_to(moved))
            }
            None if moved.from.is_some_and(|from| from != moved.to) => {
                ": no message will be read again or skipped".to_owned()
            }
            None => String::new(),
        };
        if let Err(error) = perform_saying(context, operation, &addition).await {
            let (stream, _) = &args.target;
            let sentence = error.sentence.unwrap_or_default();
            let line = format!("{stream}:{}: {sentence}", moved.partition);
            context.console.print_error(&line);
            failed = failed.or(Some(error.exit));
        }
    }
    Ok(failed.unwrap_or(Exit::DONE))
}
