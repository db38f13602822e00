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

pub mod model;
pub mod wire;
