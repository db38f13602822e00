//! The dashboard and the command line: screens, scenarios, the real binary in a pseudo-terminal.

mod driver;
mod health;
mod pty;
mod scenario_brokers;
mod scenario_loop;
mod scenario_streams;
mod stage;
mod store;
mod tails;
