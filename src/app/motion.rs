//! Where a motion leads among rows, and what comes next in a ring.

use super::command::Motion;

impl Motion {
    /// The columns that it scrolls to from so many, by a step; `None`: it goes up or down.
    pub(super) fn columns_from(self, columns: usize, step: usize) -> Option<usize> {
        if self == Self::Left {
            return Some(columns.saturating_sub(step));
        }
        (self == Self::Right).then_some(columns.saturating_add(step))
    }

    /// The row that it leads to from `row` of `count` rows, of which `height` are shown; sideways, the same one.
    pub(super) fn row_from(self, row: usize, count: usize, height: usize) -> usize {
        let last = count.saturating_sub(1);
        let page = height.saturating_sub(1).max(1);
        let half = (height / 2).max(1);
        let row = match self {
            Self::Down => row.saturating_add(1),
            Self::Up => row.saturating_sub(1),
            Self::Top => 0,
            Self::Bottom => last,
            Self::HalfPageDown => row.saturating_add(half),
            Self::HalfPageUp => row.saturating_sub(half),
            Self::PageDown => row.saturating_add(page),
            Self::PageUp => row.saturating_sub(page),
            Self::Left | Self::Right => row,
        };
        row.min(last)
    }
}

/// The item after `current` in a ring of items, or the one before it.
pub(super) fn cycled<'a, T: PartialEq>(
    items: &'a [T],
    current: &T,
    forward: bool,
) -> Option<&'a T> {
    let at = items.iter().position(|item| item == current).unwrap_or(0);
    items.get(cycled_index(at, items.len(), forward))
}

/// The index after that one in a ring of so many, or the one before it.
pub(super) fn cycled_index(at: usize, count: usize, forward: bool) -> usize {
    let step = if forward { 1 } else { count.saturating_sub(1) };
    (at + step) % count.max(1)
}

/// The first row to show so that `row` of `count` rows is among `height`, as near to `top` as that permits.
pub(super) fn scrolled_top(top: usize, row: usize, count: usize, height: usize) -> usize {
    let height = height.max(1);
    let top = top.min(count.saturating_sub(height));
    top.clamp((row + 1).saturating_sub(height), row)
}
