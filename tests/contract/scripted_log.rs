//! A broker of one partition whose log the test writes: real gRPC, logs as servers come to hold them after they were
//! emptied, which the demo cluster does not imitate.

use std::pin::Pin;

use liftui::wire::pb;
use pb::api_server::{Api, ApiServer};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_stream::Stream;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_util::task::TaskTracker;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

/// The stream, which has partition 0.
pub(crate) const STREAM: &str = "scripted";

const ID: &str = "scripted-1";

type Answer<T> = Result<Response<T>, Status>;
type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// What the broker holds.
#[derive(Clone, Default)]
struct Log {
    /// The times of the messages, whose offsets are their places.
    times: Vec<i64>,
    /// How many of the oldest retention took.
    removed: usize,
    /// How many of the newest are not committed.
    uncommitted: usize,
}

impl Log {
    fn of(times: Vec<i64>) -> Self {
        Self {
            times,
            ..Self::default()
        }
    }

    fn high_watermark(&self) -> i64 {
        i64::try_from(self.times.len() - self.uncommitted).unwrap() - 1
    }

    /// What readers get from that offset on.
    fn read_from(&self, first: usize) -> Vec<(i64, i64)> {
        let places = (0..).zip(self.times.iter().copied());
        let committed = places.take(self.times.len() - self.uncommitted);
        committed.skip(first.max(self.removed)).collect()
    }
}

/// The broker. All that it serves ends with it.
pub(crate) struct ScriptedLog {
    pub(crate) address: String,
    log: watch::Sender<Log>,
    _serving: tokio::task::JoinSet<()>,
}

impl ScriptedLog {
    /// Serves a log whose messages came at these times, in nanoseconds.
    pub(crate) async fn serve(times: Vec<i64>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (log, followed) = watch::channel(Log::of(times));
        let calls = Calls {
            port: address.port(),
            log: followed,
            feeds: TaskTracker::new(),
        };
        let mut serving = tokio::task::JoinSet::new();
        let server = Server::builder().add_service(ApiServer::new(calls));
        let incoming = TcpListenerStream::new(listener);
        serving.spawn(async move { server.serve_with_incoming(incoming).await.unwrap() });
        Self {
            address: address.to_string(),
            log,
            _serving: serving,
        }
    }

    /// Holds another log from now on. Whoever reads is cut off.
    pub(crate) fn replace(&self, times: Vec<i64>) {
        self.log.send_replace(Log::of(times));
    }

    /// Has not committed that many of its newest messages.
    pub(crate) fn hold_back(&self, count: usize) {
        self.log.send_modify(|log| log.uncommitted = count);
    }

    /// Holds another log from now on, of which retention took that many messages.
    pub(crate) fn replace_and_clean(&self, times: Vec<i64>, removed: usize) {
        self.log.send_replace(Log {
            removed,
            ..Log::of(times)
        });
    }
}

struct Calls {
    port: u16,
    log: watch::Receiver<Log>,
    feeds: TaskTracker,
}

impl Calls {
    fn partition(&self) -> pb::PartitionMetadata {
        let log = self.log.borrow();
        pb::PartitionMetadata {
            leader: ID.to_owned(),
            replicas: vec![ID.to_owned()],
            isr: vec![ID.to_owned()],
            high_watermark: log.high_watermark(),
            newest_offset: i64::try_from(log.times.len()).unwrap() - 1,
            ..Default::default()
        }
    }
}

/// Sends what the log holds from that offset on, until it is another log.
async fn feed(
    mut log: watch::Receiver<Log>,
    first: usize,
    sink: mpsc::Sender<Result<pb::Message, Status>>,
) {
    let read = log.borrow_and_update().read_from(first);
    let messages = read.into_iter().map(|(offset, timestamp)| pb::Message {
        offset,
        timestamp,
        stream: STREAM.to_owned(),
        ..Default::default()
    });
    for message in std::iter::once(pb::Message::default()).chain(messages) {
        if sink.send(Ok(message)).await.is_err() {
            return;
        }
    }
    if log.changed().await.is_ok() {
        let _ = sink.send(Err(Status::unavailable("going away"))).await;
    }
}

fn none<T>() -> Answer<T> {
    Err(Status::unimplemented("not of this broker"))
}

#[tonic::async_trait]
impl Api for Calls {
    type SubscribeStream = Answers<pb::Message>;

    async fn subscribe(
        &self,
        request: Request<pb::SubscribeRequest>,
    ) -> Answer<Self::SubscribeStream> {
        let request = request.into_inner();
        let first = match request.start_position() {
            pb::StartPosition::Offset => usize::try_from(request.start_offset).unwrap(),
            pb::StartPosition::Timestamp => {
                let is_due = |time: &i64| *time >= request.start_timestamp;
                let times = &self.log.borrow().times;
                times.iter().position(is_due).unwrap_or(times.len())
            }
            pb::StartPosition::NewOnly
            | pb::StartPosition::Earliest
            | pb::StartPosition::Latest => 0,
        };
        let (sink, messages) = mpsc::channel(16);
        self.feeds.spawn(feed(self.log.clone(), first, sink));
        Ok(Response::new(Box::pin(ReceiverStream::new(messages))))
    }

    async fn fetch_metadata(
        &self,
        _: Request<pb::FetchMetadataRequest>,
    ) -> Answer<pb::FetchMetadataResponse> {
        let stream = pb::StreamMetadata {
            name: STREAM.to_owned(),
            subject: STREAM.to_owned(),
            partitions: [(0, self.partition())].into(),
            creation_timestamp: 1,
            ..Default::default()
        };
        let broker = pb::Broker {
            id: ID.to_owned(),
            host: "127.0.0.1".to_owned(),
            port: i32::from(self.port),
            ..Default::default()
        };
        Ok(Response::new(pb::FetchMetadataResponse {
            brokers: vec![broker],
            stream_metadata: vec![stream],
            ..Default::default()
        }))
    }

    async fn fetch_partition_metadata(
        &self,
        _: Request<pb::FetchPartitionMetadataRequest>,
    ) -> Answer<pb::FetchPartitionMetadataResponse> {
        Ok(Response::new(pb::FetchPartitionMetadataResponse {
            metadata: Some(self.partition()),
        }))
    }

    async fn create_stream(
        &self,
        _: Request<pb::CreateStreamRequest>,
    ) -> Answer<pb::CreateStreamResponse> {
        none()
    }

    async fn delete_stream(
        &self,
        _: Request<pb::DeleteStreamRequest>,
    ) -> Answer<pb::DeleteStreamResponse> {
        none()
    }

    async fn pause_stream(
        &self,
        _: Request<pb::PauseStreamRequest>,
    ) -> Answer<pb::PauseStreamResponse> {
        none()
    }

    async fn set_stream_readonly(
        &self,
        _: Request<pb::SetStreamReadonlyRequest>,
    ) -> Answer<pb::SetStreamReadonlyResponse> {
        none()
    }

    async fn publish(&self, _: Request<pb::PublishRequest>) -> Answer<pb::PublishResponse> {
        none()
    }

    type PublishAsyncStream = Answers<pb::PublishResponse>;

    async fn publish_async(
        &self,
        _: Request<Streaming<pb::PublishRequest>>,
    ) -> Answer<Self::PublishAsyncStream> {
        none()
    }

    async fn publish_to_subject(
        &self,
        _: Request<pb::PublishToSubjectRequest>,
    ) -> Answer<pb::PublishToSubjectResponse> {
        none()
    }

    async fn set_cursor(&self, _: Request<pb::SetCursorRequest>) -> Answer<pb::SetCursorResponse> {
        none()
    }

    async fn fetch_cursor(
        &self,
        _: Request<pb::FetchCursorRequest>,
    ) -> Answer<pb::FetchCursorResponse> {
        none()
    }

    async fn join_consumer_group(
        &self,
        _: Request<pb::JoinConsumerGroupRequest>,
    ) -> Answer<pb::JoinConsumerGroupResponse> {
        none()
    }

    async fn leave_consumer_group(
        &self,
        _: Request<pb::LeaveConsumerGroupRequest>,
    ) -> Answer<pb::LeaveConsumerGroupResponse> {
        none()
    }

    async fn fetch_consumer_group_assignments(
        &self,
        _: Request<pb::FetchConsumerGroupAssignmentsRequest>,
    ) -> Answer<pb::FetchConsumerGroupAssignmentsResponse> {
        none()
    }

    async fn report_consumer_group_coordinator(
        &self,
        _: Request<pb::ReportConsumerGroupCoordinatorRequest>,
    ) -> Answer<pb::ReportConsumerGroupCoordinatorResponse> {
        none()
    }
}
