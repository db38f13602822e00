//! What the cluster has agreed on: streams, who listens on which subject, groups, the metadata leader, the log index.
//! Plain data behind the cluster's one lock; partitions change behind their own.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use super::groups::Group;
use super::partition::Partition;
use super::replication::{BrokerIndex, LiveBrokers};
use super::subject;

/// A stream, as created.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) name: Arc<str>,
    pub(super) subject: Arc<str>,
    /// Unix nanoseconds.
    pub(super) created: i64,
    pub(super) partitions: Vec<Arc<Partition>>,
    /// Whether the next resume wakes all paused partitions: the last pause decides.
    pub(super) resume_all: bool,
}

impl Stream {
    /// The partition of that number.
    pub(super) fn partition(&self, id: i32) -> Option<&Arc<Partition>> {
        self.partitions.get(usize::try_from(id).ok()?)
    }
}

/// How many unpaused partitions a broker holds and leads, as `FetchMetadata` counts them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BrokerLoad {
    pub(super) partitions: i32,
    pub(super) leaders: i32,
}

/// Which partitions listen on which subject.
#[derive(Debug, Default)]
struct SubjectIndex {
    exact: HashMap<Arc<str>, Vec<Arc<Partition>>>,
    wild: Vec<Arc<Partition>>,
}

impl SubjectIndex {
    fn add(&mut self, partition: &Arc<Partition>) {
        if subject::is_wildcard(&partition.subject) {
            self.wild.push(Arc::clone(partition));
            return;
        }
        let listeners = self
            .exact
            .entry(Arc::clone(&partition.subject))
            .or_default();
        listeners.push(Arc::clone(partition));
    }

    fn remove(&mut self, stream: &Stream) {
        let gone = |partition: &Arc<Partition>| partition.stream == stream.name;
        self.wild.retain(|partition| !gone(partition));
        for partition in &stream.partitions {
            if let Some(listeners) = self.exact.get_mut(&partition.subject) {
                listeners.retain(|other| !gone(other));
                if listeners.is_empty() {
                    self.exact.remove(&partition.subject);
                }
            }
        }
    }

    fn on<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Arc<Partition>> {
        let wild = self
            .wild
            .iter()
            .filter(move |partition| subject::matches(&partition.subject, name));
        self.exact.get(name).into_iter().flatten().chain(wild)
    }
}

/// Everything that a change of the cluster changes.
#[derive(Debug)]
pub(super) struct ClusterState {
    pub(super) streams: HashMap<Arc<str>, Stream>,
    pub(super) groups: HashMap<String, Group>,
    /// Cursors by their key, `<id>,<stream>,<partition>`.
    pub(super) cursors: HashMap<String, i64>,
    pub(super) loads: Vec<BrokerLoad>,
    /// The broker that leads the metadata; none while a majority is missing or an election runs.
    pub(super) controller: Option<BrokerIndex>,
    /// When the last controller was lost.
    pub(super) controller_lost: Option<Instant>,
    /// Activity events that wait for a leader of `__activity`.
    pub(super) unpublished: VecDeque<Bytes>,
    subjects: SubjectIndex,
    index: u64,
}

impl ClusterState {
    /// An empty cluster whose first broker leads the metadata.
    pub(super) fn new(brokers: usize) -> Self {
        Self {
            streams: HashMap::new(),
            groups: HashMap::new(),
            cursors: HashMap::new(),
            loads: vec![BrokerLoad::default(); brokers],
            controller: Some(0),
            controller_lost: None,
            unpublished: VecDeque::new(),
            subjects: SubjectIndex::default(),
            index: 2,
        }
    }

    /// The place of the next change in the cluster's log: always higher, seldom the next number, since servers log more
    /// than what shows (wire-contract §4.10).
    pub(super) fn next_index(&mut self) -> u64 {
        self.index += fastrand::u64(1..=3);
        self.index
    }

    /// Puts a new stream in.
    pub(super) fn insert(&mut self, stream: Stream) {
        for partition in &stream.partitions {
            self.subjects.add(partition);
            self.count_replicas(partition, 1);
        }
        self.streams.insert(Arc::clone(&stream.name), stream);
    }

    /// Takes a stream out and ends its partitions.
    pub(super) fn remove(&mut self, name: &str) -> Option<Stream> {
        let stream = self.streams.remove(name)?;
        self.subjects.remove(&stream);
        for partition in &stream.partitions {
            self.count_replicas(partition, -1);
            partition.delete();
        }
        Some(stream)
    }

    /// Adds to the counters of the partition's brokers; they never fall below zero.
    pub(super) fn count_replicas(&mut self, partition: &Partition, by: i32) {
        let state = partition.lock();
        let leader = state.replicas.leader();
        for seat in state.replicas.brokers() {
            if let Some(load) = self.loads.get_mut(seat) {
                load.partitions = (load.partitions + by).max(0);
                let led = if seat == leader { by } else { 0 };
                load.leaders = (load.leaders + led).max(0);
            }
        }
    }

    /// The leadership of one partition went from one broker to another.
    pub(super) fn count_leader_move(&mut self, from: BrokerIndex, to: BrokerIndex) {
        if let Some(load) = self.loads.get_mut(from) {
            load.leaders = (load.leaders - 1).max(0);
        }
        if let Some(load) = self.loads.get_mut(to) {
            load.leaders += 1;
        }
    }

    /// The brokers of a new stream's partitions: the least loaded ones, all partitions on the same (wire-contract §4.1).
    pub(super) fn choose_replicas(&self, replicas: usize, alive: LiveBrokers) -> Vec<BrokerIndex> {
        let mut seats: Vec<BrokerIndex> = (0..self.loads.len()).collect();
        seats.sort_by_key(|seat| {
            (
                !alive.contains(*seat),
                self.loads[*seat].partitions,
                fastrand::u8(..),
            )
        });
        seats.truncate(replicas);
        seats.sort_by_key(|seat| (!alive.contains(*seat), self.loads[*seat].leaders));
        seats
    }

    /// The partitions that hear what is published to `subject`: all that listen, but one of each queue group.
    pub(super) fn listening(&self, subject: &str, alive: LiveBrokers) -> Vec<Arc<Partition>> {
        let mut hearers: Vec<Arc<Partition>> = Vec::new();
        let mut grouped: HashMap<&str, Vec<&Arc<Partition>>> = HashMap::new();
        for partition in self
            .subjects
            .on(subject)
            .filter(|partition| partition.accepts(alive))
        {
            if partition.group.is_empty() {
                hearers.push(Arc::clone(partition));
            } else {
                grouped.entry(&partition.group).or_default().push(partition);
            }
        }
        for members in grouped.values() {
            hearers.extend(fastrand::choice(members).map(|partition| Arc::clone(partition)));
        }
        hearers
    }

    /// The partition, if stream and number exist.
    pub(super) fn partition(&self, stream: &str, id: i32) -> Option<Arc<Partition>> {
        self.streams.get(stream)?.partition(id).cloned()
    }
}
