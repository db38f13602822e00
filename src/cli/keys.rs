//! `liftui keys`: the keymap in force, and whether the config file's keys fit into it.
//! The keymap is `app`'s.

use std::io::Write;

use super::args::KeysArgs;
use super::command_context::CommandContext;
use super::dashboard::keymap;
use super::exit::{Exit, Result};
use super::output::{Column, OutputRow, output_row};
use crate::app::Keymap;
use crate::model::counted;

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

/// Says whether the keymap is sound.
pub(crate) fn check(context: &mut CommandContext<'_>) -> Result {
    let keymap = keymap(&context.settings.file)?;
    let bindings = counted(keymap.bindings().len(), "binding");
    writeln!(context.console.out, "{bindings}, no conflict")?;
    Ok(Exit::DONE)
}

/// Prints the keymap; the built-in one where the config file's keys do not fit into it, which is said.
pub(crate) fn print(context: &mut CommandContext<'_>, args: KeysArgs) -> Result {
    let keymap = keymap(&context.settings.file).unwrap_or_else(|error| {
        let sentence = error.sentence.unwrap_or_default();
        context.console.print_error(&sentence);
        Keymap::default()
    });
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
