//! What the demo stores and sends as bytes: messages as the wire has them, and the codec that sends them unchanged.
//! Decides nothing about what is sent when.

use std::collections::HashMap;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use prost::Message;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use super::partition::Partition;
use super::pending_acks::Publication;
use crate::wire::pb;

/// Writes a message as subscribers get it: with the two headers that servers inject, without what only publishing needs
/// (wire-contract §3, §4.6).
pub(super) fn encode_message(
    publication: &Publication<'_>,
    partition: &Partition,
    (offset, timestamp): (i64, i64),
    arena: &mut BytesMut,
) {
    let mut headers: HashMap<String, Bytes> = publication.headers.clone();
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    headers.insert("subject".to_owned(), bytes(&publication.subject));
    headers.insert("reply".to_owned(), bytes(&publication.reply));
    let message = pb::Message {
        offset,
        key: publication.key.clone(),
        value: publication.value.clone(),
        timestamp,
        stream: partition.stream.name.clone(),
        partition: partition.id,
        subject: publication.subject.clone().into_owned(),
        reply_subject: publication.reply.clone().into_owned(),
        headers,
        ..pb::Message::default()
    };
    arena.reserve(message.encoded_len());
    message.encode_raw(arena);
}

/// How many bytes the publication takes as a NATS envelope: NATS refuses more than 1 MiB.
pub(super) fn envelope_len(request: &pb::PublishRequest) -> usize {
    const HEADER: usize = 8;
    let headers = request.headers.iter();
    let headers: usize = headers
        .map(|(name, value)| name.len() + value.len() + 8)
        .sum();
    HEADER + request.key.len() + request.value.len() + headers + request.correlation_id.len() + 40
}

/// Sends messages as they are stored, byte for byte, and reads subscribe requests. The generated codec would build each
/// message's header map anew, twice as slow as the whole rest.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FrameCodec;

/// Copies a stored message into the answer.
#[derive(Debug)]
pub(super) struct FrameEncoder;

/// Reads a subscribe request.
#[derive(Debug)]
pub(super) struct RequestDecoder;

impl Codec for FrameCodec {
    type Encode = Bytes;
    type Decode = pb::SubscribeRequest;
    type Encoder = FrameEncoder;
    type Decoder = RequestDecoder;

    fn encoder(&mut self) -> FrameEncoder {
        FrameEncoder
    }

    fn decoder(&mut self) -> RequestDecoder {
        RequestDecoder
    }
}

impl Encoder for FrameEncoder {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(item);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(64 * 1024, 64 * 1024)
    }
}

impl Decoder for RequestDecoder {
    type Item = pb::SubscribeRequest;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<pb::SubscribeRequest>, Status> {
        let request = pb::SubscribeRequest::decode(from.copy_to_bytes(from.remaining()));
        request
            .map(Some)
            .map_err(|error| Status::internal(error.to_string()))
    }
}
