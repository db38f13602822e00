//! One field of a form: a text box, a choice, or bytes that are no text.
//! What its content means is the form's.

use bytes::Bytes;
use crossterm::event::KeyCode;

use crate::app::input::editor::{Editor, TextInput};
use crate::app::motion::cycled_index;

/// Which field, of either form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FieldId {
    /// The stream a message goes to.
    Stream,
    /// How its partition is chosen.
    Route,
    /// The partition, where the user chooses it.
    Partition,
    /// The key of a message.
    Key,
    /// The headers, `NAME=VALUE` a line.
    Headers,
    /// The value of a message.
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
pub(crate) struct Field {
    /// Which one.
    pub(crate) id: FieldId,
    /// The label on the screen.
    pub(crate) label: &'static str,
    /// What may stand in it, shown while it is empty.
    pub(crate) hint: &'static str,
    /// Whether it is shown under "more" only.
    pub(crate) rare: bool,
    /// What stands in it.
    pub(crate) input: Input,
    /// Why it could not be read when the form was sent.
    pub(crate) error: Option<String>,
}

/// What stands in a field.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// Text.
    Text(Box<Editor>),
    /// One of a few.
    Choice(Choice),
    /// Bytes of a message published again that are no text: sent as they are, or deleted and typed again.
    Bytes(Bytes),
}

/// One of a few names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    names: &'static [&'static str],
    index: usize,
}

impl Choice {
    fn new(names: &'static [&'static str]) -> Self {
        Self { names, index: 0 }
    }

    /// All names.
    pub(crate) fn names(&self) -> &'static [&'static str] {
        self.names
    }

    /// The number of the selected name.
    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// Selects the next name, or the previous one; it comes round.
    pub(super) fn step(&mut self, forward: bool) {
        self.index = cycled_index(self.index, self.names.len(), forward);
    }
}

impl Field {
    /// An empty text box of one line.
    pub(super) fn single_line(id: FieldId, label: &'static str, hint: &'static str) -> Self {
        Self::new(
            id,
            label,
            hint,
            Input::Text(Box::new(Editor::single_line())),
        )
    }

    /// An empty text box of many lines.
    pub(super) fn multi_line(id: FieldId, label: &'static str, hint: &'static str) -> Self {
        Self::new(id, label, hint, Input::Text(Box::new(Editor::multi_line())))
    }

    /// A choice with the first name selected.
    pub(super) fn choice(id: FieldId, label: &'static str, names: &'static [&'static str]) -> Self {
        Self::new(id, label, "", Input::Choice(Choice::new(names)))
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

    /// The field, shown under "more" only.
    pub(super) fn rare(mut self) -> Self {
        self.rare = true;
        self
    }

    /// The field with this text in it.
    pub(super) fn with_text(mut self, text: &str) -> Self {
        self.set_text(text);
        self
    }

    /// The text that stands in it without space around it; empty for what is no text.
    pub(super) fn text(&self) -> String {
        match &self.input {
            Input::Text(editor) => editor.text().trim().to_owned(),
            Input::Choice(_) | Input::Bytes(_) => String::new(),
        }
    }

    /// Selects the name of that number.
    pub(super) fn set_choice(&mut self, index: usize) {
        if let Input::Choice(choice) = &mut self.input {
            choice.index = index.min(choice.names.len().saturating_sub(1));
        }
    }

    /// Replaces what stands in it by text.
    pub(super) fn set_text(&mut self, text: &str) {
        match &mut self.input {
            Input::Text(editor) => editor.set_text(text),
            Input::Bytes(_) => self.input = self.text_input(text),
            Input::Choice(_) => {}
        }
    }

    /// Replaces what stands in it by bytes: as text where they read back as the same bytes, as they are elsewhere.
    pub(super) fn set_bytes(&mut self, bytes: &[u8]) {
        let multi_line = matches!(&self.input, Input::Text(editor) if editor.is_multi_line());
        match std::str::from_utf8(bytes) {
            Ok(text) if multi_line || !text.contains(['\n', '\r']) => self.set_text(text),
            _ => self.input = Input::Bytes(Bytes::copy_from_slice(bytes)),
        }
    }

    /// Types into it, and returns whether the input was for it. Bytes give way to text when they are deleted.
    pub(super) fn type_text(&mut self, input: TextInput<'_>) -> bool {
        match (&mut self.input, input) {
            (Input::Text(editor), input) => editor.type_text(input),
            (Input::Bytes(_), TextInput::Key(key))
                if matches!(key.code, KeyCode::Backspace | KeyCode::Delete) =>
            {
                self.input = self.text_input("");
                true
            }
            (Input::Bytes(_) | Input::Choice(_), _) => false,
        }
    }

    /// The text box that bytes give way to.
    fn text_input(&self, text: &str) -> Input {
        let editor = if self.id == FieldId::Value {
            Editor::multi_line()
        } else {
            Editor::single_line()
        };
        Input::Text(Box::new(editor.with_text(text)))
    }
}
