//! What `check --acknowledge` took as known: each loss with its numbers, as it is told once and not again.

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::cluster_snapshot::FindingObject;
use crate::health::{Finding, LogLoss, Truth};
use crate::model::{BrokerId, Offset, PartitionId, grouped};

/// A finding that somebody knows of, and what became of the logs that it is about.
pub(super) struct AcknowledgedLoss {
    pub(super) finding: Finding,
    partitions: Vec<PartitionLoss>,
}

/// A partition of which messages are gone.
struct PartitionLoss {
    partition: PartitionId,
    loss: LogLoss,
}

/// What a replica still holds of what its leader lost, for scripts.
#[derive(Serialize)]
struct ReplicaObject<'a> {
    partition: PartitionId,
    broker: &'a BrokerId,
    newest_offset: Offset,
    /// Whether it was cut since to the log of the leader.
    cut: bool,
}

impl AcknowledgedLoss {
    /// All that is gone and waits for somebody to know of it.
    pub(super) fn of_all(truth: &Truth) -> Vec<Self> {
        let findings = truth.findings.iter();
        let lost = findings.filter(|finding| finding.rule.needs_acknowledgement());
        let losses = lost.map(|finding| Self {
            finding: finding.clone(),
            partitions: PartitionLoss::of(finding, truth),
        });
        losses.collect()
    }

    /// What to know of it, a line each: of the replicas that held more, each with its newest offset.
    pub(super) fn detail(&self) -> Vec<String> {
        let replicas = self.partitions.iter().filter_map(PartitionLoss::replicas);
        self.finding
            .detail
            .iter()
            .cloned()
            .chain(replicas)
            .collect()
    }

    /// The same as an object.
    pub(super) fn object(&self) -> Value {
        let mut object = json!(FindingObject::from(&self.finding));
        let replicas = self.partitions.iter().flat_map(PartitionLoss::objects);
        let replicas: Vec<_> = replicas.collect();
        if let Some(fields) = object.as_object_mut() {
            fields.insert("replicas".into(), json!(replicas));
        }
        object
    }
}

impl PartitionLoss {
    fn of(finding: &Finding, truth: &Truth) -> Vec<Self> {
        let losses = finding.partitions.iter().filter_map(|id| {
            let partition = truth.partition(finding.stream()?, *id)?;
            let loss = partition.log_loss.as_deref()?.clone();
            Some(Self {
                partition: *id,
                loss,
            })
        });
        losses.collect()
    }

    /// Which replica holds it up to where, and which did.
    fn replicas(&self) -> Option<String> {
        let holders = self.loss.holders.iter();
        let hold = holders.map(|(broker, newest)| format!("{broker} up to {}", grouped(*newest)));
        let cut = self.loss.cut.iter();
        let cut = cut.map(|it| {
            let newest = grouped(it.newest);
            format!("{} up to {newest} until {}", it.broker, it.at.to_utc_text())
        });
        let all: Vec<String> = hold.chain(cut).collect();
        let id = self.partition;
        (!all.is_empty()).then(|| format!("partition {id} was held by {}", all.join(", by ")))
    }

    fn objects(&self) -> impl Iterator<Item = ReplicaObject<'_>> {
        let partition = self.partition;
        let object = move |broker, newest_offset, cut| ReplicaObject {
            partition,
            broker,
            newest_offset,
            cut,
        };
        let holders = self.loss.holders.iter();
        let holders = holders.map(move |(broker, newest)| object(broker, *newest, false));
        let cut = self.loss.cut.iter();
        holders.chain(cut.map(move |it| object(&it.broker, it.newest, true)))
    }
}
