//! What the internal streams tell: events of the cluster, cursors, and the groups that follow from both.

use std::sync::Arc;

use super::{Offset, PartitionId, StreamName, Timestamp};

/// Something that was done to the cluster, from `__activity`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
pub struct ActivityEvent {
    /// Index of the Raft log: rising, with gaps. Events are delivered at least once; the id tells repeats.
    pub id: u64,
    /// When the event was stored in `__activity`.
    pub time: Timestamp,
    /// What was done.
    pub kind: ActivityKind,
}

/// The kinds of events.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ActivityKind {
    /// A stream was made.
    CreateStream {
        /// The stream.
        stream: StreamName,
        /// The partitions.
        partitions: Vec<PartitionId>,
    },
    /// A stream was deleted.
    DeleteStream {
        /// The stream.
        stream: StreamName,
    },
    /// Partitions were paused, by hand or for idleness.
    PauseStream {
        /// The stream.
        stream: StreamName,
        /// The partitions.
        partitions: Vec<PartitionId>,
        /// Whether the first resume resumes all.
        resume_all: bool,
    },
    /// Partitions were resumed.
    ResumeStream {
        /// The stream.
        stream: StreamName,
        /// The partitions.
        partitions: Vec<PartitionId>,
    },
    /// Partitions were made readonly or writable.
    SetReadonly {
        /// The stream.
        stream: StreamName,
        /// The partitions.
        partitions: Vec<PartitionId>,
        /// `true`: readonly.
        readonly: bool,
    },
    /// A consumer joined a group.
    JoinGroup {
        /// The group.
        group: String,
        /// The consumer.
        consumer: String,
        /// The streams it reads.
        streams: Vec<StreamName>,
    },
    /// A consumer left a group.
    LeaveGroup {
        /// The group.
        group: String,
        /// The consumer.
        consumer: String,
        /// Whether the coordinator evicted it for silence.
        expired: bool,
    },
    /// A cursor was moved back. No event of `__activity`: whoever watches the cursors sees it.
    MoveCursorBack {
        /// The cursor's id.
        cursor: String,
        /// The stream.
        stream: StreamName,
        /// The partition.
        partition: PartitionId,
        /// The offset at which it was.
        from: Offset,
        /// The offset at which it is then.
        to: Offset,
    },
    /// An operation this client does not know.
    Unknown {
        /// The number on the wire.
        op: i32,
    },
}

/// The id of a cursor; shared, since it stands in many places.
pub type CursorId = Arc<str>;

/// How far a consumer has read a partition, from `__cursors`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
pub struct CursorEntry {
    /// The cursor's id; of a group's, `__group:` and the group's id.
    pub id: CursorId,
    /// The stream.
    pub stream: StreamName,
    /// The partition.
    pub partition: PartitionId,
    /// The last offset read.
    pub offset: Offset,
    /// When it was stored.
    pub time: Timestamp,
    /// When that was so for certain: when it was read last, or its partition of `__cursors` seen to hold nothing newer.
    pub read_at: Timestamp,
}

impl CursorEntry {
    /// Its id and the partition that it is of: a cluster has one of each.
    pub(crate) fn key(&self) -> (CursorId, StreamName, PartitionId) {
        let (id, stream) = (CursorId::clone(&self.id), StreamName::clone(&self.stream));
        (id, stream, self.partition)
    }

    /// What it is called: its id, or that of the group whose cursor it is.
    pub fn name(&self) -> &str {
        self.group().unwrap_or(&self.id)
    }

    /// The group whose cursor this is.
    pub fn group(&self) -> Option<&str> {
        self.id.strip_prefix("__group:")
    }
}

/// The first message that a cursor has not read: when it was stored tells for how long the cursor has been behind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
pub struct FirstUnread {
    /// The cursor.
    pub cursor: CursorEntry,
    /// The message's offset.
    pub offset: Offset,
    /// When it was stored.
    pub stored: Timestamp,
    /// When it was read.
    pub read_at: Timestamp,
}

/// A consumer group as far as can be known without keeping its members alive.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
pub struct GroupInfo {
    /// The id.
    pub id: String,
    /// The broker that coordinates it, where metadata tells.
    pub coordinator: Option<String>,
    /// The epoch, where metadata tells.
    pub epoch: Option<u64>,
    /// Members seen joining and not seen leaving; `None` where no activity was read.
    pub members: Option<Vec<String>>,
    /// Streams it reads, from joins and cursors.
    pub streams: Vec<StreamName>,
}
