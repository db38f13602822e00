//! A list with columns, of which one decides the order, with a filter and marks: what all list panes have in common.
//!
//! Which rows there are and what they mean is the screen's: it passes the rows in, filtered and in order.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::column::{Column, ColumnChoice};
use super::filter::Filter;
use super::list_state::ListState;
use super::rows_basis::RowsBasis;
use super::sort_letters::sort_letters;
use crate::app::command::{ListCommand, Motion};
use crate::app::input::keymap::Keymap;
use crate::app::kept_view::{KeptList, MOST_KEPT};
use crate::app::key_context::KeyContext;
use crate::app::motion::cycled;
use crate::app::row_key::RowKey;

/// A table whatever its rows are: what a command can do to the list in focus.
pub trait Listing {
    /// The filter.
    fn filter(&self) -> &Filter;

    /// The filter, to type into.
    fn filter_mut(&mut self) -> &mut Filter;

    /// How many rows are shown.
    fn row_count(&self) -> usize;

    /// How many rows there would be without filters.
    fn total(&self) -> usize;

    /// How many rows are marked.
    fn marked(&self) -> usize;

    /// The selected row.
    fn selected_row(&self) -> Option<RowKey>;

    /// The marked rows that are there, in their order; the selected one where none is marked.
    fn target_rows(&self) -> Vec<RowKey>;

    /// Keeps the selected row selected wherever it goes.
    fn keep_selected(&mut self);

    /// Moves the selection, or scrolls columns.
    fn move_by(&mut self, motion: Motion, height: usize);

    /// Does what a command of all lists means for the rows; what concerns the selected one's meaning is the screen's.
    fn run(&mut self, command: ListCommand, height: usize);

    /// Sorts by the column of that number; by the same one again, reverses.
    fn sort_by_number(&mut self, column: usize);

    /// All columns, from left to right, those that are hidden too.
    fn columns(&self) -> Vec<ColumnChoice>;

    /// Shows the column of that number, or hides it. The first one stays.
    fn toggle_column(&mut self, column: usize);

    /// Finds the letters that sort, among keys that mean nothing else where these contexts count.
    fn set_sort_letters(&mut self, contexts: &[KeyContext], keymap: &Keymap);

    /// Selects the row that is shown on a line below the head; `true` where it was selected already.
    fn select_line(&mut self, line: usize) -> bool;

    /// Selects that row, where it is there.
    fn select_row(&mut self, row: &RowKey);

    /// Its order and its marks, for later runs.
    fn kept(&self) -> KeptList;

    /// Takes up an order and marks of an earlier run.
    fn restore(&mut self, kept: &KeptList);

    /// One step of Esc: leaves the text box, clears the filter, removes the marks. `false`: there was nothing.
    fn escape(&mut self) -> bool;
}

/// Rows by identity, which of them is selected, marks, an order and a filter. `S` is what rows are made from, where they are
/// kept as long as that is the same.
#[derive(Clone, Debug)]
pub struct Table<K, C, S = ()> {
    state: ListState<K>,
    rows: Vec<K>,
    pub(super) made_from: Option<RowsBasis<S, C>>,
    row_key: fn(K) -> RowKey,
    total: usize,
    marks: Vec<K>,
    /// Rows that were marked in an earlier run, by their names, and were not there yet.
    missing_marks: BTreeSet<String>,
    filter: Filter,
    sort: C,
    reversed: bool,
    columns_scrolled: usize,
    /// Columns that somebody does not want to see.
    hidden: Vec<C>,
    /// Of each column the letter that sorts by it; empty as long as nobody has looked for them.
    sort_letters: Vec<Option<char>>,
}

impl<K: Clone + PartialEq, C: Column, S: PartialEq> Table<K, C, S> {
    /// An empty table of such rows in the order of that column.
    pub(in crate::app) fn new(row_key: fn(K) -> RowKey, sort: C) -> Self {
        Self {
            state: ListState::default(),
            rows: Vec::new(),
            made_from: None,
            row_key,
            total: 0,
            marks: Vec::new(),
            missing_marks: BTreeSet::new(),
            filter: Filter::default(),
            sort,
            reversed: false,
            columns_scrolled: 0,
            hidden: Vec::new(),
            sort_letters: Vec::new(),
        }
    }

    /// The rows that are shown, in their order.
    pub fn rows(&self) -> &[K] {
        &self.rows
    }

    /// The selected row.
    pub fn selected(&self) -> Option<&K> {
        self.state.selected()
    }

    /// Which row is selected and which one is on top.
    pub fn state(&self) -> &ListState<K> {
        &self.state
    }

    /// The column that decides the order, and whether it is reversed.
    pub(crate) fn sort(&self) -> (C, bool) {
        (self.sort, self.reversed)
    }

    /// How many columns after the first are scrolled away.
    pub(crate) fn columns_scrolled(&self) -> usize {
        self.columns_scrolled
    }

    /// Whether somebody has hidden that column.
    pub(crate) fn is_hidden(&self, column: C) -> bool {
        self.hidden.contains(&column)
    }

    /// The letter that sorts by the column of that number when it is pressed with shift.
    pub(crate) fn sort_letter(&self, column: usize) -> Option<char> {
        self.sort_letters.get(column).copied().flatten()
    }

    /// The columns that nobody has hidden, from left to right.
    fn shown_columns(&self) -> Vec<C> {
        let all = C::ALL.iter().copied();
        all.filter(|column| !self.is_hidden(*column)).collect()
    }

    /// Whether that row is marked.
    pub(crate) fn is_marked(&self, key: &K) -> bool {
        self.marks.contains(key)
    }

    /// Selects a row by identity.
    pub(in crate::app) fn select(&mut self, key: K) {
        self.state.select(key);
    }

    /// Replaces the rows, of so many without filters; the selected one stays selected.
    pub(in crate::app) fn set_rows(&mut self, rows: Vec<K>, total: usize, height: usize) {
        let are_new = self.rows != rows;
        self.made_from = None;
        self.rows = rows;
        if are_new {
            self.find_marks();
        }
        self.total = total;
        self.state.follow_rows(&self.rows, height);
    }

    /// Leaves the rows as they are, on a screen of that height.
    pub(in crate::app) fn keep_rows(&mut self, height: usize) {
        self.state.follow_rows(&self.rows, height);
    }

    /// Forgets marks, filter and selection: the table is about something else now.
    pub(in crate::app) fn reset(&mut self) {
        *self = Self {
            reversed: self.reversed,
            hidden: std::mem::take(&mut self.hidden),
            sort_letters: std::mem::take(&mut self.sort_letters),
            missing_marks: std::mem::take(&mut self.missing_marks),
            ..Self::new(self.row_key, self.sort)
        };
    }

    /// Marks the rows that were marked in an earlier run.
    fn find_marks(&mut self) {
        if self.missing_marks.is_empty() {
            return;
        }
        for row in &self.rows {
            let name = (self.row_key)(row.clone()).kept_name();
            if name.is_some_and(|name| self.missing_marks.remove(&name)) {
                self.marks.push(row.clone());
            }
        }
    }

    fn sort_by(&mut self, column: C) {
        self.reversed = self.sort == column && !self.reversed;
        self.sort = column;
    }

    /// Marks the selected row, or removes its mark, and goes on to the next row.
    fn toggle_mark(&mut self, height: usize) {
        let Some(selected) = self.selected().cloned() else {
            return;
        };
        if self.is_marked(&selected) {
            self.marks.retain(|mark| *mark != selected);
        } else {
            self.marks.push(selected);
        }
        self.state.move_by(Motion::Down, &self.rows, height);
    }

    /// Goes to the next row that the filter lets through, or the previous; comes round at the ends.
    fn next_match(&mut self, motion: Motion, around: Motion, height: usize) {
        let before = self.state.row();
        self.state.move_by(motion, &self.rows, height);
        if self.state.row() == before {
            self.state.move_by(around, &self.rows, height);
        }
    }

    fn sort_by_next(&mut self) {
        let shown = self.shown_columns();
        let first = shown.first();
        if let Some(next) = cycled(&shown, &self.sort, true).or(first) {
            self.sort = *next;
            self.reversed = false;
        }
    }
}

impl<K: Clone + PartialEq, C: Column, S: PartialEq> Listing for Table<K, C, S> {
    fn filter(&self) -> &Filter {
        &self.filter
    }

    fn filter_mut(&mut self) -> &mut Filter {
        &mut self.filter
    }

    fn row_count(&self) -> usize {
        self.rows.len()
    }

    fn total(&self) -> usize {
        self.total
    }

    fn marked(&self) -> usize {
        self.marks.len()
    }

    fn selected_row(&self) -> Option<RowKey> {
        self.selected().cloned().map(self.row_key)
    }

    fn target_rows(&self) -> Vec<RowKey> {
        let marked = self.rows.iter().filter(|row| self.is_marked(row));
        let marked: Vec<RowKey> = marked.cloned().map(self.row_key).collect();
        if marked.is_empty() {
            return self.selected_row().into_iter().collect();
        }
        marked
    }

    fn keep_selected(&mut self) {
        self.state.keep_selected();
    }

    fn move_by(&mut self, motion: Motion, height: usize) {
        match motion.columns_from(self.columns_scrolled, 1) {
            Some(columns) => {
                let most = self.shown_columns().len().saturating_sub(2);
                self.columns_scrolled = columns.min(most);
            }
            None => self.state.move_by(motion, &self.rows, height),
        }
    }

    fn run(&mut self, command: ListCommand, height: usize) {
        match command {
            ListCommand::Mark => self.toggle_mark(height),
            ListCommand::Filter => self.filter.open(),
            ListCommand::NextMatch => self.next_match(Motion::Down, Motion::Top, height),
            ListCommand::PreviousMatch => self.next_match(Motion::Up, Motion::Bottom, height),
            ListCommand::Sort => self.sort_by_next(),
            ListCommand::Reverse => self.reversed = !self.reversed,
            ListCommand::Open
            | ListCommand::FaultsOnly
            | ListCommand::Internal
            | ListCommand::Deleted
            | ListCommand::Columns
            | ListCommand::Describe
            | ListCommand::Copy
            | ListCommand::CopyMenu => {}
        }
    }

    fn sort_by_number(&mut self, column: usize) {
        if let Some(column) = C::ALL.get(column) {
            self.sort_by(*column);
        }
    }

    fn columns(&self) -> Vec<ColumnChoice> {
        let columns = C::ALL.iter().enumerate();
        let shown = self.shown_columns();
        let scrolled = shown.get(1..=self.columns_scrolled).unwrap_or_default();
        let choice = |(number, column): (usize, &C)| ColumnChoice {
            title: column.head().title,
            letter: self.sort_letter(number),
            is_shown: !self.is_hidden(*column),
            is_scrolled_away: scrolled.contains(column),
            is_fixed: number == 0,
        };
        columns.map(choice).collect()
    }

    fn toggle_column(&mut self, column: usize) {
        let Some(column) = C::ALL.get(column).filter(|_| column > 0) else {
            return;
        };
        if self.is_hidden(*column) {
            self.hidden.retain(|hidden| hidden != column);
        } else {
            self.hidden.push(*column);
        }
        self.columns_scrolled = 0;
    }

    fn set_sort_letters(&mut self, contexts: &[KeyContext], keymap: &Keymap) {
        // A list of one column has one order.
        if C::ALL.len() > 1 {
            let heads = C::ALL.iter().map(|column| column.head().title);
            self.sort_letters = sort_letters(heads, contexts, keymap);
        }
    }

    fn select_line(&mut self, line: usize) -> bool {
        let before = self.selected().cloned();
        self.state.select_line(line, &self.rows) && before.as_ref() == self.selected()
    }

    fn kept(&self) -> KeptList {
        let marks = self.marks.iter().cloned();
        let marks = marks.filter_map(|mark| (self.row_key)(mark).kept_name());
        let marks = marks.chain(self.missing_marks.iter().cloned());
        KeptList {
            sort: self.sort.head().title.to_owned(),
            reversed: self.reversed,
            hidden: titles(&self.hidden),
            marks: marks.take(MOST_KEPT).collect(),
        }
    }

    fn restore(&mut self, kept: &KeptList) {
        let mut columns = C::ALL.iter().copied();
        if let Some(sort) = columns.find(|column| column.head().title == kept.sort) {
            (self.sort, self.reversed) = (sort, kept.reversed);
        }
        let hidden = C::ALL.iter().copied().skip(1);
        let is_kept = |column: &C| kept.hidden.contains(column.head().title);
        self.hidden = hidden.filter(is_kept).collect();
        let marks = kept.marks.iter().take(MOST_KEPT).cloned();
        self.missing_marks = marks.collect();
        self.find_marks();
    }

    fn select_row(&mut self, row: &RowKey) {
        let mut keys = self.rows.iter();
        let found = keys.find(|key| (self.row_key)((*key).clone()) == *row);
        if let Some(key) = found.cloned() {
            self.select(key);
        }
    }

    fn escape(&mut self) -> bool {
        let leaves = self.filter.close() || self.filter.clear();
        if leaves {
            return true;
        }
        self.missing_marks.clear();
        !std::mem::take(&mut self.marks).is_empty()
    }
}

fn titles<C: Column>(columns: &[C]) -> BTreeSet<String> {
    let titles = columns.iter().map(|column| column.head().title);
    titles.map(str::to_owned).collect()
}

/// The keys of these rows in the order of a column. Rows that are equal there keep the order they come in.
pub(in crate::app) fn ordered<'a, T: 'a, K, C: Copy>(
    rows: impl Iterator<Item = &'a T>,
    (column, reversed): (C, bool),
    compare: impl Fn(C, &T, &T) -> Ordering,
    key: impl Fn(&'a T) -> K,
) -> Vec<K> {
    let mut rows: Vec<&T> = rows.collect();
    rows.sort_by(|one, other| {
        let order = compare(column, one, other);
        if reversed { order.reverse() } else { order }
    });
    rows.into_iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::input::editor::TextInput;
    use crate::app::lists::column::columns;

    columns! {
        /// Two columns.
        enum Side {
            /// One.
            Left = text("LEFT"),
            /// The other.
            Right = text("RIGHT"),
        }
    }

    fn row(name: char) -> RowKey {
        RowKey::Group(name.to_string())
    }

    fn table(rows: &str) -> Table<char, Side> {
        let mut table = Table::new(row, Side::Left);
        table.set_rows(rows.chars().collect(), rows.len(), 10);
        table
    }

    #[test]
    fn marking_goes_on_to_the_next_row_and_targets_are_the_marked_ones() {
        let mut table = table("abc");
        assert_eq!(table.target_rows(), ['a'].map(row));
        table.run(ListCommand::Mark, 10);
        table.run(ListCommand::Mark, 10);
        assert_eq!(table.target_rows(), ['a', 'b'].map(row));
        assert_eq!(table.selected(), Some(&'c'));
    }

    #[test]
    fn a_mark_on_a_row_that_is_gone_is_no_target() {
        let mut table = table("abc");
        table.run(ListCommand::Mark, 10);
        table.set_rows(vec!['b', 'c'], 3, 10);
        assert_eq!(table.target_rows(), ['b'].map(row));
    }

    #[test]
    fn escape_goes_one_step_at_a_time() {
        let mut table = table("abc");
        table.run(ListCommand::Mark, 10);
        table.filter_mut().open();
        table.filter_mut().type_text(TextInput::Paste("a"));
        for what in ["leaves the box", "clears the filter", "unmarks"] {
            assert!(table.escape(), "{what}");
        }
        assert!(!table.escape());
    }

    #[test]
    fn the_next_match_comes_round() {
        let mut table = table("ab");
        table.run(ListCommand::PreviousMatch, 10);
        assert_eq!(table.selected(), Some(&'b'));
        table.run(ListCommand::NextMatch, 10);
        assert_eq!(table.selected(), Some(&'a'));
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
