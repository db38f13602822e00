//! A partition's truth as values: who leads, what is stored, what is really paused, and where the views disagree.
//! Which view is believed is decided in `leader`.

use std::sync::Arc;

use super::LogLoss;
use crate::model::{BrokerId, Offset, PartitionId, Timestamp};

/// A partition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionTruth {
    /// The number.
    pub id: PartitionId,
    /// The broker that leads it, as the believed view says; it may be dead.
    pub leader: Option<BrokerId>,
    /// Whether that broker answers; `Unknown` where it was not asked yet or there is none.
    pub leader_reachable: Known,
    /// Brokers that hold a replica, sorted.
    pub replicas: Arc<[BrokerId]>,
    /// The in-sync replicas as the believed view says, sorted. A dead broker stays in it until the leader removes it.
    pub isr: Arc<[BrokerId]>,
    /// Those of them that answer: who does not can neither commit nor lead.
    pub in_sync: Arc<[BrokerId]>,
    /// Newest committed offset, the highest that any broker reported of this log; -1: nothing committed.
    pub high_watermark: Option<Offset>,
    /// Newest offset: as the leader says where it answers, else the highest that any replica reported; -1: empty.
    pub newest_offset: Option<Offset>,
    /// The broker that reported the newest offset; `None` where nobody did.
    pub source: Option<BrokerId>,
    /// Whether it really is paused.
    pub paused: Known,
    /// Whether it really is readonly.
    pub readonly: Known,
    /// What metadata says of paused: sticky, may lie (wire-contract §0.2).
    pub paused_flag: bool,
    /// What metadata says of readonly: may lie (wire-contract §0.3).
    pub readonly_flag: bool,
    /// How it is.
    pub status: PartitionStatus,
    /// When the leader received the latest message; [`Timestamp::NEVER`] where that is unknown: leaders forget it when
    /// they restart.
    pub last_message: Timestamp,
    /// Messages a second; `None` until two polls of one broker have reported the newest offset.
    pub rate: Option<f64>,
    /// Where each replica's log ends, sorted by broker; those that never reported anything too.
    pub replica_ends: Vec<ReplicaEnds>,
    /// What the log lost, until somebody has acknowledged it.
    pub log_loss: Option<Box<LogLoss>>,
    /// What the answering brokers do not agree on. Views are taken one after the other, so it may be gone in a moment.
    pub disagreement: Option<Box<Disagreement>>,
}

impl PartitionTruth {
    /// Stored and not yet committed messages; `None` where no broker that knows answers.
    pub fn uncommitted(&self) -> Option<i64> {
        Some(
            self.newest_offset?
                .saturating_sub(self.high_watermark?)
                .max(0),
        )
    }

    /// The replicas but the leader, and how many messages each lacks at least; `None` where the leader or it is silent.
    pub fn replica_lag(&self) -> impl Iterator<Item = (&BrokerId, Option<i64>)> {
        let followers = self.replica_ends.iter();
        let followers = followers.filter(|ends| Some(&ends.broker) != self.leader.as_ref());
        followers.map(|ends| (&ends.broker, ends.lag))
    }

    /// Where the log of the replica at that broker ends; `None` where it holds none.
    pub fn ends_of(&self, broker: &str) -> Option<&ReplicaEnds> {
        let mut ends = self.replica_ends.iter();
        ends.find(|ends| *ends.broker == *broker)
    }

    /// Messages that the replica at that broker lacks at least; `None` for the leader, and where that is unknown.
    pub fn lag_of(&self, broker: &str) -> Option<i64> {
        self.ends_of(broker)?.lag
    }

    /// Replicas that are not in sync, or do not answer.
    pub fn missing(&self) -> impl Iterator<Item = &BrokerId> {
        self.replicas
            .iter()
            .filter(|broker| !self.in_sync.contains(broker))
    }

    /// Whether metadata's flags say something that is not so.
    pub fn flags_lie(&self) -> bool {
        let contradicts = |flag: bool, known: Known| match known {
            Known::Yes => !flag,
            Known::No => flag,
            Known::Unknown => false,
        };
        contradicts(self.paused_flag, self.paused) || contradicts(self.readonly_flag, self.readonly)
    }
}

/// Where one replica's log ends. How old that is and whether the broker still answers stands with the broker;
/// [`super::Truth::replica_views`] joins both.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicaEnds {
    /// The broker.
    pub broker: BrokerId,
    /// The high watermark; `None` where it never reported it.
    pub high_watermark: Option<Offset>,
    /// The newest offset in its log; `None` where it never reported it.
    pub newest_offset: Option<Offset>,
    /// Messages that it lacks at least; `None` for the leader, and where the leader or it is silent.
    pub lag: Option<i64>,
    /// Messages a second by which its log grows while it is behind; `None` where it is not, or that is unknown.
    pub speed: Option<f64>,
}

/// Something that may not be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Known {
    /// Known to be so.
    Yes,
    /// Known not to be so.
    No,
    /// Nobody could tell.
    #[default]
    Unknown,
}

impl Known {
    /// As a bool; `None` where it is not known.
    pub fn as_bool(self) -> Option<bool> {
        match self {
            Self::Yes => Some(true),
            Self::No => Some(false),
            Self::Unknown => None,
        }
    }
}

impl From<bool> for Known {
    fn from(known: bool) -> Self {
        if known { Self::Yes } else { Self::No }
    }
}

/// How a partition is. The order is that of severity, the best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartitionStatus {
    /// The leader serves it and all replicas are in sync.
    #[default]
    Serving,
    /// Paused by somebody, or because it was idle.
    Paused,
    /// Some replicas are not in sync.
    UnderReplicated,
    /// With one replica less nothing commits; or nothing does already.
    AtMinIsr,
    /// Messages that had been committed are gone from the log that leads, and nobody has acknowledged that.
    LogWentBack,
    /// No answering broker names a leader.
    Leaderless,
    /// The leader does not answer, and none other was elected.
    LeaderUnreachable,
}

impl PartitionStatus {
    /// The name for scripts (interface §3).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Paused => "paused",
            Self::UnderReplicated => "under_replicated",
            Self::AtMinIsr => "at_min_isr",
            Self::LogWentBack => "log_went_back",
            Self::Leaderless => "leaderless",
            Self::LeaderUnreachable => "leader_unreachable",
        }
    }

    /// Whether no leader can be reached: none is named, or the named one does not answer.
    pub fn lacks_leader(self) -> bool {
        matches!(self, Self::Leaderless | Self::LeaderUnreachable)
    }

    /// Whether in-sync replicas are missing while a leader answers.
    pub fn lacks_replicas(self) -> bool {
        matches!(self, Self::UnderReplicated | Self::AtMinIsr)
    }
}

/// What answering brokers say against each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// Brokers that name another leader than the believed one, and whom.
    pub leader: Vec<(BrokerId, Option<BrokerId>)>,
    /// Brokers that name other in-sync replicas than the believed ones, and which.
    pub isr: Vec<(BrokerId, Arc<[BrokerId]>)>,
    /// Brokers that hold a replica and do not know the stream.
    pub unaware: Vec<BrokerId>,
}
