//! What a comparison found as rows: what differs, and what was not verified.

use std::sync::Arc;

use crate::cli::cell_format::plain;
use crate::cli::output::{Column, OutputRow, output_row};
use crate::model::{BrokerId, Offset, PartitionId, StreamName};
use crate::runtime::verify::VerifyItem;
use crate::store::{Aspect, Difference, VerifyReport};

output_row! {
    /// Something that differs, or that was not verified.
    pub(super) struct DifferenceRow {
        stream: StreamName,
        partition: PartitionId,
        pub(super) offset: Option<Offset>,
        pub(super) last_offset: Option<Offset>,
        pub(super) replica: Option<BrokerId>,
        pub(super) what: Vec<&'static str>,
        crc: Option<String>,
        reference_crc: Option<String>,
        pub(super) reason: Option<String>,
    }
}

impl OutputRow for DifferenceRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::name("STREAM", |row| row.stream.to_string()),
        Column::number("PARTITION", |row| row.partition.to_string()),
        Column::number("OFFSET", |row| match (row.offset, row.last_offset) {
            (Some(first), Some(last)) if first < last => format!("{first}-{last}"),
            (first, _) => plain(first),
        }),
        Column::names("REPLICA", |row| plain(row.replica.as_ref())),
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

/// The row of something that was found in a partition.
pub(super) fn row(report: &VerifyReport, item: &VerifyItem) -> DifferenceRow {
    match item {
        VerifyItem::Difference(one) => difference(report, one),
        VerifyItem::Unverified(one) => DifferenceRow {
            offset: one.from,
            replica: one.replica.clone(),
            reason: Some(one.reason.clone()),
            ..row_of(report, vec!["not_verified"])
        },
    }
}

fn difference(report: &VerifyReport, one: &Difference) -> DifferenceRow {
    let what = one.aspects.iter().map(|aspect| Aspect::as_str(*aspect));
    let replica = one.replica.and_then(|at| report.copies.replicas.get(at));
    let checksum = |crc: u32| format!("{crc:08x}");
    DifferenceRow {
        offset: Some(one.offset),
        last_offset: Some(one.last_offset),
        replica: replica.cloned(),
        crc: one.checksums.map(|(own, _)| checksum(own)),
        reference_crc: one.checksums.map(|(_, reference)| checksum(reference)),
        ..row_of(report, what.collect())
    }
}

fn row_of(report: &VerifyReport, what: Vec<&'static str>) -> DifferenceRow {
    DifferenceRow {
        stream: Arc::clone(&report.stream),
        partition: report.partition,
        offset: None,
        last_offset: None,
        replica: None,
        what,
        crc: None,
        reference_crc: None,
        reason: None,
    }
}
