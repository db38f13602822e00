//! What is worth knowing before a message is sent: how its partition is, and that a value is not the JSON it looks like.
//! Nothing of it stops anybody: truth may be a poll old, and a value is whatever its reader takes it for.

use super::publish_form::chooses_partition;
use super::{FieldId, Form, FormKind};
use crate::health::{Known, PartitionTruth, Truth};
use crate::model::PartitionId;

/// Values longer than this are not read on every frame.
const MOST_READ: usize = 64 * 1024;

impl Form {
    /// Sentences about the message that is being written.
    pub(crate) fn warnings(&self, truth: &Truth) -> Vec<String> {
        if self.kind() != FormKind::Publish {
            return Vec::new();
        }
        let target = self.target_warning(truth);
        target.into_iter().chain(self.value_warning()).collect()
    }

    fn target_warning(&self, truth: &Truth) -> Option<String> {
        let text = |id| self.field(id).map(super::Field::text);
        let stream = truth.stream(&text(FieldId::Stream)?)?;
        if chooses_partition(self) {
            let id: PartitionId = text(FieldId::Partition)?.parse().ok()?;
            let partition = stream.partitions.iter().find(|one| one.id == id)?;
            let state = state(partition)?;
            return Some(format!("{}:{id} {state}", stream.name));
        }
        let of_all = stream.partitions.iter();
        let stopped: Vec<String> = of_all
            .filter_map(|one| state(one).map(|_| one.id.to_string()))
            .collect();
        (!stopped.is_empty()).then(|| {
            let all = stream.partitions.len();
            format!(
                "of {all} partitions of {}, {} are paused, readonly or without a leader",
                stream.name,
                stopped.join(", ")
            )
        })
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

/// What stands in a message's way there, and what will come of it (wire-contract §4).
fn state(partition: &PartitionTruth) -> Option<&'static str> {
    if partition.readonly == Known::Yes {
        Some("is readonly: its broker will refuse the message")
    } else if partition.paused == Known::Yes {
        Some("is paused: the message wakes it")
    } else if partition.leader.is_none() {
        Some("has no leader: the message waits for an election, within the deadline")
    } else if partition.leader_reachable == Known::No {
        Some("has a leader that does not answer: the message waits, within the deadline")
    } else {
        None
    }
}
