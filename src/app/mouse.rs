//! The mouse: a click selects, a second one opens, one on a key of the footer is that key, the wheel scrolls. What lies where is known from the last frame (I3).
//! Let go, it is the terminal's, which selects text with it.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::App;
use super::command::{AppCommand, ListCommand, Motion};
use super::effect::LoopEffect;
use super::focus::Pane;
use super::notice::Level;
use super::screens::ScreenState;
use super::viewport::HitTarget;

/// Lines that one notch of the wheel scrolls.
const LINES_PER_NOTCH: usize = 3;

impl App {
    /// Lets the mouse go, or takes it back.
    pub(super) fn toggle_mouse(&mut self) {
        self.has_mouse = !self.has_mouse;
        self.context.emit(LoopEffect::CaptureMouse(self.has_mouse));
        let text = if self.has_mouse {
            "the mouse is taken: clicks choose, the wheel scrolls".to_owned()
        } else {
            let keymap = &self.context.settings.keymap;
            let key = keymap.hint(self.key_contexts(), AppCommand::Mouse.into());
            let back = key.map(|key| format!("; {key} takes it back"));
            format!(
                "the mouse is let go: it selects text{}",
                back.unwrap_or_default()
            )
        };
        self.context.notify(Level::Note, text);
    }

    /// Does what a click or the wheel means.
    pub(super) fn apply_mouse(&mut self, event: MouseEvent) {
        if !self.has_mouse {
            // On its way when the mouse was let go.
            return;
        }
        let Some((area, hit)) = self.context.viewport.at(event.column, event.row) else {
            return;
        };
        let line = usize::from(event.row.saturating_sub(area.y));
        if event.kind == MouseEventKind::Down(MouseButton::Left) {
            self.click(hit, line);
        } else if event.kind == MouseEventKind::ScrollDown {
            self.scroll(hit, Motion::Down);
        } else if event.kind == MouseEventKind::ScrollUp {
            self.scroll(hit, Motion::Up);
        }
    }

    fn scroll(&mut self, hit: HitTarget, motion: Motion) {
        if self.overlay().is_none()
            && let HitTarget::Rows(pane) | HitTarget::TallRows(pane) | HitTarget::Column(pane, _) =
                hit
        {
            self.focus.set(pane);
        }
        if self.overlay().is_none()
            && let HitTarget::TailRows(index) = hit
        {
            self.focus_tail(index);
        }
        for _ in 0..LINES_PER_NOTCH {
            self.run(motion.into());
        }
    }

    fn click(&mut self, hit: HitTarget, line: usize) {
        if self.overlay().is_some() {
            return self.click_overlay(hit, line);
        }
        match hit {
            HitTarget::Tab(index) => self.focus_tail(index),
            // The one in focus has the rows of the pane over these.
            HitTarget::TailRows(index) => {
                self.focus_tail(index);
                let tails = &mut self.screens.tails;
                let _was_selected = tails.select_line(Pane::Tail, line, &mut self.context);
            }
            HitTarget::Screen(screen) => self.show_screen(screen),
            HitTarget::Rows(pane) => self.click_row(pane, line),
            HitTarget::TallRows(pane) => self.click_row(pane, line / 2),
            HitTarget::Column(pane, column) => {
                self.focus.set(pane);
                if let Some(list) = self.screens.of_mut(pane).list_in_mut(pane) {
                    list.sort_by_number(column);
                }
            }
            HitTarget::Hint(number) => self.click_hint(number),
            HitTarget::Overlay | HitTarget::Button(_) => {}
        }
    }

    fn focus_tail(&mut self, index: usize) {
        self.focus.set(Pane::Tail);
        self.screens.tails.show(index);
    }

    fn click_overlay(&mut self, hit: HitTarget, line: usize) {
        let context = &mut self.context;
        match hit {
            HitTarget::Hint(number) => self.click_hint(number),
            HitTarget::Overlay => self.overlays.click_line(line, context),
            HitTarget::Button(number) => {
                let truth = self.cluster.truth();
                self.overlays.click_button(number, truth, context);
            }
            HitTarget::Screen(_)
            | HitTarget::Rows(_)
            | HitTarget::TailRows(_)
            | HitTarget::TallRows(_)
            | HitTarget::Column(..)
            | HitTarget::Tab(_) => drop(self.overlays.leave(context)),
        }
    }

    /// A click on a key in the footer is that key.
    fn click_hint(&mut self, number: usize) {
        let hint = self.key_hints().into_iter().nth(number);
        if let Some(hint) = hint {
            self.run(hint.command);
        }
    }

    fn click_row(&mut self, pane: Pane, line: usize) {
        let was_focused = self.focus.pane() == pane;
        self.focus.set(pane);
        let screen = self.screens.of_mut(pane);
        if screen.select_line(pane, line, &mut self.context) && was_focused {
            self.run(ListCommand::Open.into());
        }
    }
}
