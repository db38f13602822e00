//! One message inside a chunk, by reference, by identity and as a handle that keeps it in memory.
//! How bytes lie in a chunk is known here and in `builder` alone.

use std::fmt;
use std::sync::Arc;

use super::chunk::{Chunk, MessageEntry, Subjects, wide};
use crate::model::{Offset, PartitionId, StreamName, Timestamp};

/// Which message: no other has the same three, in memory or out of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId {
    /// The stream.
    pub stream: StreamName,
    /// The partition.
    pub partition: PartitionId,
    /// The offset.
    pub offset: Offset,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} @ {}", self.stream, self.partition, self.offset)
    }
}

/// A message read in place.
#[derive(Clone, Copy)]
pub struct MessageRef<'a> {
    pub(super) chunk: &'a Chunk,
    pub(super) entry: &'a MessageEntry,
}

impl<'a> MessageRef<'a> {
    /// The identity.
    pub fn id(&self) -> MessageId {
        MessageId {
            stream: Arc::clone(&self.chunk.stream),
            partition: self.partition(),
            offset: self.offset(),
        }
    }

    /// The stream.
    pub fn stream(&self) -> &'a StreamName {
        &self.chunk.stream
    }

    /// The partition.
    pub fn partition(&self) -> PartitionId {
        self.chunk.partition
    }

    /// The offset.
    pub fn offset(&self) -> Offset {
        self.chunk.base + i64::from(self.entry.offset)
    }

    /// When the leader stored it.
    pub fn timestamp(&self) -> Timestamp {
        Timestamp(self.entry.timestamp)
    }

    /// The key; the wire does not tell an empty key from none.
    pub fn key(&self) -> &'a [u8] {
        let start = wide(self.entry.start);
        self.bytes(start..start + wide(self.entry.key))
    }

    /// The value.
    pub fn value(&self) -> &'a [u8] {
        self.bytes(self.entry.value_span())
    }

    /// The headers its publisher gave it, by their names.
    pub fn publisher_headers(&self) -> Headers<'a> {
        let start = self.entry.value_span().end;
        Headers {
            rest: HeaderFields::of(self.bytes(start..start + wide(self.entry.headers))),
            injected: [None, None],
        }
    }

    /// All headers: the publisher's, then the `subject` and `reply` which the broker put there.
    pub fn headers(&self) -> Headers<'a> {
        let origin = self.origin();
        let subject = origin.is_some_and(|origin| origin.subject_header);
        let reply = origin.is_some_and(|origin| origin.reply_header);
        Headers {
            injected: [
                subject.then(|| ("subject", self.subject().as_bytes())),
                reply.then(|| ("reply", self.reply_subject().as_bytes())),
            ],
            ..self.publisher_headers()
        }
    }

    /// The value of the first header of that name.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        let mut headers = self.headers();
        let found = headers.find(|(header, _)| *header == name);
        found.map(|(_, value)| value)
    }

    /// The NATS subject it was published on.
    pub fn subject(&self) -> &'a str {
        let Some(origin) = self.origin() else {
            return "";
        };
        let start = wide(origin.start);
        self.name(start, start + wide(origin.subject))
    }

    /// The NATS reply subject of its publisher, or empty.
    pub fn reply_subject(&self) -> &'a str {
        let Some(origin) = self.origin() else {
            return "";
        };
        let start = wide(origin.start) + wide(origin.subject);
        self.name(start, start + wide(origin.reply))
    }

    /// Bytes of key, value and the publisher's headers, names included.
    pub fn size(&self) -> usize {
        wide(self.entry.key) + wide(self.entry.value) + self.headers_size()
    }

    /// Bytes of the publisher's headers, names included.
    pub fn headers_size(&self) -> usize {
        let headers = self.publisher_headers().rest;
        headers.map(|(name, value)| name.len() + value.len()).sum()
    }

    fn origin(&self) -> Option<&'a Subjects> {
        self.chunk.origins.get(wide(self.entry.origin))
    }

    fn bytes(&self, range: std::ops::Range<usize>) -> &'a [u8] {
        self.chunk.arena.get(range).unwrap_or_default()
    }

    fn name(&self, start: usize, end: usize) -> &'a str {
        self.chunk.names.get(start..end).unwrap_or_default()
    }
}

impl fmt::Debug for MessageRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageRef({})", self.id())
    }
}

/// The headers of one message, name and value. In place of a name that is not UTF-8 stands U+FFFD; no server takes
/// such, and one that means harm may send it.
#[derive(Clone, Debug)]
pub struct Headers<'a> {
    rest: HeaderFields<'a>,
    injected: [Option<(&'a str, &'a [u8])>; 2],
}

/// What stands for a name that is not UTF-8.
const NO_TEXT: &str = "\u{fffd}";

impl<'a> Headers<'a> {
    /// The next header, its name as the bytes that it is.
    pub(super) fn next_bytes(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let injected = || {
            let (name, value) = self.injected.iter_mut().find_map(Option::take)?;
            Some((name.as_bytes(), value))
        };
        self.rest.next().or_else(injected)
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.next_bytes()?;
        Some((std::str::from_utf8(name).unwrap_or(NO_TEXT), value))
    }
}

/// The names and values of encoded headers.
#[derive(Clone, Debug)]
pub(super) struct HeaderFields<'a>(&'a [u8]);

impl<'a> HeaderFields<'a> {
    /// Those in these bytes.
    pub(super) fn of(encoded: &'a [u8]) -> Self {
        Self(encoded)
    }
}

impl<'a> Iterator for HeaderFields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        Some((take_field(&mut self.0), take_field(&mut self.0)))
    }
}

/// Appends a header's name or value: its length in base 128, lowest digits first, then its bytes.
pub(super) fn put_field(into: &mut Vec<u8>, bytes: &[u8]) {
    let mut length = bytes.len();
    while length >= 0x80 {
        into.push(low_digit(length) | 0x80);
        length >>= 7;
    }
    into.push(low_digit(length));
    into.extend_from_slice(bytes);
}

fn low_digit(length: usize) -> u8 {
    u8::try_from(length & 0x7f).unwrap_or_default()
}

fn take_field<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let mut length = 0;
    let mut shift = 0;
    while let Some((&digit, after)) = rest.split_first() {
        *rest = after;
        let digits = usize::from(digit & 0x7f).checked_shl(shift);
        shift += 7;
        // A damaged recording may go on for ever.
        let Some(digits) = digits else { break };
        length |= digits;
        if digit < 0x80 {
            break;
        }
    }
    let (field, after) = rest.split_at(length.min(rest.len()));
    *rest = after;
    field
}

/// A message kept in memory with its chunk, whatever the store evicts meanwhile: a pinned or marked selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedMessage {
    chunk: Arc<Chunk>,
    index: usize,
}

impl PinnedMessage {
    /// Keeps the `index`-th message of a chunk, where there is one.
    pub fn new(chunk: &Arc<Chunk>, index: usize) -> Option<Self> {
        chunk.get(index)?;
        Some(Self {
            chunk: Arc::clone(chunk),
            index,
        })
    }

    /// The message.
    pub fn message(&self) -> MessageRef<'_> {
        let entry = &self.chunk.entries[self.index];
        MessageRef {
            chunk: &self.chunk,
            entry,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_without_an_end_ends_with_the_bytes_that_there_are() {
        let damaged = [0xff; 40];
        let mut rest = &damaged[..];
        while !rest.is_empty() {
            let before = rest.len();
            take_field(&mut rest);
            assert!(rest.len() < before, "it goes on");
        }
        let mut whole = Vec::new();
        put_field(&mut whole, &[7; 300]);
        let mut rest = &whole[..];
        assert_eq!(take_field(&mut rest), &[7; 300]);
        assert!(rest.is_empty());
    }
}
