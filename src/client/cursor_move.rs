//! Where a cursor that is to be moved comes to stand in its log, and what its consumer will read again or skip by that.
//! Nothing is changed here: setting the cursor is `cursors`'.

use super::error::{Error, Result};
use super::subscribe::CommittedLog;
use super::{Client, Observer};
use crate::model::{
    CursorGoal, CursorMove, CursorMoveSpec, ErrorKind, Offset, PartitionId, StartAt, StreamName,
    Target, Timestamp,
};

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
        if let CursorGoal::At(offset) = goal {
            self.check_cursor_end(&stream, partition, offset).await?;
        }
        let log = self.inner().committed_log(&stream, partition).await?;
        let to = goal.offset(&log, from).await;
        let to = to.map_err(|sentence| no_such_place(stream, partition, &sentence))?;
        let before = match from {
            Some(from) => first_after(&log, from).await,
            None => None,
        };
        let after = first_after(&log, to).await;
        Ok(CursorMove {
            next_before: before.map(|(_, time)| time),
            next_after: after.map(|(_, time)| time),
            newest: Some(log.newest_committed()),
            ..CursorMove::new(partition, from, to)
        })
    }

    /// Whether a cursor may be set to that offset: one beyond the end reads nothing until as much is stored again. Where
    /// nobody can say where the log ends, as of a paused partition, it may.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] for an offset that the partition does not hold yet.
    pub async fn check_cursor_end(
        &self,
        stream: &str,
        partition: PartitionId,
        offset: Offset,
    ) -> Result<()> {
        let Ok(found) = self.fetch_partition(stream, partition).await else {
            return Ok(());
        };
        let newest = found.high_watermark.max(found.newest_offset).max(-1);
        if offset <= newest {
            return Ok(());
        }
        let sentence = beyond_end(offset, newest);
        Err(no_such_place(stream.into(), partition, &sentence))
    }

    /// What moving a cursor would do in these partitions, given the last offset that it has read of each. All that it has
    /// read of nothing yet are left out, unless one is meant alone and the place does not depend on where it stands.
    ///
    /// # Errors
    /// As [`plan_cursor_move`](Self::plan_cursor_move).
    pub async fn plan_cursor_moves(
        &self,
        spec: &CursorMoveSpec,
        from: &[(PartitionId, Option<Offset>)],
    ) -> Result<Vec<CursorMove>> {
        let is_relative = matches!(spec.goal, CursorGoal::By(_));
        let mut moves = Vec::new();
        for (partition, from) in from {
            let is_nowhere = from.is_none() && (spec.partition.is_none() || is_relative);
            if !is_nowhere {
                let planned = self.plan_cursor_move(&spec.stream, *partition, *from, spec.goal);
                moves.push(planned.await?);
            }
        }
        Ok(moves)
    }
}

impl Client {
    /// What moving a cursor would do. Asks where it stands, which resumes the partition of `__cursors` that holds it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] also where it has read nothing of the stream. As
    /// [`plan_cursor_move`](Observer::plan_cursor_move).
    pub async fn plan_cursor_moves(&self, spec: &CursorMoveSpec) -> Result<Vec<CursorMove>> {
        let observer = self.observer();
        let cluster = observer.fetch_metadata_knowing(&spec.stream).await?;
        let found = cluster
            .stream(&spec.stream)
            .map(|stream| &stream.partitions);
        let ids = found.into_iter().flatten().map(|partition| partition.id);
        let mut from = Vec::new();
        for id in ids.filter(|id| spec.partition.is_none_or(|one| one == *id)) {
            let offset = self.fetch_cursor(&spec.id, &spec.stream, id).await?;
            from.push((id, offset));
        }
        let moves = observer.plan_cursor_moves(spec, &from).await?;
        if moves.is_empty() {
            let target = Target::Cursor(spec.id.clone());
            let sentence = match spec.partition {
                Some(id) if from.is_empty() => {
                    format!("there is no partition {id} of stream \"{}\"", spec.stream)
                }
                _ => format!("{target} has read nothing of {}", spec.stream),
            };
            return Err(Error::new(ErrorKind::InvalidArgument, target, sentence));
        }
        Ok(moves)
    }
}

/// Finding the place.
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
                Ok(from.max(-1).saturating_add(count).clamp(oldest, newest))
            }
            Self::Next(start) => before(log, start).await,
        }
    }
}

fn no_such_place(stream: StreamName, partition: PartitionId, sentence: &str) -> Error {
    let target = Target::Partition(stream, partition);
    let sentence = format!("{target}: {sentence}");
    Error::new(ErrorKind::InvalidArgument, target, sentence)
}

fn beyond_end(offset: Offset, newest: Offset) -> String {
    match newest {
        ..0 => format!("there is no message {offset}: nothing is committed"),
        newest => format!("there is no message {offset} yet: the newest is {newest}"),
    }
}

/// Offset and time of the first message after that offset.
async fn first_after(log: &CommittedLog, offset: Offset) -> Option<(Offset, Timestamp)> {
    log.first_from(offset.max(-1).saturating_add(1)).await
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
            return Err(beyond_end(offset, log.newest_committed()));
        }
        // What retention has removed cannot be read again.
        StartAt::Offset(offset) => return Ok((offset - 1).max(before_oldest(log).await)),
        StartAt::Last(count) => log.nth_last(count).await,
        StartAt::Time(time) => log.first_since(time).await,
        StartAt::TimeAgo(ago) => log.first_since(Timestamp::now().minus(ago)).await,
    };
    Ok(next.map_or(log.newest_committed(), |next| next - 1))
}
