//! A search through all that the stream of a tail keeps: messages are read from its first one on, looked at where they are
//! read, and only what the query finds comes here.

use std::sync::Arc;

use super::Tail;
use crate::app::context::Context;
use crate::app::event::TailEvent;
use crate::app::notice::Level;
use crate::app::screens::tails::subscription_state::TailPartition;
use crate::health::Truth;
use crate::model::{Offset, StartAt};
use crate::store::Query;

/// What a tail searches its stream for.
#[derive(Clone, Debug)]
pub(super) struct StreamSearch {
    /// What is looked for.
    pub(super) query: Arc<Query>,
    /// It was stopped, and can go on.
    pub(super) is_stopped: bool,
    /// Where the tail began before, and how that was written.
    before: (StartAt, String),
}

/// What was looked at of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LookedRange {
    /// The lowest offset.
    pub(crate) first: Offset,
    /// The highest offset.
    pub(crate) last: Offset,
    /// How many messages.
    pub(crate) messages: u64,
}

impl LookedRange {
    /// What was looked at before, and this; what was looked at twice counts once.
    pub(super) fn joined(before: Option<Self>, next: Self) -> Self {
        let Some(before) = before else {
            return next;
        };
        let beyond = before.first.saturating_sub(next.first).max(0)
            + next.last.saturating_sub(before.last).max(0);
        let beyond = u64::try_from(beyond).unwrap_or(0);
        Self {
            first: before.first.min(next.first),
            last: before.last.max(next.last),
            messages: before.messages + next.messages.min(beyond),
        }
    }
}

/// How far a search has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SearchProgress {
    /// It goes on; so many messages are left to look at, where that is known.
    Searching(Option<u64>),
    /// It was stopped.
    Stopped(Option<u64>),
    /// All that there was is looked at, and what comes is, too.
    Whole,
}

impl Tail {
    /// Begins to look through all of the stream for what the query finds; stops that, or goes on with it.
    pub(in crate::app::screens::tails) fn toggle_stream_search(&mut self, context: &mut Context) {
        match &mut self.stream_search {
            Some(search) => search.is_stopped = !search.is_stopped,
            None => self.begin_stream_search(context),
        }
    }

    fn begin_stream_search(&mut self, context: &mut Context) {
        if self.is_gone() {
            let text = "the stream was deleted: there is nothing more to look through";
            return context.notify(Level::Note, text);
        }
        let Some(query) = self.search.shared_query() else {
            return context.notify(Level::Note, "no query: there is nothing to look for");
        };
        self.stream_search = Some(StreamSearch {
            query,
            is_stopped: false,
            before: (self.start, self.start_text.clone()),
        });
        self.begin_at(StartAt::Earliest, "earliest".to_owned(), context);
    }

    /// How a search through the stream goes; `None` where there is none.
    pub(crate) fn stream_search_progress(&self, truth: &Truth) -> Option<SearchProgress> {
        let search = self.stream_search.as_ref()?;
        let left = self.partitions.iter().map(|one| self.left_of(one, truth));
        let left: Option<u64> = left.sum();
        Some(match left {
            left if search.is_stopped => SearchProgress::Stopped(left),
            Some(0) => SearchProgress::Whole,
            left => SearchProgress::Searching(left),
        })
    }

    /// How many messages of a partition are left to look at; `None` where nobody knows.
    fn left_of(&self, one: &TailPartition, truth: &Truth) -> Option<u64> {
        if one.is_read() {
            return Some(0);
        }
        let partition = truth.partition(&one.stream, one.partition)?;
        let newest = partition.high_watermark?;
        let left = match one.looked {
            // Newest first nobody knows where the first one is.
            Some(_) if self.reads_backwards => return None,
            Some(looked) => newest.saturating_sub(looked.last),
            None if newest < 0 => 0,
            None => return None,
        };
        Some(u64::try_from(left).unwrap_or(0))
    }

    /// How many messages a search through the stream has looked at.
    pub(crate) fn looked_at(&self) -> u64 {
        let looked = self.partitions.iter().filter_map(|one| one.looked);
        looked.map(|looked| looked.messages).sum()
    }

    /// Whether a search through the stream was stopped: then nothing is read.
    pub(super) fn is_search_stopped(&self) -> bool {
        let search = self.stream_search.as_ref();
        search.is_some_and(|search| search.is_stopped)
    }

    /// Some of a partition was looked at.
    pub(super) fn on_looked(&mut self, event: &TailEvent) {
        let TailEvent::Looked {
            stream,
            partition,
            offsets: (first, last),
            messages,
            undecided,
        } = event
        else {
            return;
        };
        let (first, last, messages) = (*first, *last, *messages);
        let looked = LookedRange {
            first,
            last,
            messages,
        };
        self.search.add_undecided(*undecided);
        if let Some(one) = self.partition_mut(stream, *partition) {
            one.looked = Some(LookedRange::joined(one.looked, looked));
        }
    }

    /// The search through the stream is over: around the message that was found all others are read again, and without
    /// one what was read before.
    pub(super) fn leave_stream_search(
        &mut self,
        search: StreamSearch,
        found: Option<(StartAt, String)>,
        context: &mut Context,
    ) {
        // What was deleted cannot be read again.
        if !self.is_gone() {
            let (start, text) = found.unwrap_or(search.before);
            self.begin_at(start, text, context);
        }
    }

    /// Where the selected message is, as a place to begin at.
    pub(super) fn place_of_selected(&self) -> Option<(StartAt, String)> {
        let selected = self.selected()?;
        if self.partitions.len() == 1 {
            let offset = selected.offset();
            return Some((StartAt::Offset(offset), offset.to_string()));
        }
        let time = selected.timestamp();
        Some((StartAt::Time(time), format!("@{}", time.to_rfc3339())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_looked_at_twice_counts_once() {
        let range = |first, last| LookedRange {
            first,
            last,
            messages: u64::try_from(last - first + 1).expect("not empty"),
        };
        let mut looked = None;
        for (next, messages) in [
            (range(10, 19), 10),
            (range(20, 29), 20),
            (range(15, 29), 20),
            (range(25, 34), 25),
            (range(5, 9), 30),
        ] {
            let joined = LookedRange::joined(looked, next);
            assert_eq!(joined.messages, messages);
            looked = Some(joined);
        }
    }
}
