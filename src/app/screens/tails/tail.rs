//! One open tail: what it reads, how that goes, the messages kept, which of them are in sight.
//! Which tails there are, and what they may keep together, is the parent's.

mod paging;

use std::sync::Arc;

use super::out_of_order::OutOfOrder;
use super::prompt::{Prompt, PromptKind};
use super::rate::Rate;
use super::search::Search;
use super::subscription_state::{TailPartition, TailState, summary};
use super::tail_view::TailView;
use crate::app::inflight::Request;
use crate::app::{
    Context, Effect, ExportSpec, Pane, RequestId, ScanEvent, ScanId, TailEvent, TailId,
};
use crate::model::{
    Failure, Offset, PartitionId, StartAt, StreamName, SubscriptionEvent, Timestamp,
};
use crate::store::{Chunk, ExportForm, JsonPath, MessageRef, PinnedMessage, Query, Store};
pub(super) use paging::LATELY;
use paging::{ScrollDirection, begins_at_newest};

/// Messages that can be marked: two are compared.
const MARKS: usize = 2;

/// An open tail.
#[derive(Debug)]
pub struct Tail {
    id: TailId,
    parts: Vec<TailPartition>,
    start: StartAt,
    start_text: String,
    store: Store,
    sight: TailView,
    search: Search,
    rate: Rate,
    removed: u64,
    late: OutOfOrder,
    marks: Vec<PinnedMessage>,
    columns: Vec<JsonPath>,
    sideways: usize,
    prompt: Option<Prompt>,
    failure: Option<Failure>,
    /// Reading was told to stop for want of memory.
    held: bool,
    /// Which way the user has left the messages that were there.
    reach: ScrollDirection,
    /// It is read from its newest message back to where it starts.
    backwards: bool,
    /// Newer messages than those in memory have left it.
    cut: bool,
}

impl Tail {
    /// Opens a tail on these partitions.
    pub(super) fn open(
        partitions: Vec<(StreamName, PartitionId)>,
        start: StartAt,
        start_text: String,
        context: &mut Context,
    ) -> Self {
        let part = |(stream, partition)| TailPartition::new(stream, partition);
        let mut tail = Self {
            id: context.new_tail(),
            parts: partitions.into_iter().map(part).collect(),
            start,
            start_text,
            store: Store::new(),
            sight: TailView::new(begins_at_newest(start), false),
            search: Search::default(),
            rate: Rate::default(),
            removed: 0,
            late: OutOfOrder::default(),
            marks: Vec::new(),
            columns: Vec::new(),
            sideways: 0,
            prompt: None,
            failure: None,
            held: false,
            reach: ScrollDirection::Here,
            backwards: false,
            cut: false,
        };
        tail.settle_evict();
        context.order(Effect::OpenTail(tail.id, tail.spec(start)));
        tail
    }

    /// Its id; another one each time it is read anew.
    pub fn id(&self) -> TailId {
        self.id
    }

    /// Its partitions and how reading each goes.
    pub fn parts(&self) -> &[TailPartition] {
        &self.parts
    }

    /// How reading goes, in one word.
    pub fn phase(&self) -> TailState<'_> {
        summary(&self.parts)
    }

    /// Why it could not be opened at all.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// The messages kept.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The messages kept, for the budget to take some.
    pub(super) fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    /// What is in sight.
    pub fn sight(&self) -> &TailView {
        &self.sight
    }

    /// The query, and whether messages are being looked at.
    pub fn search(&self) -> &Search {
        &self.search
    }

    /// Messages a second.
    pub fn rate(&self) -> &Rate {
        &self.rate
    }

    /// Messages that the brokers removed before they could be read.
    pub fn removed(&self) -> u64 {
        self.removed
    }

    /// The messages that came after newer ones of other partitions.
    pub fn late(&self) -> &OutOfOrder {
        &self.late
    }

    /// Where it was told to start, as typed.
    pub fn start_text(&self) -> &str {
        &self.start_text
    }

    /// Paths into JSON values that are shown as columns.
    pub fn columns(&self) -> &[JsonPath] {
        &self.columns
    }

    /// How many columns of the screen the values are scrolled to the left.
    pub fn sideways(&self) -> usize {
        self.sideways
    }

    /// The line being typed.
    pub fn prompt(&self) -> Option<&Prompt> {
        self.prompt.as_ref()
    }

    /// Whether reading stopped because all tails together keep as much as they may.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Whether older messages are on their way.
    pub fn fetches_older(&self) -> bool {
        self.parts.iter().any(|part| part.fetching)
    }

    /// Whether the oldest messages that there are stand in memory.
    pub fn is_at_start(&self) -> bool {
        self.parts.iter().all(|part| part.at_start)
    }

    /// The chosen message.
    pub fn chosen(&self) -> Option<MessageRef<'_>> {
        self.sight.message(&self.store)
    }

    /// The chosen message, kept in memory as long as the handle lives.
    pub(super) fn hold_chosen(&self) -> Option<PinnedMessage> {
        self.store.pin(&self.chosen()?.id())
    }

    /// The marked messages, the one marked first first.
    pub fn marks(&self) -> &[PinnedMessage] {
        &self.marks
    }

    /// Whether that message is marked.
    pub fn is_marked(&self, message: &MessageRef<'_>) -> bool {
        self.marks.iter().any(|mark| same(&mark.message(), message))
    }

    /// Messages that the brokers have and this tail has not read, where `newest` knows the newest offset of a partition.
    pub fn unread(&self, newest: impl Fn(&str, PartitionId) -> Option<Offset>) -> u64 {
        let unread = self.parts.iter().filter_map(|part| {
            let there = newest(&part.stream, part.partition)?;
            let (_, read) = self.store.offsets(&part.stream, part.partition)?;
            u64::try_from(there.saturating_sub(read)).ok()
        });
        unread.sum()
    }
}

/// What happens to it.
impl Tail {
    /// Takes what happened to it.
    pub(super) fn on_event(&mut self, event: &TailEvent, context: &mut Context) {
        match event {
            TailEvent::Subscription {
                stream,
                partition,
                event,
            } => {
                self.note(stream, *partition, event, context.now);
            }
            TailEvent::Chunk(chunk) => {
                let part = self.part(chunk.stream(), chunk.partition());
                if part.is_some_and(|part| part.live) {
                    self.late.note(chunk, &self.store);
                }
                self.take(chunk, context);
            }
            TailEvent::Older(chunk) => self.take(chunk, context),
            TailEvent::OlderDone {
                stream,
                partition,
                start,
                failure,
            } => {
                // Nothing kept, and nothing older found: there is none.
                let nothing = self.store.offsets(stream, *partition).is_none();
                let reached = start.is_some() || nothing && failure.is_none();
                self.older_done(stream, *partition, reached);
                if let Some(failure) = failure {
                    context.say_failure(failure);
                }
            }
            TailEvent::Failed(failure) => self.failure = Some(failure.clone()),
        }
    }

    fn note(
        &mut self,
        stream: &str,
        partition: PartitionId,
        event: &SubscriptionEvent,
        now: Timestamp,
    ) {
        self.removed += event.removed();
        if let Some(part) = self.part(stream, partition) {
            part.note(event, now);
        }
    }

    fn take(&mut self, chunk: &Arc<Chunk>, context: &mut Context) {
        self.store.push(chunk);
        if chunk.first_offset() == 0
            && let Some(part) = self.part(chunk.stream(), chunk.partition())
        {
            part.at_start = true;
        }
        self.search.go_on(&mut self.store, context);
    }

    fn older_done(&mut self, stream: &str, partition: PartitionId, reached: bool) {
        if let Some(part) = self.part(stream, partition) {
            part.fetching = false;
            part.at_start |= reached;
        }
    }

    fn part(&mut self, stream: &str, partition: PartitionId) -> Option<&mut TailPartition> {
        self.parts
            .iter_mut()
            .find(|part| part.is(stream, partition))
    }

    /// Takes what a scan found; `false` where the scan is none of its own.
    pub(super) fn on_scan(&mut self, id: ScanId, event: &ScanEvent, context: &mut Context) -> bool {
        self.search.on_scan(id, event, &mut self.store, context)
    }

    /// A second has passed; `newest` knows the newest committed offset of a partition.
    pub(super) fn tick(
        &mut self,
        newest: impl Fn(&str, PartitionId) -> Option<Offset>,
        now: Timestamp,
    ) {
        self.rate.note(now, self.store.counters().received);
        for part in self.parts.iter_mut().filter(|part| !part.live) {
            let read = self.store.offsets(&part.stream, part.partition);
            let read = read.map_or(-1, |(_, newest)| newest);
            part.live = newest(&part.stream, part.partition).is_some_and(|there| read >= there);
        }
    }
}

/// What the user does with it.
impl Tail {
    /// Chooses the message on that line of the screen; `true` where it was chosen already.
    pub(super) fn click(&mut self, line: usize, context: &mut Context) -> bool {
        let height = context.viewport.rows(Pane::Tail);
        let clicked = self.sight.click(line, &self.store, height);
        self.settle_evict();
        clicked
    }

    /// Stays at the chosen message.
    pub(super) fn stay(&mut self, context: &mut Context) {
        let height = context.viewport.rows(Pane::Tail);
        self.sight.stay(&self.store, height);
        self.settle_evict();
    }

    /// Scrolls the values.
    pub(super) fn scroll_sideways(&mut self, right: bool) {
        const STEP: usize = 8;
        self.sideways = if right {
            self.sideways + STEP
        } else {
            self.sideways.saturating_sub(STEP)
        };
    }

    /// Shows only what matches, or everything again.
    pub(super) fn set_query(&mut self, query: Option<Query>, context: &mut Context) {
        self.search.set(query, &mut self.store, context);
    }

    /// Marks the chosen message or takes its mark away; of three the first gives way.
    pub(super) fn mark(&mut self) {
        let Some(held) = self.hold_chosen() else {
            return;
        };
        let marked = self.marks.len();
        self.marks
            .retain(|mark| !same(&mark.message(), &held.message()));
        if self.marks.len() == marked {
            self.marks.push(held);
            let surplus = self.marks.len().saturating_sub(MARKS);
            self.marks.drain(..surplus);
        }
    }

    /// Takes all marks away; `false` where there were none.
    pub(super) fn unmark(&mut self) -> bool {
        let any = !self.marks.is_empty();
        self.marks.clear();
        any
    }

    /// Shows a path as a column, or no longer.
    pub(super) fn toggle_column(&mut self, path: &str) -> Result<(), String> {
        let column: JsonPath = path.parse()?;
        let shown = self.columns.len();
        self.columns.retain(|other| *other != column);
        if self.columns.len() == shown {
            self.columns.push(column);
        }
        Ok(())
    }

    /// Opens the line that asks for something; for a query it begins with the one that counts.
    pub(super) fn ask(&mut self, ask: PromptKind) {
        let text = match ask {
            PromptKind::Query => self.search.query().map_or("", Query::text),
            PromptKind::Seek | PromptKind::Export => "",
        };
        self.prompt = Some(Prompt::new(ask, text));
    }

    /// The line being typed, to type into.
    pub(super) fn prompt_mut(&mut self) -> Option<&mut Prompt> {
        self.prompt.as_mut()
    }

    /// Closes the line being typed; `false` where there was none.
    pub(super) fn close_prompt(&mut self) -> bool {
        self.prompt.take().is_some()
    }

    /// Writes what is in sight of the query to a file, in the form that its name ends in.
    pub(super) fn export(&self, path: String, context: &mut Context) -> RequestId {
        let ending = path
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let form = match ending.as_str() {
            "csv" => ExportForm::Csv,
            "raw" | "txt" | "bin" => ExportForm::Raw,
            _ => ExportForm::Ndjson,
        };
        let id = context.new_request(Request::Export);
        let messages = self.store.seen();
        context.order(Effect::Export(
            id,
            ExportSpec {
                path,
                form,
                messages,
            },
        ));
        id
    }

    /// Ends its subscriptions and scans.
    pub(super) fn close(&mut self, context: &mut Context) {
        self.search.cancel(context);
        context.order(Effect::CloseTail(self.id));
    }
}

fn same(left: &MessageRef<'_>, right: &MessageRef<'_>) -> bool {
    left.offset() == right.offset()
        && left.partition() == right.partition()
        && left.stream() == right.stream()
}
