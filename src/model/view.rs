//! What one broker says of the cluster. Brokers differ, so each keeps its own; `health` finds the truth in all of them.

use std::sync::Arc;
use std::time::Duration;

use super::{BrokerId, Cluster, Failure, Timestamp};

/// One broker's answer to the question how the cluster looks, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The broker's address as it was dialled, `host:port`: the identity of the view while its id is unknown.
    pub address: Arc<str>,
    /// Its id, once it has answered or another broker named it.
    pub broker: Option<BrokerId>,
    /// When this outcome was known.
    pub at: Timestamp,
    /// How long the answer took, or how long was waited for it.
    pub took: Duration,
    /// The answer, or why there is none.
    pub result: Result<Arc<Cluster>, Failure>,
}
