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
    pub(in crate::app) fn select(&mut self, key: K) {
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
    use proptest::prelude::*;

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

    /// One thing that happens to a list.
    #[derive(Clone, Debug)]
    enum Step {
        Rows(Vec<u8>),
        Move(Motion),
        Line(usize),
        Select(u8),
        Keep,
        Height(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let motions = prop_oneof![
            Just(Motion::Down),
            Just(Motion::Up),
            Just(Motion::Top),
            Just(Motion::Bottom),
            Just(Motion::HalfPageDown),
            Just(Motion::HalfPageUp),
            Just(Motion::PageDown),
            Just(Motion::PageUp),
        ];
        let rows = proptest::collection::btree_set(0..40_u8, 0..40);
        let step = prop_oneof![
            (rows, any::<bool>()).prop_map(|(rows, reversed)| {
                let mut rows: Vec<u8> = rows.into_iter().collect();
                if reversed {
                    rows.reverse();
                }
                Step::Rows(rows)
            }),
            motions.prop_map(Step::Move),
            (0..12_usize).prop_map(Step::Line),
            (0..40_u8).prop_map(Step::Select),
            Just(Step::Keep),
            (0..15_usize).prop_map(Step::Height),
        ];
        proptest::collection::vec(step, 1..60)
    }

    /// What a list with a height and rows should be, told without keys: a row number, and whether the user chose it.
    #[derive(Default)]
    struct Model {
        rows: Vec<u8>,
        height: usize,
        row: usize,
        selected: Option<u8>,
        by_user: bool,
    }

    impl Model {
        fn run(&mut self, step: Step, list: &mut ListState<u8>) {
            match step {
                Step::Rows(rows) => self.rows = rows,
                Step::Height(height) => self.height = height,
                Step::Keep => {
                    list.keep_selected();
                    self.by_user = self.selected.is_some();
                }
                Step::Select(key) => {
                    list.select(key);
                    (self.selected, self.by_user) = (Some(key), true);
                }
                Step::Line(line) => {
                    let key = self.rows.get(list.top() + line).copied();
                    assert_eq!(list.select_line(line, &self.rows), key.is_some());
                    if key.is_some() {
                        (self.selected, self.by_user, self.row) = (key, true, list.top() + line);
                    }
                }
                Step::Move(motion) => {
                    self.follow();
                    self.by_user = true;
                    self.row = motion.row_from(self.row, self.rows.len(), self.height);
                    list.move_by(motion, &self.rows, self.height);
                    self.selected = self.rows.get(self.row).copied();
                }
            }
            let line = list.row().saturating_sub(list.top());
            list.follow_rows(&self.rows, self.height);
            self.follow();
            self.check(list, line);
        }

        fn follow(&mut self) {
            if !self.by_user {
                self.row = 0;
            } else if let Some(found) = self.rows.iter().position(|row| Some(*row) == self.selected)
            {
                self.row = found;
            }
            self.row = self.row.min(self.rows.len().saturating_sub(1));
            self.selected = self.rows.get(self.row).copied();
        }

        fn check(&self, list: &ListState<u8>, line: usize) {
            let (row, top, height) = (list.row(), list.top(), self.height.max(1));
            assert_eq!((list.selected().copied(), row), (self.selected, self.row));
            assert!(top <= row && row < top + height, "{top} {row} {height}");
            assert!(
                top <= self.rows.len().saturating_sub(height),
                "no empty lines below"
            );
            if self.by_user && line < height {
                let kept = row
                    .saturating_sub(line)
                    .min(self.rows.len().saturating_sub(height));
                assert_eq!(
                    top, kept,
                    "the row keeps its line as far as the ends permit"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn it_is_what_a_row_number_in_a_vec_would_be(steps in steps()) {
            let (mut list, mut model) = (ListState::default(), Model::default());
            for step in steps {
                model.run(step, &mut list);
            }
        }
    }
}
