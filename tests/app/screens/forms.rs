//! The forms, as they open, filled in, wrong and sent.

use std::time::Duration;

use liftui::app::{Effect, Event};
use liftui::model::{ErrorKind, Failure, Target};

use crate::messages::tailing;
use crate::world::World;

use super::{after, golden};

#[test]
fn publishing() {
    golden("publish", after(World::seasoned(), "3 j j p"));
    golden("publish-filled", filled());
    golden("publish-more", {
        let mut world = filled();
        world.press("tab tab enter");
        world
    });
    golden("publish-wrong", {
        let mut world = after(World::seasoned(), "3 j j p");
        world.press("down");
        world.write("no header");
        world.press("alt-enter");
        world
    });
    golden("publish-sent", {
        let mut world = filled();
        world.press("alt-enter");
        world.run(Duration::from_secs(1));
        world
    });
    golden("publish-failed", {
        let mut world = filled();
        let effects = world.press("alt-enter");
        let [Effect::Perform(id, _)] = effects.as_slice() else {
            panic!("it was not sent: {effects:?}")
        };
        let target = Target::Partition("orders-eu".into(), 1);
        let sentence = "orders-eu:1 has no leader that answers; the message was not sent";
        let failure = Failure::new(ErrorKind::Unreachable, target, sentence);
        world.event(Event::Done(*id, Err(failure)));
        world
    });
    golden("publish-again", after(tailing(), "R"));
}

/// A message with everything that is typed into it.
fn filled() -> World {
    let mut world = after(World::seasoned(), "3 j j p");
    world.write("user-7");
    world.press("tab");
    world.write("trace-id=4bf92f3577b34da6");
    world.press("tab");
    world.write(r#"{"order":1,"amount":12.5}"#);
    world
}

#[test]
fn creating() {
    golden("create", after(World::seasoned(), "3 c"));
    golden("create-more", {
        let mut world = after(World::seasoned(), "3 c");
        world.write("returns-eu");
        world.press("down down down down enter down down");
        world.write("10k");
        world
    });
    golden("create-wrong", {
        let mut world = after(World::seasoned(), "3 c");
        world.press("down down");
        world.write("many");
        world.press("alt-enter");
        world
    });
}
