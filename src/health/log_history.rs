//! How far a partition's log has come, and whether it went back: what was committed once is never given back by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::claim::Claim;
use crate::model::{BrokerId, Offset, Partition, PartitionId, Timestamp};

/// Two views this close may stand for either order: a leader's is compared with what was known that much before it.
const AT_ONCE: Duration = Duration::from_millis(250);

/// A log that went back: messages that had been committed, or delivered, are gone from the one that leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLoss {
    /// The newest offset that was committed or delivered before.
    pub from: Offset,
    /// The newest offset of the leader's log when it was found to end before that; -1: it was empty.
    pub to: Offset,
    /// When that was found.
    pub at: Timestamp,
    /// The broker whose log it is.
    pub leader: BrokerId,
    /// Replicas that still held more than the leader then, and their newest offsets; those that were cut since are gone
    /// from here.
    pub holders: Vec<(BrokerId, Offset)>,
    /// Those that held more and were seen to hold less since, as they do once they follow the leader.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<CutReplica>,
}

/// A replica that no longer holds what its leader lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutReplica {
    /// The broker.
    pub broker: BrokerId,
    /// The newest offset that it had before.
    pub newest: Offset,
    /// When its log was seen shorter.
    pub at: Timestamp,
}

impl LogLoss {
    /// Records what replicas say that held more than the leader: their own answers tell when they hold it no longer.
    fn update_holders(&mut self, claims: &[Claim<'_, Partition>]) {
        let holders = std::mem::take(&mut self.holders);
        for (broker, newest) in holders {
            let mut own = claims.iter().filter(|claim| *claim.broker == broker);
            let shorter = own.find(|claim| claim.current && claim.value.newest_offset < newest);
            match shorter.map(|claim| claim.at) {
                Some(at) => self.cut.push(CutReplica { broker, newest, at }),
                None => self.holders.push((broker, newest)),
            }
        }
    }
}

/// How far the logs of a stream had come when somebody looked before: what a later look is held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownStream {
    /// When the stream was created, in Unix nanoseconds: another one of its name has other logs.
    pub created: i64,
    /// When that was known, in Unix nanoseconds.
    pub seen: i64,
    /// The newest committed offset of each partition that had one.
    pub committed: BTreeMap<PartitionId, Offset>,
    /// Of partitions whose loss somebody has acknowledged: the newest offset that was left.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub acknowledged: BTreeMap<PartitionId, Offset>,
    /// The stream of its name before it, where somebody saw that one go and nobody has acknowledged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<ReplacedStream>,
}

/// A stream in whose place there is another one of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplacedStream {
    /// When it had been created, in Unix nanoseconds.
    pub created: i64,
    /// Offsets that its partitions had given; `None` where that was unknown.
    pub messages: Option<i64>,
}

/// What is known of a partition's log beyond what brokers say now.
#[derive(Clone, Debug, Default)]
pub(super) struct LogHistory {
    /// The highest offset that any broker called committed or that was delivered, and when that was known.
    committed: Option<(Offset, Timestamp)>,
    /// The highest one before, where that was known for longer than views can be out of order.
    before: Option<(Offset, Timestamp)>,
    /// The highest offset that was delivered, or acked by all; since when it was there is not settled.
    stored: Option<Offset>,
    loss: Option<Box<LogLoss>>,
    /// Whether somebody knows of it.
    acknowledged: bool,
    /// The newest offset that was left when the user of an earlier run acknowledged a loss: that loss is found again as
    /// long as other replicas still hold more.
    recalled: Option<Offset>,
    /// Whether a replica says to have committed more than its leader had a moment before or after: the next views tell.
    suspicious: bool,
}

impl LogHistory {
    /// The highest offset that is known to be committed.
    pub(super) fn committed(&self) -> Option<Offset> {
        self.committed.map(|(offset, _)| offset)
    }

    /// Records a message that was delivered or acked by all: it is committed.
    pub(super) fn record_stored(&mut self, offset: Offset) {
        self.stored = self.stored.max(Some(offset));
    }

    /// What was recorded as stored was so by then.
    pub(super) fn date_stored(&mut self, now: Timestamp) {
        if let Some(offset) = self.stored.take() {
            self.record_committed(offset, now);
        }
    }

    /// Records an offset that is committed. Nothing is none: so says of any log who has no replica of it.
    fn record_committed(&mut self, offset: Offset, at: Timestamp) {
        if offset >= 0 && self.committed.is_none_or(|(known, _)| offset > known) {
            let before = self.committed.filter(|(_, known)| known.plus(AT_ONCE) < at);
            self.before = before.or(self.before);
            self.committed = Some((offset, at));
        }
    }

    /// The last loss that nobody has acknowledged.
    pub(super) fn loss(&self) -> Option<&LogLoss> {
        self.loss.as_deref().filter(|_| !self.acknowledged)
    }

    /// Records what an earlier run saw: it was seen for certain before anything that this one sees.
    pub(super) fn recall(&mut self, offset: Offset, seen: Timestamp) {
        self.committed = Some((offset, seen.minus(AT_ONCE * 2)));
    }

    /// Records a loss that an earlier run found and nobody has acknowledged.
    pub(super) fn recall_loss(&mut self, loss: LogLoss) {
        if self.recalled.is_none() && self.loss.is_none() {
            self.loss = Some(Box::new(loss));
        }
    }

    /// Records that the user of an earlier run knew of a loss which left the log up to there.
    pub(super) fn recall_acknowledged(&mut self, left: Offset) {
        self.recalled = Some(left);
    }

    /// The newest offset that is left of a log whose loss somebody has acknowledged, while other replicas hold more.
    pub(super) fn left(&self) -> Option<Offset> {
        let Some(loss) = self.loss.as_ref().filter(|_| self.acknowledged) else {
            // One look may not have been enough to find it again.
            return self.recalled;
        };
        Some(self.committed().map_or(loss.to, |known| known.max(loss.to)))
    }

    /// Somebody knows of the loss.
    pub(super) fn acknowledge(&mut self) {
        self.acknowledged = true;
    }

    /// Whether the next views tell more although they may say the same.
    pub(super) fn is_suspicious(&self) -> bool {
        self.suspicious
    }

    /// Compares what the believed leader says with what was known before it said so, then records what all say.
    pub(super) fn record(
        &mut self,
        leader: Option<&Claim<'_, Partition>>,
        claims: &[Claim<'_, Partition>],
    ) {
        if let Some(leader) = leader
            && let Some((committed, _)) = self.committed
            && self.known_before(leader.at) > Some(leader.value.newest_offset)
        {
            self.record_loss(committed, leader, claims);
        } else if let Some(loss) = &mut self.loss {
            loss.update_holders(claims);
        }
        self.recalled = self.recalled.and_then(|left| left_of(left, leader, claims));
        // After a loss the others' high watermarks are those of another log, until they have been cut to the new one.
        let is_ahead = |claim: &&Claim<'_, Partition>| {
            let newest = leader.map(|leader| leader.value.newest_offset);
            claim.current && newest.is_some_and(|newest| claim.value.high_watermark > newest)
        };
        let ahead = claims.iter().any(|claim| is_ahead(&claim));
        if self.acknowledged && !ahead {
            (self.loss, self.acknowledged) = (None, false);
        }
        self.suspicious = ahead && self.loss.is_none();
        if self.loss.is_none() {
            for claim in claims.iter().filter(|claim| claim.current) {
                self.record_committed(claim.value.high_watermark, claim.at);
            }
        }
        if let Some(leader) = leader {
            self.record_committed(leader.value.high_watermark, leader.at);
        }
    }

    /// The highest offset that was certainly committed before that time.
    fn known_before(&self, at: Timestamp) -> Option<Offset> {
        let known = [self.committed, self.before].into_iter().flatten();
        let certain = known.filter(|(_, known)| known.plus(AT_ONCE) < at);
        certain.map(|(offset, _)| offset).max()
    }

    fn record_loss(
        &mut self,
        committed: Offset,
        leader: &Claim<'_, Partition>,
        claims: &[Claim<'_, Partition>],
    ) {
        let newest = leader.value.newest_offset;
        let ahead = claims.iter().filter(|claim| {
            claim.broker != leader.broker
                && leader.value.replicas.contains(claim.broker)
                && claim.value.newest_offset > newest
        });
        let holders = ahead.map(|claim| (BrokerId::clone(claim.broker), claim.value.newest_offset));
        let before = self.loss.take().filter(|_| !self.acknowledged);
        self.acknowledged = self.recalled.take().is_some_and(|left| newest >= left);
        self.loss = Some(Box::new(LogLoss {
            from: before.map_or(committed, |before| before.from.max(committed)),
            to: newest,
            at: leader.at,
            leader: BrokerId::clone(leader.broker),
            holders: holders.collect(),
            cut: Vec::new(),
        }));
        self.committed = Some((leader.value.high_watermark.min(newest), leader.at));
        self.before = None;
    }
}

/// What is left of a log whose loss the user of an earlier run knew of, as far as its leader has come since; `None` once no replica
/// holds more: what goes then is another loss.
fn left_of(
    left: Offset,
    leader: Option<&Claim<'_, Partition>>,
    claims: &[Claim<'_, Partition>],
) -> Option<Offset> {
    let Some(leader) = leader else {
        return Some(left);
    };
    let replicas = &leader.value.replicas;
    let mut unheard = replicas.iter().filter(|id| {
        let mut own = claims.iter().filter(|claim| claim.broker == *id);
        !own.any(|claim| claim.current)
    });
    let newest = leader.value.newest_offset;
    let is_ahead =
        |claim: &Claim<'_, Partition>| claim.current && claim.value.high_watermark > newest;
    let lasts = unheard.next().is_some() || claims.iter().any(is_ahead);
    lasts.then(|| left.max(leader.value.high_watermark))
}
