//! One partition of a tail: a subscription in, sealed chunks out, in order, nothing left out.
//!
//! Back-pressure is all its control: while the queue is full or the tail is throttled, it does not read, and the broker waits
//! (I12). What a tail keeps, shows or counts is the business of `app`.

use std::sync::Arc;

use tokio::sync::watch;

use super::channels::EventSender;
use super::refresh_request::RefreshRequest;
use super::reverse_reader::{ReadSource, ReverseReader};
use super::scan::MessageFilter;
use crate::app::{Event, OlderSpec, TailEvent, TailId};
use crate::client::SubscriptionItem;
use crate::model::{
    EndReason, Failure, RetryLimit, StartAt, StopAt, SubscribeSpec, SubscriptionEvent, Timestamp,
};
use crate::store::{Chunk, ChunkBuilder};

/// Reads one partition for one tail.
#[derive(Debug)]
pub(super) struct TailReader {
    pub(super) tail: TailId,
    /// What is read, and whom to ask.
    pub(super) source: ReadSource,
    /// Where chunks and events go.
    pub(super) outbox: EventSender,
    /// Whether reading stops for now.
    pub(super) throttled: watch::Receiver<bool>,
    /// What messages have to be; all are handed over where nothing is said.
    pub(super) filter: Option<MessageFilter>,
    /// A cut connection says something about its broker.
    pub(super) refresh: RefreshRequest,
}

impl TailReader {
    /// Reads forward from `start` to `stop`, and over every change of leader.
    pub(super) async fn follow(mut self, start: StartAt, stop: StopAt) {
        let stream = Arc::clone(&self.source.stream);
        let spec = SubscribeSpec {
            start,
            stop,
            // A tail waits for its broker as long as its user does.
            give_up: RetryLimit::Never,
            ..SubscribeSpec::new(stream, self.source.partition)
        };
        let opened = self
            .source
            .observer
            .subscribe_into(spec, ChunkBuilder::new())
            .await;
        let mut items = match opened {
            Ok(items) => items,
            Err(error) => return self.send_end(EndReason::Failed(error.into())).await,
        };
        loop {
            let reading = !*self.throttled.borrow_and_update();
            tokio::select! {
                Ok(()) = self.throttled.changed() => {}
                item = items.next(), if reading => match item {
                    Some(SubscriptionItem::Batch(chunk)) => {
                        if let Err(failure) = self.send_chunk(chunk).await {
                            return self.send_end(EndReason::Failed(failure)).await;
                        }
                    }
                    Some(SubscriptionItem::Event(event)) => {
                        // A cut says something about the broker; later tries to mend it do not.
                        if matches!(event, SubscriptionEvent::Resuming { attempt: 1, .. }) {
                            self.refresh.send();
                        }
                        self.send_event(event).await;
                    }
                    None => return,
                },
                else => return,
            }
        }
    }

    /// Reads backwards from the newest message in the range to the oldest.
    pub(super) async fn newest_first(mut self, start: StartAt, stop: StopAt) {
        let source = self.source.clone();
        let reason = match ReverseReader::between(source, start, stop, Timestamp::now()).await {
            Ok(reader) => self.send_chunks(reader).await,
            Err(failure) => Err(failure),
        };
        self.send_end(reason.map_or_else(EndReason::Failed, |()| EndReason::StopReached))
            .await;
    }

    async fn send_chunks(&mut self, mut reader: ReverseReader) -> Result<(), Failure> {
        while let Some(chunks) = reader.next().await? {
            for chunk in chunks {
                self.send_chunk(chunk).await?;
            }
            // The tail is closed where its end of the switch is gone; then this task is cancelled.
            let _ = self.throttled.wait_for(|throttled| !throttled).await;
        }
        Ok(())
    }

    /// Hands over what is wanted of a chunk, and that the rest of it was looked at.
    async fn send_chunk(&self, chunk: Arc<Chunk>) -> Result<(), Failure> {
        let Some(filter) = &self.filter else {
            self.send(TailEvent::Chunk(chunk)).await;
            return Ok(());
        };
        let (found, undecided) = filter.matching(&chunk).await?;
        if let Some(found) = found {
            self.send(TailEvent::Chunk(found)).await;
        }
        self.send(TailEvent::Looked {
            stream: Arc::clone(&self.source.stream),
            partition: self.source.partition,
            offsets: (chunk.first_offset(), chunk.last_offset()),
            messages: u64::try_from(chunk.len()).unwrap_or(u64::MAX),
            undecided,
        })
        .await;
        Ok(())
    }

    async fn send(&self, event: TailEvent) {
        self.outbox.send_tail(Event::Tail(self.tail, event)).await;
    }

    async fn send_end(&self, reason: EndReason) {
        self.send_event(SubscriptionEvent::Ended(reason)).await;
    }

    /// Events take the way of the chunks: an end must not overtake the last messages.
    async fn send_event(&self, event: SubscriptionEvent) {
        let event = TailEvent::Subscription {
            stream: Arc::clone(&self.source.stream),
            partition: self.source.partition,
            event,
        };
        self.send(event).await;
    }
}

/// Fetches what lies before a tail's oldest message, newest chunk first, so that each goes on where the tail begins.
pub(super) async fn fetch_older(
    tail: TailId,
    spec: OlderSpec,
    source: ReadSource,
    outbox: EventSender,
) {
    let send = async |event| outbox.send_tail(Event::Tail(tail, event)).await;
    let (stream, partition) = (Arc::clone(&spec.stream), spec.partition);
    let mut start = None;
    let fetched = async {
        let before = match spec.before {
            Some(before) => before,
            None => source.newest().await?.saturating_add(1),
        };
        let mut reader = ReverseReader::before(source, before, spec.count).await?;
        while let Some(chunks) = reader.next().await? {
            for chunk in chunks {
                send(TailEvent::Older(chunk)).await;
            }
        }
        start = reader.reached_start();
        Ok(())
    };
    let failure = fetched.await.err();
    send(TailEvent::OlderDone {
        stream,
        partition,
        start,
        failure,
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::super::channels::{EventReceiver, event_channels};
    use super::super::test_support::{TestCluster, offsets};
    use super::*;
    use crate::store::Query;
    use std::time::Duration;
    use tokio::sync::Semaphore;
    use tokio::sync::mpsc::Receiver;
    use tokio::task::JoinSet;
    use tokio::time::timeout;

    const TAIL: TailId = TailId(7);
    const CAP: Duration = Duration::from_secs(20);
    /// How long a throttled tail is watched after another one has read all there is.
    const QUIET: Duration = Duration::from_millis(300);

    fn reader(cluster: &TestCluster) -> (TailReader, EventReceiver, watch::Sender<bool>) {
        let (outbox, inbox) = event_channels();
        let (throttle, throttled) = watch::channel(false);
        let refresh = RefreshRequest::new();
        let source = cluster.source();
        (
            TailReader {
                tail: TAIL,
                source,
                outbox,
                throttled,
                filter: None,
                refresh,
            },
            inbox,
            throttle,
        )
    }

    async fn next(tails: &mut Receiver<Event>) -> TailEvent {
        match timeout(CAP, tails.recv()).await.unwrap() {
            Some(Event::Tail(TAIL, event)) => event,
            other => panic!("{other:?}"),
        }
    }

    /// The offsets of the next chunks, until there are so many.
    async fn chunks(tails: &mut Receiver<Event>, count: usize) -> Vec<i64> {
        let mut read = Vec::new();
        while read.len() < count {
            if let TailEvent::Chunk(chunk) = next(tails).await {
                read.extend(offsets(&chunk));
            }
        }
        read
    }

    #[tokio::test]
    async fn a_tail_reads_what_is_there_and_what_comes() {
        let cluster = TestCluster::with_messages(5).await;
        let (reader, mut inbox, _throttle) = reader(&cluster);
        let mut tasks = JoinSet::new();
        tasks.spawn(reader.follow(StartAt::Last(3), StopAt::Never));
        assert_eq!(chunks(&mut inbox.tails, 3).await, [2, 3, 4]);
        cluster.publish(2).await;
        assert_eq!(chunks(&mut inbox.tails, 2).await, [5, 6]);
    }

    #[tokio::test]
    async fn a_throttled_tail_reads_nothing_and_then_everything() {
        let cluster = TestCluster::with_messages(1).await;
        let (reader, mut inbox, throttle) = reader(&cluster);
        let mut tasks = JoinSet::new();
        tasks.spawn(reader.follow(StartAt::Earliest, StopAt::Never));
        assert_eq!(chunks(&mut inbox.tails, 1).await, [0]);
        throttle.send_replace(true);
        tokio::task::yield_now().await;
        cluster.publish(3).await;
        let (free, mut others, _throttle) = self::reader(&cluster);
        tasks.spawn(free.follow(StartAt::Earliest, StopAt::Never));
        assert_eq!(chunks(&mut others.tails, 4).await, [0, 1, 2, 3]);
        let read = timeout(QUIET, inbox.tails.recv()).await;
        assert!(read.is_err(), "throttled, and it read {read:?}");
        throttle.send_replace(false);
        assert_eq!(chunks(&mut inbox.tails, 3).await, [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_range_ends_after_its_last_message() {
        let cluster = TestCluster::with_messages(5).await;
        let (reader, mut inbox, _throttle) = reader(&cluster);
        let mut tasks = JoinSet::new();
        tasks.spawn(reader.follow(StartAt::Earliest, StopAt::Latest));
        assert_eq!(chunks(&mut inbox.tails, 5).await, [0, 1, 2, 3, 4]);
        let TailEvent::Subscription { event, .. } = next(&mut inbox.tails).await else {
            panic!("more messages than there are");
        };
        assert_eq!(event, SubscriptionEvent::Ended(EndReason::StopReached));
    }

    #[tokio::test]
    async fn older_messages_come_before_the_word_that_they_are_all() {
        let cluster = TestCluster::with_messages(8).await;
        let (outbox, mut inbox) = event_channels();
        let (stream, partition) = ("orders".into(), 0);
        let spec = OlderSpec {
            stream,
            partition,
            before: Some(6),
            count: 100,
        };
        fetch_older(TAIL, spec, cluster.source(), outbox).await;
        let TailEvent::Older(chunk) = next(&mut inbox.tails).await else {
            panic!("nothing older");
        };
        assert_eq!(offsets(&chunk), [0, 1, 2, 3, 4, 5]);
        let done = next(&mut inbox.tails).await;
        let expected = TailEvent::OlderDone {
            stream: "orders".into(),
            partition: 0,
            start: Some(0),
            failure: None,
        };
        assert_eq!(done, expected);
    }

    #[tokio::test]
    async fn of_a_filtered_tail_only_what_the_query_finds_comes_and_all_that_was_looked_at_is_counted()
     {
        let cluster = TestCluster::with_messages(8).await;
        for newest_first in [false, true] {
            let (mut reader, mut inbox, _throttle) = reader(&cluster);
            let query = Arc::new(Query::parse("offset>=3 offset<5").unwrap());
            let turn = Arc::new(Semaphore::new(1));
            reader.filter = Some(MessageFilter::new(query, turn));
            let mut tasks = JoinSet::new();
            if newest_first {
                tasks.spawn(reader.newest_first(StartAt::Earliest, StopAt::Latest));
            } else {
                tasks.spawn(reader.follow(StartAt::Earliest, StopAt::Latest));
            }
            let (mut found, mut looked_at) = (Vec::new(), 0);
            while looked_at < 8 {
                let event = next(&mut inbox.tails).await;
                if let TailEvent::Chunk(chunk) = &event {
                    found.extend(offsets(chunk));
                } else if let TailEvent::Looked { messages, .. } = event {
                    looked_at += messages;
                }
            }
            assert_eq!((found, looked_at), (vec![3, 4], 8));
        }
    }

    #[tokio::test]
    async fn a_stream_that_is_not_there_ends_its_tail_with_a_sentence() {
        let cluster = TestCluster::with_messages(0).await;
        let (mut reader, mut inbox, _throttle) = reader(&cluster);
        reader.source.stream = "ordres".into();
        reader.follow(StartAt::New, StopAt::Never).await;
        let TailEvent::Subscription { event, .. } = next(&mut inbox.tails).await else {
            panic!("messages from nowhere");
        };
        let SubscriptionEvent::Ended(EndReason::Failed(failure)) = event else {
            panic!("{event:?}");
        };
        assert!(failure.sentence.contains("ordres"), "{failure}");
    }
}
