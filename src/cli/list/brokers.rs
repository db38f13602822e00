//! A broker as an object of `liftui brokers`.

use serde_json::{Value, json};

use crate::cli::cell_format::{age, known, latency, list};
use crate::cli::json::{milliseconds, time};
use crate::cli::output::{Column, TableSpec};
use crate::health::{BrokerTruth, Reach};
use crate::model::Timestamp;

/// How brokers are printed.
pub(super) static SHAPE: TableSpec = TableSpec {
    fields: &[
        "id",
        "address",
        "reachable",
        "since",
        "latency_ms",
        "partitions",
        "leaders",
        "listed_by",
        "error",
    ],
    raw: &["address"],
    columns: &[
        Column::text("ID", "id", 0),
        Column::text("ADDRESS", "address", 0),
        Column::text("REACHABLE", "reachable", 0).shown(known),
        Column::text("SINCE", "since", 0).shown(age),
        Column::number("LATENCY", "latency_ms", 0).shown(latency),
        Column::number("PARTITIONS", "partitions", 0),
        Column::number("LEADERS", "leaders", 0),
        Column::text("LISTED BY", "listed_by", 0).shown(list),
        Column::text("ERROR", "error", 0),
    ],
};

/// The object.
pub(super) fn describe(broker: &BrokerTruth) -> Value {
    let reachable = match broker.reach {
        Reach::Answering => Some(true),
        Reach::Silent { .. } => Some(false),
        Reach::NotAskedYet | Reach::AddressUnknown { .. } => None,
    };
    let since = broker.reach.silent_since().unwrap_or(Timestamp::NEVER);
    let listed_by: Vec<&str> = broker.listed_by.iter().map(AsRef::as_ref).collect();
    json!({
        "id": broker.id.as_deref(),
        "address": &*broker.address,
        "reachable": reachable,
        "since": time(since),
        "latency_ms": broker.latency.map(milliseconds),
        "partitions": broker.partitions,
        "leaders": broker.leaders,
        "listed_by": listed_by,
        "error": broker.failure.as_ref().map(|failure| &failure.sentence),
    })
}
