//! Streams that are deleted and made anew while they are read, and streams that are younger than what is known of them.

use liftui::client::Client;

use crate::driver::{Driver, cluster_with, create, publish_to};

async fn publish(client: &Client, values: &[&str]) {
    for value in values {
        publish_to(client, 0, (*value).to_owned()).await;
    }
}

#[tokio::test]
async fn a_stream_made_anew_under_its_tail_is_told_and_not_mixed_with_the_old_one() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, &["old-0", "old-1", "old-2"]).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.open_tail().await;
    dashboard.wait_for_row(&["▸", "old-2"]).await;

    client.delete_stream("orders").await.expect("it goes");
    create(&client, "orders").await;
    publish(&client, &["new-0", "new-1"]).await;
    let screen = dashboard.wait_for("deleted; another one was made").await;
    assert!(screen.contains("orders:0 (deleted)"), "{screen}");
    dashboard
        .wait_for("another stream of that name was made")
        .await;
    let screen = dashboard.wait_for_row(&["▸", "old-2"]).await;
    assert!(!screen.contains("new-"), "{screen}");

    // Neither of the two ever shows what is of the other.
    dashboard.press("f");
    let screen = dashboard.wait_for_row(&["▸", "new-1"]).await;
    assert!(!screen.contains("old-"), "{screen}");
    publish(&client, &["new-2"]).await;
    let screen = dashboard.wait_for_row(&["▸", "new-2"]).await;
    assert!(screen.contains("kept 3 "), "{screen}");
    dashboard.press("<");
    let screen = dashboard.wait_for_row(&["▸", "old-2"]).await;
    assert!(
        screen.contains("old-0") && !screen.contains("new-1"),
        "{screen}"
    );
    dashboard.press("g");
    dashboard.wait_for_row(&["▸", "old-0"]).await;
    dashboard.press("f");
    let screen = dashboard.wait_for_row(&["▸", "new-2"]).await;
    assert!(!screen.contains("old-"), "{screen}");
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_stream_that_was_just_made_is_asked_for_before_it_is_denied() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    create(&client, "fresh").await;
    dashboard.press(":");
    dashboard.type_text("tail fresh");
    dashboard.press("enter");
    let screen = dashboard.wait_for("fresh:0-2 ▏following").await;
    assert!(!screen.contains("does not exist"), "{screen}");
    dashboard.press(":");
    dashboard.type_text("tail frish");
    dashboard.press("enter");
    dashboard
        .wait_for("stream \"frish\" does not exist; did you mean \"fresh\"?")
        .await;
    dashboard.shut_down().await;
}
