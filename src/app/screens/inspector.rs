//! The message that is looked at: which one, which part of it and read as what, folded where, scrolled how far.
//! Decoding happens here, once per message and view, never while drawing; what bytes mean is `store::decode`'s.

mod content;

use std::collections::BTreeSet;

pub use content::{Page, Row, Side, Token};

use crate::app::command::Move;
use crate::app::schemas::Schemas;
use crate::store::decode::Format;
use crate::store::{MessageId, PinnedMessage};
use content::Reader;

/// What of a message is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// The value, read in this form.
    Value(Format),
    /// All headers.
    Headers,
}

impl Default for View {
    fn default() -> Self {
        Self::Value(Format::Auto)
    }
}

/// The order in which a key goes through the forms, after the one that fits best.
const FORMS: [Format; 7] = [
    Format::Json,
    Format::Text,
    Format::Hex,
    Format::MessagePack,
    Format::Cbor,
    Format::Protobuf,
    Format::Envelope,
];

impl View {
    /// The next view of a value that gives something else to see: forms that it is not in are passed over.
    fn after(self, message: &PinnedMessage, reader: Reader<'_>) -> Self {
        let Self::Value(form) = self else {
            return Self::default();
        };
        let guessed = reader.value(message, Format::Auto).form;
        let tried = FORMS
            .iter()
            .position(|one| *one == form)
            .map_or(0, |at| at + 1);
        let mut others = FORMS.iter().skip(tried).filter(|form| **form != guessed);
        let next = others.find(|form| reader.value(message, **form).form == **form);
        next.map_or(Self::Headers, |form| Self::Value(*form))
    }
}

/// The room the inspector has for its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// The inspector.
#[derive(Clone, Debug, Default)]
pub struct Inspector {
    view: View,
    schemas: Schemas,
    /// Long lines are cut at the edge.
    cut: bool,
    shown: Vec<PinnedMessage>,
    page: Page,
    /// Nodes folded by the user; kept from message to message, as messages of a stream look alike.
    folded: BTreeSet<String>,
    rows: Vec<Row>,
    cursor: usize,
    top: usize,
    sideways: usize,
    room: Size,
}

impl Inspector {
    /// An inspector that shows nothing yet; values are read by these types.
    pub fn new(schemas: Schemas) -> Self {
        Self {
            schemas,
            ..Self::default()
        }
    }

    /// The message it shows; of two that are compared, the second.
    pub fn message(&self) -> Option<&PinnedMessage> {
        self.shown.last()
    }

    /// The message that the shown one is compared with.
    pub fn compared_with(&self) -> Option<&PinnedMessage> {
        self.shown.first().filter(|_| self.shown.len() > 1)
    }

    /// What of the message is shown.
    pub fn view(&self) -> View {
        self.view
    }

    /// Whether long lines are wrapped: those of bytes never are, they are made to fit.
    pub fn wraps(&self) -> bool {
        !self.cut && !self.shows_bytes()
    }

    fn shows_bytes(&self) -> bool {
        self.page
            .decoded()
            .is_some_and(|decoded| decoded.form == Format::Hex)
    }

    fn reader(&self) -> Reader<'_> {
        Reader {
            schemas: &self.schemas,
            width: self.room.width,
        }
    }

    /// How far it is scrolled to the left, in columns.
    pub fn sideways(&self) -> usize {
        self.sideways
    }

    /// The decoded content.
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// The rows on the screen, and which of them is under the cursor.
    pub fn rows(&self, height: usize) -> impl Iterator<Item = (&Row, bool)> {
        let rows = self.rows.iter().enumerate().skip(self.top).take(height);
        rows.map(|(at, row)| (row, at == self.cursor))
    }

    /// How many rows there are in all, and the first one shown.
    pub fn extent(&self) -> (usize, usize) {
        (self.rows.len(), self.top)
    }

    /// Whether that line is folded.
    pub fn is_folded(&self, line: usize) -> bool {
        self.page
            .path(line)
            .is_some_and(|path| self.folded.contains(&path))
    }

    /// The path of the node under the cursor, as a column names it; `None` where the content has no nodes.
    pub fn path(&self) -> Option<String> {
        let row = self.rows.get(self.cursor)?;
        self.page.path(row.line).filter(|path| !path.is_empty())
    }

    /// The text of the line under the cursor.
    pub fn line_text(&self) -> Option<String> {
        let row = self.rows.get(self.cursor)?;
        Some(self.page.tokens(row.line).map(|token| token.text).collect())
    }

    /// Whether it shows exactly this message.
    pub(super) fn shows(&self, id: &MessageId) -> bool {
        matches!(self.shown.as_slice(), [only] if only.message().id() == *id)
    }

    /// Shows a message, or none.
    pub(super) fn show(&mut self, message: Option<PinnedMessage>) {
        self.shown = message.into_iter().collect();
        self.turn_page();
    }

    /// Shows how two messages differ.
    pub(super) fn compare(&mut self, one: PinnedMessage, other: PinnedMessage) {
        self.shown = vec![one, other];
        self.turn_page();
    }

    /// Goes to the next view.
    pub(super) fn next_view(&mut self) {
        if let Some(message) = self.message() {
            self.view = self.view.after(message, self.reader());
            self.turn_page();
        }
    }

    /// Wraps long lines, or cuts them.
    pub(super) fn toggle_wrap(&mut self) {
        self.cut = !self.cut;
        self.sideways = 0;
        self.lay_out();
    }

    /// Folds the node under the cursor or unfolds it; `false` where nothing folds.
    pub(super) fn toggle_fold(&mut self) -> bool {
        let Some(line) = self.rows.get(self.cursor).map(|row| row.line) else {
            return false;
        };
        let node = self
            .page
            .path(line)
            .filter(|_| self.page.children(line).is_some());
        let Some(path) = node else { return false };
        if !self.folded.remove(&path) {
            self.folded.insert(path);
        }
        self.lay_out();
        self.cursor = self
            .rows
            .iter()
            .position(|row| row.line == line)
            .unwrap_or(0);
        self.keep_visible();
        true
    }

    /// Moves the cursor, or scrolls sideways.
    pub(super) fn step(&mut self, step: Move) {
        let last = self.rows.len().saturating_sub(1);
        let page = self.room.height.max(2) - 1;
        let half = (self.room.height / 2).max(1);
        match step {
            Move::Down => self.cursor = (self.cursor + 1).min(last),
            Move::Up => self.cursor = self.cursor.saturating_sub(1),
            Move::Top => self.cursor = 0,
            Move::Bottom => self.cursor = last,
            Move::HalfPageDown => self.cursor = (self.cursor + half).min(last),
            Move::HalfPageUp => self.cursor = self.cursor.saturating_sub(half),
            Move::PageDown => self.cursor = (self.cursor + page).min(last),
            Move::PageUp => self.cursor = self.cursor.saturating_sub(page),
            Move::Left => self.sideways = self.sideways.saturating_sub(8),
            Move::Right if self.wraps() => {}
            Move::Right => self.sideways += 8,
        }
        self.keep_visible();
    }

    /// Puts the cursor on a line of the screen; `true` where it was there already.
    pub(super) fn click(&mut self, line: usize) -> bool {
        let row = (self.top + line).min(self.rows.len().saturating_sub(1));
        std::mem::replace(&mut self.cursor, row) == row
    }

    /// The last frame offered other room.
    pub(super) fn resize(&mut self, room: Size) {
        let wider = self.room.width != room.width;
        if self.room != room {
            self.room = room;
            if wider && self.shows_bytes() {
                return self.turn_page();
            }
            self.lay_out();
        }
    }

    fn turn_page(&mut self) {
        let reader = self.reader();
        let page = match self.view {
            View::Value(form) => Page::of(&self.shown, |held| reader.value(held, form)),
            View::Headers => Page::of(&self.shown, content::headers),
        };
        self.page = page;
        self.lay_out();
    }

    fn lay_out(&mut self) {
        let width = if self.wraps() {
            self.room.width.max(1)
        } else {
            usize::MAX
        };
        self.rows = self.page.rows(&self.folded, width);
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
        self.keep_visible();
    }

    fn keep_visible(&mut self) {
        let height = self.room.height.max(1);
        self.top = self.top.min(self.rows.len().saturating_sub(height));
        self.top = self
            .top
            .clamp((self.cursor + 1).saturating_sub(height), self.cursor);
    }
}
