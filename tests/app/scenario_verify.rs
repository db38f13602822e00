//! The copies of a partition compared on the screen: equal ones, one that was made to differ, one that nobody can read.

use liftui::client::{ConnectOptions, Observer};
use liftui::demo::DemoCluster;
use liftui::runtime::{Access, DashboardOptions};
use liftui::ui::RowCache;
use tokio::time::timeout;

use crate::driver::{CAP, Driver, cluster_with, has_row, publish_to, session};
use crate::scenario_recording::{frame, player, recorded};
use crate::test_screen::text_of;

/// `orders:0` holds five messages; the numbers of the brokers, the leader first.
async fn with_messages() -> (DemoCluster, [usize; 3]) {
    let (cluster, client) = cluster_with(&["orders"]).await;
    for number in 0..5 {
        publish_to(&client, 0, format!("value-{number}")).await;
    }
    let leader = cluster.faults().leader("orders", 0);
    let leader = leader.expect("it has a leader");
    (cluster, [leader, leader % 3 + 1, (leader + 1) % 3 + 1])
}

fn verify(dashboard: &Driver, place: &str) {
    dashboard.press(":");
    dashboard.type_text(&format!("verify {place}"));
    dashboard.press("enter");
}

/// Waits until brokers have named the stream.
async fn at_streams(dashboard: &mut Driver) {
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
}

/// Compares until that is found: brokers tell each other, and the dashboard, only by and by what is committed and who is there.
async fn verified(dashboard: &mut Driver, found: &str) -> String {
    let trying = async {
        loop {
            verify(dashboard, "orders:0");
            let is_done = |screen: &str| {
                screen.contains("Copies of orders:0") && !screen.contains("Comparing:")
            };
            let screen = dashboard.wait_until("what was compared", is_done).await;
            if screen.contains(found) {
                return screen;
            }
            dashboard.press("esc r");
            dashboard.wait_while("Copies of orders:0").await;
        }
    };
    timeout(CAP, trying).await.expect(found)
}

fn fault(cluster: &DemoCluster, line: &str) {
    cluster.faults().run(line).expect("it is a fault");
}

const EQUAL: &str = "orders:0: 5 messages equal in 3 copies, up to offset 4";

#[tokio::test]
async fn equal_copies_say_so_and_an_observer_finds_the_one_that_differs() {
    let (cluster, [leader, follower, _]) = with_messages().await;
    let options = ConnectOptions::new(cluster.addresses());
    let observer = Observer::new(options).expect("the addresses are well-formed");
    let session = session(Access::Observe(observer), cluster.addresses());
    let mut dashboard = Driver::start(DashboardOptions::new(session));
    at_streams(&mut dashboard).await;
    let equal = verified(&mut dashboard, EQUAL).await;
    for part in [
        "5 messages, up to offset 4: 100 %",
        "at most 20,000 messages a second",
        "DIFFERENCES  none",
        "verify orders:0",
    ] {
        assert!(equal.contains(part), "{part}: {equal}");
    }
    let names = [leader, follower].map(|number| format!("demo-{number}"));
    assert!(has_row(&equal, &[&names[0], "the leader's"]), "{equal}");
    assert!(has_row(&equal, &[&names[1], "compared"]), "{equal}");
    fault(&cluster, &format!("corrupt orders:0 {follower} 2"));
    dashboard.press("V");
    let found = dashboard.wait_for("1 difference in 5 messages").await;
    assert!(has_row(&found, &["2", &names[1], "value"]), "{found}");
    assert!(has_row(&found, &[&names[1], "1 difference"]), "{found}");
    // The same by its key, from the list of partitions and from the replicas of one.
    for keys in ["V", "R V"] {
        dashboard.press("esc");
        dashboard.wait_while("Copies of").await;
        dashboard.press(keys);
        dashboard.wait_for("1 difference in 5 messages").await;
    }
    dashboard.press("y");
    dashboard.wait_for("the command").await;
    dashboard.press("esc");
    verify(&dashboard, "orders");
    dashboard.wait_for("the copies of one partition").await;
    dashboard.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_is_seen_again_in_a_recording() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("verify.rec");
    let (cluster, [_, follower, _]) = with_messages().await;
    let (mut dashboard, _) = recorded(&cluster, &path, false);
    at_streams(&mut dashboard).await;
    fault(&cluster, &format!("corrupt orders:0 {follower} 2"));
    verified(&mut dashboard, "1 difference in 5 messages").await;
    dashboard.shut_down().await;
    let (mut player, mut rows) = (player(&path), RowCache::default());
    let mut last = String::new();
    while player.next_frame() {
        last = text_of(&frame(&player, &mut rows));
    }
    let name = format!("demo-{follower}");
    assert!(has_row(&last, &["2", &name, "value"]), "{last}");
}

#[tokio::test]
async fn the_same_key_stops_it_and_begins_anew_and_leaving_stops_it() {
    let (cluster, [leader, ..]) = with_messages().await;
    let mut dashboard = Driver::open(&cluster);
    at_streams(&mut dashboard).await;
    verified(&mut dashboard, EQUAL).await;
    fault(&cluster, &format!("stall {leader} 60s"));
    dashboard.press("V");
    dashboard.wait_for("Comparing: ").await;
    dashboard.press("V");
    let stopped = dashboard.wait_for("Stopped after").await;
    for wrong in ["nothing to compare", "● demo-"] {
        let rows: Vec<&str> = stopped.lines().filter(|row| row.contains('│')).collect();
        assert!(!rows.concat().contains(wrong), "{wrong}: {stopped}");
    }
    dashboard.press("V");
    dashboard.wait_for("Comparing: ").await;
    dashboard.press("esc");
    let left = "the comparison of copies was stopped";
    dashboard.wait_for(left).await;
    fault(&cluster, "heal");
    verified(&mut dashboard, EQUAL).await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn the_copy_of_a_dead_broker_is_not_verified() {
    let (cluster, [_, _, dead]) = with_messages().await;
    let mut dashboard = Driver::open(&cluster);
    at_streams(&mut dashboard).await;
    verified(&mut dashboard, EQUAL).await;
    dashboard.press("esc");
    fault(&cluster, &format!("kill {dead}"));
    let unverified = "5 messages equal in 2 copies, up to offset 4; 1 copy was not verified";
    let screen = verified(&mut dashboard, unverified).await;
    let name = format!("demo-{dead}");
    let row = ["not verified: it does not answer", &name];
    assert!(has_row(&screen, &row), "{screen}");
    dashboard.shut_down().await;
}
