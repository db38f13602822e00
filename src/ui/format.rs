//! Numbers, ages, sizes and names as short text; widths as the terminal counts them. Pure.
//!
//! Whether text is safe to show is decided in `sanitise`.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub(crate) use crate::model::{ago, exact_age, gap, grouped as count, latency, short_age as age};

/// An offset as a broker reports it; -1 is that of an empty log, and nobody may have reported one.
pub(crate) fn offset(offset: Option<i64>) -> String {
    match offset {
        Some(-1) => "empty".to_owned(),
        Some(offset) => count(offset),
        None => "?".to_owned(),
    }
}

/// A count of things in memory: see [`count`].
pub(crate) fn count_usize(number: usize) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A count that may be greater than any in memory: see [`count`].
pub(crate) fn count_u64(number: u64) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A number in at most seven characters: thousands set apart, above that `1.28M`, `3.40G`.
pub(crate) fn short_count(number: i64) -> String {
    let size = number.unsigned_abs();
    match size {
        0..1_000_000 => count(number),
        1_000_000..1_000_000_000 => scaled(number, 1_000_000, "M"),
        1_000_000_000..1_000_000_000_000 => scaled(number, 1_000_000_000, "G"),
        _ => scaled(number, 1_000_000_000_000, "T"),
    }
}

fn scaled(number: i64, unit: i64, letter: &str) -> String {
    let whole = number / unit;
    let rest = (number % unit).unsigned_abs() * 100 / unit.unsigned_abs();
    match whole.unsigned_abs() {
        0..10 => format!("{whole}.{rest:02}{letter}"),
        10..100 => format!("{whole}.{}{letter}", rest / 10),
        _ => format!("{whole}{letter}"),
    }
}

/// Messages a second: `0.2`, `812.0`, `1,284`, `12.4k`.
pub(crate) fn rate(rate: f64) -> String {
    match rate {
        r if r < 999.95 => format!("{r:.1}"),
        r if r < 9_999.5 => count(format!("{r:.0}").parse().unwrap_or(i64::MAX)),
        r if r < 999_950.0 => format!("{:.1}k", r / 1_000.0),
        r => format!("{:.1}M", r / 1_000_000.0),
    }
}

/// Bytes: `214 B`, `1.5 KiB`, `512 MiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut whole, mut rest, mut unit) = (bytes, 0, 0);
    for at in 0..UNITS.len() {
        (rest, whole, unit) = (whole % 1024, whole / 1024, at);
        if whole < 1024 {
            break;
        }
    }
    let tenth = rest * 10 / 1024;
    let name = UNITS.get(unit).unwrap_or(&"PiB");
    if whole < 10 && tenth > 0 {
        format!("{whole}.{tenth} {name}")
    } else {
        format!("{whole} {name}")
    }
}

/// The bytes of something in memory: see [`bytes()`].
pub(crate) fn bytes_len(length: usize) -> String {
    bytes(u64::try_from(length).unwrap_or(u64::MAX))
}

/// How many columns a text has.
pub(crate) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text cut at its end to so many columns, with a sign that it was cut.
pub(crate) fn cut(text: &str, columns: usize, sign: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let (kept, _) = head(text, columns.saturating_sub(width(sign)));
    if columns < width(sign) {
        kept
    } else {
        kept + sign
    }
}

/// The text cut in its middle, so that both ends stay.
pub(crate) fn cut_middle(text: &str, columns: usize, sign: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(sign));
    if room < 2 {
        return cut(text, columns, sign);
    }
    let (front, used) = head(text, room.div_ceil(2));
    let mut back: Vec<&str> = Vec::new();
    let mut left = room - used;
    for grapheme in text.graphemes(true).rev() {
        let Some(rest) = left.checked_sub(width(grapheme)) else {
            break;
        };
        left = rest;
        back.push(grapheme);
    }
    back.reverse();
    front + sign + &back.concat()
}

/// The longest beginning that fits, and how many columns it has.
fn head(text: &str, columns: usize) -> (String, usize) {
    let (mut kept, mut used) = (String::new(), 0);
    for grapheme in text.graphemes(true) {
        let wide = width(grapheme);
        if used + wide > columns {
            break;
        }
        used += wide;
        kept.push_str(grapheme);
    }
    (kept, used)
}

/// The text with spaces behind it up to so many columns.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    let gap = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(gap))
}

/// The text with spaces before it up to so many columns.
pub(crate) fn pad_left(text: &str, columns: usize) -> String {
    let gap = columns.saturating_sub(width(text));
    format!("{}{text}", " ".repeat(gap))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_readable() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_284, "1,284"),
            (-48_112, "-48,112"),
            (1_000_000, "1,000,000"),
        ] {
            assert_eq!(count(number), text);
        }
        for (number, text) in [
            (999_999, "999,999"),
            (1_284_000, "1.28M"),
            (48_112_000, "48.1M"),
            (999_000_000, "999M"),
            (3_400_000_000, "3.40G"),
        ] {
            assert_eq!(short_count(number), text);
        }
    }

    #[test]
    fn rates_keep_their_width() {
        for (value, text) in [
            (0.0, "0.0"),
            (812.04, "812.0"),
            (999.96, "1,000"),
            (1_284.4, "1,284"),
            (12_440.0, "12.4k"),
            (250_000.0, "250.0k"),
            (1_250_000.0, "1.2M"),
        ] {
            assert_eq!(rate(value), text);
            assert!(rate(value).len() <= 6);
        }
    }

    #[test]
    fn sizes_have_the_unit_that_suits() {
        for (size, text) in [
            (214, "214 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (512 * 1024 * 1024, "512 MiB"),
            (3 * 1024 * 1024 * 1024, "3 GiB"),
        ] {
            assert_eq!(bytes(size), text);
        }
    }

    #[test]
    fn names_keep_both_ends() {
        assert_eq!(
            cut_middle("orders-europe-west-v2", 13, "…"),
            "orders…est-v2"
        );
        assert_eq!(cut_middle("orders", 13, "…"), "orders");
        assert_eq!(cut("orders-eu", 7, "…"), "orders…");
    }

    #[test]
    fn cutting_never_exceeds_the_room_and_never_splits_a_wide_character() {
        let text = "漢字かな交じり文 e\u{301}nd";
        for columns in 0..20 {
            for shown in [cut(text, columns, "…"), cut_middle(text, columns, "…")] {
                assert!(width(&shown) <= columns, "{shown:?} in {columns}");
            }
        }
    }
}
