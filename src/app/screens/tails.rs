//! The open tails: which ones there are and which is shown, what they keep together, the message that is inspected.
//!
//! One tail's messages and reading are `tail`'s.

mod commands;
mod copies;
mod decoding;
mod export;
mod field_completion;
mod inspector;
mod located;
mod out_of_order;
mod prompt;
mod queries;
mod query_typing;
mod rate;
mod search;
mod split;
mod subscription_state;
mod tail;
mod tail_view;

pub(crate) use export::ExportRange;
pub use inspector::Side;
pub(crate) use inspector::{Inspector, Row, View};
pub(crate) use out_of_order::{LATE_AFTER, OutOfOrder};
pub(crate) use prompt::{Prompt, PromptKind};
pub use subscription_state::TailState;
pub(crate) use subscription_state::{TailPartition, ends};
pub use tail::Tail;
pub(crate) use tail::{SearchProgress, TailCursor, cursors_at, partition_names};
pub use tail_view::{FollowMode, Window};

use inspector::Size;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::app::app_request::AppRequest;
use crate::app::context::Context;
use crate::app::decoded_values::DecodedValues;
use crate::app::effect::Effect;
use crate::app::event::{Progress, ScanEvent, TailEvent};
use crate::app::focus::Pane;
use crate::app::ids::{RequestId, ScanId, TailId};
use crate::app::input::history::History;
use crate::app::kept_queries::KeptQueries;
use crate::app::notice::Level;
use crate::app::row_key::PartitionKey;
use crate::app::row_settings::{RowChoice, RowSettings};
use crate::app::schemas::Schemas;
use crate::app::settings::Settings;
use crate::app::viewport::Viewport;
use crate::health::{Known, Truth};
use crate::model::{Failure, StreamName, counted};
use crate::store::{Budget, FieldIndex, PinnedMessage};

/// Bytes of a message that takes as long to be read as a hundred rows to be drawn.
const LARGE_MESSAGE: usize = 16 << 10;

/// How many queries can be recalled.
const MAX_QUERIES: usize = 100;

/// All open tails.
#[derive(Clone, Debug)]
pub struct Tails {
    open: Vec<Tail>,
    shown: usize,
    /// The tails on the screen by their numbers, the one shown among them; none where it is not split.
    panes: Vec<usize>,
    /// What a locator calls the cluster.
    cluster: String,
    inspector: Inspector,
    /// What programs have made of values, those of tables among them.
    decoded: DecodedValues,
    /// The queries that were typed, as a text box goes through them.
    queries: History,
    rows: RowSettings,
    /// The queries that are kept between runs.
    kept: KeptQueries,
    /// A message whose value is open in the external editor.
    edited: Option<(RequestId, PinnedMessage)>,
    /// An export under way, and how many messages it has written.
    exporting: Option<(RequestId, u64)>,
}

impl Tails {
    /// No tail; values are read by the settings' types, rows show what they say, and their queries were kept.
    pub(super) fn new(settings: &Settings) -> Self {
        let (schemas, kept) = (settings.schemas.clone(), settings.queries.clone());
        Self {
            open: Vec::new(),
            shown: 0,
            panes: Vec::new(),
            cluster: located::cluster(settings),
            inspector: Inspector::new(schemas),
            decoded: DecodedValues::default(),
            queries: History::of(kept.typed(), MAX_QUERIES),
            kept,
            rows: settings.rows.clone(),
            edited: None,
            exporting: None,
        }
    }

    /// The config file says this of rows and of protobuf messages from now on. Rows of open tails follow where they are as
    /// it said before.
    pub(in crate::app) fn on_settings(&mut self, rows: RowSettings, schemas: Schemas) {
        let before = self.rows.clone();
        self.rows.set_configured(rows);
        for tail in &mut self.open {
            let streams = tail.streams();
            if *tail.row() == before.choice(&streams) {
                let choice = self.rows.choice(&streams);
                tail.set_row(choice);
            }
        }
        self.inspector.set_schemas(schemas);
    }

    /// The open tails in the order of their tabs.
    pub fn all(&self) -> &[Tail] {
        &self.open
    }

    /// Which of them is shown.
    pub fn shown_index(&self) -> usize {
        self.shown
    }

    /// The tail that is shown.
    pub fn shown(&self) -> Option<&Tail> {
        self.open.get(self.shown)
    }

    /// The message that is inspected, of the tail that is shown.
    pub fn inspector(&self) -> &Inspector {
        &self.inspector
    }

    /// How many messages an export under way has written.
    pub fn exported_so_far(&self) -> Option<u64> {
        self.exporting.map(|(_, messages)| messages)
    }

    /// Whether any tail moves with a cursor.
    pub(in crate::app) fn follows_cursor(&self) -> bool {
        self.open
            .iter()
            .any(|tail| tail.followed_cursor().is_some())
    }

    /// The tail that is shown moves with the cursor of that name; without a name with one of its own, or no longer.
    pub(in crate::app) fn follow_cursor(
        &mut self,
        name: Option<&str>,
        truth: &Truth,
        context: &mut Context,
    ) {
        let Some(tail) = self.shown_mut() else {
            let text = "no tail is open; choose a stream or a partition first";
            return context.notify(Level::Note, text);
        };
        tail.follow_cursor(name, truth, context);
        self.after_move(context);
    }

    /// Shows a tail of these partitions from their last messages on: the one that is open already, or a new one.
    pub(in crate::app) fn open(&mut self, partitions: Vec<PartitionKey>, context: &mut Context) {
        if partitions.is_empty() {
            return;
        }
        let reads = |tail: &Tail| tail.reads(&partitions);
        let open = if self.shown().is_some_and(reads) {
            Some(self.shown)
        } else {
            self.open.iter().position(reads)
        };
        let (index, left) = (
            open.unwrap_or_else(|| self.add(partitions, context)),
            self.shown,
        );
        self.switch_to(index);
        self.close_unused_copy(left, context);
    }

    /// Opens a tail of these partitions; returns its number.
    fn add(&mut self, partitions: Vec<PartitionKey>, context: &mut Context) -> usize {
        let streams = partitions.iter().map(|(stream, _)| &**stream);
        let row = self.rows.choice(&streams.collect());
        self.open.push(Tail::open(partitions, row, context));
        self.open.len() - 1
    }

    /// Shows a tail of the streams that have the names now of those that were deleted under the one that is shown, which
    /// keeps what it has read.
    fn follow_successor(&mut self, context: &mut Context) {
        let Some(gone) = self.open.get(self.shown) else {
            return;
        };
        if gone.replaced().is_none() {
            context.emit(Effect::Refresh);
            let text = "the stream was deleted, and no broker names another one yet";
            return context.notify(Level::Note, text);
        }
        let keys: Vec<_> = gone.partitions().iter().map(TailPartition::key).collect();
        let reads = |tail: &Tail| tail.reads(&keys);
        let open = self.open.iter().position(reads);
        let index = open.unwrap_or(self.open.len());
        if open.is_none() {
            let successor = gone.open_successor(context);
            self.open.push(successor);
        }
        self.switch_to(index);
    }

    /// Shows the tail of that tab, if there is one.
    pub(in crate::app) fn show(&mut self, index: usize) {
        if index < self.open.len() {
            self.switch_to(index);
        }
    }

    /// Shows another tail: what is compared, and as what values are read, belongs to the one that is left.
    fn switch_to(&mut self, index: usize) {
        if index != self.shown {
            let view = self.inspector.view();
            if let Some(left) = self.open.get_mut(self.shown) {
                left.set_value_view(view);
            }
            self.take_pane(index);
            self.shown = index;
            self.show_as_before();
        }
        self.update_inspector();
    }

    /// The inspector forgets what it showed, and reads values as they were read in this tail before.
    fn show_as_before(&mut self) {
        let view = self.shown().map_or_else(View::default, Tail::value_view);
        self.inspector.show(None, &self.decoded);
        self.inspector.set_view(view);
    }

    /// All tails of the streams of the one that is shown have rows like these from now on, in later runs too.
    fn set_row(&mut self, row: &RowChoice, context: &mut Context) {
        let Some(shown) = self.open.get(self.shown) else {
            return;
        };
        let streams = shown.streams();
        let (name, kept) = self.rows.choose(&streams, row);
        context.emit(Effect::SaveRow(name, kept));
        let streams: BTreeSet<String> = streams.into_iter().map(str::to_owned).collect();
        let is_of_them = |tail: &&mut Tail| tail.streams().into_iter().eq(&streams);
        let tails = self.open.iter_mut().filter(is_of_them);
        tails.for_each(|tail| tail.set_row(row.clone()));
    }

    fn shown_mut(&mut self) -> Option<&mut Tail> {
        self.open.get_mut(self.shown)
    }

    /// Where a message published from here would go: to the partition of the selected one.
    fn target(&self) -> Option<PartitionKey> {
        let tail = self.shown()?;
        let selected = tail.selected();
        let selected = selected.map(|one| (StreamName::clone(one.stream()), one.partition()));
        selected.or_else(|| Some(tail.partitions().first()?.key()))
    }
}

/// Events of tails.
impl Tails {
    /// Something happened to a tail; what comes for a closed one is dropped and counted (I5).
    pub(in crate::app) fn on_event(
        &mut self,
        id: TailId,
        event: &TailEvent,
        context: &mut Context,
    ) {
        match self.open.iter_mut().find(|tail| tail.id() == id) {
            Some(tail) => tail.on_event(event, context),
            None => context.count_late_answer(),
        }
        self.enforce_budget(context);
        self.follow_in_inspector();
    }

    /// A scan found something; what no tail waits for is dropped and counted (I5).
    pub(in crate::app) fn on_scan(&mut self, id: ScanId, event: &ScanEvent, context: &mut Context) {
        let mut tails = self.open.iter_mut();
        if !tails.any(|tail| tail.on_scan(id, event, context)) {
            context.count_late_answer();
        }
        self.open.iter_mut().for_each(Tail::keep_line);
        self.follow_in_inspector();
    }

    /// The fields of messages were looked up; what no tail waits for is dropped and counted (I5).
    pub(in crate::app) fn on_fields(
        &mut self,
        id: ScanId,
        index: &Arc<FieldIndex>,
        context: &mut Context,
    ) {
        let mut tails = self.open.iter_mut();
        if !tails.any(|tail| tail.on_fields(id, index, context)) {
            context.count_late_answer();
        }
    }

    /// A second has passed. While the tail follows, a large message comes into the inspector no more often than that.
    pub(in crate::app) fn on_tick(&mut self, truth: &Truth, context: &mut Context) {
        for tail in &mut self.open {
            tail.update_identity(truth, context);
            tail.resume_unpaused(
                |stream, partition| {
                    let partition = truth.partition(stream, partition);
                    partition.is_some_and(|one| {
                        one.paused == Known::No && one.leader_reachable == Known::Yes
                    })
                },
                context,
            );
            tail.on_tick(truth, context);
        }
        self.update_inspector();
    }

    /// The last frame has another layout.
    pub(in crate::app) fn on_viewport(&mut self, viewport: &Viewport) {
        let area = viewport.area(Pane::Inspector);
        let size = area.map(|area| Size {
            width: area.width.into(),
            height: area.height.into(),
        });
        self.inspector.resize(size.unwrap_or_default());
        for (index, tail) in self.open.iter_mut().enumerate() {
            let own = viewport.tail_area(index).map(|area| area.height.into());
            let rows = own.unwrap_or_else(|| viewport.rows(Pane::Tail));
            if rows > 0 {
                tail.set_height(rows);
            }
        }
    }

    /// The external editor was closed: what was edited there can be published.
    pub(in crate::app) fn on_edited(
        &mut self,
        id: RequestId,
        text: Result<String, Failure>,
        context: &mut Context,
    ) {
        context.end_request(id);
        let Some((_, message)) = self.edited.take_if(|(waiting, _)| *waiting == id) else {
            return;
        };
        match text {
            // It was only read.
            Ok(text) if text.as_bytes() == message.message().value() => {}
            Ok(text) => context.request(AppRequest::PublishAgain(message, Some(text))),
            Err(failure) => context.notify_failure(&failure),
        }
    }

    /// An export went on or ended.
    pub(in crate::app) fn on_exported(
        &mut self,
        id: RequestId,
        progress: &Progress,
        context: &mut Context,
    ) {
        if let Progress::Going(messages) = progress {
            // One that was stopped may still have sent this.
            if context.inflight.contains(id) {
                self.exporting = Some((id, *messages));
            }
            return;
        }
        context.end_request(id);
        self.exporting = None;
        match progress {
            Progress::Going(_) => {}
            Progress::Finished { messages, path } => {
                context.notify(
                    Level::Note,
                    format!("wrote {} to {path}", counted(*messages, "message")),
                );
            }
            Progress::Failed(failure) => context.notify_failure(failure),
        }
    }

    /// Another message may be selected, as something came: what stands beside a row is of that row. While the tail follows,
    /// what nobody sees waits for the next second, and so does a large message: to read each would hold what comes.
    fn follow_in_inspector(&mut self) {
        let shown = self.shown();
        let follows = shown.is_some_and(|tail| tail.view().mode() == FollowMode::Following);
        let selected = shown.and_then(Tail::selected);
        let is_large = selected.is_some_and(|message| message.size() > LARGE_MESSAGE);
        let waits = is_large || !self.inspector.is_seen();
        if !(follows && waits && self.inspector.message().is_some()) {
            self.update_inspector();
        }
    }

    /// Shows the selected message in the inspector, unless two are compared there.
    fn update_inspector(&mut self) {
        if self.inspector.compared_with().is_some() {
            return;
        }
        let Some(tail) = self.open.get(self.shown) else {
            return;
        };
        let id = tail.selected().map(|message| message.id());
        if id.as_ref().is_none_or(|id| !self.inspector.shows(id)) {
            self.inspector.show(tail.pin_selected(), &self.decoded);
        }
    }

    /// Another message may be selected: what is kept, read and inspected follows.
    fn after_move(&mut self, context: &mut Context) {
        self.enforce_budget(context);
        self.update_inspector();
    }

    fn enforce_budget(&mut self, context: &mut Context) {
        let budget = Budget::new(context.settings.tail_budget);
        let evicted = |tail: &Tail| tail.store().counters().evicted;
        let before: Vec<u64> = self.open.iter().map(evicted).collect();
        budget.enforce(self.open.iter_mut().map(Tail::store_mut));
        // A sixteenth has to be free before reading goes on, or it would stop and go with every chunk.
        let kept: usize = self.open.iter().map(|tail| tail.store().bytes()).sum();
        let has_room = kept < budget.limit() - budget.limit() / 16;
        for (tail, before) in self.open.iter_mut().zip(before) {
            if evicted(tail) > before {
                tail.on_evicted();
            }
            tail.update_throttle(has_room, context);
            tail.keep_line();
        }
    }
}
