//! What is worth knowing before a message is sent: how its partition is, and that a value is not the JSON it looks like.
//! Nothing of it stops anybody: truth may be a poll old, and a value is whatever its reader takes it for.

use std::collections::BTreeMap;

use super::publish_form::chooses_partition;
use super::{FieldId, Form, FormKind};
use crate::health::{Known, PartitionTruth, Truth};
use crate::model::{PartitionId, format_ranges, verb_of};

/// Values longer than this are not read on every frame.
const MOST_READ: usize = 64 * 1024;

impl Form {
    /// Sentences about the message that is being written.
    pub(crate) fn warnings(&self, truth: &Truth) -> Vec<String> {
        if self.kind() != FormKind::Publish {
            return Vec::new();
        }
        let targets = self.target_warnings(truth).unwrap_or_default();
        targets.into_iter().chain(self.value_warning()).collect()
    }

    /// What is in the way of the message where it goes, or may go: a sentence for each such thing, with its partitions.
    fn target_warnings(&self, truth: &Truth) -> Option<Vec<String>> {
        let text = |id| self.field(id).map(super::Field::text);
        let stream = truth.stream(&text(FieldId::Stream)?)?;
        let mut partitions: Vec<&PartitionTruth> = stream.partitions.iter().collect();
        if chooses_partition(self) {
            let id: PartitionId = text(FieldId::Partition)?.parse().ok()?;
            partitions.retain(|one| one.id == id);
        }
        let is_certain = partitions.len() == 1;
        let mut blocked: BTreeMap<Obstacle, Vec<PartitionId>> = BTreeMap::new();
        for partition in partitions {
            if let Some(obstacle) = Obstacle::of(partition) {
                blocked.entry(obstacle).or_default().push(partition.id);
            }
        }
        let sentences = blocked.into_iter().map(|(obstacle, ids)| {
            let (state, outcome) = obstacle.words();
            let message = if is_certain {
                "the message"
            } else {
                "a message there"
            };
            format!(
                "{}:{} {} {state}: {message} {outcome}",
                stream.name,
                format_ranges(&ids),
                verb_of(ids.len(), "are"),
            )
        });
        Some(sentences.collect())
    }

    fn value_warning(&self) -> Option<String> {
        let value = self.bytes(FieldId::Value);
        let first = value.iter().find(|byte| !byte.is_ascii_whitespace())?;
        if !matches!(first, b'{' | b'[') || value.len() > MOST_READ {
            return None;
        }
        let read = serde_json::from_slice::<serde::de::IgnoredAny>(&value);
        let wrong = read.err()?;
        Some(format!("the value begins as JSON and is none: {wrong}"))
    }
}

/// What stands in a message's way in a partition (wire-contract §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Obstacle {
    Readonly,
    Paused,
    NoLeader,
    SilentLeader,
}

impl Obstacle {
    fn of(partition: &PartitionTruth) -> Option<Self> {
        if partition.readonly == Known::Yes {
            Some(Self::Readonly)
        } else if partition.paused == Known::Yes {
            Some(Self::Paused)
        } else if partition.leader.is_none() {
            Some(Self::NoLeader)
        } else if partition.leader_reachable == Known::No {
            Some(Self::SilentLeader)
        } else {
            None
        }
    }

    /// How the partition is, and what comes of a message.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Readonly => ("readonly", "is refused by its broker"),
            Self::Paused => ("paused", "wakes it"),
            Self::NoLeader => (
                "without a leader",
                "waits for an election, within the deadline",
            ),
            Self::SilentLeader => (
                "led by a broker that does not answer",
                "waits, within the deadline",
            ),
        }
    }
}
