//! Durations as people read them, each in as many units as its place needs.
//! One that can be typed back is in `units`, an age that can be typed as a place to start in `time_text`.

use std::time::Duration;

use super::{Timestamp, counted};

const MINUTE: Duration = Duration::from_secs(60);

/// An age or a length with one unit, for columns: `0s`, `31s`, `4m`, `3h`, `12d`.
pub fn short_age(age: Duration) -> String {
    match age.as_secs() {
        s @ 0..60 => format!("{s}s"),
        s @ 60..3_600 => format!("{}m", s / 60),
        s @ 3_600..86_400 => format!("{}h", s / 3_600),
        s => format!("{}d", s / 86_400),
    }
}

/// How long ago a point was, seen from `now`, with one unit.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    short_age(at.age(now))
}

/// The same with a second unit, for sentences and details: `31s`, `4m 10s`, `3h 5m`.
pub fn exact_age(age: Duration) -> String {
    let s = age.as_secs();
    match s {
        0..60 => format!("{s}s"),
        60..3_600 => format!("{}m {}s", s / 60, s % 60),
        3_600..86_400 => format!("{}h {}m", s / 3_600, s % 3_600 / 60),
        _ => format!("{}d {}h", s / 86_400, s % 86_400 / 3_600),
    }
}

/// How long an answer took: `0.4ms`, `4ms`, `1.2s`, and from a minute on as an age: `4m 10s`.
pub fn latency(took: Duration) -> String {
    match took.as_micros() {
        _ if took >= MINUTE => exact_age(took),
        us @ 0..1_000 => format!("0.{}ms", us / 100),
        us @ 1_000..1_000_000 => format!("{}ms", us / 1_000),
        us => format!("{}.{}s", us / 1_000_000, us % 1_000_000 / 100_000),
    }
}

/// The time between two messages, finer than a latency: `0.35 ms`, `12 ms`, `1.16 s`, and from a minute on as an age.
pub fn gap(gap: Duration) -> String {
    let seconds = gap.as_secs_f64();
    match seconds {
        ..0.01 => format!("{:.2} ms", seconds * 1e3),
        ..1.0 => format!("{:.0} ms", seconds * 1e3),
        ..60.0 => format!("{seconds:.2} s"),
        _ => exact_age(gap),
    }
}

/// A place in a recording, as players show it: `3:10`.
pub fn play_time(since_begin: Duration) -> String {
    let seconds = since_begin.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// An age of some minutes, in words: `4 minutes`.
pub fn age_in_words(age: Duration) -> String {
    if age < MINUTE {
        counted(age.as_secs(), "second")
    } else {
        counted(age.as_secs() / 60, "minute")
    }
}

/// A limit that was waited for, in a sentence: `5 s`, `250 ms`, `1.5 s`.
pub fn limit_text(waited: Duration) -> String {
    if waited.subsec_millis() == 0 {
        format!("{} s", waited.as_secs())
    } else if waited < Duration::from_secs(1) {
        // What is left of a limit is a little less than that: nobody asked for 499 ms.
        let step = if waited.as_millis() < 100 { 1 } else { 10 };
        format!("{} ms", waited.as_millis().next_multiple_of(step))
    } else {
        format!("{:.1} s", waited.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_one_unit_or_two() {
        for (seconds, short, exact) in [
            (0, "0s", "0s"),
            (59, "59s", "59s"),
            (250, "4m", "4m 10s"),
            (3_600, "1h", "1h 0m"),
            (200_000, "2d", "2d 7h"),
        ] {
            let age = Duration::from_secs(seconds);
            assert_eq!((&*short_age(age), &*exact_age(age)), (short, exact));
        }
    }

    #[test]
    fn latencies_have_the_unit_that_suits() {
        let taken = [412, 4_000, 1_240_000, 59_999_999, 250_000_000];
        let shown = taken.map(|micros| latency(Duration::from_micros(micros)));
        assert_eq!(shown, ["0.4ms", "4ms", "1.2s", "59.9s", "4m 10s"]);
    }

    #[test]
    fn gaps_have_the_unit_in_which_one_would_say_them() {
        let gaps = [350, 12_400_000, 1_160_000_000, 200_000_000_000];
        let shown = gaps.map(|nanos| gap(Duration::from_nanos(nanos)));
        assert_eq!(shown, ["0.00 ms", "12 ms", "1.16 s", "3m 20s"]);
    }

    #[test]
    fn words_agree_with_their_numbers() {
        let ages = [1, 59, 60, 250].map(|seconds| age_in_words(Duration::from_secs(seconds)));
        assert_eq!(ages, ["1 second", "59 seconds", "1 minute", "4 minutes"]);
    }

    #[test]
    fn limits_are_those_that_were_asked_for() {
        let limits =
            [5_000, 499, 42, 1_500].map(|millis| limit_text(Duration::from_millis(millis)));
        assert_eq!(limits, ["5 s", "500 ms", "42 ms", "1.5 s"]);
    }
}
