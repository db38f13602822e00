//! One point in time as Liftbridge counts it: Unix nanoseconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Unix time in nanoseconds. Brokers send 0 for *never*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The broker's word for *it has not happened*.
    pub const NEVER: Self = Self(0);

    /// The wall clock, now. Only `runtime`, `client`, `demo` and `cli` may ask; `app` gets the time as an event.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the wall clock"
    )]
    pub fn now() -> Self {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
    }

    /// Whether the event this stands for has happened at all.
    pub fn is_set(self) -> bool {
        self.0 > 0
    }

    /// How long before `now` this was; zero where it lies ahead.
    pub fn age(self, now: Self) -> Duration {
        Duration::from_nanos(u64::try_from(now.0.saturating_sub(self.0)).unwrap_or(0))
    }

    /// The point `duration` before this one.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(duration)))
    }

    /// The point `duration` after this one.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }

    /// The point as a calendar date and time, in UTC.
    pub fn to_utc(self) -> chrono::DateTime<chrono::Utc> {
        chrono::DateTime::from_timestamp_nanos(self.0)
    }

    /// The point as sentences have it: `2026-11-26 12:40:00 UTC`.
    pub fn to_utc_text(self) -> String {
        self.to_utc().format("%F %T UTC").to_string()
    }

    /// RFC 3339 in UTC with nanoseconds.
    pub fn to_rfc3339(self) -> String {
        self.to_utc()
            .to_rfc3339_opts(chrono::SecondsFormat::Nanos, true)
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
