//! One partition's truth: who leads, where the log ends, how far each replica is behind.

use std::sync::Arc;
use std::time::Duration;

use super::AssessContext;
use crate::health::claim::Claim;
use crate::health::commit_stall::CommitStall;
use crate::health::leader::{self, LeaderTracker};
use crate::health::pause_state::ProbeHistory;
use crate::health::rates::RateWindow;
use crate::health::view_merge::StreamClaims;
use crate::health::{Known, PartitionStatus, PartitionTruth, ReplicaEnds};
use crate::model::{BrokerId, Partition, Timestamp};

/// Two views this close count as taken at once.
const AT_ONCE: Duration = Duration::from_millis(250);

/// What is remembered of a partition from one assessment to the next.
#[derive(Debug, Default)]
pub(in crate::health) struct PartitionMemory {
    /// Newest offsets of its leader.
    pub(in crate::health) rate: RateWindow,
    pub(in crate::health) probes: ProbeHistory,
    leader: LeaderTracker,
    pub(super) stall: Option<CommitStall>,
}

impl PartitionMemory {
    /// Assesses the partition, but for its status; `None` where no broker knows it.
    pub(super) fn assess(
        &mut self,
        stream: &StreamClaims<'_>,
        claims: &[Claim<'_, Partition>],
        old: Option<&PartitionTruth>,
        context: &AssessContext<'_>,
    ) -> Option<PartitionTruth> {
        let believed = self.leader.choose(claims, context.brokers)?;
        let partition = believed.value;
        self.probes.record_changes(partition, believed.at);
        let unaware = stream.unaware_among(&partition.replicas);
        let mut truth = self.truth_of(&believed, old, context);
        truth.disagreement = leader::disagreement(partition, claims, unaware);
        truth.last_message = last_message(claims);
        truth.replica_ends = replica_ends(&partition.replicas, claims);
        self.set_ends(&mut truth, &believed, claims);
        truth.replica_lag = self.replica_lag(&truth, claims);
        Some(truth)
    }

    /// What follows from the believed claim alone.
    fn truth_of(
        &self,
        believed: &Claim<'_, Partition>,
        old: Option<&PartitionTruth>,
        context: &AssessContext<'_>,
    ) -> PartitionTruth {
        let by_leader = believed.claims_to_lead();
        let partition = believed.value;
        let leader = partition.leader.as_ref();
        PartitionTruth {
            id: partition.id,
            leader: partition.leader.clone(),
            leader_reachable: leader
                .map(|id| context.brokers.answers(id))
                .unwrap_or_default(),
            replicas: shared(old.map(|old| &old.replicas), &partition.replicas),
            isr: shared(old.map(|old| &old.isr), &partition.isr),
            paused: self.probes.paused(partition, by_leader),
            readonly: self.probes.readonly(partition, by_leader),
            paused_flag: partition.paused_flag,
            readonly_flag: partition.readonly_flag,
            ..PartitionTruth::default()
        }
    }

    /// Where the log ends: as the leader says, in a later probe of it before its view; where the leader does not
    /// answer, as the replica says that has most. A broker without a replica says -1 and is left out.
    fn set_ends(
        &self,
        truth: &mut PartitionTruth,
        believed: &Claim<'_, Partition>,
        claims: &[Claim<'_, Partition>],
    ) {
        if believed.claims_to_lead() {
            let probed = self.probes.partition_after(believed.at);
            let probed = probed.filter(|partition| partition.leader == truth.leader);
            truth.set_ends(believed.broker, probed.unwrap_or(believed.value));
            truth.rate = self.rate.rate_of(believed.broker);
            return;
        }
        let replicas = &believed.value.replicas;
        let held = claims
            .iter()
            .filter(|claim| replicas.contains(claim.broker));
        let most = held.max_by_key(|claim| {
            let Claim { value, at, .. } = claim;
            (value.newest_offset, value.high_watermark, *at)
        });
        if let Some(claim) = most {
            truth.set_ends(claim.broker, claim.value);
        }
    }

    /// How far each follower is behind what the leader had when the follower was asked: views come one after the
    /// other, so the leader's latest offset would make a busy follower look late.
    fn replica_lag(
        &self,
        truth: &PartitionTruth,
        claims: &[Claim<'_, Partition>],
    ) -> Vec<(BrokerId, Option<i64>)> {
        let leader = truth.leader.as_ref();
        let followers = truth.replicas.iter().filter(|id| Some(*id) != leader);
        let comparable = truth.ends_are_leaders();
        let lag = |follower: &BrokerId| {
            let mut claims = claims.iter().filter(|claim| claim.current && comparable);
            let claim = claims.find(|claim| claim.broker == follower)?;
            let newest = self.rate.newest_by(claim.at.plus(AT_ONCE))?;
            Some(newest.saturating_sub(claim.value.newest_offset).max(0))
        };
        followers
            .map(|follower| (BrokerId::clone(follower), lag(follower)))
            .collect()
    }
}

impl PartitionTruth {
    fn set_ends(&mut self, source: &BrokerId, partition: &Partition) {
        self.high_watermark = Some(partition.high_watermark);
        self.newest_offset = Some(partition.newest_offset);
        self.source = Some(BrokerId::clone(source));
    }

    fn ends_are_leaders(&self) -> bool {
        self.source.is_some() && self.source == self.leader && self.leader_reachable == Known::Yes
    }
}

/// The old list where it is equal: replicas and ISR change seldom.
fn shared(old: Option<&Arc<[BrokerId]>>, new: &[BrokerId]) -> Arc<[BrokerId]> {
    let unchanged = old.filter(|old| ***old == *new);
    unchanged.map_or_else(|| new.into(), Arc::clone)
}

/// Receipts are known to leaders alone, and forgotten when they restart: the latest that any broker reports has happened.
fn last_message(claims: &[Claim<'_, Partition>]) -> Timestamp {
    let received = claims.iter().map(|claim| claim.value.received.latest);
    received.max().unwrap_or_default()
}

fn replica_ends(replicas: &[BrokerId], claims: &[Claim<'_, Partition>]) -> Vec<ReplicaEnds> {
    let ends = |broker: &BrokerId| {
        let claim = claims.iter().find(|claim| claim.broker == broker);
        ReplicaEnds {
            broker: BrokerId::clone(broker),
            high_watermark: claim.map(|claim| claim.value.high_watermark),
            newest_offset: claim.map(|claim| claim.value.newest_offset),
        }
    };
    replicas.iter().map(ends).collect()
}

/// The status that follows from the rest of the partition.
pub(super) fn status(truth: &PartitionTruth, min_isr: Option<usize>) -> PartitionStatus {
    let (isr, replicas) = (truth.isr.len(), truth.replicas.len());
    if truth.leader.is_none() {
        return PartitionStatus::Leaderless;
    }
    if truth.leader_reachable == Known::No {
        return PartitionStatus::LeaderUnreachable;
    }
    if truth.paused == Known::Yes {
        return PartitionStatus::Paused;
    }
    match min_isr {
        Some(min) if isr < min || (isr == min && isr < replicas) => PartitionStatus::AtMinIsr,
        _ if isr < replicas => PartitionStatus::UnderReplicated,
        _ => PartitionStatus::Serving,
    }
}
