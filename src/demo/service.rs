//! The sixteen calls of one broker: protobuf in, protobuf out, nothing decided.
//! What each call does is in the file named after it.

use std::pin::Pin;
use std::sync::Arc;

use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use super::cluster::Cluster;
use super::convert;
use super::cursors::CursorKey;
use super::pending_acks::Publication;
use super::publish::refused_by;
use super::publish_async::AsyncPublish;
use super::reader::MessageStream;
use super::replication::BrokerIndex;
use super::server::Deadline;
use crate::wire::pb;

/// How many answers of a publish session may wait for a slow client.
const ANSWERS: usize = 1024;

type Answer<T> = Result<Response<T>, Status>;

/// The calls of the broker of one seat.
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
    pub(super) fn stored_messages(
        &self,
        request: &Request<pb::SubscribeRequest>,
    ) -> Result<MessageStream, Status> {
        let deadline = Deadline::of(request);
        let batches = self
            .cluster
            .subscribe(self.at, request.get_ref(), deadline)?;
        Ok(MessageStream::new(batches))
    }

    /// Waits for a metadata leader, as every change of the cluster does.
    async fn require_controller<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let deadline = Deadline::of(request);
        self.cluster.wait_for_controller(deadline).await.map(drop)
    }

    /// The first ack that comes; nobody waits without a deadline, nor with a policy of none (wire-contract §0.6).
    async fn first_ack(mut acks: mpsc::UnboundedReceiver<pb::Ack>) -> Result<pb::Ack, Status> {
        match acks.recv().await {
            Some(ack) => Ok(ack),
            // No leader took the message: the caller waits for its whole deadline.
            None => std::future::pending().await,
        }
    }
}

fn key(stream: String, partition: i32, cursor_id: String) -> CursorKey {
    CursorKey {
        stream,
        partition,
        cursor_id,
    }
}

#[tonic::async_trait]
impl pb::api_server::Api for BrokerCalls {
    async fn create_stream(
        &self,
        request: Request<pb::CreateStreamRequest>,
    ) -> Answer<pb::CreateStreamResponse> {
        let deadline = Deadline::of(&request);
        let wish = convert::stream_request(request.into_inner());
        wish.check()?;
        self.cluster.wait_for_controller(deadline).await?;
        self.cluster.create(&wish)?;
        Ok(Response::new(pb::CreateStreamResponse {}))
    }

    async fn delete_stream(
        &self,
        request: Request<pb::DeleteStreamRequest>,
    ) -> Answer<pb::DeleteStreamResponse> {
        self.require_controller(&request).await?;
        self.cluster.delete(&request.get_ref().name)?;
        Ok(Response::new(pb::DeleteStreamResponse {}))
    }

    async fn pause_stream(
        &self,
        request: Request<pb::PauseStreamRequest>,
    ) -> Answer<pb::PauseStreamResponse> {
        self.require_controller(&request).await?;
        let request = request.get_ref();
        self.cluster
            .pause(&request.name, &request.partitions, request.resume_all)?;
        Ok(Response::new(pb::PauseStreamResponse {}))
    }

    async fn set_stream_readonly(
        &self,
        request: Request<pb::SetStreamReadonlyRequest>,
    ) -> Answer<pb::SetStreamReadonlyResponse> {
        self.require_controller(&request).await?;
        let request = request.get_ref();
        self.cluster
            .set_readonly(&request.name, &request.partitions, request.readonly)?;
        Ok(Response::new(pb::SetStreamReadonlyResponse {}))
    }

    type SubscribeStream = Pin<Box<dyn Stream<Item = Result<pb::Message, Status>> + Send>>;

    /// The trait wants this call too. The front answers it first, without decoding what is stored as bytes.
    async fn subscribe(
        &self,
        request: Request<pb::SubscribeRequest>,
    ) -> Answer<Self::SubscribeStream> {
        let messages = self.stored_messages(&request)?.map(|message| {
            pb::Message::decode(message?).map_err(|error| Status::internal(error.to_string()))
        });
        Ok(Response::new(Box::pin(messages)))
    }

    async fn fetch_metadata(
        &self,
        request: Request<pb::FetchMetadataRequest>,
    ) -> Answer<pb::FetchMetadataResponse> {
        let deadline = Deadline::of(&request);
        let request = request.into_inner();
        // Streams first: the wait for silent brokers makes them old (wire-contract §4.7).
        let streams = self
            .cluster
            .streams_seen_by(self.at, &request.streams)
            .into_iter();
        let streams = streams
            .map(|view| convert::stream(&self.cluster, view))
            .collect();
        let groups = request.groups.into_iter();
        let groups = groups
            .map(|id| convert::group(id.clone(), self.cluster.group_seen_by(self.at, &id)))
            .collect();
        let brokers = self.cluster.brokers_seen_by(self.at, deadline).await;
        Ok(Response::new(pb::FetchMetadataResponse {
            brokers: brokers.into_iter().map(convert::broker).collect(),
            stream_metadata: streams,
            group_metadata: groups,
        }))
    }

    async fn fetch_partition_metadata(
        &self,
        request: Request<pb::FetchPartitionMetadataRequest>,
    ) -> Answer<pb::FetchPartitionMetadataResponse> {
        let request = request.get_ref();
        let facts = self
            .cluster
            .partition_seen_by(self.at, &request.stream, request.partition)?;
        let metadata = convert::partition(&self.cluster, request.partition, &facts);
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
        let partition = self.cluster.target_of(self.at, &request)?;
        let waits = request.ack_policy() != pb::AckPolicy::None && deadline.is_some();
        let inbox = self.cluster.open_inbox(request.ack_inbox.clone(), waits);
        self.cluster
            .publish(&partition, request, inbox.name, inbox.acks);
        if !waits {
            return Ok(Response::new(pb::PublishResponse::default()));
        }
        let ack = Self::first_ack(inbox.arrived).await?;
        if let Some(refusal) = refused_by(&ack) {
            return Err(refusal.into());
        }
        Ok(Response::new(pb::PublishResponse {
            ack: Some(ack),
            ..Default::default()
        }))
    }

    type PublishAsyncStream = ReceiverStream<Result<pb::PublishResponse, Status>>;

    async fn publish_async(
        &self,
        request: Request<Streaming<pb::PublishRequest>>,
    ) -> Answer<Self::PublishAsyncStream> {
        let (answers, receiver) = mpsc::channel(ANSWERS);
        let session = AsyncPublish::new(Arc::clone(&self.cluster), self.at, answers);
        let run = session.run(request.into_inner());
        let stop = self.cluster.stop.clone();
        self.cluster
            .tasks
            .spawn(async move { stop.run_until_cancelled(run).await });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn publish_to_subject(
        &self,
        request: Request<pb::PublishToSubjectRequest>,
    ) -> Answer<pb::PublishToSubjectResponse> {
        let deadline = Deadline::of(&request);
        let request = request.into_inner();
        Cluster::check_subject(&request.subject)?;
        let policy = request.ack_policy();
        let waits = policy != pb::AckPolicy::None && deadline.is_some();
        let inbox = self.cluster.open_inbox(request.ack_inbox, waits);
        self.cluster.deliver(&Publication {
            subject: &request.subject,
            reply: "",
            key: request.key,
            value: request.value,
            headers: request.headers,
            ack_inbox: inbox.name,
            correlation_id: request.correlation_id,
            policy,
            expected_offset: 0,
            acks: inbox.acks,
            received: None,
        });
        if !waits {
            return Ok(Response::new(pb::PublishToSubjectResponse::default()));
        }
        let ack = Self::first_ack(inbox.arrived).await?;
        Ok(Response::new(pb::PublishToSubjectResponse {
            ack: Some(ack),
        }))
    }

    async fn set_cursor(
        &self,
        request: Request<pb::SetCursorRequest>,
    ) -> Answer<pb::SetCursorResponse> {
        let request = request.into_inner();
        let key = key(request.stream, request.partition, request.cursor_id);
        self.cluster
            .set_cursor(self.at, key, request.offset)
            .await?;
        Ok(Response::new(pb::SetCursorResponse {}))
    }

    async fn fetch_cursor(
        &self,
        request: Request<pb::FetchCursorRequest>,
    ) -> Answer<pb::FetchCursorResponse> {
        let request = request.into_inner();
        let key = key(request.stream, request.partition, request.cursor_id);
        let offset = self.cluster.fetch_cursor(self.at, &key)?;
        Ok(Response::new(pb::FetchCursorResponse { offset }))
    }

    async fn join_consumer_group(
        &self,
        request: Request<pb::JoinConsumerGroupRequest>,
    ) -> Answer<pb::JoinConsumerGroupResponse> {
        self.require_controller(&request).await?;
        let request = request.into_inner();
        let (coordinator, epoch) =
            self.cluster
                .join(&request.group_id, &request.consumer_id, request.streams)?;
        let pace = &self.cluster.timings;
        let nanos = |duration: std::time::Duration| i64::try_from(duration.as_nanos());
        Ok(Response::new(pb::JoinConsumerGroupResponse {
            coordinator: self.cluster.name(coordinator),
            epoch,
            consumer_timeout: nanos(pace.consumer_timeout).unwrap_or(i64::MAX),
            coordinator_timeout: nanos(pace.coordinator_timeout).unwrap_or(i64::MAX),
        }))
    }

    async fn leave_consumer_group(
        &self,
        request: Request<pb::LeaveConsumerGroupRequest>,
    ) -> Answer<pb::LeaveConsumerGroupResponse> {
        self.require_controller(&request).await?;
        let request = request.get_ref();
        self.cluster
            .leave(&request.group_id, &request.consumer_id)?;
        Ok(Response::new(pb::LeaveConsumerGroupResponse {}))
    }

    async fn fetch_consumer_group_assignments(
        &self,
        request: Request<pb::FetchConsumerGroupAssignmentsRequest>,
    ) -> Answer<pb::FetchConsumerGroupAssignmentsResponse> {
        let request = request.get_ref();
        let (group, consumer) = (&request.group_id, &request.consumer_id);
        let (epoch, share) = self
            .cluster
            .assignments(self.at, group, consumer, request.epoch)?;
        let assignment = |(stream, partitions)| pb::PartitionAssignment { stream, partitions };
        Ok(Response::new(pb::FetchConsumerGroupAssignmentsResponse {
            epoch,
            assignments: share.into_iter().map(assignment).collect(),
        }))
    }

    async fn report_consumer_group_coordinator(
        &self,
        request: Request<pb::ReportConsumerGroupCoordinatorRequest>,
    ) -> Answer<pb::ReportConsumerGroupCoordinatorResponse> {
        self.require_controller(&request).await?;
        let request = request.get_ref();
        let suspect = (request.coordinator.as_str(), request.epoch);
        self.cluster
            .report_coordinator(&request.group_id, &request.consumer_id, suspect)?;
        Ok(Response::new(pb::ReportConsumerGroupCoordinatorResponse {}))
    }
}
