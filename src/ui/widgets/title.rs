//! The title of a pane, and what stands on its line.

use ratatui::layout::Rect;
use ratatui::text::Span;

use super::{PaneArea, text_input};
use crate::app::Listing;
use crate::ui::areas::{after, below, row};
use crate::ui::format;
use crate::ui::painter::{Painter, span};

/// Draws a pane's title, with words behind it and at the right; returns what is left below.
pub(in crate::ui) fn title(
    painter: &mut Painter<'_>,
    place: PaneArea,
    behind: &[Span<'_>],
    right: &[Span<'_>],
) -> Rect {
    title_line(painter, place, behind, right);
    below(place.area, 1)
}

/// Draws a pane's title; returns what is left of the line between the words.
fn title_line(
    painter: &mut Painter<'_>,
    place: PaneArea,
    behind: &[Span<'_>],
    right: &[Span<'_>],
) -> Rect {
    let theme = painter.theme;
    let style = theme.title_style(place.focused);
    let mut spans = vec![span(" ", theme.text), span(place.pane.title(), style)];
    spans.extend(behind.iter().cloned());
    // What is cut on the left does not touch what stands on the right.
    let mut end = vec![span("  ", theme.text)];
    end.extend(right.iter().cloned());
    end.push(span(" ", theme.text));
    let left = painter.put_right(row(place.area, 0), &end);
    let used = painter.put(left, &spans);
    after(left, used)
}

/// Draws the title of a list: words behind it, its filter, how many rows are left of how many; returns what is left
/// below.
pub(in crate::ui) fn list_title(
    painter: &mut Painter<'_>,
    place: PaneArea,
    list: &dyn Listing,
    behind: &[Span<'_>],
) -> Rect {
    let theme = painter.theme;
    let mut spans = behind.to_vec();
    let filter = list.filter();
    if filter.editor().is_some() {
        spans.push(span("  /", theme.key));
    } else if !filter.text().is_empty() {
        spans.push(span("  ", theme.text));
        spans.push(span(format!("/{}", filter.text()), theme.matched));
    }
    let mut right = Vec::new();
    if list.marked() > 0 {
        let text = format!("{} marked  ", format::count_usize(list.marked()));
        right.push(span(text, theme.marked));
    }
    let (shown, total) = (
        format::count_usize(list.row_count()),
        format::count_usize(list.total()),
    );
    let count = if list.row_count() == list.total() {
        total
    } else {
        format!("{shown} of {total}")
    };
    right.push(span(count, theme.muted));
    let rest = title_line(painter, place, &spans, &right);
    if let Some(editor) = filter.editor() {
        let style = if filter.is_whole_selected() {
            theme.chosen
        } else {
            theme.input
        };
        text_input::line(painter, rest, editor, style);
    }
    below(place.area, 1)
}
