//! A piece of a log: messages one after the other, and what readers that stand in it learn when it goes.
//! Which piece a message goes into is `log.rs`.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

/// One stored message: as it goes over the wire, and what a log needs to find it. All replicas share it.
#[derive(Debug)]
pub(in crate::demo) struct StoredMessage {
    pub(in crate::demo) offset: i64,
    pub(super) timestamp: i64,
    /// The leadership in which it was stored.
    pub(super) epoch: u64,
    pub(super) key: Bytes,
    pub(super) frame: Bytes,
}

/// Why a segment is no longer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// Retention or a truncation took it.
    Deleted,
    /// Compaction or a truncation wrote it anew.
    Replaced,
}

/// A segment as whoever reads it remembers it, whether or not the log still has it.
#[derive(Clone, Debug, Default)]
pub(super) struct SegmentHandle(Arc<OnceLock<Removal>>);

impl SegmentHandle {
    /// Why the segment is gone; none while the log has it.
    pub(super) fn removal(&self) -> Option<Removal> {
        self.0.get().copied()
    }
}

/// Messages from one offset on, until the next segment begins.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// The offset of its first message, when it was begun.
    pub(super) base: i64,
    pub(super) messages: Vec<Arc<StoredMessage>>,
    pub(super) bytes: u64,
    handle: SegmentHandle,
}

impl Segment {
    /// An empty segment from that offset on.
    pub(super) fn starting_at(base: i64) -> Self {
        Self {
            base,
            ..Self::default()
        }
    }

    /// A segment at the same place with those of its messages that are kept.
    pub(super) fn rewritten(&self, is_kept: impl Fn(&StoredMessage) -> bool) -> Self {
        let kept = self.messages.iter().filter(|message| is_kept(message));
        let mut new = Self::starting_at(self.base);
        kept.for_each(|message| new.push(Arc::clone(message)));
        new
    }

    /// Stores a message.
    pub(super) fn push(&mut self, message: Arc<StoredMessage>) {
        self.bytes += u64::try_from(message.frame.len()).unwrap_or(u64::MAX);
        self.messages.push(message);
    }

    /// The first message still there.
    pub(super) fn first(&self) -> Option<&StoredMessage> {
        self.messages.first().map(Arc::as_ref)
    }

    /// The offset after its last message.
    pub(super) fn next_offset(&self) -> i64 {
        let last = self.messages.last();
        last.map_or(self.base, |message| message.offset + 1)
    }

    /// When its last message was stored; zero where there is none.
    pub(super) fn newest_timestamp(&self) -> i64 {
        self.messages.last().map_or(0, |message| message.timestamp)
    }

    /// The place of the first message whose offset is that or a later one.
    pub(super) fn find(&self, offset: i64) -> Option<usize> {
        let index = self
            .messages
            .partition_point(|message| message.offset < offset);
        (index < self.messages.len()).then_some(index)
    }

    /// What a reader that stands in it keeps.
    pub(super) fn handle(&self) -> SegmentHandle {
        self.handle.clone()
    }

    /// Whether it is the segment of that handle.
    pub(super) fn is(&self, handle: &SegmentHandle) -> bool {
        Arc::ptr_eq(&self.handle.0, &handle.0)
    }

    /// Tells whoever reads it that it is gone.
    pub(super) fn remove(&self, removal: Removal) {
        // A segment goes once.
        self.handle.0.set(removal).ok();
    }
}
