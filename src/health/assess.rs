//! One stream's truth from what every broker says of it.
//! Whom to believe is decided in `leader`; what is remembered between two assessments is kept in `stream_record`.

mod partition;

use std::sync::Arc;

pub(super) use partition::{PartitionMemory, status_of_replicas};

use super::broker_tracker::BrokerTracker;
use super::claim::Claim;
use super::commit_stall::CommitStall;
use super::rates;
use super::rules::{self, Violation};
use super::view_merge::StreamClaims;
use super::{HealthOptions, Known, PartitionStatus, PartitionTruth, StreamStatus, StreamTruth};
use crate::model::{Cluster, StreamName, Timestamp};

/// What one assessment of any stream needs.
#[derive(Debug)]
pub(super) struct AssessContext<'a> {
    /// What each broker says of the cluster.
    pub(super) views: Vec<Claim<'a, Cluster>>,
    /// Whether they answer.
    pub(super) brokers: &'a BrokerTracker,
    /// Whether too few answer for any election.
    pub(super) no_majority: bool,
    pub(super) options: &'a HealthOptions,
    pub(super) now: Timestamp,
}

/// The first partitions of a stream that has more than are assessed at once.
#[derive(Clone, Debug, Default)]
pub(super) struct PartlyAssessed {
    partitions: Vec<PartitionTruth>,
    violations: Vec<Violation>,
    /// How many there are, and how many of them were assessed.
    total: usize,
    assessed: usize,
}

/// How far assessing a stream has come.
pub(super) enum StreamProgress {
    /// To its end: what is true of it, and what is wrong with its partitions.
    Whole(StreamTruth, Vec<Violation>),
    /// Not yet.
    Part(PartlyAssessed),
}

/// Assesses a stream from where that has come to, but no more than so many of its partitions; `None` where no broker knows
/// any.
pub(super) fn assess_stream(
    name: &StreamName,
    claims: &StreamClaims<'_>,
    old: Option<&StreamTruth>,
    memory: &mut Vec<PartitionMemory>,
    context: &AssessContext<'_>,
    (mut part, most): (PartlyAssessed, usize),
) -> Option<StreamProgress> {
    let freshest = claims.freshest()?;
    let ids = claims.partition_ids();
    memory.resize_with(ids.len(), PartitionMemory::default);
    // Other partitions than before: it begins anew.
    if part.total != ids.len() {
        part = PartlyAssessed {
            total: ids.len(),
            ..PartlyAssessed::default()
        };
    }
    let min_isr = context.options.min_isr_of(name, freshest.created);
    let mut of_partition = Vec::new();
    let next = ids.into_iter().zip(memory).skip(part.assessed).take(most);
    for (id, memory) in next {
        part.assessed += 1;
        of_partition.clear();
        of_partition.extend(claims.of_partition(id));
        let old = old.and_then(|old| old.partition(id));
        let Some(mut truth) = memory.assess(claims, &of_partition, old, context) else {
            continue;
        };
        truth.status = partition::status(&truth, min_isr);
        memory.stall = CommitStall::update(memory.stall, &truth, context.now);
        let found = rules::partition::violations(&truth, memory.stall, min_isr, context);
        part.violations.extend(found);
        part.partitions.push(truth);
    }
    if part.assessed < part.total {
        return Some(StreamProgress::Part(part));
    }
    let partitions: Arc<[PartitionTruth]> = part.partitions.into();
    let truth = StreamTruth {
        name: Arc::clone(name),
        subject: Arc::clone(&freshest.subject),
        created: freshest.created,
        internal: freshest.is_internal(),
        messages: messages(&partitions),
        rate: rates::sum(partitions.iter().map(|partition| partition.rate)),
        history: old.map(|old| Arc::clone(&old.history)).unwrap_or_default(),
        status: status(&partitions, min_isr),
        partitions,
    };
    Some(StreamProgress::Whole(truth, part.violations))
}

fn messages(partitions: &[PartitionTruth]) -> Option<i64> {
    let given = |partition: &PartitionTruth| partition.newest_offset?.max(-1).checked_add(1);
    partitions
        .iter()
        .try_fold(0_i64, |sum, partition| sum.checked_add(given(partition)?))
}

fn status(partitions: &[PartitionTruth], min_isr: Option<usize>) -> StreamStatus {
    let mut status = StreamStatus::default();
    for partition in partitions {
        status.worst = status.worst.max(partition.status);
        let is = |wanted| usize::from(partition.status == wanted);
        status.leaderless += is(PartitionStatus::Leaderless);
        status.leader_unreachable += is(PartitionStatus::LeaderUnreachable);
        status.lost += usize::from(partition.log_loss.is_some());
        let of_replicas = status_of_replicas(partition, min_isr);
        status.under_replicated += usize::from(of_replicas.lacks_replicas());
        status.paused += usize::from(partition.paused == Known::Yes);
        status.readonly += usize::from(partition.readonly == Known::Yes);
    }
    status
}
