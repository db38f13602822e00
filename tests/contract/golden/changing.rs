//! The cases of pausing, resuming and readonly.

use liftui::wire::pb;
use tonic::{Response, Status};

use super::driver::{Kept, PATIENCE, SILENCE, Scenario, read, timed, within};
use super::publishing::message;
use super::reading::{from_earliest, subscription};

fn pausing(partitions: &[i32]) -> pb::PauseStreamRequest {
    let name = "orders".to_owned();
    pb::PauseStreamRequest {
        name,
        partitions: partitions.to_vec(),
        resume_all: false,
    }
}

fn readonly(partitions: &[i32], readonly: bool) -> pb::SetStreamReadonlyRequest {
    let name = "orders".to_owned();
    pb::SetStreamReadonlyRequest {
        name,
        partitions: partitions.to_vec(),
        readonly,
    }
}

impl Scenario {
    async fn pause(&mut self, case: &str, request: pb::PauseStreamRequest) {
        let answer = self.first().pause_stream(timed(request)).await;
        self.answer(case, "PauseStream", answer);
    }

    async fn set_readonly(&mut self, case: &str, request: pb::SetStreamReadonlyRequest) {
        let answer = self.first().set_stream_readonly(timed(request)).await;
        self.answer(case, "SetStreamReadonly", answer);
    }

    async fn publish_to(&mut self, case: &str, request: pb::PublishRequest) {
        let mut leader = self.leader("orders", request.partition).await;
        let answer = leader.publish(timed(request)).await;
        self.answer(case, "Publish", answer);
    }

    async fn metadata_of_orders(&mut self, case: &str) {
        let streams = vec!["orders".to_owned()];
        let request = pb::FetchMetadataRequest {
            streams,
            groups: Vec::new(),
        };
        let answer = self.first().fetch_metadata(timed(request)).await;
        self.answer(case, "FetchMetadata", answer);
    }

    async fn partition_metadata(&mut self, case: &str, partition: i32) {
        let answer = self.fetch_partition(partition).await;
        self.answer(case, "FetchPartitionMetadata", answer);
    }

    async fn fetch_partition(
        &self,
        partition: i32,
    ) -> Result<Response<pb::FetchPartitionMetadataResponse>, Status> {
        let mut leader = self.leader("orders", partition).await;
        let stream = "orders".to_owned();
        let request = pb::FetchPartitionMetadataRequest { stream, partition };
        leader.fetch_partition_metadata(timed(request)).await
    }

    async fn reading_second(&mut self, case: &'static str, resume: bool) {
        let leader = self.leader("orders", 1).await;
        let request = pb::SubscribeRequest {
            partition: 1,
            resume,
            ..from_earliest()
        };
        self.readings(vec![(case, Kept::Offsets, leader, request)])
            .await;
    }
}

/// Pauses and resumes the partitions of `orders`.
pub(super) async fn pause(scenario: &mut Scenario) {
    scenario.pause("pause one partition", pausing(&[1])).await;
    scenario
        .metadata_of_orders("metadata after the pause")
        .await;
    scenario
        .reading_second("subscribe a paused partition", false)
        .await;
    scenario
        .partition_metadata("partition metadata of a paused partition", 1)
        .await;
    scenario
        .pause("pause a paused partition", pausing(&[1]))
        .await;
    scenario
        .reading_second("subscribe a paused partition, resuming it", true)
        .await;
    scenario
        .metadata_of_orders("metadata after the resume: its paused flag stays")
        .await;
    scenario
        .partition_metadata("partition metadata after the resume: answered again", 1)
        .await;
    scenario.pause("pause the whole stream", pausing(&[])).await;
    let wake = |partition| pb::PublishRequest {
        partition,
        ..message("wake")
    };
    scenario
        .publish_to("publish resumes its partition", wake(1))
        .await;
    scenario
        .partition_metadata("partition metadata of the one still paused", 0)
        .await;
    let all = pb::PauseStreamRequest {
        resume_all: true,
        ..pausing(&[])
    };
    scenario.pause("pause with resumeAll", all).await;
    scenario.publish_to("publish resumes all", wake(0)).await;
    scenario.settled("orders").await;
    scenario
        .partition_metadata("partition metadata of the other, resumed with it", 1)
        .await;
    let unknown = pb::PauseStreamRequest {
        name: "nope".to_owned(),
        ..pausing(&[])
    };
    scenario.pause("pause an unknown stream", unknown).await;
    scenario
        .pause("pause an unknown partition", pausing(&[9]))
        .await;
    let leader = scenario.leader("orders", 0).await;
    let mut first = scenario.first();
    let read = read(leader, subscription(), PATIENCE, async || {
        first.pause_stream(timed(pausing(&[0]))).await.unwrap();
    });
    let read = read.await;
    scenario.reading("a pause ends a subscription", Kept::End, &read);
    scenario
        .publish_to("publish resumes it", message("wake2"))
        .await;
    scenario.settled("orders").await;
}

/// Sets and lifts readonly.
pub(super) async fn set_readonly(scenario: &mut Scenario) {
    scenario
        .set_readonly("set a partition readonly", readonly(&[0], true))
        .await;
    scenario
        .partition_metadata("partition metadata of a readonly partition", 0)
        .await;
    scenario
        .publish_to("publish to a readonly partition", message("x"))
        .await;
    let mut leader = scenario.leader("orders", 0).await;
    let (subject, value) = ("g.orders".to_owned(), "x".into());
    let request = pb::PublishToSubjectRequest {
        subject,
        value,
        ..Default::default()
    };
    let answer = leader.publish_to_subject(within(SILENCE, request)).await;
    scenario.answer(
        "publish to a readonly partition's subject",
        "PublishToSubject",
        answer,
    );
    let earliest = "subscribe a readonly partition, earliest";
    let new_only = "subscribe a readonly partition, new only";
    let cases = vec![
        (earliest, Kept::Offsets, leader.clone(), from_earliest()),
        (new_only, Kept::Offsets, leader.clone(), subscription()),
    ];
    scenario.readings(cases).await;
    scenario
        .set_readonly("lift readonly", readonly(&[0], false))
        .await;
    scenario
        .publish_to("publish after readonly was lifted", message("x"))
        .await;
    scenario.settled("orders").await;
    let mut first = scenario.first();
    let read = read(leader, subscription(), PATIENCE, async || {
        first
            .set_stream_readonly(timed(readonly(&[0], true)))
            .await
            .unwrap();
    });
    let read = read.await;
    scenario.reading("readonly ends a subscription", Kept::End, &read);
    scenario
        .set_readonly("lift readonly of the stream", readonly(&[], false))
        .await;
    let unknown = pb::SetStreamReadonlyRequest {
        name: "nope".to_owned(),
        ..readonly(&[], true)
    };
    scenario
        .set_readonly("readonly, unknown stream", unknown)
        .await;
    scenario
        .set_readonly("readonly, unknown partition", readonly(&[9], true))
        .await;
}
