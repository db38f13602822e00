//! Arguments of `liftui trace`.

use std::time::Duration;

use clap::Args;

use super::OutputArgs;
use super::tail::{RangeArgs, TailArgs, start, stop};
use crate::model::{StartAt, StopAt, Timestamp};
use crate::store::Query;

/// How far back is looked where nothing is said.
const LOOKED_BACK: Duration = Duration::from_secs(3_600);

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
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) lines: u64,
    /// Say on stderr how far it has come
    #[arg(long)]
    pub(crate) progress: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl TraceArgs {
    /// The tail that finds them.
    pub(crate) fn as_tail(&self) -> TailArgs {
        let all = || vec!["*".to_owned()];
        let hour_ago = || StartAt::Time(Timestamp::now().minus(LOOKED_BACK));
        TailArgs {
            partitions: if self.partitions.is_empty() {
                all()
            } else {
                self.partitions.clone()
            },
            range: RangeArgs {
                from: Some(self.from.unwrap_or_else(hour_ago)),
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
