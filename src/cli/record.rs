//! The record of a message in JSON (interface.md §2), read back: what `tail -o ndjson` printed is published again.
//! Writing records is `store::export`'s.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::model::{Headers, PartitionId};

/// Headers that every broker puts on a message itself (wire-contract §3).
const INJECTED: [&str; 2] = ["subject", "reply"];

/// What of a record can be published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// The partition it was read from, if it says so.
    pub(crate) partition: Option<PartitionId>,
    /// The key.
    pub(crate) key: Bytes,
    /// The value.
    pub(crate) value: Bytes,
    /// The publisher's headers.
    pub(crate) headers: Headers,
}

impl Record {
    /// Reads one line.
    ///
    /// # Errors
    /// What is wrong with it, as half a sentence.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let object: Map<String, Value> =
            serde_json::from_str(line).map_err(|error| format!("is no JSON object: {error}"))?;
        let partition = match object.get("partition") {
            None | Some(Value::Null) => None,
            Some(number) => Some(read_partition(number)?),
        };
        Ok(Self {
            partition,
            key: field(&object, "key", "key_base64")?,
            value: field(&object, "value", "value_base64")?,
            headers: headers(object.get("headers"))?,
        })
    }
}

fn read_partition(number: &Value) -> Result<PartitionId, String> {
    let partition = number.as_i64().and_then(|number| number.try_into().ok());
    partition.ok_or_else(|| "has a partition that is no number".to_owned())
}

fn field(object: &Map<String, Value>, plain: &str, encoded: &str) -> Result<Bytes, String> {
    if let Some(Value::String(text)) = object.get(encoded) {
        return decode(text).ok_or_else(|| format!("has a {encoded} that is no base64"));
    }
    match object.get(plain) {
        None | Some(Value::Null) => Ok(Bytes::new()),
        Some(Value::String(text)) => Ok(Bytes::copy_from_slice(text.as_bytes())),
        Some(_) => Err(format!("has a {plain} that is no string")),
    }
}

fn headers(value: Option<&Value>) -> Result<Headers, String> {
    let Some(Value::Object(headers)) = value else {
        return Ok(Headers::new());
    };
    let kept = headers
        .iter()
        .filter(|(name, _)| !INJECTED.contains(&name.as_str()));
    kept.map(|(name, value)| {
        let plain = value
            .as_str()
            .map(|text| Bytes::copy_from_slice(text.as_bytes()));
        let bytes = plain.or_else(|| decode(value["base64"].as_str()?));
        let bytes = bytes.ok_or_else(|| format!("has a header {name} that cannot be read"))?;
        Ok((name.clone(), bytes))
    })
    .collect()
}

fn decode(text: &str) -> Option<Bytes> {
    STANDARD.decode(text).ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_with_its_bytes_and_without_what_brokers_add() {
        let line = r#"{"partition":2,"key_base64":"/w==","value":"v",
            "headers":{"subject":"s","reply":"","a":"1","b":{"base64":"AP8="}}}"#;
        let record = Record::parse(line).expect("a record");
        assert_eq!(record.partition, Some(2));
        assert_eq!(record.key.as_ref(), [255]);
        assert_eq!(record.value.as_ref(), b"v");
        let expected = vec![
            ("a".to_owned(), Bytes::from("1")),
            ("b".to_owned(), Bytes::from(vec![0, 255])),
        ];
        assert_eq!(record.headers, expected);
    }

    #[test]
    fn what_is_no_record_says_why() {
        for line in [
            "",
            "[]",
            "{\"value\":1}",
            "{\"value_base64\":\"%\"}",
            "{\"partition\":\"a\"}",
        ] {
            assert!(Record::parse(line).is_err(), "{line}");
        }
    }
}
