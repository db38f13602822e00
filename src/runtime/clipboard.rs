//! Programs that fill the clipboard: they say whether they did, which a terminal does not.
//!
//! The terminal's own sequence is sent too, since that also reaches the clipboard of who is logged in from elsewhere.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use super::channels::EventSender;
use super::options::BoxedFuture;
use crate::app::{CopyOutcome, Event};
use crate::model::{ErrorKind, Failure, Target};

/// Programs read all at once, or hang.
const PATIENCE: Duration = Duration::from_secs(2);

/// How text reaches the clipboard of whoever sits at the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clipboard {
    /// Programs that take the text from their input, with their arguments: the first that ends well has it.
    programs: Vec<&'static [&'static str]>,
    /// What can be said where none of them does.
    otherwise: CopyOutcome,
}

/// What came of sending a text to the terminal.
pub(super) fn sent(sent: io::Result<()>) -> Result<(), Failure> {
    sent.map_err(|error| {
        let sentence = format!("not copied: {error}");
        Failure::new(ErrorKind::Local, Target::Cluster, sentence)
    })
}

impl Clipboard {
    /// As this process was started.
    pub(super) fn of_environment() -> Self {
        Self::of(&|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
    }

    fn of(is_set: &dyn Fn(&str) -> bool) -> Self {
        let is_remote = is_set("SSH_CONNECTION") || is_set("SSH_TTY");
        let in_tmux = is_set("TMUX");
        let mut programs: Vec<&'static [&'static str]> = Vec::new();
        if in_tmux {
            // Fills the terminal's clipboard too, whatever `set-clipboard` says of the sequences of programs.
            programs.push(&["tmux", "load-buffer", "-w", "-"]);
        }
        if is_set("WAYLAND_DISPLAY") && !is_remote {
            programs.push(&["wl-copy"]);
        }
        // Over ssh it is set where the display is that of who logged in.
        if is_set("DISPLAY") {
            programs.push(&["xclip", "-selection", "clipboard"]);
            programs.push(&["xsel", "--clipboard", "--input"]);
        }
        if cfg!(target_os = "macos") && !is_remote {
            programs.push(&["pbcopy"]);
        }
        let otherwise = if in_tmux {
            CopyOutcome::SentToTmux
        } else if is_remote || is_set("STY") {
            CopyOutcome::Sent
        } else {
            CopyOutcome::Copied
        };
        Self {
            programs,
            otherwise,
        }
    }

    /// What there is to say of a text that only the terminal has, or could not be sent to it.
    fn outcome(&self, sent: Result<(), Failure>) -> Result<CopyOutcome, Failure> {
        sent.map(|()| self.otherwise)
    }

    /// Hands a text that is called so, and that was sent to the terminal or could not be, to a program that fills the clipboard;
    /// without one, returns what there is to say.
    pub(super) fn copy(
        &self,
        what: String,
        text: String,
        sent: Result<(), Failure>,
        outbox: EventSender,
        spawn: impl FnOnce(BoxedFuture<()>),
    ) -> Option<Event> {
        if self.programs.is_empty() {
            return Some(Event::Copied(what, self.outcome(sent)));
        }
        let clipboard = self.clone();
        spawn(Box::pin(async move {
            let outcome = if clipboard.fill(&text).await {
                Ok(CopyOutcome::Copied)
            } else {
                clipboard.outcome(sent)
            };
            outbox.send(Event::Copied(what, outcome)).await;
        }));
        None
    }

    /// Hands the text to the first program that takes it; `false` where none does.
    async fn fill(&self, text: &str) -> bool {
        for program in &self.programs {
            let filled = timeout(PATIENCE, run(program, text)).await;
            if filled == Ok(true) {
                return true;
            }
        }
        false
    }
}

async fn run(command: &[&str], text: &str) -> bool {
    let Some((program, arguments)) = command.split_first() else {
        return false;
    };
    let mut command = Command::new(Path::new(program));
    command.args(arguments).kill_on_drop(true);
    command.stdin(Stdio::piped());
    // Some stay to serve the clipboard, and would keep these open.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else {
        return false;
    };
    if let Some(mut input) = child.stdin.take()
        && input.write_all(text.as_bytes()).await.is_err()
    {
        return false;
    }
    child.wait().await.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &'static [&'static str]) -> Clipboard {
        Clipboard::of(&move |name| names.contains(&name))
    }

    #[test]
    fn what_is_said_depends_on_who_stands_between() {
        for (names, said) in [
            (&[][..], CopyOutcome::Copied),
            (&["TMUX"], CopyOutcome::SentToTmux),
            (&["TMUX", "SSH_TTY"], CopyOutcome::SentToTmux),
            (&["SSH_CONNECTION"], CopyOutcome::Sent),
            (&["STY"], CopyOutcome::Sent),
        ] {
            assert_eq!(of(names).outcome(Ok(())), Ok(said), "{names:?}");
        }
    }

    #[test]
    fn programs_of_a_display_elsewhere_are_left_alone() {
        let first = |names| of(names).programs.first().map(|program| program[0]);
        if cfg!(not(target_os = "macos")) {
            assert_eq!(first(&[]), None);
            assert_eq!(first(&["WAYLAND_DISPLAY", "SSH_TTY"]), None);
        }
        assert_eq!(first(&["WAYLAND_DISPLAY"]), Some("wl-copy"));
        assert_eq!(first(&["DISPLAY", "SSH_TTY"]), Some("xclip"));
        assert_eq!(first(&["TMUX", "DISPLAY"]), Some("tmux"));
    }

    #[tokio::test]
    async fn a_program_has_the_text_when_it_ends_well() {
        let clipboard = |programs: &[&'static [&'static str]]| Clipboard {
            programs: programs.to_vec(),
            otherwise: CopyOutcome::Sent,
        };
        let is_text: &[&str] = &["sh", "-c", "read line; test \"$line\" = text"];
        assert!(clipboard(&[is_text]).fill("text\n").await);
        assert!(!clipboard(&[is_text]).fill("other\n").await);
        let missing: &[&str] = &["liftui-has-no-such-program"];
        assert!(clipboard(&[missing, is_text]).fill("text\n").await);
        assert!(!clipboard(&[missing]).fill("text\n").await);
        let closes: &[&str] = &["sh", "-c", "exec <&-; exit 1"];
        let long = "x".repeat(1 << 20);
        assert!(!clipboard(&[closes]).fill(&long).await);
    }
}
