//! A dashboard is recorded through faults, and every frame that was seen is seen again.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use liftui::cli::typed_line;
use liftui::demo::{DemoCluster, DemoOptions, IncidentPace, Traffic};
use liftui::recording::{OpenError, Player, Recording, find_marks};
use liftui::runtime::{DashboardOptions, RecorderOptions};
use liftui::ui::{self, RowCache, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use crate::driver::{Driver, cluster_with, has_row, options_on, publish_to};
use crate::test_screen::{Frames, TestScreen, text_of};

/// Three brokers that live ten times as fast as real ones, with the demo's traffic.
pub(crate) async fn busy_cluster() -> DemoCluster {
    let options = DemoOptions {
        speed: 10.0,
        traffic: Traffic::Workload {
            rate: Some(200),
            incidents: IncidentPace::Usual,
        },
        ..DemoOptions::default()
    };
    DemoCluster::start(options).await.expect("it starts")
}

/// What keeps 15 minutes in memory.
pub(crate) fn ring() -> RecorderOptions {
    RecorderOptions {
        file: None,
        messages: false,
        kept: Duration::from_secs(900),
        most: 64 << 20,
        create: |path| File::create_new(path),
        panic_folder: None,
    }
}

/// A dashboard of 120 x 36 cells that is recorded to that file, and every frame of it.
pub(crate) fn recorded(cluster: &DemoCluster, path: &Path, messages: bool) -> (Driver, Frames) {
    recorded_with(options_on(cluster), path, messages)
}

/// The same of a dashboard with those options.
pub(crate) fn recorded_with(
    options: DashboardOptions,
    path: &Path,
    messages: bool,
) -> (Driver, Frames) {
    let file = File::create_new(path).expect("a new file");
    let recorder = RecorderOptions {
        file: Some((path.display().to_string(), Arc::new(file))),
        messages,
        ..ring()
    };
    start_with(options, recorder)
}

pub(crate) fn start(cluster: &DemoCluster, recorder: RecorderOptions) -> (Driver, Frames) {
    start_with(options_on(cluster), recorder)
}

fn start_with(options: DashboardOptions, recorder: RecorderOptions) -> (Driver, Frames) {
    let options = DashboardOptions {
        recorder: Some(recorder),
        ..options
    };
    let (mut screen, control) = TestScreen::new(120, 36);
    let frames = screen.keep_frames();
    (Driver::start_on((screen, control), options), frames)
}

/// A walk through screens, a tail, a query, a size and a broker that dies and comes back.
pub(crate) async fn walk_through_faults(dashboard: &mut Driver) {
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    dashboard.press("/");
    dashboard.type_text("orders");
    dashboard.press("enter");
    dashboard.wait_for("PARTITIONS  orders").await;
    dashboard.press("enter enter");
    dashboard.wait_for("orders:0 ▏following").await;
    dashboard.wait_for("order").await;
    dashboard.press("space up up enter");
    dashboard.wait_for_row(&["size", " B"]).await;
    dashboard.press("esc /");
    dashboard.type_text("o");
    dashboard.press("enter 1 :");
    dashboard.type_text("fault kill 2");
    dashboard.press("enter 2");
    dashboard.wait_for_row(&["demo-2", "✖"]).await;
    dashboard.press("1");
    dashboard.wait_for("demo-2").await;
    dashboard.resize(100, 30);
    dashboard.press("3 o o :");
    dashboard.type_text("fault restart 2");
    dashboard.press("enter 2");
    dashboard.wait_for_row(&["demo-2", "answers"]).await;
}

pub(crate) fn open(path: &Path) -> Arc<Recording> {
    let bytes = fs::read(path).expect("it was recorded");
    Arc::new(Recording::read(bytes).expect("it is a recording"))
}

pub(crate) fn player(path: &Path) -> Player {
    Player::new(open(path), typed_line::parse).expect("it begins as a dashboard does")
}

pub(crate) fn frame(player: &Player, rows: &mut RowCache) -> Buffer {
    let (width, height) = player.size();
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a buffer opens");
    let drawn = terminal.draw(|frame| {
        ui::draw(frame, player.app(), &Theme::default(), rows);
    });
    drawn.expect("a buffer takes it").buffer.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_frame_that_was_seen_through_faults_is_seen_again_to_the_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("storm.rec");
    let cluster = busy_cluster().await;
    let (mut dashboard, seen) = recorded(&cluster, &path, true);
    walk_through_faults(&mut dashboard).await;
    dashboard.shut_down().await;

    let seen = std::mem::take(&mut *seen.lock().expect("no test has failed"));
    // What the walk has waited for was drawn, however many frames a busy machine takes for it.
    let drawn: Vec<String> = seen.iter().map(text_of).collect();
    let waited_for: [&[&str]; 3] = [
        &["PARTITIONS  orders"],
        &["orders:0 ▏following"],
        &["demo-2", "✖"],
    ];
    for wanted in waited_for {
        let shown = drawn.iter().any(|screen| has_row(screen, wanted));
        assert!(shown, "no frame of {} shows {wanted:?}", seen.len());
    }
    let (mut player, mut rows) = (player(&path), RowCache::default());
    for (number, seen) in seen.iter().enumerate() {
        assert!(player.next_frame(), "frame {number} was recorded");
        assert_eq!(frame(&player, &mut rows), *seen, "frame {number}");
    }
    assert!(!player.next_frame(), "no other frame was recorded");

    for number in [seen.len() / 2, 3, seen.len() - 1] {
        while player.frames() > number as u64 + 1 {
            player.previous_frame();
        }
        while player.frames() < number as u64 + 1 {
            player.next_frame();
        }
        let again = frame(&player, &mut RowCache::default());
        assert_eq!(again, seen[number], "frame {number}, from elsewhere");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_messages_hold_is_in_no_recording_that_was_not_asked_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish_to(&client, 0, "a secret of 28 characters...".to_owned()).await;
    for messages in [true, false] {
        let path = folder.path().join(format!("{messages}.rec"));
        let (mut dashboard, _) = recorded(&cluster, &path, messages);
        dashboard.open_tail().await;
        dashboard.press("s");
        dashboard.type_text("earliest");
        dashboard.press("enter");
        // Not the tail of before, which shows it too.
        dashboard
            .wait_for_row(&["orders:0 ▏", "from earliest", "kept 1"])
            .await;
        dashboard.wait_for("a secret of 28 characters").await;
        dashboard.shut_down().await;

        let recording = open(&path);
        let raw = recording.decompressed();
        let has = |text: &str| {
            raw.windows(text.len())
                .any(|bytes| bytes == text.as_bytes())
        };
        assert!(has("orders"), "names are recorded");
        assert_eq!(has("a secret of 28"), messages);

        let mut player = player(&path);
        player.seek(recording.end());
        let mut replay = Driver::replay(player, (120, 36));
        replay.press("space");
        if messages {
            replay.wait_for("a secret of 28 characters").await;
        } else {
            replay.wait_for("messages not recorded").await;
            replay.wait_for(&".".repeat(28)).await;
        }
        replay.shut_down().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_plays_jumps_and_lets_look_around_without_a_broker() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("walk.rec");
    let cluster = busy_cluster().await;
    let (mut dashboard, _) = recorded(&cluster, &path, false);
    walk_through_faults(&mut dashboard).await;
    dashboard.shut_down().await;
    cluster.stop().await;

    let marks = find_marks(open(&path), typed_line::parse).expect("it is played");
    let last = marks.last().expect("a broker died");
    assert!(marks.len() > 2, "{marks:?}");

    let mut replay = Driver::replay(player(&path), (120, 37));
    replay.wait_for("replay ").await;
    replay.press("space");
    replay.wait_for("paused").await;
    for _ in &marks {
        replay.press("}");
    }
    let clock = last.at.to_utc().format("replay %H:%M:%S");
    replay.wait_for(&clock.to_string()).await;
    replay.press("}");
    replay.wait_for("no finding or notice comes up after").await;

    replay.press("3");
    replay.wait_for("looking around").await;
    replay.press("/");
    replay.type_text("orders t");
    replay.wait_for("/orders t").await;
    replay.press("esc esc z");
    replay
        .wait_for("this is a recording: nothing in it can be changed")
        .await;
    replay.press(":");
    replay.type_text("tail payments");
    replay.press("enter");
    replay.wait_for("no broker can be asked").await;
    replay.press("t");
    replay.wait_while("looking around").await;
    replay.press("+ + space");
    replay.wait_for("4 x").await;
    replay.wait_for("paused").await;
    replay.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_of_another_size_is_shown_at_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("size.rec");
    let (cluster, _) = cluster_with(&["orders"]).await;
    let (mut dashboard, _) = recorded(&cluster, &path, false);
    dashboard.press("3");
    dashboard.wait_for_row(&["orders", "●"]).await;
    let seen = dashboard.picture().text;
    dashboard.shut_down().await;

    let mut player = player(&path);
    player.seek(open(&path).end());
    let mut replay = Driver::replay(player.clone(), (140, 50));
    let screen = replay.wait_for_row(&["orders", "●"]).await;
    let footer = seen.lines().nth(34).unwrap_or_default();
    assert_eq!(screen.lines().nth(34), Some(footer), "\n{screen}");
    assert!(screen.lines().all(|line| line.chars().count() <= 120));
    assert!(screen.lines().skip(36).all(str::is_empty), "\n{screen}");
    replay.shut_down().await;

    let mut replay = Driver::replay(player.clone(), (100, 20));
    replay
        .wait_for("recorded at 120x36: this terminal shows 100x20 of it")
        .await;
    replay.shut_down().await;

    // Where it stands is said where the right end of its header is out of sight.
    let mut replay = Driver::replay(player, (60, 20));
    let screen = replay.wait_for("this terminal shows 60x20 of it").await;
    let above = screen.lines().nth(18).unwrap_or_default();
    assert!(
        above.starts_with(" replay ") && above.contains(" of "),
        "\n{screen}"
    );
    replay.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_recording_gives_all_up_to_there_and_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.rec");
    let cluster = busy_cluster().await;
    let (mut dashboard, seen) = recorded(&cluster, &path, true);
    walk_through_faults(&mut dashboard).await;
    dashboard.shut_down().await;
    let seen = seen.lock().expect("no test has failed").len();

    let whole = fs::read(&path).expect("it was recorded");
    let read = |bytes: Vec<u8>| Recording::read(bytes);
    assert!(!read(whole.clone()).expect("it is whole").is_damaged);
    let cut = read(whole[..whole.len() - 1].to_vec()).expect("the rest is there");
    let mut damaged = whole.clone();
    let near_the_end = damaged.len() - 2_000;
    damaged[near_the_end] ^= 1;
    let damaged = read(damaged).expect("the rest is there");
    for recording in [cut, damaged] {
        assert!(recording.is_damaged);
        let mut player = Player::new(Arc::new(recording), typed_line::parse).expect("it plays");
        let frames = std::iter::from_fn(|| player.next_frame().then_some(())).count();
        assert!(frames > 0 && frames < seen, "{frames} of {seen} frames");
        let mut replay = Driver::replay(player, (120, 36));
        let screen = replay.wait_for("it ends here").await;
        assert!(screen.contains("· damaged ·"), "\n{screen}");
        replay.shut_down().await;
    }
    assert_eq!(read(b"{}".to_vec()).unwrap_err(), OpenError::NotARecording);
    assert_eq!(read(whole[..40].to_vec()).unwrap_err(), OpenError::Damaged);
    let mut newer = whole;
    newer[10] = 2;
    assert_eq!(read(newer).unwrap_err(), OpenError::Newer(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_of_the_last_minutes_begins_as_a_dashboard_that_was_restarted_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = busy_cluster().await;
    // A beginning each second, and no more than what stands behind the last one.
    let recorder = RecorderOptions {
        kept: Duration::from_secs(15),
        most: 1,
        ..ring()
    };
    let (mut dashboard, seen) = start(&cluster, recorder);
    dashboard.press("2 :");
    dashboard.type_text("fault kill 2");
    dashboard.press("enter");
    dashboard.wait_for_row(&["demo-2", "✖"]).await;
    let path = |number| folder.path().join(format!("ring-{number}.rec"));
    // Until what is kept begins after that.
    let mut number = 0;
    let begins_after = loop {
        number += 1;
        save(&mut dashboard, &path(number), "has all since").await;
        let player = player(&path(number));
        if !player.app().truth().findings.is_empty() {
            break player;
        }
    };
    save(&mut dashboard, &path(1), "it exists already; name another").await;
    dashboard.shut_down().await;

    let truth = begins_after.app().truth();
    assert!(
        truth.as_of.is_some(),
        "what was known is known at the beginning"
    );
    let mut player = begins_after;
    assert_eq!(player.frames(), 0);
    player.seek(open(&path(number)).end());
    let seen = seen.lock().expect("no test has failed").len();
    assert!(
        player.frames() < seen as u64,
        "{} of {seen}",
        player.frames()
    );
    let text = text_of(&frame(&player, &mut RowCache::default()));
    assert!(text.contains("BROKERS"), "the screen of then:\n{text}");
}

/// Writes what is kept to that file, and waits for what is told of it.
pub(crate) async fn save(dashboard: &mut Driver, path: &Path, answer: &str) {
    dashboard.press(":");
    dashboard.type_text(&format!("record {}", path.display()));
    dashboard.press("enter");
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    dashboard.wait_for_row(&[&name, answer]).await;
}
