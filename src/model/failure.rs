//! Why something did not work, as showable data: a kind to decide by, a target to name, one sentence to read.

use std::fmt;

use super::{BrokerId, PartitionId, StreamName};

/// What went wrong, distinguished as far as anyone may want to act differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ErrorKind {
    /// A stream of that name exists already (Go: `ErrStreamExists`).
    StreamExists,
    /// No stream of that name (Go: `ErrNoSuchStream`).
    NoSuchStream,
    /// The stream has no such partition (Go: `ErrNoSuchPartition`).
    NoSuchPartition,
    /// The stream was deleted while it was read, or deleted and made anew (Go: `ErrStreamDeleted`).
    StreamDeleted,
    /// The partition is paused (Go: `ErrPartitionPaused`).
    PartitionPaused,
    /// The partition refuses publishes (Go: `ErrReadonlyPartition`).
    ReadonlyPartition,
    /// The answering broker does not lead the partition; the leader may have moved.
    NotLeader,
    /// The partition names no leader, or its leader cannot be reached.
    NoLeader,
    /// Concurrency control: the message would have got another offset than expected.
    IncorrectOffset,
    /// Concurrency control needs an ack policy other than none.
    AckPolicyRequired,
    /// The message is larger than a server or NATS takes.
    TooLarge,
    /// The server could not encrypt, or has no key.
    EncryptionFailed,
    /// The client certificate is not allowed to do this.
    PermissionDenied,
    /// The server found the request malformed.
    InvalidArgument,
    /// The stream is one of Liftbridge's own.
    ReservedStream,
    /// Cursors are switched off on this cluster.
    CursorsDisabled,
    /// No cursor of that id, as far as can be known.
    NoSuchCursor,
    /// No consumer group of that id.
    NoSuchGroup,
    /// The consumer is a member of the group already.
    AlreadyMember,
    /// The consumer is not a member of the group.
    NotMember,
    /// The answering broker does not coordinate the group.
    NotCoordinator,
    /// The group has gone on to another epoch.
    EpochMismatch,
    /// A newer member of the group reads this partition.
    Fenced,
    /// No broker leads the metadata: a majority of brokers is missing, or the cluster has just started.
    NoMetadataLeader,
    /// The server's log could not be read at that place.
    LogUnreadable,
    /// Messages were removed, or lost by the servers, before they could be read.
    MessagesLost,
    /// No broker could be reached.
    Unreachable,
    /// Something else than Liftbridge answers at that address.
    NotLiftbridge,
    /// TLS did not come about.
    Tls,
    /// The address cannot be understood or resolved.
    BadAddress,
    /// No answer before the deadline, and nothing was changed.
    Timeout,
    /// A change was sent and no answer came: it may have been done or not. Never sent a second time.
    OutcomeUnknown,
    /// A message or answer is larger than this client takes, or cannot be decoded.
    BadAnswer,
    /// Refused here, before anything was sent.
    Refused,
    /// The server lacks this call or option.
    Unsupported,
    /// The client was closed.
    Closed,
    /// The server failed in a way this table has no row for.
    Server,
    /// On this side: a file, a pipe, an editor.
    Local,
}

impl ErrorKind {
    /// Whether the same request may succeed a little later, at another broker or after fresh metadata.
    /// A publish of unknown outcome is not: sending it again could store it twice.
    pub fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::NotLeader
                | Self::NoLeader
                | Self::NoMetadataLeader
                | Self::Unreachable
                | Self::Timeout
                | Self::NotCoordinator
        )
    }
}

/// What a failure is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Target {
    /// The cluster as a whole.
    #[default]
    Cluster,
    /// A broker, by id where known or by address.
    Broker(BrokerId),
    /// A stream.
    Stream(StreamName),
    /// A partition of a stream.
    Partition(StreamName, PartitionId),
    /// A NATS subject.
    Subject(String),
    /// A cursor.
    Cursor(String),
    /// A consumer group.
    Group(String),
}

impl Target {
    /// A sentence as it stands where this was named before: one that begins with the same name does not say it once more.
    pub fn named_before(&self, sentence: &str) -> String {
        let name = self.to_string();
        match sentence.strip_prefix(&name) {
            Some(rest) if rest.starts_with(' ') => format!("it{rest}"),
            Some(rest) => rest.strip_prefix(": ").unwrap_or(sentence).to_owned(),
            None => sentence.to_owned(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster => f.write_str("cluster"),
            Self::Broker(id) => write!(f, "broker {id}"),
            Self::Stream(name) => write!(f, "stream \"{name}\""),
            Self::Partition(name, id) => write!(f, "partition {id} of stream \"{name}\""),
            Self::Subject(subject) => write!(f, "subject \"{subject}\""),
            Self::Cursor(id) => write!(f, "cursor \"{id}\""),
            Self::Group(id) => write!(f, "group \"{id}\""),
        }
    }
}

/// What the number of a partition that the stream lacks is answered with: the last one that there is, is named.
pub fn no_such_partition(stream: &str, partition: PartitionId, last: PartitionId) -> String {
    let target = Target::Partition(stream.into(), partition);
    if last == 0 {
        return format!("{target} does not exist; its only partition is 0");
    }
    format!("{target} does not exist; its partitions are 0 to {last}")
}

/// An error as plain data: what events carry and screens show.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
pub struct Failure {
    /// To decide by.
    pub kind: ErrorKind,
    /// What it is about.
    pub target: Target,
    /// One sentence that names the target and, where there is one, the remedy.
    pub sentence: String,
}

impl Failure {
    /// A failure with its sentence.
    pub fn new(kind: ErrorKind, target: Target, sentence: impl Into<String>) -> Self {
        Self {
            kind,
            target,
            sentence: sentence.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_named_once() {
        let target = Target::Partition("audit".into(), 1);
        for (sentence, told) in [
            (
                "partition 1 of stream \"audit\" has no leader",
                "it has no leader",
            ),
            (
                "partition 1 of stream \"audit\": its log is gone",
                "its log is gone",
            ),
            (
                "broker a refused the connection",
                "broker a refused the connection",
            ),
        ] {
            assert_eq!(target.named_before(sentence), told);
        }
        let other = "partition 10 of stream \"audit\" is paused";
        assert_eq!(target.named_before(other), other);
    }
}
