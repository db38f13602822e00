//! The rules about partitions.

use super::{Violation, join};
use crate::health::assess::AssessContext;
use crate::health::commit_stall::CommitStall;
use crate::health::election::in_sync_without;
use crate::health::{Known, PartitionStatus, PartitionTruth, Rule, Severity};
use crate::model::BrokerId;

/// Finds what is wrong with a partition.
pub(in crate::health) fn violations(
    truth: &PartitionTruth,
    stall: Option<CommitStall>,
    min_isr: Option<usize>,
    context: &AssessContext<'_>,
) -> impl Iterator<Item = Violation> {
    let of_status = match truth.status {
        PartitionStatus::Serving | PartitionStatus::Paused => None,
        PartitionStatus::UnderReplicated => Some(under_replicated(truth)),
        PartitionStatus::AtMinIsr => Some(at_min_isr(truth, min_isr.unwrap_or_default())),
        PartitionStatus::Leaderless => Some(leaderless(truth)),
        PartitionStatus::LeaderUnreachable => leader_unreachable(truth, context),
    };
    let explained = min_isr.is_some_and(|min| truth.isr.len() < min);
    let stall = stall.filter(|_| !explained);
    let stalled = stall.map(|stall| commit_stalled(truth, stall, context));
    let found = of_status.into_iter().chain(stalled);
    found.chain(views_disagree(truth))
}

fn violation(
    severity: Severity,
    rule: Rule,
    truth: &PartitionTruth,
    detail: Vec<String>,
) -> Violation {
    Violation {
        severity,
        rule,
        partition: truth.id,
        detail,
        since: None,
    }
}

fn under_replicated(truth: &PartitionTruth) -> Violation {
    let detail = vec![in_sync(truth)];
    violation(Severity::Warning, Rule::UnderReplicated, truth, detail)
}

fn at_min_isr(truth: &PartitionTruth, min: usize) -> Violation {
    let mut detail = vec![in_sync(truth), format!("the stream needs {min}")];
    if truth.isr.len() < min {
        detail.push("nothing commits: readers stop, acks of all replicas do not come".into());
        violation(Severity::Critical, Rule::BelowMinIsr, truth, detail)
    } else {
        detail.push("with one replica less nothing commits".into());
        violation(Severity::Warning, Rule::AtMinIsr, truth, detail)
    }
}

fn leaderless(truth: &PartitionTruth) -> Violation {
    let detail = vec!["no broker that answers names a leader".into()];
    violation(Severity::Critical, Rule::Leaderless, truth, detail)
}

fn leader_unreachable(truth: &PartitionTruth, context: &AssessContext<'_>) -> Option<Violation> {
    let leader = truth.leader.as_ref()?;
    let detail = vec![
        format!("leader {leader} does not answer · {}", in_sync(truth)),
        outlook(truth, leader, context),
    ];
    Some(Violation {
        since: context.brokers.silent_since(leader),
        ..violation(Severity::Critical, Rule::LeaderUnreachable, truth, detail)
    })
}

/// Whether another leader can come, and from where.
fn outlook(truth: &PartitionTruth, leader: &BrokerId, context: &AssessContext<'_>) -> String {
    let others = in_sync_without(&truth.isr, leader);
    if truth.replicas.len() < 2 {
        return format!("never elects: it has one replica alone; waits for {leader}");
    }
    if others.is_empty() {
        return format!("never elects: no other replica is in sync; waits for {leader}");
    }
    if context.no_majority {
        return "elects nobody while a majority of brokers is missing".into();
    }
    let answers = |id: &&BrokerId| context.brokers.answers(id) == Known::Yes;
    let candidates = join(others.iter().copied().filter(answers), " or ");
    if candidates.is_empty() {
        let others = join(others, " or ");
        return format!("no in-sync replica answers; waits for {leader} or {others}");
    }
    format!("elects in at most 15s where {candidates} is in sync; publishes are lost till then")
}

fn commit_stalled(
    truth: &PartitionTruth,
    stall: CommitStall,
    context: &AssessContext<'_>,
) -> Violation {
    let is_silent = |id: &&BrokerId| context.brokers.answers(id) == Known::No;
    let (severity, why) = match truth.isr.iter().find(is_silent) {
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
            "a crash leaves it so until the next publish; or a replica does not catch up".into(),
        ),
    };
    Violation {
        since: Some(stall.since),
        ..violation(severity, Rule::CommitStalled, truth, vec![why])
    }
}

fn views_disagree(truth: &PartitionTruth) -> Option<Violation> {
    let found = truth.disagreement.as_ref()?;
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
    let rule = Rule::ViewsDisagree;
    Some(violation(Severity::Warning, rule, truth, detail))
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
