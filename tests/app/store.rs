//! The store as its users see it: chunks in, one sequence out, found again by identity, searched and decoded.

mod chunks;
mod decoding;
mod hostile_queries;
mod merging;
mod model;
mod queries;
mod sequence;
mod writing;

use std::sync::Arc;

use liftui::model::{MessageSink, MessageStamp, Timestamp};
use liftui::store::{Chunk, ChunkBuilder};

/// A message to be made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) time: i64,
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

impl Given {
    pub(crate) fn value(offset: i64, value: impl AsRef<[u8]>) -> Self {
        Self {
            offset,
            time: offset,
            value: value.as_ref().to_vec(),
            ..Self::default()
        }
    }
}

/// Hands a message to a sink as the wire does, injected headers included.
pub(crate) fn feed(builder: &mut ChunkBuilder, given: &Given) -> Option<Arc<Chunk>> {
    builder.key(&given.key);
    builder.value(&given.value);
    builder.stream(b"orders");
    builder.subject(b"orders");
    builder.header(b"subject", b"orders");
    for (name, value) in &given.headers {
        builder.header(name.as_bytes(), value);
    }
    builder.header(b"reply", b"");
    builder.commit(MessageStamp {
        offset: given.offset,
        partition: given.partition,
        timestamp: Timestamp(given.time),
    })
}

/// All the chunks that these messages make.
pub(crate) fn chunks(given: &[Given]) -> Vec<Arc<Chunk>> {
    let mut builder = ChunkBuilder::new();
    let mut chunks: Vec<_> = given
        .iter()
        .filter_map(|given| feed(&mut builder, given))
        .collect();
    chunks.extend(std::iter::from_fn(|| builder.flush()));
    chunks
}

/// One chunk of these values at offsets from 0 on.
pub(crate) fn chunk_of(values: &[&str]) -> Arc<Chunk> {
    let given: Vec<Given> = (0..)
        .zip(values)
        .map(|(offset, value)| Given::value(offset, value))
        .collect();
    Arc::clone(&chunks(&given)[0])
}
