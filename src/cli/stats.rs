//! `liftui stats`: what is in a range of messages. What is counted is `store::statistics`', reading it the runtime's.
//! SIGINT prints what was counted so far.

mod report;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::interval;

use super::args::{OutputForm, StatsArgs};
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::partition_spec;
use super::query_reading::QueryReading;
use super::shown_times;
use crate::app::StatisticsSpec;
use crate::model::{StartAt, StopAt, Timestamp, check_range, counted_plainly};
use crate::runtime::statistics::StatisticsReader;
use crate::store::{PartitionStatistics, Statistics, StatisticsOptions, StatisticsReport};
use report::StatsPrinter;

/// How often progress is told.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);
/// Counts until the range is done or SIGINT comes, and prints what was counted.
pub(crate) async fn stats(context: &mut CommandContext<'_>, args: &StatsArgs) -> Result {
    let form = context.form(args.output);
    if form == OutputForm::Raw {
        let sentence = "statistics have no raw form: write -o table, json, ndjson or csv";
        return Err(CliError::usage(sentence));
    }
    check_range(args.from, args.to, Timestamp::now()).map_err(CliError::usage)?;
    let observer = context.observer()?;
    let (found, _) = partition_spec::find_all(&observer, &args.partitions).await?;
    context.console.print_hint(args.query.as_ref());
    let reading = QueryReading::new(context, args.query.as_ref(), &found)?;
    let partitions = found.iter().flat_map(|spec| {
        let ids = spec.partitions.iter();
        ids.map(|id| (Arc::clone(&spec.stream), *id))
    });
    let spec = StatisticsSpec {
        partitions: partitions.collect(),
        start: args.from,
        stop: args.to,
        query: reading.query,
    };
    let limit = context.settings.cluster.timeout.value;
    let mut statistics = Statistics::default();
    let mut reader = StatisticsReader::begin(&observer, &spec, limit, &mut statistics);
    if !reading.is_unsearched {
        reader = reader.checking_fields();
    }
    let mut ticks = interval(PROGRESS_EVERY);
    // Listened to throughout: one that is asked for anew each time misses a key that comes together with messages.
    let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
    let is_stopped = loop {
        tokio::select! {
            biased;
            _ = &mut interrupt => break true,
            _ = ticks.tick(), if args.progress => {
                let read = counted_plainly(statistics.read(), "message");
                context.console.print_error(&format!("{read} read"));
            }
            more = reader.step(&mut statistics) => if !more {
                break false;
            },
        }
    };
    let options = StatisticsOptions {
        top: usize::from(args.top),
        intervals: StatisticsOptions::INTERVALS,
        every: args.every,
        zone: shown_times::display().zone,
    };
    let report = statistics.report(&options);
    print_incomplete(context, &report, (is_stopped, form));
    let found = report.totals.messages;
    context.console.print_mistake(reader.query_check(), found);
    let bold = context.colours();
    let is_all =
        (args.from, args.to) == (StartAt::Earliest, StopAt::Latest) && args.query.is_none();
    let printer = StatsPrinter::new(&report, is_stopped, bold).of_part(!is_all);
    printer.print(&mut context.console.out, form)?;
    Ok(exit_of(&report, is_stopped))
}

/// Says on stderr what was not read to its end, and why.
fn print_incomplete(
    context: &mut CommandContext<'_>,
    report: &StatisticsReport,
    (is_stopped, form): (bool, OutputForm),
) {
    print_removed(context, report, form);
    for note in report
        .partitions
        .iter()
        .filter_map(|read| read.note.as_ref())
    {
        context.console.print_error(note);
    }
    if is_stopped {
        let read = counted_plainly(report.totals.read, "message");
        let sentence = format!("stopped: what is printed is of the {read} until then");
        context.console.print_error(&sentence);
    }
    if report.totals.undecided > 0 {
        let count = counted_plainly(report.totals.undecided, "message");
        let sentence =
            format!("the expression of the query costs too much for {count}, not counted here");
        context.console.print_error(&sentence);
    }
}

/// Says on stderr what of the range was removed: a table has lines for it.
fn print_removed(context: &mut CommandContext<'_>, report: &StatisticsReport, form: OutputForm) {
    if form == OutputForm::Table {
        return;
    }
    let sentences = report
        .partitions
        .iter()
        .filter_map(PartitionStatistics::removed_sentence);
    for sentence in sentences {
        context.console.print_error(&sentence);
    }
}

fn exit_of(report: &StatisticsReport, is_stopped: bool) -> Exit {
    match (is_stopped, report.is_whole()) {
        (true, _) => Exit::INTERRUPTED,
        (false, true) => Exit::DONE,
        (false, false) => Exit::FAILED,
    }
}
