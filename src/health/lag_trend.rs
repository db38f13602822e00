//! Whether a cursor's lag shrinks, grows or stays, and when it will be gone: the trend of the last minute, not the difference
//! of two readings. Consumers store their cursors now and then, so that a lag goes up and down where nothing changes.

use std::collections::VecDeque;
use std::time::Duration;

use super::DrainTime;
use super::rates::float;
use crate::model::{Offset, Timestamp};

/// The trend is that of so much time.
const WINDOW: Duration = Duration::from_secs(60);
/// Before so much was seen, nothing is said.
const SHORTEST: Duration = Duration::from_secs(10);
/// What shows no trend in so much time has none.
const LONG_ENOUGH: Duration = Duration::from_secs(30);
/// Times of cursors and of the ends of logs are known to so much: a lag that changed by less may not have changed.
const INEXACT: f64 = 2.0;
/// So many readings at least make a trend.
const FEWEST: usize = 3;

/// What was seen once.
#[derive(Clone, Copy, Debug)]
struct LagSample {
    at: Timestamp,
    offset: Offset,
    lag: i64,
}

/// The lags of one cursor, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct LagTrend {
    samples: VecDeque<LagSample>,
}

/// A line through the lags.
struct TrendLine {
    /// By how many messages a second the lag grows.
    slope: f64,
    /// How far from the line the farthest lag is.
    farthest: f64,
}

impl LagTrend {
    /// At that time the cursor stood at `offset` and lagged so many messages.
    pub(super) fn record(&mut self, at: Timestamp, offset: Offset, lag: i64) {
        match self.samples.back() {
            Some(last) if at <= last.at => return,
            // It was moved back, or what it reads was.
            Some(last) if offset < last.offset => self.samples.clear(),
            _ => {}
        }
        self.samples.push_back(LagSample { at, offset, lag });
        let oldest = at.minus(WINDOW);
        while self.samples.get(1).is_some_and(|s| s.at <= oldest) {
            self.samples.pop_front();
        }
    }

    /// When a lag of so many messages will be gone. `rate`: messages a second that are stored.
    pub(super) fn drain_time(&self, lag: i64, rate: Option<f64>) -> DrainTime {
        if lag == 0 {
            return DrainTime::Within(Duration::ZERO);
        }
        let (Some(first), Some(last)) = (self.samples.front(), self.samples.back()) else {
            return DrainTime::Unknown;
        };
        let span = first.at.age(last.at);
        if self.samples.len() < FEWEST || span < SHORTEST {
            return DrainTime::Unknown;
        }
        if first.offset == last.offset {
            return DrainTime::Never;
        }
        let line = self.line(first.at);
        let change = line.slope * span.as_secs_f64();
        let noise = line.farthest.max(rate.unwrap_or(0.0) * INEXACT);
        if change.abs() <= 2.0 * noise {
            return if span < LONG_ENOUGH {
                DrainTime::Unknown
            } else {
                DrainTime::Steady
            };
        }
        if change > 0.0 {
            return DrainTime::Never;
        }
        let time = Duration::try_from_secs_f64(float(lag) / -line.slope);
        time.map_or(DrainTime::Never, DrainTime::Within)
    }

    /// The line of least squares.
    fn line(&self, begin: Timestamp) -> TrendLine {
        let points = self.samples.iter();
        let points = points.map(|one| (begin.age(one.at).as_secs_f64(), float(one.lag)));
        let count = points.clone().map(|_| 1.0).sum::<f64>();
        let mean = |sum: f64| sum / count;
        let mid = mean(points.clone().map(|(x, _)| x).sum());
        let level = mean(points.clone().map(|(_, y)| y).sum());
        let spread: f64 = points.clone().map(|(x, _)| (x - mid).powi(2)).sum();
        let together: f64 = points.clone().map(|(x, y)| (x - mid) * (y - level)).sum();
        let slope = if spread > 0.0 { together / spread } else { 0.0 };
        let far = points.map(|(x, y)| (y - level - slope * (x - mid)).abs());
        TrendLine {
            slope,
            farthest: far.fold(0.0, f64::max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lag each second: the log grows by `rate`, the consumer reads `speed` and stores that every `every` seconds.
    fn seen(seconds: i64, begin: i64, (rate, speed, every): (i64, i64, i64)) -> LagTrend {
        let mut trend = LagTrend::default();
        for second in 0..=seconds {
            let stored = (second / every) * every * speed;
            let lag = begin + second * rate - stored;
            trend.record(Timestamp(second * 1_000_000_000), stored, lag);
        }
        trend
    }

    fn drain(trend: &LagTrend, lag: i64, rate: f64) -> DrainTime {
        trend.drain_time(lag, Some(rate))
    }

    #[test]
    fn a_backlog_that_shrinks_is_gone_at_that_speed() {
        let trend = seen(20, 10_000, (10, 110, 1));
        assert_eq!(
            drain(&trend, 8_000, 10.0),
            DrainTime::Within(Duration::from_secs(80))
        );
        // Stored every five seconds, it is the same to a tenth.
        let DrainTime::Within(time) = drain(&seen(60, 10_000, (10, 110, 5)), 4_000, 10.0) else {
            panic!("it shrinks");
        };
        assert!((36..=44).contains(&time.as_secs()), "{time:?}");
    }

    #[test]
    fn one_that_keeps_up_is_steady_whenever_it_stores_its_cursor() {
        for every in [1, 2, 5, 10] {
            for seconds in 30..90 {
                let trend = seen(seconds, 4, (3, 3, every));
                assert_eq!(
                    drain(&trend, 4, 3.0),
                    DrainTime::Steady,
                    "{seconds} {every}"
                );
            }
        }
    }

    #[test]
    fn one_that_falls_behind_or_stands_never_gets_there() {
        assert_eq!(
            drain(&seen(30, 300, (20, 12, 1)), 540, 20.0),
            DrainTime::Never
        );
        assert_eq!(drain(&seen(12, 300, (0, 0, 1)), 300, 0.0), DrainTime::Never);
    }

    #[test]
    fn nothing_is_said_of_the_first_seconds() {
        for seconds in 0..10 {
            let trend = seen(seconds, 300, (20, 12, 1));
            assert_eq!(drain(&trend, 300, 20.0), DrainTime::Unknown);
        }
    }

    #[test]
    fn one_that_was_moved_back_begins_anew() {
        let mut trend = seen(60, 300, (20, 12, 1));
        trend.record(Timestamp(61_000_000_000), 0, 2_000);
        assert_eq!(drain(&trend, 2_000, 20.0), DrainTime::Unknown);
    }
}
