//! All streams: which of them have to be looked at again, their histories, and sums over them.
//! How one is looked at is `build`'s matter.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::assess::{self, PartitionMemory, Scene};
use super::broker_views::{self, Told, Walk};
use super::change::Stir;
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

/// Partitions of which only the log has grown that are looked at in one go: a tenth of a very large cluster, which
/// keeps one look within some ten milliseconds.
const ENDS_AT_ONCE: usize = 4_000;

/// One stream, its past, and what follows from both.
#[derive(Debug, Default)]
struct Entry {
    created: Timestamp,
    memory: Vec<PartitionMemory>,
    onsets: Onsets,
    findings: Vec<Finding>,
    shares: Vec<Share>,
    truth: Option<Arc<StreamTruth>>,
    /// What was said since the last look.
    stir: Stir,
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

/// Whose turn it is, in the order of names: those that come before `from` had theirs in the last look.
struct Turn {
    from: Option<StreamName>,
    left: usize,
    next: Option<StreamName>,
}

impl Turn {
    fn new(from: Option<StreamName>) -> Self {
        Self {
            from,
            left: ENDS_AT_ONCE,
            next: None,
        }
    }

    /// Whether a stream of so many partitions may be looked at now.
    fn takes(&mut self, name: &StreamName, partitions: usize) -> bool {
        if self.from.as_ref().is_some_and(|from| name < from) || self.next.is_some() {
            return false;
        }
        if self.left == 0 {
            self.next = Some(StreamName::clone(name));
        }
        let takes = self.left > 0;
        self.left = self.left.saturating_sub(partitions);
        takes
    }
}

/// All streams.
#[derive(Debug, Default)]
pub(super) struct StreamBook {
    entries: BTreeMap<StreamName, Entry>,
    /// The stream whose turn it is, where not all could be looked at.
    turn: Option<StreamName>,
    /// The last step of the histories that was written.
    step: Option<i64>,
    history: Arc<[Option<f32>]>,
}

impl StreamBook {
    /// All streams need another look: brokers came or went.
    pub(super) fn disturb(&mut self) {
        for entry in self.entries.values_mut() {
            entry.stir = Stir::Shape;
        }
    }

    /// Streams of which only the log has grown need not wait for their turn in the next look.
    pub(super) fn take_no_turns(&mut self) {
        for entry in self.entries.values_mut() {
            if entry.stir == Stir::Ends {
                entry.stir = Stir::Shape;
            }
        }
    }

    /// Takes what a broker says now in place of what it said before. Streams of which it says the same are left alone.
    pub(super) fn observe(
        &mut self,
        before: Option<&Cluster>,
        cluster: &Cluster,
        by: Option<&BrokerId>,
        at: Timestamp,
    ) {
        self.add_new(cluster);
        let mut before = before.map(|before| before.streams.iter().peekable());
        let mut now = cluster.streams.iter().peekable();
        for (name, entry) in &mut self.entries {
            let old = before
                .as_mut()
                .and_then(|before| broker_views::advance(before, name));
            let new = broker_views::advance(&mut now, name);
            entry.stir = entry.stir.max(Stir::between(old, new));
            if let (Some(stream), Some(by)) = (new, by) {
                entry.sample(stream, by, at);
            }
        }
    }

    fn add_new(&mut self, cluster: &Cluster) {
        let mut known = self.entries.iter().peekable();
        let names = cluster.streams.keys();
        let new = names.filter(|name| broker_views::advance(&mut known, name).is_none());
        let new: Vec<StreamName> = new.map(Arc::clone).collect();
        self.entries
            .extend(new.into_iter().map(|name| (name, Entry::new())));
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
        entry.stir = Stir::Shape;
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

    /// Looks at every stream that needs it, but where only logs have grown, at no more than [`ENDS_AT_ONCE`]
    /// partitions: the others have their turn at the next look. Returns whether anything may have changed.
    pub(super) fn look(&mut self, scene: &Scene<'_>) -> bool {
        let calm = |entry: &Entry| entry.stir(scene.now) == Stir::Calm;
        if self.entries.values().all(calm) {
            return false;
        }
        let mut walk = Walk::new(&scene.speakers);
        let mut turn = Turn::new(self.turn.take());
        self.entries.retain(|name, entry| {
            let due = match entry.stir(scene.now) {
                Stir::Calm => false,
                Stir::Ends => turn.takes(name, entry.memory.len()),
                Stir::Shape => true,
            };
            if due {
                entry.look(name, Told::new(walk.to(name)), scene);
            }
            entry.truth.is_some()
        });
        self.turn = turn.next;
        true
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
    fn new() -> Self {
        Self {
            stir: Stir::Shape,
            ..Self::default()
        }
    }

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
                if memory.meter.take(by, Sample { at, newest }) {
                    self.stir = self.stir.max(Stir::Ends);
                }
            }
        }
    }

    fn position(&self, id: PartitionId) -> Option<usize> {
        let partitions = &self.truth.as_ref()?.partitions;
        partitions.binary_search_by_key(&id, |p| p.id).ok()
    }

    /// What has changed, or is about to: a symptom that lasts becomes a finding.
    fn stir(&self, now: Timestamp) -> Stir {
        match self.again {
            Some(again) if again <= now => Stir::Shape,
            _ => self.stir,
        }
    }

    fn look(&mut self, name: &StreamName, told: Option<Told<'_>>, scene: &Scene<'_>) {
        self.stir = Stir::Calm;
        let old = self.truth.take();
        let built = told
            .and_then(|told| assess::stream(name, &told, old.as_deref(), &mut self.memory, scene));
        let Some((truth, mut symptoms)) = built else {
            return;
        };
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
