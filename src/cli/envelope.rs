//! `liftui envelope`: the envelope of messages and acks on NATS, made and looked into. Dials nobody.
//! What an envelope is, `client::envelope` knows.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::args::{EnvelopeEncodeArgs, EnvelopeTask, OutputArgs, OutputForm};
use super::cell_format::plain;
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::hex;
use super::json::JsonTime;
use super::output::{Column, FieldNames, OutputRow, output_row};
use super::private_file;
use crate::client::envelope::{self, Envelope, EnvelopeMessage};
use crate::model::{Ack, AckPolicy, ErrorKind, Offset, StreamName};
use crate::store::text_or_base64;
use crate::wire::envelope::MAGIC;

/// A key as records have it (interface.md §2).
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum KeyField {
    Key(String),
    KeyBase64(String),
}

/// A value as records have it.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum ValueField {
    Value(String),
    ValueBase64(String),
}

/// What only an envelope with a message holds.
#[derive(Serialize)]
struct MessageFields {
    #[serde(flatten)]
    key: KeyField,
    #[serde(flatten)]
    value: ValueField,
    headers: Map<String, Value>,
    expected_offset: Offset,
}

output_row! {
    /// What only an envelope with an ack holds.
    struct AckFields {
        stream: StreamName,
        offset: Offset,
        subject: Arc<str>,
        partition_subject: Arc<str>,
        reception: JsonTime,
        commit: JsonTime,
        error: Option<&'static str>,
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum EnvelopeContent {
    Message(MessageFields),
    Ack(AckFields),
}

output_row! {
    /// What both kinds hold.
    struct CommonFields {
        ack_inbox: String,
        correlation_id: String,
        ack_policy: &'static str,
    }
}

/// An envelope.
#[derive(Serialize)]
struct EnvelopeRow {
    #[serde(flatten)]
    content: EnvelopeContent,
    #[serde(flatten)]
    common: CommonFields,
}

impl EnvelopeRow {
    fn of_message(message: EnvelopeMessage) -> Self {
        let headers = message.headers.into_iter().map(|(name, value)| {
            let text = text_or_base64(&value).map(Value::from);
            (
                name,
                text.unwrap_or_else(|base64| json!({"base64": base64})),
            )
        });
        let content = MessageFields {
            key: text_or_base64(&message.key)
                .map_or_else(KeyField::KeyBase64, |text| KeyField::Key(text.to_owned())),
            value: text_or_base64(&message.value).map_or_else(ValueField::ValueBase64, |text| {
                ValueField::Value(text.to_owned())
            }),
            headers: headers.collect(),
            expected_offset: message.expected_offset,
        };
        Self {
            content: EnvelopeContent::Message(content),
            common: CommonFields {
                ack_inbox: message.ack_inbox,
                correlation_id: message.correlation_id,
                ack_policy: policy(message.ack_policy),
            },
        }
    }

    fn of_ack(ack: Ack, error: Option<ErrorKind>) -> Self {
        let content = AckFields {
            stream: ack.stream,
            offset: ack.offset,
            subject: ack.message_subject,
            partition_subject: ack.partition_subject,
            reception: JsonTime(ack.received),
            commit: JsonTime(ack.committed),
            error: error.map(ack_error_name),
        };
        Self {
            content: EnvelopeContent::Ack(content),
            common: CommonFields {
                ack_inbox: ack.ack_inbox,
                correlation_id: ack.correlation_id,
                ack_policy: policy(ack.policy),
            },
        }
    }

    fn message(&self) -> Option<&MessageFields> {
        match &self.content {
            EnvelopeContent::Message(message) => Some(message),
            EnvelopeContent::Ack(_) => None,
        }
    }

    fn ack(&self) -> Option<&AckFields> {
        match &self.content {
            EnvelopeContent::Message(_) => None,
            EnvelopeContent::Ack(ack) => Some(ack),
        }
    }

    fn key(&self) -> Option<&str> {
        match &self.message()?.key {
            KeyField::Key(text) => Some(text),
            KeyField::KeyBase64(_) => None,
        }
    }

    fn value(&self) -> Option<&str> {
        match &self.message()?.value {
            ValueField::Value(text) => Some(text),
            ValueField::ValueBase64(_) => None,
        }
    }
}

impl FieldNames for EnvelopeRow {
    fn field_names() -> Vec<&'static str> {
        let of_message = vec!["type", "key", "value", "headers", "expected_offset"];
        let (of_ack, common) = (AckFields::field_names(), CommonFields::field_names());
        [of_message, of_ack, common].concat()
    }
}

impl OutputRow for EnvelopeRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::text("TYPE", |row| {
            row.ack().map_or("message", |_| "ack").to_owned()
        }),
        Column::text("KEY", |row| plain(row.key())),
        Column::text("VALUE", |row| plain(row.value())),
        Column::text("HEADERS", |row| {
            plain(row.message().map(|message| json!(message.headers)))
        }),
        Column::name("STREAM", |row| plain(row.ack().map(|ack| &ack.stream))),
        Column::number("OFFSET", |row| plain(row.ack().map(|ack| ack.offset))),
        Column::text("ACK", |row| row.common.ack_policy.to_owned()),
        Column::text("INBOX", |row| row.common.ack_inbox.clone()),
        Column::text("CORRELATION", |row| row.common.correlation_id.clone()),
        Column::text("ERROR", |row| plain(row.ack().and_then(|ack| ack.error))),
    ];

    fn raw(&self) -> String {
        plain(self.value())
    }
}

/// Makes one, or looks into those on stdin.
pub(crate) fn perform(context: &mut CommandContext<'_>, task: &EnvelopeTask) -> Result {
    match task {
        EnvelopeTask::Encode(args) => encode(context, args),
        EnvelopeTask::Decode(output) => decode(context, *output),
    }
}

fn encode(context: &mut CommandContext<'_>, args: &EnvelopeEncodeArgs) -> Result {
    let value = if let Some(value) = args.value().map_err(CliError::usage)? {
        value
    } else if args.is_hex() {
        hex::decode(&input(context)?).ok_or_else(|| wrong("this is not hex"))?
    } else {
        input(context)?
    };
    let message = args.message(value).map_err(CliError::usage)?;
    let bytes = envelope::encode(&message, args.crc);
    let out = &mut context.console.out;
    if args.binary {
        out.write_all(&bytes)?;
    } else {
        writeln!(out, "{}", hex::encode(&bytes))?;
    }
    out.flush()?;
    Ok(Exit::DONE)
}

fn decode(context: &mut CommandContext<'_>, output: OutputArgs) -> Result {
    let input = input(context)?;
    let mut rows = Vec::new();
    let raw = context.form(output) == OutputForm::Raw;
    for bytes in envelopes(&input)? {
        let envelope = envelope::decode(&bytes).map_err(|error| wrong(&error.to_string()))?;
        match envelope {
            Envelope::Message(message) if raw => context.console.out.write_all(&message.value)?,
            Envelope::Ack(..) if raw => {}
            Envelope::Message(message) => rows.push(EnvelopeRow::of_message(message)),
            Envelope::Ack(ack, error) => rows.push(EnvelopeRow::of_ack(*ack, error)),
        }
    }
    if raw {
        context.console.out.flush()?;
    } else {
        context.printer(output).print_all(&rows)?;
    }
    Ok(Exit::DONE)
}

/// Bytes of input at most: some envelopes of the largest size, in hex.
const MOST_BYTES: u64 = 64 << 20;

fn input(context: &mut CommandContext<'_>) -> Result<Bytes> {
    let read = private_file::read_within(&mut context.console.input, MOST_BYTES);
    let read = read.map_err(|error| wrong(&format!("stdin cannot be read: {error}")));
    Ok(read?.into())
}

/// The envelopes of the input: one, where it is bytes; of hex as many as there are lines that begin like one.
fn envelopes(input: &Bytes) -> Result<Vec<Bytes>> {
    let text = std::str::from_utf8(input).ok();
    let Some(text) = text.filter(|text| hex::decode(text.as_bytes()).is_some()) else {
        return Ok(vec![input.clone()]);
    };
    let magic = hex::encode(&MAGIC);
    let mut dumps: Vec<String> = Vec::new();
    for line in text.lines() {
        let digits: String = line.split_whitespace().collect::<String>().to_lowercase();
        match dumps.last_mut() {
            Some(dump) if !digits.starts_with(&magic) => dump.push_str(&digits),
            _ => dumps.push(digits),
        }
    }
    let read = dumps.iter().filter(|dump| !dump.is_empty());
    let read: Option<Vec<Bytes>> = read.map(|dump| hex::decode(dump.as_bytes())).collect();
    match read {
        Some(read) if read.is_empty() => Err(wrong("there is no envelope on stdin")),
        Some(read) => Ok(read),
        None => Err(wrong("a line has an odd number of hex digits")),
    }
}

fn wrong(why: &str) -> CliError {
    CliError::new(Exit::FAILED, why)
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
