//! The cases of creating, describing and deleting streams.

use liftui::wire::pb;

use super::driver::{Kept, PATIENCE, Scenario, read, timed};

fn metadata(streams: &[&str]) -> pb::FetchMetadataRequest {
    let streams = streams.iter().map(ToString::to_string).collect();
    pb::FetchMetadataRequest {
        streams,
        groups: Vec::new(),
    }
}

fn wish(subject: &str, name: &str) -> pb::CreateStreamRequest {
    let (subject, name) = (subject.to_owned(), name.to_owned());
    pb::CreateStreamRequest {
        subject,
        name,
        ..Default::default()
    }
}

fn replicated(subject: &str, name: &str, factor: i32) -> pb::CreateStreamRequest {
    pb::CreateStreamRequest {
        replication_factor: factor,
        ..wish(subject, name)
    }
}

/// Creates `orders`, `x`, `all` and `one`, and tries what must not work.
pub(super) async fn create(scenario: &mut Scenario) {
    let mut first = scenario.first();
    let answer = first.fetch_metadata(timed(metadata(&["nope"]))).await;
    scenario.answer("metadata of an unknown stream", "FetchMetadata", answer);
    let groups = vec!["nope".to_owned()];
    let request = pb::FetchMetadataRequest {
        streams: Vec::new(),
        groups,
    };
    let answer = first.fetch_metadata(timed(request)).await;
    scenario.answer("metadata of an unknown group", "FetchMetadata", answer);

    let everywhere = scenario.everywhere();
    let orders = || pb::CreateStreamRequest {
        partitions: 2,
        ..replicated("g.orders", "orders", everywhere)
    };
    for (name, request) in [
        ("create", orders()),
        ("create again", orders()),
        (
            "create the same name on another subject",
            wish("g.x", "orders"),
        ),
        ("create without a name", wish("g.x", "")),
        ("create without a subject", wish("", "x")),
        ("create on a malformed subject", wish("a..b", "x")),
        ("create on a wildcard subject", wish("a.*", "x")),
        (
            "create with too many replicas",
            replicated("big", "big", 99),
        ),
        (
            "create with replication -1, all brokers",
            replicated("g.all", "all", -1),
        ),
        ("create with replication -2", replicated("g.m2", "m2", -2)),
        ("create with defaults", wish("g.one", "one")),
    ] {
        let answer = first.create_stream(timed(request)).await;
        scenario.answer(name, "CreateStream", answer);
    }
    describe(scenario).await;
}

async fn describe(scenario: &mut Scenario) {
    let mut first = scenario.first();
    let answer = first.fetch_metadata(timed(metadata(&[]))).await;
    scenario.answer("metadata of all", "FetchMetadata", answer);
    let answer = first.fetch_metadata(timed(metadata(&["orders"]))).await;
    scenario.answer("metadata of one", "FetchMetadata", answer);
    let mut leader = scenario.leader("orders", 0).await;
    for (name, stream, partition) in [
        ("partition metadata, empty partition", "orders", 0),
        ("partition metadata, unknown stream", "nope", 0),
        ("partition metadata, unknown partition", "orders", 9),
    ] {
        let stream = stream.to_owned();
        let request = pb::FetchPartitionMetadataRequest { stream, partition };
        let answer = leader.fetch_partition_metadata(timed(request)).await;
        scenario.answer(name, "FetchPartitionMetadata", answer);
    }
}

/// Deletes all that [`create`] made, one of them under a reader.
pub(super) async fn delete(scenario: &mut Scenario) {
    let leader = scenario.leader("one", 0).await;
    let mut first = scenario.first();
    let subscription = pb::SubscribeRequest {
        stream: "one".to_owned(),
        ..Default::default()
    };
    let read = read(leader, subscription, PATIENCE, async || {
        let request = pb::DeleteStreamRequest {
            name: "one".to_owned(),
        };
        first.delete_stream(timed(request)).await.unwrap();
    });
    let read = read.await;
    scenario.reading("a delete ends a subscription", Kept::End, &read);
    let mut first = scenario.first();
    for (case, name) in [
        ("delete an unknown stream", "one"),
        ("delete without a name", ""),
        ("delete orders", "orders"),
        ("delete all", "all"),
        ("delete occ", "occ"),
        ("delete x", "x"),
    ] {
        let request = pb::DeleteStreamRequest {
            name: name.to_owned(),
        };
        let answer = first.delete_stream(timed(request)).await;
        scenario.answer(case, "DeleteStream", answer);
    }
    let answer = first.fetch_metadata(timed(metadata(&[]))).await;
    scenario.answer("metadata when all are deleted", "FetchMetadata", answer);
}
