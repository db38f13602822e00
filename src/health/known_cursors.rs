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
    /// That it had been moved back, and has not come to where it was again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub moved_back: Option<MoveBack>,
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
            moved_back: cursor.moved_back,
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
}
