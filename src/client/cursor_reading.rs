//! Reading all cursors: each partition of `__cursors` for itself, and those that cannot be read from what is known of them.
//! What is known is `cursor_log`'s.

use std::sync::Arc;

use super::cursor_log::{KnownPartition, MOST_CURSORS};
use super::cursors::{LogItem, ReadLimit, up_to_now};
use super::error::{Error, Result};
use super::inner::Inner;
use super::subscribe::SubscribeRequest;
use crate::model::{
    CursorEntry, EndReason, ErrorKind, Failure, Partition, PartitionId, StreamName, Target,
    Timestamp, format_ranges, grouped,
};
use crate::wire::internal::{self, CURSORS};

/// All cursors found, and which partitions of `__cursors` could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CursorReading {
    /// Cursors by id, stream and partition: the latest stored of each. Of partitions that could not be read they are what
    /// this client read before, or [recalled](super::Observer::recall_cursors), with that time.
    pub entries: Vec<CursorEntry>,
    /// Partitions that are paused, as they are by default after a minute without use.
    pub paused: Vec<PartitionId>,
    /// Partitions that could not be read for another reason, and why.
    pub unread: Vec<(PartitionId, Failure)>,
    /// Partitions whose cursors may have moved since they were read, and when that was; never, where they were not. One that
    /// is paused and has stored nothing since is not among them: what was read still holds.
    pub outdated: Vec<(PartitionId, Timestamp)>,
}

impl CursorReading {
    /// Why some cursors are not known for certain, where that is so.
    pub fn failure(&self) -> Option<Failure> {
        if let Some((_, failure)) = self.unread.first() {
            return Some(failure.clone());
        }
        let outdated = |id: &&PartitionId| self.outdated.iter().any(|(other, _)| other == *id);
        let unknown: Vec<_> = self.paused.iter().filter(outdated).copied().collect();
        if unknown.is_empty() {
            return None;
        }
        let (noun, verb, they) = match unknown.len() {
            1 => ("partition", "is", "it holds"),
            _ => ("partitions", "are", "they hold"),
        };
        let places = format_ranges(&unknown);
        let sentence =
            format!("{noun} {places} of {CURSORS} {verb} paused, and what {they} was not read");
        Some(Failure::from(Error::new(
            ErrorKind::PartitionPaused,
            Target::Stream(CURSORS.into()),
            sentence,
        )))
    }

    /// All cursors; fails where some partition could not be read but for a pause.
    pub(super) fn whole(self) -> Result<Vec<CursorEntry>> {
        match self.unread.into_iter().next() {
            Some((_, failure)) => Err(failure.into()),
            None => Ok(self.entries),
        }
    }
}

/// How reading one partition ended.
enum PartitionEnd {
    /// At what it held last.
    Read,
    /// It is paused, and its leader says so of it, where it answers.
    Paused(Option<Partition>),
}

/// That a partition holds more cursors than are kept.
fn too_many(id: PartitionId) -> Error {
    let sentence = format!(
        "partition {id} of stream \"{CURSORS}\" holds more than {} cursors: only those stored last are known",
        grouped(i64::try_from(MOST_CURSORS).unwrap_or(i64::MAX))
    );
    Error::new(
        ErrorKind::BadAnswer,
        Target::Partition(CURSORS.into(), id),
        sentence,
    )
}

/// How they are read.
impl Inner {
    pub(super) async fn read_cursors(
        self: &Arc<Self>,
        resume: bool,
        limit: ReadLimit,
    ) -> Result<CursorReading> {
        let partitions = self.cursor_partitions().await?;
        let created = self.cursors_created().await?;
        let mut log = self.cursor_log.lock().await;
        let mut reading = CursorReading::default();
        for id in partitions {
            let known = log.partition(id);
            known.record_creation(created);
            let end = self.read_cursor_partition(known, id, resume, limit).await;
            let now = Timestamp::now();
            let outdated = match end {
                Ok(PartitionEnd::Paused(leader)) => {
                    reading.paused.push(id);
                    known.record_pause(leader.as_ref(), now);
                    known.read_at() < now
                }
                Ok(PartitionEnd::Read) => {
                    known.record_end(now);
                    if known.has_left_out() {
                        reading.unread.push((id, Failure::from(too_many(id))));
                    }
                    false
                }
                Err(error) if error.kind() == ErrorKind::Closed => return Err(error),
                Err(error) => {
                    reading.unread.push((id, Failure::from(error)));
                    true
                }
            };
            if outdated {
                reading.outdated.push((id, known.read_at()));
            }
            reading.entries.extend(known.entries());
        }
        reading.entries.sort_by_cached_key(CursorEntry::key);
        Ok(reading)
    }

    /// When `__cursors` was created.
    async fn cursors_created(self: &Arc<Self>) -> Result<Timestamp> {
        let cluster = self.metadata_with(&CURSORS.into(), 0).await?;
        let stream = cluster.stream(CURSORS);
        Ok(stream.map_or(Timestamp::NEVER, |stream| stream.created))
    }

    /// What the leader of a partition of `__cursors` says of it; `None` where it does not answer, or is not the leader.
    async fn cursors_at_leader(self: &Arc<Self>, id: PartitionId) -> Option<Partition> {
        let cursors = StreamName::from(CURSORS);
        let leader = self.leader(&cursors, id).await.ok()?;
        let view = self.fetch_stream_from(&leader.address, &cursors).await;
        let partition = view.ok()?.partition(&cursors, id)?.clone();
        (partition.leader == Some(leader.broker)).then_some(partition)
    }

    /// Whether that partition of `__cursors` is paused, where metadata leaves it open: its leader is asked, which costs it one
    /// error in its log. A subscription would cost several.
    async fn is_paused(self: &Arc<Self>, id: PartitionId) -> bool {
        let cursors = StreamName::from(CURSORS);
        let cluster = self.metadata_with(&cursors, id).await;
        let found = cluster.ok();
        let found = found
            .as_ref()
            .and_then(|cluster| cluster.partition(&cursors, id));
        if !found.is_some_and(|partition| partition.paused_flag) {
            return false;
        }
        let asked = self.fetch_partition(&cursors, id).await;
        asked.is_err_and(|error| error.kind() == ErrorKind::PartitionPaused)
    }

    /// Reads what is new in one partition. One that is known to be paused is not asked again: servers log each attempt as an
    /// error.
    async fn read_cursor_partition(
        self: &Arc<Self>,
        known: &mut KnownPartition,
        id: PartitionId,
        resume: bool,
        limit: ReadLimit,
    ) -> Result<PartitionEnd> {
        if known.was_paused()
            && !resume
            && let Some(leader) = self.cursors_at_leader(id).await
            && known.is_still_paused(&leader)
        {
            return Ok(PartitionEnd::Paused(Some(leader)));
        }
        let is_paused = !resume && known.next().is_none() && self.is_paused(id).await;
        if is_paused {
            return Ok(PartitionEnd::Paused(self.cursors_at_leader(id).await));
        }
        let request = SubscribeRequest {
            resume,
            ..up_to_now(CURSORS, id, known.next())
        };
        let end = self
            .read_until_end(request, limit, |item| match item {
                LogItem::Message(message) => {
                    known.record(message.offset, internal::cursor(&message));
                }
                LogItem::Rewound => known.forget(),
            })
            .await?;
        if end == EndReason::Paused {
            return Ok(PartitionEnd::Paused(self.cursors_at_leader(id).await));
        }
        Ok(PartitionEnd::Read)
    }
}
