//! CBOR as a tree of lines.
//! The bytes are parsed by ciborium, to a bounded depth.

use ciborium::Value;
use ciborium::de::from_reader_with_recursion_limit;

use super::lines::Writer;
use super::scalar::{Scalar, quoted, truth};
use super::{MOST_BINARY, MOST_DEPTH, Reading};

impl Reading<'_> {
    /// Reads all of it as one CBOR value, if it is one.
    pub(super) fn cbor(&mut self) -> bool {
        let mut rest = self.bytes;
        if !self.whole || rest.len() > MOST_BINARY {
            return false;
        }
        match from_reader_with_recursion_limit::<Value, _>(&mut rest, MOST_DEPTH) {
            Ok(value) if rest.is_empty() => write(&value, &mut self.writer),
            Ok(_) | Err(_) => return false,
        }
        true
    }
}

fn write(value: &Value, writer: &mut Writer) {
    if writer.is_full() {
        return;
    }
    match value {
        Value::Bool(value) => writer.leaf(truth(*value)),
        Value::Integer(number) => writer.number(i128::from(*number)),
        Value::Float(number) => writer.number(number),
        Value::Text(text) => writer.leaf(Scalar::Text(text)),
        Value::Bytes(bytes) => writer.leaf(Scalar::Bytes(bytes)),
        Value::Array(elements) => {
            writer.open("[");
            for element in elements {
                write(element, writer);
            }
            writer.close("]");
        }
        Value::Map(members) => write_map(members, writer),
        Value::Tag(tag, value) => {
            writer.open("{");
            writer.key(&format!("tag {tag}"));
            write(value, writer);
            writer.close("}");
        }
        Value::Null | _ => writer.leaf(Scalar::Word("null")),
    }
}

fn write_map(members: &[(Value, Value)], writer: &mut Writer) {
    writer.open("{");
    for (key, value) in members {
        if writer.is_full() {
            break;
        }
        writer.key(&key_text(key));
        write(value, writer);
    }
    writer.close("}");
}

fn key_text(key: &Value) -> String {
    match (key.as_text(), key.as_integer()) {
        (Some(text), _) => quoted(text),
        (None, Some(number)) => i128::from(number).to_string(),
        (None, None) => format!("{key:?}"),
    }
}
