//! What explains the command line: help and its examples, errors in one sentence, completions, the man page.
//! All of it follows from `args`; what the man page adds is `help/sections.roff`.

mod usage_error;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write;

use clap::error::ErrorKind;
use clap::{Arg, Command, CommandFactory, FromArgMatches};
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::Invocation;
use super::exit::{Exit, Result};
use super::name_completion;
use super::stdio::Stdio;

/// What the man page says besides the options: seek, query, exit codes, environment, files.
const SECTIONS: &str = include_str!("help/sections.roff");

/// Examples of commands that are more than their arguments, shown by `--help` and the man page.
const EXAMPLES: [(&str, &str); 18] = [
    (
        "",
        "liftui demo                        a live cluster to look around in, in this process
liftui --addr localhost:9292       the dashboard on a cluster of yours
liftui tail orders -q 'error'      new messages with \"error\" in key, value or header
liftui check -o nagios             health for scripts: exits 0, 1, 2 or 3",
    ),
    (
        "create",
        "liftui create orders --partitions 4 --replication 3 --retention-age 7d
liftui create settings --compact --segment-bytes 16Mi --replication all",
    ),
    (
        "publish",
        "liftui publish orders '{\"id\":7}' -k user-7 -H source=test --by-key
seq 1000 | liftui publish orders --lines --round-robin -o raw
liftui tail orders --to end | liftui publish copy --ndjson --ack all",
    ),
    (
        "tail",
        "liftui tail orders:0,2-4 --from @-15m
liftui tail payments 'orders-*' -f '%t %p %o %v\\n'
liftui tail orders --from earliest --to end -o raw | wc -c
liftui tail orders --key user-7 --from earliest --to end -o csv
liftui tail orders -q 'cel: value.amount > 500' -f '%o %k %v\\n'
liftui tail orders --row '{value.order} {value.customer.name} {value.amount}'",
    ),
    (
        "trace",
        "liftui trace 'header.trace-id:4bf92f'
liftui trace 'cel: value.order == 17' 'orders*' payments --from @-10m
liftui trace key:customer-7 orders --from earliest -o ndjson",
    ),
    (
        "stats",
        "liftui stats orders --from @-1h
liftui stats 'orders-*' -q 'header.retry:1' --every 1h --top 20
liftui stats orders -o json | jq '.keys.top[0]'",
    ),
    (
        "table",
        "liftui table settings
liftui table settings:0 --at @-1d --sort changes
liftui table orders -q 'cel: value.amount > 100' -o ndjson | jq -r .key",
    ),
    (
        "subjects",
        "liftui subjects orders.eu.new
liftui subjects 'orders.>'
liftui subjects -o json | jq '.[] | select(.overlaps != [])'",
    ),
    (
        "redrive",
        "liftui redrive orders.dead orders --dry-run
liftui redrive orders.dead orders --from @-1d -q 'header.retry:1' --rate 100",
    ),
    (
        "pause",
        "liftui pause orders -p 0,2-4
liftui resume orders",
    ),
    (
        "cursor",
        "liftui cursor get invoices orders:0
liftui cursor set invoices orders:0 1500",
    ),
    (
        "envelope",
        "liftui envelope encode hello -k key --binary | nats pub orders
nats sub --raw --count 1 orders | liftui envelope decode",
    ),
    (
        "check",
        "liftui check -o prometheus
liftui check 'orders-*' payments
liftui check --rule cursor-lag=critical --rule at-min-isr=ignore",
    ),
    (
        "verify",
        "liftui verify orders
liftui verify orders:0,2-4 'ledger-*' --rate 5000
liftui verify orders:2 --from 120000 -o ndjson",
    ),
    (
        "exporter",
        "liftui exporter --addr broker-1:9292,broker-2:9292
liftui exporter --listen 0.0.0.0:9393 --streams 'orders-*' --streams payments
curl http://127.0.0.1:9393/metrics",
    ),
    (
        "open",
        "liftui open orders:2@48301
liftui open 'orders@@-15m?cel: value.amount > 500'
liftui open liftui://prod/:cursors",
    ),
    (
        "replay",
        "liftui --addr localhost:9292 --record storm.rec
liftui replay storm.rec
liftui replay storm.rec --redact report.rec",
    ),
    (
        "restart-plan",
        "liftui restart-plan
liftui restart-plan node-2 --wait && ssh node-2 systemctl restart liftbridge
liftui restart-plan --exec 'ssh -- \"$LIFTUI_BROKER_HOST\" systemctl restart liftbridge'",
    ),
];

impl Invocation {
    /// Reads the arguments, the program's own name first.
    ///
    /// # Errors
    /// Where they are no command line of liftui, or ask for help or the version.
    pub fn read(arguments: &[OsString]) -> std::result::Result<Self, clap::Error> {
        let matches = command().try_get_matches_from(arguments)?;
        Self::from_arg_matches(&matches)
    }
}

/// The whole command line. The short help of a command leaves out the options that every command takes.
pub fn command() -> Command {
    let command = Invocation::command();
    let global = command.get_arguments().filter(|arg| arg.is_global_set());
    let global: Vec<Arg> = global
        .map(|arg| arg.clone().hide_short_help(true))
        .collect();
    let command = command.mut_subcommands(|command| {
        command
            .args(&global)
            .after_help("Options of every command, as --addr and --timeout: liftui -h")
    });
    EXAMPLES.iter().fold(command, |command, (name, examples)| {
        let indented = examples.replace('\n', "\n  ");
        let text = format!("Examples:\n  {indented}");
        if name.is_empty() {
            return command.after_help(text);
        }
        command.mut_subcommand(name, |command| command.after_long_help(text))
    })
}

/// What is wrong with a command line, in one sentence.
pub(crate) fn sentence(error: &clap::Error) -> String {
    if error.use_stderr() {
        usage_error::sentence(error)
    } else {
        "help and the version are for a shell: liftui --help".to_owned()
    }
}

/// Prints help or the version where they were asked for, else what is wrong with the command line.
pub(crate) fn explain(error: &clap::Error, console: &mut Stdio) -> Exit {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        console.print_paragraph(error.render().to_string().trim_end());
        return Exit::USAGE;
    }
    if error.use_stderr() {
        console.print_error(&usage_error::sentence(error));
        return Exit::USAGE;
    }
    let rendered = error.render();
    // Help and the version are our own words alone.
    let _nobody_reads = if console.out_is_terminal {
        console.out.write_own(&rendered.ansi().to_string())
    } else {
        write!(console.out, "{rendered}")
    };
    Exit::DONE
}

/// Prints the completion script of a shell.
pub(crate) fn completions(shell: Shell, console: &mut Stdio) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Invocation::command(), "liftui", &mut script);
    let script = String::from_utf8_lossy(&script);
    let script = name_completion::with_names(shell, &script);
    console.out.write_all(script.as_bytes())?;
    Ok(Exit::DONE)
}

/// Prints the man page: one for all commands, as they are few and belong together.
pub(crate) fn man_page(console: &mut Stdio) -> Result {
    let mut whole = Invocation::command();
    whole.build();
    let mut page = Vec::new();
    let man = Man::new(whole.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    page.extend(b".SH SYNOPSIS\n\\fBliftui\\fR [\\fIOPTIONS\\fR] [\\fICOMMAND\\fR]\n");
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    page.extend(b".SH COMMANDS\n");
    for command in whole.get_subcommands().filter(|one| !is_help(one)) {
        describe(command, "liftui", &mut page)?;
    }
    page.extend(SECTIONS.as_bytes());
    page.extend(b".SH EXAMPLES\n.nf\n");
    for (_, examples) in EXAMPLES {
        page.extend(roff(examples).as_bytes());
        page.push(b'\n');
    }
    page.extend(b".fi\n");
    console.out.write_all(&page)?;
    Ok(Exit::DONE)
}

/// One command of the man page, with its own arguments; those of every command stand above.
fn describe(command: &Command, parent: &str, page: &mut Vec<u8>) -> Result<()> {
    let name = format!("{parent} {}", command.get_name());
    let about = command.get_about().map(ToString::to_string);
    let mut text = format!(".SS {}\n", roff(&name));
    text += &roff(&about.unwrap_or_default());
    text.push_str(".\n");
    let own = command
        .get_arguments()
        .filter(|arg| !arg.is_global_set() && arg.get_id() != "help");
    for arg in own {
        let help = arg.get_help().map(ToString::to_string);
        let (usage, values) = (roff(&usage_of(arg)), roff(&values(arg)));
        let help = roff(&help.unwrap_or_default());
        let _infallible = writeln!(text, ".TP\n\\fB{usage}\\fR\n{help}{values}");
    }
    page.extend(text.as_bytes());
    for command in command.get_subcommands().filter(|one| !is_help(one)) {
        describe(command, &name, page)?;
    }
    Ok(())
}

/// clap's own `help COMMAND`, which holds all commands once more.
fn is_help(command: &Command) -> bool {
    command.get_name() == "help"
}

/// An argument as it is typed: `-k, --key <KEY>`.
fn usage_of(arg: &Arg) -> String {
    let long = arg.to_string();
    match arg.get_short() {
        Some(short) if !arg.is_positional() => format!("-{short}, {long}"),
        _ => long,
    }
}

/// The values that an option takes, where it is one of some words.
fn values(arg: &Arg) -> String {
    let values = arg.get_possible_values();
    let names = values.iter().map(clap::builder::PossibleValue::get_name);
    let names: Vec<&str> = names.collect();
    if names.is_empty() || !arg.get_action().takes_values() {
        return String::new();
    }
    format!(": {}", names.join(", "))
}

/// Text that roff prints as it stands.
fn roff(text: &str) -> String {
    let escaped = text.replace('\\', "\\e").replace('-', "\\-");
    let lines = escaped.lines().map(|line| {
        if line.starts_with(['.', '\'']) {
            format!("\\&{line}")
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_command_line_fit_together() {
        command().debug_assert();
    }

    /// Words of a line in which only single quotes stand.
    fn words(line: &str) -> Vec<OsString> {
        let parts = line.trim().split('\'').enumerate();
        let words = parts.flat_map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().collect(),
            _ => vec![part],
        });
        words.map(OsString::from).collect()
    }

    #[test]
    fn every_example_is_a_command_line() {
        let lines = EXAMPLES.iter().flat_map(|(_, examples)| examples.lines());
        let mut read = 0;
        for line in lines {
            let explained = line.split("   ").next().unwrap_or(line);
            let commands = explained.split(" | ");
            for command in commands.filter(|command| command.starts_with("liftui ")) {
                Invocation::read(&words(command)).expect(command);
                read += 1;
            }
        }
        assert!(read > 15, "{read} examples");
    }
}
