//! A partition as an object of `liftui partitions`, with what each of its brokers reports.

use std::sync::Arc;

use serde::Serialize;

use crate::cli::cell_format::{age, known, list, offset, plain};
use crate::cli::json::{JsonTime, map, milliseconds};
use crate::cli::output::{Column, OutputRow, output_row};
use crate::health::{PartitionTruth, ReplicaView, StreamTruth, Truth};
use crate::model::{BrokerId, Offset, PartitionId, StreamName, Timestamp};

output_row! {
    /// A partition.
    pub(super) struct PartitionRow {
        stream: StreamName,
        pub(super) partition: PartitionId,
        pub(super) leader: Option<BrokerId>,
        pub(super) replicas: Vec<BrokerId>,
        pub(super) isr: Vec<BrokerId>,
        high_watermark: Option<Offset>,
        pub(super) newest_offset: Option<Offset>,
        paused: Option<bool>,
        pub(super) readonly: Option<bool>,
        flags: Vec<&'static str>,
        pub(super) status: &'static str,
        #[serde(serialize_with = "map")]
        replica_lag: Vec<(BrokerId, Option<i64>)>,
        pub(super) last_message: JsonTime,
        #[serde(serialize_with = "map")]
        pub(super) views: Vec<(BrokerId, ViewFields)>,
    }
}

/// What a broker reports of a partition.
#[derive(Clone, Serialize)]
pub(super) struct ViewFields {
    /// The newest committed offset.
    pub(super) high_watermark: Option<Offset>,
    pub(super) newest_offset: Option<Offset>,
    /// How long ago it reported them.
    pub(super) age_ms: Option<f64>,
    /// Why it does not answer now.
    pub(super) error: Option<String>,
}

impl OutputRow for PartitionRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::name("STREAM", |partition| partition.stream.to_string()),
        Column::number("#", |partition| partition.partition.to_string()),
        Column::name("LEADER", |partition| plain(partition.leader.as_ref())),
        Column::names("REPLICAS", |partition| list(&partition.replicas)),
        Column::names("ISR", |partition| list(&partition.isr)),
        Column::number("HW", |partition| offset(partition.high_watermark)),
        Column::number("NEWEST", |partition| offset(partition.newest_offset)),
        Column::text("LAST", |partition| age(&partition.last_message)),
        Column::text("PAUSED", |partition| known(partition.paused)),
        Column::text("READONLY", |partition| known(partition.readonly)),
        Column::text("STATUS", |partition| partition.status.to_owned()),
    ];

    fn raw(&self) -> String {
        format!("{}\t{}", self.stream, self.partition)
    }
}

/// All partitions of a stream.
pub(super) fn rows_of(
    truth: &Truth,
    stream: &StreamTruth,
    now: Timestamp,
) -> impl Iterator<Item = PartitionRow> {
    let partitions = stream.partitions.iter();
    partitions.map(move |partition| row(truth, stream, partition, now))
}

fn row(
    truth: &Truth,
    stream: &StreamTruth,
    partition: &PartitionTruth,
    now: Timestamp,
) -> PartitionRow {
    let flags = [
        (partition.paused_flag, "paused"),
        (partition.readonly_flag, "readonly"),
    ];
    let flags = flags.into_iter().filter(|(set, _)| *set);
    let views = truth.replica_views(partition);
    PartitionRow {
        stream: Arc::clone(&stream.name),
        partition: partition.id,
        leader: partition.leader.clone(),
        replicas: partition.replicas.to_vec(),
        isr: partition.in_sync.to_vec(),
        high_watermark: partition.high_watermark,
        newest_offset: partition.newest_offset,
        paused: partition.paused.as_bool(),
        readonly: partition.readonly.as_bool(),
        flags: flags.map(|(_, name)| name).collect(),
        status: partition.status.as_str(),
        replica_lag: partition
            .replica_lag()
            .map(|(id, lag)| (BrokerId::clone(id), lag))
            .collect(),
        last_message: JsonTime(partition.last_message),
        views: views.map(|view| view_fields(view, now)).collect(),
    }
}

fn view_fields(view: ReplicaView<'_>, now: Timestamp) -> (BrokerId, ViewFields) {
    let fields = ViewFields {
        high_watermark: view.high_watermark,
        newest_offset: view.newest_offset,
        age_ms: view.at.map(|at| milliseconds(at.age(now))),
        error: view.failure.map(|failure| failure.sentence.clone()),
    };
    (BrokerId::clone(view.broker), fields)
}
