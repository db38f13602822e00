//! What went wrong, and when: incidents of this run and of earlier ones.
//! How they are put together is `health`'s.

use std::cmp::Reverse;
use std::sync::Arc;

use super::ScreenState;
use crate::app::app_request::CopyEntry;
use crate::app::focus::Pane;
use crate::app::lists::column::columns;
use crate::app::lists::table::{Listing, Table};
use crate::app::row_key::RowKey;
use crate::app::settings::Settings;
use crate::app::viewport::Viewport;
use crate::health::{Incident, Severity, Truth};
use crate::model::Zone;

columns! {
    /// The columns of the list.
    pub enum IncidentColumn {
        /// When it began.
        Began = worst_first("BEGAN"),
        /// How long it lasted.
        Length = number("LASTED"),
        /// The worst of it.
        Title = text("WHAT"),
        /// Messages that waited for a commit.
        Uncommitted = number("WAITED"),
    }
}

/// The incidents.
#[derive(Clone, Debug)]
pub struct Incidents {
    /// What the cluster is called in a report.
    cluster: String,
    /// The zone of the times in a report.
    zone: Zone,
    /// The oldest first.
    kept: Vec<Arc<Incident>>,
    /// Those that last.
    current: Vec<i64>,
    list: Table<i64, IncidentColumn>,
}

impl Incidents {
    /// No incident yet.
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            cluster: settings.cluster.clone(),
            zone: settings.times.zone.clone(),
            kept: Vec::new(),
            current: Vec::new(),
            list: Table::new(RowKey::Incident, IncidentColumn::Began),
        }
    }

    /// The list: incidents by when they began.
    pub fn list(&self) -> &Table<i64, IncidentColumn> {
        &self.list
    }

    /// The incident that began then.
    pub fn find(&self, began: i64) -> Option<&Arc<Incident>> {
        self.kept.iter().rev().find(|one| one.began == began)
    }

    /// Whether that incident lasts as far as this run of the dashboard sees: it was seen to begin, or to go on.
    pub(crate) fn lasts(&self, began: i64) -> bool {
        self.current.contains(&began)
    }

    /// The incident that lasts and in which that has happened, the newest first.
    pub(crate) fn lasting_about(&self, happened: &str) -> Option<&Arc<Incident>> {
        let mut lasting = self.kept.iter().rev().filter(|one| self.lasts(one.began));
        lasting.find(|one| one.events.iter().any(|event| event.text == happened))
    }

    /// Replaces the incidents, the oldest first.
    pub(in crate::app) fn set_incidents(
        &mut self,
        incidents: &[Arc<Incident>],
        current: Vec<i64>,
        zone: &Zone,
    ) {
        self.zone.clone_from(zone);
        self.current = current;
        let pairs = || self.kept.iter().zip(incidents);
        let same = self.kept.len() == incidents.len()
            && pairs().all(|(one, other)| Arc::ptr_eq(one, other));
        if !same {
            self.kept = incidents.to_vec();
        }
    }
}

impl ScreenState for Incidents {
    fn list_in(&self, _pane: Pane) -> Option<&dyn Listing> {
        Some(&self.list)
    }

    fn list_in_mut(&mut self, _pane: Pane) -> Option<&mut dyn Listing> {
        Some(&mut self.list)
    }

    fn update_rows(&mut self, _truth: &Truth, faults_only: bool, viewport: &Viewport) {
        let filter = self.list.filter();
        let shown = self.kept.iter().rev().filter(|incident| {
            let touched = incident.touched.iter().map(String::as_str);
            let texts: Vec<&str> = touched.chain([incident.title.as_str()]).collect();
            let is_grave = !faults_only || incident.severity() == Severity::Critical;
            is_grave && filter.passes(&texts)
        });
        let mut shown: Vec<&Arc<Incident>> = shown.collect();
        let (column, reversed) = self.list.sort();
        match column {
            IncidentColumn::Began => {}
            IncidentColumn::Length => shown.sort_by_key(|one| Reverse(one.length())),
            IncidentColumn::Title => shown.sort_by(|one, other| one.title.cmp(&other.title)),
            IncidentColumn::Uncommitted => shown.sort_by_key(|one| Reverse(one.uncommitted())),
        }
        if reversed {
            shown.reverse();
        }
        let rows = shown.into_iter().map(|incident| incident.began).collect();
        let height = viewport.rows(Pane::Incidents);
        self.list.set_rows(rows, self.kept.len(), height);
    }

    fn copies(&self, _pane: Pane, _truth: &Truth) -> Vec<CopyEntry> {
        let selected = self.list.selected();
        let Some(incident) = selected.and_then(|began| self.find(*began)) else {
            return Vec::new();
        };
        vec![
            CopyEntry::new(
                "report as Markdown",
                incident.markdown(&self.cluster, &self.zone),
            ),
            CopyEntry::new("what it was", incident.title.clone()),
            CopyEntry::command(&["incidents"], &[], &["--markdown"]),
        ]
    }
}
