//! Arguments of `liftui cursor`.
//! What cursors there are is `cli::cursors`'s.

use clap::{Args, Subcommand};

use super::OutputArgs;
use crate::cli::shown_times;
use crate::model::{
    CursorGoal, CursorMoveSpec, Offset, Operation, PartitionId, Timestamp, stream_or_partition,
    stream_partition,
};

/// Reading or setting one cursor.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum CursorTask {
    /// Print the offset that a cursor is at
    Get(CursorGetArgs),
    /// Set a cursor
    Set(CursorSetArgs),
}

/// A cursor to read.
#[derive(Clone, Debug, Args)]
pub(crate) struct CursorGetArgs {
    /// The cursor's id
    pub(crate) id: String,
    /// The partition it reads
    #[arg(value_name = "STREAM:PARTITION", value_parser = stream_partition)]
    pub(crate) target: (String, PartitionId),
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// A cursor to set.
#[derive(Clone, Debug, Args)]
pub(crate) struct CursorSetArgs {
    /// The cursor's id; that of a consumer group's is __group:NAME
    pub(crate) id: String,
    /// The partition it reads; with --to or --by a stream stands for all partitions that it has read of
    #[arg(value_name = "STREAM:PARTITION", value_parser = stream_or_partition)]
    pub(crate) target: (String, Option<PartitionId>),
    /// The last offset that was read
    #[arg(allow_negative_numbers = true, required_unless_present_any = ["to", "by"], conflicts_with_all = ["to", "by"])]
    pub(crate) offset: Option<Offset>,
    /// The message to read next: earliest, latest, end (nothing again), an offset, -N, @TIME, @-15m
    #[arg(long, value_name = "SEEK", allow_hyphen_values = true, conflicts_with = "by", value_parser = goal)]
    to: Option<CursorGoal>,
    /// Go so many messages on, or back with -N
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    by: Option<i64>,
    /// Print what would be read again or skipped, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl CursorSetArgs {
    /// The one operation that it is, where nothing has to be looked up for it.
    pub(crate) fn operation(&self) -> Option<Operation> {
        let (CursorGoal::At(offset), Some(partition), false) =
            (self.goal(), self.target.1, self.dry_run)
        else {
            return None;
        };
        let (stream, _) = &self.target;
        Some(Operation::SetCursor {
            id: self.id.clone(),
            stream: stream.as_str().into(),
            partition,
            offset,
        })
    }

    /// Which cursor goes where.
    pub(crate) fn spec(&self) -> CursorMoveSpec {
        let (stream, partition) = &self.target;
        CursorMoveSpec {
            id: self.id.clone(),
            stream: stream.as_str().into(),
            partition: *partition,
            goal: self.goal(),
        }
    }

    /// Where it goes.
    pub(crate) fn goal(&self) -> CursorGoal {
        match (self.to, self.by, self.offset) {
            (Some(goal), _, _) => goal,
            (None, Some(count), _) => CursorGoal::By(count),
            (None, None, offset) => CursorGoal::At(offset.unwrap_or_default()),
        }
    }
}

/// Reads what is to be read next, with the clock of this machine, in the zone in which times are shown.
fn goal(text: &str) -> Result<CursorGoal, String> {
    CursorGoal::parse_next(text, Timestamp::now(), &shown_times::display().zone)
}
