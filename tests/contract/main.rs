//! Client and demo cluster over real gRPC: the contract, its failures, and the recordings of real servers.

mod client_connect;
mod client_probe;
mod golden;
