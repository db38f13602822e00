//! What a caller may ask: how a stream is made, how a message is published, where a subscription starts and stops.

use std::time::Duration;

use bytes::Bytes;

use super::setters::setters;
use super::{AckPolicy, Headers, Offset, PartitionId, StreamName, Timestamp};

/// Every field of `CreateStreamRequest`. `None` leaves the choice to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamOptions {
    /// The name; unique. The name becomes a folder on the broker's disk, so `/`, `\`, `..`, `.` alone, the character 0
    /// and more than 255 bytes are refused.
    pub name: String,
    /// The NATS subject to store; where empty, the name.
    pub subject: String,
    /// NATS queue group: streams with the same subject and group share the messages. Empty: none.
    pub group: String,
    /// Replicas of each partition; `None`: 1; `Some(-1)`: one on every broker.
    pub replication_factor: Option<i32>,
    /// Partitions; `None`: 1. Negative values crash real servers; they and 0 are refused here.
    pub partitions: Option<i32>,
    /// Bytes kept in each partition; 0 is no limit.
    pub retention_max_bytes: Option<i64>,
    /// Messages kept in each partition; 0 is no limit.
    pub retention_max_messages: Option<i64>,
    /// How long messages are kept. This and the other durations go out as whole milliseconds, rounded up; zero is no
    /// limit (wire-contract §2.4).
    pub retention_max_age: Option<Duration>,
    /// How often retention is applied.
    pub cleaner_interval: Option<Duration>,
    /// Bytes of one segment; retention removes whole segments.
    pub segment_max_bytes: Option<i64>,
    /// Age at which a new segment is begun.
    pub segment_max_age: Option<Duration>,
    /// How many compactions run side by side.
    pub compact_max_goroutines: Option<i32>,
    /// Whether only the last message of each key is kept.
    pub compact_enabled: Option<bool>,
    /// Idle time after which a partition pauses itself.
    pub auto_pause_time: Option<Duration>,
    /// Whether a partition with subscribers does not pause itself.
    pub auto_pause_disable_if_subscribers: Option<bool>,
    /// In-sync replicas below which nothing commits.
    pub min_isr: Option<i32>,
    /// Whether a publish is checked against its expected offset.
    pub optimistic_concurrency_control: Option<bool>,
    /// Whether values are encrypted at rest.
    pub encryption: Option<bool>,
}

setters! {
    StreamOptions {
        name: String,
        subject: String,
        group: String,
        replication_factor: Option<i32>,
        partitions: Option<i32>,
        retention_max_bytes: Option<i64>,
        retention_max_messages: Option<i64>,
        retention_max_age: Option<Duration>,
        cleaner_interval: Option<Duration>,
        segment_max_bytes: Option<i64>,
        segment_max_age: Option<Duration>,
        compact_max_goroutines: Option<i32>,
        compact_enabled: Option<bool>,
        auto_pause_time: Option<Duration>,
        auto_pause_disable_if_subscribers: Option<bool>,
        min_isr: Option<i32>,
        optimistic_concurrency_control: Option<bool>,
        encryption: Option<bool>,
    }
}

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Destination {
    /// A partition of a stream, chosen by the caller.
    Partition(StreamName, PartitionId),
    /// The partition that CRC-32 of the key chooses.
    ByKey(StreamName),
    /// Each partition of the stream in turn.
    RoundRobin(StreamName),
    /// A NATS subject; whichever streams store it answer.
    Subject(String),
}

/// One message to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishOptions {
    /// Where to.
    pub to: Destination,
    /// The key; empty for none.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
    /// Headers. The broker overwrites `subject` and `reply`.
    pub headers: Headers,
    /// Who must have stored it before the ack.
    pub ack_policy: AckPolicy,
    /// Comes back in the ack; empty lets the client choose one where it needs one.
    pub correlation_id: String,
    /// A NATS subject for the ack of one's own; empty for none.
    pub ack_inbox: String,
    /// The offset it must get on a stream with concurrency control; -1 for any.
    pub expected_offset: Offset,
    /// How long to wait for the ack; `None` for the client's request timeout. A deadline is always on the wire.
    pub deadline: Option<Duration>,
}

setters! {
    PublishOptions {
        to: Destination,
        key: Bytes,
        value: Bytes,
        headers: Headers,
        ack_policy: AckPolicy,
        correlation_id: String,
        ack_inbox: String,
        expected_offset: Offset,
        deadline: Option<Duration>,
    }
}

impl PublishOptions {
    /// A message without key or headers, ack from the leader, any offset.
    pub fn new(to: Destination, value: impl Into<Bytes>) -> Self {
        Self {
            to,
            key: Bytes::new(),
            value: value.into(),
            headers: Headers::new(),
            ack_policy: AckPolicy::default(),
            correlation_id: String::new(),
            ack_inbox: String::new(),
            expected_offset: -1,
            deadline: None,
        }
    }
}

/// Where a subscription starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum StartAt {
    /// After the newest message.
    #[default]
    New,
    /// At the oldest message kept.
    Earliest,
    /// At the newest message, which is delivered.
    Latest,
    /// At this offset; the oldest kept where retention removed it; the next one where it is yet to come.
    Offset(Offset),
    /// At the last N messages of the partition, however many offsets compaction has taken between them.
    Last(u64),
    /// At the first message at or after this time.
    Time(Timestamp),
    /// At the first message stored that long before the subscription is opened, or later.
    TimeAgo(Duration),
}

impl StartAt {
    /// The start as it is while that offset is the newest.
    pub fn pinned(self, newest: Offset, now: Timestamp) -> PinnedStart {
        let after = newest.saturating_add(1);
        match self {
            Self::Earliest => PinnedStart::Earliest,
            Self::Offset(offset) => PinnedStart::Offset(offset),
            Self::New => PinnedStart::Offset(after),
            Self::Latest => PinnedStart::Offset(newest.max(0)),
            Self::Last(count) => {
                let count = Offset::try_from(count).unwrap_or(Offset::MAX);
                PinnedStart::Offset(after.saturating_sub(count).max(0))
            }
            Self::Time(time) => PinnedStart::Time(time),
            Self::TimeAgo(ago) => PinnedStart::Time(now.minus(ago)),
        }
    }
}

/// A start that nothing moves any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinnedStart {
    /// At the oldest message kept.
    Earliest,
    /// At this offset.
    Offset(Offset),
    /// At the first message at or after this time.
    Time(Timestamp),
}

/// Where a subscription stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopAt {
    /// When it is cancelled.
    #[default]
    Never,
    /// After this offset, inclusive; at the next one where compaction removed it.
    Offset(Offset),
    /// After the message that is the newest committed one when it starts. An empty partition is done at once.
    Latest,
    /// After the message that is the newest when it starts, once it is committed: waits for replicas to have it.
    Newest,
    /// After the last message at or before this time.
    Time(Timestamp),
}

/// How long a subscription that lost its broker looks for another one to go on with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryLimit {
    /// As long as the client's options say (`ConnectOptions::resubscribe_limit`): 30 s by default.
    #[default]
    AsClient,
    /// For so long without a message, counted from the loss.
    After(Duration),
    /// Looks for ever, as the dashboard and `tail` do.
    Never,
}

/// One partition to read, from where to where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscribeSpec {
    /// The stream.
    pub stream: StreamName,
    /// The partition.
    pub partition: PartitionId,
    /// Where to start.
    pub start: StartAt,
    /// Where to stop.
    pub stop: StopAt,
    /// Read from any in-sync replica instead of the leader.
    pub isr_replica: bool,
    /// Newest first; servers before API 2.0 ignore it silently, which is detected.
    pub reverse: bool,
    /// How long to look for a broker to go on with after a loss; then it ends as unavailable.
    pub give_up: RetryLimit,
}

setters! {
    SubscribeSpec {
        stream: StreamName,
        partition: PartitionId,
        start: StartAt,
        stop: StopAt,
        isr_replica: bool,
        reverse: bool,
        give_up: RetryLimit,
    }
}

impl SubscribeSpec {
    /// All new messages of one partition.
    pub fn new(stream: impl Into<StreamName>, partition: PartitionId) -> Self {
        Self {
            stream: stream.into(),
            partition,
            ..Self::default()
        }
    }
}
