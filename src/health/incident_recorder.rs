//! Puts incidents together: from each truth and the one before, what began, what is over, what moved.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::incident::{Incident, IncidentEvent, IncidentEventKind};
use super::known_findings::FORGOTTEN_AFTER;
use super::rules::join;
use super::{
    Finding, IsrChange, KnownFinding, KnownLoss, LeaderChange, PartitionTruth, Rule, Severity,
    Truth, TruthChanges,
};
use crate::model::{BrokerId, PartitionId, Timestamp, format_ranges};

/// An incident is over when nothing has been wrong for so long.
const CALM: Duration = Duration::from_secs(3);

/// What goes wrong again within this time belongs to the same incident.
const SAME_INCIDENT: Duration = Duration::from_secs(60);

/// Findings of a first look have begun before it: nothing of that is news.
const FIRST_LOOK: Duration = Duration::from_secs(10);

/// More events than these are counted.
const MAX_EVENTS: usize = 400;

/// What has become of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentChange {
    /// One has begun, or an old one goes on.
    Began,
    /// It is worse than it was said to be.
    Worse,
    /// It is over.
    Ended,
}

/// Keeps the incidents of this run and of those before.
#[derive(Clone, Debug, Default)]
pub struct IncidentRecorder {
    /// The newest last.
    incidents: Vec<Arc<Incident>>,
    open: BTreeMap<FindingId, OpenFinding>,
    /// Since when nothing has been wrong, while an incident is open.
    calm: Option<Timestamp>,
    first_truth: Option<Timestamp>,
    /// Whether the last incident is this run's, and open or over no longer than [`SAME_INCIDENT`].
    running: bool,
}

/// A finding by its rule and what it is about.
type FindingId = (Rule, String);

#[derive(Clone, Debug)]
struct OpenFinding {
    since: Timestamp,
    message: String,
    severity: Severity,
}

impl IncidentRecorder {
    /// How many incidents are remembered; the oldest are forgotten first.
    pub const MAX_INCIDENTS: usize = 200;

    /// What an earlier run saw and did not see end.
    pub fn unfinished(incidents: &[Arc<Incident>]) -> Vec<KnownFinding> {
        let last = incidents.last().filter(|incident| incident.is_open());
        last.map_or_else(Vec::new, |incident| incident.unfinished.clone())
    }

    /// What an earlier run saw go and nobody has acknowledged since.
    pub fn losses(incidents: &[Arc<Incident>]) -> Vec<KnownLoss> {
        let last = incidents.last().filter(|incident| incident.is_open());
        last.map_or_else(Vec::new, |incident| incident.losses.clone())
    }

    /// Goes on from the incidents of earlier runs, the oldest first.
    pub fn new(incidents: Vec<Arc<Incident>>) -> Self {
        Self {
            incidents,
            ..Self::default()
        }
    }

    /// All incidents that are remembered, the oldest first.
    pub fn incidents(&self) -> &[Arc<Incident>] {
        &self.incidents
    }

    /// The incident that lasts.
    pub fn current(&self) -> Option<&Incident> {
        let last = self.incidents.last().filter(|_| self.running)?;
        last.is_open().then_some(&**last)
    }

    /// Whether what there is to see was there when somebody began to watch: it is no news.
    pub fn is_first_look(&self, now: Timestamp) -> bool {
        self.first_truth
            .is_none_or(|first| first.age(now) < FIRST_LOOK)
    }

    /// Records a truth and what differs from the one before; tells what has become of the incident.
    pub fn record(
        &mut self,
        truth: &Truth,
        changes: &TruthChanges,
        now: Timestamp,
    ) -> Option<IncidentChange> {
        truth.as_of?;
        self.first_truth.get_or_insert(now);
        let worrying = truth.findings.iter().any(begins_incident);
        if worrying && self.current().is_none() {
            self.begin(truth, now);
            self.record_all(truth, changes, now);
            return Some(IncidentChange::Began);
        }
        self.current()?;
        let before = self.current().map(gravity);
        self.record_all(truth, changes, now);
        if worrying {
            self.calm = None;
            let is_worse = before < self.current().map(gravity);
            return is_worse.then_some(IncidentChange::Worse);
        }
        let calm = *self.calm.get_or_insert(now);
        if calm.age(now) < CALM {
            return None;
        }
        self.calm = None;
        self.change(|incident| {
            incident.ended = Some(calm.0);
            incident.unfinished.clear();
            incident.losses.clear();
        });
        Some(IncidentChange::Ended)
    }

    /// The user knows what a stream has lost.
    pub fn acknowledge(&mut self, stream: &str, now: Timestamp) {
        let text = format!("the loss of {stream} was acknowledged");
        self.add(now, IncidentEventKind::Acknowledged, text, &[]);
    }

    /// Begins an incident, or goes on with the last one where it is the same.
    fn begin(&mut self, truth: &Truth, now: Timestamp) {
        let titles = || truth.findings.iter().map(|finding| &finding.message);
        let goes_on = self.incidents.last().is_some_and(|last| {
            let ended = last.ended.map(|at| Timestamp(at).age(now));
            let is_recent = ended.is_some_and(|ago| ago < SAME_INCIDENT);
            let is_old = ended.is_none() && Timestamp(last.seen).age(now) < FORGOTTEN_AFTER;
            self.running && is_recent || is_old && titles().any(|title| *title == last.title)
        });
        self.running = true;
        self.calm = None;
        if goes_on {
            return self.change(|incident| incident.ended = None);
        }
        let found = truth.findings.iter().filter(|it| begins_incident(it));
        let since = found.clone().map(|finding| finding.since);
        let began = since.filter(|since| since.is_set()).min().unwrap_or(now);
        let at_least = self.is_first_look(now) || found.clone().any(|finding| finding.at_least);
        self.open.clear();
        self.incidents.push(Arc::new(Incident {
            began: began.min(now).0,
            at_least,
            seen: now.0,
            severity: Severity::Warning.as_str().to_owned(),
            ..Incident::default()
        }));
        let surplus = self.incidents.len().saturating_sub(Self::MAX_INCIDENTS);
        self.incidents.drain(..surplus);
    }

    fn record_all(&mut self, truth: &Truth, changes: &TruthChanges, now: Timestamp) {
        self.record_leaders(&changes.leaders, now);
        self.record_isrs(&changes.isrs, now);
        self.record_findings(truth, now);
        self.record_uncommitted(truth);
        let lasting = truth.findings.iter().filter(|it| is_recorded(it));
        let unfinished = KnownFinding::of_all(lasting, now);
        self.change(|incident| {
            incident.seen = now.0;
            incident.unfinished = unfinished;
            incident.losses = KnownLoss::of_all(truth);
        });
    }

    fn record_findings(&mut self, truth: &Truth, now: Timestamp) {
        let mut before = std::mem::take(&mut self.open);
        for finding in truth.findings.iter().filter(|it| is_recorded(it)) {
            let id = (finding.rule, finding.key());
            let known = before.remove(&id);
            if let Some(known) = known {
                self.open.insert(id.clone(), known);
            }
            let severity = self.open.get(&id).map(|open| open.severity);
            if severity < Some(finding.severity) {
                self.record_begin(finding, now);
                let since = Some(finding.since).filter(|since| since.is_set());
                let open = OpenFinding {
                    since: since.unwrap_or(now),
                    message: finding.message.clone(),
                    severity: finding.severity,
                };
                self.open.insert(id, open);
            }
        }
        for finding in before.into_values() {
            let lasted = finding.since.age(now).as_secs();
            let text = format!("{} (after {lasted}s)", finding.message);
            self.add(now, IncidentEventKind::Over, text, &[]);
        }
    }

    fn record_begin(&mut self, finding: &Finding, now: Timestamp) {
        let kind = if finding.severity == Severity::Critical {
            IncidentEventKind::Critical
        } else {
            IncidentEventKind::Warning
        };
        let began = self.current().map_or(now, Incident::began);
        // What has been so for longer was told as something else before.
        let is_news = finding.since.age(now) < FIRST_LOOK || self.is_first_look(now);
        let at = if is_news { finding.since } else { now };
        let at = at.max(began).min(now);
        self.add(at, kind, finding.message.clone(), &finding.detail);
        let broker = finding.cause.iter().map(ToString::to_string);
        let touched = [finding.scope()].into_iter().chain(broker);
        let stream = finding.read_stream.as_ref().map(ToString::to_string);
        let touched: Vec<String> = touched.chain(stream).collect();
        let severity = finding.severity.as_str();
        let is_root = finding.cause.is_none();
        self.change(|incident| {
            incident.touched.extend(touched);
            let gravity = (
                incident.severity(),
                Rule::from_name(&incident.rule).map(Reverse),
            );
            let is_worse = is_root && gravity < (finding.severity, Some(Reverse(finding.rule)));
            if incident.title.is_empty() || is_worse {
                incident.title.clone_from(&finding.message);
                finding.rule.as_str().clone_into(&mut incident.rule);
            }
            incident.lost |= finding.rule.needs_acknowledgement();
            if incident.severity() < finding.severity {
                severity.clone_into(&mut incident.severity);
            }
        });
    }

    /// A broker's loss moves many leaders at once: a line for those of one stream.
    fn record_leaders(&mut self, changes: &[LeaderChange], now: Timestamp) {
        let mut moved: BTreeMap<(&str, &BrokerId, &BrokerId), Vec<PartitionId>> = BTreeMap::new();
        for change in changes {
            let key = (&*change.stream, &change.to, &change.from);
            moved.entry(key).or_default().push(change.partition);
        }
        for ((stream, to, from), partitions) in moved {
            let places = format_ranges(&partitions);
            let text = format!("{to} leads {stream}:{places}, before it {from}");
            self.add(now, IncidentEventKind::Leader, text, &[]);
        }
    }

    /// The same for ISRs.
    fn record_isrs(&mut self, changes: &[IsrChange], now: Timestamp) {
        let mut by_stream: BTreeMap<(&str, String), Vec<PartitionId>> = BTreeMap::new();
        for change in changes {
            let (left, joined) = (&change.left, &change.joined);
            let left = (!left.is_empty()).then(|| format!("without {}", join(left, " and ")));
            let joined =
                (!joined.is_empty()).then(|| format!("with {} again", join(joined, " and ")));
            let parts: Vec<String> = left.into_iter().chain(joined).collect();
            let (in_sync, replicas) = (change.in_sync, change.replicas);
            let what = format!("{in_sync} of {replicas}, {}", parts.join(", "));
            let same = by_stream.entry((&*change.stream, what)).or_default();
            same.push(change.partition);
        }
        for ((stream, what), partitions) in by_stream {
            let places = format_ranges(&partitions);
            let text = format!("ISR of {stream}:{places} is {what}");
            self.add(now, IncidentEventKind::Isr, text, &[]);
        }
    }

    /// How much waits for a commit, of the streams whose commits are in doubt.
    fn record_uncommitted(&mut self, truth: &Truth) {
        let in_doubt = truth.findings.iter().filter(|finding| {
            matches!(
                finding.rule,
                Rule::CommitStalled
                    | Rule::BelowMinIsr
                    | Rule::LeaderUnreachable
                    | Rule::UnderReplicated
            )
        });
        let streams = in_doubt.filter_map(|finding| truth.stream(finding.stream()?));
        let counts = streams.map(|stream| {
            let waiting = stream
                .partitions
                .iter()
                .filter_map(PartitionTruth::uncommitted);
            (stream.name.to_string(), waiting.sum::<i64>())
        });
        let counts: Vec<(String, i64)> = counts.filter(|(_, count)| *count > 0).collect();
        self.change(|incident| {
            for (stream, count) in counts {
                let most = incident.uncommitted.entry(stream).or_default();
                *most = count.max(*most);
            }
        });
    }

    fn add(&mut self, at: Timestamp, kind: IncidentEventKind, text: String, evidence: &[String]) {
        self.change(|incident| {
            if incident.events.len() >= MAX_EVENTS {
                incident.left_out += 1;
                return;
            }
            let event = IncidentEvent {
                at: at.0,
                kind,
                text,
                evidence: evidence.to_vec(),
            };
            let place = incident.events.partition_point(|one| one.at <= at.0);
            incident.events.insert(place, event);
        });
    }

    fn change(&mut self, change: impl FnOnce(&mut Incident)) {
        if let Some(last) = self.incidents.last_mut().filter(|_| self.running) {
            change(Arc::make_mut(last));
        }
    }
}

fn gravity(incident: &Incident) -> (Severity, bool) {
    (incident.severity(), incident.lost)
}

/// What somebody is to be woken for, or would be if it lasted: slow readers are not, nor what is doubtful.
fn begins_incident(finding: &Finding) -> bool {
    let doubtful = matches!(
        finding.rule,
        Rule::CursorLag
            | Rule::CursorStalled
            | Rule::BrokerFailing
            | Rule::ViewsDisagree
            | Rule::AddressUnknown
            | Rule::AtMinIsr
    );
    finding.severity > Severity::Note && !doubtful
}

/// What is recorded of an incident: slow readers were slow before.
fn is_recorded(finding: &Finding) -> bool {
    finding.severity > Severity::Note && finding.rule != Rule::CursorLag
}
