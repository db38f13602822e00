//! Protobuf without a schema: field numbers and what their bytes can be.
//! With a schema it is `protobuf`'s.

use super::Reading;
use super::lines::Writer;
use super::scalar::Scalar;

/// Messages in messages deeper than this are shown as bytes.
const DEEPEST: usize = 32;
/// Field numbers end here, says the protobuf encoding.
const LAST_FIELD: u64 = (1 << 29) - 1;

/// The content of a field by its wire type.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Fixed32([u8; 4]),
    Bytes(&'a [u8]),
}

/// The fields of a message in the order of the wire; `None` where the bytes are not a message to their end.
pub(super) fn fields(bytes: &[u8]) -> Option<Vec<(u64, Content<'_>)>> {
    let mut rest = bytes;
    let mut fields = Vec::new();
    while !rest.is_empty() {
        fields.push(field(&mut rest)?);
    }
    Some(fields)
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Content<'a>)> {
    let tag = varint(rest)?;
    let number = tag >> 3;
    if number == 0 || number > LAST_FIELD {
        return None;
    }
    let content = match tag & 7 {
        0 => Content::Varint(varint(rest)?),
        1 => Content::Fixed64(fixed(rest)?),
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            let (bytes, after) = rest.split_at_checked(length)?;
            *rest = after;
            Content::Bytes(bytes)
        }
        5 => Content::Fixed32(fixed(rest)?),
        _ => return None,
    };
    Some((number, content))
}

pub(super) fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..10 {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f).checked_shl(7 * place)?;
        if *byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn fixed<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*bytes)
}

impl Reading<'_> {
    /// Reads all of it as the fields of one message, if it can be that.
    pub(super) fn raw_protobuf(&mut self) -> bool {
        let fields = if self.whole { fields(self.bytes) } else { None };
        let Some(fields) = fields.filter(|fields| !fields.is_empty()) else {
            return false;
        };
        write(&fields, &|number| number.to_string(), 0, &mut self.writer);
        true
    }
}

/// Writes fields under the names they are given.
pub(super) fn write(
    fields: &[(u64, Content<'_>)],
    name: &dyn Fn(u64) -> String,
    depth: usize,
    writer: &mut Writer,
) {
    writer.open("{");
    for (number, content) in fields {
        if writer.is_full() {
            break;
        }
        writer.key(&name(*number));
        write_content(content, depth, writer);
    }
    writer.close("}");
}

fn write_content(content: &Content<'_>, depth: usize, writer: &mut Writer) {
    match content {
        Content::Varint(value) => {
            writer.number(*value);
            if value.cast_signed() < 0 {
                writer.remark(&format!("or {}", value.cast_signed()));
            }
        }
        Content::Fixed64(bytes) => {
            writer.number(i64::from_le_bytes(*bytes));
            writer.remark(&format!("fixed64, or {}", f64::from_le_bytes(*bytes)));
        }
        Content::Fixed32(bytes) => {
            writer.number(i32::from_le_bytes(*bytes));
            writer.remark(&format!("fixed32, or {}", f32::from_le_bytes(*bytes)));
        }
        Content::Bytes(bytes) => write_bytes(bytes, depth, writer),
    }
}

/// Text where it reads like text, a message where it can be one, else bytes.
fn write_bytes(bytes: &[u8], depth: usize, writer: &mut Writer) {
    let text = std::str::from_utf8(bytes).ok();
    if let Some(text) = text.filter(|text| {
        !text
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\t')
    }) {
        return writer.leaf(Scalar::Text(text));
    }
    match fields(bytes) {
        Some(fields) if depth < DEEPEST => {
            write(&fields, &|number| number.to_string(), depth + 1, writer);
        }
        Some(_) | None => writer.leaf(Scalar::Bytes(bytes)),
    }
}
