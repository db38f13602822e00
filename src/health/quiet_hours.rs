//! Hours of the day in which nothing is told.

use chrono::Timelike;
use serde::{Deserialize, Serialize};

use crate::model::{Timestamp, Zone};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// A part of each day, from a minute to another, which may be one of the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// The first minute of the day.
    pub from: u16,
    /// The minute after the last one.
    pub to: u16,
}

impl QuietHours {
    /// Whether that time is in it, in that zone.
    pub(super) fn includes(self, now: Timestamp, zone: &Zone) -> bool {
        let local = now.to_utc().with_timezone(zone);
        let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap_or(0);
        // Of a stretch over midnight both ends are taken from its beginning.
        let since_begin = |minute: u16| (minute + DAY - self.from) % DAY;
        since_begin(minute) < since_begin(self.to)
    }
}
