//! What is known of the values of a stream: a protobuf message or an Avro type, out of a file.
//! Reading the file is the caller's.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::avro::AvroSchema;
use super::protobuf::ProtobufMessage;
use super::{Format, Reading};

/// The type of the values of a stream.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "SchemaSource", try_from = "SchemaSource")]
pub struct Schema(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Protobuf(ProtobufMessage),
    Avro(Arc<AvroSchema>),
}

/// What a schema is made from, as it is recorded.
#[derive(Serialize, Deserialize)]
enum SchemaSource {
    Protobuf {
        #[serde(with = "serde_bytes")]
        descriptor_set: Vec<u8>,
        message: String,
    },
    Avro(String),
}

impl From<Schema> for SchemaSource {
    fn from(schema: Schema) -> Self {
        match schema.0 {
            Kind::Protobuf(message) => Self::Protobuf {
                descriptor_set: message.descriptor_set(),
                message: message.name().to_owned(),
            },
            Kind::Avro(schema) => Self::Avro(schema.source.clone()),
        }
    }
}

impl TryFrom<SchemaSource> for Schema {
    type Error = String;

    fn try_from(source: SchemaSource) -> Result<Self, String> {
        match source {
            SchemaSource::Protobuf {
                descriptor_set,
                message,
            } => Self::new(&descriptor_set, &message),
            SchemaSource::Avro(schema) => Self::avro(&schema),
        }
    }
}

impl Schema {
    /// The protobuf message of that full name out of a `FileDescriptorSet`, as `protoc --descriptor_set_out` and `buf
    /// build` write it.
    ///
    /// # Errors
    /// One sentence: the bytes are no descriptor set, or do not have that message.
    pub fn new(descriptor_set: &[u8], message: &str) -> Result<Self, String> {
        let message = ProtobufMessage::new(descriptor_set, message)?;
        Ok(Self(Kind::Protobuf(message)))
    }

    /// The Avro type that this JSON is, as it stands in an `.avsc` file.
    ///
    /// # Errors
    /// One sentence: what is wrong with it.
    pub fn avro(schema: &str) -> Result<Self, String> {
        Ok(Self(Kind::Avro(Arc::new(AvroSchema::parse(schema)?))))
    }

    /// The full name of the type.
    pub fn name(&self) -> &str {
        match &self.0 {
            Kind::Protobuf(message) => message.name(),
            Kind::Avro(schema) => &schema.name,
        }
    }

    /// What values of it are.
    pub(super) fn form(&self) -> Format {
        match self.0 {
            Kind::Protobuf(_) => Format::Protobuf,
            Kind::Avro(_) => Format::Avro,
        }
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({})", self.name())
    }
}

impl Reading<'_> {
    /// Reads all of it as a value of the schema, if there is one and it fits; returns what it is then.
    pub(super) fn by_schema(&mut self) -> Option<Format> {
        let schema = self.schema.filter(|_| self.whole)?;
        let read = match &schema.0 {
            Kind::Protobuf(message) => message.write(self.bytes, &mut self.writer).map(|()| None),
            Kind::Avro(schema) => schema.write(self.bytes, &mut self.writer),
        };
        match read {
            Ok(note) => {
                self.notes.extend(note);
                Some(schema.form())
            }
            Err(why) => {
                let note = format!("this is no {}: {why}", schema.name());
                self.notes.push(note);
                self.schema = None;
                None
            }
        }
    }

    /// [`Reading::by_schema`] where the schema is one of that form.
    pub(super) fn by_schema_of(&mut self, form: Format) -> bool {
        let is_it = self.schema.is_some_and(|schema| schema.form() == form);
        is_it && self.by_schema().is_some()
    }
}
