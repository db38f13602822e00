//! A table: heads, and the rows that are in view.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;

use super::{MARGIN, PaneArea, margin, tint_selected};
use crate::app::HitTarget;
use crate::app::lists::column::Column;
use crate::app::lists::sort_letters::capital;
use crate::app::lists::table::Table;
use crate::ui::areas::{after, below, cells as cells_of, left, row};
use crate::ui::format;
use crate::ui::painter::{Painter, span, spans_width};

/// How a column is laid out.
#[derive(Clone, Copy, Debug)]
pub(in crate::ui) struct ColumnSpec<C> {
    column: C,
    min: u16,
    /// Columns grow from left to right as far as the table is wide.
    max: u16,
    /// How wide a column that does not grow is where there are too many rows to measure.
    widest: u16,
    /// Columns of the highest rank are left out first in a narrow table; 0 stays.
    rank: u8,
    /// It takes what the others leave.
    grows_last: bool,
}

impl<C> ColumnSpec<C> {
    /// A column that keeps its width.
    pub(in crate::ui) const fn fixed(column: C, width: u16, rank: u8) -> Self {
        Self::growing(column, width, width, rank)
    }

    /// A column that grows in a wide table.
    pub(in crate::ui) const fn growing(column: C, min: u16, max: u16, rank: u8) -> Self {
        Self {
            column,
            min,
            max,
            widest: max,
            rank,
            grows_last: false,
        }
    }

    /// It grows once all that is text has the room that it wants.
    pub(in crate::ui) const fn last(mut self) -> Self {
        self.grows_last = true;
        self
    }

    /// As wide as its widest cell can be, where there are too many rows to measure.
    pub(in crate::ui) const fn widest(mut self, widest: u16) -> Self {
        self.widest = widest;
        self
    }

    /// The column that decides the order has room for the sign of that.
    fn with_room_for_arrow(&self, sorted: C) -> Self
    where
        C: Column,
    {
        let head = cells_of(format::width(self.column.head().title)).saturating_add(1);
        let is_narrow = self.column == sorted && self.min < head;
        Self {
            min: if is_narrow { head } else { self.min },
            max: if is_narrow {
                self.max.max(head)
            } else {
                self.max
            },
            ..*self
        }
    }

    /// A column that does not grow shows whole what stands in it, however long that is: half a number is a wrong one. Its
    /// place depends on no row in particular, so that columns stay where they are while the selection moves.
    fn wide_enough_for(
        &self,
        rows: Measured,
        cells: impl Iterator<Item = Vec<Span<'static>>>,
    ) -> Self
    where
        C: Copy,
    {
        if self.min < self.max {
            return *self;
        }
        let least = match rows {
            Measured::All => self.min,
            Measured::InView => self.min.max(self.widest),
        };
        let widest = cells.map(|spans| spans_width(&spans)).max().unwrap_or(0);
        let width = least.max(cells_of(widest));
        Self::fixed(self.column, width, self.rank)
    }
}

/// Whose cells are measured for the widths of columns.
#[derive(Clone, Copy, Debug)]
enum Measured {
    All,
    InView,
}

/// The columns that a pane needs for a whole table: all columns, those that always stay as wide as they want to be, and
/// the sign of the order on whichever column it is.
pub(in crate::ui) fn needed<C: Column>(specs: &[ColumnSpec<C>]) -> u16 {
    let width = |spec: &ColumnSpec<C>| if spec.rank == 0 { spec.max } else { spec.min };
    let cells: u16 = specs.iter().map(|spec| width(spec) + GAP).sum();
    let arrows = specs.iter().map(|spec| {
        let sorted = spec.with_room_for_arrow(spec.column);
        sorted.min - spec.min
    });
    MARGIN + cells.saturating_sub(GAP) + arrows.max().unwrap_or(0) + EDGE
}

/// Rows whose cells are measured for the widths of columns; of more, those in view: looking at all of very many in each
/// frame would be felt.
pub(in crate::ui) const MOST_MEASURED: usize = 256;

/// The columns at the right of a table that stay free.
const EDGE: u16 = 1;

/// Columns between cells.
const GAP: u16 = 2;

/// Which columns fit into that width, and how wide each is.
fn fit<C: Column>(specs: &[ColumnSpec<C>], width: u16, scrolled: usize) -> Vec<(C, u16)> {
    let mut shown: Vec<ColumnSpec<C>> = specs.to_vec();
    let scrolled = scrolled.min(shown.len().saturating_sub(2));
    shown.drain(1..=scrolled);
    let needed = |specs: &[ColumnSpec<C>]| -> u16 {
        let cells: u16 = specs.iter().map(|spec| spec.min + GAP).sum();
        MARGIN + cells.saturating_sub(GAP)
    };
    while needed(&shown) > width && shown.len() > 1 {
        let worst = shown.iter().map(|spec| spec.rank).max();
        let at = shown.iter().rposition(|spec| Some(spec.rank) == worst);
        shown.remove(at.unwrap_or(0).max(1));
    }
    let mut spare = width.saturating_sub(needed(&shown));
    let mut columns: Vec<(C, u16)> = shown.iter().map(|spec| (spec.column, spec.min)).collect();
    for grows_last in [false, true] {
        let growing = shown.iter().zip(&mut columns);
        for (spec, (_, width)) in growing.filter(|(spec, _)| spec.grows_last == grows_last) {
            let extra = spare.min(spec.max.saturating_sub(spec.min));
            spare -= extra;
            *width += extra;
        }
    }
    columns
}

/// Draws a table. `cell` makes what stands in a column of a row, given its width.
pub(in crate::ui) fn table<K, C, S>(
    painter: &mut Painter<'_>,
    place: PaneArea,
    area: Rect,
    table: &Table<K, C, S>,
    specs: &[ColumnSpec<C>],
    cell: impl Fn(&K, C, usize) -> Vec<Span<'static>>,
) where
    K: Clone + PartialEq,
    C: Column,
    S: PartialEq,
{
    let width = area.width.saturating_sub(EDGE);
    let body = below(area, 1);
    let top = table.state().top();
    let in_view = table.rows().get(top..).unwrap_or_default();
    let in_view = in_view.get(..usize::from(body.height)).unwrap_or(in_view);
    let (rows, measured) = if table.rows().len() <= MOST_MEASURED {
        (Measured::All, table.rows())
    } else {
        (Measured::InView, in_view)
    };
    let specs = specs.iter();
    let specs = specs.filter(|spec| !table.is_hidden(spec.column));
    let specs = specs.map(|spec| {
        let cells = measured.iter();
        let cells = cells.map(|key| cell(key, spec.column, usize::from(spec.max)));
        spec.with_room_for_arrow(table.sort().0)
            .wide_enough_for(rows, cells)
    });
    let columns = fit(&specs.collect::<Vec<_>>(), width, table.columns_scrolled());
    heads(painter, place, row(area, 0), table, &columns);
    painter.add_hit(body, HitTarget::Rows(place.pane));
    for ((number, key), line) in (top..).zip(in_view).zip(body.rows()) {
        let selected = number == table.state().row();
        margin(painter, line, selected, table.is_marked(key), place.focused);
        let mut rest = after(line, MARGIN);
        for (column, width) in &columns {
            let spans = cell(key, *column, usize::from(*width));
            put_cell(painter, left(rest, *width), *column, &spans);
            rest = after(rest, width + GAP);
        }
        tint_selected(painter, line, selected, place.focused);
    }
}

fn heads<K: Clone + PartialEq, C: Column, S: PartialEq>(
    painter: &mut Painter<'_>,
    place: PaneArea,
    line: Rect,
    table: &Table<K, C, S>,
    columns: &[(C, u16)],
) {
    let theme = painter.theme;
    let (sorted, reversed) = table.sort();
    let [upwards, downwards] = theme.glyphs.sorted;
    let mut rest = after(line, MARGIN);
    for (column, width) in columns {
        let number = C::ALL.iter().position(|one| one == column).unwrap_or(0);
        let slot = left(rest, *width);
        let head = column.head();
        let falls = head.greatest_first != reversed;
        let arrow = if falls { downwards } else { upwards };
        let fits = format::width(head.title) < usize::from(*width);
        let is_sorted = *column == sorted;
        let style = if is_sorted { theme.title } else { theme.head };
        // Keys go to the list in focus alone.
        let letter = table.sort_letter(number).filter(|_| place.focused);
        let mut spans = title(head.title, letter, style);
        if is_sorted && fits {
            spans.push(span(arrow, theme.key));
        }
        put_cell(painter, slot, *column, &spans);
        painter.add_hit(slot, HitTarget::Column(place.pane, number));
        rest = after(rest, width + GAP);
    }
}

/// A head, the letter that sorts by it underlined.
fn title(text: &'static str, letter: Option<char>, style: Style) -> Vec<Span<'static>> {
    let mut left = letter;
    let letters = text.chars().map(|one| {
        let is_it = left.take_if(|letter| capital(one) == Some(*letter));
        let style = match is_it {
            Some(_) => style.add_modifier(Modifier::UNDERLINED),
            None => style,
        };
        span(one, style)
    });
    letters.collect()
}

fn put_cell<C: Column>(painter: &mut Painter<'_>, area: Rect, column: C, spans: &[Span<'_>]) {
    if column.head().is_number {
        painter.put_right(area, spans);
    } else {
        painter.put(area, spans);
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
        let mut specs = SPECS.to_vec();
        specs[0] = specs[0].last();
        let widths: Vec<u16> = fit(&specs, 36, 0).iter().map(|(_, w)| *w).collect();
        assert_eq!(widths, [11, 6, 12], "the one that grows last");
    }

    #[test]
    fn a_table_with_what_it_needs_leaves_out_nothing_whatever_its_order() {
        let whole: Vec<_> = SPECS.iter().map(|spec| spec.column).collect();
        for sorted in &whole {
            let specs: Vec<_> = SPECS
                .iter()
                .map(|spec| spec.with_room_for_arrow(*sorted))
                .collect();
            let shown = fit(&specs, needed(SPECS) - EDGE, 0);
            let columns: Vec<_> = shown.iter().map(|(column, _)| *column).collect();
            assert_eq!(columns, whole, "{sorted:?}");
            let name = shown.first().map(|(_, width)| *width);
            assert!(name >= Some(20), "{name:?}");
        }
    }

    #[test]
    fn of_more_rows_than_are_measured_a_column_is_as_wide_as_it_can_be() {
        let spec = ColumnSpec::fixed(Col::Rate, 6, 2).widest(9);
        let cells = |text: &'static str| std::iter::once(vec![span(text, Style::new())]);
        let width = |rows, text| spec.wide_enough_for(rows, cells(text)).min;
        assert_eq!(width(Measured::All, "1,234"), 6);
        assert_eq!(width(Measured::All, "1,234,567"), 9);
        assert_eq!(width(Measured::InView, "1,234"), 9);
        assert_eq!(width(Measured::InView, "1,234,567,890"), 13);
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
}
