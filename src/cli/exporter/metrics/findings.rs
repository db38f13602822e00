//! Metrics of what is wrong: counts by rule and severity, and each finding by what it is about.

use std::collections::{BTreeMap, BTreeSet};

use super::series_limit::{SeriesLimit, SeriesOf};
use crate::cli::exporter::exposition::{Family, Labels, Metric};
use crate::health::{Finding, Rule, Severity, Truth};

const FINDINGS: Metric = Metric::gauge(
    "liftbridge_findings",
    "How much is wrong now, by rule and severity",
);
const FINDING: Metric = Metric::gauge(
    "liftbridge_finding",
    "Something is wrong now; cause names the silent broker that explains it",
);

/// The counts, and the findings themselves, worst first.
pub(super) fn families(truth: &Truth, limit: &mut SeriesLimit) -> Vec<Family> {
    let [mut counts, mut each] = [FINDINGS, FINDING].map(Family::new);
    // Before anybody has answered nothing is known to be well; that nobody answers is known.
    if truth.as_of.is_some() || !truth.findings.is_empty() {
        count(truth, &mut counts);
    }
    let mut seen = BTreeSet::new();
    for finding in &truth.findings {
        let labels = labels(finding);
        let is_new = seen.insert(labels.clone());
        if is_new && limit.takes(1, SeriesOf::Finding) {
            let written = labels
                .into_iter()
                .fold(Labels::default(), |written, label| {
                    let (name, value) = label;
                    written.with(name, &value)
                });
            each.push(&written, 1);
        }
    }
    vec![counts, each]
}

fn count(truth: &Truth, counts: &mut Family) {
    let mut found: BTreeMap<(Rule, Severity), usize> = BTreeMap::new();
    for finding in &truth.findings {
        *found.entry((finding.rule, finding.severity)).or_default() += 1;
    }
    for rule in Rule::ALL {
        for severity in [Severity::Note, Severity::Warning, Severity::Critical] {
            let labels = Labels::default()
                .with("rule", rule.as_str())
                .with("severity", severity.as_str());
            let count = found.get(&(rule, severity));
            counts.push(&labels, count.copied().unwrap_or(0));
        }
    }
}

/// Without the partitions of a stream, which come and go in one finding: an alert on it is to last as long as it does.
fn labels(finding: &Finding) -> Vec<(&'static str, String)> {
    let target = finding.stream().map(str::to_owned);
    let mut labels = vec![
        ("rule", finding.rule.as_str().to_owned()),
        ("severity", finding.severity.as_str().to_owned()),
        ("target", target.unwrap_or_else(|| finding.target_name())),
    ];
    let read = finding.read_stream.as_ref();
    labels.extend(read.map(|stream| ("stream", stream.to_string())));
    let cause = finding.cause.as_ref();
    labels.extend(cause.map(|broker| ("cause", broker.to_string())));
    labels
}
