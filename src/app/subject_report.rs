//! Which streams store a subject, as it was when somebody asked: made once, since every partition of a large cluster is looked at.

use crate::health::PartitionStatus;
use crate::model::{PartitionId, StreamName, Timestamp};

/// Who stores a subject, or which streams overlap.
#[derive(Clone, Debug, PartialEq)]
pub struct SubjectReport {
    /// The subject that was asked about; `None`: all that streams store.
    pub(crate) subject: Option<String>,
    /// What a stream stores was asked, rather than who stores a subject.
    pub(crate) stream: Option<StreamName>,
    /// The partitions that store it.
    pub(crate) storing: Vec<StoredSubject>,
    /// Streams that store messages of others too.
    pub(crate) overlaps: Vec<StreamOverlap>,
    /// How many streams were looked at.
    pub(crate) streams: usize,
    /// Rows for which there was no room.
    pub(crate) left_out: usize,
    /// When the brokers had said so.
    pub(crate) as_of: Timestamp,
}

/// A partition that stores a subject.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredSubject {
    pub(crate) stream: StreamName,
    pub(crate) partition: PartitionId,
    pub(crate) subject: String,
    pub(crate) status: PartitionStatus,
    pub(crate) readonly: Option<bool>,
}

/// Two streams that store the same messages.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StreamOverlap {
    pub(crate) stream: StreamName,
    /// The subject of it that the other one stores too.
    pub(crate) subject: String,
    pub(crate) other: StoredSubject,
}
