//! How fast a log grows: rates from successive newest offsets, and the rings of rates that sparklines draw.
//! Times come with the samples; nothing here asks a clock.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{BrokerId, Offset, Timestamp};

/// A rate is the mean over so much time, so that it does not jump from poll to poll.
const WINDOW: Duration = Duration::from_secs(10);
/// Samples closer together tell more about the network than about the log.
const SHORTEST: Duration = Duration::from_millis(500);
/// Probes may come more often than views: no more samples than these are kept.
const MOST: usize = 12;

/// Where a log ended, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// When the broker read its log, as nearly as that can be known.
    pub(super) at: Timestamp,
    /// The newest offset then.
    pub(super) newest: Offset,
}

/// The last samples of one partition from one broker: another broker's log is another log.
#[derive(Clone, Debug, Default)]
pub(super) struct RateWindow {
    source: Option<BrokerId>,
    samples: VecDeque<Sample>,
}

impl RateWindow {
    /// Records where the log of `source` ends. Returns whether the rate changed.
    ///
    /// An offset that goes back, or another source, begins anew: the rate is unknown then, never negative.
    pub(super) fn record(&mut self, source: &BrokerId, sample: Sample) -> bool {
        let before = self.rate();
        if self.source.as_ref() != Some(source) {
            self.source = Some(BrokerId::clone(source));
            self.samples.clear();
        }
        match self.samples.back() {
            Some(last) if sample.at <= last.at => return false,
            Some(last) if sample.newest < last.newest => self.samples.clear(),
            _ => {}
        }
        self.samples.push_back(sample);
        self.drop_old(sample.at);
        self.rate() != before
    }

    /// Messages a second of that source; `None` until there are two samples some time apart.
    pub(super) fn rate_of(&self, source: &BrokerId) -> Option<f64> {
        (self.source.as_ref() == Some(source))
            .then(|| self.rate())
            .flatten()
    }

    /// Where the log ended at that time at least; `None` where the first sample is later.
    pub(super) fn newest_by(&self, at: Timestamp) -> Option<Offset> {
        let found = self.samples.iter().rfind(|sample| sample.at <= at);
        found.map(|sample| sample.newest)
    }

    fn rate(&self) -> Option<f64> {
        let (first, last) = (self.samples.front()?, self.samples.back()?);
        per_second(*first, *last)
    }

    /// Keeps one sample older than the window, so that a mean over a whole window is known.
    fn drop_old(&mut self, now: Timestamp) {
        let oldest = now.minus(WINDOW);
        while self.samples.len() > MOST || self.samples.get(1).is_some_and(|s| s.at <= oldest) {
            self.samples.pop_front();
        }
    }
}

/// Offsets a second from one sample to a later one; `None` where they are too close or go back.
pub(super) fn per_second(first: Sample, last: Sample) -> Option<f64> {
    let time = first.at.age(last.at);
    let grown = last.newest.checked_sub(first.newest)?;
    (time >= SHORTEST && grown >= 0).then(|| float(grown) / time.as_secs_f64())
}

/// The sum of those that are known; `None` only where none is.
pub(super) fn sum(rates: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    rates.into_iter().flatten().reduce(|sum, rate| sum + rate)
}

/// A count as a real number.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts beyond 2^53 lose digits that no rate shows"
)]
pub(super) fn float(count: i64) -> f64 {
    count as f64
}

/// Appends a rate where so many steps have passed, and drops what is older than the ring is long. An unchanged ring, as
/// that of an idle stream, is shared.
pub(super) fn extend(
    ring: &Arc<[Option<f32>]>,
    rate: Option<f64>,
    steps: usize,
    length: usize,
) -> Arc<[Option<f32>]> {
    let steps = steps.min(length);
    let new = rate.map(narrow);
    if ring.len() == length && ring.iter().all(|old| *old == new) {
        return Arc::clone(ring);
    }
    // Steps that nobody watched stay unknown: a rate of now says nothing of them.
    let unwatched = steps.saturating_sub(1);
    let kept = ring.len().min(length - steps);
    let old = ring.iter().skip(ring.len() - kept).copied();
    let gap = std::iter::repeat_n(None, unwatched);
    old.chain(gap).chain((steps > 0).then_some(new)).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a bar of a sparkline needs no more digits"
)]
fn narrow(rate: f64) -> f32 {
    rate as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(millis: i64, newest: Offset) -> Sample {
        let at = Timestamp(millis * 1_000_000);
        Sample { at, newest }
    }

    fn window(samples: &[(i64, Offset)]) -> (RateWindow, BrokerId) {
        let (mut window, broker) = (RateWindow::default(), BrokerId::from("a"));
        for &(millis, newest) in samples {
            window.record(&broker, sample(millis, newest));
        }
        (window, broker)
    }

    #[test]
    fn a_rate_needs_two_samples_some_time_apart() {
        for (samples, rate) in [
            (&[(1_000, 5)][..], None),
            (&[(1_000, 5), (1_100, 9)], None),
            (&[(1_000, 5), (3_000, 9)], Some(2.0)),
            (&[(1_000, 5), (3_000, 9), (5_000, 9)], Some(1.0)),
        ] {
            let (window, broker) = window(samples);
            assert_eq!(window.rate_of(&broker), rate, "{samples:?}");
        }
    }

    #[test]
    fn an_offset_that_goes_back_is_unknown_and_never_negative() {
        let (mut window, broker) = window(&[(1_000, 50), (3_000, 90), (5_000, 10)]);
        assert_eq!(window.rate_of(&broker), None);
        window.record(&broker, sample(7_000, 14));
        assert_eq!(window.rate_of(&broker), Some(2.0));
    }

    #[test]
    fn another_brokers_log_begins_anew() {
        let (mut window, broker) = window(&[(1_000, 0), (3_000, 10)]);
        let other = BrokerId::from("b");
        assert!(window.record(&other, sample(5_000, 20)));
        assert_eq!(window.rate_of(&broker), None);
        assert_eq!(window.rate_of(&other), None);
    }

    #[test]
    fn a_late_sample_is_dropped() {
        let (mut window, broker) = window(&[(1_000, 0), (3_000, 10)]);
        assert!(!window.record(&broker, sample(2_000, 9)));
        assert_eq!(window.rate_of(&broker), Some(5.0));
    }

    #[test]
    fn a_log_that_falls_silent_comes_to_rest_within_the_window() {
        let (mut window, broker) = window(&[(0, 0), (2_000, 100)]);
        for seconds in 2..8 {
            window.record(&broker, sample(seconds * 2_000, 100));
        }
        assert_eq!(window.rate_of(&broker), Some(0.0));
    }

    #[test]
    fn a_ring_keeps_its_length_and_leaves_unwatched_steps_open() {
        let ring = extend(&Arc::default(), Some(1.0), 1, 4);
        let ring = extend(&ring, Some(2.0), 3, 4);
        assert_eq!(&*ring, &[Some(1.0), None, None, Some(2.0)]);
        let ring = extend(&ring, None, 1, 4);
        assert_eq!(&*ring, &[None, None, Some(2.0), None]);
        assert_eq!(extend(&ring, None, 900, 4).len(), 4);
    }

    #[test]
    fn an_idle_ring_is_shared() {
        let full: Arc<[Option<f32>]> = vec![Some(0.0); 4].into();
        assert!(Arc::ptr_eq(&full, &extend(&full, Some(0.0), 1, 4)));
    }
}
