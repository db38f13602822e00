//! What was done to the cluster: the events of `__activity`, the newest first.
//!
//! Events are delivered at least once; repeats are recognised by their ids.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::ScreenState;
use super::cursors::FetchState;
use crate::app::context::Context;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::lists::column::columns;
use crate::app::lists::table::{Listing, Table};
use crate::app::row_key::RowKey;
use crate::app::viewport::Viewport;
use crate::health::{CursorTruth, Truth};
use crate::model::{
    ActivityEvent, ActivityKind, Failure, PartitionId, StreamName, Timestamp, counted,
    format_ranges, grouped,
};

columns! {
    /// The columns of the list of events.
    pub enum ActivityColumn {
        /// When.
        Time = worst_first("TIME"),
        /// What was done.
        Event = text("EVENT"),
        /// To what.
        Target = text("WHAT"),
    }
}

/// How long after a read that failed the next one begins.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// How many events are kept; older ones stay in `__activity`.
const MAX_EVENTS: usize = 10_000;

/// The events.
#[derive(Clone, Debug)]
pub struct Activity {
    list: Table<Arc<ActivityEvent>, ActivityColumn>,
    events: BTreeMap<u64, Arc<ActivityEvent>>,
    /// What this dashboard saw by itself, by the cursor and the time, the oldest first.
    seen: BTreeMap<(Timestamp, String, StreamName, PartitionId), Arc<ActivityEvent>>,
    fetch_state: FetchState,
    followed: bool,
    asked: Timestamp,
}

impl Default for Activity {
    fn default() -> Self {
        Self {
            list: Table::new(RowKey::Event, ActivityColumn::Time),
            events: BTreeMap::new(),
            seen: BTreeMap::new(),
            fetch_state: FetchState::Never,
            followed: false,
            asked: Timestamp::NEVER,
        }
    }
}

impl Activity {
    /// The list of events.
    pub fn list(&self) -> &Table<Arc<ActivityEvent>, ActivityColumn> {
        &self.list
    }

    /// Takes up the order, the selection and the filter of another.
    pub(in crate::app) fn show_like(&mut self, other: &Self) {
        self.list = other.list.clone();
    }

    /// How fetching goes.
    pub(crate) fn fetch_state(&self) -> &FetchState {
        &self.fetch_state
    }

    /// All events, the newest first.
    pub(crate) fn newest(&self) -> impl Iterator<Item = &Arc<ActivityEvent>> {
        let mut events: Vec<_> = self.events.values().chain(self.seen.values()).collect();
        events.sort_by_key(|event| Reverse(event.time));
        events.into_iter()
    }

    /// Begins to read, where nothing was read yet.
    pub(in crate::app) fn begin(&mut self, context: &mut Context) {
        if matches!(self.fetch_state, FetchState::Never) {
            self.follow(context);
        }
    }

    /// Begins to read, unless that is under way.
    pub(in crate::app) fn follow(&mut self, context: &mut Context) {
        if !self.followed {
            self.followed = true;
            self.asked = context.now;
            context.emit(Effect::FollowActivity(true));
        }
    }

    /// Reads on after a failure, such as a pause that the next event ends.
    pub(in crate::app) fn on_tick(&mut self, context: &mut Context) {
        let has_failed = matches!(self.fetch_state, FetchState::Failed(..));
        if has_failed && self.asked.age(context.now) >= RETRY_AFTER {
            self.follow(context);
        }
    }

    /// Events came, or none could be read.
    pub(in crate::app) fn on_events(
        &mut self,
        result: Result<Arc<Vec<ActivityEvent>>, Failure>,
        now: Timestamp,
    ) {
        self.fetch_state = FetchState::of(&result, now);
        let Ok(events) = result else {
            self.followed = false;
            return;
        };
        let events = events.iter().cloned().map(Arc::new);
        self.events.extend(events.map(|event| (event.id, event)));
        while self.events.len() > MAX_EVENTS {
            self.events.pop_first();
        }
    }
}

/// What is seen of the cluster and nobody writes down there.
impl Activity {
    /// Cursors that were moved back since the last look become lines of the list.
    pub(in crate::app) fn record_cursors(&mut self, cursors: &[CursorTruth]) {
        let moves = cursors
            .iter()
            .filter_map(|cursor| Some((&cursor.entry, cursor.moved_back?)));
        for (entry, back) in moves {
            let cursor = entry.id.to_string();
            let (stream, partition) = (StreamName::clone(&entry.stream), entry.partition);
            let key = (
                back.at,
                cursor.clone(),
                StreamName::clone(&stream),
                partition,
            );
            let kind = ActivityKind::MoveCursorBack {
                cursor,
                stream,
                partition,
                from: back.from,
                to: back.to,
            };
            let time = back.at;
            let event = ActivityEvent { id: 0, time, kind };
            self.seen.entry(key).or_insert_with(|| Arc::new(event));
        }
        while self.seen.len() > MAX_EVENTS {
            self.seen.pop_first();
        }
    }
}

impl ScreenState for Activity {
    fn list_in(&self, _pane: Pane) -> Option<&dyn Listing> {
        Some(&self.list)
    }

    fn list_in_mut(&mut self, _pane: Pane) -> Option<&mut dyn Listing> {
        Some(&mut self.list)
    }

    fn update_rows(&mut self, _truth: &Truth, _faults_only: bool, viewport: &Viewport) {
        let (column, reversed) = self.list.sort();
        let filter = self.list.filter();
        let all = self.events.values().chain(self.seen.values());
        let shown = all.rev().filter(|event| {
            let (what, target) = (verb(&event.kind), target(&event.kind));
            filter.passes(&[what, &target])
        });
        let mut rows: Vec<Arc<ActivityEvent>> = shown.cloned().collect();
        if !self.seen.is_empty() {
            rows.sort_by_key(|event| Reverse(event.time));
        }
        match column {
            ActivityColumn::Time => {}
            ActivityColumn::Event => rows.sort_by_key(|event| verb(&event.kind)),
            ActivityColumn::Target => rows.sort_by_cached_key(|event| target(&event.kind)),
        }
        if reversed {
            rows.reverse();
        }
        let height = viewport.rows(Pane::Activity);
        let total = self.events.len() + self.seen.len();
        self.list.set_rows(rows, total, height);
    }

    fn on_shown(&mut self, context: &mut Context) {
        self.follow(context);
    }
}

/// What was done, as a short verb.
pub(crate) fn verb(kind: &ActivityKind) -> &'static str {
    match kind {
        ActivityKind::CreateStream { .. } => "created",
        ActivityKind::DeleteStream { .. } => "deleted",
        ActivityKind::PauseStream { .. } => "paused",
        ActivityKind::ResumeStream { .. } => "resumed",
        ActivityKind::SetReadonly { readonly: true, .. } => "made readonly",
        ActivityKind::SetReadonly {
            readonly: false, ..
        } => "made writable",
        ActivityKind::JoinGroup { .. } => "joined",
        ActivityKind::LeaveGroup { expired: false, .. } => "left",
        ActivityKind::LeaveGroup { expired: true, .. } => "expired",
        ActivityKind::MoveCursorBack { .. } => "moved back",
        ActivityKind::Unknown { .. } => "unknown",
    }
}

/// To what it was done, in words.
pub(crate) fn target(kind: &ActivityKind) -> String {
    match kind {
        ActivityKind::CreateStream { stream, partitions } => {
            format!("{stream} · {}", counted(partitions.len(), "partition"))
        }
        ActivityKind::DeleteStream { stream } => stream.to_string(),
        ActivityKind::PauseStream {
            stream,
            partitions,
            resume_all,
        } => {
            let all = if *resume_all {
                " · the first resume resumes all"
            } else {
                ""
            };
            format!("{stream}:{}{all}", format_ranges(partitions))
        }
        ActivityKind::ResumeStream { stream, partitions }
        | ActivityKind::SetReadonly {
            stream, partitions, ..
        } => {
            format!("{stream}:{}", format_ranges(partitions))
        }
        ActivityKind::JoinGroup {
            group,
            consumer,
            streams,
        } => {
            format!("{consumer} → group {group} · {}", streams.join(", "))
        }
        ActivityKind::LeaveGroup {
            group, consumer, ..
        } => format!("{consumer} ← group {group}"),
        ActivityKind::MoveCursorBack {
            cursor,
            stream,
            partition,
            from,
            to,
        } => {
            let (from, to) = (grouped(*from), grouped(*to));
            format!("cursor {cursor} on {stream}:{partition} · from {from} to {to}")
        }
        ActivityKind::Unknown { op } => format!("operation {op}, which this client does not know"),
    }
}

/// The stream that an event is about, if it is about one.
pub(super) fn stream(kind: &ActivityKind) -> Option<&StreamName> {
    match kind {
        ActivityKind::CreateStream { stream, .. }
        | ActivityKind::DeleteStream { stream }
        | ActivityKind::PauseStream { stream, .. }
        | ActivityKind::ResumeStream { stream, .. }
        | ActivityKind::SetReadonly { stream, .. }
        | ActivityKind::MoveCursorBack { stream, .. } => Some(stream),
        ActivityKind::JoinGroup { streams, .. } => streams.first(),
        ActivityKind::LeaveGroup { .. } | ActivityKind::Unknown { .. } => None,
    }
}

/// An event as one line.
pub(super) fn sentence(event: &ActivityEvent) -> String {
    let time = event.time.to_utc().to_rfc3339();
    format!("{time} {} {}", target(&event.kind), verb(&event.kind))
}
