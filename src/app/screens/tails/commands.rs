//! The commands of the tails and the inspector, and of the line being typed.

use super::prompt::PromptInput;
use super::{Prompt, PromptKind, Tail, TailPartition, Tails, View};
use crate::app::app_request::{AppRequest, CopyEntry};
use crate::app::command::{ListCommand, Motion, PaneCommand, TailCommand, TextCommand};
use crate::app::context::Context;
use crate::app::effect::{Effect, LoopEffect};
use crate::app::focus::Pane;
use crate::app::inflight::Request;
use crate::app::input::editor::TextInput;
use crate::app::input::key_hints::{AMONG_TAILS, Hint, hints_of};
use crate::app::kept_queries::QueryChange;
use crate::app::key_context::KeyContext;
use crate::app::lists::table::Listing;
use crate::app::notice::Level;
use crate::app::row_key::{DetailTarget, RowKey};
use crate::app::row_settings::RowChoice;
use crate::app::screens::ScreenState;
use crate::app::viewport::Viewport;
use crate::health::Truth;
use crate::model::shell_line;
use crate::store::{JsonPath, PinnedMessage, Query, RowField};

impl Tails {
    /// Carries out a command of the tails and the inspector.
    pub(in crate::app) fn run_tail_command(&mut self, command: TailCommand, context: &mut Context) {
        let Some(tail) = self.open.get_mut(self.shown) else {
            let text = if command == TailCommand::Trace {
                "no message is shown; say what the messages have in common: trace key:42 orders"
            } else {
                "no tail is open; choose a stream or a partition first"
            };
            return context.notify(Level::Note, text);
        };
        match command {
            TailCommand::Freeze => tail.toggle_frozen(context),
            TailCommand::Follow if tail.is_gone() => self.follow_successor(context),
            TailCommand::Follow => tail.follow(context),
            // What is known of cursors is needed: the screens do it.
            TailCommand::FollowCursor => {}
            TailCommand::SearchStream => tail.toggle_stream_search(context),
            TailCommand::NewestFirst => tail.reverse(context),
            TailCommand::Seek => tail.open_prompt(PromptKind::Seek, context),
            TailCommand::Query => tail.open_prompt(PromptKind::Query, context),
            TailCommand::Export if self.exporting.is_some() => self.stop_export(context),
            TailCommand::Export => tail.open_prompt(PromptKind::Export, context),
            TailCommand::Mark => tail.toggle_mark(),
            TailCommand::Size => self.toggle_field(RowField::Size, context),
            TailCommand::Row => tail.open_row_prompt(&self.decoded, context),
            TailCommand::Raw => self.toggle_raw(context),
            TailCommand::Diff => return self.compare(context),
            TailCommand::PublishAgain => return self.publish_again(context),
            TailCommand::Edit => self.edit(context),
            TailCommand::Next => self.show_next(true, context),
            TailCommand::Previous => self.show_next(false, context),
            TailCommand::Close => return self.close_shown(context),
            TailCommand::NextMessage => self.step_message(true, context),
            TailCommand::PreviousMessage => self.step_message(false, context),
            TailCommand::View => self.inspector.next_view(),
            TailCommand::Wrap => self.inspector.toggle_wrap(),
            TailCommand::Fold => self.fold_or_offer_query(context),
            TailCommand::Column => self.toggle_column(context),
            TailCommand::Trace => return self.trace(context),
        }
        self.after_move(context);
    }

    /// Carries out a command with the line it would ask for: where to seek, what to look for, where to write.
    pub(in crate::app) fn run_with_line(
        &mut self,
        command: TailCommand,
        line: &str,
        context: &mut Context,
    ) {
        self.run_tail_command(command, context);
        if let Some(prompt) = self.shown_mut().and_then(Tail::prompt_mut) {
            prompt.set_text(line, context);
            self.run_text_command(Pane::Tail, TextCommand::Accept, context);
        }
    }

    fn apply(&mut self, input: PromptInput, context: &mut Context) {
        let Some(tail) = self.open.get_mut(self.shown) else {
            return;
        };
        tail.close_prompt();
        match input {
            PromptInput::Query(query) => {
                tail.set_query(query, context);
                let query = tail.search().query().map(Query::text);
                if let Some(query) = query.map(str::to_owned) {
                    self.change_queries(QueryChange::Typed(query), context);
                }
            }
            PromptInput::Seek(start, text) => tail.seek(start, text, context),
            PromptInput::Row(template) => {
                let streams = tail.streams();
                let usual = || self.rows.configured(streams).cloned().unwrap_or_default();
                let row = RowChoice::of(template.unwrap_or_else(usual));
                self.set_row(&row, context);
                let mistake = self.shown();
                let mistake = mistake.and_then(|tail| tail.row_mistake(&self.decoded, context));
                if let Some(mistake) = mistake {
                    context.notify(Level::Warning, mistake);
                }
            }
            PromptInput::Export(range, path) => {
                self.exporting = Some((tail.export(range, path, context), 0));
            }
        }
        self.after_move(context);
    }

    /// Goes to the next match, or the previous one: with a query, only messages that match are shown.
    fn next_match(&mut self, forward: bool, context: &mut Context) {
        let query = self.shown().and_then(|tail| tail.search().query());
        if query.is_none() {
            return context.notify(Level::Note, "no query: there is nothing to match");
        }
        self.step_message(forward, context);
    }

    fn close_shown(&mut self, context: &mut Context) {
        self.close_tail(self.shown, context);
        self.show_as_before();
        self.update_inspector();
        if self.open.is_empty() {
            context.request(AppRequest::GoBack);
        }
    }

    /// Goes to the next message towards the newest, or away from it, whichever way the screen runs.
    fn step_message(&mut self, newer: bool, context: &mut Context) {
        if let Some(tail) = self.shown_mut() {
            let down = newer != tail.view().newest_first();
            tail.move_by(if down { Motion::Down } else { Motion::Up }, context);
            self.after_move(context);
        }
    }

    fn stop_export(&mut self, context: &mut Context) {
        if let Some((id, _)) = self.exporting.take() {
            context.emit(Effect::CancelExport(id));
            context.end_request(id);
            context.notify(Level::Note, "the export was stopped; it left no file");
        }
    }

    fn toggle_column(&mut self, context: &mut Context) {
        let Some(path) = self.inspector.path() else {
            let text = "open a message and go to one of its fields first";
            return context.notify(Level::Note, text);
        };
        let path: JsonPath = match path.parse() {
            Ok(path) => path,
            Err(sentence) => return context.notify(Level::Warning, sentence),
        };
        let is_header = self.inspector.view() == View::Headers;
        let header = path.only_key().filter(|_| is_header);
        let field = match header {
            Some(name) => RowField::Header(name.to_owned()),
            None => RowField::ValueAt(path),
        };
        self.toggle_field(field.clone(), context);
        self.notify_toggled(&field, context);
    }

    /// Says what became of the rows, which may not be on the screen, or not that far to the right.
    fn notify_toggled(&self, field: &RowField, context: &mut Context) {
        let Some(tail) = self.shown() else { return };
        if !tail.row().shown().has(field) {
            let text = format!("rows no longer show {field}");
            return context.notify(Level::Note, text);
        }
        match tail.row_mistake(&self.decoded, context) {
            Some(mistake) => context.notify(Level::Warning, mistake),
            None => context.notify(Level::Note, format!("rows show {field} now")),
        }
    }

    /// Opens the command line with what the selected field, header or key has in common with other messages.
    fn trace(&self, context: &mut Context) {
        let common = self
            .inspector
            .common()
            .map(|common| format!("cel: {common}"));
        let Some(query) = common.filter(|query| Query::parse(query).is_ok()) else {
            let usual = "trace by a field with one value, a header, or line 1: the key";
            let text = self.inspector.unsearched();
            return context.notify(Level::Note, text.unwrap_or_else(|| usual.to_owned()));
        };
        let arguments = ["trace".to_owned(), query];
        context.request(AppRequest::TypeCommand(shell_line(&arguments)));
    }

    /// The rows show that field too, or no longer.
    fn toggle_field(&mut self, field: RowField, context: &mut Context) {
        if let Some(row) = self.shown().map(|tail| tail.row_with(field)) {
            self.set_row(&row, context);
        }
    }

    fn toggle_raw(&mut self, context: &mut Context) {
        let Some(mut row) = self.shown().map(|tail| tail.row().clone()) else {
            return;
        };
        if row.toggle_raw() {
            self.set_row(&row, context);
        } else {
            let text = "the rows are raw: choose what they show first";
            context.notify(Level::Note, text);
        }
    }

    fn compare(&mut self, context: &mut Context) {
        let Some(tail) = self.shown() else {
            return;
        };
        let pair = match (tail.marks(), tail.pin_selected()) {
            ([one, other], _) => Some((one.clone(), other.clone())),
            ([one], Some(selected)) if *one != selected => Some((one.clone(), selected)),
            _ => None,
        };
        let Some((one, other)) = pair else {
            let text = "mark two messages to compare them, or mark one and choose another";
            return context.notify(Level::Note, text);
        };
        self.inspector.compare([one, other], &self.decoded);
        context.request(AppRequest::Descend(Pane::Inspector));
    }

    /// The message that commands are about: the inspected one where that is seen, or the selected one.
    pub(super) fn message(&self) -> Option<PinnedMessage> {
        let inspected = self.inspector.message();
        let is_seen = self.inspector.is_seen() || self.inspector.compared_with().is_some();
        let inspected = inspected.filter(|_| is_seen).cloned();
        inspected.or_else(|| self.shown()?.pin_selected())
    }

    fn publish_again(&mut self, context: &mut Context) {
        if context.forbids_change() {
            return;
        }
        if let Some(message) = self.message() {
            context.request(AppRequest::PublishAgain(message, None));
        }
    }

    fn edit(&mut self, context: &mut Context) {
        let Some(message) = self.message() else {
            return;
        };
        let Ok(text) = std::str::from_utf8(message.message().value()).map(str::to_owned) else {
            let text = "this value is no text: an editor would change its bytes";
            return context.notify(Level::Warning, text);
        };
        let id = context.begin_request(Request::Edit);
        context.emit(LoopEffect::Edit(id, text));
        self.edited = Some((id, message));
    }
}

impl ScreenState for Tails {
    fn list_in(&self, _pane: Pane) -> Option<&dyn Listing> {
        None
    }

    fn list_in_mut(&mut self, _pane: Pane) -> Option<&mut dyn Listing> {
        None
    }

    fn selected(&self, _pane: Pane) -> Option<RowKey> {
        self.target().map(RowKey::Partition)
    }

    /// What the tail that is shown reads, where that is one stream: of several nobody has chosen one.
    fn targets(&self, _pane: Pane) -> Vec<RowKey> {
        let partitions = self.shown().map(Tail::partitions).unwrap_or_default();
        let keys: Vec<_> = partitions.iter().map(TailPartition::key).collect();
        let of_several = keys
            .iter()
            .zip(keys.iter().skip(1))
            .any(|((one, _), (next, _))| one != next);
        let keys = keys.into_iter().filter(|_| !of_several);
        keys.map(RowKey::Partition).collect()
    }

    fn update_rows(&mut self, _truth: &Truth, _faults_only: bool, _viewport: &Viewport) {}

    fn move_by(&mut self, pane: Pane, motion: Motion, context: &mut Context) {
        if pane == Pane::Inspector {
            return self.inspector.move_by(motion);
        }
        if let Some(tail) = self.shown_mut() {
            tail.move_by(motion, context);
            self.after_move(context);
        }
    }

    /// A tail has matches, marks and an order as lists have.
    fn run_list_command(
        &mut self,
        pane: Pane,
        command: ListCommand,
        truth: &Truth,
        context: &mut Context,
    ) {
        match command {
            ListCommand::Open => self.open_selected(pane, truth, context),
            ListCommand::NextMatch => self.next_match(true, context),
            ListCommand::PreviousMatch => self.next_match(false, context),
            ListCommand::Filter => self.run_tail_command(TailCommand::Query, context),
            ListCommand::Mark => self.run_tail_command(TailCommand::Mark, context),
            ListCommand::Reverse => self.run_tail_command(TailCommand::NewestFirst, context),
            ListCommand::Describe => self.describe(pane, context),
            ListCommand::Copy => self.copy_value(context),
            ListCommand::CopyMenu => {
                context.request(AppRequest::CopyMenu(self.copies(pane, truth)));
            }
            ListCommand::Sort
            | ListCommand::Columns
            | ListCommand::FaultsOnly
            | ListCommand::Internal
            | ListCommand::Deleted => {}
        }
    }

    fn run_text_command(&mut self, _pane: Pane, command: TextCommand, context: &mut Context) {
        let tail = self.open.get_mut(self.shown);
        let Some(prompt) = tail.and_then(Tail::prompt_mut) else {
            return;
        };
        match command {
            TextCommand::Older => prompt.recall(true, &self.queries, context),
            TextCommand::Newer => prompt.recall(false, &self.queries, context),
            TextCommand::Complete => prompt.complete(context),
            TextCommand::Accept => {
                if let Some(input) = prompt.accept(context) {
                    self.apply(input, context);
                }
            }
        }
    }

    /// Enter: a message is inspected, a node of its value folded.
    fn open_selected(&mut self, pane: Pane, _truth: &Truth, context: &mut Context) {
        if pane == Pane::Inspector {
            return self.run_tail_command(TailCommand::Fold, context);
        }
        if let Some(tail) = self.shown_mut() {
            // Who opened a message reads it.
            tail.stop_following();
            self.after_move(context);
        }
        context.request(AppRequest::Descend(Pane::Inspector));
    }

    /// The message, and the partition that it is of.
    fn describe(&mut self, _pane: Pane, context: &mut Context) {
        let target = match self.message() {
            Some(message) => Some(DetailTarget::Message(message)),
            None => self
                .target()
                .map(|key| DetailTarget::Row(RowKey::Partition(key))),
        };
        if let Some(target) = target {
            context.request(AppRequest::ShowDetail(target));
        }
    }

    fn copies(&self, _pane: Pane, _truth: &Truth) -> Vec<CopyEntry> {
        self.message_copies()
    }

    fn key_contexts(&self, pane: Pane) -> &'static [KeyContext] {
        match self.shown().and_then(Tail::prompt).map(Prompt::kind) {
            Some(PromptKind::Query) => &[KeyContext::Query, KeyContext::Text],
            Some(PromptKind::Seek | PromptKind::Export | PromptKind::Row) => &[KeyContext::Text],
            None => pane.key_contexts(),
        }
    }

    fn takes_text(&self, _pane: Pane) -> bool {
        self.shown().is_some_and(|tail| tail.prompt().is_some())
    }

    fn type_text(&mut self, _pane: Pane, input: TextInput<'_>, context: &Context) -> bool {
        let prompt = self.shown_mut().and_then(Tail::prompt_mut);
        prompt.is_some_and(|prompt| prompt.type_text(input, context))
    }

    fn key_hints(&self, pane: Pane) -> Vec<Hint> {
        if let Some(prompt) = self.shown().and_then(Tail::prompt) {
            return prompt.key_hints();
        }
        let context = pane.key_contexts().first();
        let mut hints = context.map_or_else(Vec::new, |context| hints_of(*context).to_vec());
        if pane == Pane::Tail && !self.panes().is_empty() {
            hints = AMONG_TAILS.iter().copied().chain(hints).collect();
            hints.retain(|(command, _)| *command != PaneCommand::Split.into());
        }
        for (command, word) in &mut hints {
            if self.exporting.is_some() && *command == TailCommand::Export.into() {
                *word = "stop the export";
            }
        }
        hints
    }

    fn escape(&mut self, pane: Pane, context: &mut Context) -> bool {
        let Some(tail) = self.open.get_mut(self.shown) else {
            return false;
        };
        if tail.close_prompt() {
            return true;
        }
        if self.inspector.compared_with().is_some() {
            self.inspector.show(tail.pin_selected(), &self.decoded);
            return true;
        }
        if pane == Pane::Inspector {
            return false;
        }
        if tail.search().query().is_some() {
            tail.set_query(None, context);
            return true;
        }
        tail.unmark()
    }

    fn select_line(&mut self, pane: Pane, line: usize, context: &mut Context) -> bool {
        if pane == Pane::Inspector {
            return self.inspector.select_line(line);
        }
        let Some(tail) = self.shown_mut() else {
            return false;
        };
        let again = tail.select_line(line);
        self.after_move(context);
        again
    }
}
