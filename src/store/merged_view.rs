//! Several partitions seen as one sequence: by time, each partition in the order of its offsets.
//! No index is kept for it: a position is found by counting in the log of each, so that a message costs nothing here.

use super::message::MessageRef;
use super::partition_log::{ChunkSlot, PartitionLog};

/// How many rows of each log come before the given position of the whole sequence.
///
/// Rows are ordered by time, then by log. The time at the position is found by halving; then the rows at exactly that
/// time are dealt out log by log.
pub(super) fn ranks_at(logs: &[PartitionLog], position: usize) -> Vec<usize> {
    if let [log] = logs {
        return vec![position.min(log.len())];
    }
    let time = time_at(logs, position);
    let mut ranks: Vec<usize> = logs
        .iter()
        .map(|log| log.rows_while(|t| t < time))
        .collect();
    let mut missing = position.saturating_sub(ranks.iter().sum());
    for (log, rank) in logs.iter().zip(&mut ranks) {
        let same = log.rows_while(|t| t <= time) - *rank;
        let taken = same.min(missing);
        *rank += taken;
        missing -= taken;
    }
    ranks
}

/// The earliest time with more than `position` rows up to it; the latest there is where there are not so many.
fn time_at(logs: &[PartitionLog], position: usize) -> i64 {
    // Of whole chunks: a chunk of which nothing is seen has no row to tell the time by.
    let starts = logs.iter().filter_map(|log| log.slots().front());
    let ends = logs.iter().filter_map(|log| log.slots().back());
    let mut low = starts.map(ChunkSlot::start_time).min().unwrap_or_default();
    let mut high = ends.map(ChunkSlot::end_time).max().unwrap_or_default();
    while low < high {
        let middle = low.midpoint(high);
        let rows: usize = logs.iter().map(|log| log.rows_while(|t| t <= middle)).sum();
        if rows > position {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// The position at which the row of `logs[number]` with that rank and time stands.
pub(super) fn position_of(logs: &[PartitionLog], number: usize, rank: usize, time: i64) -> usize {
    let others = logs
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != number);
    let before = others.map(|(at, other)| {
        if at < number {
            other.rows_while(|t| t <= time)
        } else {
            other.rows_while(|t| t < time)
        }
    });
    rank + before.sum::<usize>()
}

/// Rows one after the other from a position on.
#[derive(Clone, Debug)]
pub struct MergedRows<'a> {
    logs: &'a [PartitionLog],
    heads: Vec<Option<Head>>,
    left: usize,
}

/// The next row of a log.
#[derive(Clone, Copy, Debug)]
struct Head {
    slot: usize,
    row: usize,
    time: i64,
}

impl<'a> MergedRows<'a> {
    /// The rows of these logs from a position of the whole sequence on.
    pub(super) fn new(logs: &'a [PartitionLog], position: usize) -> Self {
        let ranks = ranks_at(logs, position);
        let heads = logs.iter().zip(&ranks).map(|(log, &rank)| {
            let (slot, row) = log.spot(rank)?;
            head(log, slot, row)
        });
        let total: usize = logs.iter().map(PartitionLog::len).sum();
        Self {
            logs,
            heads: heads.collect(),
            left: total.saturating_sub(position),
        }
    }
}

/// The row there, or the first row of the next chunk that has one.
fn head(log: &PartitionLog, slot: usize, row: usize) -> Option<Head> {
    let mut found = log.slots().iter().enumerate().skip(slot);
    let (number, place) =
        found.find(|(number, place)| *number != slot && place.len() > 0 || row < place.len())?;
    let row = if number == slot { row } else { 0 };
    Some(Head {
        slot: number,
        row,
        time: place.time(row),
    })
}

impl<'a> Iterator for MergedRows<'a> {
    type Item = MessageRef<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let heads = self.heads.iter_mut().enumerate();
        let ready = heads.filter_map(|(number, head)| head.map(|at| (at.time, number, head)));
        let (_, number, place) = ready.min_by_key(|(time, number, _)| (*time, *number))?;
        let log = &self.logs[number];
        let at = (*place)?;
        *place = head(log, at.slot, at.row + 1);
        self.left = self.left.saturating_sub(1);
        log.message(at.slot, at.row)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for MergedRows<'_> {}
