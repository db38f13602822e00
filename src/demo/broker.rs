//! One broker's own life: whether its process runs, what it has replayed, which brokers it lists, how it misbehaves.
//! The network side is `listener.rs`; what a broker believes about streams is `metadata.rs`.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use super::listener::Listener;
use super::replication::BrokerIndex;
use super::sync::{CancelSwitch, lock};

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

/// The part of a broker that changes.
#[derive(Debug)]
struct Process {
    phase: Phase,
    /// The brokers that it lists, and when it last asked around.
    listed: Option<(Vec<BrokerIndex>, Instant)>,
    stalled_until: Option<Instant>,
    slowed_by: Duration,
}

/// One broker.
#[derive(Debug)]
pub(super) struct Broker {
    /// The id, as in `demo-1`.
    pub(super) name: String,
    pub(super) listener: Listener,
    /// Ends all subscriptions at this broker.
    pub(super) subscriptions: CancelSwitch,
    process: Mutex<Process>,
}

impl Broker {
    /// A broker that serves, in a cluster of so many.
    pub(super) fn new(index: BrokerIndex, brokers: usize, listener: Listener) -> Self {
        Self {
            name: format!("demo-{}", index + 1),
            listener,
            subscriptions: CancelSwitch::default(),
            process: Mutex::new(Process {
                phase: Phase::Up,
                listed: Some(((0..brokers).collect(), Instant::now())),
                stalled_until: None,
                slowed_by: Duration::ZERO,
            }),
        }
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        lock(&self.process)
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
        let mut process = self.process();
        let ran = process.phase != Phase::Down;
        process.phase = Phase::Down;
        process.stalled_until = None;
        process.slowed_by = Duration::ZERO;
        drop(process);
        self.listener.close();
        ran
    }

    /// Starts the process again; it replays the metadata until then and lists nobody yet. False where it runs.
    pub(super) fn restart(&self, replayed_at: Instant) -> bool {
        let mut process = self.process();
        if process.phase != Phase::Down {
            return false;
        }
        process.phase = Phase::Replaying { until: replayed_at };
        process.listed = None;
        true
    }

    /// Whether it has just finished replaying; it serves from now on.
    pub(super) fn finish_replay(&self, now: Instant) -> bool {
        let mut process = self.process();
        let done = matches!(process.phase, Phase::Replaying { until } if until <= now);
        if done {
            process.phase = Phase::Up;
        }
        done
    }

    /// The brokers that it lists without asking around; `None` where its list is older than that.
    pub(super) fn listed(&self, now: Instant, max_age: Duration) -> Option<Vec<BrokerIndex>> {
        let process = self.process();
        let fresh = process.listed.as_ref();
        let fresh = fresh.filter(|(_, asked)| now - *asked < max_age);
        fresh.map(|(brokers, _)| brokers.clone())
    }

    /// Lists the brokers that answered when it asked around.
    pub(super) fn set_listed(&self, brokers: Vec<BrokerIndex>, asked: Instant) {
        self.process().listed = Some((brokers, asked));
    }

    /// Makes its list of brokers too old.
    pub(super) fn age_listing(&self) {
        self.process().listed = None;
    }

    /// Answers nothing until then.
    pub(super) fn stall(&self, until: Instant) {
        self.process().stalled_until = Some(until);
    }

    /// Takes that much longer for each answer.
    pub(super) fn slow(&self, by: Duration) {
        self.process().slowed_by = by;
    }

    /// When a request that comes now may be looked at; none for at once.
    pub(super) fn busy_until(&self, now: Instant) -> Option<Instant> {
        let process = self.process();
        let stalled = process.stalled_until.filter(|until| *until > now);
        stalled.or_else(|| (process.slowed_by > Duration::ZERO).then(|| now + process.slowed_by))
    }
}
