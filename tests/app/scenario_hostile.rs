//! Messages that would fill memory, hold up a frame or act on the terminal: a tail and the inspector take them all.

use crate::driver::{Driver, cluster_with};
use crate::hostile;

#[tokio::test]
async fn hostile_messages_are_shown_or_refused_with_a_sentence() {
    let (cluster, client) = cluster_with(&["hostile"]).await;
    hostile::publish(&client).await;
    let messages = hostile::messages();
    let mut dashboard = Driver::open(&cluster);
    dashboard.resize(200, 60);
    dashboard.press("3");
    dashboard.wait_for_row(&["hostile", "●"]).await;
    dashboard.press("enter");
    dashboard.wait_for("PARTITIONS  hostile").await;
    dashboard.press("enter");
    let rows = dashboard
        .wait_for(&format!("kept {} ", messages.len()))
        .await;
    assert!(rows.contains("ten thousand headers"), "{rows}");
    assert!(!rows.contains('\u{1b}'), "{rows}");

    dashboard.press("enter");
    for (offset, (_, said)) in messages.iter().enumerate().rev() {
        let title = format!("hostile:0 @ {offset}");
        dashboard
            .wait_until(&format!("{title} … {said}"), |screen| {
                screen.contains(&title) && screen.contains(said)
            })
            .await;
        dashboard.press("[");
    }
    // Every view of each, wrapped, from its first row to its last.
    for offset in 1..messages.len() {
        dashboard.press("w b b b b b b b b b w G g ]");
        dashboard.wait_for(&format!("hostile:0 @ {offset}")).await;
    }
    dashboard.press("esc");
    dashboard.wait_for("following").await;
    dashboard.shut_down().await;
}
