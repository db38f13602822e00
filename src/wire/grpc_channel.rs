//! The channel that all calls go through: it looks at each answer before tonic does. tonic gives a server's status and one
//! that it makes up the same shape, and panics where the details of a status are no base64.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, HeaderValue, Request, Response};
use tonic::codegen::{BoxFuture, Service};
use tonic::transport::{Channel, Error};

/// Marks metadata that came with a status of the server's own.
const FROM_SERVER: &str = "liftui-status-from-server";
/// Nothing here reads it, and tonic does not survive one that is malformed.
const DETAILS: &str = "grpc-status-details-bin";
/// The highest code of gRPC.
const LAST_CODE: u8 = 16;

/// Whether a server sent that status, and this side did not make it up for want of one.
pub(crate) fn is_from_server(status: &Status) -> bool {
    status.metadata().contains_key(FROM_SERVER)
}

fn check(headers: &mut HeaderMap) {
    headers.remove(DETAILS);
    headers.remove(FROM_SERVER);
    let status = headers.get("grpc-status");
    let code = status.and_then(|status| status.to_str().ok()?.parse::<u8>().ok());
    if code.is_some_and(|code| code <= LAST_CODE) {
        headers.insert(FROM_SERVER, HeaderValue::from_static("1"));
    }
}

/// A channel to one broker.
#[derive(Clone, Debug)]
pub(crate) struct GrpcChannel(pub(crate) Channel);

impl Service<Request<Body>> for GrpcChannel {
    type Response = Response<CheckedBody>;
    type Error = Error;
    type Future = BoxFuture<Self::Response, Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answer = self.0.call(request);
        Box::pin(async move {
            let mut answer = answer.await?;
            check(answer.headers_mut());
            Ok(answer.map(CheckedBody))
        })
    }
}

/// The body of an answer, whose trailers are looked at.
#[derive(Debug)]
pub(crate) struct CheckedBody(Body);

impl http_body::Body for CheckedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.0).poll_frame(cx);
        polled.map_ok(|mut frame| {
            if let Some(trailers) = frame.trailers_mut() {
                check(trailers);
            }
            frame
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.0.size_hint()
    }
}
