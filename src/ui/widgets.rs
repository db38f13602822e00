//! What panes are made of: a title with its filter, a table, a history line, a chart, a message where rows are missing.
//!
//! What stands in them is each pane's own business.

pub(super) mod text_input;

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::lists::column::Column;
use crate::app::lists::table::{Listing, Table};
use crate::app::{HitTarget, Pane};
use crate::ui::format;
use crate::ui::painter::{Painter, span, spans_width};
use crate::ui::theme::Theme;

/// A pane's place and standing.
#[derive(Clone, Copy, Debug)]
pub(super) struct PaneArea {
    /// Which pane.
    pub(super) pane: Pane,
    /// Where.
    pub(super) area: Rect,
    /// Whether keys go there.
    pub(super) focused: bool,
}

/// One row of an area, by its number from the top; empty where the area ends before.
pub(super) fn row(area: Rect, number: u16) -> Rect {
    let inside = number < area.height;
    Rect {
        y: area.y.saturating_add(number),
        height: u16::from(inside),
        ..area
    }
}

/// An area without its first rows.
pub(super) fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    }
}

/// An area without its first columns.
pub(super) fn after(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    Rect {
        x: area.x + columns,
        width: area.width - columns,
        ..area
    }
}

/// Draws a pane's title, with a word behind it and one at the right; returns what is left below.
pub(super) fn title(
    painter: &mut Painter<'_>,
    place: PaneArea,
    behind: &[Span<'_>],
    right: &[Span<'_>],
) -> Rect {
    title_line(painter, place, behind, right);
    below(place.area, 1)
}

/// The same; returns what is left of the line between the words.
fn title_line(
    painter: &mut Painter<'_>,
    place: PaneArea,
    behind: &[Span<'_>],
    right: &[Span<'_>],
) -> Rect {
    let theme = painter.theme;
    let style = if place.focused {
        theme.focus
    } else {
        theme.title
    };
    let mut spans = vec![span(" ", theme.text), span(place.pane.title(), style)];
    spans.extend(behind.iter().cloned());
    let mut end = right.to_vec();
    end.push(span(" ", theme.text));
    let left = painter.put_right(row(place.area, 0), &end);
    let taken = painter.put(left, &spans);
    after(left, taken)
}

/// The filter of a list as it stands behind the title, and how many rows are left of how many.
pub(super) fn title_of_list(
    painter: &mut Painter<'_>,
    place: PaneArea,
    list: &dyn Listing,
    behind: &[Span<'_>],
    of: usize,
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
        let text = format!("{} marked  ", format::size(list.marked()));
        right.push(span(text, theme.marked));
    }
    let count = if list.len() == of {
        format::size(of)
    } else {
        format!("{} of {}", format::size(list.len()), format::size(of))
    };
    right.push(span(count, theme.muted));
    let rest = title_line(painter, place, &spans, &right);
    if let Some(editor) = filter.editor() {
        text_input::line(painter, rest, editor, theme.input);
    }
    below(place.area, 1)
}

/// How a column is laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct ColumnSpec<C> {
    /// Which column.
    pub(super) column: C,
    /// Its least width.
    pub(super) least: u16,
    /// Its greatest width: columns grow from left to right as far as there is room.
    pub(super) most: u16,
    /// Columns of the highest rank go first where room is short; 0 stays.
    pub(super) rank: u8,
}

impl<C> ColumnSpec<C> {
    /// A column that keeps its width.
    pub(super) const fn fixed(column: C, width: u16, rank: u8) -> Self {
        Self {
            column,
            least: width,
            most: width,
            rank,
        }
    }

    /// A column that grows where there is room.
    pub(super) const fn growing(column: C, least: u16, most: u16, rank: u8) -> Self {
        Self {
            column,
            least,
            most,
            rank,
        }
    }
}

/// Columns before the first cell: mark, chosen, a space.
const MARGIN: u16 = 3;
/// Columns between cells.
const GAP: u16 = 2;

/// Which columns there is room for, and how wide each is.
fn fit<C: Column>(specs: &[ColumnSpec<C>], width: u16, shift: usize) -> Vec<(C, u16)> {
    let mut shown: Vec<ColumnSpec<C>> = specs.to_vec();
    let scrolled = shift.min(shown.len().saturating_sub(2));
    shown.drain(1..=scrolled);
    let needed = |specs: &[ColumnSpec<C>]| -> u16 {
        MARGIN
            + specs
                .iter()
                .map(|spec| spec.least + GAP)
                .sum::<u16>()
                .saturating_sub(GAP)
    };
    while needed(&shown) > width && shown.len() > 1 {
        let worst = shown.iter().map(|spec| spec.rank).max().unwrap_or(0);
        let Some(at) = shown.iter().rposition(|spec| spec.rank == worst) else {
            break;
        };
        shown.remove(at.max(1));
    }
    let mut spare = width.saturating_sub(needed(&shown));
    let grown = shown.iter().map(|spec| {
        let extra = spare.min(spec.most.saturating_sub(spec.least));
        spare -= extra;
        (spec.column, spec.least + extra)
    });
    grown.collect()
}

/// Draws a table: heads, and the rows that are in view. `cell` tells what stands in a column of a row, given its width.
pub(super) fn table<K, C>(
    painter: &mut Painter<'_>,
    place: PaneArea,
    area: Rect,
    table: &Table<K, C>,
    specs: &[ColumnSpec<C>],
    cell: impl Fn(&K, C, usize) -> Vec<Span<'static>>,
) where
    K: Clone + PartialEq,
    C: Column,
{
    let columns = fit(
        specs,
        area.width.saturating_sub(1),
        table.columns_scrolled(),
    );
    heads(painter, place, row(area, 0), table.sort(), &columns);
    let body = below(area, 1);
    painter.hit(body, HitTarget::Rows(place.pane));
    let rows = table.rows().iter().enumerate().skip(table.state().top());
    for ((number, key), line) in rows.zip(body.rows()) {
        let chosen = number == table.state().row();
        margin(painter, line, chosen, table.is_marked(key), place.focused);
        let mut left = after(line, MARGIN);
        for (column, width) in &columns {
            let spans = cell(key, *column, usize::from(*width));
            let slot = Rect {
                width: (*width).min(left.width),
                ..left
            };
            if column.head().is_number {
                painter.put_right(slot, &spans);
            } else {
                painter.put(slot, &spans);
            }
            left = after(left, width + GAP);
        }
        tint_chosen(painter, line, chosen, place.focused);
    }
}

/// Lays the style of the chosen row over a row, where it is the chosen one.
pub(super) fn tint_chosen(painter: &mut Painter<'_>, line: Rect, chosen: bool, focused: bool) {
    let theme = painter.theme;
    match (chosen, focused) {
        (true, true) => painter.tint(line, theme.chosen),
        (true, false) => painter.tint(line, theme.chosen_elsewhere),
        (false, _) => {}
    }
}

/// What stands before a row: its mark, and the sign of the chosen one.
pub(super) fn margin(
    painter: &mut Painter<'_>,
    line: Rect,
    chosen: bool,
    marked: bool,
    focused: bool,
) {
    let theme = painter.theme;
    let mark = if marked { theme.glyphs.marked } else { " " };
    let sign = if chosen { theme.glyphs.chosen } else { " " };
    // A blank takes no style of its own: underlined, it would be a mark.
    let style = match (chosen, focused) {
        (true, true) => theme.focus,
        (true, false) => theme.muted,
        (false, _) => theme.text,
    };
    painter.put(line, &[span(mark, theme.marked), span(sign, style)]);
}

fn heads<C: Column>(
    painter: &mut Painter<'_>,
    place: PaneArea,
    line: Rect,
    (sorted, reversed): (C, bool),
    columns: &[(C, u16)],
) {
    let theme = painter.theme;
    let mut left = after(line, MARGIN);
    for (column, width) in columns {
        let number = C::ALL.iter().position(|one| one == column).unwrap_or(0);
        let slot = Rect {
            width: (*width).min(left.width),
            ..left
        };
        let falls = column.head().greatest_first != reversed;
        let arrow = theme.glyphs.sorted[usize::from(falls)];
        let head = column.head().title;
        let fits = format::width(head) < usize::from(*width);
        let spans = match (*column == sorted, fits) {
            (true, true) => vec![span(head, theme.title), span(arrow, theme.key)],
            (true, false) => vec![span(head, theme.title)],
            (false, _) => vec![span(head, theme.head)],
        };
        if column.head().is_number {
            painter.put_right(slot, &spans);
        } else {
            painter.put(slot, &spans);
        }
        painter.hit(slot, HitTarget::Column(place.pane, number));
        left = after(left, width + GAP);
    }
}

/// Lines where rows are missing: what is not there, and why or what to press.
pub(super) fn empty_state(painter: &mut Painter<'_>, area: Rect, lines: &[&str]) {
    let theme = painter.theme;
    for (number, text) in (1..).zip(lines) {
        let style = if number == 1 { theme.text } else { theme.muted };
        painter.put(after(row(area, number), MARGIN), &[span(*text, style)]);
    }
}

/// A history in one line: a bar a value, squeezed into so many columns.
pub(super) fn spark(history: &[Option<f32>], columns: usize, theme: &Theme) -> Span<'static> {
    let values = squeeze(history, columns);
    let highest = values.iter().flatten().copied().fold(0.0_f32, f32::max);
    let bars: String = values
        .iter()
        .map(|value| value.map_or(" ", |value| theme.glyphs.spark[level(value, highest, 7)]))
        .collect();
    let lead = " ".repeat(columns.saturating_sub(values.len()));
    span(lead + &bars, theme.spark)
}

/// Draws a history as a chart of as many rows as the area has, the newest at the right.
pub(super) fn chart(painter: &mut Painter<'_>, area: Rect, history: &[Option<f32>]) {
    let theme = painter.theme;
    let values = squeeze(history, usize::from(area.width));
    let highest = values.iter().flatten().copied().fold(0.0_f32, f32::max);
    let steps = usize::from(area.height) * 8;
    let lead = usize::from(area.width).saturating_sub(values.len());
    for (from_top, line) in area.rows().enumerate() {
        let floor = (usize::from(area.height) - 1 - from_top) * 8;
        let mut text = " ".repeat(lead);
        for value in &values {
            let height = value.map_or(0, |value| level(value, highest, steps - 1) + 1);
            text.push_str(match height.saturating_sub(floor) {
                0 => " ",
                part => theme.glyphs.spark[part.min(8) - 1],
            });
        }
        painter.put(line, &[span(text, theme.spark)]);
    }
}

/// The step, from 0 to `top`, that a value reaches. The highest one stays a little below the top: a steady rate is no
/// wall.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a few steps: from 0 to 1, times a small number"
)]
fn level(value: f32, highest: f32, top: usize) -> usize {
    if highest <= 0.0 {
        return 0;
    }
    ((value / highest).clamp(0.0, 1.0) * HEADROOM * top as f32).round() as usize
}

/// How much of the height of a history its highest value takes.
const HEADROOM: f32 = 0.65;

/// The newest values in no more than so many columns: where there are more, the mean of neighbours.
fn squeeze(history: &[Option<f32>], columns: usize) -> Vec<Option<f32>> {
    if columns == 0 {
        return Vec::new();
    }
    let each = history.len().div_ceil(columns).max(1);
    // From the newest backwards, so that columns do not change while their values fill up at the other end.
    let mut squeezed: Vec<Option<f32>> = history.rchunks(each).map(mean).collect();
    squeezed.reverse();
    squeezed
}

fn mean(values: &[Option<f32>]) -> Option<f32> {
    let known: Vec<f32> = values.iter().flatten().copied().collect();
    let count = u16::try_from(known.len()).ok().filter(|count| *count > 0)?;
    Some(known.iter().sum::<f32>() / f32::from(count))
}

/// Words of one line with a dot between them.
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

/// A box with a title on its upper edge, emptied; returns the room inside.
pub(super) fn popup(
    painter: &mut Painter<'_>,
    area: Rect,
    title: &[Span<'_>],
    edge: Style,
) -> Rect {
    let glyphs = painter.theme.glyphs;
    let [top_left, top_right, bottom_left, bottom_right] = glyphs.corners;
    let margin = Rect {
        x: area.x.saturating_sub(1),
        width: area.width + 2,
        ..area
    };
    painter.clear(margin);
    let inner = usize::from(area.width.saturating_sub(2));
    let line = glyphs.line.repeat(inner);
    painter.put(
        row(area, 0),
        &[span(format!("{top_left}{line}{top_right}"), edge)],
    );
    let last = row(area, area.height.saturating_sub(1));
    painter.put(
        last,
        &[span(format!("{bottom_left}{line}{bottom_right}"), edge)],
    );
    for number in 1..area.height.saturating_sub(1) {
        let at = row(area, number);
        painter.put(Rect { width: 1, ..at }, &[span(glyphs.side, edge)]);
        painter.put(
            after(at, area.width.saturating_sub(1)),
            &[span(glyphs.side, edge)],
        );
    }
    let room = Rect {
        x: area.x + 2,
        width: area.width.saturating_sub(4),
        ..row(area, 0)
    };
    let mut spans = vec![span(" ", edge)];
    spans.extend(title.iter().cloned());
    spans.push(span(" ", edge));
    let wide = u16::try_from(spans_width(&spans)).unwrap_or(room.width);
    painter.put(
        Rect {
            x: room.x - 1,
            width: wide.min(room.width),
            ..room
        },
        &spans,
    );
    Rect {
        x: area.x + 2,
        y: area.y + 1,
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::lists::column::columns;

    columns! {
        /// Three columns.
        enum Col {
            /// Grows.
            Name = text("HEAD"),
            /// Keeps its width.
            Rate = number("HEAD"),
            /// Grows.
            State = text("HEAD"),
        }
    }

    const SPECS: &[ColumnSpec<Col>] = &[
        ColumnSpec::growing(Col::Name, 10, 20, 0),
        ColumnSpec::fixed(Col::Rate, 6, 2),
        ColumnSpec::growing(Col::State, 8, 12, 1),
    ];

    #[test]
    fn columns_of_the_highest_rank_go_first() {
        let names = |width| -> Vec<Col> { fit(SPECS, width, 0).iter().map(|(c, _)| *c).collect() };
        assert_eq!(names(31), [Col::Name, Col::Rate, Col::State]);
        assert_eq!(names(30), [Col::Name, Col::State]);
        assert_eq!(names(20), [Col::Name]);
        assert_eq!(names(1), [Col::Name]);
    }

    #[test]
    fn columns_grow_from_the_left_as_far_as_they_want() {
        let widths = |width| -> Vec<u16> { fit(SPECS, width, 0).iter().map(|(_, w)| *w).collect() };
        assert_eq!(widths(31), [10, 6, 8]);
        assert_eq!(widths(36), [15, 6, 8]);
        assert_eq!(widths(43), [20, 6, 10]);
        assert_eq!(widths(200), [20, 6, 12]);
    }

    #[test]
    fn scrolling_sideways_keeps_the_first_column() {
        let shown = fit(SPECS, 80, 1);
        assert_eq!(
            shown.iter().map(|(c, _)| *c).collect::<Vec<_>>(),
            [Col::Name, Col::State]
        );
        assert_eq!(fit(SPECS, 80, 9).len(), 2);
    }

    #[test]
    fn a_history_keeps_its_newest_value_at_the_right_and_shows_gaps() {
        let theme = Theme::default();
        let line = spark(&[Some(1.0), None, Some(8.0)], 5, &theme);
        assert_eq!(line.content, "  ▂ ▆");
        let squeezed = squeeze(&[Some(1.0), Some(3.0), Some(5.0), Some(7.0)], 2);
        assert_eq!(squeezed, [Some(2.0), Some(6.0)]);
        assert_eq!(spark(&[], 3, &theme).content, "   ");
    }
}
