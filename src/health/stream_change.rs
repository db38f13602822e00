//! How urgently a stream has to be assessed again, given what a broker says now in place of what it said before.

use std::sync::Arc;

use crate::model::{Partition, Stream};

/// What has changed of a stream since it was assessed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StreamChange {
    #[default]
    Unchanged,
    /// Where logs end. In a large cluster that is all streams at each poll: they may take turns.
    LogEnds,
    /// Leaders, replicas, flags, or whether it exists: nobody must wait for that.
    Structure,
}

impl StreamChange {
    /// The difference between two reports of one broker.
    pub(super) fn between(old: Option<&Arc<Stream>>, new: Option<&Arc<Stream>>) -> Self {
        match (old, new) {
            (None, None) => Self::Unchanged,
            // What a broker says unchanged is shared; in another answer it may be equal all the same.
            (Some(old), Some(new)) if Arc::ptr_eq(old, new) || old == new => Self::Unchanged,
            (Some(old), Some(new)) if same_structure(old, new) => Self::LogEnds,
            _ => Self::Structure,
        }
    }
}

fn same_structure(old: &Stream, new: &Stream) -> bool {
    let pairs = old.partitions.iter().zip(&new.partitions);
    old.created == new.created
        && old.subject == new.subject
        && old.partitions.len() == new.partitions.len()
        && pairs
            .into_iter()
            .all(|(old, new)| structure(old) == structure(new))
}

/// All of a partition but where its log ends.
fn structure(partition: &Partition) -> impl PartialEq + '_ {
    (
        (partition.id, &partition.leader),
        (&partition.replicas, &partition.isr),
        (partition.paused_flag, &partition.pause_changed),
        (partition.readonly_flag, &partition.readonly_changed),
    )
}
