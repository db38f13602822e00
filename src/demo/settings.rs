//! What a stream was created with, and what servers use where a request is silent.
//! What follows from it is said where it happens.

use std::time::Duration;

use super::log::Retention;

/// What servers do to streams that say nothing themselves: keep messages a week, in segments of 256 MiB.
const DEFAULT_AGE: i64 = 168 * 3600 * 1_000_000_000;
const DEFAULT_SEGMENT: u64 = 256 * 1024 * 1024;

/// What a stream was created with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StreamSettings {
    pub(super) retention: Retention,
    /// How often retention runs; the cluster's own interval where none is set.
    pub(super) cleaner: Option<Duration>,
    /// Idle time after which a partition pauses itself.
    pub(super) auto_pause: Option<Duration>,
    /// Whether a subscriber keeps it awake.
    pub(super) pause_unless_subscribed: bool,
    /// In-sync replicas that a commit needs.
    pub(super) min_isr: usize,
    /// Whether messages must name the offset they expect to get.
    pub(super) concurrency_control: bool,
}

impl StreamSettings {
    /// What a server uses where a request is silent.
    pub(super) fn server_defaults() -> Self {
        Self {
            retention: Retention {
                age: DEFAULT_AGE,
                segment_bytes: DEFAULT_SEGMENT,
                segment_age: DEFAULT_AGE,
                ..Retention::default()
            },
            cleaner: None,
            auto_pause: None,
            pause_unless_subscribed: false,
            min_isr: 1,
            concurrency_control: false,
        }
    }
}
