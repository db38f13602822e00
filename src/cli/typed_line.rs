//! The command line as it is typed in the dashboard behind `:`: the same parser, and what the dashboard can make of it.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, FromArgMatches};

use super::args::{ClusterTask, Invocation, TRACED_FROM, Task};
use super::help;
use crate::app::{MessageRange, ShellCommand, ShellTask};

/// Commands that show or count a range of messages.
const RANGES: [&str; 4] = ["tail", "trace", "stats", "table"];

/// Commands that change the cluster.
const CHANGES: [&str; 8] = [
    "create",
    "delete",
    "pause",
    "resume",
    "readonly",
    "writable",
    "publish",
    "publish-subject",
];

/// The options that mean the same in the dashboard as in a shell.
const OF_A_RANGE: [&str; 6] = ["partitions", "stream", "from", "to", "at", "query"];

/// The commands that can be typed, with their own options.
pub fn commands() -> Vec<ShellCommand> {
    let whole = help::command();
    let commands = whole.get_subcommands().map(|command| {
        let name = command.get_name();
        let own = command.get_arguments().filter(|arg| !arg.is_global_set());
        let options = own.filter(|arg| is_meant(name, arg)).filter_map(|arg| {
            let takes_value = arg.get_action().takes_values();
            Some((format!("--{}", arg.get_long()?), takes_value))
        });
        ShellCommand {
            name: name.to_owned(),
            options: options.collect(),
            is_for_shell: !RANGES.contains(&name) && !CHANGES.contains(&name),
        }
    });
    commands.collect()
}

/// What a line means in the dashboard.
///
/// # Errors
/// A sentence about what is wrong with it, or that it is for a shell.
pub fn parse(line: &str) -> Result<ShellTask, String> {
    let words = shlex::split(line).ok_or_else(|| format!("a quote is open in \"{line}\""))?;
    let arguments = std::iter::once("liftui".to_owned()).chain(words);
    let arguments: Vec<OsString> = arguments.map(OsString::from).collect();
    let mut whole = help::command();
    let matches = whole.try_get_matches_from_mut(arguments);
    let matches = matches.map_err(|error| help::sentence(&error))?;
    let invocation = Invocation::from_arg_matches(&matches);
    let invocation = invocation.map_err(|error| help::sentence(&error))?;
    let Some((command, typed)) = matches.subcommand() else {
        return Ok(for_a_shell(line));
    };
    let known = whole.find_subcommand(command);
    let known = known.into_iter().flat_map(clap::Command::get_arguments);
    let options: Vec<&Arg> = known
        .filter(|arg| was_typed(typed, arg.get_id().as_str()))
        .collect();
    if let Some(global) = options.iter().find(|arg| arg.is_global_set()) {
        let global = global.get_long().unwrap_or_default();
        return Err(format!(
            "--{global} is of the whole dashboard: {command} takes its own options alone here"
        ));
    }
    if let Some(operation) = invocation.operation() {
        return Ok(ShellTask::Perform(Box::new(operation)));
    }
    let is_of_range = |arg: &&Arg| OF_A_RANGE.contains(&arg.get_id().as_str());
    if !options.iter().all(is_of_range) {
        return Ok(for_a_shell(line));
    }
    let range = |streams, query| MessageRange {
        streams,
        from: typed_word(typed, "from"),
        to: typed_word(typed, "to"),
        query,
        is_story: false,
    };
    match invocation.task {
        Some(Task::Cluster(ClusterTask::Tail(args))) => Ok(ShellTask::Messages(range(
            args.partitions,
            args.range.query,
        ))),
        Some(Task::Cluster(ClusterTask::Trace(args))) => {
            let mut found = range(args.streams(), Some(args.query));
            found.from.get_or_insert_with(|| TRACED_FROM.to_owned());
            found.is_story = true;
            Ok(ShellTask::Messages(found))
        }
        Some(Task::Cluster(ClusterTask::Stats(args))) => {
            Ok(ShellTask::Statistics(range(args.partitions, args.query)))
        }
        Some(Task::Cluster(ClusterTask::Table(args))) => Ok(ShellTask::Table(MessageRange {
            to: typed_word(typed, "at"),
            ..range(vec![args.stream], args.query)
        })),
        _ => Ok(for_a_shell(line)),
    }
}

/// Whether an option of that command means something in the dashboard.
fn is_meant(command: &str, option: &Arg) -> bool {
    let id = option.get_id().as_str();
    match command {
        // What is counted has an end; a tail goes on.
        "stats" | "table" => OF_A_RANGE.contains(&id),
        "tail" | "trace" => OF_A_RANGE.contains(&id) && id != "to",
        _ => id != "output",
    }
}

fn for_a_shell(line: &str) -> ShellTask {
    ShellTask::InShell(format!("liftui {line}"))
}

fn was_typed(typed: &ArgMatches, option: &str) -> bool {
    let is_known = typed.try_contains_id(option).is_ok();
    is_known && typed.value_source(option) == Some(ValueSource::CommandLine)
}

/// The word that was typed for an option, where it was.
fn typed_word(typed: &ArgMatches, option: &str) -> Option<String> {
    if !was_typed(typed, option) {
        return None;
    }
    let word = typed.get_raw(option)?.next()?;
    word.to_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Operation;

    fn messages(line: &str) -> MessageRange {
        match parse(line) {
            Ok(ShellTask::Messages(range)) => range,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_line_is_read_as_in_a_shell() {
        let tail = messages("tail 'orders*' payments:0 -q 'cel: value.amount > 5' --from @-10m");
        assert_eq!(tail.streams, ["orders*", "payments:0"]);
        assert_eq!(tail.from.as_deref(), Some("@-10m"));
        assert_eq!(tail.query.unwrap().text(), "cel: value.amount > 5");
        let trace = messages("trace header.trace-id:4bf9");
        assert_eq!(trace.streams, ["*"]);
        assert_eq!(trace.from.as_deref(), Some(TRACED_FROM));
        let Ok(ShellTask::Perform(pause)) = parse("pause orders -p 0,2-3") else {
            panic!("it is an operation");
        };
        assert!(
            matches!(*pause, Operation::Pause { ref partitions, .. } if *partitions == [0, 2, 3])
        );
        assert!(matches!(
            parse("stats orders --from earliest"),
            Ok(ShellTask::Statistics(_))
        ));
        let Ok(ShellTask::Table(table)) = parse("table settings:0 --at @-1d -q key:shop") else {
            panic!("it is a table");
        };
        assert_eq!(table.streams, ["settings:0"]);
        assert_eq!(table.to.as_deref(), Some("@-1d"), "as of when");
        assert!(
            parse("table settings -o json")
                .is_ok_and(|task| task == for_a_shell("table settings -o json"))
        );
    }

    #[test]
    fn what_the_dashboard_cannot_do_is_said() {
        for (line, part) in [
            ("pause orders --addr other:9292", "of the whole dashboard"),
            ("pause orders --nonsense", "--nonsense"),
            ("tail 'orders", "a quote is open"),
        ] {
            let sentence = parse(line).expect_err(line);
            assert!(sentence.contains(part), "{line}: {sentence}");
            assert!(!sentence.contains('\n'), "{sentence}");
        }
    }

    #[test]
    fn what_has_another_form_or_no_screen_is_for_a_shell() {
        for line in ["tail orders -o json --from 0", "redrive a b --dry-run"] {
            let task = parse(line).expect(line);
            assert_eq!(task, ShellTask::InShell(format!("liftui {line}")));
        }
    }

    #[test]
    fn every_command_is_known_with_its_own_options() {
        let commands = commands();
        let tail = commands.iter().find(|command| command.name == "tail");
        let options = &tail.expect("there is tail").options;
        let names: Vec<&str> = options.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["--from", "--query"], "no others mean anything here");
        let is_known = |name: &&str| commands.iter().any(|command| command.name == *name);
        assert!(RANGES.iter().chain(&CHANGES).all(is_known));
    }
}
