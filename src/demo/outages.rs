//! Brokers that die, are emptied, are stopped, and come back: what it means for the cluster. What it means for a partition is
//! `partition/outages.rs`.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::broker::Replay;
use super::broker_set::{BrokerIndex, BrokerSet};
use super::cluster::Cluster;
use super::timings;

impl Cluster {
    /// Ends a broker's process; false where it was down already.
    pub(super) fn kill_broker(&self, broker: BrokerIndex) -> bool {
        if !self.brokers[broker].kill() {
            return false;
        }
        self.set_live(broker, false);
        self.set_outdated(broker, true);
        for partition in self.all_partitions() {
            partition.broker_killed(broker);
        }
        self.elect_controller(Instant::now());
        true
    }

    /// Empties the disk of a dead broker.
    pub(super) fn empty_broker(&self, broker: BrokerIndex) {
        for partition in self.all_partitions() {
            partition.broker_emptied(broker);
        }
    }

    /// Starts a dead broker; it accepts after a moment, and serves some time later: sooner where it has nothing of its own to
    /// replay. False where it runs.
    pub(super) fn start_broker(self: &Arc<Self>, broker: BrokerIndex, is_emptied: bool) -> bool {
        let timings = &self.timings;
        let replay = match self.brokers.len() {
            1 => timings.controller_election,
            _ if is_emptied => timings.replay_emptied,
            _ => timings.replay,
        };
        let until = Instant::now() + replay;
        let from = until - timings.ghosts.min(replay);
        if !self.brokers[broker].restart(Replay { from, until }) {
            return false;
        }
        let cluster = Arc::clone(self);
        self.spawn(async move {
            timings::wait(cluster.timings.port_closed).await;
            if cluster.brokers[broker].is_running() {
                cluster.brokers[broker].listener.accept();
            }
        });
        true
    }

    /// Stops a broker's process for a time, or until [`Self::continue_broker`]; false where it does not serve.
    pub(super) fn stop_broker(self: &Arc<Self>, broker: BrokerIndex, time: Duration) -> bool {
        let now = Instant::now();
        let streams = Arc::new(self.lock().streams.clone());
        if !self.brokers[broker].stop(now, streams) {
            return false;
        }
        self.set_live(broker, false);
        self.set_outdated(broker, true);
        for partition in self.all_partitions() {
            partition.broker_stopped(broker);
        }
        let cluster = Arc::clone(self);
        self.spawn(async move {
            timings::wait(time).await;
            if cluster.brokers[broker].is_stopped_since(now) {
                cluster.continue_broker(broker);
            }
        });
        true
    }

    /// Lets a stopped broker go on: with what it knew, for some seconds. False where it was not stopped.
    pub(super) fn continue_broker(&self, broker: BrokerIndex) -> bool {
        let most = self.timings.stale;
        if !self.brokers[broker].cont(Instant::now(), most) {
            return false;
        }
        self.set_live(broker, true);
        for partition in self.all_partitions() {
            partition.broker_continued(broker);
            self.queue_fetch(&partition);
        }
        self.brokers[broker].listener.faults.freeze(false);
        true
    }

    /// Brokers that have replayed the metadata begin to serve. They learn it from a metadata leader, so none does while a
    /// majority is away.
    pub(super) fn finish_replays(&self, now: Instant) {
        if !self.has_majority() {
            return;
        }
        for (index, broker) in self.brokers.iter().enumerate() {
            if broker.finish_replay(now) {
                self.set_live(index, true);
                self.catch_up(index);
            }
        }
    }

    /// Brokers that were stopped hear of what has happened meanwhile.
    pub(super) fn finish_catch_ups(&self, now: Instant) {
        if !self.has_majority() {
            return;
        }
        for (index, broker) in self.brokers.iter().enumerate() {
            if broker.finish_catch_up(now) {
                self.catch_up(index);
            }
        }
    }

    fn catch_up(&self, broker: BrokerIndex) {
        self.set_outdated(broker, false);
        let live = self.live_brokers();
        for partition in self.all_partitions() {
            partition.broker_caught_up(broker, live);
            self.queue_fetch(&partition);
        }
    }

    /// The brokers whose process is there and not stopped, whether or not they have replayed the metadata.
    pub(super) fn answering(&self) -> BrokerSet {
        let brokers = self.brokers.iter().enumerate();
        brokers
            .filter(|(_, broker)| broker.is_answering())
            .map(|(index, _)| index)
            .collect()
    }

    /// Whether enough brokers are there to agree on anything.
    pub(super) fn has_majority(&self) -> bool {
        self.answering().len() > self.brokers.len() / 2
    }
}
