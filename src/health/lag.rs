//! How far cursors lag, in messages and in time, whether they move, and when they will have caught up.
//! Rates of logs are `rates`' matter; whether a lag is an alarm, `rules`'.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::rates::{Sample, float, per_second};
use super::{CursorTruth, LagTime};
use crate::model::{CursorEntry, Offset, PartitionId, StreamName, Timestamp};

/// Growth of a log that is remembered; the older half is thinned out when there is more.
const TRAIL_LENGTH: usize = 512;
/// A cursor's speed is the mean over so much time: consumers store theirs every few seconds.
const SPEED_WINDOW: Duration = Duration::from_secs(60);

/// A partition of a stream.
pub(super) type Place = (StreamName, PartitionId);
/// A cursor: its id and what it reads.
type Key = (String, Place);

/// Where a log ended when: a sample for each time that it was seen grown, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail {
    samples: VecDeque<Sample>,
}

impl Trail {
    /// Takes what the leader says. `received`: when it received the newest message, where it knows.
    pub(super) fn take(&mut self, seen: Sample, received: Timestamp) {
        let last = self.samples.back().copied();
        match last {
            Some(last) if seen.newest == last.newest => return,
            Some(last) if seen.newest < last.newest => self.samples.clear(),
            _ => {}
        }
        let later = last.is_none_or(|last| received > last.at);
        let known = received.is_set() && later && received < seen.at;
        let at = if known { received } else { seen.at };
        self.samples.push_back(Sample { at, ..seen });
        if self.samples.len() > TRAIL_LENGTH {
            self.thin();
        }
    }

    /// How long ago the first message after `offset` was stored. Exact to a poll's interval where the log was watched
    /// while it passed that offset; otherwise that message was there when the log was first seen.
    fn since_passed(&self, offset: Offset, now: Timestamp) -> Option<LagTime> {
        let first = self
            .samples
            .partition_point(|sample| sample.newest <= offset);
        Some(LagTime {
            at_least: self.samples.get(first)?.at.age(now),
            bounded: first > 0,
        })
    }

    /// Drops every second sample of the older half: the far past may be coarse.
    fn thin(&mut self) {
        let half = self.samples.len() / 2;
        let mut at = 0;
        self.samples.retain(|_| {
            at += 1;
            at > half || at % 2 == 1
        });
    }
}

/// All cursors, and the trails of the partitions that they read.
#[derive(Debug, Default)]
pub(super) struct CursorBook {
    cursors: BTreeMap<Key, Watched>,
    trails: BTreeMap<Place, Trail>,
}

/// One cursor as it was seen so far.
#[derive(Debug)]
struct Watched {
    entry: CursorEntry,
    seen: VecDeque<Sample>,
    /// Since when it stands where it stands.
    there_since: Timestamp,
    /// The first unread message, where somebody has fetched it: its offset, and when it was stored.
    unread: Option<(Offset, Timestamp)>,
}

impl CursorBook {
    /// Takes all cursors as they were read at `now`; those that are not among them are gone.
    pub(super) fn take(&mut self, entries: &[CursorEntry], now: Timestamp) {
        let mut old = std::mem::take(&mut self.cursors);
        for entry in entries {
            let key = (entry.id.clone(), place(entry));
            let mut watched = old.remove(&key).unwrap_or_else(|| Watched::new(entry));
            watched.take(entry, now);
            self.cursors.insert(key, watched);
        }
        self.keep_trails();
    }

    /// Takes the first message that a cursor has not read: when it was stored tells the lag in time at once.
    pub(super) fn unread(&mut self, cursor: &CursorEntry, offset: Offset, stored: Timestamp) {
        let key = (cursor.id.clone(), place(cursor));
        if let Some(watched) = self.cursors.get_mut(&key) {
            watched.unread = Some((offset, stored));
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.cursors.is_empty()
    }

    /// The trails of the partitions that have cursors.
    pub(super) fn trails(&mut self) -> impl Iterator<Item = (&Place, &mut Trail)> {
        self.trails.iter_mut()
    }

    /// All cursors, worst lag first. `log` tells a partition's newest offset and rate.
    pub(super) fn truths(
        &self,
        now: Timestamp,
        log: impl Fn(&str, PartitionId) -> Option<(Offset, Option<f64>)>,
    ) -> Vec<CursorTruth> {
        let mut truths: Vec<CursorTruth> = self
            .cursors
            .values()
            .map(|watched| {
                let entry = &watched.entry;
                let log = log(&entry.stream, entry.partition);
                watched.truth(log, self.trails.get(&place(entry)), now)
            })
            .collect();
        truths.sort_by_key(|truth| std::cmp::Reverse(truth.lag));
        truths
    }

    fn keep_trails(&mut self) {
        let mut old = std::mem::take(&mut self.trails);
        for watched in self.cursors.values() {
            let place = place(&watched.entry);
            let trail = old.remove(&place).unwrap_or_default();
            self.trails.entry(place).or_insert(trail);
        }
    }
}

impl Watched {
    fn new(entry: &CursorEntry) -> Self {
        Self {
            entry: entry.clone(),
            seen: VecDeque::new(),
            there_since: entry.time,
            unread: None,
        }
    }

    fn take(&mut self, entry: &CursorEntry, now: Timestamp) {
        if entry.offset != self.entry.offset {
            self.there_since = entry.time;
            self.unread = self.unread.filter(|(offset, _)| *offset > entry.offset);
        }
        if entry.offset < self.entry.offset {
            self.seen.clear();
        }
        self.entry = entry.clone();
        self.seen.push_back(Sample {
            at: now,
            newest: entry.offset,
        });
        let oldest = now.minus(SPEED_WINDOW);
        while self.seen.get(1).is_some_and(|sample| sample.at <= oldest) {
            self.seen.pop_front();
        }
    }

    fn truth(
        &self,
        log: Option<(Offset, Option<f64>)>,
        trail: Option<&Trail>,
        now: Timestamp,
    ) -> CursorTruth {
        let newest = log.map(|(newest, _)| newest);
        let lag = newest.map(|newest| newest.saturating_sub(self.entry.offset).max(0));
        let lag_time = lag.and_then(|lag| self.lag_time(lag, trail, now));
        let speed = self.speed();
        CursorTruth {
            entry: self.entry.clone(),
            newest_offset: newest,
            lag,
            lag_time,
            speed,
            drain: drain(lag, speed, log.and_then(|(_, rate)| rate)),
            still_since: self.still_since(lag, lag_time, now),
        }
    }

    fn lag_time(&self, lag: i64, trail: Option<&Trail>, now: Timestamp) -> Option<LagTime> {
        if lag == 0 {
            return Some(LagTime {
                at_least: Duration::ZERO,
                bounded: true,
            });
        }
        if let Some((_, stored)) = self.unread {
            return Some(LagTime {
                at_least: stored.age(now),
                bounded: true,
            });
        }
        trail?.since_passed(self.entry.offset, now)
    }

    fn speed(&self) -> Option<f64> {
        per_second(*self.seen.front()?, *self.seen.back()?)
    }

    /// It stands still from when it came there, or from when there was something to read after it, if that was later.
    fn still_since(
        &self,
        lag: Option<i64>,
        time: Option<LagTime>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let waits = lag.is_some_and(|lag| lag > 0);
        let readable = now.minus(time.filter(|_| waits)?.at_least);
        Some(self.there_since.max(readable))
    }
}

fn place(entry: &CursorEntry) -> Place {
    (StreamName::clone(&entry.stream), entry.partition)
}

/// When a lag will be gone: it shrinks by what the cursor reads less what comes in.
fn drain(lag: Option<i64>, speed: Option<f64>, rate: Option<f64>) -> Option<Duration> {
    let lag = lag?;
    if lag == 0 {
        return Some(Duration::ZERO);
    }
    let gain = speed? - rate?;
    (gain > 0.0)
        .then(|| Duration::try_from_secs_f64(float(lag) / gain).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
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
        }
    }

    fn book(entries: &[(i64, Offset)], log: &[(i64, Offset)]) -> CursorBook {
        let mut book = CursorBook::default();
        for &(seconds, offset) in entries {
            book.take(&[entry(offset, seconds)], at(seconds));
        }
        for &(seconds, newest) in log {
            for (_, trail) in book.trails() {
                trail.take(sample(seconds, newest), Timestamp::NEVER);
            }
        }
        book
    }

    fn only(book: &CursorBook, now: i64, newest: Offset, rate: f64) -> CursorTruth {
        book.truths(at(now), |_, _| Some((newest, Some(rate))))
            .remove(0)
    }

    fn lag_time(seconds: u64, bounded: bool) -> LagTime {
        LagTime {
            at_least: Duration::from_secs(seconds),
            bounded,
        }
    }

    #[test]
    fn lag_in_time_counts_from_when_the_log_passed_the_cursor() {
        let book = book(&[(100, 10)], &[(100, 8), (102, 10), (104, 15), (106, 20)]);
        let truth = only(&book, 110, 20, 1.0);
        assert_eq!(truth.lag, Some(10));
        assert_eq!(truth.lag_time, Some(lag_time(6, true)));
    }

    #[test]
    fn a_log_that_was_past_the_cursor_when_first_seen_gives_a_lower_bound() {
        let book = book(&[(100, 10)], &[(100, 50), (102, 60)]);
        assert_eq!(
            only(&book, 110, 60, 1.0).lag_time,
            Some(lag_time(10, false))
        );
    }

    #[test]
    fn an_unread_message_that_was_fetched_tells_the_lag_at_once() {
        let mut book = book(&[(100, 10)], &[(100, 50)]);
        book.unread(&entry(10, 100), 11, at(40));
        assert_eq!(only(&book, 100, 50, 1.0).lag_time, Some(lag_time(60, true)));
        book.take(&[entry(30, 102)], at(102));
        assert_eq!(only(&book, 102, 50, 1.0).lag_time, Some(lag_time(2, false)));
    }

    #[test]
    fn a_message_received_long_ago_lags_since_then_and_not_since_it_was_seen() {
        let mut trail = Trail::default();
        trail.take(sample(100, 12), at(30));
        assert_eq!(trail.since_passed(11, at(101)), Some(lag_time(71, false)));
    }

    #[test]
    fn a_cursor_at_the_end_has_no_lag() {
        let book = book(&[(100, 20)], &[(100, 20)]);
        let truth = only(&book, 200, 20, 5.0);
        assert_eq!(
            (truth.lag, truth.lag_time),
            (Some(0), Some(lag_time(0, true)))
        );
        assert_eq!(
            (truth.drain, truth.still_since),
            (Some(Duration::ZERO), None)
        );
    }

    #[test]
    fn drain_is_known_only_where_the_cursor_gains_on_the_log() {
        let book = book(&[(100, 0), (110, 100)], &[(100, 500)]);
        let truth = only(&book, 110, 500, 5.0);
        assert_eq!(truth.speed, Some(10.0));
        assert_eq!(truth.drain, Some(Duration::from_secs(80)));
        assert_eq!(only(&book, 110, 500, 10.0).drain, None);
    }

    #[test]
    fn a_cursor_with_something_to_read_stands_still_from_when_it_could_have_moved() {
        let idle_then_busy = book(&[(10, 20), (100, 20)], &[(10, 20), (90, 21)]);
        assert_eq!(
            only(&idle_then_busy, 100, 21, 0.0).still_since,
            Some(at(90))
        );
        let stuck = book(&[(10, 5), (100, 5)], &[(8, 4), (9, 21)]);
        assert_eq!(only(&stuck, 100, 21, 0.0).still_since, Some(at(10)));
    }

    #[test]
    fn a_log_that_goes_back_begins_a_new_trail() {
        let book = book(&[(100, 10)], &[(90, 50), (95, 5), (99, 12)]);
        assert_eq!(only(&book, 100, 12, 0.0).lag_time, Some(lag_time(1, true)));
    }

    #[test]
    fn a_long_trail_is_thinned_and_stays_in_order() {
        let mut trail = Trail::default();
        for step in 0..5_000 {
            trail.take(sample(step, step), Timestamp::NEVER);
        }
        assert!(trail.samples.len() <= TRAIL_LENGTH);
        let lag = trail.since_passed(4_990, at(5_000)).unwrap();
        assert_eq!(lag.at_least, Duration::from_secs(9));
        let sorted = trail.samples.iter().is_sorted_by_key(|s| (s.at, s.newest));
        assert!(sorted);
    }

    #[test]
    fn a_cursor_that_is_gone_is_forgotten() {
        let mut book = book(&[(100, 10)], &[]);
        book.take(&[], at(101));
        assert!(book.truths(at(101), |_, _| None).is_empty());
        assert_eq!(book.trails().count(), 0);
    }
}
