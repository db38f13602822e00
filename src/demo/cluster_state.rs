//! What the cluster has agreed on: streams, who listens on which subject, groups, the metadata leader, the log index.
//! Plain data behind the cluster's one lock; partitions change behind their own.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;

use super::broker_set::{BrokerIndex, BrokerSet};
use super::controller::LostController;
use super::groups::Group;
use super::partition::Partition;
use super::stream_spec::StreamSpec;
use super::subject;
use crate::model::is_subject_pattern;

/// How many streams are remembered after their deletion.
const HISTORY: usize = 2048;

/// A stream, as created.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) spec: Arc<StreamSpec>,
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
    wildcards: Vec<Arc<Partition>>,
}

impl SubjectIndex {
    fn add(&mut self, partition: &Arc<Partition>) {
        let listening = if is_subject_pattern(&partition.subject) {
            &mut self.wildcards
        } else {
            let subject = Arc::clone(&partition.subject);
            self.exact.entry(subject).or_default()
        };
        listening.push(Arc::clone(partition));
    }

    fn remove(&mut self, stream: &Stream) {
        let stays = |other: &Arc<Partition>| other.stream.name != stream.spec.name;
        self.wildcards.retain(stays);
        for partition in &stream.partitions {
            if let Some(listening) = self.exact.get_mut(&partition.subject) {
                listening.retain(stays);
                if listening.is_empty() {
                    self.exact.remove(&partition.subject);
                }
            }
        }
    }

    fn listening<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Arc<Partition>> {
        let wildcards = self.wildcards.iter();
        let matching = wildcards.filter(move |found| subject::matches(&found.subject, name));
        self.exact.get(name).into_iter().flatten().chain(matching)
    }
}

/// Everything that a change of the cluster changes.
#[derive(Debug)]
pub(super) struct ClusterState {
    pub(super) streams: HashMap<String, Stream>,
    pub(super) groups: HashMap<String, Group>,
    pub(super) loads: Vec<BrokerLoad>,
    /// The broker that leads the metadata; none while a majority is missing or an election runs.
    pub(super) controller: Option<BrokerIndex>,
    /// The controller before, where it was lost.
    pub(super) lost_controller: Option<LostController>,
    /// All streams that ever were, in the order of their creation.
    pub(super) history: Vec<Stream>,
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
            loads: vec![BrokerLoad::default(); brokers],
            controller: Some(0),
            lost_controller: None,
            history: Vec::new(),
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

    /// The place of the last change in the cluster's log.
    pub(super) fn last_index(&self) -> u64 {
        self.index
    }

    /// Adds a new stream.
    pub(super) fn insert(&mut self, stream: Stream) {
        self.forget_old_history();
        self.history.push(stream.clone());
        for partition in &stream.partitions {
            self.subjects.add(partition);
            self.count_replicas(partition, 1);
        }
        self.streams.insert(stream.spec.name.clone(), stream);
    }

    /// Keeps of the streams that were deleted the newest ones.
    fn forget_old_history(&mut self) {
        if self.history.len() < HISTORY {
            return;
        }
        let (streams, mut surplus) = (&self.streams, self.history.len() / 2);
        self.history.retain(|old| {
            let is_there = streams
                .get(&old.spec.name)
                .is_some_and(|stream| stream.created == old.created);
            let goes = surplus > 0 && !is_there;
            surplus -= usize::from(goes);
            !goes
        });
    }

    /// Removes a stream and ends its partitions.
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
        for broker in state.replicas.holders().iter() {
            self.loads[broker].partitions = (self.loads[broker].partitions + by).max(0);
        }
        self.count_leader(state.replicas.agreed.leader, by);
    }

    /// Adds to the counter of the partitions that the broker leads.
    pub(super) fn count_leader(&mut self, broker: BrokerIndex, by: i32) {
        self.loads[broker].leaders = (self.loads[broker].leaders + by).max(0);
    }

    /// The brokers of a new stream's partitions: the least loaded ones, dead or alive, all partitions on the same
    /// (wire-contract §4.1).
    pub(super) fn choose_replicas(&self, replicas: usize) -> Vec<BrokerIndex> {
        let mut brokers: Vec<BrokerIndex> = (0..self.loads.len()).collect();
        brokers.sort_by_key(|broker| (self.loads[*broker].partitions, fastrand::u8(..)));
        brokers.truncate(replicas);
        brokers.sort_by_key(|broker| self.loads[*broker].leaders);
        brokers
    }

    /// The partitions that get what is published to `subject`: all that listen, but one of each queue group.
    pub(super) fn listening(&self, subject: &str, live: BrokerSet) -> Vec<Arc<Partition>> {
        let mut listening: Vec<Arc<Partition>> = Vec::new();
        let mut grouped: HashMap<&str, Vec<&Arc<Partition>>> = HashMap::new();
        let all = self.subjects.listening(subject);
        for partition in all.filter(|partition| partition.listens(live)) {
            match partition.stream.group.as_str() {
                "" => listening.push(Arc::clone(partition)),
                group => grouped.entry(group).or_default().push(partition),
            }
        }
        let chosen = grouped.values().filter_map(fastrand::choice);
        listening.extend(chosen.map(|partition| Arc::clone(partition)));
        listening
    }

    /// The partition, if stream and number exist.
    pub(super) fn partition(&self, stream: &str, id: i32) -> Option<Arc<Partition>> {
        self.streams.get(stream)?.partition(id).cloned()
    }
}
