//! Which streams a broker knows: not always those that there are. One that has just started replays what was agreed on from
//! the beginning, and so shows streams that were deleted long ago; one that was stopped shows those of then.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::broker::Knowledge;
use super::broker_set::BrokerIndex;
use super::cluster::Cluster;
use super::cluster_state::{ClusterState, Stream};
use super::partition::Partition;

impl ClusterState {
    /// The streams of the first so many thousandths of the history. One that was made again has its newest messages from
    /// the beginning, since its folder is the same.
    fn replayed(&self, thousandths: usize) -> HashMap<String, Stream> {
        let count = self.history.len() * thousandths / 1000;
        let streams = self.history.iter().take(count).map(|then| {
            let name = &then.spec.name;
            let now = self.streams.get(name).unwrap_or(then);
            let stream = Stream {
                partitions: now.partitions.clone(),
                ..then.clone()
            };
            (name.clone(), stream)
        });
        streams.collect()
    }
}

impl Cluster {
    /// The stream of that name, if the broker knows it.
    pub(super) fn known_stream(&self, at: BrokerIndex, name: &str) -> Option<Stream> {
        match self.brokers[at].knowledge(Instant::now()) {
            Knowledge::Current => self.lock().streams.get(name).cloned(),
            Knowledge::Nothing => None,
            Knowledge::History(part) => self.lock().replayed(part).remove(name),
            Knowledge::Outdated(streams) => streams.get(name).cloned(),
        }
    }

    /// All streams that the broker knows.
    pub(super) fn known_streams(&self, at: BrokerIndex) -> Vec<Stream> {
        match self.brokers[at].knowledge(Instant::now()) {
            Knowledge::Current => self.lock().streams.values().cloned().collect(),
            Knowledge::Nothing => Vec::new(),
            Knowledge::History(part) => self.lock().replayed(part).into_values().collect(),
            Knowledge::Outdated(streams) => streams.values().cloned().collect(),
        }
    }

    /// The partition, if the broker knows it.
    pub(super) fn known_partition(
        &self,
        at: BrokerIndex,
        stream: &str,
        id: i32,
    ) -> Option<Arc<Partition>> {
        self.known_stream(at, stream)?.partition(id).cloned()
    }
}
