//! Create, delete, pause, resume, set readonly: the checks in the servers' order, with their codes and texts
//! (wire-contract §4.1, §4.2).

use std::sync::Arc;

use tokio::time::Instant;
use tonic::Status;

use super::activity::ClusterChange;
use super::broker_set::BrokerIndex;
use super::cluster::Cluster;
use super::cluster_state::{ClusterState, Stream};
use super::partition::Partition;
use super::replica::LogState;
use super::replication::Placement;
use super::stream_spec::{StreamSpec, is_reserved};
use crate::model::Timestamp;
use crate::wire::pb;

impl Cluster {
    /// Creates a stream, [checked](StreamSpec::check) by the broker that was asked.
    pub(super) fn create(&self, spec: StreamSpec) -> Result<(), Status> {
        let replicas = spec.replicas(self.brokers.len())?;
        if spec.partitions < 0 {
            // A real server crashes here (wire-contract §8.1 A); that is not for imitation.
            let text = format!("Invalid partitions {}", spec.partitions);
            return Err(Status::invalid_argument(text));
        }
        let mut state = self.lock();
        if state.streams.contains_key(&spec.name) {
            return Err(Status::already_exists("stream already exists"));
        }
        let replicas = state.choose_replicas(replicas);
        let spec = Arc::new(spec);
        let ids = 0..spec.partitions.max(1);
        let place = Placement {
            holders: &replicas,
            brokers: self.brokers.len(),
            epoch: state.last_index() + 1,
            outdated: self.outdated_brokers(),
        };
        let partition = |id| Partition::new(&spec, id, place);
        state.insert(Stream {
            created: Timestamp::now().0,
            partitions: ids.clone().map(partition).collect(),
            resume_all: false,
            spec: Arc::clone(&spec),
        });
        let change = pb::CreateStreamOp {
            stream: spec.name.clone(),
            partitions: ids.collect(),
        };
        self.log_change(&mut state, ClusterChange::Create(change));
        Ok(())
    }

    /// Deletes a stream; its readers end.
    pub(super) fn delete(&self, name: &str) -> Result<(), Status> {
        if is_reserved(name) {
            return Err(Status::invalid_argument("Stream is reserved"));
        }
        let mut state = self.lock();
        if state.remove(name).is_none() {
            return Err(Status::not_found("stream does not exist"));
        }
        let stream = name.to_owned();
        let change = ClusterChange::Delete(pb::DeleteStreamOp { stream });
        self.log_change(&mut state, change);
        state.drop_from_groups(name);
        Ok(())
    }

    /// Pauses partitions, all where none is named.
    pub(super) fn pause(&self, name: &str, ids: &[i32], resume_all: bool) -> Result<(), Status> {
        let mut state = self.lock();
        let partitions = named_partitions(&state, name, ids)?;
        for partition in &partitions {
            state.count_replicas(partition, -1);
            partition.pause();
        }
        if let Some(stream) = state.streams.get_mut(name) {
            stream.resume_all = resume_all;
        }
        let change = pb::PauseStreamOp {
            stream: name.to_owned(),
            partitions: ids_of(&partitions),
            resume_all,
        };
        self.log_change(&mut state, ClusterChange::Pause(change));
        Ok(())
    }

    /// Sets or lifts readonly, on all partitions where none is named.
    pub(super) fn set_readonly(
        &self,
        name: &str,
        ids: &[i32],
        readonly: bool,
    ) -> Result<(), Status> {
        let mut state = self.lock();
        let partitions = named_partitions(&state, name, ids)?;
        for partition in &partitions {
            partition.set_readonly(readonly);
        }
        let change = pb::SetStreamReadonlyOp {
            stream: name.to_owned(),
            partitions: ids_of(&partitions),
            readonly,
        };
        self.log_change(&mut state, ClusterChange::Readonly(change));
        Ok(())
    }

    /// Resumes a partition for whom wants to write or read it at that broker, if the broker knows it to be paused.
    pub(super) async fn resume_for(
        &self,
        at: BrokerIndex,
        partition: &Partition,
        deadline: Option<Instant>,
    ) -> Result<(), Status> {
        let is_paused = {
            let state = partition.lock();
            state.replicas.known_to(at).log_state == LogState::Paused
        };
        if !is_paused {
            return Ok(());
        }
        self.wait_for_controller(at, deadline).await?;
        self.resume(partition);
        self.leave_open("Failed to replicate partition")
    }

    /// Resumes a paused partition, and with it all others of its stream if the last pause said so.
    pub(super) fn resume(&self, partition: &Partition) {
        let mut state = self.lock();
        let Some(stream) = state.streams.get(&partition.stream.name) else {
            return;
        };
        let (lose_readonly, live) = (self.compat().sticky_flags, self.live_brokers());
        let partitions = stream.partitions.iter();
        let resumed: Vec<Arc<Partition>> = partitions
            .filter(|other| stream.resume_all || other.id == partition.id)
            .filter(|other| other.resume(lose_readonly, live))
            .cloned()
            .collect();
        if resumed.is_empty() {
            return;
        }
        for other in &resumed {
            state.count_replicas(other, 1);
            self.queue_fetch(other);
        }
        let change = pb::ResumeStreamOp {
            stream: partition.stream.name.clone(),
            partitions: ids_of(&resumed),
        };
        self.log_change(&mut state, ClusterChange::Resume(change));
    }

    /// The end of a change that was made: where outcomes are left open, its caller hears that the metadata leader was lost
    /// meanwhile.
    pub(super) fn leave_open(&self, what_failed: &str) -> Result<(), Status> {
        if !self.compat().outcomes_open {
            return Ok(());
        }
        let text = format!("{what_failed}: leadership lost while committing log");
        Err(Status::internal(text))
    }
}

fn ids_of(partitions: &[Arc<Partition>]) -> Vec<i32> {
    partitions.iter().map(|partition| partition.id).collect()
}

fn named_partitions(
    state: &ClusterState,
    name: &str,
    ids: &[i32],
) -> Result<Vec<Arc<Partition>>, Status> {
    let Some(stream) = state.streams.get(name) else {
        let text = if ids.is_empty() {
            "stream not found"
        } else {
            "stream does not exist"
        };
        return Err(Status::not_found(text));
    };
    if ids.is_empty() {
        return Ok(stream.partitions.clone());
    }
    let partition = |id: &i32| stream.partition(*id).cloned();
    let found: Option<Vec<_>> = ids.iter().map(partition).collect();
    found.ok_or_else(|| Status::not_found("partition does not exist"))
}
