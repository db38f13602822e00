//! A form on top of the screen: fields, buttons, which of them has the focus, errors in place.
//! What the fields of each form are and what they mean together is `publish`'s and `create`'s.

mod create_form;
mod field;
mod publish_form;

use bytes::Bytes;
use crossterm::event::KeyEvent;

pub use create_form::create_form;
pub use field::{Choice, Field, FieldId, Input};
pub use publish_form::{Republish, publish_again, publish_form};

use crate::app::RequestId;
use crate::model::{Failure, Operation, StreamName};

/// What a form makes when it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FormKind {
    /// One message.
    Publish,
    /// One stream.
    Create,
}

impl FormKind {
    /// What its sending button says.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Publish => "Publish",
            Self::Create => "Create",
        }
    }
}

/// A place in a form that can have the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FormFocus {
    /// A field.
    Field(FieldId),
    /// The line that shows the rare fields or hides them.
    More,
    /// The button that sends.
    Send,
    /// The button that closes.
    Cancel,
}

/// What pressing Enter on a stop led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnterAction {
    /// The focus or a field changed; nothing more.
    Nothing,
    /// The form is to be sent.
    Send,
    /// The form is to be closed.
    Close,
}

/// How sending goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SubmitState {
    /// It is being filled in.
    #[default]
    No,
    /// It was sent and the answer is awaited.
    Since(RequestId),
    /// It was refused; the fields are as they were.
    Failed(Failure),
}

/// Streams that exist and how many partitions each has, to check fields against; empty while nothing is known.
pub type KnownStreams = std::collections::BTreeMap<StreamName, usize>;

/// A form that is open.
#[derive(Clone, Debug)]
pub struct Form {
    kind: FormKind,
    fields: Vec<Field>,
    stop: FormFocus,
    more: bool,
    sending: SubmitState,
    /// Headers that cannot be typed, of a message that is published again.
    kept: Vec<(String, Bytes)>,
    /// Whether anything was typed or chosen.
    touched: bool,
    /// The request under which the value is being edited elsewhere.
    editing: Option<RequestId>,
}

impl Form {
    fn new(kind: FormKind, fields: Vec<Field>) -> Self {
        let stop = fields
            .first()
            .map_or(FormFocus::Send, |first| FormFocus::Field(first.id));
        Self {
            kind,
            fields,
            stop,
            more: false,
            sending: SubmitState::No,
            kept: Vec::new(),
            touched: false,
            editing: None,
        }
    }

    /// What it makes.
    pub fn kind(&self) -> FormKind {
        self.kind
    }

    /// What has the focus.
    pub fn stop(&self) -> FormFocus {
        self.stop
    }

    /// How sending goes.
    pub fn sending(&self) -> &SubmitState {
        &self.sending
    }

    /// Whether the rare fields are shown.
    pub fn shows_more(&self) -> bool {
        self.more
    }

    /// Headers that are sent as they are, since they are no text.
    pub fn kept_headers(&self) -> usize {
        self.kept.len()
    }

    /// The field of that id, whether it is shown or not.
    pub fn field(&self, id: FieldId) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }

    /// The fields that are shown now, in order.
    pub fn shown(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| self.shows(field))
    }

    /// How many fields there are only under "more".
    pub fn rare_count(&self) -> usize {
        self.fields.iter().filter(|field| field.rare).count()
    }

    /// All stops in the order of Tab.
    pub fn stops(&self) -> Vec<FormFocus> {
        let basic = self.shown().filter(|field| !field.rare);
        let rare = self.shown().filter(|field| field.rare);
        let stop = |field: &Field| FormFocus::Field(field.id);
        let mut stops: Vec<FormFocus> = basic.map(stop).collect();
        if self.rare_count() > 0 {
            stops.push(FormFocus::More);
        }
        stops.extend(rare.map(stop));
        stops.extend([FormFocus::Send, FormFocus::Cancel]);
        stops
    }

    /// Moves the focus to the next stop, or the previous one; it comes round.
    pub fn step(&mut self, forward: bool) {
        let stops = self.stops();
        let at = stops
            .iter()
            .position(|stop| *stop == self.stop)
            .unwrap_or(0);
        let step = if forward { 1 } else { stops.len() - 1 };
        if let Some(next) = stops.get((at + step) % stops.len()) {
            self.stop = *next;
        }
    }

    /// Moves the focus to that stop, if it is shown.
    pub fn go_to(&mut self, stop: FormFocus) {
        if self.stops().contains(&stop) {
            self.stop = stop;
        }
    }

    /// Takes a key that edits the field in focus, and says whether it did.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let taken = self.focused().is_some_and(|field| field.key(key));
        if taken {
            self.touched();
        }
        taken
    }

    /// Types pasted text into the field in focus.
    pub fn paste(&mut self, text: &str) {
        if let Some(field) = self.focused() {
            field.paste(text);
        }
        self.touched();
    }

    /// Takes the next choice of the field in focus, or the previous one; on a button goes to the other one.
    pub fn choose(&mut self, forward: bool) {
        match (self.stop, self.focused().map(|field| &mut field.input)) {
            (_, Some(Input::Choice(choice))) => choice.step(forward),
            (FormFocus::Send, _) => self.stop = FormFocus::Cancel,
            (FormFocus::Cancel, _) => self.stop = FormFocus::Send,
            _ => return,
        }
        self.touched();
    }

    /// Enter: presses a button, opens or closes the rare fields, or goes on to the next field.
    pub fn press(&mut self) -> EnterAction {
        match self.stop {
            FormFocus::Field(_) => self.step(true),
            FormFocus::More => self.more = !self.more,
            FormFocus::Send => return EnterAction::Send,
            FormFocus::Cancel => return EnterAction::Close,
        }
        EnterAction::Nothing
    }

    /// Reads the fields as an operation. `None`: errors stand at the fields, and the first of them has the focus.
    pub fn validate(&mut self, known: &KnownStreams) -> Option<Operation> {
        if matches!(self.sending, SubmitState::Since(_)) {
            return None;
        }
        for field in &mut self.fields {
            field.error = None;
        }
        let operation = match self.kind {
            FormKind::Publish => publish_form::operation(self, known),
            FormKind::Create => create_form::operation(self, known),
        };
        self.show_first_error();
        operation
    }

    /// The form was sent as that request.
    pub fn sent(&mut self, request: RequestId) {
        self.sending = SubmitState::Since(request);
    }

    /// What was sent failed: the fields stay as they are, to be sent again.
    pub fn failed(&mut self, failure: &Failure) {
        self.sending = SubmitState::Failed(failure.clone());
    }

    /// Whether that request is this form's.
    pub fn awaits(&self, request: RequestId) -> bool {
        self.sending == SubmitState::Since(request)
    }

    /// Whether closing it would lose what somebody typed.
    pub fn is_worth_keeping(&self) -> bool {
        self.touched && !matches!(self.sending, SubmitState::Since(_))
    }

    /// The stream that a message goes to, as it stands in its field.
    pub fn stream(&self) -> String {
        self.field(FieldId::Stream)
            .map(Field::text)
            .unwrap_or_default()
    }

    /// The value is being edited elsewhere under that request.
    pub fn edited_as(&mut self, request: RequestId) {
        self.editing = Some(request);
    }

    /// Whether that request's text is this form's value; it is awaited no longer.
    pub fn takes_edit(&mut self, request: RequestId) -> bool {
        self.editing
            .take_if(|editing| *editing == request)
            .is_some()
    }

    /// The value as text to be edited elsewhere; `None` where it has none, or one that is no text.
    pub fn value_text(&self) -> Option<String> {
        match &self.field(FieldId::Value)?.input {
            Input::Text(editor) => Some(editor.text()),
            Input::Bytes(_) | Input::Choice(_) => None,
        }
    }

    /// Replaces the value by what was edited elsewhere.
    pub fn set_value_text(&mut self, text: &str) {
        if let Some(field) = self
            .fields
            .iter_mut()
            .find(|field| field.id == FieldId::Value)
        {
            field.set_text(text);
        }
        self.touched();
    }

    fn shows(&self, field: &Field) -> bool {
        let reachable = self.more || !field.rare;
        // A partition's number means something only where the caller chooses the partition.
        let meant = field.id != FieldId::Partition || publish_form::chooses_partition(self);
        reachable && meant
    }

    fn fill(&mut self, id: FieldId, fill: impl FnOnce(&mut Field)) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.id == id) {
            fill(field);
        }
    }

    fn focused(&mut self) -> Option<&mut Field> {
        let FormFocus::Field(id) = self.stop else {
            return None;
        };
        self.fields.iter_mut().find(|field| field.id == id)
    }

    /// A changed field takes its own error away, and the refusal of what was sent before.
    fn touched(&mut self) {
        self.touched = true;
        if let Some(field) = self.focused() {
            field.error = None;
        }
        if matches!(self.sending, SubmitState::Failed(_)) {
            self.sending = SubmitState::No;
        }
    }

    fn show_first_error(&mut self) {
        let Some(wrong) = self.fields.iter().find(|field| field.error.is_some()) else {
            return;
        };
        let (id, rare) = (wrong.id, wrong.rare);
        self.more |= rare;
        self.stop = FormFocus::Field(id);
    }

    /// Reads a field's text, or notes at the field why it cannot be read.
    fn read<T>(&mut self, id: FieldId, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let field = self.fields.iter_mut().find(|field| field.id == id)?;
        match read(&field.text()) {
            Ok(value) => Some(value),
            Err(sentence) => {
                field.error = Some(sentence);
                None
            }
        }
    }

    /// The number of the choice taken; 0, the first one, where the field is none.
    fn choice(&self, id: FieldId) -> usize {
        match self.field(id).map(|field| &field.input) {
            Some(Input::Choice(choice)) => choice.at(),
            _ => 0,
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
