//! liftui: the terminal dashboard for Liftbridge, and the Rust client inside it.
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
