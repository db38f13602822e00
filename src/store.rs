//! Messages in memory: sealed chunks under one byte budget, and what searches, decodes, merges and exports them.
//! Knows neither the network nor the terminal nor a clock: bytes and times come in, plain values go out.

mod budget;
mod builder;
mod chunk;
pub mod decode;
mod diff;
mod export;
mod field_index;
mod json;
mod json_path;
mod key_history;
mod key_table;
mod known_fields;
mod live_merge;
mod merged_view;
mod message;
mod packed_chunk;
mod partition_log;
mod predicate;
mod query;
mod query_field_check;
mod record;
mod row_cells;
mod row_field_check;
mod row_template;
mod scan;
mod statistics;
#[cfg(test)]
mod test_support;
mod value_json;
mod value_reading;
mod verification;

use std::sync::Arc;
use std::time::Duration;

pub use budget::Budget;
pub use builder::ChunkBuilder;
pub use chunk::Chunk;
pub use diff::{LineChange, diff};
pub use export::{ExportForm, ExportRows, MessageFormat};
pub use field_index::{FieldIndex, FieldType, FieldValue, KnownField};
pub use json_path::JsonPath;
pub use key_history::{FieldChange, KeyHistory, KeyHistoryBuilder, KeyVersion, ValueChange};
pub use key_table::{
    KeyTable, RowId, RowOrder, TableEntry, TableOrder, TableRecord, TableRow, TableSort,
    TableTotals, TooManyKeys,
};
pub use known_fields::known_fields;
pub use live_merge::Merge;
pub use merged_view::MergedRows;
pub use message::{Headers, MessageId, MessageRef, PinnedMessage};
pub use packed_chunk::PackedChunk;
pub use predicate::{Predicate, QueryRun};
pub use query::{Query, QueryCompletion, QueryError};
pub use query_field_check::QueryFieldCheck;
pub use record::{Record, header_text, text_or_base64, write_record, write_record_after};
pub use row_cells::{CellKind, CellReader, RowCell};
pub use row_field_check::RowFieldCheck;
pub(crate) use row_template::open_field;
pub use row_template::{RowField, RowTemplate, TemplateError};
pub use scan::{Matching, Scan};
pub use statistics::{
    FrequentItem, FrequentList, IntervalCount, LargeMessage, PartitionStatistics, Statistics,
    StatisticsOptions, StatisticsReport, StatisticsTotals,
};
pub use value_json::{ValueTypes, field_equality};
pub use value_reading::ValueReading;
pub use verification::{Aspect, CopyDifference, ReadableCopies, Unverified, VerifyReport};
pub(crate) use verification::{Comparison, Difference, Found};

use crate::model::{Offset, PartitionId, Timestamp};
use partition_log::{ChunkSlot, PartitionLog, Visibility};

/// Which end of a tail leaves memory when the budget is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Evict {
    /// The oldest chunk: the tail follows, or reads on.
    #[default]
    Oldest,
    /// The newest chunk: the user has scrolled back, and older messages are being fetched.
    Newest,
    /// None: the tail is frozen; reading stops while all tails together have no room.
    Nothing,
}

/// What has come and gone; counts only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages put into the store.
    pub received: u64,
    /// Bytes of keys, values and headers.
    pub received_bytes: u64,
    /// Messages that left memory for the budget.
    pub evicted: u64,
    /// Messages that came although they were there already; kept once.
    pub repeated: u64,
}

/// Names a chunk for a scan. Answers to an older query, or of a chunk that is gone, are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChunkKey {
    query: u64,
    log: usize,
    serial: u64,
}

/// The messages of one tail: of one partition or of many, seen as one sequence ordered by time, in which the messages
/// of a partition keep the order of their offsets. With a query only those that match are seen.
///
/// Positions count from 0, the oldest message seen. They shift when the oldest chunk leaves or a late message comes in
/// between; what must stay put is held by [`MessageId`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Store {
    logs: Vec<PartitionLog>,
    evict: Evict,
    counters: Counters,
    bytes: usize,
    serials: u64,
    query: u64,
    filtered: bool,
}

impl Store {
    /// An empty one that evicts the oldest and sees everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a chunk where it belongs, at either end or between. With a query its messages are seen once
    /// [`Store::accept`] says which match.
    pub fn push(&mut self, chunk: &Arc<Chunk>) {
        let received = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.counters.received += received;
        self.counters.received_bytes += u64::try_from(chunk.payload_bytes()).unwrap_or(u64::MAX);
        let seen = self.unscanned();
        let number = self.log_of(chunk);
        let log = &mut self.logs[number];
        let repeated = log.insert(chunk, &mut self.serials, &seen);
        let saved = log.join_newest();
        self.counters.repeated += u64::try_from(repeated).unwrap_or(u64::MAX);
        self.bytes = self
            .bytes
            .saturating_add(chunk.bytes())
            .saturating_sub(saved);
        if repeated > 0 {
            self.bytes = self.counted_bytes();
        }
    }

    /// How many messages of a chunk that is not here yet are older than the newest one here by more than that: they go
    /// in between what has been there for a while.
    pub fn out_of_order_in(&self, chunk: &Chunk, window: Duration) -> usize {
        let ends = self.logs.iter().filter_map(|log| log.slots().back());
        let Some(newest) = ends.map(ChunkSlot::end_time).max() else {
            return 0;
        };
        let open = Timestamp(newest).minus(window).0;
        (0..chunk.len())
            .take_while(|index| chunk.latest_up_to(*index) < open)
            .count()
    }

    fn counted_bytes(&self) -> usize {
        let slots = self.logs.iter().flat_map(PartitionLog::slots);
        slots.map(|slot| slot.chunk.bytes()).sum()
    }

    fn unscanned(&self) -> Visibility {
        if self.filtered {
            Visibility::Pending { asked: false }
        } else {
            Visibility::All
        }
    }

    fn log_of(&mut self, chunk: &Chunk) -> usize {
        let found = self.log_number(chunk.stream(), chunk.partition());
        found.unwrap_or_else(|| {
            self.logs.push(PartitionLog::new(chunk));
            self.logs.len() - 1
        })
    }

    fn log_number(&self, stream: &str, partition: PartitionId) -> Option<usize> {
        self.logs
            .iter()
            .position(|log| log.is_of(stream, partition))
    }

    /// How many messages are seen.
    pub fn len(&self) -> usize {
        self.logs.iter().map(PartitionLog::len).sum()
    }

    /// Whether none is seen.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many messages are in memory, seen or not.
    pub fn kept(&self) -> usize {
        self.logs.iter().map(PartitionLog::kept).sum()
    }

    /// The memory that its chunks take, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What has come and gone.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The message at a position.
    pub fn at(&self, position: usize) -> Option<MessageRef<'_>> {
        self.rows_from(position).next()
    }

    /// The messages from a position on, in the order seen.
    pub fn rows_from(&self, position: usize) -> MergedRows<'_> {
        MergedRows::new(&self.logs, position)
    }

    /// The chunks with the indexes of what is seen in each, partition by partition, oldest first.
    pub fn seen(&self) -> Vec<(Arc<Chunk>, Arc<[u32]>)> {
        let slots = self.logs.iter().flat_map(PartitionLog::slots);
        let seen = slots.map(|slot| (Arc::clone(&slot.chunk), slot.rows()));
        seen.filter(|(_, rows)| !rows.is_empty()).collect()
    }

    /// Chunks of the newest messages, the newest chunk first, that hold so many messages or more; all where these are fewer.
    pub fn newest(&self, messages: usize) -> Vec<Arc<Chunk>> {
        let mut slots: Vec<_> = self.logs.iter().flat_map(PartitionLog::slots).collect();
        slots.sort_by_key(|slot| std::cmp::Reverse(slot.end_time()));
        let mut left = messages;
        let newest = slots.into_iter().take_while(|slot| {
            let is_wanted = left > 0;
            left = left.saturating_sub(slot.chunk.len());
            is_wanted
        });
        newest.map(|slot| Arc::clone(&slot.chunk)).collect()
    }

    /// The message of that identity, seen or not.
    pub fn get(&self, id: &MessageId) -> Option<MessageRef<'_>> {
        let log = &self.logs[self.log_number(&id.stream, id.partition)?];
        let (slot, index) = log.find(id.offset)?;
        slot.chunk.get(index)
    }

    /// The same, as a handle that keeps it when its chunk is evicted.
    pub fn pin(&self, id: &MessageId) -> Option<PinnedMessage> {
        let log = &self.logs[self.log_number(&id.stream, id.partition)?];
        let (slot, index) = log.find(id.offset)?;
        PinnedMessage::new(&slot.chunk, index)
    }

    /// The position of that message; `None` where it is not seen.
    pub fn position(&self, id: &MessageId) -> Option<usize> {
        let position = self.position_near(id)?;
        let found = self.at(position)?;
        (found.id() == *id).then_some(position)
    }

    /// The position, or that of the message that follows where it would stand; `None` where nothing of its partition
    /// is in memory. May be [`Store::len`].
    pub fn position_near(&self, id: &MessageId) -> Option<usize> {
        let number = self.log_number(&id.stream, id.partition)?;
        self.logs[number].slots().front()?;
        let (rank, time) = self.logs[number].rank_of(id.offset);
        Some(merged_view::position_of(&self.logs, number, rank, time))
    }

    /// When the newest message of a partition in memory was stored.
    pub fn newest_time(&self, stream: &str, partition: PartitionId) -> Option<Timestamp> {
        let slots = self.logs[self.log_number(stream, partition)?].slots();
        Some(Timestamp(slots.back()?.end_time()))
    }

    /// When the oldest message in memory was stored, and when the newest was, as far as messages are in the order of time.
    pub fn times(&self) -> Option<(Timestamp, Timestamp)> {
        let ends = |log: &PartitionLog| {
            let slots = log.slots();
            Some((slots.front()?.start_time(), slots.back()?.end_time()))
        };
        let ends = self.logs.iter().filter_map(ends);
        let widest = ends.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))?;
        Some((Timestamp(widest.0), Timestamp(widest.1)))
    }

    /// The lowest and the highest offset of a partition in memory.
    pub fn offsets(&self, stream: &str, partition: PartitionId) -> Option<(Offset, Offset)> {
        let slots = self.logs[self.log_number(stream, partition)?].slots();
        Some((
            slots.front()?.chunk.first_offset(),
            slots.back()?.chunk.last_offset(),
        ))
    }

    /// Sets which end leaves when the budget is full.
    pub fn set_evict(&mut self, evict: Evict) {
        self.evict = evict;
    }

    /// Which end leaves when the budget is full.
    pub fn evict(&self) -> Evict {
        self.evict
    }

    /// Whether a chunk may leave. The last one stays: a message larger than the budget is shown all the same.
    pub(super) fn can_evict(&self) -> bool {
        let chunks: usize = self.logs.iter().map(|log| log.slots().len()).sum();
        self.evict != Evict::Nothing && chunks > 1
    }

    /// Drops the chunk at the end that leaves, and says which it was.
    pub(super) fn evict_one(&mut self) -> Option<Arc<Chunk>> {
        let ends = self.logs.iter_mut().filter(|log| !log.slots().is_empty());
        let end_time = |log: &&mut PartitionLog| log.slots().front().map(ChunkSlot::end_time);
        let start_time =
            |log: &&mut PartitionLog| log.slots().back().map(|slot| slot.chunk.latest_up_to(0));
        let chunk = match self.evict {
            Evict::Nothing => None,
            Evict::Oldest => ends.min_by_key(end_time)?.pop_oldest(),
            Evict::Newest => ends.max_by_key(start_time)?.pop_newest(),
        }?;
        self.bytes = self.bytes.saturating_sub(chunk.bytes());
        self.counters.evicted += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        Some(chunk)
    }

    /// Forgets every message; counts stay.
    pub fn clear(&mut self) {
        self.logs.clear();
        self.bytes = 0;
    }
}

/// The query's part: which chunks it has to look at, and what it found.
impl Store {
    /// From now on only what matches is seen: nothing, until the chunks of [`Store::unasked`] were looked at.
    pub fn begin_query(&mut self) {
        self.query += 1;
        self.filtered = true;
        let seen = self.unscanned();
        self.logs.iter_mut().for_each(|log| log.set_seen(&seen));
    }

    /// Everything is seen again.
    pub fn end_query(&mut self) {
        self.query += 1;
        self.filtered = false;
        self.logs
            .iter_mut()
            .for_each(|log| log.set_seen(&Visibility::All));
    }

    /// Chunks that no scan was asked to look at yet, newest first, at most `limit`. Each is handed out once a query.
    pub fn unasked(&mut self, limit: usize) -> Vec<(ChunkKey, Arc<Chunk>)> {
        let mut found = Vec::new();
        for (number, log) in self.logs.iter().enumerate() {
            let new =
                |(_, slot): &(usize, &ChunkSlot)| slot.seen == Visibility::Pending { asked: false };
            let slots = log.slots().iter().enumerate().rev().filter(new).take(limit);
            found.extend(slots.map(|(at, slot)| (slot.end_time(), number, at)));
        }
        found.sort_unstable_by(|left, right| right.cmp(left));
        found.truncate(limit);
        let ask = |(_, number, at): (i64, usize, usize)| {
            let log = &mut self.logs[number];
            log.mark_scanned(at);
            let slot = &log.slots()[at];
            let key = ChunkKey {
                query: self.query,
                log: number,
                serial: slot.serial,
            };
            (key, Arc::clone(&slot.chunk))
        };
        found.into_iter().map(ask).collect()
    }

    /// Takes what a scan found in a chunk: the growing indexes of the messages that match.
    pub fn accept(&mut self, key: ChunkKey, matching: Arc<[u32]>) {
        if !self.filtered || key.query != self.query {
            return;
        }
        let Some(log) = self.logs.get_mut(key.log) else {
            return;
        };
        if log.set_seen_of(key.serial, Visibility::Matching(matching)) {
            self.bytes = self.bytes.saturating_sub(log.join_newest());
        }
    }

    /// How many messages in memory the query has not looked at yet.
    pub fn unscanned_len(&self) -> usize {
        let slots = self.logs.iter().flat_map(PartitionLog::slots);
        let pending = slots.filter(|slot| matches!(slot.seen, Visibility::Pending { .. }));
        pending.map(|slot| slot.chunk.len()).sum()
    }
}
