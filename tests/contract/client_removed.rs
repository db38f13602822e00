//! What retention or compaction took: ranges of it end at once and say so, and the last N messages are N messages.

use std::time::Duration;

use liftui::demo::DemoOptions;
use liftui::model::{
    EndReason, PublishOptions, StartAt, StopAt, StreamName, StreamOptions, SubscribeSpec,
    SubscriptionEvent,
};

use super::test_cluster::{
    OfAnyCluster, TestCluster, acked, drain, lively, next_event, next_message, range,
    real_addresses, to, until_so,
};

/// A real server that cleans while it rolls a segment may die of it: there all is published before it is cleaned.
fn cleaner_interval() -> Duration {
    match real_addresses() {
        Some(_) => Duration::from_secs(2),
        None => Duration::from_millis(50),
    }
}

/// A stream of which nothing is kept of ten messages.
async fn emptied(test: &TestCluster) -> StreamName {
    let options = StreamOptions {
        name: test.name("emptied"),
        retention_max_age: Some(Duration::from_secs(1)),
        segment_max_age: Some(Duration::from_secs(1)),
        cleaner_interval: Some(cleaner_interval()),
        ..StreamOptions::default()
    };
    let stream = test.stream_with(options).await;
    test.fill(&stream, 0, 10).await;
    until_so(async || {
        let all = range(&stream, 0, StartAt::Earliest, StopAt::Latest);
        let read = drain(test.client.subscribe(all).await.unwrap()).await;
        read.messages.is_empty()
    })
    .await;
    stream
}

/// A stream that keeps one message each of 15 keys, and after them one of a key that was written a hundred times.
async fn compacted(test: &TestCluster) -> StreamName {
    let options = StreamOptions {
        name: test.name("compacted"),
        compact_enabled: Some(true),
        segment_max_bytes: Some(512),
        segment_max_age: Some(Duration::from_secs(2)),
        cleaner_interval: Some(cleaner_interval()),
        ..StreamOptions::default()
    };
    let stream = test.stream_with(options).await;
    for count in 0..115 {
        let key = if count < 15 {
            format!("key-{count}")
        } else {
            "often".into()
        };
        let options = PublishOptions {
            key: key.into(),
            ..to(&stream, 0, "value")
        };
        acked(test.client.publish(options).await);
    }
    until_so(async || {
        let all = range(&stream, 0, StartAt::Earliest, StopAt::Latest);
        let read = drain(test.client.subscribe(all).await.unwrap()).await;
        read.messages.len() == 16
    })
    .await;
    stream
}

/// What a range brings and where its gap is.
async fn read(test: &TestCluster, spec: SubscribeSpec) -> (Vec<i64>, Vec<(i64, i64)>) {
    let read = drain(test.client.subscribe(spec).await.unwrap()).await;
    assert_eq!(read.end(), &EndReason::StopReached);
    let gaps = read.events.iter().filter_map(|event| {
        let SubscriptionEvent::Gap { from, to } = event else {
            return None;
        };
        Some((*from, *to))
    });
    (read.offsets(), gaps.collect())
}

async fn ranges_of_nothing(test: &TestCluster) {
    let stream = emptied(test).await;
    for (start, first) in [
        (StartAt::Earliest, 0),
        (StartAt::Offset(0), 0),
        (StartAt::Offset(7), 7),
        (StartAt::Last(3), 7),
        (StartAt::Last(100), 0),
        (StartAt::Latest, 9),
    ] {
        let all = range(&stream, 0, start, StopAt::Latest);
        assert_eq!(
            read(test, all).await,
            (vec![], vec![(first, 9)]),
            "{start:?}"
        );
    }
    let some = range(&stream, 0, StartAt::Earliest, StopAt::Offset(5));
    assert_eq!(read(test, some).await, (vec![], vec![(0, 5)]));
    let ago = StartAt::TimeAgo(Duration::from_secs(3600));
    let recent = range(&stream, 0, ago, StopAt::Latest);
    assert_eq!(read(test, recent).await.0, Vec::<i64>::new());
    assert_eq!(test.client.nth_last(&stream, 0, 3).await.unwrap(), None);
}

#[tokio::test]
pub(crate) async fn a_range_that_retention_took_whole_ends_and_says_so() -> OfAnyCluster {
    let test = TestCluster::any().await;
    ranges_of_nothing(&test).await;
    test.close_of_any().await
}

#[tokio::test]
async fn a_range_of_nothing_ends_too_where_servers_cannot_read_backwards() {
    let test = TestCluster::demo(DemoOptions {
        reverse: false,
        ..lively()
    })
    .await;
    ranges_of_nothing(&test).await;
    test.close().await;
}

#[tokio::test]
pub(crate) async fn who_follows_an_emptied_partition_learns_so_and_gets_what_comes() -> OfAnyCluster
{
    let test = TestCluster::any().await;
    let stream = emptied(&test).await;
    let follow = range(&stream, 0, StartAt::Earliest, StopAt::Never);
    let mut messages = test.client.subscribe(follow).await.unwrap();
    while next_event(&mut messages).await != (SubscriptionEvent::Gap { from: 0, to: 9 }) {}
    test.publish(&stream, 0, "new").await;
    assert_eq!(next_message(&mut messages).await.offset, 10);
    test.close_of_any().await
}

async fn counted_messages(test: &TestCluster) {
    let stream = compacted(test).await;
    let kept: Vec<i64> = (0..15).chain([114]).collect();
    for count in [1, 2, 10, 16, 17, 1000] {
        let spec = range(&stream, 0, StartAt::Last(count), StopAt::Latest);
        let wanted = kept.len().min(usize::try_from(count).unwrap());
        let newest = &kept[kept.len() - wanted..];
        let (offsets, gaps) = read(test, spec).await;
        assert_eq!((&*offsets, gaps), (newest, vec![]), "-{count}");
        let first = test.client.nth_last(&stream, 0, count).await.unwrap();
        assert_eq!(first, newest.first().copied(), "-{count}");
    }
}

#[tokio::test]
pub(crate) async fn the_last_messages_are_counted_over_what_compaction_took() -> OfAnyCluster {
    let test = TestCluster::any().await;
    counted_messages(&test).await;
    test.close_of_any().await
}

#[tokio::test]
async fn the_last_messages_are_counted_too_where_servers_cannot_read_backwards() {
    let test = TestCluster::demo(DemoOptions {
        reverse: false,
        ..lively()
    })
    .await;
    counted_messages(&test).await;
    test.close().await;
}
