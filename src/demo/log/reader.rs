//! Reads what is committed of a log, as servers do: a reader keeps the segment that it stands in, also when it has read all
//! of it, and has lost its place when that segment is taken away.

use std::fmt;

use bytes::Bytes;

use super::Log;
use super::segment::{Removal, Segment, SegmentHandle};

/// A log and how far readers of it may come.
#[derive(Clone, Copy, Debug)]
pub(in crate::demo) struct CommittedLog<'a> {
    pub(in crate::demo) log: &'a Log,
    pub(in crate::demo) high_watermark: i64,
    /// Compaction is writing its segments anew, and those that the log still lists are closed.
    pub(in crate::demo) is_compacting: bool,
}

/// What a reader does not find in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) enum LogError {
    SegmentNotFound,
    EntryNotFound,
    SegmentClosed,
    NoNextSegment,
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SegmentNotFound => "segment not found",
            Self::EntryNotFound => "entry not found",
            Self::SegmentClosed => "segment has been closed",
            Self::NoNextSegment => "no segment to consume",
        })
    }
}

/// Why a reader is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) enum ReadError {
    /// It cannot read on where it stands.
    Lost(LogError),
    /// Its segment was replaced, and it cannot begin anew.
    NotReopened(LogError),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(why) => write!(f, "failed to read message headers: {why}"),
            Self::NotReopened(why) => write!(f, "failed to reinitialize reader: {why}"),
        }
    }
}

impl From<LogError> for ReadError {
    fn from(error: LogError) -> Self {
        Self::Lost(error)
    }
}

/// A place in a segment.
#[derive(Clone, Debug)]
struct Place {
    segment: SegmentHandle,
    /// The base of the segment, to find it by.
    base: i64,
    index: usize,
}

impl Place {
    fn at(segment: &Segment, index: usize) -> Self {
        Self {
            segment: segment.handle(),
            base: segment.base,
            index,
        }
    }

    /// The segment, while the log has it.
    fn segment_in<'a>(&self, log: &'a Log) -> Option<&'a Segment> {
        let at = log
            .segments
            .partition_point(|segment| segment.base < self.base);
        let found = log.segments.get(at);
        found.filter(|segment| segment.is(&self.segment))
    }
}

/// Reads on from where it has come to.
#[derive(Debug)]
pub(in crate::demo) struct LogReader {
    /// None before the first committed message.
    place: Option<Place>,
    /// How far it may read; looked up again where that is reached.
    high_watermark: i64,
    /// The offset after the last message read.
    next: i64,
    /// It has found nothing more and waits for the high watermark to move. What happens to its segment meanwhile it learns
    /// only then.
    is_waiting: bool,
}

impl<'a> CommittedLog<'a> {
    /// The segment that holds the offset, or the first one after it.
    fn segment_of(self, offset: i64) -> Option<&'a Segment> {
        let segments = &self.log.segments;
        let at = segments.partition_point(|segment| segment.next_offset() <= offset);
        segments.get(at)
    }

    fn place_of(self, offset: i64) -> Result<Place, LogError> {
        let segment = self.segment_of(offset).ok_or(LogError::SegmentNotFound)?;
        if self.is_compacting {
            return Err(LogError::SegmentClosed);
        }
        let index = segment.find(offset).ok_or(LogError::EntryNotFound)?;
        Ok(Place::at(segment, index))
    }
}

impl LogReader {
    /// A reader from that offset on. Past what is committed, and where all was removed, it waits for the next committed
    /// message, whatever its offset (wire-contract §0.8).
    pub(in crate::demo) fn open(log: CommittedLog<'_>, offset: i64) -> Result<Self, LogError> {
        let high_watermark = log.high_watermark;
        let has_nothing = offset > high_watermark || log.log.oldest().is_none();
        let place = if has_nothing {
            None
        } else {
            log.place_of(high_watermark)?;
            Some(log.place_of(offset)?)
        };
        Ok(Self {
            place,
            high_watermark,
            next: offset,
            is_waiting: false,
        })
    }

    /// Whether it has read all that is committed.
    pub(in crate::demo) fn is_waiting(&self) -> bool {
        self.is_waiting
    }

    /// The committed messages from its place on, each with its offset, until `most` bytes are taken or one `is_last`. None:
    /// there are no more yet.
    pub(in crate::demo) fn read(
        &mut self,
        log: CommittedLog<'_>,
        most: usize,
        is_last: impl Fn(i64) -> bool,
    ) -> Result<Vec<(i64, Bytes)>, ReadError> {
        let mut taken = Vec::new();
        let mut bytes = 0;
        while bytes < most {
            match self.next_message(log) {
                Ok(Some((offset, frame))) => {
                    bytes += frame.len();
                    taken.push((offset, frame));
                    if is_last(offset) {
                        break;
                    }
                }
                Err(error) if taken.is_empty() => return Err(error),
                // An error after some messages is met again at the next read.
                Ok(None) | Err(_) => break,
            }
        }
        Ok(taken)
    }

    fn next_message(&mut self, log: CommittedLog<'_>) -> Result<Option<(i64, Bytes)>, ReadError> {
        if self.is_waiting && self.high_watermark == log.high_watermark {
            return Ok(None);
        }
        loop {
            let Some(place) = &mut self.place else {
                if self.high_watermark == log.high_watermark {
                    self.is_waiting = true;
                    return Ok(None);
                }
                log.place_of(log.high_watermark)?;
                self.place = Some(log.place_of(self.high_watermark + 1)?);
                self.high_watermark = log.high_watermark;
                continue;
            };
            if self.is_waiting {
                log.place_of(log.high_watermark)?;
                self.high_watermark = log.high_watermark;
                self.is_waiting = false;
            }
            match place.segment.removal() {
                Some(Removal::Deleted) => return Err(LogError::SegmentClosed.into()),
                Some(Removal::Replaced) => {
                    *self = Self::open(log, self.next).map_err(ReadError::NotReopened)?;
                    continue;
                }
                None => {}
            }
            let segment = place.segment_in(log.log);
            let message = segment.and_then(|segment| segment.messages.get(place.index));
            if let Some(message) = message.filter(|message| message.offset <= self.high_watermark) {
                place.index += 1;
                self.next = message.offset + 1;
                return Ok(Some((message.offset, message.frame.clone())));
            }
            let last = log.segment_of(self.high_watermark);
            if last.is_none_or(|last| last.is(&place.segment)) {
                self.is_waiting = self.high_watermark == log.high_watermark;
                if self.is_waiting {
                    return Ok(None);
                }
                self.high_watermark = log.high_watermark;
                continue;
            }
            let after = place.base;
            let next = log.log.segments.iter().find(|other| other.base > after);
            *place = Place::at(next.ok_or(LogError::NoNextSegment)?, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SMALL, append, log_of};
    use super::super::{Log, Retention};
    use super::{CommittedLog, LogError, LogReader, ReadError};

    fn committed(log: &Log, high_watermark: i64) -> CommittedLog<'_> {
        CommittedLog {
            log,
            high_watermark,
            is_compacting: false,
        }
    }

    fn offsets(
        reader: &mut LogReader,
        log: &Log,
        high_watermark: i64,
    ) -> Result<Vec<i64>, ReadError> {
        let read = reader.read(committed(log, high_watermark), usize::MAX, |_| false)?;
        Ok(read.into_iter().map(|(offset, _)| offset).collect())
    }

    #[test]
    fn a_reader_comes_as_far_as_is_committed() {
        let mut log = log_of(&SMALL, &["a"; 5]);
        let mut reader = LogReader::open(committed(&log, 2), 1).unwrap();
        assert_eq!(offsets(&mut reader, &log, 2), Ok(vec![1, 2]));
        assert_eq!(offsets(&mut reader, &log, 2), Ok(vec![]));
        assert_eq!(offsets(&mut reader, &log, 4), Ok(vec![3, 4]));
        append(&mut log, &SMALL, 90, "a");
        assert_eq!(offsets(&mut reader, &log, 5), Ok(vec![5]));
        let mut late = LogReader::open(committed(&log, 3), 99).unwrap();
        assert_eq!(offsets(&mut late, &log, 3), Ok(vec![]));
        assert_eq!(offsets(&mut late, &log, 5), Ok(vec![4, 5]));
    }

    #[test]
    fn a_reader_whose_segment_was_deleted_is_lost_at_the_next_commit() {
        let retention = Retention {
            messages: 1,
            ..SMALL
        };
        let mut log = log_of(&retention, &["a"; 2]);
        let mut reader = LogReader::open(committed(&log, 1), 0).unwrap();
        assert_eq!(offsets(&mut reader, &log, 1), Ok(vec![0, 1]));
        assert_eq!(offsets(&mut reader, &log, 1), Ok(vec![]), "it waits");
        append(&mut log, &retention, 90, "a");
        log.clean(&retention, 90, 2);
        assert_eq!(log.oldest(), Some(2));
        assert_eq!(offsets(&mut reader, &log, 1), Ok(vec![]), "it still does");
        let lost = offsets(&mut reader, &log, 2).unwrap_err();
        assert_eq!(
            lost.to_string(),
            "failed to read message headers: segment has been closed"
        );
    }

    #[test]
    fn a_reader_whose_segment_was_replaced_reads_on_unless_it_cannot_begin_anew() {
        let retention = Retention {
            compact: true,
            ..SMALL
        };
        let mut log = log_of(&retention, &["a", "b", "a", "c", "d"]);
        let mut reader = LogReader::open(committed(&log, 4), 1).unwrap();
        let one = reader.read(committed(&log, 4), 1, |_| false).unwrap();
        assert_eq!(one.len(), 1);
        log.clean(&retention, 90, 4);
        let compacting = CommittedLog {
            is_compacting: true,
            ..committed(&log, 4)
        };
        assert_eq!(
            reader.read(compacting, usize::MAX, |_| false),
            Err(ReadError::NotReopened(LogError::SegmentClosed))
        );
        assert_eq!(offsets(&mut reader, &log, 4), Ok(vec![2, 3, 4]));
    }

    #[test]
    fn where_all_was_removed_a_reader_waits_for_what_comes() {
        let retention = Retention {
            age: 10,
            segment_age: 10,
            ..SMALL
        };
        let mut log = log_of(&retention, &["a"; 2]);
        log.clean(&retention, 90, 1);
        log.clean(&retention, 90, 1);
        assert_eq!((log.oldest(), log.newest()), (None, 1));
        let mut reader = LogReader::open(committed(&log, 1), 0).unwrap();
        assert_eq!(offsets(&mut reader, &log, 1), Ok(vec![]));
        append(&mut log, &retention, 99, "a");
        assert_eq!(offsets(&mut reader, &log, 2), Ok(vec![2]));
    }

    #[test]
    fn a_log_that_ends_before_the_high_watermark_cannot_be_read() {
        let mut log = log_of(&SMALL, &["a"; 5]);
        log.truncate(2);
        let opened = LogReader::open(committed(&log, 4), 0);
        assert_eq!(opened.unwrap_err(), LogError::SegmentNotFound);
    }
}
