//! Reads values again that found no room in a table: those of so many rows at a time as there is memory for.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::client::Observer;
use crate::model::{Offset, PartitionId, StartAt, StopAt, StreamName};
use crate::runtime::range_reader::{RangeItem, RangeReader};
use crate::store::{Chunk, KeyTable, RowId, TableRow};

/// What a value costs besides its bytes.
const VALUE_COST: usize = 96;

/// Values by the place of their messages.
#[derive(Debug, Default)]
pub(super) struct Values(HashMap<(PartitionId, Offset), Option<Box<[u8]>>>);

impl Values {
    /// The value of a row; `None` where its message was not there any more.
    pub(super) fn of<'a>(&'a self, row: &TableRow<'a>) -> Option<&'a [u8]> {
        let known = row.value();
        let read = || self.0.get(&(row.partition(), row.offset()))?.as_deref();
        known.or_else(read)
    }

    fn take(&mut self, chunk: &Chunk) {
        for message in chunk.iter() {
            if let Some(value) = self.0.get_mut(&(message.partition(), message.offset())) {
                *value = Some(message.value().into());
            }
        }
    }
}

/// Reads them.
#[derive(Debug)]
pub(super) struct ValueReader {
    observer: Observer,
    timeout: Duration,
    limit: usize,
    notes: Vec<String>,
}

impl ValueReader {
    /// A reader that keeps so many bytes at a time.
    pub(super) fn new(observer: Observer, timeout: Duration, limit: usize) -> Self {
        Self {
            observer,
            timeout,
            limit,
            notes: Vec::new(),
        }
    }

    /// How many bytes of memory keys and values may take.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// The rows in as many parts as are read one after the other: values have the memory that the keys leave.
    pub(super) fn parts(&self, table: &KeyTable, rows: &[RowId]) -> Vec<Vec<RowId>> {
        let room = self.limit.saturating_sub(table.bytes()).max(self.limit / 8);
        let (mut parts, mut taken) = (Vec::new(), room);
        for id in rows {
            let size = table.row(*id).map_or(0, |row| row.size()) + VALUE_COST;
            if taken + size > room || parts.is_empty() {
                parts.push(Vec::new());
                taken = 0;
            }
            taken += size;
            if let Some(part) = parts.last_mut() {
                part.push(*id);
            }
        }
        parts
    }

    /// The values of these rows.
    pub(super) async fn read(&mut self, table: &KeyTable, rows: &[RowId]) -> Values {
        let mut values = Values::default();
        let mut ranges: BTreeMap<(StreamName, PartitionId), (Offset, Offset)> = BTreeMap::new();
        for row in rows.iter().filter_map(|id| table.row(*id)) {
            if row.value().is_some() {
                continue;
            }
            let (partition, offset) = (row.partition(), row.offset());
            values.0.insert((partition, offset), None);
            let key = (StreamName::clone(row.stream()), partition);
            let (first, last) = ranges.entry(key).or_insert((offset, offset));
            (*first, *last) = (offset.min(*first), offset.max(*last));
        }
        for (source, (first, last)) in ranges {
            let ends = (StartAt::Offset(first), StopAt::Offset(last));
            let mut range = RangeReader::begin(&self.observer, &[source], ends, self.timeout);
            while let Some(item) = range.next().await {
                match item {
                    RangeItem::Chunk(chunk) => values.take(&chunk),
                    RangeItem::Failed(_, sentence) => self.notes.push(sentence),
                    RangeItem::Event(..) => {}
                }
            }
        }
        values
    }

    /// What could not be read, and why.
    pub(super) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }
}
