//! A storm of faults is recorded, and every frame of it comes out of the recording as it was seen.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use liftui::demo::{DemoCluster, DemoOptions, IncidentPace, Traffic};
use liftui::model::{Timestamp, parse_duration};
use liftui::ui::RowCache;
use ratatui::buffer::Buffer;

use crate::driver::Driver;
use crate::scenario_recording::{frame, player, recorded};
use crate::test_screen::Frames;

/// How long it lasts at least; `LIFTUI_STORM=10m` gives it more.
const TIME: Duration = Duration::from_secs(1);

/// What is left of a frame: minutes of them find no room in memory. Every cell counts, with its colours.
fn digest(frame: &Buffer) -> u64 {
    let mut hasher = DefaultHasher::new();
    frame.hash(&mut hasher);
    hasher.finish()
}

/// Puts the digests of the frames that were seen in the place of the frames.
fn condense(seen: &Frames, digests: &mut Vec<u64>) {
    let frames = std::mem::take(&mut *seen.lock().expect("no test has failed"));
    digests.extend(frames.iter().map(digest));
}

async fn stormy_cluster() -> DemoCluster {
    let options = DemoOptions {
        speed: 10.0,
        traffic: Traffic::Workload {
            rate: Some(200),
            incidents: IncidentPace::Storm,
        },
        ..DemoOptions::default()
    };
    DemoCluster::start(options).await.expect("it starts")
}

/// Every screen, a tail with a query, another size, and a broker that dies and comes back, among what the storm does.
async fn round(dashboard: &mut Driver, number: usize) {
    let broker = format!("demo-{}", 1 + number % 3);
    dashboard.resize(120, 36);
    dashboard.press("3 :");
    dashboard.type_text("streams orders");
    dashboard.press("enter");
    dashboard.wait_for("PARTITIONS  orders").await;
    dashboard.press(":");
    dashboard.type_text("tail orders");
    dashboard.press("enter");
    dashboard.wait_for("orders:0-3 ▏").await;
    dashboard.press("space up up enter esc /");
    dashboard.type_text("o");
    dashboard.press("enter [ b w X");
    dashboard.press("1 :");
    dashboard.type_text(&format!("fault kill {}", 1 + number % 3));
    dashboard.press("enter 2");
    dashboard.wait_for_row(&[&broker, "✖"]).await;
    dashboard.press("4 5 7 1 ! d esc ! ?");
    dashboard.wait_for("in every list").await;
    dashboard.press("esc");
    dashboard.resize(100, 30);
    dashboard.press("3 o o :");
    dashboard.type_text(&format!("fault restart {}", 1 + number % 3));
    dashboard.press("enter 2");
    dashboard.wait_for_row(&[&broker, "answers"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_is_seen_again_frame_by_frame() {
    let asked = std::env::var("LIFTUI_STORM").ok();
    let time = asked.map_or(TIME, |text| parse_duration(&text).expect("a duration"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("storm.rec");
    let cluster = stormy_cluster().await;
    let (mut dashboard, frames) = recorded(&cluster, &path, true);
    let (mut seen, mut rounds, begun) = (Vec::new(), 0, Timestamp::now());
    while rounds == 0 || begun.age(Timestamp::now()) < time {
        round(&mut dashboard, rounds).await;
        condense(&frames, &mut seen);
        rounds += 1;
    }
    dashboard.shut_down().await;
    condense(&frames, &mut seen);

    let (mut player, mut rows) = (player(&path), RowCache::default());
    for (number, seen) in seen.iter().enumerate() {
        assert!(player.next_frame(), "frame {number} was recorded");
        let again = frame(&player, &mut rows);
        assert_eq!(digest(&again), *seen, "frame {number}:\n{again:?}");
    }
    assert!(!player.next_frame(), "no other frame was recorded");
    let took = begun.age(Timestamp::now()).as_secs();
    println!(
        "{} frames of {rounds} rounds were seen again, {took} s in all",
        seen.len()
    );
}
