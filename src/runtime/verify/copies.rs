//! The copies of one partition while they are read side by side, and why some of them could not be read to their end.

use std::sync::Arc;

use crate::client::{Observer, ReplicaReader, ReplicaSpec};
use crate::model::{BrokerId, Message, Offset, PartitionId, StreamName};
use crate::store::{Found, ReadableCopies, Unverified};

/// Messages behind what is compared that are looked at in one copy: those that came meanwhile.
const MOST_BEYOND: usize = 100_000;

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
    place: (StreamName, PartitionId),
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
        place: (StreamName, PartitionId),
        readable: &ReadableCopies,
        from: Option<Offset>,
    ) -> Self {
        let mut copies = Self {
            observer: observer.clone(),
            place,
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
            stream: Arc::clone(&self.place.0),
            partition: self.place.1,
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
        let (stream, partition) = &self.place;
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
