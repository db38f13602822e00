//! Where a log ended when, as far as cursors need it.

use std::collections::VecDeque;

use super::rates::Sample;
use super::{LagCertainty, LagTime};
use crate::model::{Offset, Timestamp};

/// How much growth is remembered; the older half is thinned out when there is more.
const LENGTH: usize = 512;

/// A sample for each time that a log was seen grown, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct LogEndHistory {
    samples: VecDeque<Sample>,
}

impl LogEndHistory {
    /// Records where the leader says that its log ends. `received`: when it received the newest message, where it knows.
    pub(super) fn record(&mut self, seen: Sample, received: Timestamp) {
        let last = self.samples.back().copied();
        match last {
            Some(last) if seen.newest == last.newest => return,
            Some(last) if seen.newest < last.newest => self.forget_after(seen.newest),
            _ => {}
        }
        let last = self.samples.back().copied();
        if last.is_some_and(|last| last.newest == seen.newest) {
            return;
        }
        let later = last.is_none_or(|last| received > last.at);
        let known = received.is_set() && later && received < seen.at;
        let at = if known { received } else { seen.at };
        self.samples.push_back(Sample { at, ..seen });
        if self.samples.len() > LENGTH {
            self.thin();
        }
    }

    /// How long ago the first message after `offset` was stored. Exact to a poll's interval where the log was watched
    /// while it passed that offset; otherwise that message was there when the log was first seen.
    pub(super) fn since_passed(&self, offset: Offset, now: Timestamp) -> Option<LagTime> {
        let first = self
            .samples
            .partition_point(|sample| sample.newest <= offset);
        Some(LagTime {
            at_least: self.samples.get(first)?.at.age(now),
            certainty: if first > 0 {
                LagCertainty::Exact
            } else {
                LagCertainty::AtLeast
            },
        })
    }

    /// A log that went back, as one that another leads may, has still passed what it has not lost.
    fn forget_after(&mut self, newest: Offset) {
        let kept = self.samples.partition_point(|s| s.newest <= newest);
        self.samples.truncate(kept);
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000_000)
    }

    fn sample(seconds: i64, newest: Offset) -> Sample {
        let at = at(seconds);
        Sample { at, newest }
    }

    #[test]
    fn a_message_received_long_ago_lags_since_then_and_not_since_it_was_seen() {
        let mut history = LogEndHistory::default();
        history.record(sample(100, 12), at(30));
        let lag = LagTime {
            at_least: Duration::from_secs(71),
            certainty: LagCertainty::AtLeast,
        };
        assert_eq!(history.since_passed(11, at(101)), Some(lag));
    }

    #[test]
    fn a_long_history_is_thinned_and_stays_in_order() {
        let mut history = LogEndHistory::default();
        for step in 0..5_000 {
            history.record(sample(step, step), Timestamp::NEVER);
        }
        assert!(history.samples.len() <= LENGTH);
        let lag = history.since_passed(4_990, at(5_000)).unwrap();
        assert_eq!(lag.at_least, Duration::from_secs(9));
        let samples = history.samples.iter();
        assert!(samples.is_sorted_by_key(|sample| (sample.at, sample.newest)));
    }
}
