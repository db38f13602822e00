//! From what a caller asks (`SubscribeSpec`) to what a server is asked: positions resolved to offsets where they would
//! move under a second attempt. Pure; the ends of the log are handed in.

use std::time::Duration;

use crate::model::{Offset, Partition, StartAt, StopAt, SubscribeSpec, Timestamp};
use crate::wire::pb;
use crate::wire::subscription_decoder::ReadRange;

/// How far the clocks of brokers, which stamp messages, may be from this one's.
pub(super) const CLOCK_SKEW: Duration = Duration::from_secs(2);

/// Where reading begins, as the server is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StartPosition {
    Earliest,
    Offset(Offset),
    Time(Timestamp),
    /// As the server understands it: only where the log's end cannot be asked for.
    New,
    Latest,
}

impl StartPosition {
    /// The three fields of a request that say where to begin: position, offset, time.
    pub(super) fn on_the_wire(self) -> (pb::StartPosition, Offset, i64) {
        match self {
            Self::Earliest => (pb::StartPosition::Earliest, 0, 0),
            Self::Offset(offset) => (pb::StartPosition::Offset, offset, 0),
            Self::Time(time) => (pb::StartPosition::Timestamp, 0, time.0),
            Self::New => (pb::StartPosition::NewOnly, 0, 0),
            Self::Latest => (pb::StartPosition::Latest, 0, 0),
        }
    }
}

/// The ends of a partition's log, as its leader reports them; -1 where there is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogEnds {
    /// The newest committed offset: readers come no further.
    pub(super) high_watermark: Offset,
    /// The newest offset. After a crash it may lie far above a high watermark of -1, until the next publish
    /// (wire-contract §8.1 F).
    pub(super) newest: Offset,
}

impl LogEnds {
    /// The ends that a broker reports of a partition.
    pub(super) fn of(partition: &Partition) -> Self {
        Self {
            high_watermark: partition.high_watermark,
            newest: partition.newest_offset,
        }
    }

    /// The same of a leader that cannot read where its high watermark is: its log was emptied, and ends where it says that it
    /// does. Otherwise the high watermark counts, since a log that is being opened may not say yet how long it is.
    pub(super) fn within_log(self) -> Self {
        Self {
            high_watermark: self.high_watermark.min(self.newest),
            ..self
        }
    }

    /// Whether messages that were committed are not in the log: nobody can read it then.
    pub(super) fn lacks_committed(self) -> bool {
        self.high_watermark > self.newest
    }

    /// The offset that the next message gets.
    pub(super) fn next(self) -> Offset {
        self.newest.max(self.high_watermark).saturating_add(1)
    }

    /// Whether a range from one offset to another lies beyond the log: nothing of it is there, and it may never come.
    pub(super) fn lie_before(self, spec: &SubscribeSpec) -> bool {
        !spec.reverse
            && matches!((spec.start, spec.stop), (StartAt::Offset(from), StopAt::Offset(_)) if from >= self.next())
    }

    /// The newest message that can be read, or else the newest that will be.
    fn latest(self) -> Offset {
        if self.high_watermark >= 0 {
            self.high_watermark
        } else {
            self.newest.max(0)
        }
    }

    /// The first and last offset of what is stored and not committed yet.
    pub(super) fn uncommitted(self) -> Option<(Offset, Offset)> {
        let first = self.high_watermark.saturating_add(1);
        (self.newest >= first).then_some((first, self.newest))
    }
}

/// A subscription with its positions resolved.
#[derive(Clone, Copy, Debug)]
pub(super) struct SubscribePlan {
    pub(super) start: StartPosition,
    pub(super) range: ReadRange,
    /// The server finds the stop: only where the log's end cannot be asked for.
    stops_at_latest: bool,
}

/// Resolves the positions; `None` where the range holds nothing, so that it is done at once. `ends` are those of the
/// leader, `None` where they could not be asked for. `nth_last` is where the last N messages begin; offsets are counted
/// where that is not known.
pub(super) fn resolve(
    spec: &SubscribeSpec,
    ends: Option<LogEnds>,
    nth_last: Option<Offset>,
    now: Timestamp,
) -> Option<SubscribePlan> {
    let end = ends.map(|ends| ends.high_watermark);
    if spec.reverse {
        return resolve_reverse(spec, end, nth_last, now);
    }
    if ends.is_some_and(|ends| ends.lie_before(spec)) {
        return None;
    }
    let start = start_position(spec, ends, nth_last, now);
    let (stop_offset, stop_time) = match spec.stop {
        StopAt::Never => (None, None),
        StopAt::Offset(offset) => (Some(offset), None),
        StopAt::Latest => (end, None),
        StopAt::Newest => (ends.map(|ends| ends.next() - 1), None),
        StopAt::Time(time) => (end.filter(|_| is_past(time, now)), Some(time)),
    };
    let next = match (spec.start, start) {
        // Fewer than N may be kept, which is no gap.
        (StartAt::Last(_), _) => None,
        (_, StartPosition::Offset(offset)) => Some(offset),
        _ => None,
    };
    let range = ReadRange {
        next,
        owed_from: owed_from(start, ends, now),
        stop_offset,
        stop_time,
        reverse: false,
        gaps_expected: false,
    };
    let begins = match start {
        StartPosition::Offset(offset) => offset,
        StartPosition::Earliest
        | StartPosition::Time(_)
        | StartPosition::New
        | StartPosition::Latest => 0,
    };
    (!range.is_past(begins)).then_some(SubscribePlan {
        start,
        range,
        stops_at_latest: ends.is_none() && matches!(spec.stop, StopAt::Latest | StopAt::Newest),
    })
}

/// Where reading forward begins.
fn start_position(
    spec: &SubscribeSpec,
    ends: Option<LogEnds>,
    nth_last: Option<Offset>,
    now: Timestamp,
) -> StartPosition {
    let after = ends.map(LogEnds::next);
    // Past what is committed servers begin at the next message (wire-contract §0.8); the decoder drops what lies below.
    match (spec.start, ends) {
        // Retention may take what comes next before it is read, over an outage: an empty log begins where it ends.
        (StartAt::Earliest, Some(ends)) if ends.next() == 0 => StartPosition::Offset(0),
        (StartAt::Earliest, _) => StartPosition::Earliest,
        (StartAt::Time(time), _) => StartPosition::Time(time),
        (StartAt::TimeAgo(ago), _) => StartPosition::Time(now.minus(ago)),
        (StartAt::Offset(offset), _) => {
            StartPosition::Offset(offset.min(after.unwrap_or(offset)).max(0))
        }
        (StartAt::New, Some(ends)) => StartPosition::Offset(ends.next()),
        (StartAt::Latest, Some(ends)) => StartPosition::Offset(ends.latest()),
        (StartAt::Last(count), Some(ends)) => {
            StartPosition::Offset(nth_last.unwrap_or_else(|| last(count, ends.high_watermark)))
        }
        (StartAt::New | StartAt::Last(0), None) => StartPosition::New,
        (StartAt::Latest | StartAt::Last(_), None) => StartPosition::Latest,
    }
}

/// From which offset on all has to come though the server chooses where to begin: what was not stored yet. Retention may
/// take it before it is read, over an outage.
fn owed_from(start: StartPosition, ends: Option<LogEnds>, now: Timestamp) -> Option<Offset> {
    let takes_all_new = match start {
        StartPosition::Earliest | StartPosition::New => true,
        StartPosition::Time(time) => is_past(time, now),
        StartPosition::Offset(_) | StartPosition::Latest => false,
    };
    ends.filter(|_| takes_all_new).map(LogEnds::next)
}

/// Whether no broker's clock can be before that time any more.
pub(super) fn is_past(time: Timestamp, now: Timestamp) -> bool {
    time < now.minus(CLOCK_SKEW)
}

fn resolve_reverse(
    spec: &SubscribeSpec,
    end: Option<Offset>,
    nth_last: Option<Offset>,
    now: Timestamp,
) -> Option<SubscribePlan> {
    let end = end.filter(|end| *end >= 0)?;
    let start = match spec.start {
        StartAt::New | StartAt::Latest | StartAt::Last(_) => StartPosition::Offset(end),
        StartAt::Offset(offset) => StartPosition::Offset(offset.clamp(0, end)),
        StartAt::Earliest => StartPosition::Earliest,
        StartAt::Time(time) => StartPosition::Time(time),
        StartAt::TimeAgo(ago) => StartPosition::Time(now.minus(ago)),
    };
    let lowest = match (spec.start, spec.stop) {
        (StartAt::Last(count), _) => nth_last.unwrap_or_else(|| last(count, end)),
        (_, StopAt::Offset(offset)) => offset.max(0),
        _ => 0,
    };
    let stop_time = match spec.stop {
        StopAt::Time(time) => Some(time),
        StopAt::Never | StopAt::Offset(_) | StopAt::Latest | StopAt::Newest => None,
    };
    let next = match start {
        StartPosition::Offset(offset) => Some(offset),
        StartPosition::Earliest
        | StartPosition::Time(_)
        | StartPosition::New
        | StartPosition::Latest => None,
    };
    let range = ReadRange {
        next,
        owed_from: None,
        stop_offset: Some(lowest),
        stop_time,
        reverse: true,
        gaps_expected: true,
    };
    (!range.is_past(next.unwrap_or(end))).then_some(SubscribePlan {
        start,
        range,
        stops_at_latest: false,
    })
}

fn last(count: u64, end: Offset) -> Offset {
    let count = Offset::try_from(count).unwrap_or(Offset::MAX);
    end.saturating_add(1).saturating_sub(count).max(0)
}

impl SubscribePlan {
    /// The plan from that offset on.
    pub(super) fn starting_at(self, next: Offset) -> Self {
        let mut range = self.range;
        range.next = Some(next);
        Self {
            start: StartPosition::Offset(next),
            range,
            ..self
        }
    }

    /// The plan from where reading has come to. The message before is asked for again: that it is still the one that
    /// was delivered shows that the log is the one that was read.
    pub(super) fn resumed_at(self, next: Offset) -> Self {
        let before = if self.range.reverse {
            next
        } else {
            next.saturating_sub(1).max(0)
        };
        Self {
            start: StartPosition::Offset(before),
            ..self.starting_at(next)
        }
    }

    /// The plan on a log that has gone back to `ends`: a stop that was pinned to its old end is none any more.
    pub(super) fn rewound_to(self, next: Offset, ends: LogEnds) -> Self {
        let mut plan = self.starting_at(next);
        let stop = plan.range.stop_offset.as_mut();
        if let Some(stop) = stop {
            *stop = (*stop).min(ends.next() - 1);
        }
        plan
    }

    /// The plan before anything was delivered, at another leader: it may lack what the one before had not committed
    /// yet, and its next message gets a lower offset than was waited for.
    pub(super) fn not_beyond(self, ends: LogEnds) -> Self {
        match self.range.next {
            Some(next) if !self.range.reverse && next > ends.next() => {
                self.starting_at(ends.next())
            }
            _ => self,
        }
    }

    /// Whether reading begins past what was there, so that another leader may have to be asked what it has.
    pub(super) fn begins_past_the_end(&self) -> bool {
        !self.range.reverse && matches!(self.start, StartPosition::Offset(offset) if offset > 0)
    }

    /// The part of the request that says from where to where.
    pub(super) fn positions(&self) -> pb::SubscribeRequest {
        let (start, start_offset, start_timestamp) = self.start.on_the_wire();
        // Stops of reversed reading do not work on servers (wire-contract §4.6): this side stops it.
        let stop_offset = self.range.stop_offset.filter(|_| !self.range.reverse);
        let stop = match stop_offset {
            Some(_) => pb::StopPosition::StopOffset,
            None if self.stops_at_latest => pb::StopPosition::StopLatest,
            None => pb::StopPosition::StopOnCancel,
        };
        pb::SubscribeRequest {
            start_position: start.into(),
            start_offset,
            start_timestamp,
            stop_position: stop.into(),
            stop_offset: stop_offset.unwrap_or_default(),
            reverse: self.range.reverse,
            ..pb::SubscribeRequest::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(start: StartAt, stop: StopAt, end: Offset) -> Option<SubscribePlan> {
        plan_between(start, stop, at(end))
    }

    fn plan_between(start: StartAt, stop: StopAt, ends: LogEnds) -> Option<SubscribePlan> {
        let spec = SubscribeSpec {
            start,
            stop,
            ..SubscribeSpec::default()
        };
        resolve(&spec, Some(ends), None, Timestamp(1000))
    }

    /// A log that is committed up to its end.
    fn at(end: Offset) -> LogEnds {
        LogEnds {
            high_watermark: end,
            newest: end,
        }
    }

    #[test]
    fn a_log_that_was_emptied_below_its_high_watermark_ends_where_it_says() {
        let ends = LogEnds {
            high_watermark: 23_707,
            newest: 51,
        };
        assert_eq!(ends.next(), 23_708, "it may only be opening");
        assert_eq!(
            ends.within_log().next(),
            52,
            "it cannot be read beyond that"
        );
        let sound = LogEnds {
            high_watermark: 40,
            newest: 51,
        };
        assert_eq!(sound.within_log(), sound);
    }

    #[test]
    fn what_is_not_committed_yet_is_not_new_and_may_be_lost_by_another_leader() {
        let ends = |high_watermark, newest| LogEnds {
            high_watermark,
            newest,
        };
        let new = plan_between(StartAt::New, StopAt::Never, ends(4, 7)).unwrap();
        assert_eq!(
            (new.start, new.range.next),
            (StartPosition::Offset(8), Some(8))
        );
        assert_eq!(new.not_beyond(at(5)).start, StartPosition::Offset(6));
        assert_eq!(new.not_beyond(at(9)).start, StartPosition::Offset(8));
        // After a crash: nothing is committed until the next publish (wire-contract §8.1 F).
        let crashed = |start| plan_between(start, StopAt::Never, ends(-1, 2)).unwrap();
        assert_eq!(crashed(StartAt::New).start, StartPosition::Offset(3));
        assert_eq!(crashed(StartAt::Latest).start, StartPosition::Offset(2));
        assert_eq!(crashed(StartAt::Offset(1)).start, StartPosition::Offset(1));
        assert!(plan_between(StartAt::New, StopAt::Latest, ends(4, 7)).is_none());
    }

    #[test]
    fn starts_are_pinned_to_offsets_that_no_second_attempt_moves() {
        for (start, end, pinned) in [
            (StartAt::New, 4, StartPosition::Offset(5)),
            (StartAt::New, -1, StartPosition::Offset(0)),
            (StartAt::Latest, 4, StartPosition::Offset(4)),
            (StartAt::Latest, -1, StartPosition::Offset(0)),
            (StartAt::Last(2), 4, StartPosition::Offset(3)),
            (StartAt::Last(9), 4, StartPosition::Offset(0)),
            (StartAt::Last(u64::MAX), 4, StartPosition::Offset(0)),
            (StartAt::Offset(100), 4, StartPosition::Offset(5)),
            (StartAt::Earliest, 4, StartPosition::Earliest),
            (StartAt::Earliest, -1, StartPosition::Offset(0)),
            (StartAt::Offset(-3), 4, StartPosition::Offset(0)),
            (
                StartAt::TimeAgo(Duration::from_nanos(10)),
                4,
                StartPosition::Time(Timestamp(990)),
            ),
        ] {
            assert_eq!(
                plan(start, StopAt::Never, end).unwrap().start,
                pinned,
                "{start:?}"
            );
        }
    }

    #[test]
    fn what_is_not_stored_at_an_opening_has_to_come_wherever_the_server_begins() {
        let now = Timestamp(1).plus(CLOCK_SKEW).plus(CLOCK_SKEW);
        let stored = LogEnds {
            high_watermark: -1,
            newest: 0,
        };
        let owed = |start| {
            let spec = SubscribeSpec {
                start,
                ..SubscribeSpec::default()
            };
            let plan = resolve(&spec, Some(stored), None, now).unwrap();
            plan.range.expected()
        };
        assert_eq!(owed(StartAt::Earliest), Some(1));
        assert_eq!(owed(StartAt::Time(Timestamp(1))), Some(1));
        assert_eq!(owed(StartAt::TimeAgo(2 * CLOCK_SKEW)), Some(1));
        // What comes first may be older than that time, and is skipped then.
        assert_eq!(owed(StartAt::Time(now)), None);
        assert_eq!(owed(StartAt::Last(5)), None);
    }

    #[test]
    fn an_empty_range_is_done_at_once() {
        assert!(plan(StartAt::Earliest, StopAt::Latest, -1).is_none());
        assert!(plan(StartAt::New, StopAt::Latest, 7).is_none());
        assert!(plan(StartAt::Offset(6), StopAt::Offset(5), 9).is_none());
        assert!(plan(StartAt::Earliest, StopAt::Offset(-1), 9).is_none());
        assert!(plan(StartAt::Earliest, StopAt::Latest, 0).is_some());
    }

    #[test]
    fn a_range_beyond_the_end_is_not_waited_for_and_one_that_reaches_beyond_it_is() {
        assert!(plan(StartAt::Offset(9), StopAt::Offset(9), 5).is_none());
        assert!(plan(StartAt::Offset(6), StopAt::Offset(9), 5).is_none());
        assert!(plan(StartAt::Offset(5), StopAt::Offset(9), 5).is_some());
        assert!(plan(StartAt::New, StopAt::Offset(9), 5).is_some());
        assert!(plan(StartAt::Offset(9), StopAt::Never, 5).is_some());
        let stored = LogEnds {
            high_watermark: 4,
            newest: 5,
        };
        let uncommitted = plan_between(StartAt::Offset(5), StopAt::Offset(5), stored);
        assert!(uncommitted.is_some(), "it is there, and on its way");
    }

    #[test]
    fn a_stop_in_the_past_stops_at_the_newest_message_at_the_latest() {
        let now = Timestamp(1).plus(CLOCK_SKEW).plus(CLOCK_SKEW);
        let stop_at = |time| {
            let spec = SubscribeSpec {
                start: StartAt::Earliest,
                stop: StopAt::Time(time),
                ..SubscribeSpec::default()
            };
            resolve(&spec, Some(at(4)), None, now).unwrap().range
        };
        assert_eq!(stop_at(Timestamp(1)).stop_offset, Some(4));
        // A broker whose clock is behind this one's may still stamp messages with it.
        for future in [now.minus(CLOCK_SKEW), now, now.plus(CLOCK_SKEW)] {
            assert_eq!(stop_at(future).stop_offset, None);
            assert_eq!(stop_at(future).stop_time, Some(future));
        }
    }

    #[test]
    fn a_stop_at_the_newest_waits_for_what_is_not_committed() {
        let ends = LogEnds {
            high_watermark: 4,
            newest: 7,
        };
        let stop = |stop| plan_between(StartAt::Earliest, stop, ends).unwrap().range;
        assert_eq!(stop(StopAt::Latest).stop_offset, Some(4));
        assert_eq!(stop(StopAt::Newest).stop_offset, Some(7));
        assert_eq!(ends.uncommitted(), Some((5, 7)));
        assert_eq!(at(7).uncommitted(), None);
    }

    #[test]
    fn a_resumed_call_asks_for_the_last_message_again() {
        let plan = plan(StartAt::Earliest, StopAt::Never, 9).unwrap();
        let resumed = plan.resumed_at(5);
        assert_eq!(resumed.start, StartPosition::Offset(4));
        assert_eq!(resumed.range.next, Some(5));
        let rewound = SubscribePlan {
            range: ReadRange {
                stop_offset: Some(9),
                ..plan.range
            },
            ..plan
        }
        .rewound_to(2, at(3));
        assert_eq!(rewound.start, StartPosition::Offset(2));
        assert_eq!(rewound.range.stop_offset, Some(3));
    }

    #[test]
    fn reversed_reading_goes_from_the_newest_down_and_is_stopped_here() {
        let spec = SubscribeSpec {
            start: StartAt::Last(3),
            reverse: true,
            ..SubscribeSpec::default()
        };
        let plan = resolve(&spec, Some(at(9)), None, Timestamp(0)).unwrap();
        assert_eq!(
            (plan.start, plan.range.stop_offset),
            (StartPosition::Offset(9), Some(7))
        );
        let request = plan.positions();
        assert_eq!(request.stop_position(), pb::StopPosition::StopOnCancel);
        assert!(request.reverse);
        assert!(resolve(&spec, Some(at(-1)), None, Timestamp(0)).is_none());
    }
}
