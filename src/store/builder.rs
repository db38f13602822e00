//! Takes messages field by field off the wire and seals them into chunks: one copy of each byte, no allocation a message.
//! What a sealed chunk can be asked is `chunk`'s and `message`'s.

mod field_cache;

use std::sync::Arc;

use super::chunk::{Chunk, KnownPlain, MessageEntry, Subjects, narrow};
use super::message::MessageRef;
use crate::model::{MessageSink, MessageStamp, Offset, PartitionId, StreamName};
use field_cache::{FieldCache, put};

/// Bytes at which a chunk is sealed.
const SEAL_BYTES: usize = 256 * 1024;
/// Messages at which a chunk is sealed.
const SEAL_MESSAGES: usize = 4096;
/// Room behind a full chunk for the headers of its last message, so that they do not make it move.
const HEADER_ROOM: usize = 4096;
/// A chunk smaller than this is copied out of its arena, which is kept for the next: a slow stream wastes no room.
const COPY_OUT_BYTES: usize = 32 * 1024;
/// How many of the latest origins are looked through before one is taken for new: reply subjects may all differ.
const ORIGINS_TRIED: usize = 4;

/// Builds the chunks of a subscription. A message larger than a chunk gets one of its own; a change of stream,
/// partition or direction begins a new one, so that in each chunk the offsets only grow.
#[derive(Debug)]
pub struct ChunkBuilder {
    stream: StreamName,
    partition: PartitionId,
    first: Offset,
    last: Offset,
    arena: Vec<u8>,
    entries: Vec<MessageEntry>,
    origins: Vec<Subjects>,
    names: String,
    open: OpenChunk,
    fields: FieldCache,
    ready: Option<Arc<Chunk>>,
    seal_bytes: usize,
    seal_messages: usize,
}

/// Where key and value of the message being read are in the arena, behind the last whole message.
#[derive(Debug, Default)]
struct OpenChunk {
    start: usize,
    key: (usize, usize),
    value: (usize, usize),
}

impl OpenChunk {
    fn at(start: usize) -> Self {
        Self {
            start,
            key: (start, 0),
            value: (start, 0),
        }
    }

    fn moved_back(&mut self, by: usize) {
        self.start -= by;
        self.key.0 -= by;
        self.value.0 -= by;
    }
}

impl Default for ChunkBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ChunkBuilder {
    /// Seals at 256 KiB or 4,096 messages.
    pub fn new() -> Self {
        Self::sealing_at(SEAL_BYTES, SEAL_MESSAGES)
    }

    /// Seals only when flushed.
    pub(super) fn unbounded() -> Self {
        Self::sealing_at(usize::MAX, usize::MAX)
    }

    fn sealing_at(seal_bytes: usize, seal_messages: usize) -> Self {
        Self {
            stream: StreamName::default(),
            partition: 0,
            first: 0,
            last: 0,
            arena: Vec::new(),
            entries: Vec::new(),
            origins: Vec::new(),
            names: String::new(),
            open: OpenChunk::default(),
            fields: FieldCache::default(),
            ready: None,
            seal_bytes,
            seal_messages,
        }
    }

    /// Adds a message of another chunk.
    pub(super) fn copy(&mut self, message: MessageRef<'_>) {
        self.key(message.key());
        self.value(message.value());
        self.stream(message.stream().as_bytes());
        self.subject(message.subject().as_bytes());
        self.reply_subject(message.reply_subject().as_bytes());
        let mut headers = message.headers();
        while let Some((name, value)) = headers.next_bytes() {
            self.header(name, value);
        }
        self.commit(MessageStamp {
            offset: message.offset(),
            partition: message.partition(),
            timestamp: message.timestamp(),
        });
    }

    /// Puts a field's bytes into the arena and says where.
    fn place(&mut self, bytes: &[u8]) -> (usize, usize) {
        if self.arena.len() + bytes.len() > self.seal_bytes && !self.entries.is_empty() {
            self.roll();
        }
        if self.arena.capacity() == 0 && self.seal_bytes < usize::MAX {
            self.arena
                .reserve_exact(self.seal_bytes.max(bytes.len()) + HEADER_ROOM);
        }
        let at = self.arena.len();
        self.arena.extend_from_slice(bytes);
        (at, bytes.len())
    }

    /// Seals the whole messages; the one being read becomes the first of the next chunk.
    fn roll(&mut self) {
        let open = self.arena.split_off(self.open.start);
        self.ready = self.seal();
        self.open.moved_back(self.open.start);
        self.arena.extend_from_slice(&open);
    }

    /// Whether the message being read can stand in the same chunk as those before it.
    fn continues(&self, stamp: MessageStamp) -> bool {
        let grows = stamp.offset > self.last;
        let same_direction = self.entries.len() == 1 || grows == (self.last > self.first);
        let distance = stamp.offset.saturating_sub(self.first);
        stamp.offset != self.last
            && same_direction
            && i32::try_from(distance).is_ok()
            && stamp.partition == self.partition
            && self.is_of_stream()
    }

    fn is_of_stream(&self) -> bool {
        self.fields.origin().is_some() || self.fields.current().stream == self.stream.as_bytes()
    }

    fn begin_chunk(&mut self, stamp: MessageStamp) {
        let stream = &self.fields.current().stream;
        if *stream != self.stream.as_bytes() {
            self.stream = String::from_utf8_lossy(stream).into();
        }
        self.partition = stamp.partition;
        self.first = stamp.offset;
    }

    /// The chunk that this message completed: the one before it, or its own where that is full now.
    fn filled(&mut self) -> Option<Arc<Chunk>> {
        let full = self.arena.len() >= self.seal_bytes || self.entries.len() >= self.seal_messages;
        let mut sealed = self.ready.take();
        if sealed.is_none() && full {
            sealed = self.seal();
        }
        self.begin();
        sealed
    }

    /// The next message begins.
    fn begin(&mut self) {
        self.open = OpenChunk::at(self.arena.len());
        self.fields.begin();
    }

    /// Brings key, value and headers into their order, without gaps.
    fn tidy(&mut self) {
        let OpenChunk { start, key, value } = self.open;
        let in_order = (key.1 == 0 || key.0 == start) && (value.1 == 0 || value.0 == start + key.1);
        if !in_order || self.arena.len() != start + key.1 + value.1 {
            let [key, value] = [key, value].map(|(at, len)| self.arena[at..at + len].to_vec());
            self.arena.truncate(start);
            self.arena.extend_from_slice(&key);
            self.arena.extend_from_slice(&value);
        }
        self.arena.extend_from_slice(&self.fields.current().headers);
    }

    /// The number of the message's subject and reply subject among the chunk's origins.
    fn origin(&mut self) -> u32 {
        if let Some(number) = self.fields.origin() {
            return number;
        }
        let known = self.origins.iter().enumerate().rev().take(ORIGINS_TRIED);
        let mut known = known.filter(|(_, origin)| self.is_origin(origin));
        let found = known.next().map(|(number, _)| narrow(number));
        let number = found.unwrap_or_else(|| self.add_origin());
        self.fields.set_origin(number);
        number
    }

    fn add_origin(&mut self) -> u32 {
        let rest = self.fields.current();
        let [subject_header, reply_header] = rest.repeats();
        let start = self.names.len();
        self.names.push_str(&String::from_utf8_lossy(&rest.subject));
        let middle = self.names.len();
        self.names.push_str(&String::from_utf8_lossy(&rest.reply));
        self.origins.push(Subjects {
            start: narrow(start),
            subject: narrow(middle - start),
            reply: narrow(self.names.len() - middle),
            subject_header,
            reply_header,
        });
        narrow(self.origins.len() - 1)
    }

    fn is_origin(&self, origin: &Subjects) -> bool {
        let rest = self.fields.current();
        let (subject, reply) = origin.names(self.names.as_bytes());
        subject == rest.subject
            && reply == rest.reply
            && rest.repeats() == [origin.subject_header, origin.reply_header]
    }

    /// What stands before the open message as a chunk, if anything.
    fn seal(&mut self) -> Option<Arc<Chunk>> {
        if self.entries.is_empty() {
            return None;
        }
        self.fields.forget_origins();
        let base = self.first.min(self.last);
        let mut entries = self.take_entries();
        for entry in &mut entries {
            let offset = self.first + i64::from(entry.offset.cast_signed());
            entry.offset = u32::try_from(offset - base).unwrap_or(u32::MAX);
        }
        Some(Arc::new(Chunk {
            stream: Arc::clone(&self.stream),
            partition: self.partition,
            base,
            latest: latest_times(&entries),
            arena: self.take_arena(),
            entries,
            origins: std::mem::take(&mut self.origins).into(),
            names: std::mem::take(&mut self.names).into(),
            is_plain: KnownPlain::default(),
        }))
    }

    /// The index in the order of offsets, whichever way they came.
    fn take_entries(&mut self) -> Box<[MessageEntry]> {
        if self.last < self.first {
            self.entries.reverse();
        }
        let entries = Box::from(self.entries.as_slice());
        self.entries.clear();
        entries
    }

    fn take_arena(&mut self) -> Box<[u8]> {
        if self.arena.len() > COPY_OUT_BYTES {
            return std::mem::take(&mut self.arena).into();
        }
        let arena = Box::from(self.arena.as_slice());
        self.arena.clear();
        arena
    }
}

impl MessageSink for ChunkBuilder {
    type Batch = Arc<Chunk>;

    fn key(&mut self, bytes: &[u8]) {
        self.open.key = self.place(bytes);
    }

    fn value(&mut self, bytes: &[u8]) {
        self.open.value = self.place(bytes);
    }

    fn header(&mut self, name: &[u8], value: &[u8]) {
        self.fields.open().header(name, value);
    }

    fn stream(&mut self, name: &[u8]) {
        put(&mut self.fields.open().stream, name);
    }

    fn subject(&mut self, subject: &[u8]) {
        put(&mut self.fields.open().subject, subject);
    }

    fn reply_subject(&mut self, subject: &[u8]) {
        put(&mut self.fields.open().reply, subject);
    }

    fn recall(&mut self, rest: &[u8]) -> Option<PartitionId> {
        self.fields.recall(rest)
    }

    fn remember(&mut self, rest: &[u8], partition: PartitionId) {
        self.fields.remember(rest, partition);
    }

    fn commit(&mut self, stamp: MessageStamp) -> Option<Arc<Chunk>> {
        if !self.entries.is_empty() && !self.continues(stamp) {
            self.roll();
        }
        if self.entries.is_empty() {
            self.begin_chunk(stamp);
        }
        self.fields.commit();
        self.tidy();
        let origin = self.origin();
        let distance = i32::try_from(stamp.offset - self.first).unwrap_or_default();
        self.entries.push(MessageEntry {
            timestamp: stamp.timestamp.0,
            offset: distance.cast_unsigned(),
            start: narrow(self.open.start),
            key: narrow(self.open.key.1),
            value: narrow(self.open.value.1),
            headers: narrow(self.fields.current().headers.len()),
            origin,
        });
        self.last = stamp.offset;
        self.filled()
    }

    fn discard(&mut self) {
        self.arena.truncate(self.open.start);
        self.begin();
    }

    fn flush(&mut self) -> Option<Arc<Chunk>> {
        let sealed = self.ready.take().or_else(|| self.seal());
        self.begin();
        sealed
    }
}

/// For each message the latest time up to it, where times ever go back: a new leader's clock may be behind.
pub(super) fn latest_times(entries: &[MessageEntry]) -> Option<Box<[i64]>> {
    if entries.is_sorted_by_key(|entry| entry.timestamp) {
        return None;
    }
    let mut latest = i64::MIN;
    let times = entries.iter().map(|entry| {
        latest = latest.max(entry.timestamp);
        latest
    });
    Some(times.collect())
}
