//! The dashboard and the command line: screens, scenarios, the real binary in a pseudo-terminal.

mod health;
mod store;
mod tails;
