//! What is known of the cluster: whether a broker was found, and what `health` makes of their answers.
//!
//! Partitions in doubt are asked about from here.

mod alerts;
mod notices;
mod poll_pace;

use std::sync::Arc;
use std::time::Duration;

use alerts::Alerts;
use poll_pace::PollPace;

use super::context::Context;
use super::effect::Effect;
use super::event::{ConnectionState, TailEvent};
use super::notice::Level;
use super::settings::Settings;
use crate::health::{
    CreatedMinIsr, Health, HealthOptions, Incident, IncidentChange, IncidentRecorder, SAVED_EVERY,
    Truth, TruthChanges,
};
use crate::model::{
    AckPolicy, BrokerView, CursorEntry, FirstUnread, Operation, Outcome, Probe, Timestamp,
};

/// The cluster as the dashboard knows it. The last good answer of every broker stays (I8).
#[derive(Clone, Debug)]
pub(super) struct ClusterState {
    connection: ConnectionState,
    truth: Arc<Truth>,
    health: Health,
    recorder: IncidentRecorder,
    alerts: Alerts,
    pace: PollPace,
    /// Whether the truth is being put together, which takes several steps in a large cluster.
    assessing: bool,
    /// Whether the next step was asked for.
    asked_to_continue: bool,
    /// When incidents were saved last, and as what; `None` before that.
    saved: Option<(Timestamp, Vec<Arc<Incident>>)>,
}

/// How fresh the truth is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// No broker has answered yet.
    Nothing,
    /// The newest answer is as recent as it should be.
    Live {
        /// When the newest good view came.
        as_of: Timestamp,
    },
    /// No broker has answered for a while; what is shown is the last that was known.
    Stale {
        /// When the newest good view came.
        as_of: Timestamp,
    },
}

/// In a cluster of more partitions the answers of brokers are assessed once a second, not each on its own: keys come
/// first, and nobody reads faster.
const MAX_PARTITIONS_ASSESSED_AT_ONCE: usize = 4_000;

/// More cursors than these are taken in first and judged afterwards: a key may come between.
const MAX_CURSORS_ASSESSED_AT_ONCE: usize = 1_000;

/// How many polls may be missed before what is shown counts as stale.
const MAX_MISSED_POLLS: u32 = 3;

impl ClusterState {
    /// Nothing is known but what earlier runs have seen.
    pub(super) fn new(settings: &Settings) -> Self {
        let mut health = Health::new(settings.health.clone());
        health.recall_findings(IncidentRecorder::unfinished(&settings.incidents));
        health.recall_losses(IncidentRecorder::losses(&settings.incidents));
        Self {
            connection: ConnectionState::Connecting {
                addresses: settings.addresses.clone(),
                attempt: 1,
            },
            truth: Arc::default(),
            health,
            recorder: IncidentRecorder::new(settings.incidents.clone()),
            alerts: Alerts::new(settings.alerts.clone()),
            pace: PollPace::new(settings.refresh),
            assessing: false,
            asked_to_continue: false,
            saved: None,
        }
    }

    /// Whether a first broker was found.
    pub(super) fn connection(&self) -> &ConnectionState {
        &self.connection
    }

    /// What holds, as far as anyone can know.
    pub(super) fn truth(&self) -> &Truth {
        &self.truth
    }

    /// How health judges.
    pub(super) fn health_options(&self) -> &HealthOptions {
        self.health.options()
    }

    /// From now on health judges so.
    pub(super) fn set_health_options(&mut self, options: HealthOptions) {
        self.health.set_options(options);
    }

    /// How often each broker is asked, at rest and while something moves.
    pub(super) fn asked_every(&self) -> Duration {
        self.pace.every()
    }

    /// How fresh that is.
    pub(super) fn freshness(&self, context: &Context) -> Freshness {
        let Some(as_of) = self.truth.as_of else {
            return Freshness::Nothing;
        };
        let limit = self.pace.every_at(as_of) * MAX_MISSED_POLLS;
        if as_of.age(context.now) > limit {
            Freshness::Stale { as_of }
        } else {
            Freshness::Live { as_of }
        }
    }

    /// A first broker was found, or not yet.
    pub(super) fn on_connection(&mut self, next: ConnectionState, context: &mut Context) {
        if next == ConnectionState::Connected && self.connection != next {
            context.emit(Effect::FetchCursors);
        }
        self.connection = next;
    }

    /// One broker answered, or did not.
    pub(super) fn on_broker_view(&mut self, view: &Arc<BrokerView>, context: &mut Context) {
        self.health.observe(view);
        if self.is_small() {
            self.assess(context);
        } else if self.health.has_pending_views() {
            self.continue_later(context);
        }
    }

    /// The next step, after what has happened meanwhile.
    pub(super) fn continue_assessment(&mut self, context: &mut Context) {
        self.asked_to_continue = false;
        if self.assessing {
            self.assess(context);
        } else if self.health.has_pending_views() {
            self.health.read_pending();
            self.continue_later(context);
        }
    }

    fn continue_later(&mut self, context: &mut Context) {
        if !self.asked_to_continue {
            self.asked_to_continue = true;
            context.emit(Effect::ContinueAssessment);
        }
    }

    /// A leader was asked about one partition.
    pub(super) fn on_probe(&mut self, probe: &Probe, context: &mut Context) {
        self.health.record_probe(probe);
        if self.is_small() {
            self.assess(context);
        }
    }

    /// Messages that a tail delivers are committed: a leader that ends before them has lost them.
    pub(super) fn on_tail_event(&mut self, event: &TailEvent) {
        if let TailEvent::Chunk(chunk) | TailEvent::Older(chunk) = event {
            let (stream, id) = (chunk.stream(), chunk.partition());
            self.health.record_stored(stream, id, chunk.last_offset());
        }
    }

    /// An ack of all in-sync replicas says that a message is committed; what a stream was created with nobody tells later.
    pub(super) fn on_outcome(&mut self, operation: &Operation, outcome: &Outcome, now: Timestamp) {
        if let Some((stream, min_isr)) = CreatedMinIsr::of(operation, now) {
            self.health.record_created(stream, min_isr);
        }
        if let Operation::Publish(options) = operation
            && options.ack_policy == AckPolicy::All
            && let Outcome::Acked {
                ack,
                partition: Some(id),
            } = outcome
        {
            self.health.record_stored(&ack.stream, *id, ack.offset);
        }
        if let Operation::SetCursor {
            id,
            stream,
            partition,
            offset,
        } = operation
        {
            self.health
                .record_cursor_set(id, stream, *partition, *offset);
        }
    }

    /// The user knows what that stream has lost.
    pub(super) fn acknowledge(&mut self, stream: &str, context: &mut Context) {
        self.health.acknowledge(stream);
        self.recorder.acknowledge(stream, context.now);
        self.assess(context);
        // Who quits now is not to be told of it again.
        self.save_now(context);
        let text = format!("{stream}: what it lost is known; a further loss is told again");
        context.notify(Level::Note, text);
    }

    /// All cursors that are followed were read.
    pub(super) fn on_cursors(&mut self, cursors: &[CursorEntry], context: &mut Context) {
        self.health.record_cursors(cursors);
        if cursors.len() > MAX_CURSORS_ASSESSED_AT_ONCE {
            self.assessing = true;
            self.continue_later(context);
        } else {
            self.assess(context);
        }
        self.take_unread_requests(context);
    }

    /// It was read when the first unread messages of cursors were stored.
    pub(super) fn on_first_unread(&mut self, read: &[FirstUnread]) {
        for read in read {
            self.health.record_first_unread(read);
        }
    }

    fn take_unread_requests(&mut self, context: &mut Context) {
        let cursors = self.health.take_unread_requests(&self.truth, context.now);
        if !cursors.is_empty() {
            context.emit(Effect::ReadFirstUnread(cursors));
        }
    }

    /// Time has passed: ages count, and partitions in doubt are asked about.
    pub(super) fn on_tick(&mut self, context: &mut Context) {
        // Only now is the clock of the app not behind what it was told.
        self.health.date_stored(context.now);
        // A recording may begin in the middle of the steps: ticks bring them to their end too.
        if self.assessing {
            self.assess(context);
        }
        self.assess(context);
        if !self.truth.doubtful.is_empty() {
            context.emit(Effect::Probe(self.truth.doubtful.clone()));
        }
        self.take_unread_requests(context);
    }

    fn is_small(&self) -> bool {
        self.truth.totals.partitions <= MAX_PARTITIONS_ASSESSED_AT_ONCE
    }

    /// What went wrong, the oldest first, and when those began that last.
    pub(super) fn incidents(&self) -> (&[Arc<Incident>], Vec<i64>) {
        let current = self.recorder.current().map(|incident| incident.began);
        (self.recorder.incidents(), current.collect())
    }

    fn assess(&mut self, context: &mut Context) {
        let next = self.health.assess_some(context.now);
        self.assessing = next.is_none();
        let Some(next) = next else {
            return self.continue_later(context);
        };
        let changes = if self.truth.as_of.is_some() && !Arc::ptr_eq(&next, &self.truth) {
            TruthChanges::between(&self.truth, &next)
        } else {
            TruthChanges::default()
        };
        let answered_before = self.truth.unanswered();
        self.truth = next;
        let news = self.recorder.record(&self.truth, &changes, context.now);
        notices::notify(&self.recorder, &news, &changes, context);
        self.alerts.update(&self.truth, context);
        self.save_incidents(&news.changes, context);
        let moved = !news.changes.is_empty()
            || changes != TruthChanges::default()
            || self.truth.unanswered() != answered_before;
        let configured = context.settings.refresh;
        if let Some(every) = self
            .pace
            .update(&self.truth, moved, configured, context.now)
        {
            context.emit(Effect::AskEvery(every));
        }
    }

    /// Saves what a later run, or `liftui incidents`, is to know: at once what began or ended, else now and then.
    fn save_incidents(&mut self, changes: &[IncidentChange], context: &mut Context) {
        let is_new = || {
            let (saved, now) = (self.saved.as_ref(), self.recorder.incidents());
            let saved = saved.map_or(&[][..], |(_, saved)| saved);
            let mut pairs = saved.iter().zip(now);
            saved.len() != now.len() || !pairs.all(|(one, other)| Arc::ptr_eq(one, other))
        };
        let saved_at = self.saved.as_ref().map(|(at, _)| *at);
        let waited = saved_at.is_some_and(|at| at.age(context.now) >= SAVED_EVERY);
        if (!changes.is_empty() || waited) && is_new() {
            self.save_now(context);
        }
    }

    fn save_now(&mut self, context: &mut Context) {
        let incidents = self.recorder.incidents().to_vec();
        self.saved = Some((context.now, incidents.clone()));
        context.emit(Effect::SaveIncidents(incidents));
    }
}
