//! Text being typed: the cursor, and as much around it as the area shows.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;

use crate::app::input::editor::Editor;
use crate::model::sanitise;
use crate::ui::format::width;
use crate::ui::painter::{Painter, span};

/// Draws a box of one line; the cursor is always visible.
pub(in crate::ui) fn line(painter: &mut Painter<'_>, area: Rect, editor: &Editor, style: Style) {
    let text = editor.lines().first().map_or("", String::as_str);
    let (_, cursor) = editor.cursor();
    cursor_line(painter, area, (text, Some(cursor)), style);
}

/// Draws a box of many lines; the line with the cursor is always visible. Without the focus it has no cursor.
pub(in crate::ui) fn lines(
    painter: &mut Painter<'_>,
    area: Rect,
    editor: &Editor,
    focused: bool,
    style: Style,
) {
    let (row, column) = editor.cursor();
    let height = usize::from(area.height).max(1);
    let top = if focused {
        (row + 1).saturating_sub(height)
    } else {
        0
    };
    let shown = editor.lines().iter().enumerate().skip(top);
    for (place, (number, text)) in area.rows().zip(shown) {
        let cursor = (focused && number == row).then_some(column);
        cursor_line(painter, place, (text, cursor), style);
    }
}

fn cursor_line(
    painter: &mut Painter<'_>,
    area: Rect,
    (text, cursor): (&str, Option<usize>),
    style: Style,
) {
    let hidden = cursor.map_or(0, |cursor| hidden(text, cursor, area.width));
    let (before, rest) = split(text, cursor.unwrap_or(0));
    let before: String = before.chars().skip(hidden).collect();
    let Some(_) = cursor else {
        painter.put(area, &[span(rest, style)]);
        return;
    };
    let mut after = rest.chars();
    let under = after.next().map_or_else(|| " ".to_owned(), String::from);
    let spans: [Span<'_>; 3] = [
        span(before, style),
        span(under, style.add_modifier(Modifier::REVERSED)),
        span(after.as_str(), style),
    ];
    painter.put(area, &spans);
}

/// The column of the screen on which the byte `at` of a box of one line stands.
pub(in crate::ui) fn column(editor: &Editor, room: u16, at: usize) -> usize {
    let text = editor.lines().first().map_or("", String::as_str);
    let hidden = hidden(text, editor.cursor().1, room);
    let before = text
        .char_indices()
        .take_while(|(start, _)| *start < at)
        .skip(hidden);
    width(&sanitise::line(&before.map(|(_, c)| c).collect::<String>()))
}

/// How many characters are left out at the front so that the cursor is visible.
fn hidden(text: &str, cursor: usize, room: u16) -> usize {
    let (before, _) = split(text, cursor);
    // The cursor itself needs a column, of two where the character under it is wide.
    let room = usize::from(room).saturating_sub(2);
    let mut used = 0;
    let fits = before.chars().rev().take_while(|c| {
        used += width(&sanitise::line(c.encode_utf8(&mut [0; 4])));
        used <= room
    });
    before.chars().count() - fits.count()
}

fn split(text: &str, characters: usize) -> (&str, &str) {
    let at = text
        .char_indices()
        .nth(characters)
        .map_or(text.len(), |(at, _)| at);
    text.split_at(at)
}
