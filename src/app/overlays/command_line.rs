//! The command line: what is typed after `:`, what it means, and what it could become.

mod cursor_line;

use std::collections::BTreeSet;

use crate::app::app_request::AppRequest;
use crate::app::command::{
    AppCommand, Argument, ClusterCommand, Command, GoCommand, ListCommand, PaneCommand,
    QueryCommand, TailCommand, TextCommand,
};
use crate::app::context::Context;
use crate::app::effect::Effect;
use crate::app::focus::Screen;
use crate::app::input::editor::{Editor, TextInput};
use crate::app::input::history::{History, Recall};
use crate::app::motion::cycled_index;
use crate::app::notice::Level;
use crate::app::settings::Settings;
use crate::app::shell_commands::{ShellCommand, is_shell_line, shell_words};
use crate::health::Truth;
use crate::model::{CursorMoveSpec, MessagePlace, did_you_mean, nearest, shell_line};

pub(crate) use cursor_line::in_all_partitions;
use cursor_line::wrong_place;

/// The command line while it is open.
#[derive(Clone, Debug)]
pub struct CommandLine {
    editor: Editor,
    recall: Recall,
    completion: Option<Completion>,
    /// What is wrong with the line as it stands.
    error: Option<String>,
}

/// The lines that Tab after Tab puts in place.
#[derive(Clone, Debug)]
struct Completion {
    candidates: Vec<String>,
    index: usize,
}

/// Names that can be typed besides the commands' own.
const ALIASES: &[(&str, Command)] = &[
    ("q", Command::App(AppCommand::Quit)),
    ("q!", Command::App(AppCommand::Quit)),
    ("exit", Command::App(AppCommand::Quit)),
    ("open", Command::App(AppCommand::Open)),
    ("ctx", Command::App(AppCommand::Contexts)),
    ("context", Command::App(AppCommand::Contexts)),
    ("config", Command::App(AppCommand::Settings)),
    ("set", Command::App(AppCommand::Settings)),
    ("themes", Command::App(AppCommand::Theme)),
    ("stream", Command::Go(GoCommand::Streams)),
    ("broker", Command::Go(GoCommand::Brokers)),
    ("cursor", Command::Cluster(ClusterCommand::MoveCursor)),
    ("ride", Command::Tail(TailCommand::FollowCursor)),
    ("describe", Command::List(ListCommand::Describe)),
    ("groups", Command::Go(GoCommand::Cursors)),
    ("stats", Command::Cluster(ClusterCommand::Statistics)),
    ("export", Command::Tail(TailCommand::Export)),
];

/// A line as a command and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParsedLine {
    /// The command.
    pub(crate) command: Command,
    /// The rest of the line, trimmed; empty where there is none.
    argument: String,
}

/// What a line means, or a sentence that names the unknown word and the most similar known one.
pub(crate) fn parse(line: &str) -> Result<ParsedLine, String> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let command = command_of(word).ok_or_else(|| {
        // Who mistypes is not led to the end of the program.
        let names = names().filter(|name| command_of(name) != Some(AppCommand::Quit.into()));
        format!("\"{word}\" is no command{}", did_you_mean(word, names))
    })?;
    Ok(ParsedLine {
        command,
        argument: rest.trim().to_owned(),
    })
}

fn command_of(word: &str) -> Option<Command> {
    let alias = ALIASES
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, command)| *command);
    let short = || typeable().find(|command| command.short_name() == word);
    alias.or_else(|| Command::from_name(word)).or_else(short)
}

/// The commands that mean something without a key: not those that move within a list, a form or a text.
fn typeable() -> impl Iterator<Item = Command> {
    Command::ALL
        .iter()
        .copied()
        .filter(|command| match command {
            Command::Go(_)
            | Command::List(_)
            | Command::Cluster(_)
            | Command::Tail(_)
            | Command::Pane(PaneCommand::Split | PaneCommand::Only)
            | Command::Query(QueryCommand::Choose | QueryCommand::Save)
            | Command::Replay(_)
            | Command::App(_) => true,
            Command::Query(QueryCommand::Delete)
            | Command::Pane(_)
            | Command::Move(_)
            | Command::Form(_)
            | Command::Text(_)
            | Command::Confirm(_) => false,
        })
}

/// Every word that a line can begin with: aliases, short names where they are unique, full names.
fn names() -> impl Iterator<Item = &'static str> {
    let aliases = ALIASES.iter().map(|(name, _)| *name);
    let short = typeable().map(Command::short_name);
    aliases.chain(short).chain(typeable().map(Command::name))
}

impl CommandLine {
    /// A line that begins with this text.
    pub(in crate::app) fn new(text: &str) -> Self {
        Self {
            editor: Editor::single_line().with_text(text),
            recall: Recall::default(),
            completion: None,
            error: None,
        }
    }

    /// The line was refused for that reason, and stays.
    pub(in crate::app) fn refused(self, sentence: String) -> Self {
        Self {
            error: Some(sentence),
            ..self
        }
    }

    /// What is wrong with the line as it stands.
    pub(crate) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// What is typed.
    pub(crate) fn editor(&self) -> &Editor {
        &self.editor
    }

    /// What is typed, as text.
    pub fn text(&self) -> String {
        self.editor.text()
    }

    /// The completions that Tab puts in place, and which one stands in the line.
    pub(crate) fn completions(&self) -> Option<(&[String], usize)> {
        let completion = self.completion.as_ref()?;
        Some((&completion.candidates, completion.index))
    }

    /// The lines that the one being typed could become.
    pub(crate) fn candidates(&self, truth: &Truth, settings: &Settings) -> Vec<String> {
        let words = |kind| words(kind, truth, settings);
        completions(&self.editor.text(), words, &settings.shell_commands)
    }

    /// Types into the line, and returns whether the input was for a text box.
    pub(super) fn type_text(&mut self, input: TextInput<'_>) -> bool {
        let typed = self.editor.type_text(input);
        if typed {
            self.completion = None;
            self.error = None;
        }
        typed
    }

    /// Carries out a command of the text box, and returns whether the line is done.
    pub(super) fn run(
        &mut self,
        command: TextCommand,
        history: &mut History,
        truth: &Truth,
        context: &mut Context,
    ) -> bool {
        match command {
            TextCommand::Accept => {
                self.error = wrong_place(&self.editor.text(), context);
                if self.error.is_none() {
                    self.accept(history, truth, context);
                }
                return self.error.is_none();
            }
            TextCommand::Complete if self.completion.is_none() => {
                let line = self.editor.text();
                if let Some((all, _)) = in_all_partitions(&line, truth) {
                    self.error = None;
                    self.editor.set_text(&all);
                    self.completion = Some(Completion {
                        candidates: vec![all, line],
                        index: 0,
                    });
                    return false;
                }
                self.complete(truth, &context.settings);
            }
            TextCommand::Complete => self.complete(truth, &context.settings),
            TextCommand::Older => self.recall(true, history),
            TextCommand::Newer => self.recall(false, history),
        }
        false
    }

    fn accept(&self, history: &mut History, truth: &Truth, context: &mut Context) {
        let line = self.editor.text();
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        history.add(line);
        let word = line.split_whitespace().next().unwrap_or_default();
        let own = command_of(word).map(Command::argument);
        // Behind `stats` stands a range of what is chosen, or streams as in a shell.
        let own = own.filter(|_| !counts_streams(line, truth));
        if is_shell_line(line, own, &context.settings.shell_commands, truth) {
            return context.emit(Effect::ParseLine(line.to_owned()));
        }
        match parse(line) {
            Ok(parsed) if parsed.argument.is_empty() => {
                context.request(AppRequest::Run(parsed.command));
            }
            Ok(parsed) => context.request(AppRequest::RunWith(parsed.command, parsed.argument)),
            Err(_) if truth.stream(line).is_some() => {
                let text = format!("\"{line}\" is a stream and no command; tail {line}?");
                context.notify(Level::Error, text);
            }
            Err(sentence) => context.notify(Level::Error, sentence),
        }
    }

    /// Puts the next completion into the line.
    fn complete(&mut self, truth: &Truth, settings: &Settings) {
        let next = match self.completion.take() {
            Some(shown) => Completion {
                index: cycled_index(shown.index, shown.candidates.len(), true),
                ..shown
            },
            None => Completion {
                candidates: self.candidates(truth, settings),
                index: 0,
            },
        };
        if let Some(line) = next.candidates.get(next.index) {
            self.editor.set_text(line);
            self.completion = (next.candidates.len() > 1).then_some(next);
        }
    }

    fn recall(&mut self, older: bool, history: &History) {
        self.completion = None;
        if let Some(line) = self.recall.step(older, history, self.editor.text()) {
            self.editor.set_text(line);
        }
    }
}

/// Whether a line counts what is in streams that it names.
fn counts_streams(line: &str, truth: &Truth) -> bool {
    let words = shell_words(line);
    let mut words = words.iter().map(String::as_str);
    let command = words.next().and_then(command_of);
    let Some(first) = words.next() else {
        return false;
    };
    let name = first.rsplit_once(':').map_or(first, |(name, _)| name);
    let is_stream = |name| !truth.streams_named(name).is_empty();
    command == Some(ClusterCommand::Statistics.into()) && (is_stream(first) || is_stream(name))
}

/// The words of a kind that are known now.
fn words(kind: Argument, truth: &Truth, settings: &Settings) -> Vec<String> {
    match kind {
        Argument::Stream => {
            // Liftbridge's own are what is rarely meant.
            let (internal, own): (Vec<_>, Vec<_>) =
                truth.streams.iter().partition(|stream| stream.internal);
            let streams = own.into_iter().chain(internal);
            streams.map(|stream| stream.name.to_string()).collect()
        }
        Argument::Broker => {
            let brokers = truth.brokers.iter();
            brokers.map(|broker| broker.name().to_owned()).collect()
        }
        Argument::Context => {
            let contexts = settings.contexts.iter();
            contexts.map(|context| context.name.clone()).collect()
        }
        Argument::Theme => settings.themes.clone(),
        Argument::Binding => {
            let commands = Command::ALL.iter();
            commands.map(|command| command.name().to_owned()).collect()
        }
        Argument::Cursor => {
            let cursors = truth.cursors.iter();
            cursors
                .map(|cursor| CursorMoveSpec::line_of(&cursor.entry))
                .collect()
        }
        Argument::CursorName => {
            let cursors = truth.cursors.iter();
            let names = cursors.map(|cursor| cursor.entry.name().to_owned());
            let names: BTreeSet<String> = names.collect();
            names.into_iter().collect()
        }
        Argument::Locator => {
            let streams = truth.streams.iter();
            let streams = streams.map(|stream| located(&stream.name));
            let screens = Screen::ALL
                .iter()
                .map(|screen| format!(":{}", screen.title()));
            streams.chain(screens).collect()
        }
        Argument::Fault => FAULTS.iter().map(|&word| word.to_owned()).collect(),
        Argument::Text | Argument::None => Vec::new(),
    }
}

fn located(stream: &str) -> String {
    let stream = stream.to_owned();
    let place = MessagePlace {
        stream,
        ..MessagePlace::default()
    };
    place.to_string()
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

/// Whole lines that the typed one could become, given the names of streams, brokers and contexts.
fn completions(
    line: &str,
    words_for: impl Fn(Argument) -> Vec<String>,
    shell_commands: &[ShellCommand],
) -> Vec<String> {
    let Some((word, rest)) = line.split_once(char::is_whitespace) else {
        let own = names().map(str::to_owned);
        let here = shell_commands
            .iter()
            .filter(|command| !command.is_for_shell);
        let shell = here.map(|command| command.name.clone());
        let fitting = own.chain(shell).filter(|name| name.starts_with(line));
        let mut found: Vec<String> = fitting.collect();
        if line.is_empty() {
            // The words that somebody can read, in the order of the alphabet: not what is typed blindly.
            found.retain(|name| name.len() > 2 && !name.contains('.'));
            found.sort_unstable();
        }
        let mut seen = BTreeSet::new();
        found.retain(|name| seen.insert(name.clone()));
        return found;
    };
    if let Some(found) = completed_words(line, rest, &words_for, shell_commands) {
        return found;
    }
    let Some(command) = command_of(word) else {
        return Vec::new();
    };
    let rest = rest.trim_start();
    let words = words_for(command.argument());
    let fitting = words.iter().filter(|one| one.starts_with(rest));
    let mut found: Vec<String> = fitting.map(|one| format!("{word} {one}")).collect();
    if found.is_empty() {
        let near = nearest(rest, words.iter().map(String::as_str));
        found.extend(near.map(|one| format!("{word} {one}")));
    }
    found
}

/// The lines that the last word could make of one for the command line's parser: an option of its command, or a stream.
/// `None` where it is not such a line, or its only word is what the dashboard's own command takes.
fn completed_words(
    line: &str,
    rest: &str,
    words_for: &impl Fn(Argument) -> Vec<String>,
    shell_commands: &[ShellCommand],
) -> Option<Vec<String>> {
    let word = line.split_whitespace().next()?;
    let command = shell_commands.iter().find(|command| command.name == word)?;
    let (before, last) = line.rsplit_once(char::is_whitespace)?;
    let is_option = last.starts_with('-');
    let takes = command_of(word).map_or(Argument::None, Command::argument);
    let is_own = !matches!(takes, Argument::None | Argument::Text)
        && !rest.trim_start().contains(char::is_whitespace);
    if takes == Argument::Cursor || (is_own && !is_option) {
        return None;
    }
    let word_before = before.split_whitespace().next_back();
    let words: Vec<String> = if is_option {
        let options = command.options.iter();
        options.map(|(name, _)| name.clone()).collect()
    } else if word_before.is_some_and(|word| command.takes_value(word)) {
        Vec::new()
    } else {
        let names = words_for(Argument::Stream);
        names.into_iter().map(|name| shell_line(&[name])).collect()
    };
    let mut typed = before.split_whitespace();
    let is_new = |one: &&String| !is_option || !typed.any(|word| word == *one);
    let fitting = words.iter().filter(|one| one.starts_with(last));
    Some(
        fitting
            .filter(is_new)
            .map(|one| format!("{before} {one}"))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::health::StreamTruth;

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
            ClusterCommand::Delete.into()
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
    fn tab_on_an_empty_line_offers_words() {
        let found = completions("", words, &[]);
        assert!(found.iter().all(|word| word.len() > 2), "{found:?}");
        assert!(found.is_sorted(), "{found:?}");
    }

    #[test]
    fn tab_walks_through_what_the_line_could_become() {
        let streams = ["orders", "payments"].map(|name| {
            Arc::new(StreamTruth {
                name: name.into(),
                ..StreamTruth::default()
            })
        });
        let truth = Truth {
            streams: Arc::new(streams),
            ..Truth::default()
        };
        let mut line = CommandLine::new("delete ");
        for expected in ["delete orders", "delete payments", "delete orders"] {
            line.complete(&truth, &Settings::default());
            assert_eq!(line.editor().text(), expected);
        }
    }

    #[test]
    fn a_misspelt_name_completes_to_the_nearest() {
        assert_eq!(completions("delete ordres", words, &[]), ["delete orders"]);
    }

    #[test]
    fn the_history_ends_in_what_was_typed() {
        let mut history = History::new(9);
        for line in ["refresh", "streams"] {
            history.add(line);
        }
        let mut line = CommandLine::new("dra");
        for (back, expected) in [
            (true, "streams"),
            (true, "refresh"),
            (true, "refresh"),
            (false, "streams"),
            (false, "dra"),
        ] {
            line.recall(back, &history);
            assert_eq!(line.editor().text(), expected);
        }
    }

    #[test]
    fn the_options_of_a_command_and_names_of_streams_are_completed_as_the_last_word() {
        let known = [("tail", "--from"), ("create", "--partitions")].map(|(name, option)| {
            let options = [option, "--follow"].map(|name| (name.to_owned(), name == "--from"));
            ShellCommand {
                name: name.to_owned(),
                options: options.into(),
                is_for_shell: false,
            }
        });
        let complete = |line| completions(line, words, &known);
        assert_eq!(complete("tail orders --fr"), ["tail orders --from"]);
        assert_eq!(
            complete("tail orders --from @-5m --f"),
            ["tail orders --from @-5m --follow"],
            "what is typed already is not offered again"
        );
        assert_eq!(complete("tail pay"), ["tail payments"]);
        assert!(complete("tail orders --from ").is_empty(), "a value is due");
        assert_eq!(complete("tail orders pay"), ["tail orders payments"]);
        assert_eq!(complete("create x --part"), ["create x --partitions"]);
        assert!(complete("cr").contains(&"create".to_owned()));
    }
}
