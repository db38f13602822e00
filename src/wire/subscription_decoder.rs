//! Takes the messages of one subscription off the wire into a sink: drops repeats, stops at the stop, holds a message
//! that comes after a gap until its reader knows why. Knows no clock and no network.

use std::time::Duration;

use super::delivered_samples::DeliveredSamples;
use super::fields::{Fields, Malformed, Value};
use crate::model::{MessageSink, MessageStamp, Offset, Timestamp};

/// What became of one message of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disposition {
    /// The empty first message: the subscription is open (wire-contract §4.6).
    Handshake,
    /// It is in the sink.
    Kept,
    /// It is in the sink and filled a batch, which waits in [`SubscriptionDecoder::take_batch`].
    Full,
    /// It was delivered before and is dropped.
    Repeated,
    /// It stands at an offset that was delivered with another message: the log went back and was written anew. It is
    /// dropped; whoever reads finds out where to go on.
    Diverged,
    /// It is much older than the one before it, in a log that went back: behind what was stored anew, a replica holds on to
    /// what it had, and that was delivered. It is dropped; whoever reads finds out where to go on.
    Older,
    /// Offsets are missing before it; it waits for [`SubscriptionDecoder::release_held`].
    Held,
    /// It was the last one asked for.
    Stopped,
    /// It lies past the last one asked for and is dropped.
    PassedStop,
    /// A server that was asked for the newest first reads forwards: it does not know `reverse`.
    Forwards,
}

/// Where a subscription has come to, and where it ends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReadRange {
    /// The offset that comes next if nothing is missing; of a reversed one, the highest that may come. `None`: any.
    pub(crate) next: Option<Offset>,
    /// While any may come next: what has this offset or a later one came after reading was told to begin, and is missed
    /// where it does not come.
    pub(crate) owed_from: Option<Offset>,
    /// The last offset that is delivered.
    pub(crate) stop_offset: Option<Offset>,
    /// The last point in time that is delivered.
    pub(crate) stop_time: Option<Timestamp>,
    /// Newest first.
    pub(crate) reverse: bool,
    /// Gaps are known to be of compaction, so that a message after one need not be held.
    pub(crate) gaps_expected: bool,
}

impl ReadRange {
    /// Where a gap begins if what comes lies behind it.
    pub(crate) fn expected(&self) -> Option<Offset> {
        self.next.or(self.owed_from)
    }

    /// Whether the offset lies past the stop, in the direction of reading.
    pub(crate) fn is_past(&self, offset: Offset) -> bool {
        self.stop_offset.is_some_and(|stop| {
            if self.reverse {
                offset < stop
            } else {
                offset > stop
            }
        })
    }

    fn is_past_time(&self, time: Timestamp) -> bool {
        self.stop_time.is_some_and(|stop| {
            if self.reverse {
                time < stop
            } else {
                time > stop
            }
        })
    }

    /// What to do with a message of that offset, if not to keep it.
    fn refuse(&self, offset: Offset) -> Option<Disposition> {
        if let Some(next) = self.next {
            match (self.reverse, offset.cmp(&next)) {
                (false, std::cmp::Ordering::Less) => return Some(Disposition::Repeated),
                (true, std::cmp::Ordering::Greater) => return Some(Disposition::Forwards),
                _ => {}
            }
        }
        if self.is_past(offset) {
            return Some(Disposition::PassedStop);
        }
        let gap = !self.reverse && self.expected().is_some_and(|next| offset > next);
        (gap && !self.gaps_expected).then_some(Disposition::Held)
    }

    fn advance(&mut self, offset: Offset) {
        let step = if self.reverse { -1 } else { 1 };
        self.next = Some(offset.saturating_add(step));
    }
}

/// Clocks of brokers differ by less: a message that is older than the one before by more is of another log.
const STEP_BACK: Duration = Duration::from_secs(5);

/// The sink of a subscription and what is known of its range.
pub(crate) struct SubscriptionDecoder<S: MessageSink> {
    sink: S,
    batch: Option<S::Batch>,
    held: Vec<u8>,
    greeted: bool,
    /// Nothing was taken since it was reopened.
    fresh: bool,
    /// The sink took a message since its last flush: it may hold one.
    open: bool,
    /// The last offset delivered.
    pub(crate) delivered: Option<Offset>,
    /// That offset and the time of its message, by which the log is known again.
    pub(crate) last: Option<(Offset, Timestamp)>,
    /// The newest time of any message delivered.
    pub(crate) newest_time: Timestamp,
    /// Some of the messages delivered.
    pub(crate) samples: DeliveredSamples,
    /// The highest offset delivered of logs that went back since.
    left: Option<Offset>,
    /// Offsets that compaction took out of what was read.
    pub(crate) compacted: u64,
    /// Where reading has come to.
    pub(crate) range: ReadRange,
}

impl<S: MessageSink> SubscriptionDecoder<S> {
    /// A decoder that has taken nothing.
    pub(crate) fn new(sink: S) -> Self {
        Self {
            sink,
            batch: None,
            held: Vec::new(),
            greeted: false,
            fresh: false,
            open: false,
            delivered: None,
            last: None,
            newest_time: Timestamp::NEVER,
            samples: DeliveredSamples::default(),
            left: None,
            compacted: 0,
            range: ReadRange::default(),
        }
    }

    /// Makes it ready for the next call of Subscribe, which begins with a handshake again.
    pub(crate) fn reopen(&mut self, range: ReadRange) {
        self.range = range;
        self.greeted = false;
        self.fresh = self.delivered.is_some();
        self.held.clear();
    }

    /// Takes one message as it stands on the wire.
    #[inline]
    pub(crate) fn decode(&mut self, bytes: &[u8]) -> Result<Disposition, Malformed> {
        if bytes.is_empty() && !self.greeted {
            self.greeted = true;
            return Ok(Disposition::Handshake);
        }
        let offset = offset_of(bytes)?;
        match self.range.refuse(offset) {
            None => self.decode_into_sink(bytes),
            Some(Disposition::Repeated) if self.is_rewritten(offset, time_of(bytes)?) => {
                Ok(Disposition::Diverged)
            }
            Some(Disposition::Held) => {
                self.held.extend_from_slice(bytes);
                Ok(Disposition::Held)
            }
            Some(refused) => Ok(refused),
        }
    }

    /// Whether a message at an offset below the next one is not the one that was delivered from there. Leaders stamp
    /// messages as they come, so one that is newer than all that was delivered was not among it.
    fn is_rewritten(&self, offset: Offset, time: Timestamp) -> bool {
        match self.last {
            Some((last, delivered)) if offset == last => time != delivered,
            Some(_) => time > self.newest_time,
            None => false,
        }
    }

    /// The log has gone back: what was delivered last says nothing of what comes.
    pub(crate) fn forget_last(&mut self) {
        let last = self.last.take().map(|(offset, _)| offset);
        self.left = self.left.max(last);
    }

    /// Whether a message is much older than the one before, at an offset that was delivered of another log.
    fn is_older(&self, stamp: &MessageStamp) -> bool {
        let steps_back = |(_, before): (Offset, Timestamp)| {
            stamp.timestamp.age(before) > STEP_BACK && !self.range.reverse
        };
        let was_delivered = self.left.is_some_and(|left| stamp.offset <= left);
        was_delivered && self.last.is_some_and(steps_back)
    }

    /// The offset of the message that is held.
    pub(crate) fn held_back_offset(&self) -> Option<Offset> {
        offset_of(&self.held).ok()
    }

    /// What is missing before the held message was lost: it does not count as compacted.
    pub(crate) fn note_loss(&mut self) {
        self.range.next = self.held_back_offset();
    }

    /// Takes the message that was held.
    pub(crate) fn release_held(&mut self) -> Result<Disposition, Malformed> {
        let held = std::mem::take(&mut self.held);
        self.decode_into_sink(&held)
    }

    /// The batch that the last message filled. The message itself may be the first of the next one.
    pub(crate) fn take_batch(&mut self) -> Option<S::Batch> {
        self.batch.take()
    }

    /// What has come together since the last batch.
    pub(crate) fn flush(&mut self) -> Option<S::Batch> {
        self.open = false;
        self.sink.flush()
    }

    /// Whether it was reopened after a delivery and has taken nothing since.
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Whether a flush may bring something.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    fn decode_into_sink(&mut self, bytes: &[u8]) -> Result<Disposition, Malformed> {
        let stamp = match fill(&mut self.sink, bytes) {
            Ok(stamp) => stamp,
            Err(malformed) => {
                self.sink.discard();
                return Err(malformed);
            }
        };
        if self.range.is_past_time(stamp.timestamp) {
            self.sink.discard();
            return Ok(Disposition::PassedStop);
        }
        if self.is_older(&stamp) {
            self.sink.discard();
            return Ok(Disposition::Older);
        }
        self.count_gap(stamp.offset);
        self.fresh = false;
        self.batch = self.sink.commit(stamp);
        self.open = true;
        self.delivered = Some(stamp.offset);
        self.last = Some((stamp.offset, stamp.timestamp));
        self.samples.add(stamp.offset, stamp.timestamp);
        self.newest_time = self.newest_time.max(stamp.timestamp);
        self.range.advance(stamp.offset);
        if self.range.stop_offset == Some(stamp.offset) {
            return Ok(Disposition::Stopped);
        }
        Ok(if self.batch.is_some() {
            Disposition::Full
        } else {
            Disposition::Kept
        })
    }

    fn count_gap(&mut self, offset: Offset) {
        if let (false, Some(next)) = (self.range.reverse, self.range.expected()) {
            self.compacted += u64::try_from(offset.saturating_sub(next)).unwrap_or(0);
        }
    }
}

/// The offset of a `Message`: field 1, which every encoder writes first where it is not 0.
#[inline]
fn offset_of(bytes: &[u8]) -> Result<Offset, Malformed> {
    let mut fields = Fields::new(bytes);
    while let Some((number, value)) = fields.next()? {
        if let (1, Value::Varint(offset)) = (number, value) {
            return Ok(offset.cast_signed());
        }
    }
    Ok(0)
}

/// The time of a `Message`: field 4.
fn time_of(bytes: &[u8]) -> Result<Timestamp, Malformed> {
    let mut fields = Fields::new(bytes);
    while let Some((number, value)) = fields.next()? {
        if let (4, Value::Varint(nanos)) = (number, value) {
            return Ok(Timestamp(nanos.cast_signed()));
        }
    }
    Ok(Timestamp::default())
}

/// The first field that messages of a partition have in common: the stream. Encoders write fields by their numbers.
const FIRST_COMMON: u64 = 5;

/// Hands the fields of a `Message` to the sink (field numbers: wire-contract §2.2).
#[inline]
fn fill<S: MessageSink>(sink: &mut S, bytes: &[u8]) -> Result<MessageStamp, Malformed> {
    let mut stamp = MessageStamp::default();
    let mut fields = Fields::new(bytes);
    loop {
        let rest = fields.remaining();
        match fields.next()? {
            None => return Ok(stamp),
            Some((FIRST_COMMON.., _)) => return fill_common(sink, rest, stamp),
            Some(field) => fill_one(sink, field, &mut stamp)?,
        }
    }
}

/// The same from a field on that messages have in common.
fn fill_common<S: MessageSink>(
    sink: &mut S,
    rest: &[u8],
    mut stamp: MessageStamp,
) -> Result<MessageStamp, Malformed> {
    if let Some(partition) = sink.recall(rest) {
        stamp.partition = partition;
        return Ok(stamp);
    }
    let mut fields = Fields::new(rest);
    let mut all_common = true;
    while let Some(field) = fields.next()? {
        all_common &= field.0 >= FIRST_COMMON;
        fill_one(sink, field, &mut stamp)?;
    }
    if all_common {
        sink.remember(rest, stamp.partition);
    }
    Ok(stamp)
}

#[inline]
fn fill_one<S: MessageSink>(
    sink: &mut S,
    field: (u64, Value<'_>),
    stamp: &mut MessageStamp,
) -> Result<(), Malformed> {
    match field {
        (1, Value::Varint(offset)) => stamp.offset = offset.cast_signed(),
        (2, Value::Bytes(key)) => sink.key(key),
        (3, Value::Bytes(value)) => sink.value(value),
        (4, Value::Varint(nanos)) => stamp.timestamp = Timestamp(nanos.cast_signed()),
        (5, Value::Bytes(stream)) => sink.stream(stream),
        (6, Value::Varint(number)) => stamp.partition = int32(number),
        (7, Value::Bytes(subject)) => sink.subject(subject),
        (8, Value::Bytes(subject)) => sink.reply_subject(subject),
        (9, Value::Bytes(entry)) => header(sink, entry)?,
        (1..=9, _) => return Err(Malformed),
        _ => {}
    }
    Ok(())
}

fn header<S: MessageSink>(sink: &mut S, entry: &[u8]) -> Result<(), Malformed> {
    let (mut name, mut value): (&[u8], &[u8]) = (&[], &[]);
    let mut fields = Fields::new(entry);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Bytes(bytes)) => name = bytes,
            (2, Value::Bytes(bytes)) => value = bytes,
            (1 | 2, _) => return Err(Malformed),
            _ => {}
        }
    }
    sink.header(name, value);
    Ok(())
}

/// Protobuf's int32: the low 32 bits of a varint, sign-extended on the wire.
pub(super) fn int32(number: u64) -> i32 {
    let low = u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default();
    low.cast_signed()
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::model::OwnedMessages;
    use crate::wire::pb;

    fn message(offset: Offset, value: &str) -> Vec<u8> {
        let message = pb::Message {
            offset,
            value: value.to_owned().into(),
            timestamp: 10 * offset,
            stream: "orders".into(),
            partition: 3,
            subject: "orders.3".into(),
            headers: [("subject".to_owned(), "orders.3".into())].into(),
            ..pb::Message::default()
        };
        message.encode_to_vec()
    }

    fn decoder(range: ReadRange) -> SubscriptionDecoder<OwnedMessages> {
        let mut decoder = SubscriptionDecoder::new(OwnedMessages::default());
        decoder.reopen(range);
        assert_eq!(decoder.decode(&[]), Ok(Disposition::Handshake));
        decoder
    }

    #[test]
    fn fields_reach_the_sink_as_prost_would_read_them() {
        let mut decoder = decoder(ReadRange::default());
        assert_eq!(decoder.decode(&message(7, "hello")), Ok(Disposition::Full));
        let read = decoder.take_batch().unwrap();
        assert_eq!((read.offset, read.partition), (7, 3));
        assert_eq!((&*read.stream, &*read.subject), ("orders", "orders.3"));
        assert_eq!((&*read.value, read.timestamp.0), (&b"hello"[..], 70));
        assert_eq!(read.header("subject").map(|v| &**v), Some(&b"orders.3"[..]));
    }

    #[test]
    fn repeats_are_dropped_and_gaps_are_held_until_explained() {
        let mut decoder = decoder(ReadRange {
            next: Some(5),
            ..ReadRange::default()
        });
        assert_eq!(
            decoder.decode(&message(4, "again")),
            Ok(Disposition::Repeated)
        );
        assert_eq!(decoder.decode(&message(8, "later")), Ok(Disposition::Held));
        assert_eq!(decoder.held_back_offset(), Some(8));
        assert_eq!(decoder.release_held(), Ok(Disposition::Full));
        assert_eq!(decoder.take_batch().unwrap().offset, 8);
        assert_eq!((decoder.compacted, decoder.range.next), (3, Some(9)));
    }

    #[test]
    fn what_came_after_an_opening_from_anywhere_is_missed_where_it_does_not_come() {
        let opened = || {
            decoder(ReadRange {
                owed_from: Some(5),
                ..ReadRange::default()
            })
        };
        assert_eq!(opened().decode(&message(5, "")), Ok(Disposition::Full));
        assert_eq!(opened().decode(&message(7, "")), Ok(Disposition::Held));
        let mut older = opened();
        assert_eq!(older.decode(&message(2, "")), Ok(Disposition::Full));
        assert_eq!(older.range.expected(), Some(3), "from here on all counts");
    }

    #[test]
    fn the_first_offset_at_or_past_the_stop_ends_it() {
        let stop_at = |stop| {
            decoder(ReadRange {
                stop_offset: Some(stop),
                gaps_expected: true,
                ..ReadRange::default()
            })
        };
        let mut exact = stop_at(1);
        assert_eq!(exact.decode(&message(1, "last")), Ok(Disposition::Stopped));
        assert_eq!(exact.delivered, Some(1));
        let mut compacted = stop_at(1);
        assert_eq!(
            compacted.decode(&message(2, "past")),
            Ok(Disposition::PassedStop)
        );
        assert_eq!(compacted.delivered, None);
    }

    #[test]
    fn a_message_past_the_stop_time_is_forgotten() {
        let mut decoder = decoder(ReadRange {
            stop_time: Some(Timestamp(20)),
            ..ReadRange::default()
        });
        assert_eq!(decoder.decode(&message(2, "in")), Ok(Disposition::Full));
        assert_eq!(decoder.take_batch().map(|m| m.offset), Some(2));
        assert_eq!(
            decoder.decode(&message(3, "out")),
            Ok(Disposition::PassedStop)
        );
        assert!(decoder.take_batch().is_none());
    }

    #[test]
    fn a_server_that_ignores_reverse_is_found_out() {
        let mut decoder = decoder(ReadRange {
            next: Some(9),
            reverse: true,
            ..ReadRange::default()
        });
        assert_eq!(decoder.decode(&message(9, "newest")), Ok(Disposition::Full));
        assert_eq!(decoder.decode(&message(7, "older")), Ok(Disposition::Full));
        assert_eq!(
            decoder.decode(&message(10, "newer")),
            Ok(Disposition::Forwards)
        );
    }

    #[test]
    fn a_log_that_was_written_anew_is_told_from_one_that_is_read_again() {
        let at = |offset: Offset, time: i64| {
            let message = pb::Message {
                offset,
                timestamp: time,
                ..pb::Message::default()
            };
            message.encode_to_vec()
        };
        let resumed = || {
            let mut decoder = decoder(ReadRange::default());
            for offset in 1..=9 {
                decoder.decode(&at(offset, 10 * offset)).unwrap();
                decoder.take_batch();
            }
            decoder.reopen(ReadRange {
                next: Some(10),
                ..ReadRange::default()
            });
            decoder.decode(&[]).unwrap();
            decoder
        };
        // The leader has not committed all that was delivered by the one before, and tells it again.
        let mut again = resumed();
        assert_eq!(again.decode(&at(8, 80)), Ok(Disposition::Repeated));
        assert_eq!(again.decode(&at(9, 90)), Ok(Disposition::Repeated));
        assert_eq!(again.decode(&at(10, 100)), Ok(Disposition::Full));
        // Emptied: its offsets began anew, and its messages are newer than all that was delivered.
        assert_eq!(resumed().decode(&at(3, 200)), Ok(Disposition::Diverged));
        // Grown past the end of the one before: the last message is another one.
        assert_eq!(resumed().decode(&at(9, 91)), Ok(Disposition::Diverged));
    }

    #[test]
    fn what_a_replica_held_on_to_behind_a_log_that_went_back_is_not_delivered_again() {
        let at = |offset, seconds: i64| {
            let time = seconds * 1_000_000_000;
            pb::Message {
                offset,
                timestamp: time,
                ..pb::Message::default()
            }
            .encode_to_vec()
        };
        let mut decoder = decoder(ReadRange::default());
        for offset in 0..=9 {
            decoder.decode(&at(offset, offset)).unwrap();
            decoder.take_batch();
        }
        // A clock that was set back, in the log that was read all the time.
        assert_eq!(decoder.decode(&at(10, 2)), Ok(Disposition::Full));
        decoder.take_batch();
        decoder.reopen(ReadRange {
            next: Some(3),
            ..ReadRange::default()
        });
        decoder.forget_last();
        decoder.decode(&[]).unwrap();
        let mut take = |offset, seconds| {
            let taken = decoder.decode(&at(offset, seconds)).unwrap();
            decoder.take_batch();
            taken
        };
        assert_eq!(take(3, 100), Disposition::Full);
        assert_eq!(take(4, 97), Disposition::Full, "clocks differ");
        assert_eq!(take(5, 5), Disposition::Older);
        // Beyond what was delivered of the other log nothing was.
        assert_eq!(take(11, 50), Disposition::Held);
    }

    #[test]
    fn a_message_cut_anywhere_is_read_as_prost_reads_it_and_leaves_nothing_behind() {
        let whole = message(1, "whole");
        let mut malformed = 0;
        for end in 1..whole.len() {
            let mut decoder = decoder(ReadRange::default());
            let cut = &whole[..end];
            let outcome = decoder.decode(cut);
            let is_whole = pb::Message::decode(cut).is_ok();
            assert_eq!(outcome.is_ok(), is_whole, "cut at {end}: {outcome:?}");
            if outcome.is_err() {
                malformed += 1;
                assert!(!decoder.is_open(), "cut at {end}");
                assert_eq!(decoder.decode(&whole), Ok(Disposition::Full));
                assert_eq!(&*decoder.take_batch().unwrap().value, b"whole");
            }
        }
        assert!(malformed > whole.len() / 2, "most cuts are inside a field");
    }
}
