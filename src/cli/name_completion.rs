//! What completes names of the cluster in a shell: a command that no help lists, and what asks it in each shell's script.
//! It answers within half a second, says nothing where anything fails, and changes and keeps nothing.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write;
use std::time::Duration;

use clap::{Arg, Command, CommandFactory, Parser};
use clap_complete::Shell;
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::args::{Invocation, Options};
use super::command_context::CommandContext;
use super::exit::{Exit, Result};
use super::known_cursors;
use super::stdio::Stdio;
use crate::client::Observer;
use crate::model::sanitise;

/// The word that asks for names; the line as it is typed so far follows it.
const ASKS: &str = "__names";

/// Whoever presses a key waits no longer.
const WITHIN: Duration = Duration::from_millis(450);

/// More names than these are no choice.
const MOST: usize = 500;

/// Options that say which cluster it is.
const OF_CLUSTER: [&str; 9] = [
    "addr",
    "context",
    "config",
    "tls",
    "tls_ca",
    "tls_cert",
    "tls_key",
    "tls_server_name",
    "advertise",
];

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NameKind {
    Stream,
    Cursor,
    Broker,
}

/// What stands on the line.
struct TypedLine {
    kind: NameKind,
    /// How the name begins.
    begin: String,
    options: Options,
}

/// The line that names are asked for, where they are.
pub(super) fn asked(arguments: &[OsString]) -> Option<String> {
    let [_, word, line] = arguments else {
        return None;
    };
    (word == ASKS).then(|| line.to_string_lossy().into_owned())
}

/// Prints the names that may stand where the line ends, one a line.
pub(super) fn print(line: &str, console: &mut Stdio) -> Exit {
    if let Some(typed) = TypedLine::read(line) {
        let names = typed.names(console).unwrap_or_default();
        let fitting = names.iter().filter(|name| fits(name, &typed.begin));
        for name in fitting.take(MOST) {
            let _nobody_reads = writeln!(console.out, "{name}");
        }
    }
    Exit::DONE
}

/// Whether a name can be typed: what acts on a terminal cannot, and a hyphen begins an option.
fn fits(name: &str, begin: &str) -> bool {
    let is_plain = !name.is_empty() && !name.starts_with('-') && sanitise::line(name) == name;
    is_plain && name.starts_with(begin)
}

impl TypedLine {
    fn read(line: &str) -> Option<Self> {
        let mut words = split(line)?;
        let begin = words.pop()?;
        let own = own_position(&words);
        words.drain(..=own.min(words.len().checked_sub(1)?));
        let mut whole = Invocation::command();
        whole.build();
        let mut walk = Walk::new(&whole);
        for word in &words {
            walk.pass(word);
        }
        let kind = walk.kind_of(&begin)?;
        let of_cluster = std::iter::once("liftui".to_owned()).chain(walk.of_cluster);
        let options = Invocation::try_parse_from(of_cluster).ok()?.options;
        Some(Self {
            kind,
            begin,
            options,
        })
    }

    fn names(&self, console: &mut Stdio) -> Result<BTreeSet<String>> {
        let mut context = CommandContext::open(&self.options, console)?;
        let cluster = context.cluster_name();
        let observer = context.observer()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let fetched = fetch(&observer, self.kind, &cluster);
        let names = runtime.block_on(async { timeout(WITHIN, fetched).await });
        runtime.shutdown_background();
        names.unwrap_or_else(|_late| Ok(BTreeSet::new()))
    }
}

async fn fetch(observer: &Observer, kind: NameKind, cluster: &str) -> Result<BTreeSet<String>> {
    let metadata = observer.fetch_metadata().await?;
    Ok(match kind {
        NameKind::Stream => metadata.streams.keys().map(ToString::to_string).collect(),
        NameKind::Broker => {
            let brokers = metadata.brokers.iter();
            brokers.map(|broker| broker.id.to_string()).collect()
        }
        NameKind::Cursor => {
            observer.recall_cursors(known_cursors::read(cluster)).await;
            let reading = observer.read_cursors().await?;
            let entries = reading.entries.iter();
            entries.map(|entry| entry.id.to_string()).collect()
        }
    })
}

/// Where the command itself stands: zsh tells the whole line, on which others may stand before it.
fn own_position(words: &[String]) -> usize {
    let ends_command = |word: &String| word.ends_with([';', '|', '&', '(']);
    let last = words.iter().enumerate().rposition(|(at, word)| {
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        is_liftui(word) && before.is_none_or(ends_command)
    });
    let first = || words.iter().position(|word| is_liftui(word));
    last.or_else(first).unwrap_or(0)
}

fn is_liftui(word: &str) -> bool {
    let file = word.rsplit(['/', '\\']).next().unwrap_or(word);
    matches!(file, "liftui" | "liftui.exe")
}

/// The words of a line, the last of them not ended; a quote that is open ends with it.
fn split(line: &str) -> Option<Vec<String>> {
    // A letter shows which word the line ends in.
    let ends = ["x", "x'", "x\""];
    let mut words = ends
        .iter()
        .find_map(|end| shlex::split(&format!("{line}{end}")))?;
    let last = words.last_mut()?;
    last.pop();
    Some(words)
}

/// Goes through the words of a command line as far as they are typed, whatever may still be missing.
struct Walk<'a> {
    command: &'a Command,
    /// Arguments of that command that were passed.
    positions: usize,
    /// The option whose value comes next.
    awaits: Option<&'a Arg>,
    of_cluster: Vec<String>,
    /// Whether only names follow.
    is_past_options: bool,
}

impl<'a> Walk<'a> {
    fn new(command: &'a Command) -> Self {
        Self {
            command,
            positions: 0,
            awaits: None,
            of_cluster: Vec::new(),
            is_past_options: false,
        }
    }

    fn pass(&mut self, word: &str) {
        if let Some(option) = self.awaits.take() {
            self.keep(option, word);
        } else if word == "--" {
            self.is_past_options = true;
        } else if word.starts_with('-') && word.len() > 1 && !self.is_past_options {
            self.pass_option(word);
        } else if let Some(command) = self.command.find_subcommand(word) {
            (self.command, self.positions) = (command, 0);
        } else {
            self.positions += 1;
        }
    }

    fn pass_option(&mut self, word: &str) {
        let (name, value) = split_option(word);
        let mut options = self.command.get_arguments();
        let found = options.find(|arg| is_called(arg, name));
        let Some(option) = found else { return };
        self.keep(option, word);
        let takes_value = option.get_action().takes_values();
        let needs_equals = option.is_require_equals_set();
        if takes_value && !needs_equals && value.is_empty() {
            self.awaits = Some(option);
        }
    }

    fn keep(&mut self, option: &Arg, word: &str) {
        if OF_CLUSTER.contains(&option.get_id().as_str()) {
            self.of_cluster.push(word.to_owned());
        }
    }

    /// Of what kind the word is that comes next, where it is a name.
    fn kind_of(&self, begin: &str) -> Option<NameKind> {
        if let Some(option) = self.awaits {
            return kind_of(option).filter(|kind| *kind != NameKind::Cursor);
        }
        // A stream that is to be created has a name of its own.
        if begin.starts_with('-') || self.command.get_name() == "create" {
            return None;
        }
        let positionals: Vec<&Arg> = self.command.get_positionals().collect();
        let takes_many = |arg: &&&Arg| arg.get_num_args().is_some_and(|many| many.max_values() > 1);
        let last = positionals.last().filter(takes_many);
        let next = positionals.get(self.positions).or(last)?;
        kind_of(next)
    }
}

/// The name of an option and its value, where that stands in the same word: `--addr=HOST`, `-aHOST`.
fn split_option(word: &str) -> (&str, &str) {
    if word.starts_with("--") {
        return word.split_once('=').unwrap_or((word, ""));
    }
    let end = word.char_indices().nth(2).map_or(word.len(), |(at, _)| at);
    word.split_at(end)
}

fn is_called(arg: &Arg, name: &str) -> bool {
    match name.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => arg
            .get_short()
            .is_some_and(|short| name.strip_prefix('-') == Some(&short.to_string())),
    }
}

/// The kind of names that an argument takes, by what help calls it.
fn kind_of(arg: &Arg) -> Option<NameKind> {
    let named = arg.get_value_names().and_then(|names| names.first());
    let named = named.map_or_else(|| arg.get_id().as_str().to_uppercase(), ToString::to_string);
    match named.as_str() {
        "STREAM" | "STREAM[:PARTITIONS]" | "STREAM:PARTITION" | "FROM[:PARTITIONS]" => {
            Some(NameKind::Stream)
        }
        "TO" if arg.is_positional() => Some(NameKind::Stream),
        "ID" if arg.is_positional() => Some(NameKind::Cursor),
        "BROKER" => Some(NameKind::Broker),
        _ => None,
    }
}

/// The script of a shell with what asks for names.
pub(super) fn with_names(shell: Shell, script: &str) -> String {
    match shell {
        Shell::Bash => format!("{script}{BASH}"),
        Shell::Zsh => {
            let script = script.replace(":_default'", ":_liftui_names'");
            script.replacen("#compdef liftui\n", &format!("#compdef liftui\n{ZSH}"), 1)
        }
        Shell::Fish => format!("{script}{FISH}"),
        // Others have no words that are asked for when a key is pressed.
        Shell::Elvish | Shell::PowerShell | _ => script.to_owned(),
    }
}

/// Names are quoted before readline inserts them, and never expanded. Where the word has colons, bash completes what stands
/// behind the last one.
const BASH: &str = include_str!("../../assets/completions/names.bash");
/// What completes adds is quoted by zsh.
const ZSH: &str = include_str!("../../assets/completions/names.zsh");
/// Lines of a command are quoted by fish.
const FISH: &str = include_str!("../../assets/completions/names.fish");
