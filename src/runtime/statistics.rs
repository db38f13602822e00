//! Reads a range of messages for what is in it.
//!
//! What is counted is `store`'s. The command line reads with this too.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::interval;

use super::channels::EventSender;
use super::range_reader::{LONGEST_SILENCE, RangeItem, RangeReader};
use crate::app::{Event, RequestId, StatisticsSpec};
use crate::client::Observer;
use crate::model::Timestamp;
use crate::store::{Query, QueryFieldCheck, Statistics, StatisticsOptions};

/// How often the screen is told how far it is.
const REPORT_EVERY: Duration = Duration::from_millis(250);

/// The reading of a range. Dropping it ends all its sessions.
#[derive(Debug)]
pub(crate) struct StatisticsReader {
    range: RangeReader,
    query: Option<Query>,
    check: QueryFieldCheck,
}

impl StatisticsReader {
    /// Begins to read. A partition of which nothing comes for longer than `limit` is given up.
    pub(crate) fn begin(
        observer: &Observer,
        spec: &StatisticsSpec,
        limit: Duration,
        statistics: &mut Statistics,
    ) -> Self {
        for (stream, partition) in &spec.partitions {
            statistics.open(stream, *partition, spec.start);
        }
        let ends = (spec.start, spec.stop);
        Self {
            range: RangeReader::begin(observer, &spec.partitions, ends, limit),
            query: spec.query.clone(),
            check: QueryFieldCheck::default(),
        }
    }

    /// Holds the query against the fields of what is read, for [`query_check`](Self::query_check).
    pub(crate) fn checking_fields(mut self) -> Self {
        self.check = QueryFieldCheck::new(self.query.as_ref(), false);
        self
    }

    /// What of the query is likely misspelt, by what was read.
    pub(crate) fn query_check(&mut self) -> &mut QueryFieldCheck {
        &mut self.check
    }

    /// Counts what comes next; `false` once nothing more comes. May be dropped while it waits.
    pub(crate) async fn step(&mut self, statistics: &mut Statistics) -> bool {
        match self.range.next().await {
            None => return false,
            Some(RangeItem::Chunk(chunk)) => {
                self.check.add(&chunk);
                statistics.add_chunk(&chunk, self.query.as_ref(), Timestamp::now());
            }
            Some(RangeItem::Event((stream, partition), event)) => {
                statistics.apply_event(&stream, partition, &event);
            }
            Some(RangeItem::Failed((stream, partition), sentence)) => {
                statistics.fail(&stream, partition, sentence);
            }
        }
        true
    }
}

/// Reads for the dashboard, and tells now and then what is known so far.
pub(super) async fn run(
    id: RequestId,
    observer: Observer,
    spec: StatisticsSpec,
    options: StatisticsOptions,
    outbox: EventSender,
) {
    let mut statistics = Statistics::default();
    let mut reader = StatisticsReader::begin(&observer, &spec, LONGEST_SILENCE, &mut statistics);
    let mut ticks = interval(REPORT_EVERY);
    let mut is_new = true;
    loop {
        tokio::select! {
            more = reader.step(&mut statistics) => {
                if !more {
                    break;
                }
                is_new = true;
                // A large range would leave no room for others on this thread.
                tokio::task::yield_now().await;
            }
            _ = ticks.tick() => {
                if std::mem::take(&mut is_new) {
                    let report = Arc::new(statistics.report(&options));
                    outbox.send(Event::Statistics(id, Ok((report, false)))).await;
                }
            }
        }
    }
    let report = Arc::new(statistics.report(&options));
    outbox.send(Event::Statistics(id, Ok((report, true)))).await;
}
