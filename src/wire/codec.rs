//! The Subscribe call: its request by prost, its answer read frame by frame, messages straight from where the connection
//! put them into a sink, without a copy, an allocation or a lock each. What a message is for is decided in `wire::decoder`.
//!
//! tonic opens the call and says what its end means. In between its decoder would copy every message and be asked for each
//! by way of a lock, which costs as much as all the rest.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame};
use prost::Message as _;
use tokio_stream::Stream;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::http::{Request as HttpRequest, Response as HttpResponse, StatusCode};
use tonic::codegen::{BoxFuture, Service};
use tonic::{Request, Status, Streaming};

use super::fields::Malformed;
use super::grpc_channel::{CheckedBody, GrpcChannel};
use super::message_prefix::{self, MessagePrefix};
use super::pb;
use super::subscription_decoder::{Disposition, SubscriptionDecoder};
use crate::model::MessageSink;

/// A decoder that a call fills and a subscription empties. Both run in the same task, so the lock is never waited for; it is
/// taken once for all messages that are there.
pub(crate) type SharedDecoder<S> = Arc<Mutex<SubscriptionDecoder<S>>>;

/// Opens the lock; a panic of a sink while it was held changes nothing for the decoder.
pub(crate) fn lock<S: MessageSink>(
    decoder: &SharedDecoder<S>,
) -> std::sync::MutexGuard<'_, SubscriptionDecoder<S>> {
    decoder.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls Subscribe and waits for the head of its answer.
pub(crate) async fn subscribe(
    channel: GrpcChannel,
    request: pb::SubscribeRequest,
    max_answer_bytes: usize,
) -> Result<SubscriptionStream, Status> {
    let detached = Arc::default();
    let channel = DetachingChannel {
        channel,
        detached: Arc::clone(&detached),
    };
    let mut grpc = tonic::client::Grpc::new(channel).max_decoding_message_size(max_answer_bytes);
    grpc.ready()
        .await
        .map_err(|error| Status::from_error(error.into()))?;
    let path = PathAndQuery::from_static("/proto.API/Subscribe");
    let judge = grpc
        .server_streaming(Request::new(request), path, SubscribeCodec)
        .await?
        .into_inner();
    let answer = detached
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    Ok(match answer {
        Some((status, body)) => SubscriptionStream::new(status, body, max_answer_bytes),
        None => SubscriptionStream {
            state: ReadState::Ending(Box::new(judge)),
            chunk: Bytes::new(),
            split: BytesMut::new(),
            max_answer_bytes,
        },
    })
}

/// A channel that keeps the bodies of answers to itself, so that tonic looks at their heads alone.
struct DetachingChannel {
    channel: GrpcChannel,
    detached: Arc<Mutex<Option<(StatusCode, CheckedBody)>>>,
}

impl Service<HttpRequest<Body>> for DetachingChannel {
    type Response = HttpResponse<Body>;
    type Error = tonic::transport::Error;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.channel.poll_ready(cx)
    }

    fn call(&mut self, request: HttpRequest<Body>) -> Self::Future {
        let (answer, detached) = (self.channel.call(request), Arc::clone(&self.detached));
        Box::pin(async move {
            let (head, body) = answer.await?.into_parts();
            // One that ends with its head says all that there is in it, and tonic reads that.
            if body.is_end_stream() || head.headers.contains_key("grpc-status") {
                return Ok(HttpResponse::from_parts(head, Body::new(body)));
            }
            let mut slot = detached.lock().unwrap_or_else(PoisonError::into_inner);
            *slot = Some((head.status, body));
            Ok(HttpResponse::from_parts(head, Body::empty()))
        })
    }
}

/// The answer to a Subscribe call.
#[derive(Debug)]
pub(crate) struct SubscriptionStream {
    state: ReadState,
    /// What came and was not read yet.
    chunk: Bytes,
    /// A message that began in an earlier chunk, its prefix included.
    split: BytesMut,
    max_answer_bytes: usize,
}

#[derive(Debug)]
enum ReadState {
    /// Messages come.
    Reading(StatusCode, CheckedBody),
    /// What is no message came: tonic says what it means.
    Ending(Box<Streaming<()>>),
    /// It was said.
    Over,
}

impl SubscriptionStream {
    fn new(status: StatusCode, body: CheckedBody, max_answer_bytes: usize) -> Self {
        Self {
            state: ReadState::Reading(status, body),
            chunk: Bytes::new(),
            split: BytesMut::new(),
            max_answer_bytes,
        }
    }

    /// What became of the next message; `None` after the end. It was handed to the decoder.
    pub(crate) fn poll_decode<S: MessageSink>(
        &mut self,
        decoder: &mut SubscriptionDecoder<S>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Disposition, Status>>> {
        loop {
            let body = match &mut self.state {
                ReadState::Over => return Poll::Ready(None),
                ReadState::Ending(judge) => {
                    let end = ready!(Pin::new(&mut **judge).poll_next(cx));
                    self.state = ReadState::Over;
                    return Poll::Ready(end.and_then(Result::err).map(Err));
                }
                ReadState::Reading(_, body) => body,
            };
            if self.chunk.is_empty() {
                match ready!(Pin::new(body).poll_frame(cx)) {
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(data) => self.chunk = data,
                        Err(trailers) => self.end(Some(Ok(trailers))),
                    },
                    end => self.end(end),
                }
                continue;
            }
            match self.next_message(decoder) {
                NextMessage::Decoded(disposition) => return Poll::Ready(Some(Ok(disposition))),
                NextMessage::Malformed => {
                    self.state = ReadState::Over;
                    return Poll::Ready(Some(Err(Status::data_loss(MALFORMED))));
                }
                NextMessage::Incomplete => {}
                NextMessage::Refused => self.end(None),
            }
        }
    }

    /// Reads the first message of the chunk, or takes what there is of it.
    #[inline]
    fn next_message<S: MessageSink>(
        &mut self,
        decoder: &mut SubscriptionDecoder<S>,
    ) -> NextMessage {
        if self.split.is_empty() {
            match self.message_end(&self.chunk) {
                Err(Unreadable) => return NextMessage::Refused,
                Ok(end) if end <= self.chunk.len() => {
                    let message = self.chunk.get(message_prefix::LEN..end).unwrap_or_default();
                    let outcome = decoder.decode(message);
                    self.chunk.advance(end);
                    return outcome.into();
                }
                Ok(_) => {}
            }
        }
        let end = match self.message_end(&self.split) {
            Err(Unreadable) => return NextMessage::Refused,
            Ok(end) => end,
        };
        let missing = end.saturating_sub(self.split.len()).min(self.chunk.len());
        self.split.extend_from_slice(&self.chunk.split_to(missing));
        match self.message_end(&self.split) {
            Err(Unreadable) => NextMessage::Refused,
            Ok(end) if end > self.split.len() => NextMessage::Incomplete,
            Ok(_) => {
                let outcome =
                    decoder.decode(self.split.get(message_prefix::LEN..).unwrap_or_default());
                self.split.clear();
                outcome.into()
            }
        }
    }

    /// Where the message ends that begins there; where its length ends while that is not there whole.
    #[inline]
    fn message_end(&self, bytes: &[u8]) -> Result<usize, Unreadable> {
        let Some(prefix) = MessagePrefix::of(bytes) else {
            return Ok(message_prefix::LEN);
        };
        let most = self.max_answer_bytes.saturating_add(message_prefix::LEN);
        if prefix.compressed || prefix.whole > most {
            return Err(Unreadable);
        }
        Ok(prefix.whole)
    }

    /// Hands what was not read, and what came in a message's place, to tonic, which says what it means.
    fn end(&mut self, next: Option<Result<Frame<Bytes>, Status>>) {
        let ReadState::Reading(status, _) = std::mem::replace(&mut self.state, ReadState::Over)
        else {
            return;
        };
        let unread = [self.split.split().freeze(), std::mem::take(&mut self.chunk)];
        let unread = unread.into_iter().filter(|bytes| !bytes.is_empty());
        let frames: Vec<_> = unread
            .map(|bytes| Ok(Frame::data(bytes)))
            .chain(next)
            .collect();
        let rest = Rest(frames.into_iter());
        let max = Some(self.max_answer_bytes);
        let judge = Streaming::new_response(Nothing, rest, status, None, max);
        self.state = ReadState::Ending(Box::new(judge));
    }
}

/// What came of reading a message.
enum NextMessage {
    Decoded(Disposition),
    /// It is no protobuf.
    Malformed,
    /// More of it is to come.
    Incomplete,
    /// It is compressed, or longer than this client takes.
    Refused,
}

impl From<Result<Disposition, Malformed>> for NextMessage {
    #[inline]
    fn from(decoded: Result<Disposition, Malformed>) -> Self {
        decoded.map_or(Self::Malformed, Self::Decoded)
    }
}

/// A message that tonic has to refuse.
struct Unreadable;

/// What is left of an answer once tonic is to say what it means: what came last.
struct Rest(std::vec::IntoIter<Result<Frame<Bytes>, Status>>);

impl HttpBody for Rest {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Ready(self.0.next())
    }
}

/// The codec with which tonic opens the call: it reads no message.
struct SubscribeCodec;

impl Codec for SubscribeCodec {
    type Encode = pb::SubscribeRequest;
    type Decode = ();
    type Encoder = RequestEncoder;
    type Decoder = Nothing;

    fn encoder(&mut self) -> Self::Encoder {
        RequestEncoder
    }

    fn decoder(&mut self) -> Self::Decoder {
        Nothing
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

/// The decoder of what tonic is to refuse.
struct Nothing;

impl Decoder for Nothing {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, _: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        Err(Status::data_loss(MALFORMED))
    }
}

/// The text of the status that stands for a message which is not protobuf.
pub(crate) const MALFORMED: &str = "a message of the subscription is malformed";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OwnedMessages;
    use crate::wire::subscription_decoder::ReadRange;

    const MOST: usize = 1000;

    fn stream() -> SubscriptionStream {
        SubscriptionStream {
            state: ReadState::Over,
            chunk: Bytes::new(),
            split: BytesMut::new(),
            max_answer_bytes: MOST,
        }
    }

    fn framed(messages: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
        let framed = messages.into_iter().flat_map(|message| {
            let len = u32::try_from(message.len()).unwrap();
            [vec![0], len.to_be_bytes().to_vec(), message].concat()
        });
        framed.collect()
    }

    fn message(offset: i64) -> Vec<u8> {
        let value = vec![b'x'; usize::try_from(offset).unwrap() * 7];
        let message = pb::Message {
            offset,
            value: value.into(),
            ..pb::Message::default()
        };
        message.encode_to_vec()
    }

    #[test]
    fn messages_are_the_same_however_their_frames_are_cut() {
        let bytes = framed(std::iter::once(Vec::new()).chain((1..10).map(message)));
        for piece in 1..=bytes.len() {
            let mut decoder = SubscriptionDecoder::new(OwnedMessages::default());
            decoder.reopen(ReadRange::default());
            let (mut stream, mut read) = (stream(), Vec::new());
            for chunk in bytes.chunks(piece) {
                stream.chunk = Bytes::copy_from_slice(chunk);
                while !stream.chunk.is_empty() {
                    match stream.next_message(&mut decoder) {
                        NextMessage::Decoded(Disposition::Handshake) => read.push(0),
                        NextMessage::Decoded(_) => read.push(decoder.take_batch().unwrap().offset),
                        NextMessage::Incomplete => {}
                        NextMessage::Malformed | NextMessage::Refused => panic!("cut to {piece}"),
                    }
                }
            }
            assert!(read.iter().copied().eq(0..10), "cut to {piece}: {read:?}");
        }
    }

    #[test]
    fn what_is_compressed_or_too_long_is_refused_before_any_of_it_is_kept() {
        for prefix in [[1, 0, 0, 0, 1], [0, 0, 0, 3, 233]] {
            for cut in 1..prefix.len() {
                let mut decoder = SubscriptionDecoder::new(OwnedMessages::default());
                let mut stream = stream();
                let (first, second) = prefix.split_at(cut);
                stream.chunk = Bytes::copy_from_slice(first);
                let begun = stream.next_message(&mut decoder);
                assert!(matches!(begun, NextMessage::Incomplete));
                stream.chunk = Bytes::copy_from_slice(second);
                let refused = stream.next_message(&mut decoder);
                assert!(matches!(refused, NextMessage::Refused));
            }
        }
    }
}
