//! What differs between two truths: streams that came and went, brokers that fell silent or came back, leaders that moved.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::app::context::Context;
use crate::app::notice::Level;
use crate::health::{PartitionTruth, StreamTruth, Truth};
use crate::model::{BrokerId, StreamName, counted};

/// Notifies the user of what differs.
pub(super) fn notify(before: &Truth, after: &Truth, context: &mut Context) {
    stream_changes(before, after).notify(context);
    for broker in &after.brokers {
        let Some(old) = before.broker(broker.name()) else {
            continue;
        };
        let name = broker.name();
        if broker.reach.is_silent() && old.is_answering() {
            let leaders = broker.leaders;
            let text = format!(
                "{name} does not answer · it leads {}",
                counted(leaders, "partition")
            );
            context.notify(Level::Error, text);
        }
        if broker.is_answering() && old.reach.is_silent() {
            context.notify(Level::Note, format!("{name} answers again"));
        }
    }
}

/// One walk over two sorted lists, which goes past what they share.
fn stream_changes(before: &Truth, after: &Truth) -> StreamChanges {
    let mut changes = StreamChanges::default();
    let mut before = before.streams.iter().peekable();
    let mut after = after.streams.iter().peekable();
    loop {
        let order = match (before.peek(), after.peek()) {
            (Some(old), Some(new)) => old.name.cmp(&new.name),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        let old = before.next_if(|_| order != Ordering::Greater);
        let new = after.next_if(|_| order != Ordering::Less);
        match (old, new) {
            (Some(old), Some(new)) => changes.compare(old, new),
            (Some(old), None) => changes.gone.add(old),
            (None, Some(new)) => changes.appeared.add(new),
            (None, None) => return changes,
        }
    }
}

/// What differs between the streams of two truths.
#[derive(Default)]
struct StreamChanges {
    appeared: Names,
    gone: Names,
    moves: LeaderMoves,
    /// Moves of Liftbridge's own streams.
    internal_moves: LeaderMoves,
}

/// The first of some streams, and how many more there are. Liftbridge's own do not count.
#[derive(Default)]
struct Names {
    first: Option<StreamName>,
    more: usize,
}

/// The first partition whose leader moved, its new leader, and how many leaders moved in all.
#[derive(Default)]
struct LeaderMoves {
    first: Option<(String, BrokerId)>,
    count: usize,
}

impl Names {
    fn add(&mut self, stream: &StreamTruth) {
        if stream.internal {
            return;
        }
        match self.first {
            None => self.first = Some(Arc::clone(&stream.name)),
            Some(_) => self.more += 1,
        }
    }

    fn notify(&self, what: &str, context: &mut Context) {
        let Some(first) = &self.first else { return };
        let text = match self.more {
            0 => format!("stream {first} {what}"),
            more => format!("stream {first} {what}, and {more} more"),
        };
        context.notify(Level::Note, text);
    }
}

impl StreamChanges {
    /// Shared values are the same in both truths: in a large cluster nearly all are.
    fn compare(&mut self, old: &Arc<StreamTruth>, new: &Arc<StreamTruth>) {
        if Arc::ptr_eq(old, new) {
            return;
        }
        let moves = if new.internal {
            &mut self.internal_moves
        } else {
            &mut self.moves
        };
        for partition in new.partitions.iter() {
            if let Some(moved) = moved_leader(old, new, partition) {
                moves.first.get_or_insert(moved);
                moves.count += 1;
            }
        }
    }

    fn notify(self, context: &mut Context) {
        self.appeared.notify("appeared", context);
        self.gone.notify("is gone", context);
        let count = self.moves.count + self.internal_moves.count;
        let Some((place, leader)) = self.moves.first.or(self.internal_moves.first) else {
            return;
        };
        let text = if count == 1 {
            format!("{leader} leads {place} now")
        } else {
            format!("{count} leaders moved, that of {place} to {leader}")
        };
        context.notify(Level::Warning, text);
    }
}

/// Where a leader moved, and to whom.
fn moved_leader(
    old: &StreamTruth,
    stream: &StreamTruth,
    new: &PartitionTruth,
) -> Option<(String, BrokerId)> {
    let from = old.partition(new.id)?.leader.as_ref()?;
    let to = new.leader.as_ref()?;
    let same = from == to || old.created != stream.created;
    (!same).then(|| (format!("{}:{}", stream.name, new.id), Arc::clone(to)))
}
