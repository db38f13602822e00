//! Cursors are moved under the user's hands: where to is typed, what comes of it is shown, and only then it is done.

use liftui::client::{Client, ConnectOptions, Observer};
use liftui::demo::DemoCluster;
use liftui::runtime::{Access, DashboardOptions};

use crate::driver::{Driver, cluster_with, has_row, publish_to, session};

/// Messages of each partition that has any.
const MESSAGES: usize = 12;

#[tokio::test]
async fn a_cursor_is_moved_with_a_preview_in_one_partition_and_in_all() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    for partition in 0..2 {
        for number in 0..MESSAGES {
            publish_to(&client, partition, number.to_string()).await;
        }
        let set = client.set_cursor("billing", "orders", partition, 9).await;
        set.expect("it is stored");
    }
    let mut dashboard = Driver::open(&cluster);
    dashboard.press("4");
    dashboard.wait_for_row(&["billing", "orders:0"]).await;

    // The selected cursor alone: the line begins with it.
    dashboard.press("m");
    dashboard.wait_for("cursor set billing orders:").await;
    dashboard.type_text("3");
    dashboard.press("enter");
    dashboard
        .wait_for("Move cursor billing in 1 partition of orders?")
        .await;
    dashboard.wait_for("7 messages read again").await;
    dashboard.wait_for("stop it first").await;
    dashboard.press("esc");
    dashboard.wait_while("Move cursor billing").await;
    let untouched = client.fetch_cursor("billing", "orders", 0).await;
    assert_eq!(untouched.expect("it answers"), Some(9), "asked, not done");

    // All partitions that it has read of.
    dashboard.press(":");
    dashboard.type_text("cursor set billing orders --by -2");
    dashboard.press("enter");
    dashboard
        .wait_for("Move cursor billing in 2 partitions of orders?")
        .await;
    dashboard.wait_for("together: 4 messages read again").await;
    dashboard.answer("enter").await;
    dashboard
        .wait_for("cursor billing is at 7 of orders:")
        .await;
    for partition in 0..2 {
        let moved = client.fetch_cursor("billing", "orders", partition).await;
        assert_eq!(moved.expect("it answers"), Some(7));
    }
    dashboard.shut_down().await;
}

#[tokio::test]
async fn marked_cursors_are_moved_together_and_tab_takes_all_partitions_of_one() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    for partition in 0..3 {
        for number in 0..MESSAGES {
            publish_to(&client, partition, number.to_string()).await;
        }
        let set = client.set_cursor("billing", "orders", partition, 9).await;
        set.expect("it is stored");
    }
    let set = client.set_cursor("stock", "orders", 0, 5).await;
    set.expect("it is stored");
    let mut dashboard = Driver::open(&cluster);
    dashboard.press("4");
    dashboard.wait_for_row(&["stock", "orders:0"]).await;

    // Ordered by name: billing in three partitions, then stock.
    dashboard.press("o o o o o o g");
    dashboard.wait_for("CURSOR↑").await;
    dashboard.press("space G space");
    dashboard.wait_for("2 marked").await;
    dashboard.press("m");
    dashboard
        .wait_for("cursor set billing orders:0 stock orders:0 --to")
        .await;
    dashboard.type_text("4");
    dashboard.press("enter");
    dashboard.wait_for("Move cursors in 2 partitions?").await;
    dashboard
        .wait_for_row(&["billing on orders:0", "6 messages read again"])
        .await;
    dashboard
        .wait_for_row(&["stock on orders:0", "2 messages read again"])
        .await;
    dashboard.wait_for("together: 8 messages read again").await;
    dashboard.answer("enter").await;
    dashboard.wait_while("Move cursors").await;
    dashboard.wait_for("cursor stock is at 3 of orders:0").await;
    for (cursor, partition, offset) in [("billing", 0, 3), ("billing", 1, 9), ("stock", 0, 3)] {
        let moved = client.fetch_cursor(cursor, "orders", partition).await;
        assert_eq!(moved.expect("it answers"), Some(offset), "{cursor}");
    }

    // One cursor, in all its partitions, and back to the one.
    dashboard.press("esc g m");
    dashboard.wait_for("tab: all 3 partitions").await;
    dashboard.press("tab");
    dashboard.wait_for("cursor set billing orders --to").await;
    dashboard.press("tab");
    dashboard.wait_for("cursor set billing orders:0 --to").await;
    dashboard.press("tab");
    dashboard.type_text("end");
    dashboard.press("enter");
    dashboard
        .wait_for("Move cursor billing in 3 partitions of orders?")
        .await;
    dashboard.wait_for("together: 12 messages skipped").await;
    dashboard.press("esc");
    dashboard.shut_down().await;
}

#[tokio::test]
async fn what_cannot_be_moved_says_why_and_an_observer_moves_nothing() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish_to(&client, 0, "text".to_owned()).await;
    let set = client.set_cursor("billing", "orders", 0, 0).await;
    set.expect("it is stored");
    let mut dashboard = Driver::open(&cluster);
    dashboard.press("4");
    dashboard.wait_for_row(&["billing", "orders:0"]).await;
    for (line, said) in [
        ("cursor set billing orders --to soon", "soon"),
        ("cursor set billing orders", "where to is missing"),
        (
            "cursor set nobody orders --by 1",
            "has read nothing of orders",
        ),
        (
            "cursor set billing orders:0 --to 500",
            "there is no message 500 yet",
        ),
        (
            "cursor set billing orders:0 501",
            "there is no message 501 yet: the newest is 0",
        ),
        ("cursor set billing orders:77 --by 1", "no partition 77"),
    ] {
        dashboard.press("esc :");
        dashboard.type_text(line);
        dashboard.press("enter");
        // What was typed stays, to be mended.
        let refused = dashboard.wait_for(said).await;
        assert!(refused.contains(line), "{refused}");
    }
    dashboard.press("esc");
    dashboard.shut_down().await;

    let seeds = cluster.addresses();
    let observer = Observer::new(ConnectOptions::new(seeds.clone())).expect("addresses");
    let session = session(Access::Observe(observer), seeds);
    let mut dashboard = Driver::start(DashboardOptions::new(session));
    dashboard.press("4");
    dashboard.wait_for_row(&["billing", "orders:0"]).await;
    dashboard.press("m");
    dashboard.wait_for("observer mode").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_place_that_a_running_consumer_stores_over_a_move_is_told() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    for partition in 0..3 {
        for number in 0..MESSAGES {
            publish_to(&client, partition, number.to_string()).await;
        }
        let set = client.set_cursor("billing", "orders", partition, 8).await;
        set.expect("it is stored");
    }
    let mut dashboard = Driver::open(&cluster);
    dashboard.press("4");
    dashboard.wait_for_row(&["billing", "orders:2"]).await;
    let move_all = async |dashboard: &mut Driver, place: &str| {
        dashboard.press(":");
        dashboard.type_text(&format!("cursor set billing orders --to {place}"));
        dashboard.press("enter");
        dashboard.wait_for("Move cursor billing in 3").await;
        dashboard.answer("enter").await;
        dashboard.wait_while("Move cursor billing").await;
    };
    let stores = async |partition, offset| {
        let set = client
            .set_cursor("billing", "orders", partition, offset)
            .await;
        set.expect("it is stored");
    };
    // One goes on where it was, one where it was moved to, one not at all.
    move_all(&mut dashboard, "3").await;
    dashboard.wait_for("is at 2 of orders:").await;
    stores(2, 4).await;
    stores(0, 9).await;
    dashboard
        .wait_for("cursor billing was moved to 2 of orders:0 and is at 9")
        .await;
    dashboard.press("ctrl-n");
    let said = dashboard.wait_for("stop its consumer").await;
    assert!(!said.contains("2 of orders:2 and"), "{said}");
    dashboard.press("esc");

    // Over a place further on it stores its own: nothing is read again by that.
    move_all(&mut dashboard, "end").await;
    dashboard.wait_for_row(&["billing", "orders:0", "11"]).await;
    stores(0, 10).await;
    dashboard
        .wait_for("cursor billing was moved to 11 of orders:0 and is at 10")
        .await;
    dashboard.press("1");
    let overview = dashboard.wait_for("FINDINGS").await;
    assert!(
        !has_row(&overview, &["billing", "was moved back"]),
        "{overview}"
    );
    dashboard.shut_down().await;
}

/// A dashboard on `orders` with so many messages in its first partition, and a client.
async fn with_messages(count: usize) -> (DemoCluster, Client, Driver) {
    let (cluster, client) = cluster_with(&["orders"]).await;
    for number in 0..count {
        publish_to(&client, 0, format!("value-{number}")).await;
    }
    let dashboard = Driver::open(&cluster);
    (cluster, client, dashboard)
}

async fn set(client: &Client, id: &str, offset: i64) {
    let set = client.set_cursor(id, "orders", 0, offset).await;
    set.expect("it is stored");
}

#[tokio::test]
async fn cursors_are_marked_in_the_tail_and_its_head_says_how_far_behind_each_is() {
    let (_cluster, client, mut dashboard) = with_messages(60).await;
    for (id, offset) in [("billing", 57), ("fraud", 57), ("audit", 3)] {
        set(&client, id, offset).await;
    }
    dashboard.open_tail().await;
    dashboard.press("r");
    dashboard.wait_for_row(&[" 2     57", "value-57"]).await;
    dashboard.wait_for("◂ audit 56 behind +2").await;
    // Alone on the screen it says where that is, too.
    dashboard.resize(260, 36);
    dashboard
        .wait_for("◂ audit 56 behind, 6 before these · ◂ billing 2 behind")
        .await;
    dashboard.resize(120, 36);
    set(&client, "fraud", 58).await;
    dashboard.press("r");
    dashboard.wait_for_row(&["◂     58", "value-58"]).await;
    dashboard.wait_for_row(&["◂     57", "value-57"]).await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_cursor_opens_where_it_stands() {
    let (_cluster, client, mut dashboard) = with_messages(80).await;
    set(&client, "billing", 5).await;
    dashboard.press("4");
    dashboard.wait_for_row(&["billing", "orders:0"]).await;
    dashboard.press("l");
    dashboard.wait_for_row(&["▸◂", "value-5"]).await;
    dashboard.wait_for("◂ billing 74 behind").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_tail_moves_with_a_cursor_until_somebody_goes_elsewhere() {
    let (_cluster, client, mut dashboard) = with_messages(80).await;
    set(&client, "billing", 5).await;
    dashboard.open_tail().await;
    dashboard.wait_for_row(&["▸", "value-79"]).await;
    dashboard.press(":");
    dashboard.type_text("follow-cursor nobody");
    dashboard.press("enter");
    dashboard.wait_for("no cursor \"nobody\" is known").await;
    // It lies before what is in memory, so the tail goes there.
    dashboard.press("4");
    dashboard.wait_for_row(&["billing", "orders:0"]).await;
    dashboard.press("6 :");
    dashboard.type_text("ride billing");
    dashboard.press("enter");
    dashboard.wait_for("with cursor billing").await;
    dashboard.wait_for_row(&["▸◂", "value-5"]).await;
    for offset in [30, 79] {
        set(&client, "billing", offset).await;
        dashboard.press("r");
        let value = format!("value-{offset}");
        dashboard.wait_for_row(&["▸◂", &value]).await;
    }
    dashboard.wait_for("◂ billing at the end").await;
    dashboard.press("k");
    dashboard.wait_while("with cursor billing").await;
    set(&client, "billing", 20).await;
    dashboard.press("r");
    let stayed = dashboard.wait_for("◂ billing 59 behind").await;
    assert!(has_row(&stayed, &["▸", "value-78"]), "{stayed}");
    // The key takes the cursor that is furthest behind, and again none.
    dashboard.press("alt-u");
    dashboard.wait_for_row(&["▸◂", "value-20"]).await;
    dashboard.press("alt-u");
    dashboard.wait_for("the tail stays where it is").await;
    dashboard.shut_down().await;
}
