//! Who is asked, over how many connections, and what is known of a cluster afterwards; and that the table of the Go
//! client's names in the crate's docs says nothing that no test shows.

use std::time::Duration;

use liftui::client::{Client, ConnectOptions, Prefer};
use liftui::demo::DemoOptions;
use liftui::model::{Operation, StartAt, StopAt, StreamOptions};
use liftui::wire::convert;

use super::test_cluster::{TestCluster, lively, next_message, range, real_addresses, until_so};
use super::wire_tap::WireTap;

#[tokio::test]
async fn one_living_seed_among_dead_ones_is_enough() {
    let test = TestCluster::any().await;
    // Nobody listens on ports that are not handed out.
    let dead = ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"].map(ToOwned::to_owned);
    for _ in 0..5 {
        let seeds = dead.iter().cloned().chain(test.addresses.first().cloned());
        let client = Client::connect(ConnectOptions::new(seeds)).await.unwrap();
        let listed = client.metadata().unwrap().brokers.len();
        let known = client.brokers();
        assert!(
            known.len() >= dead.len() + listed,
            "what one lists is known"
        );
        // Real brokers leave out for two minutes who was away when they looked (wire-contract, addendum).
        assert!(listed == test.size() || real_addresses().is_some());
    }
    let error = Client::connect(ConnectOptions::new(dead))
        .await
        .unwrap_err();
    assert!(error.kind().is_retryable(), "{error}");
    test.close().await;
}

#[tokio::test]
async fn metadata_tells_brokers_streams_and_partitions() {
    let test = TestCluster::any().await;
    let stream = test.stream("metadata", 3).await;
    test.publish(&stream, 1, "x").await;
    let before = test.client.last_updated().unwrap();
    let cluster = test.client.fetch_metadata().await.unwrap();
    assert!(test.client.last_updated().unwrap() > before);
    assert_eq!(cluster.addresses().len(), cluster.brokers.len());
    for broker in &cluster.brokers {
        assert_eq!(broker.address(), format!("{}:{}", broker.host, broker.port));
    }
    assert_eq!(cluster.partition_count(&stream), Some(3));
    let found = cluster.stream(&stream).unwrap();
    assert_eq!((&*found.name, &*found.subject), (&*stream, &*stream));
    assert!(found.created.is_set() && !found.is_internal());
    for (id, partition) in (0..3).zip(&found.partitions) {
        assert_eq!(partition.id, id);
        assert!(partition.replicas.len() == cluster.brokers.len() || real_addresses().is_some());
        assert!(
            partition
                .replicas
                .contains(partition.leader.as_ref().unwrap())
        );
        assert!(!partition.isr.is_empty() && !partition.paused_flag && !partition.readonly_flag);
    }
    let told = test.client.fetch_partition(&stream, 1).await.unwrap();
    assert_eq!((told.high_watermark, told.newest_offset), (0, 0));
    assert!(told.received.first.is_set() && told.received.latest >= told.received.first);
    test.close().await;
}

#[test]
fn every_option_of_a_stream_is_sent() {
    let second = Some(Duration::from_secs(1));
    let options = StreamOptions {
        name: "name".into(),
        subject: "subject".into(),
        group: "group".into(),
        replication_factor: Some(-1),
        partitions: Some(2),
        retention_max_bytes: Some(3),
        retention_max_messages: Some(4),
        retention_max_age: second,
        cleaner_interval: second,
        segment_max_bytes: Some(5),
        segment_max_age: second,
        compact_max_goroutines: Some(6),
        compact_enabled: Some(true),
        auto_pause_time: second,
        auto_pause_disable_if_subscribers: Some(true),
        min_isr: Some(7),
        optimistic_concurrency_control: Some(true),
        encryption: Some(false),
    };
    let request = convert::create_stream(&options);
    assert_eq!(
        (&*request.name, &*request.subject, &*request.group),
        ("name", "subject", "group")
    );
    assert_eq!((request.replication_factor, request.partitions), (-1, 2));
    let longs = [
        (request.retention_max_bytes, 3),
        (request.retention_max_messages, 4),
        (request.retention_max_age, 1000),
        (request.cleaner_interval, 1000),
        (request.segment_max_bytes, 5),
        (request.segment_max_age, 1000),
        (request.auto_pause_time, 1000),
    ];
    for (sent, wanted) in longs {
        assert_eq!(sent.map(|sent| sent.value), Some(wanted));
    }
    let ints = [(request.compact_max_goroutines, 6), (request.min_isr, 7)];
    for (sent, wanted) in ints {
        assert_eq!(sent.map(|sent| sent.value), Some(wanted));
    }
    let flags = [
        (request.compact_enabled, true),
        (request.auto_pause_disable_if_subscribers, true),
        (request.optimistic_concurrency_control, true),
        (request.encryption, false),
    ];
    for (sent, wanted) in flags {
        assert_eq!(sent.map(|sent| sent.value), Some(wanted));
    }
}

#[tokio::test]
async fn connections_are_as_many_as_allowed_and_closed_when_idle() {
    let test = TestCluster::demo(DemoOptions {
        brokers: 1,
        ..lively()
    })
    .await;
    let stream = test.stream("connections", 1).await;
    test.fill(&stream, 0, 1).await;
    let tap = WireTap::to(test.addresses[0].clone()).await;
    let options = ConnectOptions {
        advertise: vec![(test.addresses[0].clone(), tap.address.clone())],
        idle_close: Duration::from_millis(100),
        ..ConnectOptions::new(test.addresses.clone())
    };
    assert_eq!(
        (
            options.connections_per_broker,
            ConnectOptions::default().idle_close
        ),
        (2, Duration::from_secs(30))
    );
    let client = Client::connect(options).await.unwrap();
    let mut subscriptions = Vec::new();
    for _ in 0..32 {
        let spec = range(&stream, 0, StartAt::Earliest, StopAt::Never);
        let mut subscription = client.subscribe(spec).await.unwrap();
        next_message(&mut subscription).await;
        subscriptions.push(subscription);
    }
    // One more is for requests, while it is not idle.
    assert!((2..=3).contains(&tap.open()), "{}", tap.open());
    until_so(async || tap.open() == 2).await;
    test.publish(&stream, 0, "idle or not").await;
    for subscription in &mut subscriptions {
        assert_eq!(
            next_message(subscription).await.offset,
            1,
            "no connection in use is closed"
        );
    }
    drop(subscriptions);
    until_so(async || tap.open() == 0).await;
    client.fetch_metadata().await.unwrap();
    assert_eq!(tap.open(), 1, "dialled again where it is needed");
    drop(client);
    until_so(async || tap.open() == 0).await;
    test.close().await;
}

#[tokio::test]
async fn the_preferred_broker_is_asked_first() {
    let test = TestCluster::demo(lively()).await;
    let uneven = StreamOptions {
        name: test.name("uneven"),
        partitions: Some(4),
        ..StreamOptions::default()
    };
    test.stream_with(uneven).await;
    let slow = test.addresses.len();
    for prefer in [Prefer::LowLatency, Prefer::LowWorkload] {
        let options = ConnectOptions {
            prefer,
            ..ConnectOptions::new(test.addresses.clone())
        };
        let client = Client::connect(options).await.unwrap();
        for address in &test.addresses {
            assert!(client.fetch_view(address).await.result.is_ok());
        }
        test.faults()
            .slow(slow, Duration::from_millis(200))
            .unwrap();
        client.fetch_view(&test.addresses[slow - 1]).await;
        let asked = |client: &Client| {
            let brokers = client.brokers();
            let at = |address: &String| {
                let found = brokers.iter().find(|broker| *broker.address == **address);
                found.unwrap().attempts
            };
            test.addresses.iter().map(at).collect::<Vec<u64>>()
        };
        let before = asked(&client);
        for number in 0..5 {
            let stream = test.name(&format!("prefer-{number}"));
            let delete = Operation::Delete {
                stream: stream.into(),
            };
            client.perform(delete).await.unwrap_err();
        }
        let after = asked(&client);
        let counts: Vec<u64> = before.iter().zip(&after).map(|(a, b)| b - a).collect();
        match prefer {
            Prefer::LowLatency => assert_eq!(counts[slow - 1], 0, "{counts:?}"),
            Prefer::LowWorkload => {
                let brokers = client.brokers();
                let least = brokers.iter().filter_map(|broker| broker.workload).min();
                for (address, count) in test.addresses.iter().zip(&counts) {
                    let found = brokers.iter().find(|broker| *broker.address == **address);
                    let is_least = found.unwrap().workload == least;
                    assert!(is_least || *count == 0, "{address}: {counts:?}");
                }
            }
            Prefer::Random | _ => unreachable!("not among them"),
        }
        test.faults().heal();
    }
    test.close().await;
}

/// A broker that has just started answers, and knows no stream for seconds.
#[tokio::test]
async fn a_broker_that_knows_nothing_yet_hides_no_stream() {
    let test = TestCluster::demo(DemoOptions {
        speed: 2.0,
        ..lively()
    })
    .await;
    let stream = test.stream("hidden", 3).await;
    test.publish(&stream, 0, "x").await;
    let leader = test.leader(&stream).await;
    let other = leader % 3 + 1;
    test.faults().kill(other).unwrap();
    test.faults().restart(other).unwrap();
    let address = &test.addresses[other - 1];
    let knows_nothing = async || {
        let view = test.client.fetch_view(address).await;
        view.result.is_ok_and(|told| told.streams.is_empty())
    };
    until_so(knows_nothing).await;
    let client = Client::connect(ConnectOptions::new([address.clone()]))
        .await
        .unwrap();
    assert!(client.metadata().unwrap().streams.is_empty());
    let spec = range(&stream, 0, StartAt::Earliest, StopAt::Never);
    let mut subscription = client.subscribe(spec).await.unwrap();
    assert_eq!(next_message(&mut subscription).await.offset, 0);
    let by_key = client.partition_for(&liftui::client::ByKey, &stream, b"foo", b"");
    assert_eq!(by_key.await.unwrap(), 2);
    test.close().await;
}

/// The public names of the Go client, v1.1.0 and what v2.4.0 adds.
const GO_NAMES: &str = "Connect DefaultClientOptions ClientOptions Brokers MaxConnsPerBroker KeepAliveTime TLSCert \
    TLSConfig ResubscribeWaitTime Close CreateStream Group ReplicationFactor MaxReplication Partitions DeleteStream \
    PauseStream PausePartitions ResumeAll SetStreamReadonly ReadonlyPartitions Readonly Subscribe Handler \
    StartAtOffset StartAtTime StartAtTimeDelta StartAtLatestReceived StartAtEarliestReceived Partition ReadISRReplica \
    Resume Publish PublishToSubject Key AckInbox CorrelationID AckPolicyLeader AckPolicyAll AckPolicyNone Header \
    Headers ToPartition PartitionBy Partitioner PartitionByKey PartitionByRoundRobin FetchMetadata Metadata Addrs \
    GetStream LastUpdated PartitionCountForStream Streams StreamInfo Name GetPartition PartitionInfo ID Leader \
    Replicas ISR Paused BrokerInfo Host Port Addr Message Offset Value Timestamp Subject ReplySubject Stream Ack \
    PartitionSubject MessageSubject AckPolicy ReceptionTimestamp CommitTimestamp NewMessage UnmarshalMessage \
    UnmarshalAck ErrStreamExists ErrNoSuchStream ErrNoSuchPartition ErrStreamDeleted ErrPartitionPaused \
    ErrReadonlyPartition ConnectCtx ReadBufferSize WriteBufferSize AckWaitTime ErrAckTimeout ErrBrokerNotFound \
    SetConnectToLowLatencyServer SetConnectToLowWorkloadServer RetentionMaxBytes RetentionMaxMessages RetentionMaxAge \
    CleanerInterval SegmentMaxBytes SegmentMaxAge CompactMaxGoroutines CompactEnabled AutoPauseTime \
    AutoPauseDisableIfSubscribers MinISR OptimisticConcurrencyControl Encryption StartAtNewOnly StopAtOffset \
    StopAtLatestReceived StopAtTime PublishAsync ExpectedOffset SetExpectedOffset FetchPartitionMetadata SetCursor \
    FetchCursor ConsumerID AutoCheckpoint AutoOffsetEarliest AutoOffsetLatest AutoOffsetNone \
    FetchAssignmentsInterval Checkpoint";

#[test]
fn every_name_of_the_go_client_has_its_call_and_its_test() {
    let table = include_str!("../../src/client/go-api.md");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    for name in GO_NAMES.split_whitespace() {
        let quoted = format!("`{name}`");
        let dotted = format!("`ClientOptions.{name}`");
        let is_there = |row: &Vec<&str>| row[0].contains(&quoted) || row[0].contains(&dotted);
        assert!(rows.iter().any(is_there), "{name} has no row");
    }
    for row in &rows {
        let [_, here, test] = row[..] else {
            panic!("three columns: {row:?}");
        };
        assert!(!here.is_empty());
        let (module, name) = test.trim_matches('`').split_once("::").unwrap();
        let file = format!("{}/tests/contract/{module}.rs", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(file).unwrap();
        assert!(
            source.contains(&format!("fn {name}() ")),
            "{test} does not exist"
        );
    }
}
