//! The inspected message: which one, which part of it in which format, what is folded, how far it is scrolled.
//! Decoding happens here, once per message and view, never while drawing; what bytes mean is `store::decode`'s.

mod content;

use std::collections::BTreeSet;
use std::fmt::Write;

pub(crate) use content::Row;
pub use content::Side;

use crate::app::command::Motion;
use crate::app::decoded_values::{DecodedValue, DecodedValues};
use crate::app::motion::scrolled_top;
use crate::app::schemas::{DecoderCommand, Schemas};
use crate::store::decode::Format;
use crate::store::field_equality;
use crate::store::{JsonPath, MessageId, PinnedMessage};
use content::{Content, ValueReader};

/// What of a message is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum View {
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
const FORMS: [Format; 8] = [
    Format::Json,
    Format::Text,
    Format::Hex,
    Format::MessagePack,
    Format::Cbor,
    Format::Protobuf,
    Format::Avro,
    Format::Envelope,
];

impl View {
    /// The next view of a value that gives something else to see: forms that it is not in are passed over.
    fn after(self, message: &PinnedMessage, reader: ValueReader<'_>) -> Self {
        let Self::Value(form) = self else {
            return Self::default();
        };
        // What a program made of the value is of no form that the value itself could be read in.
        let is_decoded = reader.decoded(message).is_some();
        let guessed = (!is_decoded).then(|| reader.value(message, Format::Auto).form);
        let tried = FORMS
            .iter()
            .position(|one| *one == form)
            .map_or(0, |at| at + 1);
        let mut others = FORMS
            .iter()
            .skip(tried)
            .filter(|form| Some(**form) != guessed);
        let next = others.find(|form| reader.value(message, **form).form == **form);
        next.map_or(Self::Headers, |form| Self::Value(*form))
    }
}

/// The size of the pane of the inspector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Columns.
    pub(super) width: usize,
    /// Rows.
    pub(super) height: usize,
}

/// The inspector.
#[derive(Clone, Debug, Default)]
pub struct Inspector {
    view: View,
    schemas: Schemas,
    /// Long lines are cut at the edge.
    cuts_lines: bool,
    /// One message, or the two that are compared.
    messages: Vec<PinnedMessage>,
    /// What programs have made of their values.
    decoded: Vec<Option<DecodedValue>>,
    content: Content,
    /// Nodes folded by the user; kept from message to message, as messages of a stream look alike.
    folded: BTreeSet<String>,
    rows: Vec<Row>,
    selected: usize,
    top: usize,
    sideways: usize,
    size: Size,
}

/// Columns that lines are scrolled at once.
const SIDEWAYS_STEP: usize = 8;

impl Inspector {
    /// An inspector that shows nothing yet; values are read by these types.
    pub(super) fn new(schemas: Schemas) -> Self {
        Self {
            schemas,
            ..Self::default()
        }
    }

    /// Values are read by these types from now on.
    pub(super) fn set_schemas(&mut self, schemas: Schemas) {
        self.schemas = schemas;
        self.decode();
    }

    /// The message it shows; of two that are compared, the second.
    pub fn message(&self) -> Option<&PinnedMessage> {
        self.messages.last()
    }

    /// One message, or the two that are compared.
    pub(super) fn messages(&self) -> &[PinnedMessage] {
        &self.messages
    }

    /// Whether it is on the screen.
    pub(super) fn is_seen(&self) -> bool {
        self.size.height > 0
    }

    /// The message that the shown one is compared with.
    pub fn compared_with(&self) -> Option<&PinnedMessage> {
        self.messages.first().filter(|_| self.messages.len() > 1)
    }

    /// What of the message is shown.
    pub(crate) fn view(&self) -> View {
        self.view
    }

    /// Whether long lines are wrapped: those of bytes never are, they are made to fit.
    fn wraps(&self) -> bool {
        !self.cuts_lines && !self.shows_bytes()
    }

    /// Columns at which lines are wrapped; without bound where they are cut.
    pub(crate) fn line_width(&self) -> usize {
        if self.wraps() {
            self.size.width.max(1)
        } else {
            usize::MAX
        }
    }

    fn shows_bytes(&self) -> bool {
        let decoded = self.content.decoded();
        decoded.is_some_and(|decoded| decoded.form == Format::Hex)
    }

    fn reader(&self) -> ValueReader<'_> {
        ValueReader {
            schemas: &self.schemas,
            messages: &self.messages,
            decoded: &self.decoded,
            width: self.size.width,
        }
    }

    /// The program that decodes the values of the shown message, and what it made of this one; `None`: it has not answered.
    pub(crate) fn decoder(&self) -> Option<(&DecoderCommand, Option<&DecodedValue>)> {
        let message = self.message()?;
        let command = self.schemas.command_of(message.message().stream())?;
        Some((command, self.decoded.last().and_then(Option::as_ref)))
    }

    /// What is said to whoever looks for what only a program shows: what it made of the value is on the screen.
    pub(super) fn unsearched(&self) -> Option<String> {
        let shows_decoded = self.view == View::default();
        let (command, value) = self.decoder().filter(|_| shows_decoded)?;
        value?.is_ok().then(|| command.unsearched())
    }

    /// How far it is scrolled to the left, in columns.
    pub(crate) fn sideways(&self) -> usize {
        self.sideways
    }

    /// The decoded content.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The rows on the screen, and which of them is selected.
    pub fn rows(&self, height: usize) -> impl Iterator<Item = (&Row, bool)> {
        let rows = self.rows.iter().enumerate().skip(self.top).take(height);
        rows.map(|(number, row)| (row, number == self.selected))
    }

    /// Whether that line is folded.
    pub(crate) fn is_folded(&self, line: usize) -> bool {
        let path = self.content.path(line);
        path.is_some_and(|path| self.folded.contains(&path))
    }

    fn selected_line(&self) -> Option<usize> {
        Some(self.rows.get(self.selected)?.line)
    }

    /// The path of the selected node, as a column names it; `None` where the content has no nodes.
    pub(super) fn path(&self) -> Option<String> {
        let path = self.content.path(self.selected_line()?);
        path.filter(|path| !path.is_empty())
    }

    /// What is true of messages that have the same as this one where the selection is, or the same key; `None` where
    /// that is not one value.
    pub(super) fn common(&self) -> Option<String> {
        let message = self.message()?.message();
        let Some(path) = self.path() else {
            let key = Some(message.key()).filter(|key| !key.is_empty())?;
            let key = std::str::from_utf8(key).ok()?;
            return Some(format!("key == {}", serde_json::Value::from(key)));
        };
        let path: JsonPath = path.parse().ok()?;
        match self.view {
            // Queries look at the bytes of a value.
            View::Value(_) if self.unsearched().is_some() => None,
            View::Value(_) => {
                let schema = self.schemas.of(message.stream());
                field_equality(&path, message.value(), schema)
            }
            View::Headers => {
                let name = path.only_key()?;
                let value = match std::str::from_utf8(message.header(name)?) {
                    Ok(text) => serde_json::Value::from(text).to_string(),
                    Err(_) => bytes_literal(message.header(name)?),
                };
                Some(format!(
                    "headers[{}] == {value}",
                    serde_json::Value::from(name)
                ))
            }
        }
    }

    /// The text of the selected line.
    pub(super) fn line_text(&self) -> Option<String> {
        let tokens = self.content.tokens(self.selected_line()?);
        Some(tokens.map(|(_, text)| text).collect())
    }

    /// Whether it shows exactly this message.
    pub(super) fn shows(&self, id: &MessageId) -> bool {
        matches!(self.messages.as_slice(), [only] if only.message().id() == *id)
    }

    /// Shows a message, or none.
    pub(super) fn show(&mut self, message: Option<PinnedMessage>, decoded: &DecodedValues) {
        self.messages = message.into_iter().collect();
        self.decoded = self.decoded_of(decoded);
        self.decode();
    }

    /// Shows how two messages differ.
    pub(super) fn compare(&mut self, messages: [PinnedMessage; 2], decoded: &DecodedValues) {
        self.messages = messages.into();
        self.decoded = self.decoded_of(decoded);
        self.decode();
    }

    /// Programs have made that of values.
    pub(super) fn set_decoded(&mut self, decoded: &DecodedValues) {
        let decoded = self.decoded_of(decoded);
        if decoded != self.decoded {
            self.decoded = decoded;
            self.decode();
        }
    }

    fn decoded_of(&self, decoded: &DecodedValues) -> Vec<Option<DecodedValue>> {
        let messages = self.messages.iter();
        messages
            .map(|pinned| decoded.of(&pinned.message()).cloned())
            .collect()
    }

    /// Reads values in that way from now on.
    pub(super) fn set_view(&mut self, view: View) {
        self.view = view;
    }

    /// Goes to the next view.
    pub(super) fn next_view(&mut self) {
        if let Some(message) = self.message() {
            self.view = self.view.after(message, self.reader());
            self.decode();
        }
    }

    /// Wraps long lines, or cuts them.
    pub(super) fn toggle_wrap(&mut self) {
        self.cuts_lines = !self.cuts_lines;
        self.sideways = 0;
        self.lay_out();
    }

    /// Folds the selected node or unfolds it; `false` where it is none that folds.
    pub(super) fn toggle_fold(&mut self) -> bool {
        let Some(line) = self.selected_line() else {
            return false;
        };
        let folds = self.content.children(line).is_some();
        let Some(path) = self.content.path(line).filter(|_| folds) else {
            return false;
        };
        if !self.folded.remove(&path) {
            self.folded.insert(path);
        }
        self.lay_out();
        let row = self.rows.iter().position(|row| row.line == line);
        self.select(row.unwrap_or(0));
        true
    }

    /// Moves the selection, or scrolls sideways.
    pub(super) fn move_by(&mut self, motion: Motion) {
        match motion.columns_from(self.sideways, SIDEWAYS_STEP) {
            Some(columns) if self.wraps() => self.sideways = columns.min(self.sideways),
            Some(columns) => self.sideways = columns,
            None => self.select(motion.row_from(self.selected, self.rows.len(), self.size.height)),
        }
    }

    /// Selects the row on a line of the screen; `true` where it was selected already.
    pub(super) fn select_line(&mut self, line: usize) -> bool {
        let row = (self.top + line).min(self.rows.len().saturating_sub(1));
        std::mem::replace(&mut self.selected, row) == row
    }

    /// The pane has another size.
    pub(super) fn resize(&mut self, size: Size) {
        let before = std::mem::replace(&mut self.size, size);
        if before.width != size.width && self.shows_bytes() {
            self.decode();
        } else if before != size {
            self.lay_out();
        }
    }

    fn decode(&mut self) {
        let reader = self.reader();
        self.content = match self.view {
            View::Value(form) => Content::of(&self.messages, |message| reader.value(message, form)),
            View::Headers => Content::of(&self.messages, content::headers),
        };
        self.lay_out();
    }

    fn lay_out(&mut self) {
        self.rows = self.content.rows(&self.folded, self.line_width());
        self.select(self.selected.min(self.rows.len().saturating_sub(1)));
    }

    fn select(&mut self, row: usize) {
        self.selected = row;
        self.top = scrolled_top(self.top, row, self.rows.len(), self.size.height);
    }
}

/// Bytes that are no text, as an expression writes them.
fn bytes_literal(bytes: &[u8]) -> String {
    let escape = |mut text: String, byte: &u8| {
        let _infallible = write!(text, "\\x{byte:02x}");
        text
    };
    bytes.iter().fold("b\"".to_owned(), escape) + "\""
}
