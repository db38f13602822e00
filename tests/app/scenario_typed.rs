//! The whole command line typed behind `:`: tails with their range and query, changes with their options, one story of
//! several streams, and what is wrong with a line.

use liftui::client::Client;
use liftui::model::{AckPolicy, Destination, Operation, PublishOptions};

use crate::driver::{Driver, cluster_with, has_row, publish_to};

async fn publish_traced(client: &Client, stream: &str, order: u32, step: &str) {
    let to = Destination::Partition(stream.into(), 0);
    let value = format!("{{\"order\":{order},\"step\":\"{step}\"}}");
    let message = PublishOptions {
        key: format!("o-{order}").into_bytes().into(),
        headers: vec![("trace-id".into(), format!("t{order}").into_bytes().into())]
            .into_iter()
            .collect(),
        ack_policy: AckPolicy::All,
        ..PublishOptions::new(to, value)
    };
    let publish = Operation::Publish(Box::new(message));
    client.perform(publish).await.expect("it is stored");
}

#[tokio::test]
async fn a_tail_is_typed_with_its_range_and_its_query() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    for number in 0..6 {
        publish_to(&client, 0, format!("number-{number}")).await;
    }
    let mut dashboard = Driver::open(&cluster);
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    dashboard.press(":");
    dashboard.type_text("tail orders:0 -q number-4 --from 2");
    dashboard.press("enter");
    let tail = dashboard.wait_for("1 matching of 4").await;
    assert!(tail.contains("number-4"), "{tail}");
    dashboard.press(":");
    dashboard.type_text("stats orders --from 1");
    dashboard.press("enter");
    dashboard
        .wait_for("All of the range was read: 5 messages")
        .await;
    dashboard.press("esc :");
    dashboard.type_text("stats orders:0");
    dashboard.press("enter");
    dashboard.wait_for("All was read: 6 messages").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_message_is_published_by_a_line_as_in_a_shell() {
    let (cluster, _client) = cluster_with(&["orders", "q\"uo'te"]).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    for (line, shown) in [
        ("publish orders 'two words'", "acked: orders"),
        (
            "publish 'q\"uo'\\''te' -p 0 quoted",
            "acked: q\"uo'te:0 @ 0",
        ),
    ] {
        dashboard.press(":");
        dashboard.type_text(line);
        dashboard.press("enter");
        dashboard.wait_for(shown).await;
    }
    dashboard.press(":");
    dashboard.type_text("tail 'q\"uo'\\''te' ");
    dashboard.press("enter");
    dashboard.wait_for("quoted").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn changes_are_typed_with_their_options_and_asked_about() {
    let (cluster, _client) = cluster_with(&["orders"]).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    dashboard.press(":");
    dashboard.type_text("create ledger --partitions 3 --retention-messages 10");
    dashboard.press("enter");
    dashboard.wait_for_row(&["ledger", "3"]).await;
    dashboard.press(":");
    dashboard.type_text("pause ledger -p 1");
    dashboard.press("enter");
    let asked = dashboard.wait_for("Pause ").await;
    assert!(asked.contains("ledger"), "{asked}");
    dashboard.answer("y").await;
    dashboard.wait_for("paused").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn one_story_of_several_streams_is_shown_from_a_line_and_from_a_field() {
    let (cluster, client) = cluster_with(&["orders", "payments"]).await;
    publish_traced(&client, "orders", 7, "placed").await;
    publish_traced(&client, "orders", 8, "placed").await;
    publish_traced(&client, "payments", 7, "paid").await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.open_tail().await;
    dashboard.wait_for_row(&["▸", "placed"]).await;
    dashboard.press(":");
    dashboard.type_text("trace header.trace-id:t7");
    dashboard.press("enter");
    let story = dashboard.wait_for("2 matching of 3").await;
    // How long after each other they came: nothing stands there for the first one.
    assert!(has_row(&story, &["TIME", "GAP", "KEY"]), "{story}");
    let gaps = story
        .lines()
        .filter(|line| line.contains(" +") && line.contains("s  o-7"));
    assert_eq!(gaps.count(), 1, "{story}");
    assert!(
        story.contains("payments   0") && !story.contains("o-8"),
        "{story}"
    );
    // From a field of a message: what it has in common stands on the line, to be narrowed or taken as it is.
    dashboard.press("G enter");
    dashboard.wait_for_row(&["order", "7"]).await;
    dashboard.press("j alt-t");
    dashboard.wait_for(":trace 'cel: value.order == 7'").await;
    dashboard.type_text(" 'pay*'");
    dashboard.press("enter");
    dashboard.wait_for("1 matching of 1").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_line_is_said() {
    let (cluster, _client) = cluster_with(&["orders"]).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    for (line, sentence) in [
        (
            "tail orders --form 5",
            "there is no option \"--form\" here; did you mean \"--from\"?",
        ),
        (
            "tail ordres --from 5",
            "stream \"ordres\" does not exist; did you mean \"orders\"?",
        ),
        ("tail orders:9 --from 5", "partition 9"),
        ("tail orders --from 5 --to end", "leave --to out"),
        (
            "redrive orders other --dry-run",
            "that is for a shell: liftui --addr",
        ),
        (
            "pause orders --addr other:9292",
            "--addr is of the whole dashboard",
        ),
    ] {
        dashboard.press(":");
        dashboard.type_text(line);
        dashboard.press("enter");
        dashboard.wait_for(sentence).await;
    }
    dashboard.shut_down().await;
}
