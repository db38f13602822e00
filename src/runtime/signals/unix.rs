//! Unix: signals that ask to end, that interrupt, and that tell of a stop that is over.

use std::io;
use std::task::{Context, Poll};

use rustix::process::Signal as Kill;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::runtime::screen::HostEvent;

/// The signals that the dashboard listens to.
#[derive(Debug)]
pub(in crate::runtime) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hang_up: Signal,
    go_on: Signal,
}

impl Signals {
    /// Listens from now on, so that these signals no longer end the process on their own.
    pub(in crate::runtime) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hang_up: signal(SignalKind::hangup())?,
            go_on: signal(SignalKind::from_raw(Kill::CONT.as_raw()))?,
        })
    }

    /// The next signal.
    pub(in crate::runtime) fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<HostEvent> {
        for end in [&mut self.terminate, &mut self.hang_up] {
            if end.poll_recv(context).is_ready() {
                return Poll::Ready(HostEvent::Shutdown);
            }
        }
        for key in [&mut self.interrupt, &mut self.quit] {
            if key.poll_recv(context).is_ready() {
                return Poll::Ready(HostEvent::Interrupted);
            }
        }
        self.go_on.poll_recv(context).map(|_| HostEvent::Continued)
    }
}

/// Stops the whole job, as the terminal's own ctrl-z would: a shell then shows it as one.
pub(in crate::runtime) fn stop_job() -> io::Result<()> {
    Ok(rustix::process::kill_current_process_group(Kill::TSTP)?)
}
