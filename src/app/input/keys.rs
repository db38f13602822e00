//! Keys as text and back: `ctrl-x d` is two keys, one after the other.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::{Deserialize, Serialize};

/// A key and the modifiers pressed with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

const MODIFIERS: [(&str, KeyModifiers); 3] = [
    ("ctrl-", KeyModifiers::CONTROL),
    ("alt-", KeyModifiers::ALT),
    ("shift-", KeyModifiers::SHIFT),
];

/// Keys that have a name: as it is written, and as it is shown.
const NAMED: [(&str, &str, KeyCode); 17] = [
    ("enter", "enter", KeyCode::Enter),
    ("esc", "esc", KeyCode::Esc),
    ("tab", "tab", KeyCode::Tab),
    ("space", "space", KeyCode::Char(' ')),
    ("backspace", "backspace", KeyCode::Backspace),
    ("delete", "delete", KeyCode::Delete),
    ("insert", "insert", KeyCode::Insert),
    ("up", "↑", KeyCode::Up),
    ("down", "↓", KeyCode::Down),
    ("left", "←", KeyCode::Left),
    ("right", "→", KeyCode::Right),
    ("home", "home", KeyCode::Home),
    ("end", "end", KeyCode::End),
    ("pageup", "pgup", KeyCode::PageUp),
    ("pagedown", "pgdn", KeyCode::PageDown),
    ("minus", "-", KeyCode::Char('-')),
    ("plus", "+", KeyCode::Char('+')),
];

impl Key {
    /// The key of an event, in the one form in which keys are compared: shift is part of a character, and what some
    /// terminals call back-tab is shift-tab.
    pub(in crate::app) fn from_event(event: KeyEvent) -> Self {
        Self::new(event.code, event.modifiers)
    }

    /// The key that types this letter.
    pub(in crate::app) fn letter(letter: char) -> Self {
        Self::new(KeyCode::Char(letter), KeyModifiers::NONE)
    }

    fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        let modifiers = modifiers & known;
        if code == KeyCode::BackTab {
            return Self {
                code: KeyCode::Tab,
                modifiers: modifiers | KeyModifiers::SHIFT,
            };
        }
        if let KeyCode::Char(c) = code {
            let upper = modifiers
                .contains(KeyModifiers::SHIFT)
                .then(|| c.to_uppercase().next());
            let code = KeyCode::Char(upper.flatten().unwrap_or(c));
            return Self {
                code,
                modifiers: modifiers.difference(KeyModifiers::SHIFT),
            };
        }
        Self { code, modifiers }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let mut modifiers = KeyModifiers::NONE;
        while let Some((name, modifier)) = MODIFIERS.iter().find(|(name, _)| rest.starts_with(name))
        {
            rest = rest.strip_prefix(name)?;
            if modifiers.contains(*modifier) {
                return None;
            }
            modifiers |= *modifier;
        }
        Some(Self::new(parse_code(rest)?, modifiers))
    }
}

fn parse_code(text: &str) -> Option<KeyCode> {
    if let Some((_, _, code)) = NAMED.iter().find(|(name, _, _)| *name == text) {
        return Some(*code);
    }
    let mut letters = text.chars();
    if let (Some(only), None) = (letters.next(), letters.next()) {
        return Some(KeyCode::Char(only));
    }
    let number: u8 = text.strip_prefix('f')?.parse().ok()?;
    (1..=24).contains(&number).then_some(KeyCode::F(number))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, modifier) in MODIFIERS {
            if self.modifiers.contains(modifier) {
                f.write_str(name)?;
            }
        }
        if let Some((_, shown, _)) = NAMED.iter().find(|(_, _, code)| *code == self.code) {
            return f.write_str(shown);
        }
        if let KeyCode::F(number) = self.code {
            return write!(f, "f{number}");
        }
        write!(f, "{}", self.code)
    }
}

/// Keys pressed one after the other; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Chord(Vec<Key>);

impl Chord {
    /// Reads keys that stand side by side, such as `ctrl-x d`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let keys: Option<Vec<Key>> = text.split_whitespace().map(Key::parse).collect();
        keys.filter(|keys| !keys.is_empty()).map(Self)
    }

    /// The keys in their order.
    pub(super) fn keys(&self) -> &[Key] {
        &self.0
    }

    /// Whether it is just these keys.
    pub(super) fn is(&self, pressed: &[Key]) -> bool {
        self.0 == pressed
    }

    /// Whether it begins with these keys.
    pub(super) fn begins_with(&self, pressed: &[Key]) -> bool {
        self.0.starts_with(pressed)
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, key) in self.0.iter().enumerate() {
            let gap = if at == 0 { "" } else { " " };
            write!(f, "{gap}{key}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_shown_as_they_are_written() {
        for text in [
            "j",
            "J",
            "ctrl-d",
            "alt-enter",
            "shift-tab",
            "space",
            "f5",
            "ctrl-x d",
            "?",
            "-",
        ] {
            assert_eq!(Chord::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "hyper-x",
            "ctrl-ctrl-x",
            "alt-ctrl-alt-x",
            "f0",
            "f99",
            "ctrl-",
            "xy",
        ] {
            assert_eq!(Chord::parse(text), None, "{text}");
        }
    }

    #[test]
    fn terminals_that_report_shift_and_those_that_do_not_agree() {
        let reported = KeyEvent::new(KeyCode::Char('g'), KeyModifiers::SHIFT);
        let silent = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::NONE);
        assert_eq!(Key::from_event(reported), Key::from_event(silent));
        let back_tab = KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT);
        assert!(
            Chord::parse("shift-tab")
                .unwrap()
                .is(&[Key::from_event(back_tab)])
        );
    }
}
