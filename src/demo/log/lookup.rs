//! Offsets by time, as servers find them: by halving the segments' first messages, which an empty last segment defeats.

use super::Log;
use super::segment::Segment;

/// Why no offset was found for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) enum LookupError {
    /// The search came upon a segment without messages.
    EndOfSegments,
    /// The time lies before the first message.
    BeforeBeginning,
}

/// The first of `count` places at which that is so, probed in the order of Go's `sort.Search`: which places are looked at
/// decides whether an empty segment is met.
fn search(count: usize, mut is_past: impl FnMut(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if is_past(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

impl Log {
    /// The first segment whose messages are all later than that time.
    fn segment_after(&self, timestamp: i64) -> Result<usize, LookupError> {
        let mut met_empty = self.segments.is_empty();
        let index = search(self.segments.len(), |index| {
            let first = self.segments.get(index).and_then(Segment::first);
            met_empty |= first.is_none();
            first.is_none_or(|first| first.timestamp > timestamp)
        });
        if met_empty {
            return Err(LookupError::EndOfSegments);
        }
        Ok(index)
    }

    fn first_since(segment: Option<&Segment>, timestamp: i64) -> Option<(i64, i64)> {
        let messages = &segment?.messages;
        let index = messages.partition_point(|message| message.timestamp < timestamp);
        let found = messages.get(index)?;
        Some((found.offset, found.timestamp))
    }

    /// The first offset whose time is `timestamp` or later; the next offset where servers find none, which they do not
    /// always where there is one.
    pub(in crate::demo) fn earliest_since(&self, timestamp: i64) -> i64 {
        let Ok(after) = self.segment_after(timestamp) else {
            return self.next_offset();
        };
        let before = self.segments.get(after.saturating_sub(1));
        let found = Self::first_since(before, timestamp)
            .or_else(|| Self::first_since(self.segments.get(after), timestamp));
        found.map_or_else(|| self.next_offset(), |(offset, _)| offset)
    }

    /// The last offset whose time is `timestamp` or earlier.
    pub(in crate::demo) fn latest_until(&self, timestamp: i64) -> Result<i64, LookupError> {
        let after = self.segment_after(timestamp)?;
        if after == 0 {
            return Err(LookupError::BeforeBeginning);
        }
        let segment = self.segments.get(after - 1);
        let last = segment.map_or(-1, |segment| segment.next_offset() - 1);
        Ok(match Self::first_since(segment, timestamp) {
            Some((offset, found)) if found == timestamp => offset,
            Some((offset, _)) => offset - 1,
            None => last,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Retention;
    use super::super::tests::{SMALL, log_of};
    use super::LookupError;

    #[test]
    fn times_find_the_nearest_message_on_either_side() {
        let log = log_of(&SMALL, &["a"; 5]);
        assert_eq!(log.earliest_since(11), 2);
        assert_eq!(log.earliest_since(41), 5);
        assert_eq!(log.latest_until(39), Ok(3));
        assert_eq!(log.latest_until(20), Ok(2));
        assert_eq!(log.latest_until(90), Ok(4));
        assert_eq!(log.latest_until(-1), Err(LookupError::BeforeBeginning));
    }

    #[test]
    fn an_empty_last_segment_hides_what_is_newer() {
        let retention = Retention {
            segment_age: 50,
            ..Retention::default()
        };
        let mut log = log_of(&retention, &["a"; 3]);
        assert_eq!(log.earliest_since(0), 0);
        log.clean(&retention, 60, 2);
        assert_eq!(log.earliest_since(0), 3, "every message is newer");
        assert_eq!(log.latest_until(5), Err(LookupError::EndOfSegments));
    }
}
