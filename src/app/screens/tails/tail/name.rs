//! What a tail is called: the partitions that it reads, as `orders:0-3`.

use super::Tail;
use crate::app::screens::tails::TailPartition;
use crate::model::{PartitionId, StreamName, format_ranges};

impl Tail {
    /// The partitions that it reads, or those of several streams.
    pub(crate) fn name(&self) -> String {
        let names = partition_names(self.partitions.iter());
        if self.is_gone() {
            names + " (deleted)"
        } else {
            names
        }
    }
}

/// Partitions by their streams: `orders:0-3 payments:1`.
pub(crate) fn partition_names<'a>(partitions: impl Iterator<Item = &'a TailPartition>) -> String {
    let mut streams: Vec<(&StreamName, Vec<PartitionId>)> = Vec::new();
    for one in partitions {
        let mut known = streams.iter_mut();
        match known.find(|(stream, _)| *stream == &one.stream) {
            Some((_, ids)) => ids.push(one.partition),
            None => streams.push((&one.stream, vec![one.partition])),
        }
    }
    let texts = streams.into_iter().map(|(stream, mut ids)| {
        ids.sort_unstable();
        format!("{stream}:{}", format_ranges(&ids))
    });
    texts.collect::<Vec<_>>().join(" ")
}
