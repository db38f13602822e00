//! Rows of wire-contract §4.6, asserted of whatever cluster is under test: how subscriptions begin, run and end.
//! Asked for with the generated client, which shows what the wire brings; what ours makes of it is in `client_subscribe`.

use std::time::Duration;

use liftui::model::{
    EndReason, ErrorKind, PublishOptions, StartAt, StopAt, StreamOptions, SubscribeSpec,
    SubscriptionEvent,
};
use liftui::wire::pb;
use pb::{StartPosition, StopPosition};
use serde_json::json;

use super::demo_stub::{PATIENCE, Read, Stub, read};
use super::test_cluster::{
    CAP, OfAnyCluster, TestCluster, acked, drain, nothing, range, real_addresses, to, until_so,
};

const PAUSED: &str = "Failed to create stream reader: segment has been closed";

fn from(stream: &str, start: StartPosition) -> pb::SubscribeRequest {
    pb::SubscribeRequest {
        stream: stream.to_owned(),
        start_position: start.into(),
        ..Default::default()
    }
}

fn at(stream: &str, offset: i64) -> pb::SubscribeRequest {
    pb::SubscribeRequest {
        start_offset: offset,
        ..from(stream, StartPosition::Offset)
    }
}

fn until(stop: StopPosition, request: pb::SubscribeRequest) -> pb::SubscribeRequest {
    pb::SubscribeRequest {
        stop_position: stop.into(),
        ..request
    }
}

fn up_to(offset: i64, request: pb::SubscribeRequest) -> pb::SubscribeRequest {
    pb::SubscribeRequest {
        stop_offset: offset,
        ..until(StopPosition::StopOffset, request)
    }
}

fn offsets(read: &Read) -> Vec<i64> {
    read.messages.iter().map(|message| message.offset).collect()
}

/// It is refused in the place of its handshake.
async fn refused(stub: &Stub, request: pb::SubscribeRequest, code: &str, sentence: &str) {
    let read = read(stub.clone(), request, PATIENCE, async || {}).await;
    assert_eq!(read.end, json!({ "code": code, "message": sentence }));
    assert!(!read.handshake && read.messages.is_empty(), "{sentence}");
}

/// It begins with an empty message, brings these offsets, and ends so.
async fn brings(
    stub: &Stub,
    request: pb::SubscribeRequest,
    wanted: &[i64],
    code: &str,
    sentence: &str,
) {
    let read = read(stub.clone(), request, PATIENCE, async || {}).await;
    assert!(read.handshake, "{:?}", read.end);
    assert_eq!(offsets(&read), wanted, "{sentence}");
    assert_eq!(read.end, json!({ "code": code, "message": sentence }));
}

/// It begins with an empty message, brings these offsets, and is silent.
async fn goes_on(stub: &Stub, request: pb::SubscribeRequest, wanted: &[i64]) {
    let read = read(stub.clone(), request, nothing(), async || {}).await;
    assert!(read.handshake, "{:?}", read.end);
    assert_eq!(offsets(&read), wanted);
    // A deadline ends it with its own code, as RST_STREAM, or now and then cleanly.
    let code = read.end["code"].as_str().unwrap();
    assert!(
        matches!(code, "DEADLINE_EXCEEDED" | "CANCELLED" | "OK"),
        "{}",
        read.end
    );
}

/// Often on the demo cluster. A real server that cleans while it rolls a segment writes to an index that it has unmapped,
/// and dies of it (seen on main of 2026-01): there it is not cleaned before all is published.
fn cleaner_interval() -> Duration {
    match real_addresses() {
        Some(_) => Duration::from_secs(2),
        None => Duration::from_millis(50),
    }
}

async fn filled(test: &TestCluster, count: i64) -> (String, Stub) {
    let stream = test.stream("read", 1).await;
    test.fill(&stream, 0, count).await;
    let leader = test.leader_stub(&stream, 0).await;
    (stream.to_string(), leader)
}

#[tokio::test]
pub(crate) async fn subscriptions_are_refused_in_these_words() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let (stream, leader) = filled(&test, 6).await;
    let earliest = |stream: &str| from(stream, StartPosition::Earliest);
    let partition = pb::SubscribeRequest {
        partition: 7,
        ..earliest(&stream)
    };
    let anonymous = pb::SubscribeRequest {
        consumer: Some(pb::Consumer {
            group_id: "g".into(),
            ..Default::default()
        }),
        ..earliest(&stream)
    };
    let start = pb::SubscribeRequest {
        start_position: 9,
        ..earliest(&stream)
    };
    let stop = pb::SubscribeRequest {
        stop_position: 9,
        ..earliest(&stream)
    };
    let empty = test.stream("empty", 1).await;
    let nowhere = test.leader_stub(&empty, 0).await;
    let too_early = pb::SubscribeRequest {
        stop_timestamp: 1,
        ..until(StopPosition::StopTimestamp, earliest(&stream))
    };
    let before =
        "Failed to lookup offset for timestamp: timestamp is before the beginning of the log";
    let never =
        "Failed to lookup offset for timestamp: failed to find log segment for timestamp: EOF";
    let nameless = "Consumer id cannot be empty when group id is provided";
    let reversed = up_to(4, at(&stream, 5));
    for (stub, request, code, sentence) in [
        (
            &leader,
            earliest(&test.name("unknown")),
            "NOT_FOUND",
            "No such partition",
        ),
        (&leader, partition, "NOT_FOUND", "No such partition"),
        (&leader, anonymous, "INVALID_ARGUMENT", nameless),
        (
            &leader,
            start,
            "INVALID_ARGUMENT",
            "Unknown StartPosition 9",
        ),
        (&leader, stop, "INVALID_ARGUMENT", "Unknown StopPosition 9"),
        (
            &leader,
            reversed,
            "INVALID_ARGUMENT",
            "Stop offset is before start offset: 4 < 5",
        ),
        (&leader, too_early.clone(), "INTERNAL", before),
        (
            &nowhere,
            until(StopPosition::StopLatest, earliest(&empty)),
            "RESOURCE_EXHAUSTED",
            "Stream is empty",
        ),
        (
            &nowhere,
            pb::SubscribeRequest {
                stream: empty.to_string(),
                ..too_early
            },
            "INTERNAL",
            never,
        ),
    ] {
        refused(stub, request, code, sentence).await;
    }
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn a_broker_that_does_not_lead_refuses_and_a_mere_bystander_is_silent()
-> OfAnyCluster {
    let test = TestCluster::any().await;
    let options = StreamOptions {
        name: test.name("led"),
        replication_factor: Some(1),
        ..StreamOptions::default()
    };
    let stream = test.stream_with(options).await;
    test.publish(&stream, 0, "x").await;
    if let Some(other) = test.other_stub(&stream, 0).await {
        let request = from(&stream, StartPosition::Earliest);
        let sentence = "Server not partition leader";
        let knows = async || {
            let found = read(other.clone(), request.clone(), PATIENCE, async || {}).await;
            found.end["message"] != "No such partition"
        };
        until_so(knows).await;
        refused(&other, request.clone(), "FAILED_PRECONDITION", sentence).await;
        let of_replica = pb::SubscribeRequest {
            read_isr_replica: true,
            ..request
        };
        let grouped = pb::SubscribeRequest {
            consumer: Some(pb::Consumer {
                group_id: "g".into(),
                group_epoch: 1,
                consumer_id: "c".into(),
            }),
            ..of_replica.clone()
        };
        let sentence = "Consumer groups not compatible with ReadISRReplica";
        refused(&other, grouped, "INVALID_ARGUMENT", sentence).await;
        // It holds no replica, and nobody checks: a handshake, and silence.
        goes_on(&other, of_replica, &[]).await;
    }
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn any_replica_in_sync_is_read_from() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("replica", 1).await;
    test.fill(&stream, 0, 10).await;
    for _ in 0..6 {
        let spec = SubscribeSpec {
            isr_replica: true,
            ..range(&stream, 0, StartAt::Earliest, StopAt::Latest)
        };
        let read = drain(test.client.subscribe(spec).await.unwrap()).await;
        assert!(read.offsets().iter().copied().eq(0..10), "{read:?}");
        assert_eq!(read.end(), &EndReason::StopReached);
    }
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn each_start_begins_where_the_contract_says() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let (stream, leader) = filled(&test, 5).await;
    let all = until(
        StopPosition::StopLatest,
        from(&stream, StartPosition::Earliest),
    );
    let held = read(leader.clone(), all, PATIENCE, async || {}).await;
    let time = |offset: usize| held.messages[offset].timestamp;
    let since = |time: i64| pb::SubscribeRequest {
        start_timestamp: time,
        ..from(&stream, StartPosition::Timestamp)
    };
    for (request, wanted) in [
        (from(&stream, StartPosition::Earliest), &[0, 1, 2, 3, 4][..]),
        (from(&stream, StartPosition::Latest), &[4]),
        (from(&stream, StartPosition::NewOnly), &[]),
        (at(&stream, 3), &[3, 4]),
        (at(&stream, -7), &[0, 1, 2, 3, 4]),
        (at(&stream, 100), &[]),
        (since(time(2)), &[2, 3, 4]),
        (since(time(2) - 1), &[2, 3, 4]),
        (since(time(4) + 3_600_000_000_000), &[]),
    ] {
        goes_on(&leader, request, wanted).await;
    }
    // Past the end is the next message, whatever its offset.
    let first = read(
        leader.clone(),
        up_to(5, at(&stream, 5)),
        PATIENCE,
        async || {
            test.publish(&stream, 0, "next").await;
        },
    );
    assert_eq!(offsets(&first.await), [5]);
    let past = read(
        leader,
        at(&stream, 100),
        Duration::from_secs(5),
        async || {
            test.publish(&stream, 0, "next").await;
        },
    );
    assert_eq!(offsets(&past.await), [6]);
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn each_stop_ends_where_the_contract_says() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let (stream, leader) = filled(&test, 5).await;
    let earliest = || from(&stream, StartPosition::Earliest);
    let all = until(StopPosition::StopLatest, earliest());
    let held = read(leader.clone(), all.clone(), PATIENCE, async || {}).await;
    let until_third = pb::SubscribeRequest {
        stop_timestamp: held.messages[2].timestamp,
        ..until(StopPosition::StopTimestamp, earliest())
    };
    let reached = "Stop offset reached";
    brings(
        &leader,
        all,
        &[0, 1, 2, 3, 4],
        "RESOURCE_EXHAUSTED",
        reached,
    )
    .await;
    brings(
        &leader,
        up_to(2, earliest()),
        &[0, 1, 2],
        "RESOURCE_EXHAUSTED",
        reached,
    )
    .await;
    brings(
        &leader,
        until_third,
        &[0, 1, 2],
        "RESOURCE_EXHAUSTED",
        reached,
    )
    .await;
    goes_on(&leader, up_to(-1, earliest()), &[0, 1, 2, 3, 4]).await;
    goes_on(&leader, up_to(50, earliest()), &[0, 1, 2, 3, 4]).await;
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn a_paused_partition_refuses_its_past_and_ends_its_future() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let (stream, leader) = filled(&test, 3).await;
    let closed = "commit log was closed";
    let open = read(leader.clone(), at(&stream, 0), PATIENCE, async || {
        test.pause(&stream, &[], false).await;
    });
    let open = open.await;
    assert_eq!(
        open.end,
        json!({ "code": "FAILED_PRECONDITION", "message": closed })
    );
    for request in [
        from(&stream, StartPosition::Earliest),
        from(&stream, StartPosition::Latest),
        at(&stream, 2),
    ] {
        refused(&leader, request, "INTERNAL", PAUSED).await;
    }
    let new = from(&stream, StartPosition::NewOnly);
    brings(&leader, new, &[], "FAILED_PRECONDITION", closed).await;
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn deleting_and_making_readonly_end_subscriptions_in_their_words() -> OfAnyCluster
{
    let test = TestCluster::any().await;
    let (stream, leader) = filled(&test, 3).await;
    let readonly = read(leader.clone(), at(&stream, 0), PATIENCE, async || {
        test.set_readonly(&stream, &[], true).await;
    });
    let readonly = readonly.await;
    let end = "End of readonly partition";
    assert_eq!(
        readonly.end,
        json!({ "code": "RESOURCE_EXHAUSTED", "message": end })
    );
    assert_eq!(offsets(&readonly), [0, 1, 2]);
    test.set_readonly(&stream, &[], false).await;
    let deleted = read(leader, at(&stream, 0), PATIENCE, async || {
        test.delete_stream(&stream).await;
    });
    let deleted = deleted.await.end;
    assert_eq!(
        deleted,
        json!({ "code": "NOT_FOUND", "message": "commit log was deleted" })
    );
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn a_readonly_partition_stops_every_reader_at_its_end() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let (stream, leader) = filled(&test, 3).await;
    test.set_readonly(&stream, &[], true).await;
    let (full, reached) = ("RESOURCE_EXHAUSTED", "Stop offset reached");
    let end = "End of readonly partition";
    brings(
        &leader,
        from(&stream, StartPosition::Earliest),
        &[0, 1, 2],
        full,
        reached,
    )
    .await;
    let behind = "Stop offset is before start offset: 2 < 3";
    for request in [from(&stream, StartPosition::NewOnly), at(&stream, 3)] {
        refused(&leader, request, "INVALID_ARGUMENT", behind).await;
    }
    let beyond = up_to(50, from(&stream, StartPosition::Earliest));
    brings(&leader, beyond, &[0, 1, 2], full, end).await;
    let empty = test.stream("empty", 1).await;
    test.set_readonly(&empty, &[], true).await;
    let nowhere = test.leader_stub(&empty, 0).await;
    brings(
        &nowhere,
        from(&empty, StartPosition::Earliest),
        &[],
        full,
        end,
    )
    .await;
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn resuming_by_subscription_drops_readonly() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let (stream, leader) = filled(&test, 2).await;
    test.set_readonly(&stream, &[], true).await;
    test.pause(&stream, &[], false).await;
    let request = pb::SubscribeRequest {
        resume: true,
        ..from(&stream, StartPosition::Earliest)
    };
    goes_on(&leader, request, &[0, 1]).await;
    assert_eq!(test.publish(&stream, 0, "writable").await, 2);
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn a_newer_member_of_a_group_ends_the_older_ones_call_cleanly() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let (stream, leader) = filled(&test, 1).await;
    let group = test.name("group");
    let member = |epoch: u64, id: &str| pb::SubscribeRequest {
        consumer: Some(pb::Consumer {
            group_id: group.clone(),
            group_epoch: epoch,
            consumer_id: id.to_owned(),
        }),
        ..from(&stream, StartPosition::NewOnly)
    };
    let mut second = None;
    let first = read(leader.clone(), member(5, "c1"), PATIENCE, async || {
        // The same epoch is as good as a higher one.
        let mut newer = leader.clone();
        let mut taken = newer.subscribe(member(5, "c2")).await.unwrap().into_inner();
        taken.message().await.unwrap();
        second = Some(taken);
    });
    assert_eq!(first.await.end, json!({ "code": "OK", "message": "" }));
    let sentence = "Consumer is not currently assigned this partition";
    refused(&leader, member(4, "c3"), "FAILED_PRECONDITION", sentence).await;
    drop(second);
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn newest_first_is_delivered_or_known_to_be_unknown() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let stream = test.stream("reverse", 1).await;
    test.fill(&stream, 0, 10).await;
    let backwards = |start, stop| SubscribeSpec {
        reverse: true,
        ..range(&stream, 0, start, stop)
    };
    let whole = backwards(StartAt::Latest, StopAt::Never);
    let read = drain(test.client.subscribe(whole).await.unwrap()).await;
    if let EndReason::Failed(failure) = read.end() {
        // A server before API 2.0 reads forwards, and does not say so.
        assert_eq!(failure.kind, ErrorKind::Unsupported, "{failure}");
        return test.close_of_any().await;
    }
    assert_eq!(read.offsets(), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    for (start, stop, wanted) in [
        (StartAt::New, StopAt::Offset(7), &[9, 8, 7][..]),
        (StartAt::Offset(99), StopAt::Offset(8), &[9, 8]),
        (StartAt::Last(3), StopAt::Never, &[9, 8, 7]),
        (StartAt::Offset(2), StopAt::Never, &[2, 1, 0]),
        (StartAt::Earliest, StopAt::Never, &[0]),
    ] {
        let read = drain(test.client.subscribe(backwards(start, stop)).await.unwrap()).await;
        assert_eq!(read.offsets(), wanted, "{start:?} {stop:?}");
        assert_eq!(read.end(), &EndReason::StopReached);
    }
    test.set_readonly(&stream, &[], true).await;
    let whole = backwards(StartAt::Latest, StopAt::Never);
    let read = drain(test.client.subscribe(whole).await.unwrap()).await;
    assert_eq!(read.messages.len(), 10, "though servers stop after one");
    let empty = test.stream("empty", 1).await;
    let nothing = SubscribeSpec {
        reverse: true,
        ..range(&empty, 0, StartAt::Latest, StopAt::Never)
    };
    let read = drain(test.client.subscribe(nothing).await.unwrap()).await;
    assert_eq!(
        (read.messages.len(), read.end()),
        (0, &EndReason::StopReached)
    );
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn reading_goes_on_while_compaction_takes_messages_away() -> OfAnyCluster {
    let test = TestCluster::any().await;
    let options = StreamOptions {
        name: test.name("compacted"),
        compact_enabled: Some(true),
        segment_max_bytes: Some(1024),
        cleaner_interval: Some(cleaner_interval()),
        ..StreamOptions::default()
    };
    let stream = test.stream_with(options).await;
    // Without a key it is kept for ever: what is missing after it is compacted, and not lost.
    assert_eq!(test.publish(&stream, 0, "kept").await, 0);
    for count in 1..=60 {
        let options = PublishOptions {
            key: if count % 2 == 0 { "even" } else { "odd" }.into(),
            deadline: Some(CAP),
            ..to(&stream, 0, &"x".repeat(40))
        };
        acked(test.client.publish(options).await);
    }
    let all = range(&stream, 0, StartAt::Earliest, StopAt::Latest);
    // An ack of the leader comes before the commit, and what is not committed is not read.
    until_so(async || committed(&test, &stream).await == 60).await;
    until_so(async || {
        let read = drain(test.client.subscribe(all.clone()).await.unwrap()).await;
        let gaps = read.events.iter().filter(|event| is_gap(event)).count();
        assert_eq!(gaps, 0, "compaction is no loss: {:?}", read.events);
        let first = read.messages.first().map(|message| message.offset);
        assert_eq!(first, Some(0), "{:?}", read.events);
        assert_eq!(read.end(), &EndReason::StopReached);
        read.messages.len() < 40
    })
    .await;
    // The stop itself may be gone: the first message past it ends the reading.
    for stop in 10..20 {
        let some = range(&stream, 0, StartAt::Earliest, StopAt::Offset(stop));
        let read = drain(test.client.subscribe(some).await.unwrap()).await;
        assert!(
            read.offsets().iter().all(|offset| *offset <= stop),
            "{stop}"
        );
        assert_eq!(read.end(), &EndReason::StopReached, "{stop}");
    }
    test.close_of_any().await
}

fn is_gap(event: &SubscriptionEvent) -> bool {
    matches!(event, SubscriptionEvent::Gap { .. })
}

async fn committed(test: &TestCluster, stream: &str) -> i64 {
    let ends = test.client.fetch_partition(stream, 0).await;
    ends.expect("its leader answers").high_watermark
}

#[tokio::test]
pub(crate) async fn what_retention_removed_is_told_as_a_gap_and_reading_starts_at_the_oldest()
-> OfAnyCluster {
    let test = TestCluster::any().await;
    let options = StreamOptions {
        name: test.name("retained"),
        retention_max_messages: Some(20),
        segment_max_bytes: Some(1024),
        cleaner_interval: Some(cleaner_interval()),
        ..StreamOptions::default()
    };
    let stream = test.stream_with(options).await;
    for _ in 0..60 {
        test.publish(&stream, 0, &"x".repeat(100)).await;
    }
    let all = range(&stream, 0, StartAt::Earliest, StopAt::Latest);
    let mut oldest = 0;
    until_so(async || {
        let read = drain(test.client.subscribe(all.clone()).await.unwrap()).await;
        let before = std::mem::replace(&mut oldest, read.messages[0].offset);
        oldest > 20 && oldest == before
    })
    .await;
    let early = range(&stream, 0, StartAt::Offset(5), StopAt::Latest);
    let read = drain(test.client.subscribe(early).await.unwrap()).await;
    // Retention may have gone on meanwhile.
    let first = read.messages[0].offset;
    assert!(first >= oldest, "{first}, not {oldest}");
    let gaps: Vec<&SubscriptionEvent> = read.events.iter().filter(|event| is_gap(event)).collect();
    let (from, to) = (5, first - 1);
    assert_eq!(gaps, [&SubscriptionEvent::Gap { from, to }]);
    let gone = range(&stream, 0, StartAt::Offset(5), StopAt::Offset(9));
    let read = drain(test.client.subscribe(gone).await.unwrap()).await;
    assert_eq!(
        (read.messages.len(), read.end()),
        (0, &EndReason::StopReached)
    );
    test.close_of_any().await
}
