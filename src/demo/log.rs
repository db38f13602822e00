//! One partition's messages: append, look up, read, retain, compact. Plain memory, no lock, no clock.
//! Who may see how far is `partition.rs`.

use std::collections::{HashMap, VecDeque};

use bytes::{Bytes, BytesMut};

/// How much memory one arena of encoded messages takes at most, and at least.
const ARENA: usize = 64 * 1024;
const ARENA_LEAST: usize = 1024;

/// What a stream keeps; zero is *no limit*. Whole segments go, the newest segment never does (wire-contract §5).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Retention {
    /// Most bytes of keys and values.
    pub(super) bytes: u64,
    /// Most messages.
    pub(super) messages: u64,
    /// Oldest age, nanoseconds.
    pub(super) age: i64,
    /// A segment is closed when it holds this many bytes.
    pub(super) segment_bytes: u64,
    /// A segment is closed when its first message is this old, nanoseconds.
    pub(super) segment_age: i64,
    /// Whether older messages of a key go when a newer one is there.
    pub(super) compact: bool,
}

/// One stored message: as it goes over the wire, and what the log itself needs to find it.
#[derive(Debug)]
struct StoredMessage {
    offset: i64,
    timestamp: i64,
    key: Bytes,
    frame: Bytes,
}

#[derive(Debug, Default)]
struct Segment {
    entries: Vec<StoredMessage>,
    bytes: u64,
}

impl Segment {
    fn first(&self) -> Option<&StoredMessage> {
        self.entries.first()
    }

    fn newest_timestamp(&self) -> i64 {
        self.entries.last().map_or(0, |entry| entry.timestamp)
    }
}

/// The messages of one partition, in offset order.
#[derive(Debug, Default)]
pub(super) struct Log {
    segments: VecDeque<Segment>,
    arena: BytesMut,
    next: i64,
    newest_timestamp: i64,
}

impl Log {
    /// The offset that the next message gets.
    pub(super) fn next_offset(&self) -> i64 {
        self.next
    }

    /// The oldest offset still held; where nothing is, the next one.
    pub(super) fn oldest(&self) -> i64 {
        let first = self.segments.iter().find_map(Segment::first);
        first.map_or(self.next, |entry| entry.offset)
    }

    /// Whether nothing is held.
    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Stores one message. `encode` writes it as the wire has it, given its offset and its time: never earlier than the one before.
    pub(super) fn append(
        &mut self,
        retention: &Retention,
        now: i64,
        key: &[u8],
        encode: impl FnOnce(i64, i64, &mut BytesMut),
    ) -> (i64, i64) {
        let timestamp = now.max(self.newest_timestamp);
        let offset = self.next;
        self.make_room();
        encode(offset, timestamp, &mut self.arena);
        let frame = self.arena.split().freeze();
        let segment = self.open_segment(retention, timestamp);
        segment.bytes += u64::try_from(frame.len()).unwrap_or(u64::MAX);
        let key = if retention.compact {
            Bytes::copy_from_slice(key)
        } else {
            Bytes::new()
        };
        segment.entries.push(StoredMessage {
            offset,
            timestamp,
            key,
            frame,
        });
        self.next += 1;
        self.newest_timestamp = timestamp;
        (offset, timestamp)
    }

    /// Arenas grow with the log, so that ten thousand small partitions stay small.
    fn make_room(&mut self) {
        if self.arena.capacity() < ARENA_LEAST / 2 {
            let filled = self.segments.back().map_or(0, |segment| segment.bytes);
            let room = usize::try_from(filled)
                .unwrap_or(ARENA)
                .clamp(ARENA_LEAST, ARENA);
            self.arena = BytesMut::with_capacity(room);
        }
    }

    fn open_segment(&mut self, retention: &Retention, now: i64) -> &mut Segment {
        let full = self.segments.back().is_none_or(|segment| {
            let too_big = retention.segment_bytes > 0 && segment.bytes >= retention.segment_bytes;
            let born = segment.first().map_or(now, |entry| entry.timestamp);
            too_big || (retention.segment_age > 0 && now - born >= retention.segment_age)
        });
        if full {
            self.segments.push_back(Segment::default());
        }
        let last = self.segments.len() - 1;
        &mut self.segments[last]
    }

    /// Messages from `from` to `through`, both inclusive, oldest first, until `most` bytes are taken. Each with its offset.
    pub(super) fn read(&self, from: i64, through: i64, most: usize) -> Vec<(i64, Bytes)> {
        let mut taken = Vec::new();
        let mut bytes = 0;
        for entry in self.from(from) {
            if entry.offset > through || bytes >= most {
                break;
            }
            bytes += entry.frame.len();
            taken.push((entry.offset, entry.frame.clone()));
        }
        taken
    }

    /// The message at `offset`, or the nearest one before it.
    pub(super) fn at_or_before(&self, offset: i64) -> Option<(i64, Bytes)> {
        let found = self.last_of(|message| message.offset <= offset)?;
        Some((found.offset, found.frame.clone()))
    }

    fn from(&self, offset: i64) -> impl Iterator<Item = &StoredMessage> {
        let (segment, index) = self.count(|message| message.offset < offset);
        let inside = self.segments.iter().skip(segment);
        inside.flat_map(|segment| &segment.entries).skip(index)
    }

    /// The first offset whose time is `timestamp` or later.
    pub(super) fn first_since(&self, timestamp: i64) -> Option<i64> {
        let (segment, index) = self.count(|message| message.timestamp < timestamp);
        let entries = &self.segments.get(segment)?.entries;
        entries.get(index).map(|message| message.offset)
    }

    /// The last offset whose time is `timestamp` or earlier; of an empty log none.
    pub(super) fn last_until(&self, timestamp: i64) -> Option<i64> {
        let last = self.last_of(|message| message.timestamp <= timestamp);
        last.map(|message| message.offset)
    }

    /// How many segments, and how many messages of the next one, fulfil what only messages at the beginning do.
    fn count(&self, is_early: impl Fn(&StoredMessage) -> bool) -> (usize, usize) {
        let is_whole = |segment: &Segment| segment.entries.last().is_none_or(&is_early);
        let segments = self.segments.partition_point(is_whole);
        let next = self.segments.get(segments);
        let index = next.map_or(0, |segment| segment.entries.partition_point(is_early));
        (segments, index)
    }

    fn last_of(&self, is_early: impl Fn(&StoredMessage) -> bool) -> Option<&StoredMessage> {
        let (segments, index) = self.count(is_early);
        if let Some(before) = index.checked_sub(1) {
            return self.segments.get(segments)?.entries.get(before);
        }
        self.segments.get(segments.checked_sub(1)?)?.entries.last()
    }

    /// Forgets all messages from `offset` on, as a new leader does that never got them.
    pub(super) fn truncate(&mut self, offset: i64) {
        while let Some(segment) = self.segments.back_mut() {
            let kept = segment
                .entries
                .partition_point(|entry| entry.offset < offset);
            let gone: usize = segment
                .entries
                .drain(kept..)
                .map(|entry| entry.frame.len())
                .sum();
            segment.bytes -= u64::try_from(gone).unwrap_or(0);
            if !segment.entries.is_empty() {
                break;
            }
            self.segments.pop_back();
        }
        self.next = self.next.min(offset);
    }

    /// Applies the limits in the servers' order: age, messages, bytes; then compaction up to `committed`.
    pub(super) fn clean(&mut self, retention: &Retention, now: i64, committed: i64) {
        while self.segments.len() > 1 && self.first_segment_may_go(retention, now) {
            self.segments.pop_front();
        }
        if retention.compact {
            self.compact(committed);
        }
    }

    fn first_segment_may_go(&self, retention: &Retention, now: i64) -> bool {
        let Some(first) = self.segments.front() else {
            return false;
        };
        let messages: usize = self
            .segments
            .iter()
            .map(|segment| segment.entries.len())
            .sum();
        let too_old = retention.age > 0 && now - first.newest_timestamp() > retention.age;
        let too_many = retention.messages > 0
            && u64::try_from(messages).unwrap_or(u64::MAX) > retention.messages;
        too_old || too_many || (retention.bytes > 0 && self.bytes() > retention.bytes)
    }

    fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Keeps the last message of each key and all without one; the newest segment stays as it is.
    fn compact(&mut self, committed: i64) {
        let mut newest: HashMap<Bytes, i64> = HashMap::new();
        for entry in self.segments.iter().flat_map(|segment| &segment.entries) {
            if !entry.key.is_empty() && entry.offset <= committed {
                newest.insert(entry.key.clone(), entry.offset);
            }
        }
        let closed = self.segments.len().saturating_sub(1);
        for segment in self.segments.iter_mut().take(closed) {
            segment.entries.retain(|entry| {
                let last = newest.get(&entry.key);
                entry.offset > committed || last.is_none_or(|last| *last == entry.offset)
            });
            let left: usize = segment.entries.iter().map(|entry| entry.frame.len()).sum();
            segment.bytes = u64::try_from(left).unwrap_or(u64::MAX);
        }
        let newest_segment = self.segments.pop_back();
        self.segments.retain(|segment| !segment.entries.is_empty());
        self.segments.extend(newest_segment);
    }
}

#[cfg(test)]
mod tests {
    use bytes::BufMut;

    use super::{Log, Retention};

    fn log_of(retention: &Retention, keys: &[&'static str]) -> Log {
        let mut log = Log::default();
        for (time, key) in (0_i64..).zip(keys) {
            log.append(retention, time * 10, key.as_bytes(), |_, _, arena| {
                arena.put_slice(b"0123456789");
            });
        }
        log
    }

    fn offsets(log: &Log) -> Vec<i64> {
        log.read(0, i64::MAX, usize::MAX)
            .into_iter()
            .map(|(offset, _)| offset)
            .collect()
    }

    #[test]
    fn retention_drops_whole_segments_and_never_the_newest() {
        let retention = Retention {
            bytes: 30,
            segment_bytes: 20,
            ..Retention::default()
        };
        let mut log = log_of(&retention, &["a", "b", "c", "d", "e"]);
        log.clean(&retention, 0, 4);
        assert_eq!(offsets(&log), [2, 3, 4]);
        let none = Retention {
            messages: 1,
            ..retention
        };
        log.clean(&none, 0, 4);
        assert_eq!(offsets(&log), [4]);
        assert_eq!(log.oldest(), 4);
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

    #[test]
    fn times_find_the_nearest_message_on_either_side() {
        let log = log_of(
            &Retention {
                segment_bytes: 20,
                ..Retention::default()
            },
            &["a"; 5],
        );
        assert_eq!(log.first_since(11), Some(2));
        assert_eq!(log.first_since(41), None);
        assert_eq!(log.last_until(39), Some(3));
        assert_eq!(log.last_until(-1), None);
    }

    #[test]
    fn a_new_leader_forgets_what_it_never_had() {
        let mut log = log_of(
            &Retention {
                segment_bytes: 20,
                ..Retention::default()
            },
            &["a"; 5],
        );
        log.truncate(3);
        assert_eq!(offsets(&log), [0, 1, 2]);
        assert_eq!(log.next_offset(), 3);
        assert_eq!(log.at_or_before(9).map(|(offset, _)| offset), Some(2));
    }
}
