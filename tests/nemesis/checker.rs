//! What must hold of a history, as pure rules: nothing is lost without being told, repeated or out of order.

use std::collections::BTreeMap;

use liftui::model::{AckPolicy, ErrorKind, Offset, SubscriptionEvent, Timestamp};

use super::history::{Entry, MessageId, Place, Reading, SendOutcome, Sent, Told};

/// What a partition's leader holds at the end: offset, message and time, in order.
pub(crate) type FinalLog = Vec<(Offset, MessageId, Timestamp)>;

/// What was counted, and each thing that is wrong as a sentence.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) delivered: usize,
    pub(crate) untold: usize,
    pub(crate) repeated: usize,
    pub(crate) misordered: usize,
    pub(crate) told: usize,
    /// Lost by replicas that held different logs after one was emptied, at offsets that the reader had read in another log:
    /// nobody could tell.
    pub(crate) overwritten: usize,
    /// Readers that were told that their log cannot be read, which it cannot by anyone.
    pub(crate) unreadable: usize,
    /// Deletions that the servers have undone.
    pub(crate) undone: usize,
    /// Messages that the servers keep at another offset than the one that they acked and a reader read them at.
    pub(crate) moved: usize,
    pub(crate) wrong: Vec<String>,
}

/// How a reader reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReaderKind {
    /// Each message once, in order.
    Tail,
    /// Each message at least once, by whichever member.
    Group,
}

/// Holds what one reader was told of one partition to the rules.
#[derive(Debug)]
pub(crate) struct ReadingCheck<'a> {
    pub(crate) name: &'a str,
    pub(crate) place: &'a Place,
    pub(crate) kind: ReaderKind,
    pub(crate) reading: &'a Reading,
    pub(crate) sent: &'a BTreeMap<MessageId, Sent>,
    pub(crate) log: &'a FinalLog,
    /// Whether a broker was emptied, so that replicas may hold different logs for good.
    pub(crate) logs_differ: bool,
    /// Whether it was told last that it cannot go on, by what the servers have broken: what comes then it is not owed.
    pub(crate) is_cut_off: bool,
}

impl ReadingCheck<'_> {
    /// All rules about one reader.
    pub(crate) fn check(&self, verdict: &mut Verdict) {
        verdict.delivered += self.reading.delivered.len();
        self.check_positions(verdict);
        if self.kind == ReaderKind::Tail {
            self.check_repeats(verdict);
            self.check_order(verdict);
        }
        self.check_completeness(verdict);
    }

    fn wrong(&self, verdict: &mut Verdict, entry: Option<&Entry>, what: &str) {
        let (stream, partition) = self.place;
        let at = entry.map(|entry| format!("{:.1}s: ", entry.at.as_secs_f64()));
        let at = at.unwrap_or_default();
        let name = self.name;
        verdict
            .wrong
            .push(format!("{at}{name} of {stream}/{partition}: {what}"));
    }

    /// Offsets follow each other; what is left out is told where it is left out.
    fn check_positions(&self, verdict: &mut Verdict) {
        let mut next: Option<Offset> = None;
        let (mut is_rewound, mut was_rewound) = (false, false);
        for entry in &self.reading.entries {
            match &entry.told {
                Told::Message { offset, .. }
                    if self.kind == ReaderKind::Group && next.is_none() && was_rewound =>
                {
                    next = Some(offset + 1);
                }
                Told::Message { id, offset, .. } => {
                    let due = next.unwrap_or(0);
                    let is_behind = *offset < due;
                    if *offset > due {
                        verdict.untold += 1;
                        let what = format!("{id} at {offset} came when {due} was due");
                        self.wrong(verdict, Some(entry), &what);
                    } else if is_behind && self.kind == ReaderKind::Tail {
                        verdict.repeated += 1;
                        let what = format!("{id} at {offset} came again: {due} was due");
                        self.wrong(verdict, Some(entry), &what);
                    }
                    if !is_behind {
                        next = Some(offset + 1);
                    }
                }
                Told::Event(SubscriptionEvent::Gap { from, to }) => {
                    let due = next.unwrap_or(0);
                    let fits = match self.kind {
                        ReaderKind::Tail => *from == due,
                        ReaderKind::Group => *from <= due,
                    };
                    if !fits {
                        let what = format!("a gap {from}..={to} was told where {due} was due");
                        self.wrong(verdict, Some(entry), &what);
                    }
                    next = Some(due.max(to + 1));
                }
                Told::Event(SubscriptionEvent::Rewound { from, to }) => {
                    let due = next.unwrap_or(0);
                    if self.kind == ReaderKind::Tail && *from != due {
                        let what = format!("a rewind {from}->{to} was told where {due} was due");
                        self.wrong(verdict, Some(entry), &what);
                    }
                    next = Some(*to);
                    (is_rewound, was_rewound) = (true, true);
                }
                Told::Event(SubscriptionEvent::Ended(reason)) => {
                    if self.kind == ReaderKind::Tail {
                        self.wrong(verdict, Some(entry), &format!("it ended: {reason:?}"));
                    }
                }
                Told::Event(SubscriptionEvent::Resumed { next: at, .. }) => {
                    let due = next.unwrap_or(0);
                    if self.kind == ReaderKind::Tail && next.is_some() && *at != due {
                        let what = format!("it resumed at {at} where {due} was due");
                        self.wrong(verdict, Some(entry), &what);
                    }
                }
                // Who takes a partition over after the log went back goes on where the group has stored that it was.
                Told::Event(SubscriptionEvent::Opened { .. })
                    if self.kind == ReaderKind::Group && is_rewound =>
                {
                    next = None;
                    is_rewound = false;
                }
                Told::Event(_) => {}
                Told::Stranger(why) => self.wrong(verdict, Some(entry), why),
            }
        }
    }

    /// No message comes twice, unless a rewind was told in between: another leader may have stored it too.
    fn check_repeats(&self, verdict: &mut Verdict) {
        let mut seen: BTreeMap<MessageId, usize> = BTreeMap::new();
        let mut rewinds = 0;
        for entry in &self.reading.entries {
            match &entry.told {
                Told::Event(SubscriptionEvent::Rewound { .. }) => rewinds += 1,
                Told::Message { id, offset, .. } => {
                    if seen.insert(*id, rewinds) == Some(rewinds) {
                        verdict.repeated += 1;
                        let what = format!("{id} was delivered twice, at last at {offset}");
                        self.wrong(verdict, Some(entry), &what);
                    }
                }
                Told::Event(_) | Told::Stranger(_) => {}
            }
        }
    }

    /// What was acked before another was sent is delivered before it.
    fn check_order(&self, verdict: &mut Verdict) {
        let mut newest: BTreeMap<u16, (u64, MessageId)> = BTreeMap::new();
        for entry in &self.reading.entries {
            let id = match &entry.told {
                Told::Message { id, .. } => *id,
                Told::Event(SubscriptionEvent::Rewound { .. }) => {
                    newest.clear();
                    continue;
                }
                Told::Event(_) | Told::Stranger(_) => continue,
            };
            let Some(sent) = self.sent.get(&id) else {
                continue;
            };
            let acked = matches!(sent.outcome, SendOutcome::Acked { .. });
            let before = newest.entry(id.producer).or_insert((0, id));
            if acked && sent.ended < before.0 {
                verdict.misordered += 1;
                let later = before.1;
                let what =
                    format!("{id} was delivered after {later}, which was sent after its ack");
                self.wrong(verdict, Some(entry), &what);
            }
            if sent.began > before.0 {
                *before = (sent.began, id);
            }
        }
    }

    /// What the log holds was delivered. What was acked by all replicas and is neither delivered nor in the log was lost by
    /// the servers, and told where it is missing.
    fn check_completeness(&self, verdict: &mut Verdict) {
        let delivered = &self.reading.delivered;
        let is_owed_still = |offset: Offset| !self.is_cut_off || Some(offset) <= self.last();
        let kept: BTreeMap<MessageId, Offset> = self
            .log
            .iter()
            .map(|(offset, id, _)| (*id, *offset))
            .collect();
        for (id, offset) in &kept {
            if delivered.contains(id) || !is_owed_still(*offset) {
                continue;
            }
            if self.is_overwritten(*offset) {
                verdict.overwritten += 1;
            } else {
                verdict.untold += 1;
                let what = format!("{id} was never delivered: its leader has it at {offset}");
                self.wrong(verdict, None, &what);
            }
        }
        for (id, sent) in self.sent {
            let SendOutcome::Acked { offset, time, .. } = &sent.outcome else {
                continue;
            };
            let is_owed = sent.policy == AckPolicy::All && sent.place == *self.place;
            let is_owed = is_owed && is_owed_still(*offset);
            if !is_owed || delivered.contains(id) || kept.contains_key(id) {
                continue;
            }
            if self.is_told(*offset, *time) {
                verdict.told += 1;
            } else if self.is_overwritten(*offset) {
                verdict.overwritten += 1;
            } else {
                verdict.untold += 1;
                let what =
                    format!("{id}, acked at {offset}, was lost and nothing told of it there");
                self.wrong(verdict, None, &what);
            }
        }
    }

    /// The offset of the last message.
    fn last(&self) -> Option<Offset> {
        let mut entries = self.reading.entries.iter().rev();
        entries.find_map(|entry| match entry.told {
            Told::Message { offset, .. } => Some(offset),
            Told::Event(_) | Told::Stranger(_) => None,
        })
    }

    /// Whether the reader was handed another message at that offset, in another log.
    fn is_overwritten(&self, at: Offset) -> bool {
        let mut entries = self.reading.entries.iter();
        self.logs_differ
            && entries
                .any(|entry| matches!(&entry.told, Told::Message { offset, .. } if *offset == at))
    }

    /// Whether a gap or a rewind stands where a message of that offset and time is missing.
    fn is_told(&self, offset: Offset, time: Timestamp) -> bool {
        let entries = &self.reading.entries;
        let time_of = |entry: &Entry| match entry.told {
            Told::Message { time, .. } => Some(time),
            Told::Event(_) | Told::Stranger(_) => None,
        };
        entries.iter().enumerate().any(|(at, entry)| {
            let covers = match &entry.told {
                Told::Event(SubscriptionEvent::Gap { from, to }) => (*from..=*to).contains(&offset),
                Told::Event(SubscriptionEvent::Rewound { from, to }) => {
                    *from <= offset || offset < *to
                }
                // Who takes a partition over knows what the group has stored, and no more.
                Told::Event(SubscriptionEvent::Opened { .. }) => {
                    self.kind == ReaderKind::Group
                        && entries[at..].iter().find_map(time_of) >= Some(time)
                }
                Told::Event(_) | Told::Message { .. } | Told::Stranger(_) => false,
            };
            let before = || entries[..at].iter().rev().find_map(time_of);
            let after = || entries[at..].iter().find_map(time_of);
            covers
                && (self.kind == ReaderKind::Group
                    || (before().is_none_or(|before| before <= time)
                        && after().is_none_or(|after| time <= after)))
        })
    }
}

/// What the client said of each publish is so. `was_read_at` tells whether any reader was handed a message at an offset:
/// then it was there, wherever the servers keep it now.
pub(crate) fn check_outcomes(
    sent: &BTreeMap<MessageId, Sent>,
    logs: &BTreeMap<Place, FinalLog>,
    was_read_at: impl Fn(&Place, MessageId, Offset) -> bool,
    verdict: &mut Verdict,
) {
    for (id, message) in sent {
        let (stream, partition) = &message.place;
        let log = logs.get(&message.place);
        match &message.outcome {
            SendOutcome::Acked {
                stream: by, offset, ..
            } => {
                if by != stream {
                    let what = format!("{id} to {stream}/{partition}: acked by {by}");
                    verdict.wrong.push(what);
                }
                let elsewhere = log.and_then(|log| log.iter().find(|(_, other, _)| other == id));
                if let Some((found, ..)) = elsewhere.filter(|(found, ..)| found != offset)
                    && message.policy == AckPolicy::All
                {
                    if was_read_at(&message.place, *id, *offset) {
                        verdict.moved += 1;
                        continue;
                    }
                    let what =
                        format!("{id} to {stream}/{partition}: acked at {offset}, is at {found}");
                    verdict.wrong.push(what);
                }
            }
            SendOutcome::Refused(failure) => {
                let is_missing = matches!(
                    failure.kind,
                    ErrorKind::NoSuchStream | ErrorKind::NoSuchPartition
                );
                if is_missing {
                    let what = format!("{id}: {stream}/{partition} exists: {failure}");
                    verdict.wrong.push(what);
                }
                if log.is_some_and(|log| log.iter().any(|(_, other, _)| other == id)) {
                    let what =
                        format!("{id} is in {stream}/{partition}, called not stored: {failure}");
                    verdict.wrong.push(what);
                }
            }
            SendOutcome::Pending => {
                let what = format!("{id} to {stream}/{partition}: its publish never ended");
                verdict.wrong.push(what);
            }
            SendOutcome::Unknown => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PRODUCER: u16 = 1;

    fn place() -> Place {
        ("s".into(), 0)
    }

    fn id(number: u32) -> MessageId {
        MessageId {
            producer: PRODUCER,
            number,
        }
    }

    /// The message of that number at that offset; its time is its number.
    fn message(number: u32, offset: Offset) -> Told {
        Told::Message {
            id: id(number),
            offset,
            time: Timestamp(number.into()),
        }
    }

    fn reading(told: Vec<Told>) -> Reading {
        let mut reading = Reading::default();
        for told in told {
            if let Told::Message { id, .. } = &told {
                reading.delivered.insert(*id);
            }
            reading.entries.push(Entry {
                at: Duration::ZERO,
                member: 0,
                told,
            });
        }
        reading
    }

    /// Messages that were acked at these offsets, one after the other.
    fn acked(offsets: &[Offset]) -> BTreeMap<MessageId, Sent> {
        let numbered = (0_u32..).zip(offsets);
        numbered
            .map(|(number, offset)| {
                let outcome = SendOutcome::Acked {
                    stream: "s".into(),
                    offset: *offset,
                    time: Timestamp(number.into()),
                };
                let sent = Sent {
                    place: place(),
                    policy: AckPolicy::All,
                    outcome,
                    began: u64::from(number) * 2,
                    ended: u64::from(number) * 2 + 1,
                };
                (id(number), sent)
            })
            .collect()
    }

    fn verdict(
        kind: ReaderKind,
        told: Vec<Told>,
        sent: &BTreeMap<MessageId, Sent>,
        log: &[(Offset, u32)],
    ) -> Verdict {
        let mut verdict = Verdict::default();
        let entry = |(offset, number): &(Offset, u32)| (*offset, id(*number), Timestamp(0));
        let check = ReadingCheck {
            name: "a tail",
            place: &place(),
            kind,
            reading: &reading(told),
            sent,
            log: &log.iter().map(entry).collect(),
            logs_differ: false,
            is_cut_off: false,
        };
        check.check(&mut verdict);
        verdict
    }

    fn of_tail(told: Vec<Told>, offsets: &[Offset], log: &[(Offset, u32)]) -> Verdict {
        verdict(ReaderKind::Tail, told, &acked(offsets), log)
    }

    fn gap(from: Offset, to: Offset) -> Told {
        Told::Event(SubscriptionEvent::Gap { from, to })
    }

    fn rewound(from: Offset, to: Offset) -> Told {
        Told::Event(SubscriptionEvent::Rewound { from, to })
    }

    #[test]
    fn what_comes_once_and_in_order_is_right() {
        let told = vec![message(0, 0), message(1, 1)];
        let verdict = of_tail(told, &[0, 1], &[(0, 0), (1, 1)]);
        assert_eq!(verdict.wrong, Vec::<String>::new());
    }

    #[test]
    fn a_message_that_never_comes_is_lost_untold() {
        let verdict = of_tail(vec![message(0, 0)], &[0, 1], &[(0, 0), (1, 1)]);
        assert_eq!((verdict.untold, verdict.told), (1, 0));
        // The servers lost it too, and still nobody told.
        let verdict = of_tail(vec![message(0, 0)], &[0, 1], &[(0, 0)]);
        assert_eq!((verdict.untold, verdict.told), (1, 0));
    }

    #[test]
    fn a_jump_is_right_behind_its_gap_alone() {
        let log = [(2, 2)];
        let offsets = [0, 1, 2];
        let told = of_tail(
            vec![message(0, 0), gap(1, 1), message(2, 2)],
            &offsets,
            &log,
        );
        assert_eq!((told.wrong.len(), told.told), (0, 1));
        let untold = of_tail(vec![message(0, 0), message(2, 2)], &offsets, &log);
        assert!(untold.untold > 0);
        let elsewhere = of_tail(
            vec![gap(1, 1), message(0, 0), message(2, 2)],
            &offsets,
            &log,
        );
        assert!(!elsewhere.wrong.is_empty());
    }

    #[test]
    fn a_gap_over_what_is_still_there_is_wrong() {
        let told = vec![message(0, 0), gap(1, 1), message(2, 2)];
        let verdict = of_tail(told, &[0, 1, 2], &[(0, 0), (1, 1), (2, 2)]);
        assert_eq!(verdict.untold, 1);
    }

    #[test]
    fn a_rewind_tells_what_an_emptied_leader_lost() {
        // Two are delivered, the third is lost, the fourth is the first one of the new log.
        let told = vec![message(0, 0), message(1, 1), rewound(2, 0), message(3, 0)];
        let verdict = of_tail(told, &[0, 1, 2, 0], &[(0, 3)]);
        assert_eq!((verdict.wrong.len(), verdict.told), (0, 1));
    }

    #[test]
    fn messages_of_a_new_log_taken_for_repeats_are_lost_untold() {
        let told = vec![message(0, 0), message(1, 1), message(4, 2)];
        let verdict = of_tail(told, &[0, 1, 0, 1, 2], &[(0, 2), (1, 3), (2, 4)]);
        assert_eq!(verdict.untold, 2);
    }

    #[test]
    fn what_comes_twice_or_in_another_order_is_found() {
        let twice = of_tail(vec![message(0, 0), message(0, 0)], &[0], &[(0, 0)]);
        assert!(twice.repeated > 0);
        let told = vec![message(1, 0), message(0, 1)];
        let verdict = of_tail(told, &[1, 0], &[(0, 1), (1, 0)]);
        assert_eq!(verdict.misordered, 1);
    }

    #[test]
    fn a_group_may_repeat_and_must_not_skip() {
        let sent = acked(&[0, 1, 2]);
        let log = [(0, 0), (1, 1), (2, 2)];
        let again = vec![
            message(0, 0),
            message(1, 1),
            message(0, 0),
            message(1, 1),
            message(2, 2),
        ];
        let verdict_of = |told| verdict(ReaderKind::Group, told, &sent, &log);
        assert_eq!(verdict_of(again).wrong, Vec::<String>::new());
        assert!(verdict_of(vec![message(0, 0), message(2, 2)]).untold > 0);
    }

    #[test]
    fn acks_of_other_streams_and_other_offsets_are_found() {
        let logs = BTreeMap::from([(place(), vec![(0, id(0), Timestamp(0))])]);
        let verdict_of = |sent: &BTreeMap<MessageId, Sent>, was_read: bool| {
            let mut verdict = Verdict::default();
            check_outcomes(sent, &logs, |_, _, _| was_read, &mut verdict);
            (verdict.wrong.len(), verdict.moved)
        };
        let wrong = |sent: &BTreeMap<MessageId, Sent>| verdict_of(sent, false).0;
        assert_eq!(wrong(&acked(&[0])), 0);
        assert_eq!(wrong(&acked(&[7])), 1);
        // It was there once, and the servers have moved it.
        assert_eq!(verdict_of(&acked(&[7]), true), (0, 1));
        let mut sent = acked(&[0]);
        if let Some(sent) = sent.get_mut(&id(0)) {
            sent.outcome = SendOutcome::Acked {
                stream: "other".into(),
                offset: 0,
                time: Timestamp(0),
            };
        }
        assert_eq!(wrong(&sent), 1);
    }
}
