//! The first screen during each recorded incident of real servers, at 0, 2, 10, 30 and 120 seconds, at three sizes: what broke
//! stands first, and nothing is cut. `LIFTUI_PICTURES=FOLDER` writes the frames there.

use std::path::PathBuf;
use std::sync::Arc;
use std::{env, fs};

use liftui::app::{ConnectionState, Event};

use super::{check, text};
use crate::health::incidents::{Replay, at};
use crate::world::{World, settings};

/// A recording, when its fault was done, and what must be said of it later, by seconds after.
type Recorded = (&'static str, f64, [(f64, &'static str); 3]);

const INCIDENTS: [Recorded; 4] = [
    (
        "wipe",
        10.0,
        [
            (2.0, "node-3 does not answer"),
            (10.0, "orders:0-2 went back by"),
            (30.0, "orders:0-2 went back by"),
        ],
    ),
    (
        "restart",
        10.0,
        [
            (2.0, "node-3 does not answer"),
            (10.0, "node-3 does not answer"),
            (30.0, "node-3 is back and catches up"),
        ],
    ),
    (
        "two",
        10.0,
        [
            (2.0, "node-3 does not answer"),
            (10.0, "no majority of brokers answers"),
            (30.0, "no majority of brokers answers"),
        ],
    ),
    (
        "stop",
        10.0,
        [
            (2.0, "node-3"),
            (10.0, "node-3 does not answer"),
            (120.0, "node-3 does not answer"),
        ],
    ),
];

const SECONDS: [f64; 5] = [0.0, 2.0, 10.0, 30.0, 120.0];
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 60)];

#[test]
fn the_first_screen_says_at_any_time_of_an_incident_what_broke() {
    for (incident, fault, required) in INCIDENTS {
        let mut replay = Replay::of(incident);
        let mut world = World::silent(settings());
        world.event(Event::Connection(ConnectionState::Connected));
        while replay.second().is_some() {
            let now = replay.now;
            for view in replay.take_views() {
                world.event(Event::BrokerView(Arc::clone(&view)));
            }
            world.now = at(now);
            world.event(Event::Tick(at(now)));
            let Some(after) = SECONDS.into_iter().find(|after| is(now, fault + after)) else {
                continue;
            };
            let mut due = required.iter();
            let due = due.find(|(when, _)| is(*when, after));
            let due = due.map_or(String::new(), |(_, words)| format!("80 {words}"));
            for size in SIZES {
                let shown = text(&check::whole(&mut world, size, &due));
                write(incident, after, size, &shown);
            }
        }
    }
}

/// Whether those are the same second.
fn is(one: f64, other: f64) -> bool {
    (one - other).abs() < 0.5
}

fn write(incident: &str, after: f64, (width, height): (u16, u16), shown: &str) {
    if let Some(folder) = env::var_os("LIFTUI_PICTURES") {
        let file = format!("{incident}-{after:03.0}s-{width}x{height}.txt");
        fs::write(PathBuf::from(folder).join(file), shown).expect("a folder to write to");
    }
}
