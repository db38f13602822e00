//! Counts the messages that leaders were seen to append: offsets go back where a log lost its end, and a counter must not.

use std::collections::HashMap;
use std::sync::Arc;

use crate::health::{Known, PartitionTruth, StreamTruth, Truth};
use crate::model::{Offset, PartitionId, StreamName, Timestamp};

/// The counters of all partitions since they were begun.
#[derive(Debug)]
pub(super) struct MessageCounters {
    begun: Timestamp,
    streams: HashMap<StreamName, StreamCounter>,
    counted: Arc<[Arc<StreamTruth>]>,
}

/// The counters of one stream, and its truth that was counted last.
#[derive(Debug)]
struct StreamCounter {
    truth: Arc<StreamTruth>,
    partitions: Vec<PartitionCounter>,
}

/// One partition's: where its log ended, and how much was appended.
#[derive(Clone, Copy, Debug, Default)]
struct PartitionCounter {
    newest: Option<Offset>,
    appended: u64,
}

impl MessageCounters {
    /// Nothing is counted yet.
    pub(super) fn new(begun: Timestamp) -> Self {
        Self {
            begun,
            streams: HashMap::new(),
            counted: Arc::default(),
        }
    }

    /// Counts what was appended since the truth before.
    pub(super) fn update(&mut self, truth: &Truth) {
        if Arc::ptr_eq(&self.counted, &truth.streams) {
            return;
        }
        self.counted = Arc::clone(&truth.streams);
        self.streams.retain(|name, _| truth.stream(name).is_some());
        for stream in truth.streams.iter() {
            let begun = self.begun;
            let counter = self.streams.entry(Arc::clone(&stream.name));
            counter
                .or_insert_with(|| StreamCounter::new(stream, begun))
                .update(stream);
        }
    }

    /// Messages appended to a partition since counting began; `None` while its leader never said where its log ends.
    pub(super) fn appended(&self, stream: &str, id: PartitionId) -> Option<u64> {
        let counter = self.streams.get(stream)?;
        let partition = counter.partitions.get(usize::try_from(id).ok()?)?;
        partition.newest.map(|_| partition.appended)
    }
}

impl StreamCounter {
    /// A stream that was there when counting began is counted from where it is, a later one from its first message.
    fn new(truth: &Arc<StreamTruth>, begun: Timestamp) -> Self {
        let mut counter = Self {
            truth: Arc::clone(truth),
            partitions: vec![PartitionCounter::default(); truth.partitions.len()],
        };
        if truth.created > begun {
            counter.begin_anew();
        }
        counter.count();
        counter
    }

    fn update(&mut self, truth: &Arc<StreamTruth>) {
        if Arc::ptr_eq(&self.truth, truth) {
            return;
        }
        let is_another = truth.created != self.truth.created;
        self.truth = Arc::clone(truth);
        let length = self.partitions.len().max(truth.partitions.len());
        self.partitions.resize(length, PartitionCounter::default());
        if is_another {
            self.begin_anew();
        }
        self.count();
    }

    fn begin_anew(&mut self) {
        for partition in &mut self.partitions {
            partition.newest = Some(-1);
        }
    }

    fn count(&mut self) {
        // Partitions are numbered from 0 without gaps.
        for (partition, counter) in self.truth.partitions.iter().zip(&mut self.partitions) {
            if let Some(newest) = newest_of_leader(partition) {
                counter.count(newest);
            }
        }
    }
}

impl PartitionCounter {
    fn count(&mut self, newest: Offset) {
        if let Some(before) = self.newest {
            let appended = newest.saturating_sub(before);
            self.appended += u64::try_from(appended).unwrap_or(0);
        }
        self.newest = Some(newest);
    }
}

/// Where the log ends, by the leader's own word: that of another replica may be behind it.
fn newest_of_leader(partition: &PartitionTruth) -> Option<Offset> {
    let is_leaders = partition.source.is_some() && partition.source == partition.leader;
    let answers = partition.leader_reachable == Known::Yes;
    partition.newest_offset.filter(|_| is_leaders && answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(created: i64, leader: &str, newest: Offset) -> Truth {
        let partition = PartitionTruth {
            leader: Some("a".into()),
            leader_reachable: Known::Yes,
            newest_offset: Some(newest),
            source: Some(leader.into()),
            ..PartitionTruth::default()
        };
        let stream = StreamTruth {
            name: "orders".into(),
            created: Timestamp(created),
            partitions: [partition].into(),
            ..StreamTruth::default()
        };
        Truth {
            streams: [Arc::new(stream)].into(),
            ..Truth::default()
        }
    }

    fn appended(truths: &[(i64, &str, Offset)]) -> Option<u64> {
        let mut counters = MessageCounters::new(Timestamp(100));
        for (created, source, newest) in truths {
            counters.update(&truth(*created, source, *newest));
        }
        counters.appended("orders", 0)
    }

    #[test]
    fn what_was_there_before_is_not_counted_and_a_new_stream_from_its_first_message() {
        assert_eq!(appended(&[(1, "a", 41)]), Some(0));
        assert_eq!(appended(&[(1, "a", 41), (1, "a", 50)]), Some(9));
        assert_eq!(appended(&[(101, "a", 4)]), Some(5));
    }

    #[test]
    fn a_log_that_went_back_adds_nothing_and_what_is_appended_then_counts() {
        let truths = [(1, "a", 41), (1, "a", 51), (1, "a", 3), (1, "a", 5)];
        assert_eq!(appended(&truths), Some(12));
    }

    #[test]
    fn another_stream_of_the_name_is_counted_from_its_first_message() {
        assert_eq!(appended(&[(1, "a", 41), (2, "a", 1)]), Some(2));
    }

    #[test]
    fn only_the_leaders_word_counts() {
        assert_eq!(appended(&[(1, "b", 41)]), None);
        let truths = [(1, "a", 41), (1, "b", 39), (1, "a", 43)];
        assert_eq!(appended(&truths), Some(2));
    }
}
