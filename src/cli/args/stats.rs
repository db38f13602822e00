//! Arguments of `liftui stats`.

use std::time::Duration;

use clap::Args;

use super::OutputArgs;
use super::tail::{start, stop};
use crate::model::{StartAt, StopAt, parse_interval};
use crate::store::Query;

/// Messages to count.
#[derive(Clone, Debug, Args)]
pub(crate) struct StatsArgs {
    /// Streams by name or by pattern, and their partitions: orders:0,2-4 'orders-*'
    #[arg(required = true, value_name = "STREAM[:PARTITIONS]")]
    pub(crate) partitions: Vec<String>,
    /// Where to start: earliest, an offset, -N (the last N messages of each partition), @TIME, @-15m
    #[arg(long, value_name = "SEEK", allow_negative_numbers = true, default_value = "earliest", value_parser = start)]
    pub(crate) from: StartAt,
    /// Where to stop: end, an offset, @TIME, @-15m; never after the newest message of now
    #[arg(long, value_name = "SEEK", allow_negative_numbers = true, default_value = "end", value_parser = stop)]
    pub(crate) to: StopAt,
    /// Count only messages that this query finds
    #[arg(short, long, allow_hyphen_values = true, value_parser = Query::parse)]
    pub(crate) query: Option<Query>,
    /// Rows of each list: keys, headers, the largest messages
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=50))]
    pub(crate) top: u16,
    /// Count by intervals so long, which begin where hours and days of --tz do [default: by the range]
    #[arg(long, value_name = "DUR", allow_hyphen_values = true, value_parser = counted_interval)]
    pub(crate) every: Option<Duration>,
    /// Say on stderr how far it has come
    #[arg(long)]
    pub(crate) progress: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Reads the length of the intervals that are counted. Times are kept by the second.
fn counted_interval(text: &str) -> Result<Duration, String> {
    let every = parse_interval(text)?;
    if every.subsec_nanos() > 0 {
        return Err(format!(
            "\"{text}\" is no whole number of seconds; messages are counted by the second, like 1s or 10s"
        ));
    }
    Ok(every)
}
