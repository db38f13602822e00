//! All streams: which of them have to be looked at again, their histories, and sums over them.
//! How one is looked at is `build`'s matter.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::build::{self, PartitionMemory, Scene};
use super::rates::{self, Sample};
use super::rules::{self, Onsets};
use super::{BrokerTruth, Finding, Known, PartitionTruth, StreamTruth, Totals, Truth};
use crate::model::{
    BrokerId, Cluster, Offset, PartitionId, Probe, ProbeState, Stream, StreamName, Timestamp,
};

/// What a probe told is asked for again after so long, since pauses come and go.
const PROBE_AGE: Duration = Duration::from_secs(10);
/// The same where nothing is known: the leader may not have answered.
const DOUBT_AGE: Duration = Duration::from_secs(2);

/// One stream, its past, and what follows from both.
#[derive(Debug, Default)]
struct Entry {
    created: Timestamp,
    memory: Vec<PartitionMemory>,
    onsets: Onsets,
    findings: Vec<Finding>,
    shares: Vec<Share>,
    truth: Option<Arc<StreamTruth>>,
    /// Something was said that may change the truth.
    dirty: bool,
    /// A symptom becomes a finding then.
    again: Option<Timestamp>,
}

/// What a broker has of a stream.
#[derive(Clone, Debug)]
struct Share {
    broker: BrokerId,
    partitions: usize,
    leaders: usize,
    rate: Option<f64>,
}

/// All streams.
#[derive(Debug, Default)]
pub(super) struct StreamBook {
    entries: BTreeMap<StreamName, Entry>,
    /// The last step of the histories that was written.
    step: Option<i64>,
    history: Arc<[Option<f32>]>,
}

impl StreamBook {
    /// All streams need another look: brokers came or went.
    pub(super) fn disturb(&mut self) {
        self.entries
            .values_mut()
            .for_each(|entry| entry.dirty = true);
    }

    /// Takes what a broker says now in place of what it said before. Streams of which it says the same are left alone.
    pub(super) fn observe(
        &mut self,
        before: Option<&Cluster>,
        cluster: &Cluster,
        by: Option<&BrokerId>,
        at: Timestamp,
    ) {
        for (name, stream) in &cluster.streams {
            let same = before.and_then(|before| before.stream(name)) == Some(stream);
            let entry = self.entries.entry(Arc::clone(name)).or_default();
            entry.dirty |= !same;
            if let Some(by) = by {
                entry.sample(stream, by, at);
            }
        }
        let gone = before.into_iter().flat_map(|before| before.streams.keys());
        for name in gone.filter(|name| cluster.stream(name).is_none()) {
            if let Some(entry) = self.entries.get_mut(name) {
                entry.dirty = true;
            }
        }
    }

    /// Takes what a partition's leader said when asked for it alone.
    pub(super) fn probe(&mut self, probe: &Probe) {
        let Some(entry) = self.entries.get_mut(&probe.stream) else {
            return;
        };
        let Some(at) = entry.position(probe.partition) else {
            return;
        };
        let Some(memory) = entry.memory.get_mut(at) else {
            return;
        };
        if !memory.probed.take(probe) {
            return;
        }
        entry.dirty = true;
        if let ProbeState::Serving { partition, .. } = &probe.state
            && let Some(leader) = &partition.leader
        {
            let newest = partition.newest_offset;
            let sample = Sample {
                at: probe.at,
                newest,
            };
            memory.meter.take(leader, sample);
        }
    }

    /// Looks at every stream that needs it. Returns whether anything may have changed.
    pub(super) fn look(&mut self, scene: &Scene<'_>) -> bool {
        let mut looked = false;
        self.entries.retain(|name, entry| {
            if entry.dirty || entry.again.is_some_and(|again| again <= scene.now) {
                looked = true;
                entry.look(name, scene);
            }
            entry.truth.is_some()
        });
        looked
    }

    /// Writes the rates into the histories where another step has passed. Returns whether that was so.
    pub(super) fn write_history(&mut self, now: Timestamp) -> bool {
        let length = i64::try_from(StreamTruth::HISTORY_STEP.as_nanos()).unwrap_or(i64::MAX);
        let step = now.0.div_euclid(length);
        let passed = match self.step {
            Some(last) if step <= last => return false,
            Some(last) => usize::try_from(step - last).unwrap_or(usize::MAX),
            None => 1,
        };
        self.step = Some(step);
        let total = self.rate();
        self.history = extend(&self.history, total, passed);
        for truth in self.entries.values_mut().filter_map(|e| e.truth.as_mut()) {
            let history = extend(&truth.history, truth.rate, passed);
            if !Arc::ptr_eq(&history, &truth.history) {
                Arc::make_mut(truth).history = history;
            }
        }
        true
    }

    /// All streams, sorted by name.
    pub(super) fn truths(&self) -> Vec<Arc<StreamTruth>> {
        self.all().map(Arc::clone).collect()
    }

    /// What is wrong with any of them.
    pub(super) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.entries.values().flat_map(|entry| &entry.findings)
    }

    /// Sums over all streams.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals {
            rate: self.rate(),
            history: Arc::clone(&self.history),
            ..Totals::default()
        };
        for stream in self.all() {
            totals.streams += 1;
            totals.internal += usize::from(stream.internal);
            totals.partitions += stream.partitions.len();
            totals.dark += stream.status.dark;
            totals.short += stream.status.short;
            totals.paused += stream.status.paused;
        }
        totals
    }

    /// Every broker that any partition names.
    pub(super) fn named_brokers(&self) -> impl Iterator<Item = &BrokerId> {
        let shares = self.entries.values().flat_map(|entry| &entry.shares);
        shares.map(|share| &share.broker)
    }

    /// Writes down what the brokers have of all streams.
    pub(super) fn count(&self, brokers: &mut [BrokerTruth]) {
        for share in self.entries.values().flat_map(|entry| &entry.shares) {
            let own = |broker: &&mut BrokerTruth| broker.id.as_ref() == Some(&share.broker);
            if let Some(broker) = brokers.iter_mut().find(own) {
                broker.partitions += share.partitions;
                broker.leaders += share.leaders;
                broker.rate = rates::sum([broker.rate, share.rate]);
            }
        }
    }

    /// A partition's newest offset and rate.
    pub(super) fn log(&self, stream: &str, id: PartitionId) -> Option<(Offset, Option<f64>)> {
        let truth = self.entries.get(stream)?.truth.as_ref()?;
        let partition = truth.partition(id)?;
        Some((partition.newest_offset?, partition.rate))
    }

    /// Partitions whose leaders should be asked, the longest unasked first.
    pub(super) fn doubtful(&self, now: Timestamp) -> Vec<(StreamName, PartitionId)> {
        let mut doubtful: Vec<(Timestamp, &StreamName, PartitionId)> = Vec::new();
        for (name, entry) in &self.entries {
            let Some(truth) = &entry.truth else { continue };
            for (partition, memory) in truth.partitions.iter().zip(&entry.memory) {
                let asked = memory.probed.asked;
                if wants_probe(partition, asked, now) {
                    doubtful.push((asked, name, partition.id));
                }
            }
        }
        doubtful.sort_unstable();
        let first = doubtful.into_iter().take(Truth::PROBES_AT_ONCE);
        first.map(|(_, name, id)| (Arc::clone(name), id)).collect()
    }

    fn rate(&self) -> Option<f64> {
        rates::sum(self.all().map(|stream| stream.rate))
    }

    fn all(&self) -> impl Iterator<Item = &Arc<StreamTruth>> {
        self.entries
            .values()
            .filter_map(|entry| entry.truth.as_ref())
    }
}

fn extend(ring: &Arc<[Option<f32>]>, rate: Option<f64>, passed: usize) -> Arc<[Option<f32>]> {
    rates::extend(ring, rate, passed, StreamTruth::HISTORY_LENGTH)
}

/// Flags are all that says paused or readonly, and they may lie.
fn wants_probe(partition: &PartitionTruth, asked: Timestamp, now: Timestamp) -> bool {
    let flagged = partition.paused_flag || partition.readonly_flag;
    if !flagged || partition.leader_reachable != Known::Yes {
        return false;
    }
    let doubt = partition.paused == Known::Unknown || partition.readonly == Known::Unknown;
    let age = if doubt { DOUBT_AGE } else { PROBE_AGE };
    !asked.is_set() || asked.age(now) >= age
}

impl Entry {
    /// Notes where the logs end that the broker leads.
    fn sample(&mut self, stream: &Stream, by: &BrokerId, at: Timestamp) {
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
                self.dirty |= memory.meter.take(by, Sample { at, newest });
            }
        }
    }

    fn position(&self, id: PartitionId) -> Option<usize> {
        let partitions = &self.truth.as_ref()?.partitions;
        partitions.binary_search_by_key(&id, |p| p.id).ok()
    }

    fn look(&mut self, name: &StreamName, scene: &Scene<'_>) {
        self.dirty = false;
        let history = self.truth.take().map(|old| Arc::clone(&old.history));
        let Some((mut truth, mut symptoms)) = build::stream(name, &mut self.memory, scene) else {
            return;
        };
        truth.history = history.unwrap_or_default();
        self.onsets.note(&mut symptoms, scene.now);
        (self.findings, self.again) = rules::findings(name, &symptoms, scene);
        self.shares = shares(&truth);
        self.truth = Some(Arc::new(truth));
    }
}

fn shares(truth: &StreamTruth) -> Vec<Share> {
    let mut shares: Vec<Share> = Vec::new();
    for partition in truth.partitions.iter() {
        for broker in partition.replicas.iter().chain(&partition.leader) {
            if !shares.iter().any(|share| share.broker == *broker) {
                shares.push(Share {
                    broker: BrokerId::clone(broker),
                    partitions: 0,
                    leaders: 0,
                    rate: None,
                });
            }
        }
        for share in &mut shares {
            share.partitions += usize::from(partition.replicas.contains(&share.broker));
            if partition.leader.as_ref() == Some(&share.broker) {
                share.leaders += 1;
                share.rate = rates::sum([share.rate, partition.rate]);
            }
        }
    }
    shares
}
