//! Messages that an earlier run of liftui saw go, and that nobody has acknowledged: they are gone still, and so is said, also
//! once the logs have grown past where they ended.

use serde::{Deserialize, Serialize};

use super::log_history::LogLoss;
use super::truth::Truth;
use crate::model::{Offset, PartitionId, Timestamp};

/// Losses of more partitions are not kept.
const MOST: usize = 1_000;

/// A log that went back, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownLoss {
    /// The stream.
    pub stream: String,
    /// When that was created, in Unix nanoseconds: another one of its name has other logs.
    pub created: i64,
    /// The partition.
    pub partition: PartitionId,
    /// The newest offset that was committed or delivered before.
    pub from: Offset,
    /// The newest offset of the leader's log when it was found to end before that; -1: it was empty.
    pub to: Offset,
    /// When that was found, in Unix nanoseconds.
    pub at: i64,
    /// The broker whose log it was.
    pub leader: String,
    /// Replicas that still held more then, and their newest offsets.
    pub holders: Vec<(String, Offset)>,
}

impl KnownLoss {
    /// All that is lost and not acknowledged.
    pub(super) fn of_all(truth: &Truth) -> Vec<Self> {
        let streams = truth.streams.iter();
        let partitions = streams.flat_map(|stream| {
            let partitions = stream.partitions.iter();
            partitions.map(move |partition| (stream, partition))
        });
        let losses = partitions.filter_map(|(stream, partition)| {
            let loss = partition.log_loss.as_ref()?;
            let holders = loss.holders.iter();
            Some(Self {
                stream: stream.name.to_string(),
                created: stream.created.0,
                partition: partition.id,
                from: loss.from,
                to: loss.to,
                at: loss.at.0,
                leader: loss.leader.to_string(),
                holders: holders
                    .map(|(broker, newest)| (broker.to_string(), *newest))
                    .collect(),
            })
        });
        losses.take(MOST).collect()
    }

    /// The loss as it was found.
    pub(super) fn loss(&self) -> LogLoss {
        let holders = self.holders.iter();
        LogLoss {
            from: self.from,
            to: self.to,
            at: Timestamp(self.at),
            leader: self.leader.as_str().into(),
            holders: holders
                .map(|(broker, newest)| (broker.as_str().into(), *newest))
                .collect(),
        }
    }
}
