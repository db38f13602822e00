//! Protobuf by a schema: a descriptor file names the fields of a stream's messages.
//! Reading the file is the caller's; without a schema it is `fields`'s.

use std::fmt;

use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MapKey, MessageDescriptor, Value};
use serde::{Deserialize, Serialize};

use super::lines::Writer;
use super::scalar::{Scalar, quoted, truth};
use super::{MOST_BINARY, Reading};

/// One message type out of a descriptor file, as `protoc --descriptor_set_out` and `buf build` write it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "SchemaSource", try_from = "SchemaSource")]
pub struct Schema {
    message: MessageDescriptor,
}

/// What a schema is made from, as it is recorded.
#[derive(Serialize, Deserialize)]
struct SchemaSource {
    #[serde(with = "serde_bytes")]
    descriptor_set: Vec<u8>,
    message: String,
}

impl From<Schema> for SchemaSource {
    fn from(schema: Schema) -> Self {
        Self {
            descriptor_set: schema.message.parent_pool().encode_to_vec(),
            message: schema.name().to_owned(),
        }
    }
}

impl TryFrom<SchemaSource> for Schema {
    type Error = String;

    fn try_from(source: SchemaSource) -> Result<Self, String> {
        Self::new(&source.descriptor_set, &source.message)
    }
}

impl Schema {
    /// The message of that full name out of a `FileDescriptorSet`.
    ///
    /// # Errors
    /// One sentence: the bytes are no descriptor set, or do not have that message.
    pub fn new(descriptor_set: &[u8], message: &str) -> Result<Self, String> {
        let pool = DescriptorPool::decode(descriptor_set);
        let pool = pool.map_err(|error| format!("this is no descriptor file: {error}"))?;
        let found = pool.get_message_by_name(message);
        let message = found.ok_or_else(|| missing(&pool, message))?;
        Ok(Self { message })
    }

    /// The full name of the message.
    pub fn name(&self) -> &str {
        self.message.full_name()
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

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({})", self.name())
    }
}

impl Reading<'_> {
    /// Reads all of it as the schema's message, if there is a schema and it fits.
    pub(super) fn by_schema(&mut self) -> bool {
        let Some(schema) = self
            .schema
            .filter(|_| self.whole && self.bytes.len() <= MOST_BINARY)
        else {
            return false;
        };
        match DynamicMessage::decode(schema.message.clone(), self.bytes) {
            Ok(message) => {
                write_message(&message, &mut self.writer);
                true
            }
            Err(error) => {
                self.notes
                    .push(format!("this is no {}: {error}", schema.name()));
                self.schema = None;
                false
            }
        }
    }
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
