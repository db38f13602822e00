//! `$EDITOR` on a piece of text: a scratch file, the editor on it, the text it left.
//!
//! The terminal was given back before this starts, and is taken again after it: both by the event loop.

use std::io;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use tempfile::NamedTempFile;
use tokio::time::interval;

use crate::model::{ErrorKind, Failure, Target};

/// How often to look whether the editor was closed: faster than a hand is back on the keys.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The user's editor as git and crontab find it.
pub(super) fn preferred() -> String {
    ["VISUAL", "EDITOR"]
        .into_iter()
        .find_map(|name| {
            std::env::var(name)
                .ok()
                .filter(|value| !value.trim().is_empty())
        })
        .unwrap_or_else(|| if cfg!(windows) { "notepad" } else { "vi" }.to_owned())
}

/// The text as the editor left it. Dropping this ends the editor.
pub(super) async fn edit(editor: &str, text: &str) -> Result<String, Failure> {
    let failed = |error: io::Error| {
        let sentence = format!("the editor could not be used: {error}: {editor}");
        Failure::new(ErrorKind::Local, Target::Cluster, sentence)
    };
    let scratch = NamedTempFile::with_suffix(".txt").map_err(failed)?;
    tokio::fs::write(scratch.path(), text)
        .await
        .map_err(failed)?;
    run(editor, scratch.path()).await.map_err(failed)?;
    tokio::fs::read_to_string(scratch.path())
        .await
        .map_err(failed)
}

/// Through a shell, since the setting may hold options: `code --wait`.
#[cfg(not(windows))]
fn in_shell(editor: &str, file: &Path) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{editor} \"$1\""));
    shell.arg("sh").arg(file);
    shell
}

/// The shell of Windows takes all that follows as one line, with its own rules of quoting.
#[cfg(windows)]
fn in_shell(editor: &str, file: &Path) -> Command {
    use std::os::windows::process::CommandExt;
    let mut shell = Command::new("cmd");
    shell.raw_arg(format!("/C \"{editor} \"{}\"\"", file.display()));
    shell
}

async fn run(editor: &str, file: &Path) -> io::Result<()> {
    let started = in_shell(editor, file).spawn()?;
    let mut running = RunningEditor(started);
    let mut ticks = interval(POLL_INTERVAL);
    loop {
        ticks.tick().await;
        match running.0.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(io::Error::other(format!("it ended with {status}"))),
            None => {}
        }
    }
}

/// An editor that does not outlive the dashboard: it would fight with the shell for the terminal.
struct RunningEditor(Child);

impl Drop for RunningEditor {
    fn drop(&mut self) {
        // Nothing happens to one that has ended.
        let _ = self.0.kill();
    }
}
