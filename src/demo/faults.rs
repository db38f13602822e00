//! The handle that breaks things: what a test or `:fault` may do to a running cluster.

mod parse;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use prost::Message;
use tokio::time::Instant;

use super::broker::Broker;
use super::broker_set::BrokerIndex;
use super::cluster::Cluster;
use super::compat::{AckFault, DeadlineEnd};
use super::partition::Partition;
use super::replication::ReplicaChange;
use super::sync::lock;
use crate::wire::pb;

/// A field of a kind that protobuf does not know.
const GARBAGE: &[u8] = b"\xff\xff\xff\xff\xff\xff\xff\xff";

/// More than clients take by default.
const OVERSIZE: usize = 5 * 1024 * 1024;

/// A fault that was not done: no such broker, stream or partition, or it makes no sense there. One sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRefused(String);

impl fmt::Display for FaultRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FaultRefused {}

type FaultResult = Result<(), FaultRefused>;

/// Breaks a running cluster, and mends it. Brokers are counted from 1: `kill(2)` kills `demo-2`. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Faults {
    cluster: Arc<Cluster>,
}

impl Faults {
    /// The faults of this cluster.
    pub(super) fn new(cluster: Arc<Cluster>) -> Self {
        Self { cluster }
    }

    /// Kills a broker's process: connections break, its port refuses, elections follow.
    ///
    /// # Errors
    /// Where there is no such broker, or it is down already.
    pub fn kill(&self, broker: usize) -> FaultResult {
        let (index, broker) = self.broker(broker)?;
        if !self.cluster.kill_broker(index) {
            return refused(format!("{} is down already", broker.name));
        }
        Ok(())
    }

    /// Starts a broker again, a running one after it was killed: it accepts after a moment, knows no stream at first, then
    /// shows also those that were deleted long ago, and serves some seconds later.
    ///
    /// # Errors
    /// Where there is no such broker.
    pub fn restart(&self, broker: usize) -> FaultResult {
        let (index, _) = self.broker(broker)?;
        self.cluster.continue_broker(index);
        self.cluster.kill_broker(index);
        self.cluster.start_broker(index, false);
        Ok(())
    }

    /// Kills a broker, empties its folder and starts it again under its old id. What it leads begins at offset 0 again, while
    /// its followers hold all that was there and stay in sync.
    ///
    /// # Errors
    /// Where there is no such broker.
    pub fn wipe(&self, broker: usize) -> FaultResult {
        let (index, _) = self.broker(broker)?;
        self.cluster.kill_broker(index);
        self.cluster.empty_broker(index);
        self.cluster.start_broker(index, true);
        Ok(())
    }

    /// Stops a broker's process for that long, as SIGSTOP does: its connections stay open, new ones are made, and nothing is
    /// answered. When it goes on it believes for some seconds what it knew, and still leads what it led.
    ///
    /// # Errors
    /// Where there is no such broker, or it is down, still starting, or stopped already.
    pub fn stop(&self, broker: usize, time: Duration) -> FaultResult {
        let (index, broker) = self.broker(broker)?;
        if !self.cluster.stop_broker(index, time) {
            return refused(format!("{} does not serve", broker.name));
        }
        Ok(())
    }

    /// Ends [`Self::stop`] early.
    ///
    /// # Errors
    /// Where there is no such broker, or it is not stopped.
    pub fn cont(&self, broker: usize) -> FaultResult {
        let (index, broker) = self.broker(broker)?;
        if !self.cluster.continue_broker(index) {
            return refused(format!("{} is not stopped", broker.name));
        }
        Ok(())
    }

    /// The broker answers nothing for that long; callers wait out their deadlines.
    ///
    /// # Errors
    /// Where there is no such broker.
    pub fn stall(&self, broker: usize, duration: Duration) -> FaultResult {
        self.broker(broker)?.1.stall(Instant::now() + duration);
        Ok(())
    }

    /// The broker takes that much longer for each answer; zero lifts it.
    ///
    /// # Errors
    /// Where there is no such broker.
    pub fn slow(&self, broker: usize, by: Duration) -> FaultResult {
        self.broker(broker)?.1.slow(by);
        Ok(())
    }

    /// The broker's port refuses new connections; those there are go on.
    ///
    /// # Errors
    /// Where there is no such broker.
    pub fn refuse(&self, broker: usize) -> FaultResult {
        self.broker(broker)?.1.listener.refuse();
        Ok(())
    }

    /// Ends [`Self::refuse`].
    ///
    /// # Errors
    /// Where there is no such broker, or it is down.
    pub fn accept(&self, broker: usize) -> FaultResult {
        let (_, broker) = self.broker(broker)?;
        if !broker.is_running() {
            return refused(format!("{} is down: restart it", broker.name));
        }
        broker.listener.accept();
        Ok(())
    }

    /// Makes the broker the partition's leader.
    ///
    /// # Errors
    /// Where broker or partition do not exist, or the broker holds no in-sync copy.
    pub fn move_leader(&self, stream: &str, partition: i32, broker: usize) -> FaultResult {
        let (index, broker) = self.broker(broker)?;
        let found = self.partition(stream, partition)?;
        let before = found.lock().replicas.agreed.leader;
        let election = self.cluster.next_election();
        if !found.move_leader(index, self.cluster.live_brokers(), election) {
            let name = &broker.name;
            return refused(format!(
                "{name} holds no in-sync copy of {stream}/{partition}"
            ));
        }
        let change = ReplicaChange::Elected(index);
        self.cluster.log_replica_change(&found, before, change);
        Ok(())
    }

    /// Stops the broker from fetching that partition and takes it out of the ISR, until [`Self::expand_isr`].
    ///
    /// # Errors
    /// Where broker or partition do not exist, or the broker does not follow.
    pub fn shrink_isr(&self, stream: &str, partition: i32, broker: usize) -> FaultResult {
        let (index, broker) = self.broker(broker)?;
        let found = self.partition(stream, partition)?;
        if !found.hold_back(index) {
            let name = &broker.name;
            return refused(format!("{name} does not follow {stream}/{partition}"));
        }
        let change = ReplicaChange::Shrunk(index);
        self.cluster.log_replica_change(&found, index, change);
        Ok(())
    }

    /// Lets all followers of the partition fetch again; they come back into the ISR when they have caught up.
    ///
    /// # Errors
    /// Where there is no such partition.
    pub fn expand_isr(&self, stream: &str, partition: i32) -> FaultResult {
        let partition = self.partition(stream, partition)?;
        partition.lock().replicas.release();
        self.cluster.queue_fetch(&partition);
        Ok(())
    }

    /// Closes each connection of the broker in the middle of the next message that it carries.
    ///
    /// # Errors
    /// Where there is no such broker.
    pub fn cut_streams(&self, broker: usize) -> FaultResult {
        self.broker(broker)?.1.listener.faults.cut();
        Ok(())
    }

    /// Breaks all connections of the broker with a TCP reset.
    ///
    /// # Errors
    /// Where there is no such broker.
    pub fn reset(&self, broker: usize) -> FaultResult {
        self.broker(broker)?.1.listener.faults.resets.cancel_all();
        Ok(())
    }

    /// Ends all connections of the broker with GOAWAY, `ENHANCE_YOUR_CALM` and `too_many_pings`.
    ///
    /// # Errors
    /// Where there is no such broker.
    pub fn goaway(&self, broker: usize) -> FaultResult {
        self.broker(broker)?.1.listener.faults.goaways.cancel_all();
        Ok(())
    }

    /// Ends all subscriptions at the broker cleanly, with OK, as a newer group member does.
    ///
    /// # Errors
    /// Where there is no such broker.
    pub fn end_subscriptions(&self, broker: usize) -> FaultResult {
        self.broker(broker)?.1.subscriptions.cancel_all();
        Ok(())
    }

    /// The broker's list of brokers counts as too old: with a dead broker about, its next `FetchMetadata` waits out the
    /// caller's deadline.
    ///
    /// # Errors
    /// Where there is no such broker.
    pub fn age_listing(&self, broker: usize) -> FaultResult {
        self.broker(broker)?.1.age_listing();
        Ok(())
    }

    /// For that long compaction is writing the partition's segments anew: a subscription that would begin in one of them is
    /// refused as that of a paused partition, and one that stands in a segment that was written anew is lost.
    ///
    /// # Errors
    /// Where there is no such partition.
    pub fn compacting(&self, stream: &str, partition: i32, time: Duration) -> FaultResult {
        self.partition(stream, partition)?.compact_for(time);
        Ok(())
    }

    /// Changes the value of one message in one broker's copy of the log, as a disk does that forgets. Whatever is copied from there
    /// later is as wrong.
    ///
    /// # Errors
    /// Where broker or partition do not exist, or the broker's copy does not hold that message.
    pub fn corrupt(&self, stream: &str, partition: i32, broker: usize, offset: i64) -> FaultResult {
        let (index, broker) = self.broker(broker)?;
        let found = self.partition(stream, partition)?;
        let mut state = found.lock();
        if !state.replicas.at_mut(index).log.corrupt(offset) {
            let name = &broker.name;
            return refused(format!("{name} holds no {stream}/{partition}@{offset}"));
        }
        Ok(())
    }

    /// Subscribers of the partition get bytes that are no message, as the next one and each time they read it.
    ///
    /// # Errors
    /// Where there is no such partition.
    pub fn garbage(&self, stream: &str, partition: i32) -> FaultResult {
        self.append_raw(stream, partition, |arena| arena.put_slice(GARBAGE))
    }

    /// Subscribers of the partition get a message over the limit of 4 MiB, as the next one and each time they read it.
    ///
    /// # Errors
    /// Where there is no such partition.
    pub fn oversize(&self, stream: &str, partition: i32) -> FaultResult {
        let value = vec![b'x'; OVERSIZE].into();
        let message = pb::Message {
            value,
            ..pb::Message::default()
        };
        self.append_raw(stream, partition, |arena| {
            arena.put_slice(&message.encode_to_vec());
        })
    }

    fn append_raw(&self, stream: &str, id: i32, write: impl FnOnce(&mut BytesMut)) -> FaultResult {
        let partition = self.partition(stream, id)?;
        partition.append_raw(write);
        self.cluster.queue_fetch(&partition);
        Ok(())
    }

    /// Mends what can be mended: dead brokers start, ports accept, followers fetch, nothing is slow, acks come.
    pub fn heal(&self) {
        for (index, number) in (0..self.cluster.brokers.len()).zip(1..) {
            // Refused where it runs already, or is down for this moment: both are as wanted.
            self.cont(number).ok();
            self.cluster.start_broker(index, false);
            self.accept(number).ok();
            self.slow(number, Duration::ZERO).ok();
            self.stall(number, Duration::ZERO).ok();
        }
        for partition in self.cluster.partitions() {
            partition.lock().replicas.release();
            self.cluster.queue_fetch(&partition);
        }
        self.acks(AckFault::None);
        self.leave_outcomes_open(false);
    }

    /// What happens to the acks of `PublishAsync` from now on.
    pub fn acks(&self, fault: AckFault) {
        lock(&self.cluster.compat).acks = fault;
    }

    /// Whether changes of the cluster are made and then answered as if the metadata leader had been lost meanwhile, so that
    /// their callers cannot know.
    pub fn leave_outcomes_open(&self, open: bool) {
        lock(&self.cluster.compat).outcomes_open = open;
    }

    /// How streaming calls end whose deadline passes.
    pub fn deadlines(&self, end: DeadlineEnd) {
        lock(&self.cluster.compat).deadlines = end;
    }

    /// Whether `paused` and `readonly` stick in metadata as real servers' do.
    pub fn sticky_flags(&self, sticky: bool) {
        lock(&self.cluster.compat).sticky_flags = sticky;
    }

    /// Whether `reverse` subscriptions are known.
    pub fn reverse(&self, known: bool) {
        lock(&self.cluster.compat).reverse = known;
    }

    /// The number of the broker that the cluster has agreed on as the leader of that partition; it may be down, and others may
    /// say otherwise. `None` where there is no such partition.
    pub fn leader(&self, stream: &str, partition: i32) -> Option<usize> {
        let found = self.cluster.lock().partition(stream, partition)?;
        let leader = found.lock().replicas.agreed.leader;
        Some(leader + 1)
    }

    /// The number of the metadata leader; `None` while there is none.
    pub fn metadata_leader(&self) -> Option<usize> {
        let controller = self.cluster.lock().controller?;
        Some(controller + 1)
    }

    fn broker(&self, number: usize) -> Result<(BrokerIndex, &Broker), FaultRefused> {
        let brokers = &self.cluster.brokers;
        let index = number.wrapping_sub(1);
        let missing = || format!("there is no broker {number}, only 1 to {}", brokers.len());
        let broker = brokers.get(index);
        broker
            .map(|broker| (index, broker))
            .ok_or_else(|| FaultRefused(missing()))
    }

    fn partition(&self, stream: &str, id: i32) -> Result<Arc<Partition>, FaultRefused> {
        let found = self.cluster.lock().partition(stream, id);
        found.ok_or_else(|| FaultRefused(format!("there is no partition {stream}/{id}")))
    }
}

fn refused(text: String) -> FaultResult {
    Err(FaultRefused(text))
}
