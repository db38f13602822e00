//! What was read of one partition: from where to where, what of that nobody can read any more, and how the reading ended.

use serde::{Deserialize, Serialize};

use crate::model::{
    EndReason, Offset, PartitionId, StreamName, SubscriptionEvent, Target, counted, verb_of,
};
use crate::store::Chunk;

/// What was read of a partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionStatistics {
    /// The stream.
    pub stream: StreamName,
    /// The partition.
    pub partition: PartitionId,
    /// The first offset that was read.
    pub first: Option<Offset>,
    /// The last one.
    pub last: Option<Offset>,
    /// Messages that the query found.
    pub messages: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Offsets between the first and the last that hold no message any more: compaction, or retention while it was read.
    pub missing: u64,
    /// Offsets before the first that were asked for and are gone.
    pub removed: u64,
    /// Messages at the end that are stored and not committed, which nobody can read.
    pub uncommitted: u64,
    /// Whether its end was reached.
    pub is_done: bool,
    /// Why not, where it never will be, or what else is to know: one sentence.
    pub note: Option<String>,
}

impl PartitionStatistics {
    /// Nothing was read yet.
    pub fn new(stream: StreamName, partition: PartitionId) -> Self {
        Self {
            stream,
            partition,
            first: None,
            last: None,
            messages: 0,
            bytes: 0,
            missing: 0,
            removed: 0,
            uncommitted: 0,
            is_done: false,
            note: None,
        }
    }

    /// A chunk was read; chunks of a partition come in order.
    pub(in crate::store) fn record_chunk(&mut self, chunk: &Chunk, from_earliest: bool) {
        let (first, last) = (chunk.first_offset(), chunk.last_offset());
        let span = |from: Offset, to: Offset| u64::try_from(to.saturating_sub(from)).unwrap_or(0);
        let held = u64::try_from(chunk.len()).unwrap_or(0);
        let next = self.last.map_or(first, |last| last.saturating_add(1));
        let offsets = span(next, last.saturating_add(1));
        self.missing += offsets.saturating_sub(held);
        if self.first.is_none() {
            self.first = Some(first);
            if from_earliest {
                self.removed = span(0, first);
            }
        }
        self.last = Some(last);
    }

    /// Something happened to the reading.
    pub(in crate::store) fn apply_event(&mut self, event: &SubscriptionEvent) {
        match event {
            SubscriptionEvent::Gap { .. } if self.last.is_none() => {
                self.removed += event.removed();
            }
            SubscriptionEvent::Uncommitted { from, to } => {
                let count = to.saturating_sub(*from).saturating_add(1);
                self.uncommitted = u64::try_from(count).unwrap_or(0);
            }
            SubscriptionEvent::PastEnd { .. }
            | SubscriptionEvent::Emptied { .. }
            | SubscriptionEvent::Rewound { .. } => {
                self.note = event.sentence(&self.target());
            }
            SubscriptionEvent::Ended(reason) => self.end(reason.clone()),
            SubscriptionEvent::Opened { .. }
            | SubscriptionEvent::Resuming { .. }
            | SubscriptionEvent::Resumed { .. }
            | SubscriptionEvent::Gap { .. } => {}
        }
    }

    /// The reading is over.
    pub(in crate::store) fn end(&mut self, reason: EndReason) {
        match reason.failure(&self.target()) {
            Some(failure) => self.note = Some(failure.sentence),
            None => self.is_done = true,
        }
    }

    fn target(&self) -> Target {
        Target::Partition(StreamName::clone(&self.stream), self.partition)
    }

    /// That messages of the range were removed, in a sentence.
    pub(crate) fn removed_sentence(&self) -> Option<String> {
        let removed = counted(self.removed, "offset");
        let sentence = format!(
            "{}: {removed} of the range {} removed before they could be read",
            self.target(),
            verb_of(self.removed, "were")
        );
        (self.removed > 0).then_some(sentence)
    }

    /// What of the range nobody can read, in words.
    pub fn skipped(&self) -> Vec<String> {
        let words = [
            (self.removed, "before them removed"),
            (self.missing, "among them without a message"),
            (self.uncommitted, "after them not committed"),
        ];
        let skipped = words.into_iter().filter(|(count, _)| *count > 0);
        skipped
            .map(|(count, what)| format!("{} {what}", counted(count, "offset")))
            .collect()
    }
}
