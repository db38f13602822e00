//! Protobuf by a schema: a descriptor file names the fields of a stream's messages.
//! Reading the file is the caller's; without a schema it is `fields`'s.

use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MapKey, MessageDescriptor, Value};

use super::MOST_BINARY;
use super::lines::Writer;
use super::scalar::{Scalar, quoted, truth};

/// One message type out of a descriptor file.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ProtobufMessage(MessageDescriptor);

impl ProtobufMessage {
    /// The message of that full name out of a `FileDescriptorSet`.
    pub(super) fn new(descriptor_set: &[u8], message: &str) -> Result<Self, String> {
        let pool = DescriptorPool::decode(descriptor_set);
        let pool = pool.map_err(|error| format!("this is no descriptor file: {error}"))?;
        let found = pool.get_message_by_name(message);
        found.map(Self).ok_or_else(|| missing(&pool, message))
    }

    /// The full name of the message.
    pub(super) fn name(&self) -> &str {
        self.0.full_name()
    }

    /// The descriptor file that it is out of.
    pub(super) fn descriptor_set(&self) -> Vec<u8> {
        self.0.parent_pool().encode_to_vec()
    }

    /// Writes these bytes as the message, where they are that.
    pub(super) fn write(&self, bytes: &[u8], writer: &mut Writer) -> Result<(), String> {
        if bytes.len() > MOST_BINARY {
            return Err(format!("it has more than {MOST_BINARY} bytes"));
        }
        let message = DynamicMessage::decode(self.0.clone(), bytes);
        write_message(&message.map_err(|error| error.to_string())?, writer);
        Ok(())
    }
}

fn missing(pool: &DescriptorPool, message: &str) -> String {
    let names: Vec<String> = pool
        .all_messages()
        .take(5)
        .map(|known| known.full_name().to_owned())
        .collect();
    format!(
        "the descriptor file has no message \"{message}\"; it has {}",
        names.join(", ")
    )
}

fn write_message(message: &DynamicMessage, writer: &mut Writer) {
    writer.open("{");
    for (field, value) in message.fields() {
        if writer.is_full() {
            break;
        }
        writer.key(field.name());
        write_value(value, &field.kind(), writer);
    }
    for field in message.unknown_fields() {
        writer.key(&field.number().to_string());
        writer.leaf(Scalar::Word("unknown"));
    }
    writer.close("}");
}

fn write_value(value: &Value, kind: &Kind, writer: &mut Writer) {
    match value {
        Value::Bool(value) => writer.leaf(truth(*value)),
        Value::I32(number) => writer.number(*number),
        Value::I64(number) => writer.number(*number),
        Value::U32(number) => writer.number(*number),
        Value::U64(number) => writer.number(*number),
        Value::F32(number) => writer.number(*number),
        Value::F64(number) => writer.number(*number),
        Value::String(text) => writer.leaf(Scalar::Text(text)),
        Value::Bytes(bytes) => writer.leaf(Scalar::Bytes(bytes)),
        Value::EnumNumber(number) => write_enum(*number, kind, writer),
        Value::Message(message) => write_message(message, writer),
        Value::List(elements) => {
            writer.open("[");
            for element in elements {
                if writer.is_full() {
                    break;
                }
                write_value(element, kind, writer);
            }
            writer.close("]");
        }
        Value::Map(members) => write_map(members, kind, writer),
    }
}

fn write_enum(number: i32, kind: &Kind, writer: &mut Writer) {
    writer.number(number);
    let name = kind.as_enum().and_then(|names| names.get_value(number));
    if let Some(name) = name {
        writer.remark(name.name());
    }
}

/// Members in the order of their keys: the wire has none.
fn write_map(members: &std::collections::HashMap<MapKey, Value>, kind: &Kind, writer: &mut Writer) {
    let entry = kind
        .as_message()
        .map(MessageDescriptor::map_entry_value_field);
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    writer.open("{");
    for (key, value) in sorted {
        if writer.is_full() {
            break;
        }
        writer.key(&key_text(key));
        match &entry {
            Some(field) => write_value(value, &field.kind(), writer),
            None => write_value(value, kind, writer),
        }
    }
    writer.close("}");
}

fn key_text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => quoted(key),
    }
}
