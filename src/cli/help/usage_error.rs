//! What is wrong with a command line, in one sentence.
//! clap finds it and explains on several lines; the words here are ours.

use clap::Command;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use crate::model::{did_you_mean, nearest};

/// How one kind of error is explained; `None` where clap's own words must do.
type Explain = fn(&Error) -> Option<String>;

/// The kinds that have words of ours.
const OURS: [(ErrorKind, Explain); 6] = [
    (ErrorKind::InvalidSubcommand, unknown_command),
    (ErrorKind::UnknownArgument, unknown_argument),
    (ErrorKind::InvalidValue, invalid_value),
    (ErrorKind::ValueValidation, refused_value),
    (ErrorKind::MissingRequiredArgument, missing),
    (ErrorKind::ArgumentConflict, conflict),
];

/// The sentence.
pub(super) fn sentence(error: &Error) -> String {
    let ours = OURS.iter().find(|(kind, _)| *kind == error.kind());
    let sentence = ours.and_then(|(_, explain)| explain(error));
    sentence.unwrap_or_else(|| one_line(&error.render().to_string()))
}

fn unknown_command(error: &Error) -> Option<String> {
    let name = text(error, ContextKind::InvalidSubcommand)?;
    let whole = super::command();
    let above = command_path(&whole, error)?;
    let command = above
        .iter()
        .try_fold(&whole, |command, name| command.find_subcommand(name))?;
    // Elsewhere what begins so is an option, and what stands behind such a command a value.
    if name.starts_with('-') {
        let command = above.first().map_or("tail", String::as_str);
        return Some(format!(
            "help takes a command and no options: leave {name} out, as in liftui help {command}"
        ));
    }
    let above = above.join(" ");
    if command.get_subcommands().next().is_none() {
        return Some(format!(
            "help takes one command: \"{name}\" is one too many behind {above}"
        ));
    }
    let typed = format!("{above} {name}");
    let meant = meant_command(&whole, command, &above, name);
    let hint = meant.map_or("; liftui -h lists them".to_owned(), |meant| {
        format!("; did you mean \"{meant}\"?")
    });
    Some(format!("there is no command \"{}\"{hint}", typed.trim()))
}

/// The command of a similar name beside it, or else that is anywhere.
fn meant_command(whole: &Command, beside: &Command, above: &str, name: &str) -> Option<String> {
    let names = beside.get_subcommands().map(Command::get_name);
    if let Some(found) = nearest(name, names) {
        return Some(format!("{above} {found}").trim().to_owned());
    }
    let mut paths = Vec::new();
    paths_below(whole, "", &mut paths);
    let last = |path: &str| path.rsplit(' ').next().unwrap_or_default().to_owned();
    let names: Vec<String> = paths.iter().map(|path| last(path)).collect();
    let found = nearest(name, names.iter().map(String::as_str))?;
    paths.iter().find(|path| last(path) == found).cloned()
}

fn paths_below(command: &Command, above: &str, paths: &mut Vec<String>) {
    for command in command.get_subcommands() {
        let path = format!("{above} {}", command.get_name());
        paths.push(path.trim().to_owned());
        paths_below(command, &path, paths);
    }
}

fn unknown_argument(error: &Error) -> Option<String> {
    let argument = text(error, ContextKind::InvalidArg)?;
    if !argument.starts_with('-') {
        return Some(format!(
            "\"{argument}\" is one argument too many; {}",
            usage(error)?
        ));
    }
    let suggested = text(error, ContextKind::SuggestedArg);
    let long = argument.starts_with("--");
    let hint = elsewhere(argument).or(suggested);
    let hint = match hint {
        Some(option) => format!("; did you mean \"{option}\"?"),
        None if long => String::new(),
        None => "; a value that begins with a hyphen stands behind --".to_owned(),
    };
    Some(format!("there is no option \"{argument}\" here{hint}"))
}

/// Our option for one that hands are used to from other programs.
fn elsewhere(argument: &str) -> Option<&'static str> {
    let theirs = [
        ("--servers", "--addr"),
        ("--server", "--addr"),
        ("--brokers", "--addr"),
        ("--bootstrap-server", "--addr"),
        ("--format", "--output"),
    ];
    let found = theirs.iter().find(|(name, _)| *name == argument);
    found.map(|(_, ours)| *ours)
}

fn invalid_value(error: &Error) -> Option<String> {
    let argument = text(error, ContextKind::InvalidArg)?;
    let value = text(error, ContextKind::InvalidValue)?;
    if value.is_empty() {
        return Some(format!("{argument} needs a value"));
    }
    let known = texts(error, ContextKind::ValidValue);
    let hint = did_you_mean(value, known.iter().map(String::as_str));
    Some(format!(
        "{} takes {}, not \"{value}\"{hint}",
        bare(argument),
        known.join(", ")
    ))
}

/// What our own parsers say names the value already; what those of numbers say does not.
fn refused_value(error: &Error) -> Option<String> {
    let argument = text(error, ContextKind::InvalidArg)?;
    let value = text(error, ContextKind::InvalidValue)?;
    let why = std::error::Error::source(error)?.to_string();
    let range = why.strip_prefix(&format!("{value} is "));
    if range.is_none() && why.contains(&format!("\"{value}\"")) {
        return Some(why);
    }
    let why = match why.as_str() {
        "invalid digit found in string" => "not a whole number".to_owned(),
        "number too large to fit in target type" => "too large".to_owned(),
        "number too small to fit in target type" => "too small".to_owned(),
        whole => range.unwrap_or(whole).to_owned(),
    };
    Some(format!("{} \"{value}\": {why}", bare(argument)))
}

fn missing(error: &Error) -> Option<String> {
    let arguments = texts(error, ContextKind::InvalidArg);
    let verb = if arguments.len() > 1 { "are" } else { "is" };
    Some(format!(
        "{} {verb} missing; {}",
        arguments.join(" and "),
        usage(error)?
    ))
}

fn conflict(error: &Error) -> Option<String> {
    let argument = text(error, ContextKind::InvalidArg)?;
    let others = texts(error, ContextKind::PriorArg);
    if others.is_empty() || others.iter().all(|other| other == argument) {
        return Some(format!("{} is given twice", bare(argument)));
    }
    let others: Vec<&str> = others.iter().map(|other| bare(other)).collect();
    Some(format!(
        "{} and {} exclude each other",
        bare(argument),
        others.join(", ")
    ))
}

/// `--output <FORM>` without what follows the option.
fn bare(argument: &str) -> &str {
    let mut letters = argument.char_indices().skip(1);
    let end = letters.find(|(_, letter)| " =[".contains(*letter));
    let (name, _) = argument.split_at(end.map_or(argument.len(), |(at, _)| at));
    name
}

fn usage(error: &Error) -> Option<String> {
    let mut whole = super::command();
    whole.build();
    let path = command_path(&whole, error)?;
    let mut command = &mut whole;
    for name in path {
        command = command.find_subcommand_mut(name)?;
    }
    let text = command.render_usage().to_string();
    let line = text.lines().next()?.trim();
    Some(line.replacen("Usage:", "usage:", 1))
}

/// The names of the command that the error is of; none for liftui itself.
fn command_path(whole: &Command, error: &Error) -> Option<Vec<String>> {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else {
        return None;
    };
    // What clap tells here is what was typed and what is missing, without the options that there are.
    let text = usage.to_string();
    let mut command = whole;
    let mut path = Vec::new();
    for word in text.split_whitespace().skip(2) {
        let Some(below) = command.find_subcommand(word) else {
            break;
        };
        command = below;
        path.push(word.to_owned());
    }
    Some(path)
}

fn text(error: &Error, kind: ContextKind) -> Option<&str> {
    let value = error.get(kind)?;
    if let ContextValue::String(text) = value {
        return Some(text);
    }
    let ContextValue::Strings(texts) = value else {
        return None;
    };
    texts.first().map(String::as_str)
}

fn texts(error: &Error, kind: ContextKind) -> Vec<String> {
    if let Some(ContextValue::Strings(texts)) = error.get(kind) {
        return texts.clone();
    }
    let one = text(error, kind);
    one.map(str::to_owned).into_iter().collect()
}

/// clap explains on several lines: what is wrong, tips, usage. The first two become one sentence.
fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let before_usage = lines.take_while(|line| !line.starts_with("Usage:"));
    let parts = before_usage.filter(|line| !line.is_empty() && !line.starts_with("For more"));
    let mut sentence = String::new();
    for part in parts {
        let part = part
            .trim_start_matches("error: ")
            .trim_start_matches("tip: ");
        match sentence.chars().last() {
            None => {}
            Some(':') => sentence.push(' '),
            Some(_) if part.starts_with('[') => sentence.push(' '),
            Some(_) => sentence.push_str("; "),
        }
        sentence.push_str(part);
    }
    sentence
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn sentence_of(line: &str) -> String {
        let words = line.split(' ').map(Into::into);
        let words: Vec<std::ffi::OsString> =
            std::iter::once("liftui".into()).chain(words).collect();
        let error = crate::cli::Invocation::read(&words).expect_err(line);
        sentence(&error)
    }

    #[test]
    fn every_wrong_command_line_is_one_sentence_with_a_remedy() {
        for (line, expected) in [
            ("tial orders", "there is no command \"tail\"".replace("tail", "tial") + "; did you mean \"tail\"?"),
            ("cursor gte a b:0", "there is no command \"cursor gte\"; did you mean \"cursor get\"?".into()),
            ("get a b:0", "there is no command \"get\"; did you mean \"cursor get\"?".into()),
            ("cursor stats", "there is no command \"cursor stats\"; did you mean \"stats\"?".into()),
            ("help tial", "there is no command \"tial\"; did you mean \"tail\"?".into()),
            ("help cursor gte", "there is no command \"cursor gte\"; did you mean \"cursor get\"?".into()),
            ("help tail stats", "help takes one command: \"stats\" is one too many behind tail".into()),
            ("help cursor set x", "help takes one command: \"x\" is one too many behind cursor set".into()),
            ("bench help tail publish", "help takes one command: \"publish\" is one too many behind bench tail".into()),
            ("help tail --config X", "help takes a command and no options: leave --config out, as in liftui help tail".into()),
            ("help -o json", "help takes a command and no options: leave -o out, as in liftui help tail".into()),
            ("frobnicate", "there is no command \"frobnicate\"; liftui -h lists them".into()),
            ("tail orders --form 5", "there is no option \"--form\" here; did you mean \"--from\"?".into()),
            ("streams --servers x", "there is no option \"--servers\" here; did you mean \"--addr\"?".into()),
            ("brokers x", "\"x\" is one argument too many; usage: liftui brokers [OPTIONS]".into()),
            ("describe", "<STREAM>... is missing; usage: liftui describe [OPTIONS] <STREAM>...".into()),
            ("create", "<STREAM> is missing; usage: liftui create [OPTIONS] <STREAM>".into()),
            ("create --partitions 3", "<STREAM> is missing; usage: liftui create [OPTIONS] <STREAM>".into()),
            (
                "cursor get",
                "<ID> and <STREAM:PARTITION> are missing; usage: liftui cursor get [OPTIONS] <ID> <STREAM:PARTITION>".into(),
            ),
            ("streams -o jsno", "--output takes table, json, ndjson, csv, raw, not \"jsno\"; did you mean \"json\"?".into()),
            ("streams -o", "--output <FORM> needs a value".into()),
            ("tail orders -n x", "--lines \"x\": not a whole number".into()),
            ("tail orders -n -1", "--lines \"-1\": not a whole number".into()),
            ("verify orders --from -5", "--from \"-5\": not in 0..9223372036854775807".into()),
            ("demo --port 99999", "--port \"99999\": not in 0..=65535".into()),
            ("create x --compact=maybe", "--compact takes true, false, not \"maybe\"".into()),
            ("publish orders -x", "there is no option \"-x\" here; a value that begins with a hyphen stands behind --".into()),
            ("publish orders x --file f", "[VALUE] and --file exclude each other".into()),
        ] {
            assert_eq!(sentence_of(line), expected, "{line}");
        }
    }

    /// A negative number is a value where one is expected: what is wrong with it is said, and not that it is no option.
    #[test]
    fn every_option_that_takes_a_number_takes_one_with_a_minus() {
        const NUMBERS: [&str; 8] = [
            "N", "N|all", "NUMBER", "OFFSET", "F", "SIZE", "DUR", "RANGES",
        ];
        let mut commands = vec![crate::cli::Invocation::command()];
        let mut refusing = Vec::new();
        while let Some(command) = commands.pop() {
            let numbers = command.get_arguments().filter(|arg| {
                let names = arg.get_value_names().unwrap_or_default();
                // Where a value only comes behind =, nothing else is taken for one.
                names.iter().any(|name| NUMBERS.contains(&name.as_str()))
                    && !arg.is_require_equals_set()
            });
            let takes = |arg: &&clap::Arg| {
                arg.is_allow_negative_numbers_set() || arg.is_allow_hyphen_values_set()
            };
            refusing.extend(
                numbers
                    .filter(|arg| !takes(arg))
                    .map(|arg| format!("{} --{}", command.get_name(), arg.get_id())),
            );
            commands.extend(command.get_subcommands().cloned());
        }
        assert_eq!(refusing, Vec::<String>::new());
    }

    #[test]
    fn what_clap_says_in_other_cases_is_one_line_with_its_tip() {
        let text = "error: unexpected argument '--foo' found\n\n  tip: a similar argument exists: \
            '--follow'\n\nUsage: liftui tail\n\nFor more information, try '--help'.\n";
        let expected = "unexpected argument '--foo' found; a similar argument exists: '--follow'";
        assert_eq!(one_line(text), expected);
    }
}
