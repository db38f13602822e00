//! The places in which a key has a meaning of its own; a section of the keymap each.

use super::focus::Pane;

/// A place in which keys have a meaning of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyContext {
    /// Everywhere but in text.
    Global,
    /// In every list.
    List,
    /// Among findings.
    Overview,
    /// Among brokers.
    Brokers,
    /// Among streams and partitions.
    Streams,
    /// Among cursors and groups.
    Cursors,
    /// Among events of the cluster.
    Activity,
    /// In a tail.
    Tail,
    /// In the inspector.
    Inspector,
    /// In a form, between its text boxes.
    Form,
    /// In a text box of one line: every printable key is text.
    Text,
    /// In a box that asks.
    Confirm,
    /// In a menu: palette, copy menu, contexts.
    Menu,
    /// In a text to read: help, describe, an error.
    Reader,
}

impl KeyContext {
    /// All contexts, in the order of help.
    const ALL: [Self; 14] = [
        Self::Global,
        Self::List,
        Self::Overview,
        Self::Brokers,
        Self::Streams,
        Self::Cursors,
        Self::Activity,
        Self::Tail,
        Self::Inspector,
        Self::Form,
        Self::Text,
        Self::Confirm,
        Self::Menu,
        Self::Reader,
    ];

    /// Contexts that count together in an overlay, the closest first.
    const OVERLAYS: [&'static [Self]; 3] = [
        &[Self::Menu, Self::Text],
        &[Self::Confirm, Self::Text],
        &[Self::Reader, Self::List],
    ];

    /// Its section in the keymap file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::List => "list",
            Self::Overview => "overview",
            Self::Brokers => "brokers",
            Self::Streams => "streams",
            Self::Cursors => "cursors",
            Self::Activity => "activity",
            Self::Tail => "tail",
            Self::Inspector => "inspector",
            Self::Form => "form",
            Self::Text => "text",
            Self::Confirm => "confirm",
            Self::Menu => "menu",
            Self::Reader => "reader",
        }
    }

    /// The context of that name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Whether there is a place where keys of both count.
    pub(super) fn overlaps(self, other: Self) -> bool {
        let panes = Pane::all().map(Pane::key_contexts);
        let mut stacks = panes.chain(Self::OVERLAYS);
        self == other || stacks.any(|stack| stack.contains(&self) && stack.contains(&other))
    }
}
