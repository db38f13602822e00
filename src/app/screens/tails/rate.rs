//! How many messages a second come, over the last few seconds.

use std::collections::VecDeque;

use crate::model::Timestamp;

/// Counts remembered, one a tick: the rate is that of the time between the first and the last.
const MAX_COUNTS: usize = 5;

/// A rate from a count that grows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rate {
    counts: VecDeque<(Timestamp, u64)>,
}

impl Rate {
    /// Records how many there have been by now.
    pub(super) fn record(&mut self, now: Timestamp, count: u64) {
        if self.counts.back().is_some_and(|(last, _)| *last >= now) {
            return;
        }
        if self.counts.len() == MAX_COUNTS {
            self.counts.pop_front();
        }
        self.counts.push_back((now, count));
    }

    /// Messages a second; `None` until two counts are known.
    pub(super) fn per_second(&self) -> Option<f64> {
        let ((start, before), (end, count)) = (self.counts.front()?, self.counts.back()?);
        let seconds = start.age(*end).as_secs_f64();
        let came = u32::try_from(count - before).unwrap_or(u32::MAX);
        (seconds > 0.0).then(|| f64::from(came) / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut rate = Rate::default();
        assert_eq!(rate.per_second(), None);
        for second in 0_i32..20 {
            let count = u64::try_from(second - 10).unwrap_or(0) * 50;
            rate.record(Timestamp(i64::from(second) * 1_000_000_000), count);
        }
        assert_eq!(rate.per_second(), Some(50.0));
    }
}
