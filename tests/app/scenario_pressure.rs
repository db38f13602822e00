//! A tail that may not keep what its broker has: it stops reading, holds nobody up, and goes on without a gap.

use liftui::client::{Client, PublisherOptions};
use liftui::model::{Destination, PublishOptions, StartAt, StopAt, SubscribeSpec};
use liftui::runtime::{Access, DashboardOptions};
use tokio::time::timeout;

use crate::driver::{CAP, Driver, client, cluster_with, session};

const MESSAGES: usize = 20_000;
const BUDGET: usize = 2 << 20;

/// Five times as much as the tail may keep.
async fn fill(client: &Client) {
    let publisher = client.publish_session(PublisherOptions::default());
    for number in 0..MESSAGES {
        let to = Destination::Partition("orders".into(), 0);
        let value = format!("value-{number} {}", "x".repeat(500));
        publisher
            .publish(PublishOptions::new(to, value))
            .await
            .expect("it is sent");
    }
    publisher.flush().await.expect("all are answered");
}

/// How many messages somebody else reads.
async fn read_all(client: &Client) -> usize {
    let spec = SubscribeSpec {
        start: StartAt::Earliest,
        stop: StopAt::Latest,
        ..SubscribeSpec::new("orders", 0)
    };
    let mut messages = client.subscribe(spec).await.expect("it opens");
    let mut count = 0;
    while let Some(item) = timeout(CAP, messages.next()).await.expect("it goes on") {
        count += usize::from(matches!(item, liftui::client::SubscriptionItem::Batch(_)));
    }
    count
}

#[tokio::test]
async fn a_tail_at_its_budget_waits_holds_nobody_up_and_loses_nothing() {
    let (cluster, own) = cluster_with(&["orders"]).await;
    fill(&own).await;
    let access = Access::Full(client(cluster.addresses()));
    let mut session = session(access, cluster.addresses());
    session.settings.tail_budget = BUDGET;
    let mut dashboard = Driver::start(DashboardOptions::new(session));
    dashboard.resize(200, 60);
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    dashboard.press("enter");
    dashboard.wait_for("PARTITIONS  orders").await;
    dashboard.press("enter");
    dashboard.wait_for("value-19999").await;

    dashboard.press("s");
    dashboard.type_text("earliest");
    dashboard.press("enter");
    dashboard.wait_for("value-0 ").await;
    dashboard.press("space");
    let full = dashboard
        .wait_until("a full memory", |screen| {
            screen.contains("frozen") && screen.contains("memory full")
        })
        .await;
    assert!(full.contains("value-0 "), "{full}");
    assert_eq!(read_all(&own).await, MESSAGES, "others read on");
    // What was under way when it stopped has come since.
    let full = dashboard.picture().text;
    assert!(kept(&full) < MESSAGES / 2, "{full}");

    dashboard.press("f");
    let end = dashboard.wait_for("value-19999").await;
    // So the title would say it.
    assert!(!end.contains("gone before"), "nothing was lost:\n{end}");
    dashboard.wait_for("received 20,050 ").await;
    dashboard.shut_down().await;
}

/// How many messages the title says are kept.
fn kept(screen: &str) -> usize {
    let (_, after) = screen.split_once("kept ").expect("the title says it");
    let digits = after.split(' ').next().unwrap_or_default();
    digits.replace(',', "").parse().expect("a number")
}
