//! Values as the JSON of interface.md §3 has them: times, durations, numbers without noise.

use std::time::Duration;

use serde_json::Value;

use crate::model::Timestamp;

/// RFC 3339 in UTC with nanoseconds; `null` for what has not happened.
pub(crate) fn time(time: Timestamp) -> Value {
    if !time.is_set() {
        return Value::Null;
    }
    let text = time.to_utc();
    Value::from(text.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true))
}

/// Seconds, to the millisecond.
pub(crate) fn seconds(duration: Duration) -> Value {
    number(duration.as_secs_f64())
}

/// Milliseconds, to the microsecond.
pub(crate) fn milliseconds(duration: Duration) -> Value {
    number(duration.as_secs_f64() * 1000.0)
}

/// A number to three digits after the point.
pub(crate) fn number(number: f64) -> Value {
    Value::from((number * 1000.0).round() / 1000.0)
}
