//! What the exporter answers: metrics, whether it sees the cluster, and a page that leads to both.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::exposition::TextFormat;
use super::message_counters::MessageCounters;
use super::metrics::{ProcessStart, Scrape, ScrapeStatistics, Selection};
use crate::cli::args::ExporterArgs;
use crate::health::Truth;
use crate::model::{Failure, Timestamp, exact_age};
use crate::runtime::WatchedCluster;

/// A scrape that comes so soon after another gets the same text: whoever asks all the time costs no more than that.
const TEXT_AGE: Duration = Duration::from_millis(500);

/// How many polls may pass without any answer before the cluster counts as out of sight.
const MAX_MISSED_POLLS: u32 = 3;
/// The same as a time, where polls are close together: an answer may take as long.
const LEAST_SILENCE: Duration = Duration::from_secs(10);

const INDEX: &str = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>liftui exporter</title></head>\n\
    <body><h1>liftui exporter</h1>\n<ul><li><a href=\"/metrics\">/metrics</a>: what is true of the cluster, for Prometheus</li>\n\
    <li><a href=\"/healthz\">/healthz</a>: whether any broker answers</li></ul></body></html>\n";

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
}

impl Page {
    /// A sentence.
    pub(super) fn sentence(status: u16, sentence: &str) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: format!("{sentence}\n").into(),
        }
    }
}

/// What is known, and how it is shown.
#[derive(Debug)]
pub(super) struct Exporter {
    selection: Selection,
    silence: Duration,
    process: ProcessStart,
    state: Mutex<ExporterState>,
}

#[derive(Debug)]
struct ExporterState {
    cluster: WatchedCluster,
    counters: MessageCounters,
    statistics: ScrapeStatistics,
    texts: Vec<WrittenText>,
}

/// A text that was written a moment ago.
#[derive(Debug)]
struct WrittenText {
    format: TextFormat,
    at: Instant,
    text: Bytes,
}

impl Exporter {
    /// Nothing is known yet.
    pub(super) fn new(args: &ExporterArgs, process: ProcessStart) -> Self {
        Self {
            selection: Selection {
                streams: args.streams.clone(),
                internal: args.internal,
                max_series: args.max_series,
            },
            silence: (args.every * MAX_MISSED_POLLS).max(LEAST_SILENCE),
            state: Mutex::new(ExporterState {
                cluster: WatchedCluster::default(),
                counters: MessageCounters::new(process.0),
                statistics: ScrapeStatistics::default(),
                texts: Vec::new(),
            }),
            process,
        }
    }

    fn state(&self) -> MutexGuard<'_, ExporterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That is known now.
    pub(super) fn update(&self, cluster: WatchedCluster) {
        let mut state = self.state();
        state.counters.update(&cluster.truth);
        state.cluster = cluster;
    }

    /// What stands at that path.
    pub(super) fn page(&self, path: &str, accept: &str) -> Page {
        match path {
            "/metrics" => self.metrics(TextFormat::accepted(accept)),
            "/healthz" => self.health(Timestamp::now()),
            "/" => Page {
                status: 200,
                content_type: "text/html; charset=utf-8",
                body: Bytes::from_static(INDEX.as_bytes()),
            },
            _ => Page::sentence(404, "there are /metrics and /healthz"),
        }
    }

    fn metrics(&self, format: TextFormat) -> Page {
        let mut state = self.state();
        let now = Instant::now();
        state
            .texts
            .retain(|one| now.duration_since(one.at) < TEXT_AGE);
        let written = state.texts.iter().find(|one| one.format == format);
        let text = written.map(|one| one.text.clone());
        let body = text.unwrap_or_else(|| self.write(&mut state, format, now));
        Page {
            status: 200,
            content_type: format.content_type(),
            body,
        }
    }

    fn write(&self, state: &mut ExporterState, format: TextFormat, at: Instant) -> Bytes {
        let scrape = Scrape {
            cluster: &state.cluster,
            counters: &state.counters,
            selection: &self.selection,
            statistics: state.statistics,
            process: &self.process,
            now: Timestamp::now(),
        };
        let text = Bytes::from(scrape.text(format));
        state.statistics.scrapes += 1;
        state.statistics.took += at.elapsed();
        state.texts.push(WrittenText {
            format,
            at,
            text: text.clone(),
        });
        text
    }

    fn health(&self, now: Timestamp) -> Page {
        let state = self.state();
        let truth = &state.cluster.truth;
        let answered = truth.as_of;
        if answered.is_some_and(|at| at.age(now) <= self.silence) {
            return Page::sentence(200, "ok");
        }
        let why = state.cluster.failure.as_ref().or_else(|| failure(truth));
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        let since = match answered {
            Some(at) => format!("for {}", exact_age(at.age(now))),
            None => "yet".to_owned(),
        };
        Page::sentence(503, &format!("no broker has answered {since}{why}"))
    }
}

/// Why a broker does not answer.
fn failure(truth: &Truth) -> Option<&Failure> {
    let mut brokers = truth.brokers.iter();
    brokers.find_map(|broker| broker.failure.as_ref())
}
