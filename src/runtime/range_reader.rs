//! Reads partitions from one place to another: some side by side, each message once, none kept.
//! Who asks for it counts them, or folds them into a table.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::client::{Observer, SubscriptionItem};
use crate::model::{
    EndReason, Offset, PartitionId, RetryLimit, StartAt, StopAt, StreamName, SubscribeSpec,
    SubscriptionEvent, Target, Timestamp, format_duration,
};
use crate::store::{Chunk, ChunkBuilder};

/// Partitions that are read side by side: each is a session at a broker.
const AT_ONCE: usize = 32;
/// Chunks that wait to be taken.
const QUEUE: usize = 8;
/// How long a broker may bring nothing of a range that it has, where nobody said it.
pub(super) const LONGEST_SILENCE: Duration = Duration::from_secs(10);

/// A partition that is read.
pub(crate) type Source = (StreamName, PartitionId);

/// What comes of a range.
pub(crate) enum RangeItem {
    /// Messages, those of a partition in the order of their offsets.
    Chunk(Arc<Chunk>),
    /// Something happened to the subscription of a partition.
    Event(Source, SubscriptionEvent),
    /// A partition could not be read to its end, for the reason of this sentence.
    Failed(Source, String),
}

impl std::fmt::Debug for RangeItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RangeItem")
    }
}

/// The reading of a range. Dropping it ends all its sessions.
#[derive(Debug)]
pub(crate) struct RangeReader {
    items: mpsc::Receiver<RangeItem>,
    _reading: JoinSet<()>,
}

impl RangeReader {
    /// Begins to read what is there of a range: what is yet to come is not waited for. A partition of which nothing comes
    /// for longer than `limit` is given up.
    pub(crate) fn begin(
        observer: &Observer,
        partitions: &[Source],
        (start, stop): (StartAt, StopAt),
        limit: Duration,
    ) -> Self {
        let (latest, now) = (observer.metadata(), Timestamp::now());
        Self::read(observer, partitions, AT_ONCE, |stream, partition| {
            let latest = latest.as_ref();
            let known = latest.and_then(|known| known.partition(stream, partition));
            let (stop, cut) = reached(stop, known.map(|known| known.high_watermark), now);
            (start, stop, cut, Some(limit))
        })
    }

    /// Begins to read all that is kept and goes on with what comes.
    pub(crate) fn follow(observer: &Observer, partitions: &[Source]) -> Self {
        Self::read(observer, partitions, partitions.len(), |_, _| {
            (StartAt::Earliest, StopAt::Never, None, None)
        })
    }

    fn read(
        observer: &Observer,
        partitions: &[Source],
        at_once: usize,
        range: impl Fn(&StreamName, PartitionId) -> (StartAt, StopAt, Option<Offset>, Option<Duration>),
    ) -> Self {
        let (sender, items) = mpsc::channel(QUEUE);
        let permits = Arc::new(Semaphore::new(at_once));
        let mut reading = JoinSet::new();
        for (stream, partition) in partitions {
            let (start, stop, cut, limit) = range(stream, *partition);
            let reader = PartitionReader {
                observer: observer.clone(),
                spec: SubscribeSpec {
                    start,
                    stop,
                    give_up: RetryLimit::Never,
                    ..SubscribeSpec::new(Arc::clone(stream), *partition)
                },
                cut,
                limit,
                sender: sender.clone(),
            };
            let permits = Arc::clone(&permits);
            reading.spawn(async move {
                let _permit = permits.acquire_owned().await;
                reader.run().await;
            });
        }
        Self {
            items,
            _reading: reading,
        }
    }

    /// What comes next; `None` once nothing more comes. May be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Option<RangeItem> {
        self.items.recv().await
    }

    /// The same for a thread that may block.
    pub(crate) fn next_blocking(&mut self) -> Option<RangeItem> {
        self.items.blocking_recv()
    }
}

/// The stop, or the end of now where that may come before, so that nothing is waited for; and the last offset that counts then.
fn reached(stop: StopAt, end: Option<Offset>, now: Timestamp) -> (StopAt, Option<Offset>) {
    match stop {
        StopAt::Offset(offset) if end.is_some_and(|end| offset <= end) => (stop, None),
        StopAt::Offset(offset) => (StopAt::Latest, Some(offset)),
        StopAt::Time(time) if time <= now => (stop, None),
        StopAt::Never | StopAt::Newest | StopAt::Latest | StopAt::Time(_) => (StopAt::Latest, None),
    }
}

/// The messages of a chunk up to that offset, and whether there are later ones.
fn up_to(chunk: Arc<Chunk>, cut: Option<Offset>) -> (Option<Arc<Chunk>>, bool) {
    match cut.filter(|cut| *cut < chunk.last_offset()) {
        None => (Some(chunk), false),
        Some(cut) => {
            let end = chunk.find_at_or_after(cut.saturating_add(1));
            (chunk.slice(0..end), true)
        }
    }
}

struct PartitionReader {
    observer: Observer,
    spec: SubscribeSpec,
    /// The last offset that counts, where reading may go beyond.
    cut: Option<Offset>,
    /// How long nothing may come; `None` where what is yet to come is waited for.
    limit: Option<Duration>,
    sender: mpsc::Sender<RangeItem>,
}

impl PartitionReader {
    async fn run(self) {
        let source = (Arc::clone(&self.spec.stream), self.spec.partition);
        if let Err(sentence) = self.read(&source).await {
            let _nobody_waits = self.sender.send(RangeItem::Failed(source, sentence)).await;
        }
    }

    async fn read(&self, source: &Source) -> Result<(), String> {
        let mut deadline = self.deadline();
        let opening = self
            .observer
            .subscribe_into(self.spec.clone(), ChunkBuilder::new());
        let opened = self.within(deadline, opening).await?;
        let mut items = opened.map_err(|error| error.to_string())?;
        while let Some(item) = self.within(deadline, items.next()).await? {
            match item {
                SubscriptionItem::Batch(chunk) => {
                    let (chunk, is_over) = up_to(chunk, self.cut);
                    if let Some(chunk) = chunk {
                        self.send(RangeItem::Chunk(chunk)).await?;
                    }
                    if is_over {
                        let ended = SubscriptionEvent::Ended(EndReason::StopReached);
                        return self.send(RangeItem::Event(source.clone(), ended)).await;
                    }
                    // Attempts to go on are no progress: they do not come here.
                    deadline = self.deadline();
                }
                SubscriptionItem::Event(event) => {
                    self.send(RangeItem::Event(source.clone(), event)).await?;
                }
            }
        }
        Ok(())
    }

    fn deadline(&self) -> Option<Instant> {
        self.limit.map(|limit| Instant::now() + limit)
    }

    /// Waits, no longer than until then.
    async fn within<T>(
        &self,
        deadline: Option<Instant>,
        waiting: impl Future<Output = T>,
    ) -> Result<T, String> {
        let Some(deadline) = deadline else {
            return Ok(waiting.await);
        };
        timeout_at(deadline, waiting).await.map_err(|_elapsed| {
            let target = Target::Partition(Arc::clone(&self.spec.stream), self.spec.partition);
            let limit = format_duration(self.limit.unwrap_or_default());
            format!("{target} was given up before its end: nothing came for {limit}")
        })
    }

    /// Fails where nobody takes it any more.
    async fn send(&self, item: RangeItem) -> Result<(), String> {
        let sent = self.sender.send(item).await;
        sent.map_err(|_nobody| String::new())
    }
}
