//! What a comparison of the copies of a partition has found: which were compared, what differs, how far that is.

mod comparison;

pub(crate) use comparison::{Comparison, Difference, Found};

use serde::{Deserialize, Serialize};

use crate::model::{BrokerId, Offset, PartitionId, StreamName, counted_plainly, verb_of};

/// The first differences that a report keeps.
const MOST_DIFFERENCES: usize = 20;

/// How a message of one copy differs from that of the leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Aspect {
    /// Its key.
    Key,
    /// Its value.
    Value,
    /// Its headers.
    Headers,
    /// When it was stored.
    Timestamp,
    /// It was stored before the one in front of it.
    TimeGoesBack,
    /// The copy lacks it.
    Missing,
    /// No copy holds it.
    Absent,
}

impl Aspect {
    /// The name for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Value => "value",
            Self::Headers => "headers",
            Self::Timestamp => "timestamp",
            Self::TimeGoesBack => "time_goes_back",
            Self::Missing => "missing",
            Self::Absent => "absent",
        }
    }
}

/// A copy that was not verified, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unverified {
    /// The broker; `None` where it is about all of them.
    pub replica: Option<BrokerId>,
    /// The first offset that was not verified, where some were.
    pub from: Option<Offset>,
    /// One sentence's end: `it is not in sync`.
    pub reason: String,
}

impl Unverified {
    /// Nothing of that copy was.
    pub(crate) fn of(replica: &BrokerId, reason: impl Into<String>) -> Self {
        Self {
            replica: Some(BrokerId::clone(replica)),
            from: None,
            reason: reason.into(),
        }
    }
}

/// What of a partition can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadableCopies {
    /// The brokers whose copies are compared, the leader first.
    pub replicas: Vec<BrokerId>,
    /// The newest offset that all of them have committed; -1: none.
    pub common: Offset,
    /// The newest offset that the leader has committed.
    pub committed: Offset,
    /// Those that are not compared.
    pub unverified: Vec<Unverified>,
}

impl ReadableCopies {
    /// None, for that reason.
    pub(crate) fn nothing(reason: &str) -> Self {
        Self {
            replicas: Vec::new(),
            common: -1,
            committed: -1,
            unverified: vec![Unverified {
                replica: None,
                from: None,
                reason: reason.to_owned(),
            }],
        }
    }

    /// Copies that end before the offset from which on they were to be compared.
    pub(crate) fn short_of(&self, from: Offset) -> Vec<Unverified> {
        let common = self.common;
        let reason = match common {
            ..0 => format!("there is no offset {from} yet"),
            _ => format!("there is no offset {from} yet: all have committed up to {common}"),
        };
        let each = self.replicas.iter();
        each.map(|replica| Unverified::of(replica, reason.clone()))
            .collect()
    }
}

/// Something that is not as it should be, as a report keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyDifference {
    /// The offset.
    pub offset: Offset,
    /// The last offset, where it is about several.
    pub last_offset: Offset,
    /// The broker of the copy; `None`: all of them.
    pub replica: Option<BrokerId>,
    /// What differs.
    pub aspects: Vec<Aspect>,
}

/// What is known of the copies of a partition so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// The stream.
    pub stream: StreamName,
    /// The partition.
    pub partition: PartitionId,
    /// What is compared, and what was not verified, or not to its end.
    pub copies: ReadableCopies,
    /// The first offset that was compared.
    pub first: Option<Offset>,
    /// The last one.
    pub last: Option<Offset>,
    /// Offsets that were compared.
    pub compared: u64,
    /// Offsets that no copy holds.
    pub absent: u64,
    /// Missing messages that were not judged.
    pub unjudged: u64,
    /// How many differences there are.
    pub differences: u64,
    /// How many of them each copy has.
    pub by_replica: Vec<u64>,
    /// The first of them.
    pub first_differences: Vec<CopyDifference>,
}

impl VerifyReport {
    /// Nothing is compared yet.
    pub fn new(stream: StreamName, partition: PartitionId, copies: ReadableCopies) -> Self {
        Self {
            stream,
            partition,
            by_replica: vec![0; copies.replicas.len()],
            copies,
            first: None,
            last: None,
            compared: 0,
            absent: 0,
            unjudged: 0,
            differences: 0,
            first_differences: Vec::new(),
        }
    }

    /// Something differs.
    pub(crate) fn add(&mut self, found: &Difference) {
        self.differences += 1;
        let own = found.replica.and_then(|at| self.by_replica.get_mut(at));
        if let Some(count) = own {
            *count += 1;
        }
        if self.first_differences.len() < MOST_DIFFERENCES {
            let replica = found.replica.and_then(|at| self.copies.replicas.get(at));
            self.first_differences.push(CopyDifference {
                offset: found.offset,
                last_offset: found.last_offset,
                replica: replica.cloned(),
                aspects: found.aspects.clone(),
            });
        }
    }

    /// The comparison is that far.
    pub(crate) fn record_progress(&mut self, comparison: &Comparison) {
        self.first = self.first.or(comparison.last);
        self.last = comparison.last;
        self.compared = comparison.compared;
        self.absent = comparison.absent;
        self.unjudged = comparison.unjudged;
    }

    /// How many copies were not verified to their end. What found no room to be judged is not verified either.
    pub fn unverified_count(&self) -> u64 {
        let copies = u64::try_from(self.copies.unverified.len()).unwrap_or(u64::MAX);
        copies + u64::from(self.unjudged > 0)
    }

    /// How much of what all copies have committed was compared, in percent.
    pub fn percent(&self) -> Option<i64> {
        let (first, last) = (self.first?, self.last?);
        let all = self.copies.common.checked_sub(first)?.checked_add(1)?;
        let compared = last.checked_sub(first)?.checked_add(1)?;
        compared.checked_mul(100)?.checked_div(all)
    }

    /// What was found, in one sentence.
    pub fn sentence(&self) -> String {
        let (stream, partition) = (&self.stream, self.partition);
        let unverified = self.unverified_count();
        let mut sentence = self.compared_sentence(unverified);
        if self.copies.committed > self.copies.common && !self.copies.replicas.is_empty() {
            let committed = self.copies.committed;
            sentence = format!("{sentence}; its leader has committed up to {committed}");
        }
        if self.absent > 0 {
            let absent = counted_plainly(self.absent, "offset");
            let verb = verb_of(self.absent, "are");
            sentence = format!("{sentence}; {absent} {verb} in no copy, as after compaction");
        }
        if self.unjudged > 0 {
            let messages = counted_plainly(self.unjudged, "missing message");
            sentence = format!("{sentence}; {messages} more were not judged");
        }
        if unverified > 0 && !self.copies.replicas.is_empty() {
            let verb = verb_of(unverified, "were");
            let copies = if unverified == 1 { "copy" } else { "copies" };
            sentence = format!("{sentence}; {unverified} {copies} {verb} not verified to the end");
        }
        format!("{stream}:{partition}: {sentence}")
    }

    fn compared_sentence(&self, unverified: u64) -> String {
        let Some(last) = self.last else {
            let nothing = if self.copies.replicas.is_empty() {
                "nothing was verified"
            } else {
                "there is nothing to compare"
            };
            return nothing.to_owned();
        };
        let messages = counted_plainly(self.compared, "message");
        let found = match (self.differences, self.copies.replicas.len()) {
            (0, 1) if unverified == 0 => {
                format!("{messages}, and no other copy to compare with")
            }
            (0, 1) => format!("{messages} of the only copy that could be read"),
            (0, copies) => format!("{messages} equal in {copies} copies"),
            (count, _) => format!("{} in {messages}", counted_plainly(count, "difference")),
        };
        format!("{found}, up to offset {last}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of two copies that have committed up to there.
    fn report_up_to(common: Offset) -> VerifyReport {
        let copies = ReadableCopies {
            replicas: vec!["a".into(), "b".into()],
            common,
            committed: common,
            unverified: Vec::new(),
        };
        VerifyReport::new("orders".into(), 0, copies)
    }

    #[test]
    fn percent_is_of_what_all_have_committed_from_the_first_that_is_kept() {
        let mut report = report_up_to(199);
        assert_eq!(report.percent(), None);
        (report.first, report.last) = (Some(100), Some(124));
        assert_eq!(report.percent(), Some(25));
        report.last = Some(199);
        assert_eq!(report.percent(), Some(100));
    }

    #[test]
    fn a_report_keeps_the_first_differences_and_counts_all() {
        let mut report = report_up_to(99);
        for offset in 0..30 {
            report.add(&Difference {
                offset,
                last_offset: offset,
                replica: Some(1),
                aspects: vec![Aspect::Value],
                checksums: None,
            });
        }
        assert_eq!(
            (report.differences, report.first_differences.len()),
            (30, 20)
        );
        assert_eq!(report.by_replica, [0, 30]);
        assert_eq!(report.first_differences[0].replica.as_deref(), Some("b"));
    }
}
