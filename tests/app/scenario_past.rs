//! The last minutes are gone through while the dashboard goes on behind, and shown as they were seen.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use liftui::app::Screen;
use liftui::cli::typed_line;
use liftui::demo::DemoCluster;
use liftui::recording::{Mark, find_marks};
use liftui::runtime::{DashboardOptions, RecorderOptions};
use liftui::ui::RowCache;

use crate::driver::{Driver, cluster_with, has_row, options_on, publish_to};
use crate::scenario_recording::{busy_cluster, frame, open, player, recorded, ring, save, start};
use crate::test_screen::{Frames, TestScreen, text_of};

/// The in-sync replicas of a partition that has all of them.
const IN_SYNC: &str = " 1 2 3     1 2 3 ";

/// Whether nothing of `orders` has missed anything.
fn is_well(screen: &str) -> bool {
    screen.matches(IN_SYNC).count() == 4
}

/// All but the header and the keys: what of a frame of the past is as it was seen.
fn body(screen: &str) -> String {
    let rows: Vec<&str> = screen.lines().collect();
    let end = rows.len().saturating_sub(1);
    rows.get(1..end).unwrap_or_default().join("\n")
}

/// The findings and notices of what was saved there.
fn marks(path: &Path) -> Vec<Mark> {
    find_marks(open(path), typed_line::parse).expect("it is played")
}

/// Goes to the beginning of what is kept, and from there to the mark of that number; returns what is shown then.
async fn go_to(dashboard: &mut Driver, marks: &[Mark], number: usize) -> String {
    for _ in 0..20 {
        dashboard.press("alt-,");
    }
    dashboard
        .wait_for("nothing is kept from before this time")
        .await;
    for _ in 0..=number {
        dashboard.press("}");
    }
    let clock = marks[number].at.to_utc().format(" %H:%M:%S · ").to_string();
    let own_row = marks[number].text.clone();
    let what = format!("{clock} with {own_row}");
    dashboard
        .wait_until(&what, |screen| {
            screen
                .lines()
                .next()
                .is_some_and(|head| head.contains(&clock))
        })
        .await
}

fn find_mark(marks: &[Mark], text: &str) -> usize {
    let found = marks.iter().position(|mark| mark.text.contains(text));
    assert!(found.is_some(), "no {text} among {marks:?}");
    found.unwrap_or_default()
}

fn assert_was_seen(screen: &str, seen: &Frames) {
    let seen = seen.lock().expect("no test has failed");
    let bodies: BTreeSet<String> = seen.iter().map(|frame| body(&text_of(frame))).collect();
    assert!(bodies.contains(&body(screen)), "never seen:\n{screen}");
}

/// A dashboard of that cluster that keeps its last minutes, with `orders` and its partitions on the screen.
async fn at_orders(cluster: &DemoCluster) -> (Driver, Frames) {
    let (mut dashboard, seen) = start(cluster, ring());
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    dashboard.press("/");
    dashboard.type_text("orders");
    dashboard.press("enter enter");
    dashboard.wait_for("PARTITIONS  orders").await;
    (dashboard, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_shown_as_it_was_seen_while_the_dashboard_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = busy_cluster().await;
    let (mut dashboard, seen) = at_orders(&cluster).await;
    let [before, after] = ["before", "after"].map(|name| folder.path().join(format!("{name}.rec")));
    save(&mut dashboard, &before, "has all since").await;
    cluster.faults().run("kill 2").expect("it is killed");
    dashboard.wait_while(IN_SYNC).await;
    cluster.faults().run("restart 2").expect("it returns");
    dashboard.wait_until("all in sync", is_well).await;
    save(&mut dashboard, &after, "has all since").await;
    let marks = marks(&after);

    // Everything was well.
    let number = find_mark(&marks, "before.rec has all since");
    let screen = go_to(&mut dashboard, &marks, number).await;
    assert!(
        screen.contains("ago") && !screen.contains("under-replicated"),
        "{screen}"
    );
    assert_was_seen(&screen, &seen);

    // A broker is dead: streams, in-sync replicas, brokers and findings as they were.
    let number = find_mark(&marks, "demo-2 does not answer");
    let screen = go_to(&mut dashboard, &marks, number).await;
    assert_was_seen(&screen, &seen);
    assert!(
        screen.contains("finding") && screen.contains("PARTITIONS  orders"),
        "{screen}"
    );
    dashboard.press("2");
    dashboard.wait_for_row(&["demo-2", "✖"]).await;
    dashboard.press("1");
    dashboard.wait_for("demo-2").await;

    // What happens meanwhile is not lost, and the live screen is where it was left.
    cluster.faults().run("kill 3").expect("it is killed");
    dashboard.press("t");
    let screen = dashboard.wait_for("as of").await;
    assert!(screen.contains("PARTITIONS  orders"), "{screen}");
    dashboard.wait_while(IN_SYNC).await;
    dashboard.press("2");
    dashboard.wait_for_row(&["demo-3", "✖"]).await;
    dashboard.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_only_be_done_now_is_refused_in_one_sentence() {
    let cluster = busy_cluster().await;
    let (mut dashboard, _) = at_orders(&cluster).await;
    dashboard.resize(80, 24);
    let folder = tempfile::tempdir().expect("a folder");
    save(
        &mut dashboard,
        &folder.path().join("kept.rec"),
        "has all since",
    )
    .await;
    dashboard.press("{");
    dashboard.wait_for("t to now").await;
    let refused = [
        "z",
        "r",
        "p",
        "enter",
        ":record x.rec",
        ":tail payments",
        ":verify payments:0",
        ":fault kill 2",
        ":create",
    ];
    for keys in refused {
        dashboard.press("3");
        match keys.strip_prefix(':') {
            Some(line) => {
                dashboard.press(":");
                dashboard.type_text(line);
                dashboard.press("enter");
            }
            None => dashboard.press(keys),
        }
        let what = format!("a refusal of {keys}");
        let refused = |screen: &str| screen.contains("ago: t returns to now");
        let screen = dashboard.wait_until(&what, refused).await;
        let head = screen.lines().next().unwrap_or_default();
        assert!(head.contains("s ago"), "{keys}:\n{screen}");
        dashboard.press("esc esc esc");
        dashboard.wait_while("ago: t returns to now").await;
    }
    dashboard.press("q");
    dashboard.wait_for("as of").await;
    dashboard.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_last_moment_is_now_and_without_anything_kept_a_sentence() {
    let cluster = busy_cluster().await;
    let (mut dashboard, _) = at_orders(&cluster).await;
    dashboard.press(",");
    dashboard.wait_for("t to now").await;
    dashboard.press(". . .");
    dashboard.wait_while("t to now").await;
    dashboard.press(".");
    dashboard.press(":");
    dashboard.type_text("replay.next-mark");
    dashboard.press("enter");
    dashboard.wait_for("this is now").await;
    dashboard.shut_down().await;

    let keeps_nothing = RecorderOptions {
        kept: Duration::ZERO,
        ..ring()
    };
    for recorder in [None, Some(keeps_nothing)] {
        let options = DashboardOptions {
            recorder,
            ..options_on(&cluster)
        };
        let mut dashboard = Driver::start_on(TestScreen::new(120, 36), options);
        dashboard.press("3");
        dashboard.wait_for_row(&["orders", "●"]).await;
        dashboard.press(",");
        dashboard.wait_for("[recorder] minutes = 0").await;
        dashboard.shut_down().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_of_the_past_has_what_it_had_and_says_what_was_not_recorded() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish_to(&client, 0, "a secret of 28 characters...".to_owned()).await;
    let (mut dashboard, _) = start(&cluster, ring());
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    save(
        &mut dashboard,
        &folder.path().join("before.rec"),
        "has all since",
    )
    .await;
    dashboard.open_tail().await;
    dashboard.press("s");
    dashboard.type_text("earliest");
    dashboard.press("enter");
    dashboard.wait_for("a secret of 28 characters").await;
    save(
        &mut dashboard,
        &folder.path().join("tail.rec"),
        "has all since",
    )
    .await;
    publish_to(&client, 0, "what came later".to_owned()).await;
    dashboard.wait_for("what came later").await;

    // Where it was saved are the last findings and notices that came up.
    dashboard.press("{");
    let screen = dashboard.wait_for("messages not recorded").await;
    assert!(screen.contains(&".".repeat(28)), "{screen}");
    assert!(has_row(&screen, &["orders:0", "kept 1"]), "{screen}");
    // A query says why it finds nothing, in place of what it might have been meant to be.
    dashboard.press("/");
    dashboard.type_text("cel: value.amount > 5");
    dashboard
        .wait_for("keys, values and headers were not recorded")
        .await;
    dashboard.press("enter");
    let screen = dashboard.wait_for("none of 1 message matches").await;
    assert!(
        !screen.contains("looks through the whole stream"),
        "{screen}"
    );
    dashboard.press("esc");
    dashboard.wait_for_row(&["orders:0", "kept 1"]).await;
    dashboard.press("{");
    dashboard.wait_for("this tail was not open yet").await;
    dashboard.press("}");
    dashboard.wait_for_row(&["orders:0", "kept 1"]).await;
    dashboard.press("t");
    dashboard.wait_for("what came later").await;
    dashboard.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_come_while_the_past_is_read_are_for_the_past() {
    let cluster = busy_cluster().await;
    let (mut dashboard, seen) = at_orders(&cluster).await;
    // In one burst: back, and now again. Of what is now, `t` would have turned the times into ages.
    for _ in 0..10 {
        dashboard.press(", t");
    }
    dashboard.press("2");
    dashboard.wait_for("ANSWER").await;
    dashboard.press("4");
    dashboard.wait_for("TO DRAIN").await;
    dashboard.shut_down().await;
    let seen = seen.lock().expect("no test has failed");
    let ages = seen
        .iter()
        .any(|frame| text_of(frame).contains("lists as ages"));
    assert!(!ages, "t was for the dashboard of now");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_has_no_frame_of_the_past_and_all_of_now() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("whole.rec");
    let cluster = busy_cluster().await;
    let (mut dashboard, seen) = recorded(&cluster, &path, true);
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    dashboard.press(",");
    dashboard.wait_for("t to now").await;
    dashboard.press("2 j d esc t");
    dashboard.wait_while("t to now").await;
    dashboard.press("j 2");
    dashboard.wait_for_row(&["demo-2", "answers"]).await;
    dashboard.shut_down().await;

    let seen = std::mem::take(&mut *seen.lock().expect("no test has failed"));
    let (mut player, mut rows) = (player(&path), RowCache::default());
    let mut seen = seen.iter();
    while player.next_frame() {
        let again = frame(&player, &mut rows);
        let is_seen = seen.any(|seen| *seen == again);
        assert!(is_seen, "frame {}:\n{}", player.frames(), text_of(&again));
        assert!(!text_of(&again).contains("t to now"));
    }
    assert_eq!(player.app().focus().screen(), Screen::Brokers);
}
