//! What health cannot learn from brokers: minimum ISRs, and when a lag is an alarm.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Operation, Timestamp, fits_pattern};

/// How health judges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HealthOptions {
    /// Minimum ISR by stream name, or by a pattern with `*` and `?`; an exact name wins, then the longest pattern. The API does
    /// not have it.
    pub min_isr: BTreeMap<String, u32>,
    /// What this user's own creation of a stream asked for, by stream name.
    pub created_min_isr: BTreeMap<String, CreatedMinIsr>,
    /// When something that goes on is an alarm.
    pub alerts: AlertOptions,
}

/// The minimum ISR that a stream was created with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedMinIsr {
    /// Replicas that must be in sync for anything to commit.
    pub min_isr: u32,
    /// When it was asked for, in Unix nanoseconds: a stream of that name that began at another time is another one.
    pub at: i64,
}

impl CreatedMinIsr {
    /// What that operation asks for, where it creates a stream with a minimum ISR.
    pub fn of(operation: &Operation, now: Timestamp) -> Option<(&str, Self)> {
        let Operation::Create(options) = operation else {
            return None;
        };
        let min_isr = u32::try_from(options.min_isr?).ok()?;
        Some((&options.name, Self { min_isr, at: now.0 }))
    }
}

/// The clocks of a broker and of whoever created a stream differ by less.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5 * 60);

/// When something that goes on is an alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertOptions {
    /// A cursor that lags more messages is found; `None`: never.
    pub lag_messages: Option<u64>,
    /// A cursor that lags longer is found; `None`: never.
    pub lag_time: Option<Duration>,
    /// A cursor that is stalled longer, with something to read, is found.
    pub stalled_after: Duration,
    /// Views that disagree longer are found; propagation takes a moment (wire-contract §5).
    pub disagree_after: Duration,
    /// Stored messages that stay uncommitted longer are found.
    pub commit_stalled_after: Duration,
    /// Failures in a row after which a broker that does not answer in time counts as silent. One that refuses the
    /// connection is silent at once.
    pub missed_polls: u32,
}

impl Default for AlertOptions {
    fn default() -> Self {
        Self {
            lag_messages: Some(10_000),
            lag_time: Some(Duration::from_secs(5 * 60)),
            stalled_after: Duration::from_secs(60),
            disagree_after: Duration::from_secs(10),
            commit_stalled_after: Duration::from_secs(10),
            missed_polls: 2,
        }
    }
}

impl HealthOptions {
    /// The minimum ISR of that stream, where the configuration names one, or this user created it with one.
    pub fn min_isr_of(&self, stream: &str, created: Timestamp) -> Option<usize> {
        let of_config = self.configured_min_isr(stream);
        let min_isr = of_config.or_else(|| self.min_isr_of_creation(stream, created))?;
        usize::try_from(min_isr).ok()
    }

    /// What the configuration says.
    pub fn configured_min_isr(&self, stream: &str) -> Option<u32> {
        let by_name = self.min_isr.iter();
        best_match(
            by_name.map(|(pattern, value)| (pattern.as_str(), *value)),
            stream,
        )
    }

    /// What this user asked for when creating it, if it is still that stream.
    fn min_isr_of_creation(&self, stream: &str, created: Timestamp) -> Option<u32> {
        let asked = self.created_min_isr.get(stream)?;
        let at = Timestamp(asked.at);
        let apart = at.age(created).max(created.age(at));
        (apart < CLOCKS_DIFFER).then_some(asked.min_isr)
    }
}

/// What stands for a name among names and patterns with `*` and `?`: an exact name wins, then the longest pattern.
pub(crate) fn best_match<'a, T>(
    by_name: impl Iterator<Item = (&'a str, T)>,
    name: &str,
) -> Option<T> {
    let matching = by_name.filter(|(pattern, _)| fits_pattern(pattern, name));
    let best = matching.max_by_key(|(pattern, _)| (*pattern == name, pattern.len()));
    best.map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_name_wins_over_the_longest_pattern() {
        let options = HealthOptions {
            min_isr: [("*", 1), ("orders-*", 2), ("orders-eu", 3)]
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
            ..HealthOptions::default()
        };
        let at = Timestamp::default();
        assert_eq!(options.min_isr_of("orders-eu", at), Some(3));
        assert_eq!(options.min_isr_of("orders-us", at), Some(2));
        assert_eq!(options.min_isr_of("clicks", at), Some(1));
        assert_eq!(HealthOptions::default().min_isr_of("clicks", at), None);
    }

    #[test]
    fn what_a_creation_asked_for_holds_for_that_stream_and_below_the_configuration() {
        let minutes = |n: i64| Timestamp(n * 60_000_000_000);
        let asked = CreatedMinIsr {
            min_isr: 2,
            at: minutes(100).0,
        };
        let mut options = HealthOptions {
            created_min_isr: [("orders".to_owned(), asked)].into(),
            ..HealthOptions::default()
        };
        assert_eq!(options.min_isr_of("orders", minutes(101)), Some(2));
        assert_eq!(options.min_isr_of("orders", minutes(98)), Some(2));
        assert_eq!(
            options.min_isr_of("orders", minutes(110)),
            None,
            "created anew"
        );
        assert_eq!(
            options.min_isr_of("orders", minutes(80)),
            None,
            "an older one"
        );
        assert_eq!(options.min_isr_of("clicks", minutes(100)), None);
        options.min_isr.insert("*".to_owned(), 3);
        assert_eq!(options.min_isr_of("orders", minutes(100)), Some(3));
    }
}
