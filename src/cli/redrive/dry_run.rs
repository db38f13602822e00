//! Whether the partitions that a redrive would write to would take its messages. Nothing is sent.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::client::Observer;
use crate::model::{Cluster, ErrorKind, Failure, PartitionId, ProbeState, StreamName, Target};

/// The partitions that messages would go to.
#[derive(Debug, Default)]
pub(super) struct DryRun(BTreeSet<PartitionId>);

impl DryRun {
    /// A message would go there.
    pub(super) fn add(&mut self, partition: PartitionId) {
        self.0.insert(partition);
    }

    /// What the first message to a partition that takes none would end with. A paused one is resumed by a publish, unless it is
    /// readonly too (wire-contract §4.3).
    pub(super) async fn refusal(
        &self,
        observer: &Observer,
        cluster: &Cluster,
        to: &StreamName,
    ) -> Option<Failure> {
        for id in &self.0 {
            let is_flagged = || {
                let found = cluster.stream(to).and_then(|stream| stream.partition(*id));
                found.is_some_and(|partition| partition.readonly_flag)
            };
            let is_readonly = match observer.probe(to, *id).await.state {
                ProbeState::Serving { readonly, .. } => readonly == Some(true),
                // Nobody can be asked but metadata.
                ProbeState::Paused => is_flagged(),
                ProbeState::Unknown(failure) => return Some(failure),
            };
            if is_readonly {
                let target = Target::Partition(Arc::clone(to), *id);
                let sentence = format!("{target} is readonly: make it writable first");
                return Some(Failure::new(ErrorKind::ReadonlyPartition, target, sentence));
            }
        }
        None
    }
}
