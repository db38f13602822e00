//! Metrics of partitions and their replicas, a stream whole or not at all.

use super::Scrape;
use super::series_limit::{SeriesLimit, SeriesOf};
use crate::cli::exporter::exposition::{Family, Labels, Metric, MetricKind};
use crate::cli::exporter::message_counters::MessageCounters;
use crate::health::{Known, PartitionTruth, StreamTruth};
use crate::model::BrokerId;

/// What there is one series of for each partition.
const OF_PARTITION: [Metric; 9] = [
    Metric::gauge(
        "liftbridge_partition_has_leader",
        "Whether a broker that answers leads the partition",
    ),
    Metric::gauge(
        "liftbridge_partition_newest_offset",
        "Newest offset in the log; -1: empty",
    ),
    Metric::gauge(
        "liftbridge_partition_high_watermark",
        "Newest committed offset; -1: none",
    ),
    Metric::messages(
        "liftbridge_partition_uncommitted_messages",
        "Messages stored and not committed",
    ),
    Metric::new(
        "liftbridge_partition_messages",
        MetricKind::Counter,
        "messages",
        "Messages appended since the exporter began",
    ),
    Metric::gauge(
        "liftbridge_partition_replicas",
        "Brokers that hold a replica",
    ),
    Metric::gauge("liftbridge_partition_isr", "In-sync replicas that answer"),
    Metric::gauge(
        "liftbridge_partition_paused",
        "Whether the partition really is paused; absent where nobody could tell",
    ),
    Metric::gauge(
        "liftbridge_partition_readonly",
        "Whether the partition really is readonly; absent where nobody could tell",
    ),
];

/// What there is one series of for each replica at most.
const OF_REPLICA: [Metric; 2] = [
    Metric::gauge(
        "liftbridge_replica_in_sync",
        "Whether the replica is in sync and answers",
    ),
    Metric::messages(
        "liftbridge_replica_lag_messages",
        "Messages that the replica lacks at least; absent for leaders and where unknown",
    ),
];

/// The metrics while samples come.
struct Families {
    partitions: [Family; OF_PARTITION.len()],
    replicas: [Family; OF_REPLICA.len()],
}

/// The selected streams by name, as many as find room.
pub(super) fn families(scrape: &Scrape<'_>, limit: &mut SeriesLimit) -> Vec<Family> {
    let mut families = Families {
        partitions: OF_PARTITION.map(Family::new),
        replicas: OF_REPLICA.map(Family::new),
    };
    let streams = scrape.cluster.truth.streams.iter();
    for stream in streams.filter(|stream| scrape.selection.has_stream(stream)) {
        if limit.takes(most_series(stream), SeriesOf::Stream) {
            families.add(stream, scrape.counters);
        }
    }
    let Families {
        partitions,
        replicas,
    } = families;
    partitions.into_iter().chain(replicas).collect()
}

/// How many series a stream has at most.
fn most_series(stream: &StreamTruth) -> usize {
    let partitions = stream.partitions.iter();
    let replicas: usize = partitions.map(|one| one.replicas.len()).sum();
    stream.partitions.len() * OF_PARTITION.len() + replicas * OF_REPLICA.len()
}

impl Families {
    fn add(&mut self, stream: &StreamTruth, counters: &MessageCounters) {
        let of_stream = Labels::default().with("stream", &stream.name);
        for partition in stream.partitions.iter() {
            let labels = of_stream.with("partition", &partition.id.to_string());
            let appended = counters.appended(&stream.name, partition.id);
            let values = values(partition, appended);
            for (family, value) in self.partitions.iter_mut().zip(values) {
                family.push_known(&labels, value);
            }
            for broker in partition.replicas.iter() {
                let labels = labels.with("broker", broker);
                let is_in_sync = i64::from(partition.in_sync.contains(broker));
                let values = [Some(is_in_sync), partition.lag_of(broker)];
                for (family, value) in self.replicas.iter_mut().zip(values) {
                    family.push_known(&labels, value);
                }
            }
        }
    }
}

/// The values of a partition, in the order of [`OF_PARTITION`].
fn values(partition: &PartitionTruth, appended: Option<u64>) -> [Option<i64>; OF_PARTITION.len()] {
    let size = |list: &[BrokerId]| i64::try_from(list.len()).ok();
    let has_leader = match &partition.leader {
        Some(_) => partition.leader_reachable,
        None => Known::No,
    };
    let flag = |known: Known| known.as_bool().map(i64::from);
    [
        flag(has_leader),
        partition.newest_offset,
        partition.high_watermark,
        partition.uncommitted(),
        appended.and_then(|count| i64::try_from(count).ok()),
        size(&partition.replicas),
        size(&partition.in_sync),
        flag(partition.paused),
        flag(partition.readonly),
    ]
}
