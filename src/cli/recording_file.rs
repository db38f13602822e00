//! Recordings of a dashboard as files: `--record FILE` makes one, `liftui replay FILE` opens it, or redacts it.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::args::{Options, RecordArgs, ReplayArgs, Task};
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::stdio::Stdio;
use super::{command_line, dashboard, private_file, theme, typed_line};
use crate::app::Command as KeyCommand;
use crate::config::Folders;
use crate::recording::{self, Player, Recording};
use crate::runtime::{self, RecorderOptions, ReplayOptions};

/// Bytes of a recording at most: it is in memory as long as it is shown.
const MOST: u64 = 4 << 30;

/// Words that say where to begin or to end.
const SEEK_WORDS: [&str; 4] = ["earliest", "latest", "new", "end"];

/// What is recorded, where anything is. Makes the file of `--record`.
pub(super) fn recorder(context: &CommandContext<'_>) -> Result<Option<RecorderOptions>> {
    let (args, settings) = (&context.options.record, &context.settings);
    let minutes = settings.recorder_minutes.value;
    if args.record.is_none() && minutes == 0 {
        return Ok(None);
    }
    let file = args.record.as_deref().map(open_new).transpose()?;
    Ok(Some(RecorderOptions {
        file: file.map(|(name, file)| (name, Arc::new(file))),
        messages: args.record_messages || settings.recorder_messages.value,
        kept: Duration::from_secs(minutes.saturating_mul(60)),
        most: usize::try_from(settings.recorder_max.value).unwrap_or(usize::MAX),
        create,
        panic_folder: Folders::of_user().map(|folders| folders.state),
    }))
}

/// Refuses to record what has no dashboard.
pub(super) fn need_dashboard(args: &RecordArgs, task: Option<&Task>) -> Result<()> {
    let has_dashboard = match task {
        None | Some(Task::Open(_)) => true,
        Some(Task::Demo(args)) => !args.headless,
        Some(_) => false,
    };
    if has_dashboard || args.record.is_none() {
        return Ok(());
    }
    Err(CliError::usage(
        "--record records a dashboard, and this command has none",
    ))
}

/// Makes a new file, which is its user's alone; with a folder for it in the state folder, where it is to be there.
fn create(path: &Path) -> io::Result<File> {
    if path == Path::new("-") {
        return Err(io::Error::other(
            "a recording goes to a file, not to stdout",
        ));
    }
    let state = Folders::of_user().map(|folders| folders.state);
    if state.as_deref() == path.parent()
        && let Some(state) = &state
    {
        private_file::create_folder(state)?;
    }
    private_file::open(path, OpenOptions::new().write(true).create_new(true))
}

fn open_new(path: &Path) -> Result<(String, File)> {
    let name = path.display();
    let opened = create(path).map(|file| (name.to_string(), file));
    opened.map_err(|error| {
        if error.kind() == ErrorKind::AlreadyExists {
            return CliError::refused(format!(
                "{name} exists already and is not overwritten; remove it, or name another file"
            ));
        }
        let sentence = format!("{name} cannot be recorded to: {error}");
        CliError::new(Exit::FAILED, sentence)
    })
}

/// Writes a recording without what it names.
fn redact(name: &str, recording: &Recording, path: &Path, console: &mut Stdio) -> Result {
    let words = vocabulary();
    let is_known = |word: &str| words.contains(word.trim_start_matches('-'));
    let redacted = recording::redact(recording, typed_line::parse, &is_known);
    let redacted = redacted.map_err(|error| wrong(name, &error))?;
    let (out, file) = open_new(path)?;
    let mut file = BufWriter::new(file);
    let written = redacted.write(&mut file).and_then(|()| file.flush());
    written.map_err(|error| wrong(&out, &error))?;
    if redacted.is_damaged {
        let text = format!("{name} is damaged or was cut short: {out} has what could be read");
        console.print_error(&text);
    }
    Ok(Exit::DONE)
}

/// Words of the program's own, which stay where they were typed.
fn vocabulary() -> BTreeSet<String> {
    let line = command_line();
    let commands = line.get_subcommands().flat_map(|command| {
        let nested = command.get_subcommands();
        [command].into_iter().chain(nested)
    });
    let own = commands.flat_map(|command| {
        let options = command.get_arguments().filter_map(clap::Arg::get_long);
        let short = command.get_arguments().filter_map(clap::Arg::get_short);
        let short = short.map(String::from);
        let words = [command.get_name()].into_iter().chain(options);
        words.map(str::to_owned).chain(short).collect::<Vec<_>>()
    });
    let global = line.get_arguments().filter_map(clap::Arg::get_long);
    let keys = KeyCommand::ALL.iter();
    let keys = keys.flat_map(|command| [command.name(), command.short_name()]);
    let words = global.chain(keys).chain(SEEK_WORDS).map(str::to_owned);
    own.chain(words).collect()
}

fn wrong(name: &str, error: &dyn std::fmt::Display) -> CliError {
    CliError::new(Exit::FAILED, format!("{name}: {error}"))
}

/// Opens a recording until the user ends it, or writes it to another file.
pub(super) async fn replay(options: &Options, args: &ReplayArgs, console: &mut Stdio) -> Result {
    let path = &args.file;
    let context = CommandContext::open_beside_config(options, console)?;
    let name = path.display().to_string();
    let bytes = File::open(path).and_then(|file| private_file::read_within(file, MOST));
    let bytes = bytes.map_err(|error| wrong(&name, &error))?;
    let recording = Recording::read(bytes).map_err(|error| wrong(&name, &error))?;
    if let Some(out) = &args.redact {
        return redact(&name, &recording, out, context.console);
    }
    let is_damaged = recording.is_damaged;
    let player = Player::new(Arc::new(recording), typed_line::parse);
    let player = player.map_err(|error| wrong(&name, &error))?;
    dashboard::need_terminal(&context)?;
    let theme = theme::named(&context.settings.theme.value)?;
    let options = ReplayOptions::new(player, theme, typed_line::parse);
    dashboard::until_gone(Box::pin(runtime::replay(options)).await)?;
    if is_damaged {
        let text = format!("{name} is damaged or was cut short: what could be read was shown");
        context.console.print_error(&text);
    }
    Ok(Exit::DONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_a_new_file_of_its_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("storm.rec");
        let (name, file) = open_new(&path).unwrap();
        assert!(name.ends_with("storm.rec"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = file.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let again = open_new(&path).unwrap_err();
        assert_eq!(again.exit, Exit::REFUSED);
        assert!(again.sentence.unwrap().contains("is not overwritten"));
        let dash = open_new(Path::new("-")).unwrap_err();
        assert!(dash.sentence.unwrap().contains("to a file, not to stdout"));
        let lost = open_new(&folder.path().join("none/storm.rec")).unwrap_err();
        assert_eq!(lost.exit, Exit::FAILED);
        drop(file);
    }
}
