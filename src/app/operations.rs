//! What is done to brokers, streams and partitions: which ones are meant, what is asked first, what an answer means.
//!
//! How an operation reaches the cluster is the executor's business.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::command::Act;
use crate::app::notice::Level;
use crate::app::overlays::confirm::{Button, Confirm};
use crate::app::overlays::{DetailTarget, Overlay};
use crate::app::screens::activity;
use crate::app::screens::streams::PartitionKey;
use crate::app::{App, Effect, Pane, Screen};
use crate::health::{Known, PartitionTruth};
use crate::model::{
    Failure, Operation, Outcome, PartitionId, StreamName, format_ranges, shell_line,
};

/// Partitions by stream.
type Targets = BTreeMap<StreamName, Vec<PartitionId>>;

impl App {
    /// A command about what is chosen or marked.
    pub(super) fn act(&mut self, act: Act) {
        self.hold();
        match act {
            Act::Tail => self.tail(),
            Act::Pause => self.pause_or_resume(),
            Act::Readonly => self.readonly_or_writable(),
            Act::Delete => self.delete_chosen(),
            Act::WhatIf => self.what_if(),
            Act::Publish => self.compose(),
            Act::Create => self.create(),
        }
    }

    /// Tails what is chosen or marked.
    pub(super) fn tail(&mut self) {
        let Some(targets) = self.some_targets() else {
            return;
        };
        let partitions = targets
            .into_iter()
            .flat_map(|(stream, ids)| ids.into_iter().map(move |id| (Arc::clone(&stream), id)));
        self.tails.open(partitions.collect(), &mut self.context);
        self.focus.descend(Pane::Tail);
    }

    fn what_if(&mut self) {
        match self.chosen_broker() {
            Some(broker) => self.overlay = Some(Overlay::read(DetailTarget::WhatIf(broker))),
            None => self.context.say(
                Level::Note,
                "choose a broker to see what would follow from its loss",
            ),
        }
    }

    /// The partitions that a command is about: the marked ones, or the chosen one; of a stream all.
    fn targets(&self) -> Targets {
        let mut targets = Targets::new();
        match self.focus.pane() {
            Pane::Streams => {
                for stream in self.streams.list.targets() {
                    self.add_all(stream, &mut targets);
                }
            }
            Pane::Partitions => {
                for (stream, id) in self.streams.partitions.targets() {
                    targets.entry(stream).or_default().push(id);
                }
            }
            Pane::Findings => self.add_finding(&mut targets),
            Pane::Cursors => {
                for (_, stream, id) in self.cursors.list.targets() {
                    targets.entry(stream).or_default().push(id);
                }
            }
            Pane::Activity => {
                let event = self.activity.chosen();
                if let Some(stream) = event.and_then(|event| activity::stream(&event.kind)) {
                    self.add_all(Arc::clone(stream), &mut targets);
                }
            }
            Pane::Cluster | Pane::Brokers | Pane::Groups | Pane::Tail | Pane::Inspector => {}
        }
        for ids in targets.values_mut() {
            ids.sort_unstable();
            ids.dedup();
        }
        targets
    }

    /// The same; says so where there are none, so that no key is without effect and without a word.
    fn some_targets(&mut self) -> Option<Targets> {
        let targets = self.targets();
        if targets.is_empty() {
            self.context
                .say(Level::Note, "no stream or partition is chosen here");
        }
        Some(targets).filter(|targets| !targets.is_empty())
    }

    fn add_all(&self, stream: StreamName, targets: &mut Targets) {
        if let Some(found) = self.truth().stream(&stream) {
            let ids = found.partitions.iter().map(|partition| partition.id);
            targets.insert(stream, ids.collect());
        }
    }

    fn add_finding(&self, targets: &mut Targets) {
        let Some(finding) = self.overview.chosen(self.truth()) else {
            return;
        };
        let Some(stream) = finding.stream() else {
            return;
        };
        if finding.partitions.is_empty() {
            self.add_all(stream.into(), targets);
        } else {
            targets.insert(stream.into(), finding.partitions.clone());
        }
    }

    /// Pauses what runs; where nothing of it does, resumes.
    fn pause_or_resume(&mut self) {
        let Some(targets) = self.some_targets() else {
            return;
        };
        let resumes = self.all_are(&targets, |partition| partition.paused);
        self.change(
            targets,
            |stream, partitions| {
                if resumes {
                    Operation::Resume { stream, partitions }
                } else {
                    Operation::Pause {
                        stream,
                        partitions,
                        resume_all: false,
                    }
                }
            },
            |partition| resumes || partition.paused != Known::Yes,
        );
    }

    /// Makes readonly what is writable; where nothing of it is, makes it writable.
    fn readonly_or_writable(&mut self) {
        let Some(targets) = self.some_targets() else {
            return;
        };
        let readonly = !self.all_are(&targets, |partition| partition.readonly);
        self.change(
            targets,
            |stream, partitions| Operation::SetReadonly {
                stream,
                partitions,
                readonly,
            },
            |partition| !readonly || partition.readonly != Known::Yes,
        );
    }

    fn all_are(&self, targets: &Targets, known: impl Fn(&PartitionTruth) -> Known) -> bool {
        let truth = self.truth();
        let mut partitions = targets.iter().flat_map(|(stream, ids)| {
            ids.iter()
                .filter_map(move |id| truth.partition(stream, *id))
        });
        partitions.all(|partition| known(partition) == Known::Yes)
    }

    /// Asks to carry an operation out, a stream at a time, on the partitions that want it and whose leader answers.
    fn change(
        &mut self,
        targets: Targets,
        operation: impl Fn(StreamName, Vec<PartitionId>) -> Operation,
        wants: impl Fn(&PartitionTruth) -> bool,
    ) {
        if self.context.refuses_change() {
            return;
        }
        let (mut operations, mut left_out) = (Vec::new(), Vec::new());
        for (stream, ids) in targets {
            let (can, cannot) = self.split(&stream, ids, &wants);
            left_out.extend(cannot);
            if !can.is_empty() {
                operations.push(operation(stream, can));
            }
        }
        if operations.is_empty() {
            return self.context.say(Level::Warning, nothing_to_do(&left_out));
        }
        self.overlay = Some(Overlay::Confirm(Confirm::new(operations, left_out)));
    }

    fn split(
        &self,
        stream: &StreamName,
        ids: Vec<PartitionId>,
        wants: impl Fn(&PartitionTruth) -> bool,
    ) -> (Vec<PartitionId>, Vec<PartitionKey>) {
        let (mut can, mut cannot) = (Vec::new(), Vec::new());
        for id in ids {
            match self.truth().partition(stream, id) {
                Some(partition) if partition.status.is_dark() => {
                    cannot.push((Arc::clone(stream), id));
                }
                Some(partition) if wants(partition) => can.push(id),
                Some(_) | None => {}
            }
        }
        (can, cannot)
    }

    fn delete_chosen(&mut self) {
        if let Some(stream) = self.streams.list.chosen().cloned() {
            self.context.perform(Operation::Delete { stream });
        }
    }

    /// Asks about the changes that slices want and that wait for the user's word.
    pub(super) fn ask_before_acting(&mut self) {
        let operations = self.context.take_to_confirm();
        if !operations.is_empty() {
            self.overlay = Some(Overlay::Confirm(Confirm::new(operations, Vec::new())));
        }
    }

    /// Enter in a question: the button in focus.
    pub(super) fn press(&mut self) {
        let Some(Overlay::Confirm(confirm)) = &self.overlay else {
            return;
        };
        match confirm.button() {
            Button::Act => self.confirmed(),
            Button::Cancel => self.overlay = None,
        }
    }

    /// The user said yes: the only way by which such changes are sent (I10).
    pub(super) fn confirmed(&mut self) {
        let Some(Overlay::Confirm(confirm)) = &self.overlay else {
            return;
        };
        if !confirm.may_act() {
            return self
                .context
                .say(Level::Warning, "the name does not match yet");
        }
        for operation in confirm.operations().to_vec() {
            self.context.send(operation);
        }
        self.overlay = None;
    }

    /// Copies what is asked about as a command line, and goes on asking.
    pub(super) fn copy_confirmed(&mut self) {
        let Some(Overlay::Confirm(confirm)) = &self.overlay else {
            return;
        };
        let lines: Vec<String> = confirm.operations().iter().map(command_of).collect();
        self.copy_text("the command", lines.join("\n"));
    }

    /// An operation ended: says how, and has everything it touched looked at again.
    pub(super) fn operation_ended(
        &mut self,
        operation: &Operation,
        result: Result<Outcome, Failure>,
    ) {
        match result {
            Ok(outcome) => {
                self.say_outcome(operation, outcome);
                self.look_for_created(operation);
            }
            Err(failure) => self.context.say_failure(&failure),
        }
        self.context.order(Effect::Refresh);
        let touched = self.touched(operation);
        if !touched.is_empty() {
            self.context.order(Effect::Probe(touched));
        }
    }

    /// Who creates a stream wants to see it.
    fn look_for_created(&mut self, operation: &Operation) {
        if let Operation::Create(options) = operation {
            self.streams.awaited = Some(options.name.as_str().into());
            if self.focus.screen() == Screen::Streams {
                self.focus.go_to(Pane::Streams);
            }
        }
    }

    fn say_outcome(&mut self, operation: &Operation, outcome: Outcome) {
        match outcome {
            Outcome::Done => self.context.say(Level::Note, done(operation)),
            Outcome::Sent => self.context.say(Level::Note, "sent; no ack was asked for"),
            Outcome::Acked { ack, partition } => {
                let place = match partition {
                    Some(partition) => format!("{}:{partition}", ack.stream),
                    None => ack.stream.to_string(),
                };
                self.context
                    .say(Level::Note, format!("acked: {place} @ {}", ack.offset));
            }
            Outcome::Partial { done, failed } => {
                if let Some((id, failure)) = failed.first() {
                    self.context.say_failure(failure);
                    let rest = format!(
                        "{} done, {} not, partition {id} first",
                        done.len(),
                        failed.len()
                    );
                    self.context.say(Level::Error, format!("{rest}: {failure}"));
                }
            }
        }
    }

    /// The partitions whose flags an operation changed, and that only their leaders can tell the truth about.
    fn touched(&self, operation: &Operation) -> Vec<PartitionKey> {
        match operation {
            Operation::Pause {
                stream, partitions, ..
            }
            | Operation::Resume { stream, partitions }
            | Operation::SetReadonly {
                stream, partitions, ..
            } => {
                let mut all = Targets::new();
                self.add_all(Arc::clone(stream), &mut all);
                let all = all.into_values().flatten();
                let named = |id: &PartitionId| partitions.is_empty() || partitions.contains(id);
                all.filter(named)
                    .map(|id| (Arc::clone(stream), id))
                    .collect()
            }
            Operation::Create(_)
            | Operation::Delete { .. }
            | Operation::Publish(_)
            | Operation::SetCursor { .. } => Vec::new(),
        }
    }
}

/// The operation as a command line that repeats it (I11).
pub fn command_of(operation: &Operation) -> String {
    let arguments = std::iter::once("liftui".to_owned()).chain(operation.argv());
    shell_line(&arguments.collect::<Vec<_>>())
}

fn nothing_to_do(left_out: &[PartitionKey]) -> String {
    match left_out.first() {
        Some((stream, id)) => format!("nothing to do: the leader of {stream}:{id} does not answer"),
        None => "nothing to do: they are all so already".to_owned(),
    }
}

/// What was done, in words.
fn done(operation: &Operation) -> String {
    let place = |stream: &StreamName, partitions: &[PartitionId]| match partitions {
        [] => stream.to_string(),
        _ => format!("{stream}:{}", format_ranges(partitions)),
    };
    match operation {
        Operation::Create(options) => format!("{} created", options.name),
        Operation::Delete { stream } => format!("{stream} deleted"),
        Operation::Pause {
            stream, partitions, ..
        } => {
            format!("{} paused", place(stream, partitions))
        }
        Operation::Resume { stream, partitions } => {
            format!("{} resumed", place(stream, partitions))
        }
        Operation::SetReadonly {
            stream,
            partitions,
            readonly,
        } => {
            let what = if *readonly { "readonly" } else { "writable" };
            format!("{} is {what} now", place(stream, partitions))
        }
        Operation::Publish(_) => "published".to_owned(),
        Operation::SetCursor { id, offset, .. } => format!("cursor {id} set to {offset}"),
    }
}
