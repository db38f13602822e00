//! A text to read and how far it is scrolled. Its lines are made by `ui`.

use crate::app::command::Motion;
use crate::app::row_key::DetailTarget;
use crate::app::viewport::Viewport;

/// A text to read.
#[derive(Clone, Debug, PartialEq)]
pub struct Pager {
    target: DetailTarget,
    top: usize,
}

impl Pager {
    /// A text from its beginning.
    pub(super) fn new(target: DetailTarget) -> Self {
        Self { target, top: 0 }
    }

    /// What it is about.
    pub fn target(&self) -> &DetailTarget {
        &self.target
    }

    /// How many lines are above the top.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Scrolls, no further than to the last line.
    pub(super) fn move_by(&mut self, motion: Motion, viewport: &Viewport) {
        let height = viewport.overlay_rows();
        let tops = viewport.overlay_lines.saturating_sub(height) + 1;
        self.top = motion.row_from(self.top, tops, height);
    }
}
