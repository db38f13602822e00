//! The copies of one partition while they are read side by side: which can be read, how far, and why others cannot.

use std::sync::Arc;

use super::comparison::Found;
use super::report::VerifiedPartition;
use crate::client::{Observer, ReplicaReader, ReplicaSpec};
use crate::health::{BrokerTruth, Known, PartitionTruth, Truth};
use crate::model::{BrokerId, Message, Offset};

/// Messages behind what is compared that are looked at in one copy: those that came meanwhile.
const MOST_BEYOND: usize = 100_000;

/// A copy that was not verified, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unverified {
    /// The broker; `None` where it is about all of them.
    pub(super) replica: Option<BrokerId>,
    /// The first offset that was not verified, where some were.
    pub(super) from: Option<Offset>,
    /// One sentence's end: `it is not in sync`.
    pub(super) reason: String,
}

impl Unverified {
    fn of(replica: &BrokerId, reason: impl Into<String>) -> Self {
        Self {
            replica: Some(BrokerId::clone(replica)),
            from: None,
            reason: reason.into(),
        }
    }
}

/// What of a partition can be compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Readable {
    /// The brokers whose copies are compared, the leader first.
    pub(super) replicas: Vec<BrokerId>,
    /// The newest offset that all of them have committed; -1: none.
    pub(super) common: Offset,
    /// The newest offset that the leader has committed.
    pub(super) committed: Offset,
    /// Those that are not compared.
    pub(super) unverified: Vec<Unverified>,
}

impl Readable {
    /// Copies that end before the offset from which on they were to be compared.
    pub(super) fn short_of(&self, from: Offset) -> Vec<Unverified> {
        let common = self.common;
        let reason = match common {
            ..0 => format!("there is no offset {from} yet"),
            _ => format!("there is no offset {from} yet: all have committed up to {common}"),
        };
        let each = self.replicas.iter();
        each.map(|replica| Unverified::of(replica, reason.clone()))
            .collect()
    }

    /// What can be read by what is known now.
    pub(super) fn of(truth: &Truth, partition: &PartitionTruth) -> Self {
        let Some(leader) = leader_of(partition) else {
            let reason = "no leader answers, so nobody says what is committed".to_owned();
            let unverified = Unverified {
                replica: None,
                from: None,
                reason,
            };
            return Self::nothing(unverified);
        };
        if partition.paused == Known::Yes {
            let unverified = Unverified {
                replica: None,
                from: None,
                reason: "it is paused: resume it first".to_owned(),
            };
            return Self::nothing(unverified);
        }
        let mut readable = Self::default();
        let followers = partition.replicas.iter().filter(|id| *id != leader);
        let mut ends: Vec<Offset> = Vec::new();
        for replica in [leader].into_iter().chain(followers) {
            match committed_at(truth, partition, replica) {
                Ok(committed) => {
                    readable.replicas.push(BrokerId::clone(replica));
                    ends.push(committed);
                }
                Err(unverified) => readable.unverified.push(unverified),
            }
        }
        readable.committed = ends.first().copied().unwrap_or(-1);
        readable.common = ends.into_iter().min().unwrap_or(-1);
        readable
    }

    fn nothing(unverified: Unverified) -> Self {
        Self {
            common: -1,
            committed: -1,
            unverified: vec![unverified],
            ..Self::default()
        }
    }
}

fn leader_of(partition: &PartitionTruth) -> Option<&BrokerId> {
    let leader = partition.leader.as_ref();
    leader.filter(|_| partition.leader_reachable == Known::Yes)
}

/// How far a replica says that it has committed; why it cannot be compared where it does not.
fn committed_at(
    truth: &Truth,
    partition: &PartitionTruth,
    replica: &BrokerId,
) -> Result<Offset, Unverified> {
    let broker = truth.broker(replica);
    if !broker.is_some_and(BrokerTruth::is_answering) {
        let failure = broker.and_then(|broker| broker.failure.as_ref());
        let why = failure.map_or_else(String::new, |failure| format!(": {failure}"));
        return Err(Unverified::of(replica, format!("it does not answer{why}")));
    }
    if !partition.in_sync.contains(replica) {
        return Err(Unverified::of(replica, "it is not in sync"));
    }
    let mut ends = partition.replica_ends.iter();
    let ends = ends.find(|ends| ends.broker == *replica);
    let committed = ends.and_then(|ends| ends.high_watermark);
    match (committed, partition.high_watermark) {
        (Some(committed), Some(leaders)) if committed >= 0 || leaders < 0 => Ok(committed),
        _ => Err(Unverified::of(
            replica,
            "it does not say yet what is committed",
        )),
    }
}

/// A copy that is read.
#[derive(Debug)]
struct ReplicaCopy {
    broker: BrokerId,
    /// `None` where it failed, or was read to its end.
    reader: Option<ReplicaReader>,
    /// Whether it failed: what it holds is not known from there on.
    has_failed: bool,
    /// The message that was read and not compared yet.
    head: Option<Message>,
}

/// Copies that are read side by side.
#[derive(Debug)]
pub(super) struct Copies {
    observer: Observer,
    place: VerifiedPartition,
    list: Vec<ReplicaCopy>,
    /// What all of them have committed.
    stop: Offset,
    /// Those that failed and were not told of yet.
    failed: Vec<Unverified>,
    /// The offset that comes next, for those that fail.
    next: Offset,
}

impl Copies {
    /// Opens the copies from that offset on, or from where each of them begins, up to what all have committed.
    pub(super) async fn open(
        observer: &Observer,
        place: &VerifiedPartition,
        readable: &Readable,
        from: Option<Offset>,
    ) -> Self {
        let mut copies = Self {
            observer: observer.clone(),
            place: place.clone(),
            stop: readable.common,
            list: Vec::new(),
            failed: Vec::new(),
            next: from.unwrap_or(0),
        };
        for broker in &readable.replicas {
            let spec = copies.spec(broker, from);
            let (reader, has_failed) = match observer.read_replica(spec).await {
                Ok(reader) => (Some(reader), false),
                Err(error) => {
                    let failed = Unverified::of(broker, error.to_string());
                    copies.failed.push(failed);
                    (None, true)
                }
            };
            copies.list.push(ReplicaCopy {
                broker: BrokerId::clone(broker),
                reader,
                has_failed,
                head: None,
            });
        }
        copies
    }

    fn spec(&self, broker: &BrokerId, start: Option<Offset>) -> ReplicaSpec {
        ReplicaSpec {
            stream: Arc::clone(&self.place.stream),
            partition: self.place.partition,
            broker: BrokerId::clone(broker),
            start,
            stop: self.stop,
        }
    }

    /// Those that failed since this was asked last.
    pub(super) fn take_failed(&mut self) -> Vec<Unverified> {
        std::mem::take(&mut self.failed)
    }

    /// Where each copy begins now: after all that is compared, where it holds nothing of that. `None` where it cannot be told.
    pub(super) async fn oldest(&self) -> Vec<Option<Offset>> {
        let mut oldest = Vec::new();
        for copy in &self.list {
            let spec = self.spec(&copy.broker, None);
            let first = match self.observer.read_replica(spec).await {
                Ok(mut reader) => reader.next().await.ok(),
                Err(_) => None,
            };
            let after_all = self.stop.saturating_add(1);
            oldest.push(first.map(|first| first.map_or(after_all, |message| message.offset)));
        }
        oldest
    }

    /// Reads what a copy has committed behind what is compared; whether that was all of it.
    pub(super) async fn read_beyond(&self, replica: usize, mut see: impl FnMut(&Message)) -> bool {
        let Some(copy) = self.list.get(replica) else {
            return false;
        };
        let VerifiedPartition { stream, partition } = &self.place;
        let Ok(now) = self.observer.fetch_partition(stream, *partition).await else {
            return false;
        };
        if now.high_watermark <= self.stop {
            return true;
        }
        let spec = ReplicaSpec {
            stop: now.high_watermark,
            ..self.spec(&copy.broker, Some(self.stop.saturating_add(1)))
        };
        let Ok(mut reader) = self.observer.read_replica(spec).await else {
            return false;
        };
        for _ in 0..MOST_BEYOND {
            match reader.next().await {
                Ok(Some(message)) => see(&message),
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
        false
    }

    /// The next offset that any copy holds, and what each has there; `None` at the end of all. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Option<(Offset, Vec<Found>)> {
        for copy in &mut self.list {
            if copy.head.is_some() {
                continue;
            }
            let Some(reader) = &mut copy.reader else {
                continue;
            };
            let why = match reader.next().await {
                Ok(None) => {
                    copy.reader = None;
                    continue;
                }
                Ok(Some(message)) if message.offset < self.next => {
                    format!("it went back to offset {}", message.offset)
                }
                Ok(Some(message)) => {
                    copy.head = Some(message);
                    continue;
                }
                Err(error) => error.to_string(),
            };
            copy.reader = None;
            copy.has_failed = true;
            self.failed.push(Unverified {
                from: Some(self.next),
                ..Unverified::of(&copy.broker, why)
            });
        }
        let heads = self.list.iter().filter_map(|copy| copy.head.as_ref());
        let offset = heads.map(|message| message.offset).min()?;
        self.next = offset.saturating_add(1);
        let found = self.list.iter_mut().map(|copy| copy.take(offset));
        Some((offset, found.collect()))
    }
}

impl ReplicaCopy {
    fn take(&mut self, offset: Offset) -> Found {
        match self.head.take_if(|message| message.offset == offset) {
            Some(message) => Found::Message(message),
            None if self.has_failed && self.head.is_none() => Found::Unread,
            None => Found::Nothing,
        }
    }
}
