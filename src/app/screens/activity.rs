//! What was done to the cluster, as `__activity` tells it, the newest first.
//!
//! Events are delivered at least once; repeats are recognised by their ids.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::ScreenState;
use super::cursors::Reading;
use crate::app::context::Context;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::lists::table::{Column, Listing, Table};
use crate::app::row_key::RowKey;
use crate::app::viewport::Viewport;
use crate::health::Truth;
use crate::model::{
    ActivityEvent, ActivityKind, Failure, StreamName, Timestamp, counted, format_ranges,
};

/// The columns of the list of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivityColumn {
    /// When.
    Time,
    /// What was done.
    Event,
    /// To what.
    Target,
}

impl Column for ActivityColumn {
    const ALL: &'static [Self] = &[Self::Time, Self::Event, Self::Target];

    fn title(self) -> &'static str {
        match self {
            Self::Time => "TIME",
            Self::Event => "EVENT",
            Self::Target => "WHAT",
        }
    }

    fn is_number(self) -> bool {
        false
    }

    fn begins_with_greatest(self) -> bool {
        self == Self::Time
    }
}

/// How long after a read that failed the next one begins.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// How many events are kept; older ones stay in `__activity`.
const KEPT: usize = 10_000;

/// The events.
#[derive(Debug)]
pub struct Activity {
    list: Table<u64, ActivityColumn>,
    events: BTreeMap<u64, ActivityEvent>,
    reading: Reading,
    followed: bool,
    asked: Timestamp,
}

impl Default for Activity {
    fn default() -> Self {
        Self {
            list: Table::sorted_by(ActivityColumn::Time),
            events: BTreeMap::new(),
            reading: Reading::Never,
            followed: false,
            asked: Timestamp::NEVER,
        }
    }
}

impl Activity {
    /// The list of events by id.
    pub fn list(&self) -> &Table<u64, ActivityColumn> {
        &self.list
    }

    /// How reading goes.
    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The event of that id.
    pub(crate) fn event(&self, id: u64) -> Option<&ActivityEvent> {
        self.events.get(&id)
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
        let has_failed = matches!(self.reading, Reading::Failed(..));
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
        self.reading = Reading::of(&result, now);
        let Ok(events) = result else {
            self.followed = false;
            return;
        };
        let events = events.iter().cloned();
        self.events.extend(events.map(|event| (event.id, event)));
        while self.events.len() > KEPT {
            self.events.pop_first();
        }
    }
}

impl ScreenState for Activity {
    fn list(&self, _pane: Pane) -> Option<&dyn Listing> {
        Some(&self.list)
    }

    fn list_mut(&mut self, _pane: Pane) -> Option<&mut dyn Listing> {
        Some(&mut self.list)
    }

    fn selected(&self, _pane: Pane) -> Option<RowKey> {
        let event = self.event(*self.list.selected()?)?;
        Some(RowKey::Event(event.clone()))
    }

    fn update_rows(&mut self, _truth: &Truth, _faults_only: bool, viewport: &Viewport) {
        let (column, reversed) = self.list.sort();
        let filter = self.list.filter();
        let shown = self.events.values().rev().filter(|event| {
            let (what, target) = (verb(&event.kind), target(&event.kind));
            filter.passes(&[what, &target])
        });
        let mut rows: Vec<&ActivityEvent> = shown.collect();
        match column {
            ActivityColumn::Time => {}
            ActivityColumn::Event => rows.sort_by_key(|event| verb(&event.kind)),
            ActivityColumn::Target => rows.sort_by_cached_key(|event| target(&event.kind)),
        }
        if reversed {
            rows.reverse();
        }
        let rows: Vec<u64> = rows.into_iter().map(|event| event.id).collect();
        let height = viewport.rows(Pane::Activity);
        self.list.set_rows(rows, self.events.len(), height);
    }

    fn on_shown(&mut self, context: &mut Context) {
        self.follow(context);
    }
}

/// What was done, in a word or two.
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
        | ActivityKind::SetReadonly { stream, .. } => Some(stream),
        ActivityKind::JoinGroup { streams, .. } => streams.first(),
        ActivityKind::LeaveGroup { .. } | ActivityKind::Unknown { .. } => None,
    }
}

/// An event as one line.
pub(super) fn sentence(event: &ActivityEvent) -> String {
    let time = event.time.to_utc().to_rfc3339();
    format!("{time} {} {}", target(&event.kind), verb(&event.kind))
}
