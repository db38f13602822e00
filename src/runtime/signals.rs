//! Signals of the operating system, as a source to poll: the asks to end, and the going on after a stop.
//! Does not act on them; ctrl-c in the terminal is a key, not a signal, while the dashboard is up.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::{Signals, stop_job};
#[cfg(windows)]
pub(super) use windows::{Signals, stop_job};
