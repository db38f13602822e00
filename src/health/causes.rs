//! Which findings follow from which: what a broker that is silent or behind explains stands under it, a line a kind.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use super::rules::partition::{ELECTION_OVERDUE, ELECTS_WITHIN, NEVER_ELECTS, NO_MAJORITY_ELECTS};
use super::{Finding, Rule, Severity};
use crate::model::{BrokerId, PartitionId, Target, counted, first_names, format_ranges};

/// Tells each broker's finding what follows from it. A broker that answers and that several streams lack in sync gets
/// one of its own; of any other, the findings stand for themselves.
pub(super) fn attribute(findings: &mut Vec<Finding>) {
    let mut causes: BTreeMap<BrokerId, Vec<usize>> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        if let Some(cause) = &finding.cause {
            let effects = causes.entry(BrokerId::clone(cause)).or_default();
            effects.push(at);
        }
    }
    for (id, effects) in causes {
        let own = findings.iter().position(|it| is_cause(it, &id));
        let lines = effects_of(effects.iter().filter_map(|at| findings.get(*at)));
        if let Some(own) = own {
            add_effects(findings, own, &effects, lines);
        } else if let [_, _, ..] = effects.as_slice() {
            let caught_up = out_of_sync(&id, effects.iter().filter_map(|at| findings.get(*at)));
            findings.push(caught_up);
            let own = findings.len().saturating_sub(1);
            add_effects(findings, own, &effects, lines);
        } else {
            for at in effects {
                if let Some(finding) = findings.get_mut(at) {
                    finding.cause = None;
                }
            }
        }
    }
}

fn is_cause(finding: &Finding, id: &str) -> bool {
    let of_broker = matches!(&finding.target, Target::Broker(broker) if **broker == *id);
    of_broker && is_of_broker(finding.rule)
}

fn is_of_broker(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::BrokerSilent | Rule::BrokerCatchingUp | Rule::AddressUnknown
    )
}

fn out_of_sync<'a>(id: &BrokerId, effects: impl Iterator<Item = &'a Finding>) -> Finding {
    let since = effects.map(|effect| effect.since).min().unwrap_or_default();
    let message = format!("{id} is not in sync");
    Finding::new(
        Severity::Warning,
        Rule::BrokerCatchingUp,
        Target::Broker(BrokerId::clone(id)),
        message,
        Vec::new(),
        since,
    )
}

/// What follows from it makes a finding as grave as that, and stands before how it was found.
fn add_effects(findings: &mut [Finding], own: usize, effects: &[usize], lines: Vec<String>) {
    let severities = effects.iter().filter_map(|at| findings.get(*at));
    let worst = severities.map(|effect| effect.severity).max();
    if let Some(finding) = findings.get_mut(own) {
        finding.detail.splice(0..0, lines);
        finding.severity = finding.severity.max(worst.unwrap_or(Severity::Note));
    }
}

/// What follows from one cause, the gravest first, a line a rule.
fn effects_of<'a>(effects: impl Iterator<Item = &'a Finding>) -> Vec<String> {
    let mut partitions: BTreeMap<(Rule, bool), Vec<&Finding>> = BTreeMap::new();
    let mut effects: Vec<&Finding> = effects.collect();
    // The streams of users are named before Liftbridge's own, the busy ones first.
    effects.sort_by(|left, right| by_severity(left, right));
    for finding in &effects {
        let mut lines = finding.detail.iter();
        let elects = !lines.any(|line| line.starts_with(NEVER_ELECTS));
        let same = partitions.entry((finding.rule, elects)).or_default();
        same.push(finding);
    }
    let mut lines = Vec::new();
    for ((rule, elects), findings) in partitions {
        let what = consequence(rule, elects);
        let count = findings
            .iter()
            .map(|finding| finding.partitions.len())
            .sum();
        let count = counted::<usize>(count, "partition");
        lines.push(format!(
            "{count} {what}: {}",
            first_names(&places(&findings))
        ));
        if rule == Rule::LeaderUnreachable && elects {
            lines.extend(elections(&effects));
        }
    }
    lines
}

/// The partitions of each stream, those of the first finding first.
fn places(findings: &[&Finding]) -> Vec<String> {
    let mut streams: Vec<(String, Vec<PartitionId>)> = Vec::new();
    for finding in findings {
        let stream = finding.scope();
        match streams.iter_mut().find(|(name, _)| *name == stream) {
            Some((_, partitions)) => partitions.extend(&finding.partitions),
            None => streams.push((stream, finding.partitions.clone())),
        }
    }
    let places = streams.into_iter().map(|(stream, mut partitions)| {
        partitions.sort_unstable();
        format!("{stream}:{}", format_ranges(&partitions))
    });
    places.collect()
}

/// When others are elected in place of the leaders that cannot be reached, as the findings of their partitions tell.
fn elections(effects: &[&Finding]) -> Option<String> {
    let of_leaders = effects
        .iter()
        .filter(|it| it.rule == Rule::LeaderUnreachable);
    let mut lines = of_leaders.flat_map(|it| &it.detail);
    if lines.clone().any(|line| line == NO_MAJORITY_ELECTS) {
        return Some("nobody is elected while a majority of brokers is missing".into());
    }
    let within = lines
        .clone()
        .find_map(|line| line.split_once(ELECTS_WITHIN));
    if let Some((_, rest)) = within {
        return Some(format!("others are elected{ELECTS_WITHIN}{rest}"));
    }
    let (_, overdue) = lines.find_map(|line| line.split_once(ELECTION_OVERDUE))?;
    Some(format!("the election of others{ELECTION_OVERDUE}{overdue}"))
}

/// What has come of it for the partitions that a rule found.
fn consequence(rule: Rule, elects: bool) -> &'static str {
    if rule == Rule::LeaderUnreachable {
        return if elects {
            "without a reachable leader"
        } else {
            "down until it is back"
        };
    }
    if rule == Rule::CommitStalled {
        return "whose commits wait for it";
    }
    if rule == Rule::BelowMinIsr {
        return "below minimum ISR";
    }
    if rule == Rule::AtMinIsr {
        return "at minimum ISR";
    }
    "under-replicated"
}

/// The order of findings: the gravest first; of equals Liftbridge's own streams last, and what most messages go through
/// first.
pub(super) fn by_severity(left: &Finding, right: &Finding) -> Ordering {
    let key = |finding: &Finding| {
        let internal = finding.is_internal();
        (Reverse(finding.severity), internal, finding.rule)
    };
    let rate = |finding: &Finding| finding.rate.unwrap_or_default();
    key(left)
        .cmp(&key(right))
        .then_with(|| rate(right).total_cmp(&rate(left)))
        .then_with(|| left.message.cmp(&right.message))
}
