//! `liftui subjects`: which streams store what is published to a NATS subject, and which streams store the same messages.
//! How that follows from what brokers say is `health`'s.

use std::sync::Arc;

use serde::Serialize;

use super::args::SubjectsArgs;
use super::cell_format::known;
use super::cluster_snapshot::ClusterSnapshot;
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::output::{Column, OutputRow, output_row};
use crate::health::{StoringPartition, StreamTruth, SubjectStorage, Truth};
use crate::model::{
    PartitionId, StreamName, did_you_mean, first_names, is_subject_pattern, subject_of_partition,
};

output_row! {
    /// A partition that stores a subject.
    struct StoringRow {
        stream: StreamName,
        partition: PartitionId,
        subject: String,
        status: &'static str,
        paused: Option<bool>,
        readonly: Option<bool>,
    }
}

impl OutputRow for StoringRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::name("STREAM", |row| row.stream.to_string()),
        Column::number("PARTITION", |row| row.partition.to_string()),
        Column::name("SUBJECT", |row| row.subject.clone()),
        Column::text("STATUS", |row| row.status.to_owned()),
        Column::text("READONLY", |row| known(row.readonly)),
    ];

    fn raw(&self) -> String {
        format!("{}:{}", self.stream, self.partition)
    }
}

output_row! {
    /// A stream, and who else stores what it stores.
    struct SubjectRow {
        stream: StreamName,
        subjects: Vec<String>,
        overlaps: Vec<Overlap>,
        overlaps_complete: bool,
    }
}

/// Another stream that stores messages of a stream.
#[derive(Clone, Debug, Serialize)]
struct Overlap {
    /// The other stream.
    stream: StreamName,
    /// The first of its partitions that do.
    partition: PartitionId,
    /// The subject of that.
    subject: String,
    /// The subject of the stream's own that has messages in common with it.
    own_subject: String,
}

impl OutputRow for SubjectRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::name("STREAM", |row| row.stream.to_string()),
        Column::names("SUBJECTS", |row| match row.subjects.as_slice() {
            [first, .., last] => format!("{first} … {last}"),
            [only] => only.clone(),
            [] => String::new(),
        }),
        Column::names("STORED TOO BY", |row| {
            let names: Vec<&str> = row.overlaps.iter().map(|other| &*other.stream).collect();
            let names = first_names(&names);
            if row.overlaps_complete {
                names
            } else {
                format!("{names} at least")
            }
        }),
    ];

    fn raw(&self) -> String {
        self.subjects.join("\t")
    }
}

/// Prints who stores a subject; without one, what each stream stores.
pub(crate) async fn subjects(context: &mut CommandContext<'_>, args: &SubjectsArgs) -> Result {
    let truth = ClusterSnapshot::take_snapshot(context).await?.truth();
    let storage = SubjectStorage::of(&truth);
    let Some(subject) = &args.subject else {
        let (internal, own): (Vec<_>, Vec<_>) =
            truth.streams.iter().partition(|stream| stream.internal);
        let streams = own.into_iter().chain(internal);
        let rows: Vec<SubjectRow> = streams.map(|stream| row_of(stream, &storage)).collect();
        context.printer(args.output).print_all(&rows)?;
        return Ok(Exit::DONE);
    };
    let found = storage.storing(subject);
    if found.is_empty() {
        return Err(stored_by_nobody(subject, &truth));
    }
    let rows: Vec<StoringRow> = found.iter().map(storing_row).collect();
    context.printer(args.output).print_all(&rows)?;
    Ok(Exit::DONE)
}

fn storing_row(place: &StoringPartition<'_>) -> StoringRow {
    let StoringPartition { stream, partition } = place;
    StoringRow {
        stream: Arc::clone(&stream.name),
        partition: partition.id,
        subject: place.subject(),
        status: partition.status.as_str(),
        paused: partition.paused.as_bool(),
        readonly: partition.readonly.as_bool(),
    }
}

fn row_of(stream: &StreamTruth, storage: &SubjectStorage<'_>) -> SubjectRow {
    let partitions = stream.partitions.iter();
    let subjects: Vec<String> = partitions
        .map(|partition| subject_of_partition(&stream.subject, partition.id))
        .collect();
    let (overlaps, overlaps_complete) = storage.overlaps(stream);
    let overlaps = overlaps.into_iter().map(|overlap| Overlap {
        stream: Arc::clone(&overlap.other.stream.name),
        partition: overlap.other.partition.id,
        subject: overlap.other.subject(),
        own_subject: overlap.own_subject,
    });
    SubjectRow {
        stream: Arc::clone(&stream.name),
        overlaps: overlaps.collect(),
        overlaps_complete,
        subjects,
    }
}

fn stored_by_nobody(subject: &str, truth: &Truth) -> CliError {
    let known = truth.streams.iter().map(|stream| &*stream.subject);
    let hint = did_you_mean(subject, known);
    let hint = if is_subject_pattern(subject) || hint.is_empty() {
        "; liftui subjects lists what streams store".to_owned()
    } else {
        hint
    };
    let sentence = format!("no stream stores what is published to \"{subject}\"{hint}");
    CliError::new(Exit::NOT_FOUND, sentence)
}
