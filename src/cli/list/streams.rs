//! A stream as an object of `liftui streams`.

use std::sync::Arc;

use crate::cli::cell_format::{age, count, rate};
use crate::cli::json::{JsonTime, number};
use crate::cli::output::{Column, OutputRow, output_row};
use crate::health::StreamTruth;
use crate::model::StreamName;

output_row! {
    /// A stream.
    pub(super) struct StreamRow {
        name: StreamName,
        subject: Arc<str>,
        pub(super) created: JsonTime,
        partitions: usize,
        pub(super) messages: Option<i64>,
        pub(super) rate: Option<f64>,
        status: &'static str,
        internal: bool,
    }
}

impl OutputRow for StreamRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::name("NAME", |stream| stream.name.to_string()),
        Column::name("SUBJECT", |stream| stream.subject.to_string()),
        Column::number("PARTITIONS", |stream| stream.partitions.to_string()),
        Column::number("MESSAGES", |stream| count(stream.messages)),
        Column::number("MSG/S", |stream| rate(stream.rate)),
        Column::text("STATUS", |stream| stream.status.to_owned()),
        Column::text("AGE", |stream| age(&stream.created)),
    ];

    fn raw(&self) -> String {
        self.name.to_string()
    }
}

impl From<&StreamTruth> for StreamRow {
    fn from(stream: &StreamTruth) -> Self {
        Self {
            name: Arc::clone(&stream.name),
            subject: Arc::clone(&stream.subject),
            created: JsonTime(stream.created),
            partitions: stream.partitions.len(),
            messages: stream.messages,
            rate: stream.rate.map(number),
            status: stream.status.worst.as_str(),
            internal: stream.internal,
        }
    }
}
