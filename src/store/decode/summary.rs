//! A binary value in one line, for a row of a tail: what the inspector would show, brackets closed up, remarks left out.
//! Text needs none of this and goes to the screen as it is; what nothing reads stays bytes.

use super::lines::{Class, Lines};
use super::{DecodeOptions, Format, Schema, decode};

/// More is not looked at: a row shows a few hundred characters at most.
const BYTES: usize = 4 << 10;
/// As many lines as may lie within one row.
const LINES: usize = 64;

/// The content of bytes that are not text as one line. `None` where no form but text or hex fits them.
pub fn summary(bytes: &[u8], schema: Option<&Schema>) -> Option<String> {
    let options = DecodeOptions {
        form: Format::Auto,
        schema,
        bytes: BYTES,
        lines: LINES,
        ..DecodeOptions::default()
    };
    let decoded = decode(bytes, &options);
    let readable = match decoded.form {
        Format::Auto | Format::Hex => false,
        Format::Text => !decoded.layers.is_empty(),
        Format::Json
        | Format::MessagePack
        | Format::Cbor
        | Format::Protobuf
        | Format::Avro
        | Format::Envelope => true,
    };
    readable.then(|| joined(&decoded.lines))
}

fn joined(lines: &Lines) -> String {
    let mut line = String::new();
    for at in 0..lines.len() {
        let before = line.len();
        let words = lines
            .tokens(at)
            .filter(|(class, _)| *class != Class::Comment);
        let text: String = words.map(|(_, text)| text).collect();
        let opened = line.ends_with(['{', '[', '(']);
        let closes = text.starts_with(['}', ']', ')']);
        if before > 0 && !opened && !closes {
            line.push(' ');
        }
        line.push_str(text.trim());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn a_binary_map_reads_like_json_in_one_line() {
        let cbor = b"\xa2dpagee/cartbms\xd9\x01\x02";
        assert_eq!(
            summary(cbor, None),
            None,
            "what is cut off is not that form"
        );
        let cbor = b"\xa2dpagee/cartbms\x82\x01\x02";
        let line = summary(cbor, None);
        assert_eq!(line.as_deref(), Some(r#"{"page": "/cart", "ms": [1, 2]}"#));
    }

    #[test]
    fn what_no_form_reads_has_no_summary() {
        assert_eq!(summary(&[0xf5, 0xc0, 0, 1, 2, 0xff], None), None);
    }
}
