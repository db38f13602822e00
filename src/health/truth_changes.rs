//! What differs between two truths: streams that came and went, leaders that moved, ISRs that shrank or grew.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{PartitionTruth, StreamTruth, Truth};
use crate::model::{BrokerId, PartitionId, StreamName};

/// What differs. Liftbridge's own streams do not count as appeared or gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TruthChanges {
    /// Streams that are new.
    pub appeared: Vec<StreamName>,
    /// Streams that are gone.
    pub gone: Vec<StreamName>,
    /// Partitions that another broker leads now.
    pub leaders: Vec<LeaderChange>,
    /// Partitions of whose ISR brokers have left, or that they have joined.
    pub isrs: Vec<IsrChange>,
}

/// A partition whose leader moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaderChange {
    /// The stream.
    pub stream: StreamName,
    /// Whether that is one of Liftbridge's own.
    pub internal: bool,
    /// The partition.
    pub partition: PartitionId,
    /// Who led it before.
    pub from: BrokerId,
    /// Who leads it now.
    pub to: BrokerId,
}

/// A partition whose ISR shrank or grew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsrChange {
    /// The stream.
    pub stream: StreamName,
    /// The partition.
    pub partition: PartitionId,
    /// Who is in sync no longer.
    pub left: Vec<BrokerId>,
    /// Who is in sync again.
    pub joined: Vec<BrokerId>,
    /// In-sync replicas now.
    pub in_sync: usize,
    /// All replicas.
    pub replicas: usize,
}

impl TruthChanges {
    /// One walk over two sorted lists, which goes past what they share.
    pub fn between(before: &Truth, after: &Truth) -> Self {
        let mut changes = Self::default();
        if Arc::ptr_eq(&before.streams, &after.streams) {
            return changes;
        }
        let mut before = before.streams.iter().peekable();
        let mut after = after.streams.iter().peekable();
        loop {
            let order = match (before.peek(), after.peek()) {
                (Some(old), Some(new)) => old.name.cmp(&new.name),
                (Some(_), None) => Ordering::Less,
                (None, _) => Ordering::Greater,
            };
            let old = before.next_if(|_| order != Ordering::Greater);
            let new = after.next_if(|_| order != Ordering::Less);
            match (old, new) {
                (Some(old), Some(new)) => changes.compare(old, new),
                (Some(old), None) if !old.internal => changes.gone.push(Arc::clone(&old.name)),
                (None, Some(new)) if !new.internal => changes.appeared.push(Arc::clone(&new.name)),
                (Some(_), None) | (None, Some(_)) => {}
                (None, None) => return changes,
            }
        }
    }

    /// Shared values are the same in both truths: in a large cluster nearly all are.
    fn compare(&mut self, old: &Arc<StreamTruth>, new: &Arc<StreamTruth>) {
        if Arc::ptr_eq(old, new) || old.created != new.created {
            return;
        }
        for partition in new.partitions.iter() {
            let Some(before) = old.partition(partition.id) else {
                continue;
            };
            self.leaders.extend(leader_change(new, before, partition));
            self.isrs.extend(isr_change(new, before, partition));
        }
    }
}

fn leader_change(
    stream: &StreamTruth,
    old: &PartitionTruth,
    new: &PartitionTruth,
) -> Option<LeaderChange> {
    let (from, to) = (old.leader.as_ref()?, new.leader.as_ref()?);
    (from != to).then(|| LeaderChange {
        stream: Arc::clone(&stream.name),
        internal: stream.internal,
        partition: new.id,
        from: BrokerId::clone(from),
        to: BrokerId::clone(to),
    })
}

fn isr_change(
    stream: &StreamTruth,
    old: &PartitionTruth,
    new: &PartitionTruth,
) -> Option<IsrChange> {
    if old.isr == new.isr {
        return None;
    }
    let less = |all: &[BrokerId], others: &[BrokerId]| -> Vec<BrokerId> {
        let own = all.iter().filter(|id| !others.contains(id));
        own.cloned().collect()
    };
    Some(IsrChange {
        stream: Arc::clone(&stream.name),
        partition: new.id,
        left: less(&old.isr, &new.isr),
        joined: less(&new.isr, &old.isr),
        in_sync: new.isr.len(),
        replicas: new.replicas.len(),
    })
}
