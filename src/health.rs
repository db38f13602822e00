//! What is wrong now, worst first: one truth from what every broker reports, and the findings that follow from it.
//!
//! Pure: no clock, no network, no terminal. Views, probes, cursors and the time are handed in.
//!
//! # How the truth is found
//!
//! Brokers do not lie on purpose, but each has its own view of things (wire-contract §0, §4.7, §5): dead brokers stay
//! listed for two minutes, dead leaders are named until another is elected, offsets are those of the answering
//! broker's log, flags are sticky. So every broker is asked for itself, and this is made of the answers:
//!
//! | question | who is believed |
//! |---|---|
//! | Does a broker answer? | Its own outcome alone. A refused connection is silence at once, an answer that does not come in time only when that happens twice in a row, or when the broker does not even say that it is there and has answered nothing for two and a half seconds. Who lists the broker is shown beside it. A broker that nobody lists, though partitions name it, is silent. |
//! | Does a stream exist? | Any answering broker that knows it; where none answers, whoever knew it last. Of two incarnations of one name, the later. |
//! | Who leads? | The broker that answers and says that it leads. Two that say so: the one that began later. None: whom the answering brokers name, one that answers before one that does not, then the majority, then the freshest view. No epoch is on the wire, so this can be wrong for one poll; the contradiction is kept in [`PartitionTruth::disagreement`], and is a finding when it lasts. |
//! | Who is in sync? | The believed leader's own view, or the freshest one that names it. A dead replica stays in the ISR until its leader removes it, and is shown so. |
//! | Where does a log end? | Where the leader says. Where that does not answer, the replica that has most, named in [`PartitionTruth::source`]. A broker without a replica says -1 and is left out. |
//! | Is it paused? | No flag: no. A flag: what the leader answered when it was asked for that partition alone, as long as no view reports a later pause or resume; or a message that the leader received after the latest one. Else it is [`Known::Unknown`], and [`Truth::doubtful`] asks for a probe. |
//! | Is it readonly? | No flag: no. A flag: the probe; or the leader, where it has seen the change itself and no pause since. Else unknown. |
//! | How far is a replica behind? | Its own newest offset less what the leader had when the replica was asked: a lower bound, so that polls that come one after the other invent no lag. |
//! | How fast does it grow? | The leader's newest offsets over ten seconds. An offset that goes back, another leader, another incarnation: unknown, never negative. |
//! | How far is a cursor behind in time? | The log was seen to pass it, and that moment counts. It had passed it before anybody watched: at least so long ([`LagCertainty`]). |
//!
//! What cannot be known is `None` or [`Known::Unknown`], never a zero. What was true when a broker stopped answering
//! stays, with its age ([`Truth::known_at`], [`Truth::replica_views`]).
//!
//! # How findings come and go
//!
//! A fact is a finding at once; a suspicion (views that disagree, commits or cursors that are stalled) must last as long
//! as [`AlertOptions`] say. Partitions of one stream with the same trouble are one finding. A finding keeps its beginning
//! until it is over. Flags that lie are no finding: [`PartitionTruth::flags_lie`].
//!
//! # What it costs
//!
//! A stream is assessed again only when a broker reports something else of it than before; the truth shares the rest
//! with the one before. See [`Health::assess`] for what happens where everything changes at once.

mod alert;
mod assess;
mod assess_steps;
mod balance;
mod broker_record;
mod broker_tracker;
mod causes;
mod claim;
mod commit_stall;
mod cursor_tracker;
mod cursor_truths;
mod deleted_streams;
mod election;
mod finding;
mod first_unread;
mod incident;
mod incident_moves;
mod incident_recorder;
mod known_cursors;
mod known_findings;
mod known_losses;
mod lag_limits;
mod lag_trend;
mod leader;
mod log_end_history;
mod log_history;
mod options;
mod partition_truth;
mod pause_state;
mod pending_views;
mod quiet_hours;
mod rates;
mod restart_plan;
mod returned;
mod rules;
mod running_incidents;
mod short_names;
mod stream_change;
mod stream_record;
mod stream_tracker;
mod subject_storage;
mod truth;
mod truth_changes;
mod vanished_streams;
mod verdict;
mod view_merge;
mod what_if;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

pub use alert::{Alert, AlertKind, AlertPolicy, AlertTracker};
pub use balance::{Balance, BrokerLoad};
pub use cursor_truths::CursorTruths;
pub use finding::{Finding, Rule, Severity};
pub use incident::{Incident, IncidentEvent, IncidentEventKind};
pub use incident_recorder::{IncidentChange, IncidentNews, IncidentRecorder};
pub use known_cursors::KnownCursor;
pub use known_findings::{KnownFinding, SAVED_EVERY};
pub use known_losses::KnownLoss;
pub use log_history::{CutReplica, KnownStream, LogLoss, ReplacedStream};
pub(crate) use options::best_match;
pub use options::{AlertOptions, CreatedMinIsr, HealthOptions};
pub use partition_truth::{Disagreement, Known, PartitionStatus, PartitionTruth, ReplicaEnds};
pub use quiet_hours::QuietHours;
pub use restart_plan::{RestartCheck, RestartReason, RestartSafety, is_in_sync};
pub use short_names::ShortNames;
pub use subject_storage::{StoringPartition, SubjectOverlap, SubjectStorage};
pub use truth::{
    BrokerTruth, CursorTruth, DrainTime, LagCertainty, LagTime, Lagging, MoveBack, NoFindings,
    Reach, ReplicaView, StreamStatus, StreamTruth, Totals, Truth,
};
pub use truth_changes::{IsrChange, LeaderChange, TruthChanges};
pub use verdict::{RuleOptions, Verdict};
pub use what_if::{BrokerLoss, LossOutcome, PartitionLoss};

use crate::model::{
    BrokerView, CursorEntry, FirstUnread, Offset, PartitionId, Probe, StreamName, Timestamp,
};
use assess_steps::AssessStep;
use broker_tracker::BrokerTracker;
use cursor_tracker::CursorTracker;
use known_findings::KnownFindings;
use pending_views::PendingViews;
use stream_tracker::{StreamSums, StreamTracker};

/// Partitions that are looked at in one call: a twentieth of a very large cluster, which keeps the call within some
/// milliseconds.
const PARTITIONS_AT_ONCE: usize = 2_000;

/// How long the first looks take from the first answer on: a broker with a dead peer answers after 3 s (wire-contract §0.5).
const FIRST_LOOKS: Duration = Duration::from_secs(5);

/// The time that findings are dated with moves in such steps, so that it may be older than the first look.
const CLOCK_STEP: Duration = Duration::from_secs(1);

/// Collects what brokers report and finds what follows.
#[derive(Clone, Debug, Default)]
pub struct Health {
    options: HealthOptions,
    brokers: BrokerTracker,
    streams: StreamTracker,
    cursors: CursorTracker,
    /// Answers of which not all streams have been taken in yet.
    pending: PendingViews,
    /// Whether anything was reported since the truth was put together.
    changed: bool,
    /// How far the streams have been assessed since then.
    step: AssessStep,
    /// What all streams add up to, as of their last assessment.
    sums: StreamSums,
    /// Whether too few brokers answered for any election when the streams were assessed last.
    no_majority: bool,
    /// When the first broker was asked, and when the first one answered: what was found until moments after that may have
    /// been so for long.
    begun: Option<Timestamp>,
    first_answer: Option<Timestamp>,
    /// What an earlier run saw last: it dates what is there at the first look.
    known: KnownFindings,
    truth: Arc<Truth>,
}

impl Health {
    /// Nothing is known yet.
    pub fn new(options: HealthOptions) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// How it judges.
    pub fn options(&self) -> &HealthOptions {
        &self.options
    }

    /// From now on it judges so. Minimum ISRs that were recorded meanwhile stay where these options name none.
    pub fn set_options(&mut self, mut options: HealthOptions) {
        let recorded = std::mem::take(&mut self.options.created_min_isr);
        for (stream, min_isr) in recorded {
            options.created_min_isr.entry(stream).or_insert(min_isr);
        }
        if self.options != options {
            self.changed = true;
            self.streams.mark_all_changed();
        }
        self.options = options;
    }

    /// This user has just created that stream with that minimum ISR, which no broker tells.
    pub fn record_created(&mut self, stream: &str, min_isr: CreatedMinIsr) {
        self.options
            .created_min_isr
            .insert(stream.to_owned(), min_isr);
        self.streams.mark_all_changed();
    }

    /// Records one broker's answer, or why there is none. One that is older than the last of its address is dropped.
    pub fn observe(&mut self, view: &Arc<BrokerView>) {
        let missed_polls = self.options.alerts.missed_polls;
        self.begun.get_or_insert(view.at.minus(view.took));
        if view.result.is_ok() {
            self.first_answer.get_or_insert(view.at);
        }
        let Some(change) = self.brokers.observe(view, missed_polls) else {
            return;
        };
        self.changed = true;
        if change.reach {
            self.streams.mark_all_changed();
        }
        if change.is_believed {
            self.pending.add(view, change.before);
        }
        for view in change.accepted {
            self.pending.add(&view, None);
        }
        self.read_pending();
    }

    /// Whether not all has been taken in that brokers have answered.
    pub(crate) fn has_pending_views(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Takes in some of that, which takes some milliseconds.
    pub(crate) fn read_pending(&mut self) {
        let (streams, cursors) = (&mut self.streams, &mut self.cursors);
        self.pending.read(PARTITIONS_AT_ONCE, streams, cursors);
    }

    /// Records what a partition's leader answered when asked for it alone.
    pub fn record_probe(&mut self, probe: &Probe) {
        self.changed = true;
        self.streams.record_probe(probe);
    }

    /// Records all cursors as they were read; those that are not among them are gone.
    pub fn record_cursors(&mut self, entries: &[CursorEntry]) {
        self.changed = true;
        self.cursors.record(entries);
        for view in self.brokers.claims().iter().filter(|view| view.current) {
            let by = Some(view.broker);
            self.cursors.record_log_ends(view.value, by, view.at);
        }
    }

    /// Records that somebody has set a cursor: where its consumer stores its own place over that, it was not moved back.
    pub fn record_cursor_set(
        &mut self,
        id: &str,
        stream: &StreamName,
        partition: PartitionId,
        offset: Offset,
    ) {
        self.cursors.record_set(id, (stream, partition), offset);
    }

    /// Records the offset of the first message after a cursor and when it was stored, where somebody has fetched it: the
    /// lag in time is known at once then. Without it, it is known from when the log passes the cursor while watched.
    pub fn record_first_unread(&mut self, read: &FirstUnread) {
        self.changed = true;
        self.cursors.record_unread(read);
    }

    /// The cursors of `truth` whose first unread messages are to be read now, and given to [`Self::record_first_unread`]: for how
    /// long they are behind is not known. A few at a time, each once for a place.
    pub fn take_unread_requests(&mut self, truth: &Truth, now: Timestamp) -> Vec<CursorEntry> {
        self.cursors.take_unread_requests(&truth.cursors, now)
    }

    /// Records the newest message of a partition that was delivered to a tail, or acked to a publish: a leader's log
    /// that ends before it has lost it. Counts from [`Self::date_stored`] on.
    pub fn record_stored(&mut self, stream: &StreamName, id: PartitionId, offset: Offset) {
        self.streams.record_stored(stream, id, offset);
    }

    /// All that was recorded as stored was so by `now`: what leaders are asked later has to hold it. A time that is a moment
    /// old is none for that: what a leader said within this moment would seem to lack what was stored after it.
    pub fn date_stored(&mut self, now: Timestamp) {
        self.streams.date_stored(now);
    }

    /// Somebody knows what that stream has lost: its findings of [`Rule::LogWentBack`] and [`Rule::StreamRecreated`] end.
    pub fn acknowledge(&mut self, stream: &str) {
        self.changed = true;
        self.streams.acknowledge(stream);
    }

    /// Holds the streams against what was known of them before: by an earlier run.
    pub fn recall(&mut self, known: BTreeMap<String, KnownStream>) {
        self.streams.recall(known);
    }

    /// The brokers that were there then: where others answer for a cluster that was set up anew, that is another cluster, of
    /// which nothing is known.
    pub fn recall_brokers(&mut self, brokers: BTreeSet<String>) {
        self.streams.recall_brokers(brokers);
    }

    /// What an earlier run saw go and nobody has acknowledged is lost still.
    pub fn recall_losses(&mut self, losses: Vec<KnownLoss>) {
        self.streams.recall_losses(losses);
    }

    /// Holds cursors against where they stood when an earlier run looked.
    pub fn recall_cursors(&mut self, known: Vec<KnownCursor>) {
        self.cursors.recall(known);
    }

    /// What is there at the first look and was seen by an earlier run has been there since then.
    pub fn recall_findings(&mut self, known: Vec<KnownFinding>) {
        self.known = KnownFindings::new(known);
    }

    /// How far all logs have come, for a later run: those too that nobody has reported in this one.
    pub fn known_streams(&self, now: Timestamp) -> BTreeMap<String, KnownStream> {
        self.streams.known(now)
    }

    fn put_together(&mut self, now: Timestamp) -> Truth {
        let mut brokers = self.brokers.truths();
        for broker in &mut brokers {
            let share = broker.id.as_ref().and_then(|id| self.sums.shares.get(id));
            if let Some(share) = share {
                broker.partitions = share.partitions;
                broker.leaders = share.leaders;
                broker.rate = share.rate;
            }
            self.date_silence(broker);
        }
        let log_end = |stream: &str, id| self.streams.log_end(stream, id);
        let cursors = self.cursors.truths(now, &self.options.alerts, log_end);
        Truth {
            findings: self.findings(&brokers, &cursors, now),
            brokers,
            streams: Arc::clone(&self.sums.streams),
            cursors,
            as_of: self.brokers.as_of(),
            totals: self.sums.totals.clone(),
            doubtful: self.streams.doubtful(now),
        }
    }

    /// A broker that no look of this run has heard was silent before where an earlier run says so.
    fn date_silence(&self, broker: &mut BrokerTruth) {
        if let (Reach::Silent { since }, None) = (broker.reach, broker.last_answer)
            && let Some(begun) = self.begun
            && let Some(earlier) = self.known.silent_since(broker.name(), begun)
        {
            let since = since.min(earlier);
            broker.reach = Reach::Silent { since };
        }
    }

    /// Whether that was in the first moments, so that it may have begun before anybody watched.
    fn is_of_first_looks(&self, since: Timestamp) -> bool {
        let answered = self.first_answer.unwrap_or(since);
        self.begun.is_some_and(|begun| {
            begun.minus(CLOCK_STEP) <= since && since <= answered.plus(FIRST_LOOKS)
        })
    }

    fn findings(
        &self,
        brokers: &[BrokerTruth],
        cursors: &CursorTruths,
        now: Timestamp,
    ) -> Vec<Finding> {
        let mut found = rules::broker::findings(brokers, self.no_majority);
        let nobody = found.iter().any(|finding| finding.rule == Rule::NoBroker);
        // Where nobody answers, one finding says so; that every partition is leaderless too says nothing more.
        let adds = |finding: &&Finding| {
            !(nobody && matches!(finding.rule, Rule::LeaderUnreachable | Rule::Leaderless))
        };
        found.extend(self.streams.findings().filter(adds).cloned());
        found.extend(rules::cursor::findings(cursors, &self.options.alerts, now));
        // What began with a broker's silence began after its last answer, which this run has seen.
        let heard = brokers.iter().filter(|broker| broker.last_answer.is_some());
        let silent_since: BTreeSet<Timestamp> = heard
            .filter_map(|broker| broker.reach.silent_since())
            .collect();
        for finding in &mut found {
            let is_dated = silent_since.contains(&finding.since);
            finding.at_least |= !is_dated && self.is_of_first_looks(finding.since);
            if finding.at_least
                && let Some(begun) = self.begun
            {
                self.known.date(finding, begun);
            }
        }
        causes::attribute(&mut found);
        found.sort_by(causes::by_severity);
        found
    }
}
