//! A place in a list by identity: which row is chosen, which one is on top; pure scrolling given a height.
//!
//! What the rows are, and in which order, is the pane's business: it hands the keys in at each step.

/// The chosen row and the scroll position of a list whose rows are known by keys of type `K` (I7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListState<K> {
    chosen: Option<K>,
    /// The user has chosen: until then the first row is, whatever it becomes.
    held: bool,
    row: usize,
    top: usize,
}

/// A way to move in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many rows down; negative, up.
    By(isize),
    /// So many half pages down; negative, up.
    HalfPages(isize),
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

impl<K> Default for ListState<K> {
    fn default() -> Self {
        Self {
            chosen: None,
            held: false,
            row: 0,
            top: 0,
        }
    }
}

impl<K: Clone + PartialEq> ListState<K> {
    /// The chosen row's key.
    pub fn chosen(&self) -> Option<&K> {
        self.chosen.as_ref()
    }

    /// The index of the chosen row, as of the last step.
    pub fn row(&self) -> usize {
        self.row
    }

    /// The index of the row on top, as of the last step.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Chooses a row by its key; the next [`Cursor::settle`] finds where it is.
    pub fn choose(&mut self, key: K) {
        self.chosen = Some(key);
        self.held = true;
    }

    /// From now on the chosen row stays chosen wherever it goes.
    pub fn hold(&mut self) {
        self.held = self.chosen.is_some();
    }

    /// Finds the chosen key among the rows as they are now. Where it is gone, the row in its place is chosen; and
    /// the row keeps its place on the screen as far as the list's ends permit.
    pub fn settle(&mut self, keys: &[K], height: usize) {
        if !self.held {
            self.chosen = keys.first().cloned();
            (self.row, self.top) = (0, 0);
        }
        let on_screen = self.row.saturating_sub(self.top);
        let found = keys
            .iter()
            .position(|key| self.chosen.as_ref() == Some(key));
        self.row = found.unwrap_or_else(|| self.row.min(keys.len().saturating_sub(1)));
        self.chosen = keys.get(self.row).cloned();
        self.top = self.row.saturating_sub(on_screen);
        self.keep_visible(keys.len(), height);
    }

    /// Moves, and keeps the chosen row visible.
    pub fn step(&mut self, step: Step, keys: &[K], height: usize) {
        self.settle(keys, height);
        self.held = true;
        let last = keys.len().saturating_sub(1);
        let half = isize::try_from(height / 2).unwrap_or(isize::MAX).max(1);
        self.row = match step {
            Step::By(rows) => self.row.saturating_add_signed(rows).min(last),
            Step::HalfPages(pages) => self
                .row
                .saturating_add_signed(half.saturating_mul(pages))
                .min(last),
            Step::First => 0,
            Step::Last => last,
        };
        self.chosen = keys.get(self.row).cloned();
        self.keep_visible(keys.len(), height);
    }

    /// Chooses the row that is shown `line` lines below the top, if there is one.
    pub fn click(&mut self, line: usize, keys: &[K]) -> bool {
        let row = self.top + line;
        let Some(key) = keys.get(row) else {
            return false;
        };
        self.row = row;
        self.chosen = Some(key.clone());
        self.held = true;
        true
    }

    fn keep_visible(&mut self, count: usize, height: usize) {
        let height = height.max(1);
        self.top = self.top.min(count.saturating_sub(height));
        self.top = self
            .top
            .clamp(self.row.saturating_sub(height - 1), self.row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &str) -> Vec<char> {
        names.chars().collect()
    }

    #[test]
    fn the_chosen_row_is_always_visible() {
        let rows = keys("abcdefghij");
        for height in 1..12 {
            let mut cursor = ListState::default();
            for step in [
                Step::Last,
                Step::By(-3),
                Step::HalfPages(1),
                Step::First,
                Step::By(7),
            ] {
                cursor.step(step, &rows, height);
                let line = cursor.row() - cursor.top();
                assert!(line < height, "{step:?} at height {height}");
                assert_eq!(cursor.chosen(), rows.get(cursor.row()));
            }
        }
    }

    #[test]
    fn selection_follows_its_row_when_others_come_before_it() {
        let mut cursor = ListState::default();
        cursor.step(Step::By(2), &keys("abcd"), 10);
        cursor.settle(&keys("xyabcd"), 10);
        assert_eq!(cursor.chosen(), Some(&'c'));
        assert_eq!(cursor.row(), 4);
    }

    #[test]
    fn before_the_user_has_chosen_the_first_row_is_chosen() {
        let mut cursor = ListState::default();
        cursor.settle(&keys("cd"), 10);
        cursor.settle(&keys("abcd"), 10);
        assert_eq!(cursor.chosen(), Some(&'a'));
        cursor.hold();
        cursor.settle(&keys("xabcd"), 10);
        assert_eq!(cursor.chosen(), Some(&'a'));
    }

    #[test]
    fn the_row_in_its_place_is_chosen_when_it_vanishes() {
        let mut cursor = ListState::default();
        cursor.step(Step::By(1), &keys("abc"), 10);
        cursor.settle(&keys("ac"), 10);
        assert_eq!(cursor.chosen(), Some(&'c'));
        cursor.settle(&[], 10);
        assert_eq!(cursor.chosen(), None);
    }

    #[test]
    fn a_row_keeps_its_line_while_rows_come_above() {
        let mut cursor = ListState::default();
        let rows = keys("abcdefghij");
        cursor.step(Step::By(5), &rows, 4);
        let line = cursor.row() - cursor.top();
        let more = keys("XYabcdefghij");
        cursor.settle(&more, 4);
        assert_eq!(cursor.row() - cursor.top(), line);
    }

    #[test]
    fn a_click_below_the_last_row_changes_nothing() {
        let mut cursor = ListState::default();
        cursor.settle(&keys("ab"), 10);
        assert!(!cursor.click(5, &keys("ab")));
        assert_eq!(cursor.chosen(), Some(&'a'));
    }
}
