//! What a broker can do to a subscription: whatever it is, every offset comes exactly once, in order.
//! Demo only: nobody breaks a real cluster for a test.

use std::time::Duration;

use liftui::client::{Client, ConnectOptions};
use liftui::demo::{DemoOptions, Faults};
use liftui::model::{
    AckPolicy, EndReason, ErrorKind, Message, Outcome, PublishOptions, RetryLimit, StartAt, StopAt,
    StreamName, SubscribeSpec, SubscriptionEvent,
};

use super::test_cluster::{CAP, TestCluster, drain, lively, next_event, next_message, range, to};

/// Publishes until that many more are acked by all replicas, whatever fails meanwhile. A message of unknown outcome may
/// be stored too, so values tell nothing; offsets do.
async fn publish_through(test: &TestCluster, stream: &str, count: usize) -> i64 {
    let mut acked = 0;
    let mut last = -1;
    let publishing = async {
        while acked < count {
            let options = PublishOptions {
                ack_policy: AckPolicy::All,
                deadline: Some(Duration::from_millis(500)),
                ..to(stream, 0, "through")
            };
            if let Ok(Outcome::Acked { ack, .. }) = test.client.publish(options).await {
                last = ack.offset;
                acked += 1;
            }
        }
    };
    tokio::time::timeout(CAP, publishing)
        .await
        .expect("publishing goes on");
    last
}

/// Reads 20 messages, breaks something, reads on to what was published after it.
async fn survives(fault: impl FnOnce(&Faults, &str, usize), cut: bool) {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("failover", 1).await;
    test.fill(&stream, 0, 20).await;
    let spec = range(&stream, 0, StartAt::Earliest, StopAt::Never);
    let mut subscription = test.client.subscribe(spec).await.unwrap();
    for offset in 0..10 {
        assert_eq!(next_message(&mut subscription).await.offset, offset);
    }
    fault(&test.faults(), &stream, test.leader(&stream).await);
    let last = publish_through(&test, &stream, 20).await;
    let mut resumed = false;
    let mut next = 10;
    let reading = async {
        while next <= last {
            match subscription.next().await.expect("it goes on") {
                liftui::client::SubscriptionItem::Batch(Message { offset, .. }) => {
                    assert_eq!(offset, next, "twice or skipped");
                    next += 1;
                }
                liftui::client::SubscriptionItem::Event(event) => match event {
                    SubscriptionEvent::Resumed { next: at, .. } => {
                        assert_eq!(at, next);
                        resumed = true;
                    }
                    SubscriptionEvent::Opened { .. } | SubscriptionEvent::Resuming { .. } => {}
                    event @ (SubscriptionEvent::Gap { .. }
                    | SubscriptionEvent::Rewound { .. }
                    | SubscriptionEvent::Uncommitted { .. }
                    | SubscriptionEvent::PastEnd { .. }
                    | SubscriptionEvent::Emptied { .. }
                    | SubscriptionEvent::Ended(_)
                    | _) => panic!("nothing is lost: {event:?}"),
                },
            }
        }
    };
    tokio::time::timeout(CAP, reading)
        .await
        .expect("all of it comes");
    assert_eq!(resumed, cut, "whether it was cut");
    test.close().await;
}

#[tokio::test]
pub(crate) async fn a_killed_leader_loses_and_repeats_nothing() {
    survives(|faults, _, leader| faults.kill(leader).unwrap(), true).await;
}

#[tokio::test]
pub(crate) async fn a_leader_that_moves_while_alive_loses_and_repeats_nothing() {
    let fault = |faults: &Faults, stream: &str, leader: usize| {
        faults.move_leader(stream, 0, leader % 3 + 1).unwrap();
    };
    survives(fault, false).await;
}

#[tokio::test]
async fn a_goaway_loses_and_repeats_nothing() {
    survives(|faults, _, leader| faults.goaway(leader).unwrap(), true).await;
}

#[tokio::test]
async fn a_connection_reset_mid_message_loses_and_repeats_nothing() {
    survives(|faults, _, leader| faults.reset(leader).unwrap(), true).await;
}

#[tokio::test]
async fn a_clean_end_is_resumed() {
    survives(
        |faults, _, leader| faults.end_subscriptions(leader).unwrap(),
        true,
    )
    .await;
}

#[tokio::test]
async fn a_cut_stream_is_resumed() {
    survives(
        |faults, _, leader| faults.cut_streams(leader).unwrap(),
        true,
    )
    .await;
}

#[tokio::test]
async fn a_broker_that_stalls_for_its_whole_deadline_loses_and_repeats_nothing() {
    let fault = |faults: &Faults, _: &str, leader: usize| {
        faults.stall(leader, Duration::from_secs(6)).unwrap();
        faults.cut_streams(leader).unwrap();
    };
    survives(fault, true).await;
}

#[tokio::test]
async fn a_stream_made_anew_meanwhile_ends_as_replaced() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("anew", 1).await;
    test.fill(&stream, 0, 3).await;
    let spec = range(&stream, 0, StartAt::Earliest, StopAt::Never);
    let mut subscription = test.client.subscribe(spec).await.unwrap();
    next_message(&mut subscription).await;
    let serving = test.leader(&stream).await;
    test.faults().kill(serving).unwrap();
    test.until(|| test.client.delete_stream(&stream)).await;
    let options = liftui::model::StreamOptions {
        name: stream.to_string(),
        ..liftui::model::StreamOptions::default()
    };
    test.until(|| test.client.create_stream(&options)).await;
    let known = test.client.fetch_metadata().await.unwrap();
    let created = known.stream(&stream).expect("it is there").created;
    let end = drain(subscription).await.end().clone();
    assert_eq!(end, EndReason::Replaced { created });
    let target = liftui::model::Target::Partition(stream.as_ref().into(), 0);
    let said = end.failure(&target).expect("messages were owed").sentence;
    assert!(
        said.contains("another one of that name was created at 20"),
        "{said}"
    );
    test.close().await;
}

/// Follows a stream from the start, and looks for brokers as long as it takes.
fn patient(stream: &str) -> SubscribeSpec {
    SubscribeSpec {
        give_up: RetryLimit::Never,
        ..range(stream, 0, StartAt::Earliest, StopAt::Never)
    }
}

#[tokio::test]
async fn a_tail_outlives_all_brokers_being_started_anew_at_once() {
    // Half as fast as real brokers: for 13.6 s after their start they know no stream.
    let test = TestCluster::demo(DemoOptions {
        speed: 0.5,
        ..lively()
    })
    .await;
    let stream = test.stream("outage", 1).await;
    test.publish(&stream, 0, "x").await;
    let mut subscription = test.client.subscribe(patient(&stream)).await.unwrap();
    next_message(&mut subscription).await;
    for broker in 1..=3 {
        test.faults().kill(broker).unwrap();
    }
    for broker in 1..=3 {
        test.faults().restart(broker).unwrap();
    }
    loop {
        match next_event(&mut subscription).await {
            SubscriptionEvent::Opened { .. } | SubscriptionEvent::Resuming { .. } => {}
            SubscriptionEvent::Resumed { .. } => break,
            event @ (SubscriptionEvent::Gap { .. }
            | SubscriptionEvent::Rewound { .. }
            | SubscriptionEvent::Uncommitted { .. }
            | SubscriptionEvent::PastEnd { .. }
            | SubscriptionEvent::Emptied { .. }
            | SubscriptionEvent::Ended(_)
            | _) => panic!("{event:?}"),
        }
    }
    test.close().await;
}

#[tokio::test]
async fn a_deletion_that_nobody_is_left_to_tell_is_found_by_brokers_that_know_other_streams() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("untold", 1).await;
    test.publish(&stream, 0, "x").await;
    let mut subscription = test.client.subscribe(patient(&stream)).await.unwrap();
    next_message(&mut subscription).await;
    let serving = test.leader(&stream).await;
    test.faults().kill(serving).unwrap();
    test.until(|| test.client.delete_stream(&stream)).await;
    assert_eq!(drain(subscription).await.end(), &EndReason::Deleted);
    test.close().await;
}

#[tokio::test]
async fn a_subscription_gives_up_when_told_to() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("gives-up", 1).await;
    test.publish(&stream, 0, "x").await;
    let options = ConnectOptions {
        resubscribe_limit: Some(Duration::from_millis(400)),
        ..ConnectOptions::new(test.addresses.clone())
    };
    let by_default = ConnectOptions::default().resubscribe_limit;
    assert_eq!(by_default, Some(Duration::from_secs(30)));
    let client = Client::connect(options).await.unwrap();
    let mut subscriptions = Vec::new();
    for give_up in [
        RetryLimit::AsClient,
        RetryLimit::After(Duration::from_millis(300)),
        RetryLimit::Never,
    ] {
        let spec = SubscribeSpec {
            give_up,
            ..range(&stream, 0, StartAt::Earliest, StopAt::Never)
        };
        let mut subscription = client.subscribe(spec).await.unwrap();
        next_message(&mut subscription).await;
        subscriptions.push(subscription);
    }
    let mut never = subscriptions.pop().unwrap();
    for broker in 1..=3 {
        test.faults().kill(broker).unwrap();
    }
    for subscription in subscriptions {
        let read = drain(subscription).await;
        let EndReason::Unavailable(failure) = read.end() else {
            panic!("{:?}", read.end());
        };
        assert_eq!(failure.kind, ErrorKind::Unreachable);
    }
    for number in 1..=5 {
        let event = next_event(&mut never).await;
        let SubscriptionEvent::Resuming { attempt, .. } = event else {
            panic!("{event:?}");
        };
        assert_eq!(attempt, number);
    }
    test.close().await;
}

#[tokio::test]
async fn an_opening_that_cannot_be_is_told_by_events_until_it_can() {
    let test = TestCluster::demo(lively()).await;
    let stream: StreamName = test.stream("later", 1).await;
    test.publish(&stream, 0, "x").await;
    let serving = test.leader(&stream).await;
    test.faults().kill(serving).unwrap();
    let spec = range(&stream, 0, StartAt::Earliest, StopAt::Never);
    let mut subscription = test.client.subscribe(spec).await.unwrap();
    let first = next_event(&mut subscription).await;
    assert!(
        matches!(first, SubscriptionEvent::Resuming { attempt: 1, .. }),
        "{first:?}"
    );
    assert_eq!(next_message(&mut subscription).await.offset, 0);
    test.close().await;
}

#[tokio::test]
async fn malformed_messages_end_a_subscription_with_a_sentence() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("garbage", 1).await;
    test.publish(&stream, 0, "x").await;
    test.faults().garbage(&stream, 0).unwrap();
    let spec = range(&stream, 0, StartAt::Earliest, StopAt::Never);
    let read = drain(test.client.subscribe(spec).await.unwrap()).await;
    let EndReason::Failed(failure) = read.end() else {
        panic!("{:?}", read.end());
    };
    assert_eq!(failure.kind, ErrorKind::BadAnswer);
    assert!(
        failure.sentence.ends_with("sent a malformed message"),
        "{failure}"
    );
    test.close().await;
}

/// The Go client goes on with partition 0, at offset 1 where nothing was received (wire-contract §6.1).
#[tokio::test]
pub(crate) async fn a_subscription_goes_on_in_its_own_partition_at_its_own_offset() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("partitioned", 3).await;
    for partition in 0..3 {
        test.fill(&stream, partition, 5).await;
    }
    let resets = async || {
        for broker in 1..=3 {
            test.faults().reset(broker).unwrap();
        }
    };
    let spec = range(&stream, 2, StartAt::Earliest, StopAt::Never);
    let mut begun = test.client.subscribe(spec).await.unwrap();
    for offset in 0..5 {
        assert_eq!(next_message(&mut begun).await.offset, offset);
    }
    let spec = range(&stream, 2, StartAt::New, StopAt::Never);
    let mut waiting = test.client.subscribe(spec).await.unwrap();
    let opened = next_event(&mut waiting).await;
    assert!(
        matches!(opened, SubscriptionEvent::Opened { .. }),
        "{opened:?}"
    );
    resets().await;
    for subscription in [&mut begun, &mut waiting] {
        loop {
            let event = next_event(subscription).await;
            if let SubscriptionEvent::Resumed { next, .. } = event {
                assert_eq!(next, 5);
                break;
            }
        }
    }
    test.publish(&stream, 0, "elsewhere").await;
    test.publish(&stream, 2, "here").await;
    for subscription in [&mut begun, &mut waiting] {
        let message = next_message(subscription).await;
        assert_eq!((message.partition, message.offset), (2, 5));
        assert_eq!(&*message.value, b"here");
    }
    test.close().await;
}
