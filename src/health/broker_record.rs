//! What is remembered of the broker at one address: its last good view, its failures, and whether it answers.

use std::sync::Arc;
use std::time::Duration;

use super::claim::Claim;
use super::{BrokerTruth, Reach};
use crate::model::{BrokerId, BrokerView, Cluster, ErrorKind, Failure, Timestamp};

/// A broker that has answered nothing for so long counts as silent, however few polls that were. The client waits a little
/// longer before it calls a broker hung.
const SILENT_AFTER: Duration = Duration::from_millis(2500);

/// A poll that took longer ended because metadata did not come, which may take a broker seconds while it is well; a shorter
/// one because the broker did not even say that it is there (wire-contract §0.5).
const LONG_POLL: Duration = Duration::from_secs(5);

/// The broker at one address.
#[derive(Clone, Debug)]
pub(super) struct BrokerRecord {
    /// The broker without what others say of it. The id is its own, or that of the broker which is listed with its address.
    pub(super) truth: BrokerTruth,
    /// What the broker calls itself, or how the client knows it.
    pub(super) own_id: Option<BrokerId>,
    /// When the latest outcome was known.
    pub(super) asked: Timestamp,
    /// The last view that holds a cluster and is believed.
    answer: Option<Arc<BrokerView>>,
    /// Whether that answer still holds: a single missed poll does not change that.
    current: bool,
    /// What the broker says since it came back, and since when it does: not believed yet.
    returned: Option<Returned>,
}

/// A broker that has come back: one that was restarted replays what it missed and for seconds names streams that were
/// deleted long ago; one that was stopped and goes on first says what was true when it was stopped.
#[derive(Clone, Debug)]
pub(super) struct Returned {
    pub(super) since: Timestamp,
    pub(super) view: Arc<BrokerView>,
}

impl BrokerRecord {
    /// A broker that was not asked yet.
    pub(super) fn new(address: &Arc<str>) -> Self {
        Self {
            truth: BrokerTruth {
                address: Arc::clone(address),
                ..BrokerTruth::default()
            },
            own_id: None,
            asked: Timestamp::default(),
            answer: None,
            current: false,
            returned: None,
        }
    }

    /// Records an outcome. Returns whether the broker begins or ceases to count.
    pub(super) fn record(&mut self, view: &Arc<BrokerView>, missed_polls: u32) -> bool {
        let counted_before = (self.rank(), self.current);
        self.asked = view.at;
        match &view.result {
            Ok(cluster) => self.record_answer(view, cluster),
            Err(failure) => self.record_failure(view, failure, missed_polls),
        }
        (self.rank(), self.current) != counted_before
    }

    fn record_answer(&mut self, view: &Arc<BrokerView>, cluster: &Cluster) {
        let was_gone = self.truth.reach.is_silent() && self.answer.is_some();
        let id = cluster.answered_by.as_ref().or(view.broker.as_ref());
        self.own_id = id.cloned().or_else(|| self.own_id.take());
        self.truth.reach = Reach::Answering;
        self.truth.failures = 0;
        self.truth.failing_since = None;
        self.truth.failure = None;
        self.truth.latency = Some(view.took);
        self.truth.last_answer = Some(view.at);
        if was_gone || self.returned.is_some() {
            let since = self.returned.as_ref().map_or(view.at, |it| it.since);
            self.put_off(view, since);
        } else {
            self.current = true;
            self.answer = Some(Arc::clone(view));
        }
    }

    /// Does not believe an answer for the time being.
    fn put_off(&mut self, view: &Arc<BrokerView>, since: Timestamp) {
        self.current = false;
        self.truth.catching_up = true;
        self.truth.back_since = Some(since);
        self.returned = Some(Returned {
            since,
            view: Arc::clone(view),
        });
    }

    /// Puts off the answer that was just recorded: `before` was believed, and this shows a broker that replays.
    pub(super) fn distrust(&mut self, before: Option<Arc<BrokerView>>) {
        if let Some(view) = self.answer.take() {
            self.answer = before;
            let since = view.at;
            self.put_off(&view, since);
        }
    }

    /// Believes what the broker says since it came back.
    pub(super) fn accept(&mut self) {
        if let Some(returned) = self.returned.take() {
            self.truth.catching_up = false;
            self.current = true;
            self.answer = Some(returned.view);
        }
    }

    /// What the broker says since it came back, while it is not believed.
    pub(super) fn returned(&self) -> Option<&Returned> {
        self.returned.as_ref()
    }

    /// The last view that is believed.
    pub(super) fn answer(&self) -> Option<&Arc<BrokerView>> {
        self.answer.as_ref()
    }

    fn record_failure(&mut self, view: &BrokerView, failure: &Failure, missed_polls: u32) {
        self.own_id = self.own_id.take().or_else(|| view.broker.clone());
        let truth = &mut self.truth;
        truth.failures = truth.failures.saturating_add(1);
        let missed = truth.failures >= missed_polls;
        let asked = view.at.minus(view.took);
        let since = truth.last_answer.unwrap_or(asked);
        let since = *truth.failing_since.get_or_insert(since);
        let class = FailureClass::of(failure.kind);
        let waited = truth.last_answer.map(|last| last.age(view.at));
        let is_overdue =
            view.took < LONG_POLL && waited.is_some_and(|waited| waited >= SILENT_AFTER);
        let silent = match class {
            FailureClass::NotThere => true,
            FailureClass::NoAnswer => missed || truth.reach.is_silent() || is_overdue,
            FailureClass::Answered => false,
        };
        if silent {
            self.returned = None;
            truth.catching_up = false;
            truth.reach = Reach::Silent { since };
        } else if class == FailureClass::Answered {
            truth.reach = Reach::Answering;
        }
        truth.failure = Some(failure.clone());
        self.current &= !silent && !missed;
    }

    /// Whether its last answer is believed and still holds.
    pub(super) fn is_current(&self) -> bool {
        self.current
    }

    /// Whether its last believed answer came at that time or later.
    pub(super) fn answered_since(&self, time: Timestamp) -> bool {
        self.answer.as_ref().is_some_and(|view| view.at >= time)
    }

    /// The cluster as the broker saw it last, as far as it is believed.
    pub(super) fn cluster(&self) -> Option<&Arc<Cluster>> {
        self.answer.as_ref()?.result.as_ref().ok()
    }

    /// The cluster as the broker still sees it.
    pub(super) fn current_cluster(&self) -> Option<&Cluster> {
        self.cluster().filter(|_| self.current).map(Arc::as_ref)
    }

    /// What the broker says of the cluster; `None` while its id is unknown or no answer came.
    pub(super) fn claim(&self) -> Option<Claim<'_, Cluster>> {
        let answer = self.answer.as_ref()?;
        Some(Claim {
            broker: self.truth.id.as_ref()?,
            value: self.cluster()?,
            at: answer.at.minus(answer.took),
            current: self.current,
        })
    }

    /// Its broker answers at the address that it advertises, and is asked here no more: what it said here is what it said
    /// before, and holds no longer.
    pub(super) fn supersede(&mut self) {
        self.current = false;
        self.returned = None;
        self.truth.catching_up = false;
        self.truth.reach = Reach::NotAskedYet;
    }

    /// Order in which the records of one broker that has several addresses are preferred, the best last.
    pub(super) fn preference(&self) -> (u8, Option<Timestamp>, Timestamp) {
        (self.rank(), self.truth.last_answer, self.asked)
    }

    fn rank(&self) -> u8 {
        match self.truth.reach {
            Reach::NotAskedYet | Reach::AddressUnknown { .. } => 0,
            Reach::Silent { .. } => 1,
            Reach::Answering => 2,
        }
    }
}

/// What a failure tells about whether the broker is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FailureClass {
    /// Nothing that speaks Liftbridge is there.
    NotThere,
    /// No answer in time: the broker may be slow, or wait for a stale survey (wire-contract §0.5).
    NoAnswer,
    /// The broker is there, and answered with an error.
    Answered,
}

impl FailureClass {
    fn of(kind: ErrorKind) -> Self {
        use ErrorKind::{
            BadAddress, Closed, Local, NotLiftbridge, OutcomeUnknown, Refused, Timeout, Tls,
            Unreachable,
        };
        if matches!(kind, Unreachable | NotLiftbridge | Tls | BadAddress) {
            Self::NotThere
        } else if matches!(kind, Timeout | OutcomeUnknown | Closed | Refused | Local) {
            Self::NoAnswer
        } else {
            Self::Answered
        }
    }
}
