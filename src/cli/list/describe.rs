//! `liftui describe`: streams with their partitions, what is kept of each, and what is wrong.
//! The oldest offset that is kept no call tells: it is read from the first message (wire-contract §4.7).

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::partitions::{self, PartitionRow, ViewFields};
use super::print_advice;
use super::streams::StreamRow;
use crate::cli::args::{OutputForm, StreamsArgs};
use crate::cli::cell_format::{age, count, known, latency, list, offset, plain, rate};
use crate::cli::cluster_snapshot::{ClusterSnapshot, FindingObject};
use crate::cli::command_context::CommandContext;
use crate::cli::escaped_output::EscapedOutput;
use crate::cli::exit::{Exit, Result};
use crate::cli::json::JsonTime;
use crate::cli::output::{self, Column, FieldNames, OutputRow, Printer, output_row};
use crate::cli::stream_selection;
use crate::client::{Observer, split_advice};
use crate::health::{Known, StreamTruth, Truth};
use crate::model::sanitise;
use crate::model::{
    BrokerId, Message, Offset, PartitionId, StartAt, StopAt, SubscribeSpec, Timestamp, is_pattern,
};
use crate::runtime::first_message;

/// How long to wait for the first message of a partition at most.
const FIRST_MESSAGE: Duration = Duration::from_secs(2);

/// A partition with the oldest message that is kept of it; CSV goes without.
#[derive(Serialize)]
struct PartitionDetails {
    #[serde(flatten)]
    row: PartitionRow,
    oldest_offset: Option<Offset>,
    oldest_time: JsonTime,
}

impl FieldNames for PartitionDetails {
    fn field_names() -> Vec<&'static str> {
        PartitionRow::field_names()
    }
}

impl OutputRow for PartitionDetails {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::number("#", |details| details.row.partition.to_string()),
        Column::name("LEADER", |details| plain(details.row.leader.as_ref())),
        Column::names("REPLICAS", |details| list(&details.row.replicas)),
        Column::names("ISR", |details| list(&details.row.isr)),
        Column::number("OLDEST", |details| count(details.oldest_offset)),
        Column::number("NEWEST", |details| offset(details.row.newest_offset)),
        Column::text("FIRST", |details| age(&details.oldest_time)),
        Column::text("LAST", |details| age(&details.row.last_message)),
        Column::text("STATUS", |details| details.row.status.to_owned()),
        Column::text("READONLY", |details| known(details.row.readonly)),
    ];

    fn raw(&self) -> String {
        self.row.raw()
    }
}

output_row! {
    /// What one broker reports of one partition: a line of a table and nothing else.
    struct ViewRow {
        partition: PartitionId,
        broker: BrokerId,
        view: ViewFields,
    }
}

impl OutputRow for ViewRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::number("#", |row| row.partition.to_string()),
        Column::name("BROKER", |row| row.broker.to_string()),
        Column::number("HW", |row| offset(row.view.high_watermark)),
        Column::number("NEWEST", |row| offset(row.view.newest_offset)),
        Column::number("SAID", |row| {
            plain(
                row.view
                    .age_ms
                    .map(|age| format!("{} ago", latency(Some(age)))),
            )
        }),
        // What is the same for all of them stands once beneath.
        Column::text("ERROR", |row| {
            plain(row.view.error.as_deref().map(|error| split_advice(error).0))
        }),
    ];

    fn raw(&self) -> String {
        String::new()
    }
}

/// A stream, and its partitions with what is kept of them.
type Described<'a> = (&'a StreamTruth, Vec<PartitionDetails>);

/// Shows streams, one after the other.
pub(crate) async fn describe(context: &mut CommandContext<'_>, args: &StreamsArgs) -> Result {
    let mut snapshot = if context.form(args.output) == OutputForm::Csv {
        ClusterSnapshot::take_snapshot(context).await?
    } else {
        ClusterSnapshot::take_twice(context).await?
    };
    let truth = snapshot.truth();
    let mut described = Vec::new();
    for found in stream_selection::select(&truth, &args.streams)? {
        described.push((found, details(&snapshot, &truth, found).await));
    }
    print(context, args, &truth, &described)?;
    let rows = described.iter().flat_map(|(_, rows)| rows);
    let views = rows.flat_map(|details| &details.row.views);
    let errors = views.filter_map(|(_, view)| view.error.as_deref());
    print_advice(context, args.output, errors);
    Ok(Exit::DONE)
}

async fn details(
    snapshot: &ClusterSnapshot,
    truth: &Truth,
    stream: &StreamTruth,
) -> Vec<PartitionDetails> {
    let rows = partitions::rows_of(truth, stream, Timestamp::now());
    let limit = snapshot.time_to_read().min(FIRST_MESSAGE);
    let oldest = oldest(&snapshot.observer, stream, limit).await;
    let details = rows.into_iter().map(|row| {
        let first = oldest.iter().find(|first| first.partition == row.partition);
        let stored = first.map_or(Timestamp::NEVER, |message| message.timestamp);
        PartitionDetails {
            row,
            oldest_offset: first.map(|message| message.offset),
            oldest_time: JsonTime(stored),
        }
    });
    details.collect()
}

/// The oldest message of each partition that has one and can be read.
async fn oldest(observer: &Observer, stream: &StreamTruth, limit: Duration) -> Vec<Message> {
    let readable = stream.partitions.iter().filter(|partition| {
        partition.paused != Known::Yes && partition.high_watermark.is_none_or(|hw| hw >= 0)
    });
    let mut reads = JoinSet::new();
    for partition in readable {
        let spec = SubscribeSpec {
            start: StartAt::Earliest,
            stop: StopAt::Latest,
            ..SubscribeSpec::new(Arc::clone(&stream.name), partition.id)
        };
        reads.spawn(timeout(limit, first_message(observer.clone(), spec)));
    }
    let reads = reads.join_all().await.into_iter();
    reads.filter_map(|read| read.ok().flatten()).collect()
}

fn print(
    context: &mut CommandContext<'_>,
    args: &StreamsArgs,
    truth: &Truth,
    described: &[Described<'_>],
) -> io::Result<()> {
    let form = context.form(args.output);
    let bold = context.colours();
    let out = &mut context.console.out;
    let objects = || {
        let objects = described.iter();
        objects.map(|(stream, rows)| whole(truth, stream, rows))
    };
    match form {
        OutputForm::Csv => {
            let printer: Printer<'_, PartitionDetails> = Printer::new(out, form, bold);
            printer.print_each(|| described.iter().flat_map(|(_, rows)| rows))
        }
        // One name is one object: only what may be several streams is a list of them.
        OutputForm::Json => match &described {
            [_] if args.streams.iter().all(|text| !is_pattern(text)) => {
                objects().try_for_each(|object| writeln!(out.json(), "{:#}", object?))
            }
            _ => {
                let all = objects().collect::<io::Result<Vec<_>>>()?;
                writeln!(out.json(), "{:#}", Value::from(all))
            }
        },
        OutputForm::Ndjson => objects().try_for_each(|object| writeln!(out.json(), "{}", object?)),
        OutputForm::Table | OutputForm::Raw => {
            for (number, (stream, rows)) in described.iter().enumerate() {
                if number > 0 {
                    writeln!(out)?;
                }
                print_stream(out, truth, stream, rows, bold)?;
            }
            Ok(())
        }
    }
}

fn print_stream(
    out: &mut EscapedOutput,
    truth: &Truth,
    stream: &StreamTruth,
    rows: &[PartitionDetails],
    bold: bool,
) -> io::Result<()> {
    summary(out, &StreamRow::from(stream))?;
    Printer::new(out, OutputForm::Table, bold).print_all(rows)?;
    writeln!(out)?;
    Printer::new(out, OutputForm::Table, bold).print_all(&views(rows))?;
    for finding in truth.findings_of(&stream.name) {
        let message = sanitise::line(&finding.message);
        writeln!(out, "{}: {message}", finding.severity.as_str())?;
    }
    Ok(())
}

/// The stream as one object. Where a list of streams counts the partitions, here they stand.
fn whole(truth: &Truth, stream: &StreamTruth, rows: &[PartitionDetails]) -> io::Result<Value> {
    let mut whole = serde_json::to_value(StreamRow::from(stream))?;
    let findings: Vec<_> = truth
        .findings_of(&stream.name)
        .map(FindingObject::from)
        .collect();
    whole["partitions"] = serde_json::to_value(rows)?;
    whole["findings"] = serde_json::to_value(findings)?;
    Ok(whole)
}

/// The views of all partitions.
fn views(rows: &[PartitionDetails]) -> Vec<ViewRow> {
    let of_row = |PartitionDetails { row, .. }: &PartitionDetails| {
        let partition = row.partition;
        let views = row.views.iter().cloned();
        let views = views.map(move |(broker, view)| ViewRow {
            partition,
            broker,
            view,
        });
        views.collect::<Vec<_>>()
    };
    rows.iter().flat_map(of_row).collect()
}

fn summary(out: &mut dyn Write, stream: &StreamRow) -> io::Result<()> {
    let object = serde_json::to_value(stream)?;
    for name in StreamRow::field_names() {
        let text = output::plain(&object[name]);
        let text = match name {
            "created" => format!("{text} ({} ago)", age(&stream.created)),
            "messages" => count(stream.messages),
            "rate" if stream.rate.is_none() => "–".to_owned(),
            "rate" => format!("{} msg/s", rate(stream.rate)),
            _ => text,
        };
        writeln!(out, "{name:<11} {}", sanitise::line(&text))?;
    }
    writeln!(out)
}
