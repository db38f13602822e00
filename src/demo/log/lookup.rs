//! Offsets by time, as servers find them: by halving the segments' first messages, which an empty last segment defeats.

use super::segment::Segment;
use super::{Log, LogError};

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

    /// Where servers begin to read backwards from an offset: its distance from the base of its segment is taken for a place
    /// in the index of that segment. Compaction has made that shorter: then they begin at a later message, or leave out the
    /// segment. Where retention took everything, they begin, and come to the end at once.
    pub(in crate::demo) fn reversed_from(&self, offset: i64) -> Result<i64, LogError> {
        let at = self
            .segments
            .partition_point(|segment| segment.next_offset() <= offset);
        let segment = self.segments.get(at).filter(|_| offset >= 0);
        let segment = segment.ok_or(LogError::SegmentNotFound)?;
        let place = usize::try_from(offset - segment.base).ok();
        let message = place.and_then(|place| segment.messages.get(place));
        Ok(message.map_or(segment.base - 1, |message| message.offset))
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
    use super::{LogError, LookupError};

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
    fn reading_backwards_begins_elsewhere_in_a_segment_that_was_compacted() {
        let compacting = Retention {
            segment_bytes: 40,
            compact: true,
            ..Retention::default()
        };
        let mut log = log_of(&compacting, &["a", "b", "a", "b", "a", "b"]);
        assert_eq!(log.reversed_from(3), Ok(3));
        log.clean(&compacting, 0, 5);
        assert_eq!(log.reversed_from(5), Ok(5), "the newest was not compacted");
        assert_eq!(log.reversed_from(9), Err(LogError::SegmentNotFound));
        let mut wiped = log_of(&SMALL, &["a", "b"]);
        let one = Retention {
            age: 1,
            segment_age: 1,
            ..SMALL
        };
        wiped.clean(&one, 900, 1);
        wiped.clean(&one, 900, 1);
        assert_eq!(wiped.reversed_from(1), Ok(1), "below the empty segment");
        assert_eq!(wiped.at_or_before(1), None);
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
