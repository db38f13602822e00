//! The box that asks under which name a query is saved: the query, the name, the streams that it is for.

use ratatui::layout::Rect;

use crate::app::overlays::save_query::SaveQuery;
use crate::ui::areas::{after, row};
use crate::ui::layout::centred;
use crate::ui::painter::{Painter, span};
use crate::ui::widgets::{popup, text_input};

/// Columns of the words in front.
const LABEL: u16 = 8;

/// Draws the box in the middle.
pub(super) fn draw(painter: &mut Painter<'_>, body: Rect, question: &SaveQuery) {
    let theme = painter.theme;
    let width = body.width.saturating_sub(4).min(74);
    let area = centred(body, width, 6);
    let title = [span("Save a query", theme.focus)];
    let inside = popup(painter, area, &title, theme.line);
    for (number, label) in (0..).zip(["query", "name", "for"]) {
        painter.put(row(inside, number), &[span(label, theme.muted)]);
    }
    let content = after(inside, LABEL);
    painter.put(row(content, 0), &[span(question.query(), theme.text)]);
    text_input::line(painter, row(content, 1), question.name(), theme.input);
    let (scopes, chosen) = question.scopes();
    let mut spans = Vec::new();
    for (number, name) in scopes.enumerate() {
        let style = if number == chosen {
            theme.button_focus
        } else {
            theme.muted
        };
        spans.extend([span(format!(" {name} "), style), span(" ", theme.text)]);
    }
    painter.put(row(content, 2), &spans);
    if let Some(error) = question.error() {
        let text = format!("{} {error}", theme.glyphs.broken);
        painter.put(row(content, 3), &[span(text, theme.broken)]);
    }
}
