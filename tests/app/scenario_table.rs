//! A stream as a table on the screen: live, sorted, filtered, with deleted keys hidden and shown, the history of a key, an
//! export, as of then.

use liftui::client::Client;
use liftui::model::{AckPolicy, Destination, Operation, PublishOptions};
use tokio::time::timeout;

use crate::driver::{CAP, Driver, cluster_with};

async fn put(client: &Client, partition: i32, key: &str, value: &str) {
    let to = Destination::Partition("orders".into(), partition);
    let message = PublishOptions {
        ack_policy: AckPolicy::All,
        key: key.to_owned().into(),
        ..PublishOptions::new(to, value.to_owned())
    };
    let publish = Operation::Publish(Box::new(message));
    client.perform(publish).await.expect("it is stored");
}

/// The lines of the rows, from the selected one to that of the last key.
fn keys(screen: &str) -> Vec<String> {
    let rows = screen
        .lines()
        .filter_map(|line| line.split_whitespace().find(|word| word.starts_with("k-")));
    rows.map(str::to_owned).collect()
}

async fn open_table(dashboard: &mut Driver) {
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    dashboard.press("T");
    dashboard.wait_for("orders:0-2").await;
}

#[tokio::test]
async fn a_table_lives_and_hides_what_is_deleted_until_it_is_asked_for() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    for (partition, key, value) in [
        (0, "k-b", "first"),
        (1, "k-a", "one"),
        (0, "k-b", "second"),
        (2, "k-c", "three"),
        (2, "k-c", ""),
        (0, "", "lost"),
    ] {
        put(&client, partition, key, value).await;
    }
    let mut dashboard = Driver::open(&cluster);
    open_table(&mut dashboard).await;
    let screen = dashboard.wait_for("1 without a key").await;
    assert!(screen.contains("1 deleted, hidden"), "{screen}");
    let screen = dashboard.wait_for_row(&["k-b", "second", "2"]).await;
    assert_eq!(keys(&screen), ["k-a", "k-b"]);
    put(&client, 1, "k-0", "new").await;
    put(&client, 1, "k-a", "changed").await;
    dashboard.wait_for_row(&["k-a", "changed"]).await;
    let screen = dashboard.wait_for_row(&["k-0", "new"]).await;
    assert_eq!(keys(&screen), ["k-0", "k-a", "k-b"]);
    dashboard.wait_for("live, 8 messages").await;
    dashboard.press("H");
    let screen = dashboard.wait_for_row(&["k-c", "deleted"]).await;
    assert_eq!(keys(&screen), ["k-0", "k-a", "k-b", "k-c"]);
    dashboard.press("H");
    dashboard.wait_while("k-c").await;
    dashboard.press("O");
    dashboard
        .wait_until("the order turned round", |screen| {
            keys(screen) == ["k-b", "k-a", "k-0"]
        })
        .await;
    dashboard.press("/");
    dashboard.type_text("CHANGED");
    dashboard.wait_for("No key fits").await;
    dashboard.press("esc");
    dashboard.press("esc");
    dashboard.press("/");
    dashboard.type_text("!k-b");
    dashboard.press("enter");
    dashboard
        .wait_until("the others", |screen| keys(screen) == ["k-a", "k-0"])
        .await;
    dashboard.press("esc");
    dashboard.wait_for_row(&["k-b", "second"]).await;
    dashboard.press("esc");
    dashboard.wait_for_row(&["▸", "orders", "●"]).await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn the_history_of_a_key_says_what_each_message_changed() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    for value in [
        r#"{"status":"new","total":10}"#,
        r#"{"status":"paid","total":10}"#,
        r#"{"status":"paid","total":10}"#,
        "",
        r#"{"status":"again"}"#,
    ] {
        put(&client, 1, "k-1", value).await;
        put(&client, 1, "k-2", "noise").await;
    }
    let mut dashboard = Driver::open(&cluster);
    open_table(&mut dashboard).await;
    dashboard.wait_for_row(&["▸", "k-1", "again"]).await;
    dashboard.press("enter");
    let history = dashboard
        .wait_for("5 messages of the key among the 10 messages that orders:1 keeps")
        .await;
    assert!(history.contains("History of k-1"), "{history}");
    let lines: Vec<&str> = history
        .lines()
        .map(|line| line.trim_matches([' ', '│']))
        .collect();
    let at = |text: &str| {
        let found = lines.iter().position(|line| line.contains(text));
        found.unwrap_or_else(|| panic!("{text}\n{history}"))
    };
    let changed = at("- status: \"new\"");
    assert!(
        lines[changed + 1].contains("+ status: \"paid\""),
        "{history}"
    );
    assert!(lines[changed - 1].contains("@ 2"), "{history}");
    assert!(
        at("+ status: \"again\"") < at("deleted"),
        "the newest first: {history}"
    );
    assert!(at("deleted") < at("the same value again"), "{history}");
    assert!(at("the same value again") < changed, "{history}");
    let is_other = |line: &&str| line.starts_with("@ 1 ");
    assert!(!lines.iter().any(is_other), "{history}");
    dashboard.press("G");
    let first = dashboard.wait_for("+ total: 10").await;
    assert!(
        first.contains("+ status: \"new\""),
        "the first one says all: {first}"
    );
    dashboard.press("esc");
    dashboard.wait_while("History of").await;
    dashboard.wait_for_row(&["▸", "k-1"]).await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_table_is_exported_as_it_is_shown_and_opened_as_of_then() {
    let (cluster, client) = cluster_with(&["orders", "others"]).await;
    for (key, value) in [("k-b", "1"), ("k-a", "2"), ("k-b", "3")] {
        put(&client, 0, key, value).await;
    }
    let mut dashboard = Driver::open(&cluster);
    open_table(&mut dashboard).await;
    dashboard.wait_for_row(&["k-b", "3"]).await;
    dashboard.press("O");
    dashboard
        .wait_until("the order turned round", |screen| {
            keys(screen) == ["k-b", "k-a"]
        })
        .await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.csv");
    dashboard.press("x");
    dashboard.wait_for("export orders-table.ndjson").await;
    dashboard.press("ctrl-u");
    dashboard.type_text(&format!("export {}", file.display()));
    dashboard.press("enter");
    dashboard.wait_for("wrote 2 messages").await;
    let written = tokio::fs::read_to_string(&file).await.expect("it is there");
    let rows: Vec<&str> = written.lines().skip(1).collect();
    assert!(rows[0].starts_with("orders,0,k-b,,3,,2,"), "{written}");
    assert!(rows[1].starts_with("orders,0,k-a,,2,,1,"), "{written}");
    for (line, seen) in [
        ("table orders:0 --at 1", "as of 1"),
        ("table orders --at end -q value:2", "value:2"),
    ] {
        dashboard.press(":");
        dashboard.type_text(line);
        dashboard.press("enter");
        dashboard.wait_for(seen).await;
    }
    let then = timeout(
        CAP,
        dashboard.wait_until("the one", |screen| keys(screen) == ["k-a"]),
    );
    then.await.expect("it comes");
    dashboard.press(":");
    dashboard.type_text("table orders others --at 1");
    dashboard.press("enter");
    dashboard.wait_for("one argument too many").await;
    dashboard.shut_down().await;
}
