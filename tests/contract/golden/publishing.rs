//! The cases of publishing: unary, to subjects, with concurrency control, asynchronous.

use std::collections::HashMap;

use bytes::Bytes;
use liftui::wire::pb;
use serde_json::{Map, Value, json};
use tokio_stream::wrappers::ReceiverStream;

use super::driver::{Kept, SILENCE, Scenario, Stub, timed, within};
use super::plain::Plain;

/// A message for `orders/0`.
pub(super) fn message(value: &str) -> pb::PublishRequest {
    let value = Bytes::copy_from_slice(value.as_bytes());
    pb::PublishRequest {
        stream: "orders".to_owned(),
        value,
        ..Default::default()
    }
}

fn to_subject(subject: &str, value: &str) -> pb::PublishToSubjectRequest {
    let value = Bytes::copy_from_slice(value.as_bytes());
    pb::PublishToSubjectRequest {
        subject: subject.to_owned(),
        value,
        ..Default::default()
    }
}

/// Fills `orders/0` with ten messages, and tries what must not work.
pub(super) async fn publish(scenario: &mut Scenario) {
    if scenario.stubs.len() > 1 {
        ask_a_follower(scenario).await;
    }
    let mut leader = scenario.leader("orders", 0).await;
    for number in 0..5_u8 {
        let headers = [
            ("h".to_owned(), "x".into()),
            ("n".to_owned(), vec![number].into()),
        ];
        let request = pb::PublishRequest {
            key: format!("k{number}").into(),
            headers: HashMap::from(headers),
            correlation_id: format!("c{number}"),
            ..message(&format!("v{number}"))
        };
        let answer = leader.publish(timed(request)).await;
        scenario.answer(&format!("publish {number}"), "Publish", answer);
    }
    let (all, none) = (pb::AckPolicy::All.into(), pb::AckPolicy::None.into());
    let elsewhere = |stream: &str| pb::PublishRequest {
        stream: stream.to_owned(),
        ..message("x")
    };
    for (name, request) in [
        (
            "publish, ack from all",
            pb::PublishRequest {
                ack_policy: all,
                ..message("all")
            },
        ),
        (
            "publish, no ack",
            pb::PublishRequest {
                ack_policy: none,
                ..message("none")
            },
        ),
        ("publish an empty value", message("")),
        ("publish to an unknown stream", elsewhere("nope")),
        (
            "publish to an unknown partition",
            pb::PublishRequest {
                partition: 7,
                ..message("x")
            },
        ),
        ("publish without a stream", elsewhere("")),
        (
            "publish with an expected offset where the stream has no concurrency control",
            pb::PublishRequest {
                expected_offset: 99,
                ..message("x")
            },
        ),
    ] {
        let answer = leader.publish(timed(request)).await;
        scenario.answer(name, "Publish", answer);
    }
    publish_to_subjects(scenario, leader).await;
}

async fn publish_to_subjects(scenario: &mut Scenario, mut leader: Stub) {
    let answer = leader
        .publish_to_subject(timed(to_subject("g.orders", "s")))
        .await;
    scenario.answer("publish to a subject", "PublishToSubject", answer);
    let nobody = || to_subject("nobody.here", "x");
    let answer = leader.publish_to_subject(within(SILENCE, nobody())).await;
    scenario.answer(
        "publish to a subject no stream has",
        "PublishToSubject",
        answer,
    );
    let ack_policy = pb::AckPolicy::None.into();
    let request = pb::PublishToSubjectRequest {
        ack_policy,
        ..nobody()
    };
    let answer = leader.publish_to_subject(timed(request)).await;
    scenario.answer(
        "publish to a subject no stream has, no ack",
        "PublishToSubject",
        answer,
    );
    let answer = leader.publish_to_subject(timed(to_subject("", "x"))).await;
    scenario.answer("publish to the empty subject", "PublishToSubject", answer);
    let mut wild = scenario.leader("x", 0).await;
    let answer = wild.publish_to_subject(timed(to_subject("a.b", "w"))).await;
    scenario.answer(
        "publish to the wildcard stream's subject",
        "PublishToSubject",
        answer,
    );
    scenario.settled("orders").await;
    let request = pb::FetchPartitionMetadataRequest {
        stream: "orders".to_owned(),
        partition: 0,
    };
    let answer = leader.fetch_partition_metadata(timed(request)).await;
    scenario.answer(
        "partition metadata after publishes",
        "FetchPartitionMetadata",
        answer,
    );
}

async fn ask_a_follower(scenario: &mut Scenario) {
    let request = pb::FetchMetadataRequest {
        streams: vec!["orders".to_owned()],
        groups: Vec::new(),
    };
    let answer = scenario
        .first()
        .fetch_metadata(timed(request))
        .await
        .unwrap()
        .into_inner();
    let partition = &answer.stream_metadata[0].partitions[&0];
    let follower = partition
        .replicas
        .iter()
        .find(|id| **id != partition.leader)
        .unwrap();
    let mut follower = scenario.named(follower);
    let request = pb::FetchPartitionMetadataRequest {
        stream: "orders".to_owned(),
        partition: 0,
    };
    let answer = follower.fetch_partition_metadata(timed(request)).await;
    scenario.answer(
        "partition metadata from a follower",
        "FetchPartitionMetadata",
        answer,
    );
    let earliest = pb::SubscribeRequest {
        stream: "orders".to_owned(),
        start_position: pb::StartPosition::Earliest.into(),
        ..Default::default()
    };
    let as_replica = pb::SubscribeRequest {
        read_isr_replica: true,
        ..earliest.clone()
    };
    let cases = vec![
        (
            "subscribe at a follower",
            Kept::Offsets,
            follower.clone(),
            earliest,
        ),
        (
            "subscribe at a follower as ISR replica",
            Kept::Offsets,
            follower,
            as_replica,
        ),
    ];
    scenario.readings(cases).await;
}

/// Creates `occ` and publishes with expected offsets.
pub(super) async fn publish_with_concurrency_control(scenario: &mut Scenario) {
    let request = pb::CreateStreamRequest {
        subject: "g.occ".to_owned(),
        name: "occ".to_owned(),
        optimistic_concurrency_control: Some(pb::NullableBool { value: true }),
        ..Default::default()
    };
    let answer = scenario.first().create_stream(timed(request)).await;
    scenario.answer("create with concurrency control", "CreateStream", answer);
    let mut leader = scenario.leader("occ", 0).await;
    for (case, value, expected_offset) in [
        ("expected 0", "a", 0),
        ("expected 0 again", "b", 0),
        ("expected -1, any", "c", -1),
        ("expected 2", "d", 2),
    ] {
        let stream = "occ".to_owned();
        let request = pb::PublishRequest {
            stream,
            expected_offset,
            ..message(value)
        };
        let answer = leader.publish(timed(request)).await;
        let name = format!("publish with concurrency control, {case}");
        scenario.answer(&name, "Publish", answer);
    }
}

/// One session with a message of each kind.
pub(super) async fn publish_async(scenario: &mut Scenario) {
    let request = |id: &str| pb::PublishRequest {
        correlation_id: id.to_owned(),
        ..message("a")
    };
    let requests = [
        request("a1"),
        pb::PublishRequest {
            stream: "nope".to_owned(),
            ..request("a2")
        },
        pb::PublishRequest {
            partition: 8,
            ..request("a3")
        },
        pb::PublishRequest {
            ack_policy: pb::AckPolicy::None.into(),
            ..request("a4")
        },
        pb::PublishRequest {
            stream: String::new(),
            ..request("a6")
        },
    ];
    let (sender, receiver) = tokio::sync::mpsc::channel(requests.len());
    for request in requests {
        sender.send(request).await.unwrap();
    }
    // Half-closed at once: the server still owes its acks and then ends the session.
    drop(sender);
    let mut leader = scenario.leader("orders", 0).await;
    let session = leader
        .publish_async(timed(ReceiverStream::new(receiver)))
        .await
        .unwrap();
    let mut session = session.into_inner();
    let mut answers = Map::new();
    let end = loop {
        match session.message().await {
            Ok(Some(answer)) => {
                answers.insert(answer.correlation_id.clone(), answer.plain());
            }
            Ok(None) => break "OK".to_owned(),
            Err(status) => break format!("{:?}", status.code()),
        }
    };
    let answers = Value::Object(answers);
    let found = json!({ "rpc": "PublishAsync", "answers": answers, "end": end });
    scenario.case("publish async, one of each kind", found);
}
