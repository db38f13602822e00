//! Which findings people are to be alerted to, and when: those that last, once each, and their end. Pure, as all of health:
//! what an alert does is done elsewhere.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Finding, QuietHours, Rule, Severity};
use crate::model::{Target, Timestamp, Zone};

/// Which findings count for alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertPolicy {
    /// The least severity.
    pub severity: Severity,
    /// How long a finding must last, or be gone: what comes and goes is not told.
    pub after: Duration,
    /// When nothing is told.
    pub quiet: Option<QuietHours>,
    /// In which zone the hours of the day are meant.
    pub zone: Zone,
}

impl Default for AlertPolicy {
    fn default() -> Self {
        Self {
            severity: Severity::Warning,
            after: Duration::from_secs(10),
            quiet: None,
            zone: Zone::Utc,
        }
    }
}

/// Something that people are to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Whether it has begun or is over.
    pub kind: AlertKind,
    /// What is or was wrong.
    pub finding: Finding,
    /// When it is told.
    pub at: Timestamp,
}

/// Whether something has begun or is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertKind {
    /// It holds, or has become worse.
    Raised,
    /// It holds no longer.
    Resolved,
}

impl AlertKind {
    /// The name for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Resolved => "resolved",
        }
    }
}

/// What is wrong, as far as people were told.
#[derive(Clone, Debug)]
pub struct AlertTracker {
    policy: AlertPolicy,
    known: BTreeMap<(Rule, String), KnownAlert>,
}

#[derive(Clone, Debug)]
struct KnownAlert {
    finding: Finding,
    /// When this tracker saw it first.
    began: Timestamp,
    /// Since when it is gone.
    gone: Option<Timestamp>,
    /// How bad it was when it was told.
    alerted: Option<Severity>,
}

impl AlertTracker {
    /// Nothing was seen yet.
    pub fn new(policy: AlertPolicy) -> Self {
        Self {
            policy,
            known: BTreeMap::new(),
        }
    }

    /// What is wrong now and stands for itself, and all that is wrong; returns what is to be told, the gravest first.
    ///
    /// What another finding explains is not told for itself. Once it was told, it is over when it is, and not when its
    /// cause is found, nor when the same thing has become worse: an under-replicated partition that loses its leader is
    /// not well again.
    pub fn observe<'a>(
        &mut self,
        roots: impl Iterator<Item = &'a Finding>,
        all: impl Iterator<Item = &'a Finding>,
        now: Timestamp,
    ) -> Vec<Alert> {
        for known in self.known.values_mut() {
            known.gone.get_or_insert(now);
        }
        let least = self.policy.severity;
        for finding in roots.filter(|one| one.severity >= least) {
            self.see(finding, now);
        }
        for finding in all.filter(|one| one.severity >= least) {
            let same_target = self.known.values_mut().filter(|known| {
                known.finding.rule == finding.rule && known.finding.key() == finding.key()
                    || known.alerted.is_some() && has_become(&known.finding, finding)
            });
            same_target.for_each(|known| known.gone = None);
        }
        self.due(now)
    }

    /// No broker answered: nothing is known of anything else.
    pub fn observe_nobody(&mut self, sentence: &str, now: Timestamp) -> Vec<Alert> {
        let (severity, rule) = (Severity::Critical, Rule::NoBroker);
        let target = Target::Cluster;
        let finding = Finding::new(severity, rule, target, sentence, Vec::new(), now);
        self.see(&finding, now);
        self.due(now)
    }

    fn see(&mut self, finding: &Finding, now: Timestamp) {
        let key = (finding.rule, finding.key());
        let known = self.known.entry(key).or_insert_with(|| KnownAlert {
            finding: finding.clone(),
            began: now,
            gone: None,
            alerted: None,
        });
        known.finding = finding.clone();
        known.gone = None;
    }

    fn due(&mut self, now: Timestamp) -> Vec<Alert> {
        let policy = &self.policy;
        let is_quiet = |quiet: QuietHours| quiet.includes(now, &policy.zone);
        if policy.quiet.is_some_and(is_quiet) {
            // What was told before is told again once it is over, whenever that is.
            self.known
                .retain(|_, known| known.gone.is_none() || known.alerted.is_some());
            return Vec::new();
        }
        let mut alerts = Vec::new();
        self.known.retain(|_, known| {
            let (kind, since) = match (known.gone, known.alerted) {
                (Some(_), None) => return false,
                (Some(gone), Some(_)) => (AlertKind::Resolved, gone),
                (None, alerted) if alerted >= Some(known.finding.severity) => return true,
                (None, _) => (AlertKind::Raised, known.began),
            };
            if since.age(now) < policy.after {
                return true;
            }
            known.alerted = Some(known.finding.severity);
            alerts.push(Alert {
                kind,
                finding: known.finding.clone(),
                at: now,
            });
            kind == AlertKind::Raised
        });
        alerts.sort_by_key(|alert| std::cmp::Reverse(alert.finding.severity));
        alerts
    }
}

/// Whether what was told goes on as something that is no better.
fn has_become(alerted: &Finding, now: &Finding) -> bool {
    let is_same_place = alerted.partitions.is_empty()
        || alerted
            .partitions
            .iter()
            .any(|partition| now.partitions.contains(partition));
    let state = alerted.rule.state();
    state.is_some()
        && state == now.rule.state()
        && alerted.key() == now.key()
        && is_same_place
        && now.severity >= alerted.severity
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::FixedOffset;

    const SECOND: i64 = 1_000_000_000;

    fn finding(severity: Severity, broker: &str) -> Finding {
        let target = Target::Broker(broker.into());
        let rule = Rule::BrokerSilent;
        Finding::new(
            severity,
            rule,
            target,
            "it is silent",
            Vec::new(),
            Timestamp(1),
        )
    }

    /// What is told of these findings, and at which of those seconds.
    fn alerts(policy: AlertPolicy, looks: &[(i64, &[Finding])]) -> Vec<(i64, Alert)> {
        let mut tracker = AlertTracker::new(policy);
        let mut all = Vec::new();
        for (second, findings) in looks {
            let roots = findings.iter().filter(|one| one.cause.is_none());
            let alerts = tracker.observe(roots, findings.iter(), Timestamp(second * SECOND));
            all.extend(alerts.into_iter().map(|alert| (*second, alert)));
        }
        all
    }

    /// The same, as the kind and what it is about.
    fn told(policy: AlertPolicy, looks: &[(i64, &[Finding])]) -> Vec<(i64, AlertKind, String)> {
        let alerts = alerts(policy, looks).into_iter();
        let named = alerts.map(|(at, alert)| (at, alert.kind, alert.finding.target_name()));
        named.collect()
    }

    #[test]
    fn what_lasts_is_told_once_and_its_end_once() {
        let down = [finding(Severity::Critical, "node-2")];
        let looks: [(i64, &[Finding]); 8] = [
            (0, &down),
            (9, &down),
            (10, &down),
            (30, &down),
            (40, &[]),
            (49, &[]),
            (50, &[]),
            (90, &[]),
        ];
        let expected = [
            (10, AlertKind::Raised, "node-2".to_owned()),
            (50, AlertKind::Resolved, "node-2".to_owned()),
        ];
        assert_eq!(told(AlertPolicy::default(), &looks), expected);
    }

    #[test]
    fn what_comes_and_goes_is_not_told_and_what_was_told_does_not_flap() {
        let down = [finding(Severity::Critical, "node-2")];
        let flaps: [(i64, &[Finding]); 5] =
            [(0, &down), (5, &[]), (8, &down), (17, &down), (18, &[])];
        assert_eq!(told(AlertPolicy::default(), &flaps), []);
        let again: [(i64, &[Finding]); 5] =
            [(0, &down), (10, &down), (20, &[]), (25, &down), (60, &down)];
        assert_eq!(told(AlertPolicy::default(), &again).len(), 1);
    }

    #[test]
    fn what_was_told_lasts_on_under_the_cause_that_is_found_later() {
        let stream = |cause: Option<&str>| {
            let (severity, rule) = (Severity::Warning, Rule::UnderReplicated);
            let target = Target::Stream("orders".into());
            let mut finding =
                Finding::new(severity, rule, target, "it is", Vec::new(), Timestamp(1));
            finding.cause = cause.map(Into::into);
            finding
        };
        let alone = [stream(None)];
        let folded = [
            stream(Some("node-2")),
            finding(Severity::Critical, "node-2"),
        ];
        // Nobody was told of it before: its cause alone is told.
        let silent: [(i64, &[Finding]); 3] = [(0, &folded), (10, &folded), (60, &[])];
        let named = |looks: &[(i64, &[Finding])]| {
            let told = told(AlertPolicy::default(), looks).into_iter();
            let lines = told.map(|(at, kind, name)| format!("{at} {name} {}", kind.as_str()));
            lines.collect::<Vec<_>>()
        };
        assert_eq!(named(&silent), ["10 node-2 raised"]);
        let looks: [(i64, &[Finding]); 6] = [
            (0, &alone),
            (10, &alone),
            (20, &folded),
            (40, &folded),
            (50, &[]),
            (60, &[]),
        ];
        let expected = [
            "10 orders raised",
            "40 node-2 raised",
            "60 node-2 resolved",
            "60 orders resolved",
        ];
        assert_eq!(named(&looks), expected);
    }

    #[test]
    fn what_becomes_worse_is_not_over() {
        let of = |severity, rule, partitions: &[i32]| {
            let target = Target::Stream("orders".into());
            let mut finding = Finding::new(severity, rule, target, "", Vec::new(), Timestamp(1));
            finding.partitions = partitions.to_vec();
            finding
        };
        let behind = [of(Severity::Warning, Rule::UnderReplicated, &[0, 1])];
        let mut leaderless = [of(Severity::Critical, Rule::LeaderUnreachable, &[1])];
        let elsewhere = [of(Severity::Critical, Rule::LeaderUnreachable, &[2])];
        let named = |looks: &[(i64, &[Finding])]| {
            let alerts = alerts(AlertPolicy::default(), looks).into_iter();
            let lines = alerts.map(|(at, alert)| {
                let (rule, kind) = (alert.finding.rule.as_str(), alert.kind.as_str());
                format!("{at} {rule} {kind}")
            });
            lines.collect::<Vec<_>>()
        };
        let worse: [(i64, &[Finding]); 6] = [
            (0, &behind),
            (10, &behind),
            (20, &leaderless),
            (30, &leaderless),
            (40, &[]),
            (50, &[]),
        ];
        let expected = [
            "10 under-replicated raised",
            "30 leader-unreachable raised",
            "50 leader-unreachable resolved",
            "50 under-replicated resolved",
        ];
        assert_eq!(named(&worse), expected);
        let other: [(i64, &[Finding]); 4] = [
            (0, &behind),
            (10, &behind),
            (20, &elsewhere),
            (30, &elsewhere),
        ];
        let over = named(&other);
        assert!(
            over.contains(&"30 under-replicated resolved".to_owned()),
            "{over:?}"
        );
        // Nor is it over where the loss of a broker explains it.
        for finding in &mut leaderless {
            finding.cause = Some("node-2".into());
        }
        let explained: [(i64, &[Finding]); 4] = [
            (0, &behind),
            (10, &behind),
            (20, &leaderless),
            (30, &leaderless),
        ];
        assert_eq!(named(&explained), ["10 under-replicated raised"]);
    }

    #[test]
    fn what_is_not_grave_enough_is_not_told_and_what_gets_worse_is_told_again() {
        let policy = AlertPolicy {
            after: Duration::ZERO,
            ..AlertPolicy::default()
        };
        let note = [finding(Severity::Note, "node-1")];
        let warning = [finding(Severity::Warning, "node-1")];
        let critical = [finding(Severity::Critical, "node-1")];
        let looks: [(i64, &[Finding]); 5] = [
            (0, &note),
            (1, &warning),
            (2, &critical),
            (3, &warning),
            (4, &critical),
        ];
        let times: Vec<i64> = told(policy, &looks).iter().map(|one| one.0).collect();
        assert_eq!(times, [1, 2]);
    }

    #[test]
    fn in_quiet_hours_nothing_is_told_and_afterwards_what_still_holds() {
        let hour = |hours: u16| hours * 60;
        let policy = AlertPolicy {
            after: Duration::ZERO,
            quiet: Some(QuietHours {
                from: hour(22),
                to: hour(7),
            }),
            zone: Zone::Fixed(FixedOffset::east_opt(3_600).unwrap()),
            ..AlertPolicy::default()
        };
        let [one, two] = ["node-1", "node-2"].map(|name| [finding(Severity::Critical, name)]);
        // Told before; comes and goes at night; comes at night and stays. The clock is an hour ahead of UTC.
        let looks: [(i64, &[Finding]); 6] = [
            (20 * 3_600, &one),
            (21 * 3_600, &two),
            (24 * 3_600, &[]),
            (26 * 3_600, &two),
            (30 * 3_600 - 60, &two),
            (30 * 3_600, &two),
        ];
        let expected = [
            (20 * 3_600, AlertKind::Raised, "node-1".to_owned()),
            (30 * 3_600, AlertKind::Resolved, "node-1".to_owned()),
            (30 * 3_600, AlertKind::Raised, "node-2".to_owned()),
        ];
        assert_eq!(told(policy, &looks), expected);
    }

    #[test]
    fn where_nobody_answers_that_is_told_and_nothing_is_over() {
        let mut tracker = AlertTracker::new(AlertPolicy {
            after: Duration::ZERO,
            ..AlertPolicy::default()
        });
        let down = [finding(Severity::Critical, "node-2")];
        assert_eq!(
            tracker
                .observe(down.iter(), down.iter(), Timestamp(SECOND))
                .len(),
            1
        );
        let alerts = tracker.observe_nobody("no broker answers", Timestamp(2 * SECOND));
        assert_eq!(alerts.len(), 1);
        assert_eq!(alerts[0].finding.rule, Rule::NoBroker);
        let back = tracker.observe(down.iter(), down.iter(), Timestamp(3 * SECOND));
        assert_eq!(back.len(), 1);
        assert_eq!(back[0].kind, AlertKind::Resolved);
    }
}
