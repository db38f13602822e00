//! How often the brokers are asked: as often as configured while anything moves, else less often the larger their answers.

use std::time::Duration;

use crate::health::Truth;
use crate::model::Timestamp;

/// Partitions in the answers of all brokers together up to which they are asked as often as configured.
const MAX_PARTITIONS_AT_FULL_PACE: f64 = 8_000.0;

/// What one partition in one answer costs, to read it and to see what has changed: 218 ms of one core for 120,000 of them
/// (release build, 10,000 streams of 4 partitions on 3 brokers, at rest).
const SECONDS_PER_PARTITION: f64 = 1.8e-6;

/// The share of one core that this may take.
const MAX_SHARE_OF_CORE: f64 = 0.03;

/// For how long after a change the brokers are asked as often as configured.
const MOVES_FOR: Duration = Duration::from_secs(30);

/// How often the brokers are asked now.
#[derive(Clone, Debug)]
pub(super) struct PollPace {
    every: Duration,
    moved: Option<Timestamp>,
    /// When it became shorter, and what it was before: answers from before then are as old as that allowed.
    shortened: Option<(Timestamp, Duration)>,
}

impl PollPace {
    /// As often as configured.
    pub(super) fn new(configured: Duration) -> Self {
        Self {
            every: configured,
            moved: None,
            shortened: None,
        }
    }

    /// How often that is.
    pub(super) fn every(&self) -> Duration {
        self.every
    }

    /// How often that was when an answer of that time was asked for.
    pub(super) fn every_at(&self, answered: Timestamp) -> Duration {
        match self.shortened {
            Some((at, before)) if answered <= at => before,
            Some(_) | None => self.every,
        }
    }

    /// Another interval, if it is another one by a tenth or more: `moved` says that leaders, replicas or findings have
    /// just changed.
    pub(super) fn update(
        &mut self,
        truth: &Truth,
        moved: bool,
        configured: Duration,
        now: Timestamp,
    ) -> Option<Duration> {
        if moved {
            self.moved = Some(now);
        }
        let is_at_rest = self.moved.is_none_or(|at| at.age(now) >= MOVES_FOR);
        let next = if is_at_rest {
            let answers = truth.members().count() - truth.unanswered();
            at_rest(truth.totals.partitions * answers, configured)
        } else {
            configured
        };
        let apart = next.abs_diff(self.every);
        if next == self.every || (next != configured && apart * 10 < self.every) {
            return None;
        }
        if next < self.every {
            self.shortened = Some((now, self.every));
        }
        self.every = next;
        Some(next)
    }
}

/// How often at rest, for so many partitions in the answers of all brokers: with the root of their number, so that
/// twice the cluster neither costs twice nor is twice as old, and from the share of a core on with the number itself.
fn at_rest(partitions: usize, configured: Duration) -> Duration {
    let partitions = f64::from(u32::try_from(partitions).unwrap_or(u32::MAX));
    let by_root = configured.mul_f64((partitions / MAX_PARTITIONS_AT_FULL_PACE).sqrt());
    let by_cost = Duration::from_secs_f64(partitions * SECONDS_PER_PARTITION / MAX_SHARE_OF_CORE);
    // Answers of no size cost next to nothing, and an interval of a second or less was asked for.
    if partitions <= MAX_PARTITIONS_AT_FULL_PACE {
        configured
    } else {
        let seconds = by_root.max(by_cost).as_secs_f64().ceil();
        configured.max(Duration::from_secs_f64(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIGURED: Duration = Duration::from_secs(2);

    #[test]
    fn a_small_cluster_is_asked_as_often_as_configured() {
        for partitions in [0, 1, 240, 8_000] {
            assert_eq!(at_rest(partitions, CONFIGURED), CONFIGURED);
            assert_eq!(at_rest(partitions, CONFIGURED / 10), CONFIGURED / 10);
        }
    }

    #[test]
    fn a_larger_cluster_is_asked_less_often_and_never_costs_more_than_its_share() {
        let mut last = CONFIGURED;
        for partitions in [8_001, 24_000, 120_000, 1_200_000, 40_000_000] {
            let every = at_rest(partitions, CONFIGURED);
            assert!(every > last, "{partitions}: {every:?}");
            let count = f64::from(u32::try_from(partitions).unwrap_or(u32::MAX));
            let share = count * SECONDS_PER_PARTITION / every.as_secs_f64();
            assert!(share <= MAX_SHARE_OF_CORE * 1.001, "{partitions}: {share}");
            last = every;
        }
        let every = at_rest(120_000, CONFIGURED).as_secs_f64();
        assert!((7.0..=8.0).contains(&every), "{every}");
    }

    #[test]
    fn what_the_user_asked_for_is_never_undercut() {
        let slow = Duration::from_secs(60);
        assert!(at_rest(24_000, slow) >= slow);
    }
}
