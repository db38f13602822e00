//! The sixteen calls of one broker: protobuf in, protobuf out, nothing decided.
//! What each call does is in the file named after it.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use super::broker_set::BrokerIndex;
use super::cluster::Cluster;
use super::cursors::CursorKey;
use super::deadline::Deadline;
use super::pending_acks::Publication;
use super::publish::{AckInbox, check_ack};
use super::publish_async::AsyncPublish;
use super::reader::MessageStream;
use super::stream_spec::StreamSpec;
use super::subject;
use crate::wire::pb;

/// How many responses of a publish session may wait for a slow client.
const RESPONSES: usize = 1024;

type Answer<T> = Result<Response<T>, Status>;

/// The calls of one broker.
#[derive(Clone, Debug)]
pub(super) struct BrokerCalls {
    cluster: Arc<Cluster>,
    at: BrokerIndex,
}

impl BrokerCalls {
    /// The calls as that broker answers them.
    pub(super) fn new(cluster: Arc<Cluster>, at: BrokerIndex) -> Self {
        Self { cluster, at }
    }

    /// The messages of a subscription as they are stored, the empty handshake first.
    pub(super) async fn stored_messages(
        &self,
        request: &Request<pb::SubscribeRequest>,
    ) -> Result<MessageStream, Status> {
        let deadline = Deadline::of(request);
        let batches = self
            .cluster
            .subscribe(self.at, request.get_ref(), deadline)
            .await?;
        Ok(MessageStream::new(batches))
    }

    /// Waits for a metadata leader, as every change of the cluster needs one.
    async fn find_controller<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let deadline = Deadline::of(request);
        self.cluster.wait_for_controller(self.at, deadline).await
    }

    /// Refuses a call that the policy does not allow.
    fn authorize(&self, call: &str, resource: &str) -> Result<(), Status> {
        self.cluster.policy.check(call, resource)
    }

    /// Whether a publish waits for an ack: not without a deadline, nor with a policy of none (wire-contract §0.6).
    fn waits_for_ack(policy: pb::AckPolicy, deadline: Option<tokio::time::Instant>) -> bool {
        policy != pb::AckPolicy::None && deadline.is_some()
    }

    /// The first ack that comes. Where no leader took the message, the caller waits for its whole deadline.
    async fn first_ack(mut inbox: AckInbox) -> pb::Ack {
        match inbox.arrived.recv().await {
            Some(ack) => ack,
            None => std::future::pending().await,
        }
    }
}

#[tonic::async_trait]
impl pb::api_server::Api for BrokerCalls {
    async fn create_stream(
        &self,
        request: Request<pb::CreateStreamRequest>,
    ) -> Answer<pb::CreateStreamResponse> {
        let deadline = Deadline::of(&request);
        let spec = StreamSpec::from(request.into_inner());
        spec.check()?;
        self.authorize("CreateStream", &spec.name)?;
        spec.check_encryption()?;
        self.cluster.wait_for_controller(self.at, deadline).await?;
        self.cluster.create(spec)?;
        self.cluster.leave_open("Failed to replicate partition")?;
        Ok(Response::new(pb::CreateStreamResponse {}))
    }

    async fn delete_stream(
        &self,
        request: Request<pb::DeleteStreamRequest>,
    ) -> Answer<pb::DeleteStreamResponse> {
        self.authorize("DeleteStream", &request.get_ref().name)?;
        self.find_controller(&request).await?;
        self.cluster.delete(&request.get_ref().name)?;
        self.cluster.leave_open("Failed to delete stream")?;
        Ok(Response::new(pb::DeleteStreamResponse {}))
    }

    async fn pause_stream(
        &self,
        request: Request<pb::PauseStreamRequest>,
    ) -> Answer<pb::PauseStreamResponse> {
        self.authorize("PauseStream", &request.get_ref().name)?;
        self.find_controller(&request).await?;
        let request = request.get_ref();
        self.cluster
            .pause(&request.name, &request.partitions, request.resume_all)?;
        self.cluster.leave_open("Failed to pause stream")?;
        Ok(Response::new(pb::PauseStreamResponse {}))
    }

    async fn set_stream_readonly(
        &self,
        request: Request<pb::SetStreamReadonlyRequest>,
    ) -> Answer<pb::SetStreamReadonlyResponse> {
        self.authorize("SetStreamReadonly", &request.get_ref().name)?;
        self.find_controller(&request).await?;
        let request = request.get_ref();
        self.cluster
            .set_readonly(&request.name, &request.partitions, request.readonly)?;
        self.cluster
            .leave_open("Failed to set stream readonly flag")?;
        Ok(Response::new(pb::SetStreamReadonlyResponse {}))
    }

    type SubscribeStream = Pin<Box<dyn Stream<Item = Result<pb::Message, Status>> + Send>>;

    /// The trait wants this call too. The router answers it first, without decoding what is stored as bytes.
    async fn subscribe(
        &self,
        request: Request<pb::SubscribeRequest>,
    ) -> Answer<Self::SubscribeStream> {
        let messages = self.stored_messages(&request).await?.map(|message| {
            pb::Message::decode(message?).map_err(|error| Status::internal(error.to_string()))
        });
        Ok(Response::new(Box::pin(messages)))
    }

    async fn fetch_metadata(
        &self,
        request: Request<pb::FetchMetadataRequest>,
    ) -> Answer<pb::FetchMetadataResponse> {
        self.authorize("FetchMetadata", "*")?;
        let deadline = Deadline::of(&request);
        let request = request.into_inner();
        // Streams first: the wait for silent brokers makes them old (wire-contract §4.7).
        let streams = self.cluster.streams_seen_by(self.at, &request.streams);
        let groups = request.groups.into_iter();
        let groups = groups.map(|id| self.cluster.group_seen_by(self.at, id));
        Ok(Response::new(pb::FetchMetadataResponse {
            stream_metadata: streams,
            group_metadata: groups.collect(),
            brokers: self.cluster.brokers_seen_by(self.at, deadline).await,
        }))
    }

    async fn fetch_partition_metadata(
        &self,
        request: Request<pb::FetchPartitionMetadataRequest>,
    ) -> Answer<pb::FetchPartitionMetadataResponse> {
        let request = request.get_ref();
        self.authorize("FetchPartitionMetadata", &request.stream)?;
        let metadata =
            self.cluster
                .partition_seen_by(self.at, &request.stream, request.partition)?;
        Ok(Response::new(pb::FetchPartitionMetadataResponse {
            metadata: Some(metadata),
        }))
    }

    async fn publish(&self, request: Request<pb::PublishRequest>) -> Answer<pb::PublishResponse> {
        let deadline = Deadline::of(&request);
        let request = request.into_inner();
        if request.stream.is_empty() {
            return Err(Status::invalid_argument("no stream provided"));
        }
        self.authorize("Publish", &request.stream)?;
        let partition = self
            .cluster
            .publish_target(self.at, &request, deadline)
            .await?;
        let waits = Self::waits_for_ack(request.ack_policy(), deadline);
        let mut inbox = self.cluster.open_inbox(request.ack_inbox.clone(), waits);
        let (name, acks) = (std::mem::take(&mut inbox.name), inbox.acks.take());
        self.cluster.publish(&partition, request, name, acks);
        let mut response = pb::PublishResponse::default();
        if waits {
            response.ack = Some(check_ack(Self::first_ack(inbox).await)?);
        }
        Ok(Response::new(response))
    }

    type PublishAsyncStream = ReceiverStream<Result<pb::PublishResponse, Status>>;

    async fn publish_async(
        &self,
        request: Request<Streaming<pb::PublishRequest>>,
    ) -> Answer<Self::PublishAsyncStream> {
        let (responses, receiver) = mpsc::channel(RESPONSES);
        let deadline = Deadline::of(&request);
        let cluster = Arc::clone(&self.cluster);
        let session = AsyncPublish::new(cluster, self.at, deadline, responses);
        self.cluster.spawn(session.run(request.into_inner()));
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn publish_to_subject(
        &self,
        request: Request<pb::PublishToSubjectRequest>,
    ) -> Answer<pb::PublishToSubjectResponse> {
        let deadline = Deadline::of(&request);
        let request = request.into_inner();
        self.authorize("PublishToSubject", &request.subject)?;
        // NATS accepts wildcards.
        if !subject::is_valid(&request.subject) {
            let text = "failed to publish to NATS: nats: invalid subject";
            return Err(Status::unknown(text));
        }
        let policy = request.ack_policy();
        let waits = Self::waits_for_ack(policy, deadline);
        let mut inbox = self.cluster.open_inbox(request.ack_inbox, waits);
        self.cluster.deliver(&Publication {
            subject: Cow::Borrowed(&*request.subject),
            key: request.key,
            value: request.value,
            headers: request.headers,
            ack_inbox: std::mem::take(&mut inbox.name),
            correlation_id: request.correlation_id,
            policy,
            acks: inbox.acks.take(),
            ..Publication::default()
        });
        let mut response = pb::PublishToSubjectResponse::default();
        if waits {
            response.ack = Some(Self::first_ack(inbox).await);
        }
        Ok(Response::new(response))
    }

    async fn set_cursor(
        &self,
        request: Request<pb::SetCursorRequest>,
    ) -> Answer<pb::SetCursorResponse> {
        let deadline = Deadline::of(&request);
        let request = request.into_inner();
        let key = CursorKey {
            stream: request.stream,
            partition: request.partition,
            cursor_id: request.cursor_id,
        };
        key.check()?;
        self.authorize("SetCursor", &key.stream)?;
        self.cluster
            .set_cursor(self.at, key, request.offset, deadline)
            .await?;
        Ok(Response::new(pb::SetCursorResponse {}))
    }

    async fn fetch_cursor(
        &self,
        request: Request<pb::FetchCursorRequest>,
    ) -> Answer<pb::FetchCursorResponse> {
        let deadline = Deadline::of(&request);
        let request = request.into_inner();
        let key = CursorKey {
            stream: request.stream,
            partition: request.partition,
            cursor_id: request.cursor_id,
        };
        key.check()?;
        self.authorize("FetchCursor", &key.stream)?;
        let offset = self.cluster.fetch_cursor(self.at, &key, deadline).await?;
        Ok(Response::new(pb::FetchCursorResponse { offset }))
    }

    async fn join_consumer_group(
        &self,
        request: Request<pb::JoinConsumerGroupRequest>,
    ) -> Answer<pb::JoinConsumerGroupResponse> {
        self.find_controller(&request).await?;
        let request = request.into_inner();
        let (group, consumer) = (&request.group_id, &request.consumer_id);
        let (coordinator, epoch) = self.cluster.join_group(group, consumer, request.streams)?;
        self.cluster.leave_open("Failed to join consumer group")?;
        let nanos = |time: Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        let timings = &self.cluster.timings;
        Ok(Response::new(pb::JoinConsumerGroupResponse {
            coordinator: self.cluster.name(coordinator),
            epoch,
            consumer_timeout: nanos(timings.consumer_timeout),
            coordinator_timeout: nanos(timings.coordinator_timeout),
        }))
    }

    async fn leave_consumer_group(
        &self,
        request: Request<pb::LeaveConsumerGroupRequest>,
    ) -> Answer<pb::LeaveConsumerGroupResponse> {
        self.find_controller(&request).await?;
        let request = request.get_ref();
        self.cluster
            .leave_group(&request.group_id, &request.consumer_id)?;
        // The servers' own words.
        self.cluster
            .leave_open("Failed to set stream readonly flag")?;
        Ok(Response::new(pb::LeaveConsumerGroupResponse {}))
    }

    async fn fetch_consumer_group_assignments(
        &self,
        request: Request<pb::FetchConsumerGroupAssignmentsRequest>,
    ) -> Answer<pb::FetchConsumerGroupAssignmentsResponse> {
        let request = request.get_ref();
        let (group, consumer) = (&request.group_id, &request.consumer_id);
        let epoch = request.epoch;
        Ok(Response::new(pb::FetchConsumerGroupAssignmentsResponse {
            epoch,
            assignments: self.cluster.assignments(self.at, group, consumer, epoch)?,
        }))
    }

    async fn report_consumer_group_coordinator(
        &self,
        request: Request<pb::ReportConsumerGroupCoordinatorRequest>,
    ) -> Answer<pb::ReportConsumerGroupCoordinatorResponse> {
        self.find_controller(&request).await?;
        let request = request.get_ref();
        let suspect = (request.coordinator.as_str(), request.epoch);
        self.cluster
            .report_coordinator(&request.group_id, &request.consumer_id, suspect)?;
        self.cluster
            .leave_open("Failed to replicate coordinator change")?;
        Ok(Response::new(pb::ReportConsumerGroupCoordinatorResponse {}))
    }
}
