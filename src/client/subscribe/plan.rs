//! From what a caller asks (`SubscribeSpec`) to what a server is asked: positions pinned to offsets where they would
//! move under a second attempt. Pure; the ends of the log are handed in.

use crate::model::{Offset, StartAt, StopAt, SubscribeSpec, Timestamp};
use crate::wire::intake::Course;
use crate::wire::pb::{self, StartPosition, StopPosition};

/// Where reading begins, as the server is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Earliest,
    Offset(Offset),
    Time(Timestamp),
    /// As the server understands it: only where the log's end cannot be asked for.
    New,
    Latest,
}

/// A subscription with its positions pinned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) start: Start,
    pub(super) course: Course,
}

/// Whether the end of the log has to be known to pin this.
pub(super) fn needs_end(spec: &SubscribeSpec) -> bool {
    let open_start = !matches!(
        spec.start,
        StartAt::Earliest | StartAt::Time(_) | StartAt::TimeAgo(_)
    );
    let pinned_stop = matches!(spec.stop, StopAt::Latest | StopAt::Time(_));
    open_start || pinned_stop || spec.reverse
}

/// Pins the positions; `None` where the range holds nothing, so that it is done at once. `end` is the high watermark
/// of the leader, -1 of an empty log, `None` where it could not be asked for.
pub(super) fn pin(spec: &SubscribeSpec, end: Option<Offset>, now: Timestamp) -> Option<Plan> {
    if spec.reverse {
        return pin_reverse(spec, end, now);
    }
    let after = end.map(|end| end.saturating_add(1));
    let start = match (spec.start, end) {
        (StartAt::Earliest, _) => Start::Earliest,
        (StartAt::Time(time), _) => Start::Time(time),
        (StartAt::TimeAgo(ago), _) => Start::Time(now.minus(ago)),
        (StartAt::Offset(offset), _) => Start::Offset(offset.min(after.unwrap_or(offset)).max(0)),
        (StartAt::New, Some(end)) => Start::Offset(end.saturating_add(1)),
        (StartAt::Latest, Some(end)) => Start::Offset(end.max(0)),
        (StartAt::Last(count), Some(end)) => Start::Offset(last(count, end)),
        (StartAt::New | StartAt::Last(0), None) => Start::New,
        (StartAt::Latest | StartAt::Last(_), None) => Start::Latest,
    };
    let (stop_offset, stop_time) = match spec.stop {
        StopAt::Never => (None, None),
        StopAt::Offset(offset) => (Some(offset), None),
        StopAt::Latest => (end, None),
        StopAt::Time(time) => (end.filter(|_| time <= now), Some(time)),
    };
    let next = match (spec.start, start) {
        // Fewer than N may be kept, which is no gap.
        (StartAt::Last(_), _) => None,
        (_, Start::Offset(offset)) => Some(offset),
        _ => None,
    };
    let course = Course {
        next,
        stop_offset,
        stop_time,
        reverse: false,
        gaps_expected: false,
    };
    let begins = match start {
        Start::Offset(offset) => offset,
        Start::Earliest | Start::Time(_) | Start::New | Start::Latest => 0,
    };
    (!course.is_past(begins)).then_some(Plan { start, course })
}

fn pin_reverse(spec: &SubscribeSpec, end: Option<Offset>, now: Timestamp) -> Option<Plan> {
    let end = end.filter(|end| *end >= 0)?;
    let start = match spec.start {
        StartAt::New | StartAt::Latest | StartAt::Last(_) => Start::Offset(end),
        StartAt::Offset(offset) => Start::Offset(offset.clamp(0, end)),
        StartAt::Earliest => Start::Earliest,
        StartAt::Time(time) => Start::Time(time),
        StartAt::TimeAgo(ago) => Start::Time(now.minus(ago)),
    };
    let lowest = match (spec.start, spec.stop) {
        (StartAt::Last(count), _) => last(count, end),
        (_, StopAt::Offset(offset)) => offset.max(0),
        _ => 0,
    };
    let stop_time = match spec.stop {
        StopAt::Time(time) => Some(time),
        StopAt::Never | StopAt::Offset(_) | StopAt::Latest => None,
    };
    let next = match start {
        Start::Offset(offset) => Some(offset),
        Start::Earliest | Start::Time(_) | Start::New | Start::Latest => None,
    };
    let course = Course {
        next,
        stop_offset: Some(lowest),
        stop_time,
        reverse: true,
        gaps_expected: true,
    };
    (!course.is_past(next.unwrap_or(end))).then_some(Plan { start, course })
}

fn last(count: u64, end: Offset) -> Offset {
    let count = Offset::try_from(count).unwrap_or(Offset::MAX);
    end.saturating_add(1).saturating_sub(count).max(0)
}

impl Plan {
    /// The same plan, going on where reading has come to.
    pub(super) fn resumed_at(self, next: Offset) -> Self {
        let mut course = self.course;
        course.next = Some(next);
        Self {
            start: Start::Offset(next),
            course,
        }
    }

    /// The part of the request that says from where to where.
    pub(super) fn positions(&self) -> pb::SubscribeRequest {
        let (start, start_offset, start_timestamp) = match self.start {
            Start::Earliest => (StartPosition::Earliest, 0, 0),
            Start::Offset(offset) => (StartPosition::Offset, offset, 0),
            Start::Time(time) => (StartPosition::Timestamp, 0, time.0),
            Start::New => (StartPosition::NewOnly, 0, 0),
            Start::Latest => (StartPosition::Latest, 0, 0),
        };
        // Stops of reversed reading do not work on servers (wire-contract §4.6): this side stops it.
        let stop = self.course.stop_offset.filter(|_| !self.course.reverse);
        pb::SubscribeRequest {
            start_position: start.into(),
            start_offset,
            start_timestamp,
            stop_position: match stop {
                Some(_) => StopPosition::StopOffset.into(),
                None => StopPosition::StopOnCancel.into(),
            },
            stop_offset: stop.unwrap_or_default(),
            reverse: self.course.reverse,
            ..pb::SubscribeRequest::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(start: StartAt, stop: StopAt, end: Offset) -> Option<Plan> {
        let spec = SubscribeSpec {
            start,
            stop,
            ..SubscribeSpec::default()
        };
        pin(&spec, Some(end), Timestamp(1000))
    }

    #[test]
    fn starts_are_pinned_to_offsets_that_no_second_attempt_moves() {
        for (start, end, pinned) in [
            (StartAt::New, 4, Start::Offset(5)),
            (StartAt::New, -1, Start::Offset(0)),
            (StartAt::Latest, 4, Start::Offset(4)),
            (StartAt::Latest, -1, Start::Offset(0)),
            (StartAt::Last(2), 4, Start::Offset(3)),
            (StartAt::Last(9), 4, Start::Offset(0)),
            (StartAt::Last(u64::MAX), 4, Start::Offset(0)),
            (StartAt::Offset(100), 4, Start::Offset(5)),
            (StartAt::Offset(-3), 4, Start::Offset(0)),
            (
                StartAt::TimeAgo(std::time::Duration::from_nanos(10)),
                4,
                Start::Time(Timestamp(990)),
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
    fn an_empty_range_is_done_at_once() {
        assert!(plan(StartAt::Earliest, StopAt::Latest, -1).is_none());
        assert!(plan(StartAt::New, StopAt::Latest, 7).is_none());
        assert!(plan(StartAt::Offset(6), StopAt::Offset(5), 9).is_none());
        assert!(plan(StartAt::Earliest, StopAt::Offset(-1), 9).is_none());
        assert!(plan(StartAt::Earliest, StopAt::Latest, 0).is_some());
        assert!(plan(StartAt::Offset(9), StopAt::Offset(9), 5).is_some());
    }

    #[test]
    fn a_stop_in_the_past_stops_at_the_newest_message_at_the_latest() {
        let past = plan(StartAt::Earliest, StopAt::Time(Timestamp(999)), 4).unwrap();
        assert_eq!(past.course.stop_offset, Some(4));
        let future = plan(StartAt::Earliest, StopAt::Time(Timestamp(1001)), 4).unwrap();
        assert_eq!(future.course.stop_offset, None);
        assert_eq!(future.course.stop_time, Some(Timestamp(1001)));
    }

    #[test]
    fn reversed_reading_goes_from_the_newest_down_and_is_stopped_here() {
        let spec = SubscribeSpec {
            start: StartAt::Last(3),
            reverse: true,
            ..SubscribeSpec::default()
        };
        let plan = pin(&spec, Some(9), Timestamp(0)).unwrap();
        assert_eq!(
            (plan.start, plan.course.stop_offset),
            (Start::Offset(9), Some(7))
        );
        let request = plan.positions();
        assert_eq!(request.stop_position(), StopPosition::StopOnCancel);
        assert!(request.reverse);
        assert!(pin(&spec, Some(-1), Timestamp(0)).is_none());
    }
}
