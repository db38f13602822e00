//! Times as people read them, in a zone, as a clock or as an age. Each text is one that the seek grammar reads after an `@`, and
//! means the same moment there, as exactly as it is written.

use chrono::{DateTime, FixedOffset, MappedLocalTime, NaiveDateTime, TimeZone};

use super::seek::AHEAD;
use super::time::Timestamp;
use super::zone::{Zone, offset_text};

/// Days within which a date needs no year.
const NEAR: i64 = 180;

/// How times are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TimeDisplay {
    /// In which zone.
    pub zone: Zone,
    /// How long ago they are, in place of what the clocks showed, where many stand in a column.
    pub ages: bool,
}

impl TimeDisplay {
    /// A time on twelve columns: its age, the time of day to the millisecond, or the day where it is another one.
    pub fn short(&self, at: Timestamp, now: Timestamp) -> String {
        if self.ages {
            return age_text(at, now);
        }
        self.clock(at, now, ["%H:%M:%S%.3f", " %H:%M", ""])
    }

    /// The time of day to the second, with the day where it is another one.
    pub fn seconds(&self, at: Timestamp, now: Timestamp) -> String {
        self.clock(at, now, ["%H:%M:%S", " %H:%M:%S", " %H:%M:%S"])
    }

    /// The day and the time of day, to the second where that fits on so many columns.
    pub fn day(&self, at: Timestamp, now: Timestamp, columns: usize) -> String {
        let text = self.clock(at, now, ["%m-%d %H:%M:%S", " %H:%M:%S", ""]);
        if text.len() <= columns {
            return text;
        }
        self.clock(at, now, ["%m-%d %H:%M", " %H:%M", ""])
    }

    /// Date and time to the millisecond, with the offset from UTC: `2026-11-22 12:40:02.118 +01`.
    pub fn date(&self, at: Timestamp) -> String {
        let local = self.local(at);
        let text = local.format("%Y-%m-%d %H:%M:%S%.3f").to_string();
        format!("{text} {}", short_offset(*local.offset()))
    }

    /// Date and time to the nanosecond, as RFC 3339 has them.
    pub fn rfc3339(&self, at: Timestamp) -> String {
        let local = self.local(at);
        let text = local.format("%Y-%m-%dT%H:%M:%S%.9f").to_string();
        text + &offset_text(*local.offset())
    }

    /// Its age, or date and time to the nanosecond.
    pub fn whole(&self, at: Timestamp, now: Timestamp) -> String {
        if self.ages {
            return age_text(at, now);
        }
        self.rfc3339(at)
    }

    fn local(&self, at: Timestamp) -> DateTime<FixedOffset> {
        let offset = self.zone.offset_from_utc_datetime(&at.to_utc().naive_utc());
        at.to_utc().with_timezone(&offset)
    }

    /// In one of three forms: of today, of another day behind its date, of another year behind that.
    fn clock(&self, at: Timestamp, now: Timestamp, [today, near, far]: [&str; 3]) -> String {
        let (local, now_there) = (self.local(at), self.local(now));
        let days = (local.date_naive() - now_there.date_naive())
            .num_days()
            .abs();
        // What is yet to come would be taken for the same time of the day before.
        let form = if days == 0 && at <= now.plus(AHEAD) {
            today.to_owned()
        } else if days < NEAR {
            format!("%m-%d{near}")
        } else {
            format!("%Y-%m-%d{far}")
        };
        let text = local.format(&form).to_string();
        if self.needs_offset(&local, &form) {
            return text + &short_offset(*local.offset());
        }
        text
    }

    /// Whether only the offset tells which time it is: clocks had shown the same before.
    fn needs_offset(&self, local: &DateTime<FixedOffset>, form: &str) -> bool {
        let naive = local.naive_local();
        let shown = if form.contains("%.3f") {
            Some(naive)
        } else if form.contains("%S") {
            cut(naive, 1)
        } else if form.contains("%M") {
            cut(naive, 60)
        } else {
            None
        };
        let offset = shown.map(|shown| self.zone.offset_from_local_datetime(&shown));
        match offset {
            Some(MappedLocalTime::Ambiguous(first, _)) => *local.offset() != first,
            // Cut down, it is a time that no clock has shown.
            Some(MappedLocalTime::None) => true,
            Some(MappedLocalTime::Single(_)) | None => false,
        }
    }
}

/// The time without what is smaller than so many seconds.
fn cut(at: NaiveDateTime, seconds: i64) -> Option<NaiveDateTime> {
    let utc = at.and_utc().timestamp();
    DateTime::from_timestamp(utc - utc.rem_euclid(seconds), 0).map(|at| at.naive_utc())
}

/// Most zones are whole hours away.
fn short_offset(offset: FixedOffset) -> String {
    let text = offset_text(offset);
    match text.strip_suffix(":00") {
        Some(short) if text.len() == 6 => short.to_owned(),
        _ => text,
    }
}

/// How long ago, with the two largest units: `-3m12s`; `-0s` for what is yet to come.
fn age_text(at: Timestamp, now: Timestamp) -> String {
    let age = at.age(now);
    let seconds = age.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0 => format!("-{}ms", age.as_millis()),
        1..60 => format!("-{seconds}.{}s", age.subsec_millis() / 100),
        60..3_600 => format!("-{minutes}m{:02}s", seconds % 60),
        3_600..86_400 => format!("-{hours}h{:02}m", minutes % 60),
        _ => format!("-{days}d{:02}h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{StartAt, parse_start};

    const SECOND: i64 = 1_000_000_000;
    const DAY: i64 = 86_400 * SECOND;

    /// The moment that a text means behind an `@`.
    fn read(text: &str, now: Timestamp, zone: &Zone) -> Timestamp {
        match parse_start(&format!("@{text}"), now, zone) {
            Ok(StartAt::Time(at)) => at,
            Ok(StartAt::TimeAgo(age)) => now.minus(age),
            other => panic!("{text}: {other:?}"),
        }
    }

    /// How much a text leaves out, by its smallest part.
    fn precision(text: &str) -> i64 {
        let clock = text.find(':').unwrap_or(0);
        let behind = text.get(clock..).and_then(|clock| clock.find(['+', '-']));
        let end = behind.map_or(text.len(), |behind| clock + behind);
        let clock = text.get(..end).unwrap_or_default();
        match (clock.contains('.'), clock.matches(':').count()) {
            (true, _) => SECOND / 1_000,
            (false, 2..) => SECOND,
            (false, 1) => 60 * SECOND,
            (false, _) => 26 * 3_600 * SECOND,
        }
    }

    fn check(at: Timestamp, now: Timestamp, zone: &Zone) {
        let mut times = TimeDisplay {
            zone: zone.clone(),
            ages: false,
        };
        let texts = [
            times.short(at, now),
            times.seconds(at, now),
            times.day(at, now, 14),
            times.day(at, now, 20),
            times.date(at),
        ];
        for text in texts {
            let left_out = at.0 - read(&text, now, zone).0;
            assert!(
                (0..precision(&text)).contains(&left_out),
                "{text} in {zone}: {at:?} at {now:?}: {left_out}"
            );
        }
        let whole = times.whole(at, now);
        assert_eq!(read(&whole, now, zone), at, "{whole} in {zone}");
        times.ages = true;
        let text = times.short(at, now);
        let off = at.0.min(now.0) - read(&text, now, zone).0;
        let unit = match text.chars().last() {
            Some('h') => 3_600 * SECOND,
            Some('m') => 60 * SECOND,
            Some('s') if text.ends_with("ms") => SECOND / 1_000,
            Some('s') if text.contains('.') => SECOND / 10,
            _ => SECOND,
        };
        assert!(off.abs() < unit, "{text}: {off}");
    }

    fn zone(name: &str) -> Zone {
        name.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    fn at(text: &str) -> Timestamp {
        let at = DateTime::parse_from_rfc3339(text).expect(text);
        Timestamp(at.timestamp_nanos_opt().expect(text))
    }

    #[test]
    fn a_time_is_as_short_as_it_can_be_and_tells_the_two_times_of_a_fold_apart() {
        let berlin = TimeDisplay {
            zone: zone("Europe/Berlin"),
            ages: false,
        };
        let now = at("2025-10-26T05:00:00Z");
        for (time, text) in [
            ("2025-10-26T04:30:15.118Z", "05:30:15.118"),
            ("2025-10-26T00:30:15.118Z", "02:30:15.118"),
            ("2025-10-26T01:30:15.118Z", "02:30:15.118+01"),
            ("2025-10-25T10:30:15.118Z", "10-25 12:30"),
            ("2025-10-26T05:00:20Z", "06:00:20.000"),
            ("2025-10-26T05:01:01Z", "10-26 06:01"),
            ("2024-10-26T10:30:15Z", "2024-10-26"),
        ] {
            assert_eq!(berlin.short(at(time), now), text);
        }
        assert_eq!(berlin.date(now), "2025-10-26 06:00:00.000 +01");
        let ages = TimeDisplay {
            ages: true,
            ..berlin
        };
        for (time, text) in [
            ("2025-10-26T04:59:59.7Z", "-300ms"),
            ("2025-10-26T04:59:48.75Z", "-11.2s"),
            ("2025-10-26T04:56:48Z", "-3m12s"),
            ("2025-10-26T02:56:48Z", "-2h03m"),
            ("2025-10-23T01:00:00Z", "-3d04h"),
        ] {
            assert_eq!(ages.short(at(time), now), text);
        }
    }

    #[test]
    fn around_each_change_of_clocks_what_is_shown_means_the_same_again() {
        for name in [
            "Europe/Berlin",
            "Australia/Lord_Howe",
            "Australia/Adelaide",
            "America/Sao_Paulo",
            "Africa/Monrovia",
            "Pacific/Apia",
            "Asia/Kathmandu",
            "America/St_Johns",
            "Europe/Dublin",
            "Africa/Casablanca",
            "Antarctica/Troll",
        ] {
            let zone = zone(name);
            let Zone::Named(rules) = &zone else {
                panic!("{name}")
            };
            let start = jiff::Timestamp::from_second(1_000).expect("a time");
            let changes: Vec<_> = rules.following(start).take(120).collect();
            for change in changes {
                let change = change.timestamp().as_second() * SECOND;
                for minutes in [-61, -60, -31, -30, -1, 0, 1, 29, 30, 59, 60, 61] {
                    let at = Timestamp(change + minutes * 60 * SECOND + 20 * SECOND + 118_000_001);
                    for later in [
                        0,
                        5 * 60 * SECOND,
                        3_600 * SECOND,
                        20 * 3_600 * SECOND,
                        40 * DAY,
                        300 * DAY,
                    ] {
                        check(at, Timestamp(at.0 + later), &zone);
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_in_any_zone_can_be_typed_back(
            number in any::<prop::sample::Index>(),
            at in 0..(130 * 365 * DAY),
            later in prop_oneof![-60 * SECOND..60 * SECOND, -2 * DAY..2 * DAY, -500 * DAY..500 * DAY],
        ) {
            let names: Vec<_> = jiff::tz::db().available().collect();
            let name = number.get(&names).to_string();
            check(Timestamp(at), Timestamp(at.saturating_add(later)), &zone(&name));
        }
    }
}
