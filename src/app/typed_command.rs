//! Commands typed with words behind them: a stream, a broker, a context, a fault, any text.

use std::sync::Arc;

use super::App;
use super::command::{AppCommand, Argument, ClusterCommand, Command, GoCommand};
use super::effect::Effect;
use super::focus::Pane;
use super::inflight::Request;
use super::notice::Level;
use crate::health::BrokerTruth;
use crate::model::{Operation, did_you_mean};

impl App {
    /// Carries out a command with the words typed behind it.
    pub(super) fn run_with(&mut self, command: Command, argument: &str) {
        match command.argument() {
            Argument::Stream => self.run_with_stream(command, argument),
            Argument::Broker => self.run_with_broker(command, argument),
            Argument::Context => self.switch_context(argument),
            Argument::Fault => self.send_fault(argument),
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

    fn switch_context(&mut self, name: &str) {
        let contexts = self.context.settings.contexts.iter();
        let mut names = contexts.map(|context| context.name.as_str());
        if names.clone().any(|one| one == name) {
            return self.context.emit(Effect::SwitchContext(name.to_owned()));
        }
        let hint = did_you_mean(name, &mut names);
        let text = format!("there is no context \"{name}\"{hint}");
        self.context.notify(Level::Error, text);
    }

    fn run_with_broker(&mut self, command: Command, name: &str) {
        if self.truth().broker(name).is_none() {
            let names = self.truth().brokers.iter().map(BrokerTruth::name);
            let text = format!("there is no broker \"{name}\"{}", did_you_mean(name, names));
            return self.context.notify(Level::Error, text);
        }
        self.show_broker(name);
        if command == ClusterCommand::WhatIf.into() {
            self.run(command);
        }
    }

    fn run_with_stream(&mut self, command: Command, argument: &str) {
        let found = self.truth().stream(argument);
        let Some(stream) = found.map(|found| Arc::clone(&found.name)) else {
            let names = self.truth().streams.iter().map(|stream| &*stream.name);
            let hint = did_you_mean(argument, names);
            let text = format!("stream \"{argument}\" does not exist{hint}");
            return self.context.notify(Level::Error, text);
        };
        if command == ClusterCommand::Delete.into() {
            self.context.perform(Operation::Delete { stream });
            return;
        }
        self.show_stream(stream, None);
        let (pane, truth) = (self.focus.pane(), self.cluster.truth());
        self.screens.update_rows(pane, truth, &self.context);
        if command != GoCommand::Streams.into() {
            self.run(command);
        }
    }

    fn run_with_text(&mut self, command: Command, text: &str) {
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
