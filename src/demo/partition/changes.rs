//! What the brokers agree on about a partition: paused, resumed, readonly, deleted. Who has not heard of it goes on as before.

use std::time::Duration;

use tokio::time::Instant;

use super::{Partition, PartitionState, record};
use crate::demo::broker_set::BrokerSet;
use crate::demo::log::Log;
use crate::demo::replica::{LogState, Replica};
use crate::model::Timestamp;

impl PartitionState {
    /// Each broker's part, of those that hear of a change at once.
    fn current_replicas(&mut self) -> impl Iterator<Item = &mut Replica> {
        let all = self.replicas.iter_mut();
        all.filter(|replica| replica.outdated.is_none())
    }
}

impl Partition {
    /// Closes the log. Readers end; nobody listens until it is resumed.
    pub(in crate::demo) fn pause(&self) {
        let now = Timestamp::now();
        self.change(|state| {
            let agreed = &mut state.replicas.agreed;
            agreed.log_state = LogState::Paused;
            agreed.paused_flag = true;
            agreed.times_closed += 1;
            for replica in state.current_replicas() {
                record(&mut replica.pause_times, now);
                replica.pending_acks.clear();
            }
        });
    }

    /// Opens the log again. Some servers `lose_readonly` on the way, though metadata goes on saying it. Returns whether
    /// it was paused.
    pub(in crate::demo) fn resume(&self, lose_readonly: bool, live: BrokerSet) -> bool {
        let now = Timestamp::now();
        let mut state = self.lock();
        let agreed = &mut state.replicas.agreed;
        if agreed.log_state != LogState::Paused {
            return false;
        }
        agreed.log_state = LogState::Open;
        agreed.readonly &= !lose_readonly;
        state.active_at = Instant::now();
        for replica in state.current_replicas() {
            record(&mut replica.pause_times, now);
        }
        state.replicas.resume(live);
        true
    }

    /// Refuses publishes, or no longer.
    pub(in crate::demo) fn set_readonly(&self, readonly: bool) {
        let now = Timestamp::now();
        self.change(|state| {
            state.replicas.agreed.readonly = readonly;
            state.replicas.agreed.readonly_flag = readonly;
            for replica in state.current_replicas() {
                record(&mut replica.readonly_times, now);
            }
        });
    }

    /// Ends all readers and frees the messages.
    pub(in crate::demo) fn delete(&self) {
        self.change(|state| {
            state.replicas.agreed.log_state = LogState::Deleted;
            for replica in state.current_replicas() {
                replica.log = Log::default();
                replica.high_watermark = -1;
                replica.pending_acks.clear();
            }
        });
    }

    /// Has compaction write the segments anew for so long: nobody can begin to read in one of them.
    pub(in crate::demo) fn compact_for(&self, time: Duration) {
        self.lock().compacting_until = Some(Instant::now() + time);
    }
}
