//! Consumer groups: members, epochs, who coordinates, who reads which partition (wire-contract §4.11).
//! That only one member reads a partition is enforced where subscriptions begin.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tokio::time::Instant;
use tonic::Status;

use super::activity::ClusterChange;
use super::cluster::Cluster;
use super::replication::BrokerIndex;
use super::state::ClusterState;

/// One consumer of a group.
#[derive(Clone, Debug)]
struct Member {
    streams: Vec<String>,
    /// When the coordinator last heard of it.
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

/// Partitions of one stream that a member is to read.
pub(super) type Assignment = (String, Vec<i32>);

impl Group {
    /// Whether that consumer is a member.
    pub(super) fn has_member(&self, consumer_id: &str) -> bool {
        self.members.contains_key(consumer_id)
    }

    /// Each stream by name, its partitions ascending, each to the member that has least so far.
    fn assignments(&self, state: &ClusterState) -> HashMap<&str, Vec<Assignment>> {
        let mut shares: HashMap<&str, Vec<Assignment>> = HashMap::new();
        let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
        let streams = self.members.values().flat_map(|member| &member.streams);
        for stream in streams.collect::<BTreeSet<_>>() {
            let subscribed = self
                .members
                .iter()
                .filter(|(_, member)| member.streams.contains(stream));
            let readers: Vec<&str> = subscribed.map(|(id, _)| id.as_str()).collect();
            let partitions = state
                .streams
                .get(stream.as_str())
                .map_or(0, |found| found.partitions.len());
            for id in (0..).take(partitions) {
                let least = readers
                    .iter()
                    .min_by_key(|id| (totals.get(*id).copied(), **id));
                let Some(reader) = least else {
                    continue;
                };
                *totals.entry(reader).or_default() += 1;
                let share = shares.entry(reader).or_default();
                match share.last_mut().filter(|(name, _)| name == stream) {
                    Some((_, ids)) => ids.push(id),
                    None => share.push((stream.clone(), vec![id])),
                }
            }
        }
        shares
    }
}

fn named(group_id: &str, consumer_id: &str) -> Result<(), Status> {
    if group_id.is_empty() {
        return Err(Status::invalid_argument("No groupId provided"));
    }
    if consumer_id.is_empty() {
        return Err(Status::invalid_argument("No consumerId provided"));
    }
    Ok(())
}

fn no_group() -> Status {
    Status::not_found("consumer group does not exist")
}

fn no_member() -> Status {
    Status::failed_precondition("consumer is not a member of the consumer group")
}

impl Cluster {
    /// A group's coordinator and epoch, as that broker tells it: while it replays the metadata it knows no group.
    pub(super) fn group_seen_by(&self, at: BrokerIndex, group_id: &str) -> Option<(String, u64)> {
        if !self.brokers[at].is_up() {
            return None;
        }
        let state = self.lock();
        let group = state.groups.get(group_id)?;
        Some((self.name(group.coordinator), group.epoch))
    }

    /// Adds a consumer; answers the coordinator and the epoch.
    pub(super) fn join(
        &self,
        group_id: &str,
        consumer_id: &str,
        streams: Vec<String>,
    ) -> Result<(BrokerIndex, u64), Status> {
        named(group_id, consumer_id)?;
        if streams.is_empty() {
            return Err(Status::invalid_argument("No streams provided"));
        }
        let mut state = self.lock();
        if streams
            .iter()
            .any(|stream| !state.streams.contains_key(stream.as_str()))
        {
            return Err(Status::failed_precondition("stream does not exist"));
        }
        let group = state.groups.get(group_id);
        if group.is_some_and(|group| group.has_member(consumer_id)) {
            let text = "consumer is already a member of the consumer group";
            return Err(Status::failed_precondition(text));
        }
        let is_new = group.is_none();
        let change = ClusterChange::Join {
            group_id: group_id.to_owned(),
            consumer_id: consumer_id.to_owned(),
            streams: streams.clone(),
        };
        let index = self.log_change(&mut state, change);
        let coordinator = self.least_loaded_coordinator(&state);
        let group = state
            .groups
            .entry(group_id.to_owned())
            .or_insert_with(|| Group {
                coordinator,
                epoch: 0,
                members: BTreeMap::new(),
                reports: BTreeSet::new(),
                reported: None,
            });
        // A group begins at epoch 0; from then on each change's place in the log is the epoch.
        group.epoch = if is_new { 0 } else { index };
        let member = Member {
            streams,
            last_heard: Instant::now(),
        };
        group.members.insert(consumer_id.to_owned(), member);
        Ok((group.coordinator, group.epoch))
    }

    fn least_loaded_coordinator(&self, state: &ClusterState) -> BrokerIndex {
        let alive = self.live_brokers();
        let seats = (0..self.brokers.len()).filter(|seat| alive.contains(*seat));
        let coordinated = |seat: &BrokerIndex| {
            state
                .groups
                .values()
                .filter(|group| group.coordinator == *seat)
                .count()
        };
        seats.min_by_key(coordinated).unwrap_or_default()
    }

    /// Takes a consumer out; a group without members is gone.
    pub(super) fn leave(&self, group_id: &str, consumer_id: &str) -> Result<(), Status> {
        named(group_id, consumer_id)?;
        let mut state = self.lock();
        let group = state.groups.get(group_id).ok_or_else(no_group)?;
        if !group.has_member(consumer_id) {
            return Err(no_member());
        }
        self.remove_member(&mut state, group_id, consumer_id, false);
        Ok(())
    }

    fn remove_member(
        &self,
        state: &mut ClusterState,
        group_id: &str,
        consumer_id: &str,
        expired: bool,
    ) {
        let (group, consumer) = (group_id.to_owned(), consumer_id.to_owned());
        let change = ClusterChange::Leave {
            group_id: group,
            consumer_id: consumer,
            expired,
        };
        let index = self.log_change(state, change);
        if let Some(group) = state.groups.get_mut(group_id) {
            group.members.remove(consumer_id);
            group.epoch = index;
            if group.members.is_empty() {
                state.groups.remove(group_id);
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
    ) -> Result<(u64, Vec<Assignment>), Status> {
        named(group_id, consumer_id)?;
        let mut state = self.lock();
        let group = state.groups.get_mut(group_id).ok_or_else(no_group)?;
        if group.coordinator != at {
            let text = "broker is not the consumer group coordinator";
            return Err(Status::failed_precondition(text));
        }
        if group.epoch != epoch {
            let text = "client-provided group epoch differs from broker group epoch";
            return Err(Status::failed_precondition(text));
        }
        group
            .members
            .get_mut(consumer_id)
            .ok_or_else(no_member)?
            .last_heard = Instant::now();
        let group = &state.groups[group_id];
        let share = group.assignments(&state).remove(consumer_id);
        Ok((epoch, share.unwrap_or_default()))
    }

    /// A member finds its coordinator silent. When more than half of the members do, another broker takes over.
    pub(super) fn report_coordinator(
        &self,
        group_id: &str,
        consumer_id: &str,
        (coordinator, epoch): (&str, u64),
    ) -> Result<(), Status> {
        named(group_id, consumer_id)?;
        if coordinator.is_empty() {
            return Err(Status::invalid_argument("No coordinator provided"));
        }
        let mut state = self.lock();
        let missing = || Status::failed_precondition(format!("No such consumer group {group_id}"));
        let group = state.groups.get_mut(group_id).ok_or_else(missing)?;
        let current = self.name(group.coordinator);
        if current != coordinator || group.epoch != epoch {
            return Err(Status::failed_precondition(format!(
                "Coordinator generation mismatch, current coordinator: {current} epoch: {}, \
                 got coordinator: {coordinator} epoch: {epoch}",
                group.epoch
            )));
        }
        if !group.has_member(consumer_id) {
            let text =
                format!("Consumer {consumer_id} is not a member of consumer group {group_id}");
            return Err(Status::failed_precondition(text));
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
        let alive = self.live_brokers();
        let Some(group) = state.groups.get_mut(group_id) else {
            return Ok(());
        };
        let old = group.coordinator;
        let next = (0..self.brokers.len()).find(|seat| *seat != old && alive.contains(*seat));
        let none = || Status::failed_precondition("No group coordinator candidates");
        group.coordinator = next.ok_or_else(none)?;
        group.epoch = index;
        group.reports.clear();
        let now = Instant::now();
        group
            .members
            .values_mut()
            .for_each(|member| member.last_heard = now);
        Ok(())
    }

    /// Drops consumers that were silent for too long. A dead coordinator drops nobody.
    pub(super) fn drop_silent_consumers(&self, now: Instant) {
        let alive = self.live_brokers();
        let mut state = self.lock();
        let mut silent: Vec<(String, String)> = Vec::new();
        for (id, group) in state
            .groups
            .iter()
            .filter(|(_, group)| alive.contains(group.coordinator))
        {
            let timeout = self.timings.consumer_timeout;
            let late = group
                .members
                .iter()
                .filter(|(_, member)| now - member.last_heard > timeout);
            silent.extend(late.map(|(consumer, _)| (id.clone(), consumer.clone())));
        }
        for (group, consumer) in silent {
            self.remove_member(&mut state, &group, &consumer, true);
        }
    }
}

impl ClusterState {
    /// A deleted stream changes what its groups' members read.
    pub(super) fn stream_left_groups(&mut self, stream: &str) {
        let index = self.next_index();
        for group in self.groups.values_mut() {
            for member in group.members.values_mut() {
                if member.streams.iter().any(|name| name == stream) {
                    member.streams.retain(|name| name != stream);
                    group.epoch = index;
                }
            }
        }
    }
}
