//! What health cannot learn from brokers: minimum ISRs, and when a lag is an alarm.

use std::collections::BTreeMap;
use std::time::Duration;

/// How health judges.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HealthOptions {
    /// Minimum ISR by stream name, or by a pattern with `*`; an exact name wins, then the longest pattern. The API does
    /// not have it.
    pub min_isr: BTreeMap<String, u32>,
    /// When something that goes on is an alarm.
    pub alerts: AlertOptions,
}

/// When something that goes on is an alarm.
#[derive(Clone, Debug, PartialEq)]
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
    /// The minimum ISR of that stream, where the configuration names one.
    pub fn min_isr_of(&self, stream: &str) -> Option<usize> {
        let by_name = self.min_isr.iter();
        let by_name = by_name.map(|(pattern, value)| (pattern.as_str(), *value));
        usize::try_from(best_match(by_name, stream)?).ok()
    }
}

/// What stands for a name among names and patterns with `*`: an exact name wins, then the longest pattern.
pub(crate) fn best_match<'a, T>(
    by_name: impl Iterator<Item = (&'a str, T)>,
    name: &str,
) -> Option<T> {
    let matching = by_name.filter(|(pattern, _)| matches(pattern, name));
    let best = matching.max_by_key(|(pattern, _)| (*pattern == name, pattern.len()));
    best.map(|(_, value)| value)
}

/// Whether the text fits the pattern, in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut left) = text.strip_prefix(first) else {
        return false;
    };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return left.ends_with(piece);
        }
        let Some((_, after)) = left.split_once(piece) else {
            return false;
        };
        left = after;
    }
    true
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
        assert_eq!(options.min_isr_of("orders-eu"), Some(3));
        assert_eq!(options.min_isr_of("orders-us"), Some(2));
        assert_eq!(options.min_isr_of("clicks"), Some(1));
        assert_eq!(HealthOptions::default().min_isr_of("clicks"), None);
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, fits) in [
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "ab", false),
            ("*b*", "abc", true),
            ("**", "", true),
            ("a*a", "a", false),
            ("abc", "abc", true),
            ("telemetry.*", "telemetry.raw.eu", true),
            ("telemetry.*", "telemetry", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }
}
