//! Model to protobuf and back, side by side. Total: whatever a broker sends becomes some value, nothing panics.
//! What the numbers and texts mean is told in `wire::status`, not here.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::pb;
use crate::model::{
    Ack, AckPolicy, BrokerId, EventTimes, Headers, Partition, PublishOptions, StreamName,
    StreamOptions, Timestamp,
};

/// A partition as the answering broker sees it, replicas and ISR sorted.
pub fn partition(metadata: &pb::PartitionMetadata) -> Partition {
    let leader = Some(&*metadata.leader).filter(|id| !id.is_empty());
    Partition {
        id: metadata.id,
        leader: leader.map(Arc::from),
        replicas: sorted(&metadata.replicas),
        isr: sorted(&metadata.isr),
        high_watermark: metadata.high_watermark,
        newest_offset: metadata.newest_offset,
        paused_flag: metadata.paused,
        readonly_flag: metadata.readonly,
        received: event_times(metadata.messages_received_timestamps.as_ref()),
        pause_changed: event_times(metadata.pause_timestamps.as_ref()),
        readonly_changed: event_times(metadata.readonly_timestamps.as_ref()),
    }
}

fn sorted(ids: &[String]) -> Arc<[BrokerId]> {
    let mut ids: Vec<BrokerId> = ids.iter().map(|id| Arc::from(&**id)).collect();
    ids.sort();
    ids.dedup();
    ids.into()
}

fn event_times(times: Option<&pb::PartitionEventTimestamps>) -> EventTimes {
    times.map_or_else(EventTimes::default, |times| EventTimes {
        first: Timestamp(times.first_timestamp),
        latest: Timestamp(times.latest_timestamp),
    })
}

/// The request that makes a stream. Durations go out as whole milliseconds (wire-contract §2.4).
pub fn create_stream(options: &StreamOptions) -> pb::CreateStreamRequest {
    let subject = Some(&options.subject).filter(|subject| !subject.is_empty());
    pb::CreateStreamRequest {
        subject: subject.unwrap_or(&options.name).clone(),
        name: options.name.clone(),
        group: options.group.clone(),
        replication_factor: options.replication_factor.unwrap_or_default(),
        partitions: options.partitions.unwrap_or_default(),
        retention_max_bytes: options.retention_max_bytes.map(int64),
        retention_max_messages: options.retention_max_messages.map(int64),
        retention_max_age: options.retention_max_age.map(millis),
        cleaner_interval: options.cleaner_interval.map(millis),
        segment_max_bytes: options.segment_max_bytes.map(int64),
        segment_max_age: options.segment_max_age.map(millis),
        compact_max_goroutines: options
            .compact_max_goroutines
            .map(|value| pb::NullableInt32 { value }),
        compact_enabled: options.compact_enabled.map(boolean),
        auto_pause_time: options.auto_pause_time.map(millis),
        auto_pause_disable_if_subscribers: options.auto_pause_disable_if_subscribers.map(boolean),
        min_isr: options.min_isr.map(|value| pb::NullableInt32 { value }),
        optimistic_concurrency_control: options.optimistic_concurrency_control.map(boolean),
        encryption: options.encryption.map(boolean),
    }
}

fn int64(value: i64) -> pb::NullableInt64 {
    pb::NullableInt64 { value }
}

fn boolean(value: bool) -> pb::NullableBool {
    pb::NullableBool { value }
}

/// Rounded up: 0 means without a limit, which less than a millisecond does not.
fn millis(duration: Duration) -> pb::NullableInt64 {
    let millis = duration.as_nanos().div_ceil(1_000_000);
    int64(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// The request that publishes to a partition of a stream.
pub fn publish(
    options: &PublishOptions,
    stream: &StreamName,
    partition: i32,
) -> pb::PublishRequest {
    pb::PublishRequest {
        key: options.key.clone(),
        value: options.value.clone(),
        stream: stream.to_string(),
        partition,
        headers: headers(&options.headers),
        ack_inbox: options.ack_inbox.clone(),
        correlation_id: options.correlation_id.clone(),
        ack_policy: ack_policy(options.ack_policy).into(),
        expected_offset: options.expected_offset,
    }
}

/// The request that publishes to a NATS subject. It has no field for an expected offset.
pub fn publish_to_subject(options: &PublishOptions, subject: &str) -> pb::PublishToSubjectRequest {
    pb::PublishToSubjectRequest {
        key: options.key.clone(),
        value: options.value.clone(),
        subject: subject.to_owned(),
        headers: headers(&options.headers),
        ack_inbox: options.ack_inbox.clone(),
        correlation_id: options.correlation_id.clone(),
        ack_policy: ack_policy(options.ack_policy).into(),
    }
}

/// Headers as the map the wire has: of a name that comes twice the last value counts.
pub fn headers(headers: &Headers) -> HashMap<String, Bytes> {
    headers.iter().cloned().collect()
}

/// The wire's word for an ack policy.
pub fn ack_policy(policy: AckPolicy) -> pb::AckPolicy {
    match policy {
        AckPolicy::Leader => pb::AckPolicy::Leader,
        AckPolicy::All => pb::AckPolicy::All,
        AckPolicy::None => pb::AckPolicy::None,
    }
}

/// The ack policy of that number; an unknown one counts as the wire's default.
pub fn ack_policy_of(number: i32) -> AckPolicy {
    match pb::AckPolicy::try_from(number) {
        Ok(pb::AckPolicy::All) => AckPolicy::All,
        Ok(pb::AckPolicy::None) => AckPolicy::None,
        Ok(pb::AckPolicy::Leader) | Err(_) => AckPolicy::Leader,
    }
}

/// A broker's ack. Its error is told by [`super::status::of_ack`].
pub fn ack(ack: pb::Ack) -> Ack {
    Ack {
        stream: Arc::from(ack.stream),
        partition_subject: Arc::from(ack.partition_subject),
        message_subject: Arc::from(ack.msg_subject),
        offset: ack.offset,
        ack_inbox: ack.ack_inbox,
        correlation_id: ack.correlation_id,
        policy: ack_policy_of(ack.ack_policy),
        received: Timestamp(ack.reception_timestamp),
        committed: Timestamp(ack.commit_timestamp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_go_out_in_milliseconds_and_the_subject_defaults_to_the_name() {
        let request = create_stream(&StreamOptions {
            name: "orders".into(),
            retention_max_age: Some(Duration::from_secs(2)),
            segment_max_age: Some(Duration::from_nanos(1)),
            compact_enabled: Some(false),
            ..StreamOptions::default()
        });
        assert_eq!(request.subject, "orders");
        assert_eq!(
            request.retention_max_age.map(|value| value.value),
            Some(2000)
        );
        assert_eq!(
            request.segment_max_age.map(|value| value.value),
            Some(1),
            "not 0, which is no limit"
        );
        assert_eq!(
            request.compact_enabled.map(|value| value.value),
            Some(false)
        );
        assert_eq!(request.min_isr, None);
    }
}
