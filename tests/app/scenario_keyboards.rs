//! Keys typed with Cyrillic, Greek and other layouts: they count by their place, but in text and where `y` answers.

use liftui::app::KeyboardLayouts;
use liftui::client::Client;
use liftui::demo::DemoCluster;
use liftui::runtime::{Access, DashboardOptions};

use crate::driver::{Driver, client, cluster_with, publish_to, session};

async fn cluster() -> (DemoCluster, Client) {
    cluster_with(&["orders", "payments"]).await
}

/// A dashboard whose user prefers that layout, or says nothing of it.
fn open(cluster: &DemoCluster, layout: Option<&str>) -> Driver {
    let access = Access::Full(client(cluster.addresses()));
    let mut options = DashboardOptions::new(session(access, cluster.addresses()));
    if let Some(layout) = layout {
        let layouts = KeyboardLayouts::preferring(layout);
        options.session.settings.keyboard = layouts.expect("there is such a layout");
    }
    Driver::start(options)
}

#[tokio::test]
async fn a_session_with_a_russian_keyboard_needs_no_other_layout() {
    let (cluster, client) = cluster().await;
    publish_to(&client, 0, "первый".to_owned()).await;
    let mut dashboard = open(&cluster, None);
    dashboard.press("3");
    dashboard.wait_for_row(&["▸", "orders"]).await;
    // j, k, a filter with / at the place of the full stop, and back.
    dashboard.press("о");
    dashboard.wait_for_row(&["▸", "payments"]).await;
    dashboard.press("л");
    dashboard.wait_for_row(&["▸", "orders"]).await;
    dashboard.press(".");
    dashboard.type_text("pay");
    dashboard.wait_for_row(&["▸", "payments"]).await;
    dashboard.press("esc esc л");
    dashboard.wait_for("PARTITIONS  orders").await;
    // l tails; s seeks; the offset is text.
    dashboard.press("д");
    dashboard.wait_for("первый").await;
    dashboard.press("ы");
    dashboard.type_text("0");
    dashboard.press("enter");
    dashboard.wait_for("from 0").await;
    // Newest first at v, which comes to an end where following does not; the question mark is on every keyboard.
    dashboard.press("м");
    dashboard.wait_for("read to its end").await;
    dashboard.press("?");
    dashboard.wait_for("Keys").await;
    dashboard.press("й");
    dashboard.wait_while("Keys").await;
    // ctrl-k opens the palette, ctrl-c twice ends.
    dashboard.press("ctrl-л");
    dashboard.wait_for("go to").await;
    dashboard.press("esc ctrl-с");
    dashboard.wait_for("again to quit").await;
    dashboard.press("ctrl-с");
    dashboard.ended().await;
}

#[tokio::test]
async fn what_is_typed_into_a_text_box_is_what_was_typed() {
    let (cluster, client) = cluster().await;
    publish_to(&client, 0, "γειά σου".to_owned()).await;
    publish_to(&client, 0, "шалом".to_owned()).await;
    let mut dashboard = open(&cluster, None);
    dashboard.open_tail().await;
    dashboard.press("/");
    dashboard.type_text("γειά");
    dashboard.press("enter");
    dashboard.wait_for("/γειά  1 matching").await;
    dashboard.press("/");
    dashboard.wait_for_row(&[" / γειά"]).await;
    // What edits is no text: ctrl-w and alt-b by their places.
    dashboard.press("ctrl-ς");
    dashboard.type_text("шалом");
    dashboard.press("enter");
    dashboard.wait_for("/шалом  1 matching").await;
    dashboard.press("esc :");
    dashboard.type_text("й");
    dashboard.press("enter");
    dashboard.wait_for("\"й\" is no command").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_question_takes_no_yes_by_its_place_and_every_no() {
    let (cluster, _client) = cluster().await;
    let mut dashboard = open(&cluster, None);
    dashboard.press("3");
    dashboard.wait_for_row(&["▸", "orders"]).await;
    // "нет" is no, and its first letter is where y is.
    dashboard.press("я");
    dashboard.answer("н").await;
    dashboard.wait_for("y by its place is no answer").await;
    assert!(dashboard.picture().text.contains("Pause all 3 partitions"));
    dashboard.press("е т");
    dashboard.wait_while("Pause all 3 partitions").await;
    assert!(!dashboard.picture().text.contains("paused"));
    // The same with y itself is an answer.
    dashboard.press("я");
    dashboard.answer("y").await;
    dashboard.wait_for("3 paused").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn each_script_moves_and_goes_back_and_a_named_layout_decides() {
    for (layout, down, tail, back) in [
        (None, "ξ", "λ", ";"),
        (None, "ח", "ך", "esc"),
        (None, "ت", "م", "ض"),
        (Some("bulgarian"), "т", "в", "esc"),
        (Some("bulgarian-phonetic"), "й", "л", "я"),
        (Some("ukrainian"), "о", "д", "й"),
        (Some("greek"), "ξ", "λ", ";"),
    ] {
        let (cluster, _client) = cluster().await;
        let mut dashboard = open(&cluster, layout);
        dashboard.press("3");
        dashboard.wait_for_row(&["▸", "orders"]).await;
        dashboard.press(down);
        dashboard.wait_for_row(&["▸", "payments"]).await;
        dashboard.press(tail);
        dashboard.wait_for("payments:0-2 ▏following").await;
        dashboard.press(back);
        dashboard.wait_for_row(&["▸", "payments"]).await;
        dashboard.shut_down().await;
    }
}
