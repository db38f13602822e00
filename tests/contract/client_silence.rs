//! What silence can mean: nothing to say, a frozen broker, a leader that is none any more, a reader that does not read.

use std::time::Duration;

use liftui::client::{Client, ConnectOptions, HealthStatus};
use liftui::demo::DemoOptions;
use liftui::model::{ErrorKind, StartAt, StopAt, SubscribeSpec, SubscriptionEvent};

use super::test_cluster::{
    CAP, OfAnyCluster, TestCluster, lively, next_event, next_message, range,
};
use super::wire_tap::WireTap;

/// A client that reaches each broker of the test through a tap.
pub(crate) async fn tapped(test: &TestCluster) -> (Client, Vec<WireTap>) {
    let mut taps = Vec::new();
    let mut advertise = Vec::new();
    for address in &test.addresses {
        let tap = WireTap::to(address.clone()).await;
        advertise.push((address.clone(), tap.address.clone()));
        taps.push(tap);
    }
    let options = ConnectOptions {
        advertise,
        silence_limit: Duration::from_millis(200),
        metadata_timeout: Duration::from_secs(9),
        ..ConnectOptions::new(test.addresses.clone())
    };
    let client = Client::connect(options).await.expect("taps relay");
    (client, taps)
}

fn broker_index(test: &TestCluster, client: &Client, stream: &str) -> usize {
    let cluster = client.metadata().expect("it is connected");
    let leader = cluster
        .partition(stream, 0)
        .and_then(|found| found.leader.clone());
    let broker = leader.and_then(|id| cluster.broker(&id).cloned());
    let address = broker.expect("the leader is listed").address();
    let broker = test.addresses.iter().position(|known| *known == address);
    broker.expect("the demo advertises where it listens")
}

#[tokio::test]
async fn a_frozen_broker_is_left_for_the_new_leader() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("frozen", 1).await;
    test.fill(&stream, 0, 5).await;
    let (client, taps) = tapped(&test).await;
    let spec = range(&stream, 0, StartAt::Earliest, StopAt::Never);
    let mut subscription = client.subscribe(spec).await.unwrap();
    for offset in 0..5 {
        assert_eq!(next_message(&mut subscription).await.offset, offset);
    }
    let broker = broker_index(&test, &client, &stream);
    taps[broker].freeze(true);
    test.faults()
        .move_leader(&stream, 0, (broker + 1) % 3 + 1)
        .unwrap();
    test.publish(&stream, 0, "after").await;
    let told = next_event(&mut subscription).await;
    assert!(
        matches!(told, SubscriptionEvent::Resuming { .. }),
        "{told:?}"
    );
    assert_eq!(next_message(&mut subscription).await.offset, 5);
    test.close().await;
}

#[tokio::test]
async fn a_frozen_broker_delays_no_metadata_and_no_other_view() {
    let test = TestCluster::demo(lively()).await;
    let (client, taps) = tapped(&test).await;
    taps[0].freeze(true);
    let addresses = test.addresses.clone();
    let frozen = client.fetch_view(&addresses[0]);
    let others = async {
        for address in &addresses[1..] {
            assert!(client.fetch_view(address).await.result.is_ok());
        }
        client.fetch_metadata().await.expect("two brokers answer");
    };
    tokio::pin!(frozen);
    tokio::select! {
        biased;
        view = &mut frozen => panic!("it waited for nothing: {view:?}"),
        () = others => {}
    }
    let failure = frozen.await.result.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::Timeout);
    test.close().await;
}

/// A client that asks a broker whether it is there when metadata takes long.
async fn impatient(test: &TestCluster, advertise: Vec<(String, String)>) -> Client {
    let options = ConnectOptions {
        advertise,
        metadata_timeout: Duration::from_millis(1500),
        ..ConnectOptions::new(test.addresses.clone())
    };
    Client::connect(options).await.expect("brokers answer")
}

#[tokio::test]
async fn a_broker_that_hangs_is_told_from_one_whose_metadata_takes_long() {
    let test = TestCluster::demo(DemoOptions {
        speed: 4.0,
        ..lively()
    })
    .await;
    let tap = WireTap::to(test.addresses[0].clone()).await;
    let through_tap = vec![(test.addresses[0].clone(), tap.address.clone())];
    let client = impatient(&test, through_tap).await;
    test.faults().kill(3).unwrap();
    // With an old list, a survivor waits for the dead one before it answers.
    test.faults().age_listing(2).unwrap();
    let slow = client.fetch_view(&test.addresses[1]).await;
    assert!(slow.result.is_ok(), "{slow:?}");
    let status = client.check_health(&test.addresses[1], "").await.unwrap();
    assert_eq!(status, HealthStatus::Serving);
    tap.freeze(true);
    let hung = client.fetch_view(&test.addresses[0]).await;
    let failure = hung.result.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::Timeout);
    assert!(
        failure.sentence.contains("has not answered for"),
        "{failure}"
    );
    // Between two requests for metadata too.
    let failure = client.wait_until_hung(&test.addresses[0]).await.result;
    assert_eq!(failure.unwrap_err().kind, ErrorKind::Timeout);
    tap.freeze(false);
    let back = client.fetch_view(&test.addresses[0]).await;
    assert!(back.result.is_ok(), "{back:?}");
    test.close().await;
}

#[tokio::test]
async fn who_asks_again_and_again_learns_that_a_broker_hangs_as_soon() {
    let test = TestCluster::demo(lively()).await;
    let tap = WireTap::to(test.addresses[0].clone()).await;
    let through_tap = vec![(test.addresses[0].clone(), tap.address.clone())];
    let client = impatient(&test, through_tap).await;
    let before = client.fetch_view(&test.addresses[0]).await;
    assert!(before.result.is_ok(), "{before:?}");
    tap.freeze(true);
    // Shorter than what a broker has to be silent for: each one alone would never tell.
    let often = Duration::from_millis(300);
    let mut view = None;
    for _ in 0..20 {
        let asked = client.wait_until_hung(&test.addresses[0]);
        view = tokio::time::timeout(often, asked).await.ok();
        if view.is_some() {
            break;
        }
    }
    let failure = view.expect("it is told").result.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::Timeout);
    test.close().await;
}

#[tokio::test]
async fn a_broker_that_dies_between_two_requests_is_told_with_how_it_cannot_be_reached() {
    let test = TestCluster::demo(lively()).await;
    let client = impatient(&test, Vec::new()).await;
    let before = client.fetch_view(&test.addresses[0]).await;
    assert!(before.result.is_ok(), "{before:?}");
    test.faults().kill(1).unwrap();
    let view = client.wait_until_hung(&test.addresses[0]).await;
    assert_eq!(view.result.unwrap_err().kind, ErrorKind::Unreachable);
    test.close().await;
}

#[tokio::test]
async fn a_quiet_partition_is_left_in_peace() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("quiet", 1).await;
    let (client, _taps) = tapped(&test).await;
    let spec = range(&stream, 0, StartAt::Earliest, StopAt::Never);
    let mut subscription = client.subscribe(spec).await.unwrap();
    next_event(&mut subscription).await;
    // Longer than several looks at the broker.
    let quiet = tokio::time::timeout(Duration::from_secs(1), subscription.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    test.publish(&stream, 0, "still there").await;
    assert_eq!(next_message(&mut subscription).await.offset, 0);
    test.close().await;
}

#[tokio::test]
pub(crate) async fn a_hundred_subscriptions_do_not_wait_for_the_one_nobody_reads() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("hundred", 1).await;
    test.fill(&stream, 0, 1).await;
    let spec = range(&stream, 0, StartAt::Earliest, StopAt::Never);
    let mut subscriptions = Vec::new();
    for _ in 0..100 {
        subscriptions.push(test.client.subscribe(spec.clone()).await.unwrap());
    }
    let _frozen = subscriptions.pop();
    // More than the windows of one subscription hold.
    let big = "x".repeat(512 * 1024);
    for _ in 0..16 {
        test.publish(&stream, 0, &big).await;
    }
    for subscription in &mut subscriptions {
        for offset in 0..=16 {
            assert_eq!(next_message(subscription).await.offset, offset);
        }
    }
    tokio::time::timeout(CAP, test.client.fetch_metadata())
        .await
        .unwrap()
        .unwrap();
    test.publish(&stream, 0, "on").await;
    test.close_of_any().await
}

#[tokio::test]
async fn a_thousand_subscriptions_leave_nothing_behind() {
    let test = TestCluster::any().await;
    let stream = test.stream("thousand", 1).await;
    test.publish(&stream, 0, "x").await;
    let options = ConnectOptions {
        idle_close: Duration::from_millis(100),
        ..ConnectOptions::new(test.addresses.clone())
    };
    let client = Client::connect(options).await.unwrap();
    let spec = range(&stream, 0, StartAt::Earliest, StopAt::Never);
    for round in 0..10 {
        let mut open = Vec::new();
        for _ in 0..100 {
            let mut subscription = client.subscribe(spec.clone()).await.unwrap();
            assert_eq!(next_message(&mut subscription).await.offset, 0, "{round}");
            open.push(subscription);
        }
    }
    // The task that closes idle connections is the only one that stays while the client does.
    let idle = async {
        while client.task_count().running() > 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(CAP, idle)
        .await
        .expect("idle connections are closed");
    let subscription = client.subscribe(spec).await.unwrap();
    let watch = client.observer().task_count();
    drop(client);
    let closed = async {
        while watch.running() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(CAP, closed)
        .await
        .expect("dropping the client closes everything");
    let read = super::test_cluster::drain(subscription).await;
    assert!(
        matches!(read.end(), liftui::model::EndReason::Failed(failure) if failure.kind == ErrorKind::Closed)
    );
    test.close().await;
}

#[tokio::test]
async fn a_replica_that_falls_out_of_sync_is_left_for_one_that_has_all() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("out-of-sync", 1).await;
    test.fill(&stream, 0, 3).await;
    let (client, _taps) = tapped(&test).await;
    let leader = test.leader(&stream).await;
    let (mut subscription, replica) = loop {
        let spec = SubscribeSpec {
            isr_replica: true,
            ..range(&stream, 0, StartAt::Earliest, StopAt::Never)
        };
        let mut subscription = client.subscribe(spec).await.unwrap();
        let opened = next_event(&mut subscription).await;
        let SubscriptionEvent::Opened { broker } = opened else {
            panic!("{opened:?}");
        };
        let number = broker.strip_prefix("demo-").and_then(|id| id.parse().ok());
        let number: usize = number.unwrap();
        if number != leader {
            break (subscription, number);
        }
    };
    for offset in 0..3 {
        assert_eq!(next_message(&mut subscription).await.offset, offset);
    }
    test.faults().shrink_isr(&stream, 0, replica).unwrap();
    test.publish(&stream, 0, "it does not hear of this").await;
    let told = next_event(&mut subscription).await;
    assert!(
        matches!(told, SubscriptionEvent::Resuming { .. }),
        "{told:?}"
    );
    assert_eq!(next_message(&mut subscription).await.offset, 3);
    test.close().await;
}
