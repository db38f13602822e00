//! An export is what is on the screen: its rows, their order, the columns added, up to where the tail was frozen.

use std::path::Path;

use liftui::client::Client;
use liftui::demo::DemoCluster;
use tokio::time::timeout;

use crate::driver::{CAP, Driver, cluster_with, publish_to};

/// Publishes to the first two partitions in turn, each message named by its number.
async fn publish(client: &Client, numbers: std::ops::Range<i32>) {
    for number in numbers {
        let value = format!("{{\"n\":{number},\"who\":{{\"name\":\"user {number}\"}}}}");
        publish_to(client, number % 2, value).await;
    }
}

/// A tail of all of `orders`.
async fn open(cluster: &DemoCluster) -> Driver {
    let mut dashboard = Driver::open(cluster);
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    dashboard.press("l");
    dashboard
}

/// Exports to that file, after so many presses of the key for other rows, and returns what was written.
async fn export(dashboard: &mut Driver, file: &Path, presses: usize) -> String {
    dashboard.press("x");
    dashboard.wait_for("the ").await;
    dashboard.type_text(file.to_str().expect("a path of text"));
    for _ in 0..presses {
        dashboard.press("tab");
    }
    dashboard.press("enter");
    let written = async {
        loop {
            // It appears whole.
            match tokio::fs::read_to_string(file).await {
                Ok(text) => return text,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    let text = timeout(CAP, written).await.expect("the file appears");
    dashboard
        .wait_for(&format!("messages to {}", file.display()))
        .await;
    text
}

fn numbers(text: &str) -> Vec<i64> {
    let record = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    let value = |line| record(line)["value"].as_str().expect("text").to_owned();
    let number = |line| record(&value(line))["n"].as_i64().expect("a number");
    text.lines().map(number).collect()
}

#[tokio::test]
async fn what_is_exported_is_what_is_shown_and_more_is_another_choice() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, 0..40).await;
    let mut dashboard = open(&cluster).await;
    dashboard.wait_for_row(&["▸", "\"n\":39"]).await;
    // Two fields as columns.
    dashboard.press("enter j a j j a");
    dashboard.wait_for_row(&["KEY", "n ", "who.name"]).await;
    dashboard.press("esc f space");
    dashboard.wait_for("frozen").await;
    publish(&client, 40..44).await;
    dashboard.wait_for("4 behind").await;

    let shown: Vec<i64> = (0..40).collect();
    let all: Vec<i64> = (0..44).collect();
    let file = |name: &str| folder.path().join(name);
    let text = export(&mut dashboard, &file("shown.ndjson"), 0).await;
    assert_eq!(numbers(&text), shown);
    assert!(
        text.contains(",\"columns\":{\"n\":3,\"who.name\":\"user 3\"}}"),
        "{text}"
    );
    let text = export(&mut dashboard, &file("all.ndjson"), 2).await;
    assert_eq!(numbers(&text), all);

    let text = export(&mut dashboard, &file("shown.csv"), 0).await;
    let first = text.lines().next().expect("a head line");
    assert!(first.ends_with(",value.n,value.who.name"), "{first}");
    let second = text.lines().nth(1).expect("a row");
    assert!(second.ends_with(",0,user 0"), "{second}");

    // The newest first, where the screen runs so; and only what matches.
    dashboard.press("v");
    let is_turned = |screen: &str| {
        screen
            .lines()
            .nth(3)
            .is_some_and(|row| row.contains("user 43"))
    };
    dashboard.wait_until("the newest first", is_turned).await;
    let text = export(&mut dashboard, &file("turned.ndjson"), 0).await;
    // What has come since is on the screen now: above the row that was the last one.
    assert_eq!(numbers(&text), (0..44).rev().collect::<Vec<_>>());
    dashboard.press("/");
    dashboard.type_text("user 1");
    dashboard.press("enter");
    dashboard.wait_for("matching").await;
    dashboard.wait_while("to go").await;
    let text = export(&mut dashboard, &file("found.ndjson"), 0).await;
    assert_eq!(
        numbers(&text),
        [41, 31, 21, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 1]
    );
    let text = export(&mut dashboard, &file("unfiltered.ndjson"), 2).await;
    assert_eq!(
        numbers(&text),
        all.iter().rev().copied().collect::<Vec<_>>()
    );
    dashboard.shut_down().await;
}

#[tokio::test]
async fn only_the_lines_on_the_screen_can_be_exported() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, 0..45).await;
    let mut dashboard = open(&cluster).await;
    let shown_on = |screen: &str| {
        let is_shown = |number: &i64| screen.contains(&format!("{{\"n\":{number},"));
        (0..45).filter(is_shown).collect::<Vec<i64>>()
    };
    // The partitions come one after the other: once all are there, the screen has the newest without a gap.
    let is_full = |screen: &str| shown_on(screen).ends_with(&(20..45).collect::<Vec<i64>>());
    let shown = shown_on(&dashboard.wait_until("the newest rows", is_full).await);
    assert!((20..45).contains(&shown.len()), "{shown:?}");
    let text = export(&mut dashboard, &folder.path().join("screen.ndjson"), 1).await;
    assert_eq!(numbers(&text), shown);
    dashboard.shut_down().await;
}
