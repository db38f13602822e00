//! How the dashboard looked when it was left is how it looks in the next run: its screen, the order and marks of lists,
//! internal streams, favourites.

use std::sync::Arc;

use liftui::app::KeptView;
use liftui::demo::DemoCluster;
use liftui::runtime::{Access, DashboardOptions, SavedState};
use tokio::sync::watch;

use crate::driver::{Driver, client, cluster_with, session};

/// Where how it looked last comes out again.
struct SavedView(watch::Sender<KeptView>);

impl SavedState for SavedView {
    fn save_view(&self, _cluster: &str, view: &KeptView) {
        self.0.send_replace(view.clone());
    }
}

/// A dashboard that looks like this at first; how it looked last comes out of the other end.
fn open(cluster: &DemoCluster, view: Option<KeptView>) -> (Driver, watch::Receiver<KeptView>) {
    let access = Access::Full(client(cluster.addresses()));
    let mut session = session(access, cluster.addresses());
    session.settings.view.clone_from(&view);
    let (keep, kept) = watch::channel(view.unwrap_or_default());
    let mut options = DashboardOptions::new(session);
    options.saved_state = Arc::new(SavedView(keep));
    (Driver::start(options), kept)
}

/// The names in the rows of the list of streams, from the top.
fn streams(screen: &str) -> Vec<&str> {
    let known = ["aardvark", "__cursors", "orders", "zebra"];
    // The list stands above that of the partitions.
    let rows = screen.lines().take_while(|row| !row.contains("PARTITIONS"));
    rows.filter_map(|row| known.into_iter().find(|name| row.contains(name)))
        .collect()
}

#[tokio::test]
async fn what_was_left_is_found_again() {
    let (cluster, _client) = cluster_with(&["aardvark", "orders", "zebra"]).await;
    let (mut dashboard, kept) = open(&cluster, Some(KeptView::default()));
    dashboard.press("3");
    dashboard.wait_for_row(&["zebra", "●"]).await;
    // Reversed, so that zebra is the first of those that are no favourites.
    dashboard.press("O i");
    dashboard
        .wait_until("internal streams, the last name first", |screen| {
            streams(screen).first() == Some(&"zebra") && screen.contains("__cursors")
        })
        .await;
    dashboard.press("/");
    dashboard.type_text("orders");
    dashboard.press("enter *");
    dashboard
        .wait_for("orders is a favourite: it stands first")
        .await;
    dashboard.press("space");
    dashboard.wait_for("1 marked").await;
    dashboard.press("l");
    dashboard.wait_for("orders:0-2 ▏").await;
    dashboard.shut_down().await;

    // A tail is no place to begin at: nothing is open there.
    let view = kept.borrow().clone();
    let (mut dashboard, _) = open(&cluster, Some(view.clone()));
    dashboard.wait_for("1 marked").await;
    let screen = dashboard.wait_for_row(&["◆", "★ orders"]).await;
    assert_eq!(
        streams(&screen),
        ["orders", "zebra", "aardvark", "__cursors"]
    );
    // What is taken back is not there in a third run.
    dashboard.press("g *");
    dashboard.wait_for("orders is a favourite no longer").await;
    let screen = dashboard.wait_while("★").await;
    assert_eq!(
        streams(&screen),
        ["zebra", "orders", "aardvark", "__cursors"]
    );
    dashboard.shut_down().await;

    let (mut dashboard, kept) = open(&cluster, None);
    dashboard.wait_for("FINDINGS").await;
    dashboard.press("3 *");
    let screen = dashboard.wait_for("★ aardvark").await;
    assert_eq!(streams(&screen).first(), Some(&"aardvark"));
    dashboard.shut_down().await;
    assert_eq!(*kept.borrow(), KeptView::default(), "nothing is kept of it");
}

#[tokio::test]
async fn marks_of_partitions_wait_for_their_stream() {
    let (cluster, _client) = cluster_with(&["aardvark", "orders"]).await;
    let (mut dashboard, kept) = open(&cluster, Some(KeptView::default()));
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    dashboard.press("j tab space");
    dashboard.wait_for("1 marked").await;
    dashboard.shut_down().await;

    // Another stream is chosen at first.
    let view = kept.borrow().clone();
    let (mut dashboard, _) = open(&cluster, Some(view));
    dashboard.wait_for("PARTITIONS  aardvark").await;
    dashboard.press("j");
    dashboard.wait_for("PARTITIONS  orders").await;
    dashboard.wait_for("1 marked").await;
    dashboard.shut_down().await;
}
