//! Times in the zone that is asked for, as clocks or as ages, and read again as they are shown.

use liftui::client::Client;
use liftui::model::{AckPolicy, Destination, Operation, PublishOptions};

use crate::driver::{Driver, cluster_with, has_row};

async fn publish(client: &Client, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let message = PublishOptions {
            ack_policy: AckPolicy::All,
            ..PublishOptions::new(
                Destination::Partition("orders".into(), 0),
                format!("value-{number}"),
            )
        };
        let publish = Operation::Publish(Box::new(message));
        client.perform(publish).await.expect("it is stored");
    }
}

/// What stands in the column of times in the row of that value.
fn time_of(screen: &str, value: &str) -> String {
    let row = screen
        .lines()
        .find(|row| row.contains(value))
        .expect("the row is there");
    let words: Vec<&str> = row.split_whitespace().filter(|word| *word != "▸").collect();
    words[1].to_owned()
}

#[tokio::test]
async fn zone_and_age_change_at_a_key_and_what_is_shown_can_be_sought() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, 0..5).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.open_tail().await;
    let utc = dashboard.wait_for_row(&["▸", "value-4"]).await;
    dashboard.press(":");
    dashboard.type_text("zone Asia/Kathmandu");
    dashboard.press("enter");
    let there = dashboard.wait_for("times in Asia/Kathmandu (+05:45)").await;
    let (before, after) = (time_of(&utc, "value-2"), time_of(&there, "value-2"));
    assert_ne!(before, after, "{there}");
    let minute = |time: &str| {
        time.split(':')
            .nth(1)
            .and_then(|minute| minute.parse::<u32>().ok())
    };
    assert_eq!(
        minute(&before).map(|minute| (minute + 45) % 60),
        minute(&after)
    );
    dashboard.wait_for("+05:45").await;

    dashboard.press("s");
    dashboard.type_text(&format!("@{after}"));
    dashboard.press("enter");
    let sought = dashboard.wait_for(&format!("from @{after}")).await;
    assert!(!sought.contains("value-1"), "{sought}");
    dashboard.wait_for_row(&["▸", "value-2"]).await;

    dashboard.press("T");
    dashboard.wait_for("times in UTC").await;
    dashboard.press("t");
    let aged = dashboard
        .wait_until("ages", |screen| has_row(screen, &["AGE", "KEY"]))
        .await;
    let age = time_of(&aged, "value-2");
    assert!(age.starts_with('-') && age.ends_with('s'), "{aged}");
    dashboard.press("s");
    dashboard.type_text("@-1h");
    dashboard.press("enter");
    dashboard.wait_for_row(&["value-0"]).await;

    dashboard.press(":");
    dashboard.type_text("zone Europe/Berlni");
    dashboard.press("enter");
    dashboard.wait_for("did you mean \"Europe/Berlin\"?").await;
    dashboard.shut_down().await;
}
