//! What was done to the cluster, the newest first.
//!
//! Events and their order are `app/activity`'s.

use std::sync::Arc;

use chrono::FixedOffset;
use ratatui::text::Span;

use crate::app::screens::activity::{Activity, ActivityColumn, target, verb};
use crate::app::screens::cursors::Reading;
use crate::model::{ActivityEvent, ActivityKind, Timestamp};
use crate::ui::format;
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;
use crate::ui::widgets::{self, ColumnSpec, PaneArea, below};

const SPECS: &[ColumnSpec<ActivityColumn>] = &[
    ColumnSpec::fixed(ActivityColumn::Time, 22, 0),
    ColumnSpec::fixed(ActivityColumn::Event, 13, 0),
    ColumnSpec::growing(ActivityColumn::Target, 16, 200, 0),
];

/// What the pane shows.
#[derive(Clone, Copy)]
pub(crate) struct ActivityPane<'a> {
    /// Events, rows, filter, and how reading goes.
    pub(crate) activity: &'a Activity,
    /// The time.
    pub(crate) now: Timestamp,
    /// What to add to UTC.
    pub(crate) offset: FixedOffset,
}

impl ActivityPane<'_> {
    /// Draws it in its place.
    pub(crate) fn draw(self, painter: &mut Painter<'_>, place: PaneArea) {
        let theme = painter.theme;
        let list = self.activity.list();
        let behind = [match self.activity.reading() {
            Reading::Failed(_, failure) if self.activity.list().total() > 0 => {
                span(format!("  {}", failure.sentence), theme.degraded)
            }
            Reading::Never | Reading::Read(_) | Reading::Failed(..) => {
                span("  newest first", theme.muted)
            }
        }];
        let area = widgets::title_of_list(painter, place, list, &behind, list.total());
        let cell =
            |event: &Arc<ActivityEvent>, column, width| self.cell(event, column, width, theme);
        widgets::table(painter, place, area, list, SPECS, cell);
        if list.rows().is_empty() {
            let lines = self.nothing();
            widgets::empty_state(painter, below(area, 1), &[&lines[0], &lines[1]]);
        }
    }

    fn nothing(self) -> [String; 2] {
        match self.activity.reading() {
            Reading::Never => [
                "Waiting for what __activity tells…".to_owned(),
                String::new(),
            ],
            Reading::Failed(_, failure) => [failure.sentence.clone(), "r tries again.".to_owned()],
            Reading::Read(_) if self.activity.list().total() > 0 => [
                "No event fits.".to_owned(),
                "esc clears the filter.".to_owned(),
            ],
            Reading::Read(_) => [
                "Nothing was done to this cluster yet.".to_owned(),
                String::new(),
            ],
        }
    }

    fn cell(
        self,
        event: &ActivityEvent,
        column: ActivityColumn,
        width: usize,
        theme: &Theme,
    ) -> Vec<Span<'static>> {
        match column {
            ActivityColumn::Time => {
                let at = event.time.to_utc().with_timezone(&self.offset);
                let time = at.format("%m-%d %H:%M:%S").to_string();
                let age = format::pad_left(&format::ago(event.time, self.now), 5);
                vec![
                    span(age, theme.text),
                    span(format!("  {time}"), theme.muted),
                ]
            }
            ActivityColumn::Event => {
                let style = match &event.kind {
                    ActivityKind::DeleteStream { .. }
                    | ActivityKind::LeaveGroup { expired: true, .. } => theme.degraded,
                    ActivityKind::PauseStream { .. } => theme.paused,
                    ActivityKind::SetReadonly { .. } => theme.readonly,
                    ActivityKind::CreateStream { .. } | ActivityKind::ResumeStream { .. } => {
                        theme.good
                    }
                    ActivityKind::JoinGroup { .. }
                    | ActivityKind::LeaveGroup { .. }
                    | ActivityKind::Unknown { .. } => theme.text,
                };
                vec![span(verb(&event.kind), style)]
            }
            ActivityColumn::Target => {
                vec![span(
                    format::cut(&target(&event.kind), width, theme.glyphs.cut),
                    theme.text,
                )]
            }
        }
    }
}
