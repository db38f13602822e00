//! What is remembered of one stream: its truth, what led to it, and what has changed since.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::assess::{self, AssessContext, PartitionMemory, PartlyAssessed, StreamProgress};
use super::rates::{self, Sample};
use super::rules::{self, FirstSeen};
use super::stream_change::StreamChange;
use super::view_merge::StreamClaims;
use super::{
    Finding, Known, KnownLoss, KnownStream, PARTITIONS_AT_ONCE, PartitionTruth, ReplacedStream,
    Rule, Severity, StreamTruth,
};
use crate::model::{
    BrokerId, Offset, PartitionId, Probe, ProbeState, Stream, StreamName, Target, Timestamp,
    counted, verb_of,
};

/// A flagged partition is probed again after so long, since pauses come and go.
const PROBE_AGE: Duration = Duration::from_secs(10);
/// How soon while nothing is known: the leader may not have answered.
const DOUBT_AGE: Duration = Duration::from_secs(2);
/// A paused one so seldom: servers log the answer as an error, and a resume is seen by its time.
const PAUSED_PROBE_AGE: Duration = Duration::from_secs(60);
/// What one round of views may only suspect, the next one tells.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// One stream, its past, and what follows from both.
#[derive(Clone, Debug, Default)]
pub(super) struct StreamRecord {
    created: Timestamp,
    memory: Vec<PartitionMemory>,
    first_seen: FirstSeen,
    pub(super) findings: Vec<Finding>,
    pub(super) shares: Box<[(BrokerId, BrokerShare)]>,
    pub(super) truth: Option<Arc<StreamTruth>>,
    /// What was reported since the last assessment.
    pub(super) change: StreamChange,
    /// The last time that it was deleted and created anew, until somebody has acknowledged it.
    recreated: Option<Recreated>,
    /// When a violation has lasted long enough to be a finding.
    again: Option<Timestamp>,
    /// Partitions of which the leader's next answer tells whether it has lost something.
    pub(super) unsettled: usize,
    /// How far it was assessed, where it has more partitions than are at once.
    part: Option<PartlyAssessed>,
}

/// A stream that was deleted and created anew under its name.
#[derive(Clone, Debug)]
struct Recreated {
    at: Timestamp,
    before: Timestamp,
    /// Offsets that its partitions had given before; `None` where that was unknown.
    messages: Option<i64>,
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
            if self.created.is_set() {
                self.recreated = Some(Recreated {
                    at: stream.created,
                    before: self.created,
                    messages: self.truth.as_ref().and_then(|truth| truth.messages),
                });
            }
            self.created = stream.created;
            self.memory.clear();
            self.part = None;
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

    /// Holds its logs against what an earlier run knew, if it is the stream that this knew.
    pub(super) fn recall(&mut self, known: &KnownStream) {
        let created = Timestamp(known.created);
        if created < self.created {
            let counts = known.committed.values();
            let messages = counts.map(|newest| newest.saturating_add(1)).sum();
            self.recreated = Some(Recreated {
                at: self.created,
                before: created,
                messages: Some(messages),
            });
        }
        if created != self.created {
            return;
        }
        self.recreated = known.replaced.map(|before| Recreated {
            at: self.created,
            before: Timestamp(before.created),
            messages: before.messages,
        });
        // Partitions are numbered from 0 without gaps.
        for (id, memory) in (0..).zip(&mut self.memory) {
            if let Some(offset) = known.committed.get(&id) {
                memory.log.recall(*offset, Timestamp(known.seen));
            }
            if let Some(left) = known.acknowledged.get(&id) {
                memory.log.recall_acknowledged(*left);
            }
        }
        self.change = StreamChange::Structure;
    }

    /// Records what an earlier run saw go, if that was of this stream.
    pub(super) fn recall_loss(&mut self, known: &KnownLoss) {
        if Timestamp(known.created) != self.created {
            return;
        }
        // Partitions are numbered from 0 without gaps.
        let at = usize::try_from(known.partition).ok();
        if let Some(memory) = at.and_then(|at| self.memory.get_mut(at)) {
            memory.log.recall_loss(known.loss.clone());
            self.change = StreamChange::Structure;
        }
    }

    /// How far its logs have come.
    pub(super) fn known(&self, now: Timestamp) -> KnownStream {
        let committed = (0..).zip(&self.memory).filter_map(|(id, memory)| {
            let newest = memory.log.committed()?;
            (newest >= 0).then_some((id, newest))
        });
        let numbered = (0..).zip(&self.memory);
        let acknowledged = numbered.filter_map(|(id, memory)| Some((id, memory.log.left()?)));
        KnownStream {
            created: self.created.0,
            seen: now.0,
            committed: committed.collect(),
            acknowledged: acknowledged.collect(),
            replaced: self.recreated.as_ref().map(|it| ReplacedStream {
                created: it.before.0,
                messages: it.messages,
            }),
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

    /// Records a message that was delivered, or acked: a log that ends before it has lost it.
    pub(super) fn record_stored(&mut self, id: PartitionId, offset: Offset) {
        if let Some(memory) = self.memory_of(id) {
            memory.log.record_stored(offset);
        }
    }

    /// What was recorded as stored was so by then.
    pub(super) fn date_stored(&mut self, now: Timestamp) {
        for memory in &mut self.memory {
            memory.log.date_stored(now);
        }
    }

    /// When one of Liftbridge's own streams was created anew, until somebody has acknowledged it.
    pub(super) fn own_recreated_at(&self) -> Option<Timestamp> {
        let truth = self.truth.as_ref().filter(|truth| truth.internal)?;
        let recreated = self.recreated.as_ref()?;
        (truth.created == recreated.at).then_some(recreated.at)
    }

    /// Somebody knows what the stream has lost.
    pub(super) fn acknowledge(&mut self) {
        self.recreated = None;
        for memory in &mut self.memory {
            memory.log.acknowledge();
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
        let is_due = self.again.is_some_and(|again| again <= now);
        // One that is too large for its turn has none: it is assessed part by part.
        let is_large = self.change == StreamChange::LogEnds && self.is_large();
        if is_due || is_large || self.part.is_some() {
            return StreamChange::Structure;
        }
        self.change
    }

    /// Then it is to be assessed again, at the latest.
    pub(super) fn assess_again(&mut self, at: Timestamp) {
        self.again = Some(self.again.map_or(at, |again| again.min(at)));
    }

    /// Whether it has more partitions than are assessed at once.
    pub(super) fn is_large(&self) -> bool {
        self.partitions() > PARTITIONS_AT_ONCE
    }

    /// Whether it was not assessed to its end yet.
    pub(super) fn is_partly_assessed(&self) -> bool {
        self.part.is_some()
    }

    /// Assesses the stream anew, so many partitions of it at most; without claims it does not exist.
    pub(super) fn assess(
        &mut self,
        name: &StreamName,
        claims: Option<&StreamClaims<'_>>,
        most: usize,
        context: &AssessContext<'_>,
    ) {
        let begun = self.part.take();
        // What comes between two parts is assessed after the last one.
        if begun.is_none() {
            self.change = StreamChange::Unchanged;
        }
        let part = (begun.unwrap_or_default(), most);
        let old = self.truth.take();
        let progress = claims.and_then(|claims| {
            let memory = &mut self.memory;
            assess::assess_stream(name, claims, old.as_deref(), memory, context, part)
        });
        let (truth, mut violations) = match progress {
            Some(StreamProgress::Whole(truth, violations)) => (truth, violations),
            Some(StreamProgress::Part(part)) => {
                self.part = Some(part);
                self.truth = old;
                return;
            }
            None => return,
        };
        self.first_seen.date(&mut violations, context.now);
        let alerts = &context.options.alerts;
        (self.findings, self.again) = rules::findings(name, violations, alerts, context.now);
        let recreated = self.recreated.as_ref();
        self.findings.extend(recreated.map(|it| it.finding(name)));
        if self.memory.iter().any(|memory| memory.log.is_suspicious()) {
            let soon = context.now.plus(LOOK_AGAIN);
            self.again = Some(self.again.map_or(soon, |again| again.min(soon)));
        }
        let partitions = truth.partitions.iter().zip(&self.memory);
        let unsettled = partitions.filter(|(one, memory)| {
            let is_heard_once = one.leader_reachable == Known::Yes && one.rate.is_none();
            is_heard_once && memory.log.is_suspicious()
        });
        self.unsettled = unsettled.count();
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

impl Recreated {
    fn finding(&self, stream: &StreamName) -> Finding {
        let held = match self.messages {
            Some(messages) => format!(
                "what it held is gone: {} {} given",
                counted(messages, "offset"),
                verb_of(messages, "were")
            ),
            None => "what it held is gone".into(),
        };
        let detail = vec![
            held,
            format!(
                "it had been created {}",
                self.before.to_utc().format("%Y-%m-%d %H:%M:%S UTC")
            ),
        ];
        let (severity, rule) = (Severity::Critical, Rule::StreamRecreated);
        let target = Target::Stream(StreamName::clone(stream));
        let message = format!("{stream} was deleted and created anew");
        Finding::new(severity, rule, target, message, detail, self.at)
    }
}

/// Only the leader can tell whether a flag is true.
fn needs_probe(partition: &PartitionTruth, asked: Timestamp, now: Timestamp) -> bool {
    let flagged = partition.paused_flag || partition.readonly_flag;
    if !flagged || partition.leader_reachable != Known::Yes {
        return false;
    }
    let age = match (partition.paused, partition.readonly) {
        // Whether it is readonly too, its leader tells when it is resumed.
        (Known::Yes, _) => PAUSED_PROBE_AGE,
        (Known::Unknown, _) | (_, Known::Unknown) => DOUBT_AGE,
        _ => PROBE_AGE,
    };
    !asked.is_set() || asked.age(now) >= age
}

fn shares(truth: &StreamTruth) -> Box<[(BrokerId, BrokerShare)]> {
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
    // Kept for each of many streams: nodes of a tree would take more than what is in them.
    shares.into_iter().collect()
}
