//! What a comparison found: rows for what differs and for what was not verified, sentences for the whole.

use std::sync::Arc;

use super::comparison::{Aspect, Comparison, Difference};
use super::replicas::{Readable, Unverified};
use crate::cli::cell_format::plain;
use crate::cli::output::{Column, OutputRow, output_row};
use crate::model::{BrokerId, Offset, PartitionId, StreamName, counted_plainly, verb_of};

output_row! {
    /// Something that differs, or that was not verified.
    pub(super) struct DifferenceRow {
        stream: StreamName,
        partition: PartitionId,
        offset: Option<Offset>,
        last_offset: Option<Offset>,
        replica: Option<BrokerId>,
        what: Vec<&'static str>,
        crc: Option<String>,
        reference_crc: Option<String>,
        reason: Option<String>,
    }
}

impl OutputRow for DifferenceRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::text("STREAM", |row| row.stream.to_string()),
        Column::number("PARTITION", |row| row.partition.to_string()),
        Column::number("OFFSET", |row| match (row.offset, row.last_offset) {
            (Some(first), Some(last)) if first < last => format!("{first}-{last}"),
            (first, _) => plain(first),
        }),
        Column::text("REPLICA", |row| plain(row.replica.as_ref())),
        Column::text("WHAT", |row| row.what.join(" ").replace('_', " ")),
        Column::text("WHY", |row| plain(row.reason.as_ref())),
    ];

    fn raw(&self) -> String {
        let replica = plain(self.replica.as_ref());
        let (partition, offset) = (self.partition, plain(self.offset));
        format!(
            "{}:{partition}\t{offset}\t{replica}\t{}",
            self.stream,
            self.what.join(",")
        )
    }
}

/// What was found in all partitions so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct VerifyTotals {
    pub(super) differences: u64,
    pub(super) unverified: u64,
}

/// The partition that is compared.
#[derive(Clone, Debug)]
pub(super) struct VerifiedPartition {
    pub(super) stream: StreamName,
    pub(super) partition: PartitionId,
}

impl VerifiedPartition {
    fn row(&self, what: Vec<&'static str>) -> DifferenceRow {
        DifferenceRow {
            stream: Arc::clone(&self.stream),
            partition: self.partition,
            offset: None,
            last_offset: None,
            replica: None,
            what,
            crc: None,
            reference_crc: None,
            reason: None,
        }
    }

    /// Something that differs.
    pub(super) fn difference(&self, one: &Difference, replicas: &[BrokerId]) -> DifferenceRow {
        let what = one.aspects.iter().map(|aspect| Aspect::as_str(*aspect));
        let replica = one.replica.and_then(|at| replicas.get(at));
        let checksum = |crc: u32| format!("{crc:08x}");
        DifferenceRow {
            offset: Some(one.offset),
            last_offset: Some(one.last_offset),
            replica: replica.cloned(),
            crc: one.checksums.map(|(own, _)| checksum(own)),
            reference_crc: one.checksums.map(|(_, reference)| checksum(reference)),
            ..self.row(what.collect())
        }
    }

    /// A copy that was not verified.
    pub(super) fn unverified(&self, one: &Unverified) -> DifferenceRow {
        DifferenceRow {
            offset: one.from,
            replica: one.replica.clone(),
            reason: Some(one.reason.clone()),
            ..self.row(vec!["not_verified"])
        }
    }
}

/// How the comparison of one partition ended, in one sentence.
pub(super) fn summary(
    place: &VerifiedPartition,
    readable: &Readable,
    comparison: &Comparison,
    totals: VerifyTotals,
) -> String {
    let VerifiedPartition { stream, partition } = place;
    let mut sentence = match comparison.last {
        None if readable.replicas.is_empty() => "nothing was verified".to_owned(),
        None => "there is nothing to compare".to_owned(),
        Some(last) => {
            let messages = counted_plainly(comparison.compared, "message");
            let copies = readable.replicas.len();
            let found = match (totals.differences, copies) {
                (0, 1) if totals.unverified == 0 => {
                    format!("{messages}, and no other copy to compare with")
                }
                (0, 1) => format!("{messages} of the only copy that could be read"),
                (0, _) => format!("{messages} equal in {copies} copies"),
                (count, _) => format!("{} in {messages}", counted_plainly(count, "difference")),
            };
            format!("{found}, up to offset {last}")
        }
    };
    if readable.committed > readable.common && !readable.replicas.is_empty() {
        let committed = readable.committed;
        sentence = format!("{sentence}; its leader has committed up to {committed}");
    }
    if comparison.absent > 0 {
        let absent = counted_plainly(comparison.absent, "offset");
        let verb = verb_of(comparison.absent, "are");
        sentence = format!("{sentence}; {absent} {verb} in no copy, as after compaction");
    }
    if comparison.unjudged > 0 {
        let messages = counted_plainly(comparison.unjudged, "missing message");
        sentence = format!("{sentence}; {messages} more were not judged");
    }
    if totals.unverified > 0 && !readable.replicas.is_empty() {
        let count = totals.unverified;
        let verb = verb_of(count, "were");
        let copies = if count == 1 { "copy" } else { "copies" };
        sentence = format!("{sentence}; {count} {copies} {verb} not verified to the end");
    }
    format!("{stream}:{partition}: {sentence}")
}
