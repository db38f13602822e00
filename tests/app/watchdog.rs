//! Kills a process that a test waits for once it has waited for longer than anything takes: a test fails and never hangs.

use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// Longer than anything here takes on a busy machine.
pub(crate) const CAP: Duration = Duration::from_secs(60);

/// Holds the kill back; whoever drops it in time has none.
pub(crate) struct Watchdog(#[expect(dead_code, reason = "its drop is the news")] Sender<()>);

impl Watchdog {
    /// Over a process and what it has started: its group, where it leads one.
    pub(crate) fn over(process: Pid) -> Self {
        let (held, dropped) = channel::<()>();
        thread::spawn(move || {
            if dropped.recv_timeout(CAP) == Err(RecvTimeoutError::Timeout) {
                let group = kill_process_group(process, Signal::KILL);
                let _gone = group.or_else(|_| kill_process(process, Signal::KILL));
            }
        });
        Self(held)
    }

    pub(crate) fn over_child(child: &Child) -> Self {
        Self::over(Pid::from_child(child))
    }
}

/// Waits for its end, which a signal brings about where nothing else does.
#[expect(clippy::disallowed_methods, reason = "a watchdog is over it")]
pub(crate) fn end_of(child: &mut Child) -> ExitStatus {
    let _watchdog = Watchdog::over_child(child);
    child.wait().expect("it ends")
}

/// The same with what it has said.
#[expect(clippy::disallowed_methods, reason = "a watchdog is over it")]
pub(crate) fn output_of(child: Child) -> Output {
    let _watchdog = Watchdog::over_child(&child);
    child.wait_with_output().expect("its output can be read")
}

/// Runs another program without input, and takes what it said; `None` where there is no such program.
pub(crate) fn run_program(command: &mut Command) -> Option<Output> {
    let command = command.stdin(Stdio::null());
    let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    piped.spawn().ok().map(output_of)
}
