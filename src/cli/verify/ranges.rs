//! Differences of offsets that follow each other as one row: a copy that differs in a thousand messages is no thousand lines.

use super::report::DifferenceRow;
use crate::model::{BrokerId, Offset, counted_plainly};

/// Rows of one partition that are printed at most.
const MOST_ROWS: usize = 50;

/// Rows that the next difference may lengthen.
#[derive(Default)]
pub(super) struct Ranges {
    open: Vec<Range>,
    /// Rows of this partition that were given out.
    given: usize,
    /// Differences that found no room.
    left_out: u64,
}

struct Range {
    row: DifferenceRow,
    first: Offset,
    last: Offset,
    /// Rows that it is made of.
    count: u64,
}

impl Ranges {
    /// Takes one more row, and returns those that nothing lengthens any more.
    pub(super) fn add(&mut self, row: DifferenceRow) -> Vec<DifferenceRow> {
        let (Some(first), true) = (row.offset, row.reason.is_none()) else {
            let mut rows = self.close(|_| true);
            rows.push(row);
            return rows;
        };
        let last = row.last_offset.unwrap_or(first);
        let closed = self.close(|range| range.last.saturating_add(1) < first);
        let mut open = self.open.iter_mut();
        let same = open.find(|range| {
            let is_next = range.last.saturating_add(1) == first;
            is_next && range.row.replica == row.replica && range.row.what == row.what
        });
        if let Some(range) = same {
            (range.last, range.count) = (last, range.count + 1);
        } else {
            let count = 1;
            self.open.push(Range {
                row,
                first,
                last,
                count,
            });
        }
        closed
    }

    /// The last rows of the partition, and how many differences were left out.
    pub(super) fn finish(&mut self) -> (Vec<DifferenceRow>, u64) {
        let rows = self.close(|_| true);
        self.given = 0;
        (rows, std::mem::take(&mut self.left_out))
    }

    /// Those that fit are given out; where several copies differ in the same offsets, they are one row.
    fn close(&mut self, is_over: impl Fn(&Range) -> bool) -> Vec<DifferenceRow> {
        let (closed, open) = self.open.drain(..).partition(is_over);
        self.open = open;
        let mut merged: Vec<Range> = Vec::new();
        for range in closed {
            let mut all = merged.iter_mut();
            let same = all.find(|one| one.has_span_of(&range) && one.row.what == range.row.what);
            match same {
                Some(one) => one.join(range),
                None => merged.push(range),
            }
        }
        let room = MOST_ROWS.saturating_sub(self.given);
        let rest = merged.split_off(room.min(merged.len()));
        self.left_out += rest.iter().map(|range| range.count).sum::<u64>();
        self.given += merged.len();
        merged.into_iter().map(Range::into_row).collect()
    }
}

impl Range {
    fn has_span_of(&self, other: &Self) -> bool {
        (self.first, self.last) == (other.first, other.last)
    }

    fn join(&mut self, other: Self) {
        self.count += other.count;
        let names = [self.row.replica.take(), other.row.replica];
        let names: Vec<BrokerId> = names.into_iter().flatten().collect();
        self.row.replica = (!names.is_empty()).then(|| names.join(", ").into());
    }

    fn into_row(mut self) -> DifferenceRow {
        let offsets = self.last.saturating_sub(self.first).saturating_add(1);
        let offsets = u64::try_from(offsets).unwrap_or_default();
        let reason = (offsets > 1).then(|| counted_plainly(offsets, "offset"));
        self.row.last_offset = Some(self.last);
        self.row.reason = reason;
        self.row
    }
}
