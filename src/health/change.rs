//! How urgently a stream has to be looked at again, given what a broker says now in place of what it said before.

use crate::model::{Partition, Stream};

/// What has changed of a stream since it was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stir {
    /// Nothing.
    #[default]
    Calm,
    /// Where logs end. In a large cluster that is all streams at each poll: they may take turns.
    Ends,
    /// Leaders, replicas, flags, or whether it exists: nobody must wait for that.
    Shape,
}

impl Stir {
    /// How what a broker says now differs from what it said before.
    pub(super) fn between(old: Option<&Stream>, new: Option<&Stream>) -> Self {
        if old == new {
            return Self::Calm;
        }
        match (old, new) {
            (Some(old), Some(new)) if same_shape(old, new) => Self::Ends,
            _ => Self::Shape,
        }
    }
}

fn same_shape(old: &Stream, new: &Stream) -> bool {
    let pairs = old.partitions.iter().zip(&new.partitions);
    old.created == new.created
        && old.subject == new.subject
        && old.partitions.len() == new.partitions.len()
        && pairs.into_iter().all(|(old, new)| shape(old) == shape(new))
}

/// All of a partition but where its log ends.
fn shape(partition: &Partition) -> impl PartialEq + '_ {
    (
        (partition.id, &partition.leader),
        (&partition.replicas, &partition.isr),
        (partition.paused_flag, &partition.pause_changed),
        (partition.readonly_flag, &partition.readonly_changed),
    )
}
