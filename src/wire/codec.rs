//! The codec of Subscribe: requests by prost, messages straight from the receive buffer into a sink, no allocation each.
//! What a message is for is decided in `wire::decoder`.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Buf;
use prost::Message as _;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Status, Streaming};

use super::grpc_channel::GrpcChannel;
use super::pb;
use super::subscription_decoder::{Disposition, SubscriptionDecoder};
use crate::model::MessageSink;

/// An decoder that a codec fills and a subscription empties. Both run in the same task, so the lock is never waited for.
pub(crate) type SharedDecoder<S> = Arc<Mutex<SubscriptionDecoder<S>>>;

/// Opens the lock; a panic of a sink while it was held changes nothing for the decoder.
pub(crate) fn lock<S: MessageSink>(
    decoder: &SharedDecoder<S>,
) -> std::sync::MutexGuard<'_, SubscriptionDecoder<S>> {
    decoder.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls Subscribe; its messages go to the decoder, and the stream tells what became of each.
pub(crate) async fn subscribe<S: MessageSink>(
    channel: GrpcChannel,
    request: pb::SubscribeRequest,
    decoder: SharedDecoder<S>,
    max_answer_bytes: usize,
) -> Result<Streaming<Disposition>, Status> {
    let mut grpc = tonic::client::Grpc::new(channel).max_decoding_message_size(max_answer_bytes);
    grpc.ready()
        .await
        .map_err(|error| Status::from_error(error.into()))?;
    let path = PathAndQuery::from_static("/proto.API/Subscribe");
    let answer = grpc.server_streaming(Request::new(request), path, SubscribeCodec(decoder));
    Ok(answer.await?.into_inner())
}

struct SubscribeCodec<S: MessageSink>(SharedDecoder<S>);

impl<S: MessageSink> Codec for SubscribeCodec<S> {
    type Encode = pb::SubscribeRequest;
    type Decode = Disposition;
    type Encoder = RequestEncoder;
    type Decoder = MessageDecoder<S>;

    fn encoder(&mut self) -> Self::Encoder {
        RequestEncoder
    }

    fn decoder(&mut self) -> Self::Decoder {
        MessageDecoder(Arc::clone(&self.0))
    }
}

struct RequestEncoder;

impl Encoder for RequestEncoder {
    type Item = pb::SubscribeRequest;
    type Error = Status;

    fn encode(&mut self, item: Self::Item, dst: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(dst)
            .map_err(|error| Status::internal(error.to_string()))
    }
}

struct MessageDecoder<S: MessageSink>(SharedDecoder<S>);

impl<S: MessageSink> Decoder for MessageDecoder<S> {
    type Item = Disposition;
    type Error = Status;

    fn decode(&mut self, src: &mut DecodeBuf<'_>) -> Result<Option<Disposition>, Status> {
        // tonic hands over a whole message, which is contiguous in its buffer.
        let taken = lock(&self.0).decode(src.chunk());
        src.advance(src.remaining());
        match taken {
            Ok(taken) => Ok(Some(taken)),
            Err(_) => Err(Status::data_loss(MALFORMED)),
        }
    }
}

/// The text of the status that stands for a message which is not protobuf.
pub(crate) const MALFORMED: &str = "a message of the subscription is malformed";
