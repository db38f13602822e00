//! What publishing stores, what its acks say, and what is never sent twice.

use std::sync::Arc;
use std::time::Duration;

use liftui::client::{ByKey, Client, ConnectOptions, Partitioner, PublisherOptions, RoundRobin};
use liftui::demo::AckFault;
use liftui::model::{
    AckPolicy, Cluster, Destination, ErrorKind, Operation, Outcome, PartitionId, PublishOptions,
    StartAt, StopAt, StreamOptions,
};

use super::test_cluster::{
    CAP, OfAnyCluster, TestCluster, acked, drain, lively, range, to, until_so,
};

#[tokio::test]
pub(crate) async fn every_field_of_a_publish_is_stored_and_acked() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("fields", 2).await;
    let options = PublishOptions {
        key: "key".into(),
        headers: vec![
            ("colour".into(), "blue".into()),
            ("size".into(), "7".into()),
        ],
        correlation_id: "mine".into(),
        ack_inbox: format!("{stream}.acks"),
        ack_policy: AckPolicy::All,
        deadline: Some(CAP),
        ..to(&stream, 1, "value")
    };
    let (ack, partition) = acked(test.client.publish(options).await);
    assert_eq!(
        (partition, ack.offset, ack.policy),
        (Some(1), 0, AckPolicy::All)
    );
    assert_eq!(
        (&*ack.stream, &*ack.partition_subject),
        (&*stream, &*stream)
    );
    assert_eq!(&*ack.message_subject, format!("{stream}.1"));
    assert_eq!(
        (&*ack.correlation_id, &*ack.ack_inbox),
        ("mine", &*format!("{stream}.acks"))
    );
    assert!(ack.received.is_set() && ack.committed >= ack.received);
    let all = range(&stream, 1, StartAt::Earliest, StopAt::Latest);
    let read = drain(test.client.subscribe(all).await.unwrap()).await;
    let stored = &read.messages[0];
    assert_eq!((&*stored.key, &*stored.value), (&b"key"[..], &b"value"[..]));
    // The Go client takes headers and drops them.
    assert_eq!(
        stored.header("colour").map(|value| &**value),
        Some(&b"blue"[..])
    );
    assert_eq!(stored.header("size").map(|value| &**value), Some(&b"7"[..]));
    assert_eq!(
        stored.header("subject").map(|value| &**value),
        Some(stream_1(&stream).as_bytes())
    );
    assert_eq!((&*stored.stream, stored.partition), (&*stream, 1));
    assert_eq!(&*stored.subject, stream_1(&stream));
    assert_eq!(stored.timestamp, ack.received);
    test.close_of_any().await
}

fn stream_1(stream: &str) -> String {
    format!("{stream}.1")
}

#[tokio::test]
pub(crate) async fn an_ack_comes_though_no_deadline_was_asked_for() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("deadline", 1).await;
    // The Go client returns neither ack nor error here.
    let outcome = test.client.publish(to(&stream, 0, "x")).await.unwrap();
    assert!(matches!(outcome, Outcome::Acked { .. }), "{outcome:?}");
    let unacked = PublishOptions {
        ack_policy: AckPolicy::None,
        ..to(&stream, 0, "x")
    };
    assert_eq!(test.client.publish(unacked).await.unwrap(), Outcome::Sent);
    test.close_of_any().await
}

/// Publishes that many messages without acks over one call, to its end.
async fn publish_unacked(client: &Client, stream: &str, messages: i64) {
    let publisher = client.publish_session(PublisherOptions::default());
    for _ in 0..messages {
        let unacked = PublishOptions {
            ack_policy: AckPolicy::None,
            ..to(stream, 0, "x")
        };
        // Receipts may be dropped unread.
        drop(publisher.publish(unacked).await.unwrap());
    }
    publisher.finish().await;
}

#[tokio::test]
pub(crate) async fn a_session_that_is_finished_has_written_what_nobody_acks() {
    let test = TestCluster::any().await;
    let stream = test.stream("unacked", 1).await;
    publish_unacked(&test.client, &stream, 500).await;
    let stored = async || test.client.fetch_partition(&stream, 0).await;
    until_so(async || stored().await.is_ok_and(|ends| ends.newest_offset == 499)).await;
    test.close().await;
}

#[tokio::test]
async fn partitioners_send_where_they_say() {
    let test = TestCluster::any().await;
    let stream = test.stream("partitioners", 3).await;
    let send = async |to: Destination, key: &str| {
        let options = PublishOptions {
            key: key.to_owned().into(),
            ..PublishOptions::new(to, "x")
        };
        acked(test.client.publish(options).await).1.unwrap()
    };
    for (key, partition) in [("", 0), ("a", 0), ("foo", 2), ("key-1", 2)] {
        let chosen = send(Destination::ByKey(Arc::clone(&stream)), key).await;
        assert_eq!(chosen, partition, "{key}");
    }
    let mut turns = Vec::new();
    for _ in 0..4 {
        turns.push(send(Destination::RoundRobin(Arc::clone(&stream)), "").await);
    }
    assert_eq!(turns, [0, 1, 2, 0]);
    let last = test
        .client
        .partition_for(&LastPartition, &stream, b"", b"")
        .await;
    assert_eq!(last.unwrap(), 2);
    let own = RoundRobin::default();
    for partition in 0..3 {
        assert_eq!(
            test.client
                .partition_for(&own, &stream, b"", b"")
                .await
                .unwrap(),
            partition
        );
    }
    assert_eq!(
        test.client
            .partition_for(&ByKey, &stream, b"foo", b"")
            .await
            .unwrap(),
        2
    );
    test.close().await;
}

struct LastPartition;

impl Partitioner for LastPartition {
    fn partition(&self, stream: &str, _: &[u8], _: &[u8], cluster: &Cluster) -> PartitionId {
        let count = cluster.partition_count(stream).unwrap_or(1);
        PartitionId::try_from(count).unwrap() - 1
    }
}

#[tokio::test]
async fn expected_offsets_are_kept_to() {
    let test = TestCluster::any().await;
    let stream = test
        .stream_with(StreamOptions {
            name: test.name("occ"),
            optimistic_concurrency_control: Some(true),
            ..StreamOptions::default()
        })
        .await;
    let expecting = |offset| PublishOptions {
        expected_offset: offset,
        deadline: Some(CAP),
        ..to(&stream, 0, "x")
    };
    for (offset, stored) in [(-1, 0), (1, 1), (-1, 2)] {
        let (ack, _) = acked(test.client.publish(expecting(offset)).await);
        assert_eq!(ack.offset, stored);
    }
    let wrong = test.client.publish(expecting(99)).await.unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::IncorrectOffset);
    let unacked = PublishOptions {
        ack_policy: AckPolicy::None,
        ..expecting(-1)
    };
    let error = test.client.publish(unacked).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AckPolicyRequired);
    test.close().await;
}

#[tokio::test]
async fn publishing_to_a_subject_says_who_stored_it() {
    let test = TestCluster::any().await;
    let stream = test.stream("subject", 1).await;
    let options = PublishOptions::new(Destination::Subject(stream.to_string()), "x");
    let (ack, partition) = acked(test.client.publish(options).await);
    assert_eq!((partition, &*ack.stream, ack.offset), (None, &*stream, 0));
    let nobody = PublishOptions {
        deadline: Some(Duration::from_millis(300)),
        ..PublishOptions::new(Destination::Subject(test.name("nobody")), "x")
    };
    let error = test.client.publish(nobody).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    let malformed = PublishOptions::new(Destination::Subject("a b".into()), "x");
    let error = test.client.publish(malformed).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    test.close().await;
}

#[tokio::test]
pub(crate) async fn the_error_inside_an_ack_is_an_error() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test
        .stream_with(StreamOptions {
            name: test.name("ack-error"),
            optimistic_concurrency_control: Some(true),
            ..StreamOptions::default()
        })
        .await;
    test.publish_occ(&stream).await;
    // A publish to a subject has no field for the expected offset: it is 0, which is taken.
    let options = PublishOptions::new(Destination::Subject(stream.to_string()), "x");
    let error = test.client.publish(options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IncorrectOffset);
    test.close_of_any().await
}

#[tokio::test]
async fn a_session_answers_each_message_for_itself() {
    let test = TestCluster::any().await;
    let stream = test.stream("session", 3).await;
    test.set_readonly(&stream, &[2], true).await;
    let publisher = test
        .client
        .publish_session(PublisherOptions { max_in_flight: 8 });
    let mut receipts = Vec::new();
    for number in 0..100 {
        let options = PublishOptions {
            correlation_id: format!("same for {}", number / 50),
            deadline: Some(CAP),
            ..to(&stream, number % 2, &number.to_string())
        };
        receipts.push(publisher.publish(options).await.unwrap());
        assert!(publisher.in_flight() <= 8);
    }
    let readonly = publisher.publish(to(&stream, 2, "x")).await.unwrap();
    let missing = publisher.publish(to(&stream, 9, "x")).await.unwrap();
    let unknown = publisher
        .publish(to(&test.name("unknown"), 0, "x"))
        .await
        .unwrap();
    for (number, receipt) in receipts.into_iter().enumerate() {
        let (ack, partition) = acked(receipt.await);
        assert_eq!(ack.offset, i64::try_from(number / 2).unwrap());
        assert_eq!(partition, Some(i32::try_from(number % 2).unwrap()));
        assert_eq!(ack.correlation_id, format!("same for {}", number / 50));
    }
    assert_eq!(
        readonly.await.unwrap_err().kind(),
        ErrorKind::ReadonlyPartition
    );
    assert_eq!(
        missing.await.unwrap_err().kind(),
        ErrorKind::NoSuchPartition
    );
    assert_eq!(unknown.await.unwrap_err().kind(), ErrorKind::NoSuchStream);
    publisher.flush().await.unwrap();
    assert_eq!(publisher.in_flight(), 0);
    let subject = PublishOptions::new(Destination::Subject("a".into()), "x");
    assert_eq!(
        publisher.publish(subject).await.unwrap_err().kind(),
        ErrorKind::Refused
    );
    test.close().await;
}

#[tokio::test]
async fn acks_in_any_order_or_twice_reach_the_right_message() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("acks", 1).await;
    for fault in [AckFault::Reorder, AckFault::Duplicate] {
        test.faults().acks(fault);
        let publisher = test.client.publish_session(PublisherOptions::default());
        let mut receipts = Vec::new();
        for _ in 0..16 {
            receipts.push(publisher.publish(to(&stream, 0, "x")).await.unwrap());
        }
        let mut offsets = Vec::new();
        for receipt in receipts {
            offsets.push(acked(receipt.await).0.offset);
        }
        assert!(offsets.is_sorted() && offsets.windows(2).all(|pair| pair[0] < pair[1]));
    }
    test.close().await;
}

#[tokio::test]
async fn lost_acks_and_cuts_are_unknown_and_sent_once() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("lost", 1).await;
    test.faults().acks(AckFault::Lose);
    let publisher = test.client.publish_session(PublisherOptions::default());
    let short = PublishOptions {
        deadline: Some(Duration::from_millis(100)),
        ..to(&stream, 0, "lost ack")
    };
    let lost = publisher.publish(short).await.unwrap();
    assert_eq!(lost.await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    let mut cut = Vec::new();
    for _ in 0..3 {
        cut.push(publisher.publish(to(&stream, 0, "cut")).await.unwrap());
    }
    let stored = || async {
        let ends = test.client.fetch_partition(&stream, 0).await;
        ends.map(|ends| ends.newest_offset)
    };
    let all_four = async { while stored().await.ok() != Some(3) {} };
    tokio::time::timeout(CAP, all_four)
        .await
        .expect("they are stored, though not acked");
    for broker in 1..=3 {
        test.faults().reset(broker).unwrap();
    }
    for receipt in cut {
        let error = receipt.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    }
    test.faults().acks(AckFault::None);
    let again = publisher.publish(to(&stream, 0, "after")).await.unwrap();
    let (ack, _) = acked(again.await);
    assert_eq!(ack.offset, 4, "something was sent twice");
    test.close().await;
}

#[tokio::test]
async fn what_no_broker_took_is_known_to_be_unsent() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("unsent", 1).await;
    let client = Client::connect(ConnectOptions::new(test.addresses.clone()))
        .await
        .unwrap();
    let leader = test.leader(&stream).await;
    for broker in (1..=3).filter(|broker| *broker != leader) {
        test.faults().kill(broker).unwrap();
    }
    let publisher = client.publish_session(PublisherOptions::default());
    let alive = PublishOptions {
        deadline: Some(CAP),
        ..to(&stream, 0, "the one that is left takes it")
    };
    publisher.publish(alive).await.unwrap().await.unwrap();
    test.faults().kill(leader).unwrap();
    // Sent on a connection that is just about to break, it would end as unknown.
    let address = &test.addresses[leader - 1];
    until_so(async || client.fetch_view(address).await.result.is_err()).await;
    let options = PublishOptions {
        deadline: Some(Duration::from_millis(300)),
        ..to(&stream, 0, "nobody does")
    };
    let publisher = client.publish_session(PublisherOptions::default());
    let error = publisher
        .publish(options.clone())
        .await
        .unwrap()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    let error = client.publish(options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    test.close().await;
}

/// The Go client sends it again, to another broker, and it is stored twice (wire-contract §6.1).
#[tokio::test]
async fn a_publish_without_an_answer_is_sent_once() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("once", 1).await;
    let client = Client::connect(ConnectOptions::new(test.addresses.clone()))
        .await
        .unwrap();
    for round in 1..=5 {
        for address in &test.addresses {
            until_so(async || client.fetch_view(address).await.result.is_ok()).await;
        }
        // The broker that takes it stores it, and is cut off in the middle of its answer.
        for broker in 1..=3 {
            test.faults().cut_streams(broker).unwrap();
        }
        let error = client.publish(to(&stream, 0, "x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
        let stored = async || test.client.fetch_partition(&stream, 0).await;
        until_so(async || {
            stored()
                .await
                .is_ok_and(|ends| ends.newest_offset >= round - 1)
        })
        .await;
    }
    test.faults().heal();
    test.publish(&stream, 0, "last").await;
    let all = range(&stream, 0, StartAt::Earliest, StopAt::Latest);
    let read = drain(test.client.subscribe(all).await.unwrap()).await;
    let copies = read
        .messages
        .iter()
        .filter(|message| &*message.value == b"x");
    assert_eq!(copies.count(), 5, "one for each that was sent");
    test.close().await;
}

#[tokio::test]
async fn a_session_leaves_a_broker_that_answers_nothing() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("leaves", 1).await;
    let (client, taps) = super::client_silence::tapped(&test).await;
    let publisher = client.publish_session(PublisherOptions::default());
    let send = async || {
        let options = PublishOptions {
            deadline: Some(Duration::from_millis(500)),
            ..to(&stream, 0, "x")
        };
        publisher.publish(options).await.unwrap().await
    };
    send().await.unwrap();
    // Whichever broker it speaks to: two of three hold their breath, each for a while.
    for frozen in [[0, 1], [1, 2], [0, 2]] {
        for tap in &taps {
            tap.freeze(false);
        }
        for broker in frozen {
            taps[broker].freeze(true);
        }
        until_so(async || send().await.is_ok()).await;
    }
    test.close().await;
}

#[tokio::test]
async fn operations_say_how_they_ended() {
    let test = TestCluster::any().await;
    let stream = test.stream("operations", 2).await;
    let perform = async |operation| test.client.perform(operation).await;
    let publish = Operation::Publish(Box::new(to(&stream, 1, "x")));
    assert!(matches!(perform(publish).await, Ok(Outcome::Acked { .. })));
    let pause = Operation::Pause {
        stream: Arc::clone(&stream),
        partitions: vec![1],
        resume_all: false,
    };
    assert_eq!(perform(pause).await.unwrap(), Outcome::Done);
    let resume = Operation::Resume {
        stream: Arc::clone(&stream),
        partitions: vec![0, 1, 7],
    };
    let outcome = perform(resume).await.unwrap();
    let Outcome::Partial { done, failed } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(done, [0, 1]);
    assert_eq!(
        (failed[0].0, failed[0].1.kind),
        (7, ErrorKind::NoSuchPartition)
    );
    let delete = Operation::Delete {
        stream: Arc::clone(&stream),
    };
    assert_eq!(perform(delete.clone()).await.unwrap(), Outcome::Done);
    let error = perform(delete).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSuchStream);
    test.close().await;
}

#[tokio::test]
async fn what_nobody_acks_waits_for_a_broker_that_is_there() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("unacked-elsewhere", 1).await;
    let (clients, messages) = (6, 10);
    for _ in 0..clients {
        // Whichever it tries first: the discard port refuses.
        let seeds = ["127.0.0.1:9", &*test.addresses[0]];
        let client = Client::new(ConnectOptions::new(seeds)).unwrap();
        publish_unacked(&client, &stream, messages).await;
    }
    let stored = async || test.client.fetch_partition(&stream, 0).await;
    let all = clients * messages - 1;
    until_so(async || stored().await.is_ok_and(|ends| ends.newest_offset == all)).await;
    test.close().await;
}

#[tokio::test]
async fn a_stream_that_comes_back_with_fewer_partitions_costs_one_message_at_most() {
    let test = TestCluster::any().await;
    let stream = test.stream("fewer", 4).await;
    let other = Client::new(ConnectOptions::new(&test.addresses)).unwrap();
    let turn = || PublishOptions::new(Destination::RoundRobin(Arc::clone(&stream)), "x");
    acked(other.publish(turn()).await);
    test.client.delete_stream(&stream).await.unwrap();
    test.settled(|cluster| cluster.stream(&stream).is_none())
        .await;
    let again = StreamOptions {
        name: stream.to_string(),
        partitions: Some(1),
        ..StreamOptions::default()
    };
    test.stream_with(again).await;
    let mut refused = 0;
    for _ in 0..8 {
        match other.publish(turn()).await {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NoSuchPartition => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused <= 1, "{refused}");
    test.close().await;
}

#[tokio::test]
async fn a_broker_that_has_just_started_hides_no_stream_from_a_publish() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("hidden", 1).await;
    let young = test.leader(&stream).await % 3 + 1;
    test.faults().kill(young).unwrap();
    test.faults().restart(young).unwrap();
    let address = &test.addresses[young - 1];
    let knows_nothing = async || {
        let view = test.client.fetch_view(address).await;
        view.result.is_ok_and(|told| told.streams.is_empty())
    };
    until_so(knows_nothing).await;
    let mut asked = 0;
    while knows_nothing().await {
        let client = Client::new(ConnectOptions::new([address])).unwrap();
        acked(client.publish(to(&stream, 0, "x")).await);
        // Who has no time left is not told that there is no such stream, where others know it.
        for _ in 0..6 {
            let hurried = to(&stream, 0, "x").deadline(Duration::from_millis(30));
            if let Err(error) = test.client.publish(hurried).await {
                assert_ne!(error.kind(), ErrorKind::NoSuchStream, "{error}");
            }
        }
        asked += 1;
    }
    assert!(asked > 0);
    test.close().await;
}
