//! Streams that vanished together with Liftbridge's own ones: nobody deleted them, the cluster lost its metadata.
//!
//! `__activity` and `__cursors` are never deleted. Where one of them was created anew, all streams of before are gone, be
//! it that no broker says so.

use std::collections::BTreeMap;

use super::{Finding, KnownStream, Rule, Severity, StreamTruth};
use crate::model::{StreamName, Target, Timestamp, counted, first_names, verb_of};

/// The streams that are gone, until somebody has acknowledged it.
#[derive(Clone, Debug, Default)]
pub(super) struct VanishedStreams {
    /// Offsets that each had given, as far as that is known.
    streams: BTreeMap<StreamName, i64>,
    finding: Option<Finding>,
}

impl VanishedStreams {
    /// What is found of them.
    pub(super) fn finding(&self) -> Option<&Finding> {
        self.finding.as_ref()
    }

    /// Adds a stream that no broker reports any more, if it is of before `since`, when the first of Liftbridge's own streams
    /// was created anew.
    pub(super) fn add(&mut self, stream: &StreamTruth, since: Timestamp) {
        if !stream.internal && stream.created < since {
            let messages = stream.messages.unwrap_or(0);
            self.streams
                .insert(StreamName::clone(&stream.name), messages);
            self.find(since);
        }
    }

    /// Adds streams that an earlier run knew and that no broker reports in this one.
    pub(super) fn add_known<'a>(
        &mut self,
        known: impl Iterator<Item = (&'a String, &'a KnownStream)>,
        since: Timestamp,
    ) {
        for (name, stream) in known {
            if name.starts_with("__") || Timestamp(stream.created) >= since {
                continue;
            }
            let counts = stream.committed.values();
            let messages = counts.map(|newest| newest.saturating_add(1)).sum();
            self.streams.entry(name.as_str().into()).or_insert(messages);
        }
        self.find(since);
    }

    /// Whether that stream is one of them.
    pub(super) fn contains(&self, stream: &str) -> bool {
        self.streams.contains_key(stream)
    }

    /// Whether that stream is one of them: then all are known to somebody.
    pub(super) fn acknowledge(&mut self, stream: &str) -> bool {
        let is_one = self.streams.contains_key(stream);
        if is_one {
            *self = Self::default();
        }
        is_one
    }

    fn find(&mut self, since: Timestamp) {
        let names: Vec<&StreamName> = self.streams.keys().collect();
        let Some(first) = names.first() else {
            return;
        };
        let (count, shown) = (counted(names.len(), "stream"), first_names(&names));
        let offsets: i64 = self.streams.values().sum();
        let (offsets, were) = (counted(offsets, "offset"), verb_of(offsets, "were"));
        let detail = vec![
            format!("what they held is gone: {offsets} {were} given"),
            "nobody deleted them: Liftbridge's own streams were created anew too, so the cluster lost its metadata"
                .to_owned(),
        ];
        let (severity, rule) = (Severity::Critical, Rule::StreamRecreated);
        let target = Target::Stream(StreamName::clone(first));
        let message = format!("{count} vanished: {shown}");
        self.finding = Some(Finding::new(severity, rule, target, message, detail, since));
    }
}
