//! What is in a range of messages: how many and how large, by partition, key, header and time, and the largest ones. Takes bounded
//! memory however long the range is; what is an estimate then says so.

mod frequent;
mod partition_statistics;
mod time_counts;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use frequent::FrequentItem;
pub use partition_statistics::PartitionStatistics;
pub use time_counts::IntervalCount;

use super::{Chunk, MessageRef, Query, QueryRun};
use crate::model::{
    EndReason, Offset, PartitionId, StartAt, StreamName, SubscriptionEvent, Timestamp, Zone,
    counted_of, counted_plainly, grouped,
};
pub(super) use frequent::FrequentItems;
use time_counts::TimeCounts;

/// Messages that are remembered for their size.
const LARGEST: usize = 50;
/// Between the name of a header and its value: no name holds it, since NATS ends names there.
const HEADER_SIGN: u8 = b'=';

/// What is counted of messages.
#[derive(Debug, Default)]
pub struct Statistics {
    /// All was asked for: what is not there any more has been removed.
    from_earliest: bool,
    totals: StatisticsTotals,
    partitions: BTreeMap<(StreamName, PartitionId), PartitionStatistics>,
    keys: FrequentItems,
    headers: FrequentItems,
    header_values: FrequentItems,
    times: TimeCounts,
    largest: BinaryHeap<Reverse<LargeMessage>>,
}

/// All messages together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatisticsTotals {
    /// Messages that were read.
    pub read: u64,
    /// Those of them that the query found: all counts are about these.
    pub messages: u64,
    /// Bytes of their keys, values and headers.
    pub bytes: u64,
    /// Bytes of their values alone.
    pub value_bytes: u64,
    /// Messages without a key.
    pub keyless: u64,
    /// Messages for which the query costs more than it may: not counted.
    pub undecided: u64,
    /// When the first was stored, by their times.
    pub first: Option<Timestamp>,
    /// When the last was.
    pub last: Option<Timestamp>,
}

impl StatisticsTotals {
    /// Of what counts are: `100 messages read`, `12 of 100 messages read`.
    pub fn counted_words(&self) -> String {
        if self.messages == self.read {
            return format!("{} read", counted_plainly(self.read, "message"));
        }
        format!("{} read", counted_of(self.messages, self.read, "message"))
    }
}

/// A message that is among the largest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LargeMessage {
    /// Bytes of key, value and headers.
    pub size: u64,
    /// Its stream.
    pub stream: StreamName,
    /// Its partition.
    pub partition: PartitionId,
    /// Its offset, with which it can be opened.
    pub offset: Offset,
    /// When it was stored.
    pub at: Timestamp,
}

/// What a report shows.
#[derive(Clone, Debug, PartialEq)]
pub struct StatisticsOptions {
    /// Rows of each list.
    pub top: usize,
    /// Rows of times, where their interval is chosen.
    pub intervals: usize,
    /// How long an interval of time is; chosen by the range where left out.
    pub every: Option<Duration>,
    /// In whose days and hours intervals begin.
    pub zone: Zone,
}

impl StatisticsOptions {
    /// Rows of times, about, where nothing else is asked for.
    pub const INTERVALS: usize = 24;
}

/// Frequent texts, and how sure that is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrequentList {
    /// The texts, the most frequent first.
    pub items: Vec<FrequentItem>,
    /// How many different ones there are; at least so many where that is an estimate.
    pub distinct: usize,
    /// Whether there were too many to count each.
    pub is_estimated: bool,
}

impl FrequentList {
    /// The most frequent ones. Where not all can be listed, those that came once are none: any other would do as well.
    fn of(items: &FrequentItems, most: usize) -> Self {
        let (mut top, distinct) = (items.top(most), items.distinct());
        if distinct > most {
            top.retain(|item| item.messages_max > 1);
        }
        Self {
            items: top,
            distinct,
            is_estimated: items.is_estimated(),
        }
    }

    /// How many there are and how sure their counts are; `None` where there is none. Where only a part of what is kept was
    /// counted, `part` says of what that is true.
    pub fn about(&self, part: Option<&StatisticsTotals>) -> Option<String> {
        let of = part.map_or_else(String::new, |part| format!(", of {}", part.counted_words()));
        self.about_all().map(|about| about + &of)
    }

    fn about_all(&self) -> Option<String> {
        let distinct = i64::try_from(self.distinct).unwrap_or(i64::MAX);
        let distinct = grouped(distinct);
        match (self.distinct, self.is_estimated, self.items.is_empty()) {
            (0, ..) => None,
            (_, true, _) => Some(format!(
                "at least {distinct} different: counts are at least so many"
            )),
            (_, false, true) => Some(format!("{distinct} different, none comes twice")),
            (_, false, false) => Some(format!("{distinct} different")),
        }
    }
}

/// What statistics say at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StatisticsReport {
    /// All messages together.
    pub totals: StatisticsTotals,
    /// Each partition, by stream and number.
    pub partitions: Vec<PartitionStatistics>,
    /// Keys.
    pub keys: FrequentList,
    /// Names of headers, those of the broker aside.
    pub headers: FrequentList,
    /// Headers as `name=value`.
    pub header_values: FrequentList,
    /// How long an interval of `times` is.
    pub every: Duration,
    /// Messages by time.
    pub times: Vec<IntervalCount>,
    /// The largest messages, the largest first.
    pub largest: Vec<LargeMessage>,
}

impl Statistics {
    /// A partition that is to be read.
    pub fn open(&mut self, stream: &StreamName, partition: PartitionId, start: StartAt) {
        self.from_earliest = start == StartAt::Earliest;
        self.partition(stream, partition);
    }

    fn partition(
        &mut self,
        stream: &StreamName,
        partition: PartitionId,
    ) -> &mut PartitionStatistics {
        let key = (StreamName::clone(stream), partition);
        let entry = self.partitions.entry(key);
        entry.or_insert_with_key(|(stream, partition)| {
            PartitionStatistics::new(StreamName::clone(stream), *partition)
        })
    }

    /// Counts those messages of a chunk that the query finds; chunks of a partition come in order.
    pub fn add_chunk(&mut self, chunk: &Chunk, query: Option<&Query>, now: Timestamp) {
        let (from_earliest, before) = (self.from_earliest, self.totals);
        let read = self.partition(chunk.stream(), chunk.partition());
        read.record_chunk(chunk, from_earliest);
        self.totals.read += u64::try_from(chunk.len()).unwrap_or(0);
        match query {
            None => chunk.iter().for_each(|message| self.add(&message)),
            Some(query) => self.add_found(chunk, query, now),
        }
        let totals = self.totals;
        let read = self.partition(chunk.stream(), chunk.partition());
        read.messages += totals.messages - before.messages;
        read.bytes += totals.bytes - before.bytes;
    }

    fn add_found(&mut self, chunk: &Chunk, query: &Query, now: Timestamp) {
        let run = QueryRun::at(now);
        for index in query.predicate().scan(chunk, &run) {
            let message = usize::try_from(index).ok();
            if let Some(message) = message.and_then(|index| chunk.get(index)) {
                self.add(&message);
            }
        }
        self.totals.undecided += run.undecided();
    }

    fn add(&mut self, message: &MessageRef<'_>) {
        let wide = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        let (size, at) = (wide(message.size()), message.timestamp());
        let totals = &mut self.totals;
        totals.messages += 1;
        totals.bytes += size;
        totals.value_bytes += wide(message.value().len());
        totals.first = Some(totals.first.map_or(at, |first| first.min(at)));
        totals.last = totals.last.max(Some(at));
        match message.key() {
            [] => totals.keyless += 1,
            key => self.keys.add(key, size),
        }
        for (name, value) in message.publisher_headers() {
            self.headers.add(name.as_bytes(), size);
            let mut pair = Vec::with_capacity(name.len() + value.len() + 1);
            pair.extend_from_slice(name.as_bytes());
            pair.push(HEADER_SIGN);
            pair.extend_from_slice(value);
            self.header_values.add(&pair, size);
        }
        self.times.add(at, size);
        self.add_large(size, message);
    }

    fn add_large(&mut self, size: u64, message: &MessageRef<'_>) {
        let smallest = self.largest.peek().map(|Reverse(smallest)| smallest.size);
        if self.largest.len() >= LARGEST && smallest >= Some(size) {
            return;
        }
        self.largest.push(Reverse(LargeMessage {
            size,
            stream: StreamName::clone(message.stream()),
            partition: message.partition(),
            offset: message.offset(),
            at: message.timestamp(),
        }));
        if self.largest.len() > LARGEST {
            self.largest.pop();
        }
    }

    /// Something happened to the reading of a partition.
    pub fn apply_event(
        &mut self,
        stream: &StreamName,
        partition: PartitionId,
        event: &SubscriptionEvent,
    ) {
        self.partition(stream, partition).apply_event(event);
    }

    /// The reading of a partition is over.
    pub fn end(&mut self, stream: &StreamName, partition: PartitionId, reason: EndReason) {
        self.partition(stream, partition).end(reason);
    }

    /// The reading of a partition failed.
    pub fn fail(&mut self, stream: &StreamName, partition: PartitionId, sentence: String) {
        self.partition(stream, partition).note = Some(sentence);
    }

    /// Messages that were read so far.
    pub fn read(&self) -> u64 {
        self.totals.read
    }

    /// What they say now.
    pub fn report(&self, options: &StatisticsOptions) -> StatisticsReport {
        let list = |items: &FrequentItems| FrequentList::of(items, options.top);
        let (every, times) = self
            .times
            .intervals(&options.zone, options.every, options.intervals);
        let mut largest: Vec<_> = self
            .largest
            .iter()
            .map(|Reverse(one)| one.clone())
            .collect();
        largest.sort_by(|one, other| other.size.cmp(&one.size).then_with(|| one.cmp(other)));
        largest.truncate(options.top);
        StatisticsReport {
            totals: self.totals,
            partitions: self.partitions.values().cloned().collect(),
            keys: list(&self.keys),
            headers: list(&self.headers),
            header_values: list(&self.header_values),
            every,
            times,
            largest,
        }
    }
}

impl StatisticsReport {
    /// Whether the end of each partition was reached.
    pub fn is_whole(&self) -> bool {
        self.partitions.iter().all(|partition| partition.is_done)
    }
}
