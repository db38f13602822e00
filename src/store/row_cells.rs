//! What stands in the fields of a row for one message: text that is safe to show, and how it is to be aligned.
//! Which fields there are is `row_template`'s; times are left to whoever knows the zone.

use std::borrow::Cow;

use super::decode::{Class, DecodeOptions, Decoded, Lines, decode, has_registry_header, summary};
use super::json_path::{JsonPath, unquoted};
use super::message::MessageRef;
use super::record::header_text;
use super::row_template::{RowField, RowTemplate};
use super::value_reading::ValueReading;
use crate::model::sanitise;

/// Values above this are not searched for a field: that would take longer than a frame.
pub(super) const MAX_VALUE: usize = 64 * 1024;
/// Lines of a binary value that are searched for a field.
const MAX_LINES: usize = 1_000;
/// Bytes at the beginning of a value by which text is recognised.
const SAMPLE: usize = 256;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CellKind {
    /// Text.
    Text,
    /// A number as it was written: no digit is lost.
    Number,
    /// Bytes that nothing reads, as hexadecimal digits.
    Bytes,
    /// The message has no such field.
    Missing,
}

/// A field of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowCell {
    /// One line, safe to show; empty where the field is missing, and for times.
    pub text: String,
    /// What it is.
    pub kind: CellKind,
}

impl RowCell {
    fn new(text: &str, kind: CellKind) -> Self {
        let text = sanitise::line(text).into_owned();
        Self { text, kind }
    }

    fn missing() -> Self {
        Self::new("", CellKind::Missing)
    }

    /// Text that may be a number: amounts are often written as strings.
    fn scalar(text: &str, most: usize) -> Self {
        let kind = if is_number(text) {
            CellKind::Number
        } else {
            CellKind::Text
        };
        Self::new(&sanitise::both_ends(text.as_bytes(), most), kind)
    }
}

/// Reads the cells of messages.
#[derive(Clone, Copy, Debug)]
pub struct CellReader<'a> {
    /// How values are read.
    pub value: ValueReading<'a>,
    /// Characters of a value at most, and of each end of what is cut in its middle.
    pub most: usize,
}

impl CellReader<'_> {
    /// The cells of a message in the order of the template's fields.
    pub fn cells(self, template: &RowTemplate, message: &MessageRef<'_>) -> Vec<RowCell> {
        let mut value = ValueFields {
            reader: self,
            bytes: self.value.bytes(message.value()),
            decoded: None,
        };
        let fields = template.fields();
        let cells = fields.map(|field| self.cell(field, message, &mut value));
        cells.collect()
    }

    fn cell(
        self,
        field: &RowField,
        message: &MessageRef<'_>,
        value: &mut ValueFields<'_>,
    ) -> RowCell {
        match field {
            RowField::Stream => RowCell::new(message.stream(), CellKind::Text),
            RowField::Partition => RowCell::new(&message.partition().to_string(), CellKind::Number),
            RowField::Offset => RowCell::new(&message.offset().to_string(), CellKind::Number),
            RowField::Size => RowCell::new(&message.size().to_string(), CellKind::Number),
            RowField::Subject => RowCell::new(message.subject(), CellKind::Text),
            RowField::Time => RowCell::new("", CellKind::Text),
            RowField::Key if message.key().is_empty() => RowCell::missing(),
            RowField::Key => RowCell::new(
                &sanitise::both_ends(message.key(), self.most),
                CellKind::Text,
            ),
            RowField::Header(name) => {
                let text = message.header(name).map(header_text);
                text.map_or_else(RowCell::missing, |text| RowCell::scalar(&text, self.most))
            }
            RowField::Value => self.whole_value(value.bytes),
            RowField::ValueAt(path) => value.at(path),
        }
    }

    /// The beginning of a value: text as text, line ends and what surrounds them as one space; what a binary form holds;
    /// else bytes.
    fn whole_value(self, value: &[u8]) -> RowCell {
        if value.is_empty() {
            return RowCell::missing();
        }
        let is_text = self.value.decoded.is_some() || is_text(value);
        // Where the type is known, what looks like text need not be any.
        if (self.value.schema.is_some() || !is_text)
            && let Some(line) = summary(value, self.value.schema)
        {
            return RowCell::new(beginning(&line, self.most), CellKind::Text);
        }
        if !is_text {
            let bytes = value.iter().take(self.most / 3 + 1);
            let hex: Vec<String> = bytes.map(|byte| format!("{byte:02x}")).collect();
            return RowCell::new(&hex.join(" "), CellKind::Bytes);
        }
        // A character takes four bytes at most, so this much holds all that can be seen.
        let shown = value.get(..self.most * 4).unwrap_or(value);
        let text = String::from_utf8_lossy(shown);
        let mut words = text.split('\n').map(str::trim);
        let first = words.next().unwrap_or_default().to_owned();
        let line = words.fold(first, |line, word| line + " " + word);
        RowCell::new(beginning(&line, self.most), CellKind::Text)
    }
}

fn beginning(text: &str, characters: usize) -> &str {
    let end = text.char_indices().nth(characters);
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

/// The fields of one value. JSON is read where it lies; another form is decoded once for all of them.
struct ValueFields<'a> {
    reader: CellReader<'a>,
    bytes: &'a [u8],
    decoded: Option<Decoded>,
}

impl ValueFields<'_> {
    fn at(&mut self, path: &JsonPath) -> RowCell {
        if self.bytes.len() > MAX_VALUE {
            return RowCell::missing();
        }
        let most = self.reader.most;
        let reading = self.reader.value;
        let is_text = reading.decoded.is_some() || is_text(self.bytes);
        let is_json = reading.schema.is_none() && is_text;
        if is_json {
            let found = path.select(self.bytes);
            return found.map_or_else(RowCell::missing, |text| RowCell::scalar(&text, most));
        }
        let reader = self.reader;
        let decoded = self.decoded.get_or_insert_with(|| {
            let options = DecodeOptions {
                schema: reader.value.schema,
                bytes: MAX_VALUE,
                lines: MAX_LINES,
                ..DecodeOptions::default()
            };
            decode(self.bytes, &options)
        });
        let found = node(&decoded.lines, &path.to_string());
        found.map_or_else(RowCell::missing, |text| {
            RowCell::scalar(&unquoted(&text), most)
        })
    }
}

/// What stands at a path of a value, as it is written where it is JSON, and as the inspector shows it where it is another form
/// that tells its own fields.
pub(super) fn select_json<'a>(value: &'a [u8], path: &JsonPath) -> Option<Cow<'a, str>> {
    if is_text(value) {
        return path.select_json(value).map(Cow::Borrowed);
    }
    let options = DecodeOptions {
        bytes: MAX_VALUE,
        lines: MAX_LINES,
        ..DecodeOptions::default()
    };
    node(&decode(value, &options).lines, &path.to_string()).map(Cow::Owned)
}

/// What stands at a path, as the inspector shows it, on one line.
fn node(lines: &Lines, path: &str) -> Option<String> {
    let mut all = 0..lines.len();
    let line = all.find(|line| lines.path(*line).is_some_and(|own| own == path))?;
    let inner = lines.fold(line).map(|(inner, _)| inner);
    let end = inner.map_or(line + 1, |inner| inner.end);
    let text = (line..end).map(|at| {
        let skipped = if at == line && lines.is_member(at) {
            2
        } else {
            0
        };
        let tokens = lines.tokens(at).skip(skipped);
        let tokens = tokens.filter(|(class, _)| *class != Class::Comment);
        tokens.map(|(_, text)| text).collect::<String>()
    });
    let text = text.collect::<Vec<_>>().join(" ");
    Some(text.trim_end_matches(',').to_owned())
}

/// Whether it is a decimal number as people write them; not one with an exponent, which has no place for its point.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole) && are_digits(fraction)
}

/// Whether it begins as text does: UTF-8 up to where the sample cuts it, hardly a control character in it.
pub(super) fn is_text(value: &[u8]) -> bool {
    if has_registry_header(value) {
        return false;
    }
    let sample = value.get(..SAMPLE).unwrap_or(value);
    if sample.is_ascii() {
        // Nearly all text is, and bytes are counted far faster than characters.
        let is_odd = |byte: &&u8| byte.is_ascii_control() && !matches!(byte, b'\t'..=b'\r');
        return sample.iter().filter(is_odd).count() * 8 < sample.len().max(1);
    }
    let text = match std::str::from_utf8(sample) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && sample.len() < value.len() => {
            std::str::from_utf8(sample.get(..error.valid_up_to()).unwrap_or_default())
                .unwrap_or_default()
        }
        Err(_) => return false,
    };
    let odd = text
        .chars()
        .filter(|c| c.is_control() && !c.is_whitespace())
        .count();
    odd * 8 < text.chars().count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_field_ends_as_it_does() {
        let words: Vec<String> = (0..150).map(|number| format!("w{number:03}")).collect();
        let whole = words.join(" ");
        let cell = RowCell::scalar(&whole, 256);
        assert!(cell.text.starts_with("w000 w001"), "{}", cell.text);
        assert!(cell.text.ends_with("w148 w149"), "{}", cell.text);
        assert_eq!(RowCell::scalar(&whole, 400).text, whole);
    }

    #[test]
    fn text_is_told_from_bytes_even_where_the_sample_cuts_a_character() {
        assert!(is_text("plain".as_bytes()));
        assert!(is_text("é".repeat(SAMPLE).as_bytes()));
        assert!(is_text(format!("a{}", "é".repeat(SAMPLE)).as_bytes()));
        assert!(is_text(b"\x1b[31mred text with one escape"));
        assert!(!is_text(&[0x1f, 0x8b, 8, 0, 0]));
        assert!(!is_text(&[0, 1, 2, 3]));
        assert!(!is_text(b"ends wrong\xc3"));
    }

    #[test]
    fn numbers_are_those_that_have_a_decimal_point_to_line_up() {
        for text in ["0", "-1", "12.50", "100205", "-0.001"] {
            assert!(is_number(text), "{text}");
        }
        for text in ["", "-", "1e9", "1.", ".5", "0x1f", "12 EUR", "c-1", "1.2.3"] {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn fields_of_a_binary_value_are_found_by_the_path_that_the_inspector_gives() {
        let cbor = b"\xa2dpagee/cartbms\x82\x01\x02";
        let reader = CellReader {
            value: ValueReading::default(),
            most: 100,
        };
        let mut value = ValueFields {
            reader,
            bytes: cbor,
            decoded: None,
        };
        for (path, text, kind) in [
            ("page", "/cart", CellKind::Text),
            ("ms[1]", "2", CellKind::Number),
            ("ms", "[ 1, 2 ]", CellKind::Text),
            ("nothing", "", CellKind::Missing),
        ] {
            let path: JsonPath = path.parse().unwrap();
            let cell = value.at(&path);
            assert_eq!((&*cell.text, cell.kind), (text, kind), "{path}");
            let written = select_json(cbor, &path);
            assert_eq!(written.is_some(), kind != CellKind::Missing, "{path}");
        }
    }
}
