//! Menus that lead elsewhere: the palette, the contexts; and commands typed with a word behind them.
//!
//! Looking up by a few letters is `menu`'s.

use std::sync::Arc;

use crate::app::command::{Act, AppCommand, Go, ListCommand, TailCommand};
use crate::app::inflight::Request;
use crate::app::notice::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::command_line::{Argument, argument_of};
use crate::app::overlays::menu::{Menu, MenuAction, MenuEntry};
use crate::app::{App, Command, Effect, Pane};
use crate::health::BrokerTruth;
use crate::model::{Operation, StreamName, did_you_mean};

impl App {
    /// Opens the palette: commands that mean something here, streams, brokers, contexts.
    pub(super) fn open_palette(&mut self) {
        let mut entries: Vec<MenuEntry> = self.palette_commands();
        let truth = self.truth();
        entries.extend(truth.streams.iter().map(|stream| MenuEntry {
            label: stream.name.to_string(),
            keys: None,
            detail: "stream".to_owned(),
            choice: MenuAction::Stream(Arc::clone(&stream.name)),
        }));
        entries.extend(truth.brokers.iter().map(|broker| MenuEntry {
            label: broker.name().to_owned(),
            keys: None,
            detail: format!("broker {}", broker.address),
            choice: MenuAction::Broker(broker.name().to_owned()),
        }));
        entries.extend(self.context_entries());
        self.overlay = Some(Overlay::Menu(Menu::new("go to", entries)));
    }

    fn palette_commands(&self) -> Vec<MenuEntry> {
        let contexts = self.focus.pane().contexts();
        let keymap = &self.context.settings.keymap;
        let here = Command::ALL.iter().filter_map(|command| {
            let useful = !matches!(command, Command::Move(_));
            let keys = keymap.hint(contexts, *command).filter(|_| useful)?;
            Some(MenuEntry {
                label: command.name().to_owned(),
                keys: Some(keys.to_string()),
                detail: command.help().to_owned(),
                choice: MenuAction::Command(*command),
            })
        });
        here.collect()
    }

    /// Opens the menu of clusters.
    pub(super) fn open_contexts(&mut self) {
        let entries = self.context_entries();
        if entries.is_empty() {
            let text = "the config file names no contexts; `liftui config init` writes one";
            return self.context.say(Level::Note, text);
        }
        self.overlay = Some(Overlay::Menu(Menu::new("contexts", entries)));
    }

    fn context_entries(&self) -> Vec<MenuEntry> {
        let settings = &self.context.settings;
        let entry = |context: &crate::app::ContextEntry| {
            let here = if context.name == settings.cluster {
                " · here"
            } else {
                ""
            };
            let observer = if context.observer {
                " · observing"
            } else {
                ""
            };
            MenuEntry {
                label: context.name.clone(),
                keys: None,
                detail: format!("context {}{observer}{here}", context.addresses.join(",")),
                choice: MenuAction::Context(context.name.clone()),
            }
        };
        settings.contexts.iter().map(entry).collect()
    }

    /// Enter in a menu.
    pub(super) fn choose_from_menu(&mut self) {
        let Some(Overlay::Menu(menu)) = self.overlay.take() else {
            return;
        };
        match menu.chosen().cloned() {
            Some(MenuAction::Command(command)) => self.run(command),
            Some(MenuAction::Stream(name)) => self.show_partition(name, None),
            Some(MenuAction::Broker(name)) => self.show_broker(&name),
            Some(MenuAction::Context(name)) => self.context.order(Effect::SwitchContext(name)),
            Some(MenuAction::Copy(text)) => self.copy_text("it", text),
            None => {}
        }
    }

    /// Opens the command line on the demo cluster's console.
    pub(super) fn open_fault(&mut self) {
        if self.context.settings.demo {
            self.open_command_line("fault ");
        } else {
            self.context.say(
                Level::Note,
                "only the demo cluster can be made to misbehave",
            );
        }
    }

    /// A command typed with a word behind it.
    pub(super) fn run_with(&mut self, command: Command, argument: &str) {
        match argument_of(command) {
            Argument::Stream | Argument::Place => self.with_stream(command, argument),
            Argument::Broker => self.with_broker(command, argument),
            Argument::Context => self.switch_context(argument),
            Argument::Fault => self.fault(argument),
            Argument::Text => self.with_text(command, argument),
            Argument::Nothing => {
                self.context
                    .say(Level::Error, format!("{command} takes no \"{argument}\""));
            }
        }
    }

    fn fault(&mut self, line: &str) {
        if !self.context.settings.demo {
            return self.open_fault();
        }
        let id = self.context.new_request(Request::Console(line.to_owned()));
        self.context.order(Effect::Console(id, line.to_owned()));
    }

    fn switch_context(&mut self, name: &str) {
        let mut names = self
            .context
            .settings
            .contexts
            .iter()
            .map(|context| context.name.as_str());
        if names.any(|one| one == name) {
            return self.context.order(Effect::SwitchContext(name.to_owned()));
        }
        let names = self
            .context
            .settings
            .contexts
            .iter()
            .map(|context| context.name.as_str());
        let text = format!(
            "there is no context \"{name}\"{}",
            did_you_mean(name, names)
        );
        self.context.say(Level::Error, text);
    }

    fn with_broker(&mut self, command: Command, name: &str) {
        if self.truth().broker(name).is_none() {
            let names = self.truth().brokers.iter().map(BrokerTruth::name);
            let text = format!("there is no broker \"{name}\"{}", did_you_mean(name, names));
            return self.context.say(Level::Error, text);
        }
        self.show_broker(name);
        if command == Act::WhatIf.into() {
            self.run(command);
        }
    }

    fn with_stream(&mut self, command: Command, argument: &str) {
        let Some(stream) = self
            .truth()
            .stream(argument)
            .map(|found| Arc::clone(&found.name))
        else {
            let names = self.truth().streams.iter().map(|stream| &*stream.name);
            let hint = did_you_mean(argument, names);
            let text = format!("stream \"{argument}\" does not exist{hint}");
            return self.context.say(Level::Error, text);
        };
        self.at_stream(command, stream);
    }

    fn at_stream(&mut self, command: Command, stream: StreamName) {
        if command == Act::Delete.into() {
            self.context.perform(Operation::Delete { stream });
            return;
        }
        self.show_partition(stream, None);
        self.settle();
        if command != Go::Streams.into() {
            self.run(command);
        }
    }

    fn with_text(&mut self, command: Command, text: &str) {
        match command {
            Command::List(ListCommand::Filter) => {
                if let Some(list) = self.listing_mut() {
                    list.filter_mut().set(text);
                }
            }
            Command::Tail(
                tail @ (TailCommand::Seek | TailCommand::Query | TailCommand::Export),
            ) => {
                self.focus.go_to(Pane::Tail);
                let asked = self.tails.run_with(tail, text, &mut self.context);
                self.asked(asked);
            }
            Command::Go(_)
            | Command::Move(_)
            | Command::List(_)
            | Command::Act(_)
            | Command::Tail(_)
            | Command::Form(_)
            | Command::Text(_)
            | Command::Answer(_)
            | Command::App(
                AppCommand::Escape
                | AppCommand::Back
                | AppCommand::Interrupt
                | AppCommand::Quit
                | AppCommand::Suspend
                | AppCommand::Help
                | AppCommand::CommandLine
                | AppCommand::Palette
                | AppCommand::Refresh
                | AppCommand::Contexts
                | AppCommand::LastError
                | AppCommand::Notices
                | AppCommand::Fault,
            ) => self.run(command),
        }
    }
}
