//! The line that asks for a query, a place to seek, or a file to export to: text, what is wrong with it, its history.
//! What an accepted line does is the tails' business.

use chrono::FixedOffset;
use crossterm::event::KeyEvent;

use crate::app::input::editor::Editor;
use crate::model::{StartAt, Timestamp, parse_start};
use crate::store::Query;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PromptKind {
    /// What messages to show.
    Query,
    /// Where to read from.
    Seek,
    /// Where to write what is shown.
    Export,
}

/// What an accepted line says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum PromptInput {
    /// Show what matches; `None`: everything.
    Query(Option<Query>),
    /// Read from there; the text as it was typed.
    Seek(StartAt, String),
    /// Write to that file.
    Export(String),
}

/// Why a line is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// The byte at which the fault begins, where that is known.
    pub at: Option<usize>,
    /// What is wrong, in one sentence.
    pub sentence: String,
}

/// A line being typed.
#[derive(Clone, Debug)]
pub struct Prompt {
    ask: PromptKind,
    editor: Editor,
    wrong: Option<InputError>,
    /// How many lines back in the history; 0 is the line being typed.
    back: usize,
    typed: String,
}

/// What times and lines typed before mean to a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct PromptContext<'a> {
    pub(super) now: Timestamp,
    pub(super) zone: FixedOffset,
    /// Lines accepted before, the oldest first.
    pub(super) history: &'a [String],
}

impl Prompt {
    /// A line that begins with this text.
    pub(super) fn new(ask: PromptKind, text: &str) -> Self {
        Self {
            ask,
            editor: Editor::line().with(text),
            wrong: None,
            back: 0,
            typed: text.to_owned(),
        }
    }

    /// What is asked for.
    pub fn ask(&self) -> PromptKind {
        self.ask
    }

    /// The line and the cursor in it.
    pub fn editor(&self) -> &Editor {
        &self.editor
    }

    /// What is wrong with the line as it stands.
    pub fn wrong(&self) -> Option<&InputError> {
        self.wrong.as_ref()
    }

    /// Takes a key, and says whether it was one for a text box.
    pub(super) fn key(&mut self, key: KeyEvent, setting: PromptContext<'_>) -> bool {
        let taken = self.editor.key(key);
        if taken {
            self.changed(setting);
        }
        taken
    }

    /// Empties the line.
    pub(super) fn clear(&mut self) {
        self.editor.clear();
    }

    /// Types pasted text.
    pub(super) fn paste(&mut self, text: &str, setting: PromptContext<'_>) {
        self.editor.paste(text);
        self.changed(setting);
    }

    /// Puts an older line in place, or a newer one; at the end stands what was being typed.
    pub(super) fn recall(&mut self, older: bool, setting: PromptContext<'_>) {
        let back = if older {
            self.back + 1
        } else {
            self.back.saturating_sub(1)
        };
        let text = match back.checked_sub(1) {
            None => &self.typed,
            Some(steps) => {
                let Some(line) = setting.history.iter().rev().nth(steps) else {
                    return;
                };
                line
            }
        };
        self.editor.set(text);
        self.back = back;
        self.wrong = self.read(setting).err();
    }

    /// What the line says, or what is wrong with it, which is then shown.
    pub(super) fn accept(&mut self, setting: PromptContext<'_>) -> Option<PromptInput> {
        match self.read(setting) {
            Ok(answer) => Some(answer),
            Err(wrong) => {
                self.wrong = Some(wrong);
                None
            }
        }
    }

    fn changed(&mut self, setting: PromptContext<'_>) {
        self.back = 0;
        self.typed = self.editor.text();
        // An empty line is no mistake until it is accepted.
        let wrong = self.read(setting).err();
        self.wrong = wrong.filter(|_| !self.editor.is_empty());
    }

    fn read(&self, setting: PromptContext<'_>) -> Result<PromptInput, InputError> {
        let text = self.editor.text();
        let nowhere = |sentence: String| InputError { at: None, sentence };
        match self.ask {
            PromptKind::Query if text.trim().is_empty() => Ok(PromptInput::Query(None)),
            PromptKind::Query => match Query::parse(&text) {
                Ok(query) => Ok(PromptInput::Query(Some(query))),
                Err(error) => Err(InputError {
                    at: Some(error.at),
                    sentence: error.sentence,
                }),
            },
            PromptKind::Seek => {
                let start = parse_start(&text, setting.now, &setting.zone).map_err(nowhere)?;
                Ok(PromptInput::Seek(start, text.trim().to_owned()))
            }
            PromptKind::Export if text.trim().is_empty() => Err(nowhere("name a file".into())),
            PromptKind::Export => Ok(PromptInput::Export(text.trim().to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(history: &[String]) -> PromptContext<'_> {
        let zone = FixedOffset::east_opt(0).expect("zero is an offset");
        PromptContext {
            now: Timestamp(1),
            zone,
            history,
        }
    }

    #[test]
    fn a_wrong_line_says_where_and_is_not_accepted() {
        let mut prompt = Prompt::new(PromptKind::Query, "");
        prompt.paste("key:a ~[", setting(&[]));
        assert_eq!(prompt.wrong().and_then(|wrong| wrong.at), Some(6));
        assert_eq!(prompt.accept(setting(&[])), None);
        let mut prompt = Prompt::new(PromptKind::Seek, "nowhere");
        assert_eq!(prompt.accept(setting(&[])), None);
        assert!(prompt.wrong().is_some());
    }

    #[test]
    fn an_empty_query_shows_everything() {
        let mut prompt = Prompt::new(PromptKind::Query, "");
        assert_eq!(prompt.accept(setting(&[])), Some(PromptInput::Query(None)));
    }

    #[test]
    fn lines_typed_before_come_back_and_go_again() {
        let history = ["one".to_owned(), "two".to_owned()];
        let mut prompt = Prompt::new(PromptKind::Query, "");
        prompt.paste("thr", setting(&history));
        let mut recalled = |older| {
            prompt.recall(older, setting(&history));
            prompt.editor().text()
        };
        assert_eq!(recalled(true), "two");
        assert_eq!(recalled(true), "one");
        assert_eq!(recalled(true), "one");
        assert_eq!(recalled(false), "two");
        assert_eq!(recalled(false), "thr");
    }
}
