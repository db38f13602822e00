//! A form on top of the screen: fields, buttons, which of them has the focus, errors in place.
//! What the fields of each form are and what they mean together is `publish_form`'s and `create_form`'s.

mod command_preview;
mod create_form;
mod field;
mod publish_form;
mod publish_warnings;

use bytes::Bytes;

pub(in crate::app) use create_form::create_form;
pub(crate) use field::{Choice, Field, FieldId, Input};
pub(in crate::app) use publish_form::{publish_again, publish_form};

use command_preview::known_streams;

use super::confirm::TOO_FAST;
use crate::app::command::FormCommand;
use crate::app::context::Context;
use crate::app::effect::LoopEffect;
use crate::app::ids::RequestId;
use crate::app::inflight::Request;
use crate::app::input::burst_guard::BurstGuard;
use crate::app::input::editor::TextInput;
use crate::app::motion::cycled;
use crate::app::notice::Level;
use crate::health::Truth;
use crate::model::{Failure, Operation, StreamName};

/// What a form makes when it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FormKind {
    /// One message.
    Publish,
    /// One stream.
    Create,
}

impl FormKind {
    /// The text of its button that sends.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Publish => "Publish",
            Self::Create => "Create",
        }
    }
}

/// What can have the focus in a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FormFocus {
    /// A field.
    Field(FieldId),
    /// The line that shows the rare fields or hides them.
    More,
    /// The button that sends.
    Send,
    /// The button that closes.
    Cancel,
}

/// How sending goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum SubmitState {
    /// The form is being filled in.
    #[default]
    NotSent,
    /// The form was sent and the answer is awaited.
    Sent(RequestId),
    /// The request was refused; the fields are as they were.
    Failed(Failure),
}

/// Streams that exist and how many partitions each has, to check fields against; empty while nothing is known.
type KnownStreams = std::collections::BTreeMap<StreamName, usize>;

/// A form that is open.
#[derive(Clone, Debug)]
pub struct Form {
    kind: FormKind,
    fields: Vec<Field>,
    focus: FormFocus,
    shows_rare: bool,
    submit_state: SubmitState,
    /// Headers that cannot be typed, of a message that is published again.
    kept_headers: Vec<(String, Bytes)>,
    /// Whether anything was typed or selected.
    is_touched: bool,
    /// The request under which the value is being edited elsewhere.
    editing: Option<RequestId>,
    guard: BurstGuard,
}

impl Form {
    fn new(kind: FormKind, fields: Vec<Field>) -> Self {
        let focus = fields
            .first()
            .map_or(FormFocus::Send, |first| FormFocus::Field(first.id));
        Self {
            kind,
            fields,
            focus,
            shows_rare: false,
            submit_state: SubmitState::NotSent,
            kept_headers: Vec::new(),
            is_touched: false,
            editing: None,
            guard: BurstGuard::default(),
        }
    }

    /// What it makes.
    pub(crate) fn kind(&self) -> FormKind {
        self.kind
    }

    /// What has the focus.
    pub(crate) fn focus(&self) -> FormFocus {
        self.focus
    }

    /// How sending goes.
    pub(crate) fn submit_state(&self) -> &SubmitState {
        &self.submit_state
    }

    /// Whether the rare fields are shown.
    pub(crate) fn shows_rare(&self) -> bool {
        self.shows_rare
    }

    /// How many headers are sent as they are, since they are no text.
    pub(crate) fn kept_headers(&self) -> usize {
        self.kept_headers.len()
    }

    /// The field of that id, whether it is shown or not.
    pub(crate) fn field(&self, id: FieldId) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }

    fn field_mut(&mut self, id: FieldId) -> Option<&mut Field> {
        self.fields.iter_mut().find(|field| field.id == id)
    }

    /// How many rare fields there are.
    pub(crate) fn rare_count(&self) -> usize {
        self.fields.iter().filter(|field| field.rare).count()
    }

    /// All that can have the focus, in the order of Tab.
    pub(crate) fn stops(&self) -> Vec<FormFocus> {
        let shown = |rare| {
            let fields = self.fields.iter().filter(move |field| field.rare == rare);
            let shown = fields.filter(|field| self.shows(field));
            shown.map(|field| FormFocus::Field(field.id))
        };
        let more = (self.rare_count() > 0).then_some(FormFocus::More);
        let fields = shown(false).chain(more).chain(shown(true));
        fields.chain([FormFocus::Send, FormFocus::Cancel]).collect()
    }

    /// The value as text to be edited elsewhere; `None` where it has none, or one that is no text.
    pub fn value_text(&self) -> Option<String> {
        match &self.field(FieldId::Value)?.input {
            Input::Text(editor) => Some(editor.text()),
            Input::Bytes(_) | Input::Choice(_) => None,
        }
    }

    fn shows(&self, field: &Field) -> bool {
        let reachable = self.shows_rare || !field.rare;
        // A partition's number means something only where the caller chooses the partition.
        let meant = field.id != FieldId::Partition || publish_form::chooses_partition(self);
        reachable && meant
    }
}

/// What the user does with a form.
impl Form {
    /// Types into the field in focus, and returns whether the input was for it.
    pub(super) fn type_text(&mut self, input: TextInput<'_>) -> bool {
        let field = self.focused_field();
        let typed = field.is_some_and(|field| field.type_text(input));
        if typed {
            self.touch();
        }
        typed
    }

    /// Carries out a command, and returns whether the form is to be closed.
    pub(super) fn run(
        &mut self,
        command: FormCommand,
        truth: &Truth,
        context: &mut Context,
    ) -> bool {
        match command {
            FormCommand::Next => self.step(true),
            FormCommand::Previous => self.step(false),
            FormCommand::NextChoice => self.choose(true),
            FormCommand::PreviousChoice => self.choose(false),
            FormCommand::Edit => self.edit_value(context),
            FormCommand::Copy => self.copy_command(truth, context),
            FormCommand::Submit => self.guard.hold(),
            FormCommand::Press => match self.focus {
                FormFocus::Field(_) => self.step(true),
                FormFocus::More => self.shows_rare = !self.shows_rare,
                FormFocus::Send if self.guard.is_alone() => self.guard.hold(),
                FormFocus::Send => context.notify(Level::Warning, TOO_FAST),
                FormFocus::Cancel => return true,
            },
        }
        false
    }

    /// A click on what has that number among the stops; returns whether the form is to be closed.
    pub(super) fn click(&mut self, number: usize, truth: &Truth, context: &mut Context) -> bool {
        let Some(stop) = self.stops().get(number).copied() else {
            return false;
        };
        self.focus = stop;
        match stop {
            FormFocus::Field(_) => false,
            FormFocus::Send => {
                self.submit(truth, context);
                false
            }
            FormFocus::More | FormFocus::Cancel => self.run(FormCommand::Press, truth, context),
        }
    }

    /// Moves the focus to the next stop, or the previous one; it comes round.
    fn step(&mut self, forward: bool) {
        if let Some(next) = cycled(&self.stops(), &self.focus, forward) {
            self.focus = *next;
        }
    }

    /// Selects the next choice of the field in focus, or the previous one; on a button goes to the other one.
    fn choose(&mut self, forward: bool) {
        match (
            self.focus,
            self.focused_field().map(|field| &mut field.input),
        ) {
            (_, Some(Input::Choice(choice))) => choice.step(forward),
            (FormFocus::Send, _) => self.focus = FormFocus::Cancel,
            (FormFocus::Cancel, _) => self.focus = FormFocus::Send,
            _ => return,
        }
        self.touch();
    }

    /// Whether keys are watched for a quiet moment.
    pub(super) fn guard(&mut self) -> &mut BurstGuard {
        &mut self.guard
    }

    /// Whether a quiet moment would change anything.
    pub(super) fn awaits_quiet(&self) -> bool {
        self.guard.awaits_quiet()
    }

    /// Sends the form, or shows what is wrong with it.
    pub(super) fn submit(&mut self, truth: &Truth, context: &mut Context) {
        if let Some(operation) = self.validate(&known_streams(truth))
            && let Some(id) = context.perform(operation)
        {
            self.submit_state = SubmitState::Sent(id);
        }
    }

    /// Reads the fields as an operation. `None`: errors stand at the fields, and the first of them has the focus.
    fn validate(&mut self, known: &KnownStreams) -> Option<Operation> {
        if matches!(self.submit_state, SubmitState::Sent(_)) {
            return None;
        }
        for field in &mut self.fields {
            field.error = None;
        }
        let operation = match self.kind {
            FormKind::Publish => publish_form::operation(self, known),
            FormKind::Create => create_form::operation(self, known),
        };
        if let Some(wrong) = self.fields.iter().find(|field| field.error.is_some()) {
            self.focus = FormFocus::Field(wrong.id);
            self.shows_rare |= wrong.rare;
        }
        operation
    }

    fn edit_value(&mut self, context: &mut Context) {
        let Some(text) = self.value_text() else {
            return context.notify(Level::Note, "there is no text here to edit");
        };
        let id = context.begin_request(Request::Edit);
        context.emit(LoopEffect::Edit(id, text));
        self.editing = Some(id);
    }

    fn focused_field(&mut self) -> Option<&mut Field> {
        let FormFocus::Field(id) = self.focus else {
            return None;
        };
        self.field_mut(id)
    }

    /// A change clears the error of its field, and the failure of what was sent before.
    fn touch(&mut self) {
        self.is_touched = true;
        if let Some(field) = self.focused_field() {
            field.error = None;
        }
        if matches!(self.submit_state, SubmitState::Failed(_)) {
            self.submit_state = SubmitState::NotSent;
        }
    }
}

/// Events of a form.
impl Form {
    /// What was sent failed: the fields stay as they are, to be sent again.
    pub(super) fn fail(&mut self, failure: &Failure) {
        self.submit_state = SubmitState::Failed(failure.clone());
    }

    /// Whether that request is this form's.
    pub(super) fn awaits(&self, request: RequestId) -> bool {
        self.submit_state == SubmitState::Sent(request)
    }

    /// Whether closing it would lose what somebody typed.
    pub(super) fn is_worth_keeping(&self) -> bool {
        self.is_touched && !matches!(self.submit_state, SubmitState::Sent(_))
    }

    /// Whether the same key opens both: two publish forms to one stream, or two create forms.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let stream = |form: &Self| form.field(FieldId::Stream).map(Field::text);
        self.kind == other.kind && stream(self) == stream(other)
    }

    /// Whether the text of that external editor is this form's value; it is awaited no longer.
    pub(super) fn end_edit(&mut self, request: RequestId) -> bool {
        let ended = self.editing.take_if(|editing| *editing == request);
        ended.is_some()
    }

    /// Replaces the value by what was edited elsewhere.
    pub(super) fn set_value_text(&mut self, text: &str) {
        if let Some(field) = self.field_mut(FieldId::Value) {
            field.set_text(text);
        }
        self.touch();
    }
}

/// Reading its fields.
impl Form {
    fn fill(&mut self, id: FieldId, fill: impl FnOnce(&mut Field)) {
        if let Some(field) = self.field_mut(id) {
            fill(field);
        }
    }

    /// Reads a field's text, or leaves at the field why it cannot be read.
    fn read<T>(&mut self, id: FieldId, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let field = self.field_mut(id)?;
        match read(&field.text()) {
            Ok(value) => Some(value),
            Err(sentence) => {
                field.error = Some(sentence);
                None
            }
        }
    }

    /// The number of the selected choice; 0, the first one, where the field is none.
    fn choice(&self, id: FieldId) -> usize {
        match self.field(id).map(|field| &field.input) {
            Some(Input::Choice(choice)) => choice.index(),
            Some(Input::Text(_) | Input::Bytes(_)) | None => 0,
        }
    }

    fn bytes(&self, id: FieldId) -> Bytes {
        match self.field(id).map(|field| &field.input) {
            Some(Input::Bytes(bytes)) => bytes.clone(),
            Some(Input::Text(editor)) => Bytes::from(editor.text()),
            Some(Input::Choice(_)) | None => Bytes::new(),
        }
    }
}
