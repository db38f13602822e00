//! `liftui keys`: the keymap in force, and whether the config file's keys fit into it.
//! The keymap is `app`'s.

use serde_json::{Value, json};

use super::args::KeysArgs;
use super::command_context::CommandContext;
use super::dashboard::keymap;
use super::exit::{Exit, Result};
use super::output::{Column, TableSpec};

static SHAPE: TableSpec = TableSpec {
    fields: &["context", "keys", "command", "help"],
    raw: &["context", "keys", "command"],
    columns: &[
        Column::text("WHERE", "context", 0),
        Column::text("KEYS", "keys", 0),
        Column::text("COMMAND", "command", 0),
        Column::text("DOES", "help", 0),
    ],
};

/// Prints the keymap; `--check` only says whether it is sound.
pub(crate) fn print(session: &mut CommandContext<'_>, args: KeysArgs) -> Result {
    let keymap = keymap(&session.settings.file)?;
    if args.check {
        let count = keymap.bindings().len();
        writeln!(session.console.out, "{count} bindings, no conflict")?;
        return Ok(Exit::DONE);
    }
    let rows = keymap.bindings().iter().map(|binding| {
        json!({
            "context": binding.context.name(),
            "keys": binding.chord.to_string(),
            "command": binding.command.name(),
            "help": binding.command.help(),
        })
    });
    let rows: Vec<Value> = rows.collect();
    session.printer(&SHAPE, args.output).all(&rows)?;
    Ok(Exit::DONE)
}
