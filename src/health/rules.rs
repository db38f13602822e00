//! From what is wrong with single partitions to the findings of their stream: after how long, in what words, which
//! partitions stand together. The rules themselves have a file for what each is about.

pub(super) mod broker;
pub(super) mod cursor;
mod log_loss;
pub(super) mod partition;

use std::collections::BTreeMap;
use std::time::Duration;

use super::{AlertOptions, Finding, Rule, Severity, rates};
use crate::model::{BrokerId, PartitionId, StreamName, Target, Timestamp, format_ranges};
use log_loss::Lost;

/// One thing that is wrong with one partition.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Violation {
    severity: Severity,
    rule: Rule,
    partition: PartitionId,
    detail: Vec<String>,
    /// Since when, where that is known; otherwise it counts from when it was first seen.
    since: Option<Timestamp>,
    /// The broker whose silence explains it.
    cause: Option<BrokerId>,
    /// Messages a second of the partition.
    rate: Option<f64>,
    /// What its log lost.
    lost: Option<Lost>,
}

impl Violation {
    fn is_like(&self, finding: &Finding) -> bool {
        finding.rule == self.rule
            && finding.severity == self.severity
            && finding.cause == self.cause
            && finding.detail == self.detail
    }

    fn into_finding(self, stream: &StreamName, since: Timestamp) -> Finding {
        let target = Target::Partition(StreamName::clone(stream), self.partition);
        let (severity, rule) = (self.severity, self.rule);
        let mut finding = Finding::new(severity, rule, target, String::new(), self.detail, since);
        finding.partitions.push(self.partition);
        finding.cause = self.cause;
        finding.rate = self.rate;
        finding
    }
}

/// When each violation of a stream was first seen: one that goes and comes again begins anew.
#[derive(Clone, Debug, Default)]
pub(super) struct FirstSeen {
    since: BTreeMap<(Rule, PartitionId), Timestamp>,
}

impl FirstSeen {
    /// Dates the violations, and forgets those that are gone.
    pub(super) fn date(&mut self, violations: &mut [Violation], now: Timestamp) {
        let old = std::mem::take(&mut self.since);
        for violation in violations {
            let key = (violation.rule, violation.partition);
            let seen = old.get(&key).copied().unwrap_or(now);
            violation.since.get_or_insert(seen);
            self.since.insert(key, seen);
        }
    }
}

/// The findings of a stream: partitions with equal violations stand together. Also returns when to assess again, where
/// a violation has not yet lasted long enough to be a finding.
pub(super) fn findings(
    stream: &StreamName,
    violations: Vec<Violation>,
    alerts: &AlertOptions,
    now: Timestamp,
) -> (Vec<Finding>, Option<Timestamp>) {
    let mut findings: Vec<Finding> = Vec::new();
    let mut lost: Vec<Lost> = Vec::new();
    let mut again: Option<Timestamp> = None;
    for violation in violations {
        if violation.rule == Rule::LeaderUnreachable {
            // It says how long an election takes still.
            let soon = now.plus(Duration::from_secs(1));
            again = Some(again.map_or(soon, |soonest| soonest.min(soon)));
        }
        lost.extend(violation.lost.clone());
        let since = violation.since.unwrap_or(now);
        let delay = delay(violation.rule, alerts);
        let due = since.plus(delay);
        // A fact is told at once, though an answer may be newer than the last tick of the clock.
        if !delay.is_zero() && due > now {
            again = Some(again.map_or(due, |soonest| soonest.min(due)));
        } else if let Some(group) = findings.iter_mut().find(|group| violation.is_like(group)) {
            group.partitions.push(violation.partition);
            group.since = group.since.min(since);
            group.rate = rates::sum([group.rate, violation.rate]);
        } else {
            findings.push(violation.into_finding(stream, since));
        }
    }
    for finding in &mut findings {
        let many = finding.partitions.len() > 1;
        if many {
            finding.target = Target::Stream(StreamName::clone(stream));
        }
        let [one, more] = phrases(finding.rule);
        let phrase = if many { more } else { one };
        let mut phrase = phrase.to_owned();
        if finding.rule == Rule::LogWentBack {
            (phrase, finding.detail) = log_loss::words(&lost);
        }
        finding.message = format!("{stream}:{} {phrase}", format_ranges(&finding.partitions));
    }
    (findings, again)
}

/// The predicate for one partition, and for more.
fn phrases(rule: Rule) -> [&'static str; 2] {
    match rule {
        Rule::LogWentBack => ["went back"; 2],
        Rule::LeaderUnreachable => ["has no reachable leader", "have no reachable leader"],
        Rule::Leaderless => ["has no leader", "have no leader"],
        Rule::BelowMinIsr => ["below minimum ISR"; 2],
        Rule::CommitStalled => ["commits nothing", "commit nothing"],
        Rule::AtMinIsr => ["at minimum ISR"; 2],
        Rule::UnderReplicated => ["under-replicated"; 2],
        Rule::ViewsDisagree => ["reported differently by its brokers"; 2],
        Rule::NoBroker
        | Rule::BrokerSilent
        | Rule::NoMetadataLeader
        | Rule::BrokerFailing
        | Rule::BrokerCatchingUp
        | Rule::AddressUnknown
        | Rule::StreamRecreated
        | Rule::CursorBeyondEnd
        | Rule::CursorMovedBack
        | Rule::CursorUnreadable
        | Rule::CursorStalled
        | Rule::CursorLag => [""; 2],
    }
}

/// How long a violation must last before it is a finding.
fn delay(rule: Rule, alerts: &AlertOptions) -> Duration {
    if rule == Rule::ViewsDisagree {
        alerts.disagree_after
    } else {
        Duration::ZERO
    }
}

/// Brokers by name, as in `node-1, node-2`.
pub(super) fn join<'a>(brokers: impl IntoIterator<Item = &'a BrokerId>, separator: &str) -> String {
    let names: Vec<&str> = brokers.into_iter().map(AsRef::as_ref).collect();
    names.join(separator)
}
