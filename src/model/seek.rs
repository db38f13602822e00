//! The seek grammar (interface.md §2): text to where a subscription starts and stops.
//! Pure: the present time and the local time zone are handed in.

use std::time::Duration;

use chrono::{
    DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone,
};

use super::units::parse_duration;
use super::{Offset, StartAt, StopAt, Timestamp};

/// Reads a start: `earliest`, `latest`, `new`, `N`, `-N`, `@TIME` or `@-DURATION`.
/// `now` and `zone` give a meaning to `@10:30` and to dates.
///
/// # Errors
/// One sentence that names the text and what may stand there.
pub fn parse_start<Z: TimeZone>(text: &str, now: Timestamp, zone: &Z) -> Result<StartAt, String> {
    let text = text.trim();
    if let Some(time) = text.strip_prefix('@') {
        return Ok(match read_time(time, now, zone)? {
            Moment::At(time) => StartAt::Time(time),
            Moment::Ago(duration) => StartAt::TimeAgo(duration),
        });
    }
    match text {
        "earliest" => Ok(StartAt::Earliest),
        "latest" => Ok(StartAt::Latest),
        "new" => Ok(StartAt::New),
        "end" => Err("\"end\" is a place to stop (--to), not to start".into()),
        number => read_number(number).map(|number| match number {
            Number::Offset(offset) => StartAt::Offset(offset),
            Number::Last(count) => StartAt::Last(count),
        }),
    }
}

/// Reads a stop: `end`, `N`, `@TIME` or `@-DURATION`.
///
/// # Errors
/// One sentence that names the text and what may stand there.
pub fn parse_stop<Z: TimeZone>(text: &str, now: Timestamp, zone: &Z) -> Result<StopAt, String> {
    let text = text.trim();
    if let Some(time) = text.strip_prefix('@') {
        return Ok(StopAt::Time(match read_time(time, now, zone)? {
            Moment::At(time) => time,
            Moment::Ago(duration) => now.minus(duration),
        }));
    }
    match text {
        "end" => Ok(StopAt::Latest),
        "earliest" | "latest" | "new" => Err(format!(
            "\"{text}\" is a place to start (--from), not to stop; the newest message now is \"end\""
        )),
        number => match read_number(number)? {
            Number::Offset(offset) => Ok(StopAt::Offset(offset)),
            Number::Last(_) => Err(format!(
                "\"{text}\" is no place to stop; write an offset, end, @TIME or @-15m"
            )),
        },
    }
}

/// How long ago `@-15m` was read at most, where a stop was read before its start is held against it.
const READ_WITHIN: Duration = Duration::from_secs(1);

/// Whether a range can hold anything: one that ends before it begins cannot, and is a typing error.
///
/// # Errors
/// One sentence that says what comes before what.
pub fn check_range(start: StartAt, stop: StopAt, now: Timestamp) -> Result<(), String> {
    let (from, to) = match (start, stop) {
        (StartAt::Offset(from), StopAt::Offset(to)) if to < from => {
            (format!("offset {from}"), format!("offset {to}"))
        }
        (StartAt::Time(from), StopAt::Time(to)) if to < from => {
            (from.to_utc_text(), to.to_utc_text())
        }
        (StartAt::TimeAgo(ago), StopAt::Time(to)) if to.plus(READ_WITHIN) < now.minus(ago) => {
            (now.minus(ago).to_utc_text(), to.to_utc_text())
        }
        _ => return Ok(()),
    };
    Err(format!(
        "the range ends before it begins: {to} comes before {from}"
    ))
}

enum Number {
    Offset(Offset),
    Last(u64),
}

fn read_number(text: &str) -> Result<Number, String> {
    let wrong = || {
        format!(
            "\"{text}\" is no place in a stream; write earliest, latest, new, end, an offset, -N, @TIME or @-15m"
        )
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let number = if digits.len() < text.len() {
        digits.parse().map(Number::Last)
    } else {
        digits.parse().map(Number::Offset)
    };
    number.map_err(|_too_large| wrong())
}

enum Moment {
    At(Timestamp),
    Ago(Duration),
}

fn read_time<Z: TimeZone>(text: &str, now: Timestamp, zone: &Z) -> Result<Moment, String> {
    let text = text.trim();
    if let Some(duration) = text.strip_prefix('-') {
        return parse_duration(duration).map(Moment::Ago);
    }
    let found = read_unix(text)
        .or_else(|| read_rfc3339(text))
        .or_else(|| read_local(text, zone))
        .or_else(|| read_clock(text, now, zone))
        .or_else(|| read_day(text, now, zone))
        .or_else(|| read_with_offset(text, now));
    found.map(Moment::At).ok_or_else(|| {
        if is_digits(text) {
            return format!(
                "\"@{text}\" is no time: write a date as @2026-01-01, or unix time as @1767225600, or with more digits for ms, µs and ns"
            );
        }
        format!(
            "\"@{text}\" is no time; write @2026-11-22T10:30:00Z, @2026-11-22, @10:30, unix time, or @-15m"
        )
    })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Seconds, milliseconds, microseconds or nanoseconds: the digits of the present tell which. Fewer or more are those of a
/// year or a date without its hyphens, and would be a time of 1970 or of the far future.
fn read_unix(text: &str) -> Option<Timestamp> {
    if !is_digits(text) || text.starts_with('0') {
        return None;
    }
    let nanos_of_one: i64 = match text.len() {
        10 => 1_000_000_000,
        13 => 1_000_000,
        16 => 1_000,
        19 => 1,
        _ => return None,
    };
    let number: i64 = text.parse().ok()?;
    number.checked_mul(nanos_of_one).map(Timestamp)
}

fn read_rfc3339(text: &str) -> Option<Timestamp> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    time.timestamp_nanos_opt().map(Timestamp)
}

/// A date, or a date and a time without an offset: local time.
fn read_local<Z: TimeZone>(text: &str, zone: &Z) -> Option<Timestamp> {
    let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"];
    let short = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let read = |format: &&str| NaiveDateTime::parse_from_str(text, format).ok();
    let moment = formats.iter().chain(&short).find_map(read).or_else(|| {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(date.and_time(NaiveTime::MIN))
    })?;
    in_zone(moment, zone)
}

/// How far the clocks of brokers may be ahead: what is not later than that is of today.
pub(super) const AHEAD: Duration = Duration::from_secs(30);

/// `10:30` or `10:30:15`: the last one past.
fn read_clock<Z: TimeZone>(text: &str, now: Timestamp, zone: &Z) -> Option<Timestamp> {
    let read = |format: &&str| NaiveTime::parse_from_str(text, format).ok();
    let time = ["%H:%M", "%H:%M:%S%.f"].iter().find_map(read)?;
    let today = now.to_utc().with_timezone(zone).date_naive();
    let moments = [today, today.checked_sub_days(Days::new(1))?];
    let mut past = moments
        .iter()
        .filter_map(|date| in_zone(date.and_time(time), zone));
    past.find(|moment| *moment <= now.plus(AHEAD))
}

/// `11-26 12:40`, a day without its year: the nearest one.
fn read_day<Z: TimeZone>(text: &str, now: Timestamp, zone: &Z) -> Option<Timestamp> {
    let (day, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00"));
    let (month, day) = day
        .split_once('-')
        .filter(|(month, day)| month.len() == 2 && day.len() == 2)?;
    let read = |format: &&str| NaiveTime::parse_from_str(time, format).ok();
    let time = ["%H:%M", "%H:%M:%S%.f"].iter().find_map(read)?;
    let year = now.to_utc().with_timezone(zone).year();
    let dates = (year - 1..=year + 1)
        .filter_map(|year| NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?));
    let moments = dates.filter_map(|date| in_zone(date.and_time(time), zone));
    moments.min_by_key(|moment| moment.0.abs_diff(now.0))
}

/// A time of any of these forms with its offset from UTC: `2026-11-22 12:40:02.118 +01`, `02:30:15+01:00`, `12:40 UTC`.
fn read_with_offset(text: &str, now: Timestamp) -> Option<Timestamp> {
    let utc = text.strip_suffix("UTC").or_else(|| text.strip_suffix('Z'));
    let (time, offset) = if let Some(time) = utc {
        (time, FixedOffset::east_opt(0)?)
    } else {
        let colon = text.find(':')?;
        let at = colon + text.get(colon..)?.find(['+', '-'])?;
        let (time, offset) = text.split_at_checked(at)?;
        (time, read_offset(offset)?)
    };
    let time = time.trim_end();
    read_local(time, &offset)
        .or_else(|| read_clock(time, now, &offset))
        .or_else(|| read_day(time, now, &offset))
}

/// `+01`, `+0100`, `+01:00`, `+01:00:30`.
pub(super) fn read_offset(text: &str) -> Option<FixedOffset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    if !matches!(digits.len(), 2 | 4 | 6) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let pair = |at: usize| {
        digits
            .get(at..at + 2)
            .map_or(Some(0), |pair| pair.parse::<i32>().ok())
    };
    let (hours, minutes, seconds) = (pair(0)?, pair(2)?, pair(4)?);
    if minutes > 59 || seconds > 59 {
        return None;
    }
    FixedOffset::east_opt(sign * (hours * 3_600 + minutes * 60 + seconds))
}

/// The moment in UTC. Where a change of clocks repeats it, the earlier one: reading begins there, nothing is missed.
/// Where a change skips it, the moment the clocks showed an hour before, an hour later.
fn in_zone<Z: TimeZone>(moment: NaiveDateTime, zone: &Z) -> Option<Timestamp> {
    let found = zone.from_local_datetime(&moment).earliest().or_else(|| {
        let hour = chrono::TimeDelta::hours(1);
        let earlier = zone.from_local_datetime(&(moment - hour)).earliest()?;
        Some(earlier + hour)
    })?;
    found.timestamp_nanos_opt().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22 12:00 in UTC, 13:00 in the zone of the tests.
    const NOON: Timestamp = Timestamp(1_795_348_800_000_000_000);
    const HOUR: i64 = 3_600_000_000_000;

    fn zone() -> FixedOffset {
        FixedOffset::east_opt(3_600).expect("an hour is a possible offset")
    }

    fn start(text: &str) -> Result<StartAt, String> {
        parse_start(text, NOON, &zone())
    }

    fn stop(text: &str) -> Result<StopAt, String> {
        parse_stop(text, NOON, &zone())
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_told_from_one_that_holds_little() {
        let range = |from: &str, to: &str| {
            let start = parse_start(from, NOON, &zone()).expect(from);
            let stop = parse_stop(to, NOON, &zone()).expect(to);
            check_range(start, stop, NOON)
        };
        for (from, to) in [
            ("7", "6"),
            ("@-15m", "@-20m"),
            ("@2026-11-22", "@2026-11-21"),
        ] {
            let said = range(from, to).expect_err(from);
            assert!(said.contains("ends before it begins"), "{said}");
        }
        for (from, to) in [
            ("7", "7"),
            ("@-15m", "@-15m"),
            ("@2026-11-22", "@2026-11-22"),
            ("@-15m", "3"),
            ("-5", "@-1h"),
            ("earliest", "0"),
            ("new", "end"),
        ] {
            assert_eq!(range(from, to), Ok(()), "{from} {to}");
        }
    }

    #[test]
    fn every_start_of_the_grammar_is_read() {
        assert_eq!(start("earliest"), Ok(StartAt::Earliest));
        assert_eq!(start("latest"), Ok(StartAt::Latest));
        assert_eq!(start("new"), Ok(StartAt::New));
        assert_eq!(start("17"), Ok(StartAt::Offset(17)));
        assert_eq!(start("-50"), Ok(StartAt::Last(50)));
        let minutes = Duration::from_secs(900);
        assert_eq!(start("@-15m"), Ok(StartAt::TimeAgo(minutes)));
    }

    #[test]
    fn every_stop_of_the_grammar_is_read() {
        assert_eq!(stop("end"), Ok(StopAt::Latest));
        assert_eq!(stop("17"), Ok(StopAt::Offset(17)));
        let before = Timestamp(NOON.0 - 2 * HOUR);
        assert_eq!(stop("@-2h"), Ok(StopAt::Time(before)));
    }

    #[test]
    fn times_are_read_in_all_their_forms() {
        let at = |text: &str| match start(text) {
            Ok(StartAt::Time(time)) => Some(time.0 - NOON.0),
            _ => None,
        };
        assert_eq!(at("@2026-11-22T12:00:00Z"), Some(0));
        assert_eq!(at("@2026-11-22T12:00:00.5+00:00"), Some(500_000_000));
        assert_eq!(at("@2026-11-22"), Some(-13 * HOUR));
        assert_eq!(at("@2026-11-22 12:00"), Some(-HOUR));
        assert_eq!(at("@12:00"), Some(-HOUR));
        assert_eq!(at("@13:00"), Some(0));
        assert_eq!(at("@13:01"), Some(60_000_000_000 - 24 * HOUR));
        assert_eq!(at("@1795348800"), Some(0));
        assert_eq!(at("@1795348800000"), Some(0));
        assert_eq!(at("@1795348800000000"), Some(0));
        assert_eq!(at("@1795348800000000000"), Some(0));
    }

    #[test]
    fn a_year_or_a_date_of_digits_alone_is_no_unix_time() {
        for text in [
            "@0",
            "@2026",
            "@202611",
            "@20261122",
            "@202611221030",
            "@20261122103000",
            "@0000002026",
        ] {
            for sentence in [start(text).expect_err(text), stop(text).expect_err(text)] {
                assert!(sentence.contains(text), "{sentence}");
                assert!(sentence.contains("@2026-01-01"), "{sentence}");
                assert!(sentence.contains("@1767225600"), "{sentence}");
            }
        }
    }

    #[test]
    fn what_is_no_place_is_refused_with_its_text() {
        for text in [
            "", "begin", "--5", "-", "1x", "@", "@soon", "@25:00", "@-5", "+3", "end",
        ] {
            assert!(start(text).is_err(), "start {text}");
        }
        for text in [
            "earliest",
            "latest",
            "new",
            "-5",
            "@x",
            "99999999999999999999",
        ] {
            let sentence = stop(text).expect_err(text);
            assert!(sentence.contains(text), "{sentence}");
        }
    }
}
