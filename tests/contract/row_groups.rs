//! Rows of wire-contract §4.7, §4.8, §4.10 and §4.11, asserted of whatever cluster is under test: metadata, cursors,
//! activity, consumer groups. The words are asked for with the generated client.

use std::sync::Arc;
use std::time::Duration;

use liftui::model::{ActivityKind, StartAt, StreamOptions};
use liftui::wire::pb;
use prost::Message as _;
use tonic::{Code, Request};

use super::demo_stub::{PATIENCE, Stub, read, said, timed, words};
use super::test_cluster::{CAP, OfAnyCluster, TestCluster, until_so};

async fn metadata(stub: &mut Stub, streams: &[&str], groups: &[&str]) -> pb::FetchMetadataResponse {
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    let request = pb::FetchMetadataRequest {
        streams: owned(streams),
        groups: owned(groups),
    };
    // No deadline on the wire (wire-contract §0.5).
    let answer = stub.fetch_metadata(Request::new(request)).await;
    answer.unwrap().into_inner()
}

async fn partition(stub: &mut Stub, stream: &str, partition: i32) -> (Code, String) {
    let request = pb::FetchPartitionMetadataRequest {
        stream: stream.to_owned(),
        partition,
    };
    words(stub.fetch_partition_metadata(timed(request)).await)
}

#[tokio::test]
pub(crate) async fn metadata_tells_of_unknown_names_as_data() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let mut stub = test.stub().await;
    let (stream, group) = (test.name("unknown"), test.name("nobody"));
    let answer = metadata(&mut stub, &[&stream], &[&group]).await;
    let told = &answer.stream_metadata[0];
    assert_eq!(
        (&*told.name, told.error().as_str_name()),
        (&*stream, "UNKNOWN_STREAM")
    );
    assert!(told.partitions.is_empty());
    let told = &answer.group_metadata[0];
    assert_eq!(
        (&*told.group_id, told.error().as_str_name()),
        (&*group, "UNKNOWN_GROUP")
    );
    let all = metadata(&mut stub, &[], &[]).await;
    assert!(
        all.group_metadata.is_empty(),
        "naming no group asks for none"
    );
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn each_broker_names_itself_first_and_all_streams_with_the_clusters_own()
-> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("listed", 2).await;
    let cluster = test.client.fetch_metadata().await.unwrap();
    for broker in &cluster.brokers {
        let mut stub = test.stub_of(&broker.id).await;
        until_so(async || {
            let answer = metadata(&mut stub, &[], &[]).await;
            assert_eq!(answer.brokers[0].id, *broker.id);
            assert_eq!(answer.brokers.len(), cluster.brokers.len());
            let names: Vec<&str> = answer
                .stream_metadata
                .iter()
                .map(|told| &*told.name)
                .collect();
            names.contains(&&*stream)
                && cluster
                    .streams
                    .keys()
                    .filter(|name| name.starts_with("__"))
                    .all(|name| names.contains(&&**name))
        })
        .await;
        let view = test.client.fetch_view(&broker.address()).await;
        assert_eq!(
            view.result.unwrap().answered_by,
            Some(Arc::clone(&broker.id))
        );
    }
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn only_a_running_leader_tells_of_its_partition() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("partition", 1).await;
    let mut leader = test.leader_stub(&stream, 0).await;
    let missing = test.name("missing");
    said(
        partition(&mut leader, &missing, 0).await,
        Code::NotFound,
        "partition not found",
    );
    said(
        partition(&mut leader, &stream, 7).await,
        Code::NotFound,
        "partition not found",
    );
    let refused = "The request should be sent to partition leader";
    if let Some(mut other) = test.other_stub(&stream, 0).await {
        until_so(async || partition(&mut other, &stream, 0).await.1 != "partition not found").await;
        said(
            partition(&mut other, &stream, 0).await,
            Code::FailedPrecondition,
            refused,
        );
    }
    test.pause(&stream, &[], false).await;
    said(
        partition(&mut leader, &stream, 0).await,
        Code::FailedPrecondition,
        refused,
    );
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn ends_of_a_log_are_the_answering_brokers_own() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let options = StreamOptions {
        name: test.name("ends"),
        replication_factor: Some(1),
        ..StreamOptions::default()
    };
    let stream = test.stream_with(options).await;
    test.publish(&stream, 0, "x").await;
    let told = async |mut stub: Stub| {
        let answer = metadata(&mut stub, &[&stream], &[]).await;
        let found = answer.stream_metadata[0].partitions.get(&0).cloned();
        found.map(|found| {
            let received = found.messages_received_timestamps.unwrap_or_default();
            (
                found.high_watermark,
                found.newest_offset,
                received.latest_timestamp > 0,
            )
        })
    };
    let leader = test.leader_stub(&stream, 0).await;
    until_so(async || told(leader.clone()).await == Some((0, 0, true))).await;
    if let Some(other) = test.other_stub(&stream, 0).await {
        until_so(async || told(other.clone()).await == Some((-1, -1, false))).await;
    }
    test.close_of_any().await
}

fn setting(id: &str, stream: &str, offset: i64) -> pb::SetCursorRequest {
    pb::SetCursorRequest {
        stream: stream.to_owned(),
        partition: 3,
        cursor_id: id.to_owned(),
        offset,
    }
}

fn fetching(id: &str, stream: &str) -> pb::FetchCursorRequest {
    pb::FetchCursorRequest {
        stream: stream.to_owned(),
        partition: 3,
        cursor_id: id.to_owned(),
    }
}

#[tokio::test]
pub(crate) async fn cursors_are_refused_in_these_words() -> OfAnyCluster {
    let test = TestCluster::any().await;
    if !test.keeps("__cursors") {
        return test.close_of_any().await;
    }
    let mut stub = test.stub().await;
    for (id, stream, sentence) in [
        ("id", "", "No stream provided"),
        ("", "s", "No cursorId provided"),
    ] {
        let answer = stub.set_cursor(timed(setting(id, stream, 1))).await;
        said(words(answer), Code::InvalidArgument, sentence);
        let answer = stub.fetch_cursor(timed(fetching(id, stream))).await;
        said(words(answer), Code::InvalidArgument, sentence);
    }
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn a_cursor_lives_where_its_key_says_whatever_it_names() -> OfAnyCluster {
    let test = TestCluster::any().await;
    if !test.keeps("__cursors") {
        return test.close_of_any().await;
    }
    let (id, nothing) = (test.name("id"), test.name("nothing"));
    let partitions = test
        .client
        .metadata()
        .unwrap()
        .partition_count("__cursors")
        .unwrap();
    let key = format!("{id},{nothing},3");
    let home = liftui::client::by_key(key.as_bytes(), partitions);
    // Asking resumes it, where it sleeps.
    assert_eq!(
        test.client.fetch_cursor(&id, &nothing, 3).await.unwrap(),
        None
    );
    let mut leader = test.leader_stub("__cursors", home).await;
    let answer = leader.fetch_cursor(timed(fetching(&id, &nothing))).await;
    assert_eq!(answer.unwrap().into_inner().offset, -1);
    // Without a deadline a server takes its own.
    leader
        .set_cursor(Request::new(setting(&id, &nothing, 7)))
        .await
        .unwrap();
    let answer = leader.fetch_cursor(timed(fetching(&id, &nothing))).await;
    assert_eq!(answer.unwrap().into_inner().offset, 7);
    if let Some(mut other) = test.other_stub("__cursors", home).await {
        let sentence = format!("Server not leader for cursors partition {home}");
        let answer = other.set_cursor(timed(setting(&id, &nothing, 8))).await;
        said(words(answer), Code::FailedPrecondition, &sentence);
    }
    assert_eq!(
        test.client.fetch_cursor(&id, &nothing, 3).await.unwrap(),
        Some(7)
    );
    let request = pb::SubscribeRequest {
        stream: "__cursors".into(),
        partition: home,
        start_position: pb::StartPosition::Earliest.into(),
        stop_position: pb::StopPosition::StopLatest.into(),
        ..Default::default()
    };
    let stored = read(leader, request, PATIENCE, async || {}).await;
    let mine = stored
        .messages
        .iter()
        .rfind(|message| message.key == key.as_bytes());
    let record = mine.expect("it is stored under its key").value.to_vec();
    // The record has the fields of the request, under the same numbers.
    let record = pb::SetCursorRequest::decode(&*record).unwrap();
    assert_eq!(record, setting(&id, &nothing, 7));
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn activity_is_an_event_a_message_in_the_order_of_ids() -> OfAnyCluster {
    let test = TestCluster::any().await;
    if !test.keeps("__activity") {
        return test.close_of_any().await;
    }
    let stream = test.stream("told", 1).await;
    let told = async || {
        let request = pb::SubscribeRequest {
            stream: "__activity".into(),
            start_position: pb::StartPosition::Earliest.into(),
            stop_position: pb::StopPosition::StopLatest.into(),
            ..Default::default()
        };
        let leader = test.leader_stub("__activity", 0).await;
        read(leader, request, PATIENCE, async || {}).await.messages
    };
    let creates = |message: &pb::Message| {
        let event = pb::ActivityStreamEvent::decode(message.value.clone()).unwrap();
        event
            .create_stream_op
            .is_some_and(|op| op.stream == *stream)
    };
    until_so(async || told().await.iter().any(creates)).await;
    let (mut latest, mut first) = (0, true);
    for message in told().await {
        assert!(message.key.is_empty());
        let event = pb::ActivityStreamEvent::decode(message.value.clone()).unwrap();
        assert!(event.id >= latest, "{} after {latest}", event.id);
        latest = event.id;
        if std::mem::take(&mut first) && event.op() == pb::ActivityStreamOp::CreateStream {
            // The number of this kind is 0, which is not written.
            let mut bare = event.clone();
            bare.op = 0;
            assert_eq!(bare.encode_to_vec().len(), message.value.len());
        }
    }
    let cluster = test.client.fetch_metadata().await.unwrap();
    let activity = cluster.stream("__activity").unwrap();
    assert_eq!(activity.partitions.len(), 1);
    // As many as there were brokers when the first leader of the metadata made it.
    let replicas = activity.partitions[0].replicas.len();
    assert!((1..=cluster.brokers.len()).contains(&replicas));
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn a_partition_that_pauses_itself_is_told_as_paused() -> OfAnyCluster {
    let test = TestCluster::any().await;
    if !test.keeps("__activity") {
        return test.close_of_any().await;
    }
    let mut events = test.client.activity(StartAt::New).await.unwrap();
    let options = StreamOptions {
        name: test.name("dozing"),
        auto_pause_time: Some(Duration::from_millis(500)),
        ..StreamOptions::default()
    };
    test.client.create_stream(&options).await.unwrap();
    let wanted = ActivityKind::PauseStream {
        stream: options.name.as_str().into(),
        partitions: vec![0],
        resume_all: false,
    };
    let told = async { while events.next().await.expect("it goes on").unwrap().kind != wanted {} };
    tokio::time::timeout(CAP, told)
        .await
        .expect("it pauses, though never written");
    test.close_of_any().await
}

/// The four calls of groups, each with what it needs.
struct Calls {
    stub: Stub,
    group: String,
}

impl Calls {
    async fn join(&mut self, group: &str, consumer: &str, streams: &[&str]) -> (Code, String) {
        let request = pb::JoinConsumerGroupRequest {
            group_id: group.to_owned(),
            consumer_id: consumer.to_owned(),
            streams: streams.iter().map(ToString::to_string).collect(),
        };
        words(self.stub.join_consumer_group(timed(request)).await)
    }

    async fn leave(&mut self, group: &str, consumer: &str) -> (Code, String) {
        let request = pb::LeaveConsumerGroupRequest {
            group_id: group.to_owned(),
            consumer_id: consumer.to_owned(),
        };
        words(self.stub.leave_consumer_group(timed(request)).await)
    }

    async fn assignments(&mut self, group: &str, consumer: &str, epoch: u64) -> (Code, String) {
        let request = pb::FetchConsumerGroupAssignmentsRequest {
            group_id: group.to_owned(),
            consumer_id: consumer.to_owned(),
            epoch,
        };
        words(
            self.stub
                .fetch_consumer_group_assignments(timed(request))
                .await,
        )
    }

    async fn report(
        &mut self,
        group: &str,
        consumer: &str,
        at: &str,
        epoch: u64,
    ) -> (Code, String) {
        let request = pb::ReportConsumerGroupCoordinatorRequest {
            group_id: group.to_owned(),
            consumer_id: consumer.to_owned(),
            coordinator: at.to_owned(),
            epoch,
        };
        words(
            self.stub
                .report_consumer_group_coordinator(timed(request))
                .await,
        )
    }

    async fn described(&mut self) -> pb::ConsumerGroupMetadata {
        let group = self.group.clone();
        metadata(&mut self.stub, &["__activity"], &[&group])
            .await
            .group_metadata[0]
            .clone()
    }
}

#[tokio::test]
pub(crate) async fn groups_ask_for_every_id_in_these_words() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let (stub, group) = (test.stub().await, test.name("group"));
    let mut calls = Calls {
        stub,
        group: group.clone(),
    };
    let no_group = "No groupId provided";
    let no_consumer = "No consumerId provided";
    let bad = Code::InvalidArgument;
    said(calls.join("", "c", &["s"]).await, bad, no_group);
    said(calls.join(&group, "", &["s"]).await, bad, no_consumer);
    said(
        calls.join(&group, "c", &[]).await,
        bad,
        "No streams provided",
    );
    said(calls.leave("", "c").await, bad, no_group);
    said(calls.leave(&group, "").await, bad, no_consumer);
    said(calls.assignments("", "c", 0).await, bad, no_group);
    said(calls.assignments(&group, "", 0).await, bad, no_consumer);
    said(calls.report("", "c", "x", 0).await, bad, no_group);
    said(calls.report(&group, "", "x", 0).await, bad, no_consumer);
    said(
        calls.report(&group, "c", "", 0).await,
        bad,
        "No coordinator provided",
    );
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn groups_are_refused_in_these_words() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("grouped", 4).await;
    let (stub, group) = (test.stub().await, test.name("group"));
    let mut calls = Calls {
        stub,
        group: group.clone(),
    };
    let (early, missing) = (Code::FailedPrecondition, Code::NotFound);
    let gone = "consumer group does not exist";
    let stranger = "consumer is not a member of the consumer group";
    said(calls.leave(&group, "c1").await, missing, gone);
    said(calls.assignments(&group, "c1", 0).await, missing, gone);
    let none = format!("No such consumer group {group}");
    said(calls.report(&group, "c1", "x", 0).await, early, &none);
    let unknown = test.name("unknown");
    said(
        calls.join(&group, "c1", &[&unknown]).await,
        early,
        "stream does not exist",
    );
    said(calls.join(&group, "c1", &[&stream]).await, Code::Ok, "");
    let twice = "consumer is already a member of the consumer group";
    said(calls.join(&group, "c1", &[&stream]).await, early, twice);
    said(calls.leave(&group, "c2").await, early, stranger);
    until_so(async || calls.described().await.error().as_str_name() == "OK").await;
    let described = calls.described().await;
    let (at, epoch) = (described.coordinator.clone(), described.epoch);
    assert_eq!(epoch, 0, "a group begins there");
    calls.stub = test.stub_of(&at).await;
    // The coordinator may not have heard of it for a moment.
    until_so(async || calls.assignments(&group, "c1", epoch).await.0 == Code::Ok).await;
    said(
        calls.assignments(&group, "c2", epoch).await,
        early,
        stranger,
    );
    let differs = "client-provided group epoch differs from broker group epoch";
    said(
        calls.assignments(&group, "c1", epoch + 1).await,
        early,
        differs,
    );
    let stale = format!(
        "Coordinator generation mismatch, current coordinator: {at} epoch: {epoch}, \
         got coordinator: elsewhere epoch: 99"
    );
    said(
        calls.report(&group, "c1", "elsewhere", 99).await,
        early,
        &stale,
    );
    let member = format!("Consumer c2 is not a member of consumer group {group}");
    said(calls.report(&group, "c2", &at, epoch).await, early, &member);
    if test.size() == 1 {
        let alone = "No group coordinator candidates";
        said(calls.report(&group, "c1", &at, epoch).await, early, alone);
    } else {
        let cluster = test.client.fetch_metadata().await.unwrap();
        let other = cluster
            .brokers
            .iter()
            .find(|broker| *broker.id != *at)
            .unwrap();
        let mut elsewhere = Calls {
            stub: test.stub_of(&other.id).await,
            group: group.clone(),
        };
        let sentence = "broker is not the consumer group coordinator";
        said(
            elsewhere.assignments(&group, "c1", epoch).await,
            early,
            sentence,
        );
    }
    said(calls.leave(&group, "c1").await, Code::Ok, "");
    until_so(async || calls.described().await.error().as_str_name() == "UNKNOWN_GROUP").await;
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn partitions_go_in_turn_to_the_member_with_the_fewest() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("assigned", 4).await;
    let (stub, group) = (test.stub().await, test.name("group"));
    let mut calls = Calls {
        stub,
        group: group.clone(),
    };
    for consumer in ["c1", "c2"] {
        said(calls.join(&group, consumer, &[&stream]).await, Code::Ok, "");
    }
    for (consumer, wanted) in [("c1", [0, 2]), ("c2", [1, 3])] {
        until_so(async || {
            let described = calls.described().await;
            let request = pb::FetchConsumerGroupAssignmentsRequest {
                group_id: group.clone(),
                consumer_id: consumer.to_owned(),
                epoch: described.epoch,
            };
            let mut coordinator = test.stub_of(&described.coordinator).await;
            let answer = coordinator
                .fetch_consumer_group_assignments(timed(request))
                .await;
            answer.is_ok_and(|answer| {
                let shares = answer.into_inner().assignments;
                assert!(described.epoch > 0, "a change of members is a new epoch");
                shares.len() == 1 && shares[0].partitions == wanted
            })
        })
        .await;
    }
    for consumer in ["c1", "c2"] {
        said(calls.leave(&group, consumer).await, Code::Ok, "");
    }
    test.close_of_any().await
}
