//! The rules about partitions.

use super::{Violation, join};
use crate::health::assess::AssessContext;
use crate::health::commit_stall::CommitStall;
use crate::health::election::in_sync_without;
use crate::health::{Known, PartitionStatus, PartitionTruth, Rule, Severity};
use crate::model::{BrokerId, StreamName, Timestamp};

/// Examines one partition of a stream after the other.
#[derive(Debug)]
pub(in crate::health) struct PartitionRules<'a> {
    min_isr: Option<usize>,
    context: &'a AssessContext<'a>,
    violations: Vec<Violation>,
}

impl<'a> PartitionRules<'a> {
    /// The rules for the partitions of that stream.
    pub(in crate::health) fn new(stream: &StreamName, context: &'a AssessContext<'a>) -> Self {
        Self {
            min_isr: context.options.min_isr_of(stream),
            context,
            violations: Vec::new(),
        }
    }

    /// The stream's minimum ISR, where the configuration names it.
    pub(in crate::health) fn min_isr(&self) -> Option<usize> {
        self.min_isr
    }

    /// All that was found, by partition.
    pub(in crate::health) fn into_violations(self) -> Vec<Violation> {
        self.violations
    }

    /// Finds what is wrong with the partition.
    pub(in crate::health) fn examine(
        &mut self,
        truth: &PartitionTruth,
        stall: Option<CommitStall>,
    ) {
        match truth.status {
            PartitionStatus::Serving | PartitionStatus::Paused => {}
            PartitionStatus::UnderReplicated => self.under_replicated(truth),
            PartitionStatus::AtMinIsr => self.at_min_isr(truth),
            PartitionStatus::Leaderless => self.leaderless(truth),
            PartitionStatus::LeaderUnreachable => self.leader_unreachable(truth),
        }
        let explained = self.min_isr.is_some_and(|min| truth.isr.len() < min);
        if let Some(stall) = stall.filter(|_| !explained) {
            self.commit_stalled(truth, stall);
        }
        self.views_disagree(truth);
    }

    fn add(
        &mut self,
        (severity, rule): (Severity, Rule),
        truth: &PartitionTruth,
        since: Option<Timestamp>,
        detail: Vec<String>,
    ) {
        self.violations.push(Violation {
            severity,
            rule,
            partition: truth.id,
            detail,
            since,
        });
    }

    fn under_replicated(&mut self, truth: &PartitionTruth) {
        let detail = vec![in_sync(truth)];
        let rule = (Severity::Warning, Rule::UnderReplicated);
        self.add(rule, truth, None, detail);
    }

    fn at_min_isr(&mut self, truth: &PartitionTruth) {
        let min = self.min_isr.unwrap_or_default();
        let (rule, consequence) = if truth.isr.len() < min {
            (
                (Severity::Critical, Rule::BelowMinIsr),
                "nothing commits: readers stop, acks of all replicas do not come",
            )
        } else {
            (
                (Severity::Warning, Rule::AtMinIsr),
                "with one replica less nothing commits",
            )
        };
        let needs = format!("the stream needs {min}");
        let detail = vec![in_sync(truth), needs, consequence.into()];
        self.add(rule, truth, None, detail);
    }

    fn leaderless(&mut self, truth: &PartitionTruth) {
        let detail = vec!["no broker that answers names a leader".into()];
        let rule = (Severity::Critical, Rule::Leaderless);
        self.add(rule, truth, None, detail);
    }

    fn leader_unreachable(&mut self, truth: &PartitionTruth) {
        let Some(leader) = &truth.leader else { return };
        let detail = vec![
            format!("leader {leader} does not answer · {}", in_sync(truth)),
            self.outlook(truth, leader),
        ];
        let since = self.context.brokers.silent_since(leader);
        let rule = (Severity::Critical, Rule::LeaderUnreachable);
        self.add(rule, truth, since, detail);
    }

    /// Whether another leader can come, and from where.
    fn outlook(&self, truth: &PartitionTruth, leader: &BrokerId) -> String {
        let others = in_sync_without(&truth.isr, leader);
        if truth.replicas.len() < 2 {
            return format!("never elects: it has one replica alone; waits for {leader}");
        }
        if others.is_empty() {
            return format!("never elects: no other replica is in sync; waits for {leader}");
        }
        if self.context.no_majority {
            return "elects nobody while a majority of brokers is missing".into();
        }
        let answers = |id: &&BrokerId| self.context.brokers.answers(id) == Known::Yes;
        let candidates = join(others.iter().copied().filter(answers), " or ");
        if candidates.is_empty() {
            let others = join(others, " or ");
            return format!("no in-sync replica answers; waits for {leader} or {others}");
        }
        format!("elects in at most 15s where {candidates} is in sync; publishes are lost till then")
    }

    fn commit_stalled(&mut self, truth: &PartitionTruth, stall: CommitStall) {
        let answers = |id: &BrokerId| self.context.brokers.answers(id);
        let silent = truth.isr.iter().find(|id| answers(id) == Known::No);
        let (severity, why) = match silent {
            Some(broker) => (
                Severity::Warning,
                format!("waits for {broker}, until the leader drops it from the ISR"),
            ),
            None if stall.growing => (
                Severity::Critical,
                "fewer replicas in sync than its minimum ISR, or one does not catch up".into(),
            ),
            None => (
                Severity::Warning,
                "a crash leaves it so until the next publish; or a replica does not catch up"
                    .into(),
            ),
        };
        let rule = (severity, Rule::CommitStalled);
        self.add(rule, truth, Some(stall.since), vec![why]);
    }

    fn views_disagree(&mut self, truth: &PartitionTruth) {
        let Some(found) = &truth.disagreement else {
            return;
        };
        let name = |leader: &Option<BrokerId>| match leader {
            Some(leader) => leader.to_string(),
            None => "nobody".into(),
        };
        let believed = name(&truth.leader);
        let leaders = found.leader.iter().map(|(broker, leader)| {
            let leader = name(leader);
            format!("{broker} says {leader} leads, believed is {believed}")
        });
        let isrs = found.isr.iter().map(|(broker, isr)| {
            let (isr, believed) = (isr_names(isr), isr_names(&truth.isr));
            format!("{broker} says ISR {isr}, believed is {believed}")
        });
        let unaware = found.unaware.iter();
        let unaware = unaware.map(|broker| format!("{broker} does not know the stream"));
        let detail = leaders.chain(isrs).chain(unaware).collect();
        let rule = (Severity::Warning, Rule::ViewsDisagree);
        self.add(rule, truth, None, detail);
    }
}

/// `ISR 1 of 3: node-2, node-3 missing`.
fn in_sync(truth: &PartitionTruth) -> String {
    let (isr, replicas) = (truth.isr.len(), truth.replicas.len());
    let missing = join(truth.missing(), ", ");
    if missing.is_empty() {
        return format!("ISR {isr} of {replicas}");
    }
    format!("ISR {isr} of {replicas}: {missing} missing")
}

fn isr_names(brokers: &[BrokerId]) -> String {
    if brokers.is_empty() {
        return "nobody".into();
    }
    join(brokers, ", ")
}
