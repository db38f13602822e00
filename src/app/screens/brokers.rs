//! The list of brokers: which rows there are, in which order.

use std::cmp::Ordering;
use std::sync::Arc;

use super::ScreenState;
use crate::app::focus::Pane;
use crate::app::lists::column::columns;
use crate::app::lists::table::{Listing, Table, ordered};
use crate::app::row_key::RowKey;
use crate::app::viewport::Viewport;
use crate::health::{BrokerTruth, Truth};

/// A broker by id, or by address while its id is unknown.
pub(crate) type BrokerName = Arc<str>;

columns! {
    /// The columns of the list.
    pub enum BrokerColumn {
        /// Id.
        Name = text("NAME"),
        /// Reachable or not, and since when.
        State = worst_first("STATE"),
        /// `host:port`.
        Address = text("ADDRESS"),
        /// How many replicas it has.
        Partitions = number("PARTS"),
        /// How many partitions it leads.
        Leaders = number("LEADS"),
        /// Messages a second that it leads.
        Rate = number("MSG/S"),
        /// How long its last answer took.
        Latency = number("ANSWER"),
        /// Which brokers list it.
        ListedBy = text("LISTED BY"),
    }
}

/// The list of brokers.
#[derive(Clone, Debug)]
pub struct Brokers {
    list: Table<BrokerName, BrokerColumn>,
}

impl Default for Brokers {
    fn default() -> Self {
        let list = Table::new(RowKey::Broker, BrokerColumn::Name);
        Self { list }
    }
}

impl Brokers {
    /// The list.
    pub fn list(&self) -> &Table<BrokerName, BrokerColumn> {
        &self.list
    }

    /// Selects a broker, whatever the filter hides.
    pub(in crate::app) fn show(&mut self, name: &str) {
        self.list.filter_mut().clear();
        self.list.select(Arc::from(name));
    }
}

impl ScreenState for Brokers {
    fn list_in(&self, _pane: Pane) -> Option<&dyn Listing> {
        Some(&self.list)
    }

    fn list_in_mut(&mut self, _pane: Pane) -> Option<&mut dyn Listing> {
        Some(&mut self.list)
    }

    fn update_rows(&mut self, truth: &Truth, faults_only: bool, viewport: &Viewport) {
        let rows = rows(&self.list, truth, faults_only);
        let height = viewport.rows(Pane::Brokers);
        self.list.set_rows(rows, truth.brokers.len(), height);
    }
}

/// The rows of a list of brokers.
pub(super) fn rows(
    table: &Table<BrokerName, BrokerColumn>,
    truth: &Truth,
    faults_only: bool,
) -> Vec<BrokerName> {
    let shown = truth.brokers.iter().filter(|broker| {
        let passes = table.filter().passes(&[broker.name(), &broker.address]);
        passes && (!faults_only || !broker.is_answering())
    });
    ordered(shown, table.sort(), compare, |broker| {
        Arc::from(broker.name())
    })
}

fn compare(column: BrokerColumn, one: &BrokerTruth, other: &BrokerTruth) -> Ordering {
    let rate = |broker: &BrokerTruth| broker.rate.unwrap_or(-1.0);
    match column {
        BrokerColumn::Name => one.name().cmp(other.name()),
        BrokerColumn::Address => one.address.cmp(&other.address),
        BrokerColumn::State => one.is_answering().cmp(&other.is_answering()),
        BrokerColumn::Partitions => other.partitions.cmp(&one.partitions),
        BrokerColumn::Leaders => other.leaders.cmp(&one.leaders),
        BrokerColumn::Rate => rate(other).total_cmp(&rate(one)),
        BrokerColumn::Latency => other.latency.cmp(&one.latency),
        BrokerColumn::ListedBy => one.listed_by.len().cmp(&other.listed_by.len()),
    }
}
