//! Where a cursor that is to be moved comes to stand, and what its consumer will read again or skip by that.
//! Nothing is changed here: setting the cursor is `cursors`'.

use super::Observer;
use super::error::{Error, Result};
use super::subscribe::CommittedLog;
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
        let log = self.core().committed_log(&stream, partition).await?;
        let to = goal.offset(&log, from).await.map_err(|sentence| {
            let target = Target::Partition(stream, partition);
            let sentence = format!("{target}: {sentence}");
            Error::new(ErrorKind::InvalidArgument, target, sentence)
        })?;
        let before = match from {
            Some(from) => first_after(&log, from).await,
            None => None,
        };
        let after = first_after(&log, to).await;
        Ok(CursorMove {
            partition,
            from,
            to,
            next_before: before.map(|(_, time)| time),
            next_after: after.map(|(_, time)| time),
        })
    }
}

impl CursorGoal {
    /// The last offset that was read, once a cursor that stands at `from` is there; or why it cannot be.
    async fn offset(
        self,
        log: &CommittedLog,
        from: Option<Offset>,
    ) -> std::result::Result<Offset, String> {
        match self {
            Self::At(offset) => Ok(offset),
            Self::By(count) => {
                let from = from
                    .ok_or("the cursor has read nothing yet, so there is no place to go on from")?;
                let oldest = before_oldest(log).await;
                // Retention may have taken all that was there when the end was asked for.
                let newest = log.newest_committed().max(oldest);
                Ok(from.saturating_add(count).clamp(oldest, newest))
            }
            Self::Next(start) => before(log, start).await,
        }
    }
}

/// Offset and time of the first message after that offset.
async fn first_after(log: &CommittedLog, offset: Offset) -> Option<(Offset, Timestamp)> {
    log.first_from(offset.saturating_add(1)).await
}

/// The offset before the oldest message that is kept.
async fn before_oldest(log: &CommittedLog) -> Offset {
    let oldest = log.first_from(0).await;
    oldest.map_or(log.newest_committed(), |(offset, _)| offset - 1)
}

/// The offset before the first message of a subscription that starts there.
async fn before(log: &CommittedLog, start: StartAt) -> std::result::Result<Offset, String> {
    let next = match start {
        StartAt::New => None,
        StartAt::Latest => Some(log.newest_committed().max(0)),
        StartAt::Earliest => return Ok(before_oldest(log).await),
        StartAt::Offset(offset) if offset > log.newest_committed().saturating_add(1) => {
            return Err(match log.newest_committed() {
                ..0 => format!("there is no message {offset}: nothing is committed"),
                newest => format!("there is no message {offset} yet: the newest is {newest}"),
            });
        }
        // What retention has removed cannot be read again.
        StartAt::Offset(offset) => return Ok((offset - 1).max(before_oldest(log).await)),
        StartAt::Last(count) => log.nth_last(count).await,
        StartAt::Time(time) => log.first_since(time).await,
        StartAt::TimeAgo(ago) => log.first_since(Timestamp::now().minus(ago)).await,
    };
    Ok(next.map_or(log.newest_committed(), |next| next - 1))
}
