//! liftui: the terminal dashboard for Liftbridge, and the Rust client inside it.
//!
//! As a library: [`client`] speaks to clusters, [`demo`] is a cluster for tests, [`model`] holds the values both speak in.
//! These need no feature. Everything else is the dashboard and the command line, behind the feature `dashboard`.
//!
//! # Layers
//!
//! ```text
//! main -> cli -> runtime -> ui -> app -> store, health -> model
//!          |        |________________/                     ^
//!          |        +-> client -> wire --------------------+
//!          +-> demo -----------> wire ---------------------+
//! ```
//!
//! An arrow is a permitted `use`; `tests/architecture.rs` holds the list.
//!
//! # How it runs
//!
//! The loop in `runtime` takes one [event](app::Event) at a time: a key, a tick of the clock, a broker's view, a chunk of
//! messages. [`App::update`](app::App::update) changes the state and returns [effects](app::Effect): orders that tasks carry out
//! elsewhere, and whose outcomes come back as events. [`ui::draw`] makes a frame from the state, and only when something changed.
//!
//! # What holds everywhere
//!
//! - State changes inside `App::update` alone. It has no clock, no I/O and no async; time is an event.
//! - Drawing takes `&App`. What a frame offered returns as an event.
//! - Nothing in the loop waits for the network: a dead broker cannot hold a key.
//! - Every answer carries the id of what it answers; a late one is dropped and counted.
//! - A tail loses nothing: back-pressure reaches the broker, and what leaves memory is counted and shown.
//! - Selection is by identity, never by row.
//! - The last good word of each broker stays on screen; its age is shown.
//! - Destructive operations are confirmed in words. Nothing is published twice on its own.
//! - An observer is a type without any method that changes the cluster.
//! - No byte of a broker reaches the terminal but through `ui::sanitise`.
//!
//! # Where a change goes
//!
//! | to … | edit |
//! |---|---|
//! | rebind a key | `assets/keymap.toml` |
//! | add an intent | `app/command.rs`, its arm in `app/act.rs`, a line in `assets/keymap.toml` |
//! | add a column | the pane in `ui/` |
//! | change a colour | `assets/themes/` |
//! | add an operation on brokers | `model/operation.rs`; the compiler names the rest |
//! | follow a change of the API | `proto/api.proto`, `wire/convert.rs` |
//! | add a decoder of values | `store/decode/` |
//! | add a background source | `runtime/`, a variant of `app::Event` |
//! | change what counts as trouble | `health/rules/` |
//! | teach the demo cluster a failure | `demo/faults.rs` |
//! | add a subcommand | `cli/args.rs` and a file of its own in `cli/` |

pub mod client;
pub mod demo;
pub mod model;
pub mod wire;

#[cfg(feature = "dashboard")]
pub mod app;
#[cfg(feature = "dashboard")]
pub mod cli;
#[cfg(feature = "dashboard")]
pub mod config;
#[cfg(feature = "dashboard")]
pub mod health;
#[cfg(feature = "dashboard")]
pub mod runtime;
#[cfg(feature = "dashboard")]
pub mod store;
#[cfg(feature = "dashboard")]
pub mod ui;
