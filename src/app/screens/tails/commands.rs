//! What the user does in the tails: each command in its place, lines typed, clicks.
//! Which key means which command is the keymap's; where the focus is, the app's.

use crossterm::event::KeyEvent;

use super::prompt::{PromptContext, PromptInput};
use super::{HISTORY, PromptKind, Tail, TailRequest, Tails};
use crate::app::command::{Move, TailCommand, TextCommand};
use crate::app::inflight::Request;
use crate::app::lists::list_state::Step;
use crate::app::notice::Level;
use crate::app::overlays::form::{Form, Republish, publish_again};
use crate::app::{Context, Effect, Pane};
use crate::model::{PartitionId, StreamName};
use crate::store::{PinnedMessage, Query};

impl Tails {
    /// Carries out a command of the tails and the inspector.
    pub fn run(&mut self, command: TailCommand, context: &mut Context) -> TailRequest {
        let Some(tail) = self.open.get_mut(self.shown) else {
            context.say(
                Level::Note,
                "no tail is open; choose a stream or a partition first",
            );
            return TailRequest::Nothing;
        };
        match command {
            TailCommand::Freeze => tail.freeze(context),
            TailCommand::Follow => tail.follow(context),
            TailCommand::NewestFirst => tail.turn_round(context),
            TailCommand::Seek => tail.ask(PromptKind::Seek),
            TailCommand::Query => tail.ask(PromptKind::Query),
            TailCommand::Export if self.exporting.is_some() => self.stop_export(context),
            TailCommand::Export => tail.ask(PromptKind::Export),
            TailCommand::Mark => tail.mark(),
            TailCommand::Diff => return self.compare(context),
            TailCommand::PublishAgain => return self.publish_again(context),
            TailCommand::Edit => self.edit(context),
            TailCommand::Next => self.turn_to(true),
            TailCommand::Previous => self.turn_to(false),
            TailCommand::Close => return self.close_shown(context),
            TailCommand::NextMessage => self.step_message(1, context),
            TailCommand::PreviousMessage => self.step_message(-1, context),
            TailCommand::View => self.inspector.next_view(),
            TailCommand::Wrap => self.inspector.toggle_wrap(),
            TailCommand::Fold => drop(self.inspector.toggle_fold()),
            TailCommand::Column => self.toggle_column(context),
        }
        self.moved(context);
        TailRequest::Nothing
    }

    /// Carries out a command with the line it would ask for: where to seek, what to look for, where to write.
    pub fn run_with(
        &mut self,
        command: TailCommand,
        text: &str,
        context: &mut Context,
    ) -> TailRequest {
        let asked = self.run(command, context);
        if self.takes_text() {
            if let Some(prompt) = self.open.get_mut(self.shown).and_then(Tail::prompt_mut) {
                prompt.clear();
            }
            self.paste(text, context);
            self.type_command(TextCommand::Accept, context);
        }
        asked
    }

    /// Moves within a pane.
    pub fn go(&mut self, pane: Pane, step: Move, context: &mut Context) {
        if pane == Pane::Inspector {
            return self.inspector.step(step);
        }
        let Some(tail) = self.open.get_mut(self.shown) else {
            return;
        };
        let full = isize::try_from(context.viewport.rows(Pane::Tail))
            .unwrap_or(1)
            .max(2)
            - 1;
        let step = match step {
            Move::Down => Step::By(1),
            Move::Up => Step::By(-1),
            Move::PageDown => Step::By(full),
            Move::PageUp => Step::By(-full),
            Move::HalfPageDown => Step::HalfPages(1),
            Move::HalfPageUp => Step::HalfPages(-1),
            Move::Top => Step::First,
            Move::Bottom => Step::Last,
            Move::Left => return tail.scroll_sideways(false),
            Move::Right => return tail.scroll_sideways(true),
        };
        tail.step(step, context);
        self.moved(context);
    }

    /// Stays at the chosen message: who opened it reads it.
    pub fn stay(&mut self, context: &mut Context) {
        if let Some(tail) = self.open.get_mut(self.shown) {
            tail.stay(context);
            self.moved(context);
        }
    }

    /// Next match, or the previous one: with a query, messages that match are all that is in sight.
    pub fn next_match(&mut self, forward: bool, context: &mut Context) {
        let searches = self
            .shown()
            .is_some_and(|tail| tail.search().query().is_some());
        if !searches {
            context.say(Level::Note, "no query: there is nothing to match");
            return;
        }
        self.step_message(if forward { 1 } else { -1 }, context);
    }

    /// One step of Esc; `false` where there was nothing to leave.
    pub fn escape(&mut self, pane: Pane, context: &mut Context) -> bool {
        let Some(tail) = self.open.get_mut(self.shown) else {
            return false;
        };
        if tail.close_prompt() {
            return true;
        }
        if self.inspector.compared_with().is_some() {
            self.inspector.show(tail.hold_chosen());
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

    /// Chooses the row on that line; `true` where it was chosen already.
    pub fn click(&mut self, pane: Pane, line: usize, context: &mut Context) -> bool {
        if pane == Pane::Inspector {
            return self.inspector.click(line);
        }
        let Some(tail) = self.open.get_mut(self.shown) else {
            return false;
        };
        let again = tail.click(line, context);
        self.moved(context);
        again
    }

    /// Where a message published from here would go: to the partition of the chosen one.
    pub fn target(&self) -> Option<(StreamName, PartitionId)> {
        let tail = self.shown()?;
        let chosen = tail
            .chosen()
            .map(|one| (StreamName::clone(one.stream()), one.partition()));
        chosen.or_else(|| {
            let part = tail.parts().first()?;
            Some((StreamName::clone(&part.stream), part.partition))
        })
    }

    fn turn_to(&mut self, next: bool) {
        let count = self.open.len().max(1);
        let step = if next { 1 } else { count - 1 };
        self.shown = (self.shown + step) % count;
        self.look();
    }

    fn close_shown(&mut self, context: &mut Context) -> TailRequest {
        if self.shown < self.open.len() {
            self.open.remove(self.shown).close(context);
        }
        self.shown = self.shown.min(self.open.len().saturating_sub(1));
        self.inspector.show(None);
        if self.open.is_empty() {
            TailRequest::Leave
        } else {
            TailRequest::Nothing
        }
    }

    /// The next message towards the newest, whichever way the screen runs.
    fn step_message(&mut self, towards_newest: isize, context: &mut Context) {
        let Some(tail) = self.open.get_mut(self.shown) else {
            return;
        };
        let rows = if tail.sight().newest_first() {
            -towards_newest
        } else {
            towards_newest
        };
        tail.step(Step::By(rows), context);
        self.moved(context);
    }

    fn stop_export(&mut self, context: &mut Context) {
        if let Some((id, _)) = self.exporting.take() {
            context.order(Effect::CancelExport(id));
            context.inflight.end(id);
            context.say(Level::Note, "the export was stopped; it left no file");
        }
    }

    fn toggle_column(&mut self, context: &mut Context) {
        let path = self.inspector.path();
        let Some(tail) = self.open.get_mut(self.shown) else {
            return;
        };
        match path.map(|path| tail.toggle_column(&path)) {
            Some(Ok(())) => {}
            Some(Err(sentence)) => context.say(Level::Warning, sentence),
            None => context.say(
                Level::Note,
                "open a message and go to one of its fields first",
            ),
        }
    }

    fn compare(&mut self, context: &mut Context) -> TailRequest {
        let Some(tail) = self.shown() else {
            return TailRequest::Nothing;
        };
        let chosen = tail.hold_chosen();
        let pair = match (tail.marks(), chosen) {
            ([one, other], _) => Some((one.clone(), other.clone())),
            ([one], Some(chosen)) if *one != chosen => Some((one.clone(), chosen)),
            _ => None,
        };
        let Some((one, other)) = pair else {
            context.say(
                Level::Note,
                "mark two messages to compare them, or mark one and choose another",
            );
            return TailRequest::Nothing;
        };
        self.inspector.compare(one, other);
        TailRequest::Inspector
    }

    /// The message that commands are about: the one in the inspector, or the chosen one.
    pub(super) fn subject(&self) -> Option<PinnedMessage> {
        let looked_at = self.inspector.message().cloned();
        looked_at.or_else(|| self.shown()?.hold_chosen())
    }

    fn publish_again(&mut self, context: &mut Context) -> TailRequest {
        if context.refuses_change() {
            return TailRequest::Nothing;
        }
        match self.subject() {
            Some(message) => TailRequest::Form(Box::new(form_of(&message, None))),
            None => TailRequest::Nothing,
        }
    }

    fn edit(&mut self, context: &mut Context) {
        let Some(message) = self.subject() else {
            return;
        };
        let Ok(text) = std::str::from_utf8(message.message().value()).map(str::to_owned) else {
            context.say(
                Level::Warning,
                "this value is no text: an editor would change its bytes",
            );
            return;
        };
        let id = context.new_request(Request::Edit);
        context.order(Effect::Edit(id, text));
        self.edited = Some((id, message));
    }
}

/// The line being typed.
impl Tails {
    /// Takes a key while a line is being typed, and says whether it was one for a text box.
    pub fn type_key(&mut self, key: KeyEvent, context: &Context) -> bool {
        let setting = setting(&self.queries, context);
        let tail = self.open.get_mut(self.shown);
        tail.and_then(Tail::prompt_mut)
            .is_some_and(|prompt| prompt.key(key, setting))
    }

    /// Takes pasted text while a line is being typed.
    pub fn paste(&mut self, text: &str, context: &Context) {
        let setting = setting(&self.queries, context);
        if let Some(prompt) = self.open.get_mut(self.shown).and_then(Tail::prompt_mut) {
            prompt.paste(text, setting);
        }
    }

    /// Takes the line, or one typed before.
    pub fn type_command(&mut self, command: TextCommand, context: &mut Context) {
        let setting = setting(&self.queries, context);
        let Some(prompt) = self.open.get_mut(self.shown).and_then(Tail::prompt_mut) else {
            return;
        };
        let recalls = prompt.ask() == PromptKind::Query;
        match command {
            TextCommand::Back if recalls => prompt.recall(true, setting),
            TextCommand::Forward if recalls => prompt.recall(false, setting),
            TextCommand::Back | TextCommand::Forward | TextCommand::Complete => {}
            TextCommand::Accept => {
                if let Some(answer) = prompt.accept(setting) {
                    self.accept(answer, context);
                }
            }
        }
    }

    fn accept(&mut self, answer: PromptInput, context: &mut Context) {
        let Some(tail) = self.open.get_mut(self.shown) else {
            return;
        };
        tail.close_prompt();
        match answer {
            PromptInput::Query(query) => {
                tail.set_query(query, context);
                self.remember_query();
            }
            PromptInput::Seek(start, text) => tail.seek(start, text, context),
            PromptInput::Export(path) => self.exporting = Some((tail.export(path, context), 0)),
        }
        self.moved(context);
    }

    fn remember_query(&mut self) {
        let Some(query) = self.shown().and_then(|tail| tail.search().query()) else {
            return;
        };
        let text = Query::text(query).to_owned();
        self.queries.retain(|line| *line != text);
        self.queries.push(text);
        let surplus = self.queries.len().saturating_sub(HISTORY);
        self.queries.drain(..surplus);
    }
}

fn setting<'a>(history: &'a [String], context: &Context) -> PromptContext<'a> {
    PromptContext {
        now: context.now,
        zone: context.settings.utc_offset,
        history,
    }
}

/// The publish form filled in with a message, its value replaced where it was edited elsewhere.
pub(super) fn form_of(message: &PinnedMessage, value: Option<&str>) -> Form {
    let message = message.message();
    let headers: Vec<_> = message.publisher_headers().collect();
    publish_again(&Republish {
        stream: message.stream(),
        partition: message.partition(),
        key: message.key(),
        value: value.map_or(message.value(), str::as_bytes),
        headers: &headers,
    })
}
