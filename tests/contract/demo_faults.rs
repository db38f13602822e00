//! Every fault of the demo cluster, as a client of any kind meets it.

use std::time::Duration;

use liftui::demo::{AckFault, DemoCluster, DemoOptions, Faults};
use liftui::wire::pb;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::demo_stub::{
    PATIENCE, SILENCE, Stub, connect, create, message, outcome, partition_at, read, stubs, timed,
    within,
};

struct TestCluster {
    demo: DemoCluster,
    faults: Faults,
    stubs: Vec<Stub>,
}

/// Some brokers with a stream `s` on all of them.
async fn test(brokers: usize) -> TestCluster {
    let options = DemoOptions {
        brokers,
        speed: 20.0,
        ..DemoOptions::default()
    };
    let demo = DemoCluster::start(options).await.unwrap();
    let stubs = stubs(&demo);
    create(&mut stubs[0].clone(), "s", i32::try_from(brokers).unwrap()).await;
    TestCluster {
        faults: demo.faults(),
        demo,
        stubs,
    }
}

impl TestCluster {
    fn first(&self) -> Stub {
        self.stubs[0].clone()
    }

    /// The number of the broker that leads `s`, and its client.
    async fn leader(&self) -> (usize, Stub) {
        let partition = partition_at(&mut self.first(), "s").await.unwrap();
        let number: usize = partition
            .leader
            .strip_prefix("demo-")
            .unwrap()
            .parse()
            .unwrap();
        (number, self.stubs[number - 1].clone())
    }

    async fn publish(&self, value: &str) -> Result<i64, Status> {
        let answer = self.first().publish(timed(message("s", value))).await?;
        Ok(answer.into_inner().ack.unwrap().offset)
    }

    /// What the first broker says once that is so.
    async fn wait(&self, so: impl Fn(&pb::PartitionMetadata) -> bool) -> pb::PartitionMetadata {
        let mut pace = interval(Duration::from_millis(10));
        let wait = async {
            loop {
                pace.tick().await;
                let told = partition_at(&mut self.first(), "s").await;
                if let Some(partition) = told.filter(|partition| so(partition)) {
                    return partition;
                }
            }
        };
        timeout(PATIENCE, wait).await.unwrap()
    }
}

fn from_earliest() -> pb::SubscribeRequest {
    pb::SubscribeRequest {
        stream: "s".to_owned(),
        start_position: pb::StartPosition::Earliest.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_killed_broker_refuses_and_comes_back_on_its_port() {
    let test = test(1).await;
    test.publish("a").await.unwrap();
    test.faults.kill(1).unwrap();
    assert!(test.publish("b").await.is_err());
    assert!(test.faults.kill(1).is_err(), "it is down already");
    test.faults.restart(1).unwrap();
    let partition = test.wait(|partition| partition.leader == "demo-1").await;
    assert_eq!(partition.newest_offset, 0, "messages outlive the process");
    test.demo.stop().await;
}

#[tokio::test]
async fn a_running_broker_is_restarted_too() {
    let test = test(1).await;
    test.publish("a").await.unwrap();
    test.faults.restart(1).unwrap();
    assert!(test.publish("b").await.is_err(), "its process has ended");
    let partition = test.wait(|partition| partition.leader == "demo-1").await;
    assert_eq!(partition.newest_offset, 0, "messages outlive the process");
    test.demo.stop().await;
}

#[tokio::test]
pub(crate) async fn a_lone_replica_is_unavailable_while_its_broker_is_dead() {
    let test = test(3).await;
    create(&mut test.first(), "alone", 1).await;
    let leader = partition_at(&mut test.first(), "alone")
        .await
        .unwrap()
        .leader;
    let number: usize = leader.strip_prefix("demo-").unwrap().parse().unwrap();
    let mut survivor = test.stubs[number % 3].clone();
    test.faults.kill(number).unwrap();
    // `s` lives on all brokers: once it has a new leader, whoever could be elected has been.
    let moved = async {
        let mut pace = interval(Duration::from_millis(10));
        loop {
            pace.tick().await;
            let of_s = partition_at(&mut survivor, "s").await;
            if of_s.is_some_and(|partition| !partition.isr.contains(&leader)) {
                return;
            }
        }
    };
    timeout(PATIENCE, moved).await.unwrap();
    let still = partition_at(&mut survivor, "alone").await.unwrap();
    assert_eq!((still.leader, still.isr), (leader.clone(), vec![leader]));
    let lost = survivor
        .publish(within(SILENCE, message("alone", "x")))
        .await
        .unwrap_err();
    assert_eq!(outcome(&lost)["code"], "DEADLINE_EXCEEDED");
    test.demo.stop().await;
}

#[tokio::test]
async fn a_stalled_broker_lets_callers_wait_out_their_deadlines() {
    let test = test(1).await;
    test.faults.stall(1, Duration::from_secs(60)).unwrap();
    let request = within(SILENCE, pb::FetchMetadataRequest::default());
    let late = test.first().fetch_metadata(request).await.unwrap_err();
    assert_eq!(outcome(&late)["code"], "DEADLINE_EXCEEDED");
    test.faults.heal();
    test.publish("a").await.unwrap();
    test.demo.stop().await;
}

#[tokio::test]
async fn a_slow_broker_answers_late_and_a_refusing_one_not_to_strangers() {
    let test = test(1).await;
    test.publish("a").await.unwrap();
    test.faults.slow(1, Duration::from_secs(60)).unwrap();
    assert!(
        test.first()
            .publish(within(SILENCE, message("s", "b")))
            .await
            .is_err()
    );
    test.faults.slow(1, Duration::ZERO).unwrap();
    test.faults.refuse(1).unwrap();
    test.publish("c").await.unwrap();
    let address = format!("http://{}", test.demo.addresses()[0]);
    let refused = async {
        let mut pace = interval(Duration::from_millis(5));
        while Stub::connect(address.clone()).await.is_ok() {
            pace.tick().await;
        }
    };
    timeout(PATIENCE, refused).await.unwrap();
    test.publish("d").await.unwrap();
    test.faults.accept(1).unwrap();
    let accepted = async {
        let mut pace = interval(Duration::from_millis(5));
        while Stub::connect(address.clone()).await.is_err() {
            pace.tick().await;
        }
    };
    timeout(PATIENCE, accepted).await.unwrap();
    test.demo.stop().await;
}

#[tokio::test]
async fn a_leader_moves_without_losing_what_was_acked() {
    let test = test(3).await;
    let last = test.publish("a").await.unwrap();
    let (number, _) = test.leader().await;
    let next = number % 3 + 1;
    test.faults.move_leader("s", 0, next).unwrap();
    let partition = test
        .wait(|partition| partition.leader == format!("demo-{next}"))
        .await;
    assert_eq!(partition.isr.len(), 3);
    assert_eq!(test.publish("b").await.unwrap(), last + 1);
    test.demo.stop().await;
}

#[tokio::test]
async fn a_shrunk_isr_stays_so_until_its_follower_may_follow() {
    let test = test(3).await;
    let (number, _) = test.leader().await;
    let follower = number % 3 + 1;
    assert!(
        test.faults.shrink_isr("s", 0, number).is_err(),
        "a leader follows nobody"
    );
    test.faults.shrink_isr("s", 0, follower).unwrap();
    assert_eq!(
        test.wait(|partition| partition.isr.len() == 2)
            .await
            .replicas
            .len(),
        3
    );
    assert!(
        test.faults.move_leader("s", 0, follower).is_err(),
        "no unclean election"
    );
    test.publish("a").await.unwrap();
    test.faults.expand_isr("s", 0).unwrap();
    test.wait(|partition| partition.isr.len() == 3).await;
    test.demo.stop().await;
}

#[tokio::test]
async fn a_cut_falls_inside_a_message_and_spares_those_before_it() {
    let test = test(1).await;
    test.publish("first").await.unwrap();
    let faults = test.faults.clone();
    let mut publisher = test.first();
    let cut = async move || {
        faults.cut_streams(1).unwrap();
        // The cut may hit the publisher's own connection first.
        publisher.publish(timed(message("s", "second"))).await.ok();
    };
    let reader = connect(&test.demo.addresses()[0]).await;
    let got = read(
        reader,
        pb::SubscribeRequest {
            start_position: 0,
            ..from_earliest()
        },
        PATIENCE,
        cut,
    );
    let got = got.await;
    assert!(got.messages.is_empty());
    assert_ne!(got.end["code"], "OK");
    let whole = pb::SubscribeRequest {
        stop_position: pb::StopPosition::StopLatest.into(),
        ..from_earliest()
    };
    let again = read(
        connect(&test.demo.addresses()[0]).await,
        whole,
        PATIENCE,
        async || {},
    )
    .await;
    assert_eq!(again.messages[0].value, "first");
    test.demo.stop().await;
}

#[tokio::test]
async fn resets_and_goaways_end_subscriptions_and_clean_ends_are_ok() {
    let test = test(1).await;
    for (fault, clean) in [("reset 1", false), ("goaway 1", false), ("end 1", true)] {
        let faults = test.faults.clone();
        let reader = connect(&test.demo.addresses()[0]).await;
        let end = read(reader, from_earliest(), PATIENCE, async move || {
            faults.run(fault).unwrap();
        });
        let end = end.await.end;
        assert_eq!(end["code"] == "OK", clean, "{fault}: {end}");
    }
    test.demo.stop().await;
}

#[tokio::test]
async fn a_client_that_pings_an_idle_connection_is_sent_away() {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    const PING: &[u8] = &[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    let test = test(1).await;
    let mut socket = TcpStream::connect(&test.demo.addresses()[0]).await.unwrap();
    let hello = [PREFACE, SETTINGS, PING, PING, PING, PING].concat();
    socket.write_all(&hello).await.unwrap();
    let mut said = Vec::new();
    // The end may be a reset, since nobody reads the last ping.
    timeout(PATIENCE, socket.read_to_end(&mut said))
        .await
        .unwrap()
        .ok();
    assert!(said.windows(14).any(|part| part == b"too_many_pings"));
    test.demo.stop().await;
}

#[tokio::test]
async fn garbage_is_no_message_and_an_oversized_one_is_over_the_limit() {
    let test = test(1).await;
    test.faults.garbage("s", 0).unwrap();
    let stub = test.first();
    let garbled = read(stub, from_earliest(), PATIENCE, async || {}).await.end;
    assert!(
        garbled["message"].as_str().unwrap().contains("decode"),
        "{garbled}"
    );
    test.faults.oversize("s", 0).unwrap();
    let next = pb::SubscribeRequest {
        start_position: pb::StartPosition::Offset.into(),
        start_offset: 1,
        ..from_earliest()
    };
    let large = read(test.first(), next, PATIENCE, async || {}).await.end;
    assert!(
        large["message"].as_str().unwrap().contains("too large"),
        "{large}"
    );
    test.demo.stop().await;
}

/// Publishes that many messages in one session and answers the correlation ids of its acks as they came.
async fn acked(test: &TestCluster, count: usize) -> Vec<String> {
    let (sender, receiver) = tokio::sync::mpsc::channel(count);
    for number in 0..count {
        let correlation_id = number.to_string();
        sender
            .send(pb::PublishRequest {
                correlation_id,
                ..message("s", "x")
            })
            .await
            .unwrap();
    }
    drop(sender);
    let session = test
        .first()
        .publish_async(timed(ReceiverStream::new(receiver)))
        .await
        .unwrap();
    let mut session = session.into_inner();
    let mut ids = Vec::new();
    while let Ok(Some(answer)) = session.message().await {
        ids.push(answer.correlation_id);
    }
    ids
}

#[tokio::test]
async fn acks_come_twice_or_in_another_order_or_not_at_all() {
    let test = test(1).await;
    assert_eq!(acked(&test, 3).await, ["0", "1", "2"]);
    test.faults.acks(AckFault::Duplicate);
    assert_eq!(acked(&test, 2).await, ["0", "0", "1", "1"]);
    test.faults.acks(AckFault::Reorder);
    assert_eq!(acked(&test, 3).await, ["2", "1", "0"]);
    test.faults.acks(AckFault::Lose);
    assert!(acked(&test, 3).await.is_empty());
    test.faults.acks(AckFault::None);
    assert_eq!(acked(&test, 1).await, ["0"]);
    test.demo.stop().await;
}

#[tokio::test]
async fn flags_tell_the_truth_or_stick_as_real_ones_do() {
    let test = test(1).await;
    let pause = || pb::PauseStreamRequest {
        name: "s".to_owned(),
        ..Default::default()
    };
    test.first().pause_stream(timed(pause())).await.unwrap();
    test.publish("wakes it").await.unwrap();
    assert!(
        partition_at(&mut test.first(), "s").await.unwrap().paused,
        "sticky"
    );
    test.faults.sticky_flags(false);
    assert!(
        !partition_at(&mut test.first(), "s").await.unwrap().paused,
        "true"
    );
    test.demo.stop().await;
}

#[tokio::test]
pub(crate) async fn reverse_reads_newest_first_where_it_is_known() {
    let test = test(1).await;
    for value in ["a", "b", "c"] {
        test.publish(value).await.unwrap();
    }
    let backwards = || pb::SubscribeRequest {
        reverse: true,
        start_position: 0,
        ..from_earliest()
    };
    test.faults.reverse(true);
    let got = read(test.first(), backwards(), PATIENCE, async || {}).await;
    let offsets: Vec<i64> = got.messages.iter().map(|message| message.offset).collect();
    assert_eq!(offsets, [2, 1, 0]);
    assert_eq!(
        (&got.end["code"], &got.end["message"]),
        (&"UNKNOWN".into(), &"EOF".into())
    );
    test.faults.reverse(false);
    let got = read(test.first(), backwards(), SILENCE, async || {}).await;
    assert!(
        got.messages.is_empty(),
        "read forward from the end, in silence"
    );
    test.demo.stop().await;
}
