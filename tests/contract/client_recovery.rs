//! What servers do to their logs, their answers and themselves, and how the client goes on. Demo only: nobody breaks a real
//! cluster for a test; `tests/nemesis` does.

use std::time::Duration;

use liftui::client::{
    Client, ConnectOptions, ConsumerItem, ConsumerOptions, MetadataOptions, PublisherOptions,
    Subscription,
};
use liftui::demo::DemoOptions;
use liftui::model::{
    AckPolicy, EndReason, ErrorKind, Outcome, OwnedMessages, PublishOptions, RetryLimit, StartAt,
    StopAt, StreamName, StreamOptions, SubscribeSpec, SubscriptionEvent, Timestamp,
};

use super::test_cluster::{
    CAP, TestCluster, acked, drain, lively, next_event, next_message, range, to, until_so,
};

fn patient(stream: &str) -> SubscribeSpec {
    SubscribeSpec {
        give_up: RetryLimit::Never,
        ..range(stream, 0, StartAt::Earliest, StopAt::Never)
    }
}

/// A stream of one partition on one broker alone.
async fn single(test: &TestCluster, what: &str) -> StreamName {
    test.stream_with(StreamOptions {
        name: test.name(what),
        replication_factor: Some(1),
        ..StreamOptions::default()
    })
    .await
}

/// Publishes until it is acked, however often that fails.
async fn publish_at_last(test: &TestCluster, stream: &str, value: &str) -> Timestamp {
    let publishing = test.until(async || {
        let options = PublishOptions {
            deadline: Some(Duration::from_millis(500)),
            ..to(stream, 0, value)
        };
        let outcome = test.client.publish(options).await?;
        Ok(acked(Ok(outcome)).0.received)
    });
    publishing.await
}

async fn rewound(subscription: &mut Subscription<OwnedMessages>) -> (i64, i64) {
    loop {
        if let SubscriptionEvent::Rewound { from, to } = next_event(subscription).await {
            return (from, to);
        }
    }
}

#[tokio::test]
async fn an_emptied_leader_is_told_as_a_log_that_went_back() {
    let test = TestCluster::demo(lively()).await;
    let stream = single(&test, "emptied").await;
    test.fill(&stream, 0, 20).await;
    let mut tail = test.client.subscribe(patient(&stream)).await.unwrap();
    for _ in 0..20 {
        next_message(&mut tail).await;
    }
    test.faults().wipe(test.leader(&stream).await).unwrap();
    publish_at_last(&test, &stream, "new").await;
    assert_eq!(rewound(&mut tail).await, (20, 0));
    let first = next_message(&mut tail).await;
    assert_eq!((first.offset, &*first.value), (0, &b"new"[..]));
    test.close().await;
}

#[tokio::test]
async fn a_log_that_is_led_again_is_known_again_and_read_on() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("again", 1).await;
    test.fill(&stream, 0, 20).await;
    let mut tail = test.client.subscribe(patient(&stream)).await.unwrap();
    for _ in 0..20 {
        next_message(&mut tail).await;
    }
    let leader = test.leader(&stream).await;
    // These are stored by all, and the tail has not read them when the log goes back.
    test.faults().cut_streams(leader).unwrap();
    for _ in 0..5 {
        publish_at_last(&test, &stream, "unread").await;
    }
    // None of the others may be elected meanwhile.
    let followers = [leader % 3 + 1, (leader + 1) % 3 + 1];
    for follower in followers {
        test.faults().shrink_isr(&stream, 0, follower).unwrap();
    }
    test.faults().wipe(leader).unwrap();
    publish_at_last(&test, &stream, "new").await;
    assert_eq!(rewound(&mut tail).await, (20, 0));
    assert_eq!(&*next_message(&mut tail).await.value, b"new");
    // A replica of before leads: what it holds is older than the new message, and was not read all the same.
    let can_be_elected = async || {
        test.faults().expand_isr(&stream, 0).unwrap();
        let cluster = test.client.fetch_metadata().await.unwrap();
        let partition = cluster.partition(&stream, 0).unwrap();
        partition.isr.len() == 3
    };
    until_so(can_be_elected).await;
    test.faults().kill(leader).unwrap();
    assert_eq!(rewound(&mut tail).await, (1, 20));
    let first = next_message(&mut tail).await;
    assert_eq!((first.offset, &*first.value), (20, &b"unread"[..]));
    test.close().await;
}

#[tokio::test]
async fn who_reads_a_replica_leaves_one_that_stands_still_behind_an_emptied_leader() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("replica", 1).await;
    test.fill(&stream, 0, 20).await;
    let leader = test.leader(&stream).await;
    // The only seed follows, so that it is the replica that is read.
    let follower = &test.addresses[leader % 3];
    let client = Client::connect(ConnectOptions::new([follower]))
        .await
        .unwrap();
    let spec = SubscribeSpec {
        isr_replica: true,
        ..patient(&stream)
    };
    let mut tail = client.subscribe(spec).await.unwrap();
    for _ in 0..20 {
        next_message(&mut tail).await;
    }
    test.faults().wipe(leader).unwrap();
    publish_at_last(&test, &stream, "new").await;
    assert_eq!(rewound(&mut tail).await, (20, 0));
    assert_eq!(&*next_message(&mut tail).await.value, b"new");
    test.close().await;
}

#[tokio::test]
async fn a_group_reads_all_of_a_log_that_has_grown_past_a_position_of_the_one_before() {
    let test = TestCluster::demo(lively()).await;
    let cluster = test.client.fetch_metadata().await.unwrap();
    let cursors = &cluster.stream("__cursors").unwrap().partitions;
    // Emptied is a broker that keeps no cursors.
    let mut stream = single(&test, "grown").await;
    loop {
        let leader = format!("demo-{}", test.leader(&stream).await);
        let keeps_cursors = |leader: &str| {
            let mut leaders = cursors.iter().filter_map(|it| it.leader.as_deref());
            leaders.any(|keeps| keeps == leader)
        };
        if !keeps_cursors(&leader) {
            break;
        }
        stream = single(&test, "grown").await;
    }
    test.fill(&stream, 0, 6).await;
    let group = test.name("group");
    let id = format!("__group:{group}");
    test.client.set_cursor(&id, &stream, 0, 5).await.unwrap();
    let stored = Timestamp::now();
    test.faults().wipe(test.leader(&stream).await).unwrap();
    // Clocks of brokers may differ a little: the new message at the old position is clearly newer.
    let clearly = stored.plus(Duration::from_secs(1));
    for number in 0.. {
        let time = publish_at_last(&test, &stream, "new").await;
        if number > 5 && time > clearly {
            break;
        }
        if number == 4 {
            let mut pace = tokio::time::interval(Duration::from_secs(1));
            pace.tick().await;
            pace.tick().await;
        }
    }
    let options = ConsumerOptions::new(group, [stream.to_string()]);
    let mut member = test.client.join_group(options).await.unwrap();
    let reading = async {
        loop {
            match member.next().await.expect("the client is open") {
                ConsumerItem::Event {
                    event: SubscriptionEvent::Rewound { from, to },
                    ..
                } => assert_eq!((from, to), (6, 0)),
                ConsumerItem::Message(message) => return message.offset,
                ConsumerItem::Assigned { .. }
                | ConsumerItem::Event { .. }
                | ConsumerItem::HeartbeatFailed(_)
                | ConsumerItem::CheckpointFailed(_)
                | _ => {}
            }
        }
    };
    assert_eq!(tokio::time::timeout(CAP, reading).await.unwrap(), 0);
    test.close().await;
}

#[tokio::test]
async fn a_leader_that_is_stopped_and_goes_on_loses_and_repeats_nothing() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("stopped", 1).await;
    test.fill(&stream, 0, 10).await;
    let mut tail = test.client.subscribe(patient(&stream)).await.unwrap();
    for offset in 0..10 {
        assert_eq!(next_message(&mut tail).await.offset, offset);
    }
    let leader = test.leader(&stream).await;
    test.faults().stop(leader, CAP).unwrap();
    publish_at_last(&test, &stream, "while it is stopped").await;
    test.faults().cont(leader).unwrap();
    let last = test.publish(&stream, 0, "last").await;
    for offset in 10..=last {
        assert_eq!(next_message(&mut tail).await.offset, offset);
    }
    test.close().await;
}

#[tokio::test]
async fn a_change_is_done_though_the_metadata_leader_has_just_died() {
    // Slow enough for the election to take its time.
    let test = TestCluster::demo(DemoOptions {
        speed: 2.0,
        ..lively()
    })
    .await;
    let leader = test.faults().metadata_leader().expect("there is one");
    test.faults().kill(leader).unwrap();
    // Sent on a connection that is just about to break, it would end as unknown.
    let address = &test.addresses[leader - 1];
    until_so(async || test.client.fetch_view(address).await.result.is_err()).await;
    let options = StreamOptions {
        name: test.name("changed"),
        ..StreamOptions::default()
    };
    test.client.create_stream(&options).await.unwrap();
    test.close().await;
}

#[tokio::test]
async fn brokers_that_have_just_started_make_no_stream_missing() {
    // Half as fast as real brokers: for 13.6 s after their start they know no stream.
    let test = TestCluster::demo(DemoOptions {
        speed: 0.5,
        ..lively()
    })
    .await;
    let stream = test.stream("known", 1).await;
    for broker in 1..=3 {
        test.faults().kill(broker).unwrap();
    }
    test.faults().restart(1).unwrap();
    until_so(async || {
        test.client
            .fetch_view(&test.addresses[0])
            .await
            .result
            .is_ok()
    })
    .await;
    let options = || PublishOptions {
        deadline: Some(Duration::from_secs(2)),
        ..to(&stream, 0, "x")
    };
    let error = test.client.publish(options()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    let session = test.client.publish_session(PublisherOptions::default());
    let error = session.publish(options()).await.unwrap().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    test.close().await;
}

#[tokio::test]
async fn brokers_that_have_replayed_all_streams_but_the_newest_do_not_make_it_missing() {
    let test = TestCluster::demo(lively()).await;
    for number in 0..40 {
        test.stream(&format!("old-{number}"), 1).await;
    }
    let newest = test.stream("newest", 1).await;
    let publish = async |client: &Client| client.publish(to(&newest, 0, "x")).await;
    acked(publish(&test.client).await);
    test.client.fetch_metadata().await.unwrap();
    for broker in 1..=3 {
        test.faults().kill(broker).unwrap();
    }
    for broker in 1..=3 {
        test.faults().restart(broker).unwrap();
    }
    // Each knows the old ones for a while before it knows the newest.
    let others = async || {
        let view = test.client.fetch_view(&test.addresses[0]).await;
        let told = view.result.ok()?;
        Some((told.streams.len(), told.streams.contains_key(&*newest)))
    };
    let partly = async || matches!(others().await, Some((known, false)) if known > 0);
    until_so(partly).await;
    let session = test.client.publish_session(PublisherOptions::default());
    let mut asked = 0;
    // Nobody may have led it for so long that no ack comes; that it is not there may not be said.
    let is_there = |outcome: liftui::client::Result<Outcome>| match outcome {
        Ok(_) => {}
        Err(error) => assert!(
            !matches!(
                error.kind(),
                ErrorKind::NoSuchStream | ErrorKind::NoSuchPartition
            ),
            "{error}"
        ),
    };
    while partly().await {
        is_there(publish(&test.client).await);
        is_there(session.publish(to(&newest, 0, "x")).await.unwrap().await);
        asked += 1;
    }
    assert!(asked > 0);
    let is_known = async || matches!(others().await, Some((_, true)));
    until_so(is_known).await;
    // A stream that is gone is told as gone: at once to who deleted it, soon to others.
    let other = Client::new(ConnectOptions::new(&test.addresses)).unwrap();
    other.fetch_metadata().await.unwrap();
    test.client.delete_stream(&newest).await.unwrap();
    for client in [&test.client, &other] {
        let error = publish(client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoSuchStream, "{error}");
    }
    test.close().await;
}

#[tokio::test]
async fn a_segment_that_compaction_replaces_is_no_pause() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("compacting", 1).await;
    test.fill(&stream, 0, 3).await;
    let time = Duration::from_millis(500);
    test.faults().compacting(&stream, 0, time).unwrap();
    let spec = range(&stream, 0, StartAt::Earliest, StopAt::Latest);
    let read = drain(test.client.subscribe(spec).await.unwrap()).await;
    assert_eq!(read.offsets(), [0, 1, 2]);
    assert_eq!(read.end(), &EndReason::StopReached);
    test.close().await;
}

#[tokio::test]
async fn brokers_that_advertise_what_nobody_can_dial_are_reached_at_their_seeds() {
    let hosts = ["no-such-host.invalid", "0.0.0.0", "no-such-host.invalid"];
    let test = TestCluster::demo(DemoOptions {
        advertised_hosts: hosts.map(str::to_owned).to_vec(),
        ..lively()
    })
    .await;
    let options = StreamOptions {
        name: test.name("undialled"),
        partitions: Some(3),
        ..StreamOptions::default()
    };
    test.client.create_stream(&options).await.unwrap();
    for partition in 0..3 {
        test.publish(&options.name, partition, "x").await;
        let spec = range(&options.name, partition, StartAt::Earliest, StopAt::Latest);
        let read = drain(test.client.subscribe(spec).await.unwrap()).await;
        assert_eq!(read.offsets(), [0]);
    }
    test.close().await;
}

#[tokio::test]
async fn a_policy_that_lets_read_alone_is_enough_to_read() {
    let allowed = ["FetchMetadata", "Subscribe", "CreateStream", "Publish"];
    let test = TestCluster::demo(DemoOptions {
        allowed_calls: Some(allowed.map(str::to_owned).to_vec()),
        ..lively()
    })
    .await;
    let name = test.name("limited");
    let options = StreamOptions {
        name: name.clone(),
        ..StreamOptions::default()
    };
    test.client.create_stream(&options).await.unwrap();
    test.publish(&name, 0, "x").await;
    test.publish(&name, 0, "y").await;
    let refused = test.client.fetch_partition(&name, 0).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
    for (start, offsets) in [(StartAt::Earliest, vec![0, 1]), (StartAt::Last(1), vec![1])] {
        let spec = range(&name, 0, start, StopAt::Latest);
        let read = drain(test.client.subscribe(spec).await.unwrap()).await;
        assert_eq!(read.offsets(), offsets);
    }
    test.close().await;
}

#[tokio::test]
async fn a_message_too_large_for_a_session_leaves_the_others_alone() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("large", 1).await;
    let session = test.client.publish_session(PublisherOptions::default());
    let message = |size| PublishOptions {
        ack_policy: AckPolicy::All,
        ..to(&stream, 0, &"x".repeat(size))
    };
    let before = session.publish(message(1)).await.unwrap();
    let error = session.publish(message(5 << 20)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let after = session.publish(message(1)).await.unwrap();
    for ack in [before, after] {
        assert!(matches!(ack.await, Ok(Outcome::Acked { .. })));
    }
    test.close().await;
}

#[tokio::test]
pub(crate) async fn metadata_may_be_asked_of_some_streams_and_groups_alone() {
    let test = TestCluster::any().await;
    if !test.keeps("__cursors") {
        return test.close().await;
    }
    let (one, other) = (test.stream("one", 1).await, test.stream("other", 1).await);
    let group = test.name("group");
    let options = ConsumerOptions::new(&*group, [one.to_string()]);
    let member = test.client.join_group(options).await.unwrap();
    let asked = || {
        let options = MetadataOptions::default().streams([&*one]);
        options.groups([&*group, "no-such-group"])
    };
    // Brokers learn of groups one after the other.
    until_so(async || {
        let found = test.client.fetch_metadata_of(asked()).await;
        found.unwrap().groups.contains_key(&group)
    })
    .await;
    let found = test.client.fetch_metadata_of(asked()).await.unwrap();
    assert!(found.cluster.stream(&one).is_some());
    assert!(found.cluster.stream(&other).is_none());
    assert_eq!(found.groups.len(), 1, "only those that there are");
    let told = test.client.consumer_group(&group).await.unwrap();
    assert_eq!(told.id, group);
    assert!(found.cluster.broker(&told.coordinator).is_some());
    let missing = test.client.consumer_group("no-such-group").await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NoSuchGroup);
    member.leave().await.unwrap();
    test.close().await;
}

#[tokio::test]
pub(crate) async fn closing_waits_for_what_is_in_flight_and_ends_subscriptions() {
    let test = TestCluster::any().await;
    let stream = test.stream("closed", 1).await;
    let client = Client::connect(ConnectOptions::new(test.addresses.clone()));
    let client = client.await.unwrap();
    let mut tail = client.subscribe(patient(&stream)).await.unwrap();
    let session = client.publish_session(PublisherOptions::default());
    let ack = session.publish(to(&stream, 0, "x")).await.unwrap();
    drop(session);
    client.close().await;
    assert!(matches!(ack.await, Ok(Outcome::Acked { .. })));
    let end = loop {
        if let SubscriptionEvent::Ended(end) = next_event(&mut tail).await {
            break end;
        }
    };
    let EndReason::Failed(failure) = end else {
        panic!("{end:?}");
    };
    assert_eq!(failure.kind, ErrorKind::Closed);
    test.close().await;
}
