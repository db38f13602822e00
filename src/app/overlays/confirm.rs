//! The question before others' work is stopped: what is about to be done, and whether the user has said yes.
//!
//! Only from here do such changes reach the executor (I10). The words are `ui/overlay`'s.

use crate::app::input::editor::Editor;
use crate::app::screens::streams::PartitionKey;
use crate::model::{Operation, StreamName};

/// A question.
#[derive(Clone, Debug)]
pub struct Confirm {
    operations: Vec<Operation>,
    left_out: Vec<PartitionKey>,
    button: Button,
    name: Option<Editor>,
}

/// The buttons of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// Do it.
    Act,
    /// Leave it.
    Cancel,
}

/// Whether an operation waits for the user's word: it stops others' work, or undoes what somebody wanted stopped.
pub fn is_asked_about(operation: &Operation) -> bool {
    match operation {
        Operation::Delete { .. }
        | Operation::Pause { .. }
        | Operation::Resume { .. }
        | Operation::SetReadonly { .. } => true,
        Operation::Create(_) | Operation::Publish(_) | Operation::SetCursor { .. } => false,
    }
}

impl Confirm {
    /// Asks about these operations; `left_out` are partitions for which it was wanted too and cannot be done.
    pub fn new(operations: Vec<Operation>, left_out: Vec<PartitionKey>) -> Self {
        let deletes = operations
            .iter()
            .any(|one| matches!(one, Operation::Delete { .. }));
        Self {
            operations,
            left_out,
            button: Button::Act,
            name: deletes.then(Editor::line),
        }
    }

    /// What is about to be done.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Partitions for which it cannot be done.
    pub fn left_out(&self) -> &[PartitionKey] {
        &self.left_out
    }

    /// What the button that does it says.
    pub fn verb(&self) -> &'static str {
        self.operations.first().map_or("Do it", verb)
    }

    /// The button in focus.
    pub fn button(&self) -> Button {
        self.button
    }

    /// Goes to the other button.
    pub fn other(&mut self) {
        self.button = match self.button {
            Button::Act => Button::Cancel,
            Button::Cancel => Button::Act,
        };
    }

    /// Whether the stream's name has to be typed.
    pub fn asks_for_name(&self) -> bool {
        self.name.is_some()
    }

    /// The box for the stream's name.
    pub fn name(&self) -> Option<&Editor> {
        self.name.as_ref()
    }

    /// The same, to type into.
    pub fn name_mut(&mut self) -> Option<&mut Editor> {
        self.name.as_mut()
    }

    /// The stream whose name has to be typed.
    pub fn deleted(&self) -> Option<&StreamName> {
        self.operations
            .iter()
            .find_map(|operation| match operation {
                Operation::Delete { stream } => Some(stream),
                Operation::Create(_)
                | Operation::Pause { .. }
                | Operation::Resume { .. }
                | Operation::SetReadonly { .. }
                | Operation::Publish(_)
                | Operation::SetCursor { .. } => None,
            })
    }

    /// Whether yes may be said now: the name, where it is asked for, stands there letter by letter.
    pub fn may_act(&self) -> bool {
        let typed = self.name.as_ref().map(Editor::text);
        typed.as_deref() == self.deleted().map(AsRef::as_ref)
    }
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
        Operation::SetCursor { .. } => "Set",
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
            confirm.name_mut().unwrap().set(typed);
            assert_eq!(confirm.may_act(), may, "{typed}");
        }
    }
}
