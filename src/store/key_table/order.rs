//! In which order rows of a table stand, and which of them are shown.
//! A million of keys is sorted by their first bytes, and looked up only where those are the same.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{KeyTable, RowId, TableRow};

/// What decides the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TableSort {
    /// The key.
    #[default]
    Key,
    /// The latest value.
    Value,
    /// When the latest message was stored, the newest first.
    Time,
    /// The offset of the latest message, the greatest first.
    Offset,
    /// How many messages of the key were read, the most first.
    Changes,
    /// The partition.
    Partition,
}

/// An order, and whether deleted keys are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableOrder {
    /// What decides it.
    pub sort: TableSort,
    /// Whether it is reversed.
    pub reversed: bool,
    /// Whether deleted keys are among the rows.
    pub deleted: bool,
}

/// Rows in their order.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowOrder(Arc<[RowId]>);

impl From<Vec<RowId>> for RowOrder {
    fn from(rows: Vec<RowId>) -> Self {
        Self(rows.into())
    }
}

impl Deref for RowOrder {
    type Target = [RowId];

    fn deref(&self) -> &[RowId] {
        &self.0
    }
}

impl fmt::Debug for RowOrder {
    /// The count only: it stands in events, which get logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowOrder({})", self.0.len())
    }
}

/// A row with what decides its place.
struct Ranked {
    rank: u64,
    key: u64,
    id: RowId,
}

impl KeyTable {
    /// The rows that are shown, in that order: those that the query finds and `keep` lets through. Rows that are equal there
    /// stand by their keys.
    pub fn order(&self, order: &TableOrder, keep: impl Fn(&TableRow<'_>) -> bool) -> Vec<RowId> {
        let shared = self.shared_prefix();
        let shown = self
            .rows()
            .filter(|(_, row)| row.is_found() && (order.deleted || !row.is_deleted()) && keep(row));
        let mut ranked: Vec<Ranked> = shown
            .map(|(id, row)| Ranked {
                rank: rank(order.sort, &row),
                key: first_bytes(row.key().get(shared..).unwrap_or_default()),
                id,
            })
            .collect();
        ranked.sort_unstable_by(|one, other| {
            let ranks = one.rank.cmp(&other.rank);
            ranks
                .then_with(|| self.compare_values(order.sort, one.id, other.id))
                .then_with(|| one.key.cmp(&other.key))
                .then_with(|| self.compare_keys(one.id, other.id))
        });
        if order.reversed {
            ranked.reverse();
        }
        ranked.into_iter().map(|ranked| ranked.id).collect()
    }

    /// How many bytes all keys begin with alike.
    fn shared_prefix(&self) -> usize {
        let mut keys = self.rows().map(|(_, row)| row.key());
        let Some(first) = keys.next() else {
            return 0;
        };
        keys.fold(first.len(), |shared, key| {
            let pairs = first.iter().take(shared).zip(key);
            pairs.take_while(|(one, other)| one == other).count()
        })
    }

    fn compare_keys(&self, one: RowId, other: RowId) -> Ordering {
        let key = |id| self.row(id).map(|row| row.key());
        key(one).cmp(&key(other)).then(one.cmp(&other))
    }

    fn compare_values(&self, sort: TableSort, one: RowId, other: RowId) -> Ordering {
        if sort != TableSort::Value {
            return Ordering::Equal;
        }
        let value = |id| self.row(id).and_then(|row| row.value());
        value(one).cmp(&value(other))
    }
}

/// What comes first has the lowest.
fn rank(sort: TableSort, row: &TableRow<'_>) -> u64 {
    // The sign turned, so that negative numbers stay below.
    let greatest_first = |number: i64| !(number.cast_unsigned() ^ (1 << 63));
    match sort {
        TableSort::Key => 0,
        TableSort::Value => row.value().map_or(0, first_bytes),
        TableSort::Time => greatest_first(row.time().0),
        TableSort::Offset => greatest_first(row.offset()),
        TableSort::Changes => !row.changes(),
        TableSort::Partition => u64::from(row.partition().cast_unsigned()),
    }
}

/// The first eight bytes as a number that is ordered as they are.
fn first_bytes(bytes: &[u8]) -> u64 {
    let mut first = [0; 8];
    for (place, byte) in first.iter_mut().zip(bytes) {
        *place = *byte;
    }
    u64::from_be_bytes(first)
}
