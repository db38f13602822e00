//! A place past the end of the log: the tail begins at its end instead, and says so.

use super::Tail;
use crate::app::context::Context;
use crate::app::notice::Level;
use crate::app::screens::tails::subscription_state::TailPartition;
use crate::model::{Offset, PartitionId, StreamName, SubscriptionEvent, Target};

impl Tail {
    /// Where nothing is at the place that was sought, that is said: the screen shows what comes at another one.
    pub(super) fn notify_past_end(
        &self,
        stream: &StreamName,
        partition: PartitionId,
        event: &SubscriptionEvent,
        context: &mut Context,
    ) {
        let is_past = matches!(event, SubscriptionEvent::PastEnd { .. });
        // Of several partitions the first one speaks for all.
        if !is_past || self.past_end().count() > 0 {
            return;
        }
        let target = Target::Partition(StreamName::clone(stream), partition);
        if let Some(sentence) = event.sentence(&target) {
            context.notify(Level::Warning, sentence);
        }
    }

    /// Partitions of which messages were removed before they could be read, and up to which offset.
    pub(crate) fn removed_to(&self) -> impl Iterator<Item = (&TailPartition, Offset)> {
        let partitions = self.partitions().iter();
        partitions.filter_map(|one| Some((one, one.removed_to?)))
    }

    /// The partitions that end before the place where the tail was to begin, and the newest offset of each.
    pub(crate) fn past_end(&self) -> impl Iterator<Item = (&TailPartition, Offset)> {
        let partitions = self.partitions.iter();
        partitions.filter_map(|one| Some((one, one.past_end?)))
    }
}
