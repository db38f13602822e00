//! The workload as a client of any kind sees it: its streams as the interface promises them, and their states.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashMap;
use std::time::Duration;

use liftui::demo::{DemoCluster, DemoOptions, IncidentPace, Traffic};
use liftui::wire::pb;
use pb::api_client::ApiClient;
use tonic::transport::Channel;

type Stub = ApiClient<Channel>;

async fn workload(brokers: usize) -> (DemoCluster, Stub) {
    let options = DemoOptions {
        brokers,
        speed: 20.0,
        traffic: Traffic::Workload {
            rate: Some(2000),
            incidents: IncidentPace::Usual,
        },
        ..DemoOptions::default()
    };
    let cluster = DemoCluster::start(options).await.unwrap();
    let address = format!("http://{}", cluster.addresses()[0]);
    (cluster, Stub::connect(address).await.unwrap())
}

async fn streams(stub: &mut Stub) -> HashMap<String, HashMap<i32, pb::PartitionMetadata>> {
    let answer = stub
        .fetch_metadata(pb::FetchMetadataRequest::default())
        .await
        .unwrap();
    let streams = answer.into_inner().stream_metadata.into_iter();
    streams
        .map(|stream| (stream.name, stream.partitions))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_streams_of_the_interface_are_there_in_their_states() {
    let (cluster, mut stub) = workload(3).await;
    let streams = streams(&mut stub).await;
    assert_eq!(streams["orders"].len(), 4);
    assert!(
        streams["orders"]
            .values()
            .all(|partition| partition.replicas.len() == 3)
    );
    for name in ["payments", "sensors", "settings", "clicks", "telemetry"] {
        assert!(streams.contains_key(name), "{name}");
    }
    assert!(streams["archive"][&0].readonly);
    let newsletter = &streams["newsletter"][&0];
    assert!(newsletter.paused);
    // What it holds was stored long before it was paused: both replicas have it, committed.
    let mut held = Vec::new();
    for address in cluster.addresses() {
        let mut stub = Stub::connect(format!("http://{address}")).await.unwrap();
        let own = self::streams(&mut stub).await["newsletter"][&0].clone();
        held.extend((own.newest_offset >= 0).then_some((own.newest_offset, own.high_watermark)));
    }
    let [(one, one_committed), (other, other_committed)] = held[..] else {
        panic!("it has two replicas: {held:?}");
    };
    assert!(one > 0 && other == one, "{held:?}");
    assert_eq!((one_committed, other_committed), (one, one));
    assert_eq!(streams["audit"][&0].replicas.len(), 1);
    assert_eq!(
        (
            streams["ledger"][&0].isr.len(),
            streams["ledger"][&0].replicas.len()
        ),
        (2, 3)
    );
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_keep_coming_and_cursors_follow_them() {
    let (cluster, mut stub) = workload(1).await;
    let clicks = |streams: HashMap<String, HashMap<i32, pb::PartitionMetadata>>| {
        streams["clicks"]
            .values()
            .map(|partition| partition.newest_offset)
            .sum::<i64>()
    };
    let cursor = || pb::FetchCursorRequest {
        stream: "orders".to_owned(),
        partition: 0,
        cursor_id: "__group:warehouse".to_owned(),
    };
    let before = clicks(streams(&mut stub).await);
    let watch = async {
        loop {
            let grown = clicks(streams(&mut stub).await) > before + 500;
            let offset = stub
                .fetch_cursor(cursor())
                .await
                .unwrap()
                .into_inner()
                .offset;
            if grown && offset > 0 {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), watch)
        .await
        .unwrap();
    cluster.stop().await;
}
