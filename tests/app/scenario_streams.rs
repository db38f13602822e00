//! Streams change under the user's hands: paused, resumed, readonly and back, deleted by name.

use liftui::client::ConnectOptions;
use liftui::client::Observer;
use liftui::model::Operation;
use liftui::runtime::{Access, ChangeEnd, DashboardOptions, SavedState};

use crate::driver::{Driver, client, cluster_with, session};

/// A disk on which no change can be written down.
struct FullDisk;

impl SavedState for FullDisk {
    fn begin_change(&self, _cluster: &str, _operation: &Operation) -> Option<ChangeEnd> {
        Some(Box::new(|_| Err("it was not written down".to_owned())))
    }
}

/// On the streams screen, with that stream under the cursor.
async fn at_stream(dashboard: &mut Driver, name: &str) {
    dashboard.press("3");
    dashboard.wait_for_row(&[name, "●"]).await;
    dashboard.press("/");
    dashboard.type_text(name);
    dashboard.press("enter");
    dashboard.wait_for(&format!("PARTITIONS  {name}")).await;
}

/// Pauses `orders` at a key, and says yes.
async fn pause_orders(dashboard: &mut Driver) {
    dashboard.press("z");
    dashboard
        .wait_for("Pause all 3 partitions of orders?")
        .await;
    dashboard.answer("enter").await;
}

#[tokio::test]
async fn a_stream_paused_with_two_keys_is_paused_on_every_screen_until_it_is_resumed() {
    let (cluster, _client) = cluster_with(&["orders", "payments"]).await;
    let mut dashboard = Driver::open(&cluster);
    at_stream(&mut dashboard, "orders").await;

    pause_orders(&mut dashboard).await;
    dashboard.wait_for("orders:0-2 paused").await;
    dashboard.wait_for_row(&["orders", "❚❚ 3 of 3"]).await;
    dashboard.press("tab");
    dashboard.wait_for_row(&["2", "❚❚ paused"]).await;

    dashboard.press("shift-tab z");
    dashboard
        .wait_for("Resume all 3 partitions of orders?")
        .await;
    dashboard.answer("enter").await;
    dashboard.wait_while("❚❚").await;
    dashboard.wait_for_row(&["orders", "●"]).await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_change_that_is_not_written_down_is_made_and_says_so() {
    let (cluster, _client) = cluster_with(&["orders"]).await;
    let access = Access::Full(client(cluster.addresses()));
    let mut options = DashboardOptions::new(session(access, cluster.addresses()));
    options.saved_state = std::sync::Arc::new(FullDisk);
    let mut dashboard = Driver::start(options);
    at_stream(&mut dashboard, "orders").await;

    pause_orders(&mut dashboard).await;
    dashboard.wait_for("it was not written down").await;
    dashboard.wait_for_row(&["orders", "❚❚ 3 of 3"]).await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_stream_is_readonly_and_writable_again() {
    let (cluster, _client) = cluster_with(&["orders"]).await;
    let mut dashboard = Driver::open(&cluster);
    at_stream(&mut dashboard, "orders").await;

    dashboard.press("W");
    dashboard
        .wait_for("Make all 3 partitions of orders readonly?")
        .await;
    dashboard.answer("enter").await;
    dashboard.wait_for_row(&["orders", "∅ readonly"]).await;

    dashboard.press("W");
    dashboard
        .wait_for("Make all 3 partitions of orders writable?")
        .await;
    dashboard.answer("enter").await;
    dashboard.wait_while("∅").await;
    dashboard.wait_for_row(&["orders", "●"]).await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_stream_is_deleted_by_typing_its_name_and_not_by_another() {
    let (cluster, client) = cluster_with(&["orders", "payments"]).await;
    let mut dashboard = Driver::open(&cluster);
    at_stream(&mut dashboard, "orders").await;

    dashboard.press("D");
    dashboard.wait_for("Type its name to delete it").await;
    dashboard.wait_for_row(&["Delete", "close"]).await;
    dashboard.type_text("order");
    dashboard.press("enter");
    let known = client.fetch_metadata().await.expect("it answers");
    assert!(
        known.stream("orders").is_some(),
        "a wrong name deletes nothing"
    );

    dashboard.type_text("s");
    dashboard.press("enter");
    dashboard.wait_for("stream orders is gone").await;
    let known = client.fetch_metadata().await.expect("it answers");
    assert!(known.stream("orders").is_none());
    assert!(known.stream("payments").is_some());
    dashboard.shut_down().await;
}

#[tokio::test]
async fn an_observer_gets_a_notice_that_nothing_is_sent() {
    let (cluster, _client) = cluster_with(&["orders"]).await;
    let seeds = cluster.addresses();
    let options = ConnectOptions::new(seeds.clone());
    let observer = Observer::new(options).expect("the addresses are well-formed");
    let session = session(Access::Observe(observer), seeds);
    let mut dashboard = Driver::start(DashboardOptions::new(session));
    at_stream(&mut dashboard, "orders").await;
    dashboard.press("z");
    dashboard.wait_for("observer mode").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_stream_that_somebody_else_makes_or_deletes_comes_and_goes() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.press("3");
    dashboard.wait_for("orders").await;
    let options = liftui::model::StreamOptions {
        name: "refunds".into(),
        ..Default::default()
    };
    client.create_stream(&options).await.expect("it is made");
    dashboard.wait_for("refunds").await;
    client
        .delete_stream("refunds")
        .await
        .expect("it is deleted");
    dashboard.wait_for("stream refunds is gone").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn activity_that_is_paused_is_shown_so_and_read_on_when_it_resumes() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    let mut dashboard = Driver::open(&cluster);
    dashboard.press("5");
    dashboard.wait_for_row(&["created", "orders"]).await;
    let sentence = "__activity is paused: the next event resumes it";
    client
        .pause("__activity", &[], false)
        .await
        .expect("it can be");
    dashboard.wait_for(sentence).await;

    client.resume("__activity", &[0]).await.expect("it can be");
    dashboard.wait_for_row(&["resumed", "__activity"]).await;
    dashboard.wait_while(sentence).await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn the_form_says_before_anything_is_sent_what_is_in_its_way() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    let mut dashboard = Driver::open(&cluster);
    at_stream(&mut dashboard, "orders").await;
    let stopped = client.set_readonly("orders", &[0], true).await;
    stopped.expect("it can be made readonly");
    let stopped = client.pause("orders", &[1], false).await;
    stopped.expect("it can be paused");
    dashboard.press("r");
    dashboard.wait_for_row(&["▸", "∅ 1"]).await;

    dashboard.press("p");
    dashboard
        .wait_for("orders:0 is readonly: a message there is refused by its broker")
        .await;
    dashboard
        .wait_for("orders:1 is paused: a message there wakes it")
        .await;
    dashboard.press("tab tab");
    dashboard.type_text("{\"total\": 7");
    dashboard
        .wait_for("the value begins as JSON and is none: EOF")
        .await;
    dashboard.type_text("}");
    dashboard.wait_while("is none").await;
    dashboard.press("shift-tab shift-tab shift-tab right");
    dashboard
        .wait_for("orders:0 is readonly: the message is refused by its broker")
        .await;
    dashboard.shut_down().await;
}
