//! Where things stand: one screen's rectangles from its size and what has the focus. Pure.

use ratatui::layout::{Constraint, Layout, Rect};

use crate::app::{Pane, Screen};

/// The least screen that is drawn: columns, rows.
pub(super) const MIN_SIZE: (u16, u16) = (60, 20);

/// From this width on tails stand side by side.
const SIDE_BY_SIDE: u16 = 100;

/// From this width on three tails stand side by side.
const THREE_SIDE_BY_SIDE: u16 = 180;

/// From this height on the inspector stands below several tails even while one of them has the focus.
const INSPECTOR_BELOW: u16 = 30;

/// What a tail among several needs: columns, rows.
const MIN_TAIL: (u16, u16) = (48, 5);

/// The rectangles of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameAreas {
    /// The line on top: cluster, mode, age of the truth.
    pub(super) header: Rect,
    /// The area of all panes.
    pub(super) body: Rect,
    /// The panes of the screen.
    pub(super) panes: Panes,
    /// The line that names the screens.
    pub(super) tabs: Rect,
    /// The lines for notices, and for what is typed.
    pub(super) notice: Rect,
    /// The line of keys.
    pub(super) footer: Rect,
}

/// What two panes of a screen need to stand beside each other: columns of the first and of the second, and how many in a
/// hundred the first gets where there are more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PaneColumns {
    /// Columns of the first.
    pub(super) first: u16,
    /// Columns of the second.
    pub(super) second: u16,
    /// How many in a hundred the first gets.
    pub(super) share: u16,
}

impl PaneColumns {
    /// Columns of the first pane; `None` where both do not have what they need beside each other: nothing that is shown in
    /// a narrower window gets lost in a wider one.
    fn of_first(self, width: u16) -> Option<u16> {
        let most = width.checked_sub(self.second.saturating_add(1))?;
        let share = u32::from(width) * u32::from(self.share) / 100;
        let share = u16::try_from(share).unwrap_or(most);
        (self.first <= most).then(|| share.clamp(self.first, most))
    }
}

/// The panes of a screen and the line between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Panes {
    /// One pane has the whole area.
    One((Pane, Rect)),
    /// The second stands to the right of the first.
    Beside((Pane, Rect), Rect, (Pane, Rect)),
    /// The second stands below the first.
    Stacked((Pane, Rect), Rect, (Pane, Rect)),
}

/// ```text
/// header
/// pane  ▏ pane        or, where one of them would lack columns, one above the other
/// ─ 1 overview  2 brokers ───
/// notice
/// footer
/// ```
/// `None` where the screen is too small. Where it is split, several tails share the room of their pane. A long notice takes
/// more than one line.
pub(super) fn frame(
    area: Rect,
    focus: Pane,
    is_split: bool,
    columns: PaneColumns,
    notice_lines: u16,
) -> Option<FrameAreas> {
    if area.width < MIN_SIZE.0 || area.height < MIN_SIZE.1 {
        return None;
    }
    let line = Constraint::Length(1);
    let notice = Constraint::Length(notice_lines);
    let lines = Layout::vertical([line, Constraint::Fill(1), line, notice, line]);
    let [header, body, tabs, notice, footer] = lines.areas(area);
    Some(FrameAreas {
        header,
        body,
        panes: panes(body, focus, is_split, columns),
        tabs,
        notice,
        footer,
    })
}

fn panes(body: Rect, focus: Pane, is_split: bool, columns: PaneColumns) -> Panes {
    let [first, second] = focus.screen().panes() else {
        return Panes::One((focus, body));
    };
    let is_split = is_split && focus.screen() == Screen::Tails;
    let has_room_below = is_split && body.height >= INSPECTOR_BELOW;
    if is_split && !has_room_below && focus == *first {
        return Panes::One((focus, body));
    }
    let split = |length| {
        [
            Constraint::Length(length),
            Constraint::Length(1),
            Constraint::Fill(1),
        ]
    };
    let beside = columns.of_first(body.width).filter(|_| !has_room_below);
    if let Some(columns) = beside {
        let [left, between, right] = Layout::horizontal(split(columns)).areas(body);
        return Panes::Beside((*first, left), between, (*second, right));
    }
    // The pane in focus gets the area, but on the first screen: both panes are looked at together.
    let share: u32 = match (focus.screen(), focus == *first) {
        (Screen::Overview, _) => 68,
        _ if has_room_below => 62,
        (_, true) => 60,
        (_, false) => 38,
    };
    let rows = u32::from(body.height) * share / 100;
    let rows = u16::try_from(rows).unwrap_or(body.height);
    let [upper, between, lower] = Layout::vertical(split(rows)).areas(body);
    Panes::Stacked((*first, upper), between, (*second, lower))
}

/// The tails that stand side by side, and the lines between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TailAreas {
    /// Where each is, row by row.
    pub(super) tails: Vec<Rect>,
    /// The lines between those beside each other.
    pub(super) vertical: Vec<Rect>,
    /// The lines between those above each other.
    pub(super) horizontal: Vec<Rect>,
}

/// Where so many tails stand: one above the other below 100 columns; `None` where one of them would have too little room.
pub(super) fn side_by_side(area: Rect, count: usize) -> Option<TailAreas> {
    let columns = match count {
        _ if area.width < SIDE_BY_SIDE => 1,
        3 if area.width >= THREE_SIDE_BY_SIDE => 3,
        _ => 2,
    };
    let mut areas = TailAreas::default();
    let fill = |count| vec![Constraint::Fill(1); count];
    let rows = Layout::vertical(fill(count.div_ceil(columns))).spacing(1);
    let (rows, lines) = rows.split_with_spacers(area);
    areas.horizontal = lines
        .iter()
        .copied()
        .filter(|one| !one.is_empty())
        .collect();
    let mut left = count;
    for row in rows.iter() {
        let own = left.min(columns);
        left -= own;
        let (tails, lines) = Layout::horizontal(fill(own))
            .spacing(1)
            .split_with_spacers(*row);
        areas.tails.extend(tails.iter());
        let between = lines.iter().filter(|one| !one.is_empty());
        areas.vertical.extend(between);
    }
    let has_room = |one: &Rect| one.width >= MIN_TAIL.0 && one.height >= MIN_TAIL.1;
    areas.tails.iter().all(has_room).then_some(areas)
}

/// A box of that size in the middle of an area, or as much of it as there is room for.
pub(super) fn centred(area: Rect, width: u16, height: u16) -> Rect {
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

    const COLUMNS: PaneColumns = PaneColumns {
        first: 80,
        second: 39,
        share: 60,
    };

    fn rects(panes: Panes) -> Vec<Rect> {
        match panes {
            Panes::One((_, only)) => vec![only],
            Panes::Beside(first, between, second) | Panes::Stacked(first, between, second) => {
                vec![first.1, between, second.1]
            }
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
                Pane::Tail,
            ] {
                let frame = frame(area, focus, focus == Pane::Tail, COLUMNS, 1).unwrap();
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
        for (width, height) in [(59, 20), (60, 19)] {
            let area = Rect::new(0, 0, width, height);
            assert_eq!(frame(area, Pane::Streams, false, COLUMNS, 1), None);
        }
    }

    #[test]
    fn stacked_the_pane_in_focus_has_more_room() {
        let area = Rect::new(0, 0, 80, 24);
        let frame = frame(area, Pane::Streams, false, COLUMNS, 1).unwrap();
        let Panes::Stacked(upper, _, lower) = frame.panes else {
            panic!("80 columns stack");
        };
        assert!(upper.1.height > lower.1.height);
    }

    #[test]
    fn panes_stand_beside_each_other_only_where_both_have_what_they_need() {
        assert_eq!(COLUMNS.of_first(119), None);
        assert_eq!(COLUMNS.of_first(120), Some(80));
        assert_eq!(COLUMNS.of_first(200), Some(120));
        let second_is_wide = PaneColumns {
            second: 110,
            ..COLUMNS
        };
        assert_eq!(second_is_wide.of_first(200), Some(89));
    }

    #[test]
    fn tails_share_their_room_without_a_gap_and_none_has_too_little() {
        for (width, height, most) in [(60, 15, 2), (80, 20, 3), (120, 20, 4), (200, 35, 4)] {
            let area = Rect::new(0, 1, width, height);
            for count in 2..=4 {
                let Some(areas) = side_by_side(area, count) else {
                    assert!(count > most, "{count} on {width}x{height}");
                    continue;
                };
                assert!(count <= most, "{count} on {width}x{height}");
                assert_eq!(areas.tails.len(), count);
                let all = [areas.tails, areas.vertical, areas.horizontal].concat();
                let covered: u32 = all.iter().map(|rect| rect.area()).sum();
                assert_eq!(covered, area.area(), "{count} on {width}x{height}");
                for (at, one) in all.iter().enumerate() {
                    assert!(all.iter().skip(at + 1).all(|other| !one.intersects(*other)));
                }
            }
        }
    }
}
