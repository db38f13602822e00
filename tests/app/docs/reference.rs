//! The pages of reference, written from the tables of the program: commands, keys, config. `UPDATE_GOLDEN=1` writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write;

use clap::{Arg, Command};
use liftui::app::{Command as KeyCommand, KeyContext, Keymap};
use liftui::cli::command_line;
use liftui::config::TEMPLATE;
use serde_json::Value;

use super::markdown::root;
use crate::cli_test_cluster::{bare, finish};
use crate::screens::compare_with;

#[test]
fn the_page_of_keys_is_the_keymap() {
    let keymap = Keymap::default();
    let bindings = keymap.bindings();
    let mut contexts: Vec<KeyContext> = bindings.iter().map(|one| one.context).collect();
    // What counts in most places comes first.
    let general = [KeyContext::Global, KeyContext::List];
    contexts.sort_by_key(|one| (!general.contains(one), *one));
    contexts.dedup();
    let mut page = head(
        "Keys",
        "A place looks a key up in its own section first, then in the more general ones: a list in *in every list*, all but text in \
         *everywhere*. `?` shows the keys of the place you are in, `liftui keys` all of them. The first key is the one that the footer \
         shows. `[keys]` in [the config file](config.md) binds a command, by its name, to other keys; keys side by side are pressed one \
         after the other. A command that takes an argument is typed with it behind `:`.",
    );
    for context in contexts {
        let title = context.title();
        write!(
            page,
            "\n## {title}\n\n| key | does | command |\n|---|---|---|\n"
        )
        .unwrap();
        for command in KeyCommand::ALL {
            let of_it = bindings.iter().filter(|one| one.command == *command);
            let chords = of_it.filter(|one| one.context == context);
            let keys: Vec<String> = chords.map(|one| code(&one.chord.to_string())).collect();
            if keys.is_empty() {
                continue;
            }
            let (keys, help, name) = (keys.join(" "), escaped(command.help()), command.name());
            writeln!(page, "| {keys} | {help} | `{name}` |").unwrap();
        }
    }
    is_page("docs/keys.md", &page);
}

#[test]
fn the_page_of_commands_is_the_command_line() {
    let mut whole = command_line();
    whole.build();
    let mut page = head(
        "Commands",
        "Without a command the dashboard opens. `liftui help COMMAND` tells the same as this page, `liftui man` prints a man page, and \
         `liftui completions SHELL` what completes commands in a shell. Exit codes stand in [Scripts and monitoring](scripts.md), \
         `SEEK` and `QUERY` in [Queries](queries.md).",
    );
    page.push_str("\n## Options of every command\n");
    let global = whole.get_arguments().filter(|arg| arg.is_global_set());
    table("option", global, &mut page);
    for command in whole.get_subcommands().filter(|one| !is_help(one)) {
        describe(command, "liftui", &mut page);
    }
    is_page("docs/commands.md", &page);
}

/// clap's own `help COMMAND`, which holds all commands once more.
fn is_help(command: &Command) -> bool {
    command.get_name() == "help"
}

fn describe(command: &Command, parent: &str, page: &mut String) {
    let name = format!("{parent} {}", command.get_name());
    let about = command.get_about().map(ToString::to_string);
    let about = escaped(&about.unwrap_or_default());
    write!(page, "\n## {name}\n\n{about}.\n").unwrap();
    let own = || {
        let all = command.get_arguments();
        all.filter(|arg| !arg.is_global_set() && arg.get_id() != "help")
    };
    table("argument", own().filter(|arg| arg.is_positional()), page);
    table("option", own().filter(|arg| !arg.is_positional()), page);
    if let Some(examples) = command.get_after_long_help() {
        let examples = examples.to_string();
        let lines = examples.lines().skip(1).map(str::trim);
        write!(
            page,
            "\n```text\n{}\n```\n",
            lines.collect::<Vec<_>>().join("\n")
        )
        .unwrap();
    }
    for command in command.get_subcommands().filter(|one| !is_help(one)) {
        describe(command, &name, page);
    }
}

fn table<'a>(kind: &str, arguments: impl Iterator<Item = &'a Arg>, page: &mut String) {
    let mut arguments = arguments.peekable();
    if arguments.peek().is_none() {
        return;
    }
    write!(page, "\n| {kind} | |\n|---|---|\n").unwrap();
    for arg in arguments {
        let help = arg.get_long_help().or(arg.get_help());
        let mut help = help.map(ToString::to_string).unwrap_or_default();
        // A paragraph has no place in a cell.
        help = help.replace("\n\n", ". ").replace('\n', " ");
        let values: Vec<String> = arg
            .get_possible_values()
            .iter()
            .filter(|_| arg.get_action().takes_values())
            .map(|value| value.get_name().to_owned())
            .collect();
        if !values.is_empty() {
            write!(help, ": {}", values.join(", ")).unwrap();
        }
        let defaults = arg.get_default_values().iter();
        let defaults: Vec<_> = defaults.map(|value| value.to_string_lossy()).collect();
        if !defaults.is_empty() && arg.get_action().takes_values() {
            write!(help, " [default: {}]", defaults.join(", ")).unwrap();
        }
        writeln!(page, "| {} | {} |", code(&usage(arg)), escaped(&help)).unwrap();
    }
}

/// An argument as it is typed: `-k, --key <KEY>`.
fn usage(arg: &Arg) -> String {
    let long = arg.to_string();
    match arg.get_short() {
        Some(short) if !arg.is_positional() => format!("-{short}, {long}"),
        _ => long,
    }
}

#[test]
fn the_page_of_the_config_file_is_its_template_with_the_defaults() {
    let defaults = defaults();
    let mut page = head(
        "Config",
        "`liftui config init` writes a file with all of this commented out, to `$XDG_CONFIG_HOME/liftui/config.toml`; `liftui config` shows \
         every setting with the file, variable or flag that it came from. A flag beats a context that `--context` names, \
         which beats the environment, which beats any other context, which beats the default. A context gives a cluster its name and \
         its colour only where the addresses in use are its own. An unknown key is an error that names its line and the nearest known one. In section names that stand for \
         something of yours, `prod`, `orders`, `telemetry.*` are examples.",
    );
    let mut section = String::new();
    start_section("At the top", &mut page);
    for entry in entries() {
        match entry {
            Entry::Section(name) => {
                start_section(&format!("\\[{}\\]", name.replace('*', "\\*")), &mut page);
                section = name;
            }
            Entry::Key { key, value, about } => {
                // Options of a context are settings by themselves.
                let name = match section.as_str() {
                    "" | "contexts.prod" => key.clone(),
                    section => format!("{section}.{key}"),
                };
                let default = defaults.get(&name).map(|value| code(value));
                let (key, value, about) = (code(&key), code(&value), escaped(&about));
                let default = default.unwrap_or_default();
                writeln!(page, "| {key} | {value} | {default} | {about} |").unwrap();
            }
        }
    }
    is_page("docs/config.md", &page);
}

fn start_section(title: &str, page: &mut String) {
    write!(
        page,
        "\n## {title}\n\n| key | example | default | |\n|---|---|---|---|\n"
    )
    .unwrap();
}

enum Entry {
    Section(String),
    Key {
        key: String,
        value: String,
        about: String,
    },
}

/// What the template shows. A comment that goes on in the next line belongs to the key before.
fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for line in TEMPLATE.lines() {
        let continued = line
            .strip_prefix("  ")
            .map(|rest| rest.trim_start_matches([' ', '#']));
        if let (Some(more), Some(Entry::Key { about, .. })) = (continued, entries.last_mut()) {
            write!(about, " {more}").unwrap();
            continue;
        }
        let Some(shown) = line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')) else {
            continue;
        };
        if let Some(name) = shown
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            entries.push(Entry::Section(name.to_owned()));
            continue;
        }
        let (pair, about) = shown.split_once("  #").unwrap_or((shown, ""));
        let (key, value) = pair.split_once(" = ").expect(line);
        entries.push(Entry::Key {
            key: key.to_owned(),
            value: value.trim().to_owned(),
            about: about.trim().to_owned(),
        });
    }
    entries
}

/// What the program says of settings where nobody has set anything.
fn defaults() -> BTreeMap<String, String> {
    let home = tempfile::tempdir().expect("a scratch folder");
    let printed = finish(bare(home.path(), &["config", "-o", "ndjson"]), b"");
    assert_eq!(printed.code, 0, "{printed:?}");
    let rows = crate::cli_test_cluster::parse_lines(&printed.out);
    let defaults = rows.iter().filter_map(|row| {
        let text = match &row["value"] {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                other.to_string()
            }
        };
        Some((row["setting"].as_str()?.to_owned(), text))
    });
    defaults.collect()
}

fn head(title: &str, text: &str) -> String {
    format!(
        "# {title}\n\n<!-- Written by tests/app/docs/reference.rs: UPDATE_GOLDEN=1 cargo test --test app docs::reference -->\n\n{text}\n"
    )
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

fn escaped(text: &str) -> String {
    let escaped = text.replace('|', "\\|").replace('<', "\\<");
    escaped.replace('*', "\\*")
}

fn is_page(name: &str, page: &str) {
    compare_with(&root().join(name), page);
}
