//! Which fields messages have: the names that can stand in a row, for whoever types one.
//! Reads the messages that it is given, no others.

use std::collections::BTreeSet;

use super::decode::{DecodeOptions, decode};
use super::json_path::step_of_key;
use super::message::MessageRef;
use super::row_template::RowField;
use super::value_reading::ValueReading;

/// Names at most: more cannot be looked through.
const MOST_FIELDS: usize = 200;
/// Bytes of a value that are read.
const MOST_BYTES: usize = 16 * 1024;
/// Lines of a value that are read.
const MOST_LINES: usize = 500;

/// The fields of these messages, as a row names them: those of the values in the order of the values, headers, and what every
/// message has. `reading_of` says how the value of a message is read.
pub fn known_fields<'a>(
    messages: &[MessageRef<'a>],
    reading_of: impl Fn(&MessageRef<'a>) -> ValueReading<'a>,
) -> Vec<String> {
    let mut fields = FieldNames::default();
    for message in messages {
        fields.add_value(message.value(), reading_of(message));
    }
    for message in messages {
        for (name, _) in message.publisher_headers() {
            fields.add(format!("header{}", step_of_key(name)));
        }
    }
    RowField::plain_names().for_each(|name| fields.add(name.to_owned()));
    fields.names
}

#[derive(Default)]
struct FieldNames {
    names: Vec<String>,
    seen: BTreeSet<String>,
}

impl FieldNames {
    fn add(&mut self, name: String) {
        if self.names.len() < MOST_FIELDS && self.seen.insert(name.clone()) {
            self.names.push(name);
        }
    }

    fn add_value<'a>(&mut self, value: &'a [u8], reading: ValueReading<'a>) {
        let options = DecodeOptions {
            schema: reading.schema,
            bytes: MOST_BYTES,
            lines: MOST_LINES,
            ..DecodeOptions::default()
        };
        let lines = decode(reading.bytes(value), &options).lines;
        for line in 0..lines.len() {
            // What closes a node has its path too, and is no field of its own.
            let path = lines.path(line).filter(|path| !path.is_empty());
            let Some(path) = path else { continue };
            let dot = if path.starts_with('[') { "" } else { "." };
            self.add(format!("value{dot}{path}"));
        }
    }
}
