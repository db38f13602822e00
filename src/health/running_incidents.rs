//! Which findings make an incident, and to which one they belong: to one that has touched the same broker, stream, cursor or
//! group, or else to one in which something happened at the same time.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Finding, Rule, Severity};
use crate::model::{Target, Timestamp};

/// What goes wrong within this time of something else belongs to the same incident, also where that is over.
const SAME_INCIDENT: Duration = Duration::from_secs(60);

/// The incidents of this run that last, or ended a short time ago; the newest last.
#[derive(Clone, Debug, Default)]
pub(super) struct RunningIncidents(Vec<Running>);

#[derive(Clone, Debug)]
struct Running {
    /// When it began, which names it.
    began: i64,
    touched: BTreeSet<String>,
    /// When the last of it went wrong; `None` before anything is recorded of it.
    last: Option<Timestamp>,
    /// Since when nothing of it has been wrong.
    calm: Option<Timestamp>,
    ended: Option<Timestamp>,
}

impl RunningIncidents {
    /// When each of them began.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = i64> {
        self.0.iter().map(|one| one.began)
    }

    pub(super) fn contains(&self, began: i64) -> bool {
        self.all().any(|one| one == began)
    }

    /// Whether nothing of it is recorded yet in this run.
    pub(super) fn is_new(&self, began: i64) -> bool {
        let mut all = self.0.iter();
        all.any(|one| one.began == began && one.last.is_none())
    }

    /// One begins, or goes on that had touched these in an earlier run.
    pub(super) fn start(&mut self, began: i64, touched: BTreeSet<String>) {
        self.0.push(Running {
            began,
            touched,
            last: None,
            calm: None,
            ended: None,
        });
    }

    /// The finding belongs to that incident, which lasts.
    pub(super) fn join(&mut self, began: i64, finding: &Finding, start: Timestamp) {
        if let Some(one) = self.get(began) {
            one.touched.extend(names_of(finding));
            one.last = one.last.max(Some(start));
            (one.calm, one.ended) = (None, None);
        }
    }

    /// Since when nothing of it has been wrong, given whether something is now.
    pub(super) fn calm(
        &mut self,
        began: i64,
        is_worrying: bool,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let one = self.get(began)?;
        if is_worrying {
            one.calm = None;
            return None;
        }
        Some(*one.calm.get_or_insert(now))
    }

    /// It is over.
    pub(super) fn end(&mut self, began: i64, at: Timestamp) {
        if let Some(one) = self.get(began) {
            (one.calm, one.ended) = (None, Some(at));
        }
    }

    /// What goes wrong from now on is another incident than those that ended long ago.
    pub(super) fn forget_ended(&mut self, now: Timestamp) {
        let is_recent = |ended: Timestamp| ended.age(now) < SAME_INCIDENT;
        self.0.retain(|one| one.ended.is_none_or(is_recent));
    }

    /// The incident that a finding belongs to which began then.
    pub(super) fn incident_of(&self, finding: &Finding, start: Timestamp) -> Option<i64> {
        let names = names_of(finding);
        let by_name = names
            .iter()
            .find_map(|name| self.newest(|one| one.touched.contains(name)));
        by_name.or_else(|| self.newest(|one| one.is_near(start)))
    }

    /// The incident that lasts and explains a change of what these are the names of, the likeliest cause first.
    pub(super) fn touching(&self, names: &[&str], now: Timestamp) -> Option<i64> {
        let lasts = |one: &Running| one.ended.is_none();
        let mut names = names.iter();
        let by_name =
            names.find_map(|name| self.newest(|one| lasts(one) && one.touched.contains(*name)));
        by_name.or_else(|| self.newest(|one| lasts(one) && one.is_near(now)))
    }

    fn newest(&self, fits: impl Fn(&Running) -> bool) -> Option<i64> {
        let found = self.0.iter().rev().find(|one| fits(one));
        found.map(|one| one.began)
    }

    fn get(&mut self, began: i64) -> Option<&mut Running> {
        self.0.iter_mut().find(|one| one.began == began)
    }
}

impl Running {
    /// Whether something of it began or ended about then.
    fn is_near(&self, at: Timestamp) -> bool {
        let near = |one: Timestamp| one.age(at).max(at.age(one)) < SAME_INCIDENT;
        self.last.is_some_and(near) || self.ended.is_some_and(near)
    }
}

/// What a finding is about, the likeliest cause first.
pub(super) fn names_of(finding: &Finding) -> Vec<String> {
    let mut names: Vec<String> = finding.cause.iter().map(ToString::to_string).collect();
    // The cluster is touched by everything.
    if finding.target != Target::Cluster {
        names.push(finding.scope());
    }
    names.extend(finding.read_stream.iter().map(ToString::to_string));
    names
}

/// What somebody is to be woken for, or would be if it lasted: slow readers are not, nor what is doubtful.
pub(super) fn begins_incident(finding: &Finding) -> bool {
    let doubtful = matches!(
        finding.rule,
        Rule::CursorLag
            | Rule::CursorStalled
            | Rule::CursorUnreadable
            | Rule::BrokerFailing
            | Rule::ViewsDisagree
            | Rule::AddressUnknown
            | Rule::AtMinIsr
    );
    finding.severity > Severity::Note && !doubtful
}

/// What is recorded of an incident: slow readers were slow before.
pub(super) fn is_recorded(finding: &Finding) -> bool {
    let is_slow = matches!(finding.rule, Rule::CursorLag | Rule::CursorUnreadable);
    finding.severity > Severity::Note && !is_slow
}
