//! The mouse: a click chooses, a second one opens, the wheel scrolls.
//!
//! What lies where, the last frame told (I3).

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use crate::app::command::Move;
use crate::app::overlays::Overlay;
use crate::app::overlays::confirm::Button;
use crate::app::{App, Area, HitTarget, Pane};

/// Lines that one notch of the wheel scrolls.
const NOTCH: usize = 3;

impl App {
    /// Takes what the mouse did.
    pub(super) fn mouse(&mut self, event: MouseEvent) {
        let Some((area, hit)) = self.context.viewport.at(event.column, event.row) else {
            return;
        };
        if event.kind == MouseEventKind::Down(MouseButton::Left) {
            self.click(hit, area, event);
        } else if event.kind == MouseEventKind::ScrollDown {
            self.wheel(hit, Move::Down);
        } else if event.kind == MouseEventKind::ScrollUp {
            self.wheel(hit, Move::Up);
        }
    }

    fn wheel(&mut self, hit: HitTarget, movement: Move) {
        if self.overlay.is_none()
            && let HitTarget::Rows(pane) | HitTarget::TallRows(pane) | HitTarget::Column(pane, _) =
                hit
        {
            self.focus.go_to(pane);
        }
        for _ in 0..NOTCH {
            self.move_in(movement);
        }
    }

    fn click(&mut self, hit: HitTarget, area: Area, event: MouseEvent) {
        let line = usize::from(event.row.saturating_sub(area.y));
        match (hit, self.overlay.is_some()) {
            (HitTarget::Overlay, true) => self.click_overlay(line),
            (HitTarget::Button(number), true) => self.click_button(number),
            (_, true) => drop(self.leave_modal()),
            (HitTarget::Tab(number), false) => {
                self.focus.go_to(Pane::Tail);
                self.tails.show(number);
            }
            (HitTarget::Screen(screen), false) => {
                self.focus.show(screen);
                self.arrived();
            }
            (HitTarget::Rows(pane), false) => self.click_row(pane, line),
            (HitTarget::TallRows(pane), false) => self.click_row(pane, line / 2),
            (HitTarget::Column(pane, column), false) => {
                self.focus.go_to(pane);
                if let Some(list) = self.listing_mut() {
                    list.sort_by_number(column);
                }
            }
            (HitTarget::Overlay | HitTarget::Button(_), false) => {}
        }
    }

    fn click_row(&mut self, pane: Pane, line: usize) {
        let focused = self.focus.pane() == pane;
        self.focus.go_to(pane);
        let again = match self.listing_mut() {
            Some(list) => list.click(line),
            None => self.tails.click(pane, line, &mut self.context),
        };
        if again && focused {
            self.open();
        }
    }

    fn click_overlay(&mut self, line: usize) {
        if let Some(Overlay::Menu(menu)) = &mut self.overlay
            && menu.click(line)
        {
            self.choose_from_menu();
        }
    }

    fn click_button(&mut self, number: usize) {
        let Some(Overlay::Confirm(confirm)) = &self.overlay else {
            return self.click_form(number);
        };
        let wanted = if number == 0 {
            Button::Act
        } else {
            Button::Cancel
        };
        match wanted {
            Button::Act if confirm.may_act() => self.confirmed(),
            Button::Act => {}
            Button::Cancel => self.overlay = None,
        }
    }
}
