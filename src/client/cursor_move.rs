//! Where a cursor that is to be moved comes to stand, and what its consumer will read again or skip by that.
//! Nothing is changed here: setting the cursor is `cursors`'.

use std::sync::Arc;

use super::error::{Error, Result};
use super::inner::Inner;
use super::{Client, Observer};
use crate::model::{ErrorKind, Offset, PartitionId, StartAt, StreamName, Target, Timestamp};

/// Where a cursor is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CursorGoal {
    /// The next message that is read is the first one which a subscription gets that starts there.
    Next(StartAt),
    /// So many offsets on, or back where it is negative; within what the log holds.
    By(i64),
    /// The last offset that was read is this one, whatever the log holds.
    At(Offset),
}

/// What moving one cursor would do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CursorMove {
    /// The partition that it reads.
    pub partition: PartitionId,
    /// The last offset that was read by now; `None` where it never stored one.
    pub from: Option<Offset>,
    /// The same after the move: one less than the first message to read.
    pub to: Offset,
    /// When the message was stored that would be read next without the move; `None` where there is none, or nobody can say.
    pub next_before: Option<Timestamp>,
    /// The same with the move.
    pub next_after: Option<Timestamp>,
}

impl CursorMove {
    /// Offsets that are read again (negative) or skipped; `None` for a cursor that never stored one.
    pub fn change(&self) -> Option<i64> {
        Some(self.to.saturating_sub(self.from?))
    }
}

impl Client {
    /// What moving a cursor would do; it is asked for its place first, which resumes a paused `__cursors` partition.
    ///
    /// # Errors
    /// As [`fetch_cursor`](Self::fetch_cursor) and [`Observer::plan_cursor_move`].
    pub async fn plan_cursor_move(
        &self,
        id: &str,
        stream: &str,
        partition: PartitionId,
        goal: CursorGoal,
    ) -> Result<CursorMove> {
        let from = self.fetch_cursor(id, stream, partition).await?;
        let observer = self.observer();
        observer
            .plan_cursor_move(stream, partition, from, goal)
            .await
    }
}

impl Observer {
    /// What moving a cursor would do that stands at `from`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] for an offset that the partition does not hold yet, and for a way from nowhere. As
    /// [`fetch_partition`](Self::fetch_partition).
    pub async fn plan_cursor_move(
        &self,
        stream: &str,
        partition: PartitionId,
        from: Option<Offset>,
        goal: CursorGoal,
    ) -> Result<CursorMove> {
        let stream = StreamName::from(stream);
        let log = PartitionLog {
            inner: self.core(),
            end: self
                .fetch_partition(&stream, partition)
                .await?
                .high_watermark,
            stream: &stream,
            partition,
        };
        let to = log.goal(goal, from).await?;
        let before = match from {
            Some(from) => log.first_after(from).await,
            None => None,
        };
        let after = log.first_after(to).await;
        Ok(CursorMove {
            partition,
            from,
            to,
            next_before: before.map(|(_, time)| time),
            next_after: after.map(|(_, time)| time),
        })
    }
}

/// The committed part of one partition.
struct PartitionLog<'a> {
    inner: &'a Arc<Inner>,
    stream: &'a StreamName,
    partition: PartitionId,
    /// Its newest offset; -1 where nothing is committed.
    end: Offset,
}

impl PartitionLog<'_> {
    /// Offset and time of the first message after that offset.
    async fn first_after(&self, offset: Offset) -> Option<(Offset, Timestamp)> {
        let next = offset.saturating_add(1).max(0);
        if next > self.end {
            return None;
        }
        self.inner
            .first_from(self.stream, self.partition, next)
            .await
    }

    /// The offset before the oldest message that is kept.
    async fn before_oldest(&self) -> Offset {
        let oldest = self.first_after(-1).await;
        oldest.map_or(self.end, |(offset, _)| offset - 1)
    }

    async fn goal(&self, goal: CursorGoal, from: Option<Offset>) -> Result<Offset> {
        match goal {
            CursorGoal::At(offset) => Ok(offset),
            CursorGoal::By(count) => {
                let from = from.ok_or_else(|| {
                    self.refused(
                        "the cursor has read nothing yet, so there is no place to go on from",
                    )
                })?;
                let oldest = self.before_oldest().await;
                Ok(from.saturating_add(count).clamp(oldest, self.end))
            }
            CursorGoal::Next(start) => self.before(start).await,
        }
    }

    /// The offset before the first message of a subscription that starts there.
    async fn before(&self, start: StartAt) -> Result<Offset> {
        let next = match start {
            StartAt::New => None,
            StartAt::Latest => Some(self.end.max(0)),
            StartAt::Earliest => return Ok(self.before_oldest().await),
            StartAt::Offset(offset) if offset > self.end.saturating_add(1) => {
                let sentence = match self.end {
                    ..0 => format!("there is no message {offset}: nothing is committed"),
                    end => format!("there is no message {offset} yet: the newest is {end}"),
                };
                return Err(self.refused(&sentence));
            }
            StartAt::Offset(offset) => Some(offset),
            StartAt::Last(count) => {
                self.inner
                    .nth_last(self.stream, self.partition, count)
                    .await?
            }
            StartAt::Time(time) => self.since(time).await?,
            StartAt::TimeAgo(ago) => self.since(Timestamp::now().minus(ago)).await?,
        };
        Ok(next.map_or(self.end, |next| next - 1))
    }

    async fn since(&self, time: Timestamp) -> Result<Option<Offset>> {
        self.inner
            .first_since(self.stream, self.partition, time)
            .await
    }

    fn refused(&self, sentence: &str) -> Error {
        let target = Target::Partition(Arc::clone(self.stream), self.partition);
        let sentence = format!("{target}: {sentence}");
        Error::new(ErrorKind::InvalidArgument, target, sentence)
    }
}
