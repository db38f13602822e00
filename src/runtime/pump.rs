//! One partition of a tail: a subscription in, sealed chunks out, in order, nothing left out.
//!
//! Back-pressure is all its control: while the queue is full or the tail is held, it does not read, and the broker waits
//! (I12). What a tail keeps, shows or counts is the business of `app`.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::backwards::{Backwards, Source};
use super::mailbox::Outbox;
use super::nudge::Nudge;
use crate::app::{Event, FeedEvent, FeedId, OlderSpec};
use crate::client::SubscriptionItem;
use crate::model::{
    EndReason, Failure, StartAt, StopAt, SubscribeSpec, SubscriptionEvent, Timestamp,
};
use crate::store::ChunkBuilder;

/// Reads one partition for one tail.
#[derive(Debug)]
pub(super) struct Pump {
    /// The tail.
    pub(super) feed: FeedId,
    /// What is read, and whom to ask.
    pub(super) source: Source,
    /// Where chunks and events go.
    pub(super) outbox: Outbox,
    /// Whether reading stops for now.
    pub(super) held: watch::Receiver<bool>,
    /// A cut is news about a broker.
    pub(super) nudge: Nudge,
}

impl Pump {
    /// Reads forward from `start` to `stop`, and over every change of leader.
    pub(super) async fn follow(mut self, start: StartAt, stop: StopAt) {
        let stream = Arc::clone(&self.source.stream);
        let spec = SubscribeSpec {
            start,
            stop,
            // A tail waits for its broker as long as its user does.
            give_up_after: Some(Duration::MAX),
            ..SubscribeSpec::new(stream, self.source.partition)
        };
        let opened = self
            .source
            .observer
            .subscribe_into(spec, ChunkBuilder::new())
            .await;
        let mut items = match opened {
            Ok(items) => items,
            Err(error) => return self.end(EndReason::Failed(error.into())).await,
        };
        loop {
            let reading = !*self.held.borrow_and_update();
            tokio::select! {
                Ok(()) = self.held.changed() => {}
                item = items.next(), if reading => match item {
                    Some(SubscriptionItem::Batch(chunk)) => {
                        self.outbox.feed(Event::Feed(self.feed, FeedEvent::Chunk(chunk))).await;
                    }
                    Some(SubscriptionItem::Event(event)) => {
                        // A cut is news about a broker; the later tries to mend it are not.
                        if matches!(event, SubscriptionEvent::Resuming { attempt: 1, .. }) {
                            self.nudge.now();
                        }
                        self.event(event).await;
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
        let reason = match Backwards::between(source, start, stop, Timestamp::now()).await {
            Ok(back) => self.pass_on(back).await,
            Err(failure) => Err(failure),
        };
        self.end(reason.map_or_else(EndReason::Failed, |()| EndReason::StopReached))
            .await;
    }

    async fn pass_on(&mut self, mut back: Backwards) -> Result<(), Failure> {
        while let Some(chunks) = back.next().await? {
            for chunk in chunks {
                self.outbox
                    .feed(Event::Feed(self.feed, FeedEvent::Chunk(chunk)))
                    .await;
            }
            // The tail is closed where its end of the switch is gone; then this task is cancelled.
            let _ = self.held.wait_for(|held| !held).await;
        }
        Ok(())
    }

    async fn end(&self, reason: EndReason) {
        self.event(SubscriptionEvent::Ended(reason)).await;
    }

    /// Events take the way of the chunks: an end must not overtake the last messages.
    async fn event(&self, event: SubscriptionEvent) {
        let happened = FeedEvent::Subscription {
            stream: Arc::clone(&self.source.stream),
            partition: self.source.partition,
            event,
        };
        self.outbox.feed(Event::Feed(self.feed, happened)).await;
    }
}

/// Fetches what lies before a tail's oldest message, newest chunk first, so that each goes on where the tail begins.
pub(super) async fn fetch_older(feed: FeedId, spec: OlderSpec, source: Source, outbox: Outbox) {
    let tell = async |happened| outbox.feed(Event::Feed(feed, happened)).await;
    let (stream, partition) = (Arc::clone(&spec.stream), spec.partition);
    let mut start = None;
    let fetched = async {
        let mut back = Backwards::before(source, spec.before, spec.count).await?;
        while let Some(chunks) = back.next().await? {
            for chunk in chunks {
                tell(FeedEvent::Older(chunk)).await;
            }
        }
        start = back.reaches_start();
        Ok(())
    };
    let failure = fetched.await.err();
    tell(FeedEvent::OlderDone {
        stream,
        partition,
        start,
        failure,
    })
    .await;
}
