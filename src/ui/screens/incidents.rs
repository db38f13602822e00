//! What went wrong, the newest first, and below the list what happened in the selected incident.

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::screens::incidents::IncidentColumn;
use crate::app::{App, Listing};
use crate::health::Incident;
use crate::ui::areas::{after, below, cells, left, row, top};
use crate::ui::detail::{self, incident_events};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;
use crate::ui::widgets::table::{ColumnSpec, table};
use crate::ui::widgets::{MARGIN, PaneArea, empty_state, list_title};

const SPECS: &[ColumnSpec<IncidentColumn>] = &[
    ColumnSpec::fixed(IncidentColumn::Began, 17, 0),
    ColumnSpec::fixed(IncidentColumn::Length, 7, 0),
    ColumnSpec::growing(IncidentColumn::Title, 20, 120, 0),
    ColumnSpec::fixed(IncidentColumn::Uncommitted, 8, 1),
];

/// Columns from which on what happened stands beside the list.
const BESIDE: u16 = 160;

/// Draws the pane.
pub(in crate::ui) fn draw(painter: &mut Painter<'_>, place: PaneArea, app: &App) {
    let theme = painter.theme;
    let incidents = app.incidents();
    let list = incidents.list();
    let behind = [span(
        "  newest first, those of earlier runs too",
        theme.muted,
    )];
    let area = list_title(painter, place, list, &behind);
    let selected = list.selected().and_then(|began| incidents.find(*began));
    let is_beside = selected.is_some() && area.width >= BESIDE;
    let rows = if is_beside {
        left(area, area.width / 2)
    } else {
        list_area(area, list.row_count(), selected.is_some())
    };
    let cell = |began: &i64, column, width| match incidents.find(*began) {
        Some(incident) => cell(incident, column, width, app, theme),
        None => Vec::new(),
    };
    table(painter, place, rows, list, SPECS, cell);
    if list.rows().is_empty() {
        let lines = if list.total() > 0 {
            ["No incident fits.", "esc clears the filter, ! shows all."]
        } else {
            [
                "Nothing has gone wrong while liftui watched.",
                "Whatever does is told here, and kept for later runs.",
            ]
        };
        empty_state(painter, below(rows, 1), &lines);
    }
    let Some(incident) = selected else {
        return;
    };
    if is_beside {
        let rest = after(area, rows.width);
        painter.vertical_line(left(rest, 1));
        draw_detail(painter, after(rest, 1), incident, app);
    } else {
        let rest = below(area, rows.height);
        painter.horizontal_line(row(rest, 0));
        draw_detail(painter, below(rest, 1), incident, app);
    }
}

/// The list has at most a third of the room, where something is selected and there is room for both.
fn list_area(area: Rect, count: usize, has_detail: bool) -> Rect {
    let wanted = cells(count).saturating_add(2).min((area.height / 3).max(5));
    if has_detail && area.height >= wanted + 6 {
        top(area, wanted)
    } else {
        area
    }
}

fn draw_detail(painter: &mut Painter<'_>, area: Rect, incident: &Incident, app: &App) {
    let lines = incident_events(incident, app, painter.theme);
    let rest = after(area, MARGIN);
    let lines = detail::wrapped(lines, usize::from(rest.width.saturating_sub(1)));
    detail::draw(painter, rest, &lines, 0);
}

fn cell(
    incident: &Incident,
    column: IncidentColumn,
    width: usize,
    app: &App,
    theme: &Theme,
) -> Vec<Span<'static>> {
    match column {
        IncidentColumn::Began => {
            let began = app.times().day(incident.began(), app.now(), width);
            vec![span(began, theme.text)]
        }
        IncidentColumn::Length => {
            let lasts = app.incidents().lasts(incident.began);
            let style = if lasts { theme.broken } else { theme.text };
            vec![span(
                format::pad_left(&format::exact_age(incident.length()), width),
                style,
            )]
        }
        IncidentColumn::Title => {
            let (sign, style) = labels::severity(incident.severity(), theme);
            let text = format::cut(&incident.title, width.saturating_sub(2), theme.glyphs.cut);
            vec![span(format!("{sign} "), style), span(text, theme.text)]
        }
        IncidentColumn::Uncommitted => match incident.uncommitted() {
            0 => vec![span(theme.glyphs.none, theme.faint)],
            count => {
                let count = u64::try_from(count).unwrap_or(u64::MAX);
                vec![span(format::count_u64(count), theme.degraded)]
            }
        },
    }
}
