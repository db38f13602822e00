//! The state of the dashboard and the one function that changes it; no clock, no I/O, no async.
