//! Messages flow: a tail is opened, frozen, followed, published into, and outlives the broker that it reads from.

use liftui::client::Client;
use liftui::model::{AckPolicy, Destination, Operation, PublishOptions};

use tokio::time::timeout;

use crate::driver::{CAP, Driver, cluster_with, has_row};

/// Publishes messages to the first partition, each named by its number, each stored by every replica.
async fn publish(client: &Client, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let to = Destination::Partition("orders".into(), 0);
        let message = PublishOptions {
            key: format!("key-{number}").into(),
            ack_policy: AckPolicy::All,
            ..PublishOptions::new(to, format!("value-{number}"))
        };
        let publish = Operation::Publish(Box::new(message));
        client.perform(publish).await.expect("it is stored");
    }
}

/// Waits until the first partition of `orders` is led by another broker, and every in-sync replica is alive.
async fn wait_for_full_isr_without(client: &Client, dead: &str) {
    let moved = async {
        loop {
            let known = client.fetch_metadata().await.expect("somebody answers");
            let orders = known.partition("orders", 0).expect("the stream is there");
            let led = orders
                .leader
                .as_deref()
                .is_some_and(|leader| leader != dead);
            if led && orders.isr.iter().all(|member| **member != *dead) {
                return;
            }
        }
    };
    timeout(CAP, moved).await.expect("another broker leads");
}

#[tokio::test]
async fn while_a_tail_follows_the_message_beside_it_is_that_of_the_selected_row() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, 0..1).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.open_tail().await;
    dashboard.wait_for("orders:0 @ 0").await;
    for number in 1..12 {
        publish(&client, number..number + 1).await;
        let value = format!("value-{number}");
        let screen = dashboard.wait_for_row(&["▸", &value]).await;
        let inspected = format!("orders:0 @ {number}");
        let mut rows = screen.lines();
        assert!(rows.any(|row| row.ends_with(&inspected)), "{screen}");
        assert!(screen.contains("following"), "{screen}");
    }
    dashboard.shut_down().await;
}

#[tokio::test]
async fn from_a_stream_down_to_a_message_and_back() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, 0..3).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.open_tail().await;
    dashboard.wait_for_row(&["key-2", "value-2"]).await;
    publish(&client, 3..4).await;
    dashboard.wait_for_row(&["▸", "key-3", "value-3"]).await;

    dashboard.press("enter");
    dashboard.wait_for("orders:0 @ 3").await;
    dashboard.press("[");
    dashboard.wait_for("orders:0 @ 2").await;
    dashboard.press("esc esc");
    dashboard.wait_for("STREAMS").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_frozen_tail_stands_still_and_goes_on_where_it_was() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, 0..40).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.open_tail().await;
    dashboard.wait_for_row(&["▸", "value-39"]).await;
    dashboard.press("space");
    dashboard.wait_for("frozen").await;
    publish(&client, 40..43).await;
    let frozen = dashboard.wait_for("3 behind").await;
    assert!(has_row(&frozen, &["▸", "value-39"]), "{frozen}");
    assert!(!frozen.contains("value-42"), "{frozen}");
    dashboard.press("f");
    dashboard.wait_for_row(&["▸", "value-42"]).await;
    dashboard.wait_for("following").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_seek_past_the_end_says_so_until_another_one() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, 0..3).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.open_tail().await;
    dashboard.wait_for_row(&["▸", "value-2"]).await;
    dashboard.press("s");
    dashboard.type_text("99999");
    dashboard.press("enter");
    dashboard
        .wait_for("nothing at 99999: orders:0 ends at 2")
        .await;
    dashboard.wait_for("from 99999, past the end").await;
    dashboard.wait_for("there is no offset 99999 yet").await;
    publish(&client, 3..4).await;
    dashboard.wait_for_row(&["▸", "value-3"]).await;
    assert!(dashboard.picture().text.contains("past the end"));
    dashboard.press("s");
    dashboard.type_text("1");
    dashboard.press("enter");
    dashboard.wait_for_row(&["value-1"]).await;
    dashboard.wait_while("past the end").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn what_is_published_from_the_form_arrives_with_its_ack() {
    let (cluster, _client) = cluster_with(&["orders"]).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.open_tail().await;
    dashboard.press("p");
    dashboard.wait_for("Publish a message").await;
    dashboard.type_text("user-7");
    dashboard.press("tab");
    dashboard.type_text("trace=abc");
    dashboard.press("tab");
    dashboard.type_text("hello from the form");
    dashboard.press("alt-enter");
    // Beside the tail stands the inspector's title, which names the same place.
    dashboard
        .wait_until("the ack", |screen| {
            let acked = |row: &str| row.ends_with("acked: orders:0 @ 0 · alt-g goes there");
            screen.lines().any(acked)
        })
        .await;
    dashboard
        .wait_for_row(&["user-7", "hello from the form"])
        .await;
    dashboard.wait_for_row(&["trace", "abc"]).await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_tail_outlives_its_broker_without_a_gap_or_a_repeat() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, 0..40).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.open_tail().await;
    dashboard.wait_for_row(&["▸", "value-39"]).await;

    let known = client.fetch_metadata().await.expect("it answers");
    let leader = known
        .partition("orders", 0)
        .and_then(|found| found.leader.clone());
    let leader = leader.expect("it has a leader");
    let number = leader
        .rsplit('-')
        .next()
        .and_then(|number| number.parse().ok());
    let killed = cluster.faults().kill(number.expect("demo-1 and so on"));
    killed.expect("it was alive");
    dashboard.wait_for(", attempt ").await;
    wait_for_full_isr_without(&client, &leader).await;
    publish(&client, 40..60).await;

    let screen = dashboard.wait_for_row(&["▸", "value-59"]).await;
    assert!(
        screen.contains("kept 60 "),
        "nothing twice, nothing left out:\n{screen}"
    );
    for number in 35..60 {
        let rows = screen
            .lines()
            .filter(|row| row.contains(&format!("key-{number} ")));
        assert_eq!(rows.count(), 1, "key-{number}:\n{screen}");
    }
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_tail_of_a_paused_partition_shows_so() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, 0..1).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.open_tail().await;
    dashboard.wait_for("value-0").await;
    client.pause("orders", &[], false).await.expect("it pauses");
    dashboard.wait_for("paused").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_stream_is_made_from_the_form() {
    let (cluster, _client) = cluster_with(&["orders"]).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    dashboard.press("c");
    dashboard.wait_for("Create").await;
    dashboard.type_text("refunds");
    dashboard.press("alt-enter");
    dashboard.wait_for_row(&["refunds", "●"]).await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_typed_pattern_tails_the_streams_that_fit_it_in_one_tail() {
    let (cluster, client) = cluster_with(&["orders", "orders-us", "payments"]).await;
    publish(&client, 0..1).await;
    let to = Destination::Partition("orders-us".into(), 1);
    let message = PublishOptions::new(to, "from the other");
    let publish = Operation::Publish(Box::new(message));
    client.perform(publish).await.expect("it is stored");
    let mut dashboard = Driver::open(&cluster);
    dashboard.press("3");
    dashboard.wait_for_row(&["payments", "●"]).await;
    dashboard.press(":");
    dashboard.type_text("tail 'ord*'");
    dashboard.press("enter");
    dashboard.wait_for("orders:0-2 orders-us:0-2").await;
    dashboard.wait_for_row(&["orders ", "value-0"]).await;
    dashboard
        .wait_for_row(&["orders-us", "from the other"])
        .await;
    dashboard.press(":");
    dashboard.type_text("tail orders ship-*");
    dashboard.press("enter");
    dashboard.wait_for("no stream fits \"ship-*\"").await;
    dashboard.shut_down().await;
}
