//! The rules about partitions: which of them are broken, in what words, after how long.
//! Rules about brokers are in `alarms`, those about cursors too; how partitions are told in `build`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::assess::{Scene, Stuck};
use super::finding::ranges;
use super::{AlertOptions, Finding, Known, PartitionStatus, PartitionTruth, Rule, Severity};
use crate::model::{BrokerId, PartitionId, StreamName, Target, Timestamp};

/// One thing that is wrong with one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Violation {
    severity: Severity,
    /// The rule that sees it.
    pub(super) rule: Rule,
    /// The partition.
    pub(super) partition: PartitionId,
    detail: Vec<String>,
    /// Since when, where the evidence tells; otherwise it counts from when it was first seen.
    since: Option<Timestamp>,
}

/// Looks at one partition of a stream after the other.
pub(super) struct Symptoms<'a> {
    min_isr: Option<usize>,
    scene: &'a Scene<'a>,
    found: Vec<Violation>,
}

impl<'a> Symptoms<'a> {
    /// Nothing was looked at yet.
    pub(super) fn new(stream: &StreamName, scene: &'a Scene<'a>) -> Self {
        Self {
            min_isr: scene.options.min_isr_of(stream),
            scene,
            found: Vec::new(),
        }
    }

    /// The stream's minimum ISR, where the configuration names it.
    pub(super) fn min_isr(&self) -> Option<usize> {
        self.min_isr
    }

    /// What was found, by partition.
    pub(super) fn found(self) -> Vec<Violation> {
        self.found
    }

    /// Notes what is wrong with the partition.
    pub(super) fn examine(&mut self, truth: &PartitionTruth, stuck: Option<Stuck>) {
        match truth.status {
            PartitionStatus::Serving | PartitionStatus::Paused => {}
            PartitionStatus::UnderReplicated => self.short(truth),
            PartitionStatus::AtMinIsr => self.few(truth),
            PartitionStatus::Leaderless => self.leaderless(truth),
            PartitionStatus::LeaderUnreachable => self.dark(truth),
        }
        let explained = self.min_isr.is_some_and(|min| truth.isr.len() < min);
        if let Some(stuck) = stuck.filter(|_| !explained) {
            self.stuck(truth, stuck);
        }
        self.disagreement(truth);
    }

    fn add(&mut self, severity: Severity, rule: Rule, truth: &PartitionTruth, detail: Vec<String>) {
        self.found.push(Violation {
            severity,
            rule,
            partition: truth.id,
            detail,
            since: None,
        });
    }

    fn short(&mut self, truth: &PartitionTruth) {
        let detail = vec![in_sync(truth)];
        self.add(Severity::Warning, Rule::UnderReplicated, truth, detail);
    }

    fn few(&mut self, truth: &PartitionTruth) {
        let min = self.min_isr.unwrap_or_default();
        let mut detail = vec![in_sync(truth), format!("the stream needs {min}")];
        if truth.isr.len() < min {
            detail.push("nothing commits: readers stop, acks of all replicas do not come".into());
            self.add(Severity::Critical, Rule::BelowMinIsr, truth, detail);
        } else {
            detail.push("with one replica less nothing commits".into());
            self.add(Severity::Warning, Rule::AtMinIsr, truth, detail);
        }
    }

    fn leaderless(&mut self, truth: &PartitionTruth) {
        let detail = vec!["no broker that answers names a leader".into()];
        self.add(Severity::Critical, Rule::Leaderless, truth, detail);
    }

    fn dark(&mut self, truth: &PartitionTruth) {
        let Some(leader) = &truth.leader else { return };
        let detail = vec![
            format!("leader {leader} does not answer · {}", in_sync(truth)),
            self.outlook(truth, leader),
        ];
        self.add(Severity::Critical, Rule::LeaderUnreachable, truth, detail);
        if let Some(symptom) = self.found.last_mut() {
            symptom.since = self.scene.book.silent_since(leader);
        }
    }

    /// Whether another leader can come, and from where (wire-contract §5: only from the in-sync replicas).
    fn outlook(&self, truth: &PartitionTruth, leader: &BrokerId) -> String {
        let others: Vec<&BrokerId> = truth.isr.iter().filter(|id| *id != leader).collect();
        let answers = |id: &&BrokerId| self.scene.book.answers(id) == Known::Yes;
        let ready: Vec<&BrokerId> = others.iter().copied().filter(answers).collect();
        if truth.replicas.len() < 2 {
            return format!("never elects: it has one replica alone; waits for {leader}");
        }
        if others.is_empty() {
            return format!("never elects: no other replica is in sync; waits for {leader}");
        }
        if self.scene.no_majority {
            return "elects nobody while a majority of brokers is missing".into();
        }
        if ready.is_empty() {
            return format!(
                "no in-sync replica answers; waits for {leader} or {}",
                either(&others)
            );
        }
        format!(
            "elects in at most 15s where {} is in sync; publishes are lost till then",
            either(&ready)
        )
    }

    fn stuck(&mut self, truth: &PartitionTruth, stuck: Stuck) {
        let silent: Vec<&BrokerId> = truth
            .isr
            .iter()
            .filter(|id| self.scene.book.answers(id) == Known::No)
            .collect();
        let (severity, why) = if let [first, ..] = silent.as_slice() {
            let why = format!("waits for {first}, until the leader drops it from the ISR");
            (Severity::Warning, why)
        } else if stuck.growing {
            let why = "fewer replicas in sync than its minimum ISR, or one does not catch up";
            (Severity::Critical, why.into())
        } else {
            (
                Severity::Warning,
                "a crash leaves it so until the next publish; or a replica does not catch up"
                    .into(),
            )
        };
        self.add(severity, Rule::CommitStuck, truth, vec![why]);
        if let Some(symptom) = self.found.last_mut() {
            symptom.since = Some(stuck.since);
        }
    }

    fn disagreement(&mut self, truth: &PartitionTruth) {
        let Some(found) = &truth.disagreement else {
            return;
        };
        let believed = truth.leader.as_deref().unwrap_or("nobody");
        let mut detail = Vec::new();
        for (broker, leader) in &found.leader {
            let named = leader.as_deref().unwrap_or("nobody");
            detail.push(format!(
                "{broker} says {named} leads, believed is {believed}"
            ));
        }
        for (broker, isr) in &found.isr {
            detail.push(format!(
                "{broker} says ISR {}, believed is {}",
                list(isr),
                list(&truth.isr)
            ));
        }
        for broker in &found.absent {
            detail.push(format!("{broker} does not know the stream"));
        }
        self.add(Severity::Warning, Rule::ViewsDisagree, truth, detail);
    }
}

/// Since when each symptom of a stream is there: a symptom that goes and comes again begins anew.
#[derive(Debug, Default)]
pub(super) struct Onsets {
    since: BTreeMap<(Rule, PartitionId), Timestamp>,
}

impl Onsets {
    /// Writes down when the symptoms began, and forgets those that are gone.
    pub(super) fn note(&mut self, symptoms: &mut [Violation], now: Timestamp) {
        let old = std::mem::take(&mut self.since);
        for symptom in symptoms {
            let key = (symptom.rule, symptom.partition);
            let seen = old.get(&key).copied().unwrap_or(now);
            symptom.since.get_or_insert(seen);
            self.since.insert(key, seen);
        }
    }
}

/// The findings of a stream: partitions with the same symptom stand together. Also returns when to look again, where
/// a symptom has not yet lasted long enough to be one.
pub(super) fn findings(
    stream: &StreamName,
    symptoms: &[Violation],
    scene: &Scene<'_>,
) -> (Vec<Finding>, Option<Timestamp>) {
    let mut groups: Vec<Finding> = Vec::new();
    let mut again = None;
    for symptom in symptoms {
        let since = symptom.since.unwrap_or(scene.now);
        let due = since.plus(delay(symptom.rule, &scene.options.alerts));
        if due > scene.now {
            again = Some(again.map_or(due, |soonest: Timestamp| soonest.min(due)));
            continue;
        }
        let alike = |finding: &&mut Finding| {
            finding.rule == symptom.rule
                && finding.severity == symptom.severity
                && finding.detail == symptom.detail
        };
        if let Some(group) = groups.iter_mut().find(alike) {
            group.partitions.push(symptom.partition);
            group.since = group.since.min(since);
        } else {
            groups.push(symptom.finding(stream, since));
        }
    }
    for group in &mut groups {
        name(group, stream);
    }
    (groups, again)
}

impl Violation {
    fn finding(&self, stream: &StreamName, since: Timestamp) -> Finding {
        Finding {
            severity: self.severity,
            rule: self.rule,
            target: Target::Partition(StreamName::clone(stream), self.partition),
            partitions: vec![self.partition],
            message: String::new(),
            detail: self.detail.clone(),
            since,
        }
    }
}

/// Gives a group its target and its message.
fn name(group: &mut Finding, stream: &StreamName) {
    let many = group.partitions.len() > 1;
    if many {
        group.target = Target::Stream(StreamName::clone(stream));
    }
    let what = phrase(group.rule, many);
    group.message = format!("{stream}:{} {what}", ranges(&group.partitions));
}

/// What is said of one partition, and of more.
const PHRASES: [(Rule, [&str; 2]); 7] = [
    (
        Rule::LeaderUnreachable,
        ["has no reachable leader", "have no reachable leader"],
    ),
    (Rule::Leaderless, ["has no leader", "have no leader"]),
    (Rule::BelowMinIsr, ["below minimum ISR"; 2]),
    (Rule::CommitStuck, ["commits nothing", "commit nothing"]),
    (Rule::AtMinIsr, ["at minimum ISR"; 2]),
    (Rule::UnderReplicated, ["under-replicated"; 2]),
    (Rule::ViewsDisagree, ["told differently by its brokers"; 2]),
];

fn phrase(rule: Rule, many: bool) -> &'static str {
    let found = PHRASES.iter().find(|(known, _)| *known == rule);
    found.map_or("", |(_, [one, more])| if many { *more } else { *one })
}

/// How long a symptom must last before it is a finding.
fn delay(rule: Rule, alerts: &AlertOptions) -> Duration {
    if rule == Rule::ViewsDisagree {
        alerts.disagree_after
    } else if rule == Rule::CommitStuck {
        alerts.stuck_after
    } else {
        Duration::ZERO
    }
}

/// `ISR 1 of 3: node-2, node-3 missing`.
fn in_sync(truth: &PartitionTruth) -> String {
    let (isr, replicas) = (truth.isr.len(), truth.replicas.len());
    let missing: Vec<&str> = truth.missing().map(AsRef::as_ref).collect();
    if missing.is_empty() {
        return format!("ISR {isr} of {replicas}");
    }
    format!("ISR {isr} of {replicas}: {} missing", missing.join(", "))
}

fn list(brokers: &[BrokerId]) -> String {
    let names: Vec<&str> = brokers.iter().map(AsRef::as_ref).collect();
    if names.is_empty() {
        return "nobody".into();
    }
    names.join(", ")
}

fn either(brokers: &[&BrokerId]) -> String {
    let names: Vec<&str> = brokers.iter().map(|id| &***id).collect();
    names.join(" or ")
}
