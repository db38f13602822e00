//! `liftui subjects`: which streams store what is published to a NATS subject, and which streams store the same messages.
//! How subjects fit each other is `model`'s.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::args::SubjectsArgs;
use super::cell_format::known;
use super::cluster_snapshot::ClusterSnapshot;
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::output::{Column, OutputRow, output_row};
use crate::health::{PartitionTruth, StreamTruth, Truth};
use crate::model::{
    PartitionId, StreamName, SubjectIndex, did_you_mean, first_names, is_subject_pattern,
    subject_of_partition,
};

/// Other streams that are named for one stream. Where all are on one subject, each would be named for each.
const MOST_OVERLAPS: usize = 100;

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
        Column::text("STREAM", |row| row.stream.to_string()),
        Column::number("PARTITION", |row| row.partition.to_string()),
        Column::text("SUBJECT", |row| row.subject.clone()),
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
        Column::text("STREAM", |row| row.stream.to_string()),
        Column::text("SUBJECTS", |row| match row.subjects.as_slice() {
            [first, .., last] => format!("{first} … {last}"),
            [only] => only.clone(),
            [] => String::new(),
        }),
        Column::text("STORED TOO BY", |row| {
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

/// A partition of the cluster.
#[derive(Clone, Copy)]
struct StoringPartition<'a> {
    stream: &'a StreamTruth,
    partition: &'a PartitionTruth,
}

impl StoringPartition<'_> {
    fn subject(&self) -> String {
        subject_of_partition(&self.stream.subject, self.partition.id)
    }
}

/// Prints who stores a subject; without one, what each stream stores.
pub(crate) async fn subjects(context: &mut CommandContext<'_>, args: &SubjectsArgs) -> Result {
    let truth = ClusterSnapshot::take_snapshot(context).await?.truth();
    let index = index(&truth);
    let Some(subject) = &args.subject else {
        let (internal, own): (Vec<_>, Vec<_>) =
            truth.streams.iter().partition(|stream| stream.internal);
        let streams = own.into_iter().chain(internal);
        let rows: Vec<SubjectRow> = streams.map(|stream| row_of(stream, &index)).collect();
        context.printer(args.output).print_all(&rows)?;
        return Ok(Exit::DONE);
    };
    let mut found: Vec<StoringPartition<'_>> = index.overlapping(subject).copied().collect();
    if found.is_empty() {
        return Err(stored_by_nobody(subject, &truth));
    }
    found.sort_by_key(|place| (&place.stream.name, place.partition.id));
    let rows: Vec<StoringRow> = found.iter().map(storing_row).collect();
    context.printer(args.output).print_all(&rows)?;
    Ok(Exit::DONE)
}

fn index(truth: &Truth) -> SubjectIndex<StoringPartition<'_>> {
    let mut index = SubjectIndex::default();
    for stream in truth.streams.iter() {
        for partition in stream.partitions.iter() {
            let place = StoringPartition { stream, partition };
            index.insert(&place.subject(), place);
        }
    }
    index
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

fn row_of(stream: &StreamTruth, index: &SubjectIndex<StoringPartition<'_>>) -> SubjectRow {
    let partitions = stream.partitions.iter();
    let subjects: Vec<String> = partitions
        .map(|partition| subject_of_partition(&stream.subject, partition.id))
        .collect();
    let (overlaps, overlaps_complete) = overlaps_of(stream, &subjects, index);
    SubjectRow {
        stream: Arc::clone(&stream.name),
        overlaps: overlaps.into_values().collect(),
        overlaps_complete,
        subjects,
    }
}

/// The other streams by name, and whether these are all.
fn overlaps_of<'a>(
    stream: &StreamTruth,
    subjects: &[String],
    index: &SubjectIndex<StoringPartition<'a>>,
) -> (BTreeMap<&'a str, Overlap>, bool) {
    let mut overlaps: BTreeMap<&str, Overlap> = BTreeMap::new();
    for subject in subjects {
        for other in index.overlapping(subject) {
            let name: &'a str = &other.stream.name;
            let is_earlier = |known: &Overlap| known.partition <= other.partition.id;
            if *name == *stream.name || overlaps.get(name).is_some_and(is_earlier) {
                continue;
            }
            if overlaps.len() == MOST_OVERLAPS && !overlaps.contains_key(name) {
                return (overlaps, false);
            }
            let overlap = Overlap {
                stream: Arc::clone(&other.stream.name),
                partition: other.partition.id,
                subject: other.subject(),
                own_subject: subject.clone(),
            };
            overlaps.insert(name, overlap);
        }
    }
    (overlaps, true)
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
