//! Reads a partition from a newer offset back to an older one, in windows that each are read forwards.
//!
//! Servers before API 2.0 cannot read in reverse (wire-contract §4.6), and chunks hold rising offsets anyway: one way
//! serves all servers. Who asks for older messages, and when, is the business of others.

use std::sync::Arc;
use std::time::Duration;

use crate::client::{Observer, SubscriptionItem};
use crate::model::{
    Failure, MessageSink, Offset, OwnedMessages, PartitionId, PinnedStart, RetryLimit, StartAt,
    StopAt, StreamName, SubscribeSpec, SubscriptionEvent, Target, Timestamp,
};
use crate::store::{Chunk, ChunkBuilder};

/// Messages of the first window: a screenful must come fast.
const FIRST_WINDOW: i64 = 256;
/// Windows do not grow beyond this: what is read before it can be shown stays small.
const LARGEST_WINDOW: i64 = 8192;
/// Of fewer messages than a window of so many offsets holds one of, compaction has taken the rest: windows then grow so many
/// times beyond that.
const SPARSE: i64 = 16;
/// A window of more bytes makes the next one smaller: the messages are large here.
const LARGE: usize = 4 << 20;
/// A window of fewer bytes makes the next one larger.
const SMALL: usize = 1 << 20;
/// How long to try to find a broker that serves a window.
const RETRY_LIMIT: Duration = Duration::from_secs(10);

/// One partition, and whom to ask.
#[derive(Clone, Debug)]
pub(super) struct ReadSource {
    /// Whom to ask.
    pub(super) observer: Observer,
    pub(super) stream: StreamName,
    pub(super) partition: PartitionId,
}

impl ReadSource {
    /// The offset of the first message there is from `start` on; `None` where there is none now.
    async fn first_offset(&self, start: StartAt) -> Result<Option<Offset>, Failure> {
        let mut first = None;
        self.read(start, StopAt::Latest, OwnedMessages::default(), |message| {
            first = Some(message.offset);
            false
        })
        .await?;
        Ok(first)
    }

    /// The newest offset that readers may see; -1 in an empty partition.
    pub(super) async fn newest(&self) -> Result<Offset, Failure> {
        let asked = self.observer.fetch_partition(&self.stream, self.partition);
        Ok(asked.await?.high_watermark)
    }

    /// Where the last `count` messages begin; `None` where none is kept.
    async fn nth_last(&self, count: u64) -> Result<Option<Offset>, Failure> {
        let asked = self.observer.nth_last(&self.stream, self.partition, count);
        Ok(asked.await?)
    }

    /// What is kept of the offsets `from..=to`, newest first.
    async fn window(&self, from: Offset, to: Offset) -> Result<Vec<Arc<Chunk>>, Failure> {
        let mut chunks = Vec::new();
        let (start, stop) = (StartAt::Offset(from), StopAt::Offset(to));
        self.read(start, stop, ChunkBuilder::new(), |chunk| {
            chunks.push(chunk);
            true
        })
        .await?;
        chunks.reverse();
        Ok(chunks)
    }

    /// Reads until `on_batch` returns `false` or the range is done.
    async fn read<S: MessageSink>(
        &self,
        start: StartAt,
        stop: StopAt,
        sink: S,
        mut on_batch: impl FnMut(S::Batch) -> bool + Send,
    ) -> Result<(), Failure> {
        let spec = SubscribeSpec {
            start,
            stop,
            give_up: RetryLimit::After(RETRY_LIMIT),
            ..SubscribeSpec::new(Arc::clone(&self.stream), self.partition)
        };
        let mut items = self.observer.subscribe_into(spec, sink).await?;
        while let Some(item) = items.next().await {
            match item {
                SubscriptionItem::Batch(batch) => {
                    if !on_batch(batch) {
                        return Ok(());
                    }
                }
                SubscriptionItem::Event(SubscriptionEvent::Ended(reason)) => {
                    let target = Target::Partition(Arc::clone(&self.stream), self.partition);
                    return reason.failure(&target).map_or(Ok(()), Err);
                }
                SubscriptionItem::Event(_) => {}
            }
        }
        Ok(())
    }
}

/// Reads a partition backwards.
#[derive(Debug)]
pub(super) struct ReverseReader {
    source: ReadSource,
    /// The oldest offset that is wanted.
    floor: Offset,
    /// The next window ends here; below `floor` nothing is left.
    next: Offset,
    /// Messages that are still wanted; `None` where all of them are.
    wanted: Option<usize>,
    window: i64,
    /// The oldest offset that the broker keeps, where it is known.
    kept_from: Option<Offset>,
}

impl ReverseReader {
    /// The last `count` messages before `before` that are kept, and the rest of the window that the first of them is in.
    pub(super) async fn before(
        source: ReadSource,
        before: Offset,
        count: u32,
    ) -> Result<Self, Failure> {
        let all = Self::down_to(source, 0, before.saturating_sub(1)).await?;
        Ok(Self {
            window: FIRST_WINDOW.min(i64::from(count).max(1)),
            wanted: Some(usize::try_from(count).unwrap_or(usize::MAX)),
            ..all
        })
    }

    /// Everything that a tail from `start` to `stop` would show of what there is now.
    pub(super) async fn between(
        source: ReadSource,
        start: StartAt,
        stop: StopAt,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let newest = source.newest().await?;
        let end = match stop {
            StopAt::Never | StopAt::Latest | StopAt::Newest => newest,
            StopAt::Offset(offset) => offset.min(newest),
            StopAt::Time(time) => {
                let after = StartAt::Time(time.plus(Duration::from_nanos(1)));
                let first = source.first_offset(after).await?;
                first.map_or(newest, |offset| offset - 1)
            }
        };
        let nth_last = if let StartAt::Last(count) = start {
            source.nth_last(count).await?
        } else {
            None
        };
        let start = nth_last.map_or(start, StartAt::Offset);
        let floor = match start.pinned(newest, now) {
            PinnedStart::Earliest => 0,
            PinnedStart::Offset(offset) => offset,
            PinnedStart::Time(time) => {
                let first = source.first_offset(StartAt::Time(time)).await?;
                first.unwrap_or(end.saturating_add(1))
            }
        };
        Self::down_to(source, floor, end).await
    }

    /// The API does not tell the oldest kept offset: it is learned from the first message there is (§4.7).
    async fn down_to(source: ReadSource, floor: Offset, end: Offset) -> Result<Self, Failure> {
        let kept_from = source.first_offset(StartAt::Earliest).await?;
        // Where nothing is kept at all, no window need be read.
        let oldest = kept_from.unwrap_or(end.saturating_add(1));
        Ok(Self {
            floor: floor.max(oldest),
            next: end,
            wanted: None,
            window: FIRST_WINDOW,
            kept_from,
            source,
        })
    }

    /// The oldest offset that the broker keeps, once this reading has come down to it.
    pub(super) fn reached_start(&self) -> Option<Offset> {
        self.kept_from.filter(|oldest| self.next < *oldest)
    }

    /// The next older messages, newest chunk first; empty where retention or compaction took them, `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Arc<Chunk>>>, Failure> {
        if self.next < self.floor || self.wanted == Some(0) {
            return Ok(None);
        }
        let from = self.floor.max(self.next.saturating_sub(self.window - 1));
        let chunks = self.source.window(from, self.next).await?;
        self.next = from - 1;
        let messages: usize = chunks.iter().map(|chunk| chunk.len()).sum();
        let bytes = chunks.iter().map(|chunk| chunk.bytes()).sum();
        self.wanted = self.wanted.map(|wanted| wanted.saturating_sub(messages));
        self.window = following_window(self.window, messages, bytes);
        Ok(Some(chunks))
    }
}

/// Windows are counted in offsets, while memory is bytes: grow over small messages, and over what compaction took, shrink
/// over large ones.
fn following_window(window: i64, messages: usize, bytes: usize) -> i64 {
    let is_sparse = i64::try_from(messages).is_ok_and(|messages| messages < window / SPARSE);
    match bytes {
        0..SMALL if is_sparse => (window * 2).min(LARGEST_WINDOW * SPARSE),
        // After a sparse one the next may be full again.
        0..SMALL => (window * 2).min(LARGEST_WINDOW),
        LARGE.. => (window / 4).max(1),
        SMALL..LARGE => window.min(LARGEST_WINDOW),
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{TestCluster, offsets};
    use super::*;
    use crate::model::StreamOptions;

    /// All offsets in the order in which they come: chunks newest first, each rising.
    async fn read(mut back: ReverseReader) -> Vec<Vec<i64>> {
        read_on(&mut back).await
    }

    async fn read_on(back: &mut ReverseReader) -> Vec<Vec<i64>> {
        let mut read = Vec::new();
        while let Some(chunks) = back.next().await.unwrap() {
            read.extend(chunks.iter().map(offsets));
        }
        read
    }

    #[tokio::test]
    async fn chunks_come_newest_first_and_lack_nothing() {
        let cluster = TestCluster::with_messages(700).await;
        let (start, stop, now) = (StartAt::Earliest, StopAt::Never, Timestamp::now());
        let back = ReverseReader::between(cluster.source(), start, stop, now).await;
        let chunks = read(back.unwrap()).await;
        assert!(chunks.len() > 1, "more than one window");
        let oldest_first: Vec<i64> = chunks.into_iter().rev().flatten().collect();
        assert_eq!(oldest_first, (0..700).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn what_lies_before_an_offset_ends_at_the_count_or_at_the_start() {
        let cluster = TestCluster::with_messages(30).await;
        let before = async |before, count| {
            let mut back = ReverseReader::before(cluster.source(), before, count)
                .await
                .unwrap();
            let read = read_on(&mut back).await;
            (read, back.reached_start())
        };
        assert_eq!(before(20, 5).await, (vec![(15..20).collect()], None));
        assert_eq!(before(3, 100).await, (vec![vec![0, 1, 2]], Some(0)));
        assert_eq!(before(0, 100).await, (vec![], Some(0)));
    }

    #[tokio::test]
    async fn a_range_is_kept_on_both_sides() {
        let cluster = TestCluster::with_messages(30).await;
        let (start, stop) = (StartAt::Last(10), StopAt::Offset(24));
        let now = Timestamp::now();
        let back = ReverseReader::between(cluster.source(), start, stop, now).await;
        assert_eq!(read(back.unwrap()).await, [[20, 21, 22, 23, 24]]);
        let later = StartAt::Time(now.plus(Duration::from_secs(3600)));
        let back = ReverseReader::between(cluster.source(), later, StopAt::Never, now).await;
        assert_eq!(read(back.unwrap()).await, Vec::<Vec<i64>>::new());
    }

    #[tokio::test]
    async fn messages_are_counted_over_what_compaction_took() {
        let cluster = TestCluster::with_stream(StreamOptions {
            compact_enabled: Some(true),
            segment_max_bytes: Some(512),
            cleaner_interval: Some(Duration::from_millis(20)),
            ..StreamOptions::default()
        })
        .await;
        for count in 0..15 {
            cluster.publish_of_key(&format!("key-{count}")).await;
        }
        for _ in 0..600 {
            cluster.publish_of_key("often").await;
        }
        let (stop, now) = (StopAt::Never, Timestamp::now());
        let all = async || {
            let all = ReverseReader::between(cluster.source(), StartAt::Earliest, stop, now);
            read(all.await.unwrap()).await.concat()
        };
        // The newest segment is not compacted: all but its messages are of one key.
        while all().await.len() > 40 {
            tokio::task::yield_now().await;
        }
        loop {
            let kept = all().await.len();
            let count = u32::try_from(kept).unwrap() - 5;
            let last = StartAt::Last(u64::from(count));
            let back = ReverseReader::between(cluster.source(), last, stop, now).await;
            let of_last = read(back.unwrap()).await.concat().len();
            let back = ReverseReader::before(cluster.source(), 615, count).await;
            let of_before = read(back.unwrap()).await.concat().len();
            // The cleaner may have come by meanwhile: what is compared has to be of one log.
            if all().await.len() == kept {
                assert_eq!(of_last, kept - 5);
                assert!(of_before >= kept - 5);
                return;
            }
        }
    }

    #[tokio::test]
    async fn nothing_is_older_where_retention_took_everything() {
        let second = Duration::from_secs(1);
        let cluster = TestCluster::with_stream(StreamOptions {
            retention_max_age: Some(second),
            segment_max_age: Some(second),
            cleaner_interval: Some(Duration::from_millis(20)),
            ..StreamOptions::default()
        })
        .await;
        cluster.publish(5).await;
        let source = cluster.source();
        while source
            .first_offset(StartAt::Earliest)
            .await
            .unwrap()
            .is_some()
        {
            tokio::task::yield_now().await;
        }
        let mut back = ReverseReader::before(cluster.source(), 5, 100)
            .await
            .unwrap();
        assert_eq!(read_on(&mut back).await, Vec::<Vec<i64>>::new());
        let (start, stop, now) = (StartAt::Last(10), StopAt::Never, Timestamp::now());
        let back = ReverseReader::between(cluster.source(), start, stop, now).await;
        assert_eq!(read(back.unwrap()).await, Vec::<Vec<i64>>::new());
    }

    #[tokio::test]
    async fn an_empty_partition_has_nothing_older() {
        let cluster = TestCluster::with_messages(0).await;
        let (start, stop, now) = (StartAt::Earliest, StopAt::Never, Timestamp::now());
        let back = ReverseReader::between(cluster.source(), start, stop, now).await;
        assert_eq!(read(back.unwrap()).await, Vec::<Vec<i64>>::new());
    }

    #[test]
    fn windows_grow_over_small_messages_and_shrink_over_large_ones() {
        assert_eq!(following_window(FIRST_WINDOW, 256, 10), 512);
        assert_eq!(following_window(LARGEST_WINDOW, 8000, 10), LARGEST_WINDOW);
        assert_eq!(following_window(FIRST_WINDOW, 256, LARGE), 64);
        assert_eq!(following_window(1, 1, LARGE), 1);
        assert_eq!(following_window(LARGEST_WINDOW, 3, 10), 2 * LARGEST_WINDOW);
        assert_eq!(
            following_window(4 * LARGEST_WINDOW, 30_000, 10),
            LARGEST_WINDOW
        );
    }
}
