//! The first screen: findings, worst first, and a summary of the brokers.
//!
//! What is wrong is found in `health`.

use super::ScreenState;
use super::brokers::{self, BrokerColumn, BrokerName};
use crate::app::command::{ClusterCommand, Command};
use crate::app::focus::Pane;
use crate::app::input::key_hints::Hint;
use crate::app::lists::column::columns;
use crate::app::lists::table::{Listing, Table};
use crate::app::row_key::{FindingKey, RowKey};
use crate::app::viewport::Viewport;
use crate::health::{Severity, Truth};

const ACKNOWLEDGE: Hint = (Command::Cluster(ClusterCommand::Acknowledge), "acknowledge");

columns! {
    /// The one column of findings: they are in health's order.
    pub enum FindingColumn {
        /// Worst first.
        Severity = text("worst first"),
    }
}

/// The first screen.
#[derive(Clone, Debug)]
pub struct Overview {
    findings: Table<FindingKey, FindingColumn>,
    brokers: Table<BrokerName, BrokerColumn>,
}

impl Default for Overview {
    fn default() -> Self {
        Self {
            findings: Table::new(RowKey::Finding, FindingColumn::Severity),
            brokers: Table::new(RowKey::Broker, BrokerColumn::Name),
        }
    }
}

impl Overview {
    /// The findings.
    pub fn findings(&self) -> &Table<FindingKey, FindingColumn> {
        &self.findings
    }

    /// The brokers.
    pub(crate) fn brokers(&self) -> &Table<BrokerName, BrokerColumn> {
        &self.brokers
    }
}

impl ScreenState for Overview {
    fn list_in(&self, pane: Pane) -> Option<&dyn Listing> {
        if pane == Pane::Cluster {
            return Some(&self.brokers);
        }
        Some(&self.findings)
    }

    fn list_in_mut(&mut self, pane: Pane) -> Option<&mut dyn Listing> {
        if pane == Pane::Cluster {
            return Some(&mut self.brokers);
        }
        Some(&mut self.findings)
    }

    fn hint_for_selected(&self, pane: Pane) -> Option<Hint> {
        let selected = self.findings.selected().filter(|_| pane == Pane::Findings);
        let is_lost = selected.is_some_and(FindingKey::needs_acknowledgement);
        is_lost.then_some(ACKNOWLEDGE)
    }

    fn update_rows(&mut self, truth: &Truth, faults_only: bool, viewport: &Viewport) {
        let filter = self.findings.filter();
        // What has a cause stands below that; whoever looks for it by name finds it none the less.
        let searching = !filter.text().is_empty();
        let shown = truth.findings.iter().filter(|finding| {
            let wanted = !faults_only || finding.severity > Severity::Note;
            let listed = searching || finding.cause.is_none();
            wanted && listed && filter.passes(&[&finding.message, &finding.target_name()])
        });
        let mut rows: Vec<FindingKey> = shown.map(FindingKey::from).collect();
        if self.findings.sort().1 {
            rows.reverse();
        }
        let height = viewport.rows(Pane::Findings);
        let total = if searching {
            truth.findings.len()
        } else {
            truth.root_findings().count()
        };
        self.findings.set_rows(rows, total, height);
        let rows = brokers::rows(&self.brokers, truth, false);
        let height = viewport.rows(Pane::Cluster);
        self.brokers.set_rows(rows, truth.brokers.len(), height);
    }
}
