//! How long after each other messages came: a column of gaps, and one in which each stands at its place in time.

use std::time::Duration;

use crate::model::Timestamp;
use crate::ui::format::gap;

/// Columns of the time from the first to the last message.
pub(super) const WIDTH: usize = 24;

/// The times of all rows that are laid out together.
pub(super) struct Waterfall {
    first: Timestamp,
    whole: Duration,
}

impl Waterfall {
    /// From the first to the last of these, which are in their order.
    pub(super) fn of(times: impl IntoIterator<Item = Timestamp>) -> Option<Self> {
        let mut times = times.into_iter();
        let first = times.next()?;
        let last = times.last().unwrap_or(first);
        let whole = first.age(last);
        Some(Self { first, whole })
    }

    /// What stands over the column: how long it all took.
    pub(super) fn head(&self) -> String {
        let whole = gap(self.whole);
        let line = "─".repeat(WIDTH.saturating_sub(whole.chars().count() + 3));
        format!("0 {line} {whole}")
    }

    /// The place of a message, and how it came there from the one before it.
    pub(super) fn bar(&self, before: Option<Timestamp>, at: Timestamp) -> String {
        let to = self.place(at);
        let from = before.map_or(to, |before| self.place(before).min(to));
        format!("{}{}●", " ".repeat(from), "─".repeat(to - from))
    }

    fn place(&self, at: Timestamp) -> usize {
        let last = WIDTH as u128 - 1;
        let since = self.first.age(at).as_nanos() * last;
        let place = since.checked_div(self.whole.as_nanos()).unwrap_or(0);
        usize::try_from(place.min(last)).unwrap_or(0)
    }
}

/// How long after the one before it a message came: `+12 ms`.
pub(super) fn gap_after(before: Option<Timestamp>, at: Timestamp) -> String {
    match before {
        None => String::new(),
        Some(before) => format!("+{}", gap(before.age(at))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_stands_at_its_place_in_time() {
        let times = [0, 12, 500, 1_000].map(|ms| Timestamp(ms * 1_000_000));
        let waterfall = Waterfall::of(times).unwrap();
        let mut before = None;
        let bars = times.map(|time| waterfall.bar(before.replace(time), time));
        assert_eq!(
            bars,
            [
                "●".to_owned(),
                "●".to_owned(),
                format!("{}●", "─".repeat(11)),
                format!("{}{}●", " ".repeat(11), "─".repeat(12)),
            ]
        );
        assert!(bars.iter().all(|bar| bar.chars().count() <= WIDTH));
        let head = waterfall.head();
        assert!(
            head.starts_with("0 ─") && head.ends_with("─ 1.00 s"),
            "{head}"
        );
        assert_eq!(head.chars().count(), WIDTH);
    }

    #[test]
    fn one_message_and_messages_of_one_time_take_no_time() {
        let once = Timestamp(7);
        let waterfall = Waterfall::of([once, once]).unwrap();
        assert_eq!(waterfall.bar(Some(once), once), "●");
        assert_eq!(gap_after(None, once), "");
        assert_eq!(gap_after(Some(once), once), "+0.00 ms");
        assert!(Waterfall::of([]).is_none());
    }
}
