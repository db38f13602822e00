//! Going from place to place: screens, panes, texts on top, and the way back.
//! Without a terminal or a loop; how it looks is `screens`'s business.

use std::time::Duration;

use liftui::app::{
    Area, DetailTarget, Effect, Event, HitTarget, Listing, LoopEffect, Overlay, Pane, RowKey,
    Screen, Settings, Viewport,
};

use super::notice;
use crate::world::{World, settings};

#[test]
fn digits_show_screens_and_each_remembers_its_pane() {
    let mut world = World::healthy();
    world.press("3 tab 2 3");
    assert_eq!(world.app.focus().pane(), Pane::Partitions);
    assert_eq!(world.app.focus().screen(), Screen::Streams);
}

#[test]
fn enter_goes_deeper_and_q_the_same_way_back() {
    let mut world = World::healthy();
    world.press("3 j j enter");
    assert_eq!(world.app.focus().pane(), Pane::Partitions);
    let effects = world.press("enter");
    assert!(matches!(effects[..], [Effect::OpenTail(..)]), "{effects:?}");
    assert_eq!(world.app.focus().pane(), Pane::Tail);
    world.press("q q");
    assert_eq!(world.app.focus().pane(), Pane::Streams);
    assert_eq!(world.press("q"), []);
    assert!(notice(&world).contains("1 open tail would be lost"));
    assert_eq!(world.press("q"), [Effect::Loop(LoopEffect::Quit)]);
}

#[test]
fn q_quits_at_once_where_nothing_is_lost_and_asks_where_a_draft_is() {
    let mut world = World::healthy();
    world.press("3 p");
    world.write("half a message");
    world.press("esc");
    assert_eq!(world.press("q"), []);
    assert!(notice(&world).contains("a draft would be lost"));
    world.run(Duration::from_secs(5));
    assert!(
        !world.press("q").contains(&Effect::Loop(LoopEffect::Quit)),
        "that was long ago"
    );
    assert_eq!(world.press("ctrl-q"), [Effect::Loop(LoopEffect::Quit)]);
}

#[test]
fn ctrl_c_asks_once_and_forgets_after_a_while() {
    let mut world = World::healthy();
    assert_eq!(world.press("ctrl-c"), []);
    assert!(notice(&world).contains("again"));
    world.run(Duration::from_secs(5));
    assert!(
        !world
            .press("ctrl-c")
            .contains(&Effect::Loop(LoopEffect::Quit))
    );
    assert_eq!(world.press("ctrl-c"), [Effect::Loop(LoopEffect::Quit)]);
}

#[test]
fn quit_works_before_any_broker_has_answered() {
    let mut world = World::silent(settings());
    assert_eq!(world.press("q"), [Effect::Loop(LoopEffect::Quit)]);
    assert_eq!(
        world.event(Event::Shutdown),
        [Effect::Loop(LoopEffect::Quit)]
    );
}

#[test]
fn escape_leaves_one_thing_at_a_time() {
    let mut world = World::healthy();
    world.press("3 space enter / r ?");
    assert_eq!(
        world.app.filter().unwrap().text(),
        "r?",
        "a text box takes every printable key"
    );
    world.press("esc ?");
    assert!(world.app.overlay().is_some());
    world.press("esc");
    assert!(world.app.overlay().is_none());
    assert_eq!(world.app.filter().unwrap().text(), "r?");
    world.press("esc");
    assert_eq!(world.app.filter().unwrap().text(), "");
    assert_eq!(world.app.focus().pane(), Pane::Partitions);
    world.press("esc");
    assert_eq!(world.app.focus().pane(), Pane::Streams);
    assert_eq!(world.app.streams().list().marked(), 1);
    world.press("esc");
    assert_eq!(world.app.streams().list().marked(), 0);
}

#[test]
fn a_finding_about_a_partition_leads_to_it() {
    let mut world = World::healthy().without_node_two();
    world.press("1 /");
    world.write("orders-eu:1");
    world.press("enter enter");
    let chosen = world.app.streams().partitions().selected().cloned();
    assert_eq!(chosen, Some(("orders-eu".into(), 1)));
    assert_eq!(world.app.focus().pane(), Pane::Partitions);
}

#[test]
fn another_context_is_gone_to_by_menu_or_by_name() {
    let mut world = World::healthy();
    world.press("C");
    world.write("stag");
    assert_eq!(
        world.press("enter"),
        [Effect::Loop(LoopEffect::SwitchContext(
            "staging".to_owned(),
            None
        ))]
    );
    world.press(":");
    world.write("ctx staging");
    assert_eq!(
        world.press("enter"),
        [Effect::Loop(LoopEffect::SwitchContext(
            "staging".to_owned(),
            None
        ))]
    );
}

#[test]
fn the_demo_opens_at_a_key_where_nobody_was_named_and_nobody_answers() {
    let unnamed = || Settings {
        offers_demo: true,
        ..settings()
    };
    let mut world = World::silent(unnamed());
    assert_eq!(world.press("L"), [Effect::Loop(LoopEffect::OpenDemo)]);
    for make in [|_| World::silent(settings()), World::healthy_with] {
        let mut world = make(unnamed());
        assert!(
            !world
                .press("L")
                .contains(&Effect::Loop(LoopEffect::OpenDemo))
        );
        assert!(notice(&world).contains("`liftui demo` opens the demo"));
    }
}

#[test]
fn what_if_tells_of_the_chosen_broker() {
    let mut world = World::healthy();
    world.press("2 j w");
    let Some(Overlay::Pager(pager)) = world.app.overlay() else {
        panic!("a text is open")
    };
    assert_eq!(*pager.target(), DetailTarget::WhatIf("node-2".into()));
}

#[test]
fn a_text_scrolls_no_further_than_its_end() {
    let mut world = World::healthy();
    world.press("3 ?");
    let mut viewport = Viewport::new(80, 24);
    viewport.add(
        Area {
            x: 0,
            y: 0,
            width: 80,
            height: 10,
        },
        HitTarget::Overlay,
    );
    viewport.overlay_lines = 25;
    world.viewport(viewport);
    world.press("G j j");
    let Some(Overlay::Pager(pager)) = world.app.overlay() else {
        panic!("a text is open")
    };
    assert_eq!(pager.top(), 15);
}

#[test]
fn an_unfinished_chord_waits_and_is_shown() {
    let own = [("streams.delete".to_owned(), vec!["ctrl-x d".to_owned()])].into();
    let keymap = settings().keymap.customised(&own).unwrap();
    let mut world = World::healthy_with(Settings {
        keymap,
        ..settings()
    });
    world.press("3 j j ctrl-x");
    assert_eq!(world.app.pressed().len(), 1);
    world.press("d");
    assert!(matches!(world.app.overlay(), Some(Overlay::Confirm(_))));
}

#[test]
fn the_same_events_lead_to_the_same_orders() {
    let run = || {
        let mut world = World::healthy();
        let mut effects = world.press("3 j j l q z y 4 5 r");
        effects.extend(world.run(Duration::from_secs(20)));
        effects
    };
    assert_eq!(run(), run());
}

#[test]
fn places_are_gone_back_to_and_forward_again_with_what_was_selected() {
    let mut world = World::healthy();
    world.press("3 j j enter");
    let partition = chosen_row(&world);
    world.press("2 j");
    let broker = chosen_row(&world);
    world.press("7 (");
    assert_eq!(world.app.focus().pane(), Pane::Brokers);
    assert_eq!(chosen_row(&world), broker);
    world.press("k backspace");
    assert_eq!(world.app.focus().pane(), Pane::Partitions);
    assert_eq!(chosen_row(&world), partition);
    world.press("( ( (");
    assert_eq!(world.app.focus().screen(), Screen::Overview);
    assert!(notice(&world).contains("no place before"));
    world.press(") ) ) )");
    assert_eq!(world.app.focus().screen(), Screen::Incidents);
    world.press(")");
    assert!(notice(&world).contains("no place ahead"));
}

#[test]
fn the_way_back_passes_over_a_tail_that_was_closed() {
    let mut world = World::healthy();
    world.press("3 j j enter enter X 2 (");
    assert_ne!(world.app.focus().screen(), Screen::Tails);
    assert_eq!(world.app.focus().screen(), Screen::Streams);
}

#[test]
fn the_palette_leads_to_tails_partitions_cursors_and_themes() {
    let mut world = World::seasoned();
    world.press("3 j j enter enter 1 ctrl-k");
    world.write("tail");
    world.press("esc ctrl-k");
    world.write("payments-eu:1");
    world.press("enter");
    assert_eq!(world.app.focus().pane(), Pane::Partitions);
    let row = chosen_row(&world);
    assert!(
        matches!(&row, Some(RowKey::Partition((stream, 1))) if **stream == *"payments-eu"),
        "{row:?}"
    );
    world.press("ctrl-k");
    world.write("go to another");
    world.press("enter");
    let Some(Overlay::Menu(_)) = world.app.overlay() else {
        panic!("the menu of contexts is found by what its command does");
    };
}

fn chosen_row(world: &World) -> Option<RowKey> {
    if world.app.focus().pane() == Pane::Brokers {
        world.app.brokers().list().selected_row()
    } else {
        world.app.streams().partitions().selected_row()
    }
}
