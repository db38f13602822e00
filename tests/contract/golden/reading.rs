//! The cases of subscribing to a partition that is neither paused nor readonly.

use liftui::wire::pb;

use super::driver::{Kept, PATIENCE, Scenario, Stub, read};

/// A subscription to `orders/0`.
pub(super) fn subscription() -> pb::SubscribeRequest {
    pb::SubscribeRequest {
        stream: "orders".to_owned(),
        ..Default::default()
    }
}

/// From the oldest message on.
pub(super) fn from_earliest() -> pb::SubscribeRequest {
    starting(pb::StartPosition::Earliest)
}

fn starting(at: pb::StartPosition) -> pb::SubscribeRequest {
    pb::SubscribeRequest {
        start_position: at.into(),
        ..subscription()
    }
}

fn at_offset(start_offset: i64) -> pb::SubscribeRequest {
    pb::SubscribeRequest {
        start_offset,
        ..starting(pb::StartPosition::Offset)
    }
}

fn at_time(start_timestamp: i64) -> pb::SubscribeRequest {
    pb::SubscribeRequest {
        start_timestamp,
        ..starting(pb::StartPosition::Timestamp)
    }
}

fn stopping(at: pb::StopPosition, from: pb::SubscribeRequest) -> pb::SubscribeRequest {
    pb::SubscribeRequest {
        stop_position: at.into(),
        ..from
    }
}

fn elsewhere(partition: i32, from: pb::SubscribeRequest) -> pb::SubscribeRequest {
    pb::SubscribeRequest { partition, ..from }
}

/// Reads the ten messages of `orders/0` in every way.
pub(super) async fn subscribe(scenario: &mut Scenario) {
    let leader = scenario.leader("orders", 0).await;
    let second = scenario.leader("orders", 1).await;
    let third = third_time(leader.clone()).await;
    let mut cases = starts(&leader, third);
    cases.extend(stops(&leader, &second, third));
    scenario.readings(cases).await;
}

async fn third_time(leader: Stub) -> i64 {
    let up_to_three = pb::SubscribeRequest {
        stop_offset: 2,
        ..from_earliest()
    };
    let up_to_three = stopping(pb::StopPosition::StopOffset, up_to_three);
    read(leader, up_to_three, PATIENCE, async || {})
        .await
        .messages[2]
        .timestamp
}

type Case = (&'static str, Kept, Stub, pb::SubscribeRequest);

fn starts(leader: &Stub, third: i64) -> Vec<Case> {
    let case = |name, request| (name, Kept::Offsets, leader.clone(), request);
    vec![
        (
            "subscribe, earliest",
            Kept::Contents,
            leader.clone(),
            from_earliest(),
        ),
        case("subscribe, latest", starting(pb::StartPosition::Latest)),
        case("subscribe, new only", subscription()),
        case("subscribe, offset 3", at_offset(3)),
        case("subscribe, offset past the end", at_offset(500)),
        case("subscribe, negative offset", at_offset(-5)),
        case("subscribe, time of the third message", at_time(third)),
        case("subscribe, a time to come", at_time(i64::MAX)),
        case("subscribe, a time before all", at_time(1)),
        case(
            "subscribe an unknown stream",
            pb::SubscribeRequest {
                stream: "nope".to_owned(),
                ..subscription()
            },
        ),
        case(
            "subscribe an unknown partition",
            elsewhere(9, subscription()),
        ),
    ]
}

fn stops(leader: &Stub, second: &Stub, third: i64) -> Vec<Case> {
    use pb::StopPosition::{StopLatest, StopOffset, StopTimestamp};
    let case = |name, request| (name, Kept::Offsets, leader.clone(), request);
    let empty = |name, request| (name, Kept::Offsets, second.clone(), elsewhere(1, request));
    let until = |stop_timestamp| pb::SubscribeRequest {
        stop_timestamp,
        ..from_earliest()
    };
    let up_to = |stop_offset, from| pb::SubscribeRequest {
        stop_offset,
        ..from
    };
    vec![
        case(
            "subscribe, stop at the time of the third",
            stopping(StopTimestamp, until(third)),
        ),
        case(
            "subscribe, stop at offset 2",
            stopping(StopOffset, up_to(2, from_earliest())),
        ),
        case(
            "subscribe, stop at the latest",
            stopping(StopLatest, from_earliest()),
        ),
        case(
            "subscribe, stop before start",
            stopping(StopOffset, up_to(2, at_offset(4))),
        ),
        empty(
            "subscribe an empty partition, stop at the latest",
            stopping(StopLatest, from_earliest()),
        ),
        empty("subscribe an empty partition, new only", subscription()),
        empty(
            "subscribe an empty partition, latest",
            starting(pb::StartPosition::Latest),
        ),
    ]
}
