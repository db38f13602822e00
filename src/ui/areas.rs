//! Rectangles cut from rectangles, never beyond the one they are cut from.

use ratatui::layout::Rect;

/// One row of an area, by its number from the top; empty where the area ends before.
pub(super) fn row(area: Rect, number: u16) -> Rect {
    top(below(area, number), 1)
}

/// The first rows of an area.
pub(super) fn top(area: Rect, rows: u16) -> Rect {
    let height = rows.min(area.height);
    Rect { height, ..area }
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

/// The first columns of an area.
pub(super) fn left(area: Rect, columns: u16) -> Rect {
    let width = columns.min(area.width);
    Rect { width, ..area }
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

/// The last columns of an area.
pub(super) fn right(area: Rect, columns: u16) -> Rect {
    after(area, area.width.saturating_sub(columns))
}

/// A length in columns or rows of the screen.
pub(super) fn cells(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}
