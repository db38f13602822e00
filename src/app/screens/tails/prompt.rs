//! The line that asks for a query, a place to seek, or a file to export to: its text and what is wrong with it.
//! What an accepted line does is decided in `commands`.

use std::sync::Arc;

use super::export::ExportRange;
use super::field_completion::FieldCompletion;
use super::query_typing::QueryTyping;
use crate::app::command::{Command, QueryCommand, TextCommand};
use crate::app::context::Context;
use crate::app::input::editor::{Editor, TextInput};
use crate::app::input::history::{History, Recall};
use crate::app::input::key_hints::{CLOSE, Hint};
use crate::model::{StartAt, parse_start};
use crate::store::{FieldIndex, Query, QueryCompletion, RowTemplate, TemplateError};

/// What is said to a query where the recording has nothing of what messages held.
const NOT_RECORDED: &str = "keys, values and headers were not recorded: nothing of them is found";

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PromptKind {
    /// What messages to show.
    Query,
    /// Where to read from.
    Seek,
    /// Where to write what is shown.
    Export,
    /// What rows show.
    Row,
}

/// What an accepted line means.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum PromptInput {
    /// Show what matches; `None`: everything.
    Query(Option<Query>),
    /// Read from there; the text as it was typed.
    Seek(StartAt, String),
    /// Rows show that; `None`: what they would show if nobody had chosen anything.
    Row(Option<RowTemplate>),
    /// Write that much to that file.
    Export(ExportRange, String),
}

/// Why a line is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// The byte at which the fault begins, where that is known.
    pub(crate) at: Option<usize>,
    /// What is wrong, in one sentence.
    pub(crate) sentence: String,
}

/// A line being typed.
#[derive(Clone, Debug)]
pub struct Prompt {
    kind: PromptKind,
    editor: Editor,
    error: Option<InputError>,
    /// Whether the line was not accepted as it stands.
    is_refused: bool,
    /// What the line may have been meant to be.
    guess: Option<String>,
    recall: Recall,
    range: ExportRange,
    completion: FieldCompletion,
    query_typing: QueryTyping,
}

impl Prompt {
    /// A line that begins with this text.
    pub(super) fn new(kind: PromptKind, text: &str) -> Self {
        Self {
            kind,
            editor: Editor::single_line().with_text(text),
            error: None,
            is_refused: false,
            guess: None,
            recall: Recall::default(),
            range: ExportRange::default(),
            completion: FieldCompletion::default(),
            query_typing: QueryTyping::default(),
        }
    }

    /// This is known of the fields of messages.
    pub(super) fn set_field_index(&mut self, index: &Arc<FieldIndex>, context: &Context) {
        self.query_typing.set_index(index);
        if !self.editor.is_empty() && !self.is_refused {
            self.judge(context);
        }
    }

    /// That is said to a field that only programs show, where there are such.
    pub(super) fn set_unsearched(&mut self, unsearched: Option<String>) {
        self.query_typing.set_unsearched(unsearched);
    }

    /// What could stand at the end of a query where it is being typed, the chosen one first; and of how many messages
    /// that is known.
    pub(crate) fn completions(&self) -> (Vec<QueryCompletion>, u64) {
        let known = self.query_typing.messages();
        if self.kind != PromptKind::Query || self.is_refused || !self.is_at_end() {
            return (Vec::new(), known);
        }
        (self.query_typing.fitting(&self.text()), known)
    }

    /// Whether the cursor stands behind all that was typed.
    fn is_at_end(&self) -> bool {
        self.editor.cursor().1 == self.text().chars().count()
    }

    /// The fields that can stand in a row.
    pub(super) fn set_known_fields(&mut self, fields: Vec<String>) {
        self.completion = FieldCompletion::of(fields);
    }

    /// The fields that could stand where one is being typed, the one that is chosen first.
    pub(crate) fn fields(&self) -> Vec<&str> {
        self.completion.fitting(&self.text())
    }

    /// What an export is to write.
    pub(crate) fn range(&self) -> ExportRange {
        self.range
    }

    /// Another export than the one chosen; the next field that could stand here.
    pub(super) fn complete(&mut self, context: &Context) {
        match self.kind {
            PromptKind::Export => self.range = self.range.next(),
            PromptKind::Row => {
                if let Some(line) = self.completion.next(&self.editor.text()) {
                    self.editor.set_text(&line);
                    self.judge(context);
                }
            }
            PromptKind::Query if self.is_at_end() => {
                if let Some(line) = self.query_typing.next(&self.editor.text()) {
                    self.editor.set_text(&line);
                    self.is_refused = false;
                    self.judge(context);
                }
            }
            PromptKind::Query | PromptKind::Seek => {}
        }
    }

    /// What is asked for.
    pub(crate) fn kind(&self) -> PromptKind {
        self.kind
    }

    /// The line and the cursor in it.
    pub(crate) fn editor(&self) -> &Editor {
        &self.editor
    }

    /// Whether nothing is typed.
    pub(crate) fn is_empty(&self) -> bool {
        self.editor.is_empty()
    }

    /// The line as it stands.
    pub fn text(&self) -> String {
        self.editor.text()
    }

    /// What is wrong with the line as it stands.
    pub fn error(&self) -> Option<&InputError> {
        self.error.as_ref()
    }

    /// What the line may have been meant to be, where it means something else.
    pub fn guess(&self) -> Option<&str> {
        self.guess.as_deref()
    }

    /// What the footer shows.
    pub(super) fn key_hints(&self) -> Vec<Hint> {
        let accept = |word| (Command::Text(TextCommand::Accept), word);
        match self.kind {
            PromptKind::Query => vec![
                accept("search"),
                (Command::Text(TextCommand::Complete), "complete"),
                (Command::Query(QueryCommand::Choose), "choose one"),
                (Command::Query(QueryCommand::Save), "save it"),
                (Command::Text(TextCommand::Older), "earlier ones"),
                CLOSE,
            ],
            PromptKind::Seek => vec![accept("go there"), CLOSE],
            PromptKind::Row => vec![
                accept("show"),
                (Command::Text(TextCommand::Complete), "a field"),
                CLOSE,
            ],
            PromptKind::Export => vec![
                accept("write"),
                (Command::Text(TextCommand::Complete), "other rows"),
                CLOSE,
            ],
        }
    }

    /// Types into the line, and returns whether the input was for a text box.
    pub(super) fn type_text(&mut self, input: TextInput<'_>, context: &Context) -> bool {
        let typed = self.editor.type_text(input);
        if typed {
            self.recall.reset();
            self.completion.reset();
            self.query_typing.reset();
            self.is_refused = false;
            self.judge(context);
            // An empty line is no mistake until it is accepted.
            self.error.take_if(|_| self.editor.is_empty());
        }
        typed
    }

    /// Replaces the line.
    pub(super) fn set_text(&mut self, text: &str, context: &Context) {
        self.editor.set_text("");
        self.type_text(TextInput::Paste(text), context);
    }

    /// Puts an older query in place, or a newer one; at the end stands what was being typed.
    pub(super) fn recall(&mut self, older: bool, history: &History, context: &Context) {
        if self.kind != PromptKind::Query {
            return;
        }
        let typed = self.text();
        if let Some(line) = self.recall.step(older, history, typed) {
            self.editor.set_text(line);
            self.query_typing.reset();
            self.is_refused = false;
            self.judge(context);
        }
    }

    /// Finds out what is wrong with the line, or is likely to be.
    fn judge(&mut self, context: &Context) {
        let parsed = self.parse(context);
        self.guess = match &parsed {
            Ok(PromptInput::Query(Some(_))) if context.lacks_messages() => {
                Some(NOT_RECORDED.to_owned())
            }
            Ok(PromptInput::Query(Some(query))) => {
                query.hint().or_else(|| self.query_typing.mistake(query))
            }
            Ok(_) | Err(_) => None,
        };
        self.error = parsed.err();
    }

    /// What the line means. `None`: what is wrong with it is shown.
    pub(super) fn accept(&mut self, context: &Context) -> Option<PromptInput> {
        match self.parse(context) {
            Ok(input) => Some(input),
            Err(error) => {
                self.error = Some(error);
                self.is_refused = true;
                None
            }
        }
    }

    fn parse(&self, context: &Context) -> Result<PromptInput, InputError> {
        let text = self.text();
        let somewhere = |sentence: String| InputError { at: None, sentence };
        match self.kind {
            PromptKind::Query if text.trim().is_empty() => Ok(PromptInput::Query(None)),
            PromptKind::Query => match Query::parse(&text) {
                Ok(query) => Ok(PromptInput::Query(Some(query))),
                Err(error) => Err(InputError {
                    at: Some(error.at),
                    sentence: error.sentence,
                }),
            },
            PromptKind::Seek => {
                let start = parse_start(&text, context.now, &context.times.zone);
                let start = start.map_err(somewhere)?;
                Ok(PromptInput::Seek(start, text.trim().to_owned()))
            }
            PromptKind::Row if text.trim().is_empty() => Ok(PromptInput::Row(None)),
            PromptKind::Row => match text.parse() {
                Ok(template) => Ok(PromptInput::Row(Some(template))),
                Err(TemplateError { at, sentence }) => Err(InputError {
                    at: Some(at),
                    sentence,
                }),
            },
            PromptKind::Export if text.trim().is_empty() => Err(somewhere("name a file".into())),
            PromptKind::Export => Ok(PromptInput::Export(self.range, text.trim().to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paste(prompt: &mut Prompt, text: &str) {
        prompt.type_text(TextInput::Paste(text), &Context::default());
    }

    #[test]
    fn a_wrong_line_says_where_and_is_not_accepted() {
        let context = Context::default();
        let mut prompt = Prompt::new(PromptKind::Query, "");
        paste(&mut prompt, "key:a ~[");
        assert_eq!(prompt.error().and_then(|error| error.at), Some(6));
        assert_eq!(prompt.accept(&context), None);
        let mut prompt = Prompt::new(PromptKind::Seek, "nowhere");
        assert_eq!(prompt.accept(&context), None);
        assert!(prompt.error().is_some());
    }

    #[test]
    fn an_empty_query_shows_everything() {
        let mut prompt = Prompt::new(PromptKind::Query, "");
        let accepted = prompt.accept(&Context::default());
        assert_eq!(accepted, Some(PromptInput::Query(None)));
    }

    #[test]
    fn lines_typed_before_come_back_and_go_again() {
        let mut history = History::new(9);
        for line in ["one", "two"] {
            history.add(line);
        }
        let mut prompt = Prompt::new(PromptKind::Query, "");
        paste(&mut prompt, "thr");
        let mut recalled = |older| {
            prompt.recall(older, &history, &Context::default());
            prompt.text()
        };
        assert_eq!(recalled(true), "two");
        assert_eq!(recalled(true), "one");
        assert_eq!(recalled(true), "one");
        assert_eq!(recalled(false), "two");
        assert_eq!(recalled(false), "thr");
    }
}
