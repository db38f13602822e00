//! Brokers come and go: none at the start, one killed, one that comes back.

use liftui::demo::{DemoCluster, DemoOptions};
use liftui::runtime::{Access, DashboardOptions};

use crate::driver::{Driver, client, cluster_with, has_row, session};

#[tokio::test]
async fn without_a_broker_it_shows_what_it_tries_and_becomes_live_when_one_appears() {
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

#[tokio::test]
async fn cursors_that_nobody_leads_are_said_to_be_unreadable_and_come_back_with_their_leader() {
    let options = DemoOptions {
        cursor_partitions: Some(1),
        ..DemoOptions::default()
    };
    let cluster = DemoCluster::start(options).await.expect("it starts");
    let client = client(cluster.addresses());
    client
        .set_cursor("billing", "orders", 0, 7)
        .await
        .expect("its leader answers");
    let known = client.fetch_metadata().await.expect("it answers");
    let cursors = known.partition("__cursors", 0).expect("there are cursors");
    let leader = cursors.leader.as_deref().expect("it has a leader");
    let number = leader.rsplit('-').next().and_then(|n| n.parse().ok());
    let number: usize = number.expect("demo-1 and so on");
    for dead in [number, number % 3 + 1] {
        cluster.faults().kill(dead).expect("it runs");
    }
    let mut dashboard = Driver::open(&cluster);
    dashboard.press("4");
    let said = "partition 0 of stream \"__cursors\" could not be read";
    dashboard.wait_for(said).await;
    cluster.faults().heal();
    dashboard.wait_for_row(&["billing", "orders"]).await;
    dashboard.shut_down().await;
}
