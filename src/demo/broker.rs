//! One broker's own life: whether its process runs, what it has replayed, which brokers it lists, how it misbehaves.
//! Its network side is `door.rs`; what it believes about streams is `metadata.rs`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::listener::Listener;
use super::replication::BrokerIndex;

/// How far a broker's process has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Killed: its port refuses.
    Down,
    /// Runs and answers, and knows no stream until then.
    Replaying { until: Instant },
    /// Serves.
    Up,
}

/// The brokers it lists, and when it last asked around.
#[derive(Clone, Debug)]
struct BrokerList {
    seats: Vec<BrokerIndex>,
    asked: Instant,
}

#[derive(Debug)]
struct BrokerProcess {
    phase: Phase,
    listing: Option<BrokerList>,
    stalled_until: Option<Instant>,
    slowed_by: Duration,
}

/// What a broker has to do before it can answer who is in the cluster.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Survey {
    /// It asked lately: these.
    Known(Vec<BrokerIndex>),
    /// Its list is too old: it has to ask around.
    Due,
}

/// One broker.
#[derive(Debug)]
pub(super) struct Broker {
    /// Its id, as in `demo-1`.
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) listener: Listener,
    subscriptions: Mutex<CancellationToken>,
    process: Mutex<BrokerProcess>,
}

impl Broker {
    /// A broker that serves, in a cluster of `brokers`.
    pub(super) fn new(seat: BrokerIndex, brokers: usize, door: Listener) -> Self {
        let listing = BrokerList {
            seats: (0..brokers).collect(),
            asked: Instant::now(),
        };
        let life = BrokerProcess {
            phase: Phase::Up,
            listing: Some(listing),
            stalled_until: None,
            slowed_by: Duration::ZERO,
        };
        Self {
            name: format!("demo-{}", seat + 1),
            port: door.port(),
            listener: door,
            subscriptions: Mutex::default(),
            process: Mutex::new(life),
        }
    }

    fn process(&self) -> MutexGuard<'_, BrokerProcess> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether its process runs.
    pub(super) fn is_running(&self) -> bool {
        self.process().phase != Phase::Down
    }

    /// Whether it has replayed the metadata and so knows the streams.
    pub(super) fn is_up(&self) -> bool {
        self.process().phase == Phase::Up
    }

    /// Ends the process: connections break, the port refuses. False where it was down already.
    pub(super) fn kill(&self) -> bool {
        let mut life = self.process();
        let ran = life.phase != Phase::Down;
        life.phase = Phase::Down;
        life.stalled_until = None;
        life.slowed_by = Duration::ZERO;
        drop(life);
        self.listener.close();
        ran
    }

    /// Starts the process again; it replays the metadata until then and lists nobody yet. False where it runs.
    pub(super) fn restart(&self, replayed_at: Instant) -> bool {
        let mut life = self.process();
        if life.phase != Phase::Down {
            return false;
        }
        life.phase = Phase::Replaying { until: replayed_at };
        life.listing = None;
        true
    }

    /// Whether it has just finished replaying; it serves from now on.
    pub(super) fn finish_replay(&self, now: Instant) -> bool {
        let mut life = self.process();
        let done = matches!(life.phase, Phase::Replaying { until } if until <= now);
        if done {
            life.phase = Phase::Up;
        }
        done
    }

    /// Which brokers it lists without asking around, if its list is younger than that.
    pub(super) fn listed(&self, now: Instant, max_age: Duration) -> Survey {
        let life = self.process();
        let fresh = life
            .listing
            .as_ref()
            .filter(|listing| now - listing.asked < max_age);
        fresh.map_or(Survey::Due, |listing| Survey::Known(listing.seats.clone()))
    }

    /// It asked around, and these answered.
    pub(super) fn set_listed(&self, seats: Vec<BrokerIndex>, asked: Instant) {
        self.process().listing = Some(BrokerList { seats, asked });
    }

    /// What ends the subscriptions that begin now.
    pub(super) fn subscriptions(&self) -> CancellationToken {
        self.subscriptions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Ends all its subscriptions cleanly, as if a newer group member had come.
    pub(super) fn end_subscriptions(&self) {
        let mut token = self
            .subscriptions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *token).cancel();
    }

    /// Its list of brokers counts as too old.
    pub(super) fn age_listing(&self) {
        self.process().listing = None;
    }

    /// It answers nothing for that long.
    pub(super) fn stall(&self, until: Instant) {
        self.process().stalled_until = Some(until);
    }

    /// It takes that much longer for each answer.
    pub(super) fn slow(&self, by: Duration) {
        self.process().slowed_by = by;
    }

    /// When a request that comes now may be looked at; none for at once.
    pub(super) fn busy_until(&self, now: Instant) -> Option<Instant> {
        let life = self.process();
        let stalled = life.stalled_until.filter(|until| *until > now);
        stalled.or_else(|| (life.slowed_by > Duration::ZERO).then(|| now + life.slowed_by))
    }
}
