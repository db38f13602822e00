//! Who may lead: a majority of brokers must answer, and only an in-sync replica can be elected (wire-contract §5).

use crate::model::BrokerId;

/// Whether so many of the brokers are more than half of them: without, there is no metadata leader and no election.
pub(super) fn is_majority(part: usize, all: usize) -> bool {
    part * 2 > all
}

/// The in-sync replicas but for one broker: those that could lead in its place, once they answer.
pub(super) fn in_sync_without<'a>(isr: &'a [BrokerId], broker: &str) -> Vec<&'a BrokerId> {
    isr.iter().filter(|id| ***id != *broker).collect()
}
