//! What is wrong now, worst first: one truth from what every broker says, and the findings that follow from it.
//!
//! Pure: no clock, no network, no terminal. Views, probes, cursors and the time are handed in.

mod alarms;
mod brokers;
mod build;
mod engine;
mod finding;
mod flags;
mod lag;
mod options;
mod partition;
mod rates;
mod rules;
mod stir;
mod streams;
mod told;
mod truth;
mod verdict;
mod witness;

pub use engine::Health;
pub use finding::{Finding, Rule, Severity};
pub use options::{AlertOptions, HealthOptions};
pub use partition::{Disagreement, Known, PartitionStatus, PartitionTruth, PartitionView};
pub use truth::{
    BrokerTruth, CursorTruth, LagTime, Reach, StreamStatus, StreamTruth, Totals, Truth, Witness,
};
pub use verdict::{RuleOptions, Verdict};
