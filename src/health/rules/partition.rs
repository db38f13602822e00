//! The rules about partitions.

use std::time::Duration;

use super::log_loss::Lost;
use super::{Violation, join};
use crate::health::assess::{AssessContext, status_of_replicas};
use crate::health::commit_stall::CommitStall;
use crate::health::election::in_sync_without;
use crate::health::{Known, LogLoss, PartitionStatus, PartitionTruth, Rule, Severity};
use crate::model::{BrokerId, Timestamp, counted, exact_age};

/// How long brokers wait for a silent leader before they elect another (`replica.max.leader.timeout`, by default), and
/// some more to agree on it: recorded, 16 s (wire-contract §5).
const ELECTION: Duration = Duration::from_secs(16);

/// Finds what is wrong with a partition.
pub(in crate::health) fn violations(
    truth: &PartitionTruth,
    stall: Option<CommitStall>,
    min_isr: Option<usize>,
    context: &AssessContext<'_>,
) -> impl Iterator<Item = Violation> {
    let of_status = match status_of_replicas(truth, min_isr) {
        PartitionStatus::Serving | PartitionStatus::Paused | PartitionStatus::LogWentBack => None,
        PartitionStatus::UnderReplicated => Some(under_replicated(truth, context)),
        PartitionStatus::AtMinIsr => Some(at_min_isr(truth, min_isr.unwrap_or_default(), context)),
        PartitionStatus::Leaderless => Some(leaderless(truth)),
        PartitionStatus::LeaderUnreachable => leader_unreachable(truth, context),
    };
    let explained = min_isr.is_some_and(|min| truth.isr.len() < min);
    let stall = stall.filter(|stall| !explained && stall.growing_or_lasting(context));
    let stalled = stall.map(|stall| commit_stalled(truth, stall, context));
    let loss = truth
        .log_loss
        .as_ref()
        .map(|loss| log_went_back(truth, loss, context));
    let found = loss.into_iter().chain(of_status).chain(stalled);
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
        cause: None,
        rate: truth.rate,
        lost: None,
    }
}

/// What was committed is gone from the log that leads. Its words are found when the partitions of the stream stand
/// together.
fn log_went_back(truth: &PartitionTruth, loss: &LogLoss, context: &AssessContext<'_>) -> Violation {
    // Where the leader is silent the newest offset is that of another log, which may be the one that holds more.
    let leader = truth.leader.as_deref();
    let own = leader.and_then(|leader| truth.ends_of(leader));
    let mut holders = loss.holders.iter();
    let facts = Lost {
        partition: truth.id,
        loss: LogLoss::clone(loss),
        newest: own.and_then(|ends| ends.newest_offset).unwrap_or(loss.to),
        holder_answers: holders.any(|(id, _)| context.brokers.answers(id) != Known::No),
    };
    Violation {
        since: Some(loss.at),
        lost: Some(facts),
        ..violation(Severity::Critical, Rule::LogWentBack, truth, Vec::new())
    }
}

fn under_replicated(truth: &PartitionTruth, context: &AssessContext<'_>) -> Violation {
    let detail = vec![in_sync(truth)];
    Violation {
        cause: missing_replica(truth, context),
        ..violation(Severity::Warning, Rule::UnderReplicated, truth, detail)
    }
}

/// The replica that is to blame where not all are in sync: the first that does not answer, or the only one.
fn missing_replica(truth: &PartitionTruth, context: &AssessContext<'_>) -> Option<BrokerId> {
    let is_gone = |id: &&BrokerId| context.brokers.serves(id) == Known::No;
    let first = truth.missing().next()?;
    let is_alone = truth.missing().nth(1).is_none();
    let gone = truth.missing().find(is_gone);
    gone.or(Some(first).filter(|_| is_alone)).cloned()
}

fn at_min_isr(truth: &PartitionTruth, min: usize, context: &AssessContext<'_>) -> Violation {
    let mut detail = vec![in_sync(truth), format!("the stream needs {min}")];
    let (severity, rule) = if truth.in_sync.len() < min {
        detail.push("nothing commits: readers stop, acks of all replicas do not come".into());
        (Severity::Critical, Rule::BelowMinIsr)
    } else {
        detail.push("with one replica less nothing commits".into());
        (Severity::Warning, Rule::AtMinIsr)
    };
    Violation {
        cause: missing_replica(truth, context),
        ..violation(severity, rule, truth, detail)
    }
}

fn leaderless(truth: &PartitionTruth) -> Violation {
    let detail = vec!["no broker that answers names a leader".into()];
    violation(Severity::Critical, Rule::Leaderless, truth, detail)
}

fn leader_unreachable(truth: &PartitionTruth, context: &AssessContext<'_>) -> Option<Violation> {
    let leader = truth.leader.as_ref()?;
    let is_back = context.brokers.is_catching_up(leader);
    let state = if is_back {
        "is back and does not serve yet"
    } else if context.brokers.is_unlisted(leader) {
        "is listed by no broker, so that no client finds it"
    } else {
        "does not answer"
    };
    let since = context.brokers.silent_since(leader);
    let detail = vec![
        format!("leader {leader} {state} · {}", in_sync(truth)),
        // Of one that was never seen to answer nobody knows for how long it has not.
        outlook(
            truth,
            leader,
            since.filter(|_| context.brokers.has_answered(leader)),
            context,
        ),
    ];
    // Nobody publishes to what is paused, or it would not be.
    let severity = if truth.paused == Known::Yes {
        Severity::Warning
    } else {
        Severity::Critical
    };
    Some(Violation {
        since,
        cause: Some(BrokerId::clone(leader)),
        ..violation(severity, Rule::LeaderUnreachable, truth, detail)
    })
}

/// The line that tells of a partition that another could lead, if there were anybody to elect it.
pub(in crate::health) const NO_MAJORITY_ELECTS: &str =
    "elects nobody while a majority of brokers is missing";
/// How the line begins that tells of a partition that nobody but its silent leader can lead.
pub(in crate::health) const NEVER_ELECTS: &str = "never elects";
/// What stands in it before the time in which another one is elected.
pub(in crate::health) const ELECTS_WITHIN: &str = " within ";
/// What stands in it before how late an election is.
pub(in crate::health) const ELECTION_OVERDUE: &str = " is overdue by ";

/// Whether another leader can come, from where and when.
fn outlook(
    truth: &PartitionTruth,
    leader: &BrokerId,
    since: Option<Timestamp>,
    context: &AssessContext<'_>,
) -> String {
    if truth.paused == Known::Yes {
        return "paused: elects nobody until something resumes it".into();
    }
    if truth.replicas.len() < 2 {
        return format!("{NEVER_ELECTS}: it has one replica alone; waits for {leader}");
    }
    let others = in_sync_without(&truth.isr, leader);
    if others.is_empty() {
        return format!("{NEVER_ELECTS}: no other replica is in sync; waits for {leader}");
    }
    if context.no_majority {
        return NO_MAJORITY_ELECTS.into();
    }
    let answers = |id: &&BrokerId| context.brokers.answers(id) == Known::Yes;
    let candidates = join(others.iter().copied().filter(answers), " or ");
    if candidates.is_empty() {
        let others = join(others, " or ");
        return format!("no in-sync replica answers; waits for {leader} or {others}");
    }
    let Some(since) = since else {
        return format!("{candidates} may be elected; publishes are lost till then");
    };
    match ELECTION.checked_sub(since.age(context.now)) {
        Some(left) if !left.is_zero() => format!(
            "elects {candidates}{ELECTS_WITHIN}{} by default; publishes are lost till then",
            exact_age(left.max(Duration::from_secs(1)))
        ),
        _ => format!(
            "the election of {candidates}{ELECTION_OVERDUE}{}; publishes are lost till then",
            exact_age(since.age(context.now).saturating_sub(ELECTION))
        ),
    }
}

fn commit_stalled(
    truth: &PartitionTruth,
    stall: CommitStall,
    context: &AssessContext<'_>,
) -> Violation {
    let waiting = usize::try_from(truth.uncommitted().unwrap_or_default()).unwrap_or_default();
    let waiting = counted(waiting, "message");
    let is_gone = |id: &&BrokerId| context.brokers.serves(id) == Known::No;
    let silent = truth.isr.iter().find(is_gone);
    let why = match silent {
        Some(broker) => vec![
            format!("waits for {broker}: {waiting} uncommitted"),
            "acks of all replicas do not come; readers do not get what is uncommitted".into(),
        ],
        None if stall.growing => vec![
            format!("{waiting} uncommitted, and more come"),
            "fewer replicas in sync than its minimum ISR, or one does not catch up".into(),
        ],
        None => vec![
            format!("{waiting} uncommitted"),
            "a crash leaves it so until the next publish; or a replica does not catch up".into(),
        ],
    };
    let severity = if stall.growing {
        Severity::Critical
    } else {
        Severity::Warning
    };
    Violation {
        since: Some(stall.since),
        cause: silent.cloned(),
        ..violation(severity, Rule::CommitStalled, truth, why)
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
    let (isr, replicas) = (truth.in_sync.len(), truth.replicas.len());
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
