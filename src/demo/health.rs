//! The grpc health service, by hand: two calls and two messages are less than another crate in the graph.
//! Healthy is whatever answers; real servers say SERVING before they can do anything (wire-contract §5, Startup).

use std::pin::Pin;
use std::task::{Context, Poll};

use prost::Message;
use tokio_stream::Stream;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::server::{Grpc, ServerStreamingService, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

/// The path of the call for one status.
pub(super) const CHECK: &str = "/grpc.health.v1.Health/Check";
/// The path of the call for each status as it comes.
pub(super) const WATCH: &str = "/grpc.health.v1.Health/Watch";

const SERVING: i32 = 1;
const SERVICE_UNKNOWN: i32 = 3;

/// `grpc.health.v1.HealthCheckRequest`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct HealthRequest {
    #[prost(string, tag = "1")]
    service: String,
}

/// `grpc.health.v1.HealthCheckResponse`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct HealthResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

fn is_known(service: &str) -> bool {
    service.is_empty() || service == "proto.API"
}

struct Check;

impl UnaryService<HealthRequest> for Check {
    type Response = HealthResponse;
    type Future = std::future::Ready<Result<Response<HealthResponse>, Status>>;

    fn call(&mut self, request: Request<HealthRequest>) -> Self::Future {
        std::future::ready(if is_known(&request.get_ref().service) {
            Ok(Response::new(HealthResponse { status: SERVING }))
        } else {
            Err(Status::not_found("unknown service"))
        })
    }
}

struct Watch;

/// One status, and then silence: it does not change while the broker answers.
struct Unchanging(Option<HealthResponse>);

impl Stream for Unchanging {
    type Item = Result<HealthResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.0.take() {
            Some(response) => Poll::Ready(Some(Ok(response))),
            None => Poll::Pending,
        }
    }
}

impl ServerStreamingService<HealthRequest> for Watch {
    type Response = HealthResponse;
    type ResponseStream = Unchanging;
    type Future = std::future::Ready<Result<Response<Unchanging>, Status>>;

    fn call(&mut self, request: Request<HealthRequest>) -> Self::Future {
        let known = is_known(&request.get_ref().service);
        let status = if known { SERVING } else { SERVICE_UNKNOWN };
        std::future::ready(Ok(Response::new(Unchanging(Some(HealthResponse {
            status,
        })))))
    }
}

/// Answers a check.
pub(super) async fn check(request: http::Request<Body>) -> http::Response<Body> {
    Grpc::new(ProstCodec::default()).unary(Check, request).await
}

/// Answers a watch.
pub(super) async fn watch(request: http::Request<Body>) -> http::Response<Body> {
    Grpc::new(ProstCodec::default())
        .server_streaming(Watch, request)
        .await
}
