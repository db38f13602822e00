//! Arguments of `liftui bench`: how much is published or read, of what kind, how fast.
//! What is measured and how it is printed is `cli::bench`'s.

use clap::{Args, Subcommand, ValueEnum};

use super::OutputArgs;
use super::publish::{Ack, PartitionArgs};
use super::streams::replication;
use super::tail::{start, stop};
use crate::model::{Destination, StartAt, StopAt, StreamOptions, parse_size};

/// What to measure.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum BenchTask {
    /// Publish messages and print how fast they were acked
    Publish(Box<BenchPublishArgs>),
    /// Read messages, keep none, and print how fast they came
    Tail(Box<BenchTailArgs>),
}

/// Messages to publish.
#[derive(Clone, Debug, Args)]
pub(crate) struct BenchPublishArgs {
    /// The stream; it has to exist, unless --create makes it
    pub(crate) stream: String,
    /// How many messages
    #[arg(short = 'n', long, value_name = "N", allow_negative_numbers = true, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) messages: u64,
    /// Bytes of each value
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true, default_value = "256", value_parser = value_size)]
    pub(crate) size: usize,
    /// What values hold
    #[arg(long, value_name = "KIND", value_enum, default_value_t)]
    pub(crate) value: ValueKind,
    /// Give each message one of N keys [default: none; 1000 with --by-key]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    keys: Option<u32>,
    /// Messages per second; as fast as they are acked where left out
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// Messages sent and not acked yet; the next one waits
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) in_flight: u32,
    /// Who must have stored a message before its ack
    #[arg(long, value_enum, default_value_t)]
    pub(crate) ack: Ack,
    #[command(flatten)]
    pub(crate) partition_args: PartitionArgs,
    /// Create the stream first, if it does not exist; it is not deleted afterwards
    #[arg(long)]
    pub(crate) create: bool,
    /// Partitions of a stream that --create makes [default: 1]
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        requires = "create"
    )]
    partitions: Option<i32>,
    /// Replicas of each partition of a stream that --create makes, or "all" [default: 1]
    #[arg(long, value_name = "N|all", allow_negative_numbers = true, requires = "create", value_parser = replication)]
    replication: Option<i32>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl BenchPublishArgs {
    /// Where the messages go.
    pub(crate) fn destination(&self) -> Destination {
        self.partition_args.destination(&self.stream)
    }

    /// How many different keys there are; 0 for messages without one.
    pub(crate) fn keys(&self) -> u32 {
        const BY_KEY: u32 = 1000;
        self.keys.unwrap_or(if self.partition_args.by_key {
            BY_KEY
        } else {
            0
        })
    }

    /// The stream that `--create` makes.
    pub(crate) fn stream_options(&self) -> StreamOptions {
        StreamOptions {
            name: self.stream.clone(),
            partitions: self.partitions,
            replication_factor: self.replication,
            ..StreamOptions::default()
        }
    }
}

/// What the values of a bench hold. Every run makes the same ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ValueKind {
    /// Small letters and digits
    #[default]
    Text,
    /// An order as one JSON object, with an `amount` from 0 to 999
    Json,
    /// Any bytes
    Binary,
}

/// Messages to read.
#[derive(Clone, Debug, Args)]
pub(crate) struct BenchTailArgs {
    /// Streams, and their partitions as in orders:0,2-4
    #[arg(required = true, value_name = "STREAM[:PARTITIONS]")]
    pub(crate) partitions: Vec<String>,
    /// Where to start: earliest, latest, new, an offset, -N, @TIME, @-15m [default: earliest; new with -n alone]
    #[arg(long, value_name = "SEEK", allow_negative_numbers = true, value_parser = start)]
    from: Option<StartAt>,
    /// Where to stop: end, an offset, @TIME, @-15m [default: end; with -n, after that many]
    #[arg(long, value_name = "SEEK", allow_negative_numbers = true, value_parser = stop)]
    to: Option<StopAt>,
    /// Stop after N messages came
    #[arg(short = 'n', long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) messages: Option<u64>,
    /// Read from any in-sync replica instead of the leaders
    #[arg(long)]
    pub(crate) isr_replica: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl BenchTailArgs {
    /// Where to start and stop: all that is there, but with a number of messages alone, those that come.
    pub(crate) fn range(&self) -> (StartAt, StopAt) {
        let counts = self.messages.is_some();
        let waits = counts && self.from.is_none() && self.to.is_none();
        let (start, stop) = if waits {
            (StartAt::New, StopAt::Never)
        } else if counts {
            (StartAt::Earliest, StopAt::Never)
        } else {
            (StartAt::Earliest, StopAt::Latest)
        };
        (self.from.unwrap_or(start), self.to.unwrap_or(stop))
    }
}

fn value_size(text: &str) -> Result<usize, String> {
    const MOST: usize = 16 << 20;
    let size = usize::try_from(parse_size(text)?).ok();
    let size = size.filter(|size| *size <= MOST);
    size.ok_or_else(|| format!("\"{text}\" is more than a message can hold"))
}
