//! One `PublishAsync` session: requests in, acks and errors out, in no particular order (wire-contract §4.4).
//! Who hears a message is `publish.rs`.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tonic::{Status, Streaming};

use super::cluster::Cluster;
use super::compat::AckFault;
use super::publish::{PublishError, inbox, refused_by};
use super::replication::BrokerIndex;
use super::timings;
use crate::wire::pb;

/// How many acks a spoilt order holds back.
const BUNCH: usize = 8;

/// Answers on their way to the client.
pub(super) type ResponseSender = mpsc::Sender<Result<pb::PublishResponse, Status>>;

/// One session at one broker.
pub(super) struct AsyncPublish {
    cluster: Arc<Cluster>,
    at: BrokerIndex,
    /// The session's own inbox: what the client names is ignored.
    inbox: String,
    acks: mpsc::UnboundedSender<pb::Ack>,
    arrived: mpsc::UnboundedReceiver<pb::Ack>,
    responses: ResponseSender,
    in_flight: usize,
    held: VecDeque<pb::PublishResponse>,
}

impl AsyncPublish {
    /// A session whose answers go there.
    pub(super) fn new(cluster: Arc<Cluster>, at: BrokerIndex, answers: ResponseSender) -> Self {
        let (acks, arrived) = mpsc::unbounded_channel();
        let held = VecDeque::new();
        Self {
            cluster,
            at,
            inbox: inbox(),
            acks,
            arrived,
            responses: answers,
            in_flight: 0,
            held,
        }
    }

    /// Publishes what comes until the client closes its side, then waits a while for the last acks.
    pub(super) async fn run(mut self, mut requests: Streaming<pb::PublishRequest>) {
        loop {
            let kept = tokio::select! {
                Some(ack) = self.arrived.recv() => self.forward_ack(ack).await,
                request = requests.message() => match request {
                    Ok(Some(request)) => self.publish(request).await,
                    Ok(None) => break,
                    Err(status) => {
                        self.responses.send(Err(super::server::as_grpc_go(status))).await.ok();
                        return;
                    }
                },
            };
            if !kept {
                return;
            }
        }
        self.drain().await;
    }

    async fn drain(&mut self) {
        let deadline = Instant::now() + self.cluster.timings.drain;
        while self.in_flight > 0 {
            tokio::select! {
                Some(ack) = self.arrived.recv() => if !self.forward_ack(ack).await { return },
                () = timings::wait_until(Some(deadline)) => return,
            }
        }
        self.flush().await;
    }

    /// False where the client has left.
    async fn publish(&mut self, request: pb::PublishRequest) -> bool {
        let correlation_id = request.correlation_id.clone();
        match self.cluster.target_of(self.at, &request) {
            Ok(partition) => {
                let wanted = request.ack_policy() != pb::AckPolicy::None;
                self.in_flight += usize::from(wanted);
                let acks = wanted.then(|| self.acks.clone());
                self.cluster
                    .publish(&partition, request, self.inbox.clone(), acks);
                true
            }
            Err(refusal) => {
                // Servers count a message that NATS refused as in flight for ever: closing takes the full five seconds.
                self.in_flight += usize::from(refusal == PublishError::TooLarge);
                self.respond(error(&refusal, correlation_id)).await
            }
        }
    }

    async fn forward_ack(&mut self, ack: pb::Ack) -> bool {
        self.in_flight = self.in_flight.saturating_sub(1);
        let correlation_id = ack.correlation_id.clone();
        let response = match refused_by(&ack) {
            Some(refusal) => error(&refusal, correlation_id),
            None => pb::PublishResponse {
                ack: Some(ack),
                async_error: None,
                correlation_id,
            },
        };
        match self.cluster.compat.acks() {
            AckFault::None => self.flush().await && self.respond(response).await,
            AckFault::Duplicate => {
                self.respond(response.clone()).await && self.respond(response).await
            }
            AckFault::Lose => true,
            AckFault::Reorder => {
                self.held.push_front(response);
                self.held.len() < BUNCH || self.flush().await
            }
        }
    }

    /// Sends what a spoilt order held back.
    async fn flush(&mut self) -> bool {
        while let Some(response) = self.held.pop_front() {
            if !self.respond(response).await {
                return false;
            }
        }
        true
    }

    async fn respond(&self, response: pb::PublishResponse) -> bool {
        self.responses.send(Ok(response)).await.is_ok()
    }
}

/// An error comes with an ack that is there and empty.
fn error(refusal: &PublishError, correlation_id: String) -> pb::PublishResponse {
    let error = pb::PublishAsyncError {
        code: refusal.code().into(),
        message: refusal.to_string(),
    };
    pb::PublishResponse {
        ack: Some(pb::Ack::default()),
        async_error: Some(error),
        correlation_id,
    }
}
