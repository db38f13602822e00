//! The outcome of an operation: the notice of it, and what of the cluster is read again.

use std::sync::Arc;

use super::App;
use super::command::GoCommand;
use super::context::Context;
use super::effect::Effect;
use super::event::CopyOutcome;
use super::focus::{Pane, Screen};
use super::key_context::KeyContext;
use super::notice::Level;
use super::row_key::PartitionKey;
use super::typed_command::Awaited;
use crate::model::{
    Failure, MessagePlace, Operation, Outcome, PartitionId, format_ranges, unexpected_offset,
};

impl App {
    /// Notifies the user of an outcome, and has everything that the operation touched read again.
    pub(super) fn apply_outcome(
        &mut self,
        operation: &Operation,
        result: Result<Outcome, Failure>,
    ) {
        match result {
            Ok(outcome) => {
                self.notify_outcome(operation, outcome);
                self.await_created(operation);
            }
            Err(failure) => self.context.notify_failure(&failure),
        }
        self.context.emit(Effect::Refresh);
        let touched = self.touched(operation);
        if !touched.is_empty() {
            self.context.emit(Effect::Probe(touched));
        }
    }

    /// Shows a stream that was created as soon as a broker lists it.
    fn await_created(&mut self, operation: &Operation) {
        if let Operation::Create(options) = operation {
            let stream = options.name.as_str().into();
            self.screens.streams.await_stream(stream);
            if self.focus.screen() == Screen::Streams {
                self.focus.set(Pane::Streams);
            }
        }
    }

    fn notify_outcome(&mut self, operation: &Operation, outcome: Outcome) {
        let mut warning = None;
        let text = match outcome {
            Outcome::Done => done_text(operation),
            Outcome::Sent => "sent; no ack was asked for".to_owned(),
            Outcome::Acked { ack, partition } => {
                let place = match partition {
                    Some(partition) => format!("{}:{partition}", ack.stream),
                    None => ack.stream.to_string(),
                };
                let text = format!("acked: {place} @ {}", ack.offset);
                if let Operation::Publish(options) = operation {
                    warning = unexpected_offset(&ack, options.expected_offset);
                }
                self.published = Some(MessagePlace {
                    stream: ack.stream.to_string(),
                    partitions: partition.into_iter().collect(),
                    seek: Some(ack.offset.to_string()),
                    query: None,
                });
                let goes_there = self.published_place().is_ok();
                match self.key_of(GoCommand::Published) {
                    Some(key) if goes_there => format!("{text} · {key} goes there"),
                    _ => text,
                }
            }
            Outcome::Partial { done, failed } => {
                if let Some((id, failure)) = failed.first() {
                    self.context.notify_failure(failure);
                    let (done, failed) = (done.len(), failed.len());
                    let text =
                        format!("{done} done, {failed} not, partition {id} first: {failure}");
                    self.context.notify(Level::Error, text);
                }
                return;
            }
        };
        self.context.notify(Level::Note, text);
        if let Some(warning) = warning {
            self.context.notify(Level::Warning, warning);
        }
    }

    fn key_of(&self, command: GoCommand) -> Option<String> {
        let keymap = &self.context.settings.keymap;
        keymap.hint(&[KeyContext::Global], command.into())
    }

    /// Shows the message that was published last from here.
    pub(super) fn show_published(&mut self) {
        match self.published_place() {
            Ok(place) => self.look_for_stream(Awaited::Open(place)),
            Err(text) => self.context.notify(Level::Note, text),
        }
    }

    /// Where the message is that was published last from here, or why nobody knows.
    fn published_place(&self) -> Result<MessagePlace, String> {
        let Some(mut place) = self.published.clone() else {
            return Err("nothing was published and acked from here so far".to_owned());
        };
        if place.partitions.is_empty() {
            // An ack names no partition: where there is one, it is that.
            let stream = self.truth().stream(&place.stream);
            let Some([only]) = stream.map(|stream| &*stream.partitions) else {
                return Err(format!(
                    "the ack does not say in which partition of {} it is",
                    place.stream
                ));
            };
            place.partitions.push(only.id);
        }
        Ok(place)
    }

    /// The partitions whose flags an operation changed: only their leaders know these.
    fn touched(&self, operation: &Operation) -> Vec<PartitionKey> {
        let Some((stream, partitions)) = operation.flagged() else {
            return Vec::new();
        };
        let found = self.truth().stream(stream);
        let all = found.map_or(&[][..], |found| &found.partitions);
        let ids = all.iter().map(|partition| partition.id);
        let named = |id: &PartitionId| partitions.is_empty() || partitions.contains(id);
        ids.filter(named)
            .map(|id| (Arc::clone(stream), id))
            .collect()
    }
}

/// What was done, in words.
fn done_text(operation: &Operation) -> String {
    let place = operation.flagged().map(|(stream, ids)| match ids {
        [] => stream.to_string(),
        _ => format!("{stream}:{}", format_ranges(ids)),
    });
    let place = place.unwrap_or_default();
    match operation {
        Operation::Create(options) => format!("{} created", options.name),
        Operation::Delete { stream } => format!("{stream} deleted"),
        Operation::Pause { .. } => format!("{place} paused"),
        Operation::Resume { .. } => format!("{place} resumed"),
        Operation::SetReadonly { readonly, .. } => {
            let what = if *readonly { "readonly" } else { "writable" };
            format!("{place} is {what} now")
        }
        Operation::Publish(_) => "published".to_owned(),
        Operation::SetCursor {
            id,
            stream,
            partition,
            offset,
        } => format!("cursor {id} is at {offset} of {stream}:{partition}"),
    }
}

/// What is said of a text that was copied: no more than is known.
pub(super) fn notify_copied(
    what: &str,
    outcome: Result<CopyOutcome, Failure>,
    context: &mut Context,
) {
    let text = match outcome {
        Ok(CopyOutcome::Copied) => format!("copied {what}"),
        Ok(CopyOutcome::Sent) => {
            format!("sent {what} to your terminal, which does not say whether it was copied")
        }
        Ok(CopyOutcome::SentToTmux) => format!(
            "sent {what} to tmux; it passes it on with `set -g set-clipboard on` or `allow-passthrough on`"
        ),
        Err(failure) => return context.notify_failure(&failure),
    };
    context.notify(Level::Note, text);
}
