//! What panes are made of: a title with its filter, a table, a history, a chart, a message where rows are missing.

pub(super) mod history;
pub(super) mod lines;
pub(super) mod table;
pub(super) mod text_input;

mod popup;
mod title;

use ratatui::layout::Rect;
use ratatui::text::Span;

pub(super) use popup::popup;
pub(super) use title::{list_title, title};

use super::areas::{after, below};
use super::painter::{Painter, span};
use super::theme::Theme;
use crate::app::Pane;
use lines::{Line, wrapped};

/// A pane, where it is, and whether it has the focus.
#[derive(Clone, Copy, Debug)]
pub(super) struct PaneArea {
    /// Which pane.
    pub(super) pane: Pane,
    /// Where.
    pub(super) area: Rect,
    /// Whether keys go there.
    pub(super) focused: bool,
}

/// Columns before the first cell of a row: mark, sign of the selected one, a space.
pub(super) const MARGIN: u16 = 3;

/// Lays the style of the selected row over a row, where it is the selected one.
pub(super) fn tint_selected(painter: &mut Painter<'_>, line: Rect, selected: bool, focused: bool) {
    let theme = painter.theme;
    match (selected, focused) {
        (true, true) => painter.tint(line, theme.chosen),
        (true, false) => painter.tint(line, theme.chosen_elsewhere),
        (false, _) => {}
    }
}

/// What stands before a row: its mark, and the sign of the selected one.
pub(super) fn margin(
    painter: &mut Painter<'_>,
    line: Rect,
    selected: bool,
    marked: bool,
    focused: bool,
) {
    let theme = painter.theme;
    let mark = if marked { theme.glyphs.marked } else { " " };
    let sign = if selected { theme.glyphs.chosen } else { " " };
    // A blank takes no style of its own: underlined, it would be a mark.
    let style = match (selected, focused) {
        (true, true) => theme.focus,
        (true, false) => theme.muted,
        (false, _) => theme.text,
    };
    painter.put(line, &[span(mark, theme.marked), span(sign, style)]);
}

/// Lines where rows are missing: what is not there, and why or what to press.
pub(super) fn empty_state<T: AsRef<str>>(painter: &mut Painter<'_>, area: Rect, lines: &[T]) {
    let theme = painter.theme;
    let line = |(number, text): (usize, &T)| {
        let style = if number == 0 { theme.text } else { theme.muted };
        Line::text(text.as_ref(), style)
    };
    sentences(painter, area, lines.iter().enumerate().map(line).collect());
}

/// Sentences in a pane without rows, from its second line on; what is too long goes on below.
pub(super) fn sentences(painter: &mut Painter<'_>, area: Rect, lines: Vec<Line>) {
    let area = after(below(area, 1), MARGIN);
    let lines = wrapped(lines, usize::from(area.width.saturating_sub(1)));
    lines::draw(painter, area, &lines, 0);
}

/// Parts of one line with a dot between them.
pub(super) fn dotted(parts: &[Vec<Span<'static>>], theme: &Theme) -> Vec<Span<'static>> {
    let mut line = Vec::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        if !line.is_empty() {
            line.push(span(format!(" {} ", theme.glyphs.dot), theme.faint));
        }
        line.extend(part.iter().cloned());
    }
    line
}
