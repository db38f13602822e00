//! The partitions that typed texts mean: `orders`, `orders:0,2-4`, `orders-*`. A stream of exactly that name comes first, as on
//! the command line, whose own is decided by metadata in `cli::partition_spec`.

use std::sync::Arc;

use super::row_key::PartitionKey;
use crate::health::{StreamTruth, Truth};
use crate::model::{PartitionId, did_you_mean, is_pattern, no_such_partition, parse_ranges};

/// The partitions that these texts mean, each once, by stream and number.
pub(super) fn partitions_named(truth: &Truth, texts: &[&str]) -> Result<Vec<PartitionKey>, String> {
    let mut keys = Vec::new();
    for text in texts {
        let whole = truth.streams_named(text);
        if !whole.is_empty() {
            keys.extend(whole.into_iter().flat_map(all_of));
            continue;
        }
        let Some((name, ranges)) = text.rsplit_once(':') else {
            return Err(nothing_named(truth, text));
        };
        let streams = truth.streams_named(name);
        if streams.is_empty() {
            return Err(nothing_named(truth, name));
        }
        let asked = parse_ranges(ranges)?;
        for stream in streams {
            if is_pattern(name) {
                // Streams that fit and lack the partitions are left out.
                keys.extend(all_of(stream).filter(|(_, id)| asked.contains(id)));
            } else {
                let ids = existing_partitions(stream, &asked)?;
                keys.extend(ids.into_iter().map(|id| (Arc::clone(&stream.name), id)));
            }
        }
    }
    keys.sort_unstable();
    keys.dedup();
    Ok(keys)
}

/// The partitions that are asked for, which all have to be there; all of the stream where none is.
pub(super) fn existing_partitions(
    stream: &StreamTruth,
    asked: &[PartitionId],
) -> Result<Vec<PartitionId>, String> {
    let known = || stream.partitions.iter().map(|partition| partition.id);
    if asked.is_empty() {
        return Ok(known().collect());
    }
    match asked.iter().find(|id| !known().any(|one| one == **id)) {
        None => Ok(asked.to_vec()),
        Some(missing) => {
            let last = known().max().unwrap_or_default();
            Err(no_such_partition(&stream.name, *missing, last))
        }
    }
}

/// A name of no stream, with the one that was probably meant.
pub(super) fn no_such_stream(truth: &Truth, name: &str) -> String {
    let names = truth.streams.iter().map(|stream| &*stream.name);
    let hint = did_you_mean(name, names);
    format!("stream \"{name}\" does not exist{hint}")
}

fn all_of(stream: &StreamTruth) -> impl Iterator<Item = PartitionKey> {
    let ids = stream.partitions.iter().map(|partition| partition.id);
    ids.map(|id| (Arc::clone(&stream.name), id))
}

fn nothing_named(truth: &Truth, text: &str) -> String {
    if is_pattern(text) {
        return format!("no stream fits \"{text}\"");
    }
    no_such_stream(truth, text)
}
