//! The one function that changes the state: each event and each command goes to the slice that it concerns.
//!
//! It routes; what an event or a command means is decided by the slices.

use std::time::Duration;

use crossterm::event::KeyEvent;

use crate::app::command::{Answer, AppCommand, Go, ListCommand};
use crate::app::inflight::Request;
use crate::app::input::keymap::Resolution;
use crate::app::input::keys::Key;
use crate::app::notice::Level;
use crate::app::overlays::{DetailTarget, Overlay};
use crate::app::screens::streams::Heights;
use crate::app::{App, Command, Effect, Event, Pane, RequestId, Screen, Viewport};
use crate::health::Known;
use crate::model::{CursorEntry, Failure, Outcome, Timestamp};

/// Within this time a second ctrl-c quits.
const AGAIN: Duration = Duration::from_secs(3);

impl App {
    /// Takes what happened; returns what is to be done elsewhere, in order.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        let settles = !matches!(event, Event::Tail(..) | Event::Scan(..));
        match event {
            Event::Key(key) => self.key(key),
            Event::Paste(text) => self.paste(&text),
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::Resized { width, height } => self.context.viewport.resize(width, height),
            Event::Viewport(viewport) => self.drawn(viewport),
            Event::Tick(now) => self.tick(now),
            Event::Link(link) => self.cluster.on_link(link, &mut self.context),
            Event::BrokerView(view) => self.cluster.on_view(&view, &mut self.context),
            Event::Probe(probe) => self.cluster.on_probe(&probe, &mut self.context),
            Event::Tail(id, event) => self.tails.on_event(id, &event, &mut self.context),
            Event::Scan(id, event) => self.tails.on_scan(id, &event, &mut self.context),
            Event::Cursors(cursors) => self.cursors_read(cursors.as_deref().map(Vec::as_slice)),
            Event::Groups(groups) => self.cursors.on_groups(groups, self.context.now),
            Event::Activity(events) => self.activity.on_events(events, &self.context),
            Event::Done(id, result) => self.done(id, result),
            Event::Edited(id, text) => self.edited(id, text),
            Event::Exported(id, progress) => {
                self.tails.on_exported(id, &progress, &mut self.context);
            }
            Event::Console(id, answer) => self.console_answered(id, answer),
            Event::Failed(failure) => self.context.say_failure(&failure),
            Event::Shutdown => self.context.order(Effect::Quit),
        }
        if settles {
            self.settle();
        }
        self.context.take_orders()
    }

    fn drawn(&mut self, viewport: Viewport) {
        self.context.viewport = viewport;
        self.tails.on_viewport(&self.context);
    }

    fn tick(&mut self, now: Timestamp) {
        self.context.now = now;
        self.cluster.on_tick(&mut self.context);
        self.cursors
            .on_tick(self.focus.screen() == Screen::Cursors, &mut self.context);
        self.activity.on_tick(&mut self.context);
        let truth = self.cluster.truth();
        let goes_on = |stream: &str, partition| {
            let partition = truth.partition(stream, partition);
            partition.is_some_and(|found| {
                found.paused == Known::No && found.leader_reachable == Known::Yes
            })
        };
        self.tails.revive(goes_on, &mut self.context);
        let newest = |stream: &str, partition| truth.partition(stream, partition)?.high_watermark;
        self.tails.on_tick(newest, &self.context);
    }

    fn key(&mut self, event: KeyEvent) {
        if self.pressed.is_empty() && self.typed(event) {
            return;
        }
        self.pressed.push(Key::of(event));
        match self
            .context
            .settings
            .keymap
            .resolve(self.contexts(), &self.pressed)
        {
            Resolution::Pending => {}
            Resolution::Nothing => self.pressed.clear(),
            Resolution::Command(command) => {
                self.pressed.clear();
                self.run(command);
            }
        }
    }

    /// Carries out a command here and now.
    pub(super) fn run(&mut self, command: Command) {
        match command {
            Command::Go(go) => self.go(go),
            Command::Move(movement) => self.move_in(movement),
            Command::List(list) => self.list(list),
            Command::Act(act) => self.act(act),
            Command::Tail(tail) => self.tail_command(tail),
            Command::Form(form) => self.form(form),
            Command::Text(text) => self.text(text),
            Command::Answer(answer) => self.answer(answer),
            Command::App(command) => self.app(command),
        }
    }

    fn go(&mut self, go: Go) {
        self.overlay = None;
        match go {
            Go::Overview => self.focus.show(Screen::Overview),
            Go::Brokers => self.focus.show(Screen::Brokers),
            Go::Streams => self.focus.show(Screen::Streams),
            Go::Cursors => self.focus.show(Screen::Cursors),
            Go::Activity => self.focus.show(Screen::Activity),
            Go::Tails => self.focus.show(Screen::Tails),
            Go::NextPane => self.focus.cycle(true),
            Go::PreviousPane => self.focus.cycle(false),
        }
        self.arrived();
    }

    fn app(&mut self, command: AppCommand) {
        match command {
            AppCommand::Escape => self.escape(),
            AppCommand::Back => self.back(),
            AppCommand::Interrupt => self.interrupt(),
            AppCommand::Quit => self.context.order(Effect::Quit),
            AppCommand::Suspend => self.context.order(Effect::Suspend),
            AppCommand::Help => {
                self.overlay = Some(Overlay::read(DetailTarget::Help(self.contexts())));
            }
            AppCommand::CommandLine => self.open_command_line(""),
            AppCommand::Palette => self.open_palette(),
            AppCommand::Refresh => self.refresh(),
            AppCommand::Contexts => self.open_contexts(),
            AppCommand::LastError => self.show_last_error(),
            AppCommand::Notices => self.overlay = Some(Overlay::read(DetailTarget::Notices)),
            AppCommand::Fault => self.open_fault(),
        }
    }

    fn list(&mut self, command: ListCommand) {
        match command {
            ListCommand::Open => self.open(),
            ListCommand::Describe => self.describe(),
            ListCommand::Copy => self.copy(),
            ListCommand::CopyMenu => self.open_copy_menu(),
            ListCommand::FaultsOnly => self.narrow_to_faults(),
            ListCommand::Internal => self.show_internal(),
            ListCommand::Mark
            | ListCommand::Filter
            | ListCommand::NextMatch
            | ListCommand::PreviousMatch
            | ListCommand::Sort
            | ListCommand::Reverse => self.in_list(command),
        }
    }

    /// Where nothing has faults the key must not change what other screens show.
    fn narrow_to_faults(&mut self) {
        let screen = self.focus.screen();
        if matches!(screen, Screen::Overview | Screen::Brokers | Screen::Streams) {
            self.faults_only = !self.faults_only;
            return;
        }
        let text = "only findings, brokers and streams can be narrowed to faults";
        self.context.say(Level::Note, text);
    }

    fn show_internal(&mut self) {
        if self.focus.screen() == Screen::Streams {
            self.streams.internal = !self.streams.internal;
            return;
        }
        let text = "Liftbridge's own streams are shown and hidden on the screen of streams";
        self.context.say(Level::Note, text);
    }

    fn answer(&mut self, answer: Answer) {
        let Some(Overlay::Confirm(confirm)) = &mut self.overlay else {
            return;
        };
        match answer {
            Answer::Other => confirm.other(),
            Answer::Press => self.press(),
            Answer::Yes => self.confirmed(),
            Answer::No => self.overlay = None,
            Answer::Copy => self.copy_confirmed(),
        }
    }

    /// One step of Esc: what is on top closes first, then what narrows the list, then the way leads back.
    fn escape(&mut self) {
        if self.leave_modal() || self.escape_in_pane() {
            return;
        }
        if self.context.notices.current(self.context.now).is_some() {
            self.context.notices.dismiss();
        }
        self.focus.back();
    }

    fn back(&mut self) {
        if self.leave_modal() || self.focus.back() {
            return;
        }
        self.context.order(Effect::Quit);
    }

    fn interrupt(&mut self) {
        let again = self
            .interrupted
            .is_some_and(|at| at.age(self.context.now) < AGAIN);
        if again {
            return self.context.order(Effect::Quit);
        }
        self.interrupted = Some(self.context.now);
        self.context.say(Level::Warning, "ctrl-c again to quit");
    }

    fn refresh(&mut self) {
        self.context.order(Effect::Refresh);
        self.cursors.read(&mut self.context);
        if self.focus.screen() == Screen::Activity {
            self.activity.follow(&mut self.context);
        }
    }

    fn show_last_error(&mut self) {
        match self.context.notices.last_failure().cloned() {
            Some(failure) => self.overlay = Some(Overlay::read(DetailTarget::Failure(failure))),
            None => self.context.say(Level::Note, "nothing has failed so far"),
        }
    }

    fn cursors_read(&mut self, cursors: Result<&[CursorEntry], &Failure>) {
        self.cursors.on_cursors(cursors.err(), self.context.now);
        if let Ok(cursors) = cursors {
            self.cluster.on_cursors(cursors, &mut self.context);
        }
    }

    fn done(&mut self, id: RequestId, result: Result<Outcome, Failure>) {
        let Some(ended) = self.context.inflight.end(id) else {
            return;
        };
        if let Request::Operation(operation) = ended.request {
            self.form_answered(id, result.as_ref().err());
            self.operation_ended(&operation, result);
        }
    }

    fn console_answered(&mut self, id: RequestId, answer: Result<String, String>) {
        if self.context.inflight.end(id).is_none() {
            return;
        }
        match answer {
            Ok(text) if text.contains('\n') => {
                self.overlay = Some(Overlay::read(DetailTarget::Console(text)));
            }
            Ok(text) => self.context.say(Level::Note, text),
            Err(text) => self.context.say(Level::Error, text),
        }
        self.context.order(Effect::Refresh);
    }

    /// Brings the rows in view up to date with what is known now.
    pub(super) fn settle(&mut self) {
        self.ask_before_acting();
        let (truth, faulty) = (self.cluster.truth(), self.faults_only);
        let rows = |pane| self.context.viewport.rows(pane);
        match self.focus.screen() {
            Screen::Overview => {
                self.overview
                    .settle(truth, faulty, rows(Pane::Findings), rows(Pane::Cluster));
            }
            Screen::Brokers => {
                let names = crate::app::screens::brokers::rows(&self.brokers, truth, faulty);
                self.brokers
                    .set_rows(names, truth.brokers.len(), rows(Pane::Brokers));
            }
            Screen::Streams => {
                let (streams, partitions) = (rows(Pane::Streams), rows(Pane::Partitions));
                self.streams.settle(
                    truth,
                    faulty,
                    Heights {
                        streams,
                        partitions,
                    },
                );
            }
            Screen::Cursors => {
                self.cursors
                    .settle(truth, faulty, rows(Pane::Cursors), rows(Pane::Groups));
            }
            Screen::Activity => self.activity.settle(rows(Pane::Activity)),
            Screen::Tails => {}
        }
    }
}
