//! The places that were visited, to go back and forward through them as in a browser.

use super::App;
use super::focus::Pane;
use super::ids::TailId;
use super::lists::table::Listing;
use super::notice::Level;
use super::row_key::RowKey;
use crate::app::Tail;
use crate::model::StreamName;

/// Places that are remembered at most.
const MOST: usize = 64;

/// A pane, and what was selected in it when it was left.
#[derive(Clone, Debug, PartialEq)]
struct VisitedPlace {
    pane: Pane,
    row: Option<RowKey>,
    tail: Option<TailId>,
}

impl VisitedPlace {
    /// Whether going from one to the other is no step: only another row was selected.
    fn is_like(&self, other: &Self) -> bool {
        self.pane == other.pane && self.tail == other.tail
    }
}

/// Places in the order in which they were visited, and which of them is shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Visited {
    places: Vec<VisitedPlace>,
    shown: usize,
}

impl Visited {
    /// This is shown now: the same place as before, or a new one, behind which nothing lies ahead any more.
    fn record(&mut self, place: VisitedPlace) {
        if let Some(shown) = self.places.get_mut(self.shown)
            && shown.is_like(&place)
        {
            *shown = place;
            return;
        }
        self.places.truncate(self.shown + 1);
        self.places.push(place);
        if self.places.len() > MOST {
            self.places.remove(0);
        }
        self.shown = self.places.len() - 1;
    }

    /// The place before the one that is shown, or the one after it, which is shown from now on.
    fn step(&mut self, forward: bool) -> Option<VisitedPlace> {
        let next = if forward {
            self.shown + 1
        } else {
            self.shown.checked_sub(1)?
        };
        let place = self.places.get(next)?.clone();
        self.shown = next;
        Some(place)
    }
}

impl App {
    /// Remembers the place that is shown.
    pub(super) fn record_place(&mut self) {
        let pane = self.focus.pane();
        // A table is closed when it is left: there is no going back to it.
        if pane == Pane::Table {
            return;
        }
        let shown = self.screens.tails.shown().filter(|_| is_of_tail(pane));
        let place = VisitedPlace {
            pane,
            row: self
                .screens
                .of(pane)
                .list_in(pane)
                .and_then(Listing::selected_row),
            tail: shown.map(Tail::id),
        };
        self.visited.record(place);
    }

    /// Goes to the place before this one, or forward again. One whose tail was closed is passed over.
    pub(super) fn revisit(&mut self, forward: bool) {
        self.overlays.close();
        if !forward && self.focus.pane() == Pane::Table && self.focus.back() {
            return;
        }
        while let Some(place) = self.visited.step(forward) {
            if self.show_place(&place) {
                return;
            }
        }
        let text = if forward {
            "there is no place ahead"
        } else {
            "there is no place before this one"
        };
        self.context.notify(Level::Note, text);
    }

    fn show_place(&mut self, place: &VisitedPlace) -> bool {
        if is_of_tail(place.pane) {
            let tails = &mut self.screens.tails;
            let open = tails
                .all()
                .iter()
                .position(|tail| Some(tail.id()) == place.tail);
            let Some(index) = open else {
                return false;
            };
            tails.show(index);
        }
        self.focus.show(place.pane.screen());
        self.focus.set(place.pane);
        match &place.row {
            Some(RowKey::Partition((stream, partition))) if place.pane == Pane::Partitions => {
                self.screens
                    .streams
                    .show(StreamName::clone(stream), Some(*partition));
            }
            Some(row) => {
                let screen = self.screens.of_mut(place.pane);
                if let Some(list) = screen.list_in_mut(place.pane) {
                    list.select_row(row);
                }
            }
            None => {}
        }
        self.on_shown();
        true
    }
}

fn is_of_tail(pane: Pane) -> bool {
    pane.screen() == super::Screen::Tails
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(pane: Pane) -> VisitedPlace {
        VisitedPlace {
            pane,
            row: None,
            tail: None,
        }
    }

    fn panes(visited: &mut Visited, steps: &[bool]) -> Vec<Option<Pane>> {
        let places = steps.iter().map(|forward| visited.step(*forward));
        places.map(|place| Some(place?.pane)).collect()
    }

    #[test]
    fn a_step_back_can_be_taken_back_until_another_place_is_visited() {
        let mut visited = Visited::default();
        for pane in [Pane::Findings, Pane::Brokers, Pane::Brokers, Pane::Streams] {
            visited.record(place(pane));
        }
        let back_and_forth = [false, false, false, true];
        let expected = [
            Some(Pane::Brokers),
            Some(Pane::Findings),
            None,
            Some(Pane::Brokers),
        ];
        assert_eq!(panes(&mut visited, &back_and_forth), expected);
        visited.record(place(Pane::Cursors));
        let expected = [None, Some(Pane::Brokers)];
        assert_eq!(panes(&mut visited, &[true, false]), expected);
    }

    #[test]
    fn no_more_places_are_remembered_than_anybody_goes_back() {
        let mut visited = Visited::default();
        for number in 0..3 * MOST {
            let pane = if number % 2 == 0 {
                Pane::Brokers
            } else {
                Pane::Streams
            };
            visited.record(place(pane));
        }
        assert_eq!(visited.places.len(), MOST);
        assert_eq!(panes(&mut visited, &[false]), [Some(Pane::Brokers)]);
    }
}
