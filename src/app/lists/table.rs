//! A list that can be walked, sorted, filtered and marked: what all list panes have in common.
//!
//! Which rows there are and what they mean is the pane's business: it hands the rows in, filtered and in order.

use std::cmp::Ordering;

use crate::app::command::Move;
use crate::app::lists::filter::Filter;
use crate::app::lists::list_state::{ListState, Step};

/// The columns of a table.
pub trait Column: Copy + PartialEq + 'static {
    /// All columns, from left to right.
    const ALL: &'static [Self];

    /// The head of the column.
    fn title(self) -> &'static str;

    /// Whether it holds numbers, which stand on the right.
    fn is_number(self) -> bool;

    /// Whether its order begins with the greatest, the newest or the worst; numbers do, unless they are names.
    fn begins_with_greatest(self) -> bool {
        self.is_number()
    }
}

/// A table whatever its rows are: what a command can do to the list in focus.
pub trait Listing {
    /// The filter.
    fn filter(&self) -> &Filter;

    /// The filter, to type into.
    fn filter_mut(&mut self) -> &mut Filter;

    /// How many rows are shown.
    fn shown(&self) -> usize;

    /// How many rows are marked.
    fn marked(&self) -> usize;

    /// What is chosen now stays chosen.
    fn hold(&mut self);

    /// Moves.
    fn go(&mut self, movement: Move, height: usize);

    /// Marks the chosen row, or takes its mark away, and goes on to the next.
    fn mark(&mut self, height: usize);

    /// Goes to the next row that the filter lets through, or the previous; comes round at the ends.
    fn next_match(&mut self, forward: bool, height: usize);

    /// Sorts by the next column.
    fn sort_by_next(&mut self);

    /// Sorts by the column of that number; by the same one again, reverses.
    fn sort_by_number(&mut self, column: usize);

    /// Turns the order round.
    fn reverse(&mut self);

    /// Chooses the row that is shown on a line below the head; `true` where it was chosen already.
    fn click(&mut self, line: usize) -> bool;

    /// One step of Esc: leaves the text box, clears the filter, takes the marks away. `false`: there was nothing.
    fn escape(&mut self) -> bool;
}

/// What a table has: rows by identity, a place in them, marks, an order and a filter.
#[derive(Clone, Debug)]
pub struct Table<K, C> {
    cursor: ListState<K>,
    rows: Vec<K>,
    of: usize,
    marks: Vec<K>,
    filter: Filter,
    sort: C,
    reversed: bool,
    shift: usize,
}

impl<K: Clone + PartialEq, C: Column> Table<K, C> {
    /// An empty table in the order of that column.
    pub fn sorted_by(sort: C) -> Self {
        Self {
            cursor: ListState::default(),
            rows: Vec::new(),
            of: 0,
            marks: Vec::new(),
            filter: Filter::default(),
            sort,
            reversed: false,
            shift: 0,
        }
    }

    /// The rows that are shown, in their order.
    pub fn rows(&self) -> &[K] {
        &self.rows
    }

    /// How many rows there would be without filters.
    pub fn of(&self) -> usize {
        self.of
    }

    /// The chosen row.
    pub fn chosen(&self) -> Option<&K> {
        self.cursor.chosen()
    }

    /// Where the chosen row is and which row is on top.
    pub fn cursor(&self) -> &ListState<K> {
        &self.cursor
    }

    /// The column that decides the order, and whether it is reversed.
    pub fn sort(&self) -> (C, bool) {
        (self.sort, self.reversed)
    }

    /// How many columns after the first are scrolled out of sight.
    pub fn shift(&self) -> usize {
        self.shift
    }

    /// Whether that row is marked.
    pub fn is_marked(&self, key: &K) -> bool {
        self.marks.contains(key)
    }

    /// The marked rows that are there, in their order; the chosen one where none is marked.
    pub fn targets(&self) -> Vec<K> {
        let marked: Vec<K> = self
            .rows
            .iter()
            .filter(|row| self.is_marked(row))
            .cloned()
            .collect();
        if marked.is_empty() {
            return self.chosen().cloned().into_iter().collect();
        }
        marked
    }

    /// Chooses a row by identity.
    pub fn choose(&mut self, key: K) {
        self.cursor.choose(key);
    }

    /// Takes the rows as they are now, of so many without filters; what is chosen stays chosen.
    pub fn set_rows(&mut self, rows: Vec<K>, of: usize, height: usize) {
        self.rows = rows;
        self.of = of;
        self.cursor.settle(&self.rows, height);
    }

    /// Forgets marks, filter and place: the table is about something else now.
    pub fn reset(&mut self) {
        *self = Self {
            sort: self.sort,
            reversed: self.reversed,
            ..Self::sorted_by(self.sort)
        };
    }

    /// Sorts by a column; by the same one again, reverses.
    pub fn sort_by(&mut self, column: C) {
        self.reversed = self.sort == column && !self.reversed;
        self.sort = column;
    }
}

impl<K: Clone + PartialEq, C: Column> Listing for Table<K, C> {
    fn filter(&self) -> &Filter {
        &self.filter
    }

    fn filter_mut(&mut self) -> &mut Filter {
        &mut self.filter
    }

    fn shown(&self) -> usize {
        self.rows.len()
    }

    fn marked(&self) -> usize {
        self.marks.len()
    }

    fn hold(&mut self) {
        self.cursor.hold();
    }

    fn go(&mut self, movement: Move, height: usize) {
        match step_of(movement, height) {
            Some(step) => self.cursor.step(step, &self.rows, height),
            None if movement == Move::Left => self.shift = self.shift.saturating_sub(1),
            None => self.shift = (self.shift + 1).min(C::ALL.len().saturating_sub(2)),
        }
    }

    fn mark(&mut self, height: usize) {
        let Some(chosen) = self.chosen().cloned() else {
            return;
        };
        if self.is_marked(&chosen) {
            self.marks.retain(|mark| *mark != chosen);
        } else {
            self.marks.push(chosen);
        }
        self.cursor.step(Step::By(1), &self.rows, height);
    }

    fn next_match(&mut self, forward: bool, height: usize) {
        let (step, around) = if forward {
            (Step::By(1), Step::First)
        } else {
            (Step::By(-1), Step::Last)
        };
        let before = self.cursor.row();
        self.cursor.step(step, &self.rows, height);
        if self.cursor.row() == before {
            self.cursor.step(around, &self.rows, height);
        }
    }

    fn sort_by_next(&mut self) {
        let at = C::ALL
            .iter()
            .position(|column| *column == self.sort)
            .unwrap_or(0);
        if let Some(next) = C::ALL.get((at + 1) % C::ALL.len()) {
            self.sort = *next;
            self.reversed = false;
        }
    }

    fn sort_by_number(&mut self, column: usize) {
        if let Some(column) = C::ALL.get(column) {
            self.sort_by(*column);
        }
    }

    fn reverse(&mut self) {
        self.reversed = !self.reversed;
    }

    fn click(&mut self, line: usize) -> bool {
        let before = self.chosen().cloned();
        self.cursor.click(line, &self.rows) && before.as_ref() == self.chosen()
    }

    fn escape(&mut self) -> bool {
        self.filter.close() || self.filter.clear() || !std::mem::take(&mut self.marks).is_empty()
    }
}

/// The step down or up that a movement means in a list of that height; `None`: it goes sideways.
pub fn step_of(movement: Move, height: usize) -> Option<Step> {
    let page = isize::try_from(height)
        .unwrap_or(isize::MAX)
        .saturating_sub(1)
        .max(1);
    match movement {
        Move::Down => Some(Step::By(1)),
        Move::Up => Some(Step::By(-1)),
        Move::Top => Some(Step::First),
        Move::Bottom => Some(Step::Last),
        Move::HalfPageDown => Some(Step::HalfPages(1)),
        Move::HalfPageUp => Some(Step::HalfPages(-1)),
        Move::PageDown => Some(Step::By(page)),
        Move::PageUp => Some(Step::By(-page)),
        Move::Left | Move::Right => None,
    }
}

/// The keys of these rows in the order of a column. Rows that are equal there keep the order they come in.
pub fn ordered<'a, T: ?Sized, K, C: Copy>(
    mut rows: Vec<&'a T>,
    (column, reversed): (C, bool),
    compare: impl Fn(C, &T, &T) -> Ordering,
    key: impl Fn(&'a T) -> K,
) -> Vec<K> {
    rows.sort_by(|one, other| {
        let order = compare(column, one, other);
        if reversed { order.reverse() } else { order }
    });
    rows.into_iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Side {
        Left,
        Right,
    }

    impl Column for Side {
        const ALL: &'static [Self] = &[Self::Left, Self::Right];

        fn title(self) -> &'static str {
            "SIDE"
        }

        fn is_number(self) -> bool {
            false
        }
    }

    fn table(rows: &str) -> Table<char, Side> {
        let mut table = Table::sorted_by(Side::Left);
        table.set_rows(rows.chars().collect(), rows.len(), 10);
        table
    }

    #[test]
    fn marking_goes_on_to_the_next_row_and_targets_are_the_marked_ones() {
        let mut table = table("abc");
        assert_eq!(table.targets(), ['a']);
        table.mark(10);
        table.mark(10);
        assert_eq!(table.targets(), ['a', 'b']);
        assert_eq!(table.chosen(), Some(&'c'));
    }

    #[test]
    fn a_mark_on_a_row_that_is_gone_is_no_target() {
        let mut table = table("abc");
        table.mark(10);
        table.set_rows(vec!['b', 'c'], 3, 10);
        assert_eq!(table.targets(), ['b']);
    }

    #[test]
    fn escape_goes_one_step_at_a_time() {
        let mut table = table("abc");
        table.mark(10);
        table.filter_mut().open();
        table.filter_mut().typing_mut().unwrap().paste("a");
        for what in ["leaves the box", "clears the filter", "unmarks"] {
            assert!(table.escape(), "{what}");
        }
        assert!(!table.escape());
    }

    #[test]
    fn the_next_match_comes_round() {
        let mut table = table("ab");
        table.next_match(false, 10);
        assert_eq!(table.chosen(), Some(&'b'));
        table.next_match(true, 10);
        assert_eq!(table.chosen(), Some(&'a'));
    }

    #[test]
    fn sorting_by_the_same_column_again_reverses() {
        let mut table = table("ab");
        table.sort_by(Side::Right);
        assert_eq!(table.sort(), (Side::Right, false));
        table.sort_by(Side::Right);
        assert_eq!(table.sort(), (Side::Right, true));
        table.sort_by_next();
        assert_eq!(table.sort(), (Side::Left, false));
    }
}
