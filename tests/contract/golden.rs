//! The recordings of real servers, asserted of the demo cluster: every case of `tests/golden/single.json` and
//! `cluster.json`. What was sent is in the files beside this one, in the order of the recordings.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod changing;
mod driver;
mod internal;
mod plain;
mod publishing;
mod reading;
mod streams;

use driver::Scenario;
use liftui::demo::{DeadlineEnd, DemoCluster, DemoOptions};

async fn replay(brokers: usize, golden: &str) {
    let options = DemoOptions {
        brokers,
        ..DemoOptions::default()
    };
    let cluster = DemoCluster::start(options).await.unwrap();
    // What was recorded are the ends that clients make themselves.
    cluster.faults().deadlines(DeadlineEnd::Status);
    let mut scenario = Scenario::new(&cluster.addresses(), golden).await;
    streams::create(&mut scenario).await;
    publishing::publish(&mut scenario).await;
    reading::subscribe(&mut scenario).await;
    changing::pause(&mut scenario).await;
    changing::set_readonly(&mut scenario).await;
    publishing::publish_with_concurrency_control(&mut scenario).await;
    publishing::publish_async(&mut scenario).await;
    internal::set_cursors(&mut scenario).await;
    internal::join_groups(&mut scenario).await;
    streams::delete(&mut scenario).await;
    internal::read_internal_streams(&mut scenario).await;
    scenario.finish();
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_broker_answers_as_the_recorded_server_did() {
    replay(1, include_str!("../golden/single.json")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_brokers_answer_as_the_recorded_cluster_did() {
    replay(3, include_str!("../golden/cluster.json")).await;
}
