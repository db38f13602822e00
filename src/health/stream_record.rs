//! What is remembered of one stream: its truth, what led to it, and what has changed since.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::assess::{self, AssessContext, PartitionMemory};
use super::rates::{self, Sample};
use super::rules::{self, FirstSeen};
use super::stream_change::StreamChange;
use super::view_merge::StreamClaims;
use super::{Finding, Known, PartitionTruth, StreamTruth};
use crate::model::{BrokerId, PartitionId, Probe, ProbeState, Stream, StreamName, Timestamp};

/// A flagged partition is probed again after so long, since pauses come and go.
const PROBE_AGE: Duration = Duration::from_secs(10);
/// How soon while nothing is known: the leader may not have answered.
const DOUBT_AGE: Duration = Duration::from_secs(2);

/// One stream, its past, and what follows from both.
#[derive(Debug, Default)]
pub(super) struct StreamRecord {
    created: Timestamp,
    memory: Vec<PartitionMemory>,
    first_seen: FirstSeen,
    pub(super) findings: Vec<Finding>,
    pub(super) shares: BTreeMap<BrokerId, BrokerShare>,
    pub(super) truth: Option<Arc<StreamTruth>>,
    /// What was reported since the last assessment.
    pub(super) change: StreamChange,
    /// When a violation has lasted long enough to be a finding.
    again: Option<Timestamp>,
}

/// What one broker has of a stream.
#[derive(Clone, Debug, Default)]
pub(super) struct BrokerShare {
    pub(super) partitions: usize,
    pub(super) leaders: usize,
    pub(super) rate: Option<f64>,
}

impl StreamRecord {
    /// A stream that was not assessed yet.
    pub(super) fn new() -> Self {
        Self {
            change: StreamChange::Structure,
            ..Self::default()
        }
    }

    /// How many partitions were reported so far.
    pub(super) fn partitions(&self) -> usize {
        self.memory.len()
    }

    /// Records where the logs end that the broker leads.
    pub(super) fn record_ends(&mut self, stream: &Stream, by: &BrokerId, at: Timestamp) {
        if stream.created > self.created {
            self.created = stream.created;
            self.memory.clear();
        }
        if self.memory.len() < stream.partitions.len() {
            let length = stream.partitions.len();
            self.memory.resize_with(length, PartitionMemory::default);
        }
        for (partition, memory) in stream.partitions.iter().zip(&mut self.memory) {
            if partition.leader.as_ref() == Some(by) {
                let newest = partition.newest_offset;
                if memory.rate.record(by, Sample { at, newest }) {
                    self.change = self.change.max(StreamChange::LogEnds);
                }
            }
        }
    }

    /// Records what a partition's leader answered when asked for it alone.
    pub(super) fn record_probe(&mut self, probe: &Probe) {
        let Some(memory) = self.memory_of(probe.partition) else {
            return;
        };
        if !memory.probes.record(probe) {
            return;
        }
        if let ProbeState::Serving { partition, .. } = &probe.state
            && let Some(leader) = &partition.leader
        {
            let (at, newest) = (probe.at, partition.newest_offset);
            memory.rate.record(leader, Sample { at, newest });
        }
        self.change = StreamChange::Structure;
    }

    fn memory_of(&mut self, id: PartitionId) -> Option<&mut PartitionMemory> {
        let partitions = &self.truth.as_ref()?.partitions;
        let at = partitions.binary_search_by_key(&id, |p| p.id).ok()?;
        self.memory.get_mut(at)
    }

    /// What has changed, or is about to: a violation that lasts becomes a finding.
    pub(super) fn change_by(&self, now: Timestamp) -> StreamChange {
        match self.again {
            Some(again) if again <= now => StreamChange::Structure,
            _ => self.change,
        }
    }

    /// Assesses the stream anew; without claims it does not exist.
    pub(super) fn assess(
        &mut self,
        name: &StreamName,
        claims: Option<&StreamClaims<'_>>,
        context: &AssessContext<'_>,
    ) {
        self.change = StreamChange::Unchanged;
        let old = self.truth.take();
        let assessed = claims.and_then(|claims| {
            assess::assess_stream(name, claims, old.as_deref(), &mut self.memory, context)
        });
        let Some((truth, mut violations)) = assessed else {
            return;
        };
        self.first_seen.date(&mut violations, context.now);
        let alerts = &context.options.alerts;
        (self.findings, self.again) = rules::findings(name, violations, alerts, context.now);
        self.shares = shares(&truth);
        self.truth = Some(Arc::new(truth));
    }

    /// Partitions whose leaders should be asked, and when they last were.
    pub(super) fn doubtful(
        &self,
        now: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, PartitionId)> {
        let partitions = self.truth.iter().flat_map(|truth| truth.partitions.iter());
        partitions
            .zip(&self.memory)
            .map(|(partition, memory)| (partition, memory.probes.asked))
            .filter(move |(partition, asked)| needs_probe(partition, *asked, now))
            .map(|(partition, asked)| (asked, partition.id))
    }
}

/// Only the leader can tell whether a flag is true.
fn needs_probe(partition: &PartitionTruth, asked: Timestamp, now: Timestamp) -> bool {
    let flagged = partition.paused_flag || partition.readonly_flag;
    if !flagged || partition.leader_reachable != Known::Yes {
        return false;
    }
    let doubt = partition.paused == Known::Unknown || partition.readonly == Known::Unknown;
    let age = if doubt { DOUBT_AGE } else { PROBE_AGE };
    !asked.is_set() || asked.age(now) >= age
}

fn shares(truth: &StreamTruth) -> BTreeMap<BrokerId, BrokerShare> {
    let mut shares: BTreeMap<BrokerId, BrokerShare> = BTreeMap::new();
    for partition in truth.partitions.iter() {
        for replica in partition.replicas.iter() {
            shares
                .entry(BrokerId::clone(replica))
                .or_default()
                .partitions += 1;
        }
        if let Some(leader) = &partition.leader {
            let share = shares.entry(BrokerId::clone(leader)).or_default();
            share.leaders += 1;
            share.rate = rates::sum([share.rate, partition.rate]);
        }
    }
    shares
}
