//! The rules about brokers, cursors and the cluster as a whole. Those about partitions are in `rules`.

use super::{AlertOptions, BrokerTruth, CursorTruth, Finding, Reach, Rule, Severity};
use crate::model::{BrokerId, CursorEntry, ErrorKind, Target, Timestamp, counted};

/// What is wrong with brokers and with the cluster as a whole.
pub(super) fn brokers(truths: &[BrokerTruth], no_majority: bool) -> Vec<Finding> {
    let mut found: Vec<Finding> = truths.iter().filter_map(broker).collect();
    found.extend(nobody(truths));
    found.extend(no_metadata_leader(truths, no_majority));
    found
}

fn broker(truth: &BrokerTruth) -> Option<Finding> {
    match truth.reach {
        Reach::Silent { since } => Some(silent(truth, since)),
        Reach::Answering | Reach::NotAskedYet => failing(truth),
    }
}

fn silent(truth: &BrokerTruth, since: Timestamp) -> Finding {
    let forgotten = truth.listed_by.is_empty() && truth.partitions == 0 && truth.id.is_some();
    let mut detail = Vec::new();
    if let Some(failure) = &truth.failure {
        detail.push(match truth.failures {
            0 | 1 => failure.sentence.clone(),
            n => format!("{} · failed {n} times", failure.sentence),
        });
    }
    if truth.leaders > 0 {
        detail.push(format!("leads {}", counted(truth.leaders, "partition")));
    }
    if !truth.listed_by.is_empty() {
        let verb = if truth.listed_by.len() == 1 {
            "lists"
        } else {
            "list"
        };
        detail.push(format!("{} still {verb} it", names(&truth.listed_by)));
    }
    if forgotten {
        detail.push("no broker lists it and it holds no replica".into());
    }
    Finding {
        severity: if forgotten {
            Severity::Warning
        } else {
            Severity::Critical
        },
        rule: Rule::BrokerSilent,
        target: target(truth),
        partitions: Vec::new(),
        message: format!("{} does not answer", truth.name()),
        detail,
        since,
    }
}

/// A single missed poll is a note; an error that the broker itself answers with, a warning.
fn failing(truth: &BrokerTruth) -> Option<Finding> {
    let failure = truth.failure.as_ref()?;
    let late = failure.kind == ErrorKind::Timeout;
    let what = if late {
        "did not answer in time"
    } else {
        "answers with an error"
    };
    Some(Finding {
        severity: if late {
            Severity::Note
        } else {
            Severity::Warning
        },
        rule: Rule::BrokerFailing,
        target: target(truth),
        partitions: Vec::new(),
        message: format!("{} {what}", truth.name()),
        detail: vec![failure.sentence.clone()],
        since: truth.failing_since.unwrap_or_default(),
    })
}

fn nobody(truths: &[BrokerTruth]) -> Option<Finding> {
    let all_silent = !truths.is_empty() && truths.iter().all(|truth| truth.reach.is_silent());
    let last = truths
        .iter()
        .filter_map(|truth| truth.reach.silent_since())
        .max();
    let since = last.filter(|_| all_silent)?;
    Some(cluster(
        Rule::NoBroker,
        "no broker answers",
        "all that is shown is what was true before",
        since,
    ))
}

fn no_metadata_leader(truths: &[BrokerTruth], no_majority: bool) -> Option<Finding> {
    if !truths.iter().any(BrokerTruth::is_answering) {
        return None;
    }
    if no_majority {
        let last = truths
            .iter()
            .filter_map(|truth| truth.reach.silent_since())
            .max();
        let message = "no majority of brokers answers";
        let detail = "nothing can be created, changed or elected";
        return Some(cluster(Rule::NoMetadataLeader, message, detail, last?));
    }
    let says_so = truths.iter().find(|truth| {
        let kind = truth.failure.as_ref().map(|failure| failure.kind);
        kind == Some(ErrorKind::NoMetadataLeader)
    })?;
    let message = format!("{} knows no metadata leader", says_so.name());
    let since = says_so.failing_since?;
    let detail = "nothing can be created, changed or elected through it";
    Some(cluster(Rule::NoMetadataLeader, &message, detail, since))
}

fn cluster(rule: Rule, message: &str, detail: &str, since: Timestamp) -> Finding {
    Finding {
        severity: Severity::Critical,
        rule,
        target: Target::Cluster,
        partitions: Vec::new(),
        message: message.to_owned(),
        detail: vec![detail.to_owned()],
        since,
    }
}

/// What is wrong with cursors, given what the options call an alarm.
pub(super) fn cursors(
    truths: &[CursorTruth],
    alerts: &AlertOptions,
    now: Timestamp,
) -> Vec<Finding> {
    let found = truths.iter().filter_map(|truth| cursor(truth, alerts, now));
    found.collect()
}

/// One finding a cursor: that it stands still says more than that it lags.
fn cursor(truth: &CursorTruth, alerts: &AlertOptions, now: Timestamp) -> Option<Finding> {
    let still = truth
        .still_since
        .filter(|since| since.age(now) >= alerts.still_after);
    if let Some(since) = still {
        return Some(cursor_finding(truth, Rule::CursorStill, since));
    }
    let lag = truth.lag.and_then(|lag| u64::try_from(lag).ok())?;
    let many = alerts.lag_messages.is_some_and(|limit| lag > limit);
    let time = truth.lag_time.map(|time| time.at_least);
    let long = alerts.lag_time.is_some_and(|limit| time > Some(limit));
    let since = now.minus(time.unwrap_or_default());
    (many || long).then(|| cursor_finding(truth, Rule::CursorLag, since))
}

fn cursor_finding(truth: &CursorTruth, rule: Rule, since: Timestamp) -> Finding {
    let entry = &truth.entry;
    let (who, target) = reader(entry);
    let what = if rule == Rule::CursorStill {
        "stands still"
    } else {
        "lags"
    };
    let lag = truth.lag.unwrap_or_default();
    let mut detail = vec![format!(
        "lag {}",
        counted(usize::try_from(lag).unwrap_or(0), "message")
    )];
    if let Some(drain) = truth.drain {
        detail.push(format!("caught up in {}s", drain.as_secs()));
    } else if rule == Rule::CursorLag && truth.speed.is_some() {
        detail.push("reads no faster than messages come".into());
    }
    Finding {
        severity: Severity::Warning,
        rule,
        target,
        partitions: vec![entry.partition],
        message: format!("{who} on {}:{} {what}", entry.stream, entry.partition),
        detail,
        since,
    }
}

fn reader(entry: &CursorEntry) -> (String, Target) {
    match entry.group() {
        Some(group) => (format!("group {group}"), Target::Group(group.to_owned())),
        None => (
            format!("cursor {}", entry.id),
            Target::Cursor(entry.id.clone()),
        ),
    }
}

fn target(truth: &BrokerTruth) -> Target {
    Target::Broker(truth.name().into())
}

fn names(brokers: &[BrokerId]) -> String {
    let names: Vec<&str> = brokers.iter().map(AsRef::as_ref).collect();
    names.join(", ")
}
