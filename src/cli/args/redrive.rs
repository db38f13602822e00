//! Arguments of `liftui redrive`.
//! What a resumed redrive takes from its journal is `cli::redrive`'s.

use std::path::PathBuf;

use clap::Args;

use super::OutputArgs;
use super::tail::{start, stop};
use crate::model::{StartAt, StopAt};
use crate::store::Query;

/// Messages to copy from one stream to another.
#[derive(Clone, Debug, Args)]
pub(crate) struct RedriveArgs {
    /// The stream to read, and its partitions as in orders:0,2-4
    #[arg(value_name = "FROM[:PARTITIONS]")]
    pub(crate) from_partitions: String,
    /// The stream to publish to
    #[arg(value_name = "TO")]
    pub(crate) to_stream: String,
    /// Where to start: earliest, latest, an offset, -N, @TIME, @-15m [default: earliest]
    #[arg(long, value_name = "SEEK", allow_negative_numbers = true, value_parser = typed_start)]
    pub(crate) from: Option<TypedPosition<StartAt>>,
    /// Where to stop: end, an offset, @TIME, @-15m; never after the newest message of now [default: end]
    #[arg(long, value_name = "SEEK", allow_negative_numbers = true, value_parser = typed_stop)]
    pub(crate) to: Option<TypedPosition<StopAt>>,
    /// Only messages that this query finds
    #[arg(short, long, allow_hyphen_values = true, value_parser = Query::parse)]
    pub(crate) query: Option<Query>,
    /// Messages per second at most
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// Read and count, but publish nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write down what was published, and go on from there where the file exists already.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "dry_run",
        help = "Write down what was published, and go on from there where the file exists already \
                [default: one for these two streams in $XDG_STATE_HOME/liftui/redrive, removed when all is copied]"
    )]
    pub(crate) journal: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// A value and the text that it was read from: a journal is compared with what was typed, since a clock goes on.
#[derive(Clone, Debug)]
pub(crate) struct TypedPosition<T> {
    /// As it was typed.
    pub(crate) text: String,
    /// What it means.
    pub(crate) value: T,
}

fn typed_start(text: &str) -> Result<TypedPosition<StartAt>, String> {
    let value = start(text)?;
    let text = text.to_owned();
    Ok(TypedPosition { text, value })
}

fn typed_stop(text: &str) -> Result<TypedPosition<StopAt>, String> {
    let value = stop(text)?;
    let text = text.to_owned();
    Ok(TypedPosition { text, value })
}
