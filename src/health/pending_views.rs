//! Answers of brokers on their way into the records of streams: a large one takes several steps, between which keys are
//! answered.

use std::collections::VecDeque;
use std::ops::Bound;
use std::sync::Arc;

use super::cursor_tracker::CursorTracker;
use super::stream_tracker::StreamTracker;
use crate::model::{BrokerId, BrokerView, Cluster, StreamName, Timestamp};

/// Answers of which not all streams have been taken in yet, the first to come first.
#[derive(Clone, Debug, Default)]
pub(super) struct PendingViews(VecDeque<PendingView>);

impl PendingViews {
    /// Whether all has been taken in.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A broker has answered, and said something else before; a failure to answer is nothing to take in.
    pub(super) fn add(&mut self, view: &BrokerView, before: Option<Arc<Cluster>>) {
        self.0.extend(PendingView::new(view, before));
    }

    /// Takes in so many partitions, or all that there are.
    pub(super) fn read(
        &mut self,
        most: usize,
        streams: &mut StreamTracker,
        cursors: &mut CursorTracker,
    ) {
        let mut left = most;
        while left > 0
            && let Some(view) = self.0.front_mut()
        {
            if view.next.is_none() {
                cursors.record_log_ends(&view.cluster, view.by.as_ref(), view.at);
            }
            left = left.saturating_sub(view.read(left, streams));
            if view.next.is_none() {
                self.0.pop_front();
            }
        }
    }
}

/// An answer, and from which stream on it has not been taken in.
#[derive(Clone, Debug)]
struct PendingView {
    cluster: Arc<Cluster>,
    /// What the same broker answered before.
    before: Option<Arc<Cluster>>,
    by: Option<BrokerId>,
    /// When it was true.
    at: Timestamp,
    /// The stream that is next; `None` before the first and after the last.
    next: Option<StreamName>,
}

impl PendingView {
    /// An answer of which nothing was taken in; `None` of a failure.
    fn new(view: &BrokerView, before: Option<Arc<Cluster>>) -> Option<Self> {
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

    /// Takes in the next streams, with so many partitions together or a little more; returns how many these are.
    fn read(&mut self, most: usize, into: &mut StreamTracker) -> usize {
        let first = self.next.take();
        let from = first.as_deref().map_or(Bound::Unbounded, Bound::Included);
        let mut partitions = 0;
        for (name, stream) in self
            .cluster
            .streams
            .range::<str, _>((from, Bound::Unbounded))
        {
            if partitions >= most {
                self.next = Some(Arc::clone(name));
                break;
            }
            partitions += stream.partitions.len().max(1);
        }
        // The last range is open: what only others name belongs to it.
        let to = self.next.as_deref();
        let to = to.map_or(Bound::Unbounded, Bound::Excluded);
        let (before, by) = (self.before.as_deref(), self.by.as_ref());
        into.observe(before, &self.cluster, by, self.at, (from, to));
        partitions
    }
}
