//! The `liftui` command that does what a form would: shown while a stream is described, copied at a key.

use std::sync::Arc;

use super::{Form, FormKind, KnownStreams, SubmitState};
use crate::app::context::Context;
use crate::app::notice::Level;
use crate::app::settings::Settings;
use crate::health::Truth;
use crate::model::{Operation, shell_line};

impl Form {
    /// The command of a form for a stream, for the cluster that is shown; `None` while something is wrong or missing. What
    /// a message holds stands in its own fields.
    pub(crate) fn preview(&self, settings: &Settings) -> Option<String> {
        let is_wanted = self.kind == FormKind::Create && self.is_touched;
        // Whether a stream of that name exists is said when it is sent.
        let operation = || self.operation(&KnownStreams::new());
        is_wanted
            .then(operation)
            .flatten()
            .map(|operation| command(&operation, settings))
    }

    /// Copies the command, or shows what is wrong with the fields.
    pub(super) fn copy_command(&mut self, truth: &Truth, context: &mut Context) {
        if let Some(operation) = self.validate(&known_streams(truth)) {
            let line = command(&operation, &context.settings);
            return context.copy("the command", line);
        }
        let text = "there is no command for this yet: something is wrong or missing";
        context.notify(Level::Note, text);
    }

    /// What would be sent; errors stand in the fields of a copy, which nobody sees.
    fn operation(&self, known: &KnownStreams) -> Option<Operation> {
        let mut copy = self.clone();
        copy.submit_state = SubmitState::NotSent;
        copy.validate(known)
    }
}

fn command(operation: &Operation, settings: &Settings) -> String {
    settings.on_this_cluster(&shell_line(&operation.argv()))
}

/// The streams that are there, and how many partitions each has.
pub(super) fn known_streams(truth: &Truth) -> KnownStreams {
    let streams = truth.streams.iter();
    let known = streams.map(|stream| (Arc::clone(&stream.name), stream.partitions.len()));
    known.collect()
}
