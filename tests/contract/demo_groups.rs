//! Consumer groups of the demo cluster: who reads what, who is dropped, who coordinates.

use std::time::Duration;

use liftui::demo::{DemoCluster, DemoOptions};
use liftui::wire::pb;
use prost::Message;
use tokio::time::{interval, timeout};
use tonic::Status;

use crate::demo_stub::{PATIENCE, Stub, read, stubs, timed};

async fn cluster() -> (DemoCluster, Vec<Stub>) {
    let options = DemoOptions {
        speed: 50.0,
        ..DemoOptions::default()
    };
    let demo = DemoCluster::start(options).await.unwrap();
    let stubs = stubs(&demo);
    let request = pb::CreateStreamRequest {
        name: "s".to_owned(),
        subject: "s".to_owned(),
        partitions: 4,
        replication_factor: 3,
        ..Default::default()
    };
    stubs[0]
        .clone()
        .create_stream(timed(request))
        .await
        .unwrap();
    (demo, stubs)
}

async fn join(stub: &Stub, consumer: &str) -> pb::JoinConsumerGroupResponse {
    let request = pb::JoinConsumerGroupRequest {
        group_id: "g".to_owned(),
        consumer_id: consumer.to_owned(),
        streams: vec!["s".to_owned()],
    };
    stub.clone()
        .join_consumer_group(timed(request))
        .await
        .unwrap()
        .into_inner()
}

async fn group(stub: &Stub) -> pb::ConsumerGroupMetadata {
    let request = pb::FetchMetadataRequest {
        streams: Vec::new(),
        groups: vec!["g".to_owned()],
    };
    let answer = stub
        .clone()
        .fetch_metadata(timed(request))
        .await
        .unwrap()
        .into_inner();
    answer.group_metadata[0].clone()
}

fn number(broker: &str) -> usize {
    broker.strip_prefix("demo-").unwrap().parse().unwrap()
}

async fn assigned(stubs: &[Stub], consumer: &str) -> Result<Vec<i32>, Status> {
    let group = group(&stubs[0]).await;
    let mut home = stubs[number(&group.coordinator) - 1].clone();
    let request = pb::FetchConsumerGroupAssignmentsRequest {
        group_id: "g".to_owned(),
        consumer_id: consumer.to_owned(),
        epoch: group.epoch,
    };
    let answer = home
        .fetch_consumer_group_assignments(timed(request))
        .await?
        .into_inner();
    Ok(answer
        .assignments
        .into_iter()
        .flat_map(|share| share.partitions)
        .collect())
}

#[tokio::test]
pub(crate) async fn partitions_are_shared_out_and_shared_again_when_a_member_goes_silent() {
    let (demo, stubs) = cluster().await;
    join(&stubs[0], "c1").await;
    assert_eq!(assigned(&stubs, "c1").await.unwrap(), [0, 1, 2, 3]);
    join(&stubs[1], "c2").await;
    assert_eq!(assigned(&stubs, "c1").await.unwrap(), [0, 2]);
    assert_eq!(assigned(&stubs, "c2").await.unwrap(), [1, 3]);
    // c1 goes on asking, c2 does not. Between learning the epoch and asking with it the group may go on to the next.
    let mut pace = interval(Duration::from_millis(20));
    let alone = async {
        while assigned(&stubs, "c1").await.unwrap_or_default() != [0, 1, 2, 3] {
            pace.tick().await;
        }
    };
    timeout(PATIENCE, alone).await.unwrap();
    // The activity is published after the change, and committed after that.
    let told = async {
        loop {
            let mut events = activity(&stubs).await.into_iter().rev();
            if let Some(left) = events.find_map(|event| event.leave_consumer_group_op) {
                return left;
            }
            pace.tick().await;
        }
    };
    let expired = timeout(PATIENCE, told).await.unwrap();
    assert_eq!((&*expired.consumer_id, expired.expired), ("c2", true));
    demo.stop().await;
}

async fn activity(stubs: &[Stub]) -> Vec<pb::ActivityStreamEvent> {
    let request = pb::SubscribeRequest {
        stream: "__activity".to_owned(),
        start_position: pb::StartPosition::Earliest.into(),
        stop_position: pb::StopPosition::StopLatest.into(),
        read_isr_replica: true,
        ..Default::default()
    };
    let messages = read(stubs[0].clone(), request, PATIENCE, async || {})
        .await
        .messages;
    let decode = |message: pb::Message| pb::ActivityStreamEvent::decode(message.value).unwrap();
    messages.into_iter().map(decode).collect()
}

#[tokio::test]
async fn a_newer_member_ends_the_older_ones_subscription_cleanly() {
    let (demo, stubs) = cluster().await;
    let subscription = |epoch: u64, member: &str| pb::SubscribeRequest {
        stream: "s".to_owned(),
        consumer: Some(pb::Consumer {
            group_id: "g".to_owned(),
            group_epoch: epoch,
            consumer_id: member.to_owned(),
        }),
        ..Default::default()
    };
    let request = pb::FetchMetadataRequest {
        streams: vec!["s".to_owned()],
        groups: Vec::new(),
    };
    let answer = stubs[0]
        .clone()
        .fetch_metadata(timed(request))
        .await
        .unwrap()
        .into_inner();
    let leader = &answer.stream_metadata[0].partitions[&0].leader;
    let leader = stubs[number(leader) - 1].clone();
    let mut newer = leader.clone();
    let (taken, older) = (subscription(7, "c2"), subscription(6, "c3"));
    let first = read(
        leader.clone(),
        subscription(7, "c1"),
        PATIENCE,
        async move || {
            let stream = newer.subscribe(timed(taken)).await.unwrap();
            // Dropping it would end nothing here: the older one has been told already.
            drop(stream);
        },
    );
    assert_eq!(first.await.end["code"], "OK");
    let refused = read(leader, older, PATIENCE, async || {}).await.end;
    assert_eq!(
        refused["message"],
        "Consumer is not currently assigned this partition"
    );
    demo.stop().await;
}

#[tokio::test]
async fn a_dead_coordinator_is_replaced_when_more_than_half_report_it() {
    let (demo, stubs) = cluster().await;
    let joined = join(&stubs[0], "c1").await;
    let survivor = &stubs[number(&joined.coordinator) % 3];
    demo.faults().kill(number(&joined.coordinator)).unwrap();
    let request = pb::ReportConsumerGroupCoordinatorRequest {
        group_id: "g".to_owned(),
        consumer_id: "c1".to_owned(),
        coordinator: joined.coordinator.clone(),
        epoch: joined.epoch,
    };
    // The coordinator may have been the metadata leader too.
    let mut pace = interval(Duration::from_millis(10));
    let reported = async {
        loop {
            pace.tick().await;
            let mut survivor = survivor.clone();
            let report = survivor.report_consumer_group_coordinator(timed(request.clone()));
            match report.await {
                Ok(_) => return,
                Err(status) => assert_eq!(
                    status.message(),
                    "nats: no responders available for request"
                ),
            }
        }
    };
    timeout(PATIENCE, reported).await.unwrap();
    let now = group(survivor).await;
    assert_ne!(now.coordinator, joined.coordinator);
    assert!(now.epoch > joined.epoch);
    let stale = survivor
        .clone()
        .report_consumer_group_coordinator(timed(request))
        .await
        .unwrap_err();
    assert!(
        stale
            .message()
            .starts_with("Coordinator generation mismatch, current coordinator: demo-")
    );
    demo.stop().await;
}

#[tokio::test]
pub(crate) async fn each_group_goes_to_the_broker_that_coordinates_the_fewest() {
    let (demo, stubs) = cluster().await;
    let mut coordinators = std::collections::BTreeSet::new();
    for group in ["a", "b", "c"] {
        let request = pb::JoinConsumerGroupRequest {
            group_id: group.to_owned(),
            consumer_id: "c1".to_owned(),
            streams: vec!["s".to_owned()],
        };
        let joined = stubs[0].clone().join_consumer_group(timed(request)).await;
        coordinators.insert(joined.unwrap().into_inner().coordinator);
    }
    assert_eq!(coordinators.len(), 3, "one each");
    demo.stop().await;
}
