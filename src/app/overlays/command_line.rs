//! The command line: what is typed after `:`, what it could become, and what was typed before.
//!
//! What a line means is told by [`parse`]; who carries it out, by `update`.

use crate::app::Command;
use crate::app::command::{Act, AppCommand, Go, ListCommand, TailCommand};
use crate::app::input::editor::Editor;
use crate::model::{did_you_mean, nearest};

/// The command line while it is open.
#[derive(Clone, Debug)]
pub struct CommandLine {
    editor: Editor,
    /// What was typed when the user began to walk through the history.
    draft: String,
    back: usize,
    completing: Option<Completing>,
}

/// Walking through completions: Tab after Tab.
#[derive(Clone, Debug)]
struct Completing {
    candidates: Vec<String>,
    at: usize,
}

/// Names that can be typed besides the commands' own.
const ALIASES: &[(&str, Command)] = &[
    ("q", Command::App(AppCommand::Quit)),
    ("q!", Command::App(AppCommand::Quit)),
    ("exit", Command::App(AppCommand::Quit)),
    ("ctx", Command::App(AppCommand::Contexts)),
    ("context", Command::App(AppCommand::Contexts)),
    ("stream", Command::Go(Go::Streams)),
    ("broker", Command::Go(Go::Brokers)),
    ("describe", Command::List(ListCommand::Describe)),
    ("groups", Command::Go(Go::Cursors)),
    ("export", Command::Tail(TailCommand::Export)),
];

/// A line that was understood: a command and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedLine {
    /// The command.
    pub command: Command,
    /// The rest of the line, trimmed; empty where there is none.
    pub argument: String,
}

/// Understands a line.
///
/// # Errors
/// One sentence that names the word and the likeliest meant one.
pub fn parse(line: &str) -> Result<ParsedLine, String> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let command = command_named(word)
        .ok_or_else(|| format!("\"{word}\" is no command{}", did_you_mean(word, names())))?;
    Ok(ParsedLine {
        command,
        argument: rest.trim().to_owned(),
    })
}

fn command_named(word: &str) -> Option<Command> {
    let alias = ALIASES
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, command)| *command);
    let short = || typeable().find(|command| command.short_name() == word);
    alias.or_else(|| Command::named(word)).or_else(short)
}

/// The commands that mean something without a key: not those that move within a list, a form or a text.
fn typeable() -> impl Iterator<Item = Command> {
    Command::ALL
        .iter()
        .copied()
        .filter(|command| match command {
            Command::Go(_)
            | Command::List(_)
            | Command::Act(_)
            | Command::Tail(_)
            | Command::App(_) => true,
            Command::Move(_) | Command::Form(_) | Command::Text(_) | Command::Answer(_) => false,
        })
}

/// Every word that a line can begin with: aliases, short names where they are unique, full names.
pub fn names() -> impl Iterator<Item = &'static str> {
    let aliases = ALIASES.iter().map(|(name, _)| *name);
    let short = typeable().map(Command::short_name);
    aliases.chain(short).chain(typeable().map(Command::name))
}

/// What kind of word follows a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// None.
    Nothing,
    /// A stream's name.
    Stream,
    /// A broker's name.
    Broker,
    /// A stream's name, with or without partitions, and where to start.
    Place,
    /// The name of a context.
    Context,
    /// A line for the demo cluster's console.
    Fault,
    /// Any text.
    Text,
}

/// What follows that command on a line.
pub fn argument_of(command: Command) -> Argument {
    match command {
        Command::Go(Go::Streams) | Command::Act(Act::Publish | Act::Delete) => Argument::Stream,
        Command::Act(Act::Tail) => Argument::Place,
        Command::Act(Act::WhatIf) | Command::Go(Go::Brokers) => Argument::Broker,
        Command::App(AppCommand::Contexts) => Argument::Context,
        Command::App(AppCommand::Fault) => Argument::Fault,
        Command::List(ListCommand::Filter)
        | Command::Tail(TailCommand::Seek | TailCommand::Query | TailCommand::Export) => {
            Argument::Text
        }
        Command::Go(_)
        | Command::Move(_)
        | Command::List(_)
        | Command::Act(_)
        | Command::Tail(_)
        | Command::Form(_)
        | Command::Text(_)
        | Command::Answer(_)
        | Command::App(_) => Argument::Nothing,
    }
}

impl CommandLine {
    /// A line that begins with this text.
    pub fn new(text: &str) -> Self {
        Self {
            editor: Editor::line().with(text),
            draft: String::new(),
            back: 0,
            completing: None,
        }
    }

    /// What is typed.
    pub fn editor(&self) -> &Editor {
        &self.editor
    }

    /// The same, to type into.
    pub fn editor_mut(&mut self) -> &mut Editor {
        self.completing = None;
        &mut self.editor
    }

    /// The completions that Tab walks through, and which one stands in the line.
    pub fn completions(&self) -> Option<(&[String], usize)> {
        self.completing
            .as_ref()
            .map(|walk| (walk.candidates.as_slice(), walk.at))
    }

    /// Puts the next completion into the line; `candidates` are whole lines.
    pub fn complete(&mut self, candidates: impl FnOnce(&str) -> Vec<String>) {
        let next = match self.completing.take() {
            Some(walk) => {
                let at = (walk.at + 1) % walk.candidates.len().max(1);
                Completing { at, ..walk }
            }
            None => Completing {
                candidates: candidates(&self.editor.text()),
                at: 0,
            },
        };
        if let Some(line) = next.candidates.get(next.at) {
            self.editor.set(line);
            self.completing = (next.candidates.len() > 1).then_some(next);
        }
    }

    /// Goes back in the history, or forward; beyond its end stands what was typed.
    pub fn walk(&mut self, history: &[String], back: bool) {
        if self.back == 0 {
            self.draft = self.editor.text();
        }
        let wanted = if back {
            self.back + 1
        } else {
            self.back.saturating_sub(1)
        };
        self.back = wanted.min(history.len());
        let line = history
            .len()
            .checked_sub(self.back)
            .and_then(|at| history.get(at));
        self.editor.set(line.unwrap_or(&self.draft));
        self.completing = None;
    }
}

/// Whole lines that the typed one could become, given the names of streams, brokers and contexts.
pub fn completions(line: &str, words_for: impl Fn(Argument) -> Vec<String>) -> Vec<String> {
    let Some((word, rest)) = line.split_once(char::is_whitespace) else {
        let mut found: Vec<String> = names()
            .filter(|name| name.starts_with(line))
            .map(str::to_owned)
            .collect();
        found.dedup();
        return found;
    };
    let Some(command) = command_named(word) else {
        return Vec::new();
    };
    let rest = rest.trim_start();
    let words = words_for(argument_of(command));
    let fitting = words.iter().filter(|one| one.starts_with(rest));
    let mut found: Vec<String> = fitting.map(|one| format!("{word} {one}")).collect();
    if found.is_empty() {
        let near = nearest(rest, words.iter().map(String::as_str));
        found.extend(near.map(|one| format!("{word} {one}")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(argument: Argument) -> Vec<String> {
        assert_eq!(argument, Argument::Stream);
        vec!["orders".to_owned(), "payments".to_owned()]
    }

    #[test]
    fn a_line_is_a_command_and_the_rest() {
        let typed = parse(" fault kill 2 ").unwrap();
        assert_eq!(typed.command, AppCommand::Fault.into());
        assert_eq!(typed.argument, "kill 2");
        assert_eq!(parse("q").unwrap().command, AppCommand::Quit.into());
        assert_eq!(
            parse("streams.delete orders").unwrap().command,
            Act::Delete.into()
        );
    }

    #[test]
    fn an_unknown_word_is_named_with_the_likeliest_meant() {
        let error = parse("refesh").unwrap_err();
        assert!(
            error.contains("\"refesh\"") && error.contains("refresh"),
            "{error}"
        );
    }

    #[test]
    fn tab_walks_through_what_the_line_could_become() {
        let mut line = CommandLine::new("delete ");
        for expected in ["delete orders", "delete payments", "delete orders"] {
            line.complete(|typed| completions(typed, words));
            assert_eq!(line.editor().text(), expected);
        }
    }

    #[test]
    fn a_misspelt_name_completes_to_the_nearest() {
        assert_eq!(completions("delete ordres", words), ["delete orders"]);
    }

    #[test]
    fn the_history_ends_in_what_was_typed() {
        let history = ["refresh".to_owned(), "streams".to_owned()];
        let mut line = CommandLine::new("dra");
        for (back, expected) in [
            (true, "streams"),
            (true, "refresh"),
            (true, "refresh"),
            (false, "streams"),
            (false, "dra"),
        ] {
            line.walk(&history, back);
            assert_eq!(line.editor().text(), expected);
        }
    }
}
