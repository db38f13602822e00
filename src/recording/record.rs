//! What a recording consists of: its head, and records in the order in which they happened.
//!
//! Each is one item of CBOR, so that later versions may add fields.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::{Event, Settings, TailId};
use crate::model::{Broker, BrokerId, Failure, Stream, StreamName, Timestamp};
use crate::store::PackedChunk;

/// What a file says of itself before anything happens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The version of the program that recorded it.
    pub liftui: String,
    /// Whether it has what messages held, rather than their sizes and times alone.
    pub messages: bool,
}

/// Something to be recorded.
#[derive(Clone, Debug)]
pub enum Fact {
    /// A dashboard began, with these settings.
    Started(Box<Settings>),
    /// A dashboard goes on that could begin here: settings with which a new one would be like it, and what that would have
    /// to be told first, which the encoder adds.
    Continued(Box<Settings>, Vec<Event>),
    /// This happened to it.
    Happened(Event),
    /// The same, when ids up to that one had been given. In a redacted recording others may have been given than were asked for:
    /// not every letter that was typed is in it.
    Numbered(u64, Event),
    /// A frame of so many columns and rows was drawn.
    Drawn(u16, u16),
}

/// A record and how long after the one before it was made.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) after: Duration,
    pub(super) content: RecordContent,
    /// The last id that was given before, where that does not follow from what is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_id: Option<u64>,
}

/// What a record holds. Views and chunks, which are large, have a form of their own.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum RecordContent {
    Started(Box<Settings>),
    Continued {
        settings: Box<Settings>,
        known: Vec<Self>,
    },
    Event(Event),
    View(ViewRecord),
    Chunk {
        tail: TailId,
        older: bool,
        chunk: PackedChunk,
    },
    /// What a typed line means follows from the line.
    Line(String),
    Drawn(u16, u16),
}

/// A broker's view, as far as it differs from the last good one of that broker.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ViewRecord {
    pub(super) address: Arc<str>,
    pub(super) broker: Option<BrokerId>,
    pub(super) at: Timestamp,
    pub(super) took: Duration,
    pub(super) result: Result<ClusterChange, Failure>,
}

/// How the metadata of a broker differs from the last that was recorded.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ClusterChange {
    pub(super) answered_by: Option<BrokerId>,
    pub(super) brokers: Vec<Broker>,
    /// Whether streams that are not named here are as they were; otherwise there are no others.
    pub(super) goes_on: bool,
    pub(super) changed: Vec<Arc<Stream>>,
    pub(super) removed: Vec<StreamName>,
}
