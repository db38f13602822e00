//! `liftui envelope`: the envelope of messages and acks on NATS, made and looked into. Dials nobody.
//! What an envelope is, `client::envelope` knows.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::args::{EnvelopeEncodeArgs, EnvelopeTask, OutputArgs, OutputForm, read_hex};
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::json::time;
use super::output::{Column, TableSpec};
use crate::client::envelope::{self, Envelope, EnvelopeMessage};
use crate::model::{Ack, AckPolicy, ErrorKind};

/// How every envelope begins, in hex.
const MAGIC: &str = "b90e43b4";

static SHAPE: TableSpec = TableSpec {
    fields: &[
        "type",
        "key",
        "value",
        "headers",
        "expected_offset",
        "stream",
        "offset",
        "subject",
        "partition_subject",
        "reception",
        "commit",
        "error",
        "ack_inbox",
        "correlation_id",
        "ack_policy",
    ],
    raw: &["value"],
    columns: &[
        Column::text("TYPE", "type", 0),
        Column::text("KEY", "key", 0),
        Column::text("VALUE", "value", 0),
        Column::text("HEADERS", "headers", 0),
        Column::text("STREAM", "stream", 0),
        Column::number("OFFSET", "offset", 0),
        Column::text("ACK", "ack_policy", 0),
        Column::text("INBOX", "ack_inbox", 0),
        Column::text("CORRELATION", "correlation_id", 0),
        Column::text("ERROR", "error", 0),
    ],
};

/// Makes one, or looks into those on stdin.
pub(crate) fn perform(session: &mut CommandContext<'_>, task: &EnvelopeTask) -> Result {
    match task {
        EnvelopeTask::Encode(args) => encode(session, args),
        EnvelopeTask::Decode(output) => decode(session, *output),
    }
}

fn encode(session: &mut CommandContext<'_>, args: &EnvelopeEncodeArgs) -> Result {
    let value = if let Some(value) = args.value().map_err(CliError::usage)? {
        value
    } else if args.is_hex() {
        hex(&input(session)?).ok_or_else(|| wrong("this is not hex"))?
    } else {
        input(session)?
    };
    let message = args.message(value).map_err(CliError::usage)?;
    let bytes = envelope::encode(&message, args.crc);
    let out = &mut session.console.out;
    if args.binary {
        out.write_all(&bytes)?;
    } else {
        let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(out, "{}", digits.concat())?;
    }
    out.flush()?;
    Ok(Exit::DONE)
}

fn decode(session: &mut CommandContext<'_>, output: OutputArgs) -> Result {
    let input = input(session)?;
    let mut rows = Vec::new();
    let raw = session.form(output) == OutputForm::Raw;
    for bytes in envelopes(&input)? {
        let envelope = envelope::decode(&bytes).map_err(|error| wrong(&error.to_string()))?;
        match envelope {
            Envelope::Message(message) if raw => session.console.out.write_all(&message.value)?,
            Envelope::Ack(..) if raw => {}
            Envelope::Message(message) => rows.push(describe(&message)),
            Envelope::Ack(ack, error) => rows.push(describe_ack(&ack, error)),
        }
    }
    if raw {
        session.console.out.flush()?;
    } else {
        session.printer(&SHAPE, output).all(&rows)?;
    }
    Ok(Exit::DONE)
}

fn input(session: &mut CommandContext<'_>) -> Result<Bytes> {
    let mut input = Vec::new();
    session.console.input.read_to_end(&mut input)?;
    Ok(input.into())
}

/// The envelopes of the input: one, where it is bytes; of hex as many as there are lines that begin like one.
fn envelopes(input: &Bytes) -> Result<Vec<Bytes>> {
    let text = std::str::from_utf8(input).ok();
    let Some(text) = text.filter(|text| hex(text.as_bytes()).is_some()) else {
        return Ok(vec![input.clone()]);
    };
    let mut dumps: Vec<String> = Vec::new();
    for line in text.lines() {
        let digits: String = line.split_whitespace().collect::<String>().to_lowercase();
        match dumps.last_mut() {
            Some(dump) if !digits.starts_with(MAGIC) => dump.push_str(&digits),
            _ => dumps.push(digits),
        }
    }
    let read = dumps.iter().filter(|dump| !dump.is_empty());
    let read: Option<Vec<Bytes>> = read.map(|dump| hex(dump.as_bytes())).collect();
    match read {
        Some(read) if read.is_empty() => Err(wrong("there is no envelope on stdin")),
        Some(read) => Ok(read),
        None => Err(wrong("a line has an odd number of hex digits")),
    }
}

fn hex(text: &[u8]) -> Option<Bytes> {
    std::str::from_utf8(text).ok().and_then(read_hex)
}

fn wrong(why: &str) -> CliError {
    CliError::new(Exit::FAILED, why)
}

fn describe(message: &EnvelopeMessage) -> Value {
    let mut fields = Map::new();
    fields.insert("type".into(), json!("message"));
    put(&mut fields, "key", &message.key);
    put(&mut fields, "value", &message.value);
    let headers = message.headers.iter().map(|(name, value)| {
        let text = std::str::from_utf8(value).map(Value::from);
        let value = text.unwrap_or_else(|_| json!({"base64": STANDARD.encode(value)}));
        (name.clone(), value)
    });
    fields.insert("headers".into(), headers.collect::<Map<_, _>>().into());
    fields.insert("expected_offset".into(), json!(message.expected_offset));
    fields.insert("ack_inbox".into(), json!(message.ack_inbox));
    fields.insert("correlation_id".into(), json!(message.correlation_id));
    fields.insert("ack_policy".into(), json!(policy(message.ack_policy)));
    fields.into()
}

fn describe_ack(ack: &Ack, error: Option<ErrorKind>) -> Value {
    json!({
        "type": "ack",
        "stream": &*ack.stream,
        "offset": ack.offset,
        "subject": &*ack.message_subject,
        "partition_subject": &*ack.partition_subject,
        "reception": time(ack.received),
        "commit": time(ack.committed),
        "error": error.map(ack_error_name),
        "ack_inbox": ack.ack_inbox,
        "correlation_id": ack.correlation_id,
        "ack_policy": policy(ack.policy),
    })
}

/// Bytes as records have them (interface.md §2).
fn put(fields: &mut Map<String, Value>, name: &str, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => fields.insert(name.into(), json!(text)),
        Err(_) => fields.insert(format!("{name}_base64"), json!(STANDARD.encode(bytes))),
    };
}

fn policy(policy: AckPolicy) -> &'static str {
    match policy {
        AckPolicy::Leader => "leader",
        AckPolicy::All => "all",
        AckPolicy::None => "none",
    }
}

fn ack_error_name(error: ErrorKind) -> &'static str {
    let names = [
        (ErrorKind::IncorrectOffset, "incorrect_offset"),
        (ErrorKind::TooLarge, "too_large"),
        (ErrorKind::EncryptionFailed, "encryption"),
    ];
    let found = names.iter().find(|(kind, _)| *kind == error);
    found.map_or("unknown", |(_, name)| name)
}
