//! What every request passes first: the broker's troubles, its deadline, and the routes.
//! The calls themselves are `service.rs`.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Context, Poll, Service, http};
use tonic::server::{Grpc, ServerStreamingService};
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use super::broker_set::BrokerIndex;
use super::cluster::Cluster;
use super::codec::FrameCodec;
use super::deadline::{self, Deadline};
use super::framing::Framing;
use super::reader::MessageStream;
use super::service::BrokerCalls;
use super::timings;
use crate::wire::pb;
use pb::api_server::ApiServer;

/// The calls whose response goes on until a deadline.
const SUBSCRIBE: &str = "/proto.API/Subscribe";
const PUBLISH_ASYNC: &str = "/proto.API/PublishAsync";

/// grpc-go has another code and another text than tonic for a message over its limit of 4 MiB.
pub(super) fn as_grpc_go(status: Status) -> Status {
    let too_large = "Error, decoded message length too large: found ";
    let Some(rest) = status.message().strip_prefix(too_large) else {
        return status;
    };
    let len = rest.split(' ').next().unwrap_or_default();
    let text = format!("grpc: received message larger than max ({len} vs. 4194304)");
    Status::resource_exhausted(text)
}

/// The health service of any broker: healthy is whatever answers, since real servers say SERVING before they can do
/// anything (wire-contract §5, Startup).
pub(super) async fn health_server() -> HealthServer<HealthService> {
    let reporter = HealthReporter::new();
    reporter.set_serving::<ApiServer<BrokerCalls>>().await;
    HealthServer::new(HealthService::from_health_reporter(reporter))
}

/// One broker's gRPC service.
#[derive(Clone, Debug)]
pub(super) struct BrokerService {
    cluster: Arc<Cluster>,
    at: BrokerIndex,
    api: ApiServer<BrokerCalls>,
    health: HealthServer<HealthService>,
    framing: Framing,
}

impl BrokerService {
    /// The service of that broker.
    pub(super) fn new(
        cluster: &Arc<Cluster>,
        at: BrokerIndex,
        health: HealthServer<HealthService>,
        framing: Framing,
    ) -> Self {
        Self {
            cluster: Arc::clone(cluster),
            at,
            api: ApiServer::new(BrokerCalls::new(Arc::clone(cluster), at)),
            health,
            framing,
        }
    }

    async fn route(&mut self, request: http::Request<Body>) -> http::Response<Body> {
        let busy = self.cluster.brokers[self.at].busy_until(Instant::now());
        if busy.is_some() {
            timings::wait_until(busy).await;
        }
        match request.uri().path() {
            SUBSCRIBE => {
                let calls = BrokerCalls::new(Arc::clone(&self.cluster), self.at);
                Grpc::new(FrameCodec)
                    .server_streaming(Subscribe(calls), request)
                    .await
            }
            path if path.starts_with("/grpc.health.v1.Health/") => {
                let Ok(response) = self.health.call(request).await;
                response
            }
            _ => self.call_api(request).await,
        }
    }

    async fn call_api(&mut self, request: http::Request<Body>) -> http::Response<Body> {
        let Ok(response) = self.api.call(request).await;
        let code = response.headers().get("grpc-status");
        if code.map(http::HeaderValue::as_bytes) != Some(b"11") {
            return response;
        }
        let status = Status::from_header_map(response.headers());
        as_grpc_go(status.unwrap_or_else(|| Status::new(Code::Unknown, ""))).into_http()
    }

    async fn answer(mut self, mut request: http::Request<Body>) -> http::Response<Body> {
        let deadline = Deadline::in_headers(request.headers());
        request.extensions_mut().insert(deadline);
        let streams = matches!(request.uri().path(), SUBSCRIBE | PUBLISH_ASYNC);
        let deadlines = self.cluster.compat().deadlines;
        let response = tokio::select! {
            response = self.route(request) => response,
            () = timings::wait_until(deadline.last_moment()) => {
                return deadline::exceeded().into_http();
            }
        };
        let response = response.map(|body| self.framing.cut(body));
        if streams {
            response.map(|body| deadline.limit(body, deadlines))
        } else {
            response
        }
    }
}

impl Service<http::Request<Body>> for BrokerService {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request).await) })
    }
}

/// The subscribe call with messages as bytes.
struct Subscribe(BrokerCalls);

impl ServerStreamingService<pb::SubscribeRequest> for Subscribe {
    type Response = Bytes;
    type ResponseStream = MessageStream;
    type Future = BoxFuture<Response<MessageStream>, Status>;

    fn call(&mut self, request: Request<pb::SubscribeRequest>) -> Self::Future {
        let calls = self.0.clone();
        Box::pin(async move { calls.stored_messages(&request).await.map(Response::new) })
    }
}
