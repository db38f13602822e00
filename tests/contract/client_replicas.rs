//! Reading the copy of a partition that one broker holds: exactly that one, over exactly the range that was asked for.

use liftui::client::ReplicaSpec;
use liftui::model::{BrokerId, Cluster, ErrorKind, Message, Offset, StreamName};

use super::test_cluster::{TestCluster, lively};

async fn read(
    test: &TestCluster,
    stream: &StreamName,
    broker: &BrokerId,
    (start, stop): (Option<Offset>, Offset),
) -> Vec<Message> {
    let spec = ReplicaSpec {
        stream: StreamName::clone(stream),
        partition: 0,
        broker: BrokerId::clone(broker),
        start,
        stop,
    };
    let mut reader = test.client.read_replica(spec).await.unwrap();
    let mut messages = Vec::new();
    while let Some(message) = reader.next().await.unwrap() {
        messages.push(message);
    }
    messages
}

/// A stream of ten messages, committed as far as every broker says.
async fn committed(test: &TestCluster) -> StreamName {
    let stream = test.stream("copies", 1).await;
    test.fill(&stream, 0, 10).await;
    let all = |found: &Cluster| {
        let partition = found.partition(&stream, 0);
        partition.is_some_and(|partition| partition.high_watermark == 9)
    };
    test.settled(all).await;
    stream
}

#[tokio::test]
pub(crate) async fn each_copy_is_read_by_itself_from_where_to_where_it_was_asked_for() {
    let test = TestCluster::any().await;
    let stream = committed(&test).await;
    let partition = test.client.fetch_partition(&stream, 0).await.unwrap();
    let leader = partition.leader.expect("it answered");
    let whole = read(&test, &stream, &leader, (None, 9)).await;
    let offsets: Vec<Offset> = whole.iter().map(|message| message.offset).collect();
    assert_eq!(offsets, (0..10).collect::<Vec<_>>());
    for replica in &*partition.replicas {
        assert_eq!(read(&test, &stream, replica, (None, 9)).await, whole);
        let part = read(&test, &stream, replica, (Some(3), 5)).await;
        assert_eq!(part, whole[3..=5]);
    }
    test.close().await;
}

#[tokio::test]
async fn one_that_was_changed_on_its_brokers_disk_is_read_as_it_is() {
    let test = TestCluster::demo(lively()).await;
    let stream = committed(&test).await;
    let changed = test.leader(&stream).await % 3 + 1;
    test.faults().corrupt(&stream, 0, changed, 4).unwrap();
    let refused = test.faults().corrupt(&stream, 0, changed, 10).unwrap_err();
    assert!(refused.to_string().contains("holds no"), "{refused}");
    for number in 1..=3 {
        let broker = BrokerId::from(format!("demo-{number}"));
        let read = read(&test, &stream, &broker, (Some(4), 4)).await;
        let is_as_published = read[0].value.as_ref() == b"4";
        let others = number != changed;
        assert_eq!(is_as_published, others, "{broker}: {:?}", read[0].value);
    }
    test.close().await;
}

#[tokio::test]
async fn nobody_goes_on_elsewhere_when_the_broker_fails() {
    let test = TestCluster::demo(lively()).await;
    let stream = committed(&test).await;
    let spec = |broker: &str| ReplicaSpec {
        stream: StreamName::clone(&stream),
        partition: 0,
        broker: broker.into(),
        start: None,
        stop: 20,
    };
    let unknown = test.client.read_replica(spec("demo-9")).await.unwrap_err();
    assert_eq!(unknown.to_string(), "nobody knows where broker demo-9 is");
    let mut reader = test.client.read_replica(spec("demo-2")).await.unwrap();
    for _ in 0..10 {
        assert!(reader.next().await.unwrap().is_some());
    }
    test.faults().kill(2).unwrap();
    let ended = reader.next().await.unwrap_err();
    assert_eq!(ended.kind(), ErrorKind::Unreachable, "{ended}");
    assert_eq!(reader.next().await.unwrap(), None, "it is over");
    let dead = test.client.read_replica(spec("demo-2")).await.unwrap_err();
    assert_eq!(dead.kind(), ErrorKind::Unreachable, "{dead}");
    test.close().await;
}
