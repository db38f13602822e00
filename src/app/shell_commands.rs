//! The commands of the command line, typed behind `:` as in a shell: which there are, and what the dashboard can make of one.
//! A line is read by the parser of the command line itself, which is the runtime's to call.

use serde::{Deserialize, Serialize};

use super::command::Argument;
use crate::health::Truth;
use crate::model::Operation;
use crate::store::Query;

/// A command of the command line, as far as completion has to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShellCommand {
    /// Its name: `tail`.
    pub name: String,
    /// The options that mean something in the dashboard, and whether a value follows: `--from`.
    pub options: Vec<(String, bool)>,
    /// Whether it is for a shell alone.
    pub is_for_shell: bool,
}

impl ShellCommand {
    /// Whether that is an option behind which a value stands.
    pub(super) fn takes_value(&self, option: &str) -> bool {
        let mut options = self.options.iter();
        options.any(|(name, takes)| *takes && name == option)
    }
}

/// What a line means in the dashboard.
#[derive(Clone, Debug, PartialEq)]
pub enum ShellTask {
    /// The cluster is changed; what stops others' work is asked about first.
    Perform(Box<Operation>),
    /// Messages are shown.
    Messages(MessageRange),
    /// A stream is shown as a table, as of where the range stops.
    Table(MessageRange),
    /// What is in a range is counted.
    Statistics(MessageRange),
    /// The dashboard has nothing like it: the line is for a shell.
    InShell(String),
}

/// Messages, as they were named on a line.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageRange {
    /// Streams by name or by pattern, and their partitions: `orders:0,2-4`.
    pub streams: Vec<String>,
    /// Where to start, as it was typed.
    pub from: Option<String>,
    /// Where to stop, as it was typed.
    pub to: Option<String>,
    /// Only messages that this finds.
    pub query: Option<Query>,
    /// Whether they are one story: how long after each other they came is shown.
    pub is_story: bool,
}

/// The words of a line as a shell splits it; one with an open quote is split at its blanks.
pub(super) fn shell_words(line: &str) -> Vec<String> {
    let at_blanks = || line.split_whitespace().map(str::to_owned).collect();
    shlex::split(line).unwrap_or_else(at_blanks)
}

/// Whether a line is one for the command line's parser: it begins with one of these commands, and has options behind it, or
/// words that the dashboard's own command of that name does not take; `own` is what that takes, where there is one. A name
/// with blanks may stand without quotes where a stream has it.
pub(super) fn is_shell_line(
    line: &str,
    own: Option<Argument>,
    known: &[ShellCommand],
    truth: &Truth,
) -> bool {
    let words = shell_words(line);
    let mut words = words.iter().map(String::as_str);
    let first = words.next().unwrap_or_default();
    if !known.iter().any(|command| command.name == first) {
        return false;
    }
    let is_option = |word: &str| {
        let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
        name.is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
    };
    match own {
        None => true,
        Some(Argument::None) => words.next().is_some(),
        // It has options of its own, with a preview.
        Some(Argument::Cursor | Argument::CursorName) => false,
        // A tail reads several, and a count has places behind its stream.
        Some(Argument::Stream) if !["tail", "stats"].contains(&first) => {
            let rest = line.trim_start().strip_prefix(first).unwrap_or_default();
            words.len() > 1 && truth.stream(rest.trim()).is_none() || words.any(is_option)
        }
        Some(_) => words.any(is_option),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::health::StreamTruth;

    #[test]
    fn options_and_words_that_a_command_does_not_take_are_for_the_parser() {
        let known = ["tail", "create", "trace", "stats", "publish"].map(|name| ShellCommand {
            name: name.to_owned(),
            options: Vec::new(),
            is_for_shell: false,
        });
        let spaced = StreamTruth {
            name: "of two words".into(),
            ..StreamTruth::default()
        };
        let truth = Truth {
            streams: Arc::new([Arc::new(spaced)]),
            ..Truth::default()
        };
        let is_for_parser = |line, own| is_shell_line(line, own, &known, &truth);
        assert!(is_for_parser("tail orders -q paid", Some(Argument::Stream)));
        assert!(is_for_parser(
            "tail orders --from @-10m",
            Some(Argument::Stream)
        ));
        assert!(!is_for_parser("tail orders", Some(Argument::Stream)));
        assert!(!is_for_parser("stats @-2h @-1h", Some(Argument::Stream)));
        assert!(
            !is_for_parser("stats -50", Some(Argument::Stream)),
            "a seek is no option"
        );
        for (line, has_value) in [
            ("publish orders", false),
            ("publish 'of two words'", false),
            ("publish of two words", false),
            ("publish orders hello", true),
            ("publish orders 'of two words'", true),
            ("publish 'of two words' hello", true),
            ("publish orders --key k", true),
        ] {
            assert_eq!(
                is_for_parser(line, Some(Argument::Stream)),
                has_value,
                "{line}"
            );
        }
        assert!(is_for_parser("create orders", Some(Argument::None)));
        assert!(!is_for_parser("create", Some(Argument::None)));
        assert!(is_for_parser("trace key:a", None));
        assert!(
            !is_for_parser("seek --from", Some(Argument::Stream)),
            "no such command"
        );
    }
}
