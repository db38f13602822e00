//! Which partitions store a NATS subject, and which streams store the same messages. How subjects fit each other is `model`'s.

use std::collections::BTreeMap;

use super::partition_truth::PartitionTruth;
use super::truth::{StreamTruth, Truth};
use crate::model::{SubjectIndex, subject_of_partition};

/// Other streams that are named for one stream. Where all are on one subject, each would be named for each.
const MOST_OVERLAPS: usize = 100;

/// A partition of the cluster.
#[derive(Clone, Copy, Debug)]
pub struct StoringPartition<'a> {
    /// The stream that it is of.
    pub stream: &'a StreamTruth,
    /// The partition.
    pub partition: &'a PartitionTruth,
}

impl StoringPartition<'_> {
    /// The subject that it stores.
    pub fn subject(&self) -> String {
        subject_of_partition(&self.stream.subject, self.partition.id)
    }
}

/// Another stream that stores messages of a stream.
#[derive(Clone, Debug)]
pub struct SubjectOverlap<'a> {
    /// The first partition of the other stream that does.
    pub other: StoringPartition<'a>,
    /// The subject of the stream's own that has messages in common with it.
    pub own_subject: String,
}

/// Who stores which subject in a cluster.
#[derive(Debug)]
pub struct SubjectStorage<'a>(SubjectIndex<StoringPartition<'a>>);

impl<'a> SubjectStorage<'a> {
    /// Of all partitions that are known.
    pub fn of(truth: &'a Truth) -> Self {
        let mut index = SubjectIndex::default();
        for stream in truth.streams.iter() {
            for partition in stream.partitions.iter() {
                let place = StoringPartition { stream, partition };
                index.insert(&place.subject(), place);
            }
        }
        Self(index)
    }

    /// The partitions that store some of what fits a subject or a pattern, by stream and number.
    pub fn storing(&self, subject: &str) -> Vec<StoringPartition<'a>> {
        let mut found: Vec<StoringPartition<'a>> = self.0.overlapping(subject).copied().collect();
        found.sort_by_key(|place| (&place.stream.name, place.partition.id));
        found
    }

    /// The other streams that store messages of a stream, by name, and whether these are all: 100 are named at most.
    pub fn overlaps(&self, stream: &StreamTruth) -> (Vec<SubjectOverlap<'a>>, bool) {
        let mut overlaps: BTreeMap<&'a str, SubjectOverlap<'a>> = BTreeMap::new();
        for own in stream.partitions.iter() {
            let subject = subject_of_partition(&stream.subject, own.id);
            for other in self.0.overlapping(&subject) {
                let name: &'a str = &other.stream.name;
                let is_earlier =
                    |known: &SubjectOverlap<'_>| known.other.partition.id <= other.partition.id;
                if *name == *stream.name || overlaps.get(name).is_some_and(is_earlier) {
                    continue;
                }
                if overlaps.len() == MOST_OVERLAPS && !overlaps.contains_key(name) {
                    return (overlaps.into_values().collect(), false);
                }
                let overlap = SubjectOverlap {
                    other: *other,
                    own_subject: subject.clone(),
                };
                overlaps.insert(name, overlap);
            }
        }
        (overlaps.into_values().collect(), true)
    }
}
