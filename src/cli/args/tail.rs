//! Arguments of what reads ranges of messages.
//! Which partitions a text names is decided with the cluster's metadata, in `cli::partition_spec`.

use clap::Args;

use super::OutputArgs;
use crate::cli::shown_times;
use crate::model::{StartAt, StopAt, Timestamp, parse_start, parse_stop};
use crate::store::{MessageFormat, Query, RowTemplate, TemplateError};

/// Which messages.
#[derive(Clone, Debug, Args)]
pub(crate) struct RangeArgs {
    /// Where to start: earliest, latest, new, an offset, -N (the last N messages), @TIME, @-15m
    #[arg(long, value_name = "SEEK", allow_negative_numbers = true, value_parser = start)]
    pub(crate) from: Option<StartAt>,
    /// Where to stop: end, an offset, @TIME, @-15m
    #[arg(long, value_name = "SEEK", allow_negative_numbers = true, value_parser = stop)]
    pub(crate) to: Option<StopAt>,
    /// Only messages that this query finds: text, ~REGEX, !not, key:T, value:T, header.NAME:T, offset>N, a | b, cel: EXPR
    #[arg(short, long, allow_hyphen_values = true, value_parser = Query::parse)]
    pub(crate) query: Option<Query>,
}

/// Messages to print.
#[derive(Clone, Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct TailArgs {
    /// Streams by name or by pattern, and their partitions: orders:0,2-4 'orders-*' 'ship-?:0'; * is any text, ? a character
    ///
    /// An existing stream of exactly that name comes first, and Liftbridge's own fit only patterns that begin with "__". While the
    /// tail follows, streams that come to fit join with all their messages; with --to and --key none does. stderr tells of those
    /// that join and of those that are deleted. Messages of a range come in the order of their times, whichever stream they are of.
    /// What follows comes in that order as far as messages arrive within 300 ms of each other; in its partition each is in order.
    #[arg(required = true, value_name = "STREAM[:PARTITIONS]")]
    pub(crate) partitions: Vec<String>,
    #[command(flatten)]
    pub(crate) range: RangeArgs,
    /// Stop after N messages were printed
    #[arg(short = 'n', long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) lines: Option<u64>,
    /// Read only the partition that this key hashes to
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// Read from any in-sync replica instead of the leaders
    #[arg(long)]
    pub(crate) isr_replica: bool,
    /// Resume partitions that are paused
    #[arg(long)]
    pub(crate) resume: bool,
    /// With --to end, wait until all that is stored now is committed, no longer than --timeout
    #[arg(long)]
    pub(crate) wait_committed: bool,
    /// Print each message so: %t %p %o %k %v %h, %T (Unix ms), %d (date and time in --tz, or its age), \n, \t
    #[arg(short, long, value_name = "FORMAT", conflicts_with = "output", value_parser = MessageFormat::parse)]
    pub(crate) format: Option<MessageFormat>,
    /// Print a table that shows this of each message: fields such as 'value.order key', or text with {fields} in it
    #[arg(
        long,
        value_name = "TEMPLATE",
        conflicts_with = "format",
        value_parser = row
    )]
    pub(crate) row: Option<RowTemplate>,
    /// Print how many there are, not the messages
    #[arg(long)]
    pub(crate) count: bool,
    /// Say on stderr how far it has come
    #[arg(long)]
    pub(crate) progress: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Reads a row; what is wrong with one is said with its place.
fn row(text: &str) -> Result<RowTemplate, String> {
    text.parse().map_err(|error: TemplateError| {
        let before = text.get(..error.at).unwrap_or_default();
        format!(
            "at character {}: {}",
            before.chars().count() + 1,
            error.sentence
        )
    })
}

/// Reads a start with the clock of this machine and the zone in which times are shown.
pub(super) fn start(text: &str) -> Result<StartAt, String> {
    parse_start(text, Timestamp::now(), &shown_times::display().zone)
}

/// Reads a stop with the clock of this machine and the zone in which times are shown.
pub(super) fn stop(text: &str) -> Result<StopAt, String> {
    parse_stop(text, Timestamp::now(), &shown_times::display().zone)
}
