//! How messages leave the wire: field by field into a sink, so that bytes are copied once, into the place they stay.

use std::sync::Arc;

use bytes::Bytes;

use super::{Headers, Message, Offset, PartitionId, StreamName, Timestamp};

/// The fixed part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct MessageStamp {
    /// The offset.
    pub offset: Offset,
    /// The partition.
    pub partition: PartitionId,
    /// When the leader stored it.
    pub timestamp: Timestamp,
}

/// Takes the fields of one message after another as they stand on the wire, in any order; `commit` or `discard` ends
/// each message. Of a field that comes twice the last one counts, but headers, which add up.
pub trait MessageSink: Send + 'static {
    /// What is handed on when enough has come together.
    type Batch: Send + 'static;

    /// The key of the message being read.
    fn key(&mut self, bytes: &[u8]);
    /// The value.
    fn value(&mut self, bytes: &[u8]);
    /// One of its headers.
    fn header(&mut self, name: &[u8], value: &[u8]);
    /// The stream it says it is of.
    fn stream(&mut self, name: &[u8]);
    /// The NATS subject it was published on.
    fn subject(&mut self, subject: &[u8]);
    /// The NATS reply subject.
    fn reply_subject(&mut self, subject: &[u8]);
    /// Asks for the partition of a message whose fields from the stream on are these bytes of the wire. A sink that knows
    /// them from an earlier message takes them from there, and none of them is handed over; `None`: they follow.
    fn recall(&mut self, _rest: &[u8]) -> Option<PartitionId> {
        None
    }
    /// The fields that follow one another in these bytes, from the stream on, have all been handed over.
    fn remember(&mut self, _rest: &[u8], _partition: PartitionId) {}
    /// The message is whole. Returns a batch where this one filled it.
    fn commit(&mut self, stamp: MessageStamp) -> Option<Self::Batch>;
    /// The message is malformed or was delivered before: forget its fields.
    fn discard(&mut self);
    /// What has come together so far, if anything: called when the wire falls silent or ends.
    fn flush(&mut self) -> Option<Self::Batch>;
}

/// The plainest sink: every message a value of its own, every batch one message.
#[derive(Debug, Default)]
pub struct OwnedMessages {
    open: Message,
    stream: StreamName,
}

impl MessageSink for OwnedMessages {
    type Batch = Message;

    fn key(&mut self, bytes: &[u8]) {
        self.open.key = Bytes::copy_from_slice(bytes);
    }

    fn value(&mut self, bytes: &[u8]) {
        self.open.value = Bytes::copy_from_slice(bytes);
    }

    fn header(&mut self, name: &[u8], value: &[u8]) {
        let name = String::from_utf8_lossy(name).into_owned();
        let headers: &mut Headers = &mut self.open.headers;
        headers.push((name, Bytes::copy_from_slice(value)));
    }

    fn stream(&mut self, name: &[u8]) {
        if self.stream.as_bytes() != name {
            self.stream = text(name);
        }
        self.open.stream = Arc::clone(&self.stream);
    }

    fn subject(&mut self, subject: &[u8]) {
        self.open.subject = text(subject);
    }

    fn reply_subject(&mut self, subject: &[u8]) {
        self.open.reply_subject = text(subject);
    }

    fn commit(&mut self, stamp: MessageStamp) -> Option<Message> {
        let mut message = std::mem::take(&mut self.open);
        message.offset = stamp.offset;
        message.partition = stamp.partition;
        message.timestamp = stamp.timestamp;
        Some(message)
    }

    fn discard(&mut self) {
        self.open = Message::default();
    }

    fn flush(&mut self) -> Option<Message> {
        None
    }
}

fn text(bytes: &[u8]) -> Arc<str> {
    Arc::from(String::from_utf8_lossy(bytes).as_ref())
}
