//! The cases of cursors, consumer groups and the internal streams.

use std::fmt::Write;

use liftui::wire::pb;
use prost::Message;
use serde_json::{Value, json};
use tonic::{Code, Response, Status};

use super::driver::{PATIENCE, Scenario, outcome, read, timed};
use super::plain::Plain;

/// What each broker answered: all but a cursor's home refuse, and name a partition that does not matter.
fn told<T: Plain>(answer: Result<Response<T>, Status>) -> Value {
    match answer {
        Ok(response) => response.into_inner().plain(),
        Err(status) if status.code() == Code::FailedPrecondition => {
            let digit = |letter: char| letter.is_ascii_digit();
            let text = status.message().trim_end_matches(digit);
            json!(format!("{text}N"))
        }
        Err(status) => outcome(&status),
    }
}

/// The order in which the recordings list the outcomes of all brokers.
fn sorted(mut outcomes: Vec<Value>) -> Value {
    let python = |value: &Value| {
        let text = value.as_str().map(str::to_owned);
        text.unwrap_or_else(|| value.to_string().replace('"', "'"))
    };
    outcomes.sort_by_key(python);
    Value::Array(outcomes)
}

impl Scenario {
    async fn set_cursor_everywhere(&mut self, case: &str, request: pb::SetCursorRequest) {
        let mut outcomes = Vec::new();
        for mut stub in self.stubs.clone() {
            outcomes.push(told(stub.set_cursor(timed(request.clone())).await));
        }
        self.case(
            case,
            json!({ "rpc": "SetCursor", "outcomes": sorted(outcomes) }),
        );
    }

    async fn fetch_cursor_everywhere(&mut self, case: &str, cursor_id: &str) {
        let request = pb::FetchCursorRequest {
            stream: "orders".to_owned(),
            partition: 0,
            cursor_id: cursor_id.to_owned(),
        };
        let mut outcomes = Vec::new();
        for mut stub in self.stubs.clone() {
            outcomes.push(told(stub.fetch_cursor(timed(request.clone())).await));
        }
        self.case(
            case,
            json!({ "rpc": "FetchCursor", "outcomes": sorted(outcomes) }),
        );
    }
}

/// Sets and fetches cursors at every broker.
pub(super) async fn set_cursors(scenario: &mut Scenario) {
    let cursor = |stream: &str, cursor_id: &str| pb::SetCursorRequest {
        stream: stream.to_owned(),
        partition: 0,
        cursor_id: cursor_id.to_owned(),
        offset: 4,
    };
    scenario
        .set_cursor_everywhere("set a cursor", cursor("orders", "c1"))
        .await;
    scenario.fetch_cursor_everywhere("fetch it", "c1").await;
    scenario
        .fetch_cursor_everywhere("fetch one never set", "unset")
        .await;
    scenario
        .set_cursor_everywhere("set a cursor without an id", cursor("orders", ""))
        .await;
    scenario
        .set_cursor_everywhere("set a cursor without a stream", cursor("", "c"))
        .await;
}

fn join(group_id: &str, stream: &str) -> pb::JoinConsumerGroupRequest {
    pb::JoinConsumerGroupRequest {
        group_id: group_id.to_owned(),
        consumer_id: "m1".to_owned(),
        streams: vec![stream.to_owned()],
    }
}

/// Joins a group, asks what to read, leaves.
pub(super) async fn join_groups(scenario: &mut Scenario) {
    let mut first = scenario.first();
    let answer = first.join_consumer_group(timed(join("g1", "orders"))).await;
    let joined = scenario
        .answer("join a group", "JoinConsumerGroup", answer)
        .unwrap();
    let answer = first.join_consumer_group(timed(join("g1", "orders"))).await;
    scenario.answer("join it again", "JoinConsumerGroup", answer);
    let answer = first.join_consumer_group(timed(join("g2", "nope"))).await;
    scenario.answer("join with an unknown stream", "JoinConsumerGroup", answer);
    let groups = vec!["g1".to_owned()];
    let request = pb::FetchMetadataRequest {
        streams: Vec::new(),
        groups,
    };
    let answer = first
        .fetch_metadata(timed(request))
        .await
        .unwrap()
        .into_inner();
    let groups: Vec<Value> = answer.group_metadata.iter().map(Plain::plain).collect();
    scenario.case("metadata of the group", json!({ "groups": groups }));
    assignments(scenario, &joined).await;
    for case in ["leave the group", "leave it again"] {
        let (group_id, consumer_id) = ("g1".to_owned(), "m1".to_owned());
        let request = pb::LeaveConsumerGroupRequest {
            group_id,
            consumer_id,
        };
        let answer = first.leave_consumer_group(timed(request)).await;
        scenario.answer(case, "LeaveConsumerGroup", answer);
    }
}

async fn assignments(scenario: &mut Scenario, joined: &pb::JoinConsumerGroupResponse) {
    let mut home = scenario.named(&joined.coordinator);
    for (case, consumer_id, epoch) in [
        ("assignments", "m1", joined.epoch),
        ("assignments, other epoch", "m1", 99),
        ("assignments, not a member", "zz", joined.epoch),
    ] {
        let (group_id, consumer_id) = ("g1".to_owned(), consumer_id.to_owned());
        let request = pb::FetchConsumerGroupAssignmentsRequest {
            group_id,
            consumer_id,
            epoch,
        };
        let answer = home.fetch_consumer_group_assignments(timed(request)).await;
        scenario.answer(case, "FetchConsumerGroupAssignments", answer);
    }
}

/// Reads what all of this left in the activity stream and in the cursors stream.
pub(super) async fn read_internal_streams(scenario: &mut Scenario) {
    let events = stored(scenario, "__activity", 0).await;
    let events = events.iter().map(|message| {
        pb::ActivityStreamEvent::decode(message.value.clone())
            .unwrap()
            .plain()
    });
    let of_internal = |event: &Value| event.to_string().contains("\"stream\":\"__");
    let events: Vec<Value> = events.filter(|event| !of_internal(event)).collect();
    scenario.case("activity events, in order", json!({ "events": events }));
    let partitions = if scenario.stubs.len() == 1 { 1 } else { 2 };
    let mut entries = Vec::new();
    for partition in 0..partitions {
        for message in stored(scenario, "__cursors", partition).await {
            let key = String::from_utf8(message.key.to_vec()).unwrap();
            let mut value = String::new();
            message
                .value
                .iter()
                .for_each(|byte| write!(value, "{byte:02x}").unwrap());
            entries.push(json!([key, value]));
        }
    }
    scenario.case(
        "what the cursors stream holds",
        json!({ "entries": entries }),
    );
}

/// All messages of a partition; of an empty one none.
async fn stored(scenario: &Scenario, stream: &str, partition: i32) -> Vec<pb::Message> {
    scenario.settled(stream).await;
    let leader = scenario.leader(stream, partition).await;
    let request = pb::SubscribeRequest {
        stream: stream.to_owned(),
        partition,
        start_position: pb::StartPosition::Earliest.into(),
        stop_position: pb::StopPosition::StopLatest.into(),
        resume: true,
        ..Default::default()
    };
    read(leader, request, PATIENCE, async || {}).await.messages
}
