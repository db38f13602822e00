//! Since when cursors lag more than the limits that make an alarm.

use super::{AlertOptions, CursorTruth, LagTime, Lagging};
use crate::model::Timestamp;

/// Whether a cursor lags more than these limits.
pub(super) fn is_over(lag: i64, time: Option<LagTime>, alerts: &AlertOptions) -> bool {
    let many = alerts.lag_messages;
    let many = many.is_some_and(|limit| u64::try_from(lag).is_ok_and(|lag| lag > limit));
    let long = alerts.lag_time.zip(time);
    many || long.is_some_and(|(limit, time)| time.at_least > limit)
}

/// What is remembered of one cursor.
#[derive(Clone, Debug, Default)]
pub(super) struct LagMemory {
    lagging: Option<Lagging>,
    /// Whether it was seen within the limits before.
    kept_up: bool,
}

impl LagMemory {
    /// Since when it lags too much, as of now; `None` where it does not, or nobody knows.
    pub(super) fn update(
        &mut self,
        cursor: &CursorTruth,
        alerts: &AlertOptions,
        now: Timestamp,
    ) -> Option<Lagging> {
        let lag = cursor.lag.filter(|_| !cursor.is_outdated(now))?;
        if !is_over(lag, cursor.lag_time, alerts) {
            (self.lagging, self.kept_up) = (None, true);
            return None;
        }
        let mut lagging = self.lagging.unwrap_or(Lagging {
            since: now,
            at_least: !self.kept_up,
        });
        // Nobody saw it begin, but what has been unread for an hour was too old after some minutes.
        if let (true, Some(proved)) = (lagging.at_least, exceeded_since(cursor, alerts, now)) {
            lagging.since = lagging.since.min(proved);
        }
        self.lagging = Some(lagging);
        self.lagging
    }
}

/// When its first unread message had been there for as long as the limit allows.
fn exceeded_since(
    cursor: &CursorTruth,
    alerts: &AlertOptions,
    now: Timestamp,
) -> Option<Timestamp> {
    let over = cursor.lag_time?.at_least.checked_sub(alerts.lag_time?)?;
    Some(now.minus(over))
}
