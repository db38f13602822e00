//! What tests of several files need: what is known of messages that are made here.

use std::sync::Arc;

use crate::model::{MessageSink, MessageStamp, Offset, Timestamp};
use crate::store::{Chunk, ChunkBuilder, FieldIndex};

/// What messages with these values have.
pub(super) fn index(values: &[&[u8]]) -> FieldIndex {
    FieldIndex::of(&built(values))
}

/// Messages with these values.
pub(super) fn chunk(values: &[&[u8]]) -> Arc<Chunk> {
    built(values).expect("there are messages")
}

/// Messages with these values, where there are any; each has a key of its own number, and a header.
fn built(values: &[&[u8]]) -> Option<Arc<Chunk>> {
    let mut builder = ChunkBuilder::new();
    for (offset, value) in (0..).zip(values) {
        builder.stream(b"orders");
        builder.key(format!("user-{offset}").as_bytes());
        builder.header(b"trace-id", b"4bf9");
        builder.value(value);
        let stamp = MessageStamp {
            offset: Offset::from(offset),
            partition: 0,
            timestamp: Timestamp(1),
        };
        assert_eq!(builder.commit(stamp), None);
    }
    builder.flush()
}
