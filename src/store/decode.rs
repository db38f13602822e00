//! Bytes of a message as lines to read: what they are is guessed or given. Never fails, never panics, bounded work.
//! Where a value stands in a message is the caller's; a descriptor file is read by whoever may read files.

mod hex;
mod json;
mod lines;
mod open;
mod text;

use std::fmt;

use lines::Writer;
pub use lines::{Class, Lines};

/// A way to read bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// Whatever fits best.
    #[default]
    Auto,
    /// JSON, one member or element a line.
    Json,
    /// Text: UTF-8, UTF-16 or Latin-1.
    Text,
    /// Offsets, bytes, characters.
    Hex,
}

impl Form {
    /// All of them, in the order in which a key goes through them.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Json, Self::Text, Self::Hex];

    /// Its name on screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Json => "json",
            Self::Text => "text",
            Self::Hex => "hex",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// How far to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes looked at, after opening what is compressed.
    pub bytes: usize,
    /// Lines made.
    pub lines: usize,
}

impl Default for Limits {
    /// 4 MiB and 50,000 lines: some 20 ms of work at most.
    fn default() -> Self {
        Self {
            bytes: 4 << 20,
            lines: 50_000,
        }
    }
}

/// Bytes as lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// How they were read in the end; never [`Form::Auto`].
    pub form: Form,
    /// What was opened first, outermost first: `gzip`, `zstd`; and the encoding of text that is not UTF-8.
    pub layers: Vec<&'static str>,
    /// How many bytes there were after opening.
    pub size: usize,
    /// What is left out or could not be read, a sentence each.
    pub notes: Vec<String>,
    /// The content.
    pub lines: Lines,
}

/// Reads bytes in the form asked for. Where they are not of that form, a note says why, and the best other one is taken.
pub fn decode(bytes: &[u8], form: Form, limits: Limits) -> Decoded {
    let opened = open::open(bytes, limits.bytes);
    let mut reading = Reading {
        bytes: &opened.bytes,
        whole: opened.whole,
        writer: Writer::new(limits.lines),
        layers: opened.layers,
        notes: opened.notes,
    };
    let form = reading.read(form);
    if reading.writer.is_full() {
        let note = format!("only the first {} lines are shown", limits.lines);
        reading.notes.push(note);
    }
    Decoded {
        form,
        layers: reading.layers,
        size: reading.bytes.len(),
        notes: reading.notes,
        lines: reading.writer.finish(),
    }
}

/// Bytes on their way to lines.
struct Reading<'a> {
    bytes: &'a [u8],
    /// Whether these are all: a cut end makes nothing malformed.
    whole: bool,
    writer: Writer,
    layers: Vec<&'static str>,
    notes: Vec<String>,
}

impl Reading<'_> {
    /// Reads as that form and returns which one it became.
    fn read(&mut self, form: Form) -> Form {
        let read = match form {
            Form::Auto => false,
            Form::Json => self.json(),
            Form::Text => self.any_text(),
            Form::Hex => self.hex(),
        };
        if read {
            return form;
        }
        if form != Form::Auto {
            self.notes.push(format!("this is not {form}"));
        }
        self.guess()
    }

    fn guess(&mut self) -> Form {
        if self.looks_like_json() && self.json() {
            return Form::Json;
        }
        if self.readable_text() {
            return Form::Text;
        }
        self.hex();
        Form::Hex
    }
}
