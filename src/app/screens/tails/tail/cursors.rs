//! The cursors that stand in a tail: how far behind each is, and where it is among the messages in memory. A tail can move
//! with one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Tail;
use super::paging::ScrollDirection;
use crate::app::context::Context;
use crate::app::notice::Level;
use crate::health::{CursorTruth, Truth};
use crate::model::{CursorEntry, CursorId, Offset, PartitionId, StartAt, Timestamp, did_you_mean};
use crate::store::{MessageId, MessageRef};

/// Messages that are waited for where a cursor is ahead of what was read; of more the tail goes there.
const AWAITED: Offset = 5_000;

/// A cursor in all partitions of a tail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TailCursor<'a> {
    /// One of its entries.
    pub(crate) entry: &'a CursorEntry,
    /// Messages behind; `None` where that is not known of each partition.
    pub(crate) lag: Option<i64>,
    /// Whether it is beyond the end of a log.
    pub(crate) is_beyond_end: bool,
    /// Offsets between it and the oldest messages in memory.
    pub(crate) before: i64,
    /// Offsets between the newest messages in memory and it.
    pub(crate) after: i64,
    /// When it was read last for certain, where that is too long ago.
    pub(crate) unknown_since: Option<Timestamp>,
}

/// The cursor that a tail moves with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FollowedCursor {
    id: CursorId,
    name: String,
    /// Where it was when the tail went there.
    at: Option<MessageId>,
    /// The message from which on the tail was read again to get there.
    sought: Option<MessageId>,
}

impl Tail {
    /// The cursors of its partitions, the one that is furthest behind first.
    pub(crate) fn cursors<'a>(&self, truth: &'a Truth, now: Timestamp) -> Vec<TailCursor<'a>> {
        let partitions = self.partitions.iter();
        let partitions: BTreeSet<(&str, PartitionId)> = partitions
            .map(|one| (&*one.stream, one.partition))
            .collect();
        let mut found: BTreeMap<&str, TailCursor<'a>> = BTreeMap::new();
        for cursor in &truth.cursors {
            let entry = &cursor.entry;
            if !partitions.contains(&(&*entry.stream, entry.partition)) {
                continue;
            }
            let one = self.cursor_in(cursor, now);
            match found.get_mut(&*entry.id) {
                Some(known) => known.add(&one),
                None => drop(found.insert(&entry.id, one)),
            }
        }
        let mut cursors: Vec<_> = found.into_values().collect();
        cursors.sort_by_key(|one| (one.lag.is_some(), std::cmp::Reverse(one.lag)));
        cursors
    }

    /// A cursor in the one partition that it is of.
    fn cursor_in<'a>(&self, cursor: &'a CursorTruth, now: Timestamp) -> TailCursor<'a> {
        let entry = &cursor.entry;
        let kept = self.store.offsets(&entry.stream, entry.partition);
        let before = |(oldest, _): (Offset, Offset)| oldest.saturating_sub(entry.offset) - 1;
        let after = |(_, newest): (Offset, Offset)| entry.offset.saturating_sub(newest);
        TailCursor {
            entry,
            lag: cursor.lag,
            is_beyond_end: cursor.beyond_end_since.is_some(),
            before: kept.map_or(0, before).max(0),
            after: kept.map_or(0, after).max(0),
            unknown_since: cursor.is_outdated(now).then_some(entry.read_at),
        }
    }

    /// The name of the cursor that it moves with.
    pub(crate) fn followed_cursor(&self) -> Option<&str> {
        let followed = self.followed_cursor.as_ref()?;
        Some(&followed.name)
    }

    /// Moves with the cursor of that name, or with the one that is furthest behind; without a name no longer, where it
    /// does already.
    pub(in crate::app::screens::tails) fn follow_cursor(
        &mut self,
        name: Option<&str>,
        truth: &Truth,
        context: &mut Context,
    ) {
        if name.is_none() && self.followed_cursor.take().is_some() {
            return context.notify(Level::Note, "the tail stays where it is");
        }
        let cursors = self.cursors(truth, context.now);
        let is_it = |one: &&TailCursor<'_>| name.is_none_or(|name| one.entry.name() == name);
        let Some(found) = cursors.iter().find(is_it) else {
            let ids = cursors.iter().map(|one| one.entry.name());
            let text = match name {
                Some(name) => {
                    let meant = did_you_mean(name, ids);
                    format!("no cursor \"{name}\" is known in {}{meant}", self.name())
                }
                None => format!("no cursor is known in {}", self.name()),
            };
            return context.notify(Level::Note, text);
        };
        self.followed_cursor = Some(FollowedCursor {
            id: CursorId::clone(&found.entry.id),
            name: found.entry.name().to_owned(),
            at: None,
            sought: None,
        });
        self.move_with_cursor(truth, context);
    }

    /// Whether a cursor of that name reads any of its partitions.
    pub(in crate::app) fn has_cursor(&self, name: &str, truth: &Truth) -> bool {
        let cursors = truth.cursors.iter().map(|cursor| &cursor.entry);
        let mut named = cursors.filter(|entry| entry.name() == name);
        named.any(|entry| self.is_read_by(entry))
    }

    /// Whether a cursor reads one of its partitions.
    fn is_read_by(&self, entry: &CursorEntry) -> bool {
        let mut partitions = self.partitions.iter();
        partitions.any(|one| one.is(&entry.stream, entry.partition))
    }

    /// It moves with no cursor any more: the user has gone elsewhere.
    pub(super) fn leave_cursor(&mut self) {
        self.followed_cursor = None;
    }

    /// Goes where the cursor is that it moves with, if that has moved. Of several partitions it is where it moved last.
    pub(super) fn move_with_cursor(&mut self, truth: &Truth, context: &mut Context) {
        let Some(followed) = &self.followed_cursor else {
            return;
        };
        let own = truth.cursors.iter().map(|cursor| &cursor.entry);
        let own = own.filter(|entry| entry.id == followed.id && self.is_read_by(entry));
        let Some(entry) = own.max_by_key(|entry| entry.time) else {
            return;
        };
        let id = MessageId {
            stream: Arc::clone(&entry.stream),
            partition: entry.partition,
            offset: entry.offset,
        };
        if followed.at.as_ref() == Some(&id) {
            return;
        }
        let kept = self.store.offsets(&id.stream, id.partition);
        let ahead = kept.map(|(_, newest)| id.offset.saturating_sub(newest));
        let is_kept =
            kept.is_some_and(|(oldest, newest)| oldest <= id.offset && id.offset <= newest);
        let is_read_soon = !self.newest_evicted && ahead.is_some_and(|ahead| ahead <= AWAITED);
        let is_sought = followed.sought.as_ref() == Some(&id);
        if is_kept {
            self.view.select(&id, &self.store, self.height);
            if let Some(followed) = &mut self.followed_cursor {
                followed.at = Some(id);
            }
        } else if ahead.is_some_and(|ahead| ahead > 0) && is_read_soon || is_sought {
            // It comes.
        } else if self.partitions.len() == 1 && !self.is_gone() {
            let (start, text) = (StartAt::Offset(id.offset), id.offset.to_string());
            self.begin_at(start, text, context);
            if let Some(followed) = &mut self.followed_cursor {
                followed.sought = Some(id);
            }
        } else {
            return;
        }
        self.read_ahead();
    }

    /// What lies behind the screen may leave memory, and reading goes on a little ahead of it.
    fn read_ahead(&mut self) {
        self.view.stop_following(&self.store, self.height);
        self.scroll = ScrollDirection::Newer;
        self.update_eviction();
    }
}

impl TailCursor<'_> {
    /// The same cursor in one more partition.
    fn add(&mut self, other: &Self) {
        self.lag = self.lag.zip(other.lag).map(|(one, other)| one + other);
        self.is_beyond_end |= other.is_beyond_end;
        self.before += other.before;
        self.after += other.after;
        let since = self.unknown_since.into_iter().chain(other.unknown_since);
        self.unknown_since = since.min();
    }
}

/// How many cursors stand at that message.
pub(crate) fn cursors_at(message: &MessageRef<'_>, truth: &Truth) -> usize {
    let cursors = truth.cursors.iter().map(|cursor| &cursor.entry);
    let at = cursors.filter(|entry| {
        entry.offset == message.offset()
            && entry.partition == message.partition()
            && entry.stream == *message.stream()
    });
    at.count()
}
