//! Cursors in a tail: a sign before the messages that they stand at, and how far behind each is.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::screens::tails::TailCursor;
use crate::app::{App, Tail};
use crate::ui::areas::{after, cells, left, right};
use crate::ui::format;
use crate::ui::painter::{Painter, span, spans_width};
use crate::ui::theme::Theme;
use crate::ui::widgets::MARGIN;

/// Columns of the positions beside the heads of columns.
const GAP: u16 = 2;

/// The sign before a message that so many cursors stand at: of several their number.
pub(super) fn mark(painter: &mut Painter<'_>, line: Rect, cursors: usize) {
    let theme = painter.theme;
    let sign = match cursors {
        0 => return,
        1 => theme.glyphs.cursor.to_owned(),
        2..=9 => cursors.to_string(),
        _ => "+".to_owned(),
    };
    painter.put(after(line, MARGIN - 1), &[span(sign, theme.key)]);
}

/// How far behind each cursor of the tail is, the one furthest behind first: as many as there is room for on the right of
/// the heads of columns, and of each as much; `false` where there is room for none.
pub(super) fn positions(
    painter: &mut Painter<'_>,
    line: Rect,
    heads: &[Span<'_>],
    (app, tail): (&App, &Tail),
) -> bool {
    let theme = painter.theme;
    let heads: String = heads.iter().map(|head| head.content.as_ref()).collect();
    // The last column stays free: what stands there would seem to go on beyond the edge.
    let line = left(line, line.width.saturating_sub(1));
    let area = after(line, cells(format::width(heads.trim_end())));
    let cursors = tail.cursors(app.truth(), app.now());
    let room = usize::from(area.width.saturating_sub(GAP));
    let counts = (1..=cursors.len()).rev();
    let choices = counts.flat_map(|shown| [(shown, true), (shown, false)]);
    for (shown, is_whole) in choices {
        let positions = cursors.iter().take(shown);
        let positions = positions.map(|cursor| position(cursor, is_whole, app, theme));
        let spans = position_spans(positions, cursors.len() - shown, theme);
        let width = spans_width(&spans);
        if width <= room {
            painter.put(right(area, cells(width)), &spans);
            return true;
        }
    }
    false
}

/// Where the cursor is that is furthest behind, in the fewest words, and how many others there are.
pub(super) fn shortest(app: &App, tail: &Tail, theme: &Theme) -> Option<(String, Style)> {
    let cursors = tail.cursors(app.truth(), app.now());
    let (first, others) = cursors.split_first()?;
    let (text, style) = position(first, false, app, theme);
    let more = match others.len() {
        0 => String::new(),
        more => format!(" +{more}"),
    };
    Some((format!("{} {text}{more}", theme.glyphs.cursor), style))
}

fn position_spans(
    positions: impl Iterator<Item = (String, Style)>,
    more: usize,
    theme: &Theme,
) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    for (text, style) in positions {
        let before = if spans.is_empty() {
            String::new()
        } else {
            format!(" {} ", theme.glyphs.dot)
        };
        spans.push(span(before, theme.faint));
        spans.push(span(format!("{} ", theme.glyphs.cursor), theme.key));
        spans.push(span(text, style));
    }
    if more > 0 {
        spans.push(span(format!(" +{more}"), theme.muted));
    }
    spans
}

/// `billing 1,204 behind, 1,154 before these · unknown for 3m`, or without what lies between.
fn position(cursor: &TailCursor<'_>, is_whole: bool, app: &App, theme: &Theme) -> (String, Style) {
    let name = cursor.entry.name();
    let unknown = cursor.unknown_since.map(|since| {
        let ago = format::ago(since, app.now());
        format!("unknown for {ago}")
    });
    if let Some(unknown) = unknown.as_ref().filter(|_| !is_whole) {
        return (format!("{name} {unknown}"), theme.unknown);
    }
    let (behind, style) = match cursor.lag {
        _ if cursor.is_beyond_end => ("past the end".to_owned(), theme.broken),
        None => ("lag unknown".to_owned(), theme.unknown),
        Some(0) => ("at the end".to_owned(), theme.text),
        Some(lag) => (format!("{} behind", format::count(lag)), theme.text),
    };
    let sides = [(cursor.before, "before"), (cursor.after, "after")].into_iter();
    let sides = sides.filter(|(count, _)| *count > 0 && is_whole);
    let sides = sides.map(|(count, side)| format!(", {} {side} these", format::count(count)));
    let sides: Vec<String> = sides.collect();
    let text = format!("{name} {behind}{}", sides.concat());
    match unknown {
        Some(unknown) => (
            format!("{text} {} {unknown}", theme.glyphs.dot),
            theme.unknown,
        ),
        None => (text, style),
    }
}
