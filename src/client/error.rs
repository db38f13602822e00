//! The client's one error: a kind to decide by, a target to name, one sentence to read, and the cause.
//! What a transport failure is gets told in `transport`, what a server's text means in `wire::status`.

use std::fmt;
use std::sync::Arc;

use crate::model::{ErrorKind, Failure, Target};
use crate::wire::rpc::Rpc;

/// What the client's calls return.
pub type Result<T> = std::result::Result<T, Error>;

type Cause = Arc<dyn std::error::Error + Send + Sync + 'static>;

/// Why a call failed. Its text is one sentence that names the target; causes stand in [`source`](std::error::Error::source).
#[derive(Clone, Debug)]
pub struct Error {
    failure: Failure,
    cause: Option<Cause>,
    /// Whether the request cannot have reached a server, so that even a change may be sent again.
    unsent: bool,
}

impl Error {
    /// What went wrong, told apart as far as anyone may want to act differently.
    pub fn kind(&self) -> ErrorKind {
        self.failure.kind
    }

    /// What it is about.
    pub fn target(&self) -> &Target {
        &self.failure.target
    }

    /// An error with a sentence of its own.
    pub(crate) fn new(kind: ErrorKind, target: Target, sentence: impl Into<String>) -> Self {
        Self {
            failure: Failure::new(kind, target, sentence),
            cause: None,
            unsent: false,
        }
    }

    /// Refused on this side, before anything was sent.
    pub(crate) fn refused(target: Target, sentence: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, target, sentence)
    }

    /// The last handle of the client was dropped.
    pub(crate) fn closed() -> Self {
        Self::new(ErrorKind::Closed, Target::Cluster, "the client was closed")
    }

    /// A failure of that kind, in the words this client has for it.
    pub(crate) fn of_kind(kind: ErrorKind, rpc: Rpc, target: Target, text: &str) -> Self {
        let sentence = sentence(kind, rpc, &target, text);
        Self::new(kind, target, sentence)
    }

    /// A change was sent and nobody knows whether it was done.
    pub(crate) fn outcome_unknown(rpc: Rpc, target: Target, why: &str) -> Self {
        Self::of_kind(ErrorKind::OutcomeUnknown, rpc, target, why)
    }

    /// The same error, with what caused it as its source.
    pub(crate) fn caused_by(
        mut self,
        cause: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    /// The same error as another kind, with a sentence that says more.
    pub(crate) fn explained(mut self, kind: ErrorKind, sentence: String) -> Self {
        self.failure.kind = kind;
        self.failure.sentence = sentence;
        self
    }

    /// The same error, known not to have reached a server.
    pub(crate) fn never_sent(mut self) -> Self {
        self.unsent = true;
        self
    }

    /// Whether even a change may be sent again, since nobody got it.
    pub(crate) fn is_unsent(&self) -> bool {
        self.unsent
    }
}

impl Error {
    /// Whether a broker says that the stream or partition does not exist.
    pub(crate) fn is_missing(&self) -> bool {
        let kind = self.kind();
        matches!(kind, ErrorKind::NoSuchStream | ErrorKind::NoSuchPartition)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.failure.sentence)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let cause = self.cause.as_ref()?;
        Some(cause.as_ref())
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            cause: None,
            unsent: false,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        error.failure
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        error.failure.clone()
    }
}

fn stream_of(target: &Target) -> Target {
    if let Target::Partition(stream, _) = target {
        return Target::Stream(Arc::clone(stream));
    }
    target.clone()
}

/// One sentence for each kind. `text` is what the server said, used where the kind alone says too little.
fn sentence(kind: ErrorKind, rpc: Rpc, target: &Target, text: &str) -> String {
    use ErrorKind as K;
    let stream = stream_of(target);
    match kind {
        K::StreamExists => format!("{stream} exists already"),
        K::NoSuchStream => format!("{stream} does not exist"),
        K::NoSuchPartition | K::NoSuchCursor | K::NoSuchGroup => format!("{target} does not exist"),
        K::StreamDeleted => format!("{stream} was deleted"),
        K::PartitionPaused if text.contains("to resume stream") => {
            format!("{target} is paused, and the server could not resume it: {text}")
        }
        K::PartitionPaused => format!("{target} is paused: resume it first"),
        K::ReadonlyPartition => format!("{target} is readonly: make it writable first"),
        K::NotLeader => format!("the broker that was asked does not lead {target}"),
        K::NoLeader => format!("{target} has no leader that can be reached"),
        K::IncorrectOffset => format!("{target}: the message would not get the expected offset"),
        K::AckPolicyRequired => {
            format!("{target} checks expected offsets: publish with ack policy leader or all")
        }
        K::TooLarge => too_large(target, text),
        K::EncryptionFailed => format!("{target}: the server could not encrypt ({text})"),
        K::PermissionDenied => format!("this client may not call {rpc} on {target}"),
        K::InvalidArgument => format!("{target}: the server refused {rpc}: {text}"),
        K::ReservedStream => format!("{stream} is one of Liftbridge's own"),
        K::CursorsDisabled => {
            "cursors are switched off on this cluster (cursors.stream.partitions is 0)".into()
        }
        K::AlreadyMember => format!("{target} has this consumer already"),
        K::NotMember => format!("{target} does not have this consumer"),
        K::NotCoordinator => format!("the broker that was asked does not coordinate {target}"),
        K::EpochMismatch => format!("{target} has gone on to another epoch"),
        K::Fenced => format!("a newer consumer of the group reads {target}"),
        K::NoMetadataLeader => {
            "no broker leads the metadata: most brokers are missing, or the cluster has just started"
                .into()
        }
        K::MessagesLost => format!("{target}: messages were lost ({text})"),
        K::LogUnreadable => format!("{target}: the server could not read its log there ({text})"),
        K::OutcomeUnknown => {
            format!("{rpc} on {target} was sent, but {text}: it may have been done or not")
        }
        K::Unsupported => format!("the server does not know {rpc}, or not this way: {text}"),
        K::Unreachable
        | K::NotLiftbridge
        | K::Tls
        | K::BadAddress
        | K::Timeout
        | K::BadAnswer
        | K::Refused
        | K::Closed
        | K::Server
        | K::Local => format!("{rpc} on {target} failed: {text}"),
    }
}

/// Servers say that a message is too large, and not which of their limits it meets (wire-contract §4.3).
fn too_large(target: &Target, text: &str) -> String {
    let (what, limit) = if text.contains("to NATS") {
        ("the NATS behind the broker takes", "max_payload")
    } else if text.contains("replication") {
        ("brokers replicate", "clustering.replication.max.bytes")
    } else {
        return format!("{target}: the message is larger than the server takes ({text})");
    };
    format!(
        "{target}: the message is larger than {what}: its {limit} is 1 MiB with key and headers, unless it is set \
         otherwise ({text})"
    )
}
