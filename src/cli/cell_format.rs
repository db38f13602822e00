//! How fields of JSON objects are shown in cells of a table: ages, rates, lists.
//! Numbers and ages look as on the dashboard's screens, whose formats these are.

use std::time::Duration;

use serde_json::Value;

use super::output::plain;
use crate::model::{Timestamp, format_ranges};
use crate::ui::format;

/// How long ago a time was.
pub(crate) fn age(value: &Value) -> String {
    let time = value
        .as_str()
        .and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok());
    let nanos = time.and_then(|time| time.timestamp_nanos_opt());
    nanos.map_or_else(String::new, |nanos| {
        format::age(Timestamp(nanos).age(Timestamp::now()))
    })
}

/// Messages a second.
pub(crate) fn rate(value: &Value) -> String {
    value.as_f64().map_or_else(String::new, format::rate)
}

/// A whole number, with its thousands apart.
pub(crate) fn count(value: &Value) -> String {
    value.as_i64().map_or_else(String::new, format::count)
}

/// A duration in seconds.
pub(crate) fn duration(value: &Value) -> String {
    let seconds = value
        .as_f64()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.map_or_else(String::new, format::age)
}

/// A duration in milliseconds.
pub(crate) fn latency(value: &Value) -> String {
    let took = value
        .as_f64()
        .and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
    took.map_or_else(String::new, format::latency)
}

/// Names, side by side.
pub(crate) fn list(value: &Value) -> String {
    let names = value.as_array().map(Vec::as_slice).unwrap_or_default();
    names.iter().map(plain).collect::<Vec<_>>().join(" ")
}

/// Yes, no, or not known.
pub(crate) fn known(value: &Value) -> String {
    match value.as_bool() {
        Some(true) => "yes",
        Some(false) => "no",
        None => "?",
    }
    .to_owned()
}

/// Numbers of partitions, those in a row together.
pub(crate) fn ranges(value: &Value) -> String {
    let numbers = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let partitions = numbers
        .iter()
        .filter_map(|number| number.as_i64()?.try_into().ok());
    format_ranges(&partitions.collect::<Vec<_>>())
}
