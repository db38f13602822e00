//! What the event loop needs of the place it is shown on: a real terminal, or the fake one of the scenario tests.
//!
//! Owns no state and no policy; what a key means is the business of `app`.

use std::io;
use std::task::{Context, Poll};

use crossterm::event::Event as TerminalEvent;
use ratatui::Frame;

use crate::app::Announcement;

/// A place that can be drawn on and that tells what was typed.
pub trait Screen {
    /// Draws one frame: `paint` is called once with a frame of the current size.
    ///
    /// # Errors
    /// What the terminal said when it was written to.
    fn draw(&mut self, paint: &mut dyn FnMut(&mut Frame<'_>)) -> io::Result<()>;

    /// The next thing that happened to the place, in order. Once [`HostEvent::Lost`] was given, nothing follows.
    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<HostEvent>;

    /// Takes the place over, or takes it back after [`Screen::leave`]: the next frame is drawn whole.
    ///
    /// # Errors
    /// What the terminal said.
    fn enter(&mut self) -> io::Result<()>;

    /// Forgets what is shown, so that the next frame is drawn whole.
    ///
    /// # Errors
    /// What the terminal said.
    fn repaint(&mut self) -> io::Result<()>;

    /// Takes the mouse, or leaves it to the terminal: from now on, and whenever the place is taken back.
    ///
    /// # Errors
    /// What the terminal said.
    fn capture_mouse(&mut self, on: bool) -> io::Result<()>;

    /// Rings the bell and shows a notification, as far as the announcement says so.
    ///
    /// # Errors
    /// What the terminal said.
    fn announce(&mut self, announcement: &Announcement) -> io::Result<()>;

    /// Gives the place a title, until it is given back.
    ///
    /// # Errors
    /// What the terminal said.
    fn set_title(&mut self, title: &str) -> io::Result<()>;

    /// Gives the place back as it was found, and reads none of its input, until [`Screen::enter`].
    ///
    /// # Errors
    /// What the terminal said.
    fn leave(&mut self) -> io::Result<()>;

    /// Puts text on the clipboard.
    ///
    /// # Errors
    /// The text is larger than terminals take, or the terminal could not be written to.
    fn copy(&mut self, text: &str) -> io::Result<()>;

    /// Stops the process as ctrl-z does in a shell; [`HostEvent::Continued`] tells when it goes on.
    ///
    /// # Errors
    /// What the system said when it was asked to.
    fn stop(&mut self) -> io::Result<()>;
}

/// What happens to a [`Screen`].
#[derive(Debug)]
pub enum HostEvent {
    /// The terminal reports a key, the mouse, a paste or its size.
    Input(TerminalEvent),
    /// The process was stopped and goes on.
    Continued,
    /// A key of the terminal asked the foreground job to end, as ctrl-c does: whoever has the terminal.
    Interrupted,
    /// The process was asked to end.
    Shutdown,
    /// The terminal cannot be read any more.
    Lost(io::Error),
}
