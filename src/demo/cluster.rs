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
use super::compat::Compat;
use super::partition::Partition;
use super::replication::{BrokerIndex, LiveBrokers, ReplicaChange};
use super::state::ClusterState;
use super::timings::{self, Timings};

/// One cluster. All brokers share it; each looks at it from its own seat.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) timings: Timings,
    pub(super) brokers: Vec<Broker>,
    pub(super) compat: Compat,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
    state: Mutex<ClusterState>,
    live: AtomicU64,
    fetch_queue: mpsc::UnboundedSender<Arc<Partition>>,
}

impl Cluster {
    /// A cluster of these brokers, `speed` times as fast as a real one, and the queue of partitions that its followers have to fetch.
    pub(super) fn new(
        speed: f64,
        brokers: Vec<Broker>,
        quirks: Compat,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<Arc<Partition>>) {
        let (lagging, queue) = mpsc::unbounded_channel();
        let all = u64::MAX >> (64 - brokers.len().clamp(1, 64));
        let cluster = Self {
            timings: Timings::at_speed(speed),
            state: Mutex::new(ClusterState::new(brokers.len())),
            brokers,
            compat: quirks,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            live: AtomicU64::new(all),
            fetch_queue: lagging,
        };
        (Arc::new(cluster), queue)
    }

    /// Ends all tasks and all connections.
    pub(super) fn shut_down(&self) {
        self.stop.cancel();
        self.tasks.close();
        for broker in &self.brokers {
            broker.listener.close();
        }
    }

    /// What is agreed on, locked. Never held across an await; taken before any partition's lock.
    pub(super) fn lock(&self) -> MutexGuard<'_, ClusterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which brokers lead and follow: up, and done with replaying the metadata.
    pub(super) fn live_brokers(&self) -> LiveBrokers {
        LiveBrokers(self.live.load(Ordering::Relaxed))
    }

    /// A broker began to serve, or stopped.
    pub(super) fn set_live(&self, seat: BrokerIndex, alive: bool) {
        let bit = 1 << seat;
        if alive {
            self.live.fetch_or(bit, Ordering::Relaxed);
        } else {
            self.live.fetch_and(!bit, Ordering::Relaxed);
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
    pub(super) fn queue_fetch(&self, partition: &Arc<Partition>) {
        // The queue ends with the cluster.
        self.fetch_queue.send(Arc::clone(partition)).ok();
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
    pub(super) async fn wait_for_controller(
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
            timings::wait(self.timings.housekeeping).await;
        }
    }

    /// Copies appended messages to followers, a replication delay after they came.
    pub(super) async fn run_replication(
        self: Arc<Self>,
        mut queue: mpsc::UnboundedReceiver<Arc<Partition>>,
    ) {
        let mut lagging = Vec::new();
        while queue.recv_many(&mut lagging, usize::MAX).await > 0 {
            timings::wait(self.timings.replication).await;
            let alive = self.live_brokers();
            for partition in lagging.drain(..) {
                if partition.replicate(alive) {
                    self.queue_fetch(&partition);
                }
            }
        }
    }

    /// Looks after everything that happens by itself, until the cluster stops.
    pub(super) async fn run_housekeeping(self: Arc<Self>) {
        let mut checkpoint = Instant::now();
        loop {
            timings::wait(self.timings.housekeeping).await;
            let now = Instant::now();
            self.finish_replays(now);
            self.elect_controller(now);
            self.update_partitions(now);
            self.drop_silent_consumers(now);
            self.publish_activity();
            if now - checkpoint >= self.timings.checkpoint {
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
    fn finish_replays(&self, now: Instant) {
        for (seat, broker) in self.brokers.iter().enumerate() {
            if !broker.finish_replay(now) {
                continue;
            }
            self.set_live(seat, true);
            for partition in self.partitions() {
                partition.broker_restarted(seat);
                self.queue_fetch(&partition);
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
        if majority && now - lost >= self.timings.controller_election {
            state.controller = running
                .into_iter()
                .find(|seat| self.live_brokers().contains(*seat));
            state.controller_lost = state.controller.is_none().then_some(lost);
        }
    }

    /// The brokers whose process runs, whether or not they have replayed the metadata.
    pub(super) fn running(&self) -> impl Iterator<Item = BrokerIndex> {
        let brokers = self.brokers.iter().enumerate();
        brokers
            .filter(|(_, broker)| broker.is_running())
            .map(|(seat, _)| seat)
    }

    fn update_partitions(self: &Arc<Self>, now: Instant) {
        let alive = self.live_brokers();
        let (agreed, mut loads) = {
            let state = self.lock();
            let leaders = state.loads.iter().map(|load| load.leaders);
            (state.controller.is_some(), leaders.collect::<Vec<i32>>())
        };
        for partition in self.partitions() {
            partition.clean(now, self.timings.cleaner);
            if partition.is_idle(now) {
                self.pause_idle(&partition);
            }
            // Elections and ISR changes are agreed on, so they need a metadata leader.
            let look = || partition.update_replicas(now, alive, &self.timings, &loads);
            let Some((before, change)) = agreed.then(look).flatten() else {
                continue;
            };
            self.log_replica_change(&partition, before, change);
            if let ReplicaChange::Elected(seat) = change {
                loads[seat] += 1;
            }
        }
    }

    /// A change of leader or ISR: counted, logged, and followers fetch again.
    pub(super) fn log_replica_change(
        &self,
        partition: &Arc<Partition>,
        before: BrokerIndex,
        change: ReplicaChange,
    ) {
        let mut state = self.lock();
        state.next_index();
        if let ReplicaChange::Elected(seat) = change {
            state.count_leader_move(before, seat);
        }
        drop(state);
        self.queue_fetch(partition);
    }
}
