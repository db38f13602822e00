//! Model to protobuf and back, side by side. Total: whatever a broker sends becomes some value, nothing panics.
//! What the numbers and texts mean is told in `wire::status`, not here.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::pb;
use crate::model::{
    Ack, AckPolicy, Broker, BrokerId, Cluster, EventTimes, Headers, Partition, PublishOptions,
    Stream, StreamName, StreamOptions, Timestamp,
};

/// Answers that name more brokers are no cluster's: each would be asked, and compared with all others.
pub const MOST_BROKERS: usize = 512;
/// Answers of more streams or partitions are refused: each takes some kilobytes once it is known from all brokers.
pub const MOST_PARTITIONS: usize = 100_000;

/// Replicas and in-sync replicas of all partitions.
const MOST_REPLICAS: usize = 20 * MOST_PARTITIONS;

/// An answer that is too large to be that of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oversized {
    /// It names more than [`MOST_BROKERS`].
    Brokers,
    /// It has so many streams or partitions.
    Partitions(usize),
    /// It has so many replicas.
    Replicas(usize),
}

impl fmt::Display for Oversized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Brokers => write!(
                f,
                "names more than {MOST_BROKERS} brokers, which is more than are read"
            ),
            Self::Partitions(count) => write!(
                f,
                "has {count} streams and partitions, and no more than {MOST_PARTITIONS} are read"
            ),
            Self::Replicas(count) => write!(
                f,
                "has {count} replicas, and no more than {MOST_REPLICAS} are read"
            ),
        }
    }
}

/// A broker's answer to `FetchMetadata` as a snapshot, sorted. Streams the broker does not know are left out.
///
/// # Errors
/// Where the answer is too large to be that of a cluster.
pub fn cluster(answer: pb::FetchMetadataResponse) -> Result<Cluster, Oversized> {
    if answer.brokers.len() > MOST_BROKERS {
        return Err(Oversized::Brokers);
    }
    let counts = answer.stream_metadata.iter();
    let count: usize = counts.map(|stream| stream.partitions.len().max(1)).sum();
    if count > MOST_PARTITIONS {
        return Err(Oversized::Partitions(count));
    }
    let partitions = answer.stream_metadata.iter();
    let partitions = partitions.flat_map(|stream| stream.partitions.values());
    let replicas: usize = partitions
        .map(|partition| partition.replicas.len() + partition.isr.len())
        .sum();
    if replicas > MOST_REPLICAS {
        return Err(Oversized::Replicas(replicas));
    }
    let mut brokers: Vec<Broker> = answer.brokers.into_iter().map(broker).collect();
    let answered_by = brokers.first().map(|broker| Arc::clone(&broker.id));
    let ids: Vec<BrokerId> = brokers
        .iter()
        .map(|broker| Arc::clone(&broker.id))
        .collect();
    let mut ids = Ids(ids);
    brokers.sort_by(|a, b| a.id.cmp(&b.id));
    let known = |stream: &pb::StreamMetadata| stream.error == pb::stream_metadata::Error::Ok as i32;
    let streams: BTreeMap<StreamName, Stream> = answer
        .stream_metadata
        .into_iter()
        .filter(known)
        .map(|metadata| stream(metadata, &mut ids))
        .map(|stream| (Arc::clone(&stream.name), stream))
        .collect();
    if ids.0.len() > MOST_BROKERS {
        return Err(Oversized::Brokers);
    }
    Ok(Cluster {
        answered_by,
        brokers,
        streams,
    })
}

/// The ids of brokers in one answer, each stored once: they stand in every partition, several times.
struct Ids(Vec<BrokerId>);

impl Ids {
    /// There are few brokers: looking through them costs less than hashing. Beyond the bound none is looked for: the
    /// answer is refused.
    fn shared(&mut self, id: &str) -> BrokerId {
        if self.0.len() > MOST_BROKERS {
            return Arc::from("");
        }
        if let Some(known) = self.0.iter().find(|known| &***known == id) {
            return Arc::clone(known);
        }
        let id: BrokerId = Arc::from(id);
        self.0.push(Arc::clone(&id));
        id
    }

    fn sorted(&mut self, ids: &[String]) -> Vec<BrokerId> {
        let mut ids: Vec<BrokerId> = ids.iter().map(|id| self.shared(id)).collect();
        ids.sort();
        ids.dedup();
        ids
    }
}

fn broker(broker: pb::Broker) -> Broker {
    Broker {
        id: Arc::from(broker.id),
        host: broker.host,
        port: broker.port,
        partition_count: broker.partition_count,
        leader_count: broker.leader_count,
    }
}

fn stream(stream: pb::StreamMetadata, ids: &mut Ids) -> Stream {
    let mut partitions: Vec<Partition> = stream
        .partitions
        .into_iter()
        .map(|(id, metadata)| Partition {
            id,
            ..shared_partition(&metadata, ids)
        })
        .collect();
    partitions.sort_by_key(|partition| partition.id);
    Stream {
        name: Arc::from(stream.name),
        subject: Arc::from(stream.subject),
        created: Timestamp(stream.creation_timestamp),
        partitions,
    }
}

/// A partition as the answering broker sees it, replicas and ISR sorted.
pub fn partition(metadata: &pb::PartitionMetadata) -> Partition {
    shared_partition(metadata, &mut Ids(Vec::new()))
}

fn shared_partition(metadata: &pb::PartitionMetadata, ids: &mut Ids) -> Partition {
    let leader = Some(&*metadata.leader).filter(|id| !id.is_empty());
    Partition {
        id: metadata.id,
        leader: leader.map(|id| ids.shared(id)),
        replicas: ids.sorted(&metadata.replicas),
        isr: ids.sorted(&metadata.isr),
        high_watermark: metadata.high_watermark,
        newest_offset: metadata.newest_offset,
        paused_flag: metadata.paused,
        readonly_flag: metadata.readonly,
        received: event_times(metadata.messages_received_timestamps.as_ref()),
        pause_changed: event_times(metadata.pause_timestamps.as_ref()),
        readonly_changed: event_times(metadata.readonly_timestamps.as_ref()),
    }
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
    fn a_random_order_comes_out_sorted_and_unknown_streams_are_left_out() {
        let named = |id: &str| pb::Broker {
            id: id.into(),
            host: "::1".into(),
            port: 9292,
            ..pb::Broker::default()
        };
        let mut orders = pb::StreamMetadata {
            name: "orders".into(),
            ..pb::StreamMetadata::default()
        };
        for id in [2, 0, 1] {
            let metadata = pb::PartitionMetadata {
                id,
                isr: vec!["b".into(), "a".into()],
                ..pb::PartitionMetadata::default()
            };
            orders.partitions.insert(id, metadata);
        }
        let missing = pb::StreamMetadata {
            name: "missing".into(),
            error: pb::stream_metadata::Error::UnknownStream.into(),
            ..pb::StreamMetadata::default()
        };
        let cluster = cluster(pb::FetchMetadataResponse {
            brokers: vec![named("b"), named("a")],
            stream_metadata: vec![missing, orders],
            group_metadata: Vec::new(),
        })
        .unwrap();
        assert_eq!(cluster.answered_by.as_deref(), Some("b"));
        assert_eq!(cluster.addresses(), ["[::1]:9292", "[::1]:9292"]);
        assert_eq!(&*cluster.brokers[0].id, "a");
        assert_eq!(cluster.streams.len(), 1);
        let orders = cluster.stream("orders").unwrap();
        let ids: Vec<i32> = orders.partitions.iter().map(|p| p.id).collect();
        assert_eq!(ids, [0, 1, 2]);
        assert_eq!(&*orders.partitions[0].isr[0], "a");
        assert_eq!(orders.partitions[0].leader, None);
        let named_twice = [&cluster.brokers[0].id, &orders.partitions[0].isr[0]];
        assert!(Arc::ptr_eq(named_twice[0], named_twice[1]), "stored once");
    }

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
