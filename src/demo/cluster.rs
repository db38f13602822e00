//! What all brokers share: the agreed state, who is live, and what happens as time passes.
//! What single requests do is in the files beside this one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::broker::Broker;
use super::broker_set::{BrokerIndex, BrokerSet};
use super::cluster_state::ClusterState;
use super::compat::Compat;
use super::partition::Partition;
use super::policy::Policy;
use super::replication::{Election, ReplicaChange};
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
    pub(super) policy: Policy,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
    state: Mutex<ClusterState>,
    live: AtomicU64,
    /// The brokers that do not hear of changes at once: dead, starting, stopped.
    outdated: AtomicU64,
    to_fetch: mpsc::UnboundedSender<Arc<Partition>>,
}

impl Cluster {
    /// A cluster of these brokers, `speed` times as fast as a real one, and what its followers have to fetch.
    pub(super) fn new(
        speed: f64,
        brokers: Vec<Broker>,
        compat: Compat,
        policy: Policy,
    ) -> (Arc<Self>, FetchQueue) {
        let (to_fetch, queue) = mpsc::unbounded_channel();
        let all = u64::MAX >> (64 - brokers.len().clamp(1, 64));
        let cluster = Self {
            timings: Timings::at_speed(speed),
            state: Mutex::new(ClusterState::new(brokers.len())),
            brokers,
            compat: Mutex::new(compat),
            policy,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            live: AtomicU64::new(all),
            outdated: AtomicU64::new(0),
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

    /// Which brokers lead and follow: up, not stopped, and done with replaying the metadata.
    pub(super) fn live_brokers(&self) -> BrokerSet {
        BrokerSet::from_bits(self.live.load(Ordering::Relaxed))
    }

    /// Counts a broker as serving, or not.
    pub(super) fn set_live(&self, broker: BrokerIndex, live: bool) {
        set_bit(&self.live, broker, live);
    }

    /// The brokers that do not hear of changes at once.
    pub(super) fn outdated_brokers(&self) -> BrokerSet {
        BrokerSet::from_bits(self.outdated.load(Ordering::Relaxed))
    }

    /// Counts a broker as one that does not hear of changes, or as one that does.
    pub(super) fn set_outdated(&self, broker: BrokerIndex, outdated: bool) {
        set_bit(&self.outdated, broker, outdated);
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

    /// All partitions that there are or were, for those whom nobody has told.
    pub(super) fn all_partitions(&self) -> Vec<Arc<Partition>> {
        let state = self.lock();
        let streams = state.history.iter();
        streams
            .flat_map(|stream| &stream.partitions)
            .cloned()
            .collect()
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
            self.finish_catch_ups(now);
            self.elect_controller(now);
            self.update_partitions(now);
            self.drop_silent_consumers(now);
            self.publish_activity();
            if now - checkpoint >= self.timings.checkpoint {
                checkpoint = now;
                let live = self.live_brokers();
                for partition in self.partitions() {
                    partition.write_checkpoints(live);
                }
            }
        }
    }

    fn update_partitions(&self, now: Instant) {
        let live = self.live_brokers();
        let (controller, mut leaders) = {
            let state = self.lock();
            let leaders = state.loads.iter().map(|load| load.leaders);
            (state.controller, leaders.collect::<Vec<i32>>())
        };
        for partition in self.partitions() {
            partition.clean(now, self.timings.cleaner, live);
            // Pauses, elections and ISR changes are agreed on, so they need a metadata leader.
            if controller.is_none() {
                continue;
            }
            if partition.is_idle(now, live) {
                // A stream that was deleted meanwhile needs no pause.
                self.pause(&partition.stream.name, &[partition.id], false)
                    .ok();
            }
            let election = self.next_election();
            let update = partition.update_replicas((now, live), &self.timings, election, &leaders);
            let Some((before, change)) = update else {
                continue;
            };
            self.log_replica_change(&partition, before, change);
            if let ReplicaChange::Elected(leader) = change {
                leaders[leader] += 1;
            }
        }
    }

    /// The place in the cluster's log that an election would get now.
    pub(super) fn next_election(&self) -> Election {
        let state = self.lock();
        Election {
            epoch: state.last_index() + 1,
            controller: state.controller,
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

fn set_bit(bits: &AtomicU64, broker: BrokerIndex, on: bool) {
    let bit = 1 << broker;
    if on {
        bits.fetch_or(bit, Ordering::Relaxed);
    } else {
        bits.fetch_and(!bit, Ordering::Relaxed);
    }
}
