//! One replica's messages: append, truncate, find. Plain memory, no lock, no clock.
//! Who may see how far is `replication.rs`; what retention and compaction take is `log/clean.rs`.

mod clean;
mod lookup;
mod reader;
mod segment;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use prost::Message as _;

pub(super) use clean::Retention;
pub(super) use lookup::LookupError;
pub(super) use reader::{CommittedLog, LogError, LogReader};
pub(super) use segment::StoredMessage;

use crate::wire::pb;
use segment::{Removal, Segment};

/// How much memory one arena of encoded messages takes at most, and at least.
const ARENA: usize = 64 * 1024;
const ARENA_LEAST: usize = 1024;

/// Where a leadership began in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct EpochStart {
    epoch: u64,
    offset: i64,
}

/// The messages of one replica, in offset order. The last segment is the one that is written to, and may be empty.
#[derive(Debug, Default)]
pub(super) struct Log {
    segments: VecDeque<Segment>,
    epochs: Vec<EpochStart>,
    arena: BytesMut,
}

impl Log {
    /// The offset that the next message gets.
    pub(super) fn next_offset(&self) -> i64 {
        self.segments.back().map_or(0, Segment::next_offset)
    }

    /// The newest offset, whether or not its message is still there; -1 where there never was one.
    pub(super) fn newest(&self) -> i64 {
        self.next_offset() - 1
    }

    /// The oldest offset still held, as servers know it: none while the first segment is empty.
    pub(super) fn oldest(&self) -> Option<i64> {
        let first = self.segments.front()?.first();
        first.map(|message| message.offset)
    }

    /// Stores one message as a leader does. `encode` writes it as the wire has it, given its offset and its time: never
    /// earlier than the one before.
    pub(super) fn append(
        &mut self,
        retention: &Retention,
        (now, epoch): (i64, u64),
        key: &[u8],
        encode: impl FnOnce(i64, i64, &mut BytesMut),
    ) -> (i64, i64) {
        let newest = self.segments.iter().rev();
        let newest = newest.map(Segment::newest_timestamp).find(|time| *time > 0);
        let timestamp = newest.map_or(now, |newest| newest.max(now));
        let offset = self.next_offset();
        self.make_room();
        encode(offset, timestamp, &mut self.arena);
        let key = if retention.compact {
            Bytes::copy_from_slice(key)
        } else {
            Bytes::new()
        };
        let message = StoredMessage {
            offset,
            timestamp,
            epoch,
            key,
            frame: self.arena.split().freeze(),
        };
        self.append_copy(retention, &Arc::new(message));
        (offset, timestamp)
    }

    /// Stores a message of the leader's as a follower does, at the leader's offset.
    pub(super) fn append_copy(&mut self, retention: &Retention, message: &Arc<StoredMessage>) {
        self.roll(retention, message.timestamp);
        if self.segments.is_empty() {
            self.segments.push_back(Segment::starting_at(0));
        }
        if message.epoch > self.last_epoch() {
            self.assign_epoch(message.epoch, message.offset);
        }
        if let Some(active) = self.segments.back_mut() {
            active.push(Arc::clone(message));
        }
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

    /// Begins another segment where the last one is full or old enough; whether it did.
    fn roll(&mut self, retention: &Retention, now: i64) -> bool {
        let Some(active) = self.segments.back() else {
            return false;
        };
        let too_big = retention.segment_bytes > 0 && active.bytes >= retention.segment_bytes;
        let born = active.first().map(|message| message.timestamp);
        let too_old = born.is_some_and(|born| {
            retention.segment_age > 0 && now.saturating_sub(born) >= retention.segment_age
        });
        if too_big || too_old {
            let base = self.next_offset();
            self.segments.push_back(Segment::starting_at(base));
        }
        too_big || too_old
    }

    /// The messages from that offset on, oldest first.
    pub(super) fn messages_from(&self, offset: i64) -> impl Iterator<Item = &Arc<StoredMessage>> {
        let first = self
            .segments
            .partition_point(|segment| segment.next_offset() <= offset);
        let rest = self.segments.iter().skip(first);
        rest.flat_map(move |segment| {
            let index = segment.find(offset).unwrap_or(segment.messages.len());
            segment.messages.iter().skip(index)
        })
    }

    /// The message at `offset`, or the nearest one before it.
    pub(super) fn at_or_before(&self, offset: i64) -> Option<(i64, Bytes)> {
        let newest_first = self.segments.iter().rev();
        let found = newest_first.map(|segment| {
            let after = segment
                .messages
                .partition_point(|message| message.offset <= offset);
            segment.messages.get(after.checked_sub(1)?)
        });
        let found = found.flatten().next()?;
        Some((found.offset, found.frame.clone()))
    }

    /// The newest message of that key, up to that offset.
    pub(super) fn newest_of_key(&self, key: &[u8], through: i64) -> Option<&Bytes> {
        let messages = self.segments.iter().flat_map(|segment| &segment.messages);
        let mut newest_first = messages.rev();
        let found = newest_first
            .find(|message| message.offset <= through && message.key.as_ref() == key)?;
        Some(&found.frame)
    }

    /// Changes the value of one message in this copy alone: replicas share what they store. Returns whether it holds it.
    pub(super) fn corrupt(&mut self, offset: i64) -> bool {
        let segments = self.segments.iter_mut();
        let mut messages = segments.flat_map(|segment| &mut segment.messages);
        let Some(message) = messages.find(|message| message.offset == offset) else {
            return false;
        };
        let Ok(mut stored) = pb::Message::decode(message.frame.clone()) else {
            return false;
        };
        let mut value = stored.value.to_vec();
        match value.last_mut() {
            Some(last) => *last ^= 1,
            None => value.push(0),
        }
        stored.value = value.into();
        *message = Arc::new(StoredMessage {
            key: message.key.clone(),
            frame: stored.encode_to_vec().into(),
            ..**message
        });
        true
    }

    /// Forgets all messages from `offset` on, as a follower does with what its leader does not have.
    pub(super) fn truncate(&mut self, offset: i64) {
        let at = self
            .segments
            .partition_point(|segment| segment.next_offset() <= offset);
        if at >= self.segments.len() {
            return;
        }
        for gone in self.segments.drain(at + 1..) {
            gone.remove(Removal::Deleted);
        }
        let Some(last) = self.segments.pop_back() else {
            return;
        };
        if last.base == offset && at > 0 {
            last.remove(Removal::Deleted);
        } else {
            last.remove(Removal::Replaced);
            let kept = last.rewritten(|message| message.offset < offset);
            self.segments.push_back(kept);
        }
        self.epochs.retain(|start| start.offset < offset);
    }

    /// The last leadership that the log knows of; zero where none.
    pub(super) fn last_epoch(&self) -> u64 {
        self.epochs.last().map_or(0, |start| start.epoch)
    }

    /// Begins a leadership at the end of the log.
    pub(super) fn begin_epoch(&mut self, epoch: u64) {
        self.assign_epoch(epoch, self.newest());
    }

    fn assign_epoch(&mut self, epoch: u64, offset: i64) {
        let last = self.epochs.last();
        if last.is_none_or(|last| epoch > last.epoch && offset >= last.offset) {
            self.epochs.push(EpochStart { epoch, offset });
        }
    }

    /// The last offset of a leadership: where the next one began, or the end of the log.
    pub(super) fn last_offset_of_epoch(&self, epoch: u64) -> i64 {
        let next = self.epochs.iter().find(|start| start.epoch > epoch);
        let next = next.map(|start| start.offset);
        next.filter(|offset| *offset >= 0)
            .unwrap_or_else(|| self.newest())
    }
}

#[cfg(test)]
mod tests {
    use bytes::BufMut;

    use super::{Log, Retention};

    /// Two messages a segment.
    pub(super) const SMALL: Retention = Retention {
        bytes: 0,
        messages: 0,
        age: 0,
        segment_bytes: 20,
        segment_age: 0,
        compact: false,
    };

    pub(super) fn append(log: &mut Log, retention: &Retention, time: i64, key: &'static str) {
        log.append(retention, (time, 1), key.as_bytes(), |_, _, arena| {
            arena.put_slice(b"0123456789");
        });
    }

    pub(super) fn log_of(retention: &Retention, keys: &[&'static str]) -> Log {
        let mut log = Log::default();
        for (time, key) in (0_i64..).zip(keys) {
            append(&mut log, retention, time * 10, key);
        }
        log
    }

    pub(super) fn offsets(log: &Log) -> Vec<i64> {
        log.messages_from(0).map(|message| message.offset).collect()
    }

    #[test]
    fn a_follower_forgets_what_its_leader_never_had() {
        let mut log = log_of(&SMALL, &["a"; 5]);
        log.truncate(3);
        assert_eq!(offsets(&log), [0, 1, 2]);
        assert_eq!(log.next_offset(), 3);
        assert_eq!(log.at_or_before(9).map(|(offset, _)| offset), Some(2));
        log.truncate(2);
        assert_eq!(offsets(&log), [0, 1]);
        log.truncate(0);
        assert_eq!((log.next_offset(), log.oldest()), (0, None));
        append(&mut log, &SMALL, 90, "b");
        assert_eq!(offsets(&log), [0]);
    }

    #[test]
    fn a_copy_keeps_the_leaders_offsets() {
        let leader = log_of(&SMALL, &["a"; 5]);
        let mut follower = Log::default();
        for message in leader.messages_from(2) {
            follower.append_copy(&SMALL, message);
        }
        assert_eq!(offsets(&follower), [2, 3, 4]);
        assert_eq!(follower.next_offset(), 5);
    }

    #[test]
    fn a_leadership_ends_where_the_next_one_began() {
        let mut log = Log::default();
        log.begin_epoch(1);
        append(&mut log, &SMALL, 0, "a");
        append(&mut log, &SMALL, 1, "a");
        assert_eq!(log.last_offset_of_epoch(1), 1, "it goes on");
        log.begin_epoch(7);
        append(&mut log, &SMALL, 2, "a");
        assert_eq!(log.last_offset_of_epoch(1), 1);
        assert_eq!(log.last_offset_of_epoch(7), 2);
        assert_eq!(log.last_epoch(), 7);
        log.truncate(1);
        assert_eq!(log.last_epoch(), 1);
    }
}
