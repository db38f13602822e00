//! How what is answered is cut into DATA frames: a frame a message, as grpc-go's transport does it, or many in one.
//! When frames are written is `socket.rs`.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;

use crate::wire::message_prefix::MessagePrefix;

/// The longest payload of a DATA frame that grpc-go writes, whatever its peer would take.
const MAX_FRAME: usize = 16 * 1024;

/// How messages are cut into DATA frames and written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// A frame and a write for each message, in frames of at most 16 KiB. grpc-go writes whenever it has nothing more to
    /// write, which is after nearly each message of a real server.
    #[default]
    GrpcGo,
    /// As many messages in a frame, and frames in a write, as are ready: less work for both sides than a real server makes.
    Bulk,
}

impl Framing {
    /// The answer, cut into frames.
    pub(super) fn cut(self, answer: Body) -> Body {
        match self {
            Self::Bulk => answer,
            Self::GrpcGo => Body::new(MessageFrames {
                inner: answer,
                chunk: Bytes::new(),
                missing: 0,
            }),
        }
    }
}

/// A body that hands on one message at a time.
struct MessageFrames {
    inner: Body,
    /// What came and was not handed on yet.
    chunk: Bytes,
    /// How much of the message that was begun is still to come.
    missing: usize,
}

impl MessageFrames {
    fn next_frame(&mut self) -> Bytes {
        if self.missing == 0 {
            // tonic never cuts inside of a prefix.
            let prefix = MessagePrefix::of(&self.chunk);
            self.missing = prefix.map_or(self.chunk.len(), |prefix| prefix.whole);
        }
        let len = self.missing.min(MAX_FRAME).min(self.chunk.len());
        self.missing -= len;
        self.chunk.split_to(len)
    }
}

impl HttpBody for MessageFrames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        while self.chunk.is_empty() {
            let frame = match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                end_or_error => return Poll::Ready(end_or_error),
            };
            match frame.into_data() {
                Ok(chunk) => self.chunk = chunk,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        Poll::Ready(Some(Ok(Frame::data(self.next_frame()))))
    }

    fn is_end_stream(&self) -> bool {
        self.chunk.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
