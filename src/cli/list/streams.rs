//! A stream as an object of `liftui streams`.

use serde_json::{Value, json};

use crate::cli::cell_format::{age, count, rate};
use crate::cli::json::{number, time};
use crate::cli::output::{Column, TableSpec};
use crate::health::StreamTruth;

/// How streams are printed.
pub(crate) static SHAPE: TableSpec = TableSpec {
    fields: &[
        "name",
        "subject",
        "created",
        "partitions",
        "messages",
        "rate",
        "status",
        "internal",
    ],
    raw: &["name"],
    columns: &[
        Column::text("NAME", "name", 0),
        Column::text("SUBJECT", "subject", 0),
        Column::number("PARTITIONS", "partitions", 0),
        Column::number("MESSAGES", "messages", 0).shown(count),
        Column::number("MSG/S", "rate", 0).shown(rate),
        Column::text("STATUS", "status", 0),
        Column::text("AGE", "created", 0).shown(age),
    ],
};

/// The object.
pub(crate) fn describe(stream: &StreamTruth) -> Value {
    json!({
        "name": &*stream.name,
        "subject": &*stream.subject,
        "created": time(stream.created),
        "partitions": stream.partitions.len(),
        "messages": stream.messages,
        "rate": stream.rate.map(number),
        "status": stream.status.worst.as_str(),
        "internal": stream.internal,
    })
}
