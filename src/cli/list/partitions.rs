//! A partition as an object of `liftui partitions`.

use serde_json::{Map, Value, json};

use crate::cli::cell_format::{age, count, known, list};
use crate::cli::json::{milliseconds, time};
use crate::cli::output::{Column, TableSpec};
use crate::health::{PartitionTruth, StreamTruth, Truth};
use crate::model::Timestamp;

/// How partitions are printed.
pub(crate) static SHAPE: TableSpec = TableSpec {
    fields: &[
        "stream",
        "partition",
        "leader",
        "replicas",
        "isr",
        "high_watermark",
        "newest_offset",
        "paused",
        "readonly",
        "flags",
        "status",
        "replica_lag",
        "last_message",
        "views",
    ],
    raw: &["stream", "partition"],
    columns: &[
        Column::text("STREAM", "stream", 0),
        Column::number("#", "partition", 0),
        Column::text("LEADER", "leader", 0),
        Column::text("REPLICAS", "replicas", 0).shown(list),
        Column::text("ISR", "isr", 0).shown(list),
        Column::number("HW", "high_watermark", 0).shown(count),
        Column::number("NEWEST", "newest_offset", 0).shown(count),
        Column::text("LAST", "last_message", 0).shown(age),
        Column::text("PAUSED", "paused", 0).shown(known),
        Column::text("READONLY", "readonly", 0).shown(known),
        Column::text("STATUS", "status", 0),
    ],
};

/// The objects of all partitions of a stream.
pub(crate) fn describe_all(truth: &Truth, stream: &StreamTruth, now: Timestamp) -> Vec<Value> {
    let partitions = stream.partitions.iter();
    partitions
        .map(|partition| describe(truth, stream, partition, now))
        .collect()
}

fn describe(
    truth: &Truth,
    stream: &StreamTruth,
    partition: &PartitionTruth,
    now: Timestamp,
) -> Value {
    let names = |ids: &[std::sync::Arc<str>]| -> Vec<String> {
        ids.iter().map(ToString::to_string).collect()
    };
    let flags = [
        (partition.paused_flag, "paused"),
        (partition.readonly_flag, "readonly"),
    ];
    let flags = flags.into_iter().filter(|(set, _)| *set);
    let lag: Map<String, Value> = partition
        .replica_lag
        .iter()
        .map(|(broker, lag)| (broker.to_string(), json!(lag)))
        .collect();
    json!({
        "stream": &*stream.name,
        "partition": partition.id,
        "leader": partition.leader.as_deref(),
        "replicas": names(&partition.replicas),
        "isr": names(&partition.in_sync),
        "high_watermark": partition.high_watermark,
        "newest_offset": partition.newest_offset,
        "paused": partition.paused.as_bool(),
        "readonly": partition.readonly.as_bool(),
        "flags": flags.map(|(_, name)| name).collect::<Vec<_>>(),
        "status": partition.status.as_str(),
        "replica_lag": lag,
        "last_message": time(partition.last_message),
        "views": views(truth, partition, now),
    })
}

fn views(truth: &Truth, partition: &PartitionTruth, now: Timestamp) -> Map<String, Value> {
    let witnesses = truth.replica_views(partition);
    witnesses
        .map(|witness| {
            let view = json!({
                "high_watermark": witness.high_watermark,
                "newest_offset": witness.newest_offset,
                "age_ms": witness.at.map(|at| milliseconds(at.age(now))),
                "error": witness.failure.map(|failure| &failure.sentence),
            });
            (witness.broker.to_string(), view)
        })
        .collect()
}
