//! The places in which a key has a meaning of its own; a section of the keymap each.

use serde::{Deserialize, Serialize};

use super::focus::Pane;

/// A place in which keys have a meaning of their own. `liftui keys` lists them in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyContext {
    /// Among events of the cluster.
    Activity,
    /// Among brokers.
    Brokers,
    /// In a box that asks.
    Confirm,
    /// Among cursors and groups.
    Cursors,
    /// In a form, between its text boxes.
    Form,
    /// Everywhere but in text.
    Global,
    /// In the inspector.
    Inspector,
    /// In every list.
    List,
    /// In a menu: palette, copy menu, contexts.
    Menu,
    /// Among findings.
    Overview,
    /// In the last minutes.
    Past,
    /// In the box for the query of a tail.
    Query,
    /// In a text to read: help, describe, an error.
    Reader,
    /// In a recording.
    Replay,
    /// Among streams and partitions.
    Streams,
    /// In a table.
    Table,
    /// In a tail.
    Tail,
    /// In a text box of one line: every printable key is text.
    Text,
}

impl KeyContext {
    /// What counts in every dashboard out of a recording.
    pub(super) const OF_RECORDINGS: &'static [Self] = &[Self::Replay, Self::List, Self::Global];

    /// What counts everywhere in the last minutes.
    pub(super) const OF_THE_PAST: &'static [Self] = &[Self::Past, Self::List, Self::Global];

    /// Contexts that count together in an overlay or a text box, the closest first.
    const OVERLAYS: [&'static [Self]; 4] = [
        &[Self::Query, Self::Text],
        &[Self::Menu, Self::Text],
        &[Self::Confirm, Self::Text],
        &[Self::Reader, Self::List],
    ];

    /// The section in the keymap file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Brokers => "brokers",
            Self::Confirm => "confirm",
            Self::Cursors => "cursors",
            Self::Form => "form",
            Self::Global => "global",
            Self::Inspector => "inspector",
            Self::List => "list",
            Self::Menu => "menu",
            Self::Overview => "overview",
            Self::Past => "past",
            Self::Query => "query",
            Self::Reader => "reader",
            Self::Replay => "replay",
            Self::Streams => "streams",
            Self::Table => "table",
            Self::Tail => "tail",
            Self::Text => "text",
        }
    }

    /// What help calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Global => "everywhere",
            Self::List => "in every list",
            Self::Overview => "findings",
            Self::Brokers => "brokers",
            Self::Streams => "streams and partitions",
            Self::Cursors => "cursors and groups",
            Self::Activity => "activity",
            Self::Table => "a table",
            Self::Tail => "a tail",
            Self::Inspector => "a message",
            Self::Form => "a form",
            Self::Text => "a text box",
            Self::Query => "the query of a tail",
            Self::Confirm => "a question",
            Self::Menu => "a menu",
            Self::Reader => "a text",
            Self::Replay => "a recording",
            Self::Past => "the last minutes",
        }
    }

    /// Whether there is a place where keys of both count.
    pub(super) fn overlaps(self, other: Self) -> bool {
        let panes = Pane::all().map(Pane::key_contexts);
        let mut stacks = panes.chain(Self::OVERLAYS);
        self == other || stacks.any(|stack| stack.contains(&self) && stack.contains(&other))
    }
}
