//! Recordings of a dashboard as files: `--record FILE` makes one, `liftui replay FILE` opens it.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::args::{Options, RecordArgs, Task};
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::stdio::Stdio;
use super::{dashboard, private_file, typed_line};
use crate::config::Folders;
use crate::recording::{Player, Recording};
use crate::runtime::{self, RecorderOptions, ReplayOptions};

/// Bytes of a recording at most: it is in memory as long as it is shown.
const MOST: u64 = 4 << 30;

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

/// Opens a recording until the user ends it.
pub(super) async fn replay(options: &Options, path: &Path, console: &mut Stdio) -> Result {
    let context = CommandContext::open_beside_config(options, console)?;
    let name = path.display();
    let wrong =
        |error: &dyn std::fmt::Display| CliError::new(Exit::FAILED, format!("{name}: {error}"));
    let bytes = File::open(path).and_then(|file| private_file::read_within(file, MOST));
    let bytes = bytes.map_err(|error| wrong(&error))?;
    let recording = Recording::read(bytes).map_err(|error| wrong(&error))?;
    let is_damaged = recording.is_damaged;
    let player = Player::new(Arc::new(recording), typed_line::parse);
    let player = player.map_err(|error| wrong(&error))?;
    dashboard::need_terminal(&context)?;
    let theme = dashboard::theme(&context.settings.theme.value)?;
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
