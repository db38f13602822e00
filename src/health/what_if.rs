//! What would follow if a broker were lost: who would lead what it leads, and what would stop.
//!
//! Worked out from the truth as it is; whom Liftbridge would really elect, it decides by itself.

use super::election::{in_sync_without, is_majority};
use super::{BrokerTruth, HealthOptions, Known, PartitionTruth, Truth};
use crate::model::{BrokerId, PartitionId, StreamName};

/// What the loss of one broker would do to the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerLoss {
    /// Brokers that would still answer.
    pub left: usize,
    /// Brokers of the cluster.
    pub brokers: usize,
    /// Whether those left could go on electing leaders.
    pub keeps_majority: bool,
    /// The partitions that the broker holds a replica of, by stream.
    pub partitions: Vec<PartitionLoss>,
}

/// What the loss would do to one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionLoss {
    /// The stream.
    pub stream: StreamName,
    /// The partition.
    pub partition: PartitionId,
    /// What would become of it.
    pub outcome: LossOutcome,
    /// The in-sync replicas that would be left and answer.
    pub in_sync: Vec<BrokerId>,
    /// Whether the broker itself is in sync: one that is not may not lead the partition after its return.
    pub was_in_sync: bool,
}

/// What would become of a partition. The order is that of severity, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LossOutcome {
    /// No other in-sync replica could lead it.
    Leaderless,
    /// Another in-sync replica could lead it, and no majority of brokers would be left to elect it.
    NoElection,
    /// Nothing would commit: fewer in-sync replicas than its stream needs.
    BelowMinIsr,
    /// Nothing would commit: the leader waits for the lost replica, which only a majority of brokers takes out of the ISR.
    CommitsWait,
    /// It is paused, and elects nobody before something resumes it.
    StaysPaused,
    /// Another in-sync replica would lead it.
    NewLeader,
    /// A replica less, and all goes on.
    FewerReplicas,
}

impl LossOutcome {
    /// Every outcome, the worst first.
    pub const ALL: [Self; 7] = [
        Self::Leaderless,
        Self::NoElection,
        Self::BelowMinIsr,
        Self::CommitsWait,
        Self::StaysPaused,
        Self::NewLeader,
        Self::FewerReplicas,
    ];
}

impl BrokerLoss {
    /// What would follow if that broker were lost now.
    pub fn of(broker: &BrokerTruth, truth: &Truth, options: &HealthOptions) -> Self {
        let members = truth.members();
        let brokers = members.clone().count();
        let others = members.filter(|other| other.name() != broker.name());
        let left = others.filter(|other| other.is_answering()).count();
        let keeps_majority = is_majority(left, brokers);
        let streams = truth.streams.iter();
        let partitions = streams.flat_map(|stream| {
            // Every stream needs one replica to commit.
            let min_isr = options
                .min_isr_of(&stream.name, stream.created)
                .unwrap_or(1);
            let partitions = stream.partitions.iter();
            partitions.filter_map(move |partition| {
                let in_sync = left_in_sync(broker.name(), partition, truth)?;
                let was_in_sync = partition.isr.iter().any(|id| **id == *broker.name());
                let outcome = if in_sync.is_empty() {
                    LossOutcome::Leaderless
                } else if partition.leader.as_deref() == Some(broker.name()) {
                    outcome_of_leader(partition, in_sync.len() < min_isr, keeps_majority)
                } else {
                    let waits = was_in_sync && !keeps_majority;
                    outcome_of_follower(in_sync.len() < min_isr, waits)
                };
                Some(PartitionLoss {
                    stream: StreamName::clone(&stream.name),
                    partition: partition.id,
                    outcome,
                    in_sync,
                    was_in_sync,
                })
            })
        });
        Self {
            left,
            brokers,
            keeps_majority,
            partitions: partitions.collect(),
        }
    }
}

/// The in-sync replicas that would be left and answer; `None` where the broker holds no replica.
fn left_in_sync(lost: &str, partition: &PartitionTruth, truth: &Truth) -> Option<Vec<BrokerId>> {
    partition.replicas.iter().find(|id| &***id == lost)?;
    let answers = |id: &&BrokerId| truth.broker(id).is_some_and(BrokerTruth::is_answering);
    let left = in_sync_without(&partition.isr, lost);
    Some(left.into_iter().filter(answers).cloned().collect())
}

/// What becomes of a partition that loses its leader, and has others in sync.
fn outcome_of_leader(
    partition: &PartitionTruth,
    is_below: bool,
    keeps_majority: bool,
) -> LossOutcome {
    if partition.paused == Known::Yes {
        LossOutcome::StaysPaused
    } else if !keeps_majority {
        LossOutcome::NoElection
    } else if is_below {
        LossOutcome::BelowMinIsr
    } else {
        LossOutcome::NewLeader
    }
}

/// What becomes of a partition that loses another replica than its leader; `waits` where that one stays in the ISR.
fn outcome_of_follower(is_below: bool, waits: bool) -> LossOutcome {
    if is_below {
        LossOutcome::BelowMinIsr
    } else if waits {
        LossOutcome::CommitsWait
    } else {
        LossOutcome::FewerReplicas
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::health::{Reach, StreamTruth};
    use crate::model::Timestamp;

    fn broker(id: &str, answers: bool) -> BrokerTruth {
        let since = Timestamp::default();
        BrokerTruth {
            id: Some(id.into()),
            reach: if answers {
                Reach::Answering
            } else {
                Reach::Silent { since }
            },
            ..BrokerTruth::default()
        }
    }

    fn ids(names: &[&str]) -> Arc<[BrokerId]> {
        names.iter().map(|name| BrokerId::from(*name)).collect()
    }

    /// Brokers `a`, `b` and `c`, of which `c` may be silent, with one partition of three replicas that `a` leads.
    fn cluster(isr: &[&str], c_answers: bool) -> Truth {
        let partition = PartitionTruth {
            leader: Some("a".into()),
            replicas: ids(&["a", "b", "c"]),
            isr: ids(isr),
            ..PartitionTruth::default()
        };
        let stream = StreamTruth {
            name: "orders".into(),
            partitions: [partition].into(),
            ..StreamTruth::default()
        };
        Truth {
            brokers: vec![broker("a", true), broker("b", true), broker("c", c_answers)],
            streams: [Arc::new(stream)].into(),
            ..Truth::default()
        }
    }

    fn loss_of(id: &str, truth: &Truth, min_isr: u32) -> BrokerLoss {
        let options = HealthOptions {
            min_isr: [("orders".to_owned(), min_isr)].into(),
            ..HealthOptions::default()
        };
        BrokerLoss::of(truth.broker(id).unwrap(), truth, &options)
    }

    #[test]
    fn a_lost_leader_is_followed_by_an_in_sync_replica_that_answers() {
        for (isr, c_answers, in_sync, outcome) in [
            (
                &["a", "b", "c"][..],
                true,
                &["b", "c"][..],
                LossOutcome::NewLeader,
            ),
            // One of three brokers would be left: it is in sync, and nobody elects it.
            (&["a", "b", "c"], false, &["b"], LossOutcome::NoElection),
            (&["a", "c"], false, &[], LossOutcome::Leaderless),
            (&["a"], true, &[], LossOutcome::Leaderless),
        ] {
            let loss = loss_of("a", &cluster(isr, c_answers), 1);
            let [partition] = loss.partitions.as_slice() else {
                unreachable!("the broker holds one partition");
            };
            assert_eq!(partition.outcome, outcome, "{isr:?}");
            assert_eq!(partition.in_sync, *ids(in_sync), "{isr:?}");
        }
    }

    #[test]
    fn a_lost_follower_costs_a_replica_or_the_commits() {
        let truth = cluster(&["a", "b", "c"], true);
        let outcome = |min_isr| loss_of("b", &truth, min_isr).partitions[0].outcome;
        assert_eq!(outcome(2), LossOutcome::FewerReplicas);
        assert_eq!(outcome(3), LossOutcome::BelowMinIsr);
    }

    #[test]
    fn without_a_majority_the_loss_of_a_follower_stops_commits() {
        let outcome = |isr: &[&str]| loss_of("b", &cluster(isr, false), 1).partitions[0].outcome;
        assert_eq!(outcome(&["a", "b"]), LossOutcome::CommitsWait);
        assert_eq!(outcome(&["a"]), LossOutcome::FewerReplicas);
    }

    #[test]
    fn a_paused_partition_elects_nobody() {
        let mut truth = cluster(&["a", "b", "c"], true);
        let mut stream = StreamTruth::clone(&truth.streams[0]);
        let partition = PartitionTruth {
            paused: Known::Yes,
            ..stream.partitions[0].clone()
        };
        stream.partitions = [partition].into();
        truth.streams = [Arc::new(stream)].into();
        let outcome = loss_of("a", &truth, 1).partitions[0].outcome;
        assert_eq!(outcome, LossOutcome::StaysPaused);
    }

    #[test]
    fn what_the_broker_does_not_hold_is_left_alone() {
        let mut truth = cluster(&["a", "b", "c"], true);
        truth.brokers.push(broker("d", true));
        let loss = loss_of("d", &truth, 1);
        assert_eq!(loss.partitions, []);
        assert_eq!((loss.left, loss.brokers), (3, 4));
    }

    #[test]
    fn the_majority_is_of_all_brokers_and_not_of_those_that_answer() {
        assert!(loss_of("a", &cluster(&["a"], true), 1).keeps_majority);
        assert!(!loss_of("a", &cluster(&["a"], false), 1).keeps_majority);
    }
}
