//! Bytes of a form that is not JSON as JSON text, for whoever looks into values by the names of fields.
//! The names and values are those of the lines that the inspector shows.

use super::lines::{Class, Lines};
use super::scalar::quoted;
use super::{DecodeOptions, Format, decode};
use crate::store::json::Tokens;

/// More would be lines of a value that is too large to be looked into.
const MOST_LINES: usize = 70_000;

/// What the bytes hold as JSON text: JSON that is compressed or behind a header, a binary form, or text that is compressed.
/// `None` where none of them reads all of it.
pub(in crate::store) fn json_text(bytes: &[u8], options: DecodeOptions<'_>) -> Option<String> {
    let options = DecodeOptions {
        lines: MOST_LINES,
        ..options
    };
    let decoded = decode(bytes, &options);
    let text = match decoded.form {
        Format::Auto | Format::Hex => return None,
        Format::Text => {
            let is_compressed = |layer: &&str| matches!(*layer, "gzip" | "zstd");
            decoded.layers.iter().any(is_compressed).then_some(())?;
            let lines = 0..decoded.lines.len();
            let lines: Vec<&str> = lines.map(|line| decoded.lines.text(line)).collect();
            quoted(&lines.join("\n"))
        }
        Format::Json
        | Format::MessagePack
        | Format::Cbor
        | Format::Protobuf
        | Format::Avro
        | Format::Envelope => written(&decoded.lines),
    };
    // What was cut off is no value.
    Tokens::are_whole(&text).then_some(text)
}

fn written(lines: &Lines) -> String {
    let mut text = String::new();
    let tokens = (0..lines.len()).flat_map(|line| lines.tokens(line));
    for (class, token) in tokens {
        let is_json = match class {
            Class::Comment => continue,
            Class::Punctuation => true,
            Class::Key | Class::String => is_one(token, '"'),
            Class::Number => {
                is_one(token, '-')
                    || token.starts_with(|c: char| c.is_ascii_digit()) && Tokens::are_whole(token)
            }
            Class::Literal => matches!(token, "true" | "false" | "null"),
            Class::Text => false,
        };
        if is_json {
            text.push_str(token);
        } else {
            text.push_str(&quoted(token));
        }
    }
    text
}

/// Whether it is a whole value of JSON that begins so.
fn is_one(token: &str, first: char) -> bool {
    token.starts_with(first) && Tokens::are_whole(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Option<String> {
        json_text(bytes, DecodeOptions::default())
    }

    #[test]
    fn binary_forms_have_the_names_and_values_that_the_inspector_shows() {
        for (bytes, expected) in [
            (
                &b"\x83\xa5state\xa4paid\xa6amount\xcd\x02\x58\xa2ms\x92\x01\xcb\x3f\xe0\0\0\0\0\0\0"[..],
                r#"{"state": "paid","amount": 600,"ms": [1,0.5]}"#,
            ),
            // Bytes, a key that is a number, nothing.
            (b"\x83\xa1b\xc4\x02\xbe\xef\x07\xc3\xa1n\xc0", r#"{"b": "0xbeef","7": true,"n": null}"#),
            (b"\xa2dpagee/cartbms\x82\x01\x02", r#"{"page": "/cart","ms": [1,2]}"#),
            (b"\0\0\0\0\x2a{\"id\":7}", r#"{"id": 7}"#),
        ] {
            assert_eq!(text(bytes).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_nothing_reads_to_its_end_is_nothing() {
        for bytes in [&b"\xf5\xc0\0\x01\x02\xff"[..], b"plain text", b""] {
            assert_eq!(text(bytes), None);
        }
    }
}
