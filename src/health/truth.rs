//! The one truth as values: brokers, streams, cursors, totals, and how to look things up in them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{CursorTruths, Finding, PartitionStatus, PartitionTruth};
use crate::model::{
    BrokerId, CursorEntry, Failure, Offset, PartitionId, StreamName, Timestamp, is_pattern,
    names_stream,
};

/// What it means where nothing is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoFindings {
    /// Nothing is wrong, as far as anyone can know.
    AllWell,
    /// So many brokers were not heard yet.
    NotHeard(usize),
    /// The first answers contradict each other: the next ones tell (see [`Totals::unsettled`]).
    LookingAgain,
}

impl fmt::Display for NoFindings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllWell => f.write_str("all well"),
            Self::NotHeard(brokers) => write!(f, "{brokers} not heard yet"),
            Self::LookingAgain => f.write_str("looking again"),
        }
    }
}

/// What holds, as far as anyone can know, from all that every broker reported. Cheap to clone: streams are shared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Truth {
    /// All brokers that were asked or that any broker lists, sorted by id, those without one last.
    pub brokers: Vec<BrokerTruth>,
    /// All streams, internal ones included, sorted by name. The same slice, shared, as long as nothing of any has changed.
    pub streams: Arc<[Arc<StreamTruth>]>,
    /// All cursors that were read, worst lag first.
    pub cursors: CursorTruths,
    /// What is wrong, worst first, then by target.
    pub findings: Vec<Finding>,
    /// When the newest good view came; `None` before the first. Its age is the age of the truth.
    pub as_of: Option<Timestamp>,
    /// Sums over all streams.
    pub totals: Totals,
    /// Partitions whose flags say paused or readonly and whose leader should be asked, the longest unasked first.
    /// At most [`Truth::PROBES_AT_ONCE`]: each costs its leader a call.
    pub doubtful: Vec<(StreamName, PartitionId)>,
}

impl Truth {
    /// How many partitions [`Truth::doubtful`] names at most.
    pub const PROBES_AT_ONCE: usize = 64;

    /// The broker of that id, or the one without a known id that was dialled at that address.
    pub fn broker(&self, id_or_address: &str) -> Option<&BrokerTruth> {
        self.brokers
            .iter()
            .find(|broker| broker.name() == id_or_address)
    }

    /// The brokers of the cluster. An address that never told who listens there is none: it may be another name of one that
    /// answers; it counts where nobody has told anything yet.
    pub fn members(&self) -> impl Iterator<Item = &BrokerTruth> + Clone {
        let nobody_named = self.brokers.iter().all(|broker| broker.id.is_none());
        self.brokers
            .iter()
            .filter(move |broker| nobody_named || broker.id.is_some())
    }

    /// How many brokers of the cluster do not answer. While it is not 0, that nothing is found does not mean that all is well.
    pub fn unanswered(&self) -> usize {
        self.members().filter(|one| !one.is_answering()).count()
    }

    /// What it means where nothing is found.
    pub fn no_findings(&self) -> NoFindings {
        match (self.unanswered(), self.totals.unsettled) {
            (0, 0) => NoFindings::AllWell,
            (0, _) => NoFindings::LookingAgain,
            (unanswered, _) => NoFindings::NotHeard(unanswered),
        }
    }

    /// The stream of that name.
    pub fn stream(&self, name: &str) -> Option<&StreamTruth> {
        self.shared_stream(name).map(Arc::as_ref)
    }

    /// The stream of that name: the very same one as long as nothing of it has changed.
    pub(crate) fn shared_stream(&self, name: &str) -> Option<&Arc<StreamTruth>> {
        let at = self
            .streams
            .binary_search_by(|stream| (*stream.name).cmp(name))
            .ok()?;
        self.streams.get(at)
    }

    /// The streams that a name or a pattern means, by name: the one of exactly that name where there is one.
    pub fn streams_named(&self, text: &str) -> Vec<&StreamTruth> {
        if let Some(stream) = self.stream(text) {
            return vec![stream];
        }
        let fits = |stream: &&StreamTruth| is_pattern(text) && names_stream(text, &stream.name);
        let streams = self.streams.iter().map(Arc::as_ref);
        streams.filter(fits).collect()
    }

    /// The partition of that stream.
    pub fn partition(&self, stream: &str, id: PartitionId) -> Option<&PartitionTruth> {
        self.stream(stream)?.partition(id)
    }

    /// What every broker that holds a replica reports of a partition, with the age and the error that the partition's own
    /// values do not repeat.
    pub fn replica_views<'a>(
        &'a self,
        partition: &'a PartitionTruth,
    ) -> impl Iterator<Item = ReplicaView<'a>> + 'a {
        partition.replica_ends.iter().map(|view| {
            let broker = self.broker(&view.broker);
            ReplicaView {
                broker: &view.broker,
                high_watermark: view.high_watermark,
                newest_offset: view.newest_offset,
                speed: view.speed,
                at: broker.and_then(|found| found.last_answer),
                failure: broker.and_then(|found| found.failure.as_ref()),
            }
        })
    }

    /// When the partition's newest offset was true; `None` where nobody ever reported it.
    pub fn known_at(&self, partition: &PartitionTruth) -> Option<Timestamp> {
        self.broker(partition.source.as_ref()?)?.last_answer
    }

    /// The findings that no other explains: what to look at first. One broker that is silent makes many.
    pub fn root_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.cause.is_none())
    }

    /// The findings about that stream or any of its partitions, worst first.
    pub fn findings_of<'a>(&'a self, stream: &'a str) -> impl Iterator<Item = &'a Finding> + 'a {
        self.findings
            .iter()
            .filter(move |finding| finding.stream() == Some(stream))
    }
}

/// One replica of a partition as its broker reports it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReplicaView<'a> {
    /// The broker.
    pub broker: &'a BrokerId,
    /// The high watermark; `None` where it never reported it.
    pub high_watermark: Option<Offset>,
    /// The newest offset in its log; `None` where it never reported it.
    pub newest_offset: Option<Offset>,
    /// Messages a second by which its log grows while it is behind; `None` where it is not, or that is unknown.
    pub speed: Option<f64>,
    /// When it reported them; `None` where it never did.
    pub at: Option<Timestamp>,
    /// Why it did not answer when it was asked last, if it did not.
    pub failure: Option<&'a Failure>,
}

impl ReplicaView<'_> {
    /// How many committed messages the replica holds beyond the end of its leader's log, which has lost them.
    pub fn holds_more(&self, partition: &PartitionTruth) -> Option<i64> {
        partition.log_loss.as_ref()?;
        let more = self.high_watermark?.checked_sub(partition.newest_offset?)?;
        Some(more).filter(|more| *more > 0)
    }
}

/// A broker.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BrokerTruth {
    /// The id; `None` for a configured address that never answered and that no broker names.
    pub id: Option<BrokerId>,
    /// Where the broker was dialled, or where it says to listen if it was not asked yet; `host:port`.
    pub address: Arc<str>,
    /// Whether it has come back and is not believed yet: what it says contradicts the others, or nobody can tell.
    pub catching_up: bool,
    /// When it came back last, from a silence or a restart that was seen; `None` where none was.
    pub back_since: Option<Timestamp>,
    /// Whether it answers us: what the others say of that counts for nothing.
    pub reach: Reach,
    /// How often in a row it did not answer.
    pub failures: u32,
    /// Why it did not answer when it was asked last, if it did not.
    pub failure: Option<Failure>,
    /// When it answered last before the failures in a row; when it was asked first, if it never did.
    pub failing_since: Option<Timestamp>,
    /// How long its last answer took; `None` before the first.
    pub latency: Option<Duration>,
    /// When it answered last.
    pub last_answer: Option<Timestamp>,
    /// Partitions that it holds a replica of, paused ones included: counted here, since the brokers' own counters
    /// drift (wire-contract §4.7).
    pub partitions: usize,
    /// Partitions that it leads, counted here.
    pub leaders: usize,
    /// Messages a second of the partitions that it leads; `None` where none of them is known.
    pub rate: Option<f64>,
    /// Other answering brokers that list it; a dead one stays listed for up to two minutes.
    pub listed_by: Vec<BrokerId>,
}

impl BrokerTruth {
    /// The id, or the address while the id is unknown or empty.
    pub fn name(&self) -> &str {
        let id = self.id.as_deref().filter(|id| !id.is_empty());
        id.unwrap_or(&self.address)
    }

    /// Whether the broker is known to answer.
    pub fn is_answering(&self) -> bool {
        self.reach == Reach::Answering
    }
}

/// Whether a broker answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Nobody has asked it, or the first answer is still awaited.
    #[default]
    NotAskedYet,
    /// Answered when asked last, or missed no more than one poll.
    Answering,
    /// Partitions name it and no broker that answers lists it, so that nobody knows where to ask.
    AddressUnknown {
        /// Since when that is so although all others were asked.
        since: Timestamp,
    },
    /// Refuses connections, or did not answer twice in a row.
    Silent {
        /// When it answered last; when it was asked first, if it never did.
        since: Timestamp,
    },
}

impl Reach {
    /// Whether the broker is known not to answer.
    pub fn is_silent(self) -> bool {
        matches!(self, Self::Silent { .. })
    }

    /// Since when the broker does not answer.
    pub fn silent_since(self) -> Option<Timestamp> {
        match self {
            Self::Silent { since } => Some(since),
            Self::NotAskedYet | Self::Answering | Self::AddressUnknown { .. } => None,
        }
    }
}

/// A stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamTruth {
    /// The name.
    pub name: StreamName,
    /// The NATS subject that it stores.
    pub subject: Arc<str>,
    /// When it was created.
    pub created: Timestamp,
    /// Whether it is one of Liftbridge's own (`__activity`, `__cursors`).
    pub internal: bool,
    /// Partitions, sorted by number.
    pub partitions: Arc<[PartitionTruth]>,
    /// Offsets given so far in all partitions; `None` where one of them is unknown. What retention kept of them no
    /// broker reports.
    pub messages: Option<i64>,
    /// Messages a second; `None` where no partition's is known.
    pub rate: Option<f64>,
    /// Rates of the last ten minutes, oldest first, one for every [`Self::HISTORY_STEP`]; `None`: unknown then.
    pub history: Arc<[Option<f32>]>,
    /// The worst of its partitions, with counts.
    pub status: StreamStatus,
}

impl StreamTruth {
    /// The time that one value of a history stands for.
    pub const HISTORY_STEP: Duration = Duration::from_secs(5);
    /// How many values a history has at most.
    pub const HISTORY_LENGTH: usize = 120;

    /// The partition of that number.
    pub fn partition(&self, id: PartitionId) -> Option<&PartitionTruth> {
        let at = self.partitions.binary_search_by_key(&id, |p| p.id).ok()?;
        self.partitions.get(at)
    }
}

/// How a stream is: its worst partition, and how many are how. A partition may count more than once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamStatus {
    /// The status of its worst partition.
    pub worst: PartitionStatus,
    /// Partitions without any leader.
    pub leaderless: usize,
    /// Partitions whose leader does not answer.
    pub leader_unreachable: usize,
    /// Partitions that have lost messages, which nobody has acknowledged.
    pub lost: usize,
    /// Partitions that lack in-sync replicas, at the minimum or not, with a leader that answers.
    pub under_replicated: usize,
    /// Partitions that really are paused.
    pub paused: usize,
    /// Partitions that really are readonly.
    pub readonly: usize,
}

/// A cursor and how far it lags.
#[derive(Clone, Debug, PartialEq)]
pub struct CursorTruth {
    /// The cursor as it was read.
    pub entry: CursorEntry,
    /// Newest offset of its partition; `None` where nobody reports it.
    pub newest_offset: Option<Offset>,
    /// Since when the log ends before the cursor, as it does where messages were lost; `None` where it does not, or not
    /// for certain. Consumers that store the next offset to read are one ahead of the end.
    pub beyond_end_since: Option<Timestamp>,
    /// Messages stored after the last one read; `None` where the newest offset is unknown.
    pub lag: Option<i64>,
    /// How long ago the first unread message was stored; `None` where the lag is.
    pub lag_time: Option<LagTime>,
    /// Messages read a second; `None` until it was seen twice.
    pub speed: Option<f64>,
    /// When it will have caught up, as its lag has changed in the last minute.
    pub time_to_drain: DrainTime,
    /// Since when it has lagged more than the limits of [`super::AlertOptions`]; `None` where it does not, or nobody knows.
    pub lagging: Option<Lagging>,
    /// Since when it has not moved although there is something to read; for a moment, no cursor has. `None` where
    /// nothing is to be read, or that is unknown.
    pub stalled_since: Option<Timestamp>,
    /// Where it was moved back to, and when, until it has come to where it was.
    pub moved_back: Option<MoveBack>,
}

/// A cursor that was not read for so long is told with its age: readings are 15 s apart, or three of them failed.
const OUTDATED_AFTER: Duration = Duration::from_secs(45);

impl CursorTruth {
    /// Whether it may have moved since it was read: what it is stored in cannot be read.
    pub fn is_outdated(&self, now: Timestamp) -> bool {
        self.entry.read_at.age(now) >= OUTDATED_AFTER
    }
}

/// That a cursor lags more than is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lagging {
    /// Since when.
    pub since: Timestamp,
    /// Whether it may have begun before: nobody has seen it keep up.
    pub at_least: bool,
}

/// That a cursor was moved back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveBack {
    /// The offset at which it was.
    pub from: Offset,
    /// The offset at which it was then.
    pub to: Offset,
    /// When that was stored.
    pub at: Timestamp,
}

/// How long ago the first unread message was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LagTime {
    /// At least so long.
    pub at_least: Duration,
    /// How much longer it may be.
    pub certainty: LagCertainty,
}

/// How well a lag in time is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LagCertainty {
    /// To a poll's interval.
    Exact,
    /// It was so long half a minute ago at most, before the cursor moved.
    Recent,
    /// It may be much longer: the first unread message was there when its partition was first seen.
    AtLeast,
}

/// When a cursor will have caught up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DrainTime {
    /// It is there, or will be after so long.
    Within(Duration),
    /// Its lag neither shrinks nor grows: it keeps up with what is stored.
    Steady,
    /// Its lag grows, or it does not move.
    Never,
    /// It was not watched for long enough, or its lag is unknown.
    Unknown,
}

impl DrainTime {
    /// How long until then, where it is known that it will be.
    pub fn within(self) -> Option<Duration> {
        match self {
            Self::Within(time) => Some(time),
            Self::Steady | Self::Never | Self::Unknown => None,
        }
    }
}

/// Sums over all streams, internal ones included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Streams.
    pub streams: usize,
    /// Streams of Liftbridge's own among them.
    pub internal: usize,
    /// Partitions.
    pub partitions: usize,
    /// Partitions without any leader.
    pub leaderless: usize,
    /// Partitions whose leader does not answer.
    pub leader_unreachable: usize,
    /// Partitions that lack in-sync replicas.
    pub under_replicated: usize,
    /// Partitions that are paused.
    pub paused: usize,
    /// Partitions whose leader was heard once, and whose other replicas say that more is committed than it has: its next answer
    /// tells whether that is a loss, or more that has come since.
    pub unsettled: usize,
    /// Messages a second; `None` where no partition's is known.
    pub rate: Option<f64>,
    /// The rates of the last ten minutes, as in [`StreamTruth::history`].
    pub history: Arc<[Option<f32>]>,
}
