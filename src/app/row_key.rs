//! Names what stands in a row of any list (`RowKey`), and what a text on top can be about (`DetailTarget`).

use std::sync::Arc;

use super::key_context::KeyContext;
use super::subject_report::SubjectReport;
use crate::health::{CursorTruth, Finding, Rule, Truth};
use crate::model::{ActivityEvent, CursorId, Failure, PartitionId, StreamName, Target};
use crate::store::{PinnedMessage, RowId};

/// A partition by its stream and number.
pub(crate) type PartitionKey = (StreamName, PartitionId);

/// A cursor by id and partition.
pub(crate) type CursorKey = (CursorId, StreamName, PartitionId);

/// The cursor as it is known now.
pub(crate) fn find_cursor<'a>(
    (id, stream, partition): &CursorKey,
    truth: &'a Truth,
) -> Option<&'a CursorTruth> {
    truth.cursors.find(id, stream, *partition)
}

/// A finding by its rule and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingKey {
    rule: Rule,
    target: Target,
    /// A cursor or group may have the same in several streams.
    read_stream: Option<StreamName>,
}

impl From<&Finding> for FindingKey {
    fn from(finding: &Finding) -> Self {
        Self {
            rule: finding.rule,
            target: finding.target.clone(),
            read_stream: finding.read_stream.clone(),
        }
    }
}

impl FindingKey {
    /// Whether it stays until the user acknowledges it.
    pub(super) fn needs_acknowledgement(&self) -> bool {
        self.rule.needs_acknowledgement()
    }

    /// The finding as it holds now.
    pub(crate) fn find<'a>(&self, truth: &'a Truth) -> Option<&'a Finding> {
        let mut findings = truth.findings.iter();
        findings.find(|finding| {
            finding.rule == self.rule
                && finding.target == self.target
                && finding.read_stream == self.read_stream
        })
    }
}

/// A row of any list.
#[derive(Clone, Debug, PartialEq)]
pub enum RowKey {
    /// A broker, by id or address.
    Broker(Arc<str>),
    /// A stream.
    Stream(StreamName),
    /// A partition.
    Partition(PartitionKey),
    /// A cursor.
    Cursor(CursorKey),
    /// A consumer group.
    Group(String),
    /// An event of `__activity`.
    Event(Arc<ActivityEvent>),
    /// A finding.
    Finding(FindingKey),
    /// An incident, by when it began in Unix nanoseconds.
    Incident(i64),
    /// A key of the table that is shown.
    TableRow(RowId),
}

impl RowKey {
    /// The name by which it is known in later runs too; `None` where it has none.
    pub(super) fn kept_name(&self) -> Option<String> {
        Some(match self {
            Self::Broker(name) | Self::Stream(name) => name.to_string(),
            Self::Partition((stream, id)) => format!("{stream}:{id}"),
            Self::Cursor((id, stream, partition)) => format!("{id} {stream}:{partition}"),
            Self::Group(id) => id.clone(),
            Self::Event(_) | Self::Finding(_) | Self::Incident(_) | Self::TableRow(_) => {
                return None;
            }
        })
    }
}

/// What a text is about.
#[derive(Clone, Debug, PartialEq)]
pub enum DetailTarget {
    /// The keys of these contexts.
    Help(&'static [KeyContext]),
    /// All that is known of what a row stands for.
    Row(RowKey),
    /// What would happen if that broker were lost.
    WhatIf(Arc<str>),
    /// Which of these brokers may be restarted now; of all where none is named.
    RestartPlan(Vec<Arc<str>>),
    /// The statistics that were asked for last.
    Statistics,
    /// What became of the key that was asked for last.
    KeyHistory,
    /// Whether the copies are equal that were compared last.
    Verification,
    /// Which streams store a subject.
    Subjects(Arc<SubjectReport>),
    /// How evenly the brokers are loaded.
    Balance,
    /// How far the replicas of these partitions are.
    Replicas(Vec<PartitionKey>),
    /// A message, and the partition that it is of.
    Message(PinnedMessage),
    /// An error.
    Failure(Failure),
    /// The notices of this session.
    Notices,
    /// Every setting, and where its value came from.
    Settings,
    /// What this program has logged.
    Log,
    /// What the demo cluster's console answered, where that is more than a line.
    Console(String),
}
