//! Leaders and ISRs that have changed, in words for an incident: a broker's loss moves many at once, and those of one stream
//! are one line.

use std::collections::BTreeMap;

use super::rules::join;
use super::{IsrChange, LeaderChange};
use crate::model::{BrokerId, PartitionId, format_ranges};

/// What changed in the same way in partitions of one stream.
pub(super) struct Moved<'a, T> {
    /// In words.
    pub(super) text: String,
    /// Of which brokers and stream, the likeliest cause first.
    pub(super) names: Vec<&'a str>,
    /// The changes, one for each partition.
    pub(super) changes: Vec<&'a T>,
}

/// Leaders that moved.
pub(super) fn leaders(changes: &[LeaderChange]) -> Vec<Moved<'_, LeaderChange>> {
    let mut moved: BTreeMap<(&str, &BrokerId, &BrokerId), Vec<&LeaderChange>> = BTreeMap::new();
    for change in changes {
        let key = (&*change.stream, &change.to, &change.from);
        moved.entry(key).or_default().push(change);
    }
    let lines = moved.into_iter().map(|((stream, to, from), changes)| {
        let partitions: Vec<PartitionId> = changes.iter().map(|one| one.partition).collect();
        let places = format_ranges(&partitions);
        Moved {
            text: format!("{to} leads {stream}:{places}, before it {from}"),
            names: vec![&**from, stream, &**to],
            changes,
        }
    });
    lines.collect()
}

/// ISRs that shrank or grew.
pub(super) fn isrs(changes: &[IsrChange]) -> Vec<Moved<'_, IsrChange>> {
    let mut by_stream: BTreeMap<(&str, String), Vec<&IsrChange>> = BTreeMap::new();
    for change in changes {
        let (left, joined) = (&change.left, &change.joined);
        let left = (!left.is_empty()).then(|| format!("without {}", join(left, " and ")));
        let joined = (!joined.is_empty()).then(|| format!("with {} again", join(joined, " and ")));
        let parts: Vec<String> = left.into_iter().chain(joined).collect();
        let (in_sync, replicas) = (change.in_sync, change.replicas);
        let what = format!("{in_sync} of {replicas}, {}", parts.join(", "));
        let same = by_stream.entry((&*change.stream, what)).or_default();
        same.push(change);
    }
    let lines = by_stream.into_iter().map(|((stream, what), changes)| {
        let partitions: Vec<PartitionId> = changes.iter().map(|one| one.partition).collect();
        let places = format_ranges(&partitions);
        let first = changes.iter().take(1);
        let brokers = first.flat_map(|one| one.left.iter().chain(&one.joined));
        Moved {
            text: format!("ISR of {stream}:{places} is {what}"),
            names: brokers.map(|id| &**id).chain([stream]).collect(),
            changes,
        }
    });
    lines.collect()
}
