//! The list of brokers: which rows there are, in which order.
//!
//! What is known of each is the truth's; how it looks, `ui/brokers`'s.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::app::lists::filter::Filter;
use crate::app::lists::table::{Column, Listing, Table, ordered};
use crate::health::{BrokerTruth, Truth};

/// A broker by id, or by address while its id is unknown.
pub type BrokerName = Arc<str>;

/// The columns of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokerColumn {
    /// Id.
    Name,
    /// `host:port`.
    Address,
    /// Reachable or not, and since when.
    State,
    /// Replicas it holds.
    Partitions,
    /// Partitions it leads.
    Leaders,
    /// Messages a second that it leads.
    Rate,
    /// How long its last answer took.
    Latency,
    /// Which brokers list it.
    ListedBy,
}

impl Column for BrokerColumn {
    const ALL: &'static [Self] = &[
        Self::Name,
        Self::State,
        Self::Address,
        Self::Partitions,
        Self::Leaders,
        Self::Rate,
        Self::Latency,
        Self::ListedBy,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::Address => "ADDRESS",
            Self::State => "STATE",
            Self::Partitions => "PARTS",
            Self::Leaders => "LED",
            Self::Rate => "MSG/S",
            Self::Latency => "ANSWER",
            Self::ListedBy => "LISTED BY",
        }
    }

    fn is_number(self) -> bool {
        match self {
            Self::Partitions | Self::Leaders | Self::Rate | Self::Latency => true,
            Self::Name | Self::Address | Self::State | Self::ListedBy => false,
        }
    }

    fn begins_with_greatest(self) -> bool {
        self.is_number() || self == Self::State
    }
}

/// The list's rows for a truth.
pub fn rows(
    table: &Table<BrokerName, BrokerColumn>,
    truth: &Truth,
    faulty: bool,
) -> Vec<BrokerName> {
    let shown = truth
        .brokers
        .iter()
        .filter(|broker| passes(table.filter(), broker) && (!faulty || !broker.is_answering()));
    ordered(shown.collect(), table.sort(), compare, |broker| {
        Arc::from(broker.name())
    })
}

fn passes(filter: &Filter, broker: &BrokerTruth) -> bool {
    filter.passes(&[broker.name(), &broker.address])
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
