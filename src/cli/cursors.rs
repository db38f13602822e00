//! `cursors`, `cursor get` and `groups`: how far consumers have read.
//! Setting a cursor is one operation, in `change`.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::args::{CursorGetArgs, MaybeStreamArgs, OutputArgs};
use super::cell_format::{count, duration, list};
use super::cluster_snapshot::{ClusterSnapshot, first_message};
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::json::seconds;
use super::mutate::need_name;
use super::output::{Column, TableSpec};
use crate::health::CursorTruth;
use crate::model::{CursorEntry, GroupInfo, StartAt, StopAt, SubscribeSpec, format_ranges};
use crate::runtime::Access;

static ONE: TableSpec = TableSpec {
    fields: &["id", "stream", "partition", "offset"],
    raw: &["offset"],
    columns: &[
        Column::text("ID", "id", 0),
        Column::text("STREAM", "stream", 0),
        Column::number("PARTITION", "partition", 0),
        Column::number("OFFSET", "offset", 0),
    ],
};

static ALL: TableSpec = TableSpec {
    fields: &[
        "id",
        "group",
        "stream",
        "partition",
        "offset",
        "lag",
        "lag_seconds",
        "drain_seconds",
    ],
    raw: &["id", "stream", "partition", "offset"],
    columns: &[
        Column::text("ID", "id", 0),
        Column::text("STREAM", "stream", 0),
        Column::number("PARTITION", "partition", 0),
        Column::number("OFFSET", "offset", 0).shown(count),
        Column::number("LAG", "lag", 0).shown(count),
        Column::number("BEHIND", "lag_seconds", 0).shown(duration),
    ],
};

static GROUPS: TableSpec = TableSpec {
    fields: &[
        "id",
        "coordinator",
        "epoch",
        "members",
        "streams",
        "lag",
        "lag_seconds",
    ],
    raw: &["id"],
    columns: &[
        Column::text("ID", "id", 0),
        Column::text("COORDINATOR", "coordinator", 0),
        Column::number("EPOCH", "epoch", 0),
        Column::text("MEMBERS", "members", 0).shown(list),
        Column::text("STREAMS", "streams", 0).shown(list),
        Column::number("LAG", "lag", 0).shown(count),
        Column::number("BEHIND", "lag_seconds", 0).shown(duration),
    ],
};

/// First messages after cursors that are fetched side by side.
const READS: usize = 16;

/// How long to wait for one of them.
const FIRST_UNREAD: Duration = Duration::from_secs(2);

/// Lists the cursors of one stream, or all.
pub(crate) async fn all(session: &mut CommandContext<'_>, args: MaybeStreamArgs) -> Result {
    let mut snapshot = ClusterSnapshot::take_with_cursors(session).await?;
    tell_unread(session, &snapshot);
    time_lags(&mut snapshot).await;
    let truth = snapshot.truth();
    let wanted = |cursor: &&CursorTruth| {
        let name = args.stream.as_deref();
        name.is_none_or(|name| *cursor.entry.stream == *name)
    };
    let cursors: Vec<_> = truth.cursors.iter().filter(wanted).map(describe).collect();
    session.printer(&ALL, args.output).all(&cursors)?;
    Ok(exit_of(&snapshot))
}

/// Says which partitions of `__cursors` could not be read, so that what is shown does not pass for all.
fn tell_unread(session: &mut CommandContext<'_>, snapshot: &ClusterSnapshot) {
    if !snapshot.paused.is_empty() {
        session.console.print_error(&format!(
            "partitions {} of __cursors are paused, so cursors kept there are not shown; \
             liftui resume __cursors resumes them",
            format_ranges(&snapshot.paused)
        ));
    }
    for (partition, failure) in &snapshot.unread {
        session.console.print_error(&format!(
            "cursors in partition {partition} of __cursors are not shown: {failure}"
        ));
    }
}

/// A script that reads all of the output must not take a part for the whole.
fn exit_of(snapshot: &ClusterSnapshot) -> Exit {
    if snapshot.unread.is_empty() {
        Exit::DONE
    } else {
        Exit::FAILED
    }
}

/// Finds out how long the first unread message of each lagging cursor has been there.
async fn time_lags(snapshot: &mut ClusterSnapshot) {
    let truth = snapshot.truth();
    let lagging = truth
        .cursors
        .iter()
        .filter(|c| c.lag.is_some_and(|lag| lag > 0));
    let lagging: Vec<CursorEntry> = lagging.map(|cursor| cursor.entry.clone()).collect();
    for cursors in lagging.chunks(READS) {
        let mut reads = JoinSet::new();
        for cursor in cursors.iter().cloned() {
            let observer = snapshot.observer.clone();
            reads.spawn(async move {
                let spec = SubscribeSpec {
                    start: StartAt::Offset(cursor.offset.saturating_add(1)),
                    stop: StopAt::Latest,
                    ..SubscribeSpec::new(Arc::clone(&cursor.stream), cursor.partition)
                };
                let read = timeout(FIRST_UNREAD, first_message(observer, spec)).await;
                (cursor, read.ok().flatten())
            });
        }
        for (cursor, message) in reads.join_all().await {
            if let Some(message) = message {
                snapshot
                    .health
                    .first_unread(&cursor, message.offset, message.timestamp);
            }
        }
    }
}

fn describe(cursor: &CursorTruth) -> Value {
    let entry = &cursor.entry;
    json!({
        "id": entry.id,
        "group": entry.group(),
        "stream": &*entry.stream,
        "partition": entry.partition,
        "offset": entry.offset,
        "lag": cursor.lag,
        "lag_seconds": cursor.lag_time.map(|time| seconds(time.at_least)),
        "drain_seconds": cursor.time_to_drain.map(seconds),
    })
}

/// Lists the consumer groups.
pub(crate) async fn groups(session: &mut CommandContext<'_>, output: OutputArgs) -> Result {
    let mut snapshot = ClusterSnapshot::take_with_cursors(session).await?;
    tell_unread(session, &snapshot);
    let groups = snapshot.observer.groups().await?;
    if !groups.is_empty() {
        time_lags(&mut snapshot).await;
    }
    let truth = snapshot.truth();
    let groups: Vec<Value> = groups
        .iter()
        .map(|group| describe_group(group, &truth.cursors))
        .collect();
    session.printer(&GROUPS, output).all(&groups)?;
    Ok(exit_of(&snapshot))
}

/// A group is as far behind as its cursors are together, and as long as the slowest of them.
fn describe_group(group: &GroupInfo, cursors: &[CursorTruth]) -> Value {
    let own = cursors
        .iter()
        .filter(|cursor| cursor.entry.group() == Some(group.id.as_str()));
    let lags: Vec<i64> = own.clone().filter_map(|cursor| cursor.lag).collect();
    let longest = own.filter_map(|cursor| Some(cursor.lag_time.as_ref()?.at_least));
    json!({
        "id": group.id,
        "coordinator": group.coordinator,
        "epoch": group.epoch,
        "members": group.members,
        "streams": group.streams.iter().map(AsRef::as_ref).collect::<Vec<&str>>(),
        "lag": (!lags.is_empty()).then(|| lags.iter().sum::<i64>()),
        "lag_seconds": longest.max().map(seconds),
    })
}

/// Prints the offset that a cursor is at.
pub(crate) async fn get(session: &mut CommandContext<'_>, args: &CursorGetArgs) -> Result {
    need_name("a cursor", &args.id)?;
    let (stream, partition) = &args.place;
    let offset = match session.access()? {
        Access::Full(client) => client.fetch_cursor(&args.id, stream, *partition).await?,
        // Asking the cluster for a cursor wakes the partition that holds it, where that is paused; reading does not.
        Access::Observe(observer) => {
            let is_it = |entry: &&CursorEntry| {
                entry.id == args.id && *entry.stream == **stream && entry.partition == *partition
            };
            observer.fetch_metadata().await?;
            let reading = observer.read_cursors().await?;
            let found = reading.entries.iter().find(is_it);
            if found.is_none() && !reading.paused.is_empty() {
                return Err(CliError::new(
                    Exit::FAILED,
                    format!(
                        "cursor \"{}\" may be in partitions {} of __cursors, which are paused: an observer wakes nothing",
                        args.id,
                        format_ranges(&reading.paused)
                    ),
                ));
            }
            found.map(|entry| entry.offset)
        }
    };
    let Some(offset) = offset else {
        return Err(CliError::new(
            Exit::NOT_FOUND,
            format!(
                "cursor \"{}\" has read nothing of {stream}:{partition}",
                args.id
            ),
        ));
    };
    let found = json!({
        "id": args.id,
        "stream": stream,
        "partition": partition,
        "offset": offset,
    });
    session.printer(&ONE, args.output).all(&[found])?;
    Ok(Exit::DONE)
}
