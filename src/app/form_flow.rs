//! Forms on top of the screen: opened where they make sense, sent, and closed once the cluster did what they asked for.
//!
//! What their fields mean is `forms`'s; what a tail asks to have opened comes through here too.

use std::sync::Arc;

use crossterm::event::KeyEvent;

use crate::app::command::{FormCommand, ListCommand, TailCommand};
use crate::app::inflight::Request;
use crate::app::notice::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::form::{
    EnterAction, Form, FormFocus, FormKind, KnownStreams, create_form, publish_form,
};
use crate::app::screens::tails::TailRequest;
use crate::app::{App, Effect, Pane, RequestId, Screen};
use crate::model::{Failure, PartitionId, StreamName};

impl App {
    /// Whether a line is being typed in the tail that is shown.
    pub(super) fn tail_takes_text(&self) -> bool {
        self.focus.screen() == Screen::Tails && self.tails.takes_text()
    }

    /// Opens the form for a message to what is chosen.
    pub(super) fn compose(&mut self) {
        if self.context.refuses_change() {
            return;
        }
        let target = self.publish_target();
        let target = target
            .as_ref()
            .map(|(stream, partition)| (stream, *partition));
        self.open_form(Box::new(publish_form(target)));
    }

    /// Opens the form for a new stream.
    pub(super) fn create(&mut self) {
        if !self.context.refuses_change() {
            self.open_form(Box::new(create_form()));
        }
    }

    /// The stream that a message is likely meant for, and its partition where one is chosen.
    fn publish_target(&self) -> Option<(StreamName, Option<PartitionId>)> {
        match self.focus.pane() {
            Pane::Streams => Some((Arc::clone(self.streams.list.chosen()?), None)),
            Pane::Partitions => {
                let (stream, partition) = self.streams.partitions.chosen()?;
                Some((Arc::clone(stream), Some(*partition)))
            }
            Pane::Cursors => {
                let (_, stream, partition) = self.cursors.list.chosen()?;
                Some((Arc::clone(stream), Some(*partition)))
            }
            Pane::Tail | Pane::Inspector => {
                let (stream, partition) = self.tails.target()?;
                Some((stream, Some(partition)))
            }
            Pane::Findings | Pane::Cluster | Pane::Brokers | Pane::Groups | Pane::Activity => None,
        }
    }

    /// Opens a form; one like it that was closed before it was sent comes back instead.
    fn open_form(&mut self, form: Box<Form>) {
        let draft = self.draft.take_if(|draft| draft.is_like(&form));
        self.overlay = Some(Overlay::Form(draft.unwrap_or(form)));
    }

    /// Does what a tail asks for.
    pub(super) fn asked(&mut self, asked: TailRequest) {
        match asked {
            TailRequest::Nothing => {}
            TailRequest::Inspector => self.focus.descend(Pane::Inspector),
            TailRequest::Form(form) => self.overlay = Some(Overlay::Form(form)),
            TailRequest::Leave => drop(self.focus.back()),
        }
    }

    /// A command of the tails or the inspector.
    pub(super) fn tail_command(&mut self, command: TailCommand) {
        let asked = self.tails.run(command, &mut self.context);
        self.asked(asked);
    }

    /// A command of lists, where a tail has the focus: it has matches as lists have.
    pub(super) fn in_tail(&mut self, command: ListCommand) {
        match command {
            ListCommand::NextMatch => self.tails.next_match(true, &mut self.context),
            ListCommand::PreviousMatch => self.tails.next_match(false, &mut self.context),
            ListCommand::Filter => self.tail_command(TailCommand::Query),
            ListCommand::Mark => self.tail_command(TailCommand::Mark),
            ListCommand::Reverse => self.tail_command(TailCommand::NewestFirst),
            ListCommand::Sort
            | ListCommand::Open
            | ListCommand::FaultsOnly
            | ListCommand::Internal
            | ListCommand::Describe
            | ListCommand::Copy
            | ListCommand::CopyMenu => {}
        }
    }

    /// A click on a stop of the form on top, by its number.
    pub(super) fn click_form(&mut self, number: usize) {
        let Some(form) = self.form_on_top() else {
            return;
        };
        let Some(stop) = form.stops().get(number).copied() else {
            return;
        };
        form.go_to(stop);
        match stop {
            FormFocus::Send => self.submit(),
            FormFocus::Cancel => self.close_form(),
            FormFocus::More => drop(form.press()),
            FormFocus::Field(_) => {}
        }
    }

    /// Gives a key to the form on top. `None`: there is none; else whether it took the key.
    pub(super) fn form_typed(&mut self, key: KeyEvent) -> Option<bool> {
        self.form_on_top().map(|form| form.key(key))
    }

    /// The form on top.
    pub(super) fn form_on_top(&mut self) -> Option<&mut Form> {
        match &mut self.overlay {
            Some(Overlay::Form(form)) => Some(form),
            Some(
                Overlay::Reader(_)
                | Overlay::Confirm(_)
                | Overlay::Menu(_)
                | Overlay::CommandLine(_),
            )
            | None => None,
        }
    }

    /// A command of the form on top.
    pub(super) fn form(&mut self, command: FormCommand) {
        let Some(form) = self.form_on_top() else {
            return;
        };
        match command {
            FormCommand::Next => form.step(true),
            FormCommand::Previous => form.step(false),
            FormCommand::NextChoice => form.choose(true),
            FormCommand::PreviousChoice => form.choose(false),
            FormCommand::Edit => self.edit_form(),
            FormCommand::Submit => self.submit(),
            FormCommand::Press => match form.press() {
                EnterAction::Nothing => {}
                EnterAction::Send => self.submit(),
                EnterAction::Close => self.close_form(),
            },
        }
    }

    /// Closes what is on top; `false` where there is nothing.
    pub(super) fn leave_modal(&mut self) -> bool {
        let open = self.overlay.is_some();
        self.close_form();
        self.overlay = None;
        open
    }

    /// Closes the form on top and keeps what was typed.
    pub(super) fn close_form(&mut self) {
        match self.overlay.take() {
            Some(Overlay::Form(form)) if form.is_worth_keeping() => {
                self.context
                    .say(Level::Note, "kept as a draft: the same key brings it back");
                self.draft = Some(form);
            }
            Some(Overlay::Form(_)) | None => {}
            other => self.overlay = other,
        }
    }

    /// Sends the form, or shows what is wrong with it.
    pub(super) fn submit(&mut self) {
        let known = self.known_streams();
        let Some(operation) = self.form_on_top().and_then(|form| form.validate(&known)) else {
            return;
        };
        let sent = self.context.perform(operation);
        if let (Some(id), Some(form)) = (sent, self.form_on_top()) {
            form.sent(id);
        }
    }

    fn known_streams(&self) -> KnownStreams {
        let streams = self.truth().streams.iter();
        streams
            .map(|stream| (Arc::clone(&stream.name), stream.partitions.len()))
            .collect()
    }

    /// An operation ended: the form that asked for it closes, or shows why not.
    pub(super) fn form_answered(&mut self, id: RequestId, failure: Option<&Failure>) {
        let Some(form) = self.form_on_top().filter(|form| form.awaits(id)) else {
            return;
        };
        match failure {
            Some(failure) => form.failed(failure),
            None => self.overlay = None,
        }
    }

    fn edit_form(&mut self) {
        let Some(text) = self.form_on_top().and_then(|form| form.value_text()) else {
            self.context
                .say(Level::Note, "there is no text here to edit");
            return;
        };
        let id = self.context.new_request(Request::Edit);
        self.context.order(Effect::Edit(id, text));
        if let Some(form) = self.form_on_top() {
            form.edited_as(id);
        }
    }

    /// The external editor was closed: its text is the form's that asked for it, or a tail's.
    pub(super) fn edited(&mut self, id: RequestId, text: Result<String, Failure>) {
        let mine = self.form_on_top().is_some_and(|form| form.takes_edit(id));
        if !mine {
            let asked = self.tails.on_edited(id, text, &mut self.context);
            return self.asked(asked);
        }
        self.context.inflight.end(id);
        match (text, self.form_on_top()) {
            (Ok(text), Some(form)) => form.set_value_text(&text),
            (Ok(_), None) => {}
            (Err(failure), _) => self.context.say_failure(&failure),
        }
    }
}

impl Form {
    /// Whether the same key opens both: two publish forms to one stream, or two create forms.
    fn is_like(&self, other: &Self) -> bool {
        let stream = |form: &Self| form.stream();
        self.kind() == other.kind()
            && (self.kind() == FormKind::Create || stream(self) == stream(other))
    }
}
