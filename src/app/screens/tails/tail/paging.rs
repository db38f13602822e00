//! Which messages are read into a tail, and which end leaves memory, depending on where the user has scrolled.
//! The budget of all tails together is the parent's.

use std::sync::Arc;

use super::opened::OpenedFor;
use super::{SIDEWAYS_STEP, Tail};
use crate::app::command::Motion;
use crate::app::context::Context;
use crate::app::effect::{Effect, OlderSpec, TailSpec};
use crate::app::screens::tails::out_of_order::OutOfOrder;
use crate::app::screens::tails::subscription_state::{OldestEnd, TailPartition};
use crate::app::screens::tails::tail_view::{FollowMode, TailView};
use crate::model::{PartitionId, StartAt, StopAt};
use crate::store::{Evict, MessageId};

/// Older messages to fetch at once, over all partitions of a tail.
const OLDER_AT_ONCE: u32 = 2_000;

/// Where a tail begins, and how that is written.
pub(super) const DEFAULT_START: (StartAt, &str) = (StartAt::Last(50), "-50");

/// Rows above the screen at which older messages are fetched before the user gets there.
const FETCH_OLDER_WITHIN: usize = 50;

/// Messages kept in memory ahead of the screen where reading goes on from older ones.
const MAX_READ_AHEAD: usize = 20_000;

/// Which way the user has scrolled past the messages in memory: eviction must not take what comes next on that way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScrollDirection {
    /// The user has not: memory fills, then reading stops.
    None,
    /// To older ones that were fetched: the newest leave memory.
    Older,
    /// To newer ones that are read again: the oldest leave memory, and reading stops a little ahead.
    Newer,
}

impl Tail {
    /// Moves the selection or scrolls values; near the oldest message kept, older ones are fetched.
    pub(in crate::app::screens::tails) fn move_by(
        &mut self,
        motion: Motion,
        context: &mut Context,
    ) {
        if let Some(columns) = motion.columns_from(self.sideways, SIDEWAYS_STEP) {
            self.sideways = columns;
            return;
        }
        self.leave_cursor();
        let height = self.height;
        let is_live = !self.newest_evicted && !self.throttled;
        let was_at_newest = self.view.is_at_newest(&self.store);
        self.view.move_by(motion, &self.store, height, is_live);
        self.fetch_older(height, context);
        if !is_live && was_at_newest && self.view.is_at_newest(&self.store) {
            // Reads on past the newest message in memory, a little at a time.
            if self.newest_evicted && !self.is_gone() {
                self.read_on(context);
            }
            self.scroll = ScrollDirection::Newer;
        }
        self.update_eviction();
    }

    /// Freezes what is shown, or lets it go on.
    pub(in crate::app::screens::tails) fn toggle_frozen(&mut self, context: &mut Context) {
        self.leave_cursor();
        if self.view.mode() == FollowMode::Frozen {
            return self.follow(context);
        }
        self.view.freeze(&self.store, self.height);
        self.update_eviction();
    }

    /// Goes to the newest message and stays there. Where it is not in memory, or nothing reads on, subscribes again.
    pub(in crate::app::screens::tails) fn follow(&mut self, context: &mut Context) {
        if let Some(search) = &mut self.stream_search {
            search.is_stopped = false;
        }
        self.leave_cursor();
        let was_following = self.is_following();
        self.view.follow();
        self.scroll = ScrollDirection::None;
        let ended = self.partitions.iter().filter(|one| one.has_ended()).count();
        // While some partitions are still read, it takes a second press to open the others again.
        let is_over = ended == self.partitions.len() || was_following && ended > 0;
        if self.newest_evicted || self.reads_backwards {
            self.stream_search = None;
            self.clear();
            let (start, text) = DEFAULT_START;
            (self.start, self.start_text) = (start, text.to_owned());
            self.reads_backwards = false;
            self.read_from(self.start, context);
        } else if is_over || self.failure.is_some() {
            self.read_on(context);
        }
        self.update_eviction();
    }

    /// Reads on where a partition that was paused is served again.
    pub(in crate::app::screens::tails) fn resume_unpaused(
        &mut self,
        is_served: impl Fn(&str, PartitionId) -> bool,
        context: &mut Context,
    ) {
        if self.is_gone() {
            return;
        }
        let partitions = self.partitions.iter();
        let mut paused = partitions.filter(|one| one.was_paused(context.now));
        if paused.any(|one| is_served(&one.stream, one.partition)) {
            self.read_on(context);
            self.update_eviction();
        }
    }

    /// Reads from another place. A search through the stream is over then.
    pub(in crate::app::screens::tails) fn seek(
        &mut self,
        start: StartAt,
        text: String,
        context: &mut Context,
    ) {
        self.stream_search = None;
        self.leave_cursor();
        self.begin_at(start, text, context);
    }

    /// Reads from another place what it has read so far.
    pub(super) fn begin_at(&mut self, start: StartAt, text: String, context: &mut Context) {
        self.clear();
        // The message that it was opened for is not where it begins now.
        self.opened_for = OpenedFor::Reading;
        let (following, newest_first) = (begins_at_newest(start), self.view.newest_first());
        self.view = TailView::new(following, newest_first);
        // A view that follows needs what comes; one that was sought is read from its newest end.
        self.reads_backwards = newest_first && !following;
        (self.start, self.start_text) = (start, text);
        self.read_from(start, context);
        self.update_eviction();
    }

    /// Shows newest first, or oldest first. What was sought is read again from its other end.
    pub(in crate::app::screens::tails) fn reverse(&mut self, context: &mut Context) {
        self.view.reverse();
        // What was deleted cannot be read again.
        if !begins_at_newest(self.start) && !self.is_gone() {
            self.begin_at(self.start, self.start_text.clone(), context);
        }
    }

    /// What to subscribe to, from there on.
    pub(super) fn spec(&self, start: StartAt) -> TailSpec {
        TailSpec {
            partitions: self.partitions.iter().map(TailPartition::key).collect(),
            start,
            stop: StopAt::Never,
            newest_first: self.reads_backwards,
            only: self
                .stream_search
                .as_ref()
                .map(|one| Arc::clone(&one.query)),
        }
    }

    pub(super) fn is_following(&self) -> bool {
        self.view.mode() == FollowMode::Following
    }
}

/// Which messages stay in memory.
impl Tail {
    /// Chunks have left memory: what that means depends on the end they left from.
    pub(in crate::app::screens::tails) fn on_evicted(&mut self) {
        self.out_of_order.forget_evicted(&self.store);
        match self.store.evict() {
            Evict::Oldest => self.set_oldest(OldestEnd::Cut),
            Evict::Newest => self.newest_evicted = true,
            Evict::Nothing => {}
        }
    }

    /// Stops reading while there is no room for what this tail may not drop, or enough lies ahead; then goes on.
    pub(in crate::app::screens::tails) fn update_throttle(
        &mut self,
        has_room: bool,
        context: &mut Context,
    ) {
        let height = self.height;
        let throttled = match self.scroll {
            _ if self.is_search_stopped() => true,
            _ if self.is_following() => false,
            ScrollDirection::None | ScrollDirection::Older => !has_room || self.newest_evicted,
            ScrollDirection::Newer => {
                self.view.behind(&self.store, height).messages > MAX_READ_AHEAD
            }
        };
        if throttled != self.throttled {
            self.throttled = throttled;
            context.emit(Effect::ThrottleTail(self.id, throttled));
        }
    }

    /// Sets which end leaves memory when it is full.
    pub(super) fn update_eviction(&mut self) {
        self.store.set_evict(match self.scroll {
            _ if self.is_following() => Evict::Oldest,
            ScrollDirection::None => Evict::Nothing,
            ScrollDirection::Older => Evict::Newest,
            ScrollDirection::Newer => Evict::Oldest,
        });
    }

    /// Fetches older messages of every partition when the screen comes near the oldest one kept.
    fn fetch_older(&mut self, height: usize, context: &mut Context) {
        let near = self.view.rows_to_oldest(&self.store, height) < FETCH_OLDER_WITHIN;
        if !near
            || self.is_gone()
            || self.is_following()
            || self.fetches_older()
            || self.older_come_unasked()
            || self.stream_search.is_some()
        {
            return;
        }
        let count =
            OLDER_AT_ONCE / u32::try_from(self.partitions.len().max(1)).unwrap_or(OLDER_AT_ONCE);
        for one in self
            .partitions
            .iter_mut()
            .filter(|one| one.oldest != OldestEnd::AtStart)
        {
            let kept = self.store.offsets(&one.stream, one.partition);
            one.fetching = true;
            one.forget_cut();
            self.scroll = ScrollDirection::Older;
            let spec = OlderSpec {
                stream: Arc::clone(&one.stream),
                partition: one.partition,
                before: kept.map(|(oldest, _)| oldest),
                count: count.max(1),
            };
            context.emit(Effect::FetchOlder(self.id, spec));
        }
    }

    fn older_come_unasked(&self) -> bool {
        let is_read = self.partitions.iter().any(|one| !one.has_ended());
        self.reads_backwards && is_read && !self.throttled
    }

    /// Reads on where memory ends. Partitions end at different times: the earliest of these is where all are read
    /// from, and what comes again is kept once.
    fn read_on(&mut self, context: &mut Context) {
        let ends = self.partitions.iter().filter_map(|one| {
            let (_, offset) = self.store.offsets(&one.stream, one.partition)?;
            let id = MessageId {
                stream: Arc::clone(&one.stream),
                partition: one.partition,
                offset,
            };
            Some(self.store.get(&id)?.timestamp())
        });
        let start = ends.min().map_or(DEFAULT_START.0, StartAt::Time);
        self.reads_backwards = false;
        self.newest_evicted = false;
        self.read_from(start, context);
    }

    fn read_from(&mut self, start: StartAt, context: &mut Context) {
        context.emit(Effect::CloseTail(self.id));
        // What the old subscriptions still send carries the old id, and is dropped (I5).
        self.id = context.new_tail_id();
        self.failure = None;
        self.throttled = false;
        self.partitions.iter_mut().for_each(TailPartition::reopen);
        context.emit(Effect::OpenTail(self.id, self.spec(start)));
    }

    fn clear(&mut self) {
        self.store.clear();
        self.forget_fields();
        self.partitions
            .iter_mut()
            .for_each(TailPartition::forget_messages);
        self.known_replacement = None;
        self.removed = 0;
        self.out_of_order = OutOfOrder::default();
        self.newest_evicted = false;
        self.scroll = ScrollDirection::None;
        self.set_oldest(OldestEnd::Open);
    }

    fn set_oldest(&mut self, end: OldestEnd) {
        for partition in &mut self.partitions {
            partition.oldest = end;
        }
    }
}

/// Whether a tail that starts there is at the newest message at once.
fn begins_at_newest(start: StartAt) -> bool {
    match start {
        StartAt::New | StartAt::Latest | StartAt::Last(_) => true,
        StartAt::Earliest | StartAt::Offset(_) | StartAt::Time(_) | StartAt::TimeAgo(_) => false,
    }
}
