//! Puts incidents together: from each truth and the one before, what began, what is over, what moved.
//! To which incident something belongs is decided in `running_incidents`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::incident::{Incident, IncidentEvent, IncidentEventKind};
use super::incident_moves;
use super::known_findings::FORGOTTEN_AFTER;
use super::running_incidents::{RunningIncidents, begins_incident, is_recorded, names_of};
use super::{
    Finding, KnownFinding, KnownLoss, LeaderChange, PartitionTruth, Rule, Severity, Truth,
    TruthChanges,
};
use crate::model::{Timestamp, exact_age};

/// An incident is over when nothing of it has been wrong for so long.
const CALM: Duration = Duration::from_secs(3);

/// Findings of a first look have begun before it: nothing of that is news.
const FIRST_LOOK: Duration = Duration::from_secs(10);

/// More events than these are counted.
const MAX_EVENTS: usize = 400;

/// What has become of the incident that began then, in Unix nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentChange {
    /// It has begun, or an old one goes on.
    Began(i64),
    /// It is worse than it was said to be.
    Worse(i64),
    /// It is over.
    Ended(i64),
}

/// What a truth has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentNews {
    /// Of incidents.
    pub changes: Vec<IncidentChange>,
    /// Leaders that moved and that no incident explains.
    pub leaders: Vec<LeaderChange>,
}

/// Keeps the incidents of this run and of those before.
#[derive(Clone, Debug, Default)]
pub struct IncidentRecorder {
    /// The newest last; no two of them began in the same nanosecond.
    incidents: Vec<Arc<Incident>>,
    open: BTreeMap<FindingId, OpenFinding>,
    running: RunningIncidents,
    first_truth: Option<Timestamp>,
}

/// A finding by its rule and what it is about.
type FindingId = (Rule, String);

/// A finding, and when the incident began that it belongs to.
type IncidentFinding<'a> = (i64, &'a Finding);

#[derive(Clone, Debug)]
struct OpenFinding {
    since: Timestamp,
    message: String,
    /// `None` before it was recorded.
    severity: Option<Severity>,
    /// Which incident it belongs to, by when that began.
    incident: i64,
}

impl IncidentRecorder {
    /// How many incidents are remembered; the oldest are forgotten first.
    pub const MAX_INCIDENTS: usize = 200;

    /// What an earlier run saw and did not see end.
    pub fn unfinished(incidents: &[Arc<Incident>]) -> Vec<KnownFinding> {
        let left = left_open(incidents);
        left.flat_map(|one| one.unfinished.clone()).collect()
    }

    /// What an earlier run saw go and nobody has acknowledged since.
    pub fn losses(incidents: &[Arc<Incident>]) -> Vec<KnownLoss> {
        let mut losses: Vec<KnownLoss> = Vec::new();
        for loss in left_open(incidents).flat_map(|incident| &incident.losses) {
            if !losses.contains(loss) {
                losses.push(loss.clone());
            }
        }
        losses
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

    /// The incident that began then, in Unix nanoseconds.
    pub fn find(&self, began: i64) -> Option<&Incident> {
        let mut newest_first = self.incidents.iter().rev();
        newest_first
            .find(|incident| incident.began == began)
            .map(|incident| &**incident)
    }

    /// The incidents that last, the newest last.
    pub fn current(&self) -> impl DoubleEndedIterator<Item = &Incident> {
        let lasting = self.running.all().filter_map(|began| self.find(began));
        lasting.filter(|incident| incident.is_open())
    }

    /// Whether what there is to see was there when somebody began to watch: it is no news.
    pub fn is_first_look(&self, now: Timestamp) -> bool {
        self.first_truth
            .is_none_or(|first| first.age(now) < FIRST_LOOK)
    }

    /// Records a truth and what differs from the one before; tells what has become of incidents.
    pub fn record(
        &mut self,
        truth: &Truth,
        changes: &TruthChanges,
        now: Timestamp,
    ) -> IncidentNews {
        let mut news = IncidentNews::default();
        if truth.as_of.is_none() {
            return news;
        }
        self.first_truth.get_or_insert(now);
        let before = self.current().map(|it| (it.began, severity_rank(it)));
        let before: BTreeMap<i64, _> = before.collect();
        let found = truth.findings.iter().filter(|it| is_recorded(it));
        let found: Vec<_> = found.map(|it| (id_of(it), it)).collect();
        let began = self.assign(&found, now);
        news.leaders = self.record_moves(changes, now);
        let lasting = self.record_findings(found, now);
        self.record_uncommitted(&lasting, truth);
        self.record_unfinished(&lasting, truth, now);
        news.changes
            .extend(began.iter().copied().map(IncidentChange::Began));
        let worse = self.current().filter(|incident| {
            let known = before.get(&incident.began);
            known.is_some_and(|known| *known < severity_rank(incident))
        });
        let worse = worse.map(|it| IncidentChange::Worse(it.began));
        news.changes.extend(worse);
        news.changes.extend(self.end(&lasting, now));
        news
    }

    /// The user knows what a stream has lost.
    pub fn acknowledge(&mut self, stream: &str, now: Timestamp) {
        let text = format!("the loss of {stream} was acknowledged");
        let touching = self.current().filter(|one| one.touched.contains(stream));
        let touching: Vec<i64> = touching.map(|incident| incident.began).collect();
        for began in touching {
            self.add(began, now, IncidentEventKind::Acknowledged, &text, &[]);
        }
    }

    /// Finds the incident that each new finding belongs to. Returns those that have begun, or go on.
    fn assign(&mut self, found: &[(FindingId, &Finding)], now: Timestamp) -> Vec<i64> {
        self.running.forget_ended(now);
        let new = found.iter().filter(|(id, _)| !self.open.contains_key(id));
        let mut new: Vec<_> = new.collect();
        // Causes come before what follows from them, and what is to be told before what is noted beside it.
        new.sort_by_key(|(_, it)| (it.cause.is_some(), !begins_incident(it), start_of(it, now)));
        let mut news = Vec::new();
        for (id, finding) in new {
            let start = start_of(finding, now);
            let related = self.running.incident_of(finding, start);
            let incident =
                related.or_else(|| begins_incident(finding).then(|| self.begin(finding, now)));
            let Some(began) = incident else { continue };
            let is_ended = self.find(began).is_none_or(|incident| !incident.is_open());
            if begins_incident(finding) && (is_ended || self.running.is_new(began)) {
                self.change(began, |incident| incident.ended = None);
                news.push(began);
            } else if is_ended {
                continue;
            }
            self.running.join(began, finding, start);
            let names = names_of(finding);
            self.change(began, |incident| incident.touched.extend(names));
            let open = OpenFinding {
                since: now,
                message: String::new(),
                severity: None,
                incident: began,
            };
            self.open.insert(id.clone(), open);
        }
        news.sort_unstable();
        news.dedup();
        news
    }

    /// Begins an incident, or goes on with that of an earlier run which has left this unfinished.
    fn begin(&mut self, finding: &Finding, now: Timestamp) -> i64 {
        let left = self.incidents.iter().rev().find(|incident| {
            let is_fresh = Timestamp(incident.seen).age(now) < FORGOTTEN_AFTER;
            is_fresh && !self.running.contains(incident.began) && incident.has_left(finding)
        });
        if let Some(left) = left {
            let (began, touched) = (left.began, left.touched.clone());
            self.running.start(began, touched);
            return began;
        }
        let start = start_of(finding, now).min(now);
        let watched = self.first_truth.map_or(start, |first| start.max(first));
        let mut began = watched.0;
        while self.find(began).is_some() {
            began += 1;
        }
        self.incidents.push(Arc::new(Incident {
            began,
            at_least: finding.at_least || start < watched || self.is_first_look(now),
            seen: now.0,
            severity: Severity::Warning.as_str().to_owned(),
            ..Incident::default()
        }));
        let surplus = self.incidents.len().saturating_sub(Self::MAX_INCIDENTS);
        self.incidents.drain(..surplus);
        self.running.start(began, BTreeSet::new());
        began
    }

    /// Ends the incidents of which nothing has been wrong for a while.
    fn end(&mut self, lasting: &[IncidentFinding<'_>], now: Timestamp) -> Vec<IncidentChange> {
        let worrying = lasting.iter().filter(|(_, it)| begins_incident(it));
        let worrying: BTreeSet<i64> = worrying.map(|(incident, _)| *incident).collect();
        let open: Vec<i64> = self.current().map(|incident| incident.began).collect();
        let mut ended = Vec::new();
        for began in open {
            let calm = self.running.calm(began, worrying.contains(&began), now);
            let Some(calm) = calm.filter(|calm| calm.age(now) >= CALM) else {
                continue;
            };
            self.running.end(began, calm);
            self.open.retain(|_, finding| finding.incident != began);
            self.change(began, |incident| {
                incident.ended = Some(calm.0);
                incident.unfinished.clear();
                incident.losses.clear();
            });
            ended.push(IncidentChange::Ended(began));
        }
        ended
    }

    fn record_unfinished(
        &mut self,
        lasting: &[IncidentFinding<'_>],
        truth: &Truth,
        now: Timestamp,
    ) {
        let open: Vec<i64> = self.current().map(|incident| incident.began).collect();
        let losses = KnownLoss::of_all(truth);
        for began in open {
            let own = lasting.iter().filter(|(incident, _)| *incident == began);
            let unfinished = KnownFinding::of_all(own.map(|(_, finding)| *finding), now);
            let is_own = |loss: &&KnownLoss| {
                let incident = self.find(began);
                incident.is_some_and(|incident| incident.touched.contains(&loss.stream))
            };
            let losses = losses.iter().filter(is_own).cloned().collect();
            self.change(began, |incident| {
                incident.seen = now.0;
                incident.unfinished = unfinished;
                incident.losses = losses;
            });
        }
    }

    /// Records what has begun, has become worse or is over. Returns what lasts.
    fn record_findings<'a>(
        &mut self,
        found: Vec<(FindingId, &'a Finding)>,
        now: Timestamp,
    ) -> Vec<IncidentFinding<'a>> {
        let mut before = std::mem::take(&mut self.open);
        let mut lasting = Vec::new();
        for (id, finding) in found {
            let Some(mut open) = before.remove(&id) else {
                continue;
            };
            if open.severity < Some(finding.severity) {
                self.record_begin(open.incident, finding, now);
                open.since = start_of(finding, now);
                open.message.clone_from(&finding.message);
                open.severity = Some(finding.severity);
            }
            lasting.push((open.incident, finding));
            self.open.insert(id, open);
        }
        for finding in before.into_values() {
            let lasted = exact_age(finding.since.age(now));
            let text = format!("over after {lasted}: {}", finding.message);
            self.add(finding.incident, now, IncidentEventKind::Over, &text, &[]);
        }
        lasting
    }

    fn record_begin(&mut self, incident: i64, finding: &Finding, now: Timestamp) {
        let kind = if finding.severity == Severity::Critical {
            IncidentEventKind::Critical
        } else {
            IncidentEventKind::Warning
        };
        // What has been so for longer was told as something else before.
        let is_news = finding.since.age(now) < FIRST_LOOK || self.is_first_look(now);
        let at = if is_news { finding.since } else { now };
        let at = at.max(Timestamp(incident)).min(now);
        let is_recorded = |it: &Incident| it.has_recorded(kind, finding);
        if !self.find(incident).is_some_and(is_recorded) {
            self.add(incident, at, kind, &finding.message, &finding.detail);
        }
        let severity = finding.severity.as_str();
        let is_root = finding.cause.is_none();
        self.change(incident, |incident| {
            let known = (
                incident.severity(),
                Rule::from_name(&incident.rule).map(Reverse),
            );
            let is_worse = is_root && known < (finding.severity, Some(Reverse(finding.rule)));
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

    /// Records leaders and ISRs that have changed. Returns the leaders that no incident explains.
    fn record_moves(&mut self, changes: &TruthChanges, now: Timestamp) -> Vec<LeaderChange> {
        let mut unexplained = Vec::new();
        for moved in incident_moves::leaders(&changes.leaders) {
            match self.running.touching(&moved.names, now) {
                Some(incident) => {
                    self.add(incident, now, IncidentEventKind::Leader, &moved.text, &[]);
                }
                None => unexplained.extend(moved.changes.into_iter().cloned()),
            }
        }
        for moved in incident_moves::isrs(&changes.isrs) {
            if let Some(incident) = self.running.touching(&moved.names, now) {
                self.add(incident, now, IncidentEventKind::Isr, &moved.text, &[]);
            }
        }
        unexplained
    }

    /// How much waits for a commit, of the streams whose commits are in doubt.
    fn record_uncommitted(&mut self, lasting: &[IncidentFinding<'_>], truth: &Truth) {
        let in_doubt = lasting.iter().filter(|(_, finding)| {
            matches!(
                finding.rule,
                Rule::CommitStalled
                    | Rule::BelowMinIsr
                    | Rule::LeaderUnreachable
                    | Rule::UnderReplicated
            )
        });
        let counts = in_doubt.filter_map(|(incident, finding)| {
            let stream = truth.stream(finding.stream()?)?;
            let partitions = stream.partitions.iter();
            let waiting = partitions.filter_map(PartitionTruth::uncommitted).sum();
            Some((*incident, stream.name.to_string(), waiting))
        });
        let counts: Vec<(i64, String, i64)> = counts.filter(|count| count.2 > 0).collect();
        for (incident, stream, count) in counts {
            self.change(incident, |incident| {
                let most = incident.uncommitted.entry(stream).or_default();
                *most = count.max(*most);
            });
        }
    }

    fn add(
        &mut self,
        incident: i64,
        at: Timestamp,
        kind: IncidentEventKind,
        text: &str,
        evidence: &[String],
    ) {
        self.change(incident, |incident| {
            if incident.events.len() >= MAX_EVENTS {
                incident.left_out += 1;
                return;
            }
            let event = IncidentEvent {
                at: at.0,
                kind,
                text: text.to_owned(),
                evidence: evidence.to_vec(),
            };
            let place = incident.events.partition_point(|one| one.at <= at.0);
            incident.events.insert(place, event);
        });
    }

    fn change(&mut self, began: i64, change: impl FnOnce(&mut Incident)) {
        let mut newest_first = self.incidents.iter_mut().rev();
        if let Some(incident) = newest_first.find(|incident| incident.began == began) {
            change(Arc::make_mut(incident));
        }
    }
}

/// The incidents that lasted when the last run ended: they were seen together then.
fn left_open(incidents: &[Arc<Incident>]) -> impl Iterator<Item = &Incident> {
    let seen = incidents.iter().map(|incident| incident.seen).max();
    let left = incidents.iter().filter(move |incident| {
        let last = Timestamp(seen.unwrap_or_default());
        incident.is_open() && Timestamp(incident.seen).age(last) < CALM
    });
    left.map(|incident| &**incident)
}

fn id_of(finding: &Finding) -> FindingId {
    (finding.rule, finding.key())
}

/// When it began, as far as can be known.
fn start_of(finding: &Finding, now: Timestamp) -> Timestamp {
    let since = Some(finding.since).filter(|since| since.is_set());
    since.unwrap_or(now)
}

fn severity_rank(incident: &Incident) -> (Severity, bool) {
    (incident.severity(), incident.lost)
}
