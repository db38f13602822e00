//! The copies of a partition that are compared: which can be, by what is known of the cluster.

use crate::health::{BrokerTruth, Known, PartitionTruth, Truth};
use crate::model::{BrokerId, Offset};
use crate::store::{ReadableCopies, Unverified};

/// What of a partition can be compared by what is known now. The command line asks this too.
pub(crate) fn readable_copies(truth: &Truth, partition: &PartitionTruth) -> ReadableCopies {
    let Some(leader) = leader_of(partition) else {
        return ReadableCopies::nothing("no leader answers, so nobody says what is committed");
    };
    if partition.paused == Known::Yes {
        return ReadableCopies::nothing("it is paused: resume it first");
    }
    let (mut replicas, mut unverified) = (Vec::new(), Vec::new());
    let followers = partition.replicas.iter().filter(|id| *id != leader);
    let mut ends: Vec<Offset> = Vec::new();
    for replica in [leader].into_iter().chain(followers) {
        match committed_at(truth, partition, replica) {
            Ok(committed) => {
                replicas.push(BrokerId::clone(replica));
                ends.push(committed);
            }
            Err(one) => unverified.push(one),
        }
    }
    ReadableCopies {
        replicas,
        unverified,
        committed: ends.first().copied().unwrap_or(-1),
        common: ends.into_iter().min().unwrap_or(-1),
    }
}

fn leader_of(partition: &PartitionTruth) -> Option<&BrokerId> {
    let leader = partition.leader.as_ref();
    leader.filter(|_| partition.leader_reachable == Known::Yes)
}

/// How far a replica says that it has committed; why it cannot be compared where it does not.
fn committed_at(
    truth: &Truth,
    partition: &PartitionTruth,
    replica: &BrokerId,
) -> Result<Offset, Unverified> {
    let broker = truth.broker(replica);
    if !broker.is_some_and(BrokerTruth::is_answering) {
        let failure = broker.and_then(|broker| broker.failure.as_ref());
        let why = failure.map_or_else(String::new, |failure| format!(": {failure}"));
        return Err(Unverified::of(replica, format!("it does not answer{why}")));
    }
    if !partition.in_sync.contains(replica) {
        return Err(Unverified::of(replica, "it is not in sync"));
    }
    let mut ends = partition.replica_ends.iter();
    let ends = ends.find(|ends| ends.broker == *replica);
    let committed = ends.and_then(|ends| ends.high_watermark);
    match (committed, partition.high_watermark) {
        (Some(committed), Some(leaders)) if committed >= 0 || leaders < 0 => Ok(committed),
        _ => Err(Unverified::of(
            replica,
            "it does not say yet what is committed",
        )),
    }
}

