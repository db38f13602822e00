//! One truth from many views: a cluster that is told poll by poll, and what health makes of it.

mod brokers;
mod cursors;
mod demo_incidents;
mod earlier_runs;
mod failover;
mod findings;
mod histories;
pub(crate) mod incidents;
mod losses;
mod partitions;
mod random;
mod restart_plan;
mod returned;
mod scale;
mod separate_incidents;
mod verdict;
mod world;
