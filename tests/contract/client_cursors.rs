//! Cursors whose partition of `__cursors` is paused, as each is after a minute without use: what is known of them, and how
//! seldom anyone asks.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use liftui::client::{Client, ConnectOptions, Observer};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry;

use super::test_cluster::{TestCluster, lively};

/// An observer that has read nothing yet.
fn newcomer(test: &TestCluster) -> Observer {
    let options = ConnectOptions::new(test.addresses.clone());
    Client::new(options).expect("addresses").observer()
}

#[tokio::test]
async fn cursors_of_an_earlier_run_hold_while_their_partition_is_paused() {
    let test = TestCluster::any_alone().await;
    if !test.keeps("__cursors") {
        test.close_of_any().await;
        return;
    }
    let id = test.name("id");
    test.client.set_cursor(&id, "anything", 0, 7).await.unwrap();
    test.client.cursors_resuming().await.unwrap();
    let earlier = test.client.observer().known_cursors().await;
    test.pause("__cursors", &[], false).await;

    let stranger = newcomer(&test).read_cursors().await.unwrap();
    assert!(stranger.entries.iter().all(|cursor| *cursor.id != *id));
    assert!(
        stranger.outdated.iter().any(|(_, at)| !at.is_set()),
        "what nobody read is not known: {stranger:?}"
    );

    let observer = newcomer(&test);
    observer.recall_cursors(earlier.clone()).await;
    let reading = observer.read_cursors().await.unwrap();
    let known = reading.entries.iter().find(|cursor| *cursor.id == *id);
    assert_eq!(known.map(|cursor| cursor.offset), Some(7));
    assert!(!reading.paused.is_empty());
    assert_eq!(reading.outdated, [], "nothing was stored since");

    // It is resumed, moves, and is paused again: what was recalled is of old.
    test.client.set_cursor(&id, "anything", 0, 9).await.unwrap();
    test.pause("__cursors", &[], false).await;
    let observer = newcomer(&test);
    observer.recall_cursors(earlier).await;
    let reading = observer.read_cursors().await.unwrap();
    let known = reading.entries.iter().find(|cursor| *cursor.id == *id);
    let known = known.expect("what was known before is told");
    assert_eq!(known.offset, 7);
    let outdated: Vec<_> = reading.outdated.iter().map(|(_, at)| *at).collect();
    assert_eq!(outdated, [known.read_at], "with its age");
    test.close_of_any().await;
}

/// Counts what servers log as errors of a paused partition: subscriptions, and questions for that partition alone.
#[derive(Clone, Default)]
struct Attempts {
    subscriptions: Arc<AtomicUsize>,
    questions: Arc<AtomicUsize>,
}

impl Attempts {
    /// Both counts since the last time.
    fn take(&self) -> (usize, usize) {
        let take = |count: &AtomicUsize| count.swap(0, Ordering::Relaxed);
        (take(&self.subscriptions), take(&self.questions))
    }
}

impl<S: tracing::Subscriber> Layer<S> for Attempts {
    fn on_new_span(&self, span: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let mut called = CalledRpc::default();
        span.record(&mut called);
        if span.metadata().name() == "subscribe" {
            self.subscriptions.fetch_add(1, Ordering::Relaxed);
        } else if called.0 == "FetchPartitionMetadata" {
            self.questions.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The field of a span that says which call it is.
#[derive(Default)]
struct CalledRpc(String);

impl Visit for CalledRpc {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "rpc" {
            self.0 = format!("{value:?}");
        }
    }
}

#[tokio::test]
async fn a_paused_partition_of_cursors_is_asked_again_only_when_something_happened_to_it() {
    let test = TestCluster::demo(lively()).await;
    test.client
        .set_cursor("id", "anything", 0, 7)
        .await
        .unwrap();
    test.pause("__cursors", &[], false).await;
    let attempts = Attempts::default();
    let counting = registry().with(attempts.clone());
    let _counting = tracing::subscriber::set_default(counting);
    let observer = newcomer(&test);

    let first = observer.read_cursors().await.unwrap();
    let (subscriptions, questions) = attempts.take();
    assert!(!first.paused.is_empty());
    assert_eq!(subscriptions, 0);
    assert!(questions >= first.paused.len(), "{questions}");
    for _ in 0..5 {
        assert_eq!(observer.read_cursors().await.unwrap().paused, first.paused);
    }
    assert_eq!(attempts.take(), (0, 0), "servers log each as an error");
    test.client
        .set_cursor("id", "anything", 0, 8)
        .await
        .unwrap();
    attempts.take();
    let reading = observer.read_cursors().await.unwrap();
    assert_eq!(reading.entries.first().map(|cursor| cursor.offset), Some(8));
    assert_eq!(attempts.take().0, 1, "only the one that was resumed");
    test.close().await;
}
