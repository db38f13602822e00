//! One open tail: what it reads, how that goes, the messages kept, which of them are shown.
//! Which tails there are, and what they may keep together, is the parent's.

mod cursors;
mod fields;
mod name;
mod opened;
mod paging;
mod past_end;
mod reading;
mod replaced;
mod row;
mod stream_search;

use std::sync::Arc;

use super::inspector::View;
use super::out_of_order::OutOfOrder;
use super::prompt::{Prompt, PromptKind};
use super::rate::Rate;
use super::search::Search;
use super::subscription_state::{OldestEnd, TailPartition, TailState};
use super::tail_view::TailView;
use crate::app::context::Context;
use crate::app::effect::Effect;
use crate::app::event::{ScanEvent, TailEvent};
use crate::app::focus::Pane;
use crate::app::ids::{ScanId, TailId};
use crate::app::row_key::PartitionKey;
use crate::app::row_settings::RowChoice;
use crate::model::{Failure, PartitionId, StartAt, Timestamp};
use crate::store::{Chunk, MessageRef, PinnedMessage, Query, Store};
use cursors::FollowedCursor;
pub(crate) use cursors::{TailCursor, cursors_at};
use fields::FieldLookup;
pub(crate) use name::partition_names;
use opened::OpenedFor;
use paging::{DEFAULT_START, ScrollDirection};
use row::GapColumn;
use stream_search::StreamSearch;
pub(crate) use stream_search::{LookedRange, SearchProgress};

/// Messages that can be marked: two are compared.
const MAX_MARKS: usize = 2;

/// Columns that values are scrolled at once.
const SIDEWAYS_STEP: usize = 8;

/// An open tail.
#[derive(Clone, Debug)]
pub struct Tail {
    id: TailId,
    partitions: Vec<TailPartition>,
    start: StartAt,
    start_text: String,
    store: Store,
    view: TailView,
    /// Rows of messages on the screen, as of the last frame that showed it.
    height: usize,
    search: Search,
    stream_search: Option<StreamSearch>,
    fields: FieldLookup,
    rate: Rate,
    removed: u64,
    out_of_order: OutOfOrder,
    marks: Vec<PinnedMessage>,
    /// What its rows show.
    row: RowChoice,
    /// Whether its rows show how long after each other they came.
    gaps: GapColumn,
    sideways: usize,
    /// As what the inspector read its values when it was left.
    value_view: View,
    prompt: Option<Prompt>,
    /// The cursor that it moves with.
    followed_cursor: Option<FollowedCursor>,
    failure: Option<Failure>,
    /// Reading was stopped for want of memory.
    throttled: bool,
    scroll: ScrollDirection,
    /// Reading goes from the newest message back to where the tail starts.
    reads_backwards: bool,
    /// Newer messages than those in memory have left it.
    newest_evicted: bool,
    opened_for: OpenedFor,
    /// When the stream was created of which it was said that it took the place of one that was deleted.
    known_replacement: Option<Timestamp>,
}

impl Tail {
    /// Opens a tail on these partitions, at their last messages.
    pub(super) fn open(
        partitions: Vec<PartitionKey>,
        row: RowChoice,
        context: &mut Context,
    ) -> Self {
        let partition = |(stream, partition)| TailPartition::new(stream, partition);
        let partitions = partitions.into_iter().map(partition);
        Self::of(partitions.collect(), row, context)
    }

    fn of(partitions: Vec<TailPartition>, row: RowChoice, context: &mut Context) -> Self {
        let (start, start_text) = DEFAULT_START;
        let mut tail = Self {
            id: context.new_tail_id(),
            partitions,
            start,
            start_text: start_text.to_owned(),
            store: Store::new(),
            view: TailView::new(true, false),
            height: context.viewport.rows(Pane::Tail),
            search: Search::default(),
            stream_search: None,
            fields: FieldLookup::default(),
            rate: Rate::default(),
            removed: 0,
            out_of_order: OutOfOrder::default(),
            marks: Vec::new(),
            row,
            gaps: GapColumn::default(),
            sideways: 0,
            value_view: View::default(),
            prompt: None,
            followed_cursor: None,
            failure: None,
            throttled: false,
            scroll: ScrollDirection::None,
            reads_backwards: false,
            newest_evicted: false,
            opened_for: OpenedFor::default(),
            known_replacement: None,
        };
        tail.update_eviction();
        context.emit(Effect::OpenTail(tail.id, tail.spec(start)));
        tail
    }

    /// The id; another one for each time the tail subscribes.
    pub fn id(&self) -> TailId {
        self.id
    }

    /// The partitions and how reading each goes.
    pub(crate) fn partitions(&self) -> &[TailPartition] {
        &self.partitions
    }

    /// Whether it reads just these partitions; one of a stream that was deleted reads none.
    pub(super) fn reads(&self, partitions: &[PartitionKey]) -> bool {
        let own = self.partitions.iter().map(TailPartition::key);
        own.eq(partitions.iter().cloned()) && !self.is_gone()
    }

    /// How reading goes.
    pub fn state(&self) -> TailState<'_> {
        TailState::of(&self.partitions)
    }

    /// Why it could not be opened at all.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// The messages kept.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Rows of messages on the screen, as of the last frame that showed it.
    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// The messages kept, for the budget to evict some.
    pub(super) fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    /// Which messages are shown.
    pub fn view(&self) -> &TailView {
        &self.view
    }

    /// The query, and whether messages are being scanned for it.
    pub fn search(&self) -> &Search {
        &self.search
    }

    /// Messages a second; `None` until that is known.
    pub(crate) fn rate(&self) -> Option<f64> {
        self.rate.per_second()
    }

    /// Messages that the brokers removed before they could be read.
    pub(crate) fn removed(&self) -> u64 {
        self.removed
    }

    /// The messages that came after newer ones of other partitions.
    pub fn out_of_order(&self) -> &OutOfOrder {
        &self.out_of_order
    }

    /// Where it starts, as typed.
    pub fn start_text(&self) -> &str {
        &self.start_text
    }

    /// How many columns of the screen the values are scrolled to the left.
    pub(crate) fn sideways(&self) -> usize {
        self.sideways
    }

    /// The line being typed.
    pub fn prompt(&self) -> Option<&Prompt> {
        self.prompt.as_ref()
    }

    /// Whether reading is stopped because all tails together keep as much as they may.
    pub fn is_throttled(&self) -> bool {
        self.throttled
    }

    /// Whether older messages are being fetched.
    pub(crate) fn fetches_older(&self) -> bool {
        self.partitions.iter().any(|partition| partition.fetching)
    }

    /// The selected message.
    pub fn selected(&self) -> Option<MessageRef<'_>> {
        self.view.message(&self.store)
    }

    /// The selected message, kept in memory as long as the handle lives.
    pub(super) fn pin_selected(&self) -> Option<PinnedMessage> {
        self.store.pin(&self.selected()?.id())
    }

    /// The marked messages, in the order in which they were marked.
    pub(super) fn marks(&self) -> &[PinnedMessage] {
        &self.marks
    }

    /// Whether that message is marked.
    pub(crate) fn is_marked(&self, message: &MessageRef<'_>) -> bool {
        let mut marks = self.marks.iter();
        marks.any(|mark| is_same(&mark.message(), message))
    }
}

/// Events of a tail.
impl Tail {
    /// Something happened to it.
    pub(super) fn on_event(&mut self, event: &TailEvent, context: &mut Context) {
        match event {
            TailEvent::Subscription {
                stream,
                partition,
                event,
            } => {
                self.removed += event.removed();
                self.notify_past_end(stream, *partition, event, context);
                if let Some(partition) = self.partition_mut(stream, *partition) {
                    partition.on_event(event, context.now);
                }
            }
            TailEvent::Chunk(chunk) | TailEvent::Older(chunk) if !self.joins(event, chunk) => {}
            TailEvent::Chunk(chunk) => {
                self.notify_gone(chunk, context);
                let partition = self.partition_mut(chunk.stream(), chunk.partition());
                if partition.is_some_and(|partition| partition.live) {
                    self.out_of_order.record(chunk, &self.store);
                }
                self.add_chunk(chunk, context);
            }
            TailEvent::Older(chunk) => self.add_chunk(chunk, context),
            TailEvent::Looked { .. } => self.on_looked(event),
            TailEvent::OlderDone {
                stream,
                partition,
                start,
                failure,
            } => {
                // Nothing kept, and nothing older found: there is none.
                let is_empty = self.store.offsets(stream, *partition).is_none();
                let at_start = start.is_some() || is_empty && failure.is_none();
                if let Some(partition) = self.partition_mut(stream, *partition) {
                    partition.fetching = false;
                    if at_start && partition.oldest != OldestEnd::Cut {
                        partition.oldest = OldestEnd::AtStart;
                    }
                }
                if let Some(failure) = failure {
                    context.notify_failure(failure);
                }
            }
            TailEvent::Failed(failure) => self.failure = Some(failure.clone()),
        }
    }

    /// Whether messages go on where those in memory begin or end. Where these have left at that end meanwhile, others
    /// that were on their way would leave a hole; they are read again once the user gets there.
    fn joins(&self, event: &TailEvent, chunk: &Chunk) -> bool {
        if matches!(event, TailEvent::Chunk(_)) && !self.reads_backwards {
            return !self.newest_evicted;
        }
        let mut partitions = self.partitions.iter();
        let own = partitions.find(|one| one.is(chunk.stream(), chunk.partition()));
        own.is_none_or(|partition| partition.oldest != OldestEnd::Cut)
    }

    fn add_chunk(&mut self, chunk: &Arc<Chunk>, context: &mut Context) {
        self.store.push(chunk);
        if chunk.first_offset() == 0
            && let Some(partition) = self.partition_mut(chunk.stream(), chunk.partition())
        {
            partition.oldest = OldestEnd::AtStart;
        }
        self.search.scan_unscanned(&mut self.store, context);
    }

    fn partition_mut(&mut self, stream: &str, id: PartitionId) -> Option<&mut TailPartition> {
        let mut partitions = self.partitions.iter_mut();
        partitions.find(|partition| partition.is(stream, id))
    }

    /// A scan found something; `false` where the scan is none of its own.
    pub(super) fn on_scan(&mut self, id: ScanId, event: &ScanEvent, context: &mut Context) -> bool {
        self.search.on_scan(id, event, &mut self.store, context)
    }
}

/// What the user does with a tail.
impl Tail {
    /// Selects the message on that line of the screen; `true` where it was selected already.
    pub(super) fn select_line(&mut self, line: usize) -> bool {
        self.leave_cursor();
        let again = self.view.select_line(line, &self.store, self.height);
        self.update_eviction();
        again
    }

    /// Stays at the selected message.
    pub(super) fn stop_following(&mut self) {
        self.view.stop_following(&self.store, self.height);
        self.update_eviction();
    }

    /// Something came or went: the selected message stays on the line on which it stands now.
    pub(super) fn keep_line(&mut self) {
        self.view.keep_line(&self.store, self.height);
    }

    /// It was drawn with that many rows of messages.
    pub(super) fn set_height(&mut self, rows: usize) {
        self.height = rows;
    }

    /// Shows only what matches, or everything again.
    pub(super) fn set_query(&mut self, query: Option<Query>, context: &mut Context) {
        let is_same = self.search.query() == query.as_ref();
        let left = self.stream_search.take_if(|_| !is_same);
        // Another query begins where the tail was; without one the message stands among those around it.
        let found = query.is_none().then(|| self.place_of_selected()).flatten();
        self.search.set(query, &mut self.store, context);
        if let Some(search) = left {
            self.leave_stream_search(search, found, context);
        }
    }

    /// Marks the selected message, or removes its mark; a third mark removes the first.
    pub(super) fn toggle_mark(&mut self) {
        let Some(selected) = self.pin_selected() else {
            return;
        };
        let marked = self.marks.len();
        self.marks
            .retain(|mark| !is_same(&mark.message(), &selected.message()));
        if self.marks.len() == marked {
            self.marks.push(selected);
            let surplus = self.marks.len().saturating_sub(MAX_MARKS);
            self.marks.drain(..surplus);
        }
    }

    /// Removes all marks; `false` where there were none.
    pub(super) fn unmark(&mut self) -> bool {
        !std::mem::take(&mut self.marks).is_empty()
    }

    /// As what the inspector is to read values.
    pub(super) fn value_view(&self) -> View {
        self.value_view
    }

    /// Values are read in that way when it is shown again.
    pub(super) fn set_value_view(&mut self, view: View) {
        self.value_view = view;
    }

    /// Opens the line that asks for something; for a query and for a row it begins with what counts.
    pub(super) fn open_prompt(&mut self, kind: PromptKind, context: &mut Context) {
        let text = match kind {
            PromptKind::Query => self.search.query().map_or("", Query::text).to_owned(),
            PromptKind::Row => self.row.template().to_string(),
            PromptKind::Seek | PromptKind::Export => String::new(),
        };
        let mut prompt = Prompt::new(kind, &text);
        if kind == PromptKind::Query {
            prompt.set_unsearched(self.unsearched(&context.settings.schemas));
            prompt.set_field_index(self.fields.index(), context);
        }
        self.prompt = Some(prompt);
        self.look_up_fields(context);
    }

    /// The line being typed, to type into.
    pub(super) fn prompt_mut(&mut self) -> Option<&mut Prompt> {
        self.prompt.as_mut()
    }

    /// Closes the line being typed; `false` where there was none.
    pub(super) fn close_prompt(&mut self) -> bool {
        self.prompt.take().is_some()
    }

    /// Ends its subscriptions and scans.
    pub(super) fn close(&mut self, context: &mut Context) {
        self.search.cancel(context);
        context.emit(Effect::CloseTail(self.id));
    }
}

fn is_same(left: &MessageRef<'_>, right: &MessageRef<'_>) -> bool {
    left.offset() == right.offset()
        && left.partition() == right.partition()
        && left.stream() == right.stream()
}
