//! A message as one JSON object a line, and back (interface.md §2): what `tail -o ndjson`, exports and `publish --ndjson` share.
//! Other forms of export are `export`'s.

use std::borrow::Cow;
use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::message::MessageRef;
use super::row_cells::select_json;
use super::row_template::RowField;
use crate::model::{Headers, Offset, PartitionId, StreamName, Timestamp};

/// Writes the record of a message, line end included. Bytes that are not UTF-8 are written in base 64.
///
/// # Errors
/// The errors of the writer.
pub fn write_record(message: &MessageRef<'_>, out: &mut impl Write) -> io::Result<()> {
    write_fields(message, out)?;
    out.write_all(b"}\n")
}

/// Writes the record of a message in a story of several streams, with the milliseconds between the message before it and
/// this one: `"gap_ms":2.953`, `null` for the first.
///
/// # Errors
/// The errors of the writer.
pub fn write_record_after(
    message: &MessageRef<'_>,
    before: Option<Timestamp>,
    out: &mut impl Write,
) -> io::Result<()> {
    write_fields(message, out)?;
    let gap = before.map(|before| before.age(message.timestamp()).as_micros());
    match gap {
        None => out.write_all(b",\"gap_ms\":null}\n"),
        Some(gap) => writeln!(out, ",\"gap_ms\":{}.{:03}}}", gap / 1000, gap % 1000),
    }
}

/// Writes the record with fields that are shown as columns: `"columns":{"customer.name":"Zoë","amount":12.5,"size":80}`. What
/// stands in the value is called after its path in there. A field that the message has not is left out.
///
/// # Errors
/// The errors of the writer.
pub(super) fn write_record_with(
    message: &MessageRef<'_>,
    columns: &[RowField],
    out: &mut impl Write,
) -> io::Result<()> {
    write_fields(message, out)?;
    if !columns.is_empty() {
        write_columns(message, columns, out)?;
    }
    out.write_all(b"}\n")
}

/// What all records hold, the brace at the end left out.
fn write_fields(message: &MessageRef<'_>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"{\"stream\":")?;
    write_text(message.stream(), out)?;
    let (partition, offset) = (message.partition(), message.offset());
    let time = message.timestamp().to_rfc3339();
    write!(
        out,
        ",\"partition\":{partition},\"offset\":{offset},\"timestamp\":\"{time}\","
    )?;
    write_bytes("key", message.key(), out)?;
    out.write_all(b",")?;
    write_bytes("value", message.value(), out)?;
    out.write_all(b",\"headers\":")?;
    write_headers(message, out)?;
    out.write_all(b",\"subject\":")?;
    write_text(message.subject(), out)?;
    out.write_all(b",\"reply_subject\":")?;
    write_text(message.reply_subject(), out)
}

fn write_columns(
    message: &MessageRef<'_>,
    columns: &[RowField],
    out: &mut impl Write,
) -> io::Result<()> {
    out.write_all(b",\"columns\":{")?;
    let found = columns
        .iter()
        .filter_map(|field| Some((field, json_of(message, field)?)));
    for (number, (field, json)) in found.enumerate() {
        if number > 0 {
            out.write_all(b",")?;
        }
        let name = match field.path() {
            Some(path) => path.to_string(),
            None => field.to_string(),
        };
        write_text(&name, out)?;
        out.write_all(b":")?;
        if serde_json::from_str::<serde::de::IgnoredAny>(&json).is_ok() {
            // A line end in JSON stands between its tokens, and a record is one line.
            let line = json.replace(['\n', '\r'], " ");
            out.write_all(line.as_bytes())?;
        } else {
            write_text(&json, out)?;
        }
    }
    out.write_all(b"}")
}

/// A field that records do not hold by itself, as JSON; `None` where the message has not got it.
pub(super) fn json_of<'a>(message: &MessageRef<'a>, field: &RowField) -> Option<Cow<'a, str>> {
    match field {
        RowField::ValueAt(path) => select_json(message.value(), path),
        RowField::Header(name) => {
            let text = message.header(name).map(header_text)?;
            serde_json::to_string(&*text).ok().map(Cow::Owned)
        }
        RowField::Size => Some(Cow::Owned(message.size().to_string())),
        RowField::Stream
        | RowField::Partition
        | RowField::Offset
        | RowField::Time
        | RowField::Key
        | RowField::Value
        | RowField::Subject => None,
    }
}

/// Writes the headers of a message as a JSON object, those that the broker put there included: in their order, each as
/// often as it came. Beside a name that is not UTF-8 stands what it is, in base 64.
///
/// # Errors
/// The errors of the writer.
pub(super) fn write_headers(message: &MessageRef<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut before = "{";
    let mut headers = message.headers();
    while let Some((name, value)) = headers.next_bytes() {
        out.write_all(before.as_bytes())?;
        write_text(&String::from_utf8_lossy(name), out)?;
        match (text_or_base64(name), text_or_base64(value)) {
            (Ok(_), Ok(text)) => {
                out.write_all(b":")?;
                write_text(text, out)?;
            }
            (Ok(_), Err(base64)) => write!(out, ":{{\"base64\":\"{base64}\"}}")?,
            (Err(name), _) => {
                let base64 = STANDARD.encode(value);
                write!(
                    out,
                    ":{{\"name_base64\":\"{name}\",\"base64\":\"{base64}\"}}"
                )?;
            }
        }
        before = ",";
    }
    out.write_all(if before == "{" { b"{}" } else { b"}" })
}

fn write_bytes(name: &str, bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    match text_or_base64(bytes) {
        Ok(text) => {
            write!(out, "\"{name}\":")?;
            write_text(text, out)
        }
        Err(base64) => write!(out, "\"{name}_base64\":\"{base64}\""),
    }
}

/// The text that the bytes are.
///
/// # Errors
/// Bytes that are not UTF-8, in base 64.
pub fn text_or_base64(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_no_text| STANDARD.encode(bytes))
}

/// A header's value for eyes: text as it is, else its bytes in base 64, as records have them.
pub fn header_text(value: &[u8]) -> Cow<'_, str> {
    match text_or_base64(value) {
        Ok(text) => Cow::Borrowed(text),
        Err(base64) => Cow::Owned(format!("base64:{base64}")),
    }
}

fn write_text(text: &str, out: &mut impl Write) -> io::Result<()> {
    Ok(serde_json::to_writer(out, text)?)
}

/// What a line says of a message to be published. What it leaves out is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The stream it was of.
    pub stream: Option<StreamName>,
    /// The partition it was of.
    pub partition: Option<PartitionId>,
    /// The offset it had.
    pub offset: Option<Offset>,
    /// The key.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
    /// The headers that its publisher gave it: `subject` and `reply` are left out, a broker puts its own there.
    pub headers: Headers,
}

impl Record {
    /// Reads a line. A key or value that is no string is taken as the JSON it is; fields unknown here are passed over.
    ///
    /// # Errors
    /// One sentence that says what is wrong with the line.
    pub fn parse(line: &str) -> Result<Self, String> {
        let parsed: Value =
            serde_json::from_str(line).map_err(|error| format!("this is not JSON: {error}"))?;
        let Value::Object(fields) = parsed else {
            return Err("a record is a JSON object, and this is none".into());
        };
        if !fields.contains_key("value") && !fields.contains_key("value_base64") {
            return Err(
                "a record has a \"value\" or a \"value_base64\", and this has neither".into(),
            );
        }
        Ok(Self {
            stream: fields
                .get("stream")
                .and_then(Value::as_str)
                .map(StreamName::from),
            partition: whole_number(&fields, "partition")?,
            offset: whole_number(&fields, "offset")?,
            key: read_bytes(&fields, "key")?,
            value: read_bytes(&fields, "value")?,
            headers: read_headers(&fields)?,
        })
    }
}

fn whole_number<N: TryFrom<i64>>(
    fields: &Map<String, Value>,
    name: &str,
) -> Result<Option<N>, String> {
    let Some(value) = fields.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let number = value.as_i64().and_then(|number| N::try_from(number).ok());
    number
        .map(Some)
        .ok_or_else(|| format!("\"{name}\" is not a whole number: {value}"))
}

fn read_bytes(fields: &Map<String, Value>, name: &str) -> Result<Bytes, String> {
    let encoded = fields
        .get(&format!("{name}_base64"))
        .and_then(Value::as_str);
    let plain = fields.get(name).filter(|value| !value.is_null());
    if encoded.is_some() && plain.is_some() {
        return Err(format!(
            "a record has a \"{name}\" or a \"{name}_base64\", and this has both"
        ));
    }
    match (encoded, plain) {
        (Some(encoded), _) => decoded(encoded, &format!("\"{name}_base64\"")),
        (None, None) => Ok(Bytes::new()),
        (None, Some(value)) => Ok(text_of(value)),
    }
}

fn read_headers(fields: &Map<String, Value>) -> Result<Headers, String> {
    let headers = fields
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let given = headers.filter(|(name, _)| !matches!(name.as_str(), "subject" | "reply"));
    let read = given.map(|(name, value)| {
        if value.get("name_base64").is_some() {
            return Err(format!(
                "the name of header {name:?} is not UTF-8, and no server takes such a message"
            ));
        }
        let encoded = value.get("base64").and_then(Value::as_str);
        let value = encoded.map_or_else(
            || Ok(text_of(value)),
            |encoded| decoded(encoded, &format!("the base64 of header {name:?}")),
        );
        Ok((name.clone(), value?))
    });
    read.collect()
}

fn text_of(value: &Value) -> Bytes {
    match value.as_str() {
        Some(text) => Bytes::copy_from_slice(text.as_bytes()),
        None => value.to_string().into(),
    }
}

fn decoded(encoded: &str, what: &str) -> Result<Bytes, String> {
    use base64::DecodeError as E;
    let decoded = STANDARD.decode(encoded);
    decoded.map(Bytes::from).map_err(|error| {
        let why = match error {
            E::InvalidByte(at, _) | E::InvalidLastSymbol(at, _) => {
                format!("its character {} cannot stand there", at.saturating_add(1))
            }
            E::InvalidLength(_) | E::InvalidPadding => {
                "its length or its padding is wrong".to_owned()
            }
        };
        format!("{what} is not base 64: {why}")
    })
}
