//! The loop itself: it opens at once, stays idle, resizes, gives the screen to an editor, ends.

use liftui::demo::{DemoCluster, DemoOptions};
use liftui::runtime::{Access, DashboardOptions, HostEvent};

use crate::driver::{Driver, client, session};

/// Nothing listens on the discard port.
fn nobody() -> DashboardOptions {
    let addresses = vec!["127.0.0.1:9".to_owned()];
    DashboardOptions::new(session(Access::Full(client(addresses.clone())), addresses))
}

#[tokio::test]
async fn the_first_frame_needs_no_broker_and_q_quits() {
    let mut dashboard = Driver::start(nobody());
    dashboard.wait_for("liftui").await;
    dashboard.press("q");
    dashboard.ended().await;
}

#[tokio::test]
async fn ctrl_c_asks_once_and_then_quits() {
    let mut dashboard = Driver::start(nobody());
    dashboard.press("ctrl-c");
    dashboard.wait_for("again to quit").await;
    dashboard.press("ctrl-c");
    dashboard.ended().await;
}

#[tokio::test]
async fn the_system_can_end_it() {
    let mut dashboard = Driver::start(nobody());
    dashboard.wait_for("liftui").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_burst_of_keys_costs_less_than_a_frame_each() {
    let cluster = DemoCluster::start(DemoOptions::default())
        .await
        .expect("it starts");
    let mut dashboard = Driver::open(&cluster);
    dashboard.wait_for("liftui").await;
    let before = dashboard.picture().frames;
    dashboard.press(&"2 3 ".repeat(100));
    dashboard.press("4");
    dashboard.wait_for("CURSORS").await;
    let drawn = dashboard.picture().frames - before;
    assert!(drawn < 100, "{drawn} frames for 201 keys");
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_stop_gives_the_terminal_back_until_the_process_goes_on() {
    let mut dashboard = Driver::start(nobody());
    dashboard.wait_for("liftui").await;
    dashboard.press("ctrl-z");
    dashboard
        .wait_for_picture("the screen given back", |picture| picture.left == 1)
        .await;
    dashboard.send(HostEvent::Continued);
    dashboard
        .wait_for_picture("the screen taken again", |picture| picture.entered > 0)
        .await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_screen_that_is_too_small_shows_so_and_one_that_grew_is_drawn_again() {
    let mut dashboard = Driver::start(nobody());
    dashboard.wait_for("liftui").await;
    dashboard.resize(50, 12);
    dashboard.wait_for("60x20").await;
    dashboard.resize(200, 60);
    dashboard.wait_while("60x20").await;
    dashboard.shut_down().await;
}
