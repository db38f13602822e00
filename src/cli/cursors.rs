//! `cursors`, `cursor get` and `groups`: how far consumers have read.
//! Setting a cursor is one operation, in `mutate`.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::args::{AnyStreamsArgs, CursorGetArgs, OutputArgs};
use super::cell_format::{count, duration, list, plain};
use super::cluster_snapshot::ClusterSnapshot;
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::json::{JsonTime, seconds};
use super::known_cursors;
use super::mutate::need_name;
use super::output::{Column, OutputRow, output_row};
use super::partition_spec::{metadata_with, no_such_partition, no_such_stream};
use crate::client::{Client, CursorReading, Observer};
use crate::health::CursorTruth;
use crate::model::{
    CursorEntry, GroupInfo, Offset, PartitionId, StreamName, Timestamp, did_you_mean, exact_age,
    names_stream,
};
use crate::runtime::{Access, read_first_unread};

output_row! {
    /// One cursor.
    struct PositionRow {
        id: String,
        stream: String,
        partition: PartitionId,
        offset: Offset,
    }
}

impl OutputRow for PositionRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::name("ID", |cursor| cursor.id.clone()),
        Column::name("STREAM", |cursor| cursor.stream.clone()),
        Column::number("PARTITION", |cursor| cursor.partition.to_string()),
        Column::number("OFFSET", |cursor| cursor.offset.to_string()),
    ];

    fn raw(&self) -> String {
        self.offset.to_string()
    }
}

output_row! {
    /// A cursor of many, with its lag.
    struct CursorRow {
        id: String,
        group: Option<String>,
        stream: StreamName,
        partition: PartitionId,
        offset: Offset,
        lag: Option<i64>,
        lag_seconds: Option<f64>,
        drain_seconds: Option<f64>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        beyond_end: bool,
        as_of: JsonTime,
    }
}

impl OutputRow for CursorRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::name("ID", |cursor| cursor.id.clone()),
        Column::name("STREAM", |cursor| cursor.stream.to_string()),
        Column::number("PARTITION", |cursor| cursor.partition.to_string()),
        Column::number("OFFSET", |cursor| count(Some(cursor.offset))),
        Column::number("LAG", |cursor| {
            if cursor.beyond_end {
                return "beyond the end".to_owned();
            }
            count(cursor.lag)
        }),
        Column::number("BEHIND", |cursor| duration(cursor.lag_seconds)),
    ];

    fn raw(&self) -> String {
        let Self {
            id,
            stream,
            partition,
            offset,
            ..
        } = self;
        format!("{id}\t{stream}\t{partition}\t{offset}")
    }
}

impl From<&CursorTruth> for CursorRow {
    fn from(cursor: &CursorTruth) -> Self {
        let entry = &cursor.entry;
        let lag_time = cursor.lag_time.as_ref();
        Self {
            id: entry.id.to_string(),
            group: entry.group().map(str::to_owned),
            stream: Arc::clone(&entry.stream),
            partition: entry.partition,
            offset: entry.offset,
            lag: cursor.lag,
            lag_seconds: lag_time.map(|time| seconds(time.at_least)),
            drain_seconds: cursor.time_to_drain.within().map(seconds),
            beyond_end: cursor.beyond_end_since.is_some(),
            as_of: JsonTime(entry.read_at),
        }
    }
}

output_row! {
    /// A consumer group.
    struct GroupRow {
        id: String,
        coordinator: Option<String>,
        epoch: Option<u64>,
        members: Option<Vec<String>>,
        streams: Vec<StreamName>,
        lag: Option<i64>,
        lag_seconds: Option<f64>,
    }
}

impl OutputRow for GroupRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::name("ID", |group| group.id.clone()),
        Column::name("COORDINATOR", |group| plain(group.coordinator.as_ref())),
        Column::number("EPOCH", |group| plain(group.epoch)),
        Column::names("MEMBERS", |group| {
            list(group.members.as_deref().unwrap_or_default())
        }),
        Column::names("STREAMS", |group| list(&group.streams)),
        Column::number("LAG", |group| count(group.lag)),
        Column::number("BEHIND", |group| duration(group.lag_seconds)),
    ];

    fn raw(&self) -> String {
        self.id.clone()
    }
}

/// First messages after cursors that are fetched side by side.
const READS: usize = 16;

/// How long to wait for one of them.
const FIRST_UNREAD: Duration = Duration::from_secs(2);

/// Lists the cursors of one stream, or all.
pub(crate) async fn cursors(context: &mut CommandContext<'_>, args: &AnyStreamsArgs) -> Result {
    let mut snapshot = ClusterSnapshot::take_with_cursors(context).await?;
    report_unread(context, &snapshot);
    time_lags(&mut snapshot).await;
    let truth = snapshot.truth();
    let wanted = |cursor: &&CursorTruth| {
        let stream = &*cursor.entry.stream;
        let mut wanted = args.streams.iter();
        // A cursor may be that of a stream that is gone: it is found by what it says.
        args.streams.is_empty() || wanted.any(|text| names_stream(text, stream))
    };
    let cursors = truth.cursors.iter().filter(wanted);
    let cursors: Vec<_> = cursors.map(CursorRow::from).collect();
    context.printer(args.output).print_all(&cursors)?;
    Ok(exit_of(&snapshot))
}

/// Says which partitions of `__cursors` could not be read, so that what is shown does not pass for all.
fn report_unread(context: &mut CommandContext<'_>, snapshot: &ClusterSnapshot) {
    let CursorReading {
        paused,
        unread,
        outdated,
        ..
    } = &snapshot.cursors;
    for (partition, read_at) in outdated {
        let failure = unread.iter().find(|(unread, _)| unread == partition);
        let why = match failure {
            Some((_, failure)) => failure.to_string(),
            None if paused.contains(partition) => {
                "it is paused; liftui resume __cursors resumes it".to_owned()
            }
            None => continue,
        };
        let shown = if read_at.is_set() {
            let ago = exact_age(read_at.age(Timestamp::now()));
            format!("shown as they were {ago} ago")
        } else {
            "not shown".to_owned()
        };
        context.console.print_error(&format!(
            "cursors in partition {partition} of __cursors are {shown}: {why}"
        ));
    }
}

/// A script that reads all of the output must not take a part for the whole.
fn exit_of(snapshot: &ClusterSnapshot) -> Exit {
    if snapshot.cursors.unread.is_empty() {
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
    let deadline = Instant::now() + snapshot.time_to_read();
    for cursors in lagging.chunks(READS) {
        let limit = deadline
            .saturating_duration_since(Instant::now())
            .min(FIRST_UNREAD);
        if limit.is_zero() {
            return;
        }
        let observer = snapshot.observer.clone();
        for found in read_first_unread(observer, cursors.to_vec(), limit).await {
            snapshot.health.record_first_unread(&found);
        }
    }
}

/// Lists the consumer groups.
pub(crate) async fn groups(context: &mut CommandContext<'_>, output: OutputArgs) -> Result {
    let mut snapshot = ClusterSnapshot::take_with_cursors(context).await?;
    report_unread(context, &snapshot);
    let groups = {
        let limit = snapshot.time_to_read();
        snapshot.observer.groups_within(limit).await?
    };
    if !groups.is_empty() {
        time_lags(&mut snapshot).await;
    }
    let truth = snapshot.truth();
    let groups = groups.into_iter();
    let groups: Vec<_> = groups
        .map(|group| group_row(group, &truth.cursors))
        .collect();
    context.printer(output).print_all(&groups)?;
    Ok(exit_of(&snapshot))
}

/// A group is as far behind as its cursors are together, and as long as the slowest of them.
fn group_row(group: GroupInfo, cursors: &[CursorTruth]) -> GroupRow {
    let own = cursors
        .iter()
        .filter(|cursor| cursor.entry.group() == Some(group.id.as_str()));
    let lags: Vec<i64> = own.clone().filter_map(|cursor| cursor.lag).collect();
    let longest = own.filter_map(|cursor| Some(cursor.lag_time.as_ref()?.at_least));
    GroupRow {
        lag: (!lags.is_empty()).then(|| lags.iter().sum()),
        lag_seconds: longest.max().map(seconds),
        id: group.id,
        coordinator: group.coordinator,
        epoch: group.epoch,
        members: group.members,
        streams: group.streams,
    }
}

/// ` did you mean "NAME"?` where no cursor of that name was ever stored and one of a similar name was.
pub(crate) async fn similar_cursor(observer: &Observer, id: &str) -> String {
    let Ok(reading) = observer.read_cursors().await else {
        return String::new();
    };
    let names = || reading.entries.iter().map(|entry| &*entry.id);
    if names().any(|name| name == id) {
        return String::new();
    }
    did_you_mean(id, names())
}

/// Prints the offset that a cursor is at.
pub(crate) async fn cursor(context: &mut CommandContext<'_>, args: &CursorGetArgs) -> Result {
    need_name("a cursor", &args.id)?;
    let (stream, partition) = &args.target;
    let access = context.access()?;
    let stored = StoredCursors::of(&access, &context.cluster_name()).await?;
    let Some(offset) = stored.offset(&args.id, stream, *partition).await? else {
        // A cursor outlives its stream: only where there is none its stream may be misspelt.
        let cluster = metadata_with(&access.observer(), stream).await?;
        let found = cluster
            .stream(stream)
            .ok_or_else(|| no_such_stream(stream))?;
        if found.partition(*partition).is_none() {
            return Err(no_such_partition(found, *partition));
        }
        return Err(CliError::new(
            Exit::NOT_FOUND,
            format!(
                "cursor \"{}\" has read nothing of {stream}:{partition}{}",
                args.id,
                similar_cursor(&access.observer(), &args.id).await
            ),
        ));
    };
    let found = PositionRow {
        id: args.id.clone(),
        stream: stream.clone(),
        partition: *partition,
        offset,
    };
    context.printer(args.output).print_all(&[found])?;
    Ok(Exit::DONE)
}

/// Where cursors stand. Asking the cluster for one wakes the partition that holds it, where that is paused; reading does
/// not, and is all that an observer does.
pub(crate) enum StoredCursors<'a> {
    /// Each is asked for.
    Asked(&'a Client),
    /// All were read.
    Read(CursorReading),
}

impl<'a> StoredCursors<'a> {
    /// The cursors, as that access allows to find them.
    pub(crate) async fn of(access: &'a Access, cluster: &str) -> Result<Self> {
        Ok(match access {
            Access::Full(client) => Self::Asked(client),
            Access::Observe(observer) => {
                observer.fetch_metadata().await?;
                let known = known_cursors::read(cluster);
                observer.recall_cursors(known).await;
                Self::Read(observer.read_cursors().await?)
            }
        })
    }

    /// The last offset that a consumer has read; `None` where it never stored one.
    pub(crate) async fn offset(
        &self,
        id: &str,
        stream: &str,
        partition: PartitionId,
    ) -> Result<Option<Offset>> {
        let reading = match self {
            Self::Asked(client) => return Ok(client.fetch_cursor(id, stream, partition).await?),
            Self::Read(reading) => reading,
        };
        let is_it = |entry: &&CursorEntry| {
            *entry.id == *id && *entry.stream == *stream && entry.partition == partition
        };
        let found = reading.entries.iter().find(is_it);
        let is_of_old =
            |entry: &&CursorEntry| reading.outdated.iter().any(|(_, at)| *at == entry.read_at);
        match (found, reading.failure()) {
            (Some(found), Some(failure)) if is_of_old(&found) => {
                let (offset, at) = (found.offset, found.read_at.to_utc_text());
                let sentence = format!(
                    "cursor \"{id}\" was at {offset} at {at}, and may have moved: {failure}"
                );
                Err(CliError::new(Exit::FAILED, sentence))
            }
            (Some(found), _) => Ok(Some(found.offset)),
            (None, Some(failure)) => Err(CliError::new(
                Exit::FAILED,
                format!(
                    "cursor \"{id}\" may be among those that are not known: {failure}; an observer wakes nothing"
                ),
            )),
            (None, None) => Ok(None),
        }
    }
}
