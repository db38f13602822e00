//! A broker as an object of `liftui brokers`.

use std::sync::Arc;

use crate::cli::cell_format::{age, known, latency, list, plain};
use crate::cli::json::{JsonTime, milliseconds};
use crate::cli::output::{Column, OutputRow, output_row};
use crate::client::split_advice;
use crate::health::{BrokerTruth, Reach};
use crate::model::{BrokerId, Timestamp};

output_row! {
    /// A broker.
    pub(super) struct BrokerRow {
        id: Option<BrokerId>,
        address: Arc<str>,
        reachable: Option<bool>,
        since: JsonTime,
        latency_ms: Option<f64>,
        partitions: usize,
        leaders: usize,
        listed_by: Vec<BrokerId>,
        pub(super) error: Option<String>,
    }
}

impl OutputRow for BrokerRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::name("ID", |broker| plain(broker.id.as_ref())),
        Column::text("ADDRESS", |broker| broker.address.to_string()),
        Column::text("REACHABLE", |broker| known(broker.reachable)),
        Column::text("SINCE", |broker| age(&broker.since)),
        Column::number("LATENCY", |broker| latency(broker.latency_ms)),
        Column::number("PARTITIONS", |broker| broker.partitions.to_string()),
        Column::number("LEADERS", |broker| broker.leaders.to_string()),
        Column::names("LISTED BY", |broker| list(&broker.listed_by)),
        // What is the same for all of them stands once beneath.
        Column::text("ERROR", |broker| {
            plain(broker.error.as_deref().map(|error| split_advice(error).0))
        }),
    ];

    fn raw(&self) -> String {
        self.address.to_string()
    }
}

impl From<&BrokerTruth> for BrokerRow {
    fn from(broker: &BrokerTruth) -> Self {
        let failure = broker.failure.as_ref();
        Self {
            id: broker.id.clone(),
            address: Arc::clone(&broker.address),
            reachable: match broker.reach {
                Reach::Answering => Some(true),
                Reach::Silent { .. } => Some(false),
                Reach::NotAskedYet | Reach::AddressUnknown { .. } => None,
            },
            since: JsonTime(broker.reach.silent_since().unwrap_or(Timestamp::NEVER)),
            latency_ms: broker.latency.map(milliseconds),
            partitions: broker.partitions,
            leaders: broker.leaders,
            listed_by: broker.listed_by.clone(),
            error: failure.map(|failure| failure.sentence.clone()),
        }
    }
}
