//! Time zones: UTC, that of this machine, or one by its name, as chrono's formats and the seek grammar take them.
//! The rules of named zones come with the program: a small container has none.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike};
use chrono::{
    FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike,
};

use super::seek::read_offset;
use super::suggest::did_you_mean;

/// A time zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "dashboard", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "dashboard", serde(into = "String", try_from = "String"))]
pub enum Zone {
    /// UTC.
    Utc,
    /// That of this machine.
    #[default]
    Local,
    /// One of the names of the time zone database, such as `Europe/Berlin`.
    Named(jiff::tz::TimeZone),
    /// Always so far from UTC.
    Fixed(FixedOffset),
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text.to_ascii_lowercase().as_str() {
            "utc" | "z" => return Ok(Self::Utc),
            "local" => return Ok(Self::Local),
            _ => {}
        }
        if let Some(offset) = read_offset(text) {
            return Ok(Self::Fixed(offset));
        }
        jiff::tz::db()
            .get(text)
            .map(Self::Named)
            .map_err(|_unknown| {
                let names: Vec<String> = jiff::tz::db()
                    .available()
                    .map(|name| name.to_string())
                    .collect();
                let near = did_you_mean(text, names.iter().map(String::as_str));
                let near = if near.is_empty() {
                    "; write utc, local, or a name such as Europe/Berlin"
                } else {
                    &near
                };
                format!("there is no time zone \"{text}\"{near}")
            })
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.to_string()
    }
}

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl Zone {
    /// How far its clocks are ahead of UTC at that time, in nanoseconds.
    pub fn offset_nanoseconds(&self, at: super::Timestamp) -> i64 {
        let offset = self.offset_from_utc_datetime(&at.to_utc().naive_utc());
        i64::from(offset.fix().local_minus_utc()).saturating_mul(1_000_000_000)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utc => f.write_str("UTC"),
            Self::Local => f.write_str("local"),
            Self::Named(zone) => f.write_str(zone.iana_name().unwrap_or_default()),
            Self::Fixed(offset) => f.write_str(&offset_text(*offset)),
        }
    }
}

/// `+01:00`; with seconds where it has some.
pub(crate) fn offset_text(offset: FixedOffset) -> String {
    let seconds = offset.local_minus_utc();
    let sign = if seconds < 0 { '-' } else { '+' };
    let size = seconds.unsigned_abs();
    let text = format!("{sign}{:02}:{:02}", size / 3_600, size / 60 % 60);
    match size % 60 {
        0 => text,
        rest => format!("{text}:{rest:02}"),
    }
}

fn fixed(offset: jiff::tz::Offset) -> FixedOffset {
    // No zone is a day away from UTC.
    FixedOffset::east_opt(offset.seconds()).unwrap_or_else(|| chrono::Utc.fix())
}

fn civil(local: &NaiveDateTime) -> Option<jiff::civil::DateTime> {
    let small = |number: u32| i8::try_from(number).ok();
    let nanos = i32::try_from(local.nanosecond()).ok()?;
    jiff::civil::DateTime::new(
        i16::try_from(local.year()).ok()?,
        small(local.month())?,
        small(local.day())?,
        small(local.hour())?,
        small(local.minute())?,
        small(local.second())?,
        nanos.min(999_999_999),
    )
    .ok()
}

/// What a named zone's clocks show: once, never, or twice.
fn named_local(zone: &jiff::tz::TimeZone, local: &NaiveDateTime) -> MappedLocalTime<FixedOffset> {
    use jiff::tz::AmbiguousOffset;
    let Some(local) = civil(local) else {
        return MappedLocalTime::None;
    };
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => MappedLocalTime::Single(fixed(offset)),
        AmbiguousOffset::Gap { .. } => MappedLocalTime::None,
        AmbiguousOffset::Fold { before, after } => {
            MappedLocalTime::Ambiguous(fixed(before), fixed(after))
        }
    }
}

impl TimeZone for Zone {
    type Offset = FixedOffset;

    fn from_offset(offset: &FixedOffset) -> Self {
        Self::Fixed(*offset)
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<FixedOffset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<FixedOffset> {
        match self {
            Self::Utc => MappedLocalTime::Single(chrono::Utc.fix()),
            Self::Local => chrono::Local.offset_from_local_datetime(local),
            Self::Named(zone) => named_local(zone, local),
            Self::Fixed(offset) => MappedLocalTime::Single(*offset),
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> FixedOffset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> FixedOffset {
        match self {
            Self::Utc => chrono::Utc.fix(),
            Self::Local => chrono::Local.offset_from_utc_datetime(utc),
            Self::Named(zone) => {
                let at = DateTime::<chrono::Utc>::from_naive_utc_and_offset(*utc, chrono::Utc);
                let at = jiff::Timestamp::from_second(at.timestamp()).unwrap_or_default();
                fixed(zone.to_offset(at))
            }
            Self::Fixed(offset) => *offset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_known_by_name_and_a_wrong_one_says_which_is_meant() {
        for (text, shown) in [
            ("utc", "UTC"),
            ("Local", "local"),
            ("Europe/Berlin", "Europe/Berlin"),
            ("+05:30", "+05:30"),
            ("-03", "-03:00"),
        ] {
            assert_eq!(
                text.parse::<Zone>().map(|zone| zone.to_string()).as_deref(),
                Ok(shown)
            );
        }
        let error = "Europe/Berlni".parse::<Zone>().unwrap_err();
        assert!(error.contains("did you mean \"Europe/Berlin\"?"), "{error}");
        let error = "nowhere".parse::<Zone>().unwrap_err();
        assert!(error.contains("no time zone \"nowhere\""), "{error}");
    }

    #[test]
    fn a_fold_has_two_moments_and_a_gap_none() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        let at = |text: &str| text.parse::<NaiveDateTime>().unwrap();
        let fold = berlin.offset_from_local_datetime(&at("2025-10-26T02:30:00"));
        assert!(matches!(fold, MappedLocalTime::Ambiguous(one, other)
            if one.local_minus_utc() == 7_200 && other.local_minus_utc() == 3_600));
        let gap = berlin.offset_from_local_datetime(&at("2025-03-30T02:30:00"));
        assert_eq!(gap, MappedLocalTime::None);
    }
}
