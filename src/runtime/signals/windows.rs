//! Windows: what the console asks its programs. Nothing stops and goes on there.

use std::io;
use std::task::{Context, Poll};

use tokio::signal::windows::{
    CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown,
};

use crate::runtime::screen::HostEvent;

/// The events of the console that the dashboard listens to.
#[derive(Debug)]
pub(in crate::runtime) struct Signals {
    close: CtrlClose,
    shutdown: CtrlShutdown,
    interrupt: CtrlC,
    quit: CtrlBreak,
}

impl Signals {
    /// Listens from now on, so that these events no longer end the process on their own.
    pub(in crate::runtime) fn listen() -> io::Result<Self> {
        Ok(Self {
            close: ctrl_close()?,
            shutdown: ctrl_shutdown()?,
            interrupt: ctrl_c()?,
            quit: ctrl_break()?,
        })
    }

    /// The next event.
    pub(in crate::runtime) fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<HostEvent> {
        let closes = self.close.poll_recv(context).is_ready();
        if closes || self.shutdown.poll_recv(context).is_ready() {
            return Poll::Ready(HostEvent::Shutdown);
        }
        let interrupts = self.interrupt.poll_recv(context).is_ready();
        if interrupts || self.quit.poll_recv(context).is_ready() {
            return Poll::Ready(HostEvent::Interrupted);
        }
        Poll::Pending
    }
}

/// There are no jobs that could be stopped: the terminal is given back and taken again at once.
#[expect(
    clippy::unnecessary_wraps,
    reason = "on Unix it can fail, and both have one caller"
)]
pub(in crate::runtime) fn stop_job() -> io::Result<()> {
    Ok(())
}
