//! Values as the JSON of interface.md §3 has them: times, names, what is unknown.

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
