//! Rows of wire-contract §4.3 to §4.5, asserted of whatever cluster is under test: publishing, and what comes back.
//! The words are asked for with the generated client; what follows from them is asked for with ours.

use std::collections::BTreeMap;

use liftui::client::PublisherOptions;
use liftui::model::{AckPolicy, ErrorKind, PublishOptions, StartAt, StopAt, StreamOptions};
use liftui::wire::pb;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request};

use super::demo_stub::{PATIENCE, Stub, message, said, timed, within, words};
use super::test_cluster::{
    CAP, OfAnyCluster, TestCluster, acked, drain, nothing, range, to, until_so,
};

const OCC: &str = "stream with concurrency control must have AckPolicy set";
const OVER_NATS: &str = "failed to publish to NATS: nats: maximum payload exceeded";

async fn careful_stream(test: &TestCluster) -> String {
    let options = StreamOptions {
        name: test.name("occ"),
        optimistic_concurrency_control: Some(true),
        ..StreamOptions::default()
    };
    test.stream_with(options).await.to_string()
}

async fn newest(test: &TestCluster, stream: &str, partition: i32) -> i64 {
    let ends = test.client.fetch_partition(stream, partition).await;
    ends.expect("its leader answers").newest_offset
}

/// A stream of which nothing is ever committed: it wants more replicas in sync than there are brokers.
async fn starved_stream(test: &TestCluster) -> String {
    let options = StreamOptions {
        name: test.name("starved"),
        replication_factor: Some(-1),
        min_isr: Some(i32::try_from(test.size()).unwrap() + 1),
        ..StreamOptions::default()
    };
    test.stream_with(options).await.to_string()
}

fn with_policy(policy: pb::AckPolicy, request: pb::PublishRequest) -> pb::PublishRequest {
    pb::PublishRequest {
        ack_policy: policy.into(),
        ..request
    }
}

fn expecting(offset: i64, request: pb::PublishRequest) -> pb::PublishRequest {
    pb::PublishRequest {
        expected_offset: offset,
        ..request
    }
}

fn in_partition(partition: i32, request: pb::PublishRequest) -> pb::PublishRequest {
    pb::PublishRequest {
        partition,
        ..request
    }
}

#[tokio::test]
pub(crate) async fn publishes_are_refused_in_these_words() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let mut stub = test.stub().await;
    let stream = test.stream("words", 2).await;
    test.set_readonly(&stream, &[1], true).await;
    let careful = careful_stream(&test).await;
    let missing = test.name("missing");
    let no_stream = format!("no such stream: {missing}");
    let kib = |count: usize| message(&stream, &"x".repeat(count * 1024));
    for (request, code, sentence) in [
        (
            message("", "x"),
            Code::InvalidArgument,
            "no stream provided",
        ),
        (message(&missing, "x"), Code::NotFound, &*no_stream),
        (
            in_partition(7, message(&stream, "x")),
            Code::NotFound,
            "no such partition: 7",
        ),
        (
            in_partition(-1, message(&stream, "x")),
            Code::NotFound,
            "no such partition: -1",
        ),
        (
            in_partition(1, message(&stream, "x")),
            Code::FailedPrecondition,
            "readonly partition: 1",
        ),
        (
            with_policy(pb::AckPolicy::None, message(&careful, "x")),
            Code::InvalidArgument,
            OCC,
        ),
        (
            expecting(99, message(&careful, "x")),
            Code::Unknown,
            "incorrect expected offset",
        ),
        (
            expecting(-2, message(&careful, "x")),
            Code::Unknown,
            "incorrect expected offset",
        ),
        (kib(1024), Code::Unknown, OVER_NATS),
    ] {
        said(words(stub.publish(timed(request)).await), code, sentence);
    }
    let (code, sentence) = words(stub.publish(timed(kib(5 * 1024))).await);
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        sentence.starts_with("grpc: received message larger than max ("),
        "{sentence}"
    );
    let ours = |kib: usize| to(&stream, 0, &"x".repeat(kib * 1024));
    for kib in [1024, 5 * 1024] {
        let error = test.client.publish(ours(kib)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    }
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn without_a_deadline_on_the_wire_no_ack_comes() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let mut stub = test.stub().await;
    let stream = test.stream("fire", 1).await;
    for policy in [
        pb::AckPolicy::Leader,
        pb::AckPolicy::All,
        pb::AckPolicy::None,
    ] {
        let request = with_policy(policy, message(&stream, "forgotten"));
        let answer = stub
            .publish(Request::new(request))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(answer.ack, None, "{policy:?}");
    }
    let unacked = with_policy(pb::AckPolicy::None, message(&stream, "x"));
    let answer = stub.publish(timed(unacked)).await.unwrap().into_inner();
    assert_eq!(answer.ack, None);
    until_so(async || newest(&test, &stream, 0).await == 3).await;
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn a_paused_readonly_partition_refuses_as_readonly() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let mut stub = test.stub().await;
    let stream = test.stream("both", 1).await;
    test.set_readonly(&stream, &[], true).await;
    test.pause(&stream, &[], false).await;
    let answer = stub.publish(timed(message(&stream, "x"))).await;
    said(
        words(answer),
        Code::FailedPrecondition,
        "readonly partition: 0",
    );
    let error = test.client.fetch_partition(&stream, 0).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::PartitionPaused,
        "it was not resumed"
    );
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn below_min_isr_the_leader_acks_and_all_replicas_never_do() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let mut stub = test.stub().await;
    let stream = starved_stream(&test).await;
    let all = with_policy(pb::AckPolicy::All, message(&stream, "x"));
    said(
        words(stub.publish(within(nothing(), all)).await),
        Code::DeadlineExceeded,
        "",
    );
    let answer = stub
        .publish(timed(message(&stream, "y")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.ack.unwrap().offset, 1);
    let options = PublishOptions {
        ack_policy: AckPolicy::All,
        deadline: Some(nothing()),
        ..to(&stream, 0, "z")
    };
    let error = test.client.publish(options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    let ends = test.until(|| test.client.fetch_partition(&stream, 0)).await;
    assert_eq!(ends.newest_offset, 2);
    // The newest servers commit at once where there is but one replica.
    if test.size() > 1 || !test.is_real() {
        assert_eq!(ends.high_watermark, -1);
    }
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn an_ack_says_who_stored_what_where() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let mut stub = test.stub().await;
    let stream = test.stream("ack", 3).await;
    let request = pb::PublishRequest {
        correlation_id: "mine".into(),
        ..in_partition(2, message(&stream, "x"))
    };
    let answer = stub.publish(timed(request)).await.unwrap().into_inner();
    assert_eq!((&*answer.correlation_id, answer.async_error), ("", None));
    let ack = answer.ack.unwrap();
    assert_eq!(
        (&*ack.stream, &*ack.partition_subject),
        (&*stream, &*stream)
    );
    assert_eq!(ack.msg_subject, format!("{stream}.2"));
    assert_eq!((ack.offset, &*ack.correlation_id), (0, "mine"));
    assert!(!ack.ack_inbox.is_empty(), "the broker chooses one");
    assert!(ack.reception_timestamp > 0 && ack.commit_timestamp >= ack.reception_timestamp);
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn expected_offsets_count_only_where_they_are_switched_on() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let mut stub = test.stub().await;
    let careless = test.stream("careless", 1).await;
    let request = expecting(99, message(&careless, "x"));
    assert!(stub.publish(timed(request)).await.is_ok());
    let careful = careful_stream(&test).await;
    // 0, which is no wish at all on the wire, is right for the first message alone.
    let request = message(&careful, "x");
    assert!(stub.publish(timed(request.clone())).await.is_ok());
    let answer = stub.publish(timed(request)).await;
    said(words(answer), Code::Unknown, "incorrect expected offset");
    for expected in [1, -1] {
        let request = expecting(expected, message(&careful, "x"));
        assert!(stub.publish(timed(request)).await.is_ok(), "{expected}");
    }
    test.close_of_any().await
}

/// A `PublishAsync` call of the generated client.
struct Call {
    requests: mpsc::Sender<pb::PublishRequest>,
    answers: JoinSet<Result<Vec<pb::PublishResponse>, tonic::Status>>,
}

impl Call {
    fn open(mut stub: Stub) -> Self {
        let (requests, taken) = mpsc::channel(64);
        let mut answers = JoinSet::new();
        answers.spawn(async move {
            let answer = stub.publish_async(ReceiverStream::new(taken)).await?;
            let mut stream = answer.into_inner();
            let mut answers = Vec::new();
            while let Some(answer) = stream.message().await? {
                answers.push(answer);
            }
            Ok(answers)
        });
        Self { requests, answers }
    }

    async fn send(&self, id: &str, request: pb::PublishRequest) {
        let correlation_id = id.to_owned();
        let request = pb::PublishRequest {
            correlation_id,
            ..request
        };
        self.requests.send(request).await.expect("the call is open");
    }

    /// Closes its half and takes what the broker still says, by correlation id.
    async fn finish(mut self) -> BTreeMap<String, pb::PublishResponse> {
        drop(self.requests);
        let answers = tokio::time::timeout(PATIENCE, self.answers.join_next()).await;
        let answers = answers.expect("it ends").expect("it was begun");
        let answers = answers.expect("no panic").expect("it ends with OK");
        let by_id = answers
            .into_iter()
            .map(|answer| (answer.correlation_id.clone(), answer));
        by_id.collect()
    }
}

#[tokio::test]
pub(crate) async fn async_publishes_are_refused_one_by_one_in_these_words() -> OfAnyCluster {
    use pb::publish_async_error::Code as Async;
    let test = TestCluster::any().await;
    let stream = test.stream("async", 2).await;
    test.set_readonly(&stream, &[1], true).await;
    let careful = careful_stream(&test).await;
    test.publish_occ(&careful).await;
    let missing = test.name("missing");
    let no_stream = format!("no such stream: {missing}");
    let unacked = |request| with_policy(pb::AckPolicy::None, request);
    let cases = [
        (message(&missing, "x"), Async::NotFound, &*no_stream),
        (message("", "x"), Async::NotFound, "no such stream: "),
        (
            in_partition(7, message(&stream, "x")),
            Async::NotFound,
            "no such partition: 7",
        ),
        (
            in_partition(1, message(&stream, "x")),
            Async::Readonly,
            "readonly partition: 1",
        ),
        (
            unacked(in_partition(1, message(&stream, "x"))),
            Async::Readonly,
            "readonly partition: 1",
        ),
        (unacked(message(&careful, "x")), Async::BadRequest, OCC),
        (
            expecting(99, message(&careful, "x")),
            Async::IncorrectOffset,
            "incorrect expected offset",
        ),
        (
            message(&stream, &"x".repeat(1024 * 1024)),
            Async::Internal,
            OVER_NATS,
        ),
    ];
    let call = Call::open(test.stub().await);
    for (number, (request, _, _)) in cases.iter().enumerate() {
        call.send(&number.to_string(), request.clone()).await;
    }
    call.send("unacked", unacked(message(&stream, "x"))).await;
    call.send("last", message(&stream, "x")).await;
    let mut answers = call.finish().await;
    for (number, (_, code, sentence)) in cases.iter().enumerate() {
        let answer = answers.remove(&number.to_string()).expect(sentence);
        let error = answer.async_error.expect(sentence);
        assert_eq!((error.code(), &*error.message), (*code, *sentence));
        assert_eq!(
            answer.ack.unwrap_or_default().correlation_id,
            "",
            "{sentence}"
        );
    }
    let last = answers.remove("last").expect("errors end nothing");
    assert_eq!(
        (last.ack.unwrap().stream, last.async_error),
        (stream.to_string(), None)
    );
    assert!(
        answers.is_empty(),
        "nothing comes for policy none: {answers:?}"
    );
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn the_kinds_of_errors_of_a_session_are_those_of_its_codes() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("kinds", 2).await;
    test.set_readonly(&stream, &[1], true).await;
    let careful = careful_stream(&test).await;
    test.publish_occ(&careful).await;
    let publisher = test.client.publish_session(PublisherOptions::default());
    let wrong = PublishOptions {
        expected_offset: 99,
        ..to(&careful, 0, "x")
    };
    for (options, kind) in [
        (to(&test.name("missing"), 0, "x"), ErrorKind::NoSuchStream),
        (to(&stream, 7, "x"), ErrorKind::NoSuchPartition),
        (to(&stream, 1, "x"), ErrorKind::ReadonlyPartition),
        (wrong, ErrorKind::IncorrectOffset),
        (
            to(&stream, 0, &"x".repeat(1024 * 1024)),
            ErrorKind::TooLarge,
        ),
    ] {
        let error = publisher.publish(options).await.unwrap().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    let good = publisher.publish(to(&stream, 0, "x")).await.unwrap();
    assert_eq!(acked(good.await).0.offset, 0);
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn what_is_never_acked_is_never_answered_and_closing_waits_for_the_rest()
-> OfAnyCluster {
    let test = TestCluster::any().await;
    let (stream, starved) = (test.stream("served", 1).await, starved_stream(&test).await);
    let call = Call::open(test.stub().await);
    for number in 0..20 {
        call.send(&number.to_string(), message(&stream, "x")).await;
    }
    let all = with_policy(pb::AckPolicy::All, message(&starved, "x"));
    call.send("starved", all).await;
    let answers = call.finish().await;
    assert_eq!(answers.len(), 20, "{answers:?}");
    assert!(!answers.contains_key("starved"));
    test.close_of_any().await
}

fn to_subject(subject: &str) -> pb::PublishToSubjectRequest {
    pb::PublishToSubjectRequest {
        subject: subject.to_owned(),
        value: "x".into(),
        ..Default::default()
    }
}

#[tokio::test]
pub(crate) async fn a_subject_that_nobody_stores_is_not_acked() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let mut stub = test.stub().await;
    let readonly = test.stream("readonly", 1).await;
    test.set_readonly(&readonly, &[], true).await;
    for subject in [&*test.name("nobody"), &*readonly] {
        let answer = stub
            .publish_to_subject(within(nothing(), to_subject(subject)))
            .await;
        said(words(answer), Code::DeadlineExceeded, "");
    }
    let answer = stub.publish_to_subject(timed(to_subject(""))).await;
    let sentence = "failed to publish to NATS: nats: invalid subject";
    said(words(answer), Code::Unknown, sentence);
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn an_ack_error_of_a_subject_is_no_status_but_an_error_of_ours() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let mut stub = test.stub().await;
    let careful = careful_stream(&test).await;
    test.publish_occ(&careful).await;
    let answer = stub.publish_to_subject(timed(to_subject(&careful))).await;
    let ack = answer.unwrap().into_inner().ack.unwrap();
    assert_eq!(ack.ack_error(), pb::ack::Error::IncorrectOffset);
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn one_of_the_streams_on_a_subject_acks_and_all_store() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let mut stub = test.stub().await;
    let mut names = Vec::new();
    for partitions in [1, 3] {
        let options = StreamOptions {
            name: test.name("sharing"),
            subject: names.first().cloned().unwrap_or_default(),
            partitions: Some(partitions),
            ..StreamOptions::default()
        };
        names.push(test.stream_with(options).await.to_string());
    }
    let answer = stub.publish_to_subject(timed(to_subject(&names[0]))).await;
    let ack = answer.unwrap().into_inner().ack.unwrap();
    assert!(names.contains(&ack.stream), "{ack:?}");
    // The suffix of a partition is the publisher's to write.
    assert_eq!(ack.msg_subject, names[0]);
    for name in &names {
        until_so(async || newest(&test, name, 0).await == 0).await;
    }
    let ends = test.client.fetch_partition(&names[1], 1).await.unwrap();
    assert_eq!(ends.newest_offset, -1);
    let suffixed = to_subject(&format!("{}.1", names[0]));
    let ack = stub
        .publish_to_subject(timed(suffixed))
        .await
        .unwrap()
        .into_inner()
        .ack;
    assert_eq!(ack.unwrap().stream, names[1]);
    let second = range(&names[1], 1, StartAt::Earliest, StopAt::Latest);
    let committed = async || {
        test.client
            .fetch_partition(&names[1], 1)
            .await
            .unwrap()
            .high_watermark
    };
    until_so(async || committed().await == 0).await;
    let read = drain(test.client.subscribe(second).await.unwrap()).await;
    assert_eq!(read.offsets(), [0]);
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn stored_messages_carry_what_a_publish_may_and_no_more() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("stored", 1).await;
    let mut stub = test.stub().await;
    let headers = [("subject", "mine"), ("colour", "blue")];
    let request = pb::PublishRequest {
        key: "key".into(),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.into()))
            .into(),
        ack_inbox: format!("{stream}.inbox"),
        correlation_id: "mine".into(),
        ack_policy: pb::AckPolicy::All.into(),
        ..message(&stream, "value")
    };
    stub.publish(timed(request)).await.unwrap();
    let request = pb::SubscribeRequest {
        stream: stream.to_string(),
        start_position: pb::StartPosition::Earliest.into(),
        stop_position: pb::StopPosition::StopLatest.into(),
        ..Default::default()
    };
    let leader = test.leader_stub(&stream, 0).await;
    let read = super::demo_stub::read(leader, request, PATIENCE, async || {}).await;
    let stored = &read.messages[0];
    assert_eq!((&*stored.key, &*stored.value), (&b"key"[..], &b"value"[..]));
    assert_eq!((&*stored.stream, &*stored.subject), (&*stream, &*stream));
    assert_eq!(
        (
            &*stored.ack_inbox,
            &*stored.correlation_id,
            stored.ack_policy
        ),
        ("", "", 0)
    );
    // The broker's own headers overwrite those of the publisher.
    assert_eq!(&*stored.headers["subject"], stream.as_bytes());
    assert!(stored.headers.contains_key("reply"));
    assert_eq!(&*stored.headers["colour"], b"blue");
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn a_bulk_of_messages_is_stored_in_the_order_it_was_sent() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("bulk", 1).await;
    let publisher = test
        .client
        .publish_session(PublisherOptions { max_in_flight: 64 });
    let mut receipts = Vec::new();
    for number in 0..500 {
        let options = PublishOptions {
            deadline: Some(CAP),
            ..to(&stream, 0, &number.to_string())
        };
        receipts.push(publisher.publish(options).await.unwrap());
    }
    publisher.flush().await.unwrap();
    let mut offsets = Vec::new();
    for receipt in receipts {
        offsets.push(acked(receipt.await).0.offset);
    }
    assert!(offsets.iter().copied().eq(0..500), "{offsets:?}");
    let committed = async || {
        test.client
            .fetch_partition(&stream, 0)
            .await
            .unwrap()
            .high_watermark
    };
    until_so(async || committed().await == 499).await;
    let all = range(&stream, 0, StartAt::Earliest, StopAt::Latest);
    let read = drain(test.client.subscribe(all).await.unwrap()).await;
    for (number, stored) in read.messages.iter().enumerate() {
        assert_eq!(&*stored.value, number.to_string().as_bytes());
    }
    assert_eq!(read.messages.len(), 500);
    test.close_of_any().await
}
