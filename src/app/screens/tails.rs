//! The open tails: which ones there are and which is shown, what they keep together, and what the user does in them.
//!
//! One tail's messages and reading are `tail`'s; how they look is `ui/feed`'s.

mod commands;
mod copy;
mod out_of_order;
mod prompt;
mod rate;
mod search;
mod subscription_state;
mod tail;
mod tail_view;

pub use out_of_order::{OutOfOrder, SETTLES};
pub use prompt::{InputError, Prompt, PromptKind};
pub use rate::Rate;
pub use search::Search;
pub use subscription_state::{SubscriptionState, TailPartition, TailState};
pub use tail::Tail;
pub use tail_view::{Behind, FollowMode, TailView, Window};

use crate::app::notice::Level;
use crate::app::overlays::form::Form;
use crate::app::schemas::Schemas;
use crate::app::screens::inspector::{Inspector, Size};
use crate::app::{Context, Pane, Progress, RequestId, ScanEvent, ScanId, TailEvent, TailId};
use crate::model::{Failure, Offset, PartitionId, StartAt, StreamName};
use crate::store::{Budget, PinnedMessage, Store};
use commands::form_of;

/// Queries that can be recalled.
const HISTORY: usize = 100;

/// All open tails.
#[derive(Debug, Default)]
pub struct Tails {
    open: Vec<Tail>,
    shown: usize,
    /// The message that is looked at, of the tail that is shown.
    pub inspector: Inspector,
    queries: Vec<String>,
    /// A message whose value is open in the external editor.
    edited: Option<(RequestId, PinnedMessage)>,
    /// An export under way, and how many messages it has written.
    exporting: Option<(RequestId, u64)>,
    strays: u64,
}

/// What is to be shown on top of a tail after a command.
#[derive(Debug)]
pub enum TailRequest {
    /// Nothing: the tail did it.
    Nothing,
    /// The inspector is to have the focus.
    Inspector,
    /// This form.
    Form(Box<Form>),
    /// The tails are gone; there is nothing left to show.
    Leave,
}

impl Tails {
    /// No tail; what values are read by is known.
    pub fn new(schemas: Schemas) -> Self {
        Self {
            inspector: Inspector::new(schemas),
            ..Self::default()
        }
    }

    /// The open tails in the order of their tabs.
    pub fn all(&self) -> &[Tail] {
        &self.open
    }

    /// Which of them is shown.
    pub fn shown_at(&self) -> usize {
        self.shown
    }

    /// The tail that is shown.
    pub fn shown(&self) -> Option<&Tail> {
        self.open.get(self.shown)
    }

    /// Events that came for no open tail.
    pub fn strays(&self) -> u64 {
        self.strays
    }

    /// How many messages an export under way has written.
    pub fn exported_so_far(&self) -> Option<u64> {
        self.exporting.map(|(_, messages)| messages)
    }

    /// Whether a line is being typed: every printable key goes to it.
    pub fn takes_text(&self) -> bool {
        self.shown().is_some_and(|tail| tail.prompt().is_some())
    }

    /// Shows a tail of these partitions from their last messages on: the one that is open already, or a new one.
    pub fn open(&mut self, partitions: Vec<(StreamName, PartitionId)>, context: &mut Context) {
        let (start, text) = tail::LATELY;
        self.open_at(partitions, (start, text.to_owned()), context);
    }

    /// The same from another place; the text says it as it was typed.
    pub fn open_at(
        &mut self,
        partitions: Vec<(StreamName, PartitionId)>,
        (start, text): (StartAt, String),
        context: &mut Context,
    ) {
        if partitions.is_empty() {
            return;
        }
        let same = |tail: &Tail| {
            let parts = tail
                .parts()
                .iter()
                .map(|part| (&part.stream, part.partition));
            parts.eq(partitions
                .iter()
                .map(|(stream, partition)| (stream, *partition)))
        };
        let open = self.open.iter().position(same);
        self.shown = open.unwrap_or_else(|| {
            self.open.push(Tail::open(partitions, start, text, context));
            self.open.len() - 1
        });
        self.look();
    }

    /// Shows the tail of that tab, if there is one.
    pub fn show(&mut self, at: usize) {
        if at < self.open.len() {
            self.shown = at;
            self.look();
        }
    }

    /// Closes all of them, as before a switch of clusters.
    pub fn close_all(&mut self, context: &mut Context) {
        self.open.drain(..).for_each(|mut tail| tail.close(context));
        self.shown = 0;
        self.inspector.show(None);
    }
}

/// What happens to them.
impl Tails {
    /// Takes what happened to a tail; what comes for a closed one is dropped and counted (I5).
    pub fn on_event(&mut self, id: TailId, event: &TailEvent, context: &mut Context) {
        match self.open.iter_mut().find(|tail| tail.id() == id) {
            Some(tail) => tail.on_event(event, context),
            None => self.strays += 1,
        }
        self.keep_to_budget(context);
        if !self.is_following() {
            self.look();
        }
    }

    /// Takes what a scan found; what no tail waits for is dropped and counted (I5).
    pub fn on_scan(&mut self, id: ScanId, event: &ScanEvent, context: &mut Context) {
        let mut taken = self
            .open
            .iter_mut()
            .map(|tail| tail.on_scan(id, event, context));
        if !taken.any(|taken| taken) {
            self.strays += 1;
        }
        if !self.is_following() {
            self.look();
        }
    }

    /// A second has passed; `newest` knows the newest committed offset of a partition. Following, the inspector goes on
    /// from second to second: faster, nobody could read it.
    pub fn on_tick(
        &mut self,
        newest: impl Fn(&str, PartitionId) -> Option<Offset>,
        context: &Context,
    ) {
        for tail in &mut self.open {
            tail.tick(&newest, context.now);
        }
        self.look();
    }

    /// Goes on reading what was paused and is no longer, as `goes_on` knows of a partition.
    pub fn revive(&mut self, goes_on: impl Fn(&str, PartitionId) -> bool, context: &mut Context) {
        for tail in &mut self.open {
            tail.revive(&goes_on, context);
        }
    }

    /// The last frame offered other room.
    pub fn on_viewport(&mut self, context: &Context) {
        let area = context.viewport.area(Pane::Inspector);
        let room = area.map(|area| Size {
            width: area.width.into(),
            height: area.height.into(),
        });
        self.inspector.resize(room.unwrap_or_default());
    }

    /// The external editor was closed: what was edited there can be published.
    pub fn on_edited(
        &mut self,
        id: RequestId,
        text: Result<String, Failure>,
        context: &mut Context,
    ) -> TailRequest {
        context.inflight.end(id);
        let Some((_, message)) = self.edited.take_if(|(waiting, _)| *waiting == id) else {
            return TailRequest::Nothing;
        };
        match text {
            Ok(text) => TailRequest::Form(Box::new(form_of(&message, Some(&text)))),
            Err(failure) => {
                context.say_failure(&failure);
                TailRequest::Nothing
            }
        }
    }

    /// Takes how far an export has come.
    pub fn on_exported(&mut self, id: RequestId, progress: &Progress, context: &mut Context) {
        match progress {
            // Word that an export sent before it was stopped.
            Progress::Going(_) if context.inflight.get(id).is_none() => {}
            Progress::Going(messages) => self.exporting = Some((id, *messages)),
            Progress::Finished { messages, path } => {
                context.inflight.end(id);
                self.exporting = None;
                context.say(Level::Note, format!("wrote {messages} messages to {path}"));
            }
            Progress::Failed(failure) => {
                context.inflight.end(id);
                self.exporting = None;
                context.say_failure(failure);
            }
        }
    }

    fn is_following(&self) -> bool {
        self.shown()
            .is_some_and(|tail| tail.sight().mode() == FollowMode::Following)
            && self.inspector.message().is_some()
    }

    /// Lets the inspector show what is chosen.
    fn look(&mut self) {
        if self.inspector.compared_with().is_some() {
            return;
        }
        let Some(tail) = self.open.get(self.shown) else {
            return;
        };
        let id = tail.chosen().map(|message| message.id());
        if id.as_ref().is_none_or(|id| !self.inspector.shows(id)) {
            self.inspector.show(tail.hold_chosen());
        }
    }

    /// The user looks elsewhere: what may be kept, and what is read, follows.
    fn moved(&mut self, context: &mut Context) {
        self.keep_to_budget(context);
        self.look();
    }

    fn keep_to_budget(&mut self, context: &mut Context) {
        let budget = Budget::new(context.settings.tail_budget);
        let evicted = |tail: &Tail| tail.store().counters().evicted;
        let before: Vec<u64> = self.open.iter().map(evicted).collect();
        budget.enforce(self.open.iter_mut().map(Tail::store_mut));
        let room = has_room(budget, self.open.iter().map(Tail::store));
        for (tail, before) in self.open.iter_mut().zip(before) {
            if evicted(tail) > before {
                tail.evicted();
            }
            tail.hold(room, context);
        }
    }
}

/// A sixteenth of the budget has to be free before reading goes on, or it would stop and go with every chunk.
fn has_room<'a>(budget: Budget, stores: impl Iterator<Item = &'a Store>) -> bool {
    let kept: usize = stores.map(Store::bytes).sum();
    kept < budget.limit() - budget.limit() / 16
}
