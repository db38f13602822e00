//! Invents messages: draws the fields of their values, and writes them in the formats that people use.

use std::collections::HashMap;

use bytes::Bytes;

use super::encode::{Value, cbor, json, message_pack, nested, protobuf, raw};
use super::script::{FieldKind, StreamScript, ValueFormat};

/// A message that a producer is about to send.
#[derive(Debug)]
pub(super) struct GeneratedMessage {
    pub(super) key: Bytes,
    pub(super) value: Bytes,
    pub(super) headers: HashMap<String, Bytes>,
    pub(super) reply: String,
}

impl GeneratedMessage {
    /// Messages with a key go where its hash says, as clients do it (wire-contract §6.2); the others anywhere.
    pub(super) fn partition(&self, partitions: i32) -> i32 {
        let count = u32::try_from(partitions).unwrap_or(1).max(1);
        let chosen = if self.key.is_empty() {
            fastrand::u32(..)
        } else {
            crc32fast::hash(&self.key)
        };
        i32::try_from(chosen % count).unwrap_or_default()
    }
}

/// Invents one stream's messages, and remembers where its counters are.
#[derive(Debug)]
pub(super) struct MessageGenerator<'a> {
    script: &'a StreamScript,
    counted: i64,
}

impl<'a> MessageGenerator<'a> {
    /// Messages of that stream, counted from the beginning.
    pub(super) fn new(script: &'a StreamScript) -> Self {
        Self { script, counted: 0 }
    }

    /// The next message.
    pub(super) fn next(&mut self) -> GeneratedMessage {
        let fields = self.script.fields.iter();
        let fields: Vec<(&str, Value)> = fields
            .map(|field| (field.name.as_str(), self.draw(&field.kind)))
            .collect();
        self.counted += 1;
        let name = self.script.key.as_deref();
        let key = fields.iter().find(|(field, _)| Some(*field) == name);
        let key = key.map(|(_, value)| value.to_string());
        let traced = fastrand::f64() < self.script.traced;
        let replies = fastrand::f64() < self.script.replies;
        let reply = || format!("_INBOX.{:016x}", fastrand::u64(..));
        GeneratedMessage {
            key: key.unwrap_or_default().into(),
            value: self.encode(&fields).into(),
            headers: if traced {
                self.headers()
            } else {
                HashMap::new()
            },
            reply: replies.then(reply).unwrap_or_default(),
        }
    }

    fn draw(&self, kind: &FieldKind) -> Value {
        let one = |of: &Vec<String>| Value::Text(fastrand::choice(of).cloned().unwrap_or_default());
        match kind {
            FieldKind::Count(from) => Value::Int(from + self.counted),
            FieldKind::OneOf(texts) => one(texts),
            FieldKind::Int([low, high]) => Value::Int(fastrand::i64(low..=high)),
            FieldKind::Real([low, high]) => {
                let cents = (low + fastrand::f64() * (high - low)) * 100.0;
                Value::Real(cents.round() / 100.0)
            }
            FieldKind::Flag(share) => Value::Flag(fastrand::f64() < *share),
            FieldKind::List(texts) => {
                Value::List((0..fastrand::u8(1..=3)).map(|_| one(texts)).collect())
            }
        }
    }

    fn headers(&self) -> HashMap<String, Bytes> {
        let content_type: &'static str = match self.script.format {
            ValueFormat::Json => "application/json",
            ValueFormat::Text => "text/plain",
            ValueFormat::MessagePack => "application/msgpack",
            ValueFormat::Cbor => "application/cbor",
            ValueFormat::Protobuf => "application/protobuf",
            ValueFormat::Raw => "application/octet-stream",
        };
        let trace = format!("{:016x}", fastrand::u64(..));
        HashMap::from([
            ("trace-id".to_owned(), trace.into()),
            ("content-type".to_owned(), content_type.into()),
        ])
    }

    fn encode(&self, fields: &[(&str, Value)]) -> Vec<u8> {
        match self.script.format {
            ValueFormat::Json => json(&nested(fields)),
            ValueFormat::MessagePack => message_pack(&nested(fields)),
            ValueFormat::Cbor => cbor(&nested(fields)),
            ValueFormat::Text => self.text(fields).into_bytes(),
            ValueFormat::Protobuf => protobuf(fields),
            ValueFormat::Raw => raw(fields),
        }
    }

    fn text(&self, fields: &[(&str, Value)]) -> String {
        let template = self.script.text.clone().unwrap_or_default();
        let fields = fields.iter();
        fields.fold(template, |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), &value.to_string())
        })
    }
}
