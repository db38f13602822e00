//! What a tail was opened for: to be read, or to split the screen.

use super::Tail;
use super::paging::DEFAULT_START;

/// What a tail was opened for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum OpenedFor {
    /// Reading.
    #[default]
    Reading,
    /// Splitting the screen, with the partitions of another one.
    Split,
}

impl Tail {
    /// It was opened to split the screen.
    pub(in crate::app::screens::tails) fn set_copy(&mut self) {
        self.opened_for = OpenedFor::Split;
    }

    /// Whether it was opened to split the screen, and nothing was asked of it since.
    pub(in crate::app::screens::tails) fn is_unused_copy(&self) -> bool {
        let is_asked = self.search.query().is_some() || self.prompt.is_some();
        let is_copy = self.opened_for == OpenedFor::Split;
        is_copy && !is_asked && self.marks.is_empty() && self.start == DEFAULT_START.0
    }
}
