//! `liftui describe`: one stream with its partitions, what is kept of each, and what is wrong.
//! The oldest offset that is kept no call tells: it is read from the first message (wire-contract §4.7).

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{partitions, stream, streams};
use crate::cli::args::{OutputForm, StreamArgs};
use crate::cli::cell_format::{age, count, latency, rate};
use crate::cli::cluster_snapshot::{ClusterSnapshot, finding, first_message};
use crate::cli::command_context::CommandContext;
use crate::cli::exit::{Exit, Result};
use crate::cli::json::time;
use crate::cli::output::{Column, Printer, TableSpec, plain};
use crate::client::Observer;
use crate::health::{Known, StreamTruth, Truth};
use crate::model::{Message, StartAt, StopAt, SubscribeSpec, Timestamp};
use crate::ui::sanitise;

/// How long to wait for the first message of a partition.
const FIRST_MESSAGE: Duration = Duration::from_secs(2);

static PARTITIONS: TableSpec = TableSpec {
    fields: partitions::SHAPE.fields,
    raw: partitions::SHAPE.raw,
    columns: &[
        Column::number("#", "partition", 0),
        Column::text("LEADER", "leader", 0),
        Column::text("REPLICAS", "replicas", 0).shown(crate::cli::cell_format::list),
        Column::text("ISR", "isr", 0).shown(crate::cli::cell_format::list),
        Column::number("OLDEST", "oldest_offset", 0).shown(count),
        Column::number("NEWEST", "newest_offset", 0).shown(count),
        Column::text("FIRST", "oldest_time", 0).shown(age),
        Column::text("LAST", "last_message", 0).shown(age),
        Column::text("STATUS", "status", 0),
        Column::text("READONLY", "readonly", 0).shown(crate::cli::cell_format::known),
    ],
};

/// What each broker says of each partition.
static VIEWS: TableSpec = TableSpec {
    fields: &[],
    raw: &[],
    columns: &[
        Column::number("#", "partition", 0),
        Column::text("BROKER", "broker", 0),
        Column::number("HW", "high_watermark", 0).shown(count),
        Column::number("NEWEST", "newest_offset", 0).shown(count),
        Column::number("SAID", "age_ms", 0).shown(ago),
        Column::text("ERROR", "error", 0),
    ],
};

/// Shows one stream.
pub(crate) async fn describe(session: &mut CommandContext<'_>, args: &StreamArgs) -> Result {
    let mut snapshot = if session.form(args.output) == OutputForm::Csv {
        ClusterSnapshot::take_snapshot(session).await?
    } else {
        ClusterSnapshot::take_twice(session).await?
    };
    let truth = snapshot.truth();
    let found = stream(&truth, &args.stream)?;
    let mut rows = partitions::describe_all(&truth, found, Timestamp::now());
    let oldest = oldest(&snapshot.observer, found).await;
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        let partition = row["partition"].clone();
        let first = oldest.iter().find(|first| partition == first.partition);
        row.insert("oldest_offset".into(), json!(first.map(|m| m.offset)));
        let stored = first.map_or(Timestamp::NEVER, |message| message.timestamp);
        row.insert("oldest_time".into(), time(stored));
    }
    print(session, args, &truth, found, &rows)?;
    Ok(Exit::DONE)
}

/// The oldest message of each partition that has one and can be read.
async fn oldest(observer: &Observer, stream: &StreamTruth) -> Vec<Message> {
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
        reads.spawn(timeout(
            FIRST_MESSAGE,
            first_message(observer.clone(), spec),
        ));
    }
    let reads = reads.join_all().await.into_iter();
    reads.filter_map(|read| read.ok().flatten()).collect()
}

fn print(
    session: &mut CommandContext<'_>,
    args: &StreamArgs,
    truth: &Truth,
    stream: &StreamTruth,
    rows: &[Value],
) -> io::Result<()> {
    let mut whole = streams::describe(stream);
    let findings: Vec<Value> = truth.findings_of(&stream.name).map(finding).collect();
    let form = session.form(args.output);
    let bold = session.colours();
    let out = &mut session.console.out;
    match form {
        OutputForm::Csv => Printer::new(out, &partitions::SHAPE, form, bold).all(rows),
        OutputForm::Json | OutputForm::Ndjson => {
            if let Some(fields) = whole.as_object_mut() {
                fields.insert("partitions".into(), Value::from(rows));
                fields.insert("findings".into(), Value::from(findings));
            }
            writeln!(
                out,
                "{}",
                if form == OutputForm::Json {
                    format!("{whole:#}")
                } else {
                    whole.to_string()
                }
            )
        }
        OutputForm::Table | OutputForm::Raw => {
            summary(out, &whole)?;
            Printer::new(&mut *out, &PARTITIONS, OutputForm::Table, bold).all(rows)?;
            writeln!(out)?;
            Printer::new(&mut *out, &VIEWS, OutputForm::Table, bold).all(&views(rows))?;
            for finding in &findings {
                let message = plain(&finding["message"]);
                writeln!(
                    out,
                    "{}: {}",
                    plain(&finding["severity"]),
                    sanitise::line(&message)
                )?;
            }
            Ok(())
        }
    }
}

/// The views of all partitions, one an object.
fn views(rows: &[Value]) -> Vec<Value> {
    let mut all = Vec::new();
    for row in rows {
        let views = row["views"].as_object().into_iter().flatten();
        for (broker, view) in views {
            let mut view = view.clone();
            if let Some(fields) = view.as_object_mut() {
                fields.insert("partition".into(), row["partition"].clone());
                fields.insert("broker".into(), json!(broker));
            }
            all.push(view);
        }
    }
    all
}

/// How long ago a view was given, from milliseconds.
fn ago(value: &Value) -> String {
    let took = latency(value);
    if took.is_empty() {
        return took;
    }
    format!("{took} ago")
}

fn summary(out: &mut dyn Write, stream: &Value) -> io::Result<()> {
    let empty = Map::new();
    let fields = stream.as_object().unwrap_or(&empty);
    for (name, value) in fields {
        let text = match name.as_str() {
            "created" => format!("{} ({} ago)", plain(value), age(value)),
            "messages" => count(value),
            "rate" => format!("{} msg/s", rate(value)),
            _ => plain(value),
        };
        writeln!(out, "{name:<11} {}", sanitise::line(&text))?;
    }
    writeln!(out)
}
