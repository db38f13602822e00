//! Sealed messages of one partition: one arena of bytes and a compact index entry each, never changed again.
//! How they come together is `builder`'s; which chunks are kept, and in what order they are seen, is the store's.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::decode::is_plain;
use super::message::MessageRef;
use crate::model::{MessageSink, Offset, PartitionId, StreamName};
use crate::store::ChunkBuilder;

/// What one message costs beyond its bytes: where its parts lie, 32 bytes.
///
/// In the arena stand, in this order and without anything between: key, value, publisher's headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MessageEntry {
    /// Unix nanoseconds, as the leader stored it.
    pub(super) timestamp: i64,
    /// Distance to the chunk's first offset.
    pub(super) offset: u32,
    /// Where its key begins.
    pub(super) start: u32,
    /// Length of the key.
    pub(super) key: u32,
    /// Length of the value.
    pub(super) value: u32,
    /// Length of the encoded headers.
    pub(super) headers: u32,
    /// Which of the chunk's origins it has.
    pub(super) origin: u32,
}

impl MessageEntry {
    /// Where its bytes lie in the arena.
    pub(super) fn span(&self) -> Range<usize> {
        let start = wide(self.start);
        start..start + wide(self.key) + wide(self.value) + wide(self.headers)
    }

    /// Where its value lies in the arena.
    pub(super) fn value_span(&self) -> Range<usize> {
        let start = wide(self.start) + wide(self.key);
        start..start + wide(self.value)
    }
}

/// Subject and reply subject, stored once for all messages that share them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Subjects {
    /// Where the subject begins in the chunk's names; the reply subject follows it.
    pub(super) start: u32,
    /// Length of the subject in bytes.
    pub(super) subject: u32,
    /// Length of the reply subject in bytes.
    pub(super) reply: u32,
    /// Whether the message has a header `subject` that repeats the subject.
    pub(super) subject_header: bool,
    /// Whether it has a header `reply` that repeats the reply subject.
    pub(super) reply_header: bool,
}

impl Subjects {
    /// Subject and reply subject out of the chunk's names.
    pub(super) fn names<'a>(&self, names: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        let start = wide(self.start);
        let middle = start + wide(self.subject);
        let end = middle + wide(self.reply);
        let part = |range: Range<usize>| names.get(range).unwrap_or_default();
        (part(start..middle), part(middle..end))
    }
}

/// Messages of one partition in the order of their offsets, which only grow. Immutable; shared as `Arc<Chunk>`.
#[derive(Clone, PartialEq, Eq)]
pub struct Chunk {
    pub(super) stream: StreamName,
    pub(super) partition: PartitionId,
    pub(super) base: Offset,
    pub(super) arena: Box<[u8]>,
    pub(super) entries: Box<[MessageEntry]>,
    pub(super) origins: Box<[Subjects]>,
    pub(super) names: Box<str>,
    /// For each message the latest time up to it; only where times go back within the chunk.
    pub(super) latest: Option<Box<[i64]>>,
    pub(super) is_plain: KnownPlain,
}

/// Whether the arena is plain, once a search wanted to know. It follows from the arena, so chunks are not compared by it.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownPlain(OnceLock<bool>);

impl PartialEq for KnownPlain {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for KnownPlain {}

impl Chunk {
    /// The stream all its messages are of.
    pub fn stream(&self) -> &StreamName {
        &self.stream
    }

    /// The partition all its messages are of.
    pub fn partition(&self) -> PartitionId {
        self.partition
    }

    /// How many messages it holds; never 0.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds nothing, which no sealed chunk does.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The memory it takes in bytes: arena, index and names.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.arena.len()
            + size_of_val(&*self.entries)
            + size_of_val(&*self.origins)
            + self.names.len()
            + self.latest.as_deref().map_or(0, size_of_val)
    }

    /// The bytes of its messages: keys, values and the publisher's headers as they are stored.
    pub fn payload_bytes(&self) -> usize {
        self.arena.len()
    }

    /// Whether all its bytes are UTF-8 as they stand. Looked at once: every search asks.
    pub(super) fn is_plain(&self) -> bool {
        *self.is_plain.0.get_or_init(|| is_plain(&self.arena))
    }

    /// The `index`-th message in the order of offsets.
    pub fn get(&self, index: usize) -> Option<MessageRef<'_>> {
        let entry = self.entries.get(index)?;
        Some(MessageRef { chunk: self, entry })
    }

    /// All messages in the order of offsets.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = MessageRef<'_>> + ExactSizeIterator {
        let whole = |entry| MessageRef { chunk: self, entry };
        self.entries.iter().map(whole)
    }

    /// The offset of its first message.
    pub fn first_offset(&self) -> Offset {
        self.base
    }

    /// The offset of its last message.
    pub fn last_offset(&self) -> Offset {
        let distance = self.entries.last().map_or(0, |entry| entry.offset);
        self.base + i64::from(distance)
    }

    /// The index of the message with that offset.
    pub fn find(&self, offset: Offset) -> Option<usize> {
        let distance = u32::try_from(offset.checked_sub(self.base)?).ok()?;
        self.entries
            .binary_search_by_key(&distance, |entry| entry.offset)
            .ok()
    }

    /// The index of the first message at or after that offset; its length where there is none.
    pub fn find_at_or_after(&self, offset: Offset) -> usize {
        self.entries
            .partition_point(|entry| self.base + i64::from(entry.offset) < offset)
    }

    /// The latest time of all messages up to the `index`-th, so that it never goes back with growing offsets.
    pub(super) fn latest_up_to(&self, index: usize) -> i64 {
        match &self.latest {
            Some(latest) => latest.get(index).copied().unwrap_or(i64::MAX),
            None => self
                .entries
                .get(index)
                .map_or(i64::MAX, |entry| entry.timestamp),
        }
    }

    /// A chunk of these messages alone; `None` where the range holds none.
    pub fn slice(&self, range: Range<usize>) -> Option<Arc<Self>> {
        let mut builder = ChunkBuilder::unbounded();
        for index in range {
            builder.copy(self.get(index)?);
        }
        builder.flush()
    }

    /// A chunk of the messages with these growing indexes alone; `None` where there are none.
    pub fn select(&self, indexes: &[u32]) -> Option<Arc<Self>> {
        let mut builder = ChunkBuilder::unbounded();
        for index in indexes {
            builder.copy(self.get(wide(*index))?);
        }
        builder.flush()
    }

    /// One chunk of the messages of two, the second of which goes on where the first ends.
    pub fn joined(&self, next: &Self) -> Option<Arc<Self>> {
        let mut builder = ChunkBuilder::unbounded();
        self.iter()
            .chain(next.iter())
            .for_each(|message| builder.copy(message));
        builder.flush()
    }
}

impl fmt::Debug for Chunk {
    /// Counts only: a chunk stands in events, which get logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunk")
            .field("stream", &self.stream)
            .field("partition", &self.partition)
            .field("offsets", &(self.first_offset()..=self.last_offset()))
            .field("len", &self.len())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}

/// A length inside a chunk as a number of memory.
pub(super) fn wide(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// A length in memory as one inside a chunk, which is far below 4 GiB: the client takes no larger message.
pub(super) fn narrow(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
