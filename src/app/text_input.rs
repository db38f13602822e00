//! Text that is typed or pasted: which box takes it, and what follows from it.
//!
//! Editing itself is `editor`'s.

use crossterm::event::KeyEvent;

use crate::app::App;
use crate::app::command::TextCommand;
use crate::app::input::editor::Editor;
use crate::app::lists::filter::Filter;
use crate::app::lists::table::Listing;
use crate::app::notice::Level;
use crate::app::overlays::Overlay;
use crate::app::overlays::command_line::{self, Argument, CommandLine};

/// How many lines of the command line are remembered.
const HISTORY: usize = 200;

impl App {
    /// Whether the filter of the list in focus is being typed.
    pub(super) fn filter_is_open(&self) -> bool {
        self.filter()
            .is_some_and(|filter| filter.typing().is_some())
    }

    /// The filter of the list in focus.
    pub fn filter(&self) -> Option<&Filter> {
        self.listing().map(Listing::filter)
    }

    fn filter_mut(&mut self) -> Option<&mut Filter> {
        self.listing_mut().map(Listing::filter_mut)
    }

    /// Gives a key to the text box that is open, and says whether it took it.
    pub(super) fn typed(&mut self, key: KeyEvent) -> bool {
        if let Some(taken) = self.form_typed(key) {
            return taken;
        }
        if self.overlay.is_none() && self.tail_takes_text() {
            return self.tails.type_key(key, &self.context);
        }
        let taken = self.open_box().is_some_and(|editor| editor.key(key));
        if taken {
            self.text_changed();
        }
        taken
    }

    /// Gives pasted text to the text box that is open.
    pub(super) fn paste(&mut self, text: &str) {
        if let Some(form) = self.form_on_top() {
            return form.paste(text);
        }
        if self.overlay.is_none() && self.tail_takes_text() {
            return self.tails.paste(text, &self.context);
        }
        if let Some(editor) = self.open_box() {
            editor.paste(text);
            self.text_changed();
        }
    }

    fn open_box(&mut self) -> Option<&mut Editor> {
        if self.overlay.is_some() {
            return self.overlay.as_mut().and_then(Overlay::editor_mut);
        }
        self.filter_mut()?.typing_mut()
    }

    fn text_changed(&mut self) {
        let height = self.context.viewport.overlay_rows();
        match &mut self.overlay {
            Some(Overlay::Menu(menu)) => menu.look_up(height),
            Some(
                Overlay::Reader(_)
                | Overlay::Confirm(_)
                | Overlay::CommandLine(_)
                | Overlay::Form(_),
            ) => {}
            None => {
                if let Some(filter) = self.filter_mut() {
                    filter.take_typed();
                }
            }
        }
    }

    /// A command of the text box that is open.
    pub(super) fn text(&mut self, command: TextCommand) {
        if self.overlay.is_none() && self.tail_takes_text() {
            return self.tails.type_command(command, &mut self.context);
        }
        match command {
            TextCommand::Accept => self.accept(),
            TextCommand::Complete => self.complete(),
            TextCommand::Back => self.walk_history(true),
            TextCommand::Forward => self.walk_history(false),
        }
    }

    fn accept(&mut self) {
        match self.overlay.take() {
            Some(Overlay::CommandLine(line)) => self.run_line(&line.editor().text()),
            Some(Overlay::Confirm(confirm)) => {
                self.overlay = Some(Overlay::Confirm(confirm));
                self.confirmed();
            }
            other @ Some(Overlay::Reader(_) | Overlay::Menu(_) | Overlay::Form(_)) => {
                self.overlay = other;
            }
            None => {
                self.filter_mut().map(Filter::close);
            }
        }
    }

    fn walk_history(&mut self, back: bool) {
        if let Some(Overlay::CommandLine(line)) = &mut self.overlay {
            line.walk(&self.history, back);
        }
    }

    fn complete(&mut self) {
        let Some(Overlay::CommandLine(mut line)) = self.overlay.take() else {
            return;
        };
        line.complete(|typed| command_line::completions(typed, |kind| self.words(kind)));
        self.overlay = Some(Overlay::CommandLine(line));
    }

    /// The lines that the one being typed could become.
    pub fn could_become(&self, line: &CommandLine) -> Vec<String> {
        command_line::completions(&line.editor().text(), |kind| self.words(kind))
    }

    fn words(&self, kind: Argument) -> Vec<String> {
        let truth = self.truth();
        match kind {
            Argument::Stream | Argument::Place => truth
                .streams
                .iter()
                .map(|stream| stream.name.to_string())
                .collect(),
            Argument::Broker => truth
                .brokers
                .iter()
                .map(|broker| broker.name().to_owned())
                .collect(),
            Argument::Context => {
                let contexts = self.context.settings.contexts.iter();
                contexts.map(|context| context.name.clone()).collect()
            }
            Argument::Fault => FAULTS.iter().map(|&word| word.to_owned()).collect(),
            Argument::Text | Argument::Nothing => Vec::new(),
        }
    }

    /// Opens the command line on this text.
    pub(super) fn open_command_line(&mut self, text: &str) {
        self.overlay = Some(Overlay::CommandLine(CommandLine::new(text)));
    }

    fn run_line(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        self.history.retain(|before| before != line);
        self.history.push(line.to_owned());
        let first = self.history.len().saturating_sub(HISTORY);
        self.history.drain(..first);
        match command_line::parse(line) {
            Ok(typed) if typed.argument.is_empty() => self.run(typed.command),
            Ok(typed) => self.run_with(typed.command, &typed.argument),
            Err(sentence) => self.context.say(Level::Error, sentence),
        }
    }
}

/// First words of the demo cluster's console.
const FAULTS: [&str; 18] = [
    "help",
    "kill ",
    "restart ",
    "stall ",
    "slow ",
    "refuse ",
    "accept ",
    "reset ",
    "cut ",
    "goaway ",
    "end ",
    "stale ",
    "move ",
    "shrink ",
    "expand ",
    "garbage ",
    "oversize ",
    "heal",
];
