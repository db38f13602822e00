//! Durations, sizes and partition ranges as people type them (interface.md §1), and back to text.
//! The command line, the config file and the query box all read quantities through here.

use std::fmt::Write;
use std::time::Duration;

use super::PartitionId;

/// Units of time, longest first, in nanoseconds. The second name is an alias.
const TIME_UNITS: [(&str, &str, u128); 8] = [
    ("w", "weeks", 604_800_000_000_000),
    ("d", "days", 86_400_000_000_000),
    ("h", "hours", 3_600_000_000_000),
    ("m", "min", 60_000_000_000),
    ("s", "sec", 1_000_000_000),
    ("ms", "msec", 1_000_000),
    ("us", "µs", 1_000),
    ("ns", "nsec", 1),
];

/// Powers of 1000 and of 1024; a `B` may follow each.
const SIZE_UNITS: [(&str, u128); 9] = [
    ("", 1),
    ("k", 1_000),
    ("m", 1_000_000),
    ("g", 1_000_000_000),
    ("t", 1_000_000_000_000),
    ("ki", 1 << 10),
    ("mi", 1 << 20),
    ("gi", 1 << 30),
    ("ti", 1 << 40),
];

/// More partitions than any range may name: a typing error, not a wish.
const RANGE_LIMIT: usize = 100_000;

/// Reads `500ms`, `10s`, `5m`, `2h`, `7d`, `1.5h` and combinations such as `1h30m`.
///
/// # Errors
/// One sentence that names the text and an example.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is not a duration; write one like 500ms, 10s, 5m, 2h or 7d");
    let mut rest = text.trim();
    let mut nanos = 0_u128;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let (number, after) = split_at(rest, |c| !c.is_ascii_digit() && c != '.');
        let (unit, after) = split_at(after, |c| !c.is_alphabetic());
        let scale = time_unit(unit).ok_or_else(wrong)?;
        let part = scaled(number, scale).ok_or_else(wrong)?;
        nanos = nanos.checked_add(part).ok_or_else(wrong)?;
        rest = after.trim_start();
    }
    let nanos = u64::try_from(nanos).map_err(|_too_long| wrong())?;
    Ok(Duration::from_nanos(nanos))
}

/// The same, but not `0s`: a limit, or the time between two looks.
///
/// # Errors
/// One sentence that names the text and an example.
pub fn parse_interval(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text)?;
    let nothing = || format!("\"{text}\" is no time at all; write some, like 500ms or 10s");
    (!duration.is_zero())
        .then_some(duration)
        .ok_or_else(nothing)
}

/// The shortest text that [`parse_duration`] reads as this duration, as in `1h30m`.
pub fn format_duration(duration: Duration) -> String {
    let mut rest = duration.as_nanos();
    let mut text = String::new();
    for (unit, _, scale) in TIME_UNITS.iter().filter(|(unit, ..)| *unit != "w") {
        let count = rest / scale;
        rest %= scale;
        if count > 0 {
            let _infallible = write!(text, "{count}{unit}");
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}

/// Reads a number of bytes: `512`, `10k`, `1.5M` (powers of 1000), `64Ki`, `512MiB` (powers of 1024).
///
/// # Errors
/// One sentence that names the text and an example.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let wrong = || format!("\"{text}\" is not a size; write bytes, or one like 10k, 5M, 64Ki, 1Gi");
    let (number, unit) = split_at(text.trim(), |c| !c.is_ascii_digit() && c != '.');
    let unit = unit.trim().to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let found = SIZE_UNITS.iter().find(|(name, _)| *name == unit);
    let (_, scale) = found.ok_or_else(wrong)?;
    let bytes = scaled(number, *scale).ok_or_else(wrong)?;
    u64::try_from(bytes).map_err(|_too_large| wrong())
}

/// Reads partition numbers like `0,2-4`, sorted and without repeats.
///
/// # Errors
/// One sentence that names the text and an example.
pub fn parse_ranges(text: &str) -> Result<Vec<PartitionId>, String> {
    let wrong = || format!("\"{text}\" names no partitions; write numbers and ranges, like 0,2-4");
    let mut partitions = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let first = partition(first).ok_or_else(wrong)?;
        let last = partition(last).ok_or_else(wrong)?;
        let count = usize::try_from(last - first).map_err(|_backwards| wrong())?;
        if partitions.len() + count >= RANGE_LIMIT {
            return Err(format!(
                "\"{text}\" names more than {RANGE_LIMIT} partitions"
            ));
        }
        partitions.extend(first..=last);
    }
    partitions.sort_unstable();
    partitions.dedup();
    Ok(partitions)
}

/// Sorted partition numbers as [`parse_ranges`] reads them: `0,2-4`.
pub fn format_ranges(partitions: &[PartitionId]) -> String {
    let runs = partitions.chunk_by(|left, right| left.checked_add(1) == Some(*right));
    let texts = runs.filter_map(|run| match run {
        [] => None,
        [only] => Some(only.to_string()),
        [first, second] => Some(format!("{first},{second}")),
        [first, .., last] => Some(format!("{first}-{last}")),
    });
    texts.collect::<Vec<_>>().join(",")
}

/// Sorted partition numbers in a sentence: `partition 3`, `partitions 0,2-4`.
pub fn name_partitions(partitions: &[PartitionId]) -> String {
    let word = if partitions.len() == 1 {
        "partition"
    } else {
        "partitions"
    };
    format!("{word} {}", format_ranges(partitions))
}

/// Those of a stream in a sentence, or all of it where none is named: `partitions 0,2-4 of stream "orders"`.
pub fn name_partitions_of(stream: &str, partitions: &[PartitionId]) -> String {
    if partitions.is_empty() {
        return format!("stream \"{stream}\"");
    }
    format!("{} of stream \"{stream}\"", name_partitions(partitions))
}

fn partition(text: &str) -> Option<PartitionId> {
    let text = text.trim();
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn time_unit(name: &str) -> Option<u128> {
    let found = TIME_UNITS
        .iter()
        .find(|(unit, alias, _)| *unit == name || *alias == name);
    found.map(|(.., nanos)| *nanos)
}

/// A decimal number times `scale`, in whole numbers throughout: no rounding of 19 digits in a float.
fn scaled(number: &str, scale: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole: u128 = whole.parse().ok()?;
    let digits = u32::try_from(fraction.len()).ok().filter(|len| *len <= 9)?;
    let fraction: u128 = fraction.parse().ok()?;
    whole
        .checked_mul(scale)?
        .checked_add(fraction * scale / 10_u128.pow(digits))
}

fn split_at(text: &str, end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(end).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_units_fractions_and_in_combination() {
        let read = |text| parse_duration(text).map(|found| found.as_millis());
        assert_eq!(read("500ms"), Ok(500));
        assert_eq!(read("1h30m"), Ok(5_400_000));
        assert_eq!(read("2d 4h"), Ok(187_200_000));
        assert_eq!(read("1.5s"), Ok(1_500));
        for wrong in ["", "5", "s", "-5s", "5 s x", "1.2.3s", "99999999w", "5M"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_written_duration_reads_as_itself() {
        for nanos in [0, 1, 999, 1_000_000, 90_000_000_000, 86_400_000_000_001] {
            let duration = Duration::from_nanos(nanos);
            assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }
        assert_eq!(format_duration(Duration::from_secs(5_400)), "1h30m");
    }

    #[test]
    fn sizes_know_both_kinds_of_units() {
        assert_eq!(parse_size("512"), Ok(512));
        assert_eq!(parse_size("10k"), Ok(10_000));
        assert_eq!(parse_size("1.5M"), Ok(1_500_000));
        assert_eq!(parse_size("64Ki"), Ok(65_536));
        assert_eq!(parse_size("512MiB"), Ok(536_870_912));
        for wrong in ["", "k", "-1", "5x", "1kk", "99999999999999999999"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ranges_are_sorted_unique_and_read_back() {
        assert_eq!(parse_ranges("4,0,2-3,3"), Ok(vec![0, 2, 3, 4]));
        assert_eq!(format_ranges(&[0, 2, 3, 4]), "0,2-4");
        assert_eq!(format_ranges(&[1, 2]), "1,2");
        assert_eq!(format_ranges(&[]), "");
        assert_eq!(name_partitions(&[3]), "partition 3");
        assert_eq!(
            name_partitions_of("a", &[0, 2, 3, 4]),
            "partitions 0,2-4 of stream \"a\""
        );
        assert_eq!(name_partitions_of("a", &[]), "stream \"a\"");
        for wrong in ["", "a", "-1", "4-2", "1,", "+1", "0-99999999"] {
            assert!(parse_ranges(wrong).is_err(), "{wrong}");
        }
    }
}
