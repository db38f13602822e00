//! The header that serializers of a schema registry put before a value: a zero, and the number of a schema in four bytes, big end
//! first; of protobuf then the path to the message in its file. What follows is Avro, protobuf or JSON: the registry knows.

use super::raw_protobuf::varint;
use super::{Format, Reading};

/// Schemas are numbered from 1 up: a larger number is something else that begins with a zero, as UTF-16 does.
const MOST_SCHEMAS: u32 = 10_000_000;
/// Messages on the way to one that is nested.
const MOST_NESTED: u64 = 32;

/// A value with the header of a registry.
struct RegistryValue<'a> {
    schema: u32,
    rest: &'a [u8],
}

impl<'a> RegistryValue<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = bytes.split_first_chunk::<5>()?;
        let [0, number @ ..] = *header else {
            return None;
        };
        let schema = u32::from_be_bytes(number);
        let is_one = (1..=MOST_SCHEMAS).contains(&schema) && !rest.is_empty();
        is_one.then_some(Self { schema, rest })
    }
}

/// Whether it begins as the values of a registry do.
pub(in crate::store) fn has_registry_header(bytes: &[u8]) -> bool {
    RegistryValue::of(bytes).is_some()
}

impl Reading<'_> {
    /// Reads what follows the header of a registry, by the schema that was given or, where any form will do, as JSON. Where it is
    /// neither, nothing is read, and a note tells of the header.
    pub(super) fn behind_registry_header(&mut self, form: Format) -> Option<Format> {
        let value = RegistryValue::of(self.bytes)?;
        let (whole, number) = (self.bytes, value.schema);
        self.bytes = value.rest;
        // Nearly every short value of Avro is a number of JSON, too.
        let is_json = form == Format::Auto && self.looks_like_json() && self.json();
        let mut found = is_json.then_some(Format::Json);
        if let Some(schema) = self.schema.filter(|_| found.is_none()) {
            if schema.form() == Format::Protobuf {
                self.bytes = after_message_path(value.rest).unwrap_or(value.rest);
            }
            found = self.by_schema();
        }
        self.notes.push(if found.is_some() {
            format!("5 bytes before the value name schema {number} of a registry")
        } else {
            self.bytes = whole;
            format!(
                "it begins as values of a schema registry do, with schema {number}: Avro or protobuf whose schema is not here"
            )
        });
        found
    }
}

/// What follows the path to a message: how many steps, and the steps, as zigzag varints; a lone zero is the first message.
fn after_message_path(mut bytes: &[u8]) -> Option<&[u8]> {
    let steps = varint(&mut bytes)? >> 1;
    if steps > MOST_NESTED {
        return None;
    }
    for _ in 0..steps {
        varint(&mut bytes)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::decode::{DecodeOptions, decode};

    fn with_header(schema: u32, rest: &[u8]) -> Vec<u8> {
        [&[0], &schema.to_be_bytes()[..], rest].concat()
    }

    #[test]
    fn json_behind_the_header_is_read_and_avro_is_told() {
        let json = decode(&with_header(42, b"{\"id\":7}"), &DecodeOptions::default());
        assert_eq!(json.form, Format::Json);
        assert_eq!(
            json.notes,
            ["5 bytes before the value name schema 42 of a registry"]
        );
        let avro = decode(
            &with_header(7, b"\x02\x06abc\xff"),
            &DecodeOptions::default(),
        );
        assert_eq!(avro.form, Format::Hex);
        assert!(
            avro.notes[0].contains("with schema 7: Avro"),
            "{:?}",
            avro.notes
        );
        assert_eq!(avro.size, 11, "the header is shown too");
        // The number 24 of Avro is the byte of the digit 0.
        let digit = decode(&with_header(7, b"0"), &DecodeOptions::default());
        assert_ne!(digit.form, Format::Json);
    }

    #[test]
    fn what_only_begins_with_a_zero_has_no_header() {
        let utf16: Vec<u8> = "Hi there"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        for bytes in [
            &utf16[..],
            &[0; 9],
            &[0, 0, 0, 0, 1],
            &[0, 0x7f, 0, 0, 1, 2],
        ] {
            let decoded = decode(bytes, &DecodeOptions::default());
            assert!(
                decoded.notes.iter().all(|note| !note.contains("registry")),
                "{decoded:?}"
            );
        }
    }

    #[test]
    fn fields_of_json_behind_the_header_are_found() {
        assert!(has_registry_header(&with_header(42, b"{}")));
        let value = with_header(42, b"{\"id\":7,\"customer\":{\"name\":\"Ada Lovelace\"}}");
        let path = "customer.name".parse().unwrap();
        let found = crate::store::row_cells::select_json(&value, &path);
        assert_eq!(found.as_deref(), Some("\"Ada Lovelace\""));
    }

    #[test]
    fn the_path_to_a_message_is_skipped() {
        assert_eq!(after_message_path(b"\x00rest"), Some(&b"rest"[..]));
        assert_eq!(
            after_message_path(b"\x04\x02\x84\x01rest"),
            Some(&b"rest"[..])
        );
        assert_eq!(after_message_path(b"\xff\xff\xff\x7f"), None);
        assert_eq!(after_message_path(b"\x04\x02"), None);
        assert_eq!(after_message_path(b""), None);
    }
}
