//! The subscriptions of one tail, side by side: what comes next from any of them.
//! One that brought more than can be printed is not polled, so that its broker waits (I12).

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_stream::Stream;

use crate::cli::exit::{CliError, Result};
use crate::cli::partition_reads::{self, PartitionRead};
use crate::cli::read_budget::ReadBudget;
use crate::client::{Observer, Subscription, SubscriptionItem};
use crate::model::{Failure, RetryLimit, SubscribeSpec, SubscriptionEvent};
use crate::store::{Chunk, ChunkBuilder};

/// Subscriptions of one tail: each is a session at a broker, with buffers on both sides.
pub(super) const MOST_SUBSCRIPTIONS: usize = 1_000;
/// How many are opened side by side.
pub(super) const OPENED_AT_ONCE: usize = 32;

/// A subscription to one partition.
pub(super) struct PartitionSubscription {
    messages: Option<Subscription<ChunkBuilder>>,
    /// Of which partition, and how far it came.
    pub(super) read: PartitionRead,
}

impl PartitionSubscription {
    /// Subscribes, and again for as long as it takes whenever the broker is lost.
    pub(super) async fn open(observer: &Observer, mut spec: SubscribeSpec) -> Result<Self> {
        spec.give_up = RetryLimit::Never;
        let read = PartitionRead::of(&spec);
        let messages = observer.subscribe_into(spec, ChunkBuilder::new()).await?;
        Ok(Self {
            messages: Some(messages),
            read,
        })
    }

    /// Counts what came, and how it ended.
    fn count(&mut self, item: &SubscriptionItem<Arc<Chunk>>) {
        match item {
            SubscriptionItem::Batch(chunk) => {
                self.read.add(u64::try_from(chunk.len()).unwrap_or(0));
            }
            SubscriptionItem::Event(SubscriptionEvent::Ended(reason)) => {
                let failure = reason.clone().failure(&self.read.target());
                self.read.end(failure.is_some());
            }
            SubscriptionItem::Event(_) => {}
        }
    }
}

/// What more partitions than can be read at once end with.
pub(super) fn too_many(what: &str) -> CliError {
    CliError::usage(format!(
        "a tail reads at most {MOST_SUBSCRIPTIONS} partitions at once, and {what}"
    ))
}

/// All of them.
pub(super) struct SubscriptionSet {
    subscriptions: Vec<PartitionSubscription>,
    /// Which one to poll first: each in turn, so that a busy one silences no other.
    next_polled: usize,
}

impl SubscriptionSet {
    /// Opens all subscriptions, some side by side.
    pub(super) async fn open(
        observer: &Observer,
        specs: Vec<SubscribeSpec>,
        budget: &mut ReadBudget,
    ) -> Result<Self> {
        if specs.len() > MOST_SUBSCRIPTIONS {
            let what = format!("these are {}: name some, as STREAM:0-99", specs.len());
            return Err(too_many(&what));
        }
        let asked: Vec<_> = specs.iter().map(PartitionRead::of).collect();
        let permits = Arc::new(Semaphore::new(OPENED_AT_ONCE));
        let mut opening = JoinSet::new();
        for (number, spec) in specs.into_iter().enumerate() {
            let observer = observer.clone();
            let permits = Arc::clone(&permits);
            opening.spawn(async move {
                let _permit = permits.acquire_owned().await;
                (number, PartitionSubscription::open(&observer, spec).await)
            });
        }
        let mut subscriptions = Vec::new();
        // Opening them is a request, and nothing of what is to come.
        let Some(opened) = budget.wait(opening.join_all()).await else {
            return Err(partition_reads::given_up(&asked, budget.limit()).into());
        };
        for (number, subscription) in opened {
            subscriptions.push((number, subscription?));
        }
        subscriptions.sort_by_key(|(number, _)| *number);
        Ok(Self {
            subscriptions: subscriptions
                .into_iter()
                .map(|(_, subscription)| subscription)
                .collect(),
            next_polled: 0,
        })
    }

    /// What giving up those partitions says whose end has not come.
    pub(super) fn given_up(&self, budget: &ReadBudget) -> Failure {
        let reads = self.subscriptions.iter().map(|one| one.read.clone());
        partition_reads::given_up(&reads.collect::<Vec<_>>(), budget.limit())
    }

    /// Whether all have ended.
    pub(super) fn is_over(&self) -> bool {
        let mut all = self.subscriptions.iter();
        all.all(|subscription| subscription.messages.is_none())
    }

    /// Reads these too. What has ended is forgotten, so that streams which come and go for years take no room.
    pub(super) fn add(&mut self, more: Vec<PartitionSubscription>) {
        self.subscriptions.retain(|one| one.messages.is_some());
        self.subscriptions.extend(more);
        self.next_polled = 0;
    }

    /// Whether another subscription reads the same partition: of a stream that was made anew, before the old one has ended.
    pub(super) fn is_read_elsewhere(&self, index: usize) -> bool {
        let Some(one) = self.subscriptions.get(index) else {
            return false;
        };
        let mut others = self.subscriptions.iter().enumerate();
        others.any(|(number, other)| {
            number != index
                && other.messages.is_some()
                && (&other.read.stream, other.read.partition)
                    == (&one.read.stream, one.read.partition)
        })
    }

    /// All subscriptions, ended ones too.
    pub(super) fn all(&self) -> &[PartitionSubscription] {
        &self.subscriptions
    }

    /// The next item of any subscription that `has_room`, with its number; `None` once all have ended.
    pub(super) async fn next(
        &mut self,
        has_room: impl Fn(&PartitionSubscription) -> bool,
    ) -> Option<(usize, SubscriptionItem<Arc<Chunk>>)> {
        std::future::poll_fn(|cx| {
            let count = self.subscriptions.len();
            let mut is_open = false;
            for step in 0..count {
                let number = (self.next_polled + step) % count;
                let subscription = &mut self.subscriptions[number];
                let has_room = has_room(subscription);
                let Some(messages) = &mut subscription.messages else {
                    continue;
                };
                if !has_room {
                    is_open = true;
                    continue;
                }
                match Pin::new(messages).poll_next(cx) {
                    Poll::Ready(Some(item)) => {
                        subscription.count(&item);
                        self.next_polled = number + 1;
                        return Poll::Ready(Some((number, item)));
                    }
                    // No waker is left with it: were it counted as open, the end would wait for whatever comes next.
                    Poll::Ready(None) => subscription.messages = None,
                    Poll::Pending => is_open = true,
                }
            }
            if is_open {
                Poll::Pending
            } else {
                Poll::Ready(None)
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::client::{Client, ConnectOptions};
    use crate::demo::{DemoCluster, DemoOptions};
    use crate::model::{Destination, PublishOptions, StartAt, StopAt, StreamOptions};

    /// Far more than reading one message takes, on any machine.
    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn the_end_of_all_subscriptions_needs_nobody_to_wake_it() {
        let demo = DemoCluster::start(DemoOptions::default()).await.unwrap();
        let options = ConnectOptions::new(demo.addresses());
        let client = Client::connect(options).await.unwrap();
        let stream = StreamOptions {
            name: "ends".to_owned(),
            partitions: Some(2),
            ..StreamOptions::default()
        };
        client.create_stream(&stream).await.unwrap();
        for partition in 0..2 {
            let to = Destination::Partition("ends".into(), partition);
            client
                .publish(PublishOptions::new(to, "one"))
                .await
                .unwrap();
        }
        let specs = (0..2).map(|partition| {
            SubscribeSpec::new("ends", partition)
                .start(StartAt::Earliest)
                .stop(StopAt::Latest)
        });
        let mut budget = ReadBudget::new(LONG);
        let mut set = SubscriptionSet::open(&client.observer(), specs.collect(), &mut budget)
            .await
            .unwrap();
        let mut batches = 0;
        let read = async {
            while let Some((_, item)) = set.next(|_| true).await {
                batches += usize::from(matches!(item, SubscriptionItem::Batch(_)));
            }
        };
        // The second poll of a task that nobody woke would be an accident.
        tokio::time::timeout(LONG, read).await.unwrap();
        assert_eq!(batches, 2);
        demo.stop().await;
    }
}
