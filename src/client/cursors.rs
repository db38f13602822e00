//! Cursors: how far consumers have read. Set and fetched at their home broker.

use std::sync::Arc;

use super::Client;
use super::core::{Api, Core, with_deadline};
use super::error::{Error, Result};
use super::partitioner::by_key;
use crate::model::{ErrorKind, Offset, PartitionId, StreamName, Target};
use crate::wire::pb;
use crate::wire::rpc::Rpc;

/// Where brokers keep cursors (wire-contract §4.8).
pub(crate) const CURSORS: &str = "__cursors";

impl Client {
    /// Stores how far a consumer has read: the last offset it read. Streams and partitions are not checked by servers:
    /// any names work.
    ///
    /// # Errors
    /// [`ErrorKind::CursorsDisabled`]; [`ErrorKind::OutcomeUnknown`] where no answer came.
    pub async fn set_cursor(
        &self,
        id: &str,
        stream: &str,
        partition: PartitionId,
        offset: Offset,
    ) -> Result<()> {
        let request = pb::SetCursorRequest {
            stream: stream.to_owned(),
            partition,
            cursor_id: id.to_owned(),
            offset,
        };
        let home = self.core().home(id, stream, partition).await?;
        let send =
            async |mut api: Api, left| api.set_cursor(with_deadline(request.clone(), left)).await;
        let target = Target::Cursor(id.to_owned());
        let core = self.core();
        core.at_leader(Rpc::SetCursor, &home.0, home.1, &target, send)
            .await?;
        Ok(())
    }

    /// The last offset that a consumer has read; `None` where it never stored one. Not for observers: asking resumes
    /// a paused `__cursors` partition.
    ///
    /// # Errors
    /// [`ErrorKind::CursorsDisabled`].
    pub async fn fetch_cursor(
        &self,
        id: &str,
        stream: &str,
        partition: PartitionId,
    ) -> Result<Option<Offset>> {
        let request = pb::FetchCursorRequest {
            stream: stream.to_owned(),
            partition,
            cursor_id: id.to_owned(),
        };
        let home = self.core().home(id, stream, partition).await?;
        let send =
            async |mut api: Api, left| api.fetch_cursor(with_deadline(request.clone(), left)).await;
        let target = Target::Cursor(id.to_owned());
        let core = self.core();
        let answer = core
            .at_leader(Rpc::FetchCursor, &home.0, home.1, &target, send)
            .await?;
        Ok(Some(answer.offset).filter(|offset| *offset >= 0))
    }
}

impl Core {
    /// The partition of `__cursors` whose leader keeps the cursor: CRC-32 of its key (wire-contract §4.8).
    async fn home(
        self: &Arc<Self>,
        id: &str,
        stream: &str,
        partition: PartitionId,
    ) -> Result<(StreamName, PartitionId)> {
        let cursors = StreamName::from(CURSORS);
        let cluster = self.metadata_with(&cursors, 0).await?;
        let Some(partitions) = cluster.partition_count(CURSORS) else {
            let target = Target::Cursor(id.to_owned());
            let kind = ErrorKind::CursorsDisabled;
            return Err(Error::of_kind(kind, Rpc::FetchCursor, target, ""));
        };
        let key = format!("{id},{stream},{partition}");
        Ok((cursors, by_key(key.as_bytes(), partitions)))
    }
}
