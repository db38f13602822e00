//! Help while a query is typed and when it finds nothing: fields and values that messages have, mistakes told, the rest of the stream.

use std::ops::Range;

use liftui::client::Client;
use liftui::demo::DemoCluster;

use crate::driver::{Driver, cluster_with, has_row, publish_to};

/// Orders of the first partition by their numbers.
async fn publish(client: &Client, numbers: Range<usize>) {
    for number in numbers {
        let state = if number % 3 == 0 { "open" } else { "paid" };
        let order = format!(
            r#"{{"order":{number},"amount":{}.5,"state":"{state}","customer":{{"name":"name-{number}"}}}}"#,
            number % 2
        );
        publish_to(client, 0, order).await;
    }
}

async fn open(messages: usize) -> (DemoCluster, Client, Driver) {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, 0..messages).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.open_tail().await;
    let last = format!("\"order\":{}", messages - 1);
    dashboard.wait_for_row(&["▸", &last]).await;
    (cluster, client, dashboard)
}

#[tokio::test]
async fn tab_completes_fields_and_values_that_messages_have() {
    let (_cluster, _client, mut dashboard) = open(3).await;
    dashboard.press("/");
    dashboard.type_text("cel: name");
    dashboard
        .wait_for("tab (by 3 messages): value.customer.name text (\"name-0\", ")
        .await;
    dashboard.press("tab");
    dashboard.wait_for("/ cel: value.customer.name").await;
    dashboard.press("ctrl-u");
    dashboard.type_text("cel: value.state == ");
    dashboard
        .wait_for("tab (by 3 messages): \"paid\" in 2  \"open\" in 1")
        .await;
    dashboard.press("tab");
    dashboard.wait_for("/ cel: value.state == \"paid\"").await;
    dashboard.press("tab");
    dashboard.wait_for("/ cel: value.state == \"open\"").await;
    dashboard.press("tab tab enter");
    dashboard
        .wait_for("/cel: value.state == \"open\"  1 matching")
        .await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_field_that_no_message_has_and_a_type_that_never_is_are_told_while_typed_and_afterwards()
{
    let (_cluster, client, mut dashboard) = open(3).await;
    dashboard.press("/");
    dashboard.type_text("cel: value.ammount > 5");
    let missing = "no message of 3 has value.ammount; value.amount?";
    dashboard.wait_for(missing).await;
    // What comes meanwhile is looked at, too.
    publish(&client, 3..4).await;
    let missing = missing.replace('3', "4");
    dashboard.wait_for(&missing).await;
    dashboard.press("enter");
    dashboard.wait_for("none of 4 messages matches").await;
    dashboard.wait_for(&missing).await;
    // Tab puts the field that may be meant in place of one that no message has.
    dashboard.press("/ ctrl-u");
    dashboard.type_text("cel: value.ammount");
    dashboard.press("tab");
    dashboard.wait_for("/ cel: value.amount").await;
    dashboard.press("ctrl-u");
    dashboard.type_text("cel: value.amount == \"x\"");
    dashboard
        .wait_for("value.amount is a number in each of 4 messages, never text")
        .await;
    dashboard.press("ctrl-u");
    dashboard.type_text("header.retyr:1");
    dashboard.wait_for("no message of 4 has header.retyr").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn enter_on_a_value_of_a_message_offers_the_query_for_it() {
    let (_cluster, _client, mut dashboard) = open(4).await;
    dashboard.press("enter");
    dashboard.wait_for("orders:0 @ 3").await;
    // Past the bracket and the order to the amount.
    dashboard.press("j j enter");
    dashboard.wait_for("/ cel: value.amount == 1.5").await;
    dashboard.press("enter");
    dashboard
        .wait_for("/cel: value.amount == 1.5  2 matching of 4")
        .await;
    // With a query in force it is narrowed.
    dashboard.press("enter");
    dashboard.wait_for("scrolled back").await;
    dashboard.press("j j j enter");
    dashboard
        .wait_for("/ cel: value.amount == 1.5 && value.state == ")
        .await;
    dashboard.press("enter");
    dashboard.wait_for("1 matching of 4").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn what_no_message_in_memory_has_is_looked_for_in_the_whole_stream() {
    let (_cluster, client, mut dashboard) = open(120).await;
    dashboard.press("/");
    dashboard.type_text("cel: value.order == 7");
    dashboard.press("enter");
    dashboard.wait_for("none of 50 messages matches").await;
    dashboard.wait_for("these are orders:0 70 to 119").await;
    dashboard
        .wait_for("alt-f looks through the whole stream")
        .await;
    dashboard.press("alt-f");
    dashboard.wait_for("1 matching of all 120").await;
    dashboard.wait_for_row(&["▸", "\"order\":7,"]).await;
    // What comes is looked at, too.
    publish(&client, 7..8).await;
    dashboard.wait_for("2 matching of all 121").await;
    // Without the query the message stands among those around it.
    dashboard.press("esc");
    let around = dashboard.wait_for_row(&["\"order\":8,"]).await;
    assert!(has_row(&around, &["▸", "\"order\":7,"]), "{around}");
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_search_that_finds_nothing_says_so_stops_goes_on_and_leads_back() {
    let (_cluster, client, mut dashboard) = open(60).await;
    dashboard.press("/");
    dashboard.type_text("nowhere");
    dashboard.press("enter");
    dashboard.wait_for("none of 50 messages matches").await;
    dashboard.press("alt-f");
    dashboard
        .wait_for("none of all 60 messages of orders:0 matches")
        .await;
    dashboard.press("alt-f");
    dashboard
        .wait_for("stopped: none of 60 messages matches")
        .await;
    publish_to(&client, 0, "nowhere else".to_owned()).await;
    dashboard.wait_for("1 to go").await;
    dashboard.press("alt-f");
    dashboard.wait_for_row(&["nowhere else"]).await;
    dashboard.press("/ ctrl-u");
    dashboard.type_text("nothing");
    dashboard.press("enter");
    dashboard.wait_for("none of 50 messages matches").await;
    dashboard.press("esc");
    dashboard.wait_for("orders:0 ▏following").await;
    dashboard.shut_down().await;
}
