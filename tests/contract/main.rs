//! Client and demo cluster over real gRPC: the contract, its failures, and the recordings of real servers.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail a test as tests do"
)]

#[cfg(feature = "dashboard")]
mod client_chunks;
mod client_connect;
#[cfg(feature = "dashboard")]
mod client_cursors;
mod client_envelope;
mod client_failover;
mod client_groups;
mod client_logs;
mod client_metadata;
mod client_probe;
mod client_publish;
mod client_recovery;
mod client_removed;
mod client_replicas;
mod client_reverse;
mod client_silence;
mod client_subscribe;
mod client_tls;
mod client_wakes;
mod test_cluster;

mod demo_failover;
mod demo_faults;
mod demo_framing;
mod demo_groups;
mod demo_rules;
mod demo_stub;
#[cfg(feature = "dashboard")]
mod demo_traffic;
mod golden;
mod row_groups;
mod row_publishes;
mod row_streams;
mod row_subscribes;
mod rows;
mod scripted_log;
mod wire_tap;
