//! One partition: its log, its replicas, its flags and who waits for it, behind one lock.
//! Knows its stream; knows nothing of other partitions or of the network.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::BytesMut;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::codec;
use super::log::Log;
use super::pending_acks::{PendingAcks, Publication};
use super::replication::{BrokerIndex, LiveBrokers, ReplicaChange, ReplicaSet};
use super::stream_spec::StreamSpec;
use super::sync::lock;
use super::timings::Timings;
use crate::model::{EventTimes, Timestamp};
use crate::wire::pb;

/// What a broker remembers of pauses and of readonly, since it started.
#[derive(Clone, Copy, Debug, Default)]
struct FlagTimes {
    pause: EventTimes,
    readonly: EventTimes,
}

/// Whether a partition's log can be read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogState {
    Open,
    Paused,
    Deleted,
}

/// The part of a partition that changes.
#[derive(Debug)]
pub(super) struct PartitionState {
    pub(super) log: Log,
    pub(super) replicas: ReplicaSet,
    pub(super) log_state: LogState,
    pub(super) readonly: bool,
    /// How often the log was closed: a reader opened before the last time has ended.
    pub(super) times_closed: u64,
    /// The flag of the metadata, which stays once a partition was paused (wire-contract §0.2).
    paused_flag: bool,
    /// The flag of the metadata, which stays after a resume made the partition writable (wire-contract §0.3).
    readonly_flag: bool,
    received: EventTimes,
    /// By broker.
    flag_times: Box<[FlagTimes]>,
    pending_acks: PendingAcks,
    /// The epoch of each group's reader, and what ends it when a newer one comes.
    fences: HashMap<String, (u64, CancellationToken)>,
    active_at: Instant,
    cleaned_at: Instant,
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
    /// An empty partition; the first of its replicas leads, and the cluster has so many brokers.
    pub(super) fn new(
        stream: &Arc<StreamSpec>,
        id: i32,
        replicas: &[BrokerIndex],
        brokers: usize,
    ) -> Arc<Self> {
        let now = Instant::now();
        let state = PartitionState {
            log: Log::default(),
            replicas: ReplicaSet::new(replicas, stream.min_isr),
            log_state: LogState::Open,
            readonly: false,
            times_closed: 0,
            paused_flag: false,
            readonly_flag: false,
            received: EventTimes::default(),
            flag_times: vec![FlagTimes::default(); brokers].into(),
            pending_acks: PendingAcks::default(),
            fences: HashMap::new(),
            active_at: now,
            cleaned_at: now,
        };
        Arc::new(Self {
            stream: Arc::clone(stream),
            id,
            subject: super::subject::of_partition(&stream.subject, id).into(),
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

    /// Whether a NATS message can be received: the leader lives and the partition is not paused.
    pub(super) fn accepts(&self, live: LiveBrokers) -> bool {
        self.lock().accepts(live)
    }

    /// Stores a message, if a leader receives it, and acks it as its policy says. Returns whether followers have to fetch.
    pub(super) fn append(&self, publication: &Publication<'_>, live: LiveBrokers) -> bool {
        let now = publication.received.unwrap_or_else(Timestamp::now);
        let mut state = self.lock();
        if !state.accepts(live) || state.readonly {
            return false;
        }
        if self.is_unexpected(&state, publication) {
            let ack = publication.ack(self, (0, now.0), pb::ack::Error::IncorrectOffset);
            publication.send_ack(ack);
            return false;
        }
        let stored = state.append(self, publication, now);
        let ack = publication.ack(self, stored, pb::ack::Error::Ok);
        state.pending_acks.ack_or_wait(ack, publication);
        state.send_committed_acks();
        self.changed.notify_waiters();
        state.replicas.brokers().count() > 1 && !self.fetch_queued.swap(true, Ordering::Relaxed)
    }

    fn is_unexpected(&self, state: &PartitionState, publication: &Publication<'_>) -> bool {
        self.stream.concurrency_control
            && publication.expected_offset != -1
            && publication.expected_offset != state.log.next_offset()
    }

    /// Stores bytes that may be no message, past all checks.
    pub(super) fn append_raw(&self, write: impl FnOnce(&mut BytesMut)) {
        let (retention, now) = (&self.stream.retention, Timestamp::now().0);
        self.change(|state| {
            let write = |_, _, arena: &mut BytesMut| write(arena);
            let (offset, _) = state.log.append(retention, now, &[], write);
            state.replicas.leader_appended(offset);
        });
    }

    /// One round of replication. Returns whether another one is needed.
    pub(super) fn replicate(&self, live: LiveBrokers) -> bool {
        self.change(|state| {
            let more = state.replicas.fetch_round(live);
            self.fetch_queued.store(more, Ordering::Relaxed);
            state.send_committed_acks();
            more
        })
    }

    /// Elections and the ISR; returns who led before and what changed. `leaders` counts what each broker leads.
    pub(super) fn update_replicas(
        &self,
        now: Instant,
        live: LiveBrokers,
        timings: &Timings,
        leaders: &[i32],
    ) -> Option<(BrokerIndex, ReplicaChange)> {
        let mut state = self.lock();
        let before = state.replicas.leader();
        let load = |broker: BrokerIndex| leaders.get(broker).copied().unwrap_or_default();
        let change = state.replicas.update(now, live, timings, load)?;
        state.apply_change(change);
        self.changed.notify_waiters();
        Some((before, change))
    }

    /// Hands the leadership to that broker; false where it holds no in-sync copy.
    pub(super) fn move_leader(&self, broker: BrokerIndex) -> bool {
        self.change(|state| {
            let moved = state.replicas.move_leader(broker);
            if moved {
                state.apply_change(ReplicaChange::Elected(broker));
            }
            moved
        })
    }

    /// Stops a follower's fetches and takes it out of the ISR; false where it follows nothing here.
    pub(super) fn hold_back(&self, broker: BrokerIndex) -> bool {
        self.change(|state| {
            let held_back = state.replicas.hold_back(broker);
            state.send_committed_acks();
            held_back
        })
    }

    /// Closes the log. Readers end; nobody listens until it is resumed.
    pub(super) fn pause(&self) {
        let now = Timestamp::now();
        self.change(|state| {
            state.log_state = LogState::Paused;
            state.paused_flag = true;
            state.times_closed += 1;
            for times in &mut state.flag_times {
                record(&mut times.pause, now);
            }
        });
    }

    /// Opens the log again. Some servers `lose_readonly` on the way, though metadata goes on saying it. Returns whether
    /// it was paused.
    pub(super) fn resume(&self, lose_readonly: bool) -> bool {
        let now = Timestamp::now();
        let mut state = self.lock();
        if state.log_state != LogState::Paused {
            return false;
        }
        state.log_state = LogState::Open;
        state.active_at = Instant::now();
        state.readonly &= !lose_readonly;
        for times in &mut state.flag_times {
            record(&mut times.pause, now);
        }
        true
    }

    /// Refuses publishes, or no longer.
    pub(super) fn set_readonly(&self, readonly: bool) {
        let now = Timestamp::now();
        self.change(|state| {
            state.readonly = readonly;
            state.readonly_flag = readonly;
            for times in &mut state.flag_times {
                record(&mut times.readonly, now);
            }
        });
    }

    /// Ends all readers and frees the messages.
    pub(super) fn delete(&self) {
        self.change(|state| {
            state.log_state = LogState::Deleted;
            state.log = Log::default();
            state.pending_acks.clear();
        });
    }

    /// Whether it has been idle for as long as its stream allows.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        let Some(idle) = self.stream.auto_pause else {
            return false;
        };
        let subscribed = self.subscribers.load(Ordering::Relaxed) > 0;
        let state = self.lock();
        let kept_awake = subscribed && self.stream.no_pause_while_subscribed;
        state.is_open() && !kept_awake && now - state.active_at >= idle
    }

    /// Runs retention if its time has come.
    pub(super) fn clean(&self, now: Instant, default_interval: Duration) {
        let interval = self.stream.cleaner.unwrap_or(default_interval);
        let mut state = self.lock();
        if now - state.cleaned_at < interval {
            return;
        }
        state.cleaned_at = now;
        let committed = state.replicas.high_watermark();
        let retention = &self.stream.retention;
        state.log.clean(retention, Timestamp::now().0, committed);
    }

    /// Forgets what a broker had only in memory: it was killed.
    pub(super) fn broker_restarted(&self, broker: BrokerIndex) {
        let mut state = self.lock();
        state.flag_times[broker] = FlagTimes::default();
        if state.replicas.leader() == broker {
            state.received = EventTimes::default();
            state.pending_acks.clear();
        }
        state.replicas.restore_checkpoint(broker);
    }

    /// What that broker says (wire-contract §4.7), brokers by `name`; with `sticky` flags as real servers do.
    pub(super) fn metadata(
        &self,
        at: BrokerIndex,
        sticky: bool,
        name: impl Fn(BrokerIndex) -> String,
    ) -> pb::PartitionMetadata {
        let state = self.lock();
        let (high_watermark, newest_offset) = state.replicas.seen_by(at);
        let leader = state.replicas.leader();
        let (paused, readonly) = if sticky {
            (state.paused_flag, state.readonly_flag)
        } else {
            (!state.is_open(), state.readonly)
        };
        let received = if leader == at {
            state.received
        } else {
            EventTimes::default()
        };
        // Brokers list replicas in no order.
        let shuffled = |mut names: Vec<String>| {
            fastrand::shuffle(&mut names);
            names
        };
        pb::PartitionMetadata {
            id: self.id,
            leader: name(leader),
            replicas: shuffled(state.replicas.brokers().map(&name).collect()),
            isr: shuffled(state.replicas.isr().iter().copied().map(&name).collect()),
            high_watermark,
            newest_offset,
            paused,
            readonly,
            messages_received_timestamps: Some(timestamps(received)),
            pause_timestamps: Some(timestamps(state.flag_times[at].pause)),
            readonly_timestamps: Some(timestamps(state.flag_times[at].readonly)),
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
    /// Whether it is neither paused nor deleted.
    pub(super) fn is_open(&self) -> bool {
        self.log_state == LogState::Open
    }

    fn accepts(&self, live: LiveBrokers) -> bool {
        self.is_open() && live.contains(self.replicas.leader())
    }

    fn append(
        &mut self,
        partition: &Partition,
        publication: &Publication<'_>,
        now: Timestamp,
    ) -> (i64, i64) {
        let encode = |offset, time, arena: &mut BytesMut| {
            codec::encode_message(publication, partition, (offset, time), arena);
        };
        let (retention, key) = (&partition.stream.retention, &publication.key);
        let stored = self.log.append(retention, now.0, key, encode);
        let (offset, time) = stored;
        record(&mut self.received, Timestamp(time));
        self.active_at = Instant::now();
        self.replicas.leader_appended(offset);
        stored
    }

    fn send_committed_acks(&mut self) {
        let committed = self.replicas.high_watermark();
        self.pending_acks.send_committed(committed);
    }

    fn apply_change(&mut self, change: ReplicaChange) {
        if let ReplicaChange::Elected(broker) = change {
            let (_, newest) = self.replicas.seen_by(broker);
            self.log.truncate(newest + 1);
            self.received = EventTimes::default();
            self.pending_acks.clear();
        }
        self.send_committed_acks();
    }
}

fn record(times: &mut EventTimes, now: Timestamp) {
    if !times.first.is_set() {
        times.first = now;
    }
    times.latest = now;
}

fn timestamps(times: EventTimes) -> pb::PartitionEventTimestamps {
    pb::PartitionEventTimestamps {
        first_timestamp: times.first.0,
        latest_timestamp: times.latest.0,
    }
}
