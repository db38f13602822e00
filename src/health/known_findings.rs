//! What an earlier run of liftui saw go wrong and did not see end: what is still so has been so since then.
//! Nobody watched in between, and the finding says so.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Finding, Rule};
use crate::model::{Timestamp, exact_age};

/// What was seen longer ago than this may be something else by now; what was seen since then goes on where it still is so.
pub(super) const FORGOTTEN_AFTER: Duration = Duration::from_secs(6 * 3_600);

/// How often a liftui that runs writes down what lasts.
pub const SAVED_EVERY: Duration = Duration::from_secs(10);

/// What was written down within that time may still be watched by the liftui that wrote it.
const STILL_WATCHED: Duration = Duration::from_secs(SAVED_EVERY.as_secs() + 2);

/// More findings are not dated by a later run.
const MOST: usize = 200;

/// A finding that a run of liftui saw begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownFinding {
    /// The name of its rule.
    pub rule: String,
    /// What it is about, and which stream that reads.
    pub target: String,
    /// Since when, in Unix nanoseconds.
    pub since: i64,
    /// Whether it had begun before anybody watched.
    #[serde(default)]
    pub at_least: bool,
    /// When it was seen last, in Unix nanoseconds.
    pub seen: i64,
}

impl KnownFinding {
    /// What a later run is to know of these findings.
    pub fn of_all<'a>(findings: impl Iterator<Item = &'a Finding>, seen: Timestamp) -> Vec<Self> {
        let known = findings.map(|finding| Self::of(finding, seen));
        known.take(MOST).collect()
    }

    fn of(finding: &Finding, seen: Timestamp) -> Self {
        // One look alone dates nothing: what it found has been so for at least as long as since then.
        let is_dated = finding.since.is_set();
        let since = if is_dated { finding.since } else { seen };
        Self {
            rule: finding.rule.as_str().to_owned(),
            target: finding.key(),
            since: since.0,
            at_least: finding.at_least || !is_dated,
            seen: seen.0,
        }
    }
}

/// What earlier runs saw last.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownFindings(Vec<KnownFinding>);

impl KnownFindings {
    /// Takes what was seen.
    pub(super) fn new(known: Vec<KnownFinding>) -> Self {
        Self(known)
    }

    /// Since when that broker has been silent, where a run before this one, which began at `begun`, saw it so.
    pub(super) fn silent_since(&self, broker: &str, begun: Timestamp) -> Option<Timestamp> {
        let found = self.get(Rule::BrokerSilent, broker, begun)?;
        Some(Timestamp(found.since))
    }

    /// Dates a finding that was there at the first look of this run, which began at `begun`.
    pub(super) fn date(&self, finding: &mut Finding, begun: Timestamp) {
        let Some(known) = self.get(finding.rule, &finding.key(), begun) else {
            return;
        };
        let since = Timestamp(known.since);
        if since > finding.since {
            return;
        }
        finding.since = since;
        finding.at_least = known.at_least;
        let unwatched = Timestamp(known.seen).age(begun);
        let seen = "liftui saw it before";
        finding.detail.push(if unwatched < STILL_WATCHED {
            seen.to_owned()
        } else {
            let unwatched = exact_age(unwatched);
            format!("{seen}; nobody watched for {unwatched} since")
        });
    }

    fn get(&self, rule: Rule, target: &str, begun: Timestamp) -> Option<&KnownFinding> {
        let is_fresh = |one: &KnownFinding| Timestamp(one.seen).age(begun) < FORGOTTEN_AFTER;
        let known = self.0.iter();
        let same =
            known.filter(|one| one.rule == rule.as_str() && one.target == target && is_fresh(one));
        same.min_by_key(|one| one.since)
    }
}
