//! Messages that an earlier run of liftui saw go, and that nobody has acknowledged: they are gone still, and so is said, also
//! once the logs have grown past where they ended.

use serde::{Deserialize, Serialize};

use super::log_history::LogLoss;
use super::truth::Truth;
use super::{Finding, Rule};
use crate::model::PartitionId;

/// Losses of more partitions are not kept.
const MOST: usize = 1_000;

/// A log that went back, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownLoss {
    /// The stream.
    pub stream: String,
    /// When that was created, in Unix nanoseconds: another one of its name has other logs.
    pub created: i64,
    /// The partition.
    pub partition: PartitionId,
    /// What it lost.
    #[serde(flatten)]
    pub loss: LogLoss,
}

impl KnownLoss {
    /// All that is lost and not acknowledged: of the partitions that findings are about.
    pub fn of_all(truth: &Truth) -> Vec<Self> {
        let is_loss = |finding: &&Finding| finding.rule == Rule::LogWentBack;
        let found = truth.findings.iter().filter(is_loss);
        let losses = found.flat_map(|finding| {
            let stream = finding.stream().and_then(|name| truth.stream(name));
            let partitions = finding.partitions.iter();
            partitions.filter_map(move |id| {
                let stream = stream?;
                let loss = truth
                    .partition(&stream.name, *id)?
                    .log_loss
                    .as_deref()?
                    .clone();
                Some(Self {
                    stream: stream.name.to_string(),
                    created: stream.created.0,
                    partition: *id,
                    loss,
                })
            })
        });
        losses.take(MOST).collect()
    }
}
