//! What surrounds the panes: header, titles, the names of the screens, the notice line, the keys.
//!
//! Which keys there are, the keymap tells; which notice is shown, `app/notice`.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::format;
use super::layout::LEAST;
use super::paint::{Painter, span};
use crate::app::notice::Level;
use crate::app::{App, Hit, Pane, Screen};

/// A sentence instead of a broken screen.
pub(super) fn too_small(painter: &mut Painter<'_>, area: Rect) {
    let (width, height) = LEAST;
    let text = format!(
        "liftui needs {width}x{height}, this is {}x{}",
        area.width, area.height
    );
    painter.put(area, &[span(text, painter.theme.text)]);
}

/// The line on top.
pub(super) fn header(painter: &mut Painter<'_>, area: Rect, app: &App) {
    let theme = painter.theme;
    let name = span(" liftui ", theme.brand);
    let cluster = span(format!(" {}", app.desk.settings.cluster), theme.text);
    painter.put(area, &[name, cluster]);
}

/// The title of a pane.
pub(super) fn title(painter: &mut Painter<'_>, area: Rect, pane: Pane, focused: bool) {
    let style = if focused {
        painter.theme.focus
    } else {
        painter.theme.title
    };
    painter.put(area, &[span(format!(" {}", pane.title()), style)]);
}

/// The names of the screens, on the line below the panes.
pub(super) fn tabs(painter: &mut Painter<'_>, area: Rect, app: &App) {
    painter.across(area);
    let theme = painter.theme;
    let mut left = area;
    for (number, screen) in Screen::ALL.into_iter().enumerate() {
        let here = screen == app.focus.screen();
        let style = if here { theme.focus } else { theme.muted };
        let text = format!(" {} {}", number + 1, screen.title());
        let taken = painter.put(left, &[span(text, style)]);
        painter.hit(
            Rect {
                width: taken,
                ..left
            },
            Hit::Screen(screen),
        );
        left = Rect {
            x: left.x + taken,
            width: left.width - taken,
            ..left
        };
    }
    painter.put(left, &[span(" ", theme.text)]);
}

/// What was told last, until it expires.
pub(super) fn notice(painter: &mut Painter<'_>, area: Rect, app: &App) {
    let theme = painter.theme;
    let Some(notice) = app.desk.notices.current(app.desk.now) else {
        return;
    };
    let style = match notice.level {
        Level::Note => theme.text,
        Level::Warning => theme.degraded,
        Level::Error => theme.broken,
    };
    let time = format::clock(notice.at, app.desk.settings.utc_offset);
    painter.put(
        area,
        &[
            span(format!(" {time}  "), theme.muted),
            span(&*notice.text, style),
        ],
    );
}

/// What the keys do here, now.
pub(super) fn footer(painter: &mut Painter<'_>, area: Rect, app: &App) {
    let theme = painter.theme;
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (keys, words) in app.key_hints() {
        spans.push(span(format!(" {keys} "), theme.key));
        spans.push(span(format!("{words} "), theme.muted));
    }
    painter.put(area, &spans);
}
