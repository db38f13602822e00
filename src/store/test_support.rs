//! What tests of several files need: what is known of messages that are made here.

use crate::model::{MessageSink, MessageStamp, Offset, Timestamp};
use crate::store::{ChunkBuilder, FieldIndex};

/// What messages with these values have; each has a key and a header of its own number.
pub(super) fn index(values: &[&[u8]]) -> FieldIndex {
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
    FieldIndex::of(&builder.flush())
}
