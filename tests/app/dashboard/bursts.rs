//! Keys that come faster than anybody reads answer no question: not their own, and none that was there before.

use liftui::app::{Event, Overlay};
use liftui::model::Operation;

use super::{notice, operations};
use crate::world::World;

fn asks(world: &World) -> bool {
    matches!(world.app.overlay(), Some(Overlay::Confirm(_)))
}

#[test]
fn a_burst_does_not_answer_the_question_that_it_asked() {
    for keys in [
        "z y",
        "z enter",
        "z enter enter",
        "z y y y",
        "W y",
        "W tab tab enter",
    ] {
        let mut world = World::healthy();
        world.press("3 j j");
        let mut effects = world.burst(keys);
        effects.extend(world.event(Event::KeysQuiet));
        effects.extend(world.event(Event::KeysQuiet));
        assert_eq!(operations(&effects), [], "{keys}");
        assert!(asks(&world), "{keys}");
    }
}

#[test]
fn a_name_counts_that_was_typed_after_the_question_was_seen() {
    let mut world = World::healthy();
    world.press("3 j j");
    let mut effects = world.burst("D o r d e r s - e u enter enter");
    effects.extend(world.event(Event::KeysQuiet));
    effects.extend(world.event(Event::Paste(String::new())));
    effects.extend(world.press("enter"));
    assert_eq!(operations(&effects), []);
    assert!(asks(&world));
    world.write("orders-eu");
    let sent = operations(&world.press("enter"));
    assert!(matches!(sent[0].1, Operation::Delete { .. }), "{sent:?}");
}

#[test]
fn a_pasted_name_counts_only_after_the_question_was_seen() {
    let mut world = World::healthy();
    world.press("3 j j");
    world.burst("D");
    world.event(Event::Paste("orders-eu".into()));
    world.event(Event::KeysQuiet);
    assert_eq!(operations(&world.press("enter")), []);
    world.event(Event::Paste("orders-eu".into()));
    assert_eq!(operations(&world.press("enter")).len(), 1);
}

#[test]
fn an_answer_in_a_burst_is_none() {
    for keys in ["y j", "j y", "y y", "enter enter", "tab tab enter", "y e s"] {
        let mut world = World::healthy();
        world.press("3 j j z");
        let mut effects = world.burst(keys);
        effects.extend(world.event(Event::KeysQuiet));
        assert_eq!(operations(&effects), [], "{keys}");
        assert!(asks(&world), "{keys}");
        assert!(
            notice(&world).contains("too fast"),
            "{keys}: {}",
            notice(&world)
        );
        assert_eq!(operations(&world.press("y")).len(), 1, "{keys}");
    }
}

#[test]
fn a_question_is_left_by_any_burst() {
    let mut world = World::healthy();
    world.press("3 j j");
    world.burst("z esc");
    assert!(!asks(&world));
}

#[test]
fn a_burst_fills_a_form_and_does_not_send_it() {
    let mut world = World::healthy();
    world.press("3 j j");
    let enters = "enter ".repeat(12);
    let mut effects = world.burst(&format!("p h i {enters}"));
    effects.extend(world.burst("ctrl-s x"));
    effects.extend(world.event(Event::KeysQuiet));
    assert_eq!(operations(&effects), []);
    assert!(matches!(world.app.overlay(), Some(Overlay::Form(_))));
}
