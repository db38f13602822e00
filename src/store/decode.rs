//! Bytes of a message as lines to read: what they are is guessed or given. Never fails, never panics, bounded work.
//! Where a value stands in a message is the caller's; a descriptor file is read by whoever may read files.

mod avro;
mod cbor;
mod decompress;
mod envelope;
mod hex;
mod json;
mod json_text;
mod lines;
mod messagepack;
mod protobuf;
mod raw_protobuf;
mod registry;
mod scalar;
mod schema;
mod summary;
mod text;

use std::fmt;

pub(super) use json_text::json_text;
use lines::Writer;
pub use lines::{Class, Lines};
pub(super) use registry::has_registry_header;
pub use schema::Schema;
pub use summary::summary;
pub(super) use text::{is_plain, other_text};

/// Binary forms are parsed as a whole before they are drawn: more would take more memory than it is worth.
const MOST_BINARY: usize = 1 << 20;
/// How deep binary forms may nest.
const MOST_DEPTH: usize = 128;

/// A way to read bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Whatever fits best.
    #[default]
    Auto,
    /// JSON, one member or element a line.
    Json,
    /// Text: UTF-8, UTF-16 or Latin-1.
    Text,
    /// MessagePack.
    MessagePack,
    /// CBOR.
    Cbor,
    /// Protobuf: by a schema where there is one, else by what the bytes say of themselves.
    Protobuf,
    /// Avro, by a schema.
    Avro,
    /// A NATS envelope of Liftbridge that nobody opened (wire-contract §3).
    Envelope,
    /// Offsets, bytes, characters.
    Hex,
}

impl Format {
    /// All of them, in the order in which a key goes through them.
    pub const ALL: [Self; 9] = [
        Self::Auto,
        Self::Json,
        Self::Text,
        Self::MessagePack,
        Self::Cbor,
        Self::Protobuf,
        Self::Avro,
        Self::Envelope,
        Self::Hex,
    ];

    /// The name on screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Json => "json",
            Self::Text => "text",
            Self::MessagePack => "messagepack",
            Self::Cbor => "cbor",
            Self::Protobuf => "protobuf",
            Self::Avro => "avro",
            Self::Envelope => "envelope",
            Self::Hex => "hex",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// How to read, and how far to go.
#[derive(Clone, Copy, Debug)]
pub struct DecodeOptions<'a> {
    /// The form asked for.
    pub form: Format,
    /// The type of the value, where that is known of its stream.
    pub schema: Option<&'a Schema>,
    /// Bytes looked at, after opening what is compressed.
    pub bytes: usize,
    /// Lines made.
    pub lines: usize,
    /// Bytes on a line of hexadecimal digits.
    pub hex_row: usize,
}

impl Default for DecodeOptions<'_> {
    /// Whatever fits, up to 4 MiB and 50,000 lines: some 20 ms of work at most.
    fn default() -> Self {
        Self {
            form: Format::Auto,
            schema: None,
            bytes: 4 << 20,
            lines: 50_000,
            hex_row: 16,
        }
    }
}

/// Bytes as lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// How they were read in the end; never [`Format::Auto`].
    pub form: Format,
    /// What was decompressed first, outermost first: `gzip`, `zstd`; and the encoding of text that is not UTF-8.
    pub layers: Vec<&'static str>,
    /// How many bytes there were after opening.
    pub size: usize,
    /// What is left out or could not be read, a sentence each.
    pub notes: Vec<String>,
    /// The content.
    pub lines: Lines,
}

/// Reads bytes in the form asked for. Where they are not of that form, a note says so, and the best other one is taken.
pub fn decode(bytes: &[u8], options: &DecodeOptions<'_>) -> Decoded {
    let decompressed = decompress::decompress(bytes, options.bytes);
    let mut reading = Reading {
        bytes: &decompressed.bytes,
        whole: decompressed.whole,
        schema: options.schema,
        hex_row: options.hex_row.max(1),
        writer: Writer::new(options.lines),
        layers: decompressed.layers,
        notes: decompressed.notes,
    };
    let form = reading.read(options.form);
    if reading.writer.is_full() {
        let note = format!("only the first {} lines are shown", options.lines);
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
    schema: Option<&'a Schema>,
    hex_row: usize,
    writer: Writer,
    layers: Vec<&'static str>,
    notes: Vec<String>,
}

impl Reading<'_> {
    /// Reads as that form and returns which one it became.
    fn read(&mut self, form: Format) -> Format {
        if form == Format::Auto {
            return self.guess();
        }
        if self.reads_as(form) {
            return form;
        }
        self.notes.push(format!("this is not {form}"));
        self.guess()
    }

    fn reads_as(&mut self, form: Format) -> bool {
        match form {
            Format::Auto => false,
            Format::Json => self.json(),
            Format::Text => self.any_text(),
            Format::MessagePack => self.messagepack(),
            Format::Cbor => self.cbor(),
            Format::Protobuf => {
                self.behind_registry_header(form).is_some()
                    || self.by_schema_of(form)
                    || self.raw_protobuf()
            }
            Format::Avro => {
                self.behind_registry_header(form) == Some(form) || self.by_schema_of(form)
            }
            Format::Envelope => self.envelope(),
            Format::Hex => self.hex(),
        }
    }

    /// What is surest comes first: a schema that was given, a mark at the start, a grammar that all of it obeys.
    fn guess(&mut self) -> Format {
        if let Some(form) = self.behind_registry_header(Format::Auto) {
            return form;
        }
        if let Some(form) = self.by_schema() {
            return form;
        }
        if self.envelope() {
            return Format::Envelope;
        }
        if self.looks_like_json() && self.json() {
            return Format::Json;
        }
        if self.utf8_text() {
            return Format::Text;
        }
        let binary = [Format::MessagePack, Format::Cbor, Format::Protobuf];
        if let Some(form) = binary.into_iter().find(|form| self.reads_surely_as(*form)) {
            return form;
        }
        if self.other_text() {
            return Format::Text;
        }
        self.hex();
        Format::Hex
    }

    /// Reads as a binary form where the bytes are that to their end and begin with something that has parts: single
    /// bytes and short counters are of every form.
    fn reads_surely_as(&mut self, form: Format) -> bool {
        let has_parts = match (form, self.bytes.first()) {
            (Format::MessagePack, Some(first)) => {
                matches!(first, 0x81..=0x8f | 0x91..=0x9f | 0xdc..=0xdf)
            }
            (Format::Cbor, Some(first)) => matches!(first, 0x81..=0x9f | 0xa1..=0xbf | 0xc0..=0xdb),
            _ => self.bytes.len() > 3,
        };
        has_parts && self.reads_as(form)
    }
}
