//! The kept chunks of one partition, in the order of offsets, and which of their messages are seen.
//! How several partitions are seen as one sequence is `merged_view`'s; what may be kept at all is the store's.

use std::collections::VecDeque;
use std::sync::Arc;

use super::chunk::{Chunk, narrow, wide};
use super::message::MessageRef;
use crate::model::{Offset, PartitionId, StreamName};

/// A chunk is joined with the one before it only up to this size, so that joining stays cheap.
const JOIN_BYTES: usize = 64 * 1024;

/// Which messages of a chunk are seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Visibility {
    /// All: there is no query.
    All,
    /// Not known yet: the query has to look at it; `asked` once it was handed to a scan.
    Pending { asked: bool },
    /// The messages that match, by their index in the chunk, growing.
    Matching(Arc<[u32]>),
}

/// A chunk in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ChunkSlot {
    /// Names the chunk while a scan is under way; never used twice in a store.
    pub(super) serial: u64,
    pub(super) chunk: Arc<Chunk>,
    pub(super) seen: Visibility,
    /// The latest time of the chunks before it: no message is placed earlier than one of a lower offset.
    floor: i64,
    /// Rows of the chunks before it, those that have left memory since included.
    before: usize,
}

impl ChunkSlot {
    /// How many of its messages are seen.
    pub(super) fn len(&self) -> usize {
        match &self.seen {
            Visibility::All => self.chunk.len(),
            Visibility::Pending { .. } => 0,
            Visibility::Matching(rows) => rows.len(),
        }
    }

    /// The indexes in the chunk of the messages seen.
    pub(super) fn rows(&self) -> Arc<[u32]> {
        match &self.seen {
            Visibility::All => (0..narrow(self.chunk.len())).collect(),
            Visibility::Pending { .. } => Arc::default(),
            Visibility::Matching(rows) => Arc::clone(rows),
        }
    }

    /// The index in the chunk of the `row`-th message seen.
    pub(super) fn index(&self, row: usize) -> usize {
        match &self.seen {
            Visibility::All | Visibility::Pending { .. } => row,
            Visibility::Matching(rows) => rows.get(row).map_or(usize::MAX, |&index| wide(index)),
        }
    }

    /// The row of the message with that index, or that of the next one seen after it.
    fn row_at_or_after(&self, index: usize) -> usize {
        match &self.seen {
            Visibility::All => index.min(self.chunk.len()),
            Visibility::Pending { .. } => 0,
            Visibility::Matching(rows) => rows.partition_point(|&row| wide(row) < index),
        }
    }

    /// The time by which the `row`-th message is placed among other partitions.
    pub(super) fn time(&self, row: usize) -> i64 {
        self.time_of(self.index(row))
    }

    /// Whether no offset is missing between them and the rows keep their places when both become one: a chunk takes what
    /// lies between its ends for read.
    fn goes_on_after(&self, before: &Self) -> bool {
        before.chunk.last_offset().checked_add(1) == Some(self.chunk.first_offset())
            && self.floor <= before.end_time()
    }

    fn time_of(&self, index: usize) -> i64 {
        self.chunk.latest_up_to(index).max(self.floor)
    }

    /// The time by which its first message is placed, seen or not.
    pub(super) fn start_time(&self) -> i64 {
        self.time_of(0)
    }

    /// The time by which its last message is placed.
    pub(super) fn end_time(&self) -> i64 {
        self.time_of(self.chunk.len() - 1)
    }

    /// How many rows are placed at times that hold; they hold for earlier times than they do not.
    fn rows_while(&self, holds: impl Fn(i64) -> bool) -> usize {
        match &self.seen {
            Visibility::Pending { .. } => 0,
            Visibility::All => {
                partition_point(self.chunk.len(), |index| holds(self.time_of(index)))
            }
            Visibility::Matching(rows) => {
                rows.partition_point(|&index| holds(self.time_of(wide(index))))
            }
        }
    }
}

fn partition_point(len: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low.midpoint(high);
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// The chunks of one partition; their offsets do not overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartitionLog {
    pub(super) stream: StreamName,
    pub(super) partition: PartitionId,
    slots: VecDeque<ChunkSlot>,
}

impl PartitionLog {
    /// An empty log of the chunk's partition.
    pub(super) fn new(chunk: &Chunk) -> Self {
        Self {
            stream: Arc::clone(chunk.stream()),
            partition: chunk.partition(),
            slots: VecDeque::new(),
        }
    }

    /// Whether it is the log of that partition.
    pub(super) fn is_of(&self, stream: &str, partition: PartitionId) -> bool {
        self.partition == partition && *self.stream == *stream
    }

    /// The chunks, lowest offsets first.
    pub(super) fn slots(&self) -> &VecDeque<ChunkSlot> {
        &self.slots
    }

    /// Messages kept, seen or not.
    pub(super) fn kept(&self) -> usize {
        self.slots.iter().map(|slot| slot.chunk.len()).sum()
    }

    /// Rows seen.
    pub(super) fn len(&self) -> usize {
        match (self.slots.front(), self.slots.back()) {
            (Some(front), Some(back)) => back.before + back.len() - front.before,
            _ => 0,
        }
    }

    /// How many rows are placed at times that hold.
    pub(super) fn rows_while(&self, holds: impl Fn(i64) -> bool) -> usize {
        let whole = self.slots.partition_point(|slot| holds(slot.end_time()));
        match (self.slots.front(), self.slots.get(whole)) {
            (Some(front), Some(slot)) => slot.before - front.before + slot.rows_while(holds),
            _ => self.len(),
        }
    }

    /// The slot and the row in it of the log's `rank`-th row.
    pub(super) fn spot(&self, rank: usize) -> Option<(usize, usize)> {
        let first = self.slots.front()?.before;
        let after = self
            .slots
            .partition_point(|slot| slot.before - first + slot.len() <= rank);
        let slot = self.slots.get(after)?;
        Some((after, rank + first - slot.before))
    }

    /// The slot that holds this offset, and the index in its chunk.
    pub(super) fn find(&self, offset: Offset) -> Option<(&ChunkSlot, usize)> {
        let number = self
            .slots
            .partition_point(|slot| slot.chunk.last_offset() < offset);
        let slot = self.slots.get(number)?;
        Some((slot, slot.chunk.find(offset)?))
    }

    /// How many rows have lower offsets than this, and the time by which a row there is placed.
    pub(super) fn rank_of(&self, offset: Offset) -> (usize, i64) {
        let number = self
            .slots
            .partition_point(|slot| slot.chunk.last_offset() < offset);
        let (Some(front), Some(slot)) = (self.slots.front(), self.slots.get(number)) else {
            return (
                self.len(),
                self.slots.back().map_or(i64::MAX, ChunkSlot::end_time),
            );
        };
        let index = slot.chunk.find_at_or_after(offset);
        let rank = slot.before - front.before + slot.row_at_or_after(index);
        (rank, slot.time_of(index))
    }

    /// Adds a chunk at its place. Messages that are there already are left out; returns how many those were.
    pub(super) fn insert(
        &mut self,
        chunk: &Arc<Chunk>,
        serials: &mut u64,
        seen: &Visibility,
    ) -> usize {
        let first = chunk.first_offset();
        let number = self
            .slots
            .partition_point(|slot| slot.chunk.last_offset() < first);
        let Some(next) = self.slots.get(number) else {
            self.place(number, Arc::clone(chunk), serials, seen);
            return 0;
        };
        let (from, to) = (next.chunk.first_offset(), next.chunk.last_offset());
        if chunk.last_offset() < from {
            self.place(number, Arc::clone(chunk), serials, seen);
            return 0;
        }
        let left = chunk.find_at_or_after(from);
        let right = chunk.find_at_or_after(to.saturating_add(1));
        let mut repeated = right - left;
        for part in [chunk.slice(0..left), chunk.slice(right..chunk.len())] {
            repeated += part.map_or(0, |part| self.insert(&part, serials, seen));
        }
        repeated
    }

    fn place(&mut self, number: usize, chunk: Arc<Chunk>, serials: &mut u64, seen: &Visibility) {
        *serials += 1;
        let slot = ChunkSlot {
            serial: *serials,
            chunk,
            seen: seen.clone(),
            floor: i64::MIN,
            before: 0,
        };
        self.slots.insert(number, slot);
        self.recount(number);
    }

    /// Brings floors and counts up to date from this slot on. Floors only rise: rows that were seen keep their order.
    fn recount(&mut self, from: usize) {
        let earlier = from
            .checked_sub(1)
            .and_then(|number| self.slots.get(number));
        let mut floor = earlier.map_or(i64::MIN, ChunkSlot::end_time);
        let mut before = earlier.map_or(0, |slot| slot.before + slot.len());
        for slot in self.slots.iter_mut().skip(from) {
            slot.floor = slot.floor.max(floor);
            slot.before = before;
            floor = slot.end_time();
            before += slot.len();
        }
    }

    /// Sets what is seen of every chunk.
    pub(super) fn set_seen(&mut self, seen: &Visibility) {
        for slot in &mut self.slots {
            slot.seen = seen.clone();
        }
        self.recount(0);
    }

    /// Sets what is seen of one chunk; `false` where it is gone.
    pub(super) fn set_seen_of(&mut self, serial: u64, seen: Visibility) -> bool {
        let found = self.slots.iter().rposition(|slot| slot.serial == serial);
        let Some(number) = found else { return false };
        self.slots[number].seen = seen;
        self.recount(number);
        true
    }

    /// Marks the chunk of that number as handed to a scan.
    pub(super) fn mark_scanned(&mut self, number: usize) {
        if let Some(slot) = self.slots.get_mut(number) {
            slot.seen = Visibility::Pending { asked: true };
        }
    }

    /// Joins small chunks that follow each other at the newest end, so that a slow stream costs no chunk a message. Each message is copied
    /// a few times at most: only chunks of like size are joined. Returns by how many bytes the log shrank.
    pub(super) fn join_newest(&mut self) -> usize {
        let mut saved = 0;
        while let Some(joined) = self.joined_newest() {
            let last = self.slots.pop_back();
            let before = self.slots.pop_back();
            let sizes = [&last, &before].map(|slot| slot.as_ref().map_or(0, |s| s.chunk.bytes()));
            saved += (sizes[0] + sizes[1]).saturating_sub(joined.chunk.bytes());
            self.slots.push_back(joined);
        }
        saved
    }

    fn joined_newest(&self) -> Option<ChunkSlot> {
        let last = self.slots.back()?;
        let before = self.slots.get(self.slots.len().checked_sub(2)?)?;
        let small = last.chunk.bytes() + before.chunk.bytes() <= JOIN_BYTES;
        if !small || last.chunk.len() * 2 < before.chunk.len() || !last.goes_on_after(before) {
            return None;
        }
        let shift = u32::try_from(before.chunk.len()).ok()?;
        let seen = match (&before.seen, &last.seen) {
            (Visibility::All, Visibility::All) => Visibility::All,
            (Visibility::Matching(first), Visibility::Matching(second)) => {
                let second = second.iter().map(|row| row + shift);
                Visibility::Matching(first.iter().copied().chain(second).collect())
            }
            _ => return None,
        };
        let chunk = before.chunk.joined(&last.chunk)?;
        Some(ChunkSlot {
            serial: last.serial,
            chunk,
            seen,
            floor: before.floor,
            before: before.before,
        })
    }

    /// Takes the chunk with the lowest offsets out.
    pub(super) fn pop_oldest(&mut self) -> Option<Arc<Chunk>> {
        self.slots.pop_front().map(|slot| slot.chunk)
    }

    /// Takes the chunk with the highest offsets out.
    pub(super) fn pop_newest(&mut self) -> Option<Arc<Chunk>> {
        self.slots.pop_back().map(|slot| slot.chunk)
    }

    /// The message at a slot and row.
    pub(super) fn message(&self, slot: usize, row: usize) -> Option<MessageRef<'_>> {
        let slot = self.slots.get(slot)?;
        slot.chunk.get(slot.index(row))
    }
}
