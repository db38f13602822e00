//! MessagePack as a tree of lines.
//! The bytes are parsed by rmpv, to a bounded depth.

use crate::model::counted;
use rmpv::ValueRef;
use rmpv::decode::read_value_ref_with_max_depth;

use super::lines::{Class, Writer};
use super::scalar::{Scalar, hex, quoted, truth};
use super::{MOST_BINARY, MOST_DEPTH, Reading};

impl Reading<'_> {
    /// Reads all of it as one MessagePack value, if it is one.
    pub(super) fn messagepack(&mut self) -> bool {
        let mut rest = self.bytes;
        if !self.whole || rest.len() > MOST_BINARY {
            return false;
        }
        match read_value_ref_with_max_depth(&mut rest, MOST_DEPTH) {
            Ok(value) if rest.is_empty() => write(&value, &mut self.writer),
            Ok(_) | Err(_) => return false,
        }
        true
    }
}

fn write(value: &ValueRef<'_>, writer: &mut Writer) {
    if writer.is_full() {
        return;
    }
    match value {
        ValueRef::Nil => writer.leaf(Scalar::Word("null")),
        ValueRef::Boolean(value) => writer.leaf(truth(*value)),
        ValueRef::Integer(number) => writer.number(*number),
        ValueRef::F32(number) => writer.number(*number),
        ValueRef::F64(number) => writer.number(*number),
        ValueRef::String(text) => match text.as_str() {
            Some(text) => writer.leaf(Scalar::Text(text)),
            None => writer.leaf(Scalar::Bytes(text.as_bytes())),
        },
        ValueRef::Binary(bytes) => writer.leaf(Scalar::Bytes(bytes)),
        ValueRef::Ext(kind, bytes) => {
            writer.scalar(Class::Number, &hex(bytes));
            writer.remark(&format!(
                "extension {kind}, {}",
                counted(bytes.len(), "byte")
            ));
        }
        ValueRef::Array(elements) => {
            writer.open("[");
            for element in elements {
                write(element, writer);
            }
            writer.close("]");
        }
        ValueRef::Map(members) => write_map(members, writer),
    }
}

fn write_map(members: &[(ValueRef<'_>, ValueRef<'_>)], writer: &mut Writer) {
    writer.open("{");
    for (key, value) in members {
        if writer.is_full() {
            break;
        }
        let text = if let ValueRef::String(text) = key {
            text.as_str()
        } else {
            None
        };
        writer.key(&text.map_or_else(|| key.to_string(), quoted));
        write(value, writer);
    }
    writer.close("}");
}
