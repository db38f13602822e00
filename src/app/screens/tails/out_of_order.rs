//! Messages that came late: when newer ones of other partitions had been shown for longer than the window.
//! They stand where their time puts them; who read past that place before is told by a count, and by a sign in the row.

use std::time::Duration;

use crate::model::{Offset, PartitionId, StreamName};
use crate::store::{Chunk, MessageRef, Store};

/// How long a place between two messages stays open for those of other partitions. Leaders and connections differ by
/// some hundredths of a second; what comes later than this is worth a word.
pub const SETTLES: Duration = Duration::from_secs(1);

/// Of more runs than this the first lose their signs: each row on the screen is compared with all of them.
const MOST: usize = 1_000;

/// Which messages came late.
#[derive(Debug, Default)]
pub struct OutOfOrder {
    count: u64,
    runs: Vec<Run>,
}

/// Neighbours of one partition.
#[derive(Debug)]
struct Run {
    stream: StreamName,
    partition: PartitionId,
    first: Offset,
    last: Offset,
}

impl Run {
    fn is_of(&self, stream: &str, partition: PartitionId) -> bool {
        self.partition == partition && *self.stream == *stream
    }
}

impl OutOfOrder {
    /// How many there have been.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether that message was one.
    pub fn is_late(&self, message: &MessageRef<'_>) -> bool {
        let of = |run: &Run| run.is_of(message.stream(), message.partition());
        let holds = |run: &Run| (run.first..=run.last).contains(&message.offset());
        self.runs.iter().any(|run| holds(run) && of(run))
    }

    /// Takes messages of a partition that is read live, before they are put into the store.
    pub(super) fn note(&mut self, chunk: &Chunk, store: &Store) {
        let messages = store.late_in(chunk, SETTLES);
        let last = messages.checked_sub(1).and_then(|last| chunk.get(last));
        let Some(last) = last.map(|message| message.offset()) else {
            return;
        };
        self.count += u64::try_from(messages).unwrap_or(u64::MAX);
        let (stream, partition, first) = (chunk.stream(), chunk.partition(), chunk.first_offset());
        let mut of = self.runs.iter_mut().rev();
        match of.find(|run| run.is_of(stream, partition)) {
            Some(run) if run.last.checked_add(1) == Some(first) => run.last = last,
            _ => self.runs.push(Run {
                stream: StreamName::clone(stream),
                partition,
                first,
                last,
            }),
        }
        let surplus = self.runs.len().saturating_sub(MOST);
        self.runs.drain(..surplus);
    }

    /// Drops what has left memory; the count stays.
    pub(super) fn keep(&mut self, store: &Store) {
        self.runs.retain(|run| {
            let kept = store.offsets(&run.stream, run.partition);
            kept.is_some_and(|(oldest, newest)| run.last >= oldest && run.first <= newest)
        });
    }
}
