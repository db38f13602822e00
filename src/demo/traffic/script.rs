//! The shape of `assets/demo.toml`. What it asks for is done elsewhere.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use crate::model::{parse_duration, parse_size};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    /// Messages a second in all.
    pub(super) rate: u32,
    /// From the begin of one incident to the next.
    #[serde(deserialize_with = "duration")]
    pub(super) every: Duration,
    pub(super) streams: Vec<StreamScript>,
    pub(super) consumers: Vec<ConsumerScript>,
    pub(super) incidents: Vec<IncidentScript>,
}

/// One stream and its producer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamScript {
    pub(super) name: String,
    /// The stream's name where left out.
    subject: Option<String>,
    /// What producers publish to where the subject is a wildcard.
    #[serde(default)]
    pub(super) subjects: Vec<String>,
    #[serde(default = "one")]
    pub(super) partitions: i32,
    #[serde(default = "one")]
    pub(super) replication: i32,
    #[serde(default = "one")]
    pub(super) min_isr: usize,
    #[serde(default)]
    pub(super) concurrency_control: bool,
    #[serde(default)]
    pub(super) compact: bool,
    /// Bytes of all partitions together.
    #[serde(default, deserialize_with = "size")]
    pub(super) retention: u64,
    /// How many messages are there at the start.
    #[serde(default)]
    pub(super) history: u32,
    /// The share of the rate.
    #[serde(default)]
    pub(super) weight: f64,
    pub(super) format: ValueFormat,
    /// The template of `format = "text"`.
    pub(super) text: Option<String>,
    /// The field that is the key.
    pub(super) key: Option<String>,
    /// The share of messages with a trace id among their headers.
    #[serde(default)]
    pub(super) traced: f64,
    /// The share of messages with a reply subject.
    #[serde(default)]
    pub(super) replies: f64,
    #[serde(default)]
    pub(super) state: InitialState,
    pub(super) fields: Vec<FieldScript>,
}

impl StreamScript {
    /// The subject that the stream listens on.
    pub(super) fn subject(&self) -> &str {
        self.subject.as_deref().unwrap_or(&self.name)
    }
}

fn one<T: From<u8>>() -> T {
    1.into()
}

/// How a stream is left once it has its history.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum InitialState {
    #[default]
    Normal,
    Readonly,
    Paused,
    UnderReplicated,
}

/// How values are written.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ValueFormat {
    Json,
    Text,
    MessagePack,
    Cbor,
    Protobuf,
    /// Numbers side by side, big-endian.
    Raw,
}

/// One field of a value; dots in its name nest.
#[derive(Debug, Deserialize)]
pub(super) struct FieldScript {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) kind: FieldKind,
}

/// What a field holds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FieldKind {
    /// Counts up from there.
    Count(i64),
    OneOf(Vec<String>),
    Int([i64; 2]),
    Real([f64; 2]),
    /// True for that share of messages.
    Flag(f64),
    /// One to three of these.
    List(Vec<String>),
}

/// Somebody who reads a stream and remembers how far.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsumerScript {
    pub(super) cursor: String,
    /// The members, where the cursor is a consumer group's.
    #[serde(default)]
    pub(super) group: Vec<String>,
    pub(super) stream: String,
    /// How many of a hundred new messages it gets done.
    pub(super) keeps: i64,
    /// How many messages of each partition it has not read at the start.
    #[serde(default)]
    pub(super) behind: i64,
}

impl ConsumerScript {
    /// The id under which its cursors are stored (wire-contract §6.3).
    pub(super) fn cursor_id(&self) -> String {
        if self.group.is_empty() {
            self.cursor.clone()
        } else {
            format!("__group:{}", self.cursor)
        }
    }
}

/// Something that goes wrong.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IncidentScript {
    pub(super) title: String,
    pub(super) steps: Vec<IncidentStep>,
}

/// When a step comes after the incident's begin, and what it says.
#[derive(Debug, Deserialize)]
pub(super) struct IncidentStep(
    #[serde(deserialize_with = "duration")] pub(super) Duration,
    pub(super) String,
);

fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    parse_duration(&text).map_err(de::Error::custom)
}

fn size<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let text = String::deserialize(from)?;
    parse_size(&text).map_err(de::Error::custom)
}
