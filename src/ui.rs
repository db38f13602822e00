//! Draws the state of the dashboard; changes nothing.
//!
//! A frame is drawn from `&App`, and returns what it offered (I3). All text passes through `sanitise` (I14).

pub mod format;
pub mod layout;
pub mod paint;
pub mod sanitise;
pub mod theme;

mod chrome;

use ratatui::Frame;
use ratatui::layout::Rect;

pub use theme::{Glyphs, Theme};

use crate::app::{App, Pane, Viewport};
use layout::Panes;
use paint::Painter;

/// Draws a frame and says what it offered: rows per pane, and what lies under which cell.
pub fn draw(frame: &mut Frame<'_>, app: &App, theme: &Theme) -> Viewport {
    let area = frame.area();
    let mut painter = Painter::new(frame.buffer_mut(), theme);
    let Some(places) = layout::frame(area, app.focus.pane()) else {
        chrome::too_small(&mut painter, area);
        return painter.finish();
    };
    chrome::header(&mut painter, places.header, app);
    panes(&mut painter, places.panes, app);
    chrome::tabs(&mut painter, places.tabs, app);
    chrome::notice(&mut painter, places.notice, app);
    chrome::footer(&mut painter, places.footer, app);
    painter.finish()
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
            painter.upright(between);
            pane(painter, right.0, right.1, app);
        }
        Panes::Stacked {
            upper,
            between,
            lower,
        } => {
            pane(painter, upper.0, upper.1, app);
            painter.across(between);
            pane(painter, lower.0, lower.1, app);
        }
    }
}

/// One pane in its place. Panes borrow only what they show.
fn pane(painter: &mut Painter<'_>, pane: Pane, area: Rect, app: &App) {
    let focused = app.focus.pane() == pane;
    chrome::title(painter, area, pane, focused);
}
