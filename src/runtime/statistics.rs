//! Reads a range of messages for what is in it: some partitions at a time, each message once, none kept.
//!
//! What is counted is `store`'s. The command line reads with this too.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, timeout_at};

use super::channels::EventSender;
use crate::app::{Event, RequestId, StatisticsSpec};
use crate::client::{Observer, SubscriptionItem};
use crate::model::{
    EndReason, Offset, PartitionId, RetryLimit, StopAt, StreamName, SubscribeSpec,
    SubscriptionEvent, Target, Timestamp, format_duration,
};
use crate::store::{Chunk, ChunkBuilder, Query, Statistics, StatisticsOptions};

/// Partitions that are read side by side: each is a session at a broker.
const AT_ONCE: usize = 32;
/// Chunks that wait to be counted.
const QUEUE: usize = 8;
/// How often the screen is told how far it is.
const REPORT_EVERY: Duration = Duration::from_millis(250);
/// How long a broker may bring nothing of a range that it has.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);

type Source = (StreamName, PartitionId);

enum ReadItem {
    Chunk(Arc<Chunk>),
    Event(Source, SubscriptionEvent),
    Failed(Source, String),
}

/// The reading of a range. Dropping it ends all its sessions.
#[derive(Debug)]
pub(crate) struct StatisticsReader {
    items: mpsc::Receiver<ReadItem>,
    query: Option<Query>,
    _reading: JoinSet<()>,
}

impl std::fmt::Debug for ReadItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReadItem")
    }
}

impl StatisticsReader {
    /// Begins to read. A partition of which nothing comes for longer than `limit` is given up.
    pub(crate) fn begin(
        observer: &Observer,
        spec: &StatisticsSpec,
        limit: Duration,
        statistics: &mut Statistics,
    ) -> Self {
        let (sender, items) = mpsc::channel(QUEUE);
        let permits = Arc::new(Semaphore::new(AT_ONCE));
        let mut reading = JoinSet::new();
        let (latest, now) = (observer.metadata(), Timestamp::now());
        for (stream, partition) in &spec.partitions {
            statistics.open(stream, *partition, spec.start);
            let latest = latest.as_ref();
            let known = latest.and_then(|known| known.partition(stream, *partition));
            let (stop, cut) = reached(spec.stop, known.map(|known| known.high_watermark), now);
            let reader = PartitionReader {
                observer: observer.clone(),
                spec: SubscribeSpec {
                    start: spec.start,
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
            query: spec.query.clone(),
            _reading: reading,
        }
    }

    /// Counts what comes next; `false` once nothing more comes. May be dropped while it waits.
    pub(crate) async fn step(&mut self, statistics: &mut Statistics) -> bool {
        match self.items.recv().await {
            None => return false,
            Some(ReadItem::Chunk(chunk)) => {
                statistics.add_chunk(&chunk, self.query.as_ref(), Timestamp::now());
            }
            Some(ReadItem::Event((stream, partition), event)) => {
                statistics.apply_event(&stream, partition, &event);
            }
            Some(ReadItem::Failed((stream, partition), sentence)) => {
                statistics.fail(&stream, partition, sentence);
            }
        }
        true
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
    limit: Duration,
    sender: mpsc::Sender<ReadItem>,
}

impl PartitionReader {
    async fn run(self) {
        let source = (Arc::clone(&self.spec.stream), self.spec.partition);
        if let Err(sentence) = self.read(&source).await {
            let _nobody_waits = self.sender.send(ReadItem::Failed(source, sentence)).await;
        }
    }

    async fn read(&self, source: &Source) -> Result<(), String> {
        let late = |_elapsed| {
            let target = Target::Partition(Arc::clone(&source.0), source.1);
            let limit = format_duration(self.limit);
            format!("{target} was given up before its end: nothing came for {limit}")
        };
        let mut deadline = Instant::now() + self.limit;
        let opening = self
            .observer
            .subscribe_into(self.spec.clone(), ChunkBuilder::new());
        let opened = timeout_at(deadline, opening).await.map_err(late)?;
        let mut items = opened.map_err(|error| error.to_string())?;
        while let Some(item) = timeout_at(deadline, items.next()).await.map_err(late)? {
            match item {
                SubscriptionItem::Batch(chunk) => {
                    let (chunk, is_over) = up_to(chunk, self.cut);
                    if let Some(chunk) = chunk {
                        self.send(ReadItem::Chunk(chunk)).await?;
                    }
                    if is_over {
                        let ended = SubscriptionEvent::Ended(EndReason::StopReached);
                        return self.send(ReadItem::Event(source.clone(), ended)).await;
                    }
                    // Attempts to go on are no progress: they do not come here.
                    deadline = Instant::now() + self.limit;
                }
                SubscriptionItem::Event(event) => {
                    self.send(ReadItem::Event(source.clone(), event)).await?;
                }
            }
        }
        Ok(())
    }

    /// Fails where nobody counts any more.
    async fn send(&self, item: ReadItem) -> Result<(), String> {
        let sent = self.sender.send(item).await;
        sent.map_err(|_nobody| String::new())
    }
}

/// Reads for the dashboard, and tells now and then what is known so far.
pub(super) async fn run(
    id: RequestId,
    observer: Observer,
    spec: StatisticsSpec,
    options: StatisticsOptions,
    outbox: EventSender,
) {
    let mut statistics = Statistics::default();
    let mut reader = StatisticsReader::begin(&observer, &spec, LONGEST_SILENCE, &mut statistics);
    let mut ticks = interval(REPORT_EVERY);
    let mut is_new = true;
    loop {
        tokio::select! {
            more = reader.step(&mut statistics) => {
                if !more {
                    break;
                }
                is_new = true;
                // A large range would leave no room for others on this thread.
                tokio::task::yield_now().await;
            }
            _ = ticks.tick() => {
                if std::mem::take(&mut is_new) {
                    let report = Arc::new(statistics.report(&options));
                    outbox.send(Event::Statistics(id, Ok((report, false)))).await;
                }
            }
        }
    }
    let report = Arc::new(statistics.report(&options));
    outbox.send(Event::Statistics(id, Ok((report, true)))).await;
}
