//! Tails side by side: split and joined at keys, each with its own query and its own mode, closed one by one.

use liftui::client::Client;
use liftui::demo::DemoCluster;
use liftui::model::{AckPolicy, Destination, Operation, PublishOptions};

use crate::driver::{Driver, cluster_with, has_row};

/// Publishes messages to the first partition of that stream, each stored by every replica.
async fn publish(client: &Client, stream: &str, values: &[&str]) {
    for value in values {
        let to = Destination::Partition(stream.into(), 0);
        let message = PublishOptions {
            ack_policy: AckPolicy::All,
            ..PublishOptions::new(to, (*value).to_owned())
        };
        let publish = Operation::Publish(Box::new(message));
        client.perform(publish).await.expect("it is stored");
    }
}

/// A dashboard with the tail of the first partition of `orders` open, which holds three messages.
async fn open() -> (Driver, DemoCluster, Client) {
    let (cluster, client) = cluster_with(&["orders", "payments"]).await;
    publish(&client, "orders", &["apple", "berry", "cherry"]).await;
    publish(&client, "payments", &["dollar", "euro"]).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.open_tail().await;
    dashboard.wait_for("cherry").await;
    (dashboard, cluster, client)
}

#[tokio::test]
async fn two_tails_of_one_partition_have_a_query_and_a_mode_each() {
    let (mut dashboard, _cluster, client) = open().await;
    dashboard.press("|");
    dashboard
        .wait_until("the same messages twice", |screen| {
            let rows = screen.lines().filter(|row| row.contains("berry"));
            rows.map(|row| row.matches("berry").count()).sum::<usize>() >= 2
                && has_row(screen, &[" 1 orders:0", "▸2 orders:0"])
        })
        .await;
    // The query and the freeze are those of the second alone.
    dashboard.press("/");
    dashboard.type_text("berry");
    dashboard.press("enter");
    dashboard
        .wait_for_row(&["1 orders:0 ▏following", "2 orders:0", "/berry  1 matching"])
        .await;
    dashboard.press("shift-tab");
    dashboard
        .wait_for_row(&["▸1 orders:0", " 2 orders:0"])
        .await;
    dashboard.press("space");
    dashboard
        .wait_for_row(&["1 orders:0 ▏frozen", "/berry", "following"])
        .await;
    publish(&client, "orders", &["berry again"]).await;
    dashboard
        .wait_for_row(&["1 orders:0 ▏frozen", "/berry  2 matching"])
        .await;
    // Another key joins them again; both are still open.
    dashboard.press("_");
    let screen = dashboard.wait_while("2 orders:0").await;
    assert!(screen.contains("frozen"), "{screen}");
    assert!(!screen.contains("/berry"), "{screen}");
    dashboard.press(">");
    dashboard.wait_for("/berry  2 matching").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn the_focus_goes_from_tail_to_tail_and_a_closed_one_takes_its_pane_alone() {
    let (mut dashboard, _cluster, _client) = open().await;
    dashboard.press(":");
    dashboard.type_text("split payments");
    dashboard.press("enter");
    dashboard
        .wait_for_row(&[" 1 orders:0", "▸2 payments:0-2"])
        .await;
    dashboard.wait_for_row(&["dollar"]).await;
    dashboard.press("|");
    dashboard.wait_for("▸3 payments:0-2").await;
    // Back, to the left, by number, and through the message of each.
    dashboard.press("shift-tab");
    dashboard.wait_for("▸2 payments:0-2").await;
    dashboard.press("alt-left");
    dashboard.wait_for("▸1 orders:0").await;
    dashboard.press("alt-3");
    dashboard.wait_for("▸3 payments:0-2").await;
    dashboard.press("alt-4");
    dashboard.wait_for("there is no tail 4 on the screen").await;
    dashboard.press("tab");
    dashboard.wait_for("payments:0 @ 1").await;
    dashboard.press("tab enter");
    dashboard.wait_for("orders:0 @ 2").await;

    dashboard.press("esc alt-2 X");
    let screen = dashboard
        .wait_for_row(&[" 1 orders:0", "▸2 payments:0-2"])
        .await;
    assert!(!screen.contains("3 payments"), "{screen}");
    dashboard.press("X");
    let screen = dashboard.wait_while("payments:0-2").await;
    assert!(screen.contains(" orders:0 ▏"), "{screen}");
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_stream_that_is_opened_comes_into_the_pane_in_focus() {
    let (mut dashboard, _cluster, _client) = open().await;
    dashboard.press("|");
    dashboard.wait_for("▸2 orders:0").await;
    dashboard.press(":");
    dashboard.type_text("tail payments");
    dashboard.press("enter");
    // The copy that made room for it is no tail that anybody asked for.
    let screen = dashboard
        .wait_for_row(&[" 1 orders:0", "▸2 payments:0-2"])
        .await;
    assert_eq!(screen.matches("orders:0 ").count(), 1, "{screen}");
    dashboard.shut_down().await;
}

#[tokio::test]
async fn where_tails_do_not_fit_one_sentence_says_so_until_they_do() {
    let (mut dashboard, _cluster, _client) = open().await;
    dashboard.press("| | |");
    dashboard.wait_for("▸4 orders:0").await;
    dashboard.press("|");
    dashboard
        .wait_for("4 tails are the most on one screen")
        .await;
    dashboard.resize(80, 24);
    dashboard
        .wait_for("80x24 has no room for 4 tails: _ keeps this one")
        .await;
    dashboard.wait_for("cherry").await;
    dashboard.press("X");
    dashboard.wait_for("▸3 orders:0").await;
    dashboard.resize(200, 60);
    dashboard
        .wait_for_row(&["1 orders:0", "2 orders:0", "▸3 orders:0"])
        .await;
    dashboard.shut_down().await;
}
