//! What was done to the cluster, the newest first.

use std::sync::Arc;

use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::screens::activity::{ActivityColumn, target, verb};
use crate::app::screens::cursors::FetchState;
use crate::app::{App, Listing};
use crate::model::{ActivityEvent, ActivityKind};
use crate::ui::areas::below;
use crate::ui::format;
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;
use crate::ui::widgets::table::{ColumnSpec, table};
use crate::ui::widgets::{PaneArea, empty_state, list_title};

/// Columns for an age and a day with its time.
const TIME: u16 = 22;
/// Columns of the age, and of the day with its time.
const PARTS: [usize; 2] = [5, 14];

const SPECS: &[ColumnSpec<ActivityColumn>] = &[
    ColumnSpec::fixed(ActivityColumn::Time, TIME, 0),
    ColumnSpec::fixed(ActivityColumn::Event, 13, 0),
    ColumnSpec::growing(ActivityColumn::Target, 16, 200, 0),
];

/// Draws the pane.
pub(in crate::ui) fn draw(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let theme = painter.theme;
    let (list, fetch_state) = (app.activity().list(), app.activity().fetch_state());
    let behind = [match fetch_state {
        FetchState::Failed(_, failure) if list.total() > 0 => {
            span(format!("  {}", failure.sentence), theme.degraded)
        }
        FetchState::Never | FetchState::Fetched(_) | FetchState::Failed(..) => {
            span("  newest first", theme.muted)
        }
    }];
    let area = list_title(painter, place, list, &behind);
    let cell = |event: &Arc<ActivityEvent>, column, width| cell(event, column, width, app, theme);
    table(painter, place, area, list, SPECS, cell);
    if list.rows().is_empty() {
        let lines = nothing(fetch_state, list.total() > 0);
        empty_state(painter, below(area, 1), &lines);
    }
}

fn nothing(fetch_state: &FetchState, is_filtered: bool) -> [&str; 2] {
    match fetch_state {
        FetchState::Never => ["Waiting for events of __activity…", ""],
        FetchState::Failed(_, failure) => [&failure.sentence, "r tries again."],
        FetchState::Fetched(_) if is_filtered => ["No event fits.", "esc clears the filter."],
        FetchState::Fetched(_) => ["Nothing was done to this cluster yet.", ""],
    }
}

fn cell(
    event: &ActivityEvent,
    column: ActivityColumn,
    width: usize,
    app: &App,
    theme: &Theme,
) -> Vec<Span<'static>> {
    match column {
        ActivityColumn::Time => {
            let [age, day] = PARTS;
            let time = app.times().day(event.time, app.now(), day);
            if time.len() > day {
                return vec![span(time, theme.muted)];
            }
            let age = format::pad_left(&format::ago(event.time, app.now()), age);
            vec![
                span(age, theme.text),
                span(format!("  {time}"), theme.muted),
            ]
        }
        ActivityColumn::Event => vec![span(verb(&event.kind), style(&event.kind, theme))],
        ActivityColumn::Target => {
            let target = format::cut(&target(&event.kind), width, theme.glyphs.cut);
            vec![span(target, theme.text)]
        }
    }
}

/// How a verb is drawn.
pub(super) fn style(kind: &ActivityKind, theme: &Theme) -> Style {
    match kind {
        ActivityKind::DeleteStream { .. } | ActivityKind::LeaveGroup { expired: true, .. } => {
            theme.degraded
        }
        ActivityKind::MoveCursorBack { .. } => theme.degraded,
        ActivityKind::PauseStream { .. } => theme.paused,
        ActivityKind::SetReadonly { .. } => theme.readonly,
        ActivityKind::CreateStream { .. } | ActivityKind::ResumeStream { .. } => theme.good,
        ActivityKind::JoinGroup { .. }
        | ActivityKind::LeaveGroup { .. }
        | ActivityKind::Unknown { .. } => theme.text,
    }
}
