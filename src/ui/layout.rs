//! Where things stand: one screen's rectangles from its size and what has the focus. Pure.
//!
//! What is drawn into them is each pane's own business.

use ratatui::layout::Rect;

use crate::app::{Pane, Screen};

/// The least screen that is drawn.
pub const LEAST: (u16, u16) = (60, 20);

/// From this width on panes stand side by side.
pub const SIDE_BY_SIDE: u16 = 100;

/// The rectangles of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The line on top: cluster, mode, age of the truth.
    pub header: Rect,
    /// The room of all panes.
    pub body: Rect,
    /// The panes of the screen.
    pub panes: Panes,
    /// The line that names the screens.
    pub tabs: Rect,
    /// The line for notices, and for what is typed.
    pub notice: Rect,
    /// The line of keys.
    pub footer: Rect,
}

/// One pane, or two with a line between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panes {
    /// One pane has all the room.
    One(Pane, Rect),
    /// Two stand beside one another.
    Beside {
        /// The left one.
        left: (Pane, Rect),
        /// The column between them.
        between: Rect,
        /// The right one.
        right: (Pane, Rect),
    },
    /// Two stand one above the other.
    Stacked {
        /// The upper one.
        upper: (Pane, Rect),
        /// The row between them.
        between: Rect,
        /// The lower one.
        lower: (Pane, Rect),
    },
}

/// ```text
/// header
/// pane  ▏ pane        or, below 100 columns, one above the other
/// ─ 1 overview  2 brokers ───
/// notice
/// footer
/// ```
/// `None` where the screen is too small.
pub fn frame(area: Rect, focus: Pane) -> Option<Frame> {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return None;
    }
    let row = |y| Rect {
        y: area.y + y,
        height: 1,
        ..area
    };
    let body = Rect {
        y: area.y + 1,
        height: area.height - 4,
        ..area
    };
    Some(Frame {
        header: row(0),
        body,
        panes: panes(body, focus),
        tabs: row(area.height - 3),
        notice: row(area.height - 2),
        footer: row(area.height - 1),
    })
}

fn panes(body: Rect, focus: Pane) -> Panes {
    let [first, second] = focus.screen().panes() else {
        return Panes::One(focus, body);
    };
    if body.width >= SIDE_BY_SIDE {
        beside(body, *first, *second)
    } else {
        stacked(body, *first, *second, focus)
    }
}

fn beside(body: Rect, first: Pane, second: Pane) -> Panes {
    let share = match first.screen() {
        Screen::Overview | Screen::Tails | Screen::Cursors => 60,
        Screen::Streams => 47,
        Screen::Brokers | Screen::Activity => 50,
    };
    let left = percent(body.width, share);
    let right = Rect {
        x: body.x + left + 1,
        width: body.width - left - 1,
        ..body
    };
    Panes::Beside {
        left: (
            first,
            Rect {
                width: left,
                ..body
            },
        ),
        between: Rect {
            x: body.x + left,
            width: 1,
            ..body
        },
        right: (second, right),
    }
}

/// The pane in focus gets the room, but the first screen's: its glance needs both.
fn stacked(body: Rect, first: Pane, second: Pane, focus: Pane) -> Panes {
    let share = match (first.screen() == Screen::Overview, focus == first) {
        (true, _) => 68,
        (false, true) => 60,
        (false, false) => 38,
    };
    let upper = percent(body.height, share);
    let lower = Rect {
        y: body.y + upper + 1,
        height: body.height - upper - 1,
        ..body
    };
    Panes::Stacked {
        upper: (
            first,
            Rect {
                height: upper,
                ..body
            },
        ),
        between: Rect {
            y: body.y + upper,
            height: 1,
            ..body
        },
        lower: (second, lower),
    }
}

fn percent(of: u16, percent: u16) -> u16 {
    u16::try_from(u32::from(of) * u32::from(percent) / 100).unwrap_or(of)
}

/// A box of that size in the middle of an area, or as much of it as there is room for.
pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rects(panes: Panes) -> Vec<Rect> {
        match panes {
            Panes::One(_, only) => vec![only],
            Panes::Beside {
                left,
                between,
                right,
            } => vec![left.1, between, right.1],
            Panes::Stacked {
                upper,
                between,
                lower,
            } => vec![upper.1, between, lower.1],
        }
    }

    #[test]
    fn every_cell_belongs_to_just_one_part() {
        for (width, height) in [
            (60, 20),
            (80, 24),
            (99, 30),
            (100, 20),
            (120, 36),
            (200, 60),
        ] {
            let area = Rect::new(0, 0, width, height);
            for focus in [
                Pane::Findings,
                Pane::Streams,
                Pane::Partitions,
                Pane::Brokers,
                Pane::Inspector,
            ] {
                let frame = frame(area, focus).unwrap();
                let mut all = rects(frame.panes);
                all.extend([frame.header, frame.tabs, frame.notice, frame.footer]);
                let covered: u32 = all.iter().map(|rect| rect.area()).sum();
                assert_eq!(covered, area.area(), "{width}x{height} {focus:?}");
                for (at, one) in all.iter().enumerate() {
                    assert!(all.iter().skip(at + 1).all(|other| !one.intersects(*other)));
                }
            }
        }
    }

    #[test]
    fn below_the_least_size_nothing_is_laid_out() {
        assert_eq!(frame(Rect::new(0, 0, 59, 20), Pane::Streams), None);
        assert_eq!(frame(Rect::new(0, 0, 60, 19), Pane::Streams), None);
    }

    #[test]
    fn stacked_the_pane_in_focus_has_more_room() {
        let area = Rect::new(0, 0, 80, 24);
        let Panes::Stacked { upper, lower, .. } = frame(area, Pane::Streams).unwrap().panes else {
            panic!("80 columns stack");
        };
        assert!(upper.1.height > lower.1.height);
    }
}
