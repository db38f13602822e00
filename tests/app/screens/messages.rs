//! A tail in each of its states, the inspector in each of its views, and the lines that ask.

use std::time::Duration;

use crate::messages::{arrive, cut, late, line, opening, paused, tailing};
use crate::world::World;

use super::{after, golden};

#[test]
fn a_tail() {
    golden("tail", tailing());
    golden("tail-frozen", {
        let mut world = after(tailing(), "space");
        world.run(Duration::from_secs(1));
        arrive(&mut world, 206..210);
        world.run(Duration::from_secs(3));
        arrive(&mut world, 210..214);
        world
    });
    golden("tail-scrolled-back", after(tailing(), "k k k ctrl-u"));
    golden("tail-newest-first", after(tailing(), "v"));
    golden("tail-marked", after(tailing(), "m k k m"));
    golden("tail-sideways", after(tailing(), "right right"));
    golden("tail-columns", after(tailing(), "enter j a j j a esc"));
    golden("tails", {
        let mut world = after(tailing(), "3 j l");
        world.press("<");
        world
    });
    golden("tails-none", after(World::seasoned(), "6"));
}

#[test]
fn how_reading_goes() {
    golden("tail-opening", opening(World::seasoned()));
    golden(
        "tail-without-leader",
        opening(World::seasoned().without_node_two()),
    );
    golden("tail-resuming", cut());
    golden("tail-paused", paused());
    golden("tail-late", late());
}

#[test]
fn what_is_asked_of_a_tail() {
    golden("tail-query", {
        let mut world = tailing();
        line(&mut world, "/", "cel: value.amount > 800");
        world.run(Duration::from_secs(1));
        world
    });
    golden("tail-query-without-match", {
        let mut world = tailing();
        line(&mut world, "/", "nowhere");
        world.run(Duration::from_secs(1));
        world
    });
    golden("tail-query-typed", after(tailing(), "/"));
    golden("tail-query-wrong", {
        let mut world = after(tailing(), "/");
        world.write("key:a ~[b");
        world
    });
    golden("tail-seek", {
        let mut world = after(tailing(), "s");
        world.write("@-15m");
        world
    });
    golden("tail-export", {
        let mut world = after(tailing(), "x");
        world.write("orders.csv");
        world
    });
    golden("tail-exporting", {
        let mut world = tailing();
        line(&mut world, "x", "orders.csv");
        world
    });
}

#[test]
fn the_inspector() {
    golden("message-json", after(tailing(), "enter"));
    golden("message-folded", after(tailing(), "enter j j enter"));
    golden("message-text", after(tailing(), "enter b"));
    golden("message-hex", after(tailing(), "enter b b"));
    golden("message-headers", after(tailing(), "enter b b b"));
    golden("message-cut", after(tailing(), "enter b w right"));
    golden("message-diff", after(tailing(), "m k ="));
    golden("message-copy", after(tailing(), "enter Y"));
    golden("message-help", after(tailing(), "enter ?"));
    golden("tail-help", after(tailing(), "?"));
}
