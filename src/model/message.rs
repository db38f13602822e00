//! Messages and acks as values that own their bytes; a tail keeps messages in `store` chunks instead.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use super::{PartitionId, StreamName, Timestamp};

/// The place of a message in its partition, from 0. Gaps come from compaction alone.
pub type Offset = i64;

/// Headers in the order the wire had them. Every stored message has `subject` and `reply`, put there by the broker.
pub type Headers = Vec<(String, Bytes)>;

/// Headers that the broker puts into each message, over those of the publisher (wire-contract §3).
pub const BROKER_HEADERS: [&str; 2] = ["subject", "reply"];

/// A name that stands there twice: on the way to a server the last one alone would be left of it, and nobody would know.
pub fn repeated_header(headers: &[(String, Bytes)]) -> Option<&str> {
    let mut seen = BTreeSet::new();
    let names = headers.iter().map(|(name, _)| name.as_str());
    names.into_iter().find(|name| !seen.insert(*name))
}

/// A message as a subscription delivers it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Message {
    /// The stream.
    pub stream: StreamName,
    /// The partition.
    pub partition: PartitionId,
    /// The offset.
    pub offset: Offset,
    /// When the leader stored it.
    pub timestamp: Timestamp,
    /// The key; the wire does not tell an empty key from none.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
    /// Headers of the publisher, and the broker's `subject` and `reply`.
    pub headers: Headers,
    /// The NATS subject it was published on.
    pub subject: Arc<str>,
    /// The NATS reply subject of the publisher, or empty.
    pub reply_subject: Arc<str>,
}

impl Message {
    /// The value of the first header of that name.
    pub fn header(&self, name: &str) -> Option<&Bytes> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value)
    }
}

/// Who must have stored a message before its ack is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
pub enum AckPolicy {
    /// The leader; the ack comes before the message is committed.
    #[default]
    Leader,
    /// Every in-sync replica.
    All,
    /// Nobody: no ack comes at all.
    None,
}

/// A broker's word that a message was stored.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
pub struct Ack {
    /// The stream that stored it. Where several streams share a subject, the first to answer.
    pub stream: StreamName,
    /// The base subject of that stream, without a partition's suffix. The ack names no partition.
    pub partition_subject: Arc<str>,
    /// The NATS subject the message went to.
    pub message_subject: Arc<str>,
    /// The offset it got.
    pub offset: Offset,
    /// The NATS subject the ack went to.
    pub ack_inbox: String,
    /// The publisher's correlation id.
    pub correlation_id: String,
    /// The policy it answers.
    pub policy: AckPolicy,
    /// When the leader got the message.
    pub received: Timestamp,
    /// When the ack was sent: for [`AckPolicy::Leader`] this is no commit.
    pub committed: Timestamp,
}

/// What is to be said where a message got another offset than the one that it must get; -1 stands for any. A stream with
/// concurrency control would have refused it, and nothing but the ack tells that a stream has none.
pub fn unexpected_offset(ack: &Ack, expected: Offset) -> Option<String> {
    (expected != -1 && ack.offset != expected).then(|| {
        format!(
            "stream \"{}\" stored the message at offset {} and not at {expected}: it has no concurrency control, so nothing was checked",
            ack.stream, ack.offset
        )
    })
}
