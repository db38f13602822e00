//! Locators on the real loop: one is copied from a message and opened elsewhere, in a dashboard that runs or in a new one.

use liftui::client::Client;
use liftui::demo::DemoCluster;
use liftui::model::Locator;
use liftui::runtime::{Access, DashboardOptions};

use crate::driver::{Driver, client, cluster_with, publish_to, session};

async fn cluster() -> (DemoCluster, Client) {
    let (cluster, client) = cluster_with(&["orders", "pay@ments"]).await;
    for number in 0..5 {
        publish_to(&client, 2, format!("value-{number}")).await;
    }
    (cluster, client)
}

/// A dashboard that begins at that place of the cluster.
fn open_at(cluster: &DemoCluster, locator: &str) -> Driver {
    let access = Access::Full(client(cluster.addresses()));
    let mut session = session(access, cluster.addresses());
    session.settings.open = Some(locator.parse().expect("a locator"));
    Driver::start(DashboardOptions::new(session))
}

/// What is copied by that entry of the menu, which is found by that text.
async fn copy(dashboard: &mut Driver, entry: &str, text: &str) -> String {
    dashboard.press("Y");
    dashboard.wait_for(entry).await;
    dashboard.type_text(text);
    dashboard.press("enter");
    let copied = dashboard.wait_for_picture("the copied text", |picture| picture.copied.is_some());
    copied.await.copied.unwrap_or_default()
}

#[tokio::test]
async fn the_locator_of_a_message_leads_back_to_it() {
    let (cluster, _client) = cluster().await;
    let mut dashboard = open_at(&cluster, "orders:2@3");
    dashboard.wait_for("orders:2 @ 3").await;
    let copied = copy(&mut dashboard, "locator", "locator").await;
    let place = format!("liftui://{}/orders:2@3", cluster.addresses().join(","));
    assert_eq!(copied, format!("liftui open {place}"));

    // In a dashboard that is at another message.
    dashboard.press("] ]");
    dashboard.wait_for("orders:2 @ 4").await;
    dashboard.press(":");
    dashboard.type_text(&format!("open {copied}"));
    dashboard.press("enter");
    dashboard.wait_for("orders:2 @ 3").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_query_and_a_screen_are_opened_and_the_query_is_handed_on() {
    let (cluster, _client) = cluster().await;
    let mut dashboard = open_at(&cluster, "orders@earliest?value-[24]");
    dashboard.wait_for("/value-[24]  0 matching").await;
    dashboard.press(":");
    dashboard.type_text("open orders:0,2@earliest?~value-[24]");
    dashboard.press("enter");
    dashboard
        .wait_for_row(&["orders:0,2", "/~value-[24]  2 matching"])
        .await;
    let copied = copy(&mut dashboard, "locator of the query", "of the query").await;
    let text = copied.strip_prefix("liftui open ").expect("a command");
    let text = text.trim_matches('\'');
    assert!(
        text.ends_with("/orders:0,2@earliest?~value-[24]"),
        "{copied}"
    );
    text.parse::<Locator>().expect("it is a locator");

    dashboard.press(":");
    dashboard.type_text("open :cursors");
    dashboard.press("enter");
    dashboard.wait_for("CURSORS").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn what_is_not_there_is_said_in_one_sentence() {
    let (cluster, client) = cluster().await;
    let mut dashboard = open_at(&cluster, "ordres:2@3");
    dashboard
        .wait_for("stream \"ordres\" does not exist; did you mean \"orders\"?")
        .await;
    for (typed, sentence) in [
        (
            "orders:7@3",
            "partition 7 of stream \"orders\" does not exist; its partitions are 0 to 2",
        ),
        (
            ":cursor",
            "there is no screen \"cursor\"; did you mean \"cursors\"?",
        ),
        ("orders@soon", "\"soon\" is no place in a stream"),
        (
            "liftui://prod/orders",
            "this dashboard shows demo, not prod",
        ),
        ("orders:2@9", "there is no offset 9 yet"),
    ] {
        dashboard.press(":");
        dashboard.type_text(&format!("open {typed}"));
        dashboard.press("enter");
        dashboard.wait_for(sentence).await;
    }
    // What a name holds that a locator uses is escaped, and offered so.
    publish_to(&client, 0, "x".to_owned()).await;
    dashboard.press(":");
    dashboard.type_text("open pay");
    dashboard.press("tab enter");
    dashboard.wait_for("pay@ments:0-2 ▏").await;
    dashboard.shut_down().await;
}
