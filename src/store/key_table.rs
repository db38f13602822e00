//! The latest message of each key: what a stream says when it is read as a table, as compaction would leave it.
//!
//! Takes bounded memory. Where keys and values take more, the values are dropped and the keys stay: whoever shows a row then
//! reads its value again. Where the keys alone take more, there is no table.

mod order;
mod record;

pub use order::{RowOrder, TableOrder, TableSort};
pub use record::TableRecord;

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Chunk, MessageRef, PartitionStatistics, Query, QueryRun};
use serde::{Deserialize, Serialize};

use crate::model::{EndReason, Offset, PartitionId, StreamName, SubscriptionEvent, Timestamp};

/// What a key costs besides its bytes and those of its value: its entry, its place in the index, what the allocator adds to
/// two pieces of memory, and the room that growing lists keep free.
const ENTRY_COST: usize = 192;
/// Room behind a value that is kept for the next one, which is of about the same size.
const SPARE: usize = 64;
/// Bytes of a value that a row on the screen has.
const SHOWN_VALUE: usize = 4 << 10;

/// A row by its place, which it keeps for as long as the table is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowId {
    partition: u32,
    row: u32,
}

/// The latest message of a key.
#[derive(Debug)]
struct Entry {
    value: Vec<u8>,
    /// Bytes of the value, whether it is kept or not.
    size: u32,
    offset: Offset,
    time: Timestamp,
    changes: u32,
    /// Whether the query finds the latest message.
    is_found: bool,
}

/// What was read of a partition, and its keys.
#[derive(Debug)]
struct TablePartition {
    reading: PartitionStatistics,
    rows: IndexMap<Box<[u8]>, Entry>,
}

/// What the messages that were read came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableTotals {
    /// Messages that were read.
    pub read: u64,
    /// Those of them without a key: they are part of no row.
    pub keyless: u64,
    /// Messages for which the query costs more than it may: the row of such a one is not shown.
    pub undecided: u64,
    /// Keys, deleted ones included.
    pub keys: u64,
    /// Keys whose latest message is empty, which deletes them.
    pub deleted: u64,
}

/// The keys alone take more memory than they may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyKeys {
    /// How many there were by then.
    pub keys: u64,
    /// The limit in bytes.
    pub limit: usize,
}

/// The latest message of each key of some partitions.
#[derive(Debug)]
pub struct KeyTable {
    limit: usize,
    bytes: usize,
    keeps_values: bool,
    totals: TableTotals,
    partitions: Vec<TablePartition>,
}

/// A row.
#[derive(Clone, Copy, Debug)]
pub struct TableRow<'a> {
    stream: &'a StreamName,
    partition: PartitionId,
    key: &'a [u8],
    entry: &'a Entry,
    keeps_values: bool,
}

impl<'a> TableRow<'a> {
    /// The stream.
    pub fn stream(&self) -> &'a StreamName {
        self.stream
    }

    /// The partition.
    pub fn partition(&self) -> PartitionId {
        self.partition
    }

    /// The key; never empty.
    pub fn key(&self) -> &'a [u8] {
        self.key
    }

    /// The latest value; `None` where it was dropped for its room.
    pub fn value(&self) -> Option<&'a [u8]> {
        let is_kept = self.keeps_values || self.entry.size == 0;
        is_kept.then_some(self.entry.value.as_slice())
    }

    /// How many bytes the latest value has, kept or not.
    pub fn size(&self) -> usize {
        usize::try_from(self.entry.size).unwrap_or(usize::MAX)
    }

    /// The offset of the latest message.
    pub fn offset(&self) -> Offset {
        self.entry.offset
    }

    /// When the latest message was stored.
    pub fn time(&self) -> Timestamp {
        self.entry.time
    }

    /// How many messages of this key were read.
    pub fn changes(&self) -> u64 {
        self.entry.changes.into()
    }

    /// Whether the latest message is empty, which deletes the key.
    pub fn is_deleted(&self) -> bool {
        self.entry.size == 0
    }

    /// Whether the query finds the latest message; `true` where there is none.
    pub fn is_found(&self) -> bool {
        self.entry.is_found
    }
}

/// A row as a screen shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// The partition.
    pub partition: PartitionId,
    /// The key.
    pub key: Arc<[u8]>,
    /// The beginning of the latest value; `None` where it was dropped for its room.
    pub value: Option<Arc<[u8]>>,
    /// How many bytes the latest value has.
    pub size: usize,
    /// The offset of the latest message.
    pub offset: Offset,
    /// When it was stored.
    pub time: Timestamp,
    /// How many messages of this key were read.
    pub changes: u64,
}

impl TableEntry {
    /// Whether the latest message is empty, which deletes the key.
    pub fn is_deleted(&self) -> bool {
        self.size == 0
    }
}

impl KeyTable {
    /// An empty one of these partitions, which takes about so many bytes at most.
    pub fn new(partitions: &[(StreamName, PartitionId)], limit: usize) -> Self {
        let partitions = partitions.iter().map(|(stream, partition)| TablePartition {
            reading: PartitionStatistics::new(StreamName::clone(stream), *partition),
            rows: IndexMap::new(),
        });
        Self {
            limit,
            bytes: 0,
            keeps_values: true,
            totals: TableTotals::default(),
            partitions: partitions.collect(),
        }
    }

    /// Takes the messages of a chunk; chunks of a partition come in order.
    ///
    /// # Errors
    /// The keys alone take more memory than they may.
    pub fn add_chunk(
        &mut self,
        chunk: &Chunk,
        query: Option<&Query>,
        now: Timestamp,
    ) -> Result<(), TooManyKeys> {
        let Some(partition) = find(&mut self.partitions, chunk.stream(), chunk.partition()) else {
            return Ok(());
        };
        partition.reading.record_chunk(chunk, true);
        let run = QueryRun::at(now);
        let found = query.map(|query| query.predicate().scan(chunk, &run));
        let mut found = found.map(|indexes| indexes.into_iter().peekable());
        let keeps_values = self.keeps_values;
        let wide = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        for (index, message) in chunk.iter().enumerate() {
            let is_found = found.as_mut().is_none_or(|found| {
                let next = found.next_if(|next| usize::try_from(*next) == Ok(index));
                next.is_some()
            });
            if message.key().is_empty() {
                self.totals.keyless += 1;
                continue;
            }
            let change = partition.apply(&message, is_found, keeps_values);
            self.bytes = self.bytes.saturating_add_signed(change.bytes);
            self.totals.keys += u64::from(change.is_new);
            self.totals.deleted =
                self.totals.deleted + u64::from(change.deletes) - u64::from(change.revives);
        }
        self.totals.read += wide(chunk.len());
        self.totals.undecided += run.undecided();
        self.enforce_limit()
    }

    fn enforce_limit(&mut self) -> Result<(), TooManyKeys> {
        if self.bytes > self.limit && self.keeps_values {
            self.drop_values();
        }
        if self.bytes > self.limit {
            return Err(TooManyKeys {
                keys: self.totals.keys,
                limit: self.limit,
            });
        }
        Ok(())
    }

    fn drop_values(&mut self) {
        self.keeps_values = false;
        self.bytes = 0;
        for partition in &mut self.partitions {
            for (key, entry) in &mut partition.rows {
                entry.value = Vec::new();
                self.bytes += ENTRY_COST + key.len();
            }
        }
    }

    /// Something happened to the reading of a partition.
    pub fn apply_event(
        &mut self,
        stream: &StreamName,
        partition: PartitionId,
        event: &SubscriptionEvent,
    ) {
        if let Some(found) = find(&mut self.partitions, stream, partition) {
            found.reading.apply_event(event);
        }
    }

    /// The reading of a partition is over.
    pub fn end(&mut self, stream: &StreamName, partition: PartitionId, reason: EndReason) {
        if let Some(found) = find(&mut self.partitions, stream, partition) {
            found.reading.end(reason);
        }
    }

    /// The reading of a partition failed.
    pub fn fail(&mut self, stream: &StreamName, partition: PartitionId, sentence: String) {
        if let Some(found) = find(&mut self.partitions, stream, partition) {
            found.reading.note = Some(sentence);
        }
    }

    /// What the messages came to so far.
    pub fn totals(&self) -> TableTotals {
        self.totals
    }

    /// What was read of each partition.
    pub fn readings(&self) -> impl Iterator<Item = &PartitionStatistics> {
        self.partitions.iter().map(|partition| &partition.reading)
    }

    /// Whether values are still there; they are dropped where they take more memory than they may.
    pub fn keeps_values(&self) -> bool {
        self.keeps_values
    }

    /// The memory that it takes, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The row of that place.
    pub fn row(&self, id: RowId) -> Option<TableRow<'_>> {
        let partition = self.partitions.get(usize::try_from(id.partition).ok()?)?;
        let (key, entry) = partition.rows.get_index(usize::try_from(id.row).ok()?)?;
        Some(partition.row(key, entry, self.keeps_values))
    }

    /// The row of that place as a screen shows it.
    pub fn entry(&self, id: RowId) -> Option<TableEntry> {
        let row = self.row(id)?;
        let value = row.value();
        let shown = value.map(|value| value.get(..SHOWN_VALUE).unwrap_or(value));
        Some(TableEntry {
            partition: row.partition,
            key: row.key.into(),
            value: shown.map(Arc::from),
            size: row.size(),
            offset: row.offset(),
            time: row.time(),
            changes: row.changes(),
        })
    }

    /// All rows, by partition and by when their keys came first.
    fn rows(&self) -> impl Iterator<Item = (RowId, TableRow<'_>)> {
        let (partitions, keeps_values) = ((0..).zip(&self.partitions), self.keeps_values);
        partitions.flat_map(move |(number, partition)| {
            let rows = (0..).zip(&partition.rows);
            rows.map(move |(row, (key, entry))| {
                let id = RowId {
                    partition: number,
                    row,
                };
                (id, partition.row(key, entry, keeps_values))
            })
        })
    }
}

fn find<'a>(
    partitions: &'a mut [TablePartition],
    stream: &StreamName,
    partition: PartitionId,
) -> Option<&'a mut TablePartition> {
    partitions
        .iter_mut()
        .find(|one| one.reading.partition == partition && one.reading.stream == *stream)
}

/// What a message changed.
struct RowChange {
    bytes: isize,
    is_new: bool,
    /// The key was there, or is new, and is deleted now.
    deletes: bool,
    /// The key was deleted and is there again.
    revives: bool,
}

impl TablePartition {
    fn row<'a>(&'a self, key: &'a [u8], entry: &'a Entry, keeps_values: bool) -> TableRow<'a> {
        TableRow {
            stream: &self.reading.stream,
            partition: self.reading.partition,
            key,
            entry,
            keeps_values,
        }
    }

    fn apply(&mut self, message: &MessageRef<'_>, is_found: bool, keeps_values: bool) -> RowChange {
        let (key, value) = (message.key(), message.value());
        self.reading.messages += 1;
        self.reading.bytes += u64::try_from(key.len() + value.len()).unwrap_or(0);
        let size = u32::try_from(value.len()).unwrap_or(u32::MAX);
        let kept: &[u8] = if keeps_values { value } else { &[] };
        let signed = |length: usize| isize::try_from(length).unwrap_or(isize::MAX);
        if let Some(entry) = self.rows.get_mut(key) {
            let (before, was_deleted) = (entry.value.capacity(), entry.size == 0);
            // Its room is taken again: an allocation for each message would cost more than the rest.
            entry.value.clear();
            entry.value.extend_from_slice(kept);
            if entry.value.capacity() > 2 * kept.len() + SPARE {
                entry.value.shrink_to(kept.len());
            }
            entry.size = size;
            entry.offset = message.offset();
            entry.time = message.timestamp();
            entry.changes = entry.changes.saturating_add(1);
            entry.is_found = is_found;
            return RowChange {
                bytes: signed(entry.value.capacity()) - signed(before),
                is_new: false,
                deletes: size == 0 && !was_deleted,
                revives: size > 0 && was_deleted,
            };
        }
        let entry = Entry {
            value: kept.to_vec(),
            size,
            offset: message.offset(),
            time: message.timestamp(),
            changes: 1,
            is_found,
        };
        self.rows.insert(key.into(), entry);
        RowChange {
            bytes: signed(ENTRY_COST + key.len() + kept.len()),
            is_new: true,
            deletes: size == 0,
            revives: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MessageSink, MessageStamp};
    use crate::store::ChunkBuilder;

    /// A chunk of partition 0 that begins at that offset.
    fn chunk(first: Offset, messages: &[(&str, &str)]) -> Arc<Chunk> {
        let mut builder = ChunkBuilder::new();
        for (offset, (key, value)) in (first..).zip(messages) {
            builder.stream(b"settings");
            builder.key(key.as_bytes());
            builder.value(value.as_bytes());
            let stamp = MessageStamp {
                offset,
                partition: 0,
                timestamp: Timestamp(offset * 1_000),
            };
            assert!(builder.commit(stamp).is_none());
        }
        builder.flush().expect("there are messages")
    }

    fn table(limit: usize) -> KeyTable {
        KeyTable::new(&[("settings".into(), 0)], limit)
    }

    fn texts(table: &KeyTable, order: TableOrder) -> Vec<String> {
        let ids = table.order(&order, |_| true);
        let rows = ids.iter().filter_map(|id| table.row(*id));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        rows.map(|row| {
            let value = row.value().map_or("?".to_owned(), text);
            format!(
                "{}={value} @{} x{}",
                text(row.key()),
                row.offset(),
                row.changes()
            )
        })
        .collect()
    }

    #[test]
    fn the_latest_message_of_each_key_stands_and_an_empty_one_deletes() {
        let mut table = table(1 << 20);
        let now = Timestamp(0);
        let first = chunk(
            0,
            &[("b", "1"), ("a", "long value"), ("", "lost"), ("c", "1")],
        );
        table.add_chunk(&first, None, now).unwrap();
        let second = chunk(
            4,
            &[("a", "2"), ("c", ""), ("d", ""), ("b", ""), ("b", "3")],
        );
        table.add_chunk(&second, None, now).unwrap();
        let totals = table.totals();
        assert_eq!((totals.read, totals.keyless), (9, 1));
        assert_eq!((totals.keys, totals.deleted), (4, 2));
        let order = TableOrder::default();
        assert_eq!(texts(&table, order), ["a=2 @4 x2", "b=3 @8 x3"]);
        let all = TableOrder {
            deleted: true,
            ..order
        };
        assert_eq!(
            texts(&table, all),
            ["a=2 @4 x2", "b=3 @8 x3", "c= @5 x2", "d= @6 x1"]
        );
    }

    #[test]
    fn rows_stand_by_key_time_or_changes() {
        let mut table = table(1 << 20);
        let messages = [
            ("key-3", "x"),
            ("key-10", "x"),
            ("key-3", "x"),
            ("k", "x"),
            ("key-10", "x"),
        ];
        table
            .add_chunk(&chunk(0, &messages), None, Timestamp(0))
            .unwrap();
        let keys = |sort, reversed| -> Vec<String> {
            let order = TableOrder {
                sort,
                reversed,
                deleted: false,
            };
            let rows = texts(&table, order).into_iter();
            rows.map(|row| row.split('=').next().unwrap_or_default().to_owned())
                .collect()
        };
        assert_eq!(keys(TableSort::Key, false), ["k", "key-10", "key-3"]);
        assert_eq!(keys(TableSort::Key, true), ["key-3", "key-10", "k"]);
        assert_eq!(keys(TableSort::Time, false), ["key-10", "k", "key-3"]);
        assert_eq!(keys(TableSort::Offset, true), ["key-3", "k", "key-10"]);
        assert_eq!(keys(TableSort::Changes, false), ["key-10", "key-3", "k"]);
    }

    #[test]
    fn a_query_is_about_the_latest_message_of_a_key() {
        let mut table = table(1 << 20);
        let query = Query::parse("value:paid").unwrap();
        let messages = [
            ("a", "paid"),
            ("b", "open"),
            ("a", "sent"),
            ("b", "paid"),
            ("c", "paid"),
        ];
        table
            .add_chunk(&chunk(0, &messages), Some(&query), Timestamp(0))
            .unwrap();
        assert_eq!(
            texts(&table, TableOrder::default()),
            ["b=paid @3 x2", "c=paid @4 x1"]
        );
        assert_eq!(table.totals().keys, 3);
    }

    #[test]
    fn values_go_first_where_memory_is_short_and_keys_that_take_too_much_are_no_table() {
        let value = "v".repeat(1_000);
        let mut table = table(3_900);
        let messages = [("a", &*value), ("b", &value), ("c", ""), ("d", &value)];
        table
            .add_chunk(&chunk(0, &messages), None, Timestamp(0))
            .unwrap();
        assert!(table.keeps_values());
        let more = [("e", &*value), ("a", "new")];
        table
            .add_chunk(&chunk(4, &more), None, Timestamp(0))
            .unwrap();
        assert!(!table.keeps_values() && table.bytes() < 1_500);
        let all = TableOrder {
            deleted: true,
            ..TableOrder::default()
        };
        assert_eq!(
            texts(&table, all),
            [
                "a=? @5 x2",
                "b=? @1 x1",
                "c= @2 x1",
                "d=? @3 x1",
                "e=? @4 x1"
            ],
            "an empty value is known"
        );
        let ids = table.order(&all, |_| true);
        let sizes = ids.iter().filter_map(|id| table.row(*id));
        let sizes: Vec<usize> = sizes.map(|row| row.size()).collect();
        assert_eq!(sizes, [3, 1_000, 0, 1_000, 1_000]);
        let keys: Vec<String> = (0..30).map(|number| format!("key-{number}")).collect();
        let many: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "")).collect();
        let refused = table.add_chunk(&chunk(6, &many), None, Timestamp(0));
        let expected = TooManyKeys {
            keys: 35,
            limit: 3_900,
        };
        assert_eq!(refused, Err(expected));
    }

    #[test]
    fn memory_is_counted_as_values_grow_and_shrink() {
        let mut table = table(1 << 20);
        let large = "v".repeat(10_000);
        table
            .add_chunk(&chunk(0, &[("a", "1")]), None, Timestamp(0))
            .unwrap();
        let small = table.bytes();
        table
            .add_chunk(&chunk(1, &[("a", &large)]), None, Timestamp(0))
            .unwrap();
        assert!(table.bytes() >= small + 9_000);
        table
            .add_chunk(&chunk(2, &[("a", "1")]), None, Timestamp(0))
            .unwrap();
        assert!(table.bytes() <= small + 2 * SPARE);
    }
}
