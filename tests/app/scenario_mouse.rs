//! The mouse let go at a key and taken back, on the real loop; what a terminal is told of it is `pty`'s.

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use liftui::demo::DemoCluster;
use liftui::runtime::{Access, DashboardOptions, HostEvent};

use crate::driver::{Driver, client, cluster_with, publish_to, session};

/// What the header says while the mouse is the terminal's.
const LET_GO: &str = "mouse let go";

fn options(cluster: &DemoCluster) -> DashboardOptions {
    let access = Access::Full(client(cluster.addresses()));
    DashboardOptions::new(session(access, cluster.addresses()))
}

/// Clicks on the name of the second screen, wherever that stands.
fn click_brokers(dashboard: &Driver) {
    let text = dashboard.picture().text;
    let tabs = |line: &str| {
        let (before, _) = line.split_once("2 brokers")?;
        Some(before.chars().count())
    };
    let place = text.lines().enumerate();
    let place = place.filter_map(|(row, line)| Some((row, tabs(line)?)));
    let (row, column) = place.last().expect("the names of the screens are shown");
    let cell = |at: usize| u16::try_from(at).expect("it is on the screen");
    let click = MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: cell(column),
        row: cell(row),
        modifiers: KeyModifiers::NONE,
    };
    dashboard.send(HostEvent::Input(Event::Mouse(click)));
}

#[tokio::test]
async fn the_mouse_is_let_go_at_a_key_and_taken_back() {
    let (cluster, _client) = cluster_with(&["orders"]).await;
    let mut dashboard = Driver::start(options(&cluster));
    dashboard.wait_for("3 brokers").await;
    dashboard.press("M");
    dashboard.wait_for(LET_GO).await;
    dashboard.wait_for("M takes it back").await;
    assert_eq!(dashboard.picture().captures_mouse, Some(false));
    // One click was on its way.
    click_brokers(&dashboard);
    dashboard.press("3");
    let screen = dashboard.wait_for("PARTITIONS  orders").await;
    assert!(screen.contains(LET_GO), "{screen}");

    dashboard.press("M");
    dashboard.wait_while(LET_GO).await;
    assert_eq!(dashboard.picture().captures_mouse, Some(true));
    click_brokers(&dashboard);
    dashboard.wait_for("BROKERS").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn text_can_be_selected_in_every_box_and_the_box_stays() {
    let (cluster, _client) = cluster_with(&["orders"]).await;
    let mut dashboard = Driver::start(options(&cluster));
    for (open, shown) in [
        ("?", "Keys"),
        ("ctrl-k", "go to"),
        (":", "a command or a name"),
        ("3 p", "Publish a message"),
        ("3 z", "Pause"),
    ] {
        dashboard.wait_for("3 brokers").await;
        dashboard.press(open);
        dashboard.wait_for(shown).await;
        dashboard.press("alt-m");
        let screen = dashboard.wait_for(LET_GO).await;
        assert!(screen.contains(shown), "{screen}");
        dashboard.press("alt-m esc esc");
        dashboard.wait_while(LET_GO).await;
    }
    dashboard.shut_down().await;
}

#[tokio::test]
async fn whose_the_mouse_is_outlives_the_editor_and_the_cluster() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish_to(&client, 0, "draft".to_owned()).await;
    let mut options = options(&cluster);
    options.editor = "true".to_owned();
    options.session.settings.contexts = vec![liftui::app::ContextEntry {
        name: "staging".to_owned(),
        ..Default::default()
    }];
    let next = options.session.clone();
    options.contexts = Some(std::sync::Arc::new(move |_| Ok(next.clone())));
    let mut dashboard = Driver::start(options);
    dashboard.open_tail().await;
    dashboard.wait_for_row(&["▸", "draft"]).await;
    dashboard.press("M e");
    let back = |picture: &crate::test_screen::Picture| picture.entered == 1;
    dashboard.wait_for_picture("the editor's end", back).await;
    dashboard.wait_for_row(&[LET_GO]).await;
    dashboard.press("C enter");
    dashboard.wait_for("FINDINGS").await;
    dashboard.wait_for_row(&[LET_GO]).await;
    assert_eq!(dashboard.picture().captures_mouse, Some(false));
    dashboard.shut_down().await;
}
