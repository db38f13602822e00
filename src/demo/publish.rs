//! Publishing: the checks of the three publish calls, and the way of a message to the partitions that listen on its
//! subject (wire-contract §4.3 to §4.5). Sessions of `PublishAsync` are `publish_async.rs`.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use prost::Message;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tonic::Status;

use super::broker_set::BrokerIndex;
use super::cluster::Cluster;
use super::codec;
use super::partition::Partition;
use super::pending_acks::{AckSender, Publication};
use super::subject::NAMESPACE;
use crate::wire::pb;
use pb::publish_async_error::Code;

/// What NATS takes at most, the envelope included.
const MAX_PAYLOAD: usize = 1024 * 1024;

/// Why a message was not published; each call words its code in its own way.
#[derive(Clone, Debug)]
pub(super) enum PublishError {
    NoSuchStream(String),
    NoSuchPartition(i32),
    Readonly(i32),
    AckPolicyRequired,
    TooLarge,
    IncorrectOffset,
    UnknownAckError,
    /// The paused partition could not be resumed.
    NotResumed(Status),
    PermissionDenied(String),
}

impl PublishError {
    /// The code that `PublishAsync` answers with.
    pub(super) fn code(&self) -> Code {
        match self {
            Self::NoSuchStream(_) | Self::NoSuchPartition(_) => Code::NotFound,
            Self::Readonly(_) => Code::Readonly,
            Self::AckPolicyRequired => Code::BadRequest,
            Self::TooLarge | Self::NotResumed(_) => Code::Internal,
            Self::IncorrectOffset => Code::IncorrectOffset,
            Self::UnknownAckError => Code::Unknown,
            Self::PermissionDenied(_) => Code::PermissionDenied,
        }
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchStream(name) => write!(f, "no such stream: {name}"),
            Self::NoSuchPartition(id) => write!(f, "no such partition: {id}"),
            Self::Readonly(id) => write!(f, "readonly partition: {id}"),
            Self::AckPolicyRequired => {
                f.write_str("stream with concurrency control must have AckPolicy set")
            }
            Self::TooLarge => {
                f.write_str("failed to publish to NATS: nats: maximum payload exceeded")
            }
            Self::IncorrectOffset => f.write_str("incorrect expected offset"),
            Self::UnknownAckError => f.write_str("unknown error"),
            Self::PermissionDenied(text) => f.write_str(text),
            Self::NotResumed(status) => {
                write!(f, "failed to resume stream: {}", as_go_error(status))
            }
        }
    }
}

impl From<PublishError> for Status {
    fn from(error: PublishError) -> Self {
        if let PublishError::NotResumed(status) = error {
            return status;
        }
        let text = error.to_string();
        match error.code() {
            Code::NotFound => Self::not_found(text),
            Code::Readonly => Self::failed_precondition(text),
            Code::BadRequest => Self::invalid_argument(text),
            Code::Unknown
            | Code::Internal
            | Code::IncorrectOffset
            | Code::EncryptionFailed
            | Code::PermissionDenied => Self::unknown(text),
        }
    }
}

/// The ack itself, unless it reports an error.
pub(super) fn check_ack(ack: pb::Ack) -> Result<pb::Ack, PublishError> {
    match ack.ack_error() {
        pb::ack::Error::Ok => Ok(ack),
        pb::ack::Error::IncorrectOffset => Err(PublishError::IncorrectOffset),
        pb::ack::Error::TooLarge | pb::ack::Error::Encryption | pb::ack::Error::Unknown => {
            Err(PublishError::UnknownAckError)
        }
    }
}

/// A status as grpc-go prints it where one error wraps another.
pub(super) fn as_go_error(status: &Status) -> String {
    let code = format!("{:?}", status.code());
    format!("rpc error: code = {code} desc = {}", status.message())
}

/// An ack as NATS carries it: the envelope's header and the protobuf (wire-contract §3).
fn envelope(ack: &pb::Ack) -> Bytes {
    const HEADER: &[u8] = b"\xb9\x0e\x43\xb4\x00\x08\x00\x01";
    [HEADER, &ack.encode_to_vec()].concat().into()
}

/// An ack inbox of a broker's own.
pub(super) fn inbox() -> String {
    const LENGTH: usize = 22;
    let nuid = std::iter::repeat_with(fastrand::alphanumeric).take(LENGTH);
    format!("{NAMESPACE}.ack.{}", nuid.collect::<String>())
}

/// Where the acks of one unary publish go.
#[derive(Debug)]
pub(super) struct AckInbox {
    /// The NATS subject.
    pub(super) name: String,
    /// None where nobody wants acks.
    pub(super) acks: Option<AckSender>,
    /// Where the call reads them.
    pub(super) arrived: mpsc::UnboundedReceiver<pb::Ack>,
}

impl Cluster {
    /// The partition that a publish at this broker is for, a paused one resumed; or why it may not be published to.
    pub(super) async fn publish_target(
        &self,
        at: BrokerIndex,
        request: &pb::PublishRequest,
        deadline: Option<Instant>,
    ) -> Result<Arc<Partition>, PublishError> {
        let stream = self.known_stream(at, &request.stream);
        let stream = stream.ok_or_else(|| PublishError::NoSuchStream(request.stream.clone()))?;
        let partition = stream.partition(request.partition).cloned();
        let partition = partition.ok_or(PublishError::NoSuchPartition(request.partition))?;
        let readonly = partition.lock().replicas.known_to(at).readonly;
        if readonly {
            return Err(PublishError::Readonly(partition.id));
        }
        if partition.stream.concurrency_control && request.ack_policy() == pb::AckPolicy::None {
            return Err(PublishError::AckPolicyRequired);
        }
        let resumed = self.resume_for(at, &partition, deadline).await;
        resumed.map_err(PublishError::NotResumed)?;
        if codec::envelope_len(request) > MAX_PAYLOAD {
            return Err(PublishError::TooLarge);
        }
        Ok(partition)
    }

    /// Sends a message the way NATS does: to every partition that listens on its subject now. Nobody may.
    pub(super) fn deliver(&self, publication: &Publication<'_>) {
        let live = self.live_brokers();
        let listening = self.lock().listening(&publication.subject, live);
        for partition in listening {
            if partition.append(publication, live) {
                self.queue_fetch(&partition);
            }
        }
    }

    /// Publishes to a partition's subject with these acks; the partition may not be the only one that listens on it.
    pub(super) fn publish(
        &self,
        partition: &Partition,
        request: pb::PublishRequest,
        ack_inbox: String,
        acks: Option<AckSender>,
    ) {
        self.deliver(&Publication {
            subject: Cow::Borrowed(&*partition.subject),
            policy: request.ack_policy(),
            key: request.key,
            value: request.value,
            headers: request.headers,
            ack_inbox,
            correlation_id: request.correlation_id,
            expected_offset: request.expected_offset,
            acks,
            ..Publication::default()
        });
    }

    /// The inbox of a publish, and where its acks arrive. One that the client named is a NATS subject like any other: acks go
    /// there whether or not the call waits for one, and a stream that listens on it stores their envelopes.
    pub(super) fn open_inbox(self: &Arc<Self>, named: String, waits: bool) -> AckInbox {
        let (acks, arrived) = mpsc::unbounded_channel();
        if named.is_empty() {
            return AckInbox {
                name: inbox(),
                acks: waits.then_some(acks),
                arrived,
            };
        }
        let (to_relay, relayed) = mpsc::unbounded_channel();
        self.spawn(Arc::clone(self).relay_acks(named.clone(), relayed, acks));
        AckInbox {
            name: named,
            acks: Some(to_relay),
            arrived,
        }
    }

    async fn relay_acks(
        self: Arc<Self>,
        inbox: String,
        mut acks: mpsc::UnboundedReceiver<pb::Ack>,
        caller: AckSender,
    ) {
        while let Some(ack) = acks.recv().await {
            self.deliver(&Publication {
                subject: Cow::Borrowed(&*inbox),
                value: envelope(&ack),
                policy: pb::AckPolicy::None,
                expected_offset: -1,
                ..Publication::default()
            });
            // A call that does not wait reads no acks.
            caller.send(ack).ok();
        }
    }
}
