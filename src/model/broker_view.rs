//! What one broker says of the cluster. Brokers differ, so each keeps its own; `health` finds the truth in all of them.

use std::sync::Arc;
use std::time::Duration;

use super::{BrokerId, Cluster, Failure, Partition, PartitionId, StreamName, Timestamp};

/// One broker's answer to the question how the cluster looks, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerView {
    /// The broker's address as it was dialled, `host:port`: the identity of the view while its id is unknown.
    pub address: Arc<str>,
    /// The id, once it has answered or another broker named it.
    pub broker: Option<BrokerId>,
    /// When this outcome was known.
    pub at: Timestamp,
    /// How long the answer took, or how long was waited for it.
    pub took: Duration,
    /// The answer, or why there is none.
    pub result: Result<Arc<Cluster>, Failure>,
}

/// What a partition's leader answered when asked for that partition alone: the only reliable word on whether it is
/// paused or readonly (wire-contract §0.2, §0.3).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
pub struct Probe {
    /// The stream.
    pub stream: StreamName,
    /// The partition.
    pub partition: PartitionId,
    /// When this outcome was known.
    pub at: Timestamp,
    /// The outcome.
    pub state: ProbeState,
}

/// What a probe found.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ProbeState {
    /// The leader serves it.
    Serving {
        /// The leader's own metadata of it; its readonly flag may still be wrong.
        partition: Box<Partition>,
        /// Whether it really refuses publishes; `None` where that was not asked.
        readonly: Option<bool>,
    },
    /// The leader says that it does not serve it: it is paused.
    Paused,
    /// Nobody could tell.
    Unknown(Failure),
}
