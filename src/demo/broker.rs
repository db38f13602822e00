//! One broker's own life: whether its process runs, what it has replayed, which brokers it lists, how it misbehaves.
//! The network side is `listener.rs`; what a broker believes about streams is `metadata.rs`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use super::DemoCluster;
use super::broker_set::{BrokerIndex, BrokerSet};
use super::cluster_state::Stream;
use super::listener::Listener;
use super::sync::{CancelSwitch, lock};

/// The streams of a moment, by name.
pub(super) type StreamSnapshot = Arc<HashMap<String, Stream>>;

/// How far a broker's process has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Killed: its port refuses.
    Down,
    /// Runs and answers. It knows no stream at first, then replays all that ever were, and serves only after that.
    Replaying { from: Instant, until: Instant },
    /// Serves.
    Up,
}

/// When a starting broker begins to replay what was agreed on, and when it is done with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replay {
    pub(super) from: Instant,
    pub(super) until: Instant,
}

/// Which streams a broker knows.
#[derive(Clone, Debug)]
pub(super) enum Knowledge {
    /// All that there are.
    Current,
    /// None yet.
    Nothing,
    /// Those of the first so many thousandths of the cluster's history, also if they were deleted since.
    History(usize),
    /// Those that there were when it was stopped.
    Outdated(StreamSnapshot),
}

/// The part of a broker that changes.
#[derive(Debug)]
struct Process {
    phase: Phase,
    /// Stopped as by a signal: nothing happens in it.
    stopped: Option<Instant>,
    /// The streams that it knows, until it hears of newer ones, and when that is; it is never while it is stopped.
    outdated: Option<(StreamSnapshot, Option<Instant>)>,
    /// The brokers that it lists, and when it last asked around.
    listed: Option<(BrokerSet, Instant)>,
    stalled_until: Option<Instant>,
    slowed_by: Duration,
}

/// One broker.
#[derive(Debug)]
pub(super) struct Broker {
    /// The id, as in `demo-1`.
    pub(super) name: String,
    /// The host that it advertises.
    pub(super) host: String,
    pub(super) listener: Listener,
    /// Ends all subscriptions at this broker.
    pub(super) subscriptions: CancelSwitch,
    process: Mutex<Process>,
}

impl Broker {
    /// A broker that serves, in a cluster of so many.
    pub(super) fn new(
        index: BrokerIndex,
        brokers: usize,
        host: String,
        listener: Listener,
    ) -> Self {
        Self {
            name: format!("{}{}", DemoCluster::BROKER_PREFIX, index + 1),
            host,
            listener,
            subscriptions: CancelSwitch::default(),
            process: Mutex::new(Process {
                phase: Phase::Up,
                stopped: None,
                outdated: None,
                listed: Some((BrokerSet::all(brokers), Instant::now())),
                stalled_until: None,
                slowed_by: Duration::ZERO,
            }),
        }
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        lock(&self.process)
    }

    /// Whether its process is there, be it stopped.
    pub(super) fn is_running(&self) -> bool {
        self.process().phase != Phase::Down
    }

    /// Whether its process is there and not stopped, so that others hear of it.
    pub(super) fn is_answering(&self) -> bool {
        let process = self.process();
        process.phase != Phase::Down && process.stopped.is_none()
    }

    /// Whether it has replayed the metadata and so leads and follows.
    pub(super) fn is_up(&self) -> bool {
        self.process().phase == Phase::Up
    }

    /// Which streams it knows at this moment.
    pub(super) fn knowledge(&self, now: Instant) -> Knowledge {
        let process = self.process();
        match (&process.phase, &process.outdated) {
            (Phase::Up, Some((snapshot, _))) => Knowledge::Outdated(Arc::clone(snapshot)),
            (Phase::Up, None) => Knowledge::Current,
            (Phase::Replaying { from, until }, _) if now >= *from => {
                let length = (*until - *from).as_micros().max(1);
                let replayed = (now - *from).as_micros() * 1000 / length;
                Knowledge::History(usize::try_from(replayed.min(1000)).unwrap_or(1000))
            }
            (Phase::Replaying { .. } | Phase::Down, _) => Knowledge::Nothing,
        }
    }

    /// Ends the process: connections break, the port refuses. False where it was down already.
    pub(super) fn kill(&self) -> bool {
        let mut process = self.process();
        let ran = process.phase != Phase::Down;
        process.phase = Phase::Down;
        process.stopped = None;
        process.outdated = None;
        process.stalled_until = None;
        process.slowed_by = Duration::ZERO;
        drop(process);
        self.listener.close();
        ran
    }

    /// Starts the process again; it lists nobody yet. False where it runs.
    pub(super) fn restart(&self, replay: Replay) -> bool {
        let mut process = self.process();
        if process.phase != Phase::Down {
            return false;
        }
        process.phase = Phase::Replaying {
            from: replay.from,
            until: replay.until,
        };
        process.listed = None;
        true
    }

    /// Whether it has just finished replaying; it serves from now on.
    pub(super) fn finish_replay(&self, now: Instant) -> bool {
        let mut process = self.process();
        let done = matches!(process.phase, Phase::Replaying { until, .. } if until <= now)
            && process.stopped.is_none();
        if done {
            process.phase = Phase::Up;
        }
        done
    }

    /// Stops the process as a signal does: its connections stay open and nothing goes over them. False where it does not
    /// serve.
    pub(super) fn stop(&self, now: Instant, streams: StreamSnapshot) -> bool {
        let mut process = self.process();
        if process.phase != Phase::Up || process.stopped.is_some() {
            return false;
        }
        process.stopped = Some(now);
        process.outdated = Some((streams, None));
        drop(process);
        self.listener.faults.freeze(true);
        true
    }

    /// Whether it has been stopped since that moment.
    pub(super) fn is_stopped_since(&self, stopped: Instant) -> bool {
        self.process().stopped == Some(stopped)
    }

    /// Lets a stopped process go on. What has happened meanwhile it hears of some time later: at most `most`, and no more
    /// than it was stopped. False where it was not stopped.
    pub(super) fn cont(&self, now: Instant, most: Duration) -> bool {
        let mut process = self.process();
        let Some(stopped) = process.stopped.take() else {
            return false;
        };
        if let Some((_, until)) = &mut process.outdated {
            *until = Some(now + most.min(now - stopped));
        }
        true
    }

    /// Whether it has just heard of all that happened while it was stopped.
    pub(super) fn finish_catch_up(&self, now: Instant) -> bool {
        let mut process = self.process();
        let is_over = |until: Option<Instant>| until.is_some_and(|until| until <= now);
        let ended = process.outdated.take_if(|(_, until)| is_over(*until));
        ended.is_some()
    }

    /// The brokers that it lists without asking around; `None` where its list is older than that.
    pub(super) fn listed(&self, now: Instant, max_age: Duration) -> Option<BrokerSet> {
        let process = self.process();
        let fresh = process.listed.as_ref();
        let fresh = fresh.filter(|(_, asked)| now - *asked < max_age);
        fresh.map(|(brokers, _)| *brokers)
    }

    /// Lists the brokers that answered when it asked around.
    pub(super) fn set_listed(&self, brokers: BrokerSet, asked: Instant) {
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
