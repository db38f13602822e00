//! Which partition a message goes to where the caller names none (wire-contract §6.2).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::model::{Cluster, PartitionId, StreamName};

/// Chooses the partition of each message; handed what the cluster looks like.
pub trait Partitioner: Send + Sync {
    /// The partition for a message of that key and value. `cluster` knows the stream.
    fn partition(&self, stream: &str, key: &[u8], value: &[u8], cluster: &Cluster) -> PartitionId;
}

/// CRC-32 IEEE of the key, modulo the number of partitions: the same as the Go client's. No key: the hash of nothing, 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByKey;

impl Partitioner for ByKey {
    fn partition(&self, stream: &str, key: &[u8], _: &[u8], cluster: &Cluster) -> PartitionId {
        by_key(key, cluster.partition_count(stream).unwrap_or(1))
    }
}

/// The partition that a key belongs to, of that many.
pub fn by_key(key: &[u8], partitions: usize) -> PartitionId {
    let partitions = u32::try_from(partitions).unwrap_or(u32::MAX).max(1);
    PartitionId::try_from(crc32fast::hash(key) % partitions).unwrap_or_default()
}

/// Each partition of a stream in turn, from 0; every value of this type counts for itself.
#[derive(Debug, Default)]
pub struct RoundRobin(RotatingStart);

impl Partitioner for RoundRobin {
    fn partition(&self, stream: &str, _: &[u8], _: &[u8], cluster: &Cluster) -> PartitionId {
        self.0
            .next(stream, cluster.partition_count(stream).unwrap_or(1))
    }
}

/// Whose turn it is, for each stream. Counters wrap within the number of partitions, so they never overflow.
#[derive(Debug, Default)]
pub(crate) struct RotatingStart(Mutex<HashMap<StreamName, PartitionId>>);

impl RotatingStart {
    /// The partition whose turn it is, of that many.
    pub(crate) fn next(&self, stream: &str, partitions: usize) -> PartitionId {
        let partitions = PartitionId::try_from(partitions)
            .unwrap_or(PartitionId::MAX)
            .max(1);
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get_mut(stream) {
            *turn = (*turn + 1) % partitions;
            return *turn;
        }
        turns.insert(StreamName::from(stream), 0);
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_where_the_go_client_sends_them() {
        for (key, partition) in [("", 0), ("a", 0), ("foo", 2), ("key-1", 2), ("id,s5,0", 2)] {
            assert_eq!(by_key(key.as_bytes(), 3), partition, "{key}");
        }
        assert_eq!(by_key(b"a", 0), 0);
    }

    #[test]
    fn turns_count_each_stream_for_itself_and_wrap() {
        let turns = RotatingStart::default();
        let taken: Vec<PartitionId> = (0..5).map(|_| turns.next("orders", 3)).collect();
        assert_eq!(taken, [0, 1, 2, 0, 1]);
        assert_eq!(turns.next("payments", 3), 0);
        assert_eq!(turns.next("orders", 1), 0);
    }
}
