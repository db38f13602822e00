//! What all brokers share: the agreed state, who is live, and what happens as time passes.
//! What single requests do is in the files beside this one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::Status;

use super::broker::Broker;
use super::cluster_state::ClusterState;
use super::compat::Compat;
use super::partition::Partition;
use super::replication::{BrokerIndex, LiveBrokers, ReplicaChange};
use super::sync::lock;
use super::timings::{self, Timings};

/// Partitions whose followers have something to fetch.
type FetchQueue = mpsc::UnboundedReceiver<Arc<Partition>>;

/// One cluster, shared by all its brokers.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) timings: Timings,
    pub(super) brokers: Vec<Broker>,
    pub(super) compat: Mutex<Compat>,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
    state: Mutex<ClusterState>,
    live: AtomicU64,
    to_fetch: mpsc::UnboundedSender<Arc<Partition>>,
}

impl Cluster {
    /// A cluster of these brokers, `speed` times as fast as a real one, and what its followers have to fetch.
    pub(super) fn new(speed: f64, brokers: Vec<Broker>, compat: Compat) -> (Arc<Self>, FetchQueue) {
        let (to_fetch, queue) = mpsc::unbounded_channel();
        let all = u64::MAX >> (64 - brokers.len().clamp(1, 64));
        let cluster = Self {
            timings: Timings::at_speed(speed),
            state: Mutex::new(ClusterState::new(brokers.len())),
            brokers,
            compat: Mutex::new(compat),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            live: AtomicU64::new(all),
            to_fetch,
        };
        (Arc::new(cluster), queue)
    }

    /// Runs a task until the cluster stops.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks
            .spawn(async move { stop.run_until_cancelled(task).await });
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
        lock(&self.state)
    }

    /// Which oddities it shows now.
    pub(super) fn compat(&self) -> Compat {
        *lock(&self.compat)
    }

    /// Which brokers lead and follow: up, and done with replaying the metadata.
    pub(super) fn live_brokers(&self) -> LiveBrokers {
        LiveBrokers(self.live.load(Ordering::Relaxed))
    }

    /// Counts a broker as serving, or not.
    pub(super) fn set_live(&self, broker: BrokerIndex, live: bool) {
        let bit = 1 << broker;
        if live {
            self.live.fetch_or(bit, Ordering::Relaxed);
        } else {
            self.live.fetch_and(!bit, Ordering::Relaxed);
        }
    }

    /// The broker's name, as in `demo-1`.
    pub(super) fn name(&self, broker: BrokerIndex) -> String {
        self.brokers[broker].name.clone()
    }

    /// Queues a fetch of the partition's followers.
    pub(super) fn queue_fetch(&self, partition: &Arc<Partition>) {
        // The queue ends with the cluster.
        self.to_fetch.send(Arc::clone(partition)).ok();
    }

    /// All partitions, for a look at each without the cluster's lock.
    pub(super) fn partitions(&self) -> Vec<Arc<Partition>> {
        let state = self.lock();
        let streams = state.streams.values();
        streams
            .flat_map(|stream| &stream.partitions)
            .cloned()
            .collect()
    }

    /// Waits for a metadata leader as servers do: as long as the caller's deadline, not at all without one
    /// (wire-contract §4.1).
    pub(super) async fn wait_for_controller(
        &self,
        deadline: Option<Instant>,
    ) -> Result<(), Status> {
        while self.lock().controller.is_none() {
            if deadline.is_none() {
                return Err(Status::internal("no known metadata leader"));
            }
            timings::wait(self.timings.housekeeping).await;
        }
        Ok(())
    }

    /// Copies appended messages to followers, a replication delay after they came.
    pub(super) async fn run_replication(self: Arc<Self>, mut queue: FetchQueue) {
        let mut behind = Vec::new();
        while queue.recv_many(&mut behind, usize::MAX).await > 0 {
            timings::wait(self.timings.replication).await;
            let live = self.live_brokers();
            for partition in behind.drain(..) {
                if partition.replicate(live) {
                    self.queue_fetch(&partition);
                }
            }
        }
    }

    /// Does everything that happens by itself, until the cluster stops.
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
                for partition in self.partitions() {
                    partition.lock().replicas.write_checkpoint();
                }
            }
        }
    }

    /// Brokers that have replayed the metadata begin to serve.
    fn finish_replays(&self, now: Instant) {
        for (index, broker) in self.brokers.iter().enumerate() {
            if broker.finish_replay(now) {
                self.set_live(index, true);
                for partition in self.partitions() {
                    partition.broker_restarted(index);
                    self.queue_fetch(&partition);
                }
            }
        }
    }

    /// Drops a metadata leader that is dead or has lost its majority; some time later chooses another, if a majority runs.
    pub(super) fn elect_controller(&self, now: Instant) {
        let running: Vec<BrokerIndex> = self.running().collect();
        let mut state = self.lock();
        let majority = running.len() > self.brokers.len() / 2;
        let stays = |controller: BrokerIndex| majority && running.contains(&controller);
        if state.controller.is_some_and(stays) {
            return;
        }
        state.controller = None;
        let lost = *state.controller_lost.get_or_insert(now);
        if majority && now - lost >= self.timings.controller_election {
            let live = self.live_brokers();
            state.controller = running.into_iter().find(|broker| live.contains(*broker));
            state.controller_lost = state.controller.is_none().then_some(lost);
        }
    }

    /// The brokers whose process runs, whether or not they have replayed the metadata.
    pub(super) fn running(&self) -> impl Iterator<Item = BrokerIndex> {
        let brokers = self.brokers.iter().enumerate();
        brokers
            .filter(|(_, broker)| broker.is_running())
            .map(|(index, _)| index)
    }

    fn update_partitions(&self, now: Instant) {
        let live = self.live_brokers();
        let (agreed, mut leaders) = {
            let state = self.lock();
            let leaders = state.loads.iter().map(|load| load.leaders);
            (state.controller.is_some(), leaders.collect::<Vec<i32>>())
        };
        for partition in self.partitions() {
            partition.clean(now, self.timings.cleaner);
            if partition.is_idle(now) {
                // A stream that was deleted meanwhile needs no pause.
                self.pause(&partition.stream.name, &[partition.id], false)
                    .ok();
            }
            // Elections and ISR changes are agreed on, so they need a metadata leader.
            let update = || partition.update_replicas(now, live, &self.timings, &leaders);
            let Some((before, change)) = agreed.then(update).flatten() else {
                continue;
            };
            self.log_replica_change(&partition, before, change);
            if let ReplicaChange::Elected(leader) = change {
                leaders[leader] += 1;
            }
        }
    }

    /// Counts and logs a change of leader or ISR, and has the followers fetch again.
    pub(super) fn log_replica_change(
        &self,
        partition: &Arc<Partition>,
        before: BrokerIndex,
        change: ReplicaChange,
    ) {
        let mut state = self.lock();
        state.next_index();
        if let ReplicaChange::Elected(leader) = change {
            state.count_leader(before, -1);
            state.count_leader(leader, 1);
        }
        drop(state);
        self.queue_fetch(partition);
    }
}
