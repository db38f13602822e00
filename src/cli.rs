//! The command line: what this process was asked to do, and doing it.
//! Options and commands are in `args`, exit codes in `exit`; each family of commands has a file of its own.

mod activity;
mod alerts;
mod args;
mod audit_log;
mod balance;
mod bench;
mod cell_format;
mod check;
mod cluster_alias;
mod cluster_snapshot;
mod command_context;
mod created_streams;
mod cursor_set;
mod cursors;
mod dashboard;
mod demo;
mod envelope;
mod escaped_output;
mod exit;
mod exporter;
mod help;
mod hex;
mod incidents;
mod json;
mod kept_queries;
mod kept_view;
mod keyboard;
mod keys;
mod known_brokers;
mod known_cursors;
mod list;
mod logging;
mod mutate;
mod name_completion;
mod open;
mod outcome_counts;
mod output;
mod partition_reads;
mod partition_spec;
mod private_file;
mod publish;
mod query_reading;
mod read_budget;
mod recording_file;
mod redrive;
mod restart_plan;
mod rows;
mod saved_state;
mod settings;
mod shown_times;
mod state_file;
mod stats;
mod stdio;
mod stop_signal;
mod stream_selection;
mod subjects;
mod table;
mod table_width;
mod tail;
mod theme;
pub mod typed_line;
mod verify;
mod version;

use std::ffi::OsString;
use std::time::Duration;

use tokio::runtime::Builder;
use tracing_appender::non_blocking::WorkerGuard;

pub use args::Invocation;
pub use escaped_output::EscapedOutput;
pub use exit::Exit;
pub use help::command as command_line;
pub use stdio::Stdio;

use args::{BenchTask, ClusterTask, CursorTask, Options, Task};
use command_context::CommandContext;
use exit::{CliError, Result};

use crate::model::{Locator, did_you_mean};

/// How long to look for the name that was meant, after a command has failed already.
const HINT_TIMEOUT: Duration = Duration::from_secs(1);

/// Does what the arguments ask, the program's own name first, and returns the code to exit with.
pub fn run(arguments: impl IntoIterator<Item = OsString>, mut console: Stdio) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(line) = name_completion::asked(&arguments) {
        return name_completion::print(&line, &mut console);
    }
    let invocation = match Invocation::read(&arguments) {
        Ok(invocation) => invocation,
        Err(error) => {
            let exit = help::explain(&error, &mut console);
            let is_check = exit == Exit::USAGE && check::is_asked(&arguments);
            return if is_check { check::UNKNOWN } else { exit };
        }
    };
    let is_check = invocation.is_check();
    match perform(invocation, &arguments, &mut console) {
        Ok(exit) => exit,
        Err(error) => {
            if let Some(sentence) = error.sentence {
                let remedy = error.remedy.map(|remedy| format!("; {remedy}"));
                console.print_error(&(sentence + &remedy.unwrap_or_default()));
            }
            // A pipe that nobody reads any more is nothing that a check does not know.
            if is_check && error.exit != Exit::DONE {
                check::UNKNOWN
            } else {
                error.exit
            }
        }
    }
}

/// Sends log lines to the file that was named, or keeps them for a dashboard to show.
fn start_log(invocation: &Invocation) -> Result<Option<WorkerGuard>> {
    let options = &invocation.options;
    if let Some(path) = &options.log {
        return logging::start(path, options.verbose).map(Some);
    }
    if invocation.shows_dashboard() {
        logging::keep(options.verbose);
    }
    Ok(None)
}

fn perform(invocation: Invocation, arguments: &[OsString], console: &mut Stdio) -> Result {
    let options = &invocation.options;
    let _log = start_log(&invocation)?;
    recording_file::need_dashboard(&options.record, invocation.task.as_ref())?;
    match invocation.task {
        None => run_to_end(
            dashboard_runtime(),
            dashboard::open(&CommandContext::open(options, console)?, None),
        ),
        Some(Task::Open(args)) => open_at(options, args.locator, console),
        Some(Task::Demo(args)) if args.headless => {
            run_to_end(Builder::new_multi_thread(), demo::serve(console, &args))
        }
        Some(Task::Demo(args)) => run_to_end(
            Builder::new_multi_thread(),
            demo::show(
                &CommandContext::open(options, console)?,
                args.options(),
                args.tour,
                None,
            ),
        ),
        Some(Task::Cluster(task)) => {
            let mut context = CommandContext::open(options, console)?;
            let task = shown_times::in_zone(task, arguments);
            on_cluster(&mut context, task)
        }
        Some(Task::Envelope(task)) => envelope::perform(
            &mut CommandContext::open_beside_config(options, console)?,
            &task,
        ),
        Some(Task::Replay(args)) => run_to_end(
            dashboard_runtime(),
            recording_file::replay(options, &args, console),
        ),
        Some(Task::Keys(args)) if args.check => {
            keys::check(&mut CommandContext::open(options, console)?)
        }
        Some(Task::Keys(args)) => keys::print(
            &mut CommandContext::open_beside_config(options, console)?,
            args,
        ),
        Some(Task::Config(args)) => settings::perform(args, options, console),
        Some(Task::Incidents(args)) => incidents::print(
            &mut CommandContext::open_beside_config(options, console)?,
            &args,
        ),
        Some(Task::Log(args)) => audit_log::print(
            &mut CommandContext::open_beside_config(options, console)?,
            args,
        ),
        Some(Task::Completions { shell }) => help::completions(shell, console),
        Some(Task::Man) => help::man_page(console),
    }
}

/// Opens the dashboard where a locator leads to.
fn open_at(options: &Options, locator: Locator, console: &mut Stdio) -> Result {
    let options = open::options(options, &locator, console)?;
    let mut context = CommandContext::open(&options, console)?;
    run_to_end(dashboard_runtime(), async {
        match open::open(&mut context, locator).await {
            Err(error) => Err(with_hint(&mut context, error).await),
            done => done,
        }
    })
}

/// Runs a command that talks to the cluster, until it is done or interrupted.
fn on_cluster(context: &mut CommandContext<'_>, task: ClusterTask) -> Result {
    // A redrive lets its batch come to an end first, a bench, statistics and a verification print what they have so far, an
    // exporter is meant to be ended so.
    let stops_at_once = !matches!(
        task,
        ClusterTask::Redrive(_)
            | ClusterTask::Bench(_)
            | ClusterTask::Stats(_)
            | ClusterTask::Exporter(_)
            | ClusterTask::Verify(_)
    );
    let is_for_reader = is_for_reader(&task);
    // Who publishes much is faster with two: one makes messages while the other sends them.
    let publishes = matches!(
        task,
        ClusterTask::Publish(_)
            | ClusterTask::PublishSubject(_)
            | ClusterTask::Redrive(_)
            | ClusterTask::Bench(_)
    );
    let runtime = if publishes {
        Builder::new_multi_thread()
    } else {
        Builder::new_current_thread()
    };
    run_to_end(runtime, async {
        let outcome = tokio::select! {
            outcome = dispatch(context, task) => outcome,
            () = stdio::reader_left(), if is_for_reader => Ok(Exit::DONE),
            _ = tokio::signal::ctrl_c(), if stops_at_once => Ok(Exit::INTERRUPTED),
        };
        for sentence in context.change_notes.take() {
            context.console.print_error(&sentence);
        }
        match outcome {
            Err(error) => Err(with_hint(context, error).await),
            done => done,
        }
    })
}

/// Whether a command has nothing to do where nobody reads of it: one that only reads, and goes on for long. What exits with a
/// verdict has that to tell all the same.
fn is_for_reader(task: &ClusterTask) -> bool {
    match task {
        ClusterTask::Check(args) => args.watch.is_some(),
        ClusterTask::Bench(task) => matches!(task, BenchTask::Tail(_)),
        ClusterTask::Tail(_)
        | ClusterTask::Trace(_)
        | ClusterTask::Table(_)
        | ClusterTask::Stats(_)
        | ClusterTask::Activity(_) => true,
        ClusterTask::Brokers(_)
        | ClusterTask::Streams(_)
        | ClusterTask::Partitions(_)
        | ClusterTask::Describe(_)
        | ClusterTask::Subjects(_)
        | ClusterTask::Cursor(_)
        | ClusterTask::Cursors(_)
        | ClusterTask::Groups(_)
        | ClusterTask::Change(_)
        | ClusterTask::Delete(_)
        | ClusterTask::Publish(_)
        | ClusterTask::PublishSubject(_)
        | ClusterTask::Redrive(_)
        | ClusterTask::Exporter(_)
        | ClusterTask::Verify(_)
        | ClusterTask::Balance(_)
        | ClusterTask::RestartPlan(_) => false,
    }
}

/// Runs it, and no longer: a thread that waits for a line of stdin or scans messages must not hold up the end.
///
/// A command that reads has one thread for all connections and what becomes of their messages: what a server writes in
/// small pieces would have threads wake each other for every piece, which costs more than the messages do.
fn run_to_end(mut runtime: Builder, work: impl Future<Output = Result>) -> Result {
    let runtime = runtime.enable_all().build()?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}

/// The dashboard draws on the thread that it is called from, and one other has all connections and takes their messages as
/// far as sealed chunks.
fn dashboard_runtime() -> Builder {
    let mut runtime = Builder::new_multi_thread();
    runtime.worker_threads(1);
    runtime
}

async fn dispatch(context: &mut CommandContext<'_>, task: ClusterTask) -> Result {
    match task {
        ClusterTask::Change(change) => mutate::change(context, change.operation()).await,
        ClusterTask::Delete(args) => mutate::delete(context, &args).await,
        ClusterTask::Publish(args) => publish::to_stream(context, &args).await,
        ClusterTask::PublishSubject(args) => publish::to_subject(context, &args).await,
        ClusterTask::Cursor(CursorTask::Set(args)) => cursor_set::cursor_set(context, &args).await,
        ClusterTask::Cursor(CursorTask::Get(args)) => cursors::cursor(context, &args).await,
        ClusterTask::Brokers(output) => list::brokers(context, output).await,
        ClusterTask::Streams(args) => list::streams(context, &args).await,
        ClusterTask::Partitions(args) => list::partitions(context, &args).await,
        ClusterTask::Describe(args) => list::describe(context, &args).await,
        ClusterTask::Subjects(args) => subjects::subjects(context, &args).await,
        ClusterTask::Stats(args) => stats::stats(context, &args).await,
        ClusterTask::Table(args) => table::table(context, &args).await,
        ClusterTask::Tail(args) => tail::tail(context, &args).await,
        ClusterTask::Trace(args) => tail::trace(context, &args).await,
        ClusterTask::Cursors(args) => cursors::cursors(context, &args).await,
        ClusterTask::Groups(output) => cursors::groups(context, output).await,
        ClusterTask::Redrive(args) => redrive::redrive(context, &args).await,
        ClusterTask::Activity(args) => activity::activity(context, args).await,
        ClusterTask::Check(args) => check::check(context, &args).await,
        ClusterTask::Verify(args) => verify::verify(context, &args).await,
        ClusterTask::Exporter(args) => exporter::exporter(context, &args).await,
        ClusterTask::Balance(output) => balance::balance(context, output).await,
        ClusterTask::RestartPlan(args) => restart_plan::restart_plan(context, &args).await,
        ClusterTask::Bench(task) => bench::perform(context, &task).await,
    }
}

/// Adds the name that was probably meant to the sentence about a stream that does not exist.
async fn with_hint(context: &mut CommandContext<'_>, mut error: CliError) -> CliError {
    let (Some(name), Ok(observer)) = (&error.missing_stream, context.observer()) else {
        return error;
    };
    let fetched = tokio::time::timeout(HINT_TIMEOUT, observer.fetch_metadata()).await;
    let Ok(Ok(cluster)) = fetched else {
        return error;
    };
    let names = cluster.streams.keys().map(AsRef::as_ref);
    let hint = did_you_mean(name, names);
    if let Some(sentence) = &mut error.sentence {
        sentence.push_str(&hint);
    }
    error
}
