//! The time during which no broker delivers: how long, how many tries, and when a log counts as one that cannot be read.

use std::time::{Duration, Instant};

use crate::client::backoff::Backoff;
use crate::model::{ErrorKind, Offset};

/// A log that cannot be read at one place is tried so often, and for so long: compaction and retention take segments away
/// under readers, and a broker that was just started may know of more messages than its log holds until a leader is
/// elected.
const UNREADABLE_LIMIT: u32 = 6;
const UNREADABLE_FOR: Duration = Duration::from_secs(60);

/// The time during which no broker has delivered.
pub(super) struct Outage {
    pub(super) since: Instant,
    pub(super) attempt: u32,
    /// Since when every try was answered with a log that cannot be read, and how many were.
    unreadable: Option<(Instant, u32)>,
    pub(super) backoff: Backoff,
    /// What had been delivered when it began: a message since then ends it.
    pub(super) delivered: Option<Offset>,
}

impl Outage {
    /// Nothing was tried yet; this had been delivered.
    pub(super) fn new(delivered: Option<Offset>, now: Instant) -> Self {
        Self {
            since: now,
            attempt: 0,
            unreadable: None,
            backoff: Backoff::of_subscription(),
            delivered,
        }
    }

    /// Counts a try that failed with that; `true` where the log has not been readable for too long.
    pub(super) fn record_failure(&mut self, kind: ErrorKind, now: Instant) -> bool {
        if kind != ErrorKind::LogUnreadable {
            self.unreadable = None;
            return false;
        }
        let (since, tries) = self.unreadable.get_or_insert((now, 0));
        *tries += 1;
        *tries > UNREADABLE_LIMIT && now.duration_since(*since) >= UNREADABLE_FOR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "any moment will do, and there is no other way to one"
    )]
    fn a_log_counts_as_unreadable_when_nothing_else_was_answered_for_a_minute() {
        let begun = Instant::now();
        let mut outage = Outage::new(None, begun);
        for _ in 0..20 {
            assert!(!outage.record_failure(ErrorKind::Unreachable, begun));
        }
        // Seen on real servers: two such answers from a broker that was just started, after six refused connections.
        for _ in 0..20 {
            assert!(!outage.record_failure(ErrorKind::LogUnreadable, begun));
        }
        let later = begun + UNREADABLE_FOR;
        assert!(!outage.record_failure(ErrorKind::Unreachable, later));
        for _ in 0..UNREADABLE_LIMIT {
            assert!(
                !outage.record_failure(ErrorKind::LogUnreadable, later),
                "it began anew"
            );
        }
        assert!(outage.record_failure(ErrorKind::LogUnreadable, later + UNREADABLE_FOR));
    }
}
