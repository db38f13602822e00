//! Arguments of what lists and changes streams: which ones; create, pause, resume, readonly, writable.
//! What a server would refuse or crash on is the client's to know.

use std::time::Duration;

use clap::{ArgAction, Args};

use super::OutputArgs;
use crate::model::{
    Operation, PartitionId, StreamOptions, parse_duration, parse_ranges, parse_size,
};

/// Some streams.
#[derive(Clone, Debug, Args)]
pub(crate) struct StreamsArgs {
    /// Streams, by name or by pattern as in 'orders-*'
    #[arg(required = true, value_name = "STREAM")]
    pub(crate) streams: Vec<String>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Some streams, or all.
#[derive(Clone, Debug, Args)]
pub(crate) struct AnyStreamsArgs {
    /// Streams, by name or by pattern as in 'orders-*'; all where left out
    #[arg(value_name = "STREAM")]
    pub(crate) streams: Vec<String>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// A stream to create. What is left out, the server chooses.
#[derive(Clone, Debug, Args)]
pub(crate) struct CreateArgs {
    /// The stream's name
    stream: String,
    /// The NATS subject to store [default: the name]
    #[arg(long, default_value = "", hide_default_value = true)]
    subject: String,
    /// NATS queue group: streams of one subject and group share the messages
    #[arg(long, default_value = "", hide_default_value = true)]
    group: String,
    /// Partitions [default: 1]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    partitions: Option<i32>,
    /// Replicas of each partition, or "all" for one on every broker [default: 1]
    #[arg(long, value_name = "N|all", allow_negative_numbers = true, value_parser = replication)]
    replication: Option<i32>,
    /// Bytes kept in each partition
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true, value_parser = amount)]
    retention_bytes: Option<i64>,
    /// Messages kept in each partition
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = amount)]
    retention_messages: Option<i64>,
    /// How long messages are kept
    #[arg(long, value_name = "DUR", allow_hyphen_values = true, value_parser = parse_duration)]
    retention_age: Option<Duration>,
    /// How often retention is applied
    #[arg(long, value_name = "DUR", allow_hyphen_values = true, value_parser = parse_duration)]
    cleaner_interval: Option<Duration>,
    /// Bytes of one segment; retention removes whole segments
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true, value_parser = amount)]
    segment_bytes: Option<i64>,
    /// Age at which a new segment is begun
    #[arg(long, value_name = "DUR", allow_hyphen_values = true, value_parser = parse_duration)]
    segment_age: Option<Duration>,
    /// Keep only the last message of each key
    #[arg(
        long,
        value_name = "BOOL",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    compact: Option<bool>,
    /// How many compactions run side by side
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    compact_goroutines: Option<i32>,
    /// Idle time after which a partition pauses itself
    #[arg(long, value_name = "DUR", allow_hyphen_values = true, value_parser = parse_duration)]
    auto_pause: Option<Duration>,
    /// A partition with subscribers does not pause itself
    #[arg(
        long,
        value_name = "BOOL",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    auto_pause_unless_subscribed: Option<bool>,
    /// In-sync replicas below which nothing commits
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    min_isr: Option<i32>,
    /// Check each publish against its expected offset
    #[arg(
        long,
        value_name = "BOOL",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    concurrency_control: Option<bool>,
    /// Encrypt values at rest
    #[arg(
        long,
        value_name = "BOOL",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    encrypt: Option<bool>,
}

impl CreateArgs {
    /// The options of the client.
    pub(crate) fn options(&self) -> StreamOptions {
        StreamOptions {
            name: self.stream.clone(),
            subject: self.subject.clone(),
            group: self.group.clone(),
            replication_factor: self.replication,
            partitions: self.partitions,
            retention_max_bytes: self.retention_bytes,
            retention_max_messages: self.retention_messages,
            retention_max_age: self.retention_age,
            cleaner_interval: self.cleaner_interval,
            segment_max_bytes: self.segment_bytes,
            segment_max_age: self.segment_age,
            compact_max_goroutines: self.compact_goroutines,
            compact_enabled: self.compact,
            auto_pause_time: self.auto_pause,
            auto_pause_disable_if_subscribers: self.auto_pause_unless_subscribed,
            min_isr: self.min_isr,
            optimistic_concurrency_control: self.concurrency_control,
            encryption: self.encrypt,
        }
    }
}

/// Partitions of one stream.
#[derive(Clone, Debug, Args)]
pub(crate) struct PartitionsArgs {
    /// The stream, or some of its partitions as in orders:0,2-4
    stream: String,
    /// Some of its partitions, as in 0,2-4; all where none is named
    #[arg(short, long, value_name = "RANGES", allow_hyphen_values = true, value_parser = ranges)]
    partitions: Option<Partitions>,
}

impl PartitionsArgs {
    /// Resuming them.
    pub(crate) fn resume(&self) -> Operation {
        Operation::Resume {
            stream: self.stream.as_str().into(),
            partitions: self.partitions(),
        }
    }

    /// Making them refuse messages, or take them again.
    pub(crate) fn set_readonly(&self, readonly: bool) -> Operation {
        Operation::SetReadonly {
            stream: self.stream.as_str().into(),
            partitions: self.partitions(),
            readonly,
        }
    }

    fn partitions(&self) -> Vec<PartitionId> {
        let named = self.partitions.clone();
        named.map(|Partitions(list)| list).unwrap_or_default()
    }
}

/// Partitions to pause.
#[derive(Clone, Debug, Args)]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    target: PartitionsArgs,
    /// The first resume resumes all partitions
    #[arg(long)]
    resume_all: bool,
}

impl PauseArgs {
    /// Pausing them.
    pub(crate) fn operation(&self) -> Operation {
        Operation::Pause {
            stream: self.target.stream.as_str().into(),
            partitions: self.target.partitions(),
            resume_all: self.resume_all,
        }
    }
}

/// A list as one value: clap takes a bare `Vec` for a repeatable option.
#[derive(Clone, Debug)]
struct Partitions(Vec<PartitionId>);

fn ranges(text: &str) -> Result<Partitions, String> {
    parse_ranges(text).map(Partitions)
}

/// Reads a number of replicas; -1 stands for `all`.
pub(super) fn replication(text: &str) -> Result<i32, String> {
    match text {
        "all" => Ok(-1),
        number => number
            .parse()
            .map_err(|_no_number| format!("\"{number}\" is neither a number nor \"all\"")),
    }
}

/// A number, or a size with a unit. Negative ones are let through, for the client to refuse with its reason.
fn amount(text: &str) -> Result<i64, String> {
    text.parse().or_else(|_no_plain_number| {
        let size = parse_size(text)?;
        i64::try_from(size).map_err(|_too_large| format!("\"{text}\" is too large"))
    })
}

/// What to delete.
#[derive(Clone, Debug, Args)]
pub(crate) struct DeleteArgs {
    /// The stream
    pub(crate) stream: String,
    /// Do not ask for the stream's name
    #[arg(long)]
    pub(crate) yes: bool,
}

impl DeleteArgs {
    /// Deleting it.
    pub(crate) fn operation(&self) -> Operation {
        Operation::Delete {
            stream: self.stream.as_str().into(),
        }
    }
}
