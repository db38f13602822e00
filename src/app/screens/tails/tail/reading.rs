//! How far reading has come, against where the logs end.

use super::Tail;
use crate::app::context::Context;
use crate::app::screens::tails::subscription_state::TailPartition;
use crate::health::Truth;
use crate::model::Offset;

impl Tail {
    /// Messages that the brokers have and this tail has not read.
    pub(crate) fn unread(&self, truth: &Truth) -> u64 {
        let unread = self.partitions.iter().filter_map(|one| {
            let newest = truth
                .partition(&one.stream, one.partition)?
                .high_watermark?;
            let read = self.read_up_to(one)?;
            u64::try_from(newest.saturating_sub(read)).ok()
        });
        unread.sum()
    }

    /// A second has passed.
    pub(in crate::app::screens::tails) fn on_tick(&mut self, truth: &Truth, context: &mut Context) {
        self.look_up_fields(context);
        self.rate
            .record(context.now, self.store.counters().received);
        let is_live = |one: &TailPartition| {
            let read = self.read_up_to(one).unwrap_or(-1);
            let partition = truth.partition(&one.stream, one.partition);
            let newest = partition.and_then(|partition| partition.high_watermark);
            newest.is_some_and(|newest| read >= newest)
        };
        let live: Vec<bool> = self.partitions.iter().map(is_live).collect();
        self.move_with_cursor(truth, context);
        for (one, is_live) in self.partitions.iter_mut().zip(live) {
            one.live |= is_live;
        }
    }

    /// The highest offset of a partition that was read, whether it was kept or only looked at.
    fn read_up_to(&self, one: &TailPartition) -> Option<Offset> {
        if self.stream_search.is_some() {
            return one.looked.map(|looked| looked.last);
        }
        let (_, newest) = self.store.offsets(&one.stream, one.partition)?;
        Some(newest)
    }
}
