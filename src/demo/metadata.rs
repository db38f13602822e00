//! What one broker believes: the brokers it lists, and streams, partitions and groups as it sees them (wire-contract
//! §4.7).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tonic::Status;

use super::broker_set::{BrokerIndex, BrokerSet};
use super::cluster::Cluster;
use super::cluster_state::Stream;
use super::partition::Partition;
use super::timings;
use crate::model::EventTimes;
use crate::wire::pb;
use pb::{consumer_group_metadata, stream_metadata};

/// How long an answer of one broker to another one takes; then it is looked for ever less often.
const ANSWER_TIME: Duration = Duration::from_millis(1);
const ANSWER_TIME_MOST: Duration = Duration::from_millis(32);

impl Cluster {
    /// The named streams as this broker sees them; all that it knows where none is named.
    pub(super) fn streams_seen_by(
        &self,
        at: BrokerIndex,
        names: &[String],
    ) -> Vec<pb::StreamMetadata> {
        if names.is_empty() {
            let known = self.known_streams(at);
            return known
                .iter()
                .map(|stream| self.stream_seen_by(at, stream))
                .collect();
        }
        let answers = names.iter().map(|name| match self.known_stream(at, name) {
            Some(stream) => self.stream_seen_by(at, &stream),
            None => pb::StreamMetadata {
                name: name.clone(),
                error: stream_metadata::Error::UnknownStream.into(),
                ..pb::StreamMetadata::default()
            },
        });
        answers.collect()
    }

    fn stream_seen_by(&self, at: BrokerIndex, stream: &Stream) -> pb::StreamMetadata {
        let partitions = stream.partitions.iter();
        pb::StreamMetadata {
            name: stream.spec.name.clone(),
            subject: stream.spec.subject.clone(),
            error: stream_metadata::Error::Ok.into(),
            partitions: partitions
                .map(|partition| (partition.id, self.partition_metadata(at, partition)))
                .collect(),
            creation_timestamp: stream.created,
        }
    }

    /// A partition as that broker knows it; its flags true, or sticky as real servers' are.
    fn partition_metadata(&self, at: BrokerIndex, partition: &Partition) -> pb::PartitionMetadata {
        let state = partition.lock();
        let known = state.replicas.known_to(at);
        let replica = state.replicas.at(at);
        let (paused, readonly) = if self.compat().sticky_flags {
            (known.paused_flag, known.readonly_flag)
        } else {
            (!known.is_open(), known.readonly)
        };
        pb::PartitionMetadata {
            id: partition.id,
            leader: self.name(known.leader),
            replicas: self.shuffled_names(state.replicas.holders()),
            isr: self.shuffled_names(known.isr),
            high_watermark: replica.high_watermark,
            newest_offset: replica.log.newest(),
            paused,
            readonly,
            messages_received_timestamps: Some(timestamps(replica.received)),
            pause_timestamps: Some(timestamps(replica.pause_times)),
            readonly_timestamps: Some(timestamps(replica.readonly_times)),
        }
    }

    /// The brokers' names; servers list replicas in no order.
    fn shuffled_names(&self, brokers: BrokerSet) -> Vec<String> {
        let mut names: Vec<String> = brokers.iter().map(|broker| self.name(broker)).collect();
        fastrand::shuffle(&mut names);
        names
    }

    /// One partition, as its leader alone answers it.
    pub(super) fn partition_seen_by(
        &self,
        at: BrokerIndex,
        stream: &str,
        id: i32,
    ) -> Result<pb::PartitionMetadata, Status> {
        let partition = self.known_partition(at, stream, id);
        let partition = partition.ok_or_else(|| Status::not_found("partition not found"))?;
        let leads = partition
            .lock()
            .replicas
            .is_leading(at, self.live_brokers());
        if !leads {
            let text = "The request should be sent to partition leader";
            return Err(Status::failed_precondition(text));
        }
        Ok(self.partition_metadata(at, &partition))
    }

    /// A consumer group as this broker sees it: while it replays the metadata it knows none.
    pub(super) fn group_seen_by(&self, at: BrokerIndex, id: String) -> pb::ConsumerGroupMetadata {
        let state = self.lock();
        let found = state.groups.get(&id).filter(|_| self.brokers[at].is_up());
        let (error, coordinator, epoch) = match found {
            Some(group) => (
                consumer_group_metadata::Error::Ok,
                self.name(group.coordinator),
                group.epoch,
            ),
            None => (
                consumer_group_metadata::Error::UnknownGroup,
                String::new(),
                0,
            ),
        };
        pb::ConsumerGroupMetadata {
            group_id: id,
            error: error.into(),
            coordinator,
            epoch,
        }
    }

    /// The brokers that this one lists, itself first. With an old list it asks around: at once where all answer, else only
    /// after the caller's deadline, or three seconds (wire-contract §0.5).
    pub(super) async fn brokers_seen_by(
        self: &Arc<Self>,
        at: BrokerIndex,
        deadline: Option<Instant>,
    ) -> Vec<pb::Broker> {
        let now = Instant::now();
        let listed = match self.brokers[at].listed(now, self.timings.cache_age) {
            Some(listed) => listed,
            None => self.poll_brokers(at, deadline).await,
        };
        let loads = self.lock().loads.clone();
        let metadata = |broker: BrokerIndex| pb::Broker {
            id: self.name(broker),
            host: self.brokers[broker].host.clone(),
            port: self.brokers[broker].listener.address.port().into(),
            partition_count: loads[broker].partitions,
            leader_count: loads[broker].leaders,
        };
        let others = listed.without(at).iter();
        std::iter::once(at).chain(others).map(metadata).collect()
    }

    /// Asks all brokers whether they are there. Whoever has answered when all have, when the caller's patience ends or when
    /// it leaves is listed from now on, and nobody else.
    async fn poll_brokers(&self, at: BrokerIndex, deadline: Option<Instant>) -> BrokerSet {
        let mut poll = BrokerPoll {
            cluster: self,
            at,
            answered: std::iter::once(at).collect(),
        };
        let end = deadline.unwrap_or_else(|| Instant::now() + self.timings.broker_poll);
        let all = BrokerSet::all(self.brokers.len());
        let asked = Instant::now();
        let mut wait = ANSWER_TIME;
        while poll.answered != all && Instant::now() < end {
            timings::wait(wait.min(end - Instant::now())).await;
            poll.take_answers(asked);
            wait = (wait * 2).min(ANSWER_TIME_MOST);
        }
        poll.answered
    }
}

/// A broker's question to the others, while it waits for answers.
struct BrokerPoll<'a> {
    cluster: &'a Cluster,
    at: BrokerIndex,
    answered: BrokerSet,
}

impl BrokerPoll<'_> {
    /// Takes the answers that have come: of whoever is there and is not busy with it.
    fn take_answers(&mut self, asked: Instant) {
        for broker in self.cluster.answering().iter() {
            let busy_until = self.cluster.brokers[broker].busy_until(asked);
            if busy_until.is_none_or(|until| until <= Instant::now()) {
                self.answered.insert(broker);
            }
        }
    }
}

impl Drop for BrokerPoll<'_> {
    fn drop(&mut self) {
        self.cluster.brokers[self.at].set_listed(self.answered, Instant::now());
    }
}

fn timestamps(times: EventTimes) -> pb::PartitionEventTimestamps {
    pb::PartitionEventTimestamps {
        first_timestamp: times.first.0,
        latest_timestamp: times.latest.0,
    }
}
