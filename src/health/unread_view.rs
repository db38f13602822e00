//! A broker's answer on its way into the records of streams: a large one takes several steps, between which keys are
//! answered.

use std::ops::Bound;
use std::sync::Arc;

use crate::model::{BrokerId, BrokerView, Cluster, StreamName, Timestamp};

/// An answer, and from which stream on it has not been taken in.
#[derive(Clone, Debug)]
pub(super) struct UnreadView {
    pub(super) cluster: Arc<Cluster>,
    /// What the same broker answered before.
    pub(super) before: Option<Arc<Cluster>>,
    pub(super) by: Option<BrokerId>,
    /// When it was true.
    pub(super) at: Timestamp,
    /// The stream that is next; `None` before the first and after the last.
    pub(super) next: Option<StreamName>,
}

impl UnreadView {
    /// An answer of which nothing was taken in; `None` of a failure.
    pub(super) fn new(view: &BrokerView, before: Option<Arc<Cluster>>) -> Option<Self> {
        let cluster = view.result.as_ref().ok()?;
        let by = cluster.answered_by.as_ref().or(view.broker.as_ref());
        Some(Self {
            cluster: Arc::clone(cluster),
            before,
            by: by.cloned(),
            // The streams were collected before the broker waited for its survey of brokers (wire-contract §4.7).
            at: view.at.minus(view.took),
            next: None,
        })
    }

    /// The names of the next streams, with so many partitions together or a little more, and how many these are. The last
    /// range is open: what only others name belongs to it.
    pub(super) fn advance(&mut self, most: usize) -> (NextNames, usize) {
        let from = match self.next.take() {
            Some(name) => Bound::Included(name),
            None => Bound::Unbounded,
        };
        let range = (from.as_ref().map(|name| &**name), Bound::Unbounded);
        let mut partitions = 0;
        for (name, stream) in self.cluster.streams.range::<str, _>(range) {
            if partitions >= most {
                self.next = Some(Arc::clone(name));
                break;
            }
            partitions += stream.partitions.len().max(1);
        }
        let to = match &self.next {
            Some(name) => Bound::Excluded(Arc::clone(name)),
            None => Bound::Unbounded,
        };
        ((from, to), partitions)
    }
}

/// From which name to which.
type NextNames = (Bound<StreamName>, Bound<StreamName>);
