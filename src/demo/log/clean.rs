//! What goes from a log by itself: retention takes whole segments, compaction what a newer message of its key replaces.

use std::collections::HashMap;

use bytes::Bytes;

use super::segment::{Removal, Segment};
use super::{EpochStart, Log};

/// What a stream keeps; zero is *no limit*. Whole segments go, the newest segment never does (wire-contract §5).
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::demo) struct Retention {
    /// Most bytes of keys and values.
    pub(in crate::demo) bytes: u64,
    /// Most messages.
    pub(in crate::demo) messages: u64,
    /// Oldest age, nanoseconds.
    pub(in crate::demo) age: i64,
    /// A segment is closed when it holds this many bytes.
    pub(in crate::demo) segment_bytes: u64,
    /// A segment is closed when its first message is this old, nanoseconds.
    pub(in crate::demo) segment_age: i64,
    /// Whether older messages of a key go when a newer one is there.
    pub(in crate::demo) compact: bool,
}

impl Log {
    /// What servers do each time that cleaning is due: close the segment that is old enough, and only where none is apply
    /// the limits in their order: age, messages, bytes; then compact up to `committed`. So retention empties a log by
    /// and by: the last segment goes once an empty one stands behind it.
    pub(in crate::demo) fn clean(&mut self, retention: &Retention, now: i64, committed: i64) {
        if self.roll(retention, now) {
            return;
        }
        while self.segments.len() > 1 && self.first_segment_may_go(retention, now) {
            if let Some(first) = self.segments.pop_front() {
                first.remove(Removal::Deleted);
            }
        }
        if retention.compact {
            self.compact(committed);
        }
        self.forget_old_epochs();
    }

    fn first_segment_may_go(&self, retention: &Retention, now: i64) -> bool {
        let Some(first) = self.segments.front() else {
            return false;
        };
        let counts = self.segments.iter().map(|segment| segment.messages.len());
        let messages = u64::try_from(counts.sum::<usize>()).unwrap_or(u64::MAX);
        let bytes: u64 = self.segments.iter().map(|segment| segment.bytes).sum();
        let too_old = retention.age > 0 && now - first.newest_timestamp() > retention.age;
        let too_many = retention.messages > 0 && messages > retention.messages;
        too_old || too_many || (retention.bytes > 0 && bytes > retention.bytes)
    }

    /// Keeps the last message of each key and all without one; writes all segments anew but the newest.
    fn compact(&mut self, committed: i64) {
        let mut newest: HashMap<Bytes, i64> = HashMap::new();
        for message in self.segments.iter().flat_map(|segment| &segment.messages) {
            if !message.key.is_empty() && message.offset <= committed {
                newest.insert(message.key.clone(), message.offset);
            }
        }
        let active = self.segments.pop_back();
        let compacted = self.segments.drain(..).map(|segment| {
            segment.remove(Removal::Replaced);
            segment.rewritten(|message| {
                let last = newest.get(&message.key);
                message.offset >= committed || last.is_none_or(|last| *last == message.offset)
            })
        });
        let compacted: Vec<Segment> = compacted.collect();
        let kept = compacted
            .into_iter()
            .filter(|segment| !segment.messages.is_empty());
        self.segments.extend(kept.chain(active));
    }

    /// Keeps of the leaderships that began before the log does the last one alone.
    fn forget_old_epochs(&mut self) {
        let base = self.segments.front().map_or(0, |segment| segment.base);
        let before = self.epochs.partition_point(|start| start.offset < base);
        if before > 1 {
            self.epochs.drain(..before - 1);
        }
        if let Some(EpochStart { offset, .. }) = self.epochs.first_mut() {
            *offset = base.max(*offset);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SMALL, log_of, offsets};
    use super::Retention;

    #[test]
    fn retention_drops_whole_segments_and_never_the_newest() {
        let retention = Retention { bytes: 30, ..SMALL };
        let mut log = log_of(&retention, &["a", "b", "c", "d", "e"]);
        log.clean(&retention, 0, 4);
        assert_eq!(offsets(&log), [2, 3, 4]);
        let one = Retention {
            messages: 1,
            ..retention
        };
        log.clean(&one, 0, 4);
        assert_eq!(offsets(&log), [4]);
        assert_eq!(log.oldest(), Some(4));
    }

    #[test]
    fn age_empties_a_log_once_its_last_segment_was_closed() {
        let retention = Retention {
            age: 100,
            segment_age: 50,
            ..SMALL
        };
        let mut log = log_of(&retention, &["a", "b"]);
        log.clean(&retention, 60, 1);
        assert_eq!(offsets(&log), [0, 1], "the segment was closed, no more");
        log.clean(&retention, 200, 1);
        assert_eq!((log.oldest(), log.newest()), (None, 1));
        log.clean(&retention, 300, 1);
        assert_eq!((log.oldest(), log.next_offset()), (None, 2));
    }

    #[test]
    fn compaction_keeps_the_last_of_each_key_and_all_without_one() {
        let retention = Retention {
            segment_bytes: 40,
            compact: true,
            ..Retention::default()
        };
        let mut log = log_of(&retention, &["a", "", "a", "b", "a", "b"]);
        log.clean(&retention, 0, 5);
        assert_eq!(offsets(&log), [1, 4, 5]);
    }

    #[test]
    fn compaction_leaves_what_is_not_committed() {
        let retention = Retention {
            segment_bytes: 40,
            compact: true,
            ..Retention::default()
        };
        let mut log = log_of(&retention, &["a", "a", "a", "a", "b"]);
        log.clean(&retention, 0, 1);
        assert_eq!(offsets(&log), [1, 2, 3, 4]);
    }
}
