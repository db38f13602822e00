//! The statistics of a range: which one is read, how far that is, what they say.

use std::sync::Arc;

use super::App;
use super::command::{ClusterCommand, Command};
use super::effect::{Effect, StatisticsSpec};
use super::focus::Screen;
use super::ids::RequestId;
use super::inflight::Request;
use super::notice::Level;
use super::range_run::RangeRun;
use super::row_key::{DetailTarget, PartitionKey};
use super::screens::operations;
use super::screens::tails::TailPartition;
use crate::model::{Failure, StartAt, StopAt, check_range, parse_start, parse_stop};
use crate::store::{Query, Statistics, StatisticsOptions, StatisticsReport};

/// Rows of each list.
const TOP: usize = 15;

/// Statistics that were asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct StatisticsRun {
    reading: RangeRun<StatisticsSpec, StatisticsReport>,
    range: String,
}

impl StatisticsRun {
    /// What is read, and how far that is.
    pub fn reading(&self) -> &RangeRun<StatisticsSpec, StatisticsReport> {
        &self.reading
    }

    /// The range as it was typed.
    pub fn range(&self) -> &str {
        &self.range
    }
}

impl App {
    /// The statistics that were asked for last.
    pub fn statistics(&self) -> Option<&StatisticsRun> {
        self.statistics.as_ref()
    }

    /// Begins to read what is chosen, in the range that was typed. Where statistics are shown, stops what is being read, or reads
    /// it again.
    pub(super) fn run_statistics(&mut self, range: &str) {
        if self.has_statistics_open()
            && let Some(run) = &self.statistics
        {
            if !run.reading.is_reading() {
                // Times such as `@-1h` are of the moment at which they are counted.
                let (mut spec, range) = (run.reading.spec().clone(), run.range.clone());
                match self.parse_range(&range) {
                    Ok((start, stop)) => (spec.start, spec.stop) = (start, stop),
                    Err(sentence) => return self.context.notify(Level::Error, sentence),
                }
                return self.read_statistics(spec, range);
            }
            return self.stop_statistics("stopped: this is what was read until then");
        }
        if let Err(sentence) = self.parse_range(range) {
            return self.context.notify(Level::Error, sentence);
        }
        let Some((partitions, query)) = self.statistics_target() else {
            return;
        };
        if let Err(sentence) = self.count(partitions, range, query) {
            self.context.notify(Level::Error, sentence);
        }
    }

    /// Begins to read that range of these partitions.
    pub(super) fn count(
        &mut self,
        partitions: Vec<PartitionKey>,
        range: &str,
        query: Option<Query>,
    ) -> Result<(), String> {
        let (start, stop) = self.parse_range(range)?;
        let spec = StatisticsSpec {
            partitions,
            start,
            stop,
            query,
        };
        self.read_statistics(spec, range.trim().to_owned());
        Ok(())
    }

    fn read_statistics(&mut self, mut spec: StatisticsSpec, range: String) {
        let schemas = &self.context.settings.schemas;
        spec.query = spec.query.map(|query| schemas.reading_query(query));
        let options = StatisticsOptions {
            top: TOP,
            intervals: StatisticsOptions::INTERVALS,
            every: None,
            zone: self.context.times.zone.clone(),
        };
        let mut unread = Statistics::default();
        for (stream, partition) in &spec.partitions {
            unread.open(stream, *partition, spec.start);
        }
        let report = unread.report(&options);
        let id = self.context.begin_request(Request::Statistics);
        self.context
            .emit(Effect::ReadStatistics(id, spec.clone(), options));
        let reading = RangeRun::new(id, spec, report, self.context.now);
        self.statistics = Some(StatisticsRun { reading, range });
        self.overlays.show_detail(DetailTarget::Statistics);
    }

    /// Where to start and where to stop: `@-1h`, `@-2h @-1h`; all that is kept where nothing is said.
    fn parse_range(&self, text: &str) -> Result<(StartAt, StopAt), String> {
        let (start, stop) = self.read_range(text)?;
        check_range(start, stop, self.context.now)?;
        Ok((start, stop))
    }

    fn read_range(&self, text: &str) -> Result<(StartAt, StopAt), String> {
        let (now, zone) = (self.context.now, &self.context.times.zone);
        let text = text.trim();
        if text.is_empty() {
            return Ok((StartAt::Earliest, StopAt::Latest));
        }
        // A time may have blanks in it: where the stop begins is known by what can be read.
        let whole = parse_start(text, now, zone);
        if let Ok(start) = whole {
            return Ok((start, StopAt::Latest));
        }
        let cuts = text.match_indices(' ').map(|(at, _)| text.split_at(at));
        let mut ranges = cuts.filter_map(|(start, stop)| {
            let start = parse_start(start.trim(), now, zone).ok()?;
            Some((start, parse_stop(stop.trim(), now, zone).ok()?))
        });
        ranges
            .next()
            .map_or_else(|| whole.map(|start| (start, StopAt::Latest)), Ok)
    }

    /// The partitions of the tail that is shown with its query, or those that are chosen in a list.
    fn statistics_target(&mut self) -> Option<(Vec<PartitionKey>, Option<Query>)> {
        let pane = self.focus.pane();
        if pane.screen() == Screen::Tails
            && let Some(tail) = self.screens.tails.shown()
        {
            let partitions = tail.partitions().iter().map(TailPartition::key);
            return Some((partitions.collect(), tail.search().query().cloned()));
        }
        let targets = self.screens.of(pane).targets(pane);
        let (truth, context) = (self.cluster.truth(), &mut self.context);
        let keys = operations::partition_keys(&targets, truth, context)?;
        Some((keys, None))
    }

    fn has_statistics_open(&self) -> bool {
        self.overlays.shows(&DetailTarget::Statistics)
    }

    /// Nothing is read for a text that nobody looks at.
    pub(super) fn stop_unseen_statistics(&mut self) {
        if !self.has_statistics_open() {
            self.stop_statistics("the reading for statistics was stopped");
        }
    }

    fn stop_statistics(&mut self, text: &str) {
        let run = self.statistics.as_mut().map(|run| &mut run.reading);
        if run.is_some_and(|run| run.stop(Effect::CancelStatistics, &mut self.context)) {
            self.context.notify(Level::Note, text);
        }
    }

    /// Some of the range was read.
    pub(super) fn on_statistics(
        &mut self,
        id: RequestId,
        read: Result<(Arc<StatisticsReport>, bool), Failure>,
    ) {
        let run = self.statistics.as_mut().map(|run| &mut run.reading);
        RangeRun::on_read(run, id, read, &mut self.context);
    }

    /// Whether a command is about statistics, which any place may ask for.
    pub(super) fn is_about_statistics(command: Command) -> bool {
        command == ClusterCommand::Statistics.into()
    }
}
