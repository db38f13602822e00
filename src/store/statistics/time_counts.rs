//! How many messages were stored when, in bounded memory: fine intervals, and coarser ones where there would be too many.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Timestamp, Zone};

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How fine times are kept. Hours and days of every zone begin at a quarter of an hour of UTC.
const KEPT: [i64; 6] = [SECOND, 10 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, DAY];
/// Intervals that are kept at most.
const MOST_KEPT: usize = 50_000;

/// Intervals that are shown, in nanoseconds.
const SHOWN: [i64; 15] = [
    SECOND,
    5 * SECOND,
    10 * SECOND,
    30 * SECOND,
    MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    7 * DAY,
    30 * DAY,
];

/// Messages of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntervalCount {
    /// When it begins.
    pub start: Timestamp,
    /// Messages stored in it.
    pub messages: u64,
    /// Bytes of these messages.
    pub bytes: u64,
}

/// Counts by time.
#[derive(Debug, Default)]
pub(super) struct TimeCounts {
    counts: BTreeMap<i64, (u64, u64)>,
    /// Which of [`KEPT`] is the interval.
    fineness: usize,
}

impl TimeCounts {
    /// Counts a message of so many bytes.
    pub(super) fn add(&mut self, at: Timestamp, bytes: u64) {
        let start = floor(at.0, self.kept());
        let count = self.counts.entry(start).or_default();
        count.0 += 1;
        count.1 += bytes;
        while self.counts.len() > MOST_KEPT && self.fineness + 1 < KEPT.len() {
            self.fineness += 1;
            let kept = self.kept();
            for (start, fine) in std::mem::take(&mut self.counts) {
                let count = self.counts.entry(floor(start, kept)).or_default();
                *count = (count.0 + fine.0, count.1 + fine.1);
            }
        }
        if self.counts.len() > MOST_KEPT {
            // Days of more than a century: a clock that was wrong. The oldest two become one.
            if let (Some((_, old)), Some(mut next)) =
                (self.counts.pop_first(), self.counts.first_entry())
            {
                let count = next.get_mut();
                *count = (count.0 + old.0, count.1 + old.1);
            }
        }
    }

    fn kept(&self) -> i64 {
        KEPT.get(self.fineness).copied().unwrap_or(DAY)
    }

    /// The counts in intervals that begin where those of the zone do: as long as asked for, or so long that there are no more than
    /// `rows`. Intervals without a message are there too where all fit, so that a gap shows. Returns how long one is.
    pub(super) fn intervals(
        &self,
        zone: &Zone,
        every: Option<Duration>,
        rows: usize,
    ) -> (Duration, Vec<IntervalCount>) {
        let (Some((first, _)), Some((last, _))) =
            (self.counts.first_key_value(), self.counts.last_key_value())
        else {
            return (Duration::ZERO, Vec::new());
        };
        let range = last.saturating_sub(*first);
        let most = i64::try_from(rows.max(2)).unwrap_or(i64::MAX);
        let fits = |interval: &&i64| range / **interval < most - 1;
        let suited = SHOWN.iter().find(fits).or(SHOWN.last());
        let asked = every.map(|every| i64::try_from(every.as_nanos()).unwrap_or(i64::MAX));
        let interval = asked.or(suited.copied()).unwrap_or(DAY).max(1);
        // What is kept together cannot be told apart again.
        let kept = self.kept();
        let interval = ((interval - 1) / kept * kept).saturating_add(kept);
        let mut shown: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
        if range / interval <= most {
            let steps = (0..=range / interval).map(|step| first + step * interval);
            shown.extend(steps.map(|at| (local_floor(at, interval, zone), (0, 0))));
        }
        for (start, (messages, bytes)) in &self.counts {
            let count = shown
                .entry(local_floor(*start, interval, zone))
                .or_default();
            *count = (count.0 + messages, count.1 + bytes);
        }
        let counts = shown
            .into_iter()
            .map(|(start, (messages, bytes))| IntervalCount {
                start: Timestamp(start),
                messages,
                bytes,
            });
        (
            Duration::from_nanos(u64::try_from(interval).unwrap_or(0)),
            counts.collect(),
        )
    }
}

fn floor(at: i64, interval: i64) -> i64 {
    at.saturating_sub(at.rem_euclid(interval.max(1)))
}

/// Where the interval begins that holds that time, by the clocks of the zone.
fn local_floor(at: i64, interval: i64, zone: &Zone) -> i64 {
    let offset = |at| zone.offset_nanoseconds(Timestamp(at));
    let local = floor(at.saturating_add(offset(at)), interval);
    // The clocks may have changed since it began.
    local.saturating_sub(offset(local.saturating_sub(offset(at))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(times: &[i64]) -> TimeCounts {
        let mut counts = TimeCounts::default();
        for at in times {
            counts.add(Timestamp(*at), 2);
        }
        counts
    }

    fn rows_of(counts: &TimeCounts, zone: &str, every: Option<u64>) -> Vec<(String, u64)> {
        let zone: Zone = zone.parse().unwrap();
        let every = every.map(Duration::from_secs);
        let (_, intervals) = counts.intervals(&zone, every, 24);
        let text = |count: &IntervalCount| (count.start.to_utc_text(), count.messages);
        intervals.iter().map(text).collect()
    }

    #[test]
    fn an_interval_suits_the_range_and_empty_ones_show() {
        let start = 1_750_000_000 * SECOND;
        let two_hours = counts(&[start, start + MINUTE, start + 2 * HOUR]);
        let (length, rows) = two_hours.intervals(&Zone::Utc, None, 24);
        assert_eq!(length, Duration::from_secs(600));
        assert_eq!(rows.len(), 13);
        assert_eq!(rows.iter().map(|row| row.messages).sum::<u64>(), 3);
        assert_eq!(rows.iter().filter(|row| row.messages == 0).count(), 11);
        assert_eq!(counts(&[]).intervals(&Zone::Utc, None, 24).1, []);
    }

    #[test]
    fn hours_and_days_begin_where_those_of_the_zone_do() {
        // 2025-06-15 15:06:40 UTC, which is 20:36:40 in Kolkata.
        let at = 1_750_000_000 * SECOND;
        let one = counts(&[at]);
        let hour = rows_of(&one, "Asia/Kolkata", Some(3_600));
        assert!(hour[0].0.contains("14:30:00"), "{hour:?}");
        let day = rows_of(&one, "Asia/Kolkata", Some(86_400));
        assert!(
            day[0].0.contains("2025-06-14") && day[0].0.contains("18:30:00"),
            "{day:?}"
        );
    }

    #[test]
    fn a_day_on_which_clocks_change_is_one() {
        // 2025-03-30 in Berlin: 01:00 and 10:00, between which it became an hour later.
        let morning = 1_743_289_200 * SECOND;
        let day = rows_of(
            &counts(&[morning + HOUR, morning + 9 * HOUR]),
            "Europe/Berlin",
            Some(86_400),
        );
        assert_eq!(day.len(), 1, "{day:?}");
        assert!(day[0].0.contains("2025-03-29 23:00:00"), "{day:?}");
        assert_eq!(day[0].1, 2);
        // 2025-10-26, when it became an hour earlier.
        let night = 1_761_429_600 * SECOND;
        let day = rows_of(
            &counts(&[night, night + 2 * HOUR, night + 24 * HOUR]),
            "Europe/Berlin",
            Some(86_400),
        );
        assert_eq!(day.len(), 1, "{day:?}");
        assert_eq!(day[0].1, 3);
    }

    #[test]
    fn an_interval_that_is_asked_for_is_a_multiple_of_what_is_kept() {
        let mut all = TimeCounts::default();
        for number in 0..60_000 {
            all.add(Timestamp(number * SECOND), 1);
        }
        let every = Duration::from_secs(15);
        let (length, rows) = all.intervals(&Zone::Utc, Some(every), 24);
        assert_eq!(length, Duration::from_secs(20));
        assert!(rows.iter().all(|row| row.messages == 20), "{rows:?}");
        let endless = Duration::MAX;
        let (_, rows) = all.intervals(&Zone::Utc, Some(endless), 24);
        assert_eq!(rows.iter().map(|row| row.messages).sum::<u64>(), 60_000);
    }

    #[test]
    fn many_times_become_coarser_and_none_is_lost() {
        let mut all = TimeCounts::default();
        for number in 0..200_000 {
            all.add(Timestamp(number * 7 * SECOND), 1);
        }
        assert!(all.counts.len() <= MOST_KEPT);
        let (_, rows) = all.intervals(&Zone::Utc, None, 24);
        assert_eq!(rows.iter().map(|row| row.messages).sum::<u64>(), 200_000);
        assert!(rows.len() <= 25, "{}", rows.len());
    }
}
