//! `liftui tail`: messages of some partitions, merged by time, filtered and printed, with nothing left out.
//! Subscriptions are in `subscriptions`, what happens to them in `runner`, printing in `print`; between them go sealed chunks.

mod committed;
mod decoding;
mod joining;
mod notes;
mod print;
mod runner;
mod subscriptions;
mod table;
mod waterfall;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::task::spawn_blocking;

use super::args::{self, TailArgs, TraceArgs};
use super::command_context::CommandContext;
use super::dashboard::schemas;
use super::escaped_output::EscapedOutput;
use super::exit::{CliError, Exit, Result};
use super::mutate;
use super::partition_spec::{self, PartitionSpec};
use super::query_reading::QueryReading;
use super::read_budget::ReadBudget;
use super::shown_times;
use crate::app::Schemas;
use crate::client::{Observer, by_key};
use crate::model::{
    Cluster, Operation, ProbeState, StartAt, StopAt, StreamName, SubscribeSpec, Timestamp,
    check_range, counted, counted_plainly,
};
use crate::store::ExportForm;

use decoding::row_decoder;
use joining::{JoinOptions, Joining};
use notes::Notes;
use print::{Filter, PrintForm, Printer};
use runner::TailRunner;
use subscriptions::SubscriptionSet;
use table::{Holding, MessageTable, PlaceColumns};

/// How many of the last messages of each partition a tail that follows begins with.
const LAST: u64 = 10;

/// Prints messages until the range is done, enough were printed, nobody reads, or SIGINT.
pub(crate) async fn tail(context: &mut CommandContext<'_>, args: &TailArgs) -> Result {
    let (exit, _) = print_messages(context, args, false).await?;
    Ok(exit)
}

/// `liftui trace`: prints the messages of a range that a query finds as one story, with the time between them.
pub(crate) async fn trace(context: &mut CommandContext<'_>, args: &TraceArgs) -> Result {
    let (exit, printed) = print_messages(context, &args.as_tail(), true).await?;
    if printed == args.lines {
        let found = counted_plainly(printed, "message");
        context.console.print_error(&format!(
            "stopped at {found}, there may be more: -n sets how many, --from and --to narrow the range"
        ));
    }
    if printed > 0 {
        return Ok(exit);
    }
    // What could not be read may hold one.
    let is_whole = exit == Exit::DONE;
    let read = if is_whole { "" } else { " in what was read" };
    let from = if args.from.is_none() {
        " of the last hour; --from earliest looks at all that is kept"
    } else {
        " of the range"
    };
    let sentence = format!("\"{}\" finds no message{read}{from}", args.query.text());
    let exit = if is_whole { Exit::NOT_FOUND } else { exit };
    Err(CliError::new(exit, sentence))
}

/// Prints them, and says how many it printed.
async fn print_messages(
    context: &mut CommandContext<'_>,
    args: &TailArgs,
    is_trace: bool,
) -> Result<(Exit, u64)> {
    let observer = context.observer()?;
    let (partition_specs, cluster) = partitions(context, args, &observer).await?;
    context.console.print_hint(args.range.query.as_ref());
    let reading = query_reading(context, args, &partition_specs)?;
    if args.resume {
        resume(context, &observer, &partition_specs).await?;
    }
    if args.wait_committed {
        committed::wait(context, &observer, args, &partition_specs).await?;
    }
    let patterns = patterns(args, &cluster);
    let several = !patterns.is_empty() || partition_specs.len() > 1;
    let mut form = form(context, args, &partition_specs, several)?;
    let mut specs = subscribe_specs(args, &partition_specs);
    if is_trace {
        end_at_newest(&mut specs, &cluster);
    }
    let follows = specs.iter().any(|spec| spec.stop == StopAt::Never);
    let waits = specs.iter().any(may_wait);
    let ends = specs.iter().all(|spec| is_there_already(spec, &cluster));
    let mut budget = ReadBudget::new(context.settings.cluster.timeout.value);
    let subscriptions = SubscriptionSet::open(&observer, specs, &mut budget).await?;
    let (notes, sentences) = Notes::channel();
    let (decoder, decoding) = row_decoder(notes.clone());
    if let PrintForm::Table(table) = &mut form {
        table.hold(holding(is_trace, waits));
        table.decode_by(decoder);
    }
    let filter = filter(args, follows, reading);
    let undecided = Arc::clone(&filter.undecided);
    let out = std::mem::replace(&mut context.console.out, EscapedOutput::sink());
    let printer = Printer::new(form, filter, out, notes).with_gaps(is_trace);
    let count = printer.count();
    let from_printer = (Arc::clone(&count), sentences);
    let (runner, queue) = TailRunner::new(context.console, subscriptions, from_printer, follows);
    let runner = runner
        .ending_within(ends.then_some(budget))
        .reporting_silence(waits && !ends, follows);
    let runner = match join_options(args, patterns) {
        None if is_trace => runner.skipping_paused(named(args, &cluster)),
        Some(options) => {
            let joining = Joining::begin(&observer, options, &partition_specs, &cluster);
            runner.joined_by(joining, named(args, &cluster))
        }
        None => runner,
    };
    let printing = spawn_blocking(move || printer.run(queue));
    let ended = tokio::select! {
        ended = runner.run(printing, args.progress) => ended,
        never = decoding.run() => match never {},
    };
    print_undecided(context, undecided.load(Ordering::Relaxed));
    Ok((ended?, count.load(Ordering::Relaxed)))
}

/// The partitions that are read.
async fn partitions(
    context: &mut CommandContext<'_>,
    args: &TailArgs,
    observer: &Observer,
) -> Result<(Vec<PartitionSpec>, Arc<Cluster>)> {
    let (start, stop) = range(args);
    check_range(start, stop, Timestamp::now()).map_err(CliError::usage)?;
    let (found, cluster) = partition_spec::find_all(observer, &args.partitions).await?;
    Ok((narrow_to_key(context, args, found, &cluster)?, cluster))
}

/// What the query reads of the values of these streams.
fn query_reading(
    context: &mut CommandContext<'_>,
    args: &TailArgs,
    specs: &[PartitionSpec],
) -> Result<QueryReading> {
    QueryReading::new(context, args.range.query.as_ref(), specs)
}

/// How many rows of a table are laid out together.
fn holding(is_trace: bool, waits: bool) -> Holding {
    match (is_trace, waits) {
        (true, _) => Holding::All,
        (false, false) => Holding::FirstRows,
        (false, true) => Holding::Live,
    }
}

/// Which messages are printed.
fn filter(args: &TailArgs, is_endless: bool, reading: QueryReading) -> Filter {
    Filter {
        query: reading.query,
        key: args.key.clone().map(String::into_bytes),
        limit: args.lines,
        is_endless,
        is_unsearched: reading.is_unsearched,
        undecided: Arc::default(),
    }
}

/// Says for how many messages the query could not be decided.
fn print_undecided(context: &mut CommandContext<'_>, undecided: u64) {
    if undecided > 0 {
        context.console.print_error(&format!(
            "the expression of the query costs too much for {}, not shown here; ask for less in it",
            counted(undecided, "message")
        ));
    }
}

/// Whether a range may end in what is yet to come.
fn may_wait(spec: &SubscribeSpec) -> bool {
    match spec.stop {
        StopAt::Never | StopAt::Offset(_) | StopAt::Newest => true,
        StopAt::Time(time) => time > Timestamp::now(),
        StopAt::Latest => false,
    }
}

/// The arguments that are patterns of streams.
fn patterns(args: &TailArgs, cluster: &Cluster) -> Vec<String> {
    let texts = args.partitions.iter();
    let patterns = texts.filter(|text| PartitionSpec::is_pattern(text, cluster));
    patterns.cloned().collect()
}

/// The streams that are asked for by their own name.
fn named(args: &TailArgs, cluster: &Cluster) -> BTreeSet<StreamName> {
    let texts = args.partitions.iter();
    let named = texts.filter_map(|text| PartitionSpec::find(text, cluster).ok());
    named.map(|spec| spec.stream).collect()
}

/// What joins the tail: nothing where it has an end, or reads one partition of each stream for a key.
fn join_options(args: &TailArgs, patterns: Vec<String>) -> Option<JoinOptions> {
    let (start, stop) = range(args);
    let joins = stop == StopAt::Never && args.key.is_none() && !patterns.is_empty();
    joins.then_some(JoinOptions {
        patterns,
        start,
        isr_replica: args.isr_replica,
    })
}

/// A story is told of what is there: what is yet to come is not waited for.
fn end_at_newest(specs: &mut [SubscribeSpec], cluster: &Cluster) {
    for spec in specs {
        if !is_there_already(spec, cluster) {
            spec.stop = StopAt::Latest;
        }
    }
}

/// Whether all of a range was there when it was asked for: then none of it is waited for.
fn is_there_already(spec: &SubscribeSpec, cluster: &Cluster) -> bool {
    match spec.stop {
        StopAt::Latest => true,
        StopAt::Time(time) => time <= Timestamp::now(),
        StopAt::Offset(offset) => {
            let partition = cluster.partition(&spec.stream, spec.partition);
            partition.is_some_and(|partition| partition.high_watermark >= offset)
        }
        StopAt::Never | StopAt::Newest => false,
    }
}

/// The partitions to read; with a key, the one partition of each stream that the key belongs to.
fn narrow_to_key(
    context: &mut CommandContext<'_>,
    args: &TailArgs,
    mut partition_specs: Vec<PartitionSpec>,
    cluster: &Cluster,
) -> Result<Vec<PartitionSpec>> {
    let Some(key) = &args.key else {
        return Ok(partition_specs);
    };
    for spec in &mut partition_specs {
        let count = cluster.partition_count(&spec.stream).unwrap_or(1);
        let partition = by_key(key.as_bytes(), count);
        if !spec.partitions.contains(&partition) {
            return Err(CliError::usage(format!(
                "key \"{key}\" belongs to partition {partition} of stream \"{}\", which is not read",
                spec.stream
            )));
        }
        spec.partitions = vec![partition];
        context.console.print_error(&format!(
            "key \"{key}\" belongs to partition {partition} of stream \"{}\"",
            spec.stream
        ));
    }
    Ok(partition_specs)
}

/// Resumes those partitions that are paused: it is asked first, since resuming makes readonly ones writable.
async fn resume(
    context: &mut CommandContext<'_>,
    observer: &Observer,
    partition_specs: &[PartitionSpec],
) -> Result<()> {
    let client = context.client()?;
    for spec in partition_specs {
        let mut paused = Vec::new();
        for partition in &spec.partitions {
            let probe = observer.probe(&spec.stream, *partition).await;
            if probe.state == ProbeState::Paused {
                paused.push(*partition);
            }
        }
        if !paused.is_empty() {
            let operation = Operation::Resume {
                stream: Arc::clone(&spec.stream),
                partitions: paused,
            };
            mutate::send(context, &client, operation).await?;
        }
    }
    Ok(())
}

/// Where every partition is read from and to.
fn subscribe_specs(args: &TailArgs, partition_specs: &[PartitionSpec]) -> Vec<SubscribeSpec> {
    let (start, stop) = range(args);
    partition_spec::subscribe_specs(partition_specs, start, stop, args.isr_replica)
}

fn range(args: &TailArgs) -> (StartAt, StopAt) {
    let stop = args.range.to.unwrap_or(if args.count {
        StopAt::Latest
    } else {
        StopAt::Never
    });
    let start = args.range.from.unwrap_or(if stop == StopAt::Never {
        StartAt::Last(LAST)
    } else {
        StartAt::Earliest
    });
    (start, stop)
}

fn form(
    context: &CommandContext<'_>,
    args: &TailArgs,
    partition_specs: &[PartitionSpec],
    several: bool,
) -> Result<PrintForm> {
    if args.count {
        return Ok(PrintForm::Count);
    }
    if let Some(format) = &args.format {
        return Ok(PrintForm::Custom(format.clone(), shown_times::display()));
    }
    let asked = match (&args.row, args.output.output) {
        (Some(_), None) => args::OutputForm::Table,
        (Some(_), Some(other)) if other != args::OutputForm::Table => {
            return Err(CliError::usage(
                "--row is what a table shows: leave --output out, or write -o table",
            ));
        }
        _ => context.form(args.output),
    };
    Ok(match asked {
        args::OutputForm::Json => PrintForm::Json,
        args::OutputForm::Ndjson => PrintForm::Export(ExportForm::Ndjson),
        args::OutputForm::Csv => PrintForm::Export(ExportForm::Csv),
        args::OutputForm::Raw => PrintForm::Export(ExportForm::Raw),
        args::OutputForm::Table => {
            PrintForm::Table(Box::new(table(context, args, partition_specs, several)?))
        }
    })
}

fn table(
    context: &CommandContext<'_>,
    args: &TailArgs,
    partition_specs: &[PartitionSpec],
    several: bool,
) -> Result<MessageTable> {
    let streams = || partition_specs.iter().map(|spec| &*spec.stream);
    let row = args
        .row
        .as_ref()
        .or_else(|| context.rows.configured(streams()));
    let names = streams().map(|name| name.chars().count());
    let place = PlaceColumns {
        stream: if several { names.max().unwrap_or(0) } else { 0 },
        width: context.width(),
        times: shown_times::display(),
    };
    let schemas = match row {
        Some(_) => schemas(&context.settings.file)?,
        None => Schemas::default(),
    };
    let row = row.cloned().unwrap_or_default();
    Ok(MessageTable::new(place, row, schemas, context.colours()))
}
