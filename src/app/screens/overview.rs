//! The first screen: findings, worst first, and the brokers at a glance.
//!
//! What is wrong is `health`'s word; this keeps the place among the findings.

use crate::app::lists::table::{Column, Listing, Table};
use crate::app::screens::brokers::{self, BrokerColumn, BrokerName};
use crate::health::{Finding, Rule, Severity, Truth};
use crate::model::Target;

/// A finding by what it says of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingKey {
    rule: Rule,
    target: Target,
    /// The id of a cursor or a group does not tell which of its partitions is meant; only its line does.
    line: Option<String>,
}

impl From<&Finding> for FindingKey {
    fn from(finding: &Finding) -> Self {
        Self {
            rule: finding.rule,
            target: finding.target.clone(),
            line: matches!(finding.target, Target::Cursor(_) | Target::Group(_))
                .then(|| finding.message.clone()),
        }
    }
}

/// The one column of findings: they are in health's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingColumn {
    /// Worst first.
    Gravity,
}

impl Column for FindingColumn {
    const ALL: &'static [Self] = &[Self::Gravity];

    fn title(self) -> &'static str {
        "worst first"
    }

    fn is_number(self) -> bool {
        false
    }
}

/// The first screen.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Findings.
    pub findings: Table<FindingKey, FindingColumn>,
    /// Brokers.
    pub brokers: Table<BrokerName, BrokerColumn>,
}

impl Default for Overview {
    fn default() -> Self {
        Self {
            findings: Table::sorted_by(FindingColumn::Gravity),
            brokers: Table::sorted_by(BrokerColumn::Name),
        }
    }
}

impl Overview {
    /// The chosen finding, if it still holds.
    pub fn chosen<'a>(&self, truth: &'a Truth) -> Option<&'a Finding> {
        let key = self.findings.chosen()?;
        truth
            .findings
            .iter()
            .find(|finding| FindingKey::from(*finding) == *key)
    }

    /// Works the rows of both lists out anew. A finding takes more than one line: `height` is in lines.
    pub fn settle(&mut self, truth: &Truth, faulty: bool, findings: usize, brokers: usize) {
        let filter = self.findings.filter();
        let shown = truth.findings.iter().filter(|finding| {
            let grave = !faulty || finding.severity > Severity::Note;
            grave && filter.passes(&[&finding.message, &finding.place()])
        });
        let mut rows: Vec<FindingKey> = shown.map(FindingKey::from).collect();
        if self.findings.sort().1 {
            rows.reverse();
        }
        self.findings.set_rows(rows, truth.findings.len(), findings);
        let rows = brokers::rows(&self.brokers, truth, false);
        self.brokers.set_rows(rows, truth.brokers.len(), brokers);
    }
}
