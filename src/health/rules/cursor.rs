//! The rules about cursors.

use crate::health::{AlertOptions, CursorTruth, Finding, Rule, Severity};
use crate::model::{Target, Timestamp, counted};

/// Finds what is wrong with cursors, given what the options call an alarm.
pub(in crate::health) fn findings(
    cursors: &[CursorTruth],
    alerts: &AlertOptions,
    now: Timestamp,
) -> Vec<Finding> {
    let found = cursors.iter().filter_map(|cursor| {
        let (rule, since) =
            stalled(cursor, alerts, now).or_else(|| lagging(cursor, alerts, now))?;
        Some(finding(cursor, rule, since))
    });
    found.collect()
}

/// A stall tells more than the lag that comes of it.
fn stalled(
    cursor: &CursorTruth,
    alerts: &AlertOptions,
    now: Timestamp,
) -> Option<(Rule, Timestamp)> {
    let since = cursor.stalled_since?;
    (since.age(now) >= alerts.stalled_after).then_some((Rule::CursorStalled, since))
}

fn lagging(
    cursor: &CursorTruth,
    alerts: &AlertOptions,
    now: Timestamp,
) -> Option<(Rule, Timestamp)> {
    let lag = u64::try_from(cursor.lag?).ok()?;
    let time = cursor.lag_time.map(|time| time.at_least);
    let many = alerts.lag_messages.is_some_and(|limit| lag > limit);
    let long = alerts.lag_time.is_some_and(|limit| time > Some(limit));
    let since = now.minus(time.unwrap_or_default());
    (many || long).then_some((Rule::CursorLag, since))
}

fn finding(cursor: &CursorTruth, rule: Rule, since: Timestamp) -> Finding {
    let entry = &cursor.entry;
    let (who, target) = match entry.group() {
        Some(group) => (format!("group {group}"), Target::Group(group.to_owned())),
        None => (
            format!("cursor {}", entry.id),
            Target::Cursor(entry.id.clone()),
        ),
    };
    let what = if rule == Rule::CursorStalled {
        "is stalled"
    } else {
        "lags"
    };
    let lag = usize::try_from(cursor.lag.unwrap_or_default()).unwrap_or(0);
    let mut detail = vec![format!("lag {}", counted(lag, "message"))];
    if let Some(time) = cursor.time_to_drain {
        detail.push(format!("time to drain {}s", time.as_secs()));
    } else if rule == Rule::CursorLag && cursor.speed.is_some() {
        detail.push("reads no faster than messages come".into());
    }
    let message = format!("{who} on {}:{} {what}", entry.stream, entry.partition);
    let rule = (Severity::Warning, rule);
    let mut finding = Finding::new(rule, target, message, detail, since);
    finding.partitions.push(entry.partition);
    finding
}
