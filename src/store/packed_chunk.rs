//! A chunk as it is recorded: its index in few bytes, and what its messages hold where that is wanted too.
//! Where it is not, every message keeps its size, offset, time and subject, and stands filled with full stops.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::builder::latest_times;
use super::chunk::{Chunk, KnownPlain, MessageEntry, Subjects, narrow, wide};
use super::message::{HeaderFields, put_field};
use crate::model::{Offset, PartitionId, StreamName};

/// What stands in place of a byte that was not recorded.
const FILLER: u8 = b'.';

/// Bytes of a chunk that are taken at most, far more than any client takes in one message: a damaged file may ask for more.
const MOST_BYTES: usize = 256 << 20;

/// A chunk as it is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PackedChunk {
    stream: StreamName,
    partition: PartitionId,
    base: Offset,
    messages: u32,
    /// Numbers in base 128: of each message its distances to the one before, and its lengths.
    #[serde(with = "serde_bytes")]
    index: Vec<u8>,
    origins: Vec<PackedSubjects>,
    names: String,
    content: PackedContent,
}

/// Where a subject and a reply subject lie, as in the chunk.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct PackedSubjects {
    start: u32,
    subject: u32,
    reply: u32,
    subject_header: bool,
    reply_header: bool,
}

/// What is recorded of keys, values and headers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum PackedContent {
    /// All of them.
    Whole(#[serde(with = "serde_bytes")] Vec<u8>),
    /// How long the names and values of headers are, with filler in them; of keys and values nothing.
    Filler(#[serde(with = "serde_bytes")] Vec<u8>),
}

impl Chunk {
    /// Packs it, with what its messages hold or without.
    pub(crate) fn pack(&self, with_content: bool) -> PackedChunk {
        let content = if with_content {
            PackedContent::Whole(self.arena.to_vec())
        } else {
            PackedContent::Filler(self.filled_headers())
        };
        let origins = self.origins.iter().map(|origin| PackedSubjects {
            start: origin.start,
            subject: origin.subject,
            reply: origin.reply,
            subject_header: origin.subject_header,
            reply_header: origin.reply_header,
        });
        PackedChunk {
            stream: Arc::clone(&self.stream),
            partition: self.partition,
            base: self.base,
            messages: narrow(self.entries.len()),
            index: self.packed_index(),
            origins: origins.collect(),
            names: self.names.to_string(),
            content,
        }
    }

    fn packed_index(&self) -> Vec<u8> {
        let mut index = Vec::with_capacity(self.entries.len() * 8);
        let mut before = Previous::default();
        for entry in &self.entries {
            put(&mut index, u64::from(entry.offset - before.offset));
            put_signed(&mut index, entry.timestamp.wrapping_sub(before.timestamp));
            put_signed(&mut index, i64::from(entry.start) - before.end);
            for number in [entry.key, entry.value, entry.headers, entry.origin] {
                put(&mut index, u64::from(number));
            }
            before = Previous::of(entry);
        }
        index
    }

    /// The headers of all messages one behind the other, with filler for names and values.
    fn filled_headers(&self) -> Vec<u8> {
        let mut filled = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.headers > 0) {
            let start = entry.value_span().end;
            let encoded = self.arena.get(start..start + wide(entry.headers));
            for (name, value) in HeaderFields::of(encoded.unwrap_or_default()) {
                put_field(&mut filled, &vec![FILLER; name.len()]);
                put_field(&mut filled, &vec![FILLER; value.len()]);
            }
        }
        filled
    }
}

impl PackedChunk {
    /// Puts other subjects in the place of those of its messages.
    pub(crate) fn rename_subjects(&mut self, mut rename: impl FnMut(&str) -> String) {
        let names = std::mem::take(&mut self.names);
        for origin in &mut self.origins {
            let start = wide(origin.start);
            let middle = start + wide(origin.subject);
            let end = middle + wide(origin.reply);
            let [subject, reply] = [start..middle, middle..end].map(|range| {
                let name = names.get(range).unwrap_or_default();
                if name.is_empty() {
                    String::new()
                } else {
                    rename(name)
                }
            });
            origin.start = narrow(self.names.len());
            (origin.subject, origin.reply) = (narrow(subject.len()), narrow(reply.len()));
            self.names.push_str(&subject);
            self.names.push_str(&reply);
        }
    }

    /// The chunk; `None` where what was packed is none: the record is damaged.
    pub(crate) fn unpack(self) -> Option<Chunk> {
        self.base.checked_add(i64::from(u32::MAX))?;
        let entries = unpacked_index(&self.index, self.messages)?;
        let arena = match self.content {
            PackedContent::Whole(arena) => arena,
            PackedContent::Filler(headers) => filled_arena(&entries, &headers)?,
        };
        let is_inside = |entry: &MessageEntry| entry.span().end <= arena.len();
        if entries.is_empty() || !entries.iter().all(is_inside) {
            return None;
        }
        let origins = self.origins.into_iter().map(|origin| Subjects {
            start: origin.start,
            subject: origin.subject,
            reply: origin.reply,
            subject_header: origin.subject_header,
            reply_header: origin.reply_header,
        });
        Some(Chunk {
            stream: self.stream,
            partition: self.partition,
            base: self.base,
            latest: latest_times(&entries),
            arena: arena.into(),
            entries: entries.into(),
            origins: origins.collect(),
            names: self.names.into(),
            is_plain: KnownPlain::default(),
        })
    }
}

/// What the numbers of a message are counted from.
#[derive(Default)]
struct Previous {
    offset: u32,
    timestamp: i64,
    end: i64,
}

impl Previous {
    fn of(entry: &MessageEntry) -> Self {
        Self {
            offset: entry.offset,
            timestamp: entry.timestamp,
            end: i64::try_from(entry.span().end).unwrap_or(i64::MAX),
        }
    }
}

fn unpacked_index(index: &[u8], messages: u32) -> Option<Vec<MessageEntry>> {
    let mut rest = index;
    let mut entries: Vec<MessageEntry> = Vec::new();
    let mut before = Previous::default();
    for number in 0..messages {
        let distance = take_u32(&mut rest)?;
        // Offsets only grow: what is looked up in a chunk is found by halves.
        if number > 0 && distance == 0 {
            return None;
        }
        let entry = MessageEntry {
            offset: before.offset.checked_add(distance)?,
            timestamp: before.timestamp.wrapping_add(take_signed(&mut rest)?),
            start: u32::try_from(before.end.checked_add(take_signed(&mut rest)?)?).ok()?,
            key: take_u32(&mut rest)?,
            value: take_u32(&mut rest)?,
            headers: take_u32(&mut rest)?,
            origin: take_u32(&mut rest)?,
        };
        before = Previous::of(&entry);
        entries.push(entry);
    }
    rest.is_empty().then_some(entries)
}

/// An arena of filler, but for what is recorded of headers.
fn filled_arena(entries: &[MessageEntry], headers: &[u8]) -> Option<Vec<u8>> {
    let ends = entries.iter().map(|entry| entry.span().end);
    let length = ends.max().filter(|length| *length <= MOST_BYTES)?;
    let mut arena = vec![FILLER; length];
    let mut rest = headers;
    for entry in entries {
        let (own, after) = rest.split_at_checked(wide(entry.headers))?;
        let start = entry.value_span().end;
        arena
            .get_mut(start..start + own.len())?
            .copy_from_slice(own);
        rest = after;
    }
    rest.is_empty().then_some(arena)
}

/// Appends a number in base 128, its lowest digits first.
fn put(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    into.push(u8::try_from(number).unwrap_or_default());
}

/// [`put`] for one that may be negative: small ones take few digits either way.
fn put_signed(into: &mut Vec<u8>, number: i64) {
    put(into, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&digit, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(digit & 0x7f) << shift;
        if digit < 0x80 {
            return Some(number);
        }
    }
    None
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    u32::try_from(take(rest)?).ok()
}

fn take_signed(rest: &mut &[u8]) -> Option<i64> {
    let number = take(rest)?;
    Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{MessageSink, MessageStamp, Timestamp};
    use crate::store::ChunkBuilder;

    type Sample = (Vec<u8>, Vec<u8>, Vec<(String, Vec<u8>)>, i64, i64);

    fn chunk(messages: &[Sample], backwards: bool) -> Arc<Chunk> {
        let mut builder = ChunkBuilder::unbounded();
        let mut offset = 1_000_000;
        for (key, value, headers, timestamp, distance) in messages {
            builder.key(key);
            builder.value(value);
            builder.stream(b"orders");
            builder.subject(b"orders.eu");
            for (name, value) in headers {
                builder.header(name.as_bytes(), value);
            }
            offset += if backwards { -distance } else { *distance };
            builder.commit(MessageStamp {
                offset,
                partition: 2,
                timestamp: Timestamp(*timestamp),
            });
        }
        builder.flush().unwrap()
    }

    fn samples() -> impl Strategy<Value = Vec<Sample>> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
        let headers = proptest::collection::vec(("[a-z]{1,9}", bytes()), 0..3);
        proptest::collection::vec((bytes(), bytes(), headers, any::<i64>(), 1..900_i64), 1..30)
    }

    proptest! {
        #[test]
        fn a_whole_chunk_comes_back_as_it_was(messages in samples(), backwards: bool) {
            let chunk = chunk(&messages, backwards);
            prop_assert_eq!(&chunk.pack(true).unpack().unwrap(), &*chunk);
        }

        #[test]
        fn without_content_all_but_that_comes_back(messages in samples(), backwards: bool) {
            let chunk = chunk(&messages, backwards);
            let back = chunk.pack(false).unpack().unwrap();
            prop_assert_eq!(back.bytes(), chunk.bytes());
            for (message, back) in chunk.iter().zip(back.iter()) {
                prop_assert_eq!(back.id(), message.id());
                prop_assert_eq!(back.timestamp(), message.timestamp());
                prop_assert_eq!(back.subject(), message.subject());
                prop_assert_eq!(back.size(), message.size());
                let is_filler = |bytes: &[u8]| bytes.iter().all(|byte| *byte == FILLER);
                prop_assert!(is_filler(back.key()) && is_filler(back.value()));
                prop_assert!(back.publisher_headers().all(|(_, value)| is_filler(value)));
            }
        }

        #[test]
        fn damage_makes_no_chunk_that_breaks(
            messages in samples(),
            at: proptest::sample::Index,
            byte: u8,
            whole: bool,
        ) {
            let mut packed = chunk(&messages, false).pack(whole);
            let at = at.index(packed.index.len());
            packed.index[at] = byte;
            if let Some(chunk) = packed.unpack() {
                let read = chunk.iter().map(|message| message.size() + message.headers().count());
                prop_assert!(read.sum::<usize>() < usize::MAX);
            }
        }
    }
}
