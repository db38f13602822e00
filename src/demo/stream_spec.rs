//! What a stream is to be, as a request says and as servers have it where the request says nothing; and why it may not
//! be. What follows from each setting is said where it happens.

use std::time::Duration;

use tonic::Status;

use super::activity::ACTIVITY;
use super::cursors::CURSORS;
use super::log::Retention;
use super::subject;
use crate::wire::pb;

/// What servers do to streams that say nothing themselves: keep messages a week, in segments of 256 MiB.
const DEFAULT_AGE: i64 = 168 * 3600 * 1_000_000_000;
const DEFAULT_SEGMENT: u64 = 256 * 1024 * 1024;

/// What a stream is created with.
#[derive(Clone, Debug)]
pub(super) struct StreamSpec {
    pub(super) name: String,
    /// The subject of its first partition.
    pub(super) subject: String,
    /// The NATS queue group; empty for none.
    pub(super) group: String,
    /// -1 is all brokers, 0 is one.
    pub(super) replication: i32,
    /// 0 is one.
    pub(super) partitions: i32,
    pub(super) encryption: bool,
    pub(super) retention: Retention,
    /// How often retention runs; the cluster's own interval where none is set.
    pub(super) cleaner: Option<Duration>,
    /// Idle time after which a partition pauses itself.
    pub(super) auto_pause: Option<Duration>,
    /// Whether a subscriber keeps an idle partition from that.
    pub(super) no_pause_while_subscribed: bool,
    /// In-sync replicas that a commit needs.
    pub(super) min_isr: usize,
    /// Whether messages must name the offset they expect to get.
    pub(super) concurrency_control: bool,
}

impl Default for StreamSpec {
    fn default() -> Self {
        Self {
            name: String::new(),
            subject: String::new(),
            group: String::new(),
            replication: 0,
            partitions: 0,
            encryption: false,
            retention: Retention {
                age: DEFAULT_AGE,
                segment_bytes: DEFAULT_SEGMENT,
                segment_age: DEFAULT_AGE,
                ..Retention::default()
            },
            cleaner: None,
            auto_pause: None,
            no_pause_while_subscribed: false,
            min_isr: 1,
            concurrency_control: false,
        }
    }
}

impl From<pb::CreateStreamRequest> for StreamSpec {
    fn from(request: pb::CreateStreamRequest) -> Self {
        let int = |field: Option<pb::NullableInt64>| field.map(|field| field.value);
        let bool = |field: Option<pb::NullableBool>| field.is_some_and(|field| field.value);
        let default = Self::default();
        let min_isr = request.min_isr.map(|field| usize::try_from(field.value));
        Self {
            retention: retention(&request, default.retention),
            encryption: bool(request.encryption),
            cleaner: int(request.cleaner_interval).and_then(duration),
            auto_pause: int(request.auto_pause_time).and_then(duration),
            no_pause_while_subscribed: bool(request.auto_pause_disable_if_subscribers),
            min_isr: min_isr.map_or(default.min_isr, Result::unwrap_or_default),
            concurrency_control: bool(request.optimistic_concurrency_control),
            name: request.name,
            subject: request.subject,
            group: request.group,
            replication: request.replication_factor,
            partitions: request.partitions,
        }
    }
}

fn retention(request: &pb::CreateStreamRequest, default: Retention) -> Retention {
    let count = |field: Option<pb::NullableInt64>| {
        field.map(|field| u64::try_from(field.value).unwrap_or_default())
    };
    let nanos =
        |field: Option<pb::NullableInt64>| field.map(|field| field.value.saturating_mul(1_000_000));
    let age = nanos(request.retention_max_age);
    let segment_age = nanos(request.segment_max_age).or(age);
    Retention {
        bytes: count(request.retention_max_bytes).unwrap_or(default.bytes),
        messages: count(request.retention_max_messages).unwrap_or(default.messages),
        age: age.unwrap_or(default.age),
        segment_bytes: count(request.segment_max_bytes).unwrap_or(default.segment_bytes),
        segment_age: segment_age.unwrap_or(default.segment_age),
        compact: request.compact_enabled.is_some_and(|field| field.value),
    }
}

/// Requests give durations in milliseconds; zero switches one off.
fn duration(millis: i64) -> Option<Duration> {
    let millis = u64::try_from(millis).ok().filter(|millis| *millis > 0)?;
    Some(Duration::from_millis(millis))
}

/// Whether only servers themselves create and delete a stream of that name.
pub(super) fn is_reserved(name: &str) -> bool {
    name == CURSORS || name == ACTIVITY
}

impl StreamSpec {
    /// The checks of the broker that was asked, before it turns to the metadata leader.
    pub(super) fn check(&self) -> Result<(), Status> {
        if self.name.is_empty() {
            return Err(Status::invalid_argument("Name cannot be empty"));
        }
        if !subject::is_valid(&self.subject) {
            return Err(Status::invalid_argument("Subject is invalid"));
        }
        if is_reserved(&self.name) {
            return Err(Status::invalid_argument("Stream is reserved"));
        }
        Ok(())
    }

    /// The check that follows that of the policy: there is no key here.
    pub(super) fn check_encryption(&self) -> Result<(), Status> {
        if self.encryption {
            return Err(Status::failed_precondition(
                "Failed on preconditions for stream's encryption handler: \
                 kwp: invalid AES key size; want 16 or 32, got 0",
            ));
        }
        Ok(())
    }

    /// How many replicas the stream gets in a cluster of so many brokers, which is the metadata leader's check.
    pub(super) fn replicas(&self, brokers: usize) -> Result<usize, Status> {
        let factor = self.replication;
        let text = match usize::try_from(factor) {
            Ok(wanted) if wanted <= brokers => return Ok(wanted.max(1)),
            Ok(_) => format!("Invalid replicationFactor {factor}, cluster size {brokers}"),
            Err(_) if factor == -1 => return Ok(brokers),
            Err(_) => format!("Invalid replicationFactor {factor}"),
        };
        Err(Status::invalid_argument(text))
    }
}
