//! A stream that was deleted under its tail, and another one that has its name now: what was read of the one is kept apart
//! from what is read of the other.

use super::Tail;
use crate::app::context::Context;
use crate::app::notice::Level;
use crate::app::screens::tails::subscription_state::TailPartition;
use crate::health::Truth;
use crate::model::Timestamp;

impl Tail {
    /// Opens a tail of the streams that have the names now of those that this one has read.
    pub(in crate::app::screens::tails) fn open_successor(&self, context: &mut Context) -> Self {
        let partitions = self.partitions.iter().map(TailPartition::successor);
        Self::of(partitions.collect(), self.row.clone(), context)
    }

    /// Whether a stream was deleted whose messages are kept.
    pub(crate) fn is_gone(&self) -> bool {
        self.partitions.iter().any(TailPartition::is_gone)
    }

    /// When the stream was created that took the place of one whose messages are kept.
    pub(crate) fn replaced(&self) -> Option<Timestamp> {
        self.partitions
            .iter()
            .filter_map(TailPartition::replaced)
            .max()
    }

    /// Looks which stream has the name now; says so once where it is another one.
    pub(in crate::app::screens::tails) fn update_identity(
        &mut self,
        truth: &Truth,
        context: &mut Context,
    ) {
        for one in &mut self.partitions {
            if let Some(stream) = truth.stream(&one.stream)
                && stream.created.is_set()
            {
                let kept = self.store.newest_time(&one.stream, one.partition);
                one.on_named(stream.created, kept, context.now);
            }
        }
        let replaced = self.replaced();
        if self.known_replacement == replaced {
            return;
        }
        self.known_replacement = replaced;
        let other = self.partitions.iter().find(|one| one.replaced().is_some());
        if let Some(one) = other {
            let text = format!(
                "{} was deleted, and another stream of that name was made: follow tails it, and this tail keeps what it has read",
                one.stream
            );
            context.notify(Level::Warning, text);
        }
    }
}
