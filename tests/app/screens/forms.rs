//! The forms, as they open, filled in, wrong and sent.

use std::time::Duration;

use liftui::app::{Effect, Event};
use liftui::model::{ErrorKind, Failure, Target};

use crate::messages::tailing;
use crate::world::World;

use super::{after, golden, shows};

#[test]
fn publishing() {
    shows(
        after(World::seasoned(), "3 j j p"),
        "
            60 Publish a message
            60 stream orders-eu
            60 by key round robin
            60 key none
            60 NAME=VALUE, one a line
            60 the message
            60 ack from leader all none
            60 ▸ more: 2 options
            60 Publish Cancel
            60 alt-enter publish",
    );
    golden(
        "publish",
        filled(),
        r#"
            60 key user-7
            60 trace-id=4bf92f3577b34da6
            60 {"order":1,"amount":12.5}"#,
    );
    let mut world = filled();
    world.press("tab tab enter");
    shows(
        world,
        "
            60 ▾ more: 2 options
            60 correlation id comes back in the ack
            60 expected offsetany",
    );
    let mut world = after(World::seasoned(), "3 j j p");
    world.press("down");
    world.write("no header");
    world.press("alt-enter");
    shows(
        world,
        "
            60 no header
            60 ✖ line 1: write NAME=VALUE",
    );
    let mut world = filled();
    world.press("alt-enter");
    world.run(Duration::from_secs(1));
    shows(
        world,
        "
            60 sending 1s · as of 1s
            60 sent, waiting for the answer
            60 Publish Cancel",
    );
}

#[test]
fn publishing_again() {
    shows(
        after(tailing(), "R"),
        r#"
            60 Publish a message
            60 key user-21
            60 content-type=application/json
            60 "currency":"EUR","express":false}
            80 "amount":397.05,"currency":"EUR","express":false}
            120 content-type=application/json"#,
    );
}

#[test]
fn publishing_without_success() {
    let mut world = filled();
    let effects = world.press("alt-enter");
    let [Effect::Perform(id, _)] = effects.as_slice() else {
        panic!("it was not sent: {effects:?}")
    };
    let target = Target::Partition("orders-eu".into(), 1);
    let sentence = "orders-eu:1 has no leader that answers; the message was not sent";
    let failure = Failure::new(ErrorKind::Unreachable, target, sentence);
    world.event(Event::Done(*id, Err(failure)));
    shows(
        world,
        r#"
            60 ✖ orders-eu:1 has no leader that answers; the
            60 Publish Cancel
            60 key user-7
            60 {"order":1,"amount":12.5}
            80 ✖ orders-eu:1 has no leader that answers; the message was not sent"#,
    );
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
    shows(
        after(World::seasoned(), "3 c"),
        "
            60 Create a stream
            60 name unique in the cluster
            60 subject the name
            60 partitions 1
            60 replication 1, or all
            60 ▸ more: 14 options
            60 Create Cancel
            60 alt-enter create
            60 tab next field",
    );
    let mut world = after(World::seasoned(), "3 c");
    world.write("returns-eu");
    world.press("down down down down enter down down");
    world.write("10k");
    shows(
        world,
        "
            60 name returns-eu
            60 ▾ more: 14 options
            60 retention bytes 10k
            60 $ liftui --addr
            60 retention age server's default
            60 Create Cancel
            80 group none; streams of one group share messages
            120 min ISR
            120 encrypt",
    );
    let mut world = after(World::seasoned(), "3 c");
    world.press("down down");
    world.write("many");
    world.press("alt-enter");
    shows(
        world,
        "
            60 partitions many
            60 ✖ write a number, from 1
            80 ✖ a stream needs a name",
    );
}
