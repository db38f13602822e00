//! One partition: its log, its replicas, its flags and who waits for it, behind one lock.
//! Knows its stream's settings; knows nothing of other partitions or of the network.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::codec;
use super::log::Log;
use super::pending_acks::{PendingAcks, Publication};
use super::replication::{BrokerIndex, LiveBrokers, ReplicaChange, ReplicaSet};
use super::settings::StreamSettings;
use super::timings::Timings;
use crate::model::Timestamp;
use crate::wire::pb;

/// When something first and last happened, Unix nanoseconds; zero is never.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EventTimes {
    pub(super) first: i64,
    pub(super) latest: i64,
}

impl EventTimes {
    fn happened(&mut self, now: i64) {
        if self.first == 0 {
            self.first = now;
        }
        self.latest = now;
    }
}

/// What a broker remembers of pauses and of readonly, since it started.
#[derive(Clone, Copy, Debug, Default)]
struct FlagTimes {
    paused: EventTimes,
    readonly: EventTimes,
}

/// What one broker says about a partition (wire-contract §4.7).
#[derive(Clone, Debug)]
pub(super) struct PartitionView {
    pub(super) leader: BrokerIndex,
    pub(super) replicas: Vec<BrokerIndex>,
    pub(super) isr: Vec<BrokerIndex>,
    pub(super) high_watermark: i64,
    pub(super) newest: i64,
    pub(super) paused: bool,
    pub(super) readonly: bool,
    pub(super) received: EventTimes,
    pub(super) pauses: EventTimes,
    pub(super) readonlys: EventTimes,
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
    /// What metadata says for ever once a partition was paused (wire-contract §0.2).
    was_paused: bool,
    /// What metadata says even after a resume lost the flag (wire-contract §0.3).
    was_readonly: bool,
    received: EventTimes,
    flag_times: Box<[FlagTimes]>,
    pending_acks: PendingAcks,
    fences: HashMap<String, (u64, CancellationToken)>,
    active_at: Instant,
    cleaned_at: Instant,
}

/// One partition, shared by all brokers of the cluster.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) stream: Arc<str>,
    pub(super) id: i32,
    /// The stream's subject; this partition listens on `subject`.
    pub(super) base_subject: Arc<str>,
    pub(super) subject: Arc<str>,
    /// The NATS queue group; empty for none.
    pub(super) group: Arc<str>,
    pub(super) settings: StreamSettings,
    /// Wakes readers.
    pub(super) changed: Notify,
    subscribers: AtomicUsize,
    /// Whether its followers have been told that there is something to fetch.
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

/// What a partition is made of.
#[derive(Debug)]
pub(super) struct NewPartition {
    pub(super) stream: Arc<str>,
    pub(super) id: i32,
    pub(super) base_subject: Arc<str>,
    pub(super) group: Arc<str>,
    pub(super) settings: StreamSettings,
    /// The replicas; the first one leads.
    pub(super) replicas: Vec<BrokerIndex>,
    /// How many brokers the cluster has.
    pub(super) brokers: usize,
}

impl Partition {
    /// An empty partition.
    pub(super) fn new(plan: NewPartition) -> Arc<Self> {
        let now = Instant::now();
        let subject = super::subject::of_partition(&plan.base_subject, plan.id);
        let state = PartitionState {
            log: Log::default(),
            replicas: ReplicaSet::new(&plan.replicas, plan.settings.min_isr),
            log_state: LogState::Open,
            readonly: false,
            times_closed: 0,
            was_paused: false,
            was_readonly: false,
            received: EventTimes::default(),
            flag_times: vec![FlagTimes::default(); plan.brokers].into(),
            pending_acks: PendingAcks::default(),
            fences: HashMap::new(),
            active_at: now,
            cleaned_at: now,
        };
        Arc::new(Self {
            stream: plan.stream,
            id: plan.id,
            base_subject: plan.base_subject,
            subject: subject.into(),
            group: plan.group,
            settings: plan.settings,
            changed: Notify::new(),
            subscribers: AtomicUsize::new(0),
            fetch_queued: AtomicBool::new(false),
            state: Mutex::new(state),
        })
    }

    /// The changing part, locked. Never held across an await, and always taken after the cluster's own lock.
    pub(super) fn lock(&self) -> MutexGuard<'_, PartitionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more reader until the answer is dropped.
    pub(super) fn add_subscriber(self: &Arc<Self>) -> SubscriberGuard {
        self.subscribers.fetch_add(1, Ordering::Relaxed);
        SubscriberGuard(Arc::clone(self))
    }

    /// Whether a NATS message can be heard: the leader lives and the partition is not paused.
    pub(super) fn accepts(&self, alive: LiveBrokers) -> bool {
        let state = self.lock();
        state.is_open() && alive.contains(state.replicas.leader())
    }

    /// Stores a message, if anybody listens, and acks it as its policy says. Answers whether followers have to fetch.
    pub(super) fn append(&self, publication: &Publication<'_>, alive: LiveBrokers) -> bool {
        let now = publication.received.unwrap_or_else(Timestamp::now).0;
        let mut state = self.lock();
        if !state.is_open() || state.readonly || !alive.contains(state.replicas.leader()) {
            return false;
        }
        if self.is_unexpected(&state, publication) {
            let ack = publication.ack(self, (0, now), pb::ack::Error::IncorrectOffset);
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
        self.settings.concurrency_control
            && publication.expected_offset != -1
            && publication.expected_offset != state.log.next_offset()
    }

    /// Stores bytes that may be no message, past all checks.
    pub(super) fn append_raw(&self, write: impl FnOnce(&mut BytesMut)) {
        let mut state = self.lock();
        let retention = &self.settings.retention;
        let now = Timestamp::now().0;
        let (offset, _) = state
            .log
            .append(retention, now, &[], |_, _, arena| write(arena));
        state.replicas.leader_appended(offset);
        self.changed.notify_waiters();
    }

    /// One round of replication. Answers whether another one is needed.
    pub(super) fn replicate(&self, alive: LiveBrokers) -> bool {
        let mut state = self.lock();
        let more = state.replicas.fetch_round(alive);
        self.fetch_queued.store(more, Ordering::Relaxed);
        state.send_committed_acks();
        self.changed.notify_waiters();
        more
    }

    /// Elections and the ISR; answers who led before and what changed. `leaders` counts what each broker leads.
    pub(super) fn update_replicas(
        &self,
        now: Instant,
        alive: LiveBrokers,
        pace: &Timings,
        leaders: &[i32],
    ) -> Option<(BrokerIndex, ReplicaChange)> {
        let mut state = self.lock();
        let before = state.replicas.leader();
        let load = |seat: BrokerIndex| leaders.get(seat).copied().unwrap_or_default();
        let change = state.replicas.update(now, alive, pace, load)?;
        state.apply_change(change);
        self.changed.notify_waiters();
        Some((before, change))
    }

    /// Hands the leadership to that broker; false where it holds no in-sync copy.
    pub(super) fn move_leader(&self, seat: BrokerIndex) -> bool {
        let mut state = self.lock();
        let moved = state.replicas.move_to(seat);
        if moved {
            state.apply_change(ReplicaChange::Elected(seat));
            self.changed.notify_waiters();
        }
        moved
    }

    /// Stops a follower's fetches and takes it out of the ISR; false where it follows nothing here.
    pub(super) fn hold_back(&self, seat: BrokerIndex) -> bool {
        let mut state = self.lock();
        let held = state.replicas.hold(seat);
        state.send_committed_acks();
        self.changed.notify_waiters();
        held
    }

    /// Closes the log. Readers end; nobody listens until it is resumed.
    pub(super) fn pause(&self) {
        let now = Timestamp::now().0;
        let mut state = self.lock();
        state.log_state = LogState::Paused;
        state.was_paused = true;
        state.times_closed += 1;
        state.update_flag_times(|memory| memory.paused.happened(now));
        drop(state);
        self.changed.notify_waiters();
    }

    /// Opens the log again; with `forgetful` servers readonly is lost on the way, though metadata goes on saying it.
    /// Answers whether it was paused.
    pub(super) fn resume(&self, forgetful: bool) -> bool {
        let now = Timestamp::now().0;
        let mut state = self.lock();
        if state.log_state != LogState::Paused {
            return false;
        }
        state.log_state = LogState::Open;
        state.active_at = Instant::now();
        if forgetful {
            state.readonly = false;
        }
        state.update_flag_times(|memory| memory.paused.happened(now));
        true
    }

    /// Whether publishes are refused.
    pub(super) fn set_readonly(&self, readonly: bool) {
        let now = Timestamp::now().0;
        let mut state = self.lock();
        state.readonly = readonly;
        state.was_readonly = readonly;
        state.update_flag_times(|memory| memory.readonly.happened(now));
        drop(state);
        self.changed.notify_waiters();
    }

    /// Ends all readers and frees the messages.
    pub(super) fn delete(&self) {
        let mut state = self.lock();
        state.log_state = LogState::Deleted;
        state.log = Log::default();
        state.pending_acks.clear();
        drop(state);
        self.changed.notify_waiters();
    }

    /// Whether it has been idle for as long as its stream allows.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        let Some(idle) = self.settings.auto_pause else {
            return false;
        };
        let watched = self.subscribers.load(Ordering::Relaxed) > 0;
        let state = self.lock();
        let kept_awake = watched && self.settings.pause_unless_subscribed;
        state.is_open() && !kept_awake && now - state.active_at >= idle
    }

    /// Runs retention if its time has come.
    pub(super) fn clean(&self, now: Instant, default_interval: Duration) {
        let interval = self.settings.cleaner.unwrap_or(default_interval);
        let mut state = self.lock();
        if now - state.cleaned_at < interval {
            return;
        }
        state.cleaned_at = now;
        let committed = state.replicas.high_watermark();
        state
            .log
            .clean(&self.settings.retention, Timestamp::now().0, committed);
    }

    /// A broker lost its memory: it was killed.
    pub(super) fn broker_restarted(&self, seat: BrokerIndex) {
        let mut state = self.lock();
        if let Some(memory) = state.flag_times.get_mut(seat) {
            *memory = FlagTimes::default();
        }
        if state.replicas.leader() == seat {
            state.received = EventTimes::default();
            state.pending_acks.clear();
        }
        state.replicas.restore_checkpoint(seat);
    }

    /// What that broker says; with `sticky` flags as real servers do.
    pub(super) fn view(&self, seat: BrokerIndex, sticky: bool) -> PartitionView {
        let state = self.lock();
        let (high_watermark, newest) = state.replicas.seen_by(seat);
        let leader = state.replicas.leader();
        let memory = state.flag_times.get(seat).copied().unwrap_or_default();
        PartitionView {
            leader,
            replicas: state.replicas.brokers().collect(),
            isr: state.replicas.isr().to_vec(),
            high_watermark,
            newest,
            paused: if sticky {
                state.was_paused
            } else {
                !state.is_open()
            },
            readonly: if sticky {
                state.was_readonly
            } else {
                state.readonly
            },
            received: if leader == seat {
                state.received
            } else {
                EventTimes::default()
            },
            pauses: memory.paused,
            readonlys: memory.readonly,
        }
    }

    /// Lets a consumer of a group in, unless one of a later epoch reads already; an older one is told to end. None: refused.
    pub(super) fn fence_consumer(&self, group: &str, epoch: u64) -> Option<CancellationToken> {
        let mut state = self.lock();
        if state
            .fences
            .get(group)
            .is_some_and(|(current, _)| *current > epoch)
        {
            return None;
        }
        let fence = CancellationToken::new();
        let before = state
            .fences
            .insert(group.to_owned(), (epoch, fence.clone()));
        if let Some((_, token)) = before {
            token.cancel();
        }
        Some(fence)
    }
}

impl PartitionState {
    /// Whether it is neither paused nor deleted.
    pub(super) fn is_open(&self) -> bool {
        self.log_state == LogState::Open
    }

    fn append(&mut self, of: &Partition, publication: &Publication<'_>, now: i64) -> (i64, i64) {
        let retention = &of.settings.retention;
        let stored = self
            .log
            .append(retention, now, &publication.key, |offset, time, arena| {
                codec::encode_message(publication, &of.stream, of.id, (offset, time), arena);
            });
        self.received.happened(stored.1);
        self.active_at = Instant::now();
        self.replicas.leader_appended(stored.0);
        stored
    }

    /// Sends the acks that waited for the high watermark.
    fn send_committed_acks(&mut self) {
        self.pending_acks
            .send_committed(self.replicas.high_watermark());
    }

    fn apply_change(&mut self, change: ReplicaChange) {
        if let ReplicaChange::Elected(seat) = change {
            let (_, newest) = self.replicas.seen_by(seat);
            self.log.truncate(newest + 1);
            self.received = EventTimes::default();
            self.pending_acks.clear();
        }
        self.send_committed_acks();
    }

    fn update_flag_times(&mut self, note: impl Fn(&mut FlagTimes)) {
        self.flag_times.iter_mut().for_each(note);
    }
}
