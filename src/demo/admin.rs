//! Create, delete, pause, resume, set readonly: the checks in the servers' order, with their codes and texts
//! (wire-contract §4.1, §4.2).

use std::sync::Arc;

use tonic::Status;

use super::activity::ClusterChange;
use super::cluster::Cluster;
use super::cursors::CURSORS;
use super::partition::{NewPartition, Partition};
use super::replication::BrokerIndex;
use super::settings::StreamSettings;
use super::state::{ClusterState, Stream};
use super::{activity::ACTIVITY, subject};
use crate::model::Timestamp;

/// A stream that somebody wants.
#[derive(Clone, Debug, Default)]
pub(super) struct StreamRequest {
    pub(super) name: String,
    pub(super) subject: String,
    pub(super) group: String,
    /// -1 is all brokers, 0 is one.
    pub(super) replication: i32,
    /// 0 is one.
    pub(super) partitions: i32,
    pub(super) encryption: bool,
    pub(super) settings: StreamSettings,
}

fn is_reserved(name: &str) -> bool {
    name == CURSORS || name == ACTIVITY
}

impl StreamRequest {
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
        if self.encryption {
            return Err(Status::failed_precondition(
                "Failed on preconditions for stream's encryption handler: \
                 kwp: invalid AES key size; want 16 or 32, got 0",
            ));
        }
        Ok(())
    }

    fn replicas(&self, brokers: usize) -> Result<usize, Status> {
        let factor = self.replication;
        match usize::try_from(factor) {
            Ok(wanted) if wanted <= brokers => Ok(wanted.max(1)),
            Ok(_) => Err(Status::invalid_argument(format!(
                "Invalid replicationFactor {factor}, cluster size {brokers}"
            ))),
            Err(_) if factor == -1 => Ok(brokers),
            Err(_) => Err(Status::invalid_argument(format!(
                "Invalid replicationFactor {factor}"
            ))),
        }
    }

    fn stream(&self, seats: &[BrokerIndex], brokers: usize) -> Stream {
        let name: Arc<str> = self.name.as_str().into();
        let base_subject: Arc<str> = self.subject.as_str().into();
        let group: Arc<str> = self.group.as_str().into();
        let partition = |id| {
            Partition::new(NewPartition {
                stream: Arc::clone(&name),
                id,
                base_subject: Arc::clone(&base_subject),
                group: Arc::clone(&group),
                settings: self.settings,
                replicas: seats.to_vec(),
                brokers,
            })
        };
        let partitions = (0..self.partitions.max(1)).map(partition).collect();
        let created = Timestamp::now().0;
        Stream {
            subject: base_subject,
            created,
            partitions,
            resume_all: false,
            name: Arc::clone(&name),
        }
    }
}

impl Cluster {
    /// Creates a stream, its checks by the broker that was asked left to [`Wish::check`].
    pub(super) fn create(&self, wish: &StreamRequest) -> Result<(), Status> {
        let replicas = wish.replicas(self.brokers.len())?;
        if wish.partitions < 0 {
            // A real server crashes here (wire-contract §8.1 A); that is not for imitation.
            let text = format!("Invalid partitions {}", wish.partitions);
            return Err(Status::invalid_argument(text));
        }
        let mut state = self.lock();
        if state.streams.contains_key(wish.name.as_str()) {
            return Err(Status::already_exists("stream already exists"));
        }
        let seats = state.choose_replicas(replicas, self.live_brokers());
        let stream = wish.stream(&seats, self.brokers.len());
        let partitions = (0..wish.partitions.max(1)).collect();
        state.insert(stream);
        self.log_change(
            &mut state,
            ClusterChange::Create {
                stream: wish.name.clone(),
                partitions,
            },
        );
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
        self.log_change(
            &mut state,
            ClusterChange::Delete {
                stream: name.to_owned(),
            },
        );
        state.stream_left_groups(name);
        Ok(())
    }

    /// Pauses partitions, all where none is named.
    pub(super) fn pause(&self, name: &str, ids: &[i32], resume_all: bool) -> Result<(), Status> {
        let mut state = self.lock();
        let partitions = named(&state, name, ids)?;
        for partition in &partitions {
            state.count_replicas(partition, -1);
            partition.pause();
        }
        if let Some(stream) = state.streams.get_mut(name) {
            stream.resume_all = resume_all;
        }
        let partitions = partitions.iter().map(|partition| partition.id).collect();
        let stream = name.to_owned();
        self.log_change(
            &mut state,
            ClusterChange::Pause {
                stream,
                partitions,
                resume_all,
            },
        );
        Ok(())
    }

    /// A partition that pauses itself.
    pub(super) fn pause_idle(&self, partition: &Partition) {
        // A stream that was deleted meanwhile needs no pause.
        self.pause(&partition.stream, &[partition.id], false).ok();
    }

    /// Sets or lifts readonly, on all partitions where none is named.
    pub(super) fn set_readonly(
        &self,
        name: &str,
        ids: &[i32],
        readonly: bool,
    ) -> Result<(), Status> {
        let mut state = self.lock();
        let partitions = named(&state, name, ids)?;
        for partition in &partitions {
            partition.set_readonly(readonly);
        }
        let partitions = partitions.iter().map(|partition| partition.id).collect();
        self.log_change(
            &mut state,
            ClusterChange::Readonly {
                stream: name.to_owned(),
                partitions,
                readonly,
            },
        );
        Ok(())
    }

    /// Wakes a paused partition, and with it all others of its stream if the last pause said so.
    pub(super) fn resume(&self, partition: &Partition) {
        let mut state = self.lock();
        let Some(stream) = state.streams.get(&partition.stream) else {
            return;
        };
        let all = stream.resume_all;
        let chosen = stream
            .partitions
            .iter()
            .filter(|other| all || other.id == partition.id);
        let chosen: Vec<Arc<Partition>> = chosen.cloned().collect();
        let forgetful = self.compat.sticky_flags();
        let resumed: Vec<_> = chosen
            .into_iter()
            .filter(|other| other.resume(forgetful))
            .collect();
        if resumed.is_empty() {
            return;
        }
        for other in &resumed {
            state.count_replicas(other, 1);
        }
        let partitions = resumed.iter().map(|other| other.id).collect();
        let stream = partition.stream.to_string();
        self.log_change(&mut state, ClusterChange::Resume { stream, partitions });
    }
}

fn named(state: &ClusterState, name: &str, ids: &[i32]) -> Result<Vec<Arc<Partition>>, Status> {
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
