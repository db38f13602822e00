//! What a message says besides its key, value and place: stream, subjects, headers. Most messages say what another one
//! said just before, byte for byte, and are known by these bytes without being read again.

use crate::model::PartitionId;
use crate::store::message::{HeaderFields, put_field};

/// How many are known at a time: servers write the headers of one message in any order.
const MOST_KNOWN: usize = 4;
/// Longer ones are not remembered: they hardly come again, and copying them costs.
const LONGEST: usize = 512;

/// Fields of one message, as they are kept.
#[derive(Debug, Default)]
pub(super) struct StreamFields {
    pub(super) stream: Vec<u8>,
    pub(super) subject: Vec<u8>,
    pub(super) reply: Vec<u8>,
    /// The publisher's headers, encoded.
    pub(super) headers: Vec<u8>,
    subject_header: Injected,
    reply_header: Injected,
}

/// A header that the broker puts into every message; most often it only repeats a field.
#[derive(Debug, Default)]
struct Injected {
    present: bool,
    value: Vec<u8>,
}

impl Injected {
    /// Keeps the header among the others only where it says something else than its field.
    fn drop_header_equal_to_field(&mut self, name: &[u8], field: &[u8], headers: &mut Vec<u8>) {
        if self.present && self.value != field {
            put_field(headers, name);
            put_field(headers, &self.value);
            self.present = false;
        }
    }
}

impl StreamFields {
    fn clear(&mut self) {
        for field in [
            &mut self.stream,
            &mut self.subject,
            &mut self.reply,
            &mut self.headers,
        ] {
            field.clear();
        }
        self.subject_header.present = false;
        self.reply_header.present = false;
    }

    /// Takes a header in.
    pub(super) fn header(&mut self, name: &[u8], value: &[u8]) {
        let injected = match name {
            b"subject" => Some(&mut self.subject_header),
            b"reply" => Some(&mut self.reply_header),
            _ => None,
        };
        if let Some(header) = injected.filter(|header| !header.present) {
            header.present = true;
            put(&mut header.value, value);
            return;
        }
        put_field(&mut self.headers, name);
        put_field(&mut self.headers, value);
    }

    fn commit(&mut self) {
        let headers = &mut self.headers;
        self.subject_header
            .drop_header_equal_to_field(b"subject", &self.subject, headers);
        self.reply_header
            .drop_header_equal_to_field(b"reply", &self.reply, headers);
        sort_headers(headers);
    }

    /// Whether the headers that brokers inject repeat the subject, and the reply subject.
    pub(super) fn repeats(&self) -> [bool; 2] {
        [self.subject_header.present, self.reply_header.present]
    }
}

/// Servers write the headers of one message in another order each time it is read: by their names they are always the
/// same. Those of one name keep their order.
fn sort_headers(encoded: &mut Vec<u8>) {
    if HeaderFields::of(encoded).is_sorted_by_key(|(name, _)| name) {
        return;
    }
    let mut headers: Vec<_> = HeaderFields::of(encoded).collect();
    headers.sort_by_key(|(name, _)| *name);
    let mut sorted = Vec::with_capacity(encoded.len());
    for (name, value) in headers {
        put_field(&mut sorted, name);
        put_field(&mut sorted, value);
    }
    *encoded = sorted;
}

/// Puts a field's bytes in the place of those of another message.
pub(super) fn put(into: &mut Vec<u8>, bytes: &[u8]) {
    into.clear();
    into.extend_from_slice(bytes);
}

/// The rest of the message being read, and those that were read lately.
#[derive(Debug, Default)]
pub(super) struct FieldCache {
    open: StreamFields,
    known: Vec<CachedFields>,
    /// The one to be forgotten next.
    oldest: usize,
    /// Which of the known ones the message being read has.
    current: Option<usize>,
}

#[derive(Debug, Default)]
struct CachedFields {
    /// As it stands on the wire.
    bytes: Vec<u8>,
    partition: PartitionId,
    fields: StreamFields,
    /// The number among the origins of the chunk being built, once it has one: it is of the chunk's partition then.
    origin: Option<u32>,
}

impl FieldCache {
    /// The next message begins.
    pub(super) fn begin(&mut self) {
        if self.current.take().is_none() {
            self.open.clear();
        }
    }

    /// The next chunk begins.
    pub(super) fn forget_origins(&mut self) {
        for known in &mut self.known {
            known.origin = None;
        }
    }

    /// The fields being read, to add to.
    pub(super) fn open(&mut self) -> &mut StreamFields {
        &mut self.open
    }

    /// Knows the rest of the message by its bytes, or does not.
    pub(super) fn recall(&mut self, bytes: &[u8]) -> Option<PartitionId> {
        let number = self.known.iter().position(|known| known.bytes == bytes)?;
        self.current = Some(number);
        Some(self.known[number].partition)
    }

    /// Keeps what was read of these bytes.
    pub(super) fn remember(&mut self, bytes: &[u8], partition: PartitionId) {
        if bytes.len() > LONGEST {
            return;
        }
        if self.known.len() < MOST_KNOWN {
            self.known.push(CachedFields::default());
        }
        let number = self.oldest % self.known.len();
        self.oldest = (number + 1) % MOST_KNOWN;
        let known = &mut self.known[number];
        put(&mut known.bytes, bytes);
        known.partition = partition;
        known.origin = None;
        std::mem::swap(&mut known.fields, &mut self.open);
        known.fields.commit();
        self.open.clear();
        self.current = Some(number);
    }

    /// All fields of the message are there.
    pub(super) fn commit(&mut self) {
        if self.current.is_none() {
            self.open.commit();
        }
    }

    /// What the message being read says.
    pub(super) fn current(&self) -> &StreamFields {
        match self.current {
            Some(number) => &self.known[number].fields,
            None => &self.open,
        }
    }

    /// The number among the origins of the chunk being built, where that is known.
    pub(super) fn origin(&self) -> Option<u32> {
        self.known[self.current?].origin
    }

    /// Gives the open message this origin.
    pub(super) fn set_origin(&mut self, origin: u32) {
        if let Some(number) = self.current {
            self.known[number].origin = Some(origin);
        }
    }
}
