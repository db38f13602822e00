//! How fields are shown in cells of a table: ages, rates, lists; nothing for what is not known.
//! Numbers and ages look as on the dashboard's screens, whose formats these are.

use std::time::Duration;

use super::json::JsonTime;
use super::shown_times;
use crate::model::Timestamp;
use crate::ui::format;

/// The value, or nothing.
pub(crate) fn plain<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// A time in full.
pub(crate) fn time(JsonTime(time): &JsonTime) -> String {
    plain(time.is_set().then(|| shown_times::in_list(*time)))
}

/// How long ago a time was.
pub(crate) fn age(JsonTime(time): &JsonTime) -> String {
    let age = || format::age(time.age(Timestamp::now()));
    plain(time.is_set().then(age))
}

/// Messages a second.
pub(crate) fn rate(rate: Option<f64>) -> String {
    plain(rate.map(format::rate))
}

/// A whole number, with its thousands apart.
pub(crate) fn count(count: Option<i64>) -> String {
    plain(count.map(format::count))
}

/// The offset of the newest message of a log, or that it has none.
pub(crate) fn offset(offset: Option<i64>) -> String {
    plain(offset.map(|offset| format::offset(Some(offset))))
}

/// A duration in seconds.
pub(crate) fn duration(seconds: Option<f64>) -> String {
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    plain(duration.map(format::age))
}

/// A duration in milliseconds.
pub(crate) fn latency(milliseconds: Option<f64>) -> String {
    let took = milliseconds.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
    plain(took.map(format::latency))
}

/// Names, side by side.
pub(crate) fn list(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    names.join(" ")
}

/// Yes, no, or not known.
pub(crate) fn known(value: Option<bool>) -> String {
    match value {
        Some(true) => "yes",
        Some(false) => "no",
        None => "?",
    }
    .to_owned()
}
