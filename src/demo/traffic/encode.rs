//! Drawn values in the formats that people use.

use std::fmt;

use serde::{Serialize, Serializer};

/// A drawn value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Int(i64),
    Real(f64),
    Flag(bool),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

/// As a key, or inside a text.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Int(number) => number.fmt(f),
            Self::Real(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::to_string).collect();
                f.write_str(&items.join(", "))
            }
            Self::Map(_) => Ok(()),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => to.serialize_str(text),
            Self::Int(number) => to.serialize_i64(*number),
            Self::Real(number) => to.serialize_f64(*number),
            Self::Flag(flag) => to.serialize_bool(*flag),
            Self::List(items) => to.collect_seq(items),
            Self::Map(fields) => to.collect_map(fields.iter().map(|(name, value)| (name, value))),
        }
    }
}

/// Fields whose names have dots, as maps within maps.
pub(super) fn nested(fields: &[(&str, Value)]) -> Value {
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
    let found = map.iter_mut().find(|(name, _)| name == outer);
    if let Some((_, Value::Map(found))) = found {
        return insert(found, inner, value);
    }
    let mut new = Vec::new();
    insert(&mut new, inner, value);
    map.push((outer.to_owned(), Value::Map(new)));
}

/// As compact JSON.
pub(super) fn json(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// As CBOR.
pub(super) fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Memory takes whatever is written to it.
    ciborium::into_writer(value, &mut bytes).ok();
    bytes
}

/// As `MessagePack`.
pub(super) fn message_pack(value: &Value) -> Vec<u8> {
    fn convert(value: &Value) -> rmpv::Value {
        match value {
            Value::Text(text) => text.as_str().into(),
            Value::Int(number) => (*number).into(),
            Value::Real(number) => (*number).into(),
            Value::Flag(flag) => (*flag).into(),
            Value::List(items) => items.iter().map(convert).collect(),
            Value::Map(fields) => {
                let fields = fields.iter();
                let fields = fields.map(|(name, value)| (name.as_str().into(), convert(value)));
                rmpv::Value::Map(fields.collect())
            }
        }
    }
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, &convert(value)).ok();
    bytes
}

/// Tags count from 1; texts are strings, integers int64, reals double, flags bool.
pub(super) fn protobuf(fields: &[(&str, Value)]) -> Vec<u8> {
    use prost::encoding::{bool, double, int64, string};
    let mut bytes = Vec::new();
    let into = &mut bytes;
    for (tag, (_, value)) in (1..).zip(fields) {
        match value {
            Value::Text(_) | Value::List(_) | Value::Map(_) => {
                string::encode(tag, &value.to_string(), into);
            }
            Value::Int(number) => int64::encode(tag, number, into),
            Value::Real(number) => double::encode(tag, number, into),
            Value::Flag(flag) => bool::encode(tag, flag, into),
        }
    }
    bytes
}

/// What a device sends: numbers alone, big-endian.
pub(super) fn raw(fields: &[(&str, Value)]) -> Vec<u8> {
    let encode = |(_, value): &(&str, Value)| match value {
        Value::Int(number) => number.to_be_bytes().to_vec(),
        Value::Real(number) => number.to_be_bytes().to_vec(),
        Value::Flag(flag) => vec![u8::from(*flag)],
        Value::Text(_) | Value::List(_) | Value::Map(_) => value.to_string().into_bytes(),
    };
    fields.iter().flat_map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Vec<(&'static str, Value)> {
        vec![
            ("who.name", Value::Text("A\"".to_owned())),
            ("who.age", Value::Int(-3)),
            ("ok", Value::Flag(true)),
            ("list", Value::List(vec![Value::Real(1.5)])),
        ]
    }

    const JSON: &str = r#"{"who":{"name":"A\"","age":-3},"ok":true,"list":[1.5]}"#;

    #[test]
    fn names_with_dots_nest() {
        let text = String::from_utf8(json(&nested(&fields()))).unwrap();
        assert_eq!(text, JSON);
    }

    #[test]
    fn message_pack_and_cbor_are_what_their_formats_say() {
        let bytes = message_pack(&nested(&fields()));
        let read = rmpv::decode::read_value(&mut bytes.as_slice()).unwrap();
        assert_eq!(read.to_string().replace(": ", ":").replace(", ", ","), JSON);
        let bytes = cbor(&nested(&fields()));
        let read: serde_json::Value = ciborium::from_reader(bytes.as_slice()).unwrap();
        assert_eq!(
            read,
            serde_json::from_str::<serde_json::Value>(JSON).unwrap()
        );
    }

    #[test]
    fn protobuf_tags_count_from_one() {
        let bytes = protobuf(&fields());
        assert_eq!(bytes[..4], [0x0a, 2, b'A', b'"']);
        assert_eq!(bytes[4], 0x10);
    }
}
