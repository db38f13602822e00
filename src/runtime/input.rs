//! What a terminal reports, as facts for the app: presses and repeats, no releases, no idle mouse.
//!
//! Knows no key bindings.

use crossterm::event::{Event as TerminalEvent, KeyEventKind, MouseEventKind};

use crate::app::Event;

/// The fact that a terminal's report stands for, or `None` where nothing in the dashboard can depend on it: key
/// releases, and the mouse moving with no button held, which comes by the hundred.
pub(super) fn event(report: TerminalEvent) -> Option<Event> {
    match report {
        TerminalEvent::Key(key) if key.kind == KeyEventKind::Release => None,
        TerminalEvent::Key(key) => Some(Event::Key(key)),
        TerminalEvent::Mouse(mouse) if mouse.kind == MouseEventKind::Moved => None,
        TerminalEvent::Mouse(mouse) => Some(Event::Mouse(mouse)),
        TerminalEvent::Paste(text) => Some(Event::Paste(text)),
        TerminalEvent::Resize(width, height) => Some(Event::Resized { width, height }),
        TerminalEvent::FocusGained | TerminalEvent::FocusLost => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};

    fn key(kind: KeyEventKind) -> TerminalEvent {
        let key = KeyEvent::new_with_kind(KeyCode::Char('j'), KeyModifiers::NONE, kind);
        TerminalEvent::Key(key)
    }

    #[test]
    fn presses_and_repeats_are_kept_and_releases_dropped() {
        assert!(event(key(KeyEventKind::Press)).is_some());
        assert!(event(key(KeyEventKind::Repeat)).is_some());
        assert_eq!(event(key(KeyEventKind::Release)), None);
    }

    #[test]
    fn an_idle_mouse_says_nothing() {
        let moved = MouseEvent {
            kind: MouseEventKind::Moved,
            column: 1,
            row: 1,
            modifiers: KeyModifiers::NONE,
        };
        assert_eq!(event(TerminalEvent::Mouse(moved)), None);
    }
}
