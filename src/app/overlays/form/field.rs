//! One field of a form: a text box, a choice, or bytes that are no text.
//! What its content means is the form's.

use bytes::Bytes;
use crossterm::event::{KeyCode, KeyEvent};

use crate::app::input::editor::Editor;

/// Which field, of either form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldId {
    /// The stream a message goes to.
    Stream,
    /// How its partition is chosen.
    Route,
    /// The partition, where the user chooses it.
    Partition,
    /// The key of a message.
    Key,
    /// Its headers, `NAME=VALUE` a line.
    Headers,
    /// Its value.
    Value,
    /// Who must have stored it before the ack.
    AckPolicy,
    /// What comes back in the ack.
    CorrelationId,
    /// The offset it must get.
    ExpectedOffset,
    /// The name of a new stream.
    Name,
    /// The NATS subject it stores.
    Subject,
    /// How many partitions.
    Partitions,
    /// How many replicas of each.
    Replication,
    /// The NATS queue group.
    Group,
    /// Bytes kept in each partition.
    RetentionBytes,
    /// Messages kept in each partition.
    RetentionMessages,
    /// How long messages are kept.
    RetentionAge,
    /// How often retention is applied.
    CleanerInterval,
    /// Bytes of one segment.
    SegmentBytes,
    /// Age at which a segment is ended.
    SegmentAge,
    /// Whether only the last message of each key is kept.
    Compact,
    /// How many compactions run side by side.
    CompactGoroutines,
    /// Idle time after which a partition pauses itself.
    AutoPause,
    /// Whether a subscriber keeps it from that.
    AutoPauseUnlessSubscribed,
    /// In-sync replicas below which nothing commits.
    MinIsr,
    /// Whether expected offsets are checked.
    ConcurrencyControl,
    /// Whether values are encrypted at rest.
    Encryption,
}

/// A field with its label and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Field {
    /// Which one.
    pub id: FieldId,
    /// Its name on the screen.
    pub label: &'static str,
    /// What may stand in it, shown while it is empty.
    pub hint: &'static str,
    /// Whether it is shown under "more" only.
    pub rare: bool,
    /// What stands in it.
    pub input: Input,
    /// Why it could not be read when the form was sent.
    pub error: Option<String>,
}

/// What stands in a field.
#[derive(Clone, Debug)]
pub enum Input {
    /// Text.
    Text(Box<Editor>),
    /// One of a few.
    Choice(Choice),
    /// Bytes of a message published again that are no text: sent as they are, or deleted and typed anew.
    Bytes(Bytes),
}

/// One of a few names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    names: &'static [&'static str],
    at: usize,
}

impl Choice {
    /// These names, the first one taken.
    pub fn of(names: &'static [&'static str]) -> Self {
        Self { names, at: 0 }
    }

    /// All names.
    pub fn names(&self) -> &'static [&'static str] {
        self.names
    }

    /// The number of the one taken.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Takes the next name, or the previous one; it comes round.
    pub fn step(&mut self, forward: bool) {
        let step = if forward { 1 } else { self.names.len() - 1 };
        self.at = (self.at + step) % self.names.len();
    }

    /// Takes the name of that number, if there is one.
    pub fn take(&mut self, at: usize) {
        if at < self.names.len() {
            self.at = at;
        }
    }
}

impl Field {
    /// An empty text box of one line.
    pub(super) fn line(id: FieldId, label: &'static str, hint: &'static str) -> Self {
        Self::new(id, label, hint, Input::Text(Box::new(Editor::line())))
    }

    /// An empty text box of many lines.
    pub(super) fn lines(id: FieldId, label: &'static str, hint: &'static str) -> Self {
        Self::new(id, label, hint, Input::Text(Box::new(Editor::lines_box())))
    }

    /// A choice, the first name taken.
    pub(super) fn choice(id: FieldId, label: &'static str, names: &'static [&'static str]) -> Self {
        Self::new(id, label, "", Input::Choice(Choice::of(names)))
    }

    fn new(id: FieldId, label: &'static str, hint: &'static str, input: Input) -> Self {
        Self {
            id,
            label,
            hint,
            rare: false,
            input,
            error: None,
        }
    }

    /// The same field, under "more".
    pub(super) fn rare(mut self) -> Self {
        self.rare = true;
        self
    }

    /// The same field with this text in it.
    pub(super) fn with(mut self, text: &str) -> Self {
        self.set_text(text);
        self
    }

    /// Whether a printable key is typed into it.
    pub fn takes_text(&self) -> bool {
        matches!(self.input, Input::Text(_))
    }

    /// Whether Enter is typed into it.
    pub fn takes_lines(&self) -> bool {
        matches!(&self.input, Input::Text(editor) if editor.has_many_lines())
    }

    /// The text that stands in it without space around it; empty for what is no text.
    pub(super) fn text(&self) -> String {
        match &self.input {
            Input::Text(editor) => editor.text().trim().to_owned(),
            Input::Choice(_) | Input::Bytes(_) => String::new(),
        }
    }

    /// Takes the choice of that number.
    pub(super) fn take(&mut self, at: usize) {
        if let Input::Choice(choice) = &mut self.input {
            choice.take(at);
        }
    }

    /// Puts text in place of what stands in it.
    pub(super) fn set_text(&mut self, text: &str) {
        match &mut self.input {
            Input::Text(editor) => editor.set(text),
            Input::Bytes(_) => {
                self.input = Input::Text(Box::new(Self::box_for(self.id).with(text)));
            }
            Input::Choice(_) => {}
        }
    }

    /// Puts bytes in it: as text where they read back as the same bytes, as they are elsewhere.
    pub(super) fn set_bytes(&mut self, bytes: &[u8]) {
        let many_lines = self.takes_lines();
        match std::str::from_utf8(bytes) {
            Ok(text) if many_lines || !text.contains(['\n', '\r']) => self.set_text(text),
            _ => self.input = Input::Bytes(Bytes::copy_from_slice(bytes)),
        }
    }

    /// Takes a key that edits it, and says whether it did.
    pub(super) fn key(&mut self, key: KeyEvent) -> bool {
        match &mut self.input {
            Input::Text(editor) => editor.key(key),
            Input::Bytes(_) if matches!(key.code, KeyCode::Backspace | KeyCode::Delete) => {
                self.input = Input::Text(Box::new(Self::box_for(self.id)));
                true
            }
            Input::Bytes(_) | Input::Choice(_) => false,
        }
    }

    /// Types pasted text.
    pub(super) fn paste(&mut self, text: &str) {
        if let Input::Text(editor) = &mut self.input {
            editor.paste(text);
        }
    }

    /// The text box that bytes give way to.
    fn box_for(id: FieldId) -> Editor {
        if id == FieldId::Value {
            Editor::lines_box()
        } else {
            Editor::line()
        }
    }
}
