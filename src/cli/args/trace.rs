//! Arguments of `liftui trace`.

use clap::Args;

use super::OutputArgs;
use super::tail::{RangeArgs, TailArgs, start, stop};
use crate::model::{StartAt, StopAt};
use crate::store::Query;

/// Where it starts where nothing is said.
pub(crate) const TRACED_FROM: &str = "@-1h";

/// One story that messages of several streams tell.
#[derive(Clone, Debug, Args)]
pub(crate) struct TraceArgs {
    /// What its messages have in common: header.trace-id:4bf92f, key:order-17, 'cel: value.order == 17'
    ///
    /// Each is a query as of `liftui tail --query`.
    #[arg(allow_hyphen_values = true, value_parser = Query::parse)]
    pub(crate) query: Query,
    /// Streams by name or by pattern, and their partitions: orders:0,2-4 'orders-*' [default: all but Liftbridge's own]
    #[arg(value_name = "STREAM[:PARTITIONS]")]
    pub(crate) partitions: Vec<String>,
    /// Where to start in each partition: earliest, an offset, -N, @TIME, @-15m [default: an hour ago]
    #[arg(long, value_name = "SEEK", allow_negative_numbers = true, value_parser = start)]
    pub(crate) from: Option<StartAt>,
    /// Where to stop: end, an offset, @TIME, @-15m
    #[arg(long, value_name = "SEEK", allow_negative_numbers = true, default_value = "end", value_parser = stop)]
    pub(crate) to: StopAt,
    /// Stop after so many messages were found
    #[arg(short = 'n', long, value_name = "N", allow_negative_numbers = true, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) lines: u64,
    /// Say on stderr how far it has come
    #[arg(long)]
    pub(crate) progress: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl TraceArgs {
    /// The streams as they were named, or what names all.
    pub(crate) fn streams(&self) -> Vec<String> {
        if self.partitions.is_empty() {
            return vec!["*".to_owned()];
        }
        self.partitions.clone()
    }

    /// The tail that finds them.
    pub(crate) fn as_tail(&self) -> TailArgs {
        TailArgs {
            partitions: self.streams(),
            range: RangeArgs {
                from: self.from.or_else(|| start(TRACED_FROM).ok()),
                to: Some(self.to),
                query: Some(self.query.clone()),
            },
            lines: Some(self.lines),
            key: None,
            isr_replica: false,
            resume: false,
            wait_committed: false,
            format: None,
            row: None,
            count: false,
            progress: self.progress,
            output: self.output,
        }
    }
}
