//! Every screen at four sizes, as text, against golden files; `UPDATE_GOLDEN=1` writes them anew.
//!
//! Colours are looked at in a few places only: a theme is free to change.

mod forms;
mod messages;
mod pictures;
mod styles;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use liftui::app::{App, Event, Link, Viewport};
use liftui::model::{ErrorKind, Failure, Target};
use liftui::ui::{self, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use crate::world::{World, settings};

const SIZES: [(u16, u16); 4] = [(60, 20), (80, 24), (120, 36), (200, 60)];

/// Draws a frame, tells the app what it offered, and draws again: what a user sees a moment later.
pub(crate) fn frame(world: &mut World, width: u16, height: u16, theme: &Theme) -> Buffer {
    let offered = draw(&world.app, width, height, theme).0;
    world.viewport(offered);
    draw(&world.app, width, height, theme).1
}

fn draw(app: &App, width: u16, height: u16, theme: &Theme) -> (Viewport, Buffer) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut offered = Viewport::default();
    terminal
        .draw(|frame| offered = ui::draw(frame, app, theme))
        .unwrap();
    (offered, terminal.backend().buffer().clone())
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

fn golden(name: &str, mut world: World) {
    for (width, height) in SIZES {
        let shown = text(&frame(&mut world, width, height, &Theme::default()));
        compare(&format!("{name}-{width}x{height}.txt"), &shown);
    }
}

fn compare(name: &str, shown: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/screens");
    compare_with(&folder.join(name), shown);
}

/// Compares with what a file says, or writes it.
fn compare_with(path: &Path, shown: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(path, shown).unwrap();
    }
    let name = path.display();
    let expected = fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{name}: {error}; UPDATE_GOLDEN=1 writes it"));
    assert_eq!(shown, expected, "{name}; UPDATE_GOLDEN=1 writes it anew");
}

fn after(mut world: World, keys: &str) -> World {
    let offered = draw(&world.app, 120, 36, &Theme::default()).0;
    world.viewport(offered);
    world.press(keys);
    world
}

#[test]
fn overview() {
    golden("overview-healthy", World::seasoned());
    golden("overview-broker-down", World::seasoned().without_node_two());
    golden(
        "overview-after-election",
        World::seasoned().after_the_election(),
    );
}

#[test]
fn brokers() {
    golden("brokers", after(World::seasoned().without_node_two(), "2"));
}

#[test]
fn streams() {
    golden("streams", after(World::seasoned(), "3"));
    golden(
        "streams-broker-down",
        after(World::seasoned().without_node_two(), "3"),
    );
    golden(
        "partitions",
        after(World::seasoned().after_the_election(), "3 j j enter j"),
    );
    golden("streams-filter", after(World::seasoned(), "3 / e u"));
    golden(
        "streams-marked",
        after(World::seasoned(), "3 space space enter space"),
    );
    golden(
        "streams-nothing-fits",
        after(World::seasoned(), "3 / z z z enter"),
    );
    golden(
        "streams-internal-by-rate",
        after(World::seasoned(), "3 i o o"),
    );
}

#[test]
fn cursors() {
    golden("cursors", after(World::seasoned(), "4"));
}

#[test]
fn activity() {
    golden("activity", {
        let mut world = World::seasoned();
        world.activity();
        after(world, "5")
    });
}

#[test]
fn nobody_answers() {
    golden("connecting", World::silent(settings()));
    golden("no-broker", {
        let mut world = World::silent(settings());
        let sentence = "no broker could be reached at 10.0.0.1:9292: connection refused";
        let failure = Failure::new(ErrorKind::Unreachable, Target::Cluster, sentence);
        let next = world.now.plus(Duration::from_secs(3));
        world.event(Event::Link(Link::Waiting {
            attempt: 4,
            next,
            failure,
        }));
        world
    });
    golden("stale", {
        let mut world = after(World::seasoned(), "3");
        for _ in 0..20 {
            world.now = world.now.plus(Duration::from_secs(1));
            world.event(Event::Tick(world.now));
        }
        world
    });
}

#[test]
fn what_lies_on_top() {
    golden("help", after(World::seasoned(), "3 ?"));
    golden(
        "describe-broker",
        after(World::seasoned().without_node_two(), "2 j d"),
    );
    golden(
        "describe-stream",
        after(World::seasoned().without_node_two(), "3 j j d"),
    );
    golden(
        "describe-partition",
        after(World::seasoned().after_the_election(), "3 j j enter d"),
    );
    golden(
        "describe-finding",
        after(World::seasoned().without_node_two(), "1 d"),
    );
    golden("what-if", after(World::seasoned(), "2 w"));
    golden("palette", after(World::seasoned(), "3 ctrl-k p a y"));
    golden("contexts", after(World::seasoned(), "C"));
    golden("copy-menu", after(World::seasoned(), "3 j j enter Y"));
    golden(
        "command-line",
        after(World::seasoned(), ": t a i l space o tab"),
    );
    golden(
        "notices",
        after(World::seasoned().after_the_election(), "ctrl-n"),
    );
}

#[test]
fn questions() {
    golden(
        "ask-pause",
        after(World::seasoned().without_node_two(), "3 j j z"),
    );
    golden(
        "ask-readonly",
        after(World::seasoned(), "3 j j enter space W"),
    );
    golden("ask-delete", after(World::seasoned(), "3 j j D o r d"));
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
