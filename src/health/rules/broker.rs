//! The rules about brokers and about the cluster as a whole.

use super::join;
use crate::health::{BrokerTruth, Finding, Reach, Rule, Severity};
use crate::model::{ErrorKind, Target, Timestamp, counted};

/// Finds what is wrong with brokers and with the cluster as a whole.
pub(in crate::health) fn findings(brokers: &[BrokerTruth], no_majority: bool) -> Vec<Finding> {
    let of_brokers = brokers.iter().filter_map(|broker| match broker.reach {
        Reach::Silent { since } if broker.id.is_none() => Some(seed_silent(broker, since)),
        Reach::Silent { since } => Some(broker_silent(broker, since)),
        Reach::AddressUnknown { since } => Some(address_unknown(broker, since)),
        Reach::Answering if broker.catching_up => Some(catching_up(broker)),
        Reach::Answering | Reach::NotAskedYet => broker_failing(broker),
    });
    of_brokers
        .chain(no_broker(brokers))
        .chain(no_metadata_leader(brokers, no_majority))
        .collect()
}

fn broker_silent(broker: &BrokerTruth, since: Timestamp) -> Finding {
    let forgotten = broker.listed_by.is_empty() && broker.partitions == 0 && broker.id.is_some();
    let mut detail = Vec::new();
    if let Some(failure) = &broker.failure {
        detail.push(match broker.failures {
            0 | 1 => failure.sentence.clone(),
            n => format!("{} · failed {n} times", failure.sentence),
        });
    }
    if broker.leaders > 0 {
        detail.push(format!("leads {}", counted(broker.leaders, "partition")));
    }
    match broker.listed_by.as_slice() {
        [] => {}
        [one] => detail.push(format!("{one} still lists it")),
        many => detail.push(format!("{} still list it", join(many, ", "))),
    }
    if forgotten {
        detail.push("no broker lists it and it holds no replica".into());
    }
    let severity = if forgotten {
        Severity::Warning
    } else {
        Severity::Critical
    };
    let message = format!("{} does not answer", broker.name());
    let (rule, target) = (Rule::BrokerSilent, target(broker));
    let mut finding = Finding::new(severity, rule, target, message, detail, since);
    // It was never seen to answer: how long it has been silent, nobody knows.
    finding.at_least = broker.last_answer.is_none();
    finding.rate = broker.rate;
    finding
}

/// A configured address at which nobody answers, and that no broker calls its own: that is no broker that is down.
fn seed_silent(broker: &BrokerTruth, since: Timestamp) -> Finding {
    let message = format!("nobody answers at {}", broker.address);
    let mut detail: Vec<String> = Vec::new();
    detail.extend(
        broker
            .failure
            .as_ref()
            .map(|failure| failure.sentence.clone()),
    );
    detail.push("no broker says that it is reached there".into());
    let (rule, target) = (Rule::BrokerSilent, target(broker));
    let mut finding = Finding::new(Severity::Note, rule, target, message, detail, since);
    finding.at_least = broker.last_answer.is_none();
    finding
}

/// Not known is not down: brokers leave one that was away out of their lists for two minutes, after its return too. But no
/// client finds it.
fn address_unknown(broker: &BrokerTruth, since: Timestamp) -> Finding {
    let message = format!("where {} is reached is unknown", broker.name());
    let detail = vec![
        format!(
            "no broker that answers lists it, so that no client finds it, and {} name it",
            counted(broker.partitions.max(broker.leaders), "partition")
        ),
        "it was away for over two minutes, or is back and not listed yet; naming its address with --addr tells".into(),
    ];
    warning(Rule::AddressUnknown, broker, message, detail, since)
}

fn catching_up(broker: &BrokerTruth) -> Finding {
    let message = format!("{} is back and catches up", broker.name());
    let detail = vec!["what it says contradicts the others and is not believed yet".into()];
    let since = broker.back_since.unwrap_or_default();
    warning(Rule::BrokerCatchingUp, broker, message, detail, since)
}

/// It may be slow or gone: that is known when it has failed again.
fn broker_failing(broker: &BrokerTruth) -> Option<Finding> {
    let failure = broker.failure.as_ref()?;
    let what = if failure.kind == ErrorKind::Timeout {
        "has not answered for some seconds"
    } else {
        "answers with an error"
    };
    let message = format!("{} {what}", broker.name());
    let detail = vec![failure.sentence.clone()];
    let since = broker.failing_since.unwrap_or_default();
    let rule = Rule::BrokerFailing;
    Some(warning(rule, broker, message, detail, since))
}

fn warning(
    rule: Rule,
    broker: &BrokerTruth,
    message: String,
    detail: Vec<String>,
    since: Timestamp,
) -> Finding {
    Finding::new(
        Severity::Warning,
        rule,
        target(broker),
        message,
        detail,
        since,
    )
}

fn target(broker: &BrokerTruth) -> Target {
    Target::Broker(broker.name().into())
}

fn no_broker(brokers: &[BrokerTruth]) -> Option<Finding> {
    let is_unreached = |broker: &BrokerTruth| {
        matches!(
            broker.reach,
            Reach::Silent { .. } | Reach::AddressUnknown { .. }
        )
    };
    let all_silent = brokers.iter().all(is_unreached);
    let since = last_silent(brokers).filter(|_| all_silent)?;
    let detail = "all that is shown is what was true before";
    Some(of_cluster(
        Rule::NoBroker,
        "no broker answers",
        detail,
        since,
    ))
}

fn no_metadata_leader(brokers: &[BrokerTruth], no_majority: bool) -> Option<Finding> {
    if !brokers.iter().any(BrokerTruth::is_answering) {
        return None;
    }
    if no_majority {
        let message = "no majority of brokers answers";
        let detail = "nothing can be created, changed or elected";
        let since = last_silent(brokers)?;
        return Some(of_cluster(Rule::NoMetadataLeader, message, detail, since));
    }
    let reporting = brokers.iter().find(|broker| {
        let kind = broker.failure.as_ref().map(|failure| failure.kind);
        kind == Some(ErrorKind::NoMetadataLeader)
    })?;
    let message = format!("{} knows no metadata leader", reporting.name());
    let detail = "nothing can be created, changed or elected through it";
    let since = reporting.failing_since?;
    Some(of_cluster(Rule::NoMetadataLeader, message, detail, since))
}

fn last_silent(brokers: &[BrokerTruth]) -> Option<Timestamp> {
    let since = brokers.iter().map(|broker| broker.reach.silent_since());
    since.max().flatten()
}

fn of_cluster(rule: Rule, message: impl Into<String>, detail: &str, since: Timestamp) -> Finding {
    let (target, detail) = (Target::Cluster, vec![detail.into()]);
    Finding::new(Severity::Critical, rule, target, message, detail, since)
}
