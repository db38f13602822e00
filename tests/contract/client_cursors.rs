//! Cursors whose partition of `__cursors` is paused, as each is after a minute without use: what is known of them, and how
//! seldom anyone asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use liftui::client::{Client, ConnectOptions, Observer};
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
    assert!(stranger.entries.iter().all(|cursor| cursor.id != id));
    assert!(
        stranger.outdated.iter().any(|(_, at)| !at.is_set()),
        "what nobody read is not known: {stranger:?}"
    );

    let observer = newcomer(&test);
    observer.recall_cursors(earlier.clone()).await;
    let reading = observer.read_cursors().await.unwrap();
    let known = reading.entries.iter().find(|cursor| cursor.id == id);
    assert_eq!(known.map(|cursor| cursor.offset), Some(7));
    assert!(!reading.paused.is_empty());
    assert_eq!(reading.outdated, [], "nothing was stored since");

    // It is resumed, moves, and is paused again: what was recalled is of old.
    test.client.set_cursor(&id, "anything", 0, 9).await.unwrap();
    test.pause("__cursors", &[], false).await;
    let observer = newcomer(&test);
    observer.recall_cursors(earlier).await;
    let reading = observer.read_cursors().await.unwrap();
    let known = reading.entries.iter().find(|cursor| cursor.id == id);
    let known = known.expect("what was known before is told");
    assert_eq!(known.offset, 7);
    let outdated: Vec<_> = reading.outdated.iter().map(|(_, at)| *at).collect();
    assert_eq!(outdated, [known.read_at], "with its age");
    test.close_of_any().await;
}

/// Counts how often subscriptions are opened.
struct SubscriptionsOpened(Arc<AtomicUsize>);

impl<S: tracing::Subscriber> Layer<S> for SubscriptionsOpened {
    fn on_new_span(&self, span: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        if span.metadata().name() == "subscribe" {
            self.0.fetch_add(1, Ordering::Relaxed);
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
    let opened = Arc::new(AtomicUsize::new(0));
    let counting = registry().with(SubscriptionsOpened(Arc::clone(&opened)));
    let _counting = tracing::subscriber::set_default(counting);
    let count = || opened.swap(0, Ordering::Relaxed);
    let observer = newcomer(&test);

    let first = observer.read_cursors().await.unwrap();
    assert!(count() >= first.paused.len() && !first.paused.is_empty());
    for _ in 0..5 {
        assert_eq!(observer.read_cursors().await.unwrap().paused, first.paused);
    }
    assert_eq!(count(), 0, "servers log each attempt as an error");
    test.client
        .set_cursor("id", "anything", 0, 8)
        .await
        .unwrap();
    let reading = observer.read_cursors().await.unwrap();
    assert_eq!(reading.entries.first().map(|cursor| cursor.offset), Some(8));
    assert_eq!(count(), 1, "only the one that was resumed");
    test.close().await;
}
