//! One partition's truth: who leads, where the log ends, how far each replica is behind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::AssessContext;
use crate::health::claim::Claim;
use crate::health::commit_stall::CommitStall;
use crate::health::leader::{self, LeaderTracker};
use crate::health::log_history::LogHistory;
use crate::health::pause_state::ProbeHistory;
use crate::health::rates::{RateWindow, Sample};
use crate::health::view_merge::StreamClaims;
use crate::health::{Known, PartitionStatus, PartitionTruth, ReplicaEnds};
use crate::model::{BrokerId, Partition, Timestamp};

/// Two views this close count as taken at once.
const AT_ONCE: Duration = Duration::from_millis(250);

/// What is remembered of a partition from one assessment to the next.
#[derive(Clone, Debug, Default)]
pub(in crate::health) struct PartitionMemory {
    /// Newest offsets of its leader.
    pub(in crate::health) rate: RateWindow,
    pub(in crate::health) probes: ProbeHistory,
    leader: LeaderTracker,
    pub(in crate::health) log: LogHistory,
    pub(super) stall: Option<CommitStall>,
    /// Newest offsets of the replicas that are not in sync.
    behind: BTreeMap<BrokerId, RateWindow>,
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
        self.log
            .record(Some(&believed).filter(|it| it.claims_to_lead()), claims);
        let unaware = stream.unaware_among(&partition.replicas);
        let mut truth = self.truth_of(&believed, old, context);
        truth.disagreement = leader::disagreement(partition, claims, unaware).map(Box::new);
        truth.last_message = last_message(claims);
        truth.replica_ends = replica_ends(&partition.replicas, claims);
        self.set_ends(&mut truth, &believed, claims);
        // A high watermark never falls by itself: one that is lower was asked for earlier, or at a broker that is behind.
        truth.high_watermark = truth.high_watermark.max(self.log.committed());
        truth.log_loss = self.log.loss().cloned().map(Box::new);
        truth.in_sync = in_sync(&truth, context);
        self.record_behind(&truth, claims);
        self.add_lag(&mut truth, claims);
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
                .map(|id| context.brokers.leader_reachable(id))
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

    /// Records how the logs of replicas grow that are not in sync.
    fn record_behind(&mut self, truth: &PartitionTruth, claims: &[Claim<'_, Partition>]) {
        // Most partitions are in sync, and all of them come by here.
        if truth.missing().next().is_none() {
            return self.behind.clear();
        }
        let is_missing = |id: &BrokerId| truth.missing().any(|missing| missing == id);
        self.behind.retain(|broker, _| is_missing(broker));
        let own = claims.iter().filter(|claim| claim.current);
        for claim in own.filter(|claim| is_missing(claim.broker)) {
            let sample = Sample {
                at: claim.at,
                newest: claim.value.newest_offset,
            };
            let window = self.behind.entry(BrokerId::clone(claim.broker));
            window.or_default().record(claim.broker, sample);
        }
    }

    /// Adds how far each follower is behind what the leader had when the follower was asked: views come one after the
    /// other, so the leader's latest offset would make a busy follower look late. And how fast those catch up that have to.
    fn add_lag(&self, truth: &mut PartitionTruth, claims: &[Claim<'_, Partition>]) {
        let comparable = truth.ends_are_leaders();
        let lag = |follower: &BrokerId| {
            let mut claims = claims.iter().filter(|claim| claim.current && comparable);
            let claim = claims.find(|claim| claim.broker == follower)?;
            let newest = self.rate.newest_by(claim.at.plus(AT_ONCE))?;
            Some(newest.saturating_sub(claim.value.newest_offset).max(0))
        };
        for ends in &mut truth.replica_ends {
            let broker = &ends.broker;
            let window = self.behind.get(broker);
            ends.speed = window.and_then(|window| window.rate_of(broker));
            ends.lag = (truth.leader.as_ref() != Some(broker))
                .then(|| lag(broker))
                .flatten();
        }
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

/// The in-sync replicas that answer: a dead one counts until its leader drops it, and commits nothing meanwhile.
fn in_sync(truth: &PartitionTruth, context: &AssessContext<'_>) -> Arc<[BrokerId]> {
    let answers = |id: &&BrokerId| context.brokers.answers(id) != Known::No;
    if truth.isr.iter().all(|id| answers(&id)) {
        return Arc::clone(&truth.isr);
    }
    truth.isr.iter().filter(answers).cloned().collect()
}

/// The old list where it is equal: replicas and ISR change seldom.
fn shared(old: Option<&Arc<[BrokerId]>>, new: &Arc<[BrokerId]>) -> Arc<[BrokerId]> {
    Arc::clone(old.filter(|old| *old == new).unwrap_or(new))
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
            lag: None,
            speed: None,
        }
    };
    replicas.iter().map(ends).collect()
}

/// The status that follows from the rest of the partition.
pub(super) fn status(truth: &PartitionTruth, min_isr: Option<usize>) -> PartitionStatus {
    let without_loss = status_of_replicas(truth, min_isr);
    if truth.log_loss.is_some() {
        return without_loss.max(PartitionStatus::LogWentBack);
    }
    without_loss
}

/// The same, whatever the log has lost.
pub(in crate::health) fn status_of_replicas(
    truth: &PartitionTruth,
    min_isr: Option<usize>,
) -> PartitionStatus {
    let (isr, replicas) = (truth.in_sync.len(), truth.replicas.len());
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
