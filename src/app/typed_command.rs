//! Commands typed with words behind them: a stream, a broker, a context, a fault, any text.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::App;
use super::app_request::AppRequest;
use super::command::{
    AppCommand, Argument, ClusterCommand, Command, GoCommand, PaneCommand, TailCommand,
};
use super::effect::{Effect, LoopEffect};
use super::focus::{Pane, Screen};
use super::ids::RequestId;
use super::inflight::Request;
use super::named_partitions::{no_such_stream, partitions_named};
use super::notice::Level;
use super::overlays::Overlay;
use super::overlays::command_line::CommandLine;
use super::overlays::confirm::Confirm;
use super::shell_commands::shell_words;
use super::shown_times;
use super::verification::ONE_PARTITION;
use crate::health::{BrokerTruth, ShortNames};
use crate::model::{
    CursorEntry, CursorMove, CursorMoveSpec, Failure, MessagePlace, Operation, StreamName,
    Timestamp, did_you_mean, is_pattern,
};

/// How long a stream is looked for that no broker names, where not all of them answer.
const AWAITED_FOR: Duration = Duration::from_secs(4);

/// How old the time of the last tick may be.
const BETWEEN_TICKS: Duration = Duration::from_secs(1);

/// A command that was typed with the name of a stream which no broker had named yet.
#[derive(Clone, Debug)]
pub(super) struct AwaitedStream {
    awaited: Awaited,
    since: Timestamp,
}

/// What is done once a stream is there.
#[derive(Clone, Debug)]
pub(super) enum Awaited {
    /// A command, on the stream of that name.
    Command(Command, String),
    /// A change of that stream.
    Change(Box<Operation>),
    /// What a locator leads to is opened.
    Open(MessagePlace),
}

impl Awaited {
    fn stream(&self) -> &str {
        match self {
            Self::Command(_, stream) => stream,
            Self::Change(operation) => {
                if let Operation::Delete { stream } = &**operation {
                    return stream;
                }
                operation.flagged().map_or("", |(stream, _)| stream)
            }
            Self::Open(place) => &place.stream,
        }
    }
}

impl App {
    /// Carries out a command with the words typed behind it.
    pub(super) fn run_with(&mut self, command: Command, argument: &str) {
        match command.argument() {
            Argument::Stream => self.run_with_stream(command, argument),
            Argument::Broker => self.run_with_broker(command, argument),
            Argument::Context => self.switch_context(argument),
            Argument::Theme => self.context.emit(LoopEffect::SetTheme(argument.to_owned())),
            Argument::Binding => self.bind_key(argument),
            Argument::Fault => self.send_fault(argument),
            Argument::Locator => self.open_typed(argument),
            Argument::CursorName => self.follow_cursor(argument),
            Argument::Cursor => self.plan_cursor_move(argument),
            Argument::Text => self.run_with_text(command, argument),
            Argument::None => {
                let text = format!("{command} takes no \"{argument}\"");
                self.context.notify(Level::Error, text);
            }
        }
    }

    fn send_fault(&mut self, line: &str) {
        if !self.context.settings.demo {
            return self.run(AppCommand::Fault.into());
        }
        let id = self.context.begin_request(Request::Console);
        self.context.emit(Effect::Console(id, line.to_owned()));
    }

    /// Asks what moving a cursor would do. Whether to move it is asked with the answer.
    fn plan_cursor_move(&mut self, line: &str) {
        if self.context.forbids_change() {
            return;
        }
        match CursorMoveSpec::parse(line, self.now(), &self.context.times.zone) {
            Ok(specs) => {
                let request = Request::CursorMove(specs.clone(), line.to_owned());
                let id = self.context.begin_request(request);
                self.context.emit(Effect::PlanCursorMove(id, specs));
            }
            Err(sentence) => self.context.notify(Level::Error, sentence),
        }
    }

    /// It is known what moving a cursor would do: now that is asked about.
    pub(super) fn ask_to_move(&mut self, id: RequestId, planned: Result<Vec<CursorMove>, Failure>) {
        let Some(Request::CursorMove(specs, line)) = self.context.end_request(id) else {
            return;
        };
        match planned {
            // What somebody types into meanwhile stays.
            Ok(_) if self.overlays.open().is_some() => {
                let ids: BTreeSet<&str> = specs.iter().map(|spec| &*spec.id).collect();
                let ids: Vec<&str> = ids.into_iter().collect();
                let text = format!(
                    "cursor {} was not moved: something else was opened meanwhile",
                    ids.join(", ")
                );
                self.context.notify(Level::Warning, text);
            }
            Ok(moves) => {
                let question = Confirm::to_move_cursors(&specs, moves);
                self.overlays.show(Overlay::Confirm(question));
            }
            Err(failure) => {
                self.context.notify_failure(&failure);
                // Who typed a place that is none types another, and not all of it again.
                if self.overlays.open().is_none() {
                    let line = CommandLine::new(&format!("cursor {line}"));
                    let line = line.refused(failure.sentence.clone());
                    self.overlays.show(Overlay::CommandLine(line));
                }
            }
        }
    }

    /// The tail that is shown moves with the cursor of that name, or one of the partition where that was stored last.
    fn follow_cursor(&mut self, name: &str) {
        let shown = self.screens.tails.shown();
        let has_it = shown.is_some_and(|tail| tail.has_cursor(name, self.cluster.truth()));
        if !has_it {
            let cursors = self.truth().cursors.iter().map(|cursor| &cursor.entry);
            let own = cursors.clone().filter(|entry| entry.name() == name);
            let Some(entry) = own.max_by_key(|entry| entry.time) else {
                let meant = did_you_mean(name, cursors.map(CursorEntry::name));
                let text = format!("no cursor \"{name}\" is known{meant}");
                return self.context.notify(Level::Error, text);
            };
            let partition = (Arc::clone(&entry.stream), entry.partition);
            let offset = entry.offset;
            self.tail_from(partition, offset);
        }
        self.descend(Pane::Tail);
        let (tails, truth) = (&mut self.screens.tails, self.cluster.truth());
        tails.follow_cursor(Some(name), truth, &mut self.context);
    }

    fn switch_context(&mut self, name: &str) {
        if self.context.settings.context(name).is_some() {
            return self
                .context
                .emit(LoopEffect::SwitchContext(name.to_owned(), None));
        }
        let contexts = self.context.settings.contexts.iter();
        let hint = did_you_mean(name, contexts.map(|context| context.name.as_str()));
        let text = format!("there is no context \"{name}\"{hint}");
        self.context.notify(Level::Error, text);
    }

    fn run_with_broker(&mut self, command: Command, name: &str) {
        let names = || self.truth().brokers.iter().map(BrokerTruth::name);
        let short = ShortNames::of(self.truth());
        let is_called = |broker: &&str| *broker == name || short.get(broker) == name;
        let Some(name) = names().find(is_called) else {
            let hint = did_you_mean(name, names());
            let text = format!("there is no broker \"{name}\"{hint}");
            return self.context.notify(Level::Error, text);
        };
        let name = name.to_owned();
        self.show_broker(&name);
        if command == ClusterCommand::WhatIf.into() {
            self.run(command);
        }
    }

    /// Tails what these names and patterns mean, in one tail.
    fn tail_streams(&mut self, texts: &[&str]) {
        match partitions_named(self.truth(), texts) {
            Ok(keys) => self.context.request(AppRequest::Tail(keys)),
            Err(sentence) => self.context.notify(Level::Error, sentence),
        }
    }

    fn run_with_stream(&mut self, command: Command, argument: &str) {
        let words = shell_words(argument);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let is_several = words.len() > 1 || is_pattern(argument);
        let is_one = self.truth().stream(argument).is_some();
        if command == ClusterCommand::Tail.into() && is_several && !is_one {
            self.awaited = None;
            return self.tail_streams(&words);
        }
        let name = match words.as_slice() {
            [one] if !is_one => one,
            _ => argument,
        };
        if let Some((stream, partitions)) = name.rsplit_once(':')
            && let Some(stream) = self.truth().stream(stream)
            && self.truth().stream(name).is_none()
        {
            let stream = Arc::clone(&stream.name);
            return self.run_with_partitions(command, stream, partitions);
        }
        self.look_for_stream(Awaited::Command(command, name.to_owned()));
    }

    /// Carries out a command on partitions of a stream: a tail reads any number of them, other commands are for one.
    fn run_with_partitions(&mut self, command: Command, stream: StreamName, partitions: &str) {
        let texts = [&*format!("{stream}:{partitions}")];
        let keys = match partitions_named(self.truth(), &texts) {
            Ok(keys) => keys,
            Err(sentence) => return self.context.notify(Level::Error, sentence),
        };
        if command == ClusterCommand::Tail.into() {
            self.awaited = None;
            return self.context.request(AppRequest::Tail(keys));
        }
        let takes_partition = [
            GoCommand::Streams.into(),
            ClusterCommand::Publish.into(),
            ClusterCommand::Verify.into(),
        ];
        match keys.as_slice() {
            [(_, partition)] if takes_partition.contains(&command) => {
                self.show_stream(stream, Some(*partition));
                self.run_on_selected(command);
            }
            _ if command == ClusterCommand::Verify.into() => {
                self.context.notify(Level::Note, ONE_PARTITION);
            }
            _ => {
                let text = format!(
                    "{command} takes a stream, and \"{stream}:{partitions}\" is a part of one"
                );
                self.context.notify(Level::Error, text);
            }
        }
    }

    /// Shows the tails for a command of theirs that was typed elsewhere: nothing is changed where nobody sees it. Whether
    /// the command may be carried out.
    pub(super) fn shows_tail_for(&mut self, command: Command) -> bool {
        let Command::Tail(command) = command else {
            return true;
        };
        let screen = self.focus.pane().screen();
        // A cursor of the list may be what is followed, and a table is exported as tails are.
        let is_meant_here = command == TailCommand::FollowCursor
            || (command == TailCommand::Export && screen == Screen::Table);
        if is_meant_here || screen == Screen::Tails || self.screens.tails.shown().is_none() {
            return true;
        }
        if command == TailCommand::Close {
            let text =
                "no tail is shown here: :tails shows them, and then :close ends the one in focus";
            self.context.notify(Level::Note, text);
            return false;
        }
        self.show_screen(Screen::Tails);
        true
    }

    /// Carries out a command on the row that was just selected.
    fn run_on_selected(&mut self, command: Command) {
        let (pane, truth) = (self.focus.pane(), self.cluster.truth());
        self.screens.update_rows(pane, truth, &self.context);
        if command != GoCommand::Streams.into() {
            self.run(command);
        }
    }

    /// Does that now where its stream is known, or as soon as it is.
    pub(super) fn look_for_stream(&mut self, awaited: Awaited) {
        self.awaited = None;
        let found = self.truth().stream(awaited.stream());
        let Some(stream) = found.map(|found| Arc::clone(&found.name)) else {
            // It may be younger than what brokers said last: they are asked before anything is denied.
            self.context.emit(Effect::Refresh);
            let text = format!("looking for stream \"{}\"", awaited.stream());
            let since = self.now();
            self.awaited = Some(AwaitedStream { awaited, since });
            return self.context.notify(Level::Note, text);
        };
        self.carry_on(&awaited, stream);
    }

    fn carry_on(&mut self, awaited: &Awaited, stream: StreamName) {
        match awaited {
            Awaited::Command(command, _) => self.run_on_stream(*command, stream),
            Awaited::Change(operation) => {
                if let Err(sentence) = self.change((**operation).clone()) {
                    self.context.notify(Level::Error, sentence);
                }
            }
            Awaited::Open(place) => self.open_messages(place, &stream),
        }
    }

    /// Carries out the command that waits for a stream once a broker names it; says that there is none once all that
    /// answer were asked since.
    pub(super) fn resolve_awaited(&mut self) {
        let Some(awaited) = self.awaited.take() else {
            return;
        };
        let (now, truth) = (self.now(), self.cluster.truth());
        if let Some(found) = truth.stream(awaited.awaited.stream()) {
            let stream = Arc::clone(&found.name);
            return self.carry_on(&awaited.awaited, stream);
        }
        let answering = || truth.members().filter(|broker| broker.is_answering());
        // The clock is the last tick's, and an answer from between the two is older than the question.
        let asked = awaited.since.plus(BETWEEN_TICKS);
        let is_newer = |broker: &BrokerTruth| broker.last_answer > Some(asked);
        let are_asked = answering().next().is_some() && answering().all(is_newer);
        if are_asked || awaited.since.age(now) >= AWAITED_FOR {
            let text = no_such_stream(self.truth(), awaited.awaited.stream());
            return self.context.notify(Level::Error, text);
        }
        self.awaited = Some(awaited);
    }

    fn run_on_stream(&mut self, command: Command, stream: StreamName) {
        if command == ClusterCommand::Delete.into() {
            self.context.perform(Operation::Delete { stream });
            return;
        }
        if command == PaneCommand::Split.into() {
            let (tails, truth) = (&mut self.screens.tails, self.cluster.truth());
            tails.split_with(stream, truth, &mut self.context);
            return self.descend(Pane::Tail);
        }
        self.show_stream(stream, None);
        self.run_on_selected(command);
    }

    fn run_with_text(&mut self, command: Command, text: &str) {
        if Self::is_about_statistics(command) {
            return self.run_statistics(text);
        }
        if command == ClusterCommand::Subjects.into() {
            return self.show_subjects(text);
        }
        if command == AppCommand::Zone.into() {
            return shown_times::set_zone(text, &mut self.context);
        }
        if command == TailCommand::Export.into() && self.focus.pane() == Pane::Table {
            return self.screens.table.export(text, &mut self.context);
        }
        if command == AppCommand::Record.into() {
            return self.save_recording(text);
        }
        if let Command::Tail(command) = command {
            self.focus.set(Pane::Tail);
            let tails = &mut self.screens.tails;
            tails.run_with_line(command, text, &mut self.context);
        } else {
            let pane = self.focus.pane();
            if let Some(list) = self.screens.of_mut(pane).list_in_mut(pane) {
                list.filter_mut().set(text);
            }
        }
    }
}
