//! Follows a cluster without a screen: brokers, doubtful partitions, cursors and groups are asked as for the dashboard, and one
//! truth is made of the answers. What is true is `health`'s to decide.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::activity;
use super::channels::{EventReceiver, EventSender, event_channels};
use super::first_unread::{LAG_TIMEOUT, read_first_unread};
use super::poller::Poller;
use super::prober::{self, PartitionKey};
use super::refresh_request::RefreshRequest;
use crate::app::{ConnectionState, Event};
use crate::client::Observer;
use crate::health::{Health, Truth};
use crate::model::{
    BrokerView, CursorEntry, ErrorKind, Failure, FirstUnread, GroupInfo, Timestamp,
};

/// How often it is looked whether anything is to be assessed.
const STEP: Duration = Duration::from_secs(1);
/// How often cursors and groups are read.
const CURSORS_EVERY: Duration = Duration::from_secs(15);

/// What is known of a cluster that is followed.
#[derive(Clone, Debug, Default)]
pub struct WatchedCluster {
    /// What holds, as far as anyone can know. The same value, shared, where nothing has changed.
    pub truth: Arc<Truth>,
    /// Why no broker was found yet, where that is so.
    pub failure: Option<Failure>,
    /// Whether all cursors could be read when that was tried last; `None` before the first time.
    pub cursors_read: Option<bool>,
    /// The consumer groups, as they were read last; `None` where they never were.
    pub groups: Option<Arc<Vec<GroupInfo>>>,
    /// How often a broker answered.
    pub answers: u64,
    /// How often one did not.
    pub failures: u64,
}

/// Follows one cluster. Dropping it ends all that it does.
#[derive(Debug)]
pub struct ClusterWatch {
    observer: Observer,
    health: Health,
    every: Duration,
    inbox: EventReceiver,
    outbox: EventSender,
    probes: mpsc::Sender<Vec<PartitionKey>>,
    /// What asks; it ends with this.
    _tasks: JoinSet<()>,
    reading: JoinSet<()>,
    lag_reads: JoinSet<Vec<FirstUnread>>,
    /// The addresses whose last outcome was an answer.
    answering: HashSet<Arc<str>>,
    steps: Interval,
    readings: Interval,
    assessed: Timestamp,
    /// Whether a broker was asked since the last assessment.
    has_news: bool,
    /// Whether something happened that is not to wait for the next round of answers.
    is_urgent: bool,
    known: WatchedCluster,
}

impl ClusterWatch {
    /// Begins to ask every broker, each so often.
    pub fn start(observer: Observer, health: Health, every: Duration) -> Self {
        let (outbox, inbox) = event_channels();
        let (probes, wanted) = prober::queue();
        let poller = Poller {
            observer: observer.clone(),
            outbox: outbox.clone(),
            every: watch::Sender::new(every).subscribe(),
            refresh: RefreshRequest::new(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(poller.keep_running());
        tasks.spawn(prober::run(observer.clone(), wanted, outbox.clone()));
        let mut steps = interval(STEP.min(every));
        steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut readings = interval(CURSORS_EVERY);
        readings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            observer,
            health,
            every,
            inbox,
            outbox,
            probes,
            _tasks: tasks,
            reading: JoinSet::new(),
            lag_reads: JoinSet::new(),
            answering: HashSet::new(),
            steps,
            readings,
            assessed: Timestamp::NEVER,
            has_news: false,
            is_urgent: true,
            known: WatchedCluster::default(),
        }
    }

    /// What is known when something new is. Cancel safe.
    pub async fn next(&mut self) -> WatchedCluster {
        loop {
            tokio::select! {
                Some(event) = self.inbox.control.recv() => self.on_event(event),
                Some(Ok(found)) = self.lag_reads.join_next() => self.on_first_unread(found),
                _ = self.readings.tick(), if self.known.truth.as_of.is_some() => self.read_cursors(),
                _ = self.steps.tick() => {
                    let now = Timestamp::now();
                    if self.is_due(now) {
                        self.assess(now);
                        return self.known.clone();
                    }
                }
            }
        }
    }

    /// Whether a round of answers has come since the last assessment, or something that does not wait for one. Findings that need
    /// time alone wait for the round after.
    fn is_due(&self, now: Timestamp) -> bool {
        let age = self.assessed.age(now);
        let has_round = self.has_news && age >= self.every.saturating_sub(STEP);
        self.is_urgent || has_round || age >= self.every * 2
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "of all that can happen to a dashboard only this was asked for"
    )]
    fn on_event(&mut self, event: Event) {
        match event {
            Event::BrokerView(view) => self.on_view(&view),
            Event::Probe(probe) => self.health.record_probe(&probe),
            Event::Cursors(read) => self.on_cursors(read),
            Event::Groups(Ok(groups)) => self.known.groups = Some(groups),
            Event::Groups(Err(failure)) => tracing::info!(%failure, "groups are not known"),
            Event::Connection(ConnectionState::Waiting { failure, .. }) => {
                self.known.failure = Some(failure);
            }
            Event::Connection(ConnectionState::Connected) => self.known.failure = None,
            Event::Failed(failure) => tracing::warn!(%failure, "a task broke"),
            _ => {}
        }
    }

    fn on_view(&mut self, view: &Arc<BrokerView>) {
        self.health.observe(view);
        self.has_news = true;
        if view.result.is_ok() {
            self.known.answers += 1;
            self.is_urgent |= self.answering.insert(Arc::clone(&view.address));
        } else {
            self.known.failures += 1;
            self.is_urgent |= self.answering.remove(&view.address);
        }
    }

    fn on_cursors(&mut self, read: Result<Arc<Vec<CursorEntry>>, Failure>) {
        let entries = match read {
            Ok(entries) => entries,
            // Where cursors are not kept, there are none.
            Err(failure) if failure.kind == ErrorKind::CursorsDisabled => Arc::default(),
            Err(failure) => {
                tracing::info!(%failure, "cursors are not known");
                self.known.cursors_read = Some(false);
                return;
            }
        };
        let now = Timestamp::now();
        let is_fresh = |entry: &CursorEntry| entry.read_at.age(now) < CURSORS_EVERY * 3;
        self.known.cursors_read = Some(entries.iter().all(is_fresh));
        self.health.record_cursors(&entries);
        self.is_urgent = true;
    }

    fn assess(&mut self, now: Timestamp) {
        self.known.truth = self.health.assess(now);
        self.assessed = now;
        self.is_urgent = false;
        self.has_news = false;
        let doubtful = &self.known.truth.doubtful;
        if !doubtful.is_empty() {
            // Full: enough is asked already, and it is asked again.
            let _ = self.probes.try_send(doubtful.clone());
        }
        self.look_for_first_unread();
    }

    /// A reading that goes on already answers for both.
    fn read_cursors(&mut self) {
        while self.reading.try_join_next().is_some() {}
        if self.reading.is_empty() {
            let (observer, outbox) = (self.observer.clone(), self.outbox.clone());
            self.reading
                .spawn(activity::read_cursors(observer, usize::MAX, outbox));
        }
    }

    /// Reads when the first unread message of cursors was stored, where the log had passed them before anybody watched.
    fn look_for_first_unread(&mut self) {
        if !self.lag_reads.is_empty() {
            return;
        }
        let truth = Arc::clone(&self.known.truth);
        let cursors = self.health.take_unread_requests(&truth, self.assessed);
        if !cursors.is_empty() {
            let reading = read_first_unread(self.observer.clone(), cursors, LAG_TIMEOUT);
            self.lag_reads.spawn(reading);
        }
    }

    fn on_first_unread(&mut self, found: Vec<FirstUnread>) {
        for read in found {
            self.health.record_first_unread(&read);
            self.is_urgent = true;
        }
    }
}
