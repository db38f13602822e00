//! An incident: what went wrong from the first finding to the last, as one story with times and evidence.
//! It is put together by `incident_recorder`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use chrono::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Finding, KnownFinding, KnownLoss, Severity};
use crate::model::{Timestamp, counted, exact_age, grouped};

/// What went wrong, from the first finding until all of them were over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// When it began, as far as can be known, in Unix nanoseconds.
    pub began: i64,
    /// Whether it had begun before anybody watched.
    #[serde(default)]
    pub at_least: bool,
    /// When the last of it was over, in Unix nanoseconds; `None` while it lasts, or where nobody saw its end.
    pub ended: Option<i64>,
    /// When it was seen last, in Unix nanoseconds.
    pub seen: i64,
    /// The worst of its findings, in words.
    pub title: String,
    /// The rule that found it.
    #[serde(default)]
    pub rule: String,
    /// How bad that was: `warning` or `critical`.
    pub severity: String,
    /// Whether messages are gone that had been committed or delivered.
    #[serde(default)]
    pub lost: bool,
    /// Brokers, streams, cursors and groups that it touched.
    pub touched: BTreeSet<String>,
    /// Messages that were stored and not committed, at their most, by stream: whoever waited for an ack of all replicas
    /// waited for those.
    pub uncommitted: BTreeMap<String, i64>,
    /// What happened, in order.
    pub events: Vec<IncidentEvent>,
    /// What had not ended when it was seen last: a later run dates by it what it finds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unfinished: Vec<KnownFinding>,
    /// Messages that were gone when it was seen last, and that nobody had acknowledged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<KnownLoss>,
    /// Events that are left out: there were too many.
    #[serde(default)]
    pub left_out: u64,
}

/// One thing that happened in an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentEvent {
    /// When, in Unix nanoseconds.
    pub at: i64,
    /// What kind of thing.
    pub kind: IncidentEventKind,
    /// In words.
    pub text: String,
    /// The evidence, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
}

/// The kinds of events of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncidentEventKind {
    /// Something broke.
    Critical,
    /// Something got worse.
    Warning,
    /// A finding ended.
    Over,
    /// A leader moved.
    Leader,
    /// An ISR shrank or grew.
    Isr,
    /// The user knows of a loss.
    Acknowledged,
}

impl Incident {
    /// When it began.
    pub fn began(&self) -> Timestamp {
        Timestamp(self.began)
    }

    /// Whether it lasts, as far as this run of liftui saw.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether the run that saw it saw this finding begin, and not end. What has begun since then is something else: what
    /// was left was over meanwhile.
    pub(super) fn has_left(&self, finding: &Finding) -> bool {
        let was_there = finding.at_least || finding.since <= Timestamp(self.seen);
        let (rule, target) = (finding.rule.as_str(), finding.key());
        let mut unfinished = self.unfinished.iter();
        let has_it = unfinished.any(|one| one.rule == rule && one.target == target);
        self.is_open() && was_there && (has_it || self.title == finding.message)
    }

    /// Whether an earlier run has recorded that this finding began, and not that it was over.
    pub(super) fn has_recorded(&self, kind: IncidentEventKind, finding: &Finding) -> bool {
        let newest_first = self.events.iter().rev();
        let mut of_it = newest_first.filter(|event| event.text.ends_with(&*finding.message));
        of_it.next().is_some_and(|last| {
            let was_there = finding.at_least || finding.since <= Timestamp(last.at);
            last.kind == kind && last.text == *finding.message && was_there
        })
    }

    /// How bad it was at its worst.
    pub fn severity(&self) -> Severity {
        if self.severity == Severity::Critical.as_str() {
            Severity::Critical
        } else {
            Severity::Warning
        }
    }

    /// How long it lasted, or has lasted when it was seen last.
    pub fn length(&self) -> Duration {
        let until = Timestamp(self.ended.unwrap_or(self.seen));
        self.began().age(until)
    }

    /// Messages that waited for a commit at the most; 0 where every partition went on.
    pub fn uncommitted(&self) -> i64 {
        self.uncommitted.values().sum()
    }

    /// A report for whoever writes the post-mortem, with times in that zone.
    pub fn markdown<Z: TimeZone>(&self, cluster: &str, zone: &Z) -> String
    where
        Z::Offset: std::fmt::Display,
    {
        let time = |at: i64, format: &str| {
            let at = Timestamp(at).to_utc().with_timezone(zone);
            at.format(format).to_string()
        };
        let mut text = format!("# {}: {}\n\n", escaped(cluster), escaped(&self.title));
        let began = time(self.began, "%Y-%m-%d %H:%M:%S %:z");
        let about = if self.at_least { "at or before " } else { "" };
        let ended = match self.ended {
            Some(at) => time(at, "%Y-%m-%d %H:%M:%S %:z"),
            None => format!("not seen; lasted at {}", time(self.seen, "%H:%M:%S")),
        };
        let touched: Vec<String> = self.touched.iter().map(|name| escaped(name)).collect();
        let rows = [
            ("Severity", self.severity.clone()),
            ("Began", format!("{about}{began}")),
            ("Ended", ended),
            ("Length", exact_age(self.length())),
            (
                "Messages gone",
                if self.lost {
                    "yes"
                } else {
                    "none that is known"
                }
                .to_owned(),
            ),
            ("Touched", touched.join(", ")),
            ("Not committed at the most", self.uncommitted_words()),
        ];
        for (name, value) in rows {
            let _ = writeln!(text, "- **{name}:** {value}");
        }
        text.push_str("\n| Time | What | Evidence |\n| --- | --- | --- |\n");
        for event in &self.events {
            let at = time(event.at, "%H:%M:%S%.3f");
            let (what, evidence) = (escaped(&event.text), escaped(&event.evidence.join("; ")));
            let _ = writeln!(text, "| {at} | {}{what} | {evidence} |", event.kind.word());
        }
        if self.left_out > 0 {
            let _ = writeln!(text, "\n{} more events are left out.", self.left_out);
        }
        text
    }

    fn uncommitted_words(&self) -> String {
        if self.uncommitted() == 0 {
            return "nothing".into();
        }
        let streams = self.uncommitted.iter();
        let each: Vec<String> = streams
            .map(|(stream, count)| format!("{} {}", escaped(stream), grouped(*count)))
            .collect();
        let all = usize::try_from(self.uncommitted()).unwrap_or(usize::MAX);
        format!("{} ({})", counted(all, "message"), each.join(", "))
    }
}

impl IncidentEventKind {
    /// The word in front of an event whose text does not tell it.
    fn word(self) -> &'static str {
        match self {
            Self::Critical => "**broken:** ",
            Self::Warning => "**degraded:** ",
            Self::Over => "over: ",
            Self::Leader | Self::Isr | Self::Acknowledged => "",
        }
    }
}

/// What Markdown would take for its own is text here: names come from brokers.
fn escaped(text: &str) -> String {
    let special = |c: char| {
        matches!(
            c,
            '|' | '*' | '_' | '`' | '<' | '>' | '[' | ']' | '\\' | '#'
        )
    };
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if special(c) {
            escaped.push('\\');
        }
        escaped.push(if c.is_control() { ' ' } else { c });
    }
    escaped
}
