//! Rows of wire-contract §4.1 and §4.2, asserted of whatever cluster is under test: creating, deleting, pausing.
//! The words are asked for with the generated client; what follows from them is asked for with ours.

use liftui::client::PublisherOptions;
use liftui::model::{
    AckPolicy, Destination, ErrorKind, Outcome, PublishOptions, StartAt, StopAt, StreamOptions,
};
use liftui::wire::pb;
use tonic::Code;

use super::demo_stub::{said, timed, within, words};
use super::test_cluster::{
    CAP, OfAnyCluster, TestCluster, acked, aloud, drain, next_message, nothing, range, to,
};

const NO_KEY: &str = "Failed on preconditions for stream's encryption handler: \
     kwp: invalid AES key size; want 16 or 32, got 0";

fn wish(name: &str, subject: &str) -> pb::CreateStreamRequest {
    pb::CreateStreamRequest {
        name: name.to_owned(),
        subject: subject.to_owned(),
        ..Default::default()
    }
}

fn replicated(name: &str, factor: i32) -> pb::CreateStreamRequest {
    pb::CreateStreamRequest {
        replication_factor: factor,
        ..wish(name, name)
    }
}

fn encrypted(name: &str) -> pb::CreateStreamRequest {
    let encryption = Some(pb::NullableBool { value: true });
    pb::CreateStreamRequest {
        encryption,
        ..wish(name, "subject")
    }
}

#[tokio::test]
pub(crate) async fn streams_are_refused_in_these_words() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let mut stub = test.stub().await;
    let name = test.stream("refused", 1).await;
    let size = i32::try_from(test.size()).unwrap();
    let factor = format!(
        "Invalid replicationFactor {}, cluster size {size}",
        size + 2
    );
    for (request, code, sentence) in [
        (wish("", "s"), Code::InvalidArgument, "Name cannot be empty"),
        (wish("n", ""), Code::InvalidArgument, "Subject is invalid"),
        (
            wish("n", "a b"),
            Code::InvalidArgument,
            "Subject is invalid",
        ),
        (
            wish("n", "a..b"),
            Code::InvalidArgument,
            "Subject is invalid",
        ),
        (
            wish("__cursors", "s"),
            Code::InvalidArgument,
            "Stream is reserved",
        ),
        (
            wish("__activity", "s"),
            Code::InvalidArgument,
            "Stream is reserved",
        ),
        (
            replicated("n", -2),
            Code::InvalidArgument,
            "Invalid replicationFactor -2",
        ),
        (replicated("n", size + 2), Code::InvalidArgument, &*factor),
        (
            wish(&name, "s"),
            Code::AlreadyExists,
            "stream already exists",
        ),
    ] {
        said(
            words(stub.create_stream(timed(request)).await),
            code,
            sentence,
        );
    }
    for (name, code, sentence) in [
        (
            &*test.name("missing"),
            Code::NotFound,
            "stream does not exist",
        ),
        ("", Code::NotFound, "stream does not exist"),
        ("__cursors", Code::InvalidArgument, "Stream is reserved"),
        ("__activity", Code::InvalidArgument, "Stream is reserved"),
    ] {
        let name = name.to_owned();
        let answer = stub.delete_stream(timed(pb::DeleteStreamRequest { name }));
        said(words(answer.await), code, sentence);
    }
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn encryption_without_a_key_is_refused() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let mut stub = test.stub().await;
    let answer = stub
        .create_stream(timed(encrypted(&test.name("secret"))))
        .await;
    match words(answer) {
        (Code::Ok, _) => aloud("SKIPPED: this cluster has a key to encrypt with"),
        refused => said(refused, Code::FailedPrecondition, NO_KEY),
    }
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn of_several_faults_of_a_wish_the_first_is_told() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let mut stub = test.stub().await;
    let name = test.stream("faults", 1).await;
    let reserved = pb::CreateStreamRequest {
        replication_factor: -2,
        ..encrypted("__cursors")
    };
    for (request, sentence) in [
        (wish("", ""), "Name cannot be empty"),
        (wish("__cursors", ""), "Subject is invalid"),
        (reserved, "Stream is reserved"),
        (replicated(&name, -2), "Invalid replicationFactor -2"),
    ] {
        let answer = stub.create_stream(timed(request)).await;
        said(words(answer), Code::InvalidArgument, sentence);
    }
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn a_stream_just_made_takes_messages_and_its_partitions_share_a_leader()
-> OfAnyCluster {
    let test = TestCluster::any().await;
    let name = test.name("fresh");
    let options = StreamOptions {
        name: name.clone(),
        partitions: Some(3),
        ..StreamOptions::default()
    };
    test.client.create_stream(&options).await.unwrap();
    // Nothing is waited for: OK means that the cluster agreed, and leaders follow within moments.
    let publish = || async {
        let deadline = Some(nothing());
        test.client
            .publish(PublishOptions {
                deadline,
                ..to(&name, 2, "x")
            })
            .await
    };
    test.until(publish).await;
    let cluster = test.client.fetch_metadata().await.unwrap();
    let partitions = &cluster.stream(&name).unwrap().partitions;
    assert_eq!(partitions.len(), 3);
    for partition in partitions {
        assert_eq!(partition.leader, partitions[0].leader);
        assert_eq!(partition.replicas, partitions[0].replicas);
    }
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn an_existing_name_and_a_missing_one_are_errors_of_their_own() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("exists", 1).await;
    let again = StreamOptions {
        name: stream.to_string(),
        ..StreamOptions::default()
    };
    let kind = |made: liftui::client::Result<()>| made.unwrap_err().kind();
    assert_eq!(
        kind(test.client.create_stream(&again).await),
        ErrorKind::StreamExists
    );
    let reserved = StreamOptions {
        name: "__cursors".into(),
        ..StreamOptions::default()
    };
    // Never sent: what no server takes is refused here.
    assert_eq!(
        kind(test.client.create_stream(&reserved).await),
        ErrorKind::Refused
    );
    let too_many = StreamOptions {
        name: test.name("too-many"),
        replication_factor: Some(100),
        ..StreamOptions::default()
    };
    assert_eq!(
        kind(test.client.create_stream(&too_many).await),
        ErrorKind::InvalidArgument
    );
    test.delete_stream(&stream).await;
    assert_eq!(
        kind(test.client.delete_stream(&stream).await),
        ErrorKind::NoSuchStream
    );
    assert_eq!(
        kind(test.client.delete_stream("__cursors").await),
        ErrorKind::ReservedStream
    );
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn pausing_and_readonly_say_what_is_missing() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let mut stub = test.stub().await;
    let stream = test.stream("missing", 1).await;
    let missing = test.name("nothing");
    for (name, partitions, sentence) in [
        (&*missing, vec![], "stream not found"),
        (&*missing, vec![0], "stream does not exist"),
        (&*stream, vec![7], "partition does not exist"),
    ] {
        let pause = pb::PauseStreamRequest {
            name: name.to_owned(),
            partitions: partitions.clone(),
            resume_all: false,
        };
        said(
            words(stub.pause_stream(timed(pause)).await),
            Code::NotFound,
            sentence,
        );
        let readonly = pb::SetStreamReadonlyRequest {
            name: name.to_owned(),
            partitions,
            readonly: true,
        };
        let answer = stub.set_stream_readonly(timed(readonly)).await;
        said(words(answer), Code::NotFound, sentence);
    }
    let kind = |done: liftui::client::Result<()>| done.unwrap_err().kind();
    let client = &test.client;
    assert_eq!(
        kind(client.pause(&missing, &[], false).await),
        ErrorKind::NoSuchStream
    );
    assert_eq!(
        kind(client.pause(&missing, &[0], false).await),
        ErrorKind::NoSuchStream
    );
    assert_eq!(
        kind(client.set_readonly(&stream, &[7], true).await),
        ErrorKind::NoSuchPartition
    );
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn pausing_what_is_paused_is_ok() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("twice", 1).await;
    for _ in 0..2 {
        test.pause(&stream, &[], false).await;
    }
    let error = test.client.fetch_partition(&stream, 0).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PartitionPaused);
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn with_resume_all_the_first_publish_wakes_every_partition() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("resume-all", 2).await;
    for resume_all in [true, false] {
        test.pause(&stream, &[], resume_all).await;
        let asleep = test.client.fetch_partition(&stream, 1).await.unwrap_err();
        assert_eq!(asleep.kind(), ErrorKind::PartitionPaused);
        test.publish(&stream, 0, "wake up").await;
        if resume_all {
            test.until(|| test.client.fetch_partition(&stream, 1)).await;
        } else {
            // The last pause counts: it did not ask for it.
            let error = test.client.fetch_partition(&stream, 1).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PartitionPaused);
        }
    }
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn publishing_and_subscribing_with_resume_wake_a_partition() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("awake", 1).await;
    let publisher = test.client.publish_session(PublisherOptions::default());
    for round in 0..3 {
        test.pause(&stream, &[], false).await;
        let error = test.client.fetch_partition(&stream, 0).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PartitionPaused, "{round}");
        match round {
            0 => {
                assert_eq!(test.publish(&stream, 0, "unary").await, 0);
            }
            1 => {
                let options = PublishOptions {
                    ack_policy: AckPolicy::All,
                    deadline: Some(CAP),
                    ..to(&stream, 0, "async")
                };
                let receipt = publisher.publish(options).await.unwrap();
                assert_eq!(acked(receipt.await).0.offset, 1);
            }
            _ => {
                let spec = range(&stream, 0, StartAt::Earliest, StopAt::Never);
                let mut read = test.client.subscribe_resuming(spec).await.unwrap();
                for offset in 0..2 {
                    assert_eq!(next_message(&mut read).await.offset, offset);
                }
            }
        }
        test.until(|| test.client.fetch_partition(&stream, 0)).await;
    }
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn publishing_to_its_subject_wakes_nothing() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("asleep", 1).await;
    test.publish(&stream, 0, "before").await;
    test.pause(&stream, &[], false).await;
    let mut stub = test.stub().await;
    let request = pb::PublishToSubjectRequest {
        subject: stream.to_string(),
        value: "lost".into(),
        ..Default::default()
    };
    let answer = stub.publish_to_subject(within(nothing(), request)).await;
    said(words(answer), Code::DeadlineExceeded, "");
    let error = test.client.fetch_partition(&stream, 0).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PartitionPaused);
    let options = PublishOptions {
        deadline: Some(nothing()),
        ..PublishOptions::new(Destination::Subject(stream.to_string()), "lost")
    };
    let error = test.client.publish(options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    test.publish(&stream, 0, "after").await;
    let all = range(&stream, 0, StartAt::Earliest, StopAt::Latest);
    let read = drain(test.client.subscribe(all).await.unwrap()).await;
    let values: Vec<&[u8]> = read
        .messages
        .iter()
        .map(|message| &*message.value)
        .collect();
    assert_eq!(values, [&b"before"[..], b"after"]);
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn a_pause_forgets_that_a_partition_was_readonly_though_metadata_remembers()
-> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("forgets", 1).await;
    test.publish(&stream, 0, "x").await;
    test.set_readonly(&stream, &[], true).await;
    test.pause(&stream, &[], false).await;
    test.client.resume(&stream, &[]).await.unwrap();
    let told = test.until(|| test.client.fetch_partition(&stream, 0)).await;
    assert!(told.paused_flag && told.readonly_flag, "{told:?}");
    let outcome = test.client.publish(to(&stream, 0, "y")).await.unwrap();
    assert!(matches!(outcome, Outcome::Acked { .. }), "{outcome:?}");
    test.close_of_any().await
}
