//! All metrics of a scrape, from what is known of the cluster. Names are stable: docs/exporter.md lists them.

mod brokers;
mod consumers;
mod findings;
mod partitions;
mod process;
mod series_limit;

use std::time::Duration;

use super::exposition::{Family, Labels, Metric, MetricKind, TextFormat};
use super::message_counters::MessageCounters;
use crate::health::{StreamTruth, Truth};
use crate::model::{Timestamp, names_stream};
use crate::runtime::WatchedCluster;
pub(super) use process::ProcessStart;
use series_limit::SeriesLimit;

/// Of which streams metrics are served, and of how many series.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    /// By name or by pattern; all where there is none.
    pub(super) streams: Vec<String>,
    /// Whether Liftbridge's own are served without being named.
    pub(super) internal: bool,
    /// Series of what a cluster may have many of.
    pub(super) max_series: usize,
}

impl Selection {
    fn has(&self, stream: &str, is_internal: bool) -> bool {
        if is_internal && self.internal {
            return true;
        }
        if self.streams.is_empty() {
            return !is_internal;
        }
        // An existing stream of exactly that name comes first: a name may hold the characters of patterns.
        let mut texts = self.streams.iter();
        texts.any(|text| *text == *stream || names_stream(text, stream))
    }

    fn has_stream(&self, stream: &StreamTruth) -> bool {
        self.has(&stream.name, stream.internal)
    }

    fn has_stream_of(&self, truth: &Truth, name: &str) -> bool {
        let found = truth.stream(name);
        self.has(name, found.is_some_and(|stream| stream.internal))
    }
}

/// What the exporter did so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ScrapeStatistics {
    /// Scrapes that were formatted.
    pub(super) scrapes: u64,
    /// How long that took, all together.
    pub(super) took: Duration,
}

/// What a scrape is made of.
pub(super) struct Scrape<'a> {
    pub(super) cluster: &'a WatchedCluster,
    pub(super) counters: &'a MessageCounters,
    pub(super) selection: &'a Selection,
    pub(super) statistics: ScrapeStatistics,
    pub(super) process: &'a ProcessStart,
    pub(super) now: Timestamp,
}

const TRUTH_AGE: Metric = Metric::seconds(
    "liftbridge_truth_age_seconds",
    "Since the newest answer of any broker: all else is as old at least",
);
const STREAMS: Metric = Metric::gauge("liftbridge_streams", "Streams, Liftbridge's own included");
const PARTITIONS: Metric = Metric::gauge(
    "liftbridge_partitions",
    "Partitions, those of Liftbridge's own streams included",
);
const LEADERLESS: Metric = Metric::gauge(
    "liftbridge_leaderless_partitions",
    "Partitions without any leader",
);
const LEADER_UNREACHABLE: Metric = Metric::gauge(
    "liftbridge_leader_unreachable_partitions",
    "Partitions whose leader does not answer",
);
const UNDER_REPLICATED: Metric = Metric::gauge(
    "liftbridge_under_replicated_partitions",
    "Partitions that lack in-sync replicas and have a leader",
);
const PAUSED: Metric = Metric::gauge(
    "liftbridge_paused_partitions",
    "Partitions that really are paused",
);
const BUILD: Metric = Metric::new(
    "liftui_build",
    MetricKind::Info,
    "",
    "The version of liftui",
);
const ANSWERS: Metric = Metric::new(
    "liftui_broker_answers",
    MetricKind::Counter,
    "",
    "How often brokers answered the exporter",
);
const FAILURES: Metric = Metric::new(
    "liftui_broker_failures",
    MetricKind::Counter,
    "",
    "How often brokers did not answer the exporter",
);
const SCRAPE_DURATION: Metric = Metric::new(
    "liftui_scrape_duration_seconds",
    MetricKind::Summary,
    "seconds",
    "Time spent on writing scrapes before this one",
);
const SERIES: Metric = Metric::gauge("liftui_series", "Series in this scrape but this one");

impl Scrape<'_> {
    /// The whole text.
    pub(super) fn text(&self, format: TextFormat) -> String {
        let truth = &self.cluster.truth;
        let mut limit = SeriesLimit::new(self.selection.max_series);
        let mut families = self.cluster_families();
        families.extend(brokers::families(truth, self.now));
        families.extend(findings::families(truth, &mut limit));
        families.extend(consumers::families(self, &mut limit));
        families.extend(partitions::families(self, &mut limit));
        families.push(limit.family());
        families.extend(self.own_families());
        families.extend(self.process.families());
        let series = families.iter().map(Family::len).sum::<usize>();
        families.push(Family::of(SERIES, series));
        let mut text = String::new();
        for family in &families {
            family.write_to(&mut text, format);
        }
        text.push_str(format.end());
        text
    }

    fn cluster_families(&self) -> Vec<Family> {
        let truth = &self.cluster.truth;
        let age = truth.as_of.map(|as_of| as_of.age(self.now).as_secs_f64());
        let totals = &truth.totals;
        let known = |count: usize| truth.as_of.map(|_| count);
        vec![
            Family::of_known(TRUTH_AGE, age),
            Family::of_known(STREAMS, known(totals.streams)),
            Family::of_known(PARTITIONS, known(totals.partitions)),
            Family::of_known(LEADERLESS, known(totals.leaderless)),
            Family::of_known(LEADER_UNREACHABLE, known(totals.leader_unreachable)),
            Family::of_known(UNDER_REPLICATED, known(totals.under_replicated)),
            Family::of_known(PAUSED, known(totals.paused)),
        ]
    }

    fn own_families(&self) -> Vec<Family> {
        let none = Labels::default();
        let mut build = Family::new(BUILD);
        build.push(&none.with("version", env!("CARGO_PKG_VERSION")), 1);
        let mut scrapes = Family::new(SCRAPE_DURATION);
        scrapes.push_as("_sum", &none, self.statistics.took.as_secs_f64());
        scrapes.push_as("_count", &none, self.statistics.scrapes);
        vec![
            build,
            Family::of(ANSWERS, self.cluster.answers),
            Family::of(FAILURES, self.cluster.failures),
            scrapes,
        ]
    }
}
