//! What a probe finds where metadata's flags lie (wire-contract §0.2, §0.3).

use liftui::client::{Client, ConnectOptions};
use liftui::demo::{DemoCluster, DemoOptions};
use liftui::model::{Destination, ErrorKind, Operation, ProbeState, PublishOptions, StreamOptions};

async fn client_of_one_broker() -> (DemoCluster, Client) {
    let options = DemoOptions {
        brokers: 1,
        speed: 20.0,
        ..DemoOptions::default()
    };
    let cluster = DemoCluster::start(options).await.expect("it starts");
    let seeds = ConnectOptions::new(cluster.addresses());
    let client = Client::connect(seeds).await.expect("it answers");
    let stream = StreamOptions {
        name: "orders".into(),
        ..StreamOptions::default()
    };
    perform(&client, Operation::Create(Box::new(stream))).await;
    (cluster, client)
}

async fn perform(client: &Client, operation: Operation) {
    client.perform(operation).await.expect("it is done");
}

async fn publish(client: &Client) {
    let to = Destination::Partition("orders".into(), 0);
    let message = PublishOptions::new(to, "a");
    perform(client, Operation::Publish(Box::new(message))).await;
}

async fn pause(client: &Client) {
    let pause = Operation::Pause {
        stream: "orders".into(),
        partitions: vec![],
        resume_all: false,
    };
    perform(client, pause).await;
}

async fn resume(client: &Client) {
    let (stream, partitions) = ("orders".into(), vec![]);
    perform(client, Operation::Resume { stream, partitions }).await;
}

async fn make_readonly(client: &Client) {
    let readonly = Operation::SetReadonly {
        stream: "orders".into(),
        partitions: vec![],
        readonly: true,
    };
    perform(client, readonly).await;
}

async fn readonly(client: &Client) -> Option<bool> {
    let state = client.probe("orders", 0).await.state;
    if let ProbeState::Serving { readonly, .. } = state {
        return readonly;
    }
    None
}

#[tokio::test]
async fn a_probe_tells_a_paused_partition_from_one_that_was_paused_once() {
    let (_cluster, client) = client_of_one_broker().await;
    pause(&client).await;
    assert_eq!(client.probe("orders", 0).await.state, ProbeState::Paused);
    resume(&client).await;
    let ProbeState::Serving {
        partition,
        readonly,
    } = client.probe("orders", 0).await.state
    else {
        panic!("it serves");
    };
    assert!(partition.paused_flag, "metadata keeps saying so");
    assert_eq!(
        readonly, None,
        "nothing calls it readonly, so that was not asked"
    );
}

#[tokio::test]
async fn a_probe_tells_a_readonly_partition_from_one_that_a_pause_made_writable() {
    let (_cluster, client) = client_of_one_broker().await;
    publish(&client).await;
    make_readonly(&client).await;
    assert_eq!(readonly(&client).await, Some(true));
    pause(&client).await;
    resume(&client).await;
    assert_eq!(
        readonly(&client).await,
        Some(false),
        "it takes messages again"
    );
    publish(&client).await;
}

#[tokio::test]
async fn a_probe_finds_an_empty_partition_readonly() {
    let (_cluster, client) = client_of_one_broker().await;
    make_readonly(&client).await;
    assert_eq!(readonly(&client).await, Some(true));
}

#[tokio::test]
async fn a_probe_of_what_is_not_there_says_so() {
    let (_cluster, client) = client_of_one_broker().await;
    let ProbeState::Unknown(failure) = client.probe("ordres", 0).await.state else {
        panic!("nobody can tell");
    };
    assert_eq!(failure.kind, ErrorKind::NoSuchStream);
}
