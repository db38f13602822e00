//! The layout of the last frame as plain numbers: rows per pane, and what lies under which cell.
//!
//! `ui` fills it in, the loop sends it back as an event when it changed (I3).

use serde::{Deserialize, Serialize};

use crate::app::focus::{Pane, Screen};

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Area {
    /// The left column, from 0.
    pub x: u16,
    /// The top row, from 0.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Area {
    /// Whether the cell lies in it.
    pub fn contains(self, x: u16, y: u16) -> bool {
        let across = x.checked_sub(self.x).is_some_and(|at| at < self.width);
        let down = y.checked_sub(self.y).is_some_and(|at| at < self.height);
        across && down
    }
}

/// What a click means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HitTarget {
    /// The name of a screen.
    Screen(Screen),
    /// The rows of a pane, the first one on top.
    Rows(Pane),
    /// The rows of a tail among several on the screen, by its number.
    TailRows(usize),
    /// The rows of a pane, each of two lines, the first one on top.
    TallRows(Pane),
    /// The head of a column, by its number among the columns of the pane.
    Column(Pane, usize),
    /// The tab of an open tail, by its number.
    Tab(usize),
    /// A button or a field of the box on top, by its number.
    Button(usize),
    /// A key of the footer and what it does, by its number.
    Hint(usize),
    /// The rows of the menu, the text or the form on top.
    Overlay,
}

/// The layout of a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewport {
    /// Columns of the screen.
    pub width: u16,
    /// Rows of the screen.
    pub height: u16,
    /// Lines of the text on top, as they were wrapped.
    pub overlay_lines: usize,
    hits: Vec<(Area, HitTarget)>,
}

impl Viewport {
    /// An empty one of that size.
    pub fn new(width: u16, height: u16) -> Self {
        Self {
            width,
            height,
            ..Self::default()
        }
    }

    /// The screen has another size; what was drawn before is nowhere now.
    pub fn resize(&mut self, width: u16, height: u16) {
        (self.width, self.height) = (width, height);
    }

    /// Whether the summary of the cluster has room for what was done last.
    pub(crate) fn has_room_for_activity(&self) -> bool {
        self.width >= 100 && self.height >= 48
    }

    /// Records what an area means; later ones lie above earlier ones.
    pub fn add(&mut self, area: Area, hit: HitTarget) {
        self.hits.push((area, hit));
    }

    /// What lies on top at that cell, and where it is.
    pub fn at(&self, x: u16, y: u16) -> Option<(Area, HitTarget)> {
        let mut above = self.hits.iter().rev();
        above.find(|(area, _)| area.contains(x, y)).copied()
    }

    /// How many rows a pane shows; 0 where it was not drawn.
    pub fn rows(&self, pane: Pane) -> usize {
        let tall = self.height_of(HitTarget::TallRows(pane)) / 2;
        self.height_of(HitTarget::Rows(pane)).max(tall)
    }

    /// Where the rows of a pane are; `None` where it was not drawn.
    pub fn area(&self, pane: Pane) -> Option<Area> {
        self.area_of(HitTarget::Rows(pane))
    }

    /// Where the rows of a tail are, by its number; `None` where it is not one of several on the screen.
    pub fn tail_area(&self, index: usize) -> Option<Area> {
        self.area_of(HitTarget::TailRows(index))
    }

    /// Whether the head of that column is on the screen, by its number among the columns of the pane.
    pub(crate) fn has_column(&self, pane: Pane, column: usize) -> bool {
        self.area_of(HitTarget::Column(pane, column)).is_some()
    }

    /// What of the frame means something to a click, and where it is.
    pub fn hits(&self) -> &[(Area, HitTarget)] {
        &self.hits
    }

    /// How many rows the overlay shows.
    pub fn overlay_rows(&self) -> usize {
        self.height_of(HitTarget::Overlay)
    }

    fn height_of(&self, wanted: HitTarget) -> usize {
        self.area_of(wanted)
            .map_or(0, |area| usize::from(area.height))
    }

    fn area_of(&self, wanted: HitTarget) -> Option<Area> {
        let mut found = self.hits.iter().filter(|(_, hit)| *hit == wanted);
        found.next().map(|(area, _)| *area)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_last_lies_on_top() {
        let mut viewport = Viewport::new(80, 24);
        let all = Area {
            x: 0,
            y: 0,
            width: 80,
            height: 24,
        };
        let button = Area {
            x: 10,
            y: 5,
            width: 4,
            height: 1,
        };
        viewport.add(all, HitTarget::Rows(Pane::Streams));
        viewport.add(button, HitTarget::Button(1));
        assert_eq!(viewport.at(13, 5), Some((button, HitTarget::Button(1))));
        assert_eq!(
            viewport.at(14, 5),
            Some((all, HitTarget::Rows(Pane::Streams)))
        );
        assert_eq!(viewport.at(80, 5), None);
        assert_eq!(viewport.rows(Pane::Streams), 24);
    }
}
