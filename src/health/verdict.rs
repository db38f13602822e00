//! The verdict of `liftui check`, from the findings and from what the caller asked of each rule.

use std::cmp::Reverse;

use super::{Finding, Rule, Severity, Truth};
use crate::model::StreamName;

/// The state of the whole cluster, in the sense of Nagios. The order is that of its exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing that matters was found.
    Ok,
    /// Something is degraded.
    Warning,
    /// Something is broken.
    Critical,
    /// No broker answered, or what counts could not be read, so too little is known.
    Unknown,
}

impl Verdict {
    /// The name for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// The exit code of a Nagios plug-in.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

/// Which rules count, and how much.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleOptions {
    /// Only these rules count; empty: all.
    pub only: Vec<Rule>,
    /// Rules whose findings weigh otherwise than they say; `None`: they are left out.
    pub weigh: Vec<(Rule, Option<Severity>)>,
    /// Only what is found of these streams counts, and of cursors and groups that read them; `None`: all.
    pub streams: Option<Vec<StreamName>>,
}

impl RuleOptions {
    /// The findings that count, each as heavy as these options want it, worst first.
    pub fn apply(&self, truth: &Truth) -> Vec<Finding> {
        let findings = truth.findings.iter();
        let findings = findings.filter(|finding| self.is_judged(finding));
        let weighed = findings.filter_map(|finding| {
            let severity = self.weigh(finding.rule, finding.severity)?;
            Some(Finding {
                severity,
                ..finding.clone()
            })
        });
        let mut weighed: Vec<Finding> = weighed.collect();
        weighed.sort_by_key(|finding| Reverse(finding.severity));
        weighed
    }

    /// The verdict over the findings that count. Notes weigh nothing.
    pub fn verdict(&self, truth: &Truth) -> Verdict {
        if !truth.brokers.iter().any(super::BrokerTruth::is_answering) {
            return Verdict::Unknown;
        }
        let worst = self.apply(truth).into_iter().map(|f| f.severity).max();
        match worst {
            None | Some(Severity::Note) => Verdict::Ok,
            Some(Severity::Warning) => Verdict::Warning,
            Some(Severity::Critical) => Verdict::Critical,
        }
    }

    /// Whether a broker that is silent would change the verdict.
    pub fn weighs_silence(&self) -> bool {
        if self.streams.is_some() {
            return false;
        }
        let severity = self.weigh(Rule::BrokerSilent, Severity::Warning);
        severity > Some(Severity::Note)
    }

    /// Whether a cursor that is behind would change the verdict.
    pub fn weighs_cursors(&self) -> bool {
        let rules = [Rule::CursorLag, Rule::CursorStalled].into_iter();
        let severity = rules.filter_map(|rule| self.weigh(rule, Severity::Warning));
        severity.max() > Some(Severity::Note)
    }

    fn is_judged(&self, finding: &Finding) -> bool {
        let Some(streams) = &self.streams else {
            return true;
        };
        let stream = finding.stream().or(finding.read_stream.as_deref());
        stream.is_some_and(|stream| streams.iter().any(|judged| **judged == *stream))
    }

    /// How heavy a finding of that rule is; `None` where it does not count.
    fn weigh(&self, rule: Rule, severity: Severity) -> Option<Severity> {
        if !self.only.is_empty() && !self.only.contains(&rule) {
            return None;
        }
        let named = self.weigh.iter().rfind(|(named, _)| *named == rule);
        named.map_or(Some(severity), |(_, severity)| *severity)
    }
}
