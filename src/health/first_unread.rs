//! For how long a cursor has been behind, from when its first unread message was stored, and when that is to be read again.

use std::time::Duration;

use super::log_end_history::LogEndHistory;
use super::{LagCertainty, LagTime};
use crate::model::{Offset, Timestamp};

/// A cursor that moves is behind for about as long as before for so long.
const RECENT: Duration = Duration::from_secs(30);
/// What is still about right is read again after so long.
const AGAIN: Duration = Duration::from_secs(5);
/// What could not be read is tried again after so long: its servers log it as an error each time.
const RETRY: Duration = Duration::from_secs(60);

/// What was read of the first message that a cursor had not read.
#[derive(Clone, Copy, Debug)]
struct Reading {
    offset: Offset,
    stored: Timestamp,
    at: Timestamp,
}

/// The first unread message of one cursor.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UnreadMessage {
    last: Option<Reading>,
    /// For which place of the cursor it was asked for, and when.
    asked: Option<(Offset, Timestamp)>,
}

impl UnreadMessage {
    /// It was read.
    pub(super) fn record(&mut self, offset: Offset, stored: Timestamp, at: Timestamp) {
        self.last = Some(Reading { offset, stored, at });
    }

    /// The cursor went back, or the log did: what was read is of another place.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }

    /// How long ago the first of `lag` messages after the cursor's `offset` was stored.
    pub(super) fn lag_time(
        &self,
        (offset, lag): (Offset, i64),
        log: Option<&LogEndHistory>,
        now: Timestamp,
    ) -> Option<LagTime> {
        let exact = |at_least| LagTime {
            at_least,
            certainty: LagCertainty::Exact,
        };
        if lag == 0 {
            return Some(exact(Duration::ZERO));
        }
        let by_growth = log.and_then(|log| log.since_passed(offset, now));
        let Some(last) = self.last else {
            return by_growth;
        };
        if last.offset > offset {
            return Some(exact(last.stored.age(now)));
        }
        match by_growth {
            Some(known) if known.certainty == LagCertainty::Exact => by_growth,
            // One that jumped to where little is unread is behind for another time.
            _ if last.at.age(now) > RECENT || offset - last.offset > lag => by_growth,
            _ => {
                let at_least = by_growth.map_or(Duration::ZERO, |known| known.at_least);
                Some(LagTime {
                    at_least: last.stored.age(last.at).max(at_least),
                    certainty: LagCertainty::Recent,
                })
            }
        }
    }

    /// Since when it waits to be read, where it is to be; it was asked for then.
    pub(super) fn waits_since(
        &self,
        offset: Offset,
        known: Option<LagTime>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let Some((place, asked)) = self.asked else {
            return Some(Timestamp::NEVER);
        };
        let pause = match known.map(|lag| lag.certainty) {
            _ if place == offset => RETRY,
            Some(LagCertainty::Recent) => AGAIN,
            Some(LagCertainty::AtLeast | LagCertainty::Exact) | None => Duration::ZERO,
        };
        (asked.age(now) >= pause).then_some(asked)
    }

    /// It is asked for now.
    pub(super) fn ask(&mut self, offset: Offset, now: Timestamp) {
        self.asked = Some((offset, now));
    }
}
