//! What is wrong now, worst first: one truth from what every broker says, and the findings that follow from it.
//!
//! Pure: no clock, no network, no terminal. Views, probes, cursors and the time are handed in.

mod engine;
mod finding;
mod options;
mod partition;
mod truth;
mod verdict;

pub use engine::Health;
pub use finding::{Finding, Rule, Severity};
pub use options::{AlertOptions, HealthOptions};
pub use partition::{Disagreement, Known, PartitionStatus, PartitionTruth, PartitionView};
pub use truth::{
    BrokerTruth, CursorTruth, LagTime, Reach, StreamStatus, StreamTruth, Totals, Truth, Witness,
};
pub use verdict::{RuleOptions, Verdict};
