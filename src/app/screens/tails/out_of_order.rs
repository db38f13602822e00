//! Messages that came late: when newer ones of other partitions had been shown for longer than the window.
//! In the rows late messages stand where their time puts them; a count and a sign mark them for whoever read past that place.

use std::time::Duration;

use crate::model::{Offset, PartitionId, StreamName};
use crate::store::{Chunk, MessageRef, Store};

/// How much older than messages already shown one has to be to count as late. Leaders and connections differ by some
/// hundredths of a second.
pub(crate) const LATE_AFTER: Duration = Duration::from_secs(1);

/// Of more ranges than this the first lose their signs: each row on the screen is compared with all of them.
const MAX_RANGES: usize = 1_000;

/// Which messages came late.
#[derive(Clone, Debug, Default)]
pub struct OutOfOrder {
    count: u64,
    ranges: Vec<LateRange>,
}

/// Late messages of one partition without one between them that was not.
#[derive(Clone, Debug)]
struct LateRange {
    stream: StreamName,
    partition: PartitionId,
    first: Offset,
    last: Offset,
}

impl LateRange {
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
        self.ranges.iter().any(|range| {
            (range.first..=range.last).contains(&message.offset())
                && range.is_of(message.stream(), message.partition())
        })
    }

    /// Records which messages of a chunk are late, before they are put into the store.
    pub(super) fn record(&mut self, chunk: &Chunk, store: &Store) {
        let messages = store.out_of_order_in(chunk, LATE_AFTER);
        let last = messages.checked_sub(1).and_then(|last| chunk.get(last));
        let Some(last) = last.map(|message| message.offset()) else {
            return;
        };
        self.count += u64::try_from(messages).unwrap_or(u64::MAX);
        let (stream, partition, first) = (chunk.stream(), chunk.partition(), chunk.first_offset());
        let mut ranges = self.ranges.iter_mut().rev();
        match ranges.find(|range| range.is_of(stream, partition)) {
            Some(range) if range.last.checked_add(1) == Some(first) => range.last = last,
            _ => self.ranges.push(LateRange {
                stream: StreamName::clone(stream),
                partition,
                first,
                last,
            }),
        }
        let surplus = self.ranges.len().saturating_sub(MAX_RANGES);
        self.ranges.drain(..surplus);
    }

    /// Forgets messages that have left memory; the count stays.
    pub(super) fn forget_evicted(&mut self, store: &Store) {
        self.ranges.retain(|range| {
            let kept = store.offsets(&range.stream, range.partition);
            kept.is_some_and(|(oldest, newest)| range.last >= oldest && range.first <= newest)
        });
    }
}
