//! One request that changes the cluster, and how it ended: what forms, confirm boxes, the command line, the log of
//! changes and "copy as command" all speak.

use super::{Ack, Failure, Offset, PartitionId, PublishOptions, StreamName, StreamOptions};

/// A request that changes the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Make a stream.
    Create(Box<StreamOptions>),
    /// Remove a stream and all its messages.
    Delete {
        /// The stream.
        stream: StreamName,
    },
    /// Pause partitions: their subscriptions end, the next publish resumes each.
    Pause {
        /// The stream.
        stream: StreamName,
        /// The partitions; none named: all.
        partitions: Vec<PartitionId>,
        /// Whether the first resume resumes all partitions.
        resume_all: bool,
    },
    /// Resume partitions through a subscription that is closed after its handshake; writes no message.
    Resume {
        /// The stream.
        stream: StreamName,
        /// The partitions; none named: all.
        partitions: Vec<PartitionId>,
    },
    /// Make partitions refuse publishes, or take them again.
    SetReadonly {
        /// The stream.
        stream: StreamName,
        /// The partitions; none named: all.
        partitions: Vec<PartitionId>,
        /// `true`: refuse; `false`: take.
        readonly: bool,
    },
    /// Publish one message, to a stream or to a subject.
    Publish(Box<PublishOptions>),
    /// Store how far a consumer has read.
    SetCursor {
        /// The cursor's id.
        id: String,
        /// The stream it reads.
        stream: StreamName,
        /// The partition it reads.
        partition: PartitionId,
        /// The last offset it has read.
        offset: Offset,
    },
}

impl Operation {
    /// The partitions that it pauses, resumes, makes readonly or writable, and their stream; none named: all.
    pub fn flagged(&self) -> Option<(&StreamName, &[PartitionId])> {
        match self {
            Self::Pause {
                stream, partitions, ..
            }
            | Self::Resume { stream, partitions }
            | Self::SetReadonly {
                stream, partitions, ..
            } => Some((stream, partitions)),
            Self::Create(_) | Self::Delete { .. } | Self::Publish(_) | Self::SetCursor { .. } => {
                None
            }
        }
    }
}

/// How an operation ended that did not fail as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Outcome {
    /// The cluster did it.
    Done,
    /// The message was stored; the partition is known where the client chose it.
    Acked {
        /// The ack.
        ack: Ack,
        /// The partition it went to; `None` for a publish to a subject.
        partition: Option<PartitionId>,
    },
    /// Sent without an ack asked for: nobody knows whether it was stored.
    Sent,
    /// Some partitions did it, others did not.
    Partial {
        /// The partitions that did.
        done: Vec<PartitionId>,
        /// The partitions that did not, and why.
        failed: Vec<(PartitionId, Failure)>,
    },
}
