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
//! `recording` stands between `runtime` and `app`: it plays events back into an app, and knows no terminal.
//!
//! An arrow is a permitted `use`; `tests/architecture.rs` holds the list.
//!
//! # How it runs
//!
//! The loop in `runtime` takes one [event](app::Event) at a time: a key, a tick of the clock, a broker's view, a chunk of
//! messages. [`App::update`](app::App::update) changes the state and returns [effects](app::Effect): what tasks are to do
//! elsewhere, and whose outcomes come back as events. [`ui::draw`] makes a frame from the state, and only when something changed.
//!
//! Inside `app` and `ui` the rooms are the same: `input` and `lists`, the `screens`, the `overlays` on top of them, and the files
//! that route at the root. Each uses only what lies further in; `tests/architecture.rs` holds the order.
//!
//! # Three walks
//!
//! Each function calls the next one, or hands on through a queue (`~`).
//!
//! ```text
//! a key, to its screen and on to the row that it selects
//!  1  runtime/event_loop::on_wakeup
//!  2  runtime/event_loop::on_host_event
//!  3  runtime/input::event                 makes an event of it
//!  4  runtime/event_loop::update
//!  5  app/routing::update
//!  6  app/routing::apply
//!  7  app/routing::press_key               if no text box takes it
//!  8  app/input/keymap::resolve            the command that it means here
//!  9  app/routing::run                     if no overlay takes it
//! 10  app/screens::run
//! 11  app/screens/screen_state::run        its screen
//! 12  app/screens/screen_state::move_by
//! 13  app/lists/table::move_by
//! 14  app/lists/list_state::move_by        its row
//!
//! a broker's answer, to the rows that show it
//!  1  runtime/poller::watch
//!  2  runtime/poller::send_view
//!  3  runtime/channels::send
//!  4~ runtime/event_loop::on_wakeup
//!  5  runtime/event_loop::update
//!  6  app/routing::update
//!  7  app/routing::apply
//!  8  app/cluster::on_broker_view
//!  9  health::observe                      keeps what the broker reports
//! 10  app/cluster::assess
//! 11  health/assess_steps::assess_some     what holds in the cluster
//! 12  app/screens::update_rows             of the screen in view
//! 13  app/screens/streams::update_rows     or that of another screen
//! 14  app/lists/table::set_rows
//! 15  app/lists/list_state::follow_rows    its row
//!
//! a chunk of messages, to the tail that keeps it
//!  1  runtime/tail_reader::follow
//!  2  runtime/channels::send_tail
//!  3~ runtime/event_loop::on_wakeup
//!  4  runtime/event_loop::update
//!  5  app/routing::update
//!  6  app/routing::apply
//!  7  app/screens/tails::on_event
//!  8  app/screens/tails/tail::on_event      its tail
//!  9  app/screens/tails/tail::add_chunk
//! 10  store::push
//! ```
//!
//! # What holds everywhere
//!
//! - State changes inside `App::update` alone. It has no clock, no I/O and no async; time is an event.
//! - Drawing takes `&App`. The layout of a frame returns as an event.
//! - Nothing in the loop waits for the network: a dead broker cannot hold a key.
//! - Every answer carries the id of what it answers; a late one is dropped and counted.
//! - A tail loses nothing: back-pressure reaches the broker, and what leaves memory is counted and shown.
//! - Selection is by identity, never by row.
//! - The last good answer of each broker stays on screen; its age is shown.
//! - Destructive operations are confirmed in words. Nothing is published twice on its own.
//! - An observer is a type without any method that changes the cluster.
//! - No byte of a broker reaches the terminal but through `model::sanitise`.
//!
//! # Glossary
//!
//! What is neither Liftbridge's word nor ratatui's, tonic's or Rust's.
//!
//! | word | means |
//! |---|---|
//! | view | what one broker reports of the cluster: `model::BrokerView` |
//! | truth | what follows from the views of all brokers together: `health::Truth` |
//! | finding | something that is wrong, since when and how bad, by a rule: `health::Finding`, `health::Rule` |
//! | probe | a question to a leader whether its partition is really paused or readonly: `model::Probe` |
//! | observer | the half of the client that changes nothing: `client::Observer` |
//! | tail | messages of some partitions, as they come or a range of them: `app::Tail` |
//! | chunk | messages of one partition as they left the wire, sealed: `store::Chunk` |
//! | recording | what happened to a dashboard, from which the same frames follow: `recording::Recording` |
//! | effect | what the app asks to be done outside of it: `app::Effect` |
//! | overlay | what lies over a screen until it is closed: `app::Overlay` |
//! | notice | a sentence about what happened, at the edge of the screen: `app::Notice` |
//! | redrive | copying messages from one stream to another, written down in a journal: `cli::Journal` |
//! | fault | what the demo cluster can be made to suffer: `demo::Faults` |
//!
//! # Where a change goes
//!
//! | to … | edit |
//! |---|---|
//! | rebind a key | `assets/keymap.toml` |
//! | add a keyboard layout | `app/input/keyboard_layouts.rs` |
//! | add a command | `app/command.rs`, a line in `assets/keymap.toml`; the compiler names who answers it |
//! | add a column | its list in `app/screens/`, its cell in `ui/screens/` |
//! | add a screen | `app/focus.rs`, `app/screens/`, `ui/screens/` |
//! | add an overlay | `app/overlays/`, `ui/overlays/` |
//! | let a screen ask for something beyond itself | `app/app_request.rs`, its arm in `app/navigation.rs` |
//! | change a colour | `assets/themes/` |
//! | add an operation on brokers | `model/operation.rs`; the compiler names the rest |
//! | follow a change of the API | `proto/api.proto`, `wire/convert.rs` |
//! | add a decoder of values | `store/decode/` |
//! | change how programs of the user's decode values | `runtime/value_decoder.rs`; which values are asked for, `app/decoding.rs` |
//! | record something of an event otherwise | `recording/encoder.rs`, `recording/decoder.rs`; what older programs cannot read counts up the version in `recording/file.rs` |
//! | record a field that names something | `recording/redaction/serializer.rs` says what stands in its place in a redacted recording |
//! | do something in the last minutes | `app/past.rs`, `runtime/past.rs`; what is refused there, `runtime/offline.rs` |
//! | add a background source | `runtime/`, a variant of `app::Event` |
//! | change what counts as a finding | `health/rules/` |
//! | add a fault of the demo cluster | `demo/faults.rs` |
//! | add a metric | `cli/exporter/metrics/`, its row in `docs/exporter.md` |
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
pub mod recording;
#[cfg(feature = "dashboard")]
pub mod runtime;
#[cfg(feature = "dashboard")]
pub mod store;
#[cfg(feature = "dashboard")]
pub mod ui;
