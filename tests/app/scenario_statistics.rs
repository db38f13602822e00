//! Statistics of a range on the screen: of a tail with its query, of a stream, stopped while a broker keeps them waiting.

use crate::driver::{Driver, cluster_with, publish_to};

#[tokio::test]
async fn what_is_in_a_tail_is_counted_with_bars_by_its_query() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    for number in 0..6 {
        let value = format!("value-{}", "x".repeat(number * 100));
        publish_to(&client, 0, value).await;
    }
    publish_to(&client, 0, "other".to_owned()).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.open_tail().await;
    dashboard.wait_for_row(&["▸", "other"]).await;
    dashboard.press("#");
    let all = dashboard.wait_for("All was read: 7 messages").await;
    assert!(all.contains("Statistics of orders"), "{all}");
    assert!(all.contains("BY TIME") && all.contains("█"), "{all}");
    assert!(all.contains("orders:0 @ 5"), "the largest one: {all}");
    dashboard.press("esc");
    dashboard.wait_while("Statistics of").await;
    dashboard.press("/");
    dashboard.type_text("value");
    dashboard.press("enter");
    dashboard.wait_for("6 matching of 7").await;
    dashboard.press(":");
    dashboard.type_text("stats -4 end");
    dashboard.press("enter");
    let some = dashboard
        .wait_for("All of the range was read: 4 messages")
        .await;
    assert!(some.contains("3 of 4 messages"), "{some}");
    assert!(some.contains("from -4 end"), "{some}");
    dashboard.shut_down().await;
}

#[tokio::test]
async fn statistics_of_a_stream_are_stopped_by_the_same_key_and_by_leaving_them() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish_to(&client, 1, "one".to_owned()).await;
    let known = client.fetch_metadata().await.expect("somebody answers");
    let leader = known
        .partition("orders", 1)
        .and_then(|orders| orders.leader.clone());
    let leader = leader.expect("it has a leader");
    let number = leader.rsplit('-').next().expect("a number");
    let mut dashboard = Driver::open(&cluster);
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    cluster
        .faults()
        .run(&format!("stall {number} 60s"))
        .expect("it stalls");
    dashboard.press("#");
    dashboard.wait_for("Reading: ").await;
    dashboard.press("#");
    let stopped = dashboard.wait_for("Stopped after").await;
    assert!(stopped.contains("not to its end"), "{stopped}");
    dashboard.press("esc");
    dashboard.wait_while("Statistics of").await;
    dashboard.press("#");
    dashboard.wait_for("Reading: ").await;
    dashboard.press("esc");
    dashboard
        .wait_for("the reading for statistics was stopped")
        .await;
    dashboard.press(":");
    dashboard.type_text("stats nonsense");
    dashboard.press("enter");
    dashboard.wait_for("nonsense").await;
    dashboard.shut_down().await;
}
