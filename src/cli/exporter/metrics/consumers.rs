//! Metrics of those who read: cursors and consumer groups. A lag that is known only as a least is left out.

use std::cmp::Ordering;

use super::Scrape;
use super::series_limit::{SeriesLimit, SeriesOf};
use crate::cli::exporter::exposition::{Family, Labels, Metric};
use crate::health::{CursorTruth, LagCertainty};
use crate::model::Timestamp;

const CURSORS_KNOWN: Metric = Metric::gauge(
    "liftbridge_cursors_known",
    "Whether all cursors could be read; absent before the first time",
);
const OFFSET: Metric = Metric::gauge(
    "liftbridge_cursor_offset",
    "The last offset that the cursor has read",
);
const LAG_MESSAGES: Metric = Metric::messages(
    "liftbridge_cursor_lag_messages",
    "Messages stored after the last one read",
);
const LAG_SECONDS: Metric = Metric::seconds(
    "liftbridge_cursor_lag_seconds",
    "How long ago the first unread message was stored; 0 where all is read",
);
const MEMBERS: Metric = Metric::gauge(
    "liftbridge_group_members",
    "Members seen joining and not seen leaving",
);
const EPOCH: Metric = Metric::gauge(
    "liftbridge_group_epoch",
    "The group's epoch, which grows whenever a member joins or leaves",
);
const GROUP_LAG_MESSAGES: Metric = Metric::messages(
    "liftbridge_group_lag_messages",
    "Messages that the group's cursors lag, all together",
);
const GROUP_LAG_SECONDS: Metric = Metric::seconds(
    "liftbridge_group_lag_seconds",
    "The lag of the group's cursor that is furthest behind",
);

/// Series of a cursor, and of a group, at most.
const OF_CURSOR: usize = 3;
const OF_GROUP: usize = 4;

/// Groups, then cursors, by their names: those that find no room stay the same.
pub(super) fn families(scrape: &Scrape<'_>, limit: &mut SeriesLimit) -> Vec<Family> {
    let known = scrape.cluster.cursors_read.map(u8::from);
    let mut families = vec![Family::of_known(CURSORS_KNOWN, known)];
    families.extend(groups(scrape, limit));
    families.extend(cursors(scrape, limit));
    families
}

fn cursors(scrape: &Scrape<'_>, limit: &mut SeriesLimit) -> [Family; OF_CURSOR] {
    let [mut offset, mut lag, mut seconds] = [OFFSET, LAG_MESSAGES, LAG_SECONDS].map(Family::new);
    let truth = &scrape.cluster.truth;
    let all = truth.cursors.iter();
    let mut selected: Vec<&CursorTruth> = all
        .filter(|cursor| scrape.selection.has_stream_of(truth, &cursor.entry.stream))
        .collect();
    selected.sort_by(|one, other| by_name(one, other));
    for cursor in selected {
        if !limit.takes(OF_CURSOR, SeriesOf::Cursor) {
            continue;
        }
        let entry = &cursor.entry;
        let labels = Labels::default()
            .with("cursor", &entry.id)
            .with("stream", &entry.stream)
            .with("partition", &entry.partition.to_string());
        offset.push(&labels, entry.offset);
        lag.push_known(&labels, lag_of(cursor, scrape.now));
        seconds.push_known(&labels, seconds_of(cursor, scrape.now));
    }
    [offset, lag, seconds]
}

fn by_name(one: &CursorTruth, other: &CursorTruth) -> Ordering {
    let (one, other) = (&one.entry, &other.entry);
    (&one.id, &one.stream, one.partition).cmp(&(&other.id, &other.stream, other.partition))
}

/// A cursor that may have moved since it was read lags nobody knows how much.
fn lag_of(cursor: &CursorTruth, now: Timestamp) -> Option<i64> {
    let is_known = !cursor.is_outdated(now) && cursor.beyond_end_since.is_none();
    cursor.lag.filter(|_| is_known)
}

fn seconds_of(cursor: &CursorTruth, now: Timestamp) -> Option<f64> {
    if lag_of(cursor, now)? <= 0 {
        return Some(0.0);
    }
    let lag = cursor.lag_time?;
    if lag.certainty == LagCertainty::AtLeast {
        return None;
    }
    Some(lag.at_least.as_secs_f64())
}

fn groups(scrape: &Scrape<'_>, limit: &mut SeriesLimit) -> [Family; OF_GROUP] {
    let [mut members, mut epoch] = [MEMBERS, EPOCH].map(Family::new);
    let [mut lag, mut seconds] = [GROUP_LAG_MESSAGES, GROUP_LAG_SECONDS].map(Family::new);
    let groups = scrape
        .cluster
        .groups
        .iter()
        .flat_map(|groups| groups.iter());
    for group in groups {
        if !limit.takes(OF_GROUP, SeriesOf::Group) {
            continue;
        }
        let labels = Labels::default().with("group", &group.id);
        members.push_known(&labels, group.members.as_ref().map(Vec::len));
        epoch.push_known(&labels, group.epoch);
        let cursors = scrape.cluster.truth.cursors.iter();
        let own = cursors.filter(|cursor| cursor.entry.group() == Some(group.id.as_str()));
        let own: Vec<&CursorTruth> = own.collect();
        if own.is_empty() {
            continue;
        }
        // One that is not known makes the sum and the worst unknown.
        let lags = own.iter().map(|cursor| lag_of(cursor, scrape.now));
        lag.push_known(&labels, lags.sum::<Option<i64>>());
        let times = own.iter().map(|cursor| seconds_of(cursor, scrape.now));
        let times: Option<Vec<f64>> = times.collect();
        seconds.push_known(
            &labels,
            times.and_then(|times| times.into_iter().reduce(f64::max)),
        );
    }
    [members, epoch, lag, seconds]
}
