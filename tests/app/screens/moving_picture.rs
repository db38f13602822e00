//! The moving picture of the README: a broker dies and comes back, in the real screens; `UPDATE_GOLDEN=1` draws it anew.
//!
//! A row that stays the same over some scenes is drawn once, and shown for as long as these last. Where nothing may move,
//! or nothing can, the scene in which the broker is down stands still.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use liftui::ui::Theme;

use super::svg::{CELL, FRAME, open, rows};
use super::{compare_with, frame, text};
use crate::world::World;

/// Columns and rows of the terminal.
const SIZE: (u16, u16) = (120, 30);
/// The line below it that says what happens.
const CAPTION: u16 = 30;
/// The scene that stands still where nothing moves.
const POSTER: usize = 2;
/// Bytes that the picture may have: it is loaded with the README.
const MOST: usize = 500_000;

/// A screen, what is said of it, and how long it is shown.
struct Scene {
    rows: Vec<String>,
    caption: &'static str,
    seconds: u16,
}

/// Plays the scenes, and looks whether each shows what is said of it.
struct Camera {
    world: World,
    scenes: Vec<Scene>,
}

impl Camera {
    fn shoot(&mut self, seconds: u16, caption: &'static str, shown: &[&str]) {
        let buffer = frame(&mut self.world, SIZE.0, SIZE.1, &Theme::default());
        let screen = text(&buffer);
        for what in shown {
            assert!(screen.contains(what), "{caption}: no {what} in\n{screen}");
        }
        self.scenes.push(Scene {
            rows: rows(&buffer),
            caption,
            seconds,
        });
    }

    fn wait(&mut self, seconds: u64) {
        self.world.run(Duration::from_secs(seconds));
    }
}

#[test]
fn the_moving_picture_shows_the_death_and_return_of_a_broker() {
    let image = animated(&scenes());
    assert!(image.len() < MOST, "{} bytes", image.len());
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/screens/broker.svg");
    compare_with(&path, &image);
}

fn scenes() -> Vec<Scene> {
    let mut camera = Camera {
        world: World::seasoned(),
        scenes: Vec::new(),
    };
    let up = "3 brokers ● ● ●";
    camera.shoot(
        4,
        "Three brokers, all in sync; two consumers are behind.",
        &[up],
    );
    camera.world.fail_node_two();
    camera.wait(4);
    let dead = "node-2 does not answer";
    camera.shoot(
        4,
        "node-2 dies. Every broker is asked by itself, so that shows at once.",
        &[dead],
    );
    camera.wait(27);
    let listed = "still list it";
    camera.shoot(5, "The others go on listing it, and name it as leader. What follows from one fault is one finding.", &[dead, listed]);
    camera.world.press("P");
    camera.shoot(
        4,
        "P: may another broker be restarted now? Not while this one is missing.",
        &["Start node-2 first"],
    );
    camera.world.press("esc");
    camera.world.elect_leaders();
    camera.wait(16);
    camera.world.press("3 j j enter");
    camera.shoot(
        5,
        "3: leaders were elected. Who leads now, who is in sync, what each replica says.",
        &["PARTITIONS", "node-2"],
    );
    camera.world.press("1");
    camera.world.restart_node_two();
    camera.wait(4);
    camera.shoot(
        4,
        "node-2 is back, and has to catch up before anything else is restarted.",
        &["node-2 is not in sync"],
    );
    camera.world.catch_node_two_up();
    camera.wait(20);
    camera.shoot(3, "All is in sync again.", &[up]);
    camera.world.press("7");
    camera.shoot(
        5,
        "7: what happened is kept, with its times and what it touched, for the post-mortem.",
        &["INCIDENTS", dead],
    );
    camera.scenes
}

/// The scenes one after the other, for ever.
fn animated(scenes: &[Scene]) -> String {
    let (width, height) = (SIZE.0 * CELL.0 + 2 * FRAME, SIZE.1 * CELL.1 + 2 * FRAME);
    let mut image = open(width, height + CAPTION);
    let mut spans = BTreeSet::new();
    let mut body = String::new();
    for row in 0..usize::from(SIZE.1) {
        let shown: Vec<&str> = scenes
            .iter()
            .map(|scene| scene.rows[row].as_str())
            .collect();
        place(&shown, &mut spans, &mut body);
    }
    let caption = |scene: &Scene| {
        format!(
            "<text x=\"{}\" y=\"{}\" font-size=\"15\" font-weight=\"bold\">{}</text>\n",
            FRAME + CELL.0,
            height + 14,
            scene.caption
        )
    };
    let captions: Vec<String> = scenes.iter().map(caption).collect();
    let captions: Vec<&str> = captions.iter().map(String::as_str).collect();
    place(&captions, &mut spans, &mut body);
    image.push_str(&style(scenes, &spans));
    image.push_str(&body);
    image.push_str("</svg>\n");
    image
}

/// Draws what one place shows in each scene: once for all scenes in a row in which it is the same.
fn place(shown: &[&str], spans: &mut BTreeSet<(usize, usize)>, body: &mut String) {
    let mut from = 0;
    for same in shown.chunk_by(|one, other| one == other) {
        let to = from + same.len();
        let span = (from, to);
        from = to;
        if same[0].is_empty() {
            continue;
        }
        if span == (0, shown.len()) {
            body.push_str(same[0]);
            continue;
        }
        spans.insert(span);
        let hidden = if (span.0..span.1).contains(&POSTER) {
            ""
        } else {
            " visibility=\"hidden\""
        };
        let class = class(span);
        write!(body, "<g class=\"{class}\"{hidden}>\n{}</g>\n", same[0]).unwrap();
    }
}

fn class((from, to): (usize, usize)) -> String {
    format!("s{from}-{to}")
}

/// When the places of each span are shown, as parts of the whole.
fn style(scenes: &[Scene], spans: &BTreeSet<(usize, usize)>) -> String {
    let until = |scene: usize| scenes[..scene].iter().map(|one| one.seconds).sum::<u16>();
    let whole = until(scenes.len());
    let percent = |scene: usize| f64::from(until(scene)) * 100.0 / f64::from(whole);
    let mut style = String::from("<style>\n@media (prefers-reduced-motion: no-preference) {\n");
    for span in spans {
        let (name, (from, to)) = (class(*span), *span);
        writeln!(
            style,
            ".{name} {{ animation: {name} {whole}s step-end infinite }}"
        )
        .unwrap();
        let before = if from == 0 {
            ""
        } else {
            "0% { visibility: hidden } "
        };
        let after = if to == scenes.len() {
            String::new()
        } else {
            format!(" {:.3}% {{ visibility: hidden }}", percent(to))
        };
        let start = percent(from);
        writeln!(
            style,
            "@keyframes {name} {{ {before}{start:.3}% {{ visibility: visible }}{after} }}"
        )
        .unwrap();
    }
    style.push_str("}\n</style>\n");
    style
}
