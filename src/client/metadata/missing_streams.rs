//! Streams and partitions that brokers call missing though this client has seen them: whether that is believed yet.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::{Cluster, PartitionId, Stream, StreamName, Timestamp};

/// A stream that was there before is believed to be gone when so long no broker knows it, and no other stream came or went
/// meanwhile: brokers that have just started name for seconds what their history has told them so far (wire-contract §5).
const BELIEVE_AFTER: Duration = Duration::from_secs(3);

/// How many streams are remembered beyond twice those of the newest metadata.
const SPARE: usize = 1024;

/// What was seen, and what of it is called missing.
#[derive(Debug, Default)]
pub(super) struct MissingStreams {
    /// Streams that some broker has named.
    seen: BTreeMap<StreamName, SeenStream>,
    /// Those of them that nobody names now.
    missing: HashMap<StreamName, MissingStream>,
}

/// A stream that some broker has named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SeenStream {
    /// Another one of its name has other partitions.
    created: Timestamp,
    /// The most that were named: brokers that learn of a stream have its partitions one after the other.
    partitions: usize,
}

impl From<&Stream> for SeenStream {
    fn from(stream: &Stream) -> Self {
        Self {
            created: stream.created,
            partitions: stream.partitions.len(),
        }
    }
}

#[derive(Debug)]
struct MissingStream {
    since: Instant,
    /// How many streams each broker that answered has named.
    known: Vec<usize>,
}

impl MissingStreams {
    /// A broker names these streams.
    pub(super) fn record_seen(&mut self, cluster: &Cluster) {
        if self.seen.len() > 2 * cluster.streams.len() + SPARE {
            self.seen.clear();
        }
        for (name, stream) in &cluster.streams {
            let named = SeenStream::from(&**stream);
            match self.seen.get_mut(name) {
                Some(seen) if seen.created == named.created => {
                    seen.partitions = seen.partitions.max(named.partitions);
                }
                // A broker that has just started may name the one of before.
                Some(seen) if named.created < seen.created => {}
                Some(seen) => *seen = named,
                None => {
                    self.seen.insert(StreamName::clone(name), named);
                }
            }
        }
        let seen = &self.seen;
        self.missing.retain(|name, _| {
            let named = cluster.streams.get(name);
            named.is_none_or(|stream| Some(&SeenStream::from(&**stream)) != seen.get(name))
        });
    }

    /// Most brokers do not know that partition, but so many streams, each; `true` once that is believed.
    pub(super) fn record_missing(
        &mut self,
        (stream, partition): (&StreamName, PartitionId),
        mut known: Vec<usize>,
        now: Instant,
    ) -> bool {
        let seen = self.seen.get(stream).map_or(0, |seen| seen.partitions);
        if !usize::try_from(partition).is_ok_and(|partition| partition < seen) {
            return true;
        }
        known.sort_unstable();
        let unchanged = self.missing.get(stream).filter(|one| one.known == known);
        let since = unchanged.map_or(now, |one| one.since);
        if now.saturating_duration_since(since) >= BELIEVE_AFTER {
            self.forget(stream);
            return true;
        }
        let one = MissingStream { since, known };
        self.missing.insert(StreamName::clone(stream), one);
        false
    }

    /// The stream is known to be gone.
    pub(super) fn forget(&mut self, stream: &str) {
        self.seen.remove(stream);
        self.missing.remove(stream);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Partition, Stream, Timestamp};

    fn cluster(streams: &[&str]) -> Cluster {
        cluster_of(streams, 1, 1)
    }

    fn cluster_of(streams: &[&str], created: i64, partitions: i32) -> Cluster {
        let partition = |id| Partition {
            id,
            ..Partition::default()
        };
        let stream = |name: &&str| Stream {
            name: StreamName::from(*name),
            subject: StreamName::from(*name),
            created: Timestamp(created),
            partitions: (0..partitions).map(partition).collect(),
        };
        let streams = streams.iter().map(stream);
        Cluster {
            streams: streams
                .map(|stream| (StreamName::clone(&stream.name), stream.into()))
                .collect(),
            ..Cluster::default()
        }
    }

    #[test]
    fn a_stream_that_was_seen_is_gone_when_that_has_stood_for_a_while() {
        let begun = Instant::now();
        let at = |tenths: u64| begun + Duration::from_millis(tenths * 100);
        let orders = StreamName::from("orders");
        let mut missing = MissingStreams::default();
        // Never seen: no reason to wait.
        let orders = (&orders, 0);
        assert!(missing.record_missing(orders, vec![2], at(0)));
        missing.record_seen(&cluster(&["orders", "other"]));
        assert!(!missing.record_missing(orders, vec![1, 1], at(0)));
        assert!(!missing.record_missing(orders, vec![1, 1], at(29)));
        assert!(missing.record_missing(orders, vec![1, 1], at(30)));
        // From then on it is as one never seen. A partition that it never had is missing at once.
        missing.record_seen(&cluster(&["orders"]));
        assert!(missing.record_missing((orders.0, 1), vec![1, 1], at(30)));
        missing.forget("orders");
        assert!(missing.record_missing(orders, vec![1, 1], at(31)));
    }

    #[test]
    fn a_stream_that_was_made_anew_has_no_more_partitions_than_it_has() {
        let now = Instant::now();
        let orders = StreamName::from("orders");
        let mut missing = MissingStreams::default();
        missing.record_seen(&cluster_of(&["orders"], 1, 4));
        assert!(!missing.record_missing((&orders, 3), vec![1], now));
        missing.record_seen(&cluster_of(&["orders"], 2, 1));
        // Named by a broker that has just started.
        missing.record_seen(&cluster_of(&["orders"], 1, 4));
        assert!(missing.record_missing((&orders, 3), vec![1], now));
        assert!(!missing.record_missing((&orders, 0), vec![1], now));
    }

    #[test]
    fn brokers_that_still_learn_of_streams_are_waited_for() {
        let begun = Instant::now();
        let orders = StreamName::from("orders");
        let orders = (&orders, 0);
        let mut missing = MissingStreams::default();
        missing.record_seen(&cluster(&["orders"]));
        for second in 0..20 {
            let now = begun + Duration::from_secs(second);
            let known = usize::try_from(second).unwrap();
            assert!(
                !missing.record_missing(orders, vec![known, 2], now),
                "{second}"
            );
        }
        // Seen again, the next one begins anew.
        missing.record_seen(&cluster(&["orders"]));
        assert!(!missing.record_missing(orders, vec![19, 2], begun + Duration::from_secs(60)));
        // What this client deleted itself is not looked for.
        missing.forget("orders");
        assert!(missing.record_missing(orders, vec![19, 2], begun + Duration::from_secs(60)));
    }
}
