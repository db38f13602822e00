//! The workload's consumers: how far they read, where they keep it, and the heartbeats of their groups.
//! Consumers count offsets and open no subscriptions: what matters here is what a dashboard sees of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Workload;
use super::script::ConsumerScript;
use crate::demo::cursors::CursorKey;
use crate::demo::partition::Partition;
use crate::demo::timings;

/// How often consumers store their cursors, in a real cluster's time.
const COMMIT: Duration = Duration::from_secs(2);

/// How long a consumer waits for its cursor to be stored before it goes on without.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often members show that they live, in a real cluster's time: well within the consumer timeout.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How far one consumer is in one partition.
#[derive(Clone, Copy, Debug)]
struct ReadProgress {
    /// The last message it is done with, in hundredths, since it may get a share of a message done.
    done: i64,
    /// The newest one when it last looked.
    seen: i64,
}

/// By cursor and partition.
type ProgressMap<'a> = HashMap<(&'a str, i32), ReadProgress>;

impl Workload {
    /// Reads on and stores cursors.
    pub(super) async fn run_consumers(self: Arc<Self>) {
        let mut progress = ProgressMap::new();
        loop {
            for consumer in &self.script.consumers {
                self.consume(consumer, &mut progress).await;
            }
            timings::wait(self.cluster.timings.scaled(COMMIT)).await;
        }
    }

    /// Joins the groups and keeps their members alive.
    pub(super) async fn run_heartbeats(self: Arc<Self>) {
        loop {
            for consumer in &self.script.consumers {
                for member in &consumer.group {
                    self.send_heartbeat(consumer, member);
                }
            }
            timings::wait(self.cluster.timings.scaled(HEARTBEAT)).await;
        }
    }

    /// Asking for assignments keeps a member alive. One that is none joins; one whose coordinator is dead reports it.
    fn send_heartbeat(&self, consumer: &ConsumerScript, member: &str) {
        let group_id = &consumer.cursor;
        let group = self.cluster.lock().groups.get(group_id).cloned();
        let Some(group) = group.filter(|group| group.has_member(member)) else {
            let streams = vec![consumer.stream.clone()];
            // Refused where somebody deleted the stream; then there is nothing to read.
            self.cluster.join_group(group_id, member, streams).ok();
            return;
        };
        let (coordinator, epoch) = (group.coordinator, group.epoch);
        // A refusal of either means that the group has just changed; the next heartbeat sees how.
        if self.cluster.live_brokers().contains(coordinator) {
            self.cluster
                .assignments(coordinator, group_id, member, epoch)
                .ok();
        } else {
            let suspect = self.cluster.name(coordinator);
            self.cluster
                .report_coordinator(group_id, member, (&suspect, epoch))
                .ok();
        }
    }

    async fn consume<'a>(&'a self, consumer: &'a ConsumerScript, progress: &mut ProgressMap<'a>) {
        if self.is_stuck(&consumer.cursor) {
            return;
        }
        let stream = self.cluster.lock().streams.get(&consumer.stream).cloned();
        for partition in stream.iter().flat_map(|stream| &stream.partitions) {
            let (oldest, newest) = bounds(partition);
            let key = (consumer.cursor.as_str(), partition.id);
            let read = progress.entry(key).or_insert_with(|| {
                let done = (newest - consumer.behind).max(-1) * 100;
                ReadProgress { done, seen: newest }
            });
            read.done += (newest - read.seen).max(0) * consumer.keeps;
            // What retention took away is read by nobody any more.
            read.done = read.done.max((oldest - 1) * 100).min(newest * 100);
            read.seen = newest;
            let offset = read.done / 100;
            if offset >= 0 {
                self.store_cursor(consumer, partition.id, offset).await;
            }
        }
    }

    async fn store_cursor(&self, consumer: &ConsumerScript, partition: i32, offset: i64) {
        let key = CursorKey {
            stream: consumer.stream.clone(),
            partition,
            cursor_id: consumer.cursor_id(),
        };
        let Some(found) = self.cluster.cursor_partition(&key) else {
            return;
        };
        let leader = found.lock().replicas.agreed.leader;
        // One that cannot be stored now is stored the next time, when it is newer anyway.
        let stored = self.cluster.set_cursor(leader, key, offset, None);
        tokio::select! {
            _ = stored => {}
            () = timings::wait(self.cluster.timings.scaled(PATIENCE)) => {}
        }
    }

    fn is_stuck(&self, cursor: &str) -> bool {
        let state = self.state();
        let stuck = state.stuck.as_ref();
        stuck.is_some_and(|(name, until)| name == cursor && *until > Instant::now())
    }
}

fn bounds(partition: &Partition) -> (i64, i64) {
    let state = partition.lock();
    let replica = state.replicas.at(state.replicas.agreed.leader);
    let oldest = replica.log.oldest();
    (
        oldest.unwrap_or_else(|| replica.log.next_offset()),
        replica.high_watermark,
    )
}
