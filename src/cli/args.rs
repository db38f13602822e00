//! The words of the command line: every option and command, as clap reads them, and the operations that follow.
//! Does nothing; interface.md §1 is the contract.

mod bench;
mod check;
mod cursor;
mod demo;
mod exporter;
mod open;
mod publish;
mod redrive;
mod replay;
mod restart_plan;
mod stats;
mod streams;
mod subjects;
mod table;
mod tail;
mod tls;
mod trace;
mod verify;

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

pub(crate) use bench::{BenchPublishArgs, BenchTailArgs, BenchTask, ValueKind};
pub(crate) use check::{CheckArgs, CheckForm};
pub(crate) use cursor::{CursorGetArgs, CursorSetArgs, CursorTask};
pub(crate) use demo::DemoArgs;
pub(crate) use exporter::ExporterArgs;
pub(crate) use open::OpenArgs;
pub(crate) use publish::{
    EnvelopeEncodeArgs, MessageArgs, PublishArgs, PublishSubjectArgs, SourceArgs,
};
pub(crate) use redrive::RedriveArgs;
pub(crate) use replay::{RecordArgs, ReplayArgs};
pub(crate) use restart_plan::RestartPlanArgs;
pub(crate) use stats::StatsArgs;
pub(crate) use streams::{
    AnyStreamsArgs, CreateArgs, DeleteArgs, PartitionsArgs, PauseArgs, StreamsArgs,
};
pub(crate) use subjects::SubjectsArgs;
pub(crate) use table::TableArgs;
pub(crate) use tail::TailArgs;
pub(crate) use trace::{TRACED_FROM, TraceArgs};
pub(crate) use verify::VerifyArgs;

use tls::TlsArgs;

use crate::config::Overrides;
use crate::model::{Operation, Zone, parse_address, parse_advertise, parse_interval};

/// What this process was asked to do.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "liftui",
    version,
    long_version = super::version::LONG,
    about = "The terminal dashboard for Liftbridge",
    long_about = "The terminal dashboard for Liftbridge. Without a command it opens the dashboard.",
    max_term_width = 100
)]
pub struct Invocation {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) task: Option<Task>,
}

impl Invocation {
    /// Whether it is `check`, which has exit codes of its own.
    pub(crate) fn is_check(&self) -> bool {
        matches!(self.task, Some(Task::Cluster(ClusterTask::Check(_))))
    }

    /// Whether it takes the terminal over.
    pub(crate) fn shows_dashboard(&self) -> bool {
        match &self.task {
            None | Some(Task::Open(_)) => true,
            Some(Task::Demo(args)) => !args.headless,
            Some(_) => false,
        }
    }

    /// The one operation that this command is, where it is one and needs no look at the cluster or at a file.
    pub fn operation(&self) -> Option<Operation> {
        let Some(Task::Cluster(task)) = &self.task else {
            return None;
        };
        match task {
            ClusterTask::Change(change) => Some(change.operation()),
            ClusterTask::Delete(args) => Some(args.operation()),
            ClusterTask::Publish(args) => args.operation(self.options.timeout),
            ClusterTask::PublishSubject(args) => args.operation(self.options.timeout),
            ClusterTask::Cursor(CursorTask::Set(args)) => args.operation(),
            ClusterTask::Brokers(_)
            | ClusterTask::Streams(_)
            | ClusterTask::Partitions(_)
            | ClusterTask::Describe(_)
            | ClusterTask::Subjects(_)
            | ClusterTask::Stats(_)
            | ClusterTask::Trace(_)
            | ClusterTask::Table(_)
            | ClusterTask::Tail(_)
            | ClusterTask::Cursor(CursorTask::Get(_))
            | ClusterTask::Cursors(_)
            | ClusterTask::Groups(_)
            | ClusterTask::Redrive(_)
            | ClusterTask::Activity(_)
            | ClusterTask::Check(_)
            | ClusterTask::Exporter(_)
            | ClusterTask::Verify(_)
            | ClusterTask::Balance(_)
            | ClusterTask::RestartPlan(_)
            | ClusterTask::Bench(_) => None,
        }
    }
}

/// Options that every command takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct Options {
    /// Seed brokers.
    #[arg(
        help = "Seed brokers; the port is 9292 where left out [env: LIFTUI_ADDR]",
        short,
        long,
        global = true,
        value_name = "HOST:PORT",
        value_delimiter = ',',
        value_parser = parse_address
    )]
    pub(crate) addr: Vec<String>,
    /// A named cluster of the config file
    #[arg(short, long, global = true, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// The config file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help = "The config file [env: LIFTUI_CONFIG] [default: $XDG_CONFIG_HOME/liftui/config.toml]"
    )]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    tls: TlsArgs,
    /// Dial the right side where a broker advertises the left; repeatable
    #[arg(long, global = true, value_name = "HOST:PORT=HOST:PORT", value_parser = parse_advertise)]
    pub(crate) advertise: Vec<(String, String)>,
    /// Observer mode: nothing that changes the cluster can be sent
    #[arg(long, global = true)]
    pub(crate) observe: bool,
    /// How long one request may take, and how long brokers may keep the reading of a range waiting [default: 5s]
    #[arg(long, global = true, value_name = "DUR", allow_hyphen_values = true, value_parser = parse_interval)]
    pub(crate) timeout: Option<Duration>,
    /// Show times, and read those that are typed, in this zone: utc, local, or a name such as Europe/Berlin [default: local; lists: utc]
    #[arg(
        long,
        global = true,
        value_name = "ZONE",
        allow_hyphen_values = true,
        help_heading = "Screen and log"
    )]
    pub(crate) tz: Option<Zone>,
    /// Show how long ago things were, where times stand in a column
    #[arg(long, global = true, help_heading = "Screen and log")]
    pub(crate) age: bool,
    /// auto, dark, light, deuteranopia, ansi, none, or a file
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        help_heading = "Screen and log"
    )]
    pub(crate) theme: Option<String>,
    #[command(flatten)]
    pub(crate) start: StartArgs,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    /// Colour in printed output
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        help_heading = "Screen and log"
    )]
    pub(crate) color: When,
    /// Write log lines to this file
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Screen and log"
    )]
    pub(crate) log: Option<PathBuf>,
    /// More log lines; twice for all
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Screen and log")]
    pub(crate) verbose: u8,
}

impl Options {
    /// What these options say about settings.
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides {
            addr: self.addr.clone(),
            context: self.context.clone(),
            tls: self.tls.files(),
            advertise: self.advertise.clone(),
            observe: self.observe,
            timeout: self.timeout,
            theme: self.theme.clone(),
            zone: self.tz.clone(),
            ages: self.age,
            no_mouse: self.start.no_mouse,
            log: self.log.clone(),
        }
    }
}

/// How the dashboard begins.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct StartArgs {
    /// Leave the mouse to the terminal, which selects text with it
    #[arg(long, global = true, help_heading = "Screen and log")]
    pub(crate) no_mouse: bool,
    /// Open the dashboard as new: how it was left counts for nothing, and is not kept anew
    #[arg(long, global = true, help_heading = "Screen and log")]
    pub(crate) fresh: bool,
}

/// When something is done that suits a terminal alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless `NO_COLOR` says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The form of printed output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputForm {
    /// Aligned columns for eyes
    Table,
    /// One JSON document
    Json,
    /// A JSON object a line
    Ndjson,
    /// Comma-separated, with a head line
    Csv,
    /// The values alone
    Raw,
}

/// How a list is printed.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct OutputArgs {
    /// Form of the output [default: table on a terminal, ndjson elsewhere]
    #[arg(short, long, value_name = "FORM", value_enum)]
    pub(crate) output: Option<OutputForm>,
}

/// Which incidents to print, and how.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct IncidentsArgs {
    /// The newest ones alone
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub(crate) last: Option<usize>,
    /// Reports in Markdown, for the post-mortem
    #[arg(long, conflicts_with = "output")]
    pub(crate) markdown: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Task {
    #[command(flatten)]
    Cluster(ClusterTask),
    /// Wrap a message into the NATS envelope, or look into one
    #[command(subcommand)]
    Envelope(Box<EnvelopeTask>),
    /// Open the dashboard at a message, at what a query finds, or on a screen
    Open(OpenArgs),
    /// Start a cluster in this process and open the dashboard on it
    ///
    /// Every two minutes something goes wrong in it by itself: a broker is killed or stopped, a follower falls behind, a
    /// reader stands still. --calm leaves that to you.
    Demo(DemoArgs),
    /// Open a recording of a dashboard, without any broker
    Replay(ReplayArgs),
    /// Print the keymap
    Keys(KeysArgs),
    /// Print every setting and where it comes from
    Config(ConfigArgs),
    /// Print what the dashboard saw go wrong in this cluster: when, for how long, what it touched
    Incidents(IncidentsArgs),
    /// Print what this user changed, when, and how it ended
    Log(OutputArgs),
    /// Print a completion script for a shell; in bash, zsh and fish streams, cursors and brokers complete by name
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the man page
    Man,
}

/// What is done on a cluster.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ClusterTask {
    /// List the brokers
    Brokers(OutputArgs),
    /// List the streams
    Streams(AnyStreamsArgs),
    /// List the partitions of some streams, or of all
    Partitions(AnyStreamsArgs),
    /// Show streams with their partitions and what is wrong
    Describe(StreamsArgs),
    /// Say which streams store a NATS subject, or what each stream stores and which of them store the same
    Subjects(SubjectsArgs),
    #[command(flatten)]
    Change(ChangeTask),
    /// Delete a stream and all its messages
    Delete(DeleteArgs),
    /// Publish messages to a stream and print the acks
    Publish(Box<PublishArgs>),
    /// Publish messages to a NATS subject and print the acks
    PublishSubject(Box<PublishSubjectArgs>),
    /// Print messages as they come, or a range of them
    Tail(Box<TailArgs>),
    /// Print what messages of several streams have in common, in the order of time, and the time between them
    Trace(Box<TraceArgs>),
    /// Count what is in a range of messages: by time, key, header and size
    Stats(Box<StatsArgs>),
    /// Print the latest message of each key, as of now or of a time
    Table(Box<TableArgs>),
    /// Read or set one cursor
    #[command(subcommand)]
    Cursor(CursorTask),
    /// List the cursors found, with their lag
    Cursors(AnyStreamsArgs),
    /// List the consumer groups found
    Groups(OutputArgs),
    /// Copy messages from one stream to another
    Redrive(Box<RedriveArgs>),
    /// Print what was done to the cluster
    Activity(ActivityArgs),
    /// Judge the cluster's health, for scripts
    Check(CheckArgs),
    /// Compare the copies of partitions, message by message
    Verify(VerifyArgs),
    /// Serve the cluster's health and its numbers to Prometheus, until it is ended
    Exporter(Box<ExporterArgs>),
    /// Print how evenly the brokers lead and hold partitions, and what would even it
    Balance(OutputArgs),
    /// Say whether brokers may be restarted now, or restart them one after another
    RestartPlan(Box<RestartPlanArgs>),
    /// Measure rate and latency on the cluster at hand
    #[command(subcommand)]
    Bench(BenchTask),
}

/// Commands that are one operation and nothing else.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ChangeTask {
    /// Create a stream
    Create(Box<CreateArgs>),
    /// Pause partitions: subscriptions end, the next publish resumes
    Pause(PauseArgs),
    /// Resume partitions without writing a message
    Resume(PartitionsArgs),
    /// Make partitions refuse messages
    Readonly(PartitionsArgs),
    /// Make readonly partitions take messages again
    Writable(PartitionsArgs),
}

impl ChangeTask {
    /// The operation.
    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::Create(args) => Operation::Create(Box::new(args.options())),
            Self::Pause(args) => args.operation(),
            Self::Resume(args) => args.resume(),
            Self::Readonly(args) => args.set_readonly(true),
            Self::Writable(args) => args.set_readonly(false),
        }
    }
}

/// Making envelopes and reading them.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum EnvelopeTask {
    /// Print the envelope of a message, ready to be published on a NATS subject
    Encode(EnvelopeEncodeArgs),
    /// Print what an envelope on stdin holds, be it hex or bytes
    Decode(OutputArgs),
}

/// Which activity to print.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ActivityArgs {
    /// Go on printing what comes
    #[arg(long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// The keymap.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct KeysArgs {
    /// Only say whether the keys of the config file fit
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// The settings.
#[derive(Clone, Copy, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) task: Option<ConfigTask>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Changing the config file.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigTask {
    /// Write a config file in which every key is shown, commented out
    Init,
}
