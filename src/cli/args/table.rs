//! Arguments of `liftui table`.

use clap::{Args, ValueEnum};

use super::OutputArgs;
use super::tail::stop;
use crate::model::{StopAt, parse_size};
use crate::store::{Query, TableSort};

/// A stream to print as a table.
#[derive(Clone, Debug, Args)]
pub(crate) struct TableArgs {
    /// A stream, and its partitions: settings:0,2-4; all where none is named
    ///
    /// Messages without a key are part of no row: stderr says how many there are. A key that was published to several partitions
    /// has a row in each.
    #[arg(value_name = "STREAM[:PARTITIONS]")]
    pub(crate) stream: String,
    /// As of when: end, an offset of each partition, @TIME, @-15m
    #[arg(long, value_name = "SEEK", allow_negative_numbers = true, default_value = "end", value_parser = stop)]
    pub(crate) at: StopAt,
    /// Only keys whose latest message this query finds
    #[arg(short, long, allow_hyphen_values = true, value_parser = Query::parse)]
    pub(crate) query: Option<Query>,
    /// Print deleted keys too: those whose latest message is empty
    #[arg(long)]
    pub(crate) deleted: bool,
    /// What decides the order: key; time, the newest first; changes, the most first
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    pub(crate) sort: SortBy,
    /// Turn the order round
    #[arg(long)]
    pub(crate) reverse: bool,
    /// Memory for keys and values; where these take more, values are read again while they are printed [default: 512MiB, or the budget of tails in the config]
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true, value_parser = parse_size)]
    pub(crate) memory: Option<u64>,
    /// Say on stderr how far it has come
    #[arg(long)]
    pub(crate) progress: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// What decides the order of a table's rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SortBy {
    /// The key
    #[default]
    Key,
    /// When the latest message was stored, the newest first
    Time,
    /// How many messages there are of the key, the most first
    Changes,
}

impl From<SortBy> for TableSort {
    fn from(by: SortBy) -> Self {
        match by {
            SortBy::Key => Self::Key,
            SortBy::Time => Self::Time,
            SortBy::Changes => Self::Changes,
        }
    }
}
