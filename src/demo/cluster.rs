//! The one truth behind all brokers: what is agreed on, who lives, what time passes, and what changes with it.
//! What single requests do stands in the files beside this one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::Status;

use super::broker::Broker;
use super::compat::Quirks;
use super::partition::Partition;
use super::replication::{Alive, BrokerIndex, Change};
use super::state::State;
use super::timings::{self, Pace};

/// One cluster. All brokers share it; each looks at it from its own seat.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) pace: Pace,
    pub(super) brokers: Vec<Broker>,
    pub(super) quirks: Quirks,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
    state: Mutex<State>,
    alive: AtomicU64,
    lagging: mpsc::UnboundedSender<Arc<Partition>>,
}

impl Cluster {
    /// A cluster of these brokers, `speed` times as fast as a real one, and the queue of partitions that its followers have to fetch.
    pub(super) fn new(
        speed: f64,
        brokers: Vec<Broker>,
        quirks: Quirks,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<Arc<Partition>>) {
        let (lagging, queue) = mpsc::unbounded_channel();
        let all = u64::MAX >> (64 - brokers.len().clamp(1, 64));
        let cluster = Self {
            pace: Pace::at_speed(speed),
            state: Mutex::new(State::new(brokers.len())),
            brokers,
            quirks,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            alive: AtomicU64::new(all),
            lagging,
        };
        (Arc::new(cluster), queue)
    }

    /// Ends all tasks and all connections.
    pub(super) fn shut_down(&self) {
        self.stop.cancel();
        self.tasks.close();
        for broker in &self.brokers {
            broker.door.close();
        }
    }

    /// What is agreed on, locked. Never held across an await; taken before any partition's lock.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which brokers lead and follow: up, and done with replaying the metadata.
    pub(super) fn alive(&self) -> Alive {
        Alive(self.alive.load(Ordering::Relaxed))
    }

    /// A broker began to serve, or stopped.
    pub(super) fn set_alive(&self, seat: BrokerIndex, alive: bool) {
        let bit = 1 << seat;
        if alive {
            self.alive.fetch_or(bit, Ordering::Relaxed);
        } else {
            self.alive.fetch_and(!bit, Ordering::Relaxed);
        }
    }

    /// The broker's name, as in `demo-1`.
    pub(super) fn name(&self, seat: BrokerIndex) -> String {
        self.brokers
            .get(seat)
            .map(|broker| broker.name.clone())
            .unwrap_or_default()
    }

    /// Tells the followers of a partition that there is something to fetch.
    pub(super) fn catch_up(&self, partition: &Arc<Partition>) {
        // The queue ends with the cluster.
        self.lagging.send(Arc::clone(partition)).ok();
    }

    /// All partitions, for a look at each without the cluster's lock.
    pub(super) fn partitions(&self) -> Vec<Arc<Partition>> {
        let state = self.lock();
        state
            .streams
            .values()
            .flat_map(|stream| &stream.partitions)
            .cloned()
            .collect()
    }

    /// Waits for a metadata leader as servers do: as long as the caller's deadline, not at all without one
    /// (wire-contract §4.1).
    pub(super) async fn require_controller(
        &self,
        deadline: Option<Instant>,
    ) -> Result<BrokerIndex, Status> {
        loop {
            if let Some(seat) = self.lock().controller {
                return Ok(seat);
            }
            if deadline.is_none() {
                return Err(Status::internal("no known metadata leader"));
            }
            timings::wait(self.pace.housekeeping).await;
        }
    }

    /// Copies appended messages to followers, a replication delay after they came.
    pub(super) async fn replicate(
        self: Arc<Self>,
        mut queue: mpsc::UnboundedReceiver<Arc<Partition>>,
    ) {
        let mut lagging = Vec::new();
        while queue.recv_many(&mut lagging, usize::MAX).await > 0 {
            timings::wait(self.pace.replication).await;
            let alive = self.alive();
            for partition in lagging.drain(..) {
                if partition.replicate(alive) {
                    self.catch_up(&partition);
                }
            }
        }
    }

    /// Looks after everything that happens by itself, until the cluster stops.
    pub(super) async fn keep_house(self: Arc<Self>) {
        let mut checkpoint = Instant::now();
        loop {
            timings::wait(self.pace.housekeeping).await;
            let now = Instant::now();
            self.wake_brokers(now);
            self.elect_controller(now);
            self.look_after_partitions(now);
            self.look_after_groups(now);
            self.publish_activity();
            if now - checkpoint >= self.pace.checkpoint {
                checkpoint = now;
                self.write_checkpoints();
            }
        }
    }

    fn write_checkpoints(&self) {
        for partition in self.partitions() {
            partition.lock().replicas.write_checkpoint();
        }
    }

    /// Brokers that have replayed the metadata begin to serve.
    fn wake_brokers(&self, now: Instant) {
        for (seat, broker) in self.brokers.iter().enumerate() {
            if !broker.replayed(now) {
                continue;
            }
            self.set_alive(seat, true);
            for partition in self.partitions() {
                partition.forget(seat);
                self.catch_up(&partition);
            }
        }
    }

    /// Drops a metadata leader that is dead or has lost its majority; some time later chooses another, if a majority runs.
    pub(super) fn elect_controller(&self, now: Instant) {
        let running: Vec<BrokerIndex> = self.running().collect();
        let mut state = self.lock();
        let majority = running.len() > self.brokers.len() / 2;
        let current = state
            .controller
            .filter(|seat| majority && running.contains(seat));
        if current.is_some() {
            return;
        }
        state.controller = None;
        let lost = *state.controller_lost.get_or_insert(now);
        if majority && now - lost >= self.pace.controller_election {
            state.controller = running.into_iter().find(|seat| self.alive().has(*seat));
            state.controller_lost = state.controller.is_none().then_some(lost);
        }
    }

    /// The brokers whose process runs, whether or not they have replayed the metadata.
    pub(super) fn running(&self) -> impl Iterator<Item = BrokerIndex> {
        let brokers = self.brokers.iter().enumerate();
        brokers
            .filter(|(_, broker)| broker.runs())
            .map(|(seat, _)| seat)
    }

    fn look_after_partitions(self: &Arc<Self>, now: Instant) {
        let alive = self.alive();
        let (agreed, mut loads) = {
            let state = self.lock();
            let leaders = state.loads.iter().map(|load| load.leaders);
            (state.controller.is_some(), leaders.collect::<Vec<i32>>())
        };
        for partition in self.partitions() {
            partition.clean(now, self.pace.cleaner);
            if partition.may_doze(now) {
                self.doze(&partition);
            }
            // Elections and ISR changes are agreed on, so they need a metadata leader.
            let look = || partition.look_after(now, alive, &self.pace, &loads);
            let Some((before, change)) = agreed.then(look).flatten() else {
                continue;
            };
            self.note(&partition, before, change);
            if let Change::Elected(seat) = change {
                loads[seat] += 1;
            }
        }
    }

    /// A change of leader or ISR: counted, logged, and followers fetch again.
    pub(super) fn note(&self, partition: &Arc<Partition>, before: BrokerIndex, change: Change) {
        let mut state = self.lock();
        state.next_index();
        if let Change::Elected(seat) = change {
            state.count_move(before, seat);
        }
        drop(state);
        self.catch_up(partition);
    }
}
