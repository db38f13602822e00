//! Recordings of a dashboard as files: `--record FILE` makes one, `liftui replay FILE` opens it.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use super::args::RecordArgs;
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::{dashboard, private_file, typed_line};
use crate::recording::{Player, Recording};
use crate::runtime::{self, RecorderOptions, ReplayOptions};

/// Bytes of a recording at most: it is in memory as long as it is shown.
const MOST: u64 = 4 << 30;

/// What is recorded, where anything is. Makes the file, which is its user's alone.
pub(super) fn recorder(args: &RecordArgs) -> Result<Option<RecorderOptions>> {
    let Some(path) = &args.record else {
        return Ok(None);
    };
    let file = create(path)?;
    Ok(Some(RecorderOptions {
        file: (path.display().to_string(), Arc::new(file)),
        messages: args.record_messages,
    }))
}

fn create(path: &Path) -> Result<File> {
    let name = path.display();
    if path == Path::new("-") {
        return Err(CliError::usage(
            "a recording goes to a file, not to stdout; name one",
        ));
    }
    let opened = private_file::open(path, OpenOptions::new().write(true).create_new(true));
    opened.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => CliError::refused(format!(
            "{name} exists already and is not overwritten; remove it, or name another file"
        )),
        _ => CliError::new(
            Exit::FAILED,
            format!("{name} cannot be recorded to: {error}"),
        ),
    })
}

/// Opens a recording until the user ends it.
pub(super) async fn replay(context: &mut CommandContext<'_>, path: &Path) -> Result {
    dashboard::need_terminal(context)?;
    let name = path.display();
    let wrong =
        |error: &dyn std::fmt::Display| CliError::new(Exit::FAILED, format!("{name}: {error}"));
    let bytes = File::open(path).and_then(|file| private_file::read_within(file, MOST));
    let bytes = bytes.map_err(|error| wrong(&error))?;
    let recording = Recording::read(bytes).map_err(|error| wrong(&error))?;
    let is_damaged = recording.is_damaged;
    let player = Player::new(Arc::new(recording), typed_line::parse);
    let player = player.map_err(|error| wrong(&error))?;
    let theme = dashboard::theme(&context.settings.theme.value)?;
    let options = ReplayOptions::new(player, theme, typed_line::parse);
    dashboard::until_gone(runtime::replay(options).await)?;
    if is_damaged {
        let text = format!("{name} is damaged or was cut short: what could be read was shown");
        context.console.print_error(&text);
    }
    Ok(Exit::DONE)
}
