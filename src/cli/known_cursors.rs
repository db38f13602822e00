//! The cursors of a cluster as they were read last: a file a cluster in the state folder. A partition of `__cursors` that is
//! paused, as each is after a minute without use, is known from there.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::state_file::{FORGOTTEN_AFTER, StateFile};
use crate::client::KnownCursors;
use crate::config::Folders;
use crate::model::{CursorEntry, Offset, PartitionId, StreamName, Timestamp};

const FILE: StateFile<BTreeMap<PartitionId, KeptPartition>> =
    StateFile::new(Folders::known_cursors, "what was read of cursors");

/// One partition of `__cursors`. Times are Unix nanoseconds.
#[derive(Serialize, Deserialize)]
struct KeptPartition {
    created: i64,
    next: Offset,
    read_at: i64,
    cursors: Vec<KeptCursor>,
}

#[derive(Serialize, Deserialize)]
struct KeptCursor {
    id: String,
    stream: StreamName,
    partition: PartitionId,
    offset: Offset,
    time: i64,
}

/// What was kept of that cluster; nothing where nothing was, or it cannot be read.
pub(crate) fn read(cluster: &str) -> Vec<KnownCursors> {
    let now = Timestamp::now();
    let kept = FILE.read(cluster).into_iter();
    let known = kept.map(|(id, kept)| kept.recall(id));
    known
        .filter(|known| known.read_at.age(now) < FORGOTTEN_AFTER)
        .collect()
}

/// Keeps it for later runs.
pub(crate) fn keep(cluster: &str, known: &[KnownCursors]) {
    if known.is_empty() {
        return;
    }
    let partitions = known.iter();
    let kept = partitions.map(|known| (known.partition, KeptPartition::of(known)));
    FILE.write(cluster, &kept.collect());
}

impl KeptPartition {
    fn of(known: &KnownCursors) -> Self {
        let cursor = |entry: &CursorEntry| KeptCursor {
            id: entry.id.to_string(),
            stream: Arc::clone(&entry.stream),
            partition: entry.partition,
            offset: entry.offset,
            time: entry.time.0,
        };
        Self {
            created: known.created.0,
            next: known.next,
            read_at: known.read_at.0,
            cursors: known.cursors.iter().map(cursor).collect(),
        }
    }

    fn recall(self, partition: PartitionId) -> KnownCursors {
        let read_at = Timestamp(self.read_at);
        let cursor = |kept: KeptCursor| CursorEntry {
            id: kept.id.into(),
            stream: kept.stream,
            partition: kept.partition,
            offset: kept.offset,
            time: Timestamp(kept.time),
            read_at,
        };
        KnownCursors {
            partition,
            created: Timestamp(self.created),
            next: self.next,
            read_at,
            cursors: self.cursors.into_iter().map(cursor).collect(),
        }
    }
}
