//! The question before others' work is stopped, or a kept query is gone: what is about to be done, and whether the user
//! has confirmed it.
//!
//! Only from here do such changes reach the executor (I10). The words are `ui`'s.

use crate::app::app_request::{AppRequest, QueryRequest};
use crate::app::command::{Command, ConfirmCommand, TextCommand};
use crate::app::context::Context;
use crate::app::input::burst_guard::BurstGuard;
use crate::app::input::editor::{Editor, TextInput};
use crate::app::input::key_hints::{CLOSE, Hint};
use crate::app::kept_queries::QueryChange;
use crate::app::notice::Level;
use crate::app::row_key::{CursorKey, PartitionKey};
use crate::model::{CursorMove, CursorMoveSpec, Operation, StreamName, shell_line};

/// What is said where keys come so fast that nobody can have answered by them.
pub(super) const TOO_FAST: &str = "keys came too fast to be an answer: nothing was done";

/// A question.
#[derive(Clone, Debug)]
pub struct Confirm {
    operations: Vec<Operation>,
    /// What is about to become of a kept query, where it is about that, and the query that this one replaces.
    query: Option<(QueryChange, Option<String>)>,
    left_out: Vec<PartitionKey>,
    /// What the operations do to a cursor.
    moves: Vec<CursorMove>,
    button: Button,
    name: Option<Editor>,
    guard: BurstGuard,
}

/// The buttons of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Button {
    /// Do it.
    Accept,
    /// Leave it.
    Cancel,
}

impl Confirm {
    /// Asks about these operations; `left_out` are partitions for which it was wanted too and cannot be done.
    pub(in crate::app) fn new(operations: Vec<Operation>, left_out: Vec<PartitionKey>) -> Self {
        let mut question = Self {
            operations,
            query: None,
            left_out,
            moves: Vec::new(),
            button: Button::Accept,
            name: None,
            guard: BurstGuard::default(),
        };
        question.name = question.deleted().map(|_| Editor::single_line());
        question
    }

    /// Asks whether to move cursors, now that it is known what that does: each in one partition, or one in all.
    pub(in crate::app) fn to_move_cursors(
        specs: &[CursorMoveSpec],
        moves: Vec<CursorMove>,
    ) -> Self {
        let operations = match specs {
            [spec] => moves.iter().map(|moved| spec.setting(moved)).collect(),
            specs => {
                let each = specs.iter().zip(&moves);
                each.map(|(spec, moved)| spec.setting(moved)).collect()
            }
        };
        Self {
            moves,
            ..Self::new(operations, Vec::new())
        }
    }

    /// What becomes of a cursor, where one is to be moved.
    pub(crate) fn moves(&self) -> &[CursorMove] {
        &self.moves
    }

    /// Asks whether a kept query is to be changed; `before` is the query that is replaced.
    pub(in crate::app) fn of_query(change: QueryChange, before: Option<String>) -> Self {
        Self {
            query: Some((change, before)),
            ..Self::new(Vec::new(), Vec::new())
        }
    }

    /// What is about to become of a kept query, and the query that is replaced.
    pub(crate) fn query(&self) -> Option<(&QueryChange, Option<&str>)> {
        let (change, before) = self.query.as_ref()?;
        Some((change, before.as_deref()))
    }

    /// What is about to be done.
    pub(crate) fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Partitions for which it cannot be done.
    pub(crate) fn left_out(&self) -> &[PartitionKey] {
        &self.left_out
    }

    /// The text of the button that accepts.
    pub(crate) fn verb(&self) -> &'static str {
        match &self.query {
            Some((QueryChange::Saved(_) | QueryChange::Typed(_), _)) => "Replace",
            Some((QueryChange::Deleted(_), _)) => "Delete",
            Some((QueryChange::Forgotten(_), _)) => "Forget",
            None => self.operations.first().map_or("Do it", verb),
        }
    }

    /// The button in focus.
    pub(crate) fn button(&self) -> Button {
        self.button
    }

    /// Whether the stream's name has to be typed.
    pub(crate) fn asks_for_name(&self) -> bool {
        self.name.is_some()
    }

    /// The box for the stream's name.
    pub(crate) fn name(&self) -> Option<&Editor> {
        self.name.as_ref()
    }

    /// The stream whose name has to be typed.
    pub(crate) fn deleted(&self) -> Option<&StreamName> {
        self.operations.iter().find_map(|operation| {
            if let Operation::Delete { stream } = operation {
                return Some(stream);
            }
            None
        })
    }

    /// Whether it may be confirmed now: the name, where it is asked for, stands there letter by letter.
    pub(crate) fn can_accept(&self) -> bool {
        self.guard.is_seen() && self.is_named()
    }

    fn is_named(&self) -> bool {
        let typed = self.name.as_ref().map(Editor::text);
        typed.as_deref() == self.deleted().map(AsRef::as_ref)
    }

    /// What the footer shows: Enter presses the button in focus.
    pub(super) fn key_hints(&self) -> Vec<Hint> {
        if !self.guard.is_seen() {
            return vec![CLOSE];
        }
        if self.asks_for_name() {
            return vec![(Command::Text(TextCommand::Accept), self.verb()), CLOSE];
        }
        let verb = match self.button {
            Button::Accept => self.verb(),
            Button::Cancel => "Cancel",
        };
        let copy = (Command::Confirm(ConfirmCommand::Copy), "copy as a command");
        let is_operation = self.query.is_none();
        let hints = [
            Some((Command::Confirm(ConfirmCommand::Press), verb)),
            Some((
                Command::Confirm(ConfirmCommand::OtherButton),
                "other button",
            )),
            is_operation.then_some(copy),
            Some(CLOSE),
        ];
        hints.into_iter().flatten().collect()
    }

    /// Types into the box for the name, if there is one, and returns whether the input was for it. What comes before the
    /// box was seen is typed nowhere.
    pub(super) fn type_text(&mut self, input: TextInput<'_>) -> bool {
        let is_seen = self.guard.is_seen();
        self.name.as_mut().is_some_and(|name| {
            let mut typed = name.clone();
            let is_text = typed.type_text(input);
            if is_text && is_seen {
                *name = typed;
            }
            is_text
        })
    }

    /// Whether a quiet moment would change anything.
    pub(super) fn awaits_quiet(&self) -> bool {
        self.guard.awaits_quiet()
    }

    /// Whether keys are watched for a quiet moment.
    pub(super) fn guard(&mut self) -> &mut BurstGuard {
        &mut self.guard
    }

    /// Carries out a command, and returns whether the question is answered.
    pub(super) fn run(&mut self, command: ConfirmCommand, context: &mut Context) -> bool {
        if !self.guard.is_seen() && command != ConfirmCommand::No {
            return false;
        }
        match command {
            ConfirmCommand::Press if self.button == Button::Accept => self.hold_answer(context),
            ConfirmCommand::Yes => self.hold_answer(context),
            ConfirmCommand::Press | ConfirmCommand::No => true,
            ConfirmCommand::OtherButton => {
                self.button = match self.button {
                    Button::Accept => Button::Cancel,
                    Button::Cancel => Button::Accept,
                };
                false
            }
            // No command of liftui's changes what is kept of queries.
            ConfirmCommand::Copy if self.query.is_some() => false,
            ConfirmCommand::Copy => {
                let settings = &context.settings;
                let line = |operation| settings.on_this_cluster(&command_line(operation));
                let lines: Vec<String> = self.operations.iter().map(line).collect();
                context.copy("the command", lines.join("\n"));
                false
            }
        }
    }

    /// A click on a button; returns whether the question is answered.
    pub(super) fn click_button(&mut self, number: usize, context: &mut Context) -> bool {
        match number {
            0 => self.can_accept() && self.accept(context),
            _ => true,
        }
    }

    /// Enter in the box for the name: it answers when no other key follows.
    pub(super) fn accept_name(&mut self, context: &mut Context) {
        if self.can_accept() {
            return self.guard.hold();
        }
        if self.guard.is_seen() {
            context.notify(Level::Warning, "the name does not match yet");
        }
    }

    /// A key that answers: it counts when it came alone. The question stays until then.
    fn hold_answer(&mut self, context: &mut Context) -> bool {
        if self.guard.is_alone() {
            self.guard.hold();
        } else {
            context.notify(Level::Warning, TOO_FAST);
        }
        false
    }

    /// The user has confirmed: the only way by which such changes are sent (I10). `false`: the name does not match yet.
    pub(super) fn accept(&self, context: &mut Context) -> bool {
        if !self.can_accept() {
            context.notify(Level::Warning, "the name does not match yet");
            return false;
        }
        if let Some((change, _)) = &self.query {
            context.request(AppRequest::Query(QueryRequest::Change(change.clone())));
        }
        let moves = self.operations.iter().zip(&self.moves);
        let moves = moves
            .filter_map(|(operation, planned)| Some((moved_cursor(operation)?, planned.clone())));
        context.request(AppRequest::ExpectMoves(moves.collect()));
        for operation in &self.operations {
            context.send(operation.clone());
        }
        true
    }
}

/// The operation as a command line that repeats it (I11).
pub(crate) fn command_line(operation: &Operation) -> String {
    let arguments = std::iter::once("liftui".to_owned()).chain(operation.argv());
    shell_line(&arguments.collect::<Vec<_>>())
}

/// The cursor that an operation moves.
fn moved_cursor(operation: &Operation) -> Option<CursorKey> {
    if let Operation::SetCursor {
        id,
        stream,
        partition,
        ..
    } = operation
    {
        return Some((id.as_str().into(), StreamName::clone(stream), *partition));
    }
    None
}

/// What doing an operation is called on a button.
fn verb(operation: &Operation) -> &'static str {
    match operation {
        Operation::Delete { .. } => "Delete",
        Operation::Pause { .. } => "Pause",
        Operation::Resume { .. } => "Resume",
        Operation::SetReadonly { readonly: true, .. } => "Make readonly",
        Operation::SetReadonly {
            readonly: false, ..
        } => "Make writable",
        Operation::Create(_) => "Create",
        Operation::Publish(_) => "Publish",
        Operation::SetCursor { .. } => "Move",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deleting_waits_for_the_whole_name() {
        let mut confirm = Confirm::new(
            vec![Operation::Delete {
                stream: "orders".into(),
            }],
            Vec::new(),
        );
        for (typed, may) in [
            ("", false),
            ("order", false),
            ("orders", true),
            ("orders ", false),
        ] {
            confirm.guard().on_quiet();
            confirm.name.as_mut().unwrap().set_text(typed);
            assert_eq!(confirm.can_accept(), may, "{typed}");
        }
    }
}
