//! Every screen and overlay at four sizes, as text: whole, and with what must be there.
//!
//! One state of each is compared with golden files at two sizes as well; `UPDATE_GOLDEN=1` writes them anew. Colours are looked at in a few places only: a theme is free to change.

mod check;
mod columns;
mod crowded;
mod forms;
mod incidents;
mod messages;
mod moving_picture;
mod pictures;
mod plans;
mod readability;
mod styles;
mod svg;
mod tables;
mod verification;

pub(crate) use pictures::picture_of_metrics;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use liftui::app::{App, ConnectionState, Event, Settings, Viewport};
use liftui::model::{ErrorKind, Failure, Target};
use liftui::ui::{self, RowCache, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use crate::world::{World, settings};

const SIZES: [(u16, u16); 4] = [(60, 20), (80, 24), (120, 36), (200, 60)];
/// The widths of the sizes that golden files have.
const GOLDEN_WIDTHS: [u16; 2] = [80, 120];

/// Draws a frame, sends its layout to the app, and draws again: what a user sees a moment later.
pub(crate) fn frame(world: &mut World, width: u16, height: u16, theme: &Theme) -> Buffer {
    let viewport = draw(&world.app, width, height, theme).0;
    world.viewport(viewport);
    draw(&world.app, width, height, theme).1
}

fn draw(app: &App, width: u16, height: u16, theme: &Theme) -> (Viewport, Buffer) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut viewport = Viewport::default();
    terminal
        .draw(|frame| viewport = ui::draw(frame, app, theme, &mut RowCache::default()))
        .unwrap();
    (viewport, terminal.backend().buffer().clone())
}

/// The line on top of the screen.
pub(crate) fn header(app: &App) -> String {
    let (_, buffer) = draw(app, 120, 36, &Theme::default());
    text(&buffer).lines().next().unwrap_or_default().to_owned()
}

/// All lines of the screen.
pub(crate) fn shown(app: &App) -> String {
    text(&draw(app, 120, 36, &Theme::default()).1)
}

/// The text of a frame, without the spaces at the ends of lines.
pub(crate) fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.area.rows() {
        let line: String = row.positions().map(|at| buffer[at].symbol()).collect();
        writeln!(text, "{}", line.trim_end()).unwrap();
    }
    text
}

/// Draws a screen at every size, checks it, and compares two of the frames with golden files.
fn golden(name: &str, mut world: World, required: &str) {
    for (width, height) in SIZES {
        let shown = text(&check::whole(&mut world, (width, height), required));
        if GOLDEN_WIDTHS.contains(&width) {
            compare(&format!("{name}-{width}x{height}.txt"), &shown);
        }
    }
}

/// Draws a screen at every size and checks it.
fn shows(mut world: World, required: &str) {
    for size in SIZES {
        check::whole(&mut world, size, required);
    }
}

fn compare(name: &str, shown: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/screens");
    compare_with(&folder.join(name), shown);
}

/// Compares with a file, or writes it.
pub(crate) fn compare_with(path: &Path, shown: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(path, shown).unwrap();
    }
    let name = path.display();
    let expected = fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{name}: {error}; UPDATE_GOLDEN=1 writes it"));
    assert_eq!(shown, expected, "{name}; UPDATE_GOLDEN=1 writes it anew");
}

fn after(mut world: World, keys: &str) -> World {
    let viewport = draw(&world.app, 120, 36, &Theme::default()).0;
    world.viewport(viewport);
    world.press(keys);
    world
}

#[test]
fn overview() {
    shows(
        World::seasoned(),
        "
            60 3 brokers ● ● ● ▏▲ 2 findings
            60 FINDINGS worst first
            60 ▸ ▲ cursor billing on payments-eu:0 lags >4s
            60 lag 21,271 messages
            60 CLUSTER
            60 2,488 msg/s
            60 ● node-1 4ms
            60 rate last 10m
            60 peak 3,836
            120 busiest streams
            120 orders-eu
            120 608.9
            120 slowest cursors
            120 group shipping on orders-eu:1 lag 40,808",
    );
    golden(
        "overview-broker-down",
        World::seasoned().without_node_two(),
        "
            60 3 brokers ● ✖ ● ▏✖ 3 findings
            60 ▸ ✖ node-2 does not answer 31s
            60 ✖ node-2 31s
            200 partitions of what it holds
            200 what has happened in this incident
            60 1 partition down until it is back: clicks
            80 6 partitions without a reachable leader
            200 node-1, node-3 still list it",
    );
    shows(
        World::seasoned().after_the_election(),
        "
            60 ✖ 4 findings
            60 ▸ ✖ node-2 does not answer 47s
            60 1 partition down until it is back:
            80 ✖ node-2 47s leads 1
            120 ▲ cursor billing on payments-eu:0,1 lags >51s
            120 lag 36,387 messages, most on partition 0: 24,175
            200 ▲ cursor dashboards on sensors-eu:3 lags
            200 polls 23 in a row did not answer",
    );
}

#[test]
fn brokers() {
    golden(
        "brokers",
        after(World::seasoned().without_node_two(), "2"),
        "
            60 NAME↑ STATE
            60 PARTS LEADS MSG/S ANSWER
            60 ▸ node-1 ● answers
            60 19 12 1,251 4ms
            60 node-2 ✖ silent 31s
            60 20 7 – –
            60 last answer 1s ago, took 4ms
            60 listed by node-3
            60 orders-eu:0,3
            80 10.0.0.2:9292
            120 LISTED BY",
    );
}

#[test]
fn streams() {
    golden(
        "streams",
        after(World::seasoned(), "3"),
        "
            60 STREAMS
            60 PARTS MSG/S
            60 HEALTH
            60 ▸ audit-eu 1 0.0
            60 orders-eu 4 608.9
            60 PARTITIONS audit-eu 1
            60 ▸ 0 node-1
            60 1 2 3 empty 0
            60 UNCOMMITTED
            80 LAST STATE
            120 partition 0 what each replica reports
            120 ● node-1 leads hw empty end empty 0s ago
            200 SUBJECT
            200 CREATED
            200 12d",
    );
    shows(
        after(World::seasoned().without_node_two(), "3"),
        "
            60 ✖ 3 leader unreachable
            60 ✖ 1 leader unreachable
            60 1,216
            60 619.2
            120 ✖ node-2
            120 silent 31s",
    );
    golden(
        "partitions",
        after(World::seasoned().after_the_election(), "3 j j enter j"),
        "
            60 ▸ orders-eu 4 941.2
            60 ▲ 4 under-replicated
            60 PARTITIONS orders-eu 4
            60 ▸ 1 node-3
            60 1 (2) 3 160,690
            60 ▲ under-replicated
            80 partition 1
            80 ● node-3 leads hw 160,690 end 160,690 0s ago
            80 ✖ node-2 behind hw 151,108 end 151,108 silent 47s
            200 1 2 3 1 (2) 3",
    );
}

#[test]
fn on_a_high_screen_what_is_known_of_a_finding_follows_the_list_down_to_the_end() {
    let mut world = World::seasoned().without_node_two();
    let screen = text(&frame(&mut world, 200, 60, &Theme::default()));
    let left = |row: &str| row.split('▏').next().unwrap_or_default().trim().to_owned();
    let rows: Vec<String> = screen.lines().map(left).collect();
    // The header, the title, three findings of two rows each.
    assert!(rows[8].starts_with('─'), "{screen}");
    let last = rows.iter().position(|row| row.starts_with("─ 1 overview"));
    let below = &rows[8..last.expect("the names of the screens")];
    let is_empty = |pair: &[String]| pair.iter().all(String::is_empty);
    assert!(!below.windows(2).any(is_empty), "{screen}");
}

#[test]
fn streams_filtered_marked_and_sorted() {
    shows(
        after(World::seasoned(), "3 / e u"),
        "
            60 STREAMS /eu 5 of 7
            60 ▸ audit-eu
            60 orders-eu
            60 sensors-eu
            60 enter keep the filter esc leave it, again to clear",
    );
    shows(
        after(World::seasoned(), "3 space space enter space"),
        "
            60 STREAMS 2 marked 7
            60 ▸ orders-eu 4 608.9
            60 PARTITIONS orders-eu 1 marked 4
            60 ◆ 0 node-1
            60 ▸ 1 node-2
            120 ◆ audit-eu 1 0.0",
    );
    shows(
        after(World::seasoned(), "3 / z z z enter"),
        "
            60 STREAMS /zzz 0 of 7
            60 No stream fits the filter.
            60 esc clears it.",
    );
    shows(
        after(World::seasoned(), "3 i o o"),
        "
            60 NAME PARTS MSG/S↓
            60 3 1,440
            60 __cursors 3 3.0
            60 0 node-1
            60 1 601,055 0
            80 __activity",
    );
}

#[test]
fn cursors() {
    golden(
        "cursors",
        after(World::seasoned(), "4"),
        "
            60 CURSOR PARTITION LAG↓
            60 ▸ group shipping orders-eu:1 ▲ 40,808
            60 dashboards sensors-eu:3
            60 GROUP↑ MEMBERS LAG STREAMS
            60 ▸ shipping
            80 TO DRAIN
            200 OFFSET
            200 STORED
            200 COORDINATOR
            200 EPOCH",
    );
}

#[test]
fn activity() {
    let mut world = World::seasoned();
    world.activity();
    golden(
        "activity",
        after(world, "5"),
        "
            60 ACTIVITY newest first
            60 TIME↓ EVENT WHAT
            60 expired
            60 made readonly
            60 11-22 11:03:24 paused orders-eu:0,1
            80 joined ship-a → group shipping · orders-eu
            80 created orders-eu · 4 partitions",
    );
}

#[test]
fn first_answers_that_contradict_each_other_are_no_word_that_all_is_well() {
    let mut world = World::silent(settings());
    world.event(Event::Connection(ConnectionState::Connected));
    // What node-1 leads ends before what the others have committed of it.
    for (number, end) in [(0, 50), (1, 1_000), (2, 1_000)] {
        world.ends = Some(end);
        let view = world.view_of(number);
        world.event(Event::BrokerView(Arc::new(view)));
    }
    for (width, height) in [(60, 20), (80, 24), (120, 36), (200, 60)] {
        let shown = text(&frame(&mut world, width, height, &Theme::default()));
        let words: Vec<&str> = shown.split_whitespace().collect();
        let words = words.join(" ");
        assert!(words.contains("looking again"), "{width}: {shown}");
        assert!(
            words.contains("Not known yet: replicas hold"),
            "{width}: {shown}"
        );
        assert!(words.contains("tells."), "{width}: {shown}");
        assert!(
            !words.contains("all well") && !words.contains("Nothing is wrong"),
            "{width}"
        );
    }
}

#[test]
fn nobody_answers() {
    golden(
        "connecting",
        World::silent(settings()),
        "
            60 no broker yet
            60 Looking for a broker
            60 ◐ 10.0.0.3:9292
            60 r try now",
    );
    let mut world = World::silent(settings());
    let sentence = "no broker could be reached at 10.0.0.1:9292: connection refused";
    let failure = Failure::new(ErrorKind::Unreachable, Target::Cluster, sentence);
    let next = world.now.plus(Duration::from_secs(3));
    world.event(Event::Connection(ConnectionState::Waiting {
        attempt: 4,
        next,
        failure,
    }));
    shows(
        world,
        "
            60 No broker answers
            60 ✖ 10.0.0.1:9292
            60 connection refused
            60 Round 4 failed; the next one begins in 3s.
            60 C another cluster
            80 no broker could be reached at 10.0.0.1:9292: connection refused",
    );
    let mut world = World::silent(settings());
    world.event(Event::Connection(ConnectionState::Connected));
    shows(world, "60 Reading the cluster…");
}

#[test]
fn nobody_answers_and_nobody_was_named() {
    let mut world = World::silent(Settings {
        addresses: vec!["127.0.0.1:9292".to_owned()],
        contexts: Vec::new(),
        offers_demo: true,
        ..settings()
    });
    let sentence =
        "broker 127.0.0.1:9292 refused the connection; is Liftbridge running there?".to_owned();
    let next = world.now.plus(Duration::from_secs(3));
    world.event(Event::Connection(ConnectionState::Waiting {
        attempt: 2,
        next,
        failure: Failure::new(ErrorKind::Unreachable, Target::Cluster, sentence),
    }));
    golden(
        "first-run",
        world,
        "
            60 No broker answers
            60 No cluster was named: this is the default address.
            60 L a demo, in this process
            60 liftui --addr HOST:9292 a cluster of yours
            60 liftui config init a file for its address
            60 Round 2 failed; the next one begins in 3s.
            60 L demo r try now",
    );
}

#[test]
fn a_cluster_that_is_heard_no_more() {
    let mut world = after(World::seasoned(), "3");
    for _ in 0..20 {
        world.now = world.now.plus(Duration::from_secs(1));
        world.event(Event::Tick(world.now));
    }
    shows(
        world,
        "
            60 stale 20s
            60 ▸ audit-eu
            120 end empty 20s ago",
    );
}

#[test]
fn details() {
    shows(
        after(World::seasoned(), "3 ?"),
        "
            60 Keys
            60 streams and partitions
            60 l Tail this stream or partition.
            60 k up j down esc close
            120 in every list
            120 j ↓ Move down.
            200 enter Open what is chosen: go one level deeper.
            200 everywhere
            200 1 Show the overview: findings, worst first.",
    );
    shows(
        after(World::seasoned().without_node_two(), "2 j d"),
        "
            60 state ✖ silent 31s
            60 why broker node-2 refused the connection
            60 polls 15 in a row did not answer
            60 listed by node-1, node-3
            60 replicas 20 partitions
            60 sensors-eu:1,4,7
            120 leads 7 partitions
            120 node-1, node-3 still list it",
    );
    shows(
        after(World::seasoned().without_node_two(), "3 j j d"),
        "
            60 2026-11-10 12:00:00.000 +00 (12d ago)
            60 offsets 627,246
            60 messages/s 619.2
            60 ISR 1 (2) 3
            60 ✖ leader unreachable
            60 read by
            80 lag 46,492
            80 ✖ orders-eu:1 has no reachable leader
            120 leader node-2 does not answer · ISR 2 of 3",
    );
    golden(
        "describe-partition",
        after(World::seasoned().after_the_election(), "3 j j enter d"),
        "
            60 leader node-1
            60 replicas node-1, node-2, node-3
            60 in sync node-1, node-3
            60 messages/s 235.3
            60 high watermark 160,653, newest
            60 160,653, 0s ago
            80 high watermark 151,071, newest 151,071, 47s ago",
    );
}

#[test]
fn findings_losses_and_notices() {
    shows(
        after(World::seasoned().without_node_two(), "1 d"),
        "
            60 Finding
            60 ✖ node-2 does not answer
            80 leads 7 partitions
            80 since 31s
            80 rule broker-silent
            80 broker node-2 refused the connection · failed 15 times",
    );
    shows(
        after(World::seasoned(), "2 w"),
        "
            60 What if node-1
            60 If node-1 were lost now
            60 2 of 3 brokers would be left: they would go on
            60 ✖ 1 would have no leader: no other in-sync replica
            60 clicks-of-the-web-shop-in-all-countries:0
            60 ▲ 11 would get another leader, within about 15s
            60 orders-eu:0 one of node-2, node-3
            120 ● 7 would go on with a replica less",
    );
    shows(
        after(World::seasoned().after_the_election(), "ctrl-n"),
        "
            60 Notices of this session
            60 12:10:05 node-2 does not answer · 1 partition down",
    );
}

#[test]
fn incidents() {
    shows(
        after(World::seasoned(), "7"),
        "
            60 INCIDENTS
            60 Nothing has gone wrong while liftui watched.",
    );
    let mut world = World::seasoned().after_the_election();
    world.bring_back();
    golden(
        "incidents",
        after(world, "7"),
        "
            60 ▸ 11-22 12:10:04 48s ✖ node-2 does not answer
            60 began 2026-11-22
            60 touched
            120 node-3 leads orders-eu:1, before it node-2
            200 with node-2 again",
    );
}

#[test]
fn menus_and_the_command_line() {
    golden(
        "palette",
        after(World::seasoned(), "3 ctrl-k p a y"),
        "
            60 go to
            60 > pay
            60 payments-eu stream
            60 enter choose esc close",
    );
    shows(
        after(World::seasoned(), "C"),
        "
            60 contexts 2 of 2
            60 prod context 10.0.0.1:9292 · here
            60 staging context 10.9.0.1:9292
            80 context 10.9.0.1:9292 · observing",
    );
    shows(
        after(World::seasoned(), "3 j j enter Y"),
        "
            60 copy 3 of 3
            60 place orders-eu:0
            60 leader node-1
            60 as a liftui command liftui tail orders-eu:0",
    );
    golden(
        "command-line",
        after(World::seasoned(), ": t a i l space o tab"),
        "
            60 :tail orders-eu
            60 Tail this stream or partition.
            60 tab complete esc close",
    );
}

#[test]
fn questions() {
    shows(
        after(World::seasoned().without_node_two(), "3 j j z"),
        "
            60 Pause 3 of 4 partitions of orders-eu?
            60 orders-eu:0,2,3
            60 Read by shipping.
            60 orders-eu:1 left out: the leader does not answer
            60 Their subscriptions end, this dashboard's tails of
            60 The next publish resumes each.
            60 liftui pause orders-eu --partitions 0,2,3
            60 Pause Cancel
            60 enter Pause
            60 c copy as a command esc close",
    );
    shows(
        after(World::seasoned(), "3 j j enter space W"),
        "
            60 Make 1 of 4 partitions of orders-eu readonly?
            60 Publishes to them are refused from then on.
            60 Subscriptions end once they have read everything.
            60 liftui readonly orders-eu --partitions 0
            60 Make readonly Cancel",
    );
    golden(
        "ask-delete",
        after(World::seasoned(), "3 j j D o r d"),
        "
            60 Delete orders-eu?
            60 All messages of 4 partitions, 604,510 offsets so
            60 It cannot be undone. Type its name to delete it.
            60 its name: ord
            60 liftui delete orders-eu
            60 Delete Cancel",
    );
}

#[test]
fn a_broken_screen_is_a_sentence() {
    let mut world = World::seasoned();
    for (width, height) in [(59, 20), (60, 19), (10, 1), (1, 1)] {
        let shown = text(&frame(&mut world, width, height, &Theme::default()));
        let (first, others) = shown.split_once('\n').unwrap();
        let all = format!("liftui needs 60x20; this is {width}x{height}");
        assert!(all.starts_with(first.trim_end_matches('…')), "{first}");
        assert_eq!(others.trim(), "");
    }
}

#[test]
fn without_unicode_every_cell_is_ascii() {
    let mut world = after(World::seasoned().without_node_two(), "3");
    let shown = text(&frame(&mut world, 120, 36, &Theme::default().ascii()));
    let other: String = shown.chars().filter(|c| !c.is_ascii()).collect();
    assert_eq!(other, "", "{shown}");
}

/// Where a text begins on the screen.
fn find(buffer: &Buffer, wanted: &str) -> (u16, u16) {
    for row in buffer.area.rows() {
        let line: Vec<&str> = row.positions().map(|at| buffer[at].symbol()).collect();
        let starts = (0..line.len()).find(|at| line[*at..].concat().starts_with(wanted));
        if let Some(at) = starts {
            return (u16::try_from(at).unwrap(), row.y);
        }
    }
    panic!("\"{wanted}\" is not on the screen:\n{}", text(buffer));
}
