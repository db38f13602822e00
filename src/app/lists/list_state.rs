//! Which row of a list is selected, by identity, and which one is on top.
//!
//! What the rows are, and in which order, is the screen's: it passes the keys in at each step.

use crate::app::command::Motion;
use crate::app::motion::scrolled_top;

/// The selected row and the scroll position of a list whose rows are known by keys of type `K` (I7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListState<K> {
    selected: Option<K>,
    /// Until the user has selected a row the first one is, whatever it becomes.
    by_user: bool,
    row: usize,
    top: usize,
}

impl<K> Default for ListState<K> {
    fn default() -> Self {
        Self {
            selected: None,
            by_user: false,
            row: 0,
            top: 0,
        }
    }
}

impl<K: Clone + PartialEq> ListState<K> {
    /// The selected row's key.
    pub(in crate::app) fn selected(&self) -> Option<&K> {
        self.selected.as_ref()
    }

    /// The index of the selected row.
    pub fn row(&self) -> usize {
        self.row
    }

    /// The index of the row on top.
    pub(crate) fn top(&self) -> usize {
        self.top
    }

    /// Selects a row by its key; the next [`ListState::follow_rows`] finds where it is.
    pub(super) fn select(&mut self, key: K) {
        self.selected = Some(key);
        self.by_user = true;
    }

    /// Keeps the selected row selected wherever it goes from now on.
    pub(super) fn keep_selected(&mut self) {
        self.by_user = self.selected.is_some();
    }

    /// Finds the selected key among the rows as they are now. Where it is gone, the row in its place is selected; and
    /// the row keeps its line on the screen as far as the list's ends permit.
    pub(in crate::app) fn follow_rows(&mut self, keys: &[K], height: usize) {
        if !self.by_user {
            self.selected = keys.first().cloned();
            (self.row, self.top) = (0, 0);
        }
        let line = self.row.saturating_sub(self.top);
        let found = keys
            .iter()
            .position(|key| self.selected.as_ref() == Some(key));
        let row = found.unwrap_or_else(|| self.row.min(keys.len().saturating_sub(1)));
        self.top = row.saturating_sub(line);
        self.go_to_row(row, keys, height);
    }

    /// Moves the selection and keeps it visible.
    pub(in crate::app) fn move_by(&mut self, motion: Motion, keys: &[K], height: usize) {
        self.follow_rows(keys, height);
        self.by_user = true;
        self.go_to_row(motion.row_from(self.row, keys.len(), height), keys, height);
    }

    /// Selects the row that is shown `line` lines below the top, if there is one.
    pub(in crate::app) fn select_line(&mut self, line: usize, keys: &[K]) -> bool {
        let row = self.top + line;
        let Some(key) = keys.get(row) else {
            return false;
        };
        self.select(key.clone());
        self.row = row;
        true
    }

    fn go_to_row(&mut self, row: usize, keys: &[K], height: usize) {
        self.row = row;
        self.selected = keys.get(row).cloned();
        self.top = scrolled_top(self.top, row, keys.len(), height);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &str) -> Vec<char> {
        names.chars().collect()
    }

    #[test]
    fn the_selected_row_is_always_visible() {
        let rows = keys("abcdefghij");
        for height in 1..12 {
            let mut list = ListState::default();
            for motion in [
                Motion::Bottom,
                Motion::Up,
                Motion::HalfPageDown,
                Motion::Top,
                Motion::PageDown,
                Motion::PageUp,
            ] {
                list.move_by(motion, &rows, height);
                let line = list.row() - list.top();
                assert!(line < height, "{motion:?} at height {height}");
                assert_eq!(list.selected(), rows.get(list.row()));
            }
        }
    }

    #[test]
    fn the_selection_follows_its_row_when_others_come_before_it() {
        let mut list = ListState::default();
        list.move_by(Motion::Down, &keys("abcd"), 10);
        list.move_by(Motion::Down, &keys("abcd"), 10);
        list.follow_rows(&keys("xyabcd"), 10);
        assert_eq!(list.selected(), Some(&'c'));
        assert_eq!(list.row(), 4);
    }

    #[test]
    fn before_the_user_has_selected_a_row_the_first_one_is() {
        let mut list = ListState::default();
        list.follow_rows(&keys("cd"), 10);
        list.follow_rows(&keys("abcd"), 10);
        assert_eq!(list.selected(), Some(&'a'));
        list.keep_selected();
        list.follow_rows(&keys("xabcd"), 10);
        assert_eq!(list.selected(), Some(&'a'));
    }

    #[test]
    fn the_row_in_its_place_is_selected_when_it_vanishes() {
        let mut list = ListState::default();
        list.move_by(Motion::Down, &keys("abc"), 10);
        list.follow_rows(&keys("ac"), 10);
        assert_eq!(list.selected(), Some(&'c'));
        list.follow_rows(&[], 10);
        assert_eq!(list.selected(), None);
    }

    #[test]
    fn a_row_keeps_its_line_while_rows_come_above() {
        let mut list = ListState::default();
        let rows = keys("abcdefghij");
        list.move_by(Motion::PageDown, &rows, 6);
        list.follow_rows(&rows, 4);
        let line = list.row() - list.top();
        list.follow_rows(&keys("XYabcdefghij"), 4);
        assert_eq!(list.row() - list.top(), line);
    }

    #[test]
    fn a_click_below_the_last_row_changes_nothing() {
        let mut list = ListState::default();
        list.follow_rows(&keys("ab"), 10);
        assert!(!list.select_line(5, &keys("ab")));
        assert_eq!(list.selected(), Some(&'a'));
    }
}
