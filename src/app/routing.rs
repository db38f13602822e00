//! Where each event and each command goes. What it means is decided there.

use std::sync::Arc;

use crossterm::event::{KeyEvent, KeyModifiers};

use super::App;
use super::command::{AppCommand, Command, ConfirmCommand, GoCommand, ListCommand};
use super::effect::{Effect, LoopEffect};
use super::event::Event;
use super::focus::{Pane, Screen};
use super::ids::RequestId;
use super::inflight::Request;
use super::input::editor::TextInput;
use super::input::keymap::Resolution;
use super::input::keys::Key;
use super::notice::Level;
use super::outcomes;
use super::overlays::command_line::CommandLine;
use super::overlays::{Overlay, contexts_menu, palette};
use super::row_key::DetailTarget;
use super::shown_times;
use super::viewport::Viewport;
use crate::model::{CursorEntry, Failure, Outcome, Timestamp};

impl App {
    /// Changes the state by what happened; returns what is to be done elsewhere, in order.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        let changes_rows = !matches!(
            event,
            Event::Tail(..) | Event::Scan(..) | Event::Fields(..) | Event::ValueDecoded(..)
        );
        let is_users = matches!(
            event,
            Event::Key(_) | Event::Paste(_) | Event::Mouse(_) | Event::KeysQuiet
        );
        self.apply(event);
        if changes_rows {
            self.open_first();
            self.resolve_awaited();
        }
        self.carry_out_requests();
        self.stop_unseen_statistics();
        self.stop_unseen_key_history();
        self.stop_unseen_verification();
        self.close_unseen_table();
        if changes_rows {
            let (pane, truth) = (self.focus.pane(), self.cluster.truth());
            let (incidents, current) = self.cluster.incidents();
            self.screens
                .incidents
                .set_incidents(incidents, current, &self.context.times.zone);
            self.screens.update_rows(pane, truth, &self.context);
            self.record_place();
            if pane == Pane::Table {
                self.screens.table.send_view(&mut self.context);
            }
        }
        self.ask_for_values();
        if is_users {
            self.keep_view();
        }
        self.context.take_effects()
    }

    fn apply(&mut self, event: Event) {
        if matches!(event, Event::Key(_) | Event::Paste(_) | Event::Mouse(_)) {
            self.end_tour();
        }
        let context = &mut self.context;
        match event {
            Event::Key(key) => {
                self.overlays.on_input(context);
                self.press_key(key);
            }
            Event::Paste(text) => {
                self.overlays.on_input(context);
                self.type_text(TextInput::Paste(&text));
            }
            Event::KeysQuiet => self.overlays.on_quiet(self.cluster.truth(), context),
            Event::Mouse(mouse) => self.apply_mouse(mouse),
            Event::Resized { width, height } => context.viewport.resize(width, height),
            Event::Viewport(viewport) => self.set_viewport(viewport),
            Event::Tick(now) => self.tick(now),
            Event::Connection(state) => self.cluster.on_connection(state, context),
            Event::BrokerView(view) => self.cluster.on_broker_view(&view, context),
            Event::ContinueAssessment => self.cluster.continue_assessment(context),
            Event::Probe(probe) => self.cluster.on_probe(&probe, context),
            Event::Tail(id, event) => {
                self.cluster.on_tail_event(&event);
                self.screens.tails.on_event(id, &event, context);
            }
            Event::Scan(id, event) => self.screens.tails.on_scan(id, &event, context),
            Event::Fields(id, index) => self.screens.tails.on_fields(id, &index, context),
            Event::ValueDecoded(id, value) => self.on_value_decoded(id, value),
            Event::Cursors(result) => self.set_cursors(&result),
            Event::CursorsLeftOut(count) => self.screens.cursors.on_left_out(count),
            Event::FirstUnread(read) => self.cluster.on_first_unread(&read),
            Event::Groups(result) => self.screens.cursors.on_groups(result, context.now),
            Event::Activity(result) => self.screens.activity.on_events(result, context.now),
            Event::Done(id, result) => self.end_operation(id, result),
            Event::CursorMovePlanned(id, planned) => self.ask_to_move(id, planned),
            Event::Edited(id, text) => self.end_edit(id, text),
            Event::Exported(id, progress) => self.screens.tails.on_exported(id, &progress, context),
            Event::Statistics(id, read) => self.on_statistics(id, read),
            Event::Table(id, event) => self.screens.table.on_event(id, event, context),
            Event::KeyHistory(id, read) => self.on_key_history(id, read),
            Event::Verification(id, read) => self.on_verification(id, read),
            Event::Console(id, answer) => self.end_console(id, answer),
            Event::LineParsed(_, task) => self.run_shell_task(task),
            Event::SettingsRead(read) => self.on_settings(read),
            Event::ThemeSet(name) => self.on_theme(name),
            Event::LogRead(lines) => self.log = Some(lines),
            Event::Copied(what, outcome) => outcomes::notify_copied(&what, outcome, context),
            Event::Recorded { path, since } => self.notify_recorded(&path, since),
            Event::Failed(failure) => context.notify_failure(&failure),
            Event::Shutdown => context.emit(LoopEffect::Quit),
        }
    }

    /// Nothing is read for a table to which no way leads back.
    fn close_unseen_table(&mut self) {
        if !self.focus.leads_to(Pane::Table) {
            self.screens.table.close(&mut self.context);
        }
    }

    fn set_viewport(&mut self, viewport: Viewport) {
        self.screens.tails.on_viewport(&viewport);
        self.context.viewport = viewport;
        self.describe_columns_anew();
    }

    fn tick(&mut self, now: Timestamp) {
        let (screens, context) = (&mut self.screens, &mut self.context);
        context.now = now;
        self.cluster.on_tick(context);
        let shows_cursors = self.focus.screen() == Screen::Cursors
            || screens.tails.follows_cursor()
            || self.moved_cursors.is_watching();
        screens.cursors.on_tick(shows_cursors, context);
        screens.activity.on_tick(context);
        let shows_activity = self.focus.screen() == Screen::Overview
            && context.viewport.has_room_for_activity()
            && !self.cluster.truth().brokers.is_empty();
        if shows_activity {
            screens.activity.begin(context);
        }
        screens.tails.on_tick(self.cluster.truth(), context);
        if self.overlays.shows(&DetailTarget::Log) {
            context.emit(Effect::ReadLog);
        }
        self.play_tour();
    }

    fn press_key(&mut self, event: KeyEvent) {
        if self.press_replay_key(event) {
            return;
        }
        if self.pressed.is_empty() && self.type_text(TextInput::Key(event)) {
            return;
        }
        self.pressed.push(Key::from_event(event));
        match self.resolve_pressed() {
            Resolution::Pending => {}
            Resolution::Nothing if self.sort_by_letter(Key::from_event(event)) => {}
            Resolution::Nothing => self.press_by_place(event),
            Resolution::Command(command) => {
                self.pressed.clear();
                self.run(command);
            }
        }
    }

    /// The key means nothing by the letter that it typed: it may be a key of the keymap by its place on the keyboard.
    fn press_by_place(&mut self, typed: KeyEvent) {
        self.pressed.pop();
        let Some(event) = self.keyboard.by_place(typed) else {
            return self.pressed.clear();
        };
        // Letters are text as they were typed; what edits a text is no text.
        let edits = [KeyModifiers::CONTROL, KeyModifiers::ALT].contains(&event.modifiers);
        if edits && self.pressed.is_empty() && self.type_text(TextInput::Key(event)) {
            return;
        }
        self.pressed.push(Key::from_event(event));
        match self.resolve_pressed() {
            Resolution::Pending => {}
            Resolution::Nothing => {
                if !self.sort_by_letter(Key::from_event(event)) {
                    self.pressed.clear();
                }
            }
            Resolution::Command(command) => {
                self.pressed.clear();
                if is_safe_by_place(command) {
                    return self.run(command);
                }
                let key = Key::from_event(event);
                let text = format!(
                    "{key} by its place is no answer: enter presses the button, esc leaves"
                );
                self.context.notify(Level::Note, text);
            }
        }
    }

    fn resolve_pressed(&self) -> Resolution {
        let keymap = &self.context.settings.keymap;
        keymap.resolve(self.key_contexts(), &self.pressed)
    }

    /// Types into the text box that is open, and returns whether the input was for one.
    fn type_text(&mut self, input: TextInput<'_>) -> bool {
        let pane = self.focus.pane();
        let typed = self.overlays.type_text(input, &self.context);
        let screen = self.screens.of_mut(pane);
        typed.unwrap_or_else(|| screen.type_text(pane, input, &self.context))
    }

    /// Carries out a command: the overlay on top answers first, then the screen in focus.
    pub(super) fn run(&mut self, command: Command) {
        if let Command::Go(command) = command {
            return self.run_go(command);
        }
        if let Command::App(command) = command {
            return self.run_app(command);
        }
        if let Command::Replay(command) = command {
            return self.run_replay(command);
        }
        if Self::is_about_statistics(command) {
            return self.run_statistics("");
        }
        if self.takes_for_verification(command) {
            return self.run_verification(command);
        }
        let (truth, context) = (self.cluster.truth(), &mut self.context);
        if !self.overlays.run(command, truth, context) {
            if command == Command::List(ListCommand::Columns) {
                return self.open_columns(None);
            }
            if !self.shows_tail_for(command) {
                return;
            }
            let pane = self.focus.pane();
            let (truth, context) = (self.cluster.truth(), &mut self.context);
            self.screens.run(pane, command, truth, context);
        }
    }

    fn run_go(&mut self, command: GoCommand) {
        self.overlays.close();
        match command {
            GoCommand::Overview => self.show_screen(Screen::Overview),
            GoCommand::Brokers => self.show_screen(Screen::Brokers),
            GoCommand::Streams => self.show_screen(Screen::Streams),
            GoCommand::Cursors => self.show_screen(Screen::Cursors),
            GoCommand::Activity => self.show_screen(Screen::Activity),
            GoCommand::Tails => self.show_screen(Screen::Tails),
            GoCommand::Incidents => self.show_screen(Screen::Incidents),
            GoCommand::Published => self.show_published(),
            GoCommand::NextPane => self.cycle_panes(true),
            GoCommand::PreviousPane => self.cycle_panes(false),
        }
    }

    fn run_app(&mut self, command: AppCommand) {
        match command {
            AppCommand::Escape => self.escape(),
            AppCommand::Back => self.back(),
            AppCommand::PreviousPlace => self.revisit(false),
            AppCommand::NextPlace => self.revisit(true),
            AppCommand::Interrupt => self.interrupt(),
            AppCommand::Quit => self.context.emit(LoopEffect::Quit),
            AppCommand::Suspend => self.context.emit(LoopEffect::Suspend),
            AppCommand::Help => {
                let contexts = self.key_contexts();
                let contexts = self.contexts_of_playback().unwrap_or(contexts);
                self.overlays.show_detail(DetailTarget::Help(contexts));
            }
            AppCommand::CommandLine => self.open_command_line(""),
            AppCommand::Open => self.open_command_line("open "),
            AppCommand::Palette => {
                let contexts = self.contexts_of_palette();
                let refuses = self.refuses_changes();
                let (truth, tails) = (self.cluster.truth(), self.screens.tails.all());
                let menu = palette(&contexts, truth, tails, &self.context.settings, refuses);
                self.overlays.show(Overlay::Menu(menu));
            }
            AppCommand::Refresh => self.refresh(),
            AppCommand::Repaint => self.context.emit(LoopEffect::Repaint),
            AppCommand::Mouse => self.toggle_mouse(),
            AppCommand::Contexts => self.open_contexts(),
            AppCommand::LastError => self.show_last_error(),
            AppCommand::Notices => self.overlays.show_detail(DetailTarget::Notices),
            AppCommand::Ages => shown_times::toggle_ages(&mut self.context),
            AppCommand::Zone => shown_times::next_zone(&mut self.context),
            AppCommand::Theme => self.open_themes(),
            AppCommand::Settings => self.overlays.show_detail(DetailTarget::Settings),
            AppCommand::Bind => self.open_command_line("bind "),
            AppCommand::Log => self.show_log(),
            AppCommand::Record => self.open_command_line("record "),
            AppCommand::Demo => self.open_demo(),
            AppCommand::Fault => self.open_fault_line(),
        }
    }

    /// One step of Esc: what is on top closes first, then what narrows the list, then the way leads back.
    fn escape(&mut self) {
        let (pane, context) = (self.focus.pane(), &mut self.context);
        if self.overlays.leave(context) || self.screens.of_mut(pane).escape(pane, context) {
            return;
        }
        context.notices.dismiss();
        self.focus.back();
    }

    fn refresh(&mut self) {
        if self.refuses_in_the_past() {
            return;
        }
        self.context.emit(Effect::Refresh);
        if self.context.settings.schemas.have_commands() {
            self.decode_anew();
        }
        self.screens.cursors.fetch(&mut self.context);
        if self.focus.screen() == Screen::Activity {
            self.screens.activity.follow(&mut self.context);
        }
    }

    fn open_contexts(&mut self) {
        match contexts_menu(&self.context.settings) {
            Some(menu) => self.overlays.show(Overlay::Menu(menu)),
            None => self.context.notify(
                Level::Note,
                "the config file names no contexts; `liftui config init` writes one",
            ),
        }
    }

    fn show_last_error(&mut self) {
        match self.context.notices.last_failure().cloned() {
            Some(failure) => self.overlays.show_detail(DetailTarget::Failure(failure)),
            None => self
                .context
                .notify(Level::Note, "nothing has failed so far"),
        }
    }

    fn show_log(&mut self) {
        self.context.emit(Effect::ReadLog);
        self.overlays.show_detail(DetailTarget::Log);
    }

    fn open_demo(&mut self) {
        if self.offers_demo() {
            return self.context.emit(LoopEffect::OpenDemo);
        }
        let text = "`liftui demo` opens the demo; a key does only where no cluster was named and no broker answers";
        self.context.notify(Level::Note, text);
    }

    fn open_fault_line(&mut self) {
        if self.context.settings.demo {
            return self.open_command_line("fault ");
        }
        let text = "only the demo cluster can be made to misbehave";
        self.context.notify(Level::Note, text);
    }

    pub(super) fn open_command_line(&mut self, text: &str) {
        let line = CommandLine::new(text);
        self.overlays.show(Overlay::CommandLine(line));
    }

    fn set_cursors(&mut self, result: &Result<Arc<Vec<CursorEntry>>, Failure>) {
        let now = self.context.now;
        self.screens.cursors.on_cursors(result, now);
        if let Ok(cursors) = result {
            self.cluster.on_cursors(cursors, &mut self.context);
            let truths = &self.cluster.truth().cursors;
            self.screens.activity.record_cursors(truths);
            // Last, so that this is what is seen: that a move back is over comes of it.
            self.moved_cursors.on_cursors(cursors, &mut self.context);
        }
    }

    fn end_operation(&mut self, id: RequestId, result: Result<Outcome, Failure>) {
        if let Some(Request::Operation(operation)) = self.context.end_request(id) {
            self.overlays.on_done(id, result.as_ref().err());
            if let Ok(outcome) = &result {
                self.cluster
                    .on_outcome(&operation, outcome, self.context.now);
            }
            let now = self.context.now;
            self.moved_cursors
                .on_outcome(&operation, result.is_ok(), now);
            self.apply_outcome(&operation, result);
        }
    }

    /// The external editor was closed: its text is that of the form that asked for it, or a tail's.
    fn end_edit(&mut self, id: RequestId, text: Result<String, Failure>) {
        if !self.overlays.end_edit(id) {
            let tails = &mut self.screens.tails;
            return tails.on_edited(id, text, &mut self.context);
        }
        self.context.end_request(id);
        match text {
            Ok(text) => self.overlays.set_edited(&text),
            Err(failure) => self.context.notify_failure(&failure),
        }
    }

    fn end_console(&mut self, id: RequestId, answer: Result<String, String>) {
        if self.context.end_request(id).is_none() {
            return;
        }
        match answer {
            Ok(text) if text.contains('\n') => {
                self.overlays.show_detail(DetailTarget::Console(text));
            }
            Ok(text) => self.context.notify(Level::Note, text),
            Err(text) => self.context.notify(Level::Error, text),
        }
        self.context.emit(Effect::Refresh);
    }
}

/// Whether a command may follow from where a key is rather than from what it typed. In a question only what leaves it may:
/// the first letter of "no" is the key of "yes" on a Russian keyboard.
fn is_safe_by_place(command: Command) -> bool {
    match command {
        Command::Confirm(answer) => answer == ConfirmCommand::No,
        Command::Go(_)
        | Command::Move(_)
        | Command::List(_)
        | Command::Cluster(_)
        | Command::Tail(_)
        | Command::Pane(_)
        | Command::Query(_)
        | Command::Form(_)
        | Command::Text(_)
        | Command::Replay(_)
        | Command::App(_) => true,
    }
}
