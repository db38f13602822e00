//! The rules about cursors. What one reader has in several partitions of a stream is one finding.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::health::lag_limits::is_over;
use crate::health::{AlertOptions, CursorTruth, DrainTime, Finding, Rule, Severity};
use crate::model::{StreamName, Target, Timestamp, counted, exact_age, format_ranges, grouped};

/// How long it is told that a cursor was moved back, unless it comes to where it was before.
const MOVED_BACK_FOR: Duration = Duration::from_secs(3_600);

/// So many readers of a stream have a finding each for the same fault; of more, one finding tells how many and who is worst.
const MOST_NAMED: usize = 50;
/// Who is worst, of many.
const WORST_NAMED: usize = 5;

/// A cursor that has something, and since when.
type Affected<'a> = (&'a CursorTruth, Timestamp);

/// A fault, and who has it: whether that is a group, its name, and the stream that it reads.
type ReaderKey<'a> = (Rule, bool, &'a str, &'a StreamName);

/// What is wrong with a cursor, and since when.
type Fault = (Rule, Timestamp);

/// Finds what is wrong with cursors, given what the options call an alarm.
pub(in crate::health) fn findings(
    cursors: &[CursorTruth],
    alerts: &AlertOptions,
    now: Timestamp,
) -> Vec<Finding> {
    let mut found: BTreeMap<ReaderKey<'_>, Vec<Affected<'_>>> = BTreeMap::new();
    for cursor in cursors {
        let beyond_end = cursor.beyond_end_since;
        let beyond_end = beyond_end.map(|since| (Rule::CursorBeyondEnd, since));
        let mut push = |(rule, since)| {
            let (is_group, name) = reader(cursor);
            let key = (rule, is_group, name, &cursor.entry.stream);
            found.entry(key).or_default().push((cursor, since));
        };
        if let Some(back) = cursor.moved_back
            && back.at.age(now) < MOVED_BACK_FOR
        {
            push((Rule::CursorMovedBack, back.at));
        }
        let affected = beyond_end
            .or_else(|| unreadable(cursor, alerts, now))
            .or_else(|| stalled(cursor, alerts, now))
            .or_else(|| lagging(cursor));
        if let Some(affected) = affected {
            push(affected);
        }
    }
    let mut of_streams: BTreeMap<(Rule, &StreamName), Vec<_>> = BTreeMap::new();
    for ((rule, is_group, name, stream), affected) in found {
        let same = of_streams.entry((rule, stream)).or_default();
        same.push((is_group, name, affected));
    }
    let findings = of_streams
        .into_iter()
        .flat_map(|((rule, stream), readers)| {
            if readers.len() > MOST_NAMED {
                return vec![many(rule, stream, &readers)];
            }
            let each = readers.into_iter().map(|(is_group, name, affected)| {
                finding(rule, (is_group, name), stream, &affected, now)
            });
            each.collect()
        });
    findings.collect()
}

/// How bad a fault is, and what one reader does that has it, and what several do.
fn words(rule: Rule) -> (Severity, [&'static str; 2]) {
    if rule == Rule::CursorBeyondEnd {
        let what = ["is beyond the end", "are beyond the end"];
        (Severity::Critical, what)
    } else if rule == Rule::CursorMovedBack {
        (Severity::Warning, ["was moved back", "were moved back"])
    } else if rule == Rule::CursorUnreadable {
        (Severity::Warning, ["cannot be read"; 2])
    } else if rule == Rule::CursorStalled {
        (Severity::Warning, ["is stalled", "are stalled"])
    } else {
        (Severity::Warning, ["lags", "lag"])
    }
}

/// The one finding of very many readers of a stream with the same fault: whether each is a group, its name, and its cursors.
fn many(rule: Rule, stream: &StreamName, readers: &[(bool, &str, Vec<Affected<'_>>)]) -> Finding {
    let lag = |affected: &[Affected<'_>]| -> i64 {
        affected.iter().filter_map(|(cursor, _)| cursor.lag).sum()
    };
    let lags = readers
        .iter()
        .map(|(_, name, affected)| (Reverse(lag(affected)), name));
    let mut worst: Vec<_> = lags.collect();
    worst.sort_unstable();
    let worst = worst.into_iter().take(WORST_NAMED);
    let lines = worst.map(|(lag, name)| {
        let lag = counted(usize::try_from(lag.0).unwrap_or(0), "message");
        format!("{name}: lag {lag}")
    });
    let groups = readers.iter().filter(|(is_group, ..)| *is_group).count();
    let who = match (groups, readers.len() - groups) {
        (0, cursors) => counted(cursors, "cursor"),
        (groups, 0) => counted(groups, "group"),
        (groups, cursors) => {
            let (groups, cursors) = (counted(groups, "group"), counted(cursors, "cursor"));
            format!("{groups} and {cursors}")
        }
    };
    let (severity, [_, what]) = words(rule);
    let since = readers.iter().flat_map(|(.., affected)| affected);
    let since = since.map(|(_, since)| *since).min();
    let rest = i64::try_from(readers.len() - WORST_NAMED).unwrap_or(i64::MAX);
    let more = format!("and {} more", grouped(rest));
    let mut finding = Finding::new(
        severity,
        rule,
        Target::Stream(StreamName::clone(stream)),
        format!("{who} on {stream} {what}"),
        lines.chain([more]).collect(),
        since.unwrap_or(Timestamp::NEVER),
    );
    finding.read_stream = Some(StreamName::clone(stream));
    finding
}

/// One that stood so far behind that it would be an alarm, and whose place could not be read since: nobody knows whether
/// it still stands there.
fn unreadable(cursor: &CursorTruth, alerts: &AlertOptions, now: Timestamp) -> Option<Fault> {
    let is_behind = is_over(cursor.lag?, cursor.lag_time, alerts);
    let is_alarm = is_behind || stalled(cursor, alerts, now).is_some();
    let since = cursor.entry.read_at;
    (is_alarm && cursor.is_outdated(now)).then_some((Rule::CursorUnreadable, since))
}

/// A stall tells more than the lag that comes of it.
fn stalled(cursor: &CursorTruth, alerts: &AlertOptions, now: Timestamp) -> Option<Fault> {
    let since = cursor.stalled_since?;
    (since.age(now) >= alerts.stalled_after).then_some((Rule::CursorStalled, since))
}

fn lagging(cursor: &CursorTruth) -> Option<Fault> {
    Some((Rule::CursorLag, cursor.lagging?.since))
}

/// Whether a consumer group stores the cursor, and the name of who does.
fn reader(cursor: &CursorTruth) -> (bool, &str) {
    let entry = &cursor.entry;
    let group = entry.group();
    (group.is_some(), group.unwrap_or(&entry.id))
}

fn finding(
    rule: Rule,
    (is_group, name): (bool, &str),
    stream: &StreamName,
    affected: &[Affected<'_>],
    now: Timestamp,
) -> Finding {
    let mut partitions: Vec<_> = affected
        .iter()
        .map(|(one, _)| one.entry.partition)
        .collect();
    partitions.sort_unstable();
    partitions.dedup();
    let places = format_ranges(&partitions);
    let who = if is_group { "group" } else { "cursor" };
    let (severity, [what, _]) = words(rule);
    let detail = if rule == Rule::CursorBeyondEnd {
        beyond_end(affected)
    } else if rule == Rule::CursorMovedBack {
        moved_back(affected)
    } else if rule == Rule::CursorUnreadable {
        unreadable_detail(affected)
    } else {
        lag_detail(affected)
    };
    let message = format!("{who} {name} on {stream}:{places} {what}");
    let target = if is_group {
        Target::Group(name.to_owned())
    } else {
        Target::Cursor(name.to_owned())
    };
    let first = affected.iter().min_by_key(|(_, since)| *since);
    let since = first.map_or(Timestamp::NEVER, |(_, since)| *since);
    let outdated = affected
        .iter()
        .filter(|(cursor, _)| cursor.is_outdated(now));
    let as_of = outdated.map(|(cursor, _)| cursor.entry.read_at).min();
    let as_of = as_of.map(|read_at| {
        let at = read_at.to_utc_text();
        format!("as of {at}: where it is stored could not be read since")
    });
    let detail = detail.into_iter().chain(as_of).collect();
    let mut finding = Finding::new(severity, rule, target, message, detail, since);
    if let (Rule::CursorLag, Some((cursor, _))) = (rule, first) {
        finding.at_least = cursor.lagging.is_some_and(|lagging| lagging.at_least);
    }
    finding.partitions = partitions;
    finding.read_stream = Some(StreamName::clone(stream));
    finding
}

/// How far behind it is from where it stood, which is as much as it can be.
fn unreadable_detail(affected: &[Affected<'_>]) -> Vec<String> {
    let lags = affected.iter().map(|(cursor, _)| cursor.lag.unwrap_or(0));
    let lag = counted(usize::try_from(lags.sum::<i64>()).unwrap_or(0), "message");
    vec![format!(
        "where it stood is {lag} behind; whether it moved since is unknown"
    )]
}

/// Who reads on from a cursor beyond the end gets nothing until as much was stored again, and then not all of it.
fn beyond_end(affected: &[Affected<'_>]) -> Vec<String> {
    let lines = affected.iter().map(|(cursor, _)| {
        let end = grouped(cursor.newest_offset.unwrap_or(-1));
        let (at, id) = (grouped(cursor.entry.offset), cursor.entry.partition);
        format!("{id}: it stands at {at}, and the log ends at {end}")
    });
    let advice = "who reads on from there gets nothing before as much is stored again";
    lines.chain([advice.to_owned()]).collect()
}

/// From where to where, when, and how much is read again.
fn moved_back(affected: &[Affected<'_>]) -> Vec<String> {
    let moves = affected
        .iter()
        .filter_map(|(cursor, _)| Some((cursor.entry.partition, cursor.moved_back?)));
    let lines = moves.map(|(id, back)| {
        let again = usize::try_from(back.from.saturating_sub(back.to)).unwrap_or(0);
        format!(
            "{id}: from {} to {} at {}; {} read again",
            grouped(back.from),
            grouped(back.to),
            back.at.to_utc_text(),
            counted(again, "offset"),
        )
    });
    lines.collect()
}

fn lag_detail(affected: &[Affected<'_>]) -> Vec<String> {
    let lags = affected.iter().map(|(cursor, _)| cursor.lag.unwrap_or(0));
    let sum = usize::try_from(lags.sum::<i64>()).unwrap_or(0);
    let lag = counted(sum, "message");
    let most = affected.iter().max_by_key(|(cursor, _)| cursor.lag);
    let lag = match most {
        Some((cursor, _)) if affected.len() > 1 => {
            let (id, lag_there) = (cursor.entry.partition, cursor.lag.unwrap_or(0));
            format!("lag {lag}, most on partition {id}: {}", grouped(lag_there))
        }
        _ => format!("lag {lag}"),
    };
    let drains = affected.iter().map(|(cursor, _)| cursor.time_to_drain);
    let outlook = match drains.max().unwrap_or(DrainTime::Unknown) {
        DrainTime::Within(time) => Some(format!("time to drain {}", exact_age(time))),
        DrainTime::Steady => Some("reads as fast as messages come".to_owned()),
        DrainTime::Never => Some("reads no faster than messages come".to_owned()),
        DrainTime::Unknown => None,
    };
    [lag].into_iter().chain(outlook).collect()
}
