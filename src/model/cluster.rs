//! What a broker's metadata says: an immutable snapshot of brokers, streams and partitions, as one broker believes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Timestamp;

/// The name of a stream; shared, since it stands in many places.
pub type StreamName = Arc<str>;

/// The id of a broker as Liftbridge knows it (`server.id`), not its address.
pub type BrokerId = Arc<str>;

/// The number of a partition within its stream, from 0.
pub type PartitionId = i32;

/// One broker's answer to `FetchMetadata`. Lists are sorted here: brokers send maps in random order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cluster {
    /// The broker that answered: always the first of the brokers on the wire.
    pub answered_by: Option<BrokerId>,
    /// All brokers that it lists, sorted by id. A dead one stays listed until the broker's cache ages (2 minutes).
    pub brokers: Vec<Broker>,
    /// Streams by name, internal ones included. Names asked for that do not exist are left out.
    pub streams: BTreeMap<StreamName, Arc<Stream>>,
}

impl Cluster {
    /// The broker of that id, if it is listed.
    pub fn broker(&self, id: &str) -> Option<&Broker> {
        self.brokers.iter().find(|broker| &*broker.id == id)
    }

    /// The stream of that name.
    pub fn stream(&self, name: &str) -> Option<&Stream> {
        self.streams.get(name).map(Arc::as_ref)
    }

    /// The partition of that stream.
    pub fn partition(&self, stream: &str, partition: PartitionId) -> Option<&Partition> {
        self.stream(stream)?.partition(partition)
    }

    /// Whether all streams are those of the other snapshot, shared, and the rest is equal.
    pub fn shares_all(&self, other: &Self) -> bool {
        let pairs = self.streams.values().zip(other.streams.values());
        self.answered_by == other.answered_by
            && self.brokers == other.brokers
            && self.streams.len() == other.streams.len()
            && pairs
                .into_iter()
                .all(|(one, other)| Arc::ptr_eq(one, other))
    }

    /// Takes the streams of the other snapshot in the place of those that are equal.
    pub(crate) fn share_streams_of(&mut self, other: &Self) {
        for (name, stream) in &mut self.streams {
            if let Some(same) = other.streams.get(name).filter(|other| *other == stream) {
                *stream = Arc::clone(same);
            }
        }
    }

    /// How many partitions the stream has, or `None` where there is no such stream.
    pub fn partition_count(&self, stream: &str) -> Option<usize> {
        self.stream(stream).map(|found| found.partitions.len())
    }

    /// The addresses of all listed brokers, `host:port`.
    pub fn addresses(&self) -> Vec<String> {
        self.brokers.iter().map(Broker::address).collect()
    }
}

/// A broker as metadata lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
pub struct Broker {
    /// The id.
    pub id: BrokerId,
    /// The host that it advertises.
    pub host: String,
    /// The port that it advertises, which may be none that there is.
    pub port: i32,
    /// Unpaused partitions it holds, as the answering broker counts; drifts low (wire-contract §4.7).
    pub partition_count: i32,
    /// Unpaused partitions it leads, as the answering broker counts; drifts low.
    pub leader_count: i32,
}

impl Broker {
    /// `host:port`, with brackets around an IPv6 host.
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// A stream and its partitions.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
pub struct Stream {
    /// The name, unique in the cluster.
    pub name: StreamName,
    /// The NATS subject it stores; partition N > 0 stores `subject.N`.
    pub subject: Arc<str>,
    /// When it was created: tells a stream from a later one of the same name.
    pub created: Timestamp,
    /// The partitions, sorted by id.
    pub partitions: Vec<Partition>,
}

impl Stream {
    /// The partition of that number.
    pub fn partition(&self, id: PartitionId) -> Option<&Partition> {
        let at = self.partitions.binary_search_by_key(&id, |p| p.id).ok()?;
        self.partitions.get(at)
    }

    /// Whether it is one of Liftbridge's own (`__activity`, `__cursors`).
    pub fn is_internal(&self) -> bool {
        self.name.starts_with("__")
    }
}

/// A partition as one broker sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
pub struct Partition {
    /// The number.
    pub id: PartitionId,
    /// The broker that leads it. Metadata keeps naming a dead leader until another is elected.
    pub leader: Option<BrokerId>,
    /// Brokers that hold a replica, sorted. Partitions at the same brokers share one list.
    pub replicas: Arc<[BrokerId]>,
    /// The in-sync replicas, sorted; shared like these.
    pub isr: Arc<[BrokerId]>,
    /// Newest committed offset in the answering broker's log; -1: nothing committed, or it holds no replica.
    pub high_watermark: i64,
    /// Newest offset in the answering broker's log; -1: empty, or it holds no replica.
    pub newest_offset: i64,
    /// Metadata's paused flag: sticky, stays after a resume (wire-contract §0.2). Not the truth.
    pub paused_flag: bool,
    /// Metadata's readonly flag: stays after pause and resume made it writable (§0.3). Not the truth.
    pub readonly_flag: bool,
    /// First and latest receipt of messages; known on the leader alone, since its start.
    pub received: EventTimes,
    /// First and latest pause or resume, since the broker's start.
    pub pause_changed: EventTimes,
    /// First and latest change of readonly, since the broker's start.
    pub readonly_changed: EventTimes,
}

/// First and latest time of an event since the broker started; [`Timestamp::NEVER`] where it did not happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
pub struct EventTimes {
    /// The first time.
    pub first: Timestamp,
    /// The latest time.
    pub latest: Timestamp,
}
