//! A recording without what it names: other names, texts and addresses in the place of those that there were, the same each
//! time, and of messages their sizes alone.
//!
//! Times, numbers and the keys that are commands stay, so that the same findings follow. What was typed into a box appears in
//! it at once, with other names.

mod names;
mod serializer;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub(super) use self::names::Names;
pub(super) use self::serializer::Redacted;
use super::block::Block;
use super::decoder::Decoder;
use super::encoder::BlockBuilder;
use super::file::{OpenError, Recording};
use super::player::LineParser;
use super::record::{Fact, Head};
use crate::app::{App, Event, KeptQueries, KeptView, ReadSettings, RowSettings, Schemas, Settings};
use crate::model::Timestamp;

/// Whether a word is one of the program's own, such as a command.
pub type Vocabulary<'a> = &'a dyn Fn(&str) -> bool;

/// Replaces all names and texts of a recording; what messages held is left out.
///
/// # Errors
/// It does not begin as a dashboard does, or its records cannot be read.
pub fn redact(
    recording: &Recording,
    parse_line: LineParser,
    vocabulary: Vocabulary<'_>,
) -> Result<Recording, OpenError> {
    // What was typed may come before the first broker has said what there is.
    let mut found = pass(recording, parse_line, vocabulary, Names::default());
    let names = found.builder.take_names().without_texts();
    let mut run = pass(recording, parse_line, vocabulary, names);
    run.blocks.extend(run.builder.seal());
    if run.app.is_none() || run.blocks.is_empty() {
        return Err(OpenError::Damaged);
    }
    let head = Head {
        messages: false,
        ..recording.head.clone()
    };
    Ok(Recording {
        is_damaged: recording.is_damaged || !run.is_whole,
        ..Recording::new(head, run.blocks)
    })
}

/// Goes through all of a recording.
fn pass<'a>(
    recording: &Recording,
    parse_line: LineParser,
    vocabulary: Vocabulary<'a>,
    names: Names,
) -> Run<'a> {
    let mut run = Run {
        app: None,
        typed: None,
        is_known: false,
        builder: BlockBuilder::redacting(names),
        vocabulary,
        blocks: Vec::new(),
        is_whole: true,
    };
    let mut decoder = Decoder::default();
    for block in &recording.blocks {
        let Some(facts) = decoder.read(block, parse_line) else {
            run.is_whole = false;
            break;
        };
        for (at, fact) in facts {
            run.add(at, fact);
        }
    }
    run
}

/// A text box that is open in the original.
struct TypedText {
    text: String,
    /// The last id that was given before its text last changed.
    last_id: u64,
}

/// The recording as far as it was gone through.
struct Run<'a> {
    /// The original dashboard: it tells what is typed from what is pressed.
    app: Option<Box<App>>,
    typed: Option<TypedText>,
    /// Whether the original is known from its beginning: otherwise boxes may be open that nobody knows of, and any letter may be
    /// text.
    is_known: bool,
    builder: BlockBuilder,
    vocabulary: Vocabulary<'a>,
    blocks: Vec<Block>,
    /// Whether all of it could be read.
    is_whole: bool,
}

impl Run<'_> {
    fn add(&mut self, at: Timestamp, fact: Fact) {
        match fact {
            Fact::Started(settings) => {
                self.app = Some(Box::new(App::new((*settings).clone())));
                self.typed = None;
                self.is_known = true;
                self.write(at, &Fact::Started(without_config(*settings)));
            }
            Fact::Continued(settings, known) => {
                if self.app.is_none() {
                    let mut app = Box::new(App::new((*settings).clone()));
                    for event in known {
                        self.builder.remember(&event);
                        app.update(event);
                    }
                    self.app = Some(app);
                }
                self.write(at, &Fact::Continued(without_config(*settings), Vec::new()));
            }
            Fact::Drawn(..) => self.write(at, &fact),
            Fact::Happened(event) => self.add_event(at, event),
            Fact::Numbered(last_id, event) => {
                if let Some(app) = &mut self.app {
                    app.set_last_id(last_id);
                }
                self.add_event(at, event);
            }
        }
    }

    fn add_event(&mut self, at: Timestamp, event: Event) {
        for (last_id, event) in self.redact_event(event) {
            self.write(at, &Fact::Numbered(last_id, event));
        }
    }

    fn write(&mut self, at: Timestamp, fact: &Fact) {
        self.blocks.extend(self.builder.add(at, fact));
    }

    /// What is to happen in place of that, and the last id that was given before.
    fn redact_event(&mut self, event: Event) -> Vec<(u64, Event)> {
        let Some(app) = &mut self.app else {
            return Vec::new();
        };
        let last_id = app.last_id();
        if !matches!(event, Event::Key(_) | Event::Paste(_) | Event::Mouse(_)) {
            let redacted = if let Event::LineParsed(line, _) = &event {
                let line = self.builder.typed(line, self.vocabulary);
                Event::LineParsed(line, Err(String::new()))
            } else if let Event::SettingsRead(Ok(read)) = &event {
                Event::SettingsRead(Ok(read_without_config((**read).clone())))
            } else {
                event.clone()
            };
            app.update(event);
            return vec![(last_id, redacted)];
        }
        if !self.is_known && types(&event) {
            app.update(event);
            return Vec::new();
        }
        let masked = if app.takes_text() || matches!(event, Event::Paste(_)) {
            mask(event.clone())
        } else {
            event.clone()
        };
        app.update(event);
        let text = app.typed_text();
        match (self.typed.take(), text) {
            (None, Some(text)) => {
                self.typed = Some(TypedText { text, last_id });
                vec![(last_id, masked)]
            }
            // It is put in its place when the box is closed.
            (Some(before), Some(text)) => {
                let has_changed = before.text != text;
                let last_id = if has_changed { last_id } else { before.last_id };
                self.typed = Some(TypedText { text, last_id });
                Vec::new()
            }
            (Some(typed), None) => {
                let text = self.builder.typed(&typed.text, self.vocabulary);
                let clear = KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL);
                vec![
                    (typed.last_id, Event::Key(clear)),
                    (typed.last_id, Event::Paste(text)),
                    (last_id, masked),
                ]
            }
            (None, None) => vec![(last_id, masked)],
        }
    }
}

/// The letter that a key types, wherever letters are text.
fn letter(event: &Event) -> Option<char> {
    let edits = KeyModifiers::CONTROL | KeyModifiers::ALT;
    let Event::Key(key) = event else {
        return None;
    };
    let KeyCode::Char(letter) = key.code else {
        return None;
    };
    (!key.modifiers.intersects(edits)).then_some(letter)
}

fn types(event: &Event) -> bool {
    matches!(event, Event::Paste(_)) || letter(event).is_some()
}

/// Of typed letters only that there were some.
fn mask(event: Event) -> Event {
    let masked = |letter: char| {
        if letter.is_alphanumeric() {
            'x'
        } else {
            letter
        }
    };
    if let Event::Paste(text) = event {
        return Event::Paste(text.chars().map(masked).collect());
    }
    match (letter(&event), event) {
        (Some(letter), Event::Key(key)) => {
            let code = KeyCode::Char(masked(letter));
            Event::Key(KeyEvent { code, ..key })
        }
        (_, event) => event,
    }
}

/// Settings with nothing of the config file and of earlier runs but how health judges.
fn without_config(settings: Settings) -> Box<Settings> {
    Box::new(Settings {
        config_file: String::new(),
        origins: Vec::new(),
        contexts: Vec::new(),
        incidents: Vec::new(),
        queries: KeptQueries::default(),
        schemas: Schemas::default(),
        rows: RowSettings::default(),
        view: settings.view.map(KeptView::without_names),
        open: None,
        ..settings
    })
}

fn read_without_config(read: ReadSettings) -> Box<ReadSettings> {
    Box::new(ReadSettings {
        contexts: Vec::new(),
        rows: RowSettings::default(),
        schemas: Schemas::default(),
        origins: Vec::new(),
        ..read
    })
}
