//! Several partitions as one sequence that is read once, as it comes: what a pipe gets, which takes nothing back.
//! The order of what stays in memory is `order`'s.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::chunk::Chunk;
use crate::model::{PartitionId, StreamName, Timestamp};

/// Merges by time. A message waits for the other partitions no longer than the lateness window: it goes on once each
/// of them has a later one, has ended, or has been quiet for the window while the message is older than that, and at the
/// latest a window after it came. What comes later still goes on out of order, and is counted.
#[derive(Debug)]
pub struct Merge {
    window: Duration,
    lanes: Vec<Waiting>,
    newest: i64,
    late: u64,
}

/// The messages of one partition that wait.
#[derive(Debug)]
struct Waiting {
    stream: StreamName,
    partition: PartitionId,
    chunks: VecDeque<MergeRun>,
    /// How many messages of the first chunk went on.
    next: usize,
    ended: bool,
    /// When it last brought something, or was opened.
    heard: Timestamp,
}

#[derive(Debug)]
struct MergeRun {
    chunk: Arc<Chunk>,
    at: Timestamp,
}

impl Merge {
    /// Nothing to merge yet. All times given to one must be of one clock.
    pub fn new(window: Duration) -> Self {
        Self {
            window,
            lanes: Vec::new(),
            newest: i64::MIN,
            late: 0,
        }
    }

    /// A partition that will bring messages: the others wait for it.
    pub fn open(&mut self, stream: &StreamName, partition: PartitionId, now: Timestamp) {
        self.lane(stream, partition, now);
    }

    /// A partition that will bring none any more.
    pub fn end(&mut self, stream: &StreamName, partition: PartitionId, now: Timestamp) {
        self.lane(stream, partition, now).ended = true;
    }

    /// Messages that came.
    pub fn push(&mut self, chunk: Arc<Chunk>, now: Timestamp) {
        let lane = self.lane(&Arc::clone(chunk.stream()), chunk.partition(), now);
        lane.heard = now;
        lane.chunks.push_back(MergeRun { chunk, at: now });
    }

    fn lane(
        &mut self,
        stream: &StreamName,
        partition: PartitionId,
        now: Timestamp,
    ) -> &mut Waiting {
        let same = |lane: &Waiting| lane.partition == partition && lane.stream == *stream;
        let number = self.lanes.iter().position(same).unwrap_or(self.lanes.len());
        if number == self.lanes.len() {
            self.lanes.push(Waiting {
                stream: Arc::clone(stream),
                partition,
                chunks: VecDeque::new(),
                next: 0,
                ended: false,
                heard: now,
            });
        }
        &mut self.lanes[number]
    }

    /// The next messages that may go on, all of one chunk, by their indexes in it. `None` while all have to wait.
    pub fn next_run(&mut self, now: Timestamp) -> Option<(Arc<Chunk>, Range<usize>)> {
        let heads = self.lanes.iter().enumerate();
        let mut heads: Vec<_> = heads
            .filter_map(|(number, lane)| Some((lane.head()?, number)))
            .collect();
        heads.sort_unstable();
        let &(_, number) = heads.first()?;
        let until = self.free_until(number, now)?;
        let lane = self.lanes.get_mut(number)?;
        let chunk = Arc::clone(&lane.chunks.front()?.chunk);
        let start = lane.next;
        let goes = |index: &usize| {
            let time = chunk.latest_up_to(*index);
            time <= until && heads.get(1).is_none_or(|next| (time, number) < *next)
        };
        let end = (start..chunk.len()).take_while(goes).last()? + 1;
        lane.take_run(end);
        self.count(&chunk, start..end);
        Some((chunk, start..end))
    }

    /// Up to which time the first chunk of a lane need not wait for the others; `None` where it has to.
    fn free_until(&self, number: usize, now: Timestamp) -> Option<i64> {
        let arrived = self.lanes.get(number)?.chunks.front()?.at;
        let silent = self
            .lanes
            .iter()
            .filter(|lane| lane.chunks.is_empty() && !lane.ended);
        let mut heard = silent.map(|lane| lane.heard).peekable();
        if heard.peek().is_none() || arrived.age(now) >= self.window {
            return Some(i64::MAX);
        }
        let quiet = heard.all(|heard| heard.age(now) >= self.window);
        quiet.then(|| now.minus(self.window).0)
    }

    fn count(&mut self, chunk: &Chunk, run: Range<usize>) {
        let last = run.end.saturating_sub(1);
        let late = run
            .take_while(|index| chunk.latest_up_to(*index) < self.newest)
            .count();
        self.late += u64::try_from(late).unwrap_or(u64::MAX);
        self.newest = self.newest.max(chunk.latest_up_to(last));
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.lanes.iter().all(|lane| lane.chunks.is_empty())
    }

    /// The bytes of a partition that wait: a reader that has much here should pause.
    pub fn waiting_bytes(&self, stream: &str, partition: PartitionId) -> usize {
        let lanes = self
            .lanes
            .iter()
            .filter(|lane| lane.partition == partition && *lane.stream == *stream);
        lanes
            .flat_map(|lane| &lane.chunks)
            .map(|arrived| arrived.chunk.bytes())
            .sum()
    }

    /// How many messages went on after later ones.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// How long messages wait at most.
    pub fn window(&self) -> Duration {
        self.window
    }
}

impl Waiting {
    fn head(&self) -> Option<i64> {
        let first = self.chunks.front()?;
        Some(first.chunk.latest_up_to(self.next))
    }

    fn take_run(&mut self, end: usize) {
        self.next = end;
        if self
            .chunks
            .front()
            .is_some_and(|first| first.chunk.len() == end)
        {
            self.chunks.pop_front();
            self.next = 0;
        }
    }
}
