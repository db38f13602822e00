//! `liftui tail`: messages of some partitions, merged by time, filtered and printed, with nothing left out.
//! Subscriptions are in `subscriptions`, what happens to them in `runner`, printing in `print`; between them go sealed chunks.

mod committed;
mod print;
mod runner;
mod subscriptions;
mod table;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::task::spawn_blocking;

use super::args::{self, TailArgs};
use super::command_context::CommandContext;
use super::dashboard::schemas;
use super::escaped_output::EscapedOutput;
use super::exit::{CliError, Result};
use super::mutate;
use super::partition_spec::{self, PartitionSpec};
use super::read_budget::ReadBudget;
use super::shown_times;
use crate::app::Schemas;
use crate::client::{Observer, by_key};
use crate::model::{
    Cluster, Operation, ProbeState, StartAt, StopAt, SubscribeSpec, Timestamp, counted,
};
use crate::store::ExportForm;

use print::{Filter, PrintForm, Printer};
use runner::TailRunner;
use subscriptions::SubscriptionSet;
use table::{MessageTable, PlaceColumns};

/// How many of the last messages of each partition a tail that follows begins with.
const LAST: u64 = 10;

/// Prints messages until the range is done, enough were printed, nobody reads, or SIGINT.
pub(crate) async fn tail(context: &mut CommandContext<'_>, args: &TailArgs) -> Result {
    let observer = context.observer()?;
    let (found, cluster) = partition_spec::find_all(&observer, &args.partitions).await?;
    let partition_specs = narrow_to_key(context, args, found, &cluster)?;
    context.console.print_hint(args.range.query.as_ref());
    if args.resume {
        resume(context, &observer, &partition_specs).await?;
    }
    if args.wait_committed {
        committed::wait(context, &observer, args, &partition_specs).await?;
    }
    let mut form = form(context, args, &partition_specs)?;
    let specs = subscribe_specs(args, &partition_specs);
    let follows = specs.iter().any(|spec| spec.stop == StopAt::Never);
    let now = Timestamp::now();
    // A range may end in what is yet to come.
    let waits = specs.iter().any(|spec| match spec.stop {
        StopAt::Never | StopAt::Offset(_) | StopAt::Newest => true,
        StopAt::Time(time) => time > now,
        StopAt::Latest => false,
    });
    let ends = specs.iter().all(|spec| is_there_already(spec, &cluster));
    let mut budget = ReadBudget::new(context.settings.cluster.timeout.value);
    let subscriptions = SubscriptionSet::open(&observer, specs, &mut budget).await?;
    if let PrintForm::Table(table) = &mut form
        && !waits
    {
        table.hold_first_rows();
    }
    let filter = Filter {
        query: args.range.query.clone(),
        key: args.key.clone().map(String::into_bytes),
        limit: args.lines,
        undecided: Arc::default(),
    };
    let undecided = Arc::clone(&filter.undecided);
    let out = std::mem::replace(&mut context.console.out, EscapedOutput::sink());
    let printer = Printer::new(form, filter, out);
    let (runner, queue) = TailRunner::new(context.console, subscriptions, printer.count(), follows);
    let runner = if ends {
        runner.ending_within(budget)
    } else {
        runner
    };
    let runner = if waits {
        runner.reporting_silence()
    } else {
        runner
    };
    let printing = spawn_blocking(move || printer.run(queue));
    let ended = runner.run(printing, args.progress).await;
    let undecided = undecided.load(Ordering::Relaxed);
    if undecided > 0 {
        context.console.print_error(&format!(
            "the expression of the query costs too much for {}, not shown here; ask for less in it",
            counted(undecided, "message")
        ));
    }
    ended
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
    partition_spec::subscribe_specs(partition_specs, start, stop, args.isr_replica)
}

fn form(
    context: &CommandContext<'_>,
    args: &TailArgs,
    partition_specs: &[PartitionSpec],
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
            PrintForm::Table(Box::new(table(context, args, partition_specs)?))
        }
    })
}

fn table(
    context: &CommandContext<'_>,
    args: &TailArgs,
    partition_specs: &[PartitionSpec],
) -> Result<MessageTable> {
    let streams = || partition_specs.iter().map(|spec| &*spec.stream);
    let row = args
        .row
        .as_ref()
        .or_else(|| context.rows.configured(streams()));
    let names = streams().map(|name| name.chars().count());
    let place = PlaceColumns {
        stream: if partition_specs.len() > 1 {
            names.max().unwrap_or(0)
        } else {
            0
        },
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
