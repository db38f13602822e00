//! Draws the state of the dashboard; changes nothing.
//!
//! A frame is drawn from `&App`, and returns what it offered (I3). All text passes through `sanitise` (I14).

pub mod format;
pub mod layout;
pub mod painter;
pub mod sanitise;
pub mod theme;

mod chrome;
mod detail;
mod labels;
mod overlays;
mod screens;
mod widgets;

use ratatui::Frame;
use ratatui::layout::Rect;

pub use theme::{Glyphs, Theme};

use crate::app::{App, Freshness, Pane, Viewport};
use layout::Panes;
use painter::Painter;
use screens::{
    activity, brokers, connecting, cursors, inspector, overview, partitions, streams, tails,
};
use widgets::PaneArea;

/// Draws a frame and says what it offered: rows per pane, and what lies under which cell.
pub fn draw(frame: &mut Frame<'_>, app: &App, theme: &Theme) -> Viewport {
    let area = frame.area();
    let framed = theme.framed(app.settings().color.as_deref());
    let mut painter = Painter::new(frame.buffer_mut(), &framed);
    let Some(places) = layout::frame(area, app.focus().pane()) else {
        chrome::too_small(&mut painter, area);
        return painter.finish();
    };
    chrome::header(&mut painter, places.header, app);
    body(&mut painter, &places, app);
    overlays::draw(&mut painter, places.body, app);
    chrome::tabs(&mut painter, places.tabs, app);
    chrome::notice(&mut painter, places.notice, app);
    chrome::footer(&mut painter, places.footer, app);
    painter.finish()
}

fn body(painter: &mut Painter<'_>, places: &layout::Frame, app: &App) {
    let freshness = app.freshness();
    if freshness == Freshness::Nothing {
        return connecting::connecting(painter, places.body, app);
    }
    panes(painter, places.panes, app);
    if matches!(freshness, Freshness::Stale { .. }) {
        let old = painter.theme.muted;
        painter.tint(places.body, old);
    }
}

fn panes(painter: &mut Painter<'_>, panes: Panes, app: &App) {
    match panes {
        Panes::One(one, area) => pane(painter, one, area, app),
        Panes::Beside {
            left,
            between,
            right,
        } => {
            pane(painter, left.0, left.1, app);
            painter.vertical_line(between);
            pane(painter, right.0, right.1, app);
        }
        Panes::Stacked {
            upper,
            between,
            lower,
        } => {
            pane(painter, upper.0, upper.1, app);
            painter.horizontal_line(between);
            pane(painter, lower.0, lower.1, app);
        }
    }
}

/// One pane in its place. Panes borrow only what they show.
fn pane(painter: &mut Painter<'_>, pane: Pane, area: Rect, app: &App) {
    let place = PaneArea {
        pane,
        area,
        focused: app.focus().pane() == pane && app.overlay().is_none(),
    };
    let (truth, now, faults_only) = (app.truth(), app.now(), app.faults_only());
    let overview = overview::OverviewPanes {
        overview: app.overview(),
        truth,
        now,
    };
    let cursors = cursors::CursorsPanes {
        cursors: app.cursors(),
        truth,
        alerts: &app.settings().health.alerts,
        now,
    };
    let streams = app.streams();
    match pane {
        Pane::Findings => overview.findings(painter, place),
        Pane::Cluster => overview.cluster(painter, place),
        Pane::Brokers => {
            let list = app.brokers().list();
            brokers::BrokersPane {
                list,
                truth,
                now,
                faults_only,
            }
            .draw(painter, place);
        }
        Pane::Streams => {
            streams::StreamsPane {
                streams,
                truth,
                faults_only,
                now,
            }
            .draw(painter, place);
        }
        Pane::Partitions => partitions::PartitionsPane {
            streams,
            truth,
            now,
        }
        .draw(painter, place),
        Pane::Cursors => cursors.cursors(painter, place),
        Pane::Groups => cursors.groups(painter, place),
        Pane::Activity => {
            let offset = app.settings().utc_offset;
            activity::ActivityPane {
                activity: app.activity(),
                now,
                offset,
            }
            .draw(painter, place);
        }
        Pane::Tail => tails::draw(painter, place, app),
        Pane::Inspector => inspector::draw(painter, place, app),
    }
}
