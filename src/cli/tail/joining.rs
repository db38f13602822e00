//! Streams that come to fit the patterns of a tail while it follows: found by looking again and again, beside the reading.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::subscriptions::{MOST_SUBSCRIPTIONS, OPENED_AT_ONCE, PartitionSubscription};
use crate::cli::exit::Result;
use crate::cli::partition_spec::{PartitionSpec, subscribe_specs};
use crate::client::Observer;
use crate::model::{Cluster, StartAt, StopAt, StreamName, SubscribeSpec, Timestamp, counted};

/// How often the cluster is looked at: one request to one broker, whose answer is read beside its last one.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A stream that is this much older than the tail was there when it began, and a broker did not know it yet.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

/// Streams that are remembered before those that are gone are forgotten.
const MOST_KNOWN: usize = 10_000;

/// What was found.
pub(super) enum Joined {
    /// A stream is read from now on.
    Stream(StreamName, Vec<PartitionSubscription>),
    /// Why one is not; reported once.
    Failed(String),
}

/// What a tail reads besides what it began with.
#[derive(Clone, Debug)]
pub(super) struct JoinOptions {
    /// The patterns.
    pub(super) patterns: Vec<String>,
    /// Where a stream is read from that was there before.
    pub(super) start: StartAt,
    /// Whether any replica may be read from.
    pub(super) isr_replica: bool,
}

/// The looking, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Joining {
    found: mpsc::Receiver<Joined>,
    _looking: JoinSet<()>,
}

impl Joining {
    /// Looks for streams beyond those that are read already.
    pub(super) fn begin(
        observer: &Observer,
        options: JoinOptions,
        read: &[PartitionSpec],
        cluster: &Cluster,
    ) -> Self {
        let (sender, found) = mpsc::channel(1);
        let known = |spec: &PartitionSpec| {
            let created = cluster.stream(&spec.stream)?.created;
            let partitions = spec.partitions.len();
            let known = KnownStream {
                created,
                partitions,
            };
            Some((Arc::clone(&spec.stream), known))
        };
        let search = JoinSearch {
            observer: observer.clone(),
            options,
            begun: Timestamp::now(),
            known: read.iter().filter_map(known).collect(),
            reported: BTreeSet::new(),
        };
        let mut looking = JoinSet::new();
        looking.spawn(search.run(sender));
        Self {
            found,
            _looking: looking,
        }
    }

    /// What is found next. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Option<Joined> {
        self.found.recv().await
    }
}

/// A stream that is read or was: one that was created later is another one.
#[derive(Clone, Copy, Debug)]
struct KnownStream {
    created: Timestamp,
    partitions: usize,
}

struct JoinSearch {
    observer: Observer,
    options: JoinOptions,
    begun: Timestamp,
    /// The streams that are read or were.
    known: BTreeMap<StreamName, KnownStream>,
    /// The streams of which was said why they are not read.
    reported: BTreeSet<StreamName>,
}

impl JoinSearch {
    async fn run(mut self, found: mpsc::Sender<Joined>) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            // Where no broker answers, the subscriptions say so.
            let Ok(cluster) = self.observer.fetch_metadata().await else {
                continue;
            };
            for spec in self.fresh(&cluster) {
                let created = cluster.stream(&spec.stream).map(|stream| stream.created);
                let created = created.unwrap_or(Timestamp::NEVER);
                let read = self.partitions_read(&cluster);
                let joined = match self.open(&spec, created, read).await {
                    Ok(subscriptions) => {
                        let partitions = subscriptions.len();
                        let known = KnownStream {
                            created,
                            partitions,
                        };
                        self.known.insert(Arc::clone(&spec.stream), known);
                        Joined::Stream(spec.stream, subscriptions)
                    }
                    Err(error) if self.reported.insert(Arc::clone(&spec.stream)) => {
                        Joined::Failed(error.sentence.unwrap_or_default())
                    }
                    Err(_reported) => continue,
                };
                if found.send(joined).await.is_err() {
                    return;
                }
            }
        }
    }

    /// The streams that fit and are not read yet. A broker may be late to hear of one that was made anew: an older one is none.
    fn fresh(&self, cluster: &Cluster) -> Vec<PartitionSpec> {
        let mut fresh: BTreeMap<StreamName, PartitionSpec> = BTreeMap::new();
        for pattern in &self.options.patterns {
            for spec in PartitionSpec::find_fitting(pattern, cluster).unwrap_or_default() {
                let created = cluster.stream(&spec.stream).map(|stream| stream.created);
                if self.known.get(&spec.stream).map(|known| known.created) < created {
                    fresh.insert(Arc::clone(&spec.stream), spec);
                }
            }
        }
        fresh.into_values().collect()
    }

    /// Partitions of streams that are still there, and forgets those that are long gone.
    fn partitions_read(&mut self, cluster: &Cluster) -> usize {
        let is_there = |name: &StreamName, known: &KnownStream| {
            let stream = cluster.stream(name);
            stream.is_some_and(|stream| stream.created == known.created)
        };
        if self.known.len() > MOST_KNOWN {
            self.known.retain(|name, known| is_there(name, known));
            self.reported.clear();
        }
        let there = self
            .known
            .iter()
            .filter(|(name, known)| is_there(name, known));
        there.map(|(_, known)| known.partitions).sum()
    }

    async fn open(
        &self,
        spec: &PartitionSpec,
        created: Timestamp,
        partitions_read: usize,
    ) -> Result<Vec<PartitionSubscription>> {
        let count = spec.partitions.len();
        if partitions_read + count > MOST_SUBSCRIPTIONS {
            return Err(super::subscriptions::too_many(&format!(
                "stream \"{}\" would be {} more",
                spec.stream,
                counted(count, "partition")
            )));
        }
        // All of a stream that was made since is new.
        let was_there = created.age(self.begun) > CLOCKS_DIFFER && created != Timestamp::NEVER;
        let start = if was_there {
            self.options.start
        } else {
            StartAt::Earliest
        };
        let one = std::slice::from_ref(spec);
        let specs = subscribe_specs(one, start, StopAt::Never, self.options.isr_replica);
        let mut opened = Vec::new();
        for some in specs.chunks(OPENED_AT_ONCE) {
            let mut opening = JoinSet::new();
            for spec in some {
                opening.spawn(open(self.observer.clone(), spec.clone()));
            }
            for subscription in opening.join_all().await {
                opened.push(subscription?);
            }
        }
        Ok(opened)
    }
}

async fn open(observer: Observer, spec: SubscribeSpec) -> Result<PartitionSubscription> {
    PartitionSubscription::open(&observer, spec).await
}
