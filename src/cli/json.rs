//! Values as the JSON of interface.md §3 has them: times, numbers without noise, maps that keep their order.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::model::Timestamp;

/// RFC 3339 in UTC with nanoseconds; `null` for what has not happened.
pub(crate) struct JsonTime(pub(crate) Timestamp);

impl Serialize for JsonTime {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self(time) = self;
        time.is_set().then(|| time.to_rfc3339()).serialize(to)
    }
}

/// Pairs of a name and a value as one object.
pub(crate) fn map<S: Serializer>(
    pairs: &[(impl Serialize, impl Serialize)],
    to: S,
) -> Result<S::Ok, S::Error> {
    to.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

/// Seconds, to the millisecond.
pub(crate) fn seconds(duration: Duration) -> f64 {
    number(duration.as_secs_f64())
}

/// Milliseconds, to the microsecond.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    number(duration.as_secs_f64() * 1000.0)
}

/// A number to three digits after the point.
pub(crate) fn number(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
