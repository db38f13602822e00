//! Which group a consumer joins, and how it goes about it.

use std::time::Duration;

use crate::model::setters::setters;
use crate::model::{StartAt, StreamName};

/// When a message counts as dealt with, so that the position behind it may be stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Acknowledge {
    /// When the next item is asked for.
    #[default]
    OnNext,
    /// When [`Consumer::acknowledge`](super::Consumer::acknowledge) is called, for it and all messages before it in its partition.
    Manually,
}

/// Which group to join, and how.
#[derive(Clone, Debug)]
pub struct ConsumerOptions {
    /// The group's id; a group comes into being with its first member.
    pub group: String,
    /// This member's id, unique in the group; empty: one is made up.
    pub consumer: String,
    /// The streams to read: each partition by one member of the group.
    pub streams: Vec<StreamName>,
    /// Where to start on a partition of which the group has stored no position; `None`: such a partition is not read, and
    /// an event says so.
    pub start: Option<StartAt>,
    /// When a message counts as dealt with.
    pub acknowledge: Acknowledge,
    /// How often positions are stored; `None`: only by [`Consumer::checkpoint`](super::Consumer::checkpoint) and [`Consumer::leave`](super::Consumer::leave).
    pub checkpoint_every: Option<Duration>,
    /// How often the coordinator hears of this member; `None`: at two fifths of what it allows, 6 s by default.
    pub heartbeat_every: Option<Duration>,
}

setters! {
    ConsumerOptions {
        group: String,
        consumer: String,
        streams: Vec<StreamName>,
        start: Option<StartAt>,
        acknowledge: Acknowledge,
        checkpoint_every: Option<Duration>,
        heartbeat_every: Option<Duration>,
    }
}

impl ConsumerOptions {
    /// A member that reads these streams from now on and stores its positions every 5 s.
    pub fn new(
        group: impl Into<String>,
        streams: impl IntoIterator<Item = impl Into<StreamName>>,
    ) -> Self {
        Self {
            group: group.into(),
            consumer: String::new(),
            streams: streams.into_iter().map(Into::into).collect(),
            start: Some(StartAt::New),
            acknowledge: Acknowledge::default(),
            checkpoint_every: Some(Duration::from_secs(5)),
            heartbeat_every: None,
        }
    }
}
