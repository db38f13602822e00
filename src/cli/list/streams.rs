//! A stream as an object of `liftui streams`.

use std::sync::Arc;

use crate::cli::cell_format::{age, count, rate};
use crate::cli::json::{JsonTime, number};
use crate::cli::output::{Column, OutputRow, output_row};
use crate::health::{PartitionStatus, StreamTruth};
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
        /// Partitions that really are paused.
        paused: usize,
        /// Partitions that really are readonly.
        readonly: usize,
    }
}

impl OutputRow for StreamRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::name("NAME", |stream| stream.name.to_string()),
        Column::name("SUBJECT", |stream| stream.subject.to_string()),
        Column::number("PARTITIONS", |stream| stream.partitions.to_string()),
        Column::number("MESSAGES", |stream| count(stream.messages)),
        Column::number("MSG/S", |stream| rate(stream.rate)),
        Column::text("STATUS", Self::state),
        Column::text("AGE", |stream| age(&stream.created)),
    ];

    fn raw(&self) -> String {
        self.name.to_string()
    }
}

impl StreamRow {
    /// Its status, and how much of it is paused or readonly, as the dashboard's list has it.
    fn state(&self) -> String {
        let stopped = [(self.paused, "paused"), (self.readonly, "readonly")];
        let stopped = stopped.into_iter().filter(|(count, _)| *count > 0);
        let mut all: Vec<String> = stopped
            .map(|(count, word)| match count {
                count if count == self.partitions => word.to_owned(),
                count => format!("{count} of {} {word}", self.partitions),
            })
            .collect();
        // That a stream is paused in part says more than that its worst partition is.
        let says_more =
            [PartitionStatus::Serving, PartitionStatus::Paused].map(PartitionStatus::as_str);
        if all.is_empty() || !says_more.contains(&self.status) {
            all.insert(0, self.status.to_owned());
        }
        all.join(", ")
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
            paused: stream.status.paused,
            readonly: stream.status.readonly,
        }
    }
}
