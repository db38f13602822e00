//! Rules of servers that the recordings do not reach: subjects, retention, pauses by themselves, limits, quorums.

use std::time::Duration;

use liftui::demo::{DemoCluster, DemoOptions};
use liftui::wire::pb;
use prost::Message;
use tokio::time::{interval, timeout};
use tonic::transport::Endpoint;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::demo_stub::{
    PATIENCE, SILENCE, Stub, create, message, outcome, partition_at, read, stubs, timed, within,
};

async fn cluster(brokers: usize) -> (DemoCluster, Vec<Stub>) {
    let options = DemoOptions {
        brokers,
        speed: 20.0,
        ..DemoOptions::default()
    };
    let demo = DemoCluster::start(options).await.unwrap();
    let stubs = stubs(&demo);
    (demo, stubs)
}

async fn lone() -> (DemoCluster, Stub) {
    let (demo, mut stubs) = cluster(1).await;
    (demo, stubs.remove(0))
}

fn stream(name: &str, subject: &str) -> pb::CreateStreamRequest {
    let (name, subject) = (name.to_owned(), subject.to_owned());
    pb::CreateStreamRequest {
        name,
        subject,
        ..Default::default()
    }
}

fn to_subject(subject: &str) -> pb::PublishToSubjectRequest {
    let subject = subject.to_owned();
    pb::PublishToSubjectRequest {
        subject,
        value: "x".into(),
        ..Default::default()
    }
}

fn number(value: i64) -> pb::NullableInt64 {
    pb::NullableInt64 { value }
}

/// What a partition holds now.
async fn held(stub: &Stub, stream: &str, partition: i32) -> Vec<pb::Message> {
    let request = pb::SubscribeRequest {
        stream: stream.to_owned(),
        partition,
        start_position: pb::StartPosition::Earliest.into(),
        stop_position: pb::StopPosition::StopLatest.into(),
        resume: true,
        ..Default::default()
    };
    read(stub.clone(), request, PATIENCE, async || {})
        .await
        .messages
}

/// Waits until that holds.
async fn until(mut so: impl AsyncFnMut() -> bool) {
    let mut pace = interval(Duration::from_millis(10));
    let wait = async {
        while !so().await {
            pace.tick().await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap();
}

#[tokio::test]
async fn every_stream_on_a_subject_stores_and_each_queue_group_once() {
    let (demo, mut stub) = lone().await;
    let grouped = |name| pb::CreateStreamRequest {
        group: "g".to_owned(),
        ..stream(name, "a.b")
    };
    for request in [
        stream("one", "a.b"),
        stream("wild", "a.*"),
        stream("rest", "a.>"),
    ] {
        stub.create_stream(timed(request)).await.unwrap();
    }
    for name in ["left", "right"] {
        stub.create_stream(timed(grouped(name))).await.unwrap();
    }
    let ack = stub
        .publish_to_subject(timed(to_subject("a.b")))
        .await
        .unwrap()
        .into_inner()
        .ack;
    assert_eq!(ack.unwrap().msg_subject, "a.b");
    for name in ["one", "wild", "rest"] {
        assert_eq!(held(&stub, name, 0).await.len(), 1, "{name}");
    }
    let shared = held(&stub, "left", 0).await.len() + held(&stub, "right", 0).await.len();
    assert_eq!(shared, 1);
    demo.stop().await;
}

#[tokio::test]
async fn a_partition_listens_on_its_own_subject() {
    let (demo, mut stub) = lone().await;
    let three = pb::CreateStreamRequest {
        partitions: 3,
        ..stream("foo", "foo")
    };
    stub.create_stream(timed(three)).await.unwrap();
    stub.create_stream(timed(stream("other", "foo.1")))
        .await
        .unwrap();
    let ack = stub
        .publish_to_subject(timed(to_subject("foo.2")))
        .await
        .unwrap()
        .into_inner()
        .ack;
    let ack = ack.unwrap();
    assert_eq!(
        (&*ack.partition_subject, &*ack.msg_subject),
        ("foo", "foo.2")
    );
    let request = pb::PublishRequest {
        partition: 1,
        ..message("foo", "x")
    };
    stub.publish(timed(request)).await.unwrap();
    assert_eq!(held(&stub, "foo", 2).await.len(), 1);
    assert_eq!(
        held(&stub, "other", 0).await.len(),
        1,
        "it collides with foo's second partition"
    );
    demo.stop().await;
}

#[tokio::test]
async fn a_stream_on_a_clients_inbox_stores_the_acks_as_envelopes() {
    let (demo, mut stub) = lone().await;
    create(&mut stub, "s", 1).await;
    stub.create_stream(timed(stream("acks", "my.acks")))
        .await
        .unwrap();
    let request = pb::PublishRequest {
        ack_inbox: "my.acks".to_owned(),
        ..message("s", "x")
    };
    let ack = stub
        .publish(timed(request))
        .await
        .unwrap()
        .into_inner()
        .ack
        .unwrap();
    let stored = held(&stub, "acks", 0).await;
    let (header, body) = stored[0].value.split_at(8);
    assert_eq!(header, b"\xb9\x0e\x43\xb4\x00\x08\x00\x01");
    assert_eq!(pb::Ack::decode(body).unwrap(), ack);
    demo.stop().await;
}

#[tokio::test]
async fn a_publish_without_a_deadline_is_not_acked() {
    let (demo, mut stub) = lone().await;
    create(&mut stub, "s", 1).await;
    let answer = stub
        .publish(Request::new(message("s", "x")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.ack, None);
    assert_eq!(held(&stub, "s", 0).await.len(), 1);
    demo.stop().await;
}

#[tokio::test]
async fn retention_takes_whole_segments_and_readers_start_at_the_oldest() {
    let (demo, mut stub) = lone().await;
    let request = pb::CreateStreamRequest {
        retention_max_messages: Some(number(20)),
        segment_max_bytes: Some(number(500)),
        cleaner_interval: Some(number(10)),
        ..stream("s", "s")
    };
    stub.create_stream(timed(request)).await.unwrap();
    for _ in 0..60 {
        stub.publish(timed(message("s", "0123456789")))
            .await
            .unwrap();
    }
    until(async || {
        let held = held(&stub, "s", 0).await;
        held.len() <= 20 && held[0].offset > 30 && held[held.len() - 1].offset == 59
    })
    .await;
    demo.stop().await;
}

#[tokio::test]
async fn compaction_leaves_the_last_value_of_each_key() {
    let (demo, mut stub) = lone().await;
    let request = pb::CreateStreamRequest {
        compact_enabled: Some(pb::NullableBool { value: true }),
        segment_max_bytes: Some(number(300)),
        cleaner_interval: Some(number(10)),
        ..stream("s", "s")
    };
    stub.create_stream(timed(request)).await.unwrap();
    for count in 0..30 {
        let key = if count % 2 == 0 { "even" } else { "odd" };
        let request = pb::PublishRequest {
            key: key.into(),
            ..message("s", &count.to_string())
        };
        stub.publish(timed(request)).await.unwrap();
    }
    until(async || held(&stub, "s", 0).await.len() < 10).await;
    let last = held(&stub, "s", 0).await.pop().unwrap();
    assert_eq!((last.offset, &*last.value), (29, &b"29"[..]));
    demo.stop().await;
}

#[tokio::test]
async fn an_idle_partition_pauses_itself_unless_somebody_reads() {
    let (demo, mut stub) = lone().await;
    let dozing = |name| pb::CreateStreamRequest {
        auto_pause_time: Some(number(30)),
        ..stream(name, name)
    };
    let watched = pb::CreateStreamRequest {
        auto_pause_disable_if_subscribers: Some(pb::NullableBool { value: true }),
        ..dozing("watched")
    };
    stub.create_stream(timed(watched)).await.unwrap();
    let mut other = stub.clone();
    let request = pb::SubscribeRequest {
        stream: "watched".to_owned(),
        ..Default::default()
    };
    let reader = read(stub.clone(), request, SILENCE, async move || {
        other.create_stream(timed(dozing("dozing"))).await.unwrap();
        until(async || partition_at(&mut other, "dozing").await.unwrap().paused).await;
        assert!(!partition_at(&mut other, "watched").await.unwrap().paused);
    });
    reader.await;
    until(async || partition_at(&mut stub, "watched").await.unwrap().paused).await;
    demo.stop().await;
}

#[tokio::test]
async fn nothing_commits_below_min_isr_though_the_leader_acks() {
    let (demo, mut stub) = lone().await;
    let min_isr = Some(pb::NullableInt32 { value: 2 });
    stub.create_stream(timed(pb::CreateStreamRequest {
        min_isr,
        ..stream("s", "s")
    }))
    .await
    .unwrap();
    stub.publish(timed(message("s", "x"))).await.unwrap();
    let all = pb::PublishRequest {
        ack_policy: pb::AckPolicy::All.into(),
        ..message("s", "y")
    };
    let late = stub.publish(within(SILENCE, all)).await.unwrap_err();
    assert_eq!(outcome(&late)["code"], "DEADLINE_EXCEEDED");
    let partition = partition_at(&mut stub, "s").await.unwrap();
    assert_eq!((partition.high_watermark, partition.newest_offset), (-1, 1));
    demo.stop().await;
}

#[tokio::test]
async fn an_ack_error_of_a_subject_is_no_status() {
    let (demo, mut stub) = lone().await;
    let optimistic_concurrency_control = Some(pb::NullableBool { value: true });
    let request = pb::CreateStreamRequest {
        optimistic_concurrency_control,
        ..stream("s", "s")
    };
    stub.create_stream(timed(request)).await.unwrap();
    let mut errors = Vec::new();
    for _ in 0..2 {
        let answer = stub
            .publish_to_subject(timed(to_subject("s")))
            .await
            .unwrap();
        errors.push(answer.into_inner().ack.unwrap().ack_error());
    }
    assert_eq!(
        errors,
        [pb::ack::Error::Ok, pb::ack::Error::IncorrectOffset]
    );
    demo.stop().await;
}

#[tokio::test]
async fn what_is_too_large_or_cannot_be_encrypted_is_refused_in_the_servers_words() {
    let (demo, mut stub) = lone().await;
    create(&mut stub, "s", 1).await;
    let large = |bytes: usize| message("s", &"x".repeat(bytes));
    let over_nats = stub.publish(timed(large(1024 * 1024))).await.unwrap_err();
    assert_eq!(over_nats.code(), Code::Unknown);
    assert_eq!(
        over_nats.message(),
        "failed to publish to NATS: nats: maximum payload exceeded"
    );
    let over_grpc = stub
        .publish(timed(large(5 * 1024 * 1024)))
        .await
        .unwrap_err();
    assert_eq!(over_grpc.code(), Code::ResourceExhausted);
    assert!(
        over_grpc
            .message()
            .starts_with("grpc: received message larger than max (")
    );
    assert!(over_grpc.message().ends_with(" vs. 4194304)"));
    let encryption = Some(pb::NullableBool { value: true });
    let request = pb::CreateStreamRequest {
        encryption,
        ..stream("secret", "secret")
    };
    let refused = stub.create_stream(timed(request)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(
        refused
            .message()
            .ends_with("invalid AES key size; want 16 or 32, got 0")
    );
    let negative = pb::CreateStreamRequest {
        partitions: -1,
        ..stream("n", "n")
    };
    let refused = stub.create_stream(timed(negative)).await.unwrap_err();
    assert_eq!(
        refused.code(),
        Code::InvalidArgument,
        "a real server would crash"
    );
    demo.stop().await;
}

#[tokio::test]
pub(crate) async fn without_a_majority_nothing_is_agreed_on() {
    let (demo, stubs) = cluster(3).await;
    demo.faults().kill(1).unwrap();
    demo.faults().kill(2).unwrap();
    let mut last = stubs[2].clone();
    until(async || {
        let answer = last.create_stream(Request::new(stream("s", "s"))).await;
        answer.is_err_and(|status| status.message() == "no known metadata leader")
    })
    .await;
    let waits = last
        .create_stream(within(SILENCE, stream("late", "late")))
        .await
        .unwrap_err();
    assert_eq!(outcome(&waits)["code"], "DEADLINE_EXCEEDED");
    demo.faults().heal();
    until(async || last.create_stream(timed(stream("s", "s"))).await.is_ok()).await;
    demo.stop().await;
}

#[tokio::test]
pub(crate) async fn an_old_list_of_brokers_costs_a_deadline_or_three_seconds() {
    let (demo, stubs) = cluster(3).await;
    demo.faults().kill(3).unwrap();
    let mut first = stubs[0].clone();
    let request = pb::FetchMetadataRequest::default;
    assert_eq!(
        first
            .fetch_metadata(timed(request()))
            .await
            .unwrap()
            .get_ref()
            .brokers
            .len(),
        3
    );
    demo.faults().age_listing(1).unwrap();
    let late = first
        .fetch_metadata(within(Duration::from_millis(50), request()))
        .await
        .unwrap_err();
    assert_eq!(outcome(&late)["code"], "DEADLINE_EXCEEDED");
    demo.faults().age_listing(1).unwrap();
    let answer = first
        .fetch_metadata(Request::new(request()))
        .await
        .unwrap()
        .into_inner();
    let ids: Vec<&str> = answer.brokers.iter().map(|broker| &*broker.id).collect();
    assert_eq!(ids, ["demo-1", "demo-2"], "itself first, the dead one gone");
    demo.stop().await;
}

#[tokio::test]
async fn each_broker_has_its_own_view() {
    let (demo, stubs) = cluster(3).await;
    let mut first = stubs[0].clone();
    create(&mut first, "s", 2).await;
    first.publish(timed(message("s", "x"))).await.unwrap();
    let told = partition_at(&mut first, "s").await.unwrap();
    for (at, stub) in stubs.iter().enumerate() {
        let name = format!("demo-{}", at + 1);
        let mut stub = stub.clone();
        let expected = if told.replicas.contains(&name) { 0 } else { -1 };
        until(async || {
            let view = partition_at(&mut stub, "s").await.unwrap();
            (view.high_watermark, view.newest_offset) == (expected, expected)
        })
        .await;
        let received = partition_at(&mut stub, "s")
            .await
            .unwrap()
            .messages_received_timestamps;
        assert_eq!(
            received.unwrap().latest_timestamp > 0,
            name == told.leader,
            "{name}"
        );
    }
    demo.stop().await;
}

#[tokio::test]
pub(crate) async fn counts_of_brokers_leave_out_what_is_paused() {
    let (demo, mut stub) = lone().await;
    let three = pb::CreateStreamRequest {
        partitions: 3,
        ..stream("s", "s")
    };
    stub.create_stream(timed(three)).await.unwrap();
    let counts = async |mut stub: Stub| {
        let answer = stub
            .fetch_metadata(timed(pb::FetchMetadataRequest::default()))
            .await;
        let broker = answer.unwrap().into_inner().brokers.remove(0);
        (broker.partition_count, broker.leader_count)
    };
    let (held, led) = counts(stub.clone()).await;
    let pause = pb::PauseStreamRequest {
        name: "s".to_owned(),
        partitions: vec![0, 2],
        resume_all: false,
    };
    stub.pause_stream(timed(pause)).await.unwrap();
    assert_eq!(counts(stub.clone()).await, (held - 2, led - 2));
    demo.stop().await;
}

#[tokio::test]
async fn a_broker_that_answers_is_serving() {
    let (demo, _) = lone().await;
    let address = format!("http://{}", demo.addresses()[0]);
    let channel = Endpoint::new(address).unwrap().connect_lazy();
    let mut health = HealthClient::new(channel);
    for (service, expected) in [
        ("", Ok(ServingStatus::Serving)),
        ("proto.API", Ok(ServingStatus::Serving)),
        ("proto.Other", Err(Code::NotFound)),
    ] {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        let answer = health.check(timed(request)).await;
        let status = answer.map(|answer| answer.into_inner().status());
        assert_eq!(status.map_err(|status| status.code()), expected);
    }
    demo.stop().await;
}
