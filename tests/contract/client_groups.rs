//! Consumer groups from inside and from outside, cursors, and the activity that tells of both.

use std::collections::BTreeSet;
use std::time::Duration;

use liftui::client::{Acknowledge, ActivityEvents, Consumer, ConsumerItem, ConsumerOptions};
use liftui::demo::DemoOptions;
use liftui::model::{
    ActivityKind, EndReason, ErrorKind, GroupInfo, Message, Offset, PartitionId, StartAt, StopAt,
    StreamName, SubscriptionEvent,
};

use super::test_cluster::{CAP, OfAnyCluster, TestCluster, lively, until_so};

fn member(test: &TestCluster, group: &str, consumer: &str, stream: &StreamName) -> ConsumerOptions {
    ConsumerOptions {
        consumer: consumer.to_owned(),
        start: Some(StartAt::Earliest),
        // A real server takes a member for dead after 15 s; the demo of these tests after 0.75 s.
        heartbeat_every: Some(Duration::from_millis(if test.is_real() {
            1000
        } else {
            100
        })),
        ..ConsumerOptions::new(group, [stream.to_string()])
    }
}

/// The next item that is not an event of a subscription.
async fn next(consumer: &mut Consumer) -> ConsumerItem {
    let next = async {
        loop {
            let item = consumer.next().await.expect("the client is open");
            if !matches!(item, ConsumerItem::Event { .. }) {
                return item;
            }
        }
    };
    tokio::time::timeout(CAP, next)
        .await
        .expect("an item comes")
}

async fn message(consumer: &mut Consumer) -> Message {
    loop {
        if let ConsumerItem::Message(message) = next(consumer).await {
            return message;
        }
    }
}

/// Waits until that many partitions are assigned.
async fn assigned(consumer: &mut Consumer, count: usize) -> Vec<PartitionId> {
    loop {
        if let ConsumerItem::Assigned { partitions, .. } = next(consumer).await
            && partitions.len() == count
        {
            return partitions
                .into_iter()
                .map(|(_, partition)| partition)
                .collect();
        }
    }
}

#[tokio::test]
pub(crate) async fn members_share_partitions_and_take_over_where_one_left() -> OfAnyCluster {
    let test = TestCluster::any().await;
    if !test.keeps("__cursors") {
        return test.close_of_any().await;
    }
    let stream = test.stream("shared", 4).await;
    let group = test.name("group");
    let mut first = test
        .client
        .join_group(member(&test, &group, "c1", &stream))
        .await
        .unwrap();
    assert_eq!(assigned(&mut first, 4).await, [0, 1, 2, 3]);
    let again = test
        .client
        .join_group(member(&test, &group, "c1", &stream))
        .await;
    assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyMember);
    let mut second = test
        .client
        .join_group(member(&test, &group, "c2", &stream))
        .await
        .unwrap();
    // Partitions go in turn to the member with the fewest (wire-contract §4.11).
    assert_eq!(assigned(&mut second, 2).await, [1, 3]);
    assert_eq!(assigned(&mut first, 2).await, [0, 2]);
    for partition in 0..4 {
        test.fill(&stream, partition, 2).await;
    }
    let mut read: BTreeSet<(PartitionId, Offset)> = BTreeSet::new();
    for consumer in [&mut first, &mut second] {
        for _ in 0..4 {
            let message = message(consumer).await;
            assert!(
                read.insert((message.partition, message.offset)),
                "{message:?} came twice"
            );
        }
    }
    assert_eq!(read.len(), 8);
    second.leave().await.unwrap();
    assert_eq!(assigned(&mut first, 4).await, [0, 1, 2, 3]);
    for partition in 0..4 {
        test.publish(&stream, partition, "after").await;
    }
    for _ in 0..4 {
        let message = message(&mut first).await;
        assert_eq!(
            message.offset, 2,
            "read on where the other one left: {message:?}"
        );
    }
    first.leave().await.unwrap();
    test.close_of_any().await
}

#[tokio::test]
async fn positions_outlive_the_members() {
    let test = TestCluster::any().await;
    if !test.keeps("__cursors") {
        return test.close().await;
    }
    let stream = test.stream("positions", 1).await;
    let group = test.name("group");
    test.fill(&stream, 0, 5).await;
    let mut consumer = test
        .client
        .join_group(member(&test, &group, "c", &stream))
        .await
        .unwrap();
    for offset in 0..3 {
        assert_eq!(message(&mut consumer).await.offset, offset);
    }
    consumer.leave().await.unwrap();
    let id = format!("__group:{group}");
    assert_eq!(
        test.client.fetch_cursor(&id, &stream, 0).await.unwrap(),
        Some(2)
    );
    let mut consumer = test
        .client
        .join_group(member(&test, &group, "c", &stream))
        .await
        .unwrap();
    assert_eq!(message(&mut consumer).await.offset, 3);
    // What is not dealt with comes again: nobody asked for the item after it.
    drop(consumer);
    let id_of = |cursor: &liftui::model::CursorEntry| cursor.group() == Some(&group);
    let cursors = test.client.cursors_resuming().await.unwrap();
    assert_eq!(
        cursors
            .iter()
            .find(|cursor| id_of(cursor))
            .map(|cursor| cursor.offset),
        Some(2)
    );
    test.close().await;
}

#[tokio::test]
async fn a_member_stores_nothing_of_a_partition_that_it_has_lost() {
    let test = TestCluster::any().await;
    if !test.keeps("__cursors") {
        return test.close().await;
    }
    let stream = test.stream("lost", 2).await;
    let group = test.name("group");
    test.fill(&stream, 1, 6).await;
    let by_hand = |consumer| ConsumerOptions {
        checkpoint_every: None,
        ..member(&test, &group, consumer, &stream)
    };
    let mut first = test.client.join_group(by_hand("c1")).await.unwrap();
    for offset in 0..3 {
        assert_eq!(message(&mut first).await.offset, offset);
    }
    let mut second = test.client.join_group(by_hand("c2")).await.unwrap();
    assert_eq!(assigned(&mut second, 1).await, [1]);
    for offset in 0..6 {
        // The first one stored nothing: all of it comes again.
        assert_eq!(message(&mut second).await.offset, offset);
    }
    second.checkpoint().await.unwrap();
    let id = format!("__group:{group}");
    let stored = || test.client.fetch_cursor(&id, &stream, 1);
    assert_eq!(stored().await.unwrap(), Some(5));
    // Only now the first one looks at what happened meanwhile.
    assert_eq!(assigned(&mut first, 1).await, [0]);
    first.checkpoint().await.unwrap();
    assert_eq!(stored().await.unwrap(), Some(5), "the group is not rewound");
    first.leave().await.unwrap();
    assert_eq!(stored().await.unwrap(), Some(5));
    second.leave().await.unwrap();
    test.close().await;
}

#[tokio::test]
pub(crate) async fn a_member_taken_for_dead_joins_again() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("expired", 1).await;
    let group = test.name("group");
    let silent = ConsumerOptions {
        heartbeat_every: Some(Duration::from_secs(2)),
        ..member(&test, &group, "c", &stream)
    };
    let mut consumer = test.client.join_group(silent).await.unwrap();
    assert_eq!(assigned(&mut consumer, 1).await, [0]);
    // Asking keeps nobody alive.
    found(&test, &group, |found| found.members == Some(Vec::new())).await;
    test.publish(&stream, 0, "x").await;
    assert_eq!(message(&mut consumer).await.offset, 0);
    // It has joined again.
    found(&test, &group, |found| {
        found.members == Some(vec!["c".to_owned()])
    })
    .await;
    test.close().await;
}

#[tokio::test]
pub(crate) async fn a_group_outlives_its_coordinator() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("coordinator", 1).await;
    let group = test.name("group");
    let mut consumer = test
        .client
        .join_group(member(&test, &group, "c", &stream))
        .await
        .unwrap();
    assert_eq!(assigned(&mut consumer, 1).await, [0]);
    let coordinator = described(&test, &group)
        .await
        .coordinator
        .expect("it has one");
    let number = coordinator
        .strip_prefix("demo-")
        .and_then(|id| id.parse().ok());
    test.faults().kill(number.expect("the demo's")).unwrap();
    assert_eq!(assigned(&mut consumer, 1).await, [0]);
    assert_ne!(
        described(&test, &group).await.coordinator,
        Some(coordinator)
    );
    test.until(|| async {
        let deadline = Some(Duration::from_millis(500));
        let options = liftui::model::PublishOptions {
            deadline,
            ..super::test_cluster::to(&stream, 0, "x")
        };
        test.client.publish(options).await
    })
    .await;
    message(&mut consumer).await;
    test.close().await;
}

async fn described(test: &TestCluster, group: &str) -> GroupInfo {
    found(test, group, |found| found.coordinator.is_some()).await
}

/// Waits until the group is found to be so.
async fn found(test: &TestCluster, group: &str, is_so: impl Fn(&GroupInfo) -> bool) -> GroupInfo {
    let find = async {
        loop {
            let groups = test.client.groups().await.expect("brokers answer");
            let found = groups.into_iter().find(|found| found.id == group);
            if let Some(found) = found.filter(&is_so) {
                return found;
            }
        }
    };
    tokio::time::timeout(CAP, find)
        .await
        .expect("the group comes to be so")
}

#[tokio::test]
pub(crate) async fn groups_are_found_without_being_a_member() -> OfAnyCluster {
    let test = TestCluster::any().await;
    if !test.keeps("__cursors") || !test.keeps("__activity") {
        return test.close_of_any().await;
    }
    let stream = test.stream("found", 1).await;
    let group = test.name("group");
    test.publish(&stream, 0, "x").await;
    let mut consumer = test
        .client
        .join_group(member(&test, &group, "c", &stream))
        .await
        .unwrap();
    assigned(&mut consumer, 1).await;
    let found = found(&test, &group, |found| {
        found.members == Some(vec!["c".to_owned()])
    })
    .await;
    assert_eq!(found.streams, [stream]);
    assert_eq!(found.epoch, Some(consumer.epoch()));
    consumer.leave().await.unwrap();
    test.close_of_any().await
}

/// A broker that has just started answers, and knows no group for seconds.
#[tokio::test]
async fn a_broker_that_knows_nothing_yet_hides_no_group() {
    let test = TestCluster::demo(DemoOptions {
        speed: 2.0,
        cursor_partitions: Some(1),
        ..lively()
    })
    .await;
    let stream = test.stream("hidden", 1).await;
    let group = test.name("group");
    let _consumer = test
        .client
        .join_group(member(&test, &group, "c", &stream))
        .await
        .unwrap();
    let coordinator = described(&test, &group).await.coordinator;
    let coordinator = coordinator
        .as_deref()
        .and_then(|name| name.strip_prefix("demo-"));
    let coordinator: usize = coordinator.unwrap().parse().unwrap();
    let young = coordinator % 3 + 1;
    for stream in ["__activity", "__cursors"] {
        let moved = test.faults().move_leader(stream, 0, coordinator);
        moved.unwrap();
    }
    test.faults().kill(young).unwrap();
    test.faults().restart(young).unwrap();
    let knows_nothing = async || {
        let view = test.client.fetch_view(&test.addresses[young - 1]).await;
        view.result.is_ok_and(|told| told.streams.is_empty())
    };
    until_so(knows_nothing).await;
    // Which broker is asked first is left to chance.
    let mut asked = 0;
    while knows_nothing().await {
        let groups = test.client.groups().await.unwrap();
        assert!(groups[0].coordinator.is_some(), "{asked}: {groups:?}");
        asked += 1;
    }
    assert!(asked > 0);
    test.close().await;
}

#[tokio::test]
pub(crate) async fn activity_tells_what_was_done_once_and_in_order() -> OfAnyCluster {
    let test = TestCluster::any().await;
    if !test.keeps("__activity") {
        return test.close_of_any().await;
    }
    let stream = test.stream("activity", 2).await;
    test.pause(&stream, &[1], false).await;
    test.client.resume(&stream, &[1]).await.unwrap();
    test.set_readonly(&stream, &[0], true).await;
    test.delete_stream(&stream).await;
    let mut events = test.client.activity(StartAt::Earliest).await.unwrap();
    let mut told = Vec::new();
    let mut latest = 0;
    let listen = async {
        while !matches!(told.last(), Some(ActivityKind::DeleteStream { .. })) {
            let event = events
                .next()
                .await
                .expect("it goes on")
                .expect("it is read");
            assert!(event.id > latest, "{} after {latest}", event.id);
            latest = event.id;
            if format!("{:?}", event.kind).contains(&*stream) {
                told.push(event.kind);
            }
        }
    };
    tokio::time::timeout(CAP, listen)
        .await
        .expect("all of it is told");
    let partitions = vec![1];
    let wanted = [
        ActivityKind::CreateStream {
            stream: StreamName::clone(&stream),
            partitions: vec![0, 1],
        },
        ActivityKind::PauseStream {
            stream: StreamName::clone(&stream),
            partitions: partitions.clone(),
            resume_all: false,
        },
        ActivityKind::ResumeStream {
            stream: StreamName::clone(&stream),
            partitions,
        },
        ActivityKind::SetReadonly {
            stream: StreamName::clone(&stream),
            partitions: vec![0],
            readonly: true,
        },
        ActivityKind::DeleteStream {
            stream: StreamName::clone(&stream),
        },
    ];
    assert_eq!(told, wanted);
    let mut past = test
        .client
        .activity_between(StartAt::Earliest, StopAt::Latest)
        .await
        .unwrap();
    let mut count = 0;
    while let Some(event) = past.next().await {
        event.unwrap();
        count += 1;
    }
    assert!(count >= told.len());
    test.close_of_any().await
}

#[tokio::test]
async fn a_paused_journal_is_told_and_left_asleep_and_members_are_unknown_meanwhile() {
    let test = TestCluster::demo(lively()).await;
    let stream = test.stream("asleep", 1).await;
    let group = test.name("group");
    let options = member(&test, &group, "c", &stream);
    let mut consumer = test.client.join_group(options).await.unwrap();
    assigned(&mut consumer, 1).await;
    let known = |found: &GroupInfo| found.members == Some(vec!["c".to_owned()]);
    found(&test, &group, known).await;
    let observer = test.client.observer();
    let mut followed = observer.activity(StartAt::New).await.unwrap();
    test.pause("__activity", &[], false).await;
    let sentence = "__activity is paused: the next event resumes it";
    assert_eq!(untold(&mut followed).await, sentence);
    let from = [StartAt::Earliest, StartAt::Last(10), StartAt::New];
    for (start, stop) in from
        .into_iter()
        .zip([StopAt::Latest, StopAt::Never, StopAt::Never])
    {
        let mut opened = observer.activity_between(start, stop).await.unwrap();
        assert_eq!(untold(&mut opened).await, sentence);
    }
    found(&test, &group, |found| found.members.is_none()).await;
    assert!(
        test.is_paused("__activity", 0).await,
        "nobody resumed it by reading"
    );
    test.client.resume("__activity", &[0]).await.unwrap();
    found(&test, &group, known).await;
    consumer.leave().await.unwrap();
    test.close().await;
}

/// Why events end, after those that there are.
async fn untold(events: &mut ActivityEvents) -> String {
    let end = async {
        loop {
            match events.next().await.expect("it does not end in silence") {
                Ok(_) => {}
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::PartitionPaused);
                    return error.to_string();
                }
            }
        }
    };
    tokio::time::timeout(CAP, end).await.expect("it ends")
}

#[tokio::test]
pub(crate) async fn cursors_are_stored_fetched_and_found() -> OfAnyCluster {
    let test = TestCluster::any().await;
    if !test.keeps("__cursors") {
        return test.close_of_any().await;
    }
    let stream = test.stream("cursors", 2).await;
    let id = test.name("id");
    assert_eq!(
        test.client.fetch_cursor(&id, &stream, 1).await.unwrap(),
        None
    );
    for offset in [7, 9] {
        test.client
            .set_cursor(&id, &stream, 1, offset)
            .await
            .unwrap();
        assert_eq!(
            test.client.fetch_cursor(&id, &stream, 1).await.unwrap(),
            Some(offset)
        );
    }
    test.client.set_cursor(&id, &stream, 0, 3).await.unwrap();
    let found = async |cursors: Vec<liftui::model::CursorEntry>| -> Vec<(PartitionId, Offset)> {
        let mine = cursors.into_iter().filter(|cursor| *cursor.id == *id);
        mine.map(|cursor| (cursor.partition, cursor.offset))
            .collect()
    };
    let all = test.client.cursors_resuming().await.unwrap();
    assert_eq!(found(all).await, [(0, 3), (1, 9)]);
    test.client.set_cursor(&id, &stream, 0, 4).await.unwrap();
    assert_eq!(
        found(test.client.cursors().await.unwrap()).await,
        [(0, 4), (1, 9)]
    );
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn an_observer_leaves_paused_cursors_asleep_and_tells_what_it_knows()
-> OfAnyCluster {
    let test = TestCluster::any_alone().await;
    if !test.keeps("__cursors") {
        return test.close_of_any().await;
    }
    let id = test.name("id");
    test.client.set_cursor(&id, "anything", 0, 1).await.unwrap();
    // Real servers pause what nobody wrote to for a minute.
    test.client.cursors_resuming().await.unwrap();
    assert!(test.client.read_cursors().await.unwrap().paused.is_empty());
    test.pause("__cursors", &[], false).await;
    let reading = test.client.observer().read_cursors().await.unwrap();
    assert!(!reading.paused.is_empty());
    assert!(
        reading.entries.iter().any(|cursor| *cursor.id == *id),
        "what was read before is told"
    );
    for partition in reading.paused {
        let error = test
            .client
            .fetch_partition("__cursors", partition)
            .await
            .unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::PartitionPaused,
            "it was not resumed"
        );
    }
    let all = test.client.cursors_resuming().await.unwrap();
    assert!(all.iter().any(|cursor| *cursor.id == *id));
    test.close_of_any().await
}

#[tokio::test]
pub(crate) async fn a_cluster_without_cursors_or_activity_says_so() {
    let test = TestCluster::demo(DemoOptions {
        activity: false,
        cursor_partitions: Some(0),
        ..lively()
    })
    .await;
    let error = test.client.cursors().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CursorsDisabled);
    let error = test
        .client
        .set_cursor("id", "stream", 0, 1)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CursorsDisabled);
    let error = test.client.activity(StartAt::New).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSuchStream);
    assert!(error.to_string().contains("activity"), "{error}");
    assert_eq!(test.client.groups().await.unwrap(), []);
    test.close().await;
}

#[tokio::test]
async fn a_member_reads_on_when_a_pause_is_over_and_tells_of_it_once() {
    let test = TestCluster::any().await;
    if !test.keeps("__cursors") {
        return test.close().await;
    }
    let stream = test.stream("pause", 1).await;
    let group = test.name("group");
    test.publish(&stream, 0, "before").await;
    let options = member(&test, &group, "c", &stream);
    let mut consumer = test.client.join_group(options).await.unwrap();
    assert_eq!(message(&mut consumer).await.offset, 0);
    test.pause(&stream, &[], false).await;
    let event = tokio::time::timeout(CAP, consumer.next()).await.unwrap();
    let Some(ConsumerItem::Event { event, .. }) = event else {
        panic!("{event:?}");
    };
    assert_eq!(event, SubscriptionEvent::Ended(EndReason::Paused));
    // Tried again twice meanwhile.
    let more = tokio::time::timeout(Duration::from_millis(2500), consumer.next()).await;
    assert!(more.is_err(), "{more:?}");
    test.publish(&stream, 0, "after").await;
    assert_eq!(message(&mut consumer).await.offset, 1);
    consumer.leave().await.unwrap();
    test.close().await;
}

#[tokio::test]
async fn only_what_was_acknowledged_by_hand_is_stored() {
    let test = TestCluster::any().await;
    if !test.keeps("__cursors") {
        return test.close().await;
    }
    let stream = test.stream("by-hand", 1).await;
    test.fill(&stream, 0, 5).await;
    let group = test.name("by-hand");
    let by_hand = |consumer| ConsumerOptions {
        acknowledge: Acknowledge::Manually,
        ..member(&test, &group, consumer, &stream)
    };
    let mut consumer = test.client.join_group(by_hand("first")).await.unwrap();
    let mut read = Vec::new();
    for _ in 0..5 {
        read.push(message(&mut consumer).await);
    }
    consumer.acknowledge(&read[2]);
    consumer.acknowledge(&read[1]);
    consumer.checkpoint().await.unwrap();
    let positions = consumer.positions();
    assert_eq!(positions.len(), 1);
    assert_eq!(positions[0].acknowledged, Some(2));
    assert_eq!(positions[0].stored, Some(2));
    consumer.leave().await.unwrap();
    let mut consumer = test.client.join_group(by_hand("second")).await.unwrap();
    assert_eq!(message(&mut consumer).await.offset, 3);
    consumer.leave().await.unwrap();
    test.close().await;
}

#[tokio::test]
async fn a_member_may_seek_in_what_is_its_own() {
    let test = TestCluster::any().await;
    if !test.keeps("__cursors") {
        return test.close().await;
    }
    let stream = test.stream("seeks", 1).await;
    test.fill(&stream, 0, 5).await;
    let options = member(&test, &test.name("seeks"), "only", &stream);
    let mut consumer = test.client.join_group(options).await.unwrap();
    for offset in 0..5 {
        assert_eq!(message(&mut consumer).await.offset, offset);
    }
    consumer.seek(&stream, 0, StartAt::Offset(1)).unwrap();
    for offset in 1..5 {
        assert_eq!(message(&mut consumer).await.offset, offset);
    }
    let refused = consumer.seek(&stream, 7, StartAt::Earliest).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refused);
    consumer.leave().await.unwrap();
    test.close().await;
}

#[tokio::test]
async fn a_group_without_a_position_reads_nothing_where_it_shall_not_choose_one() {
    let test = TestCluster::any().await;
    if !test.keeps("__cursors") {
        return test.close().await;
    }
    let stream = test.stream("no-position", 1).await;
    test.fill(&stream, 0, 3).await;
    let group = test.name("no-position");
    let none = || ConsumerOptions {
        start: None,
        ..member(&test, &group, "only", &stream)
    };
    let mut consumer = test.client.join_group(none()).await.unwrap();
    let failure = loop {
        let item = tokio::time::timeout(CAP, consumer.next()).await.unwrap();
        if let Some(ConsumerItem::Event { event, .. }) = item {
            break event;
        }
    };
    let SubscriptionEvent::Ended(EndReason::Failed(failure)) = failure else {
        panic!("{failure:?}");
    };
    assert_eq!(failure.kind, ErrorKind::NoSuchCursor);
    consumer.leave().await.unwrap();
    let id = format!("__group:{group}");
    test.client.set_cursor(&id, &stream, 0, 1).await.unwrap();
    let mut consumer = test.client.join_group(none()).await.unwrap();
    assert_eq!(message(&mut consumer).await.offset, 2);
    consumer.leave().await.unwrap();
    test.close().await;
}

/// A position beyond the end belongs to messages that were lost: what is there has not been read by the group.
#[tokio::test]
async fn a_position_beyond_the_end_is_told_and_nothing_is_skipped() {
    let test = TestCluster::any().await;
    if !test.keeps("__cursors") {
        return test.close().await;
    }
    let stream = test.stream("beyond", 1).await;
    test.fill(&stream, 0, 3).await;
    let group = test.name("beyond");
    let id = format!("__group:{group}");
    test.client.set_cursor(&id, &stream, 0, 99).await.unwrap();
    let options = member(&test, &group, "only", &stream);
    let mut consumer = test.client.join_group(options).await.unwrap();
    let rewound = loop {
        let item = tokio::time::timeout(CAP, consumer.next()).await.unwrap();
        if let Some(ConsumerItem::Event { event, .. }) = item {
            break event;
        }
    };
    assert_eq!(rewound, SubscriptionEvent::Rewound { from: 100, to: 0 });
    for offset in 0..3 {
        assert_eq!(message(&mut consumer).await.offset, offset);
    }
    consumer.leave().await.unwrap();
    test.close().await;
}
