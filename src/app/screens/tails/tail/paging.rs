//! What of a stream is read into a tail, and which end leaves memory, as it follows from where the user looks.
//! What is in sight is `sight`'s; the budget of all tails together, the parent's.

use std::sync::Arc;

use super::Tail;
use crate::app::lists::list_state::Step;
use crate::app::screens::tails::out_of_order::OutOfOrder;
use crate::app::screens::tails::subscription_state::SubscriptionState;
use crate::app::screens::tails::tail_view::{FollowMode, TailView};
use crate::app::{Context, Effect, OlderSpec, Pane, TailSpec};
use crate::model::{PartitionId, StartAt, StopAt};
use crate::store::{Evict, MessageId};

/// Older messages to fetch at once, over all partitions of a tail.
const OLDER: u32 = 2_000;

/// Where a tail begins that nobody sent elsewhere, and how that is written.
pub(in crate::app::screens::tails) const LATELY: (StartAt, &str) = (StartAt::Last(50), "-50");

/// Rows above the screen at which older messages are fetched before the user gets there.
const NEAR_OLDEST: usize = 50;

/// Messages kept in memory ahead of the screen where reading goes on from older ones.
const AHEAD: usize = 20_000;

/// Which way the user has left the messages that were there: who scrolls on must not be overtaken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ScrollDirection {
    /// He has not: memory fills, then reading stops.
    #[default]
    Here,
    /// To older ones that were fetched: the newest leave memory.
    Back,
    /// To newer ones that are read again: the oldest leave memory, and reading stops a little ahead.
    Forth,
}

impl Tail {
    /// Moves the choice; near the oldest message kept, older ones are fetched.
    pub(in crate::app::screens::tails) fn step(&mut self, step: Step, context: &mut Context) {
        let height = context.viewport.rows(Pane::Tail);
        let live = !self.cut && !self.held;
        let was_at_newest = self.sight.is_at_newest(&self.store);
        self.sight.step(step, &self.store, height, live);
        self.reach_back(height, context);
        if !live && was_at_newest && self.sight.is_at_newest(&self.store) {
            self.reach_forth(context);
        }
        self.settle_evict();
    }

    /// Reads on past the newest message in memory, a little at a time.
    fn reach_forth(&mut self, context: &mut Context) {
        if self.cut {
            self.read_on(context);
        }
        self.reach = ScrollDirection::Forth;
    }

    /// Keeps what is in sight, or lets it go on.
    pub(in crate::app::screens::tails) fn freeze(&mut self, context: &mut Context) {
        if self.sight.mode() == FollowMode::Frozen {
            return self.follow(context);
        }
        self.sight
            .freeze(&self.store, context.viewport.rows(Pane::Tail));
        self.settle_evict();
    }

    /// Goes to the newest message and stays there. Where it is not in memory, or nothing reads on, reads anew.
    pub(in crate::app::screens::tails) fn follow(&mut self, context: &mut Context) {
        let was_following = self.sight.mode() == FollowMode::Following;
        self.sight.follow();
        self.reach = ScrollDirection::Here;
        let ended = self
            .parts
            .iter()
            .filter(|part| matches!(part.phase, SubscriptionState::Ended(_)))
            .count();
        // While some partitions are still read, it takes a second press to open the others again.
        let over = ended == self.parts.len() || was_following && ended > 0;
        if self.cut || self.backwards {
            self.forget();
            (self.start, self.start_text, self.backwards) = (LATELY.0, LATELY.1.to_owned(), false);
            self.read_from(self.start, context);
        } else if over || self.failure.is_some() {
            self.read_on(context);
        }
        self.settle_evict();
    }

    /// Reads on where a partition that was paused is served again.
    pub(in crate::app::screens::tails) fn revive(
        &mut self,
        goes_on: &impl Fn(&str, PartitionId) -> bool,
        context: &mut Context,
    ) {
        let mut paused = self
            .parts
            .iter()
            .filter(|part| part.was_paused(context.now));
        if paused.any(|part| goes_on(&part.stream, part.partition)) {
            self.read_on(context);
            self.settle_evict();
        }
    }

    /// Reads from another place.
    pub(in crate::app::screens::tails) fn seek(
        &mut self,
        start: StartAt,
        text: String,
        context: &mut Context,
    ) {
        self.forget();
        let (following, newest_first) = (begins_at_newest(start), self.sight.newest_first());
        self.sight = TailView::new(following, newest_first);
        // A view that follows needs what comes; one that was sought is read from its newest end.
        self.backwards = newest_first && !following;
        (self.start, self.start_text) = (start, text);
        self.read_from(start, context);
        self.settle_evict();
    }

    /// Shows newest first, or oldest first. What was sought is read again from its other end.
    pub(in crate::app::screens::tails) fn turn_round(&mut self, context: &mut Context) {
        self.sight.turn_round();
        if !begins_at_newest(self.start) {
            self.seek(self.start, self.start_text.clone(), context);
        }
    }

    /// What to read, from there on.
    pub(super) fn spec(&self, start: StartAt) -> TailSpec {
        let partitions = self
            .parts
            .iter()
            .map(|part| (Arc::clone(&part.stream), part.partition));
        TailSpec {
            partitions: partitions.collect(),
            start,
            stop: StopAt::Never,
            newest_first: self.backwards,
        }
    }
}

/// How memory follows.
impl Tail {
    /// Chunks have left memory: what that means depends on the end they left from.
    pub(in crate::app::screens::tails) fn evicted(&mut self) {
        self.late.keep(&self.store);
        match self.store.evict() {
            Evict::Oldest => self.parts.iter_mut().for_each(|part| part.at_start = false),
            Evict::Newest => self.cut = true,
            Evict::Nothing => {}
        }
    }

    /// Stops reading while there is no room for what this tail may not drop, or enough lies ahead; then goes on.
    pub(in crate::app::screens::tails) fn hold(&mut self, room: bool, context: &mut Context) {
        let height = context.viewport.rows(Pane::Tail);
        let held = match (self.sight.mode(), self.reach) {
            (FollowMode::Following, _) => false,
            (_, ScrollDirection::Here | ScrollDirection::Back) => !room,
            (_, ScrollDirection::Forth) => self.sight.behind(&self.store, height).messages > AHEAD,
        };
        if held != self.held {
            self.held = held;
            context.order(Effect::HoldTail(self.id, held));
        }
    }

    /// Says which end leaves memory when it is full.
    pub(super) fn settle_evict(&mut self) {
        let following = self.sight.mode() == FollowMode::Following;
        self.store.set_evict(match self.reach {
            _ if following => Evict::Oldest,
            ScrollDirection::Here => Evict::Nothing,
            ScrollDirection::Back => Evict::Newest,
            ScrollDirection::Forth => Evict::Oldest,
        });
    }

    /// Fetches older messages of every partition when the screen comes near the oldest one kept.
    fn reach_back(&mut self, height: usize, context: &mut Context) {
        let near = self.sight.rows_to_oldest(&self.store, height) < NEAR_OLDEST;
        let looks_back = self.sight.mode() != FollowMode::Following;
        if !near || !looks_back || self.fetches_older() || self.reads_backwards() {
            return;
        }
        let count = OLDER / u32::try_from(self.parts.len().max(1)).unwrap_or(OLDER);
        for part in self.parts.iter_mut().filter(|part| !part.at_start) {
            let kept = self.store.offsets(&part.stream, part.partition);
            let before = kept.map(|(oldest, _)| oldest);
            part.fetching = true;
            self.reach = ScrollDirection::Back;
            let spec = OlderSpec {
                stream: Arc::clone(&part.stream),
                partition: part.partition,
                before,
                count: count.max(1),
            };
            context.order(Effect::FetchOlder(self.id, spec));
        }
    }

    /// Whether older messages come by themselves.
    fn reads_backwards(&self) -> bool {
        let reading = self
            .parts
            .iter()
            .any(|part| !matches!(part.phase, SubscriptionState::Ended(_)));
        self.backwards && reading && !self.held
    }

    /// Reads on where memory ends. Partitions end at different times: the earliest of these is where all are read
    /// from, and what comes again is kept once.
    fn read_on(&mut self, context: &mut Context) {
        let ends = self.parts.iter().filter_map(|part| {
            let (_, offset) = self.store.offsets(&part.stream, part.partition)?;
            let stream = Arc::clone(&part.stream);
            let id = MessageId {
                stream,
                partition: part.partition,
                offset,
            };
            Some(self.store.get(&id)?.timestamp())
        });
        let start = ends.min().map_or(LATELY.0, StartAt::Time);
        self.backwards = false;
        self.cut = false;
        self.read_from(start, context);
    }

    fn read_from(&mut self, start: StartAt, context: &mut Context) {
        context.order(Effect::CloseTail(self.id));
        // What the old subscriptions still send carries the old id, and is dropped (I5).
        self.id = context.new_tail();
        self.failure = None;
        self.held = false;
        for part in &mut self.parts {
            part.phase = SubscriptionState::Opening;
            part.fetching = false;
            part.live = false;
        }
        context.order(Effect::OpenTail(self.id, self.spec(start)));
    }

    fn forget(&mut self) {
        self.store.clear();
        self.removed = 0;
        self.late = OutOfOrder::default();
        self.cut = false;
        self.reach = ScrollDirection::Here;
        self.parts.iter_mut().for_each(|part| part.at_start = false);
    }
}

/// Whether a tail that starts there is at the newest message at once.
pub(super) fn begins_at_newest(start: StartAt) -> bool {
    match start {
        StartAt::New | StartAt::Latest | StartAt::Last(_) => true,
        StartAt::Earliest | StartAt::Offset(_) | StartAt::Time(_) | StartAt::TimeAgo(_) => false,
    }
}
