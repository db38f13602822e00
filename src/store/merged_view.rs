//! Several partitions seen as one sequence: by time, each partition in the order of its offsets.
//! No index is kept for it: a position is found by counting in each lane, so that a message costs nothing here.

use super::message::MessageRef;
use super::partition_log::PartitionLog;

/// How many rows of each lane come before the given position of the whole sequence.
///
/// Rows are ordered by time, then by lane. The time at the position is found by halving; then the rows at exactly that
/// time are dealt out lane by lane.
pub(super) fn ranks_at(lanes: &[PartitionLog], position: usize) -> Vec<usize> {
    if let [lane] = lanes {
        return vec![position.min(lane.len())];
    }
    let time = time_at(lanes, position);
    let mut ranks: Vec<usize> = lanes
        .iter()
        .map(|lane| lane.rows_while(|t| t < time))
        .collect();
    let mut missing = position.saturating_sub(ranks.iter().sum());
    for (lane, rank) in lanes.iter().zip(&mut ranks) {
        let same = lane.rows_while(|t| t <= time) - *rank;
        let taken = same.min(missing);
        *rank += taken;
        missing -= taken;
    }
    ranks
}

/// The earliest time with more than `position` rows up to it; the latest there is where there are not so many.
fn time_at(lanes: &[PartitionLog], position: usize) -> i64 {
    let slots = || {
        lanes
            .iter()
            .flat_map(|lane| lane.slots().front().into_iter().chain(lane.slots().back()))
    };
    let mut low = slots().map(|slot| slot.time(0)).min().unwrap_or_default();
    let mut high = slots()
        .map(super::partition_log::ChunkSlot::end_time)
        .max()
        .unwrap_or_default();
    while low < high {
        let middle = low.midpoint(high);
        let rows: usize = lanes
            .iter()
            .map(|lane| lane.rows_while(|t| t <= middle))
            .sum();
        if rows > position {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// The position at which the row of `lanes[lane]` with that rank and time stands.
pub(super) fn position_of(lanes: &[PartitionLog], lane: usize, rank: usize, time: i64) -> usize {
    let others = lanes
        .iter()
        .enumerate()
        .filter(|(number, _)| *number != lane);
    let before = others.map(|(number, other)| {
        if number < lane {
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
    lanes: &'a [PartitionLog],
    heads: Vec<Option<Head>>,
    left: usize,
}

/// The next row of a lane.
#[derive(Clone, Copy, Debug)]
struct Head {
    slot: usize,
    row: usize,
    time: i64,
}

impl<'a> MergedRows<'a> {
    /// The rows of these lanes from a position of the whole sequence on.
    pub(super) fn new(lanes: &'a [PartitionLog], position: usize) -> Self {
        let ranks = ranks_at(lanes, position);
        let heads = lanes.iter().zip(&ranks).map(|(lane, &rank)| {
            let (slot, row) = lane.spot(rank)?;
            head(lane, slot, row)
        });
        let total: usize = lanes.iter().map(PartitionLog::len).sum();
        Self {
            lanes,
            heads: heads.collect(),
            left: total.saturating_sub(position),
        }
    }
}

/// The row there, or the first row of the next chunk that has one.
fn head(lane: &PartitionLog, slot: usize, row: usize) -> Option<Head> {
    let mut found = lane.slots().iter().enumerate().skip(slot);
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
        let lane = &self.lanes[number];
        let at = (*place)?;
        *place = head(lane, at.slot, at.row + 1);
        self.left = self.left.saturating_sub(1);
        lane.message(at.slot, at.row)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for MergedRows<'_> {}
