//! Consumer groups: members, epochs, who coordinates, who reads which partition (wire-contract §4.11).
//! That only one member reads a partition is enforced where subscriptions begin.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tokio::time::Instant;
use tonic::Status;

use super::activity::ClusterChange;
use super::broker_set::BrokerIndex;
use super::cluster::Cluster;
use super::cluster_state::ClusterState;
use crate::wire::pb;

/// One consumer of a group.
#[derive(Clone, Debug)]
struct Member {
    streams: Vec<String>,
    last_heard: Instant,
}

/// A group with at least one member.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) coordinator: BrokerIndex,
    pub(super) epoch: u64,
    members: BTreeMap<String, Member>,
    /// Who reported the coordinator as silent, and when the last of them did.
    reports: BTreeSet<String>,
    reported: Option<Instant>,
}

impl Group {
    fn new(coordinator: BrokerIndex) -> Self {
        Self {
            coordinator,
            epoch: 0,
            members: BTreeMap::new(),
            reports: BTreeSet::new(),
            reported: None,
        }
    }

    /// Whether that consumer is a member.
    pub(super) fn has_member(&self, consumer_id: &str) -> bool {
        self.members.contains_key(consumer_id)
    }

    /// Each stream by name, its partitions ascending, each to the member that has least so far.
    fn assignments(&self, state: &ClusterState) -> HashMap<&str, Vec<pb::PartitionAssignment>> {
        let mut shares: HashMap<&str, Vec<pb::PartitionAssignment>> = HashMap::new();
        let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
        let streams = self.members.values().flat_map(|member| &member.streams);
        for stream in streams.collect::<BTreeSet<_>>() {
            let members = self.members.iter();
            let subscribed = members.filter(|(_, member)| member.streams.contains(stream));
            let readers: Vec<&str> = subscribed.map(|(id, _)| id.as_str()).collect();
            let found = state.streams.get(stream);
            for id in (0..).take(found.map_or(0, |found| found.partitions.len())) {
                let next = readers
                    .iter()
                    .min_by_key(|id| (totals.get(*id).copied(), **id));
                let Some(reader) = next else {
                    continue;
                };
                *totals.entry(reader).or_default() += 1;
                let share = shares.entry(reader).or_default();
                match share.last_mut().filter(|last| last.stream == *stream) {
                    Some(last) => last.partitions.push(id),
                    None => share.push(pb::PartitionAssignment {
                        stream: stream.clone(),
                        partitions: vec![id],
                    }),
                }
            }
        }
        shares
    }
}

fn check_ids(group_id: &str, consumer_id: &str) -> Result<(), Status> {
    if group_id.is_empty() {
        return Err(Status::invalid_argument("No groupId provided"));
    }
    if consumer_id.is_empty() {
        return Err(Status::invalid_argument("No consumerId provided"));
    }
    Ok(())
}

fn refused(text: impl Into<String>) -> Status {
    Status::failed_precondition(text)
}

fn no_group() -> Status {
    Status::not_found("consumer group does not exist")
}

fn no_member() -> Status {
    refused("consumer is not a member of the consumer group")
}

impl Cluster {
    /// Adds a consumer; returns the coordinator and the epoch.
    pub(super) fn join_group(
        &self,
        group_id: &str,
        consumer_id: &str,
        streams: Vec<String>,
    ) -> Result<(BrokerIndex, u64), Status> {
        check_ids(group_id, consumer_id)?;
        if streams.is_empty() {
            return Err(Status::invalid_argument("No streams provided"));
        }
        let mut state = self.lock();
        let exists = |stream: &String| state.streams.contains_key(stream);
        if !streams.iter().all(exists) {
            return Err(refused("stream does not exist"));
        }
        let group = state.groups.get(group_id);
        if group.is_some_and(|group| group.has_member(consumer_id)) {
            return Err(refused(
                "consumer is already a member of the consumer group",
            ));
        }
        let is_new = group.is_none();
        let change = pb::JoinConsumerGroupOp {
            group_id: group_id.to_owned(),
            consumer_id: consumer_id.to_owned(),
            streams: streams.clone(),
        };
        let index = self.log_change(&mut state, ClusterChange::Join(change));
        let coordinator = self
            .least_loaded_coordinator(&state, None)
            .unwrap_or_default();
        let group = state.groups.entry(group_id.to_owned());
        let group = group.or_insert_with(|| Group::new(coordinator));
        // A group begins at epoch 0; from then on each change's place in the log is the epoch.
        group.epoch = if is_new { 0 } else { index };
        let member = Member {
            streams,
            last_heard: Instant::now(),
        };
        group.members.insert(consumer_id.to_owned(), member);
        Ok((group.coordinator, group.epoch))
    }

    /// The broker that coordinates the fewest groups, dead or alive.
    fn least_loaded_coordinator(
        &self,
        state: &ClusterState,
        without: Option<BrokerIndex>,
    ) -> Option<BrokerIndex> {
        let brokers = (0..self.brokers.len()).filter(|broker| Some(*broker) != without);
        let coordinated = |broker: &BrokerIndex| {
            let groups = state.groups.values();
            groups.filter(|group| group.coordinator == *broker).count()
        };
        brokers.min_by_key(coordinated)
    }

    /// Removes a consumer; a group without members is gone.
    pub(super) fn leave_group(&self, group_id: &str, consumer_id: &str) -> Result<(), Status> {
        check_ids(group_id, consumer_id)?;
        let mut state = self.lock();
        let group = state.groups.get(group_id).ok_or_else(no_group)?;
        if !group.has_member(consumer_id) {
            return Err(no_member());
        }
        self.remove_member(&mut state, group_id, consumer_id, false);
        Ok(())
    }

    fn remove_member(&self, state: &mut ClusterState, group: &str, consumer: &str, expired: bool) {
        let change = pb::LeaveConsumerGroupOp {
            group_id: group.to_owned(),
            consumer_id: consumer.to_owned(),
            expired,
        };
        let index = self.log_change(state, ClusterChange::Leave(change));
        if let Some(found) = state.groups.get_mut(group) {
            found.members.remove(consumer);
            found.epoch = index;
            if found.members.is_empty() {
                state.groups.remove(group);
            }
        }
    }

    /// What a member is to read; asking is its heartbeat.
    pub(super) fn assignments(
        &self,
        at: BrokerIndex,
        group_id: &str,
        consumer_id: &str,
        epoch: u64,
    ) -> Result<Vec<pb::PartitionAssignment>, Status> {
        check_ids(group_id, consumer_id)?;
        let mut state = self.lock();
        let group = state.groups.get_mut(group_id);
        let group = group.filter(|_| self.brokers[at].is_up());
        let group = group.ok_or_else(no_group)?;
        if group.coordinator != at {
            return Err(refused("broker is not the consumer group coordinator"));
        }
        if group.epoch != epoch {
            let text = "client-provided group epoch differs from broker group epoch";
            return Err(refused(text));
        }
        let member = group.members.get_mut(consumer_id).ok_or_else(no_member)?;
        member.last_heard = Instant::now();
        let share = state.groups[group_id]
            .assignments(&state)
            .remove(consumer_id);
        Ok(share.unwrap_or_default())
    }

    /// Records that a member finds its coordinator silent. When more than half of the members do, another broker takes
    /// over.
    pub(super) fn report_coordinator(
        &self,
        group_id: &str,
        consumer_id: &str,
        (coordinator, epoch): (&str, u64),
    ) -> Result<(), Status> {
        check_ids(group_id, consumer_id)?;
        if coordinator.is_empty() {
            return Err(Status::invalid_argument("No coordinator provided"));
        }
        let mut state = self.lock();
        let missing = || refused(format!("No such consumer group {group_id}"));
        let group = state.groups.get_mut(group_id).ok_or_else(missing)?;
        let current = self.name(group.coordinator);
        if current != coordinator || group.epoch != epoch {
            return Err(refused(format!(
                "Coordinator generation mismatch, current coordinator: {current} epoch: {}, \
                 got coordinator: {coordinator} epoch: {epoch}",
                group.epoch
            )));
        }
        if !group.has_member(consumer_id) {
            return Err(refused(format!(
                "Consumer {consumer_id} is not a member of consumer group {group_id}"
            )));
        }
        let now = Instant::now();
        let timeout = self.timings.coordinator_timeout;
        if group.reported.is_none_or(|last| now - last > timeout) {
            group.reports.clear();
        }
        group.reported = Some(now);
        group.reports.insert(consumer_id.to_owned());
        if group.reports.len() > group.members.len() / 2 {
            return self.replace_coordinator(&mut state, group_id);
        }
        Ok(())
    }

    fn replace_coordinator(&self, state: &mut ClusterState, group_id: &str) -> Result<(), Status> {
        let index = state.next_index();
        let current = state.groups.get(group_id).map(|group| group.coordinator);
        let next = self.least_loaded_coordinator(state, current);
        let next = next.ok_or_else(|| refused("No group coordinator candidates"))?;
        let Some(group) = state.groups.get_mut(group_id) else {
            return Ok(());
        };
        group.coordinator = next;
        group.epoch = index;
        group.reports.clear();
        for member in group.members.values_mut() {
            member.last_heard = Instant::now();
        }
        Ok(())
    }

    /// Drops consumers that were silent for too long. A dead coordinator drops nobody.
    pub(super) fn drop_silent_consumers(&self, now: Instant) {
        let live = self.live_brokers();
        let timeout = self.timings.consumer_timeout;
        let mut state = self.lock();
        let groups = state.groups.iter();
        let silent = groups
            .filter(|(_, group)| live.contains(group.coordinator))
            .flat_map(|(id, group)| {
                let members = group.members.iter();
                let silent = members.filter(|(_, member)| now - member.last_heard > timeout);
                silent.map(|(consumer, _)| (id.clone(), consumer.clone()))
            });
        for (group, consumer) in silent.collect::<Vec<_>>() {
            self.remove_member(&mut state, &group, &consumer, true);
        }
    }
}

impl ClusterState {
    /// Drops a deleted stream from what its groups' members read.
    pub(super) fn drop_from_groups(&mut self, stream: &str) {
        let index = self.next_index();
        for group in self.groups.values_mut() {
            for member in group.members.values_mut() {
                let before = member.streams.len();
                member.streams.retain(|name| name != stream);
                if member.streams.len() < before {
                    group.epoch = index;
                }
            }
        }
    }
}
