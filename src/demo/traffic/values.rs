//! Invents messages: draws a value's fields and writes them in the formats that people use.
//! Small encoders by hand: the crates that read these formats belong to the dashboard, and a library user has none.

use std::collections::HashMap;

use bytes::Bytes;

use super::script::{FieldKind, StreamScript, ValueFormat};

/// A drawn value.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Text(String),
    Int(i64),
    Real(f64),
    Flag(bool),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

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
        let drawn = self
            .script
            .fields
            .iter()
            .map(|field| (field.name.as_str(), self.draw(&field.kind)));
        let fields: Vec<(&str, Value)> = drawn.collect();
        self.counted += 1;
        let key = self.script.key.as_deref();
        let key = fields
            .iter()
            .find(|(name, _)| Some(*name) == key)
            .map(|(_, value)| plain(value));
        let traced = fastrand::f64() < self.script.traced;
        let reply = fastrand::f64() < self.script.replies;
        GeneratedMessage {
            key: key.unwrap_or_default().into(),
            value: self.encode(&fields).into(),
            headers: if traced {
                self.headers()
            } else {
                HashMap::new()
            },
            reply: if reply {
                format!("_INBOX.{:016x}", fastrand::u64(..))
            } else {
                String::new()
            },
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
        let content_type = match self.script.format {
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
            (
                "content-type".to_owned(),
                Bytes::from_static(content_type.as_bytes()),
            ),
        ])
    }

    fn encode(&self, fields: &[(&str, Value)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.script.format {
            ValueFormat::Json => json(&nested(fields), &mut bytes),
            ValueFormat::MessagePack => message_pack(&nested(fields), &mut bytes),
            ValueFormat::Cbor => cbor(&nested(fields), &mut bytes),
            ValueFormat::Text => bytes = self.text(fields).into_bytes(),
            ValueFormat::Protobuf => protobuf(fields, &mut bytes),
            ValueFormat::Raw => raw(fields, &mut bytes),
        }
        bytes
    }

    fn text(&self, fields: &[(&str, Value)]) -> String {
        let mut text = self.script.text.clone().unwrap_or_default();
        for (name, value) in fields {
            text = text.replace(&format!("{{{name}}}"), &plain(value));
        }
        text
    }
}

/// A value as a key or inside a text.
fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::List(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Map(_) => String::new(),
    }
}

/// Fields whose names have dots, as maps within maps.
fn nested(fields: &[(&str, Value)]) -> Value {
    let mut map = Vec::new();
    for (name, value) in fields {
        insert(&mut map, name, value.clone());
    }
    Value::Map(map)
}

fn insert(map: &mut Vec<(String, Value)>, name: &str, value: Value) {
    let Some((outer, inner)) = name.split_once('.') else {
        map.push((name.to_owned(), value));
        return;
    };
    if !map.iter().any(|(name, _)| name == outer) {
        map.push((outer.to_owned(), Value::Map(Vec::new())));
    }
    for (name, found) in map.iter_mut() {
        if let Value::Map(found) = found
            && name == outer
        {
            insert(found, inner, value);
            return;
        }
    }
}

fn json(value: &Value, into: &mut Vec<u8>) {
    match value {
        Value::Text(text) => quoted(text, into),
        Value::Int(_) | Value::Real(_) | Value::Flag(_) => into.extend(plain(value).bytes()),
        Value::List(items) => {
            into.push(b'[');
            separated(items, into, json);
            into.push(b']');
        }
        Value::Map(fields) => {
            into.push(b'{');
            separated(fields, into, |(name, value), into| {
                quoted(name, into);
                into.push(b':');
                json(value, into);
            });
            into.push(b'}');
        }
    }
}

fn separated<T>(items: &[T], into: &mut Vec<u8>, mut write: impl FnMut(&T, &mut Vec<u8>)) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            into.push(b',');
        }
        write(item, into);
    }
}

/// The script's texts need no other escapes.
fn quoted(text: &str, into: &mut Vec<u8>) {
    into.push(b'"');
    into.extend(text.replace('\\', "\\\\").replace('"', "\\\"").bytes());
    into.push(b'"');
}

fn message_pack(value: &Value, into: &mut Vec<u8>) {
    match value {
        Value::Text(text) => {
            into.extend([0xd9, short(text.len())]);
            into.extend(text.bytes());
        }
        Value::Int(number) => {
            into.push(0xd3);
            into.extend(number.to_be_bytes());
        }
        Value::Real(number) => {
            into.push(0xcb);
            into.extend(number.to_be_bytes());
        }
        Value::Flag(flag) => into.push(if *flag { 0xc3 } else { 0xc2 }),
        Value::List(items) => {
            into.push(0x90 | short(items.len()));
            for item in items {
                message_pack(item, into);
            }
        }
        Value::Map(fields) => {
            into.push(0x80 | short(fields.len()));
            for (name, value) in fields {
                message_pack(&Value::Text(name.clone()), into);
                message_pack(value, into);
            }
        }
    }
}

fn cbor(value: &Value, into: &mut Vec<u8>) {
    match value {
        Value::Text(text) => {
            into.extend([0x78, short(text.len())]);
            into.extend(text.bytes());
        }
        Value::Int(number) => {
            let (major, size) = if *number < 0 {
                (0x3b, -1 - number)
            } else {
                (0x1b, *number)
            };
            into.push(major);
            into.extend(size.to_be_bytes());
        }
        Value::Real(number) => {
            into.push(0xfb);
            into.extend(number.to_be_bytes());
        }
        Value::Flag(flag) => into.push(if *flag { 0xf5 } else { 0xf4 }),
        Value::List(items) => {
            into.push(0x80 | short(items.len()));
            for item in items {
                cbor(item, into);
            }
        }
        Value::Map(fields) => {
            into.push(0xa0 | short(fields.len()));
            for (name, value) in fields {
                cbor(&Value::Text(name.clone()), into);
                cbor(value, into);
            }
        }
    }
}

/// The script's texts and lists are short.
fn short(len: usize) -> u8 {
    u8::try_from(len).unwrap_or(u8::MAX)
}

/// Tags count from 1; texts are strings, integers int64, reals double, flags bool.
fn protobuf(fields: &[(&str, Value)], into: &mut Vec<u8>) {
    use prost::encoding::{bool, double, int64, string};
    for (tag, (_, value)) in (1..).zip(fields) {
        match value {
            Value::Text(_) | Value::List(_) | Value::Map(_) => {
                string::encode(tag, &plain(value), into);
            }
            Value::Int(number) => int64::encode(tag, number, into),
            Value::Real(number) => double::encode(tag, number, into),
            Value::Flag(flag) => bool::encode(tag, flag, into),
        }
    }
}

/// What a device sends: numbers alone, big-endian.
fn raw(fields: &[(&str, Value)], into: &mut Vec<u8>) {
    for (_, value) in fields {
        match value {
            Value::Int(number) => into.extend(number.to_be_bytes()),
            Value::Real(number) => into.extend(number.to_be_bytes()),
            Value::Flag(flag) => into.push(u8::from(*flag)),
            Value::Text(_) | Value::List(_) | Value::Map(_) => into.extend(plain(value).bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Value, cbor, json, message_pack, nested, protobuf};

    fn fields() -> Vec<(&'static str, Value)> {
        vec![
            ("who.name", Value::Text("A\"".to_owned())),
            ("who.age", Value::Int(-3)),
            ("ok", Value::Flag(true)),
            ("list", Value::List(vec![Value::Real(1.5)])),
        ]
    }

    fn written(write: impl FnOnce(&Value, &mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&nested(&fields()), &mut bytes);
        bytes
    }

    #[test]
    fn names_with_dots_nest() {
        let text = String::from_utf8(written(json)).unwrap();
        assert_eq!(
            text,
            r#"{"who":{"name":"A\"","age":-3},"ok":true,"list":[1.5]}"#
        );
    }

    #[test]
    fn message_pack_and_cbor_are_what_their_formats_say() {
        let pack = written(message_pack);
        assert_eq!(pack[..6], [0x83, 0xd9, 3, b'w', b'h', b'o']);
        assert_eq!(pack[pack.len() - 10..][..2], [0x91, 0xcb]);
        let bytes = written(cbor);
        assert_eq!(bytes[..6], [0xa3, 0x78, 3, b'w', b'h', b'o']);
        assert!(
            bytes
                .windows(9)
                .any(|part| part == [0x3b, 0, 0, 0, 0, 0, 0, 0, 2])
        );
    }

    #[test]
    fn protobuf_tags_count_from_one() {
        let mut bytes = Vec::new();
        protobuf(&fields(), &mut bytes);
        assert_eq!(bytes[..4], [0x0a, 2, b'A', b'"']);
        assert_eq!(bytes[4], 0x10);
    }
}
