//! One `PublishAsync` session: requests in, acks and errors out, in no particular order (wire-contract §4.4).
//! Which partitions get a message is decided in `publish.rs`.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tonic::{Status, Streaming};

use super::broker_set::BrokerIndex;
use super::cluster::Cluster;
use super::compat::AckFault;
use super::publish::{PublishError, check_ack, inbox};
use super::timings;
use crate::wire::pb;

/// How many acks are held back to be reordered.
const BUNCH: usize = 8;

/// Responses on their way to the client.
pub(super) type ResponseSender = mpsc::Sender<Result<pb::PublishResponse, Status>>;

/// One session at one broker.
pub(super) struct AsyncPublish {
    cluster: Arc<Cluster>,
    at: BrokerIndex,
    /// The session's own inbox: what the client names is ignored.
    inbox: String,
    acks: mpsc::UnboundedSender<pb::Ack>,
    arrived: mpsc::UnboundedReceiver<pb::Ack>,
    deadline: Option<Instant>,
    responses: ResponseSender,
    in_flight: usize,
    held_back: VecDeque<pb::PublishResponse>,
}

impl AsyncPublish {
    /// A session whose responses go there.
    pub(super) fn new(
        cluster: Arc<Cluster>,
        at: BrokerIndex,
        deadline: Option<Instant>,
        responses: ResponseSender,
    ) -> Self {
        let (acks, arrived) = mpsc::unbounded_channel();
        Self {
            cluster,
            at,
            inbox: inbox(),
            acks,
            arrived,
            deadline,
            responses,
            in_flight: 0,
            held_back: VecDeque::new(),
        }
    }

    /// Publishes what comes until the client closes its side, then waits a while for the last acks.
    pub(super) async fn run(mut self, mut requests: Streaming<pb::PublishRequest>) {
        loop {
            let connected = tokio::select! {
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
            if !connected {
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
        if let Err(denied) = self.cluster.policy.check("Publish", &request.stream) {
            // Servers publish it all the same (wire-contract §4.9).
            let error = PublishError::PermissionDenied(denied.message().to_owned());
            let answer = response(Err(error), request.correlation_id.clone());
            if !self.respond(answer).await {
                return false;
            }
        }
        match self
            .cluster
            .publish_target(self.at, &request, self.deadline)
            .await
        {
            Ok(partition) => {
                let wanted = request.ack_policy() != pb::AckPolicy::None;
                self.in_flight += usize::from(wanted);
                let acks = wanted.then(|| self.acks.clone());
                self.cluster
                    .publish(&partition, request, self.inbox.clone(), acks);
                true
            }
            Err(error) => {
                // Servers count a message that NATS refused as in flight for ever: closing takes the full five seconds.
                self.in_flight += usize::from(matches!(error, PublishError::TooLarge));
                self.respond(response(Err(error), request.correlation_id))
                    .await
            }
        }
    }

    async fn forward_ack(&mut self, ack: pb::Ack) -> bool {
        self.in_flight = self.in_flight.saturating_sub(1);
        let correlation_id = ack.correlation_id.clone();
        let response = response(check_ack(ack), correlation_id);
        match self.cluster.compat().acks {
            AckFault::None => self.flush().await && self.respond(response).await,
            AckFault::Duplicate => {
                self.respond(response.clone()).await && self.respond(response).await
            }
            AckFault::Lose => true,
            AckFault::Reorder => {
                self.held_back.push_front(response);
                self.held_back.len() < BUNCH || self.flush().await
            }
        }
    }

    /// Sends what was held back to be reordered.
    async fn flush(&mut self) -> bool {
        while let Some(response) = self.held_back.pop_front() {
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
fn response(ack: Result<pb::Ack, PublishError>, correlation_id: String) -> pb::PublishResponse {
    let error = ack.as_ref().err().map(|error| pb::PublishAsyncError {
        code: error.code().into(),
        message: error.to_string(),
    });
    pb::PublishResponse {
        ack: Some(ack.unwrap_or_default()),
        async_error: error,
        correlation_id,
    }
}
