//! Tells a key that somebody pressed from a burst of keys, which a program typed or a terminal pasted: what cannot be
//! undone is answered by one key alone, with a moment of quiet before and after it.

/// Watches the keys of one question or form. Quiet is a fact from outside: no key for a moment, since it was drawn.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct BurstGuard {
    keys: Keys,
    /// Whether the key that is being pressed was the first one since a quiet moment.
    is_alone: bool,
    /// Whether an answer waits for the quiet moment after it.
    is_held: bool,
}

/// What has come since the box was drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Keys {
    /// It did not stand on the screen for a quiet moment yet.
    #[default]
    Unseen,
    /// It was seen, and a key has come since the last quiet moment.
    Busy,
    /// No key has come since the last quiet moment.
    Quiet,
}

impl BurstGuard {
    /// Whether what is typed may count: it was typed after the box was seen.
    pub(in crate::app) fn is_seen(&self) -> bool {
        self.keys != Keys::Unseen
    }

    /// Whether a quiet moment would change anything.
    pub(in crate::app) fn awaits_quiet(&self) -> bool {
        self.keys != Keys::Quiet
    }

    /// A key or a paste came. `true`: an answer was given up, since it was part of a burst.
    pub(in crate::app) fn on_input(&mut self) -> bool {
        self.is_alone = self.keys == Keys::Quiet;
        if self.is_alone {
            self.keys = Keys::Busy;
        }
        std::mem::take(&mut self.is_held)
    }

    /// Whether the key that is being pressed came after a quiet moment.
    pub(in crate::app) fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// Holds the answer until the quiet moment after it.
    pub(in crate::app) fn hold(&mut self) {
        self.is_held = true;
    }

    /// A quiet moment has passed. `true`: the answer that was held counts.
    pub(in crate::app) fn on_quiet(&mut self) -> bool {
        self.keys = Keys::Quiet;
        std::mem::take(&mut self.is_held)
    }
}
