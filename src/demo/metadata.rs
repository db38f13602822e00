//! What one broker believes: the brokers it lists, and streams, partitions and groups as it sees them (wire-contract
//! §4.7).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tonic::Status;

use super::cluster::Cluster;
use super::cluster_state::Stream;
use super::partition::Partition;
use super::replication::BrokerIndex;
use super::timings;
use crate::wire::pb;
use pb::{consumer_group_metadata, stream_metadata};

impl Cluster {
    /// The named streams as this broker sees them; all that it knows where none is named.
    pub(super) fn streams_seen_by(
        &self,
        at: BrokerIndex,
        names: &[String],
    ) -> Vec<pb::StreamMetadata> {
        let is_up = self.brokers[at].is_up();
        let found: Vec<(String, Option<Stream>)> = {
            let state = self.lock();
            let find = |name| state.streams.get(name).filter(|_| is_up).cloned();
            if names.is_empty() {
                let known = state.streams.iter().filter(|_| is_up);
                known
                    .map(|(name, stream)| (name.clone(), Some(stream.clone())))
                    .collect()
            } else {
                names
                    .iter()
                    .map(|name| (name.clone(), find(name)))
                    .collect()
            }
        };
        let found = found.into_iter();
        found
            .map(|(name, stream)| match stream {
                Some(stream) => self.stream_seen_by(at, name, &stream),
                None => pb::StreamMetadata {
                    name,
                    error: stream_metadata::Error::UnknownStream.into(),
                    ..pb::StreamMetadata::default()
                },
            })
            .collect()
    }

    fn stream_seen_by(&self, at: BrokerIndex, name: String, stream: &Stream) -> pb::StreamMetadata {
        let partitions = stream.partitions.iter();
        pb::StreamMetadata {
            name,
            subject: stream.spec.subject.clone(),
            error: stream_metadata::Error::Ok.into(),
            partitions: partitions
                .map(|partition| (partition.id, self.partition_metadata(at, partition)))
                .collect(),
            creation_timestamp: stream.created,
        }
    }

    fn partition_metadata(&self, at: BrokerIndex, partition: &Partition) -> pb::PartitionMetadata {
        partition.metadata(at, self.compat().sticky_flags, |broker| self.name(broker))
    }

    /// One partition, as its leader alone answers it.
    pub(super) fn partition_seen_by(
        &self,
        at: BrokerIndex,
        stream: &str,
        id: i32,
    ) -> Result<pb::PartitionMetadata, Status> {
        let partition = self.lock().partition(stream, id);
        let partition = partition.filter(|_| self.brokers[at].is_up());
        let partition = partition.ok_or_else(|| Status::not_found("partition not found"))?;
        let serves = {
            let state = partition.lock();
            state.replicas.leader() == at && state.is_open()
        };
        if !serves {
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
            None => self.survey(at, now, deadline).await,
        };
        let others = listed.into_iter().filter(|broker| *broker != at);
        let loads = self.lock().loads.clone();
        let metadata = |broker: BrokerIndex| pb::Broker {
            id: self.name(broker),
            host: "127.0.0.1".to_owned(),
            port: self.brokers[broker].listener.address.port().into(),
            partition_count: loads[broker].partitions,
            leader_count: loads[broker].leaders,
        };
        std::iter::once(at).chain(others).map(metadata).collect()
    }

    async fn survey(
        self: &Arc<Self>,
        at: BrokerIndex,
        asked: Instant,
        deadline: Option<Instant>,
    ) -> Vec<BrokerIndex> {
        let answering: Vec<BrokerIndex> = self.running().collect();
        if answering.len() == self.brokers.len() {
            self.brokers[at].set_listed(answering.clone(), asked);
            return answering;
        }
        let patience = deadline.map_or(self.timings.survey, |deadline| deadline - asked);
        // The caller may be gone when the answer is there; the list is kept all the same.
        let survey = Arc::clone(self).ask_around(at, patience);
        self.tasks.spawn(survey).await.unwrap_or_default()
    }

    async fn ask_around(self: Arc<Self>, at: BrokerIndex, patience: Duration) -> Vec<BrokerIndex> {
        self.stop.run_until_cancelled(timings::wait(patience)).await;
        let answering: Vec<BrokerIndex> = self.running().collect();
        self.brokers[at].set_listed(answering.clone(), Instant::now());
        answering
    }
}
