//! Where cursors stood when an earlier run looked, so that one which was moved back since is found by a run that looks once.
//! A cursor of a stream that was made anew since reads another log.

use serde::{Deserialize, Serialize};

use super::{CursorTruth, MoveBack, Truth};
use crate::model::{CursorEntry, Offset, PartitionId, Timestamp};

/// More cursors are not held against where they stood.
const MOST: usize = 10_000;

/// A cursor as an earlier run has seen it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownCursor {
    /// Its id.
    pub id: String,
    /// The stream.
    pub stream: String,
    /// When that was created, in Unix nanoseconds.
    pub created: i64,
    /// The partition.
    pub partition: PartitionId,
    /// The last offset that it had read.
    pub offset: Offset,
    /// When that was stored, in Unix nanoseconds.
    pub time: i64,
    /// The offset from which it had been moved back, and has not come to again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub back_from: Option<Offset>,
    /// When it was moved back, in Unix nanoseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub back_at: Option<i64>,
}

impl KnownCursor {
    /// What a later run is to know of the cursors of this truth.
    pub fn of_all(truth: &Truth) -> Vec<Self> {
        let cursors = truth.cursors.iter();
        let known = cursors.filter_map(|cursor| {
            let stream = truth.stream(&cursor.entry.stream)?;
            Some(Self::of(cursor, stream.created))
        });
        known.take(MOST).collect()
    }

    fn of(cursor: &CursorTruth, created: Timestamp) -> Self {
        let entry = &cursor.entry;
        Self {
            id: entry.id.to_string(),
            stream: entry.stream.to_string(),
            created: created.0,
            partition: entry.partition,
            offset: entry.offset,
            time: entry.time.0,
            back_from: cursor.moved_back.map(|back| back.from),
            back_at: cursor.moved_back.map(|back| back.at.0),
        }
    }

    /// Whether it read the stream that has the name now.
    pub fn is_of(&self, truth: &Truth) -> bool {
        let stream = truth.stream(&self.stream);
        stream.is_some_and(|stream| stream.created.0 == self.created)
    }

    /// The cursor as it stood then.
    pub(super) fn entry(&self, now: &CursorEntry) -> CursorEntry {
        CursorEntry {
            offset: self.offset,
            time: Timestamp(self.time),
            ..now.clone()
        }
    }

    /// That it had been moved back then.
    pub(super) fn moved_back(&self) -> Option<MoveBack> {
        Some(MoveBack {
            from: self.back_from?,
            to: self.offset,
            at: Timestamp(self.back_at?),
        })
    }
}
