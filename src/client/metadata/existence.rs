//! Whether a partition is there that one broker does not know: all are asked, and those that have just started count for
//! nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;

use super::OTHERS_TIMEOUT;
use crate::client::error::Result;
use crate::client::inner::Inner;
use crate::model::{Cluster, ErrorKind, PartitionId, StreamName};

/// What brokers know of a partition that one of them called missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existence {
    /// One of them knows it.
    Known,
    /// Most of them answer, and do not know it.
    Missing,
    /// The same, of a stream that this client has seen: they may have just started, and know it in a moment.
    KnownBefore,
    /// Too few answer, or they have just started: it may be there.
    Unclear,
}

impl Inner {
    /// What brokers know of the partition now, within that time.
    pub(crate) async fn existence(
        self: &Arc<Self>,
        stream: &StreamName,
        partition: PartitionId,
        limit: Duration,
    ) -> Existence {
        let generation = self.metadata.generation();
        let looking = self.look_for(generation, stream, partition);
        match tokio::time::timeout(limit, looking).await {
            Ok(Ok((existence, _))) => existence,
            Ok(Err(_)) | Err(_) => Existence::Unclear,
        }
    }

    /// Asks all brokers about a partition that the first one does not know; returns what they know, and the metadata to go
    /// by, newer than `generation`.
    pub(crate) async fn look_for(
        self: &Arc<Self>,
        generation: u64,
        stream: &StreamName,
        partition: PartitionId,
    ) -> Result<(Existence, Arc<Cluster>)> {
        let cluster = self.refresh_metadata(generation).await?;
        let knows = |cluster: &Cluster| cluster.partition(stream, partition).is_some();
        if knows(&cluster) {
            return Ok((Existence::Known, cluster));
        }
        let mut others: JoinSet<(bool, Result<Arc<Cluster>>)> = JoinSet::new();
        // All that were ever heard of: one that has just started does not list the others.
        for address in self.brokers.in_preferred_order() {
            let id = self.brokers.id(&address);
            if id.is_none() || id != cluster.answered_by {
                let inner = Arc::clone(self);
                let had_failed = self.brokers.has_failed_last(&address);
                others.spawn(async move {
                    let answer = inner.fetch_from(&address, OTHERS_TIMEOUT).await;
                    (had_failed, answer)
                });
            }
        }
        let mut answers = vec![Arc::clone(&cluster)];
        let mut is_awaited = false;
        while let Some(other) = others.join_next().await {
            let other = match other {
                Ok((_, Ok(other))) => other,
                // One that answered before may be the one that knows, and late: with a dead peer an answer takes 3 s
                // (wire-contract §0.5).
                Ok((had_failed, Err(error))) => {
                    is_awaited |= !had_failed || error.kind() == ErrorKind::Timeout;
                    continue;
                }
                Err(_) => continue,
            };
            if knows(&other) {
                self.metadata.store(Arc::clone(&other));
                return Ok((Existence::Known, other));
            }
            answers.push(other);
        }
        let counts = answers
            .iter()
            .map(|cluster| cluster.streams.len())
            .collect();
        let existence = if is_awaited || !self.is_majority(&answers) {
            Existence::Unclear
        } else if self.metadata.record_missing((stream, partition), counts) {
            Existence::Missing
        } else {
            Existence::KnownBefore
        };
        Ok((existence, cluster))
    }

    /// Whether more than half of all known brokers are among those that answered so. One that does not know all that is
    /// never deleted has just started, and its answer is none.
    fn is_majority(&self, answers: &[Arc<Cluster>]) -> bool {
        let lasting = self.metadata.lasting();
        let had_streams = self.metadata.had_streams.load(Ordering::Relaxed);
        let counts = |cluster: &&Arc<Cluster>| {
            let knows = |name: &StreamName| cluster.streams.contains_key(name);
            lasting.iter().all(knows) && !(had_streams && cluster.streams.is_empty())
        };
        let answered = answers.iter().filter(counts);
        let answered: BTreeSet<_> = answered.map(|cluster| &cluster.answered_by).collect();
        answered.len() * 2 > self.known_brokers().len()
    }
}
