//! The section `[alerts]` of the config file: what is a finding, which findings reach people, and how.

use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::file::{duration, interval};

/// Thresholds of findings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alerts {
    /// Messages that a cursor may be behind.
    pub lag_messages: Option<u64>,
    /// How long a cursor may be behind.
    #[serde(deserialize_with = "duration")]
    pub lag_time: Option<Duration>,
    /// Whether the terminal's bell rings.
    pub bell: bool,
    /// By which sequence the terminal shows a notification of the desktop.
    pub desktop: Option<DesktopSequence>,
    /// Whether the terminal's title counts what is wrong.
    pub title: bool,
    /// A program with its arguments, which gets the finding as JSON on stdin.
    pub command: Vec<String>,
    /// Where the finding is posted as JSON.
    pub webhook: Option<String>,
    /// The least severity that counts.
    pub severity: Option<AlertSeverity>,
    /// How long a finding must last.
    #[serde(deserialize_with = "duration")]
    pub after: Option<Duration>,
    /// The part of the day in which nothing is told: minutes, from one to another.
    #[serde(deserialize_with = "hours")]
    pub quiet: Option<(u16, u16)>,
    /// How long a command or a webhook may take.
    #[serde(deserialize_with = "interval")]
    pub timeout: Option<Duration>,
}

/// A sequence by which terminals show notifications of the desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DesktopSequence {
    /// That of iTerm2, which kitty, `WezTerm` and others know too.
    Osc9,
    /// That of urxvt, which foot, Ghostty and others know too.
    Osc777,
}

/// How bad something must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertSeverity {
    /// Everything.
    Note,
    /// What is degraded or broken.
    Warning,
    /// What is broken.
    Critical,
}

/// `22:00-07:00`, as minutes of the day.
fn hours<'de, D: Deserializer<'de>>(from: D) -> Result<Option<(u16, u16)>, D::Error> {
    let text = String::deserialize(from)?;
    let minute = |text: &str| {
        let time = chrono::NaiveTime::parse_from_str(text.trim(), "%H:%M").ok()?;
        let minutes = chrono::Timelike::num_seconds_from_midnight(&time) / 60;
        u16::try_from(minutes).ok()
    };
    let both = text
        .split_once('-')
        .and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
    match both.filter(|(from, to)| from != to) {
        Some(both) => Ok(Some(both)),
        None => Err(D::Error::custom(format!(
            "\"{text}\" is no part of a day; write it like 22:00-07:00"
        ))),
    }
}
