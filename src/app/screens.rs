//! The six screens: each owns what it shows and how.

pub mod activity;
pub mod brokers;
pub mod cursors;
pub mod inspector;
pub mod overview;
pub mod streams;
pub mod tails;
