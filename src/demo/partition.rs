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
use super::replication::{Alive, BrokerIndex, Change, ReplicaSet};
use super::settings::Settings;
use super::timings::Pace;
use crate::model::Timestamp;
use crate::wire::pb;

/// When something first and last happened, Unix nanoseconds; zero is never.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub(super) first: i64,
    pub(super) latest: i64,
}

impl Times {
    fn happened(&mut self, now: i64) {
        if self.first == 0 {
            self.first = now;
        }
        self.latest = now;
    }
}

/// What a broker remembers of pauses and of readonly, since it started.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    paused: Times,
    readonly: Times,
}

/// What one broker says about a partition (wire-contract §4.7).
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) leader: BrokerIndex,
    pub(super) replicas: Vec<BrokerIndex>,
    pub(super) isr: Vec<BrokerIndex>,
    pub(super) high_watermark: i64,
    pub(super) newest: i64,
    pub(super) paused: bool,
    pub(super) readonly: bool,
    pub(super) received: Times,
    pub(super) pauses: Times,
    pub(super) readonlys: Times,
}

/// Whether a partition's log can be read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Open,
    Paused,
    Deleted,
}

/// The part of a partition that changes.
#[derive(Debug)]
pub(super) struct PartitionState {
    pub(super) log: Log,
    pub(super) replicas: ReplicaSet,
    pub(super) status: Status,
    pub(super) readonly: bool,
    /// How often the log was closed: a reader opened before the last time has ended.
    pub(super) closings: u64,
    /// What metadata says for ever once a partition was paused (wire-contract §0.2).
    was_paused: bool,
    /// What metadata says even after a resume lost the flag (wire-contract §0.3).
    said_readonly: bool,
    received: Times,
    memories: Box<[Memory]>,
    promises: PendingAcks,
    fences: HashMap<String, (u64, CancellationToken)>,
    busy_at: Instant,
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
    pub(super) settings: Settings,
    /// Wakes readers.
    pub(super) changed: Notify,
    subscribers: AtomicUsize,
    /// Whether its followers have been told that there is something to fetch.
    told: AtomicBool,
    state: Mutex<PartitionState>,
}

/// Counts a reader for as long as it lives.
#[derive(Debug)]
pub(super) struct Attendance(Arc<Partition>);

impl Drop for Attendance {
    fn drop(&mut self) {
        self.0.subscribers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a partition is made of.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) stream: Arc<str>,
    pub(super) id: i32,
    pub(super) base_subject: Arc<str>,
    pub(super) group: Arc<str>,
    pub(super) settings: Settings,
    /// The replicas; the first one leads.
    pub(super) seats: Vec<BrokerIndex>,
    /// How many brokers the cluster has.
    pub(super) brokers: usize,
}

impl Partition {
    /// An empty partition.
    pub(super) fn new(plan: Plan) -> Arc<Self> {
        let now = Instant::now();
        let subject = super::subject::of_partition(&plan.base_subject, plan.id);
        let state = PartitionState {
            log: Log::default(),
            replicas: ReplicaSet::new(&plan.seats, plan.settings.min_isr),
            status: Status::Open,
            readonly: false,
            closings: 0,
            was_paused: false,
            said_readonly: false,
            received: Times::default(),
            memories: vec![Memory::default(); plan.brokers].into(),
            promises: PendingAcks::default(),
            fences: HashMap::new(),
            busy_at: now,
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
            told: AtomicBool::new(false),
            state: Mutex::new(state),
        })
    }

    /// The changing part, locked. Never held across an await, and always taken after the cluster's own lock.
    pub(super) fn lock(&self) -> MutexGuard<'_, PartitionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more reader until the answer is dropped.
    pub(super) fn attend(self: &Arc<Self>) -> Attendance {
        self.subscribers.fetch_add(1, Ordering::Relaxed);
        Attendance(Arc::clone(self))
    }

    /// Whether a NATS message can be heard: the leader lives and the partition is not paused.
    pub(super) fn listens(&self, alive: Alive) -> bool {
        let state = self.lock();
        state.is_open() && alive.has(state.replicas.leader())
    }

    /// Stores a message, if anybody listens, and acks it as its policy says. Answers whether followers have to fetch.
    pub(super) fn receive(&self, publication: &Publication<'_>, alive: Alive) -> bool {
        let now = publication.came.unwrap_or_else(Timestamp::now).0;
        let mut state = self.lock();
        if !state.is_open() || state.readonly || !alive.has(state.replicas.leader()) {
            return false;
        }
        if self.is_unexpected(&state, publication) {
            let ack = publication.ack(self, (0, now), pb::ack::Error::IncorrectOffset);
            publication.answer(ack);
            return false;
        }
        let stored = state.append(self, publication, now);
        let ack = publication.ack(self, stored, pb::ack::Error::Ok);
        state.promises.keep(ack, publication);
        state.settle();
        self.changed.notify_waiters();
        state.replicas.seats().count() > 1 && !self.told.swap(true, Ordering::Relaxed)
    }

    fn is_unexpected(&self, state: &PartitionState, publication: &Publication<'_>) -> bool {
        self.settings.concurrency_control
            && publication.expected_offset != -1
            && publication.expected_offset != state.log.next_offset()
    }

    /// Stores bytes that may be no message, past all checks.
    pub(super) fn plant(&self, write: impl FnOnce(&mut BytesMut)) {
        let mut state = self.lock();
        let retention = &self.settings.retention;
        let now = Timestamp::now().0;
        let (offset, _) = state
            .log
            .append(retention, now, &[], |_, _, arena| write(arena));
        state.replicas.appended(offset);
        self.changed.notify_waiters();
    }

    /// One round of replication. Answers whether another one is needed.
    pub(super) fn replicate(&self, alive: Alive) -> bool {
        let mut state = self.lock();
        let more = state.replicas.advance(alive);
        self.told.store(more, Ordering::Relaxed);
        state.settle();
        self.changed.notify_waiters();
        more
    }

    /// Elections and the ISR; answers who led before and what changed. `leaders` counts what each broker leads.
    pub(super) fn look_after(
        &self,
        now: Instant,
        alive: Alive,
        pace: &Pace,
        leaders: &[i32],
    ) -> Option<(BrokerIndex, Change)> {
        let mut state = self.lock();
        let before = state.replicas.leader();
        let load = |seat: BrokerIndex| leaders.get(seat).copied().unwrap_or_default();
        let change = state.replicas.look_after(now, alive, pace, load)?;
        state.after(change);
        self.changed.notify_waiters();
        Some((before, change))
    }

    /// Hands the leadership to that broker; false where it holds no in-sync copy.
    pub(super) fn move_leader(&self, seat: BrokerIndex) -> bool {
        let mut state = self.lock();
        let moved = state.replicas.move_to(seat);
        if moved {
            state.after(Change::Elected(seat));
            self.changed.notify_waiters();
        }
        moved
    }

    /// Stops a follower's fetches and takes it out of the ISR; false where it follows nothing here.
    pub(super) fn hold(&self, seat: BrokerIndex) -> bool {
        let mut state = self.lock();
        let held = state.replicas.hold(seat);
        state.settle();
        self.changed.notify_waiters();
        held
    }

    /// Closes the log. Readers end; nobody listens until it is resumed.
    pub(super) fn pause(&self) {
        let now = Timestamp::now().0;
        let mut state = self.lock();
        state.status = Status::Paused;
        state.was_paused = true;
        state.closings += 1;
        state.remember(|memory| memory.paused.happened(now));
        drop(state);
        self.changed.notify_waiters();
    }

    /// Opens the log again; with `forgetful` servers readonly is lost on the way, though metadata goes on saying it.
    /// Answers whether it was paused.
    pub(super) fn resume(&self, forgetful: bool) -> bool {
        let now = Timestamp::now().0;
        let mut state = self.lock();
        if state.status != Status::Paused {
            return false;
        }
        state.status = Status::Open;
        state.busy_at = Instant::now();
        if forgetful {
            state.readonly = false;
        }
        state.remember(|memory| memory.paused.happened(now));
        true
    }

    /// Whether publishes are refused.
    pub(super) fn set_readonly(&self, readonly: bool) {
        let now = Timestamp::now().0;
        let mut state = self.lock();
        state.readonly = readonly;
        state.said_readonly = readonly;
        state.remember(|memory| memory.readonly.happened(now));
        drop(state);
        self.changed.notify_waiters();
    }

    /// Ends all readers and frees the messages.
    pub(super) fn delete(&self) {
        let mut state = self.lock();
        state.status = Status::Deleted;
        state.log = Log::default();
        state.promises.clear();
        drop(state);
        self.changed.notify_waiters();
    }

    /// Whether it has been idle for as long as its stream allows.
    pub(super) fn may_doze(&self, now: Instant) -> bool {
        let Some(idle) = self.settings.auto_pause else {
            return false;
        };
        let watched = self.subscribers.load(Ordering::Relaxed) > 0;
        let state = self.lock();
        let kept_awake = watched && self.settings.stay_awake_for_subscribers;
        state.is_open() && !kept_awake && now - state.busy_at >= idle
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
    pub(super) fn forget(&self, seat: BrokerIndex) {
        let mut state = self.lock();
        if let Some(memory) = state.memories.get_mut(seat) {
            *memory = Memory::default();
        }
        if state.replicas.leader() == seat {
            state.received = Times::default();
            state.promises.clear();
        }
        state.replicas.came_back(seat);
    }

    /// What that broker says; with `sticky` flags as real servers do.
    pub(super) fn facts(&self, seat: BrokerIndex, sticky: bool) -> Facts {
        let state = self.lock();
        let (high_watermark, newest) = state.replicas.seen_by(seat);
        let leader = state.replicas.leader();
        let memory = state.memories.get(seat).copied().unwrap_or_default();
        Facts {
            leader,
            replicas: state.replicas.seats().collect(),
            isr: state.replicas.isr().to_vec(),
            high_watermark,
            newest,
            paused: if sticky {
                state.was_paused
            } else {
                !state.is_open()
            },
            readonly: if sticky {
                state.said_readonly
            } else {
                state.readonly
            },
            received: if leader == seat {
                state.received
            } else {
                Times::default()
            },
            pauses: memory.paused,
            readonlys: memory.readonly,
        }
    }

    /// Lets a consumer of a group in, unless one of a later epoch reads already; an older one is told to end. None: refused.
    pub(super) fn admit(&self, group: &str, epoch: u64) -> Option<CancellationToken> {
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
        self.status == Status::Open
    }

    fn append(&mut self, of: &Partition, publication: &Publication<'_>, now: i64) -> (i64, i64) {
        let retention = &of.settings.retention;
        let stored = self
            .log
            .append(retention, now, &publication.key, |offset, time, arena| {
                codec::encode_message(publication, &of.stream, of.id, (offset, time), arena);
            });
        self.received.happened(stored.1);
        self.busy_at = Instant::now();
        self.replicas.appended(stored.0);
        stored
    }

    /// Sends the acks that waited for the high watermark.
    fn settle(&mut self) {
        self.promises.settle(self.replicas.high_watermark());
    }

    fn after(&mut self, change: Change) {
        if let Change::Elected(seat) = change {
            let (_, newest) = self.replicas.seen_by(seat);
            self.log.truncate(newest + 1);
            self.received = Times::default();
            self.promises.clear();
        }
        self.settle();
    }

    fn remember(&mut self, note: impl Fn(&mut Memory)) {
        self.memories.iter_mut().for_each(note);
    }
}
