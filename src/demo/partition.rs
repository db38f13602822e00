//! One partition: its log, its replicas, its flags and who waits for it, behind one lock.
//! Knows its stream; knows nothing of other partitions or of the network.

mod changes;
mod outages;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::BytesMut;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::broker_set::{BrokerIndex, BrokerSet};
use super::codec;
use super::log::CommittedLog;
use super::pending_acks::Publication;
use super::replica::Agreement;
use super::replication::{Election, Placement, ReplicaChange, ReplicaSet};
use super::stream_spec::StreamSpec;
use super::sync::lock;
use super::timings::Timings;
use crate::model::{EventTimes, Timestamp, subject_of_partition};
use crate::wire::pb;

/// How many messages wait for a leader that is stopped; NATS gives up on it then.
const MISSED: usize = 65_536;

/// The part of a partition that changes.
#[derive(Debug)]
pub(super) struct PartitionState {
    pub(super) replicas: ReplicaSet,
    /// The epoch of each group's reader, and what ends it when a newer one comes.
    fences: HashMap<String, (u64, CancellationToken)>,
    active_at: Instant,
    cleaned_at: Instant,
    /// Until then compaction writes the segments anew.
    compacting_until: Option<Instant>,
}

/// One partition, shared by all brokers of the cluster.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) stream: Arc<StreamSpec>,
    pub(super) id: i32,
    /// The subject that this partition listens on.
    pub(super) subject: Arc<str>,
    /// Wakes readers.
    pub(super) changed: Notify,
    subscribers: AtomicUsize,
    fetch_queued: AtomicBool,
    state: Mutex<PartitionState>,
}

/// Counts a reader for as long as it lives.
#[derive(Debug)]
pub(super) struct SubscriberGuard(Arc<Partition>);

impl Drop for SubscriberGuard {
    fn drop(&mut self) {
        self.0.subscribers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Partition {
    /// An empty partition on those brokers.
    pub(super) fn new(stream: &Arc<StreamSpec>, id: i32, place: Placement<'_>) -> Arc<Self> {
        let now = Instant::now();
        let state = PartitionState {
            replicas: ReplicaSet::new(place, stream.min_isr, stream.retention),
            fences: HashMap::new(),
            active_at: now,
            cleaned_at: now,
            compacting_until: None,
        };
        Arc::new(Self {
            stream: Arc::clone(stream),
            id,
            subject: subject_of_partition(&stream.subject, id).into(),
            changed: Notify::new(),
            subscribers: AtomicUsize::new(0),
            fetch_queued: AtomicBool::new(false),
            state: Mutex::new(state),
        })
    }

    /// The changing part, locked. Never held across an await, and always taken after the cluster's own lock.
    pub(super) fn lock(&self) -> MutexGuard<'_, PartitionState> {
        lock(&self.state)
    }

    /// Changes the partition and wakes its readers.
    fn change<T>(&self, change: impl FnOnce(&mut PartitionState) -> T) -> T {
        let changed = change(&mut self.lock());
        self.changed.notify_waiters();
        changed
    }

    /// Counts one more reader until the guard is dropped.
    pub(super) fn add_subscriber(self: &Arc<Self>) -> SubscriberGuard {
        self.subscribers.fetch_add(1, Ordering::Relaxed);
        SubscriberGuard(Arc::clone(self))
    }

    /// Whether somebody has subscribed to its subject: a leader, be it stopped. A paused partition has none.
    pub(super) fn listens(&self, live: BrokerSet) -> bool {
        let replicas = &self.lock().replicas;
        !replicas.leading(live).is_empty() || !replicas.stopped_leaders(live).is_empty()
    }

    /// Whether the leader that is agreed on serves.
    pub(super) fn is_led(&self, live: BrokerSet) -> bool {
        self.lock().replicas.is_led(live)
    }

    /// Stores a message at each broker that leads, and acks it as its policy says; one that is stopped gets it later.
    /// Returns whether followers have to fetch.
    pub(super) fn append(&self, publication: &Publication<'_>, live: BrokerSet) -> bool {
        self.change(|state| {
            for stopped in state.replicas.stopped_leaders(live).iter() {
                let missed = &mut state.replicas.at_mut(stopped).missed;
                if missed.len() < MISSED {
                    missed.push(publication.to_static());
                }
            }
            let mut is_stored = false;
            for leader in state.replicas.leading(live).iter() {
                is_stored |= self.append_at(leader, state, publication);
            }
            let is_replicated = state.replicas.holders().len() > 1;
            is_stored && is_replicated && !self.fetch_queued.swap(true, Ordering::Relaxed)
        })
    }

    /// Stores a message at one broker; whether it did.
    fn append_at(
        &self,
        leader: BrokerIndex,
        state: &mut PartitionState,
        publication: &Publication<'_>,
    ) -> bool {
        let known = *state.replicas.known_to(leader);
        if known.readonly {
            return false;
        }
        let now = publication.received.unwrap_or_else(Timestamp::now);
        let replica = state.replicas.at_mut(leader);
        let expected = publication.expected_offset;
        if self.stream.concurrency_control
            && expected != -1
            && expected != replica.log.next_offset()
        {
            let ack = publication.ack(self, (0, now.0), pb::ack::Error::IncorrectOffset);
            publication.send_ack(ack);
            return false;
        }
        let encode = |offset, time, arena: &mut BytesMut| {
            codec::encode_message(publication, self, (offset, time), arena);
        };
        let (retention, key) = (&self.stream.retention, &publication.key);
        let stored = replica
            .log
            .append(retention, (now.0, known.epoch), key, encode);
        record(&mut replica.received, Timestamp(stored.1));
        let ack = publication.ack(self, stored, pb::ack::Error::Ok);
        replica.pending_acks.ack_or_wait(ack, publication);
        state.active_at = Instant::now();
        state.replicas.commit(leader);
        true
    }

    /// Stores bytes that may be no message, past all checks.
    pub(super) fn append_raw(&self, write: impl FnOnce(&mut BytesMut)) {
        let now = Timestamp::now().0;
        self.change(|state| {
            let Agreement { leader, epoch, .. } = state.replicas.agreed;
            let write = |_, _, arena: &mut BytesMut| write(arena);
            let log = &mut state.replicas.at_mut(leader).log;
            log.append(&self.stream.retention, (now, epoch), &[], write);
            state.replicas.commit(leader);
        });
    }

    /// One round of replication. Returns whether another one is needed.
    pub(super) fn replicate(&self, live: BrokerSet) -> bool {
        self.change(|state| {
            let more = state.replicas.fetch_round(live);
            self.fetch_queued.store(more, Ordering::Relaxed);
            more
        })
    }

    /// Elections and the ISR; returns who led before and what changed. `leaders` counts what each broker leads.
    pub(super) fn update_replicas(
        &self,
        (now, live): (Instant, BrokerSet),
        timings: &Timings,
        election: Election,
        leaders: &[i32],
    ) -> Option<(BrokerIndex, ReplicaChange)> {
        let mut state = self.lock();
        let before = state.replicas.agreed.leader;
        let load = |broker: BrokerIndex| leaders.get(broker).copied().unwrap_or_default();
        let change = state
            .replicas
            .update(now, live, timings, (election, load))?;
        self.changed.notify_waiters();
        Some((before, change))
    }

    /// Hands the leadership to that broker; false where it holds no in-sync copy.
    pub(super) fn move_leader(
        &self,
        broker: BrokerIndex,
        live: BrokerSet,
        election: Election,
    ) -> bool {
        self.change(|state| state.replicas.move_leader(broker, live, election))
    }

    /// Stops a follower's fetches and takes it out of the ISR; false where it follows nothing here.
    pub(super) fn hold_back(&self, broker: BrokerIndex) -> bool {
        self.change(|state| state.replicas.hold_back(broker))
    }

    /// Whether its leader has received nothing for as long as its stream allows.
    pub(super) fn is_idle(&self, now: Instant, live: BrokerSet) -> bool {
        let Some(idle) = self.stream.auto_pause else {
            return false;
        };
        let subscribed = self.subscribers.load(Ordering::Relaxed) > 0;
        let state = self.lock();
        let kept_awake = subscribed && self.stream.no_pause_while_subscribed;
        state.replicas.is_led(live) && !kept_awake && now - state.active_at >= idle
    }

    /// Runs retention at all brokers that serve, if its time has come. A paused log is closed to it too.
    pub(super) fn clean(&self, now: Instant, default_interval: Duration, live: BrokerSet) {
        let interval = self.stream.cleaner.unwrap_or(default_interval);
        let mut state = self.lock();
        if now - state.cleaned_at < interval {
            return;
        }
        state.cleaned_at = now;
        let replicas = &mut state.replicas;
        for broker in replicas.holders().iter() {
            if live.contains(broker) && replicas.known_to(broker).is_open() {
                let replica = replicas.at_mut(broker);
                let committed = replica.high_watermark;
                let now = Timestamp::now().0;
                replica.log.clean(&self.stream.retention, now, committed);
            }
        }
    }

    /// Writes the high watermarks of all brokers that serve to their disks.
    pub(super) fn write_checkpoints(&self, live: BrokerSet) {
        let mut state = self.lock();
        for broker in state.replicas.holders().iter() {
            if live.contains(broker) {
                state.replicas.at_mut(broker).write_checkpoint();
            }
        }
    }

    /// Lets a consumer of a group in, unless one of a later epoch reads already; an older one is ended. None: refused.
    pub(super) fn fence_consumer(&self, group: &str, epoch: u64) -> Option<CancellationToken> {
        let mut state = self.lock();
        let current = state.fences.get(group);
        if current.is_some_and(|(current, _)| *current > epoch) {
            return None;
        }
        let fence = CancellationToken::new();
        let new = (epoch, fence.clone());
        if let Some((_, older)) = state.fences.insert(group.to_owned(), new) {
            older.cancel();
        }
        Some(fence)
    }
}

impl PartitionState {
    /// What readers at that broker may read.
    pub(super) fn committed_at(&self, broker: BrokerIndex) -> CommittedLog<'_> {
        let replica = self.replicas.at(broker);
        let until = self.compacting_until;
        CommittedLog {
            log: &replica.log,
            high_watermark: replica.high_watermark,
            is_compacting: until.is_some_and(|until| until > Instant::now()),
        }
    }

    /// The newest offset that the broker has, committed or not; -1 where it has none.
    pub(super) fn newest_at(&self, broker: BrokerIndex) -> i64 {
        self.replicas.at(broker).log.newest()
    }
}

fn record(times: &mut EventTimes, now: Timestamp) {
    if !times.first.is_set() {
        times.first = now;
    }
    times.latest = now;
}
