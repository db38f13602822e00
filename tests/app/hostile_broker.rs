//! A broker that means harm: real gRPC, answers of the test's choice. The client under test is the real binary.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use liftui::wire::pb;
use pb::api_server::{Api, ApiServer};
use prost::Message as _;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_stream::{Stream, StreamExt};
use tokio_util::task::TaskTracker;
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status, Streaming};

type Answer<T> = Result<Response<T>, Status>;

/// What a call ends with.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// As asked for.
    Good,
    /// With an answer in which nothing stands.
    Empty,
    /// With that status.
    Status(Code, String),
    /// Not at all.
    Never,
}

/// What a subscription brings once it is open.
#[derive(Clone, Debug)]
pub(crate) enum Reads {
    /// Not even the answer that it is open.
    Unopened,
    /// Nothing.
    Silent,
    /// A status instead.
    Status(Code, String),
    /// What lies there, and then the end of the range.
    Messages,
    /// One message after the other, so far apart.
    Drip(Duration),
    /// The first message again and again.
    Repeat,
    /// Messages that hold nothing, again and again.
    Empty,
}

/// How the broker behaves.
#[derive(Clone, Debug)]
pub(crate) struct Behaviour {
    /// What names, keys and values hold.
    pub(crate) text: String,
    /// How calls for metadata end.
    pub(crate) metadata: Ending,
    /// How subscriptions go.
    pub(crate) reads: Reads,
    /// How publishes end.
    pub(crate) publishes: Ending,
    /// How changes of the cluster end.
    pub(crate) changes: Ending,
    /// Messages that a partition says it has.
    pub(crate) messages: i64,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            text: "text".into(),
            metadata: Ending::Good,
            reads: Reads::Messages,
            publishes: Ending::Good,
            changes: Ending::Good,
            messages: 3,
        }
    }
}

/// One broker that leads everything.
#[derive(Clone, Debug)]
struct HostileCalls {
    behaviour: Arc<Behaviour>,
    port: u16,
    /// What feeds subscriptions; they end with the runtime.
    feeds: TaskTracker,
    /// Messages that came to be published.
    published: Arc<AtomicU64>,
    /// Changes that were asked for.
    changes: Arc<AtomicU64>,
}

/// A hostile broker that listens, and the home of whoever meets it.
pub(crate) struct HostileBroker {
    _runtime: Runtime,
    calls: HostileCalls,
    pub(crate) home: TempDir,
}

impl HostileBroker {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let runtime = Runtime::new().expect("a runtime starts");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let listener = listener.expect("loopback has ports");
        let calls = HostileCalls {
            behaviour: Arc::new(behaviour),
            port: listener.local_addr().expect("it is bound").port(),
            feeds: TaskTracker::new(),
            published: Arc::default(),
            changes: Arc::default(),
        };
        let service = ApiServer::new(calls.clone());
        let serving = Server::builder().add_service(service);
        runtime.spawn(serving.serve_with_incoming(TcpListenerStream::new(listener)));
        Self {
            _runtime: runtime,
            calls,
            home: tempfile::tempdir().expect("a scratch folder"),
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.calls.port)
    }

    /// How many messages came to be published.
    pub(crate) fn published(&self) -> u64 {
        self.calls.published.load(Ordering::Relaxed)
    }

    /// How many changes were asked for.
    pub(crate) fn changes(&self) -> u64 {
        self.calls.changes.load(Ordering::Relaxed)
    }
}

/// The streams of the broker that tests name on command lines.
pub(crate) const STREAMS: [&str; 4] = ["orders", "copies", "__cursors", "__activity"];

impl HostileCalls {
    async fn end<T: Default>(&self, ending: &Ending, good: T) -> Answer<T> {
        match ending {
            Ending::Good => Ok(Response::new(good)),
            Ending::Empty => Ok(Response::new(T::default())),
            Ending::Status(code, text) => Err(Status::new(*code, text.clone())),
            Ending::Never => std::future::pending().await,
        }
    }

    async fn change<T: Default>(&self) -> Answer<T> {
        self.changes.fetch_add(1, Ordering::Relaxed);
        self.end(&self.behaviour.changes, T::default()).await
    }

    fn partition(&self) -> pb::PartitionMetadata {
        pb::PartitionMetadata {
            leader: "hostile".into(),
            replicas: vec!["hostile".into(), self.behaviour.text.clone()],
            isr: vec!["hostile".into(), self.behaviour.text.clone()],
            high_watermark: self.behaviour.messages - 1,
            newest_offset: self.behaviour.messages - 1,
            ..Default::default()
        }
    }

    fn stream(&self, name: &str, subject: &str) -> pb::StreamMetadata {
        pb::StreamMetadata {
            name: name.to_owned(),
            subject: subject.to_owned(),
            partitions: HashMap::from([(0, self.partition())]),
            creation_timestamp: 1_700_000_000_000_000_000,
            ..Default::default()
        }
    }

    fn ack(&self, stream: &str, correlation_id: &str, offset: u64) -> pb::Ack {
        pb::Ack {
            stream: stream.to_owned(),
            msg_subject: self.behaviour.text.clone(),
            offset: i64::try_from(offset).unwrap_or(i64::MAX),
            correlation_id: correlation_id.to_owned(),
            ..Default::default()
        }
    }

    /// A message of that stream: what the client reads of Liftbridge's own streams is there what belongs there.
    fn message(&self, stream: &str, offset: i64) -> pb::Message {
        let text = &self.behaviour.text;
        let value = match stream {
            "__cursors" => cursor(&format!("__group:{text}-{offset}"), text),
            "__activity" => activity(offset.cast_unsigned(), text),
            _ => Bytes::from(text.clone()),
        };
        pb::Message {
            offset,
            key: Bytes::from(text.clone()),
            value,
            timestamp: 1_700_000_000_000_000_000,
            stream: stream.to_owned(),
            subject: text.clone(),
            reply_subject: text.clone(),
            headers: HashMap::from([(text.clone(), Bytes::from(text.clone()))]),
            ..Default::default()
        }
    }

    /// Sends what a subscription brings, until nobody reads it.
    async fn feed(
        self,
        request: pb::SubscribeRequest,
        sink: mpsc::Sender<Result<pb::Message, Status>>,
    ) {
        let first = match request.start_position {
            1 => request.start_offset.max(0),
            _ => 0,
        };
        let pause = match &self.behaviour.reads {
            Reads::Drip(pause) => *pause,
            Reads::Unopened
            | Reads::Silent
            | Reads::Status(..)
            | Reads::Messages
            | Reads::Repeat
            | Reads::Empty => Duration::from_millis(1),
        };
        let mut pace = tokio::time::interval(pause);
        let mut next = first;
        if sink.send(Ok(pb::Message::default())).await.is_err() {
            return;
        }
        loop {
            let message = match &self.behaviour.reads {
                Reads::Unopened | Reads::Silent => return sink.closed().await,
                Reads::Status(code, text) => Err(Status::new(*code, text.clone())),
                Reads::Messages if next >= self.behaviour.messages => Err(Status::new(
                    Code::ResourceExhausted,
                    "End of readonly partition",
                )),
                Reads::Messages => Ok(self.message(&request.stream, next)),
                Reads::Drip(_) => {
                    pace.tick().await;
                    Ok(self.message(&request.stream, next))
                }
                Reads::Repeat => {
                    pace.tick().await;
                    Ok(self.message(&request.stream, first))
                }
                Reads::Empty => {
                    pace.tick().await;
                    Ok(pb::Message::default())
                }
            };
            next += 1;
            let ends = message.is_err();
            if sink.send(message).await.is_err() || ends {
                return;
            }
        }
    }
}

/// A record of `__cursors`: stream = 1, partition = 2, cursorId = 3, offset = 4.
fn cursor(id: &str, stream: &str) -> Bytes {
    #[derive(Clone, PartialEq, prost::Message)]
    struct Cursor {
        #[prost(string, tag = "1")]
        stream: String,
        #[prost(int32, tag = "2")]
        partition: i32,
        #[prost(string, tag = "3")]
        id: String,
        #[prost(int64, tag = "4")]
        offset: i64,
    }
    let cursor = Cursor {
        stream: stream.to_owned(),
        partition: 0,
        id: id.to_owned(),
        offset: 1,
    };
    cursor.encode_to_vec().into()
}

fn activity(id: u64, text: &str) -> Bytes {
    let join = pb::JoinConsumerGroupOp {
        group_id: text.to_owned(),
        consumer_id: text.to_owned(),
        streams: vec![text.to_owned()],
    };
    let event = pb::ActivityStreamEvent {
        id: id + 1,
        op: pb::ActivityStreamOp::JoinConsumerGroup.into(),
        join_consumer_group_op: Some(join),
        ..Default::default()
    };
    event.encode_to_vec().into()
}

#[tonic::async_trait]
impl Api for HostileCalls {
    async fn create_stream(
        &self,
        _: Request<pb::CreateStreamRequest>,
    ) -> Answer<pb::CreateStreamResponse> {
        self.change().await
    }

    async fn delete_stream(
        &self,
        _: Request<pb::DeleteStreamRequest>,
    ) -> Answer<pb::DeleteStreamResponse> {
        self.change().await
    }

    async fn pause_stream(
        &self,
        _: Request<pb::PauseStreamRequest>,
    ) -> Answer<pb::PauseStreamResponse> {
        self.change().await
    }

    async fn set_stream_readonly(
        &self,
        _: Request<pb::SetStreamReadonlyRequest>,
    ) -> Answer<pb::SetStreamReadonlyResponse> {
        self.change().await
    }

    type SubscribeStream = Pin<Box<dyn Stream<Item = Result<pb::Message, Status>> + Send>>;

    async fn subscribe(
        &self,
        request: Request<pb::SubscribeRequest>,
    ) -> Answer<Self::SubscribeStream> {
        if matches!(self.behaviour.reads, Reads::Unopened) {
            std::future::pending::<()>().await;
        }
        let (sink, messages) = mpsc::channel(16);
        let feeding = self.clone().feed(request.into_inner(), sink);
        self.feeds.spawn(feeding);
        Ok(Response::new(Box::pin(ReceiverStream::new(messages))))
    }

    async fn fetch_metadata(
        &self,
        request: Request<pb::FetchMetadataRequest>,
    ) -> Answer<pb::FetchMetadataResponse> {
        let text = &self.behaviour.text;
        let mut streams: Vec<_> = STREAMS.iter().map(|name| self.stream(name, text)).collect();
        streams.push(self.stream(text, text));
        let groups = request.into_inner().groups.into_iter();
        let groups = groups.map(|group_id| pb::ConsumerGroupMetadata {
            group_id,
            coordinator: text.clone(),
            ..Default::default()
        });
        let good = pb::FetchMetadataResponse {
            brokers: vec![pb::Broker {
                id: "hostile".into(),
                host: "127.0.0.1".into(),
                port: i32::from(self.port),
                ..Default::default()
            }],
            stream_metadata: streams,
            group_metadata: groups.collect(),
        };
        self.end(&self.behaviour.metadata, good).await
    }

    async fn fetch_partition_metadata(
        &self,
        _: Request<pb::FetchPartitionMetadataRequest>,
    ) -> Answer<pb::FetchPartitionMetadataResponse> {
        let good = pb::FetchPartitionMetadataResponse {
            metadata: Some(self.partition()),
        };
        self.end(&self.behaviour.metadata, good).await
    }

    async fn publish(&self, request: Request<pb::PublishRequest>) -> Answer<pb::PublishResponse> {
        let offset = self.published.fetch_add(1, Ordering::Relaxed);
        let request = request.into_inner();
        let good = pb::PublishResponse {
            ack: Some(self.ack(&request.stream, &request.correlation_id, offset)),
            ..Default::default()
        };
        self.end(&self.behaviour.publishes, good).await
    }

    type PublishAsyncStream =
        Pin<Box<dyn Stream<Item = Result<pb::PublishResponse, Status>> + Send>>;

    async fn publish_async(
        &self,
        request: Request<Streaming<pb::PublishRequest>>,
    ) -> Answer<Self::PublishAsyncStream> {
        let calls = self.clone();
        let answers = request.into_inner().then(move |request| {
            let calls = calls.clone();
            async move {
                let request = request?;
                let offset = calls.published.fetch_add(1, Ordering::Relaxed);
                let good = pb::PublishResponse {
                    ack: Some(calls.ack(&request.stream, &request.correlation_id, offset)),
                    correlation_id: request.correlation_id,
                    ..Default::default()
                };
                match &calls.behaviour.publishes {
                    // Not even one that holds up what is sent after it.
                    Ending::Never => Ok(None),
                    ending @ (Ending::Good | Ending::Empty | Ending::Status(..)) => {
                        Ok(Some(calls.end(ending, good).await?.into_inner()))
                    }
                }
            }
        });
        let answers = answers.filter_map(Result::transpose);
        Ok(Response::new(Box::pin(answers)))
    }

    async fn publish_to_subject(
        &self,
        request: Request<pb::PublishToSubjectRequest>,
    ) -> Answer<pb::PublishToSubjectResponse> {
        let offset = self.published.fetch_add(1, Ordering::Relaxed);
        let request = request.into_inner();
        let good = pb::PublishToSubjectResponse {
            ack: Some(self.ack("orders", &request.correlation_id, offset)),
        };
        self.end(&self.behaviour.publishes, good).await
    }

    async fn set_cursor(&self, _: Request<pb::SetCursorRequest>) -> Answer<pb::SetCursorResponse> {
        self.change().await
    }

    async fn fetch_cursor(
        &self,
        _: Request<pb::FetchCursorRequest>,
    ) -> Answer<pb::FetchCursorResponse> {
        let good = pb::FetchCursorResponse { offset: 1 };
        self.end(&self.behaviour.metadata, good).await
    }

    async fn join_consumer_group(
        &self,
        _: Request<pb::JoinConsumerGroupRequest>,
    ) -> Answer<pb::JoinConsumerGroupResponse> {
        self.change().await
    }

    async fn leave_consumer_group(
        &self,
        _: Request<pb::LeaveConsumerGroupRequest>,
    ) -> Answer<pb::LeaveConsumerGroupResponse> {
        self.change().await
    }

    async fn fetch_consumer_group_assignments(
        &self,
        _: Request<pb::FetchConsumerGroupAssignmentsRequest>,
    ) -> Answer<pb::FetchConsumerGroupAssignmentsResponse> {
        self.change().await
    }

    async fn report_consumer_group_coordinator(
        &self,
        _: Request<pb::ReportConsumerGroupCoordinatorRequest>,
    ) -> Answer<pb::ReportConsumerGroupCoordinatorResponse> {
        self.change().await
    }
}
