//! Arguments of `liftui cursor`.
//! What cursors there are is `cli::cursors`'s.

use clap::{Args, Subcommand};

use super::OutputArgs;
use crate::model::{Offset, Operation, PartitionId};

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
    /// The cursor's id
    pub(crate) id: String,
    /// The partition it reads
    #[arg(value_name = "STREAM:PARTITION", value_parser = stream_partition)]
    pub(crate) target: (String, PartitionId),
    /// The last offset that was read
    #[arg(allow_negative_numbers = true)]
    pub(crate) offset: Offset,
}

impl CursorSetArgs {
    /// Setting it.
    pub(crate) fn operation(&self) -> Operation {
        let (stream, partition) = &self.target;
        Operation::SetCursor {
            id: self.id.clone(),
            stream: stream.as_str().into(),
            partition: *partition,
            offset: self.offset,
        }
    }
}

/// Reads `STREAM:PARTITION`; a stream's own name may hold colons.
fn stream_partition(text: &str) -> Result<(String, PartitionId), String> {
    let parts = text.rsplit_once(':').and_then(|(stream, partition)| {
        let digits = !stream.is_empty() && partition.bytes().all(|byte| byte.is_ascii_digit());
        let partition = partition.parse().ok().filter(|_| digits)?;
        Some((stream.to_owned(), partition))
    });
    parts.ok_or_else(|| format!("\"{text}\" is not STREAM:PARTITION, as in orders:0"))
}
