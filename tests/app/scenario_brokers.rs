//! Brokers come and go: none at the start, one killed, one that comes back.

use liftui::demo::{DemoCluster, DemoOptions};
use liftui::runtime::{Access, DashboardOptions};

use crate::driver::{Driver, client, cluster_with, has_row, session};

#[tokio::test]
async fn without_a_broker_it_says_what_it_tries_and_becomes_live_when_one_appears() {
    let options = DemoOptions {
        brokers: 1,
        ..DemoOptions::default()
    };
    let first = DemoCluster::start(options.clone())
        .await
        .expect("it starts");
    let addresses = first.addresses();
    first.stop().await;

    let access = Access::Full(client(addresses.clone()));
    let options_of = DashboardOptions::new(session(access, addresses.clone()));
    let mut dashboard = Driver::start(options_of);
    dashboard.wait_for(&addresses[0]).await;
    dashboard.wait_for("refused").await;

    let port = addresses[0]
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok());
    let first_port = port.expect("an address has a port");
    let again = DemoOptions {
        first_port,
        ..options
    };
    let _cluster = DemoCluster::start(again)
        .await
        .expect("the port is free again");
    dashboard.press("2");
    dashboard.wait_for_row(&["demo-1", "answers"]).await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn all_brokers_are_found_from_one_address() {
    let (cluster, _client) = cluster_with(&[]).await;
    let one = vec![cluster.addresses().swap_remove(1)];
    let access = Access::Full(client(one.clone()));
    let mut dashboard = Driver::start(DashboardOptions::new(session(access, one)));
    dashboard.press("2");
    for broker in ["demo-1", "demo-2", "demo-3"] {
        dashboard.wait_for_row(&[broker, "answers"]).await;
    }
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_killed_broker_is_shown_as_down_its_partitions_as_dark_and_then_elsewhere() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    let known = client.fetch_metadata().await.expect("it answers");
    let orders = known.partition("orders", 0).expect("the stream was made");
    let leader = orders.leader.clone().expect("it has a leader").to_string();
    let number = leader
        .rsplit('-')
        .next()
        .expect("demo-1 and so on")
        .to_owned();

    let mut dashboard = Driver::open(&cluster);
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    dashboard.wait_for_row(&["0", &leader, "●"]).await;
    dashboard.press(":");
    dashboard.type_text(&format!("fault kill {number}"));
    dashboard.press("enter");
    // A leader that cannot be reached carries a mark; then another one leads.
    let marked = format!("{leader}?");
    dashboard.wait_for_row(&["0", &marked, "✖"]).await;
    dashboard
        .wait_until("another leader", |screen| {
            let others = ["demo-1", "demo-2", "demo-3"]
                .into_iter()
                .filter(|other| *other != leader);
            others
                .into_iter()
                .any(|other| has_row(screen, &["  0  ", other, "▲"]))
        })
        .await;
    dashboard.press("2");
    dashboard.wait_for_row(&[&leader, "✖"]).await;

    dashboard.press(":");
    dashboard.type_text(&format!("fault restart {number}"));
    dashboard.press("enter");
    dashboard.wait_for_row(&[&leader, "answers"]).await;
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    dashboard.shut_down().await;
}
