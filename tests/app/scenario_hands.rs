//! What hands reach for besides: the editor, the clipboard, another cluster, the forms, the demo's console.

use std::sync::Arc;

use liftui::model::{Destination, Operation, PublishOptions};
use liftui::runtime::{Access, Contexts, DashboardOptions};

use liftui::client::Client;

use crate::driver::{Driver, client, cluster_with, session};

/// On the streams screen, with that stream under the cursor.
async fn at_stream(dashboard: &mut Driver, name: &str) {
    dashboard.press("3");
    dashboard.wait_for_row(&["▸", name]).await;
    dashboard.wait_for(&format!("PARTITIONS  {name}")).await;
}

async fn publish(client: &Client, value: &str) {
    let to = Destination::Partition("orders".into(), 0);
    let publish = Operation::Publish(Box::new(PublishOptions::new(to, value.to_owned())));
    client.perform(publish).await.expect("it is stored");
}

/// A tail of all of `orders`, the newest message in sight.
async fn at_tail(dashboard: &mut Driver, newest: &str) {
    at_stream(dashboard, "orders").await;
    dashboard.press("l");
    dashboard.wait_for_row(&["▸", newest]).await;
}

#[tokio::test]
async fn a_value_changed_in_the_editor_is_published() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, "draft").await;
    let access = Access::Full(client.clone());
    let mut options = DashboardOptions::new(session(access, cluster.addresses()));
    // What follows the command in the shell is the file's name.
    options.editor = "printf final >".to_owned();
    let mut dashboard = Driver::start(options);
    at_tail(&mut dashboard, "draft").await;

    dashboard.press("e");
    dashboard.wait_for("Publish a message").await;
    dashboard.wait_for_row(&["value", "final"]).await;
    let picture = dashboard.picture();
    assert_eq!((picture.left, picture.entered), (1, 1));
    dashboard.press("alt-enter");
    dashboard.wait_for_row(&["▸", "final"]).await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn an_editor_that_fails_gives_a_notice_and_changes_nothing() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, "draft").await;
    let access = Access::Full(client.clone());
    let mut options = DashboardOptions::new(session(access, cluster.addresses()));
    options.editor = "false".to_owned();
    let mut dashboard = Driver::start(options);
    at_tail(&mut dashboard, "draft").await;
    dashboard.press("e");
    dashboard.wait_for("could not be used").await;
    assert!(!dashboard.picture().text.contains("Publish a message"));
    dashboard.shut_down().await;
}

#[tokio::test]
async fn another_context_is_another_cluster() {
    let (here, _client) = cluster_with(&["orders"]).await;
    let (there, _other) = cluster_with(&["elsewhere"]).await;
    let addresses = there.addresses();
    let contexts: Contexts = Arc::new(move |name| {
        let mut next = session(Access::Full(client(addresses.clone())), addresses.clone());
        name.clone_into(&mut next.settings.cluster);
        Ok(next)
    });
    let access = Access::Full(client(here.addresses()));
    let mut options = DashboardOptions::new(session(access, here.addresses()));
    options.session.settings.contexts = vec![liftui::app::ContextEntry {
        name: "staging".to_owned(),
        ..Default::default()
    }];
    options.contexts = Some(contexts);
    let mut dashboard = Driver::start(options);
    at_stream(&mut dashboard, "orders").await;

    dashboard.press("C");
    dashboard.wait_for_row(&["contexts", "1 of 1"]).await;
    dashboard.press("enter");
    dashboard.wait_for("liftui staging").await;
    at_stream(&mut dashboard, "elsewhere").await;
    assert!(!dashboard.picture().text.contains("orders"));
    dashboard.shut_down().await;
}

#[tokio::test]
async fn what_is_chosen_reaches_the_clipboard() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, "worth keeping").await;
    let mut dashboard = Driver::open(&cluster);
    at_tail(&mut dashboard, "worth keeping").await;
    dashboard.press("y");
    let copied = |text: String| {
        move |picture: &crate::test_screen::Picture| picture.copied.as_ref() == Some(&text)
    };
    dashboard
        .wait_for_picture("the value copied", copied("worth keeping".to_owned()))
        .await;
    dashboard.press("Y");
    dashboard.type_text("command");
    dashboard.press("enter");
    let addresses = cluster.addresses().join(",");
    let command = format!("liftui --addr {addresses} tail orders:0 --from 0 --to 0");
    dashboard
        .wait_for_picture("the command copied", copied(command))
        .await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_stream_that_was_just_made_is_the_chosen_one() {
    let (cluster, _client) = cluster_with(&["orders"]).await;
    let mut dashboard = Driver::open(&cluster);
    at_stream(&mut dashboard, "orders").await;
    dashboard.press("enter c");
    dashboard.wait_for("Create a stream").await;
    dashboard.type_text("refunds");
    dashboard.press("alt-enter");
    dashboard.wait_for_row(&["▸", "refunds"]).await;
    dashboard.wait_for("PARTITIONS  refunds").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_message_is_published_again_with_what_was_changed() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, "first").await;
    let mut dashboard = Driver::open(&cluster);
    at_tail(&mut dashboard, "first").await;
    dashboard.press("R");
    dashboard.wait_for_row(&["value", "first"]).await;
    dashboard.type_text("key-of-the-second");
    dashboard.press("alt-enter");
    dashboard.wait_for_row(&["acked: orders:0 @ 1"]).await;
    dashboard.wait_for_row(&["▸", "first"]).await;
    dashboard.press("enter");
    dashboard.wait_for_row(&["key", "key-of-the-second"]).await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_tail_goes_on_by_itself_after_a_pause() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, "before").await;
    let mut dashboard = Driver::open(&cluster);
    at_tail(&mut dashboard, "before").await;
    client.pause("orders", &[], false).await.expect("it pauses");
    dashboard.wait_for("paused: the next publish").await;
    publish(&client, "after").await;
    dashboard.wait_for_row(&["▸", "after"]).await;
    dashboard.wait_for("2 of 3 paused").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn the_console_tells_all_faults_one_below_the_other() {
    let (cluster, _client) = cluster_with(&["orders"]).await;
    let mut dashboard = Driver::open(&cluster);
    at_stream(&mut dashboard, "orders").await;
    dashboard.press(":");
    dashboard.type_text("fault help");
    dashboard.press("enter");
    dashboard
        .wait_for_row(&["kill N", "connections break"])
        .await;
    dashboard
        .wait_for_row(&["restart N", "start it again"])
        .await;
    dashboard.shut_down().await;
}
