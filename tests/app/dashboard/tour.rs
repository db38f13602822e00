//! The tour of the demo, played by ticks: what it says and does, and that a key ends it.

use std::time::Duration;

use liftui::app::{ConnectionState, Effect, Event, Screen, Settings};
use liftui::ui::Theme;

use crate::screens::{frame, text};
use crate::world::{World, settings};

fn touring() -> World {
    let mut world = World::silent(Settings {
        demo: true,
        tour: true,
        ..settings()
    });
    world.event(Event::Connection(ConnectionState::Connected));
    world
}

/// The last line of the screen.
fn footer(world: &mut World) -> String {
    let screen = text(&frame(world, 120, 36, &Theme::default()));
    screen.lines().last().unwrap_or_default().trim().to_owned()
}

/// The lines for the console of the demo cluster.
fn faults(effects: Vec<Effect>) -> Vec<String> {
    let lines = effects.into_iter().filter_map(|effect| {
        let Effect::Console(_, line) = effect else {
            return None;
        };
        Some(line)
    });
    lines.collect()
}

/// Two seconds, in which the cluster does what it was told; returns what it was.
fn step(world: &mut World) -> Vec<String> {
    let told = faults(world.run(Duration::from_secs(2)));
    for line in &told {
        match line.as_str() {
            "kill 2" => world.fail_node_two(),
            "restart 2" => world.restart_node_two(),
            other => panic!("the cluster is told {other}"),
        }
    }
    told
}

#[test]
fn the_tour_plays_by_itself_and_says_what_it_does() {
    let mut world = touring();
    let (mut captions, mut told) = (Vec::<String>::new(), Vec::new());
    for round in 0..60 {
        told.extend(step(&mut world));
        let caption = footer(&mut world);
        if caption.starts_with("▸ 3: leaders") {
            world.elect_leaders();
        }
        if caption.starts_with("▸ :fault restart") && told.len() == 2 {
            world.catch_node_two_up();
        }
        if captions.last() != Some(&caption) {
            captions.push(caption);
        }
        assert!(round < 59 || captions.len() > 8, "it ends: {captions:?}");
    }
    let begin = [
        "▸ 1: three brokers",
        "▸ :fault kill 2",
        "▸ what follows from one fault",
        "▸ P: may another broker",
        "▸ 3: leaders are elected",
        "▸ :fault restart 2",
        "▸ 7: what happened is kept",
        "▸ the dashboard is yours",
        "enter open",
    ];
    assert_eq!(captions.len(), begin.len(), "{captions:#?}");
    for (caption, begin) in captions.iter().zip(begin) {
        assert!(caption.starts_with(begin), "{begin}: {captions:#?}");
    }
    assert!(captions[0].ends_with("any key takes over"), "{captions:?}");
    assert_eq!(told, ["kill 2", "restart 2"]);
    assert_eq!(world.app.focus().screen(), Screen::Overview);
    assert!(world.app.overlay().is_none());
}

#[test]
fn a_key_takes_over_and_does_what_it_does() {
    let mut world = touring();
    step(&mut world);
    assert!(footer(&mut world).starts_with("▸ 1: three brokers"));
    world.press("2");
    assert_eq!(world.app.focus().screen(), Screen::Brokers);
    assert!(!footer(&mut world).contains("any key"));
    let told = faults(world.run(Duration::from_secs(120)));
    assert_eq!(told, [""; 0], "nothing is broken any more");
    assert_eq!(world.app.focus().screen(), Screen::Brokers);
}
