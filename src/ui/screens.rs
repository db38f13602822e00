//! The panes of the screens, and what stands there before any broker has answered.

pub(super) mod activity;
pub(super) mod brokers;
pub(super) mod cluster_summary;
pub(super) mod connecting;
pub(super) mod cursors;
pub(super) mod incidents;
pub(super) mod inspector;
pub(super) mod key_table;
pub(super) mod overview;
pub(super) mod partitions;
pub(super) mod streams;
pub(super) mod tails;
