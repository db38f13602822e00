//! What the death, the stop and the return of a broker do to a partition.

use super::Partition;
use crate::demo::broker_set::{BrokerIndex, BrokerSet};
use crate::demo::log::Log;
use crate::demo::replica::LogState;

impl Partition {
    /// The broker was killed: what it had in memory is gone.
    pub(in crate::demo) fn broker_killed(&self, broker: BrokerIndex) {
        self.change(|state| state.replicas.broker_killed(broker));
    }

    /// The disk of a dead broker was emptied.
    pub(in crate::demo) fn broker_emptied(&self, broker: BrokerIndex) {
        self.lock().replicas.at_mut(broker).empty();
    }

    /// The broker was stopped: it hears of nothing that happens from now on.
    pub(in crate::demo) fn broker_stopped(&self, broker: BrokerIndex) {
        self.lock().replicas.broker_stopped(broker);
    }

    /// The broker goes on with what it knew, and gets the messages that waited for it. Returns whether followers have to
    /// fetch.
    pub(in crate::demo) fn broker_continued(&self, broker: BrokerIndex) {
        self.change(|state| {
            let missed = std::mem::take(&mut state.replicas.at_mut(broker).missed);
            for publication in missed {
                self.append_at(broker, state, &publication);
            }
        });
    }

    /// The broker has learnt all that was agreed on.
    pub(in crate::demo) fn broker_caught_up(&self, broker: BrokerIndex, live: BrokerSet) {
        self.change(|state| {
            state.replicas.broker_caught_up(broker, live);
            if state.replicas.agreed.log_state == LogState::Deleted {
                state.replicas.at_mut(broker).log = Log::default();
            }
        });
    }
}
