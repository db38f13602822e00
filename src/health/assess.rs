//! One stream's truth from what every broker says of it.
//! Whom to believe is decided in `witness`, what is remembered from look to look kept by `streams`.

use std::sync::Arc;
use std::time::Duration;

use super::broker_views::Told;
use super::brokers::{BrokerBook, Speaker};
use super::leader::{self, Belief, Word};
use super::pause_state::Probed;
use super::rates::{self, Meter};
use super::rules::{Symptoms, Violation};
use super::{
    HealthOptions, Known, PartitionStatus, PartitionTruth, PartitionView, StreamStatus, StreamTruth,
};
use crate::model::{BrokerId, Offset, Partition, StreamName, Timestamp};

/// Two views this close count as taken at once.
const AT_ONCE: Duration = Duration::from_millis(250);

/// All that is needed to look at one stream after the other.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    /// Brokers whose views can be used.
    pub(super) speakers: Vec<Speaker<'a>>,
    /// Whether they answer.
    pub(super) book: &'a BrokerBook,
    /// Whether too few answer for any election.
    pub(super) no_majority: bool,
    /// How health judges.
    pub(super) options: &'a HealthOptions,
    /// The time.
    pub(super) now: Timestamp,
}

/// What is remembered of a partition.
#[derive(Debug, Default)]
pub(super) struct PartitionMemory {
    /// Newest offsets of its leader.
    pub(super) meter: Meter,
    /// What probes told.
    pub(super) probed: Probed,
    belief: Belief,
    stuck: Option<Stuck>,
}

/// A high watermark that stays behind the newest offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stuck {
    /// Where it stands.
    high_watermark: Offset,
    /// The newest offset when it was first seen there.
    newest_then: Offset,
    /// When that was.
    pub(super) since: Timestamp,
    /// Whether messages have been stored meanwhile.
    pub(super) growing: bool,
}

impl Stuck {
    fn next(old: Option<Self>, truth: &PartitionTruth, now: Timestamp) -> Option<Self> {
        let (high_watermark, newest) = (truth.high_watermark?, truth.newest_offset?);
        let rests = truth.status.is_dark() || truth.status == PartitionStatus::Paused;
        if newest <= high_watermark || rests {
            return None;
        }
        let same = old.filter(|old| old.high_watermark == high_watermark);
        let mut stuck = same.unwrap_or(Self {
            high_watermark,
            newest_then: newest,
            since: now,
            growing: false,
        });
        stuck.growing = newest > stuck.newest_then;
        Some(stuck)
    }
}

/// The stream as it is, and what is wrong with its partitions; `None` where it has none that anybody tells of.
pub(super) fn stream(
    name: &StreamName,
    told: &Told<'_>,
    old: Option<&StreamTruth>,
    memory: &mut Vec<PartitionMemory>,
    scene: &Scene<'_>,
) -> Option<(StreamTruth, Vec<Violation>)> {
    let freshest = told.freshest()?;
    let ids = told.partition_ids();
    memory.resize_with(ids.len(), PartitionMemory::default);
    let mut symptoms = Symptoms::new(name, scene);
    let mut words = Vec::new();
    let partitions: Arc<[PartitionTruth]> = ids
        .into_iter()
        .zip(memory)
        .filter_map(|(id, memory)| {
            words.clear();
            words.extend(told.words(id));
            let old = old.and_then(|old| old.partition(id));
            let mut truth = partition(told, &words, old, memory, scene)?;
            truth.status = partition_status(&truth, symptoms.min_isr());
            memory.stuck = Stuck::next(memory.stuck, &truth, scene.now);
            symptoms.examine(&truth, memory.stuck);
            Some(truth)
        })
        .collect();
    let truth = StreamTruth {
        name: Arc::clone(name),
        subject: Arc::clone(&freshest.subject),
        created: freshest.created,
        internal: freshest.is_internal(),
        messages: messages(&partitions),
        rate: rates::sum(partitions.iter().map(|partition| partition.rate)),
        history: old.map(|old| Arc::clone(&old.history)).unwrap_or_default(),
        status: status(&partitions),
        partitions,
    };
    Some((truth, symptoms.found()))
}

/// A partition, but for its status.
fn partition(
    told: &Told<'_>,
    words: &[Word<'_>],
    old: Option<&PartitionTruth>,
    memory: &mut PartitionMemory,
    scene: &Scene<'_>,
) -> Option<PartitionTruth> {
    let chief = memory.belief.weigh(words, scene.book)?;
    memory.probed.note(chief.partition, chief.by.at);
    let absent = told.ignorant_of(&chief.partition.replicas);
    let mut truth = claims(&chief, old, memory, scene);
    truth.disagreement = leader::disagreement(&chief, words, absent);
    truth.last_message = last_message(words);
    truth.views = views(&chief, words);
    ends(&mut truth, &chief, words, memory);
    truth.replica_lag = replica_lag(&truth, words, memory);
    Some(truth)
}

/// What follows from the believed word alone.
fn claims(
    chief: &Word<'_>,
    old: Option<&PartitionTruth>,
    memory: &PartitionMemory,
    scene: &Scene<'_>,
) -> PartitionTruth {
    let by_leader = chief.claims_to_lead();
    let told = chief.partition;
    let leader = told.leader.as_ref();
    PartitionTruth {
        id: told.id,
        leader: told.leader.clone(),
        leader_reachable: leader.map(|id| scene.book.answers(id)).unwrap_or_default(),
        replicas: shared(old.map(|old| &old.replicas), &told.replicas),
        isr: shared(old.map(|old| &old.isr), &told.isr),
        paused: memory.probed.paused(told, by_leader),
        readonly: memory.probed.readonly(told, by_leader),
        paused_flag: told.paused_flag,
        readonly_flag: told.readonly_flag,
        ..PartitionTruth::default()
    }
}

/// The list that stood there before, where it is the same: replicas and ISR change seldom.
fn shared(old: Option<&Arc<[BrokerId]>>, new: &[BrokerId]) -> Arc<[BrokerId]> {
    match old.filter(|old| ***old == *new) {
        Some(old) => Arc::clone(old),
        None => new.into(),
    }
}

/// Where the log ends: the leader's own word, a later probe of it before its view; where it does not speak, the
/// replica that has most. A broker without a replica says -1 and is not asked.
fn ends(
    truth: &mut PartitionTruth,
    chief: &Word<'_>,
    words: &[Word<'_>],
    memory: &PartitionMemory,
) {
    if chief.claims_to_lead() {
        let probed = memory.probed.partition_after(chief.by.at);
        let probed = probed.filter(|(_, partition)| partition.leader == truth.leader);
        let told = probed.map_or(chief.partition, |(_, partition)| partition);
        set_ends(truth, chief.by.id, told);
        truth.rate = memory.meter.rate_of(chief.by.id);
        return;
    }
    let holds = |word: &&Word<'_>| chief.partition.replicas.contains(word.by.id);
    let best = words.iter().filter(holds).max_by_key(|word| {
        let partition = word.partition;
        (
            partition.newest_offset,
            partition.high_watermark,
            word.by.at,
        )
    });
    if let Some(word) = best {
        set_ends(truth, word.by.id, word.partition);
    }
}

fn set_ends(truth: &mut PartitionTruth, source: &BrokerId, told: &Partition) {
    truth.high_watermark = Some(told.high_watermark);
    truth.newest_offset = Some(told.newest_offset);
    truth.source = Some(BrokerId::clone(source));
}

/// Receipts are known to leaders alone, and forgotten when they restart: the latest that anybody tells has happened.
fn last_message(words: &[Word<'_>]) -> Timestamp {
    let received = words.iter().map(|word| word.partition.received.latest);
    received.max().unwrap_or_default()
}

fn views(chief: &Word<'_>, words: &[Word<'_>]) -> Vec<PartitionView> {
    let replicas = chief.partition.replicas.iter();
    replicas
        .map(|broker| {
            let word = words.iter().find(|word| word.by.id == broker);
            PartitionView {
                broker: BrokerId::clone(broker),
                high_watermark: word.map(|word| word.partition.high_watermark),
                newest_offset: word.map(|word| word.partition.newest_offset),
            }
        })
        .collect()
}

/// How far each follower is behind what the leader had when the follower was asked: views come one after the other,
/// so the leader's latest word would make a busy follower look late.
fn replica_lag(
    truth: &PartitionTruth,
    words: &[Word<'_>],
    memory: &PartitionMemory,
) -> Vec<(BrokerId, Option<i64>)> {
    let leader = truth.leader.as_ref();
    let followers = truth.replicas.iter().filter(|id| Some(*id) != leader);
    followers
        .map(|follower| {
            let word = words.iter().find(|word| word.by.id == follower);
            let current = word.filter(|word| word.by.current && truth.rate_is_leaders());
            let lag = current.and_then(|word| {
                let newest = memory.meter.newest_by(word.by.at.plus(AT_ONCE))?;
                Some(newest.saturating_sub(word.partition.newest_offset).max(0))
            });
            (BrokerId::clone(follower), lag)
        })
        .collect()
}

impl PartitionTruth {
    /// Whether the ends are the leader's own word.
    fn rate_is_leaders(&self) -> bool {
        self.source.is_some() && self.source == self.leader && self.leader_reachable == Known::Yes
    }
}

fn partition_status(truth: &PartitionTruth, min_isr: Option<usize>) -> PartitionStatus {
    let (isr, replicas) = (truth.isr.len(), truth.replicas.len());
    if truth.leader.is_none() {
        return PartitionStatus::Leaderless;
    }
    if truth.leader_reachable == Known::No {
        return PartitionStatus::LeaderUnreachable;
    }
    if truth.paused == Known::Yes {
        return PartitionStatus::Paused;
    }
    match min_isr {
        Some(min) if isr < min || (isr == min && isr < replicas) => PartitionStatus::AtMinIsr,
        _ if isr < replicas => PartitionStatus::UnderReplicated,
        _ => PartitionStatus::Serving,
    }
}

fn messages(partitions: &[PartitionTruth]) -> Option<i64> {
    let given = |partition: &PartitionTruth| partition.newest_offset?.checked_add(1);
    partitions
        .iter()
        .try_fold(0_i64, |sum, partition| sum.checked_add(given(partition)?))
}

fn status(partitions: &[PartitionTruth]) -> StreamStatus {
    let mut status = StreamStatus::default();
    for partition in partitions {
        status.worst = status.worst.max(partition.status);
        status.dark += usize::from(partition.status.is_dark());
        status.short += usize::from(partition.status.is_short());
        status.paused += usize::from(partition.paused == Known::Yes);
        status.readonly += usize::from(partition.readonly == Known::Yes);
    }
    status
}
