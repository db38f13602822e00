//! Where subscriptions start and stop, what ends them, and how they say so.

use std::time::Duration;

use liftui::model::{
    EndReason, ErrorKind, StartAt, StopAt, SubscribeSpec, SubscriptionEvent, Timestamp,
};

use super::test_cluster::{OfAnyCluster, TestCluster, drain, next_event, next_message, range};

#[tokio::test]
pub(crate) async fn every_start_and_stop_delivers_exactly_its_range() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("ranges", 1).await;
    test.fill(&stream, 0, 10).await;
    let all = range(&stream, 0, StartAt::Earliest, StopAt::Latest);
    let all = drain(test.client.subscribe(all).await.unwrap()).await;
    let time = |offset: usize| all.messages[offset].timestamp;
    let just_before = |time: Timestamp| time.minus(Duration::from_nanos(1));
    for (start, stop, offsets) in [
        (StartAt::Earliest, StopAt::Latest, 0..10),
        (StartAt::Earliest, StopAt::Offset(3), 0..4),
        (StartAt::Offset(4), StopAt::Offset(6), 4..7),
        (StartAt::Offset(-7), StopAt::Offset(1), 0..2),
        (StartAt::Latest, StopAt::Latest, 9..10),
        (StartAt::Last(3), StopAt::Latest, 7..10),
        (StartAt::Last(99), StopAt::Latest, 0..10),
        (StartAt::Time(time(5)), StopAt::Latest, 5..10),
        (
            StartAt::Time(just_before(time(5))),
            StopAt::Time(time(7)),
            5..8,
        ),
        (StartAt::Earliest, StopAt::Time(just_before(time(4))), 0..4),
        (
            StartAt::TimeAgo(Duration::from_secs(3600)),
            StopAt::Latest,
            0..10,
        ),
        (StartAt::New, StopAt::Latest, 0..0),
        (StartAt::Offset(7), StopAt::Offset(6), 0..0),
        (StartAt::Earliest, StopAt::Time(just_before(time(0))), 0..0),
        (StartAt::Offset(50), StopAt::Latest, 0..0),
    ] {
        let spec = range(&stream, 0, start, stop);
        let read = drain(test.client.subscribe(spec).await.unwrap()).await;
        let wanted: Vec<i64> = offsets.collect();
        assert_eq!(read.offsets(), wanted, "{start:?} to {stop:?}");
        assert_eq!(read.end(), &EndReason::StopReached, "{start:?} to {stop:?}");
    }
    test.close_of_any().await
}

#[tokio::test]
async fn a_start_past_the_end_is_told_with_where_the_log_ends() {
    let test = TestCluster::any().await;
    let stream = test.stream("past", 2).await;
    test.fill(&stream, 0, 10).await;
    let tomorrow = StartAt::Time(Timestamp::now().plus(Duration::from_secs(86_400)));
    for (partition, start, newest) in [
        (0, StartAt::Offset(11), Some(9)),
        (0, StartAt::Offset(i64::MAX), Some(9)),
        (0, tomorrow, Some(9)),
        (1, StartAt::Offset(1), Some(-1)),
        (1, tomorrow, Some(-1)),
        // What follows the newest message is where it goes on.
        (0, StartAt::Offset(10), None),
        (1, StartAt::Offset(0), None),
        (0, StartAt::New, None),
        (0, StartAt::TimeAgo(Duration::ZERO), None),
    ] {
        for stop in [StopAt::Never, StopAt::Latest] {
            // What is not told is known at an end alone.
            if newest.is_none() && stop == StopAt::Never {
                continue;
            }
            let spec = range(&stream, partition, start, stop);
            let mut read = test.client.subscribe(spec).await.unwrap();
            let mut told = None;
            loop {
                match next_event(&mut read).await {
                    SubscriptionEvent::PastEnd {
                        start: at, newest, ..
                    } => {
                        assert_eq!(at, start);
                        told = Some(newest);
                        break;
                    }
                    SubscriptionEvent::Ended(_) => break,
                    SubscriptionEvent::Opened { .. }
                    | SubscriptionEvent::Resuming { .. }
                    | SubscriptionEvent::Resumed { .. }
                    | SubscriptionEvent::Gap { .. }
                    | SubscriptionEvent::Rewound { .. }
                    | SubscriptionEvent::Uncommitted { .. }
                    | _ => {}
                }
            }
            assert_eq!(told, newest, "{partition} {start:?} {stop:?}");
        }
    }
    test.close().await;
}

#[tokio::test]
async fn new_messages_alone_come_and_a_coming_stop_is_waited_for() {
    let test = TestCluster::any().await;
    let stream = test.stream("new", 1).await;
    test.fill(&stream, 0, 3).await;
    let spec = range(&stream, 0, StartAt::New, StopAt::Offset(4));
    let mut new = test.client.subscribe(spec).await.unwrap();
    assert!(matches!(
        next_event(&mut new).await,
        SubscriptionEvent::Opened { .. }
    ));
    test.fill(&stream, 0, 3).await;
    let read = drain(new).await;
    assert_eq!(read.offsets(), [3, 4]);
    assert_eq!(read.end(), &EndReason::StopReached);
    test.close().await;
}

#[tokio::test]
async fn an_empty_partition_is_done_at_once_or_waited_on() {
    let test = TestCluster::any().await;
    let stream = test.stream("empty", 1).await;
    let spec = range(&stream, 0, StartAt::Earliest, StopAt::Latest);
    let read = drain(test.client.subscribe(spec).await.unwrap()).await;
    assert_eq!(
        (read.offsets(), read.end()),
        (vec![], &EndReason::StopReached)
    );
    let mut waiting = test
        .client
        .subscribe(SubscribeSpec::new(&*stream, 0))
        .await
        .unwrap();
    test.publish(&stream, 0, "first").await;
    assert_eq!(next_message(&mut waiting).await.offset, 0);
    test.close().await;
}

#[tokio::test]
pub(crate) async fn each_end_has_its_reason() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("ends", 3).await;
    for partition in 0..3 {
        test.publish(&stream, partition, "x").await;
    }
    let follow = |partition| range(&stream, partition, StartAt::Earliest, StopAt::Never);
    let paused = test.client.subscribe(follow(0)).await.unwrap();
    let readonly = test.client.subscribe(follow(1)).await.unwrap();
    let deleted = test.client.subscribe(follow(2)).await.unwrap();
    test.pause(&stream, &[0], false).await;
    test.set_readonly(&stream, &[1], true).await;
    assert_eq!(drain(paused).await.end(), &EndReason::Paused);
    assert_eq!(drain(readonly).await.end(), &EndReason::ReadonlyEnd);
    for start in [StartAt::Earliest, StartAt::New, StartAt::Latest] {
        let paused = range(&stream, 0, start, StopAt::Never);
        let paused = drain(test.client.subscribe(paused).await.unwrap()).await;
        assert_eq!(paused.end(), &EndReason::Paused, "{start:?}");
        let readonly = range(&stream, 1, start, StopAt::Never);
        let readonly = drain(test.client.subscribe(readonly).await.unwrap()).await;
        assert_eq!(readonly.end(), &EndReason::ReadonlyEnd, "{start:?}");
    }
    test.delete_stream(&stream).await;
    assert_eq!(drain(deleted).await.end(), &EndReason::Deleted);
    // Where one broker still names it, that is found out only once all have been asked again.
    let (kind, sentence) = match test.client.subscribe(follow(0)).await {
        Err(error) => (error.kind(), error.to_string()),
        Ok(opened) => {
            let read = drain(opened).await;
            let EndReason::Failed(failure) = read.end() else {
                panic!("ended as {:?}", read.end());
            };
            (failure.kind, failure.sentence.clone())
        }
    };
    assert_eq!(kind, ErrorKind::NoSuchStream);
    assert_eq!(sentence, format!("stream \"{stream}\" does not exist"));
    test.close_of_any().await
}

#[tokio::test]
async fn an_unknown_partition_is_an_error_of_its_own() {
    let test = TestCluster::any().await;
    let stream = test.stream("missing", 1).await;
    for partition in [7, -1] {
        let error = test
            .client
            .subscribe(SubscribeSpec::new(&*stream, partition))
            .await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::NoSuchPartition);
    }
    test.close().await;
}

#[tokio::test]
async fn resuming_opens_a_paused_partition_and_writes_nothing() {
    let test = TestCluster::any().await;
    let stream = test.stream("resume", 2).await;
    test.fill(&stream, 0, 2).await;
    test.pause(&stream, &[], false).await;
    let error = test.client.fetch_partition(&stream, 0).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PartitionPaused);
    let spec = range(&stream, 0, StartAt::Latest, StopAt::Never);
    let mut resumed = test.client.subscribe_resuming(spec).await.unwrap();
    assert_eq!(next_message(&mut resumed).await.offset, 1);
    test.client.resume(&stream, &[]).await.unwrap();
    let ends = test.until(|| test.client.fetch_partition(&stream, 1)).await;
    assert_eq!(ends.newest_offset, -1);
    test.close().await;
}
