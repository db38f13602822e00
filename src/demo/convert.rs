//! Between the demo's own values and protobuf: metadata out, stream settings in.
//! Pure shape; which values are right is decided elsewhere.

use std::collections::HashMap;
use std::time::Duration;

use super::admin::StreamRequest;
use super::cluster::Cluster;
use super::metadata::{ListedBroker, StreamView};
use super::partition::{EventTimes, PartitionView};
use super::settings::StreamSettings;
use crate::wire::pb;

/// A wish for a stream; what the request leaves out is as servers have it.
pub(super) fn stream_request(request: pb::CreateStreamRequest) -> StreamRequest {
    StreamRequest {
        settings: settings(&request),
        encryption: request.encryption.is_some_and(|flag| flag.value),
        name: request.name,
        subject: request.subject,
        group: request.group,
        replication: request.replication_factor,
        partitions: request.partitions,
    }
}

fn settings(request: &pb::CreateStreamRequest) -> StreamSettings {
    let defaults = StreamSettings::server_defaults();
    let mut retention = defaults.retention;
    let set = |field: Option<pb::NullableInt64>| field.map(|field| field.value);
    let count = |value: i64| u64::try_from(value).unwrap_or_default();
    if let Some(bytes) = set(request.retention_max_bytes) {
        retention.bytes = count(bytes);
    }
    if let Some(messages) = set(request.retention_max_messages) {
        retention.messages = count(messages);
    }
    if let Some(age) = set(request.retention_max_age) {
        retention.age = nanos(age);
        retention.segment_age = nanos(age);
    }
    if let Some(bytes) = set(request.segment_max_bytes) {
        retention.segment_bytes = count(bytes);
    }
    if let Some(age) = set(request.segment_max_age) {
        retention.segment_age = nanos(age);
    }
    retention.compact = request.compact_enabled.is_some_and(|flag| flag.value);
    let min_isr = request.min_isr.map_or(defaults.min_isr, |field| {
        usize::try_from(field.value).unwrap_or_default()
    });
    StreamSettings {
        retention,
        cleaner: set(request.cleaner_interval).and_then(millis),
        auto_pause: set(request.auto_pause_time).and_then(millis),
        pause_unless_subscribed: request
            .auto_pause_disable_if_subscribers
            .is_some_and(|flag| flag.value),
        min_isr,
        concurrency_control: request
            .optimistic_concurrency_control
            .is_some_and(|flag| flag.value),
    }
}

/// Requests give durations in milliseconds; zero switches one off.
fn millis(millis: i64) -> Option<Duration> {
    let millis = u64::try_from(millis).ok().filter(|millis| *millis > 0)?;
    Some(Duration::from_millis(millis))
}

/// An age in nanoseconds.
fn nanos(millis: i64) -> i64 {
    millis.saturating_mul(1_000_000)
}

/// A broker in a list of brokers. All advertise loopback.
pub(super) fn broker(view: ListedBroker) -> pb::Broker {
    pb::Broker {
        id: view.name,
        host: "127.0.0.1".to_owned(),
        port: view.port.into(),
        partition_count: view.load.partitions,
        leader_count: view.load.leaders,
    }
}

/// A stream in an answer.
pub(super) fn stream(cluster: &Cluster, view: StreamView) -> pb::StreamMetadata {
    let Some(facts) = view.details else {
        return pb::StreamMetadata {
            name: view.name,
            error: pb::stream_metadata::Error::UnknownStream.into(),
            ..pb::StreamMetadata::default()
        };
    };
    let partitions = facts.partitions.into_iter();
    let partitions: HashMap<i32, pb::PartitionMetadata> = partitions
        .map(|(id, facts)| (id, partition(cluster, id, &facts)))
        .collect();
    pb::StreamMetadata {
        name: view.name,
        subject: facts.subject,
        error: pb::stream_metadata::Error::Ok.into(),
        partitions,
        creation_timestamp: facts.created,
    }
}

/// A partition in an answer. Brokers list replicas in no order.
pub(super) fn partition(
    cluster: &Cluster,
    id: i32,
    facts: &PartitionView,
) -> pb::PartitionMetadata {
    let names = |seats: &[usize]| {
        let mut names: Vec<String> = seats.iter().map(|seat| cluster.name(*seat)).collect();
        fastrand::shuffle(&mut names);
        names
    };
    pb::PartitionMetadata {
        id,
        leader: cluster.name(facts.leader),
        replicas: names(&facts.replicas),
        isr: names(&facts.isr),
        high_watermark: facts.high_watermark,
        newest_offset: facts.newest,
        paused: facts.paused,
        readonly: facts.readonly,
        messages_received_timestamps: Some(times(facts.received)),
        pause_timestamps: Some(times(facts.pauses)),
        readonly_timestamps: Some(times(facts.readonlys)),
    }
}

fn times(times: EventTimes) -> pb::PartitionEventTimestamps {
    pb::PartitionEventTimestamps {
        first_timestamp: times.first,
        latest_timestamp: times.latest,
    }
}

/// A consumer group in an answer; none where it does not exist.
pub(super) fn group(id: String, found: Option<(String, u64)>) -> pb::ConsumerGroupMetadata {
    let error = match found {
        Some(_) => pb::consumer_group_metadata::Error::Ok,
        None => pb::consumer_group_metadata::Error::UnknownGroup,
    };
    let (coordinator, epoch) = found.unwrap_or_default();
    pb::ConsumerGroupMetadata {
        group_id: id,
        error: error.into(),
        coordinator,
        epoch,
    }
}
