//! `liftui keys`: the keymap in force, and whether the config file's keys fit into it.
//! The keymap is `app`'s.

use std::io::Write;

use super::args::KeysArgs;
use super::command_context::CommandContext;
use super::dashboard::keymap;
use super::exit::{Exit, Result};
use super::output::{Column, OutputRow, output_row};

output_row! {
    /// A binding.
    struct KeyRow {
        context: &'static str,
        keys: String,
        command: &'static str,
        help: &'static str,
    }
}

impl OutputRow for KeyRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::text("WHERE", |binding| binding.context.to_owned()),
        Column::text("KEYS", |binding| binding.keys.clone()),
        Column::text("COMMAND", |binding| binding.command.to_owned()),
        Column::text("DOES", |binding| binding.help.to_owned()),
    ];

    fn raw(&self) -> String {
        format!("{}\t{}\t{}", self.context, self.keys, self.command)
    }
}

/// Prints the keymap; `--check` only says whether it is sound.
pub(crate) fn print(context: &mut CommandContext<'_>, args: KeysArgs) -> Result {
    let keymap = keymap(&context.settings.file)?;
    if args.check {
        let count = keymap.bindings().len();
        writeln!(context.console.out, "{count} bindings, no conflict")?;
        return Ok(Exit::DONE);
    }
    let rows = keymap.bindings().iter().map(|binding| KeyRow {
        context: binding.context.name(),
        keys: binding.chord.to_string(),
        command: binding.command.name(),
        help: binding.command.help(),
    });
    context
        .printer(args.output)
        .print_all(&rows.collect::<Vec<_>>())?;
    Ok(Exit::DONE)
}
