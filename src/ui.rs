//! Draws the state of the dashboard; changes nothing.
//!
//! A frame is drawn from `&App`, and its layout is returned (I3). All text passes through `model::sanitise` (I14). From the
//! innermost room outwards:
//!
//! ```text
//! format, theme, row_layout, row_cache
//! painter, areas, layout, labels
//! widgets
//! detail: texts about one thing
//! screens
//! overlays
//! chrome: what surrounds the panes
//! ```

#![deny(clippy::indexing_slicing)]

pub(crate) mod format;

mod areas;
mod chrome;
mod detail;
mod labels;
mod layout;
mod overlays;
mod painter;
mod row_cache;
pub(crate) mod row_layout;
mod screens;
mod theme;
mod widgets;

use ratatui::Frame;
use ratatui::layout::Rect;

pub use row_cache::RowCache;
pub(crate) use row_cache::shown_cells;
pub use theme::{Glyphs, Theme};

use crate::app::{App, Freshness, Pane, Viewport};
use layout::{FrameAreas, Panes};
use painter::Painter;
use screens::{
    activity, brokers, cluster_summary, connecting, cursors, incidents, inspector, key_table,
    overview, partitions, streams, tails,
};
use widgets::PaneArea;

/// Where the recording stands that is shown, on one line.
pub(crate) fn playback_line(app: &App, theme: &Theme) -> ratatui::text::Line<'static> {
    chrome::playback_line(app, theme)
}

/// Draws over a frame of now that the past is coming.
pub(crate) fn draw_past_is_read(frame: &mut Frame<'_>, theme: &Theme) {
    chrome::past_is_read(frame, theme);
}

/// Draws a frame and returns its layout: rows per pane, and what lies under which cell. What was read of the messages in
/// sight is kept in `rows` for the next frame.
pub fn draw(frame: &mut Frame<'_>, app: &App, theme: &Theme, rows: &mut RowCache) -> Viewport {
    let area = frame.area();
    let framed = theme.framed(app.settings().color.as_deref());
    let mut painter = Painter::new(frame.buffer_mut(), &framed, rows);
    let pane = app.focus().pane();
    let is_split = !app.tails().panes().is_empty();
    let columns = screens::columns(pane.screen(), app);
    let notice = chrome::notice_lines(app, &framed, area.width);
    let notice_lines = u16::try_from(notice.len()).unwrap_or(1).max(1);
    let Some(areas) = layout::frame(area, pane, is_split, columns, notice_lines) else {
        chrome::too_small(&mut painter, area);
        return painter.into_viewport();
    };
    chrome::header(&mut painter, areas.header, app);
    body(&mut painter, &areas, app);
    overlays::draw(&mut painter, areas.body, app);
    chrome::tabs(&mut painter, areas.tabs, app);
    chrome::notice(&mut painter, areas.notice, &notice, app);
    chrome::footer(&mut painter, areas.footer, app);
    painter.into_viewport()
}

fn body(painter: &mut Painter<'_>, areas: &FrameAreas, app: &App) {
    let freshness = app.freshness();
    if freshness == Freshness::Nothing {
        return connecting::draw(painter, areas.body, app);
    }
    match areas.panes {
        Panes::One(only) => pane(painter, only, app),
        Panes::Beside(first, between, second) => {
            pane(painter, first, app);
            painter.vertical_line(between);
            pane(painter, second, app);
        }
        Panes::Stacked(first, between, second) => {
            pane(painter, first, app);
            painter.horizontal_line(between);
            pane(painter, second, app);
        }
    }
    if matches!(freshness, Freshness::Stale { .. }) {
        painter.tint(areas.body, painter.theme.muted);
    }
}

fn pane(painter: &mut Painter<'_>, (pane, area): (Pane, Rect), app: &App) {
    let place = PaneArea {
        pane,
        area,
        focused: app.focus().pane() == pane && app.overlay().is_none(),
    };
    let draw = match pane {
        Pane::Findings => overview::findings,
        Pane::Cluster => cluster_summary::draw,
        Pane::Brokers => brokers::draw,
        Pane::Streams => streams::draw,
        Pane::Partitions => partitions::draw,
        Pane::Cursors => cursors::cursors,
        Pane::Groups => cursors::groups,
        Pane::Activity => activity::draw,
        Pane::Tail => tails::draw,
        Pane::Inspector => inspector::draw,
        Pane::Incidents => incidents::draw,
        Pane::Table => key_table::draw,
    };
    draw(painter, place, app);
}
