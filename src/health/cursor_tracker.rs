//! How far cursors lag, in messages and in time, whether they move, and when they will have caught up.
//! Rates of logs are `rates`' matter; whether a lag is an alarm is decided in `rules`.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::first_unread::UnreadMessage;
use super::lag_limits::LagMemory;
use super::lag_trend::LagTrend;
use super::log_end_history::LogEndHistory;
use super::rates::{Sample, per_second};
use super::{
    AlertOptions, CursorTruth, CursorTruths, DrainTime, KnownCursor, LagCertainty, LagTime,
    MoveBack,
};
use crate::model::{
    BrokerId, Cluster, CursorEntry, CursorId, FirstUnread, Offset, PartitionId, StreamName,
    Timestamp,
};

/// A cursor's speed is the mean over so much time: consumers store theirs every few seconds.
const SPEED_WINDOW: Duration = Duration::from_secs(60);
/// A consumer that runs stores its place over one that was set within so much time.
const OVERWRITTEN_WITHIN: Duration = Duration::from_secs(30);
/// The first unread messages of so many cursors are read at once.
const READ_AT_ONCE: usize = 16;

/// What a cursor reads.
type LogKey = (StreamName, PartitionId);

/// All cursors, and the logs of the partitions that they read.
#[derive(Clone, Debug, Default)]
pub(super) struct CursorTracker {
    cursors: BTreeMap<(CursorId, LogKey), CursorRecord>,
    logs: BTreeMap<LogKey, LogEndHistory>,
    /// Where cursors stood that were not read yet.
    recalled: BTreeMap<(CursorId, LogKey), KnownCursor>,
}

/// One cursor as it was seen so far.
#[derive(Clone, Debug)]
struct CursorRecord {
    entry: CursorEntry,
    offsets: VecDeque<Sample>,
    /// When the cursor came to its offset.
    there_since: Timestamp,
    unread: UnreadMessage,
    trend: LagTrend,
    lags: LagMemory,
    beyond_end_since: Option<Timestamp>,
    moved_back: Option<MoveBack>,
    /// Where it was set on to, and where it stood before.
    set_on: Option<SetOn>,
}

/// That a cursor was set to an offset further on.
#[derive(Clone, Copy, Debug)]
struct SetOn {
    from: Offset,
    to: Offset,
}

impl CursorTracker {
    /// Records all cursors as they were read; those that are not among them are gone.
    pub(super) fn record(&mut self, entries: &[CursorEntry]) {
        let mut old = std::mem::take(&mut self.cursors);
        let mut old_logs = std::mem::take(&mut self.logs);
        for entry in entries {
            let partition = partition_of(entry);
            if !self.logs.contains_key(&partition) {
                let log = old_logs.remove(&partition).unwrap_or_default();
                self.logs.insert(partition.clone(), log);
            }
            let key = (CursorId::clone(&entry.id), partition);
            let known = self.recalled.remove(&key);
            let record = old.remove(&key);
            let mut record = record.unwrap_or_else(|| CursorRecord::new(entry, known.as_ref()));
            record.update(entry);
            self.cursors.insert(key, record);
        }
    }

    /// Holds cursors against where they stood before.
    pub(super) fn recall(&mut self, known: Vec<KnownCursor>) {
        let named = known.into_iter().map(|one| {
            let log = (StreamName::from(&*one.stream), one.partition);
            ((CursorId::from(&*one.id), log), one)
        });
        self.recalled = named.collect();
    }

    /// Records that somebody has set a cursor.
    pub(super) fn record_set(
        &mut self,
        id: &str,
        (stream, partition): (&StreamName, PartitionId),
        to: Offset,
    ) {
        let key = (CursorId::from(id), (StreamName::clone(stream), partition));
        if let Some(record) = self.cursors.get_mut(&key) {
            let from = record.entry.offset;
            record.set_on = (to > from).then_some(SetOn { from, to });
        }
    }

    /// Records the first message that a cursor has not read: when it was stored tells the lag in time at once.
    pub(super) fn record_unread(&mut self, read: &FirstUnread) {
        let key = (CursorId::clone(&read.cursor.id), partition_of(&read.cursor));
        if let Some(record) = self.cursors.get_mut(&key) {
            record.unread.record(read.offset, read.stored, read.read_at);
        }
    }

    /// Cursors that are behind for nobody knows how long, those first that wait longest: their first unread messages are
    /// read now.
    pub(super) fn take_unread_requests(
        &mut self,
        truths: &CursorTruths,
        now: Timestamp,
    ) -> Vec<CursorEntry> {
        // Both in the same order, so that none is looked up: there may be ten thousand.
        let mut truths = truths.by_name().peekable();
        let records = self.cursors.iter_mut();
        let mut waiting: Vec<_> = records
            .filter_map(|((id, (stream, partition)), record)| {
                let key = (&**id, &**stream, *partition);
                while truths.next_if(|truth| name_of(truth) < key).is_some() {}
                let truth = truths.next_if(|truth| name_of(truth) == key)?;
                let is_exact = |lag: LagTime| lag.certainty == LagCertainty::Exact;
                let asks = truth.lag? > 0 && !truth.lag_time.is_some_and(is_exact);
                let (offset, known) = (truth.entry.offset, truth.lag_time);
                let since = record.unread.waits_since(offset, known, now);
                Some((since.filter(|_| asks)?, record))
            })
            .collect();
        // Stable: those that wait for as long are asked for by their names.
        waiting.sort_by_key(|(since, _)| *since);
        waiting.truncate(READ_AT_ONCE);
        let ask = |(_, record): (Timestamp, &mut CursorRecord)| {
            record.unread.ask(record.entry.offset, now);
            record.entry.clone()
        };
        waiting.into_iter().map(ask).collect()
    }

    /// Records the ends of the logs that have cursors, where the leader itself reports them.
    pub(super) fn record_log_ends(
        &mut self,
        cluster: &Cluster,
        by: Option<&BrokerId>,
        at: Timestamp,
    ) {
        let Some(by) = by else { return };
        for ((stream, id), log) in &mut self.logs {
            let partition = cluster.partition(stream, *id);
            if let Some(partition) = partition.filter(|p| p.leader.as_ref() == Some(by)) {
                let newest = partition.newest_offset;
                log.record(Sample { at, newest }, partition.received.latest);
            }
        }
        for ((_, (stream, id)), record) in &mut self.cursors {
            let partition = cluster.partition(stream, *id);
            if let Some(partition) = partition.filter(|p| p.leader.as_ref() == Some(by)) {
                let newest = partition.newest_offset;
                record.compare(Sample { at, newest });
            }
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.cursors.is_empty()
    }

    /// All cursors, worst lag first, with those lags dated that are an alarm. `log_end` gives a partition's newest offset and
    /// rate.
    pub(super) fn truths(
        &mut self,
        now: Timestamp,
        alerts: &AlertOptions,
        log_end: impl Fn(&str, PartitionId) -> Option<(Offset, Option<f64>)>,
    ) -> CursorTruths {
        let cursors = self.cursors.iter_mut();
        let truths = cursors
            .map(|((_, partition), record)| {
                let (stream, id) = partition;
                let mut truth = record.truth(log_end(stream, *id), self.logs.get(partition), now);
                truth.lagging = record.lags.update(&truth, alerts, now);
                truth
            })
            .collect();
        CursorTruths::of_ordered(truths)
    }
}

impl CursorRecord {
    fn new(entry: &CursorEntry, known: Option<&KnownCursor>) -> Self {
        Self {
            entry: known.map_or_else(|| entry.clone(), |known| known.entry(entry)),
            offsets: VecDeque::new(),
            there_since: entry.time,
            unread: UnreadMessage::default(),
            trend: LagTrend::default(),
            lags: LagMemory::default(),
            beyond_end_since: None,
            moved_back: known.and_then(|known| known.moved_back),
            set_on: None,
        }
    }

    /// Compares the cursor with where the leader said that the log ends. A view that was taken before the cursor was
    /// read proves nothing.
    fn compare(&mut self, seen: Sample) {
        if self.entry.offset <= seen.newest.saturating_add(1) {
            self.beyond_end_since = None;
            if seen.at >= self.entry.read_at {
                let lag = seen.newest.saturating_sub(self.entry.offset).max(0);
                let read = self.entry.read_at;
                self.trend.record(read, self.entry.offset, lag);
            }
        } else if seen.at > self.entry.read_at {
            self.beyond_end_since.get_or_insert(seen.at);
        }
    }

    fn update(&mut self, entry: &CursorEntry) {
        self.update_move_back(entry);
        if entry.offset != self.entry.offset {
            self.there_since = entry.time;
        }
        if entry.offset < self.entry.offset {
            self.offsets.clear();
            self.unread.forget();
        }
        let is_news = entry.read_at > self.entry.read_at || self.offsets.is_empty();
        self.entry = entry.clone();
        // Where it could not be read again, nobody knows how fast it moves.
        if is_news {
            self.offsets.push_back(Sample {
                at: entry.read_at,
                newest: entry.offset,
            });
        }
        let oldest = entry.read_at.minus(SPEED_WINDOW);
        while self.offsets.get(1).is_some_and(|s| s.at <= oldest) {
            self.offsets.pop_front();
        }
    }

    /// What was stored later moves a cursor; an older one is that of a log which went back, or of a reader that is late.
    fn update_move_back(&mut self, entry: &CursorEntry) {
        let (from, to) = (self.entry.offset, entry.offset);
        let is_overwritten = self.is_overwritten_by(entry);
        let is_between = |one: &SetOn| (one.from..=one.to).contains(&to);
        self.set_on = self.set_on.filter(|one| is_between(one) && !is_overwritten);
        if to < from && entry.time > self.entry.time && !is_overwritten {
            let at = entry.time;
            let furthest = self.moved_back.map_or(from, |one| one.from.max(from));
            self.moved_back = Some(MoveBack {
                from: furthest,
                to,
                at,
            });
        }
        self.moved_back = self.moved_back.filter(|one| to < one.from);
    }

    /// Whether its consumer has stored its own place over one further on, to which somebody has just set it: nothing is read
    /// again by that.
    fn is_overwritten_by(&self, entry: &CursorEntry) -> bool {
        let is_soon = self.there_since.age(entry.time) < OVERWRITTEN_WITHIN;
        self.set_on.is_some_and(|one| {
            is_soon && self.entry.offset == one.to && (one.from..one.to).contains(&entry.offset)
        })
    }

    fn truth(
        &self,
        log_end: Option<(Offset, Option<f64>)>,
        log: Option<&LogEndHistory>,
        now: Timestamp,
    ) -> CursorTruth {
        let newest = log_end.map(|(newest, _)| newest);
        // What a cursor beyond the end has to read, nobody knows.
        let newest_in_reach = newest.filter(|_| self.beyond_end_since.is_none());
        let lag = newest_in_reach.map(|newest| newest.saturating_sub(self.entry.offset).max(0));
        let lag_time = lag.and_then(|lag| {
            let place = (self.entry.offset, lag);
            self.unread.lag_time(place, log, now)
        });
        let speed = self.speed();
        let rate = log_end.and_then(|(_, rate)| rate);
        CursorTruth {
            entry: self.entry.clone(),
            newest_offset: newest,
            beyond_end_since: self.beyond_end_since,
            lag,
            lag_time,
            speed,
            time_to_drain: lag.map_or(DrainTime::Unknown, |lag| self.trend.drain_time(lag, rate)),
            lagging: None,
            stalled_since: self.stalled_since(lag, lag_time, now),
            moved_back: self.moved_back,
        }
    }

    fn speed(&self) -> Option<f64> {
        per_second(*self.offsets.front()?, *self.offsets.back()?)
    }

    /// A cursor is stalled from when it came to its offset, or from when there was something to read after it, if that
    /// was later.
    fn stalled_since(
        &self,
        lag: Option<i64>,
        time: Option<LagTime>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        lag.filter(|lag| *lag > 0)?;
        let readable = now.minus(time?.at_least);
        Some(self.there_since.max(readable))
    }
}

/// What tells a cursor from all others, in the order in which they are kept.
fn name_of(cursor: &CursorTruth) -> (&str, &str, PartitionId) {
    let entry = &cursor.entry;
    (&entry.id, &entry.stream, entry.partition)
}

fn partition_of(entry: &CursorEntry) -> LogKey {
    (StreamName::clone(&entry.stream), entry.partition)
}

#[cfg(test)]
mod tests {
    use super::LagCertainty::{AtLeast, Exact, Recent};
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * SECOND)
    }

    fn sample(seconds: i64, newest: Offset) -> Sample {
        let at = at(seconds);
        Sample { at, newest }
    }

    fn entry(offset: Offset, seconds: i64) -> CursorEntry {
        CursorEntry {
            id: "billing".into(),
            stream: "orders".into(),
            partition: 0,
            offset,
            time: at(seconds),
            read_at: at(seconds),
        }
    }

    /// The message at `offset` behind a cursor at `place`.
    fn unread(place: Offset, offset: Offset, (stored, read): (i64, i64)) -> FirstUnread {
        FirstUnread {
            cursor: entry(place, 100),
            offset,
            stored: at(stored),
            read_at: at(read),
        }
    }

    fn tracker(entries: &[(i64, Offset)], log: &[(i64, Offset)]) -> CursorTracker {
        let mut tracker = CursorTracker::default();
        for &(seconds, offset) in entries {
            tracker.record(&[entry(offset, seconds)]);
        }
        for &(seconds, newest) in log {
            for log in tracker.logs.values_mut() {
                log.record(sample(seconds, newest), Timestamp::NEVER);
            }
        }
        tracker
    }

    fn only(tracker: &CursorTracker, now: i64, newest: Offset, rate: f64) -> CursorTruth {
        let alerts = AlertOptions::default();
        let mut tracker = tracker.clone();
        let log_end = |_: &str, _| Some((newest, Some(rate)));
        tracker.truths(at(now), &alerts, log_end)[0].clone()
    }

    fn lag_time(seconds: u64, certainty: LagCertainty) -> LagTime {
        LagTime {
            at_least: Duration::from_secs(seconds),
            certainty,
        }
    }

    #[test]
    fn lag_in_time_counts_from_when_the_log_passed_the_cursor() {
        let tracker = tracker(&[(100, 10)], &[(100, 8), (102, 10), (104, 15), (106, 20)]);
        let truth = only(&tracker, 110, 20, 1.0);
        assert_eq!(truth.lag, Some(10));
        assert_eq!(truth.lag_time, Some(lag_time(6, Exact)));
    }

    #[test]
    fn a_log_that_was_past_the_cursor_when_first_seen_gives_a_lower_bound() {
        let tracker = tracker(&[(100, 10)], &[(100, 50), (102, 60)]);
        assert_eq!(
            only(&tracker, 110, 60, 1.0).lag_time,
            Some(lag_time(10, AtLeast))
        );
    }

    #[test]
    fn an_unread_message_that_was_fetched_tells_the_lag_at_once() {
        let mut tracker = tracker(&[(100, 10)], &[(100, 50)]);
        tracker.record_unread(&unread(10, 11, (40, 100)));
        let known = |tracker: &CursorTracker, now| only(tracker, now, 50, 1.0).lag_time;
        assert_eq!(known(&tracker, 100), Some(lag_time(60, Exact)));
        // As long as before, until it is read again.
        tracker.record(&[entry(30, 102)]);
        assert_eq!(known(&tracker, 102), Some(lag_time(60, Recent)));
        assert_eq!(known(&tracker, 131), Some(lag_time(31, AtLeast)));
        tracker.record_unread(&unread(30, 31, (70, 102)));
        assert_eq!(known(&tracker, 102), Some(lag_time(32, Exact)));
        // It jumped to where little is unread: that may be new.
        tracker.record(&[entry(48, 104)]);
        assert_eq!(known(&tracker, 104), Some(lag_time(4, AtLeast)));
    }

    #[test]
    fn the_first_unread_messages_are_asked_for_by_turns_and_not_again_and_again() {
        let cursor = |number: i64, offset, seconds| CursorEntry {
            id: format!("billing-{number:02}").into(),
            ..entry(offset, seconds)
        };
        let mut tracker = CursorTracker::default();
        let ask = |tracker: &mut CursorTracker, offset, now: i64| {
            let entries: Vec<_> = (0..40).map(|one| cursor(one, offset, now)).collect();
            tracker.record(&entries);
            for log in tracker.logs.values_mut() {
                log.record(sample(now, 1_000 + now), Timestamp::NEVER);
            }
            let alerts = AlertOptions::default();
            let truths = tracker.truths(at(now), &alerts, |_, _| Some((1_000 + now, None)));
            let asked = tracker.take_unread_requests(&truths, at(now));
            asked
                .iter()
                .map(|one| one.id.to_string())
                .collect::<Vec<_>>()
        };
        let name = |one: i64| format!("billing-{one:02}");
        let names = |range: std::ops::Range<i64>| range.map(name).collect::<Vec<_>>();
        assert_eq!(ask(&mut tracker, 10, 100), names(0..16));
        assert_eq!(ask(&mut tracker, 10, 101), names(16..32));
        assert_eq!(ask(&mut tracker, 10, 102), names(32..40));
        assert!(ask(&mut tracker, 10, 103).is_empty());
        // At another place they are asked for at once, what is about right after a while.
        for one in 0..40 {
            tracker.record_unread(&FirstUnread {
                cursor: cursor(one, 10, 100),
                ..unread(10, 11, (50, 103))
            });
        }
        assert!(ask(&mut tracker, 12, 104).is_empty());
        assert_eq!(ask(&mut tracker, 12, 106), names(0..16));
    }

    #[test]
    fn a_cursor_at_the_end_has_no_lag() {
        let tracker = tracker(&[(100, 20)], &[(100, 20)]);
        let truth = only(&tracker, 200, 20, 5.0);
        assert_eq!(
            (truth.lag, truth.lag_time),
            (Some(0), Some(lag_time(0, Exact)))
        );
        assert_eq!(
            (truth.time_to_drain, truth.stalled_since),
            (DrainTime::Within(Duration::ZERO), None)
        );
    }

    #[test]
    fn a_cursor_with_something_to_read_is_stalled_from_when_it_could_have_moved() {
        let idle_then_busy = tracker(&[(10, 20), (100, 20)], &[(10, 20), (90, 21)]);
        assert_eq!(
            only(&idle_then_busy, 100, 21, 0.0).stalled_since,
            Some(at(90))
        );
        let stuck = tracker(&[(10, 5), (100, 5)], &[(8, 4), (9, 21)]);
        assert_eq!(only(&stuck, 100, 21, 0.0).stalled_since, Some(at(10)));
    }

    #[test]
    fn a_log_that_goes_back_begins_a_new_history() {
        let tracker = tracker(&[(100, 10)], &[(90, 50), (95, 5), (99, 12)]);
        assert_eq!(
            only(&tracker, 100, 12, 0.0).lag_time,
            Some(lag_time(1, Exact))
        );
    }

    #[test]
    fn a_cursor_that_was_moved_back_says_so_until_it_is_where_it_was() {
        let moved = |entries: &[(i64, Offset)]| {
            let tracker = tracker(entries, &[(1, 2_000)]);
            only(&tracker, 400, 2_000, 0.0).moved_back
        };
        let back = |from, to, seconds| {
            let at = at(seconds);
            Some(MoveBack { from, to, at })
        };
        assert_eq!(moved(&[(100, 900), (160, 100)]), back(900, 100, 160));
        assert_eq!(
            moved(&[(100, 900), (160, 100), (170, 500)]),
            back(900, 100, 160)
        );
        assert_eq!(
            moved(&[(100, 900), (160, 100), (170, 500), (180, 40)]),
            back(900, 40, 180)
        );
        assert_eq!(moved(&[(100, 900), (160, 100), (170, 900)]), None);
        assert_eq!(moved(&[(100, 900), (160, 901)]), None);
        // What is older than what was read is no move.
        let mut late = tracker(&[(100, 900)], &[(1, 2_000)]);
        late.record(&[CursorEntry {
            read_at: at(110),
            ..entry(100, 90)
        }]);
        assert_eq!(only(&late, 110, 2_000, 0.0).moved_back, None);
    }

    #[test]
    fn a_place_that_its_consumer_stores_over_one_set_further_on_is_no_move_back() {
        let stream = "orders".into();
        let moved = |later: &[(i64, Offset)]| {
            let mut tracker = tracker(&[(100, 900)], &[(1, 2_000)]);
            tracker.record_set("billing", (&stream, 0), 1_500);
            for &(seconds, offset) in later {
                tracker.record(&[entry(offset, seconds)]);
            }
            let back = only(&tracker, 400, 2_000, 0.0).moved_back;
            back.map(|back| (back.from, back.to))
        };
        assert_eq!(moved(&[(110, 1_500), (115, 905)]), None);
        assert_eq!(
            moved(&[(110, 1_500), (115, 905), (120, 700)]),
            Some((905, 700))
        );
        assert_eq!(moved(&[(110, 1_500), (115, 800)]), Some((1_500, 800)));
        assert_eq!(
            moved(&[(110, 1_500), (115, 1_510), (120, 905)]),
            Some((1_510, 905))
        );
        assert_eq!(moved(&[(110, 1_500), (200, 905)]), Some((1_500, 905)));
    }

    #[test]
    fn a_cursor_that_is_gone_is_forgotten() {
        let mut tracker = tracker(&[(100, 10)], &[]);
        tracker.record(&[]);
        let alerts = AlertOptions::default();
        assert!(tracker.truths(at(101), &alerts, |_, _| None).is_empty());
        assert!(tracker.logs.is_empty());
    }
}
