//! Several partitions as one sequence that is read once, as it comes: what a pipe gets, which takes nothing back.
//! The order of what stays in memory is `merged_view`'s.

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
    queues: Vec<PartitionQueue>,
    newest: i64,
    out_of_order: u64,
}

/// The messages of one partition that wait.
#[derive(Debug)]
struct PartitionQueue {
    stream: StreamName,
    partition: PartitionId,
    chunks: VecDeque<MergeRun>,
    /// How many messages of the first chunk went on.
    next: usize,
    ended: bool,
    /// When it last brought something, or was opened.
    last_arrival: Timestamp,
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
            queues: Vec::new(),
            newest: i64::MIN,
            out_of_order: 0,
        }
    }

    /// A partition that will bring messages: the others wait for it. It may have ended before, as that of a stream of the same
    /// name; those that have ended and handed everything on are forgotten.
    pub fn open(&mut self, stream: &StreamName, partition: PartitionId, now: Timestamp) {
        self.queues
            .retain(|queue| !queue.ended || !queue.chunks.is_empty());
        let queue = self.queue(stream, partition, now);
        (queue.ended, queue.last_arrival) = (false, now);
    }

    /// A partition that will bring none any more.
    pub fn end(&mut self, stream: &StreamName, partition: PartitionId, now: Timestamp) {
        self.queue(stream, partition, now).ended = true;
    }

    /// Messages that came.
    pub fn push(&mut self, chunk: Arc<Chunk>, now: Timestamp) {
        let queue = self.queue(&Arc::clone(chunk.stream()), chunk.partition(), now);
        queue.last_arrival = now;
        queue.chunks.push_back(MergeRun { chunk, at: now });
    }

    fn queue(
        &mut self,
        stream: &StreamName,
        partition: PartitionId,
        now: Timestamp,
    ) -> &mut PartitionQueue {
        let same = |queue: &PartitionQueue| queue.partition == partition && queue.stream == *stream;
        let number = self
            .queues
            .iter()
            .position(same)
            .unwrap_or(self.queues.len());
        if number == self.queues.len() {
            self.queues.push(PartitionQueue {
                stream: Arc::clone(stream),
                partition,
                chunks: VecDeque::new(),
                next: 0,
                ended: false,
                last_arrival: now,
            });
        }
        &mut self.queues[number]
    }

    /// The next messages that may go on, all of one chunk, by their indexes in it. `None` while all have to wait.
    pub fn next_run(&mut self, now: Timestamp) -> Option<(Arc<Chunk>, Range<usize>)> {
        let heads = self.queues.iter().enumerate();
        let mut heads: Vec<_> = heads
            .filter_map(|(number, queue)| Some((queue.head()?, number)))
            .collect();
        heads.sort_unstable();
        let &(_, number) = heads.first()?;
        let until = self.free_until(number, now)?;
        let queue = self.queues.get_mut(number)?;
        let chunk = Arc::clone(&queue.chunks.front()?.chunk);
        let start = queue.next;
        let goes = |index: &usize| {
            let time = chunk.latest_up_to(*index);
            time <= until && heads.get(1).is_none_or(|next| (time, number) < *next)
        };
        let end = (start..chunk.len()).take_while(goes).last()? + 1;
        queue.take_run(end);
        self.count(&chunk, start..end);
        Some((chunk, start..end))
    }

    /// Up to which time the first chunk of a queue need not wait for the others; `None` where it has to.
    fn free_until(&self, number: usize, now: Timestamp) -> Option<i64> {
        let arrived = self.queues.get(number)?.chunks.front()?.at;
        let silent = self
            .queues
            .iter()
            .filter(|queue| queue.chunks.is_empty() && !queue.ended);
        let mut arrivals = silent.map(|queue| queue.last_arrival).peekable();
        if arrivals.peek().is_none() || arrived.age(now) >= self.window {
            return Some(i64::MAX);
        }
        let quiet = arrivals.all(|arrival| arrival.age(now) >= self.window);
        quiet.then(|| now.minus(self.window).0)
    }

    fn count(&mut self, chunk: &Chunk, run: Range<usize>) {
        let last = run.end.saturating_sub(1);
        let out_of_order = run
            .take_while(|index| chunk.latest_up_to(*index) < self.newest)
            .count();
        self.out_of_order += u64::try_from(out_of_order).unwrap_or(u64::MAX);
        self.newest = self.newest.max(chunk.latest_up_to(last));
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queues.iter().all(|queue| queue.chunks.is_empty())
    }

    /// The bytes of a partition that wait: a reader that has much here should pause.
    pub fn waiting_bytes(&self, stream: &str, partition: PartitionId) -> usize {
        let queues = self
            .queues
            .iter()
            .filter(|queue| queue.partition == partition && *queue.stream == *stream);
        queues
            .flat_map(|queue| &queue.chunks)
            .map(|arrived| arrived.chunk.bytes())
            .sum()
    }

    /// How many messages went on after later ones.
    pub fn out_of_order(&self) -> u64 {
        self.out_of_order
    }
}

impl PartitionQueue {
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
