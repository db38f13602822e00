//! What is typed, pasted and copied: the command line, the palette, the clipboard.
//! Without a terminal or a loop; how it looks is `screens`'s business.

use std::time::Duration;

use liftui::app::{CopyOutcome, Effect, Event, LoopEffect, Overlay, Pane, Settings};
use liftui::model::StartAt;
use liftui::ui::Theme;

use super::losses::publish;
use super::{chosen_stream, notice};
use crate::screens::{frame, text};
use crate::world::{World, settings};

#[test]
fn a_typed_command_does_what_its_key_does() {
    let mut world = World::healthy();
    world.press(":");
    world.write("delete orders-eu");
    world.press("enter");
    assert!(matches!(world.app.overlay(), Some(Overlay::Confirm(_))));
    world.press("esc :");
    world.write("stream payments-eu");
    world.press("enter");
    assert_eq!(chosen_stream(&world), Some("payments-eu"));
}

#[test]
fn a_mistyped_command_is_named_with_the_likeliest_meant() {
    let mut world = World::healthy();
    for (line, expected) in [
        ("refesh", "refresh"),
        ("delete ordres-eu", "orders-eu"),
        ("broker node-9", "node-"),
        ("ctx stagin", "staging"),
    ] {
        world.press(":");
        world.write(line);
        world.press("enter");
        // A stream is denied once brokers were asked.
        world.run(Duration::from_secs(2));
        assert!(
            notice(&world).contains(expected),
            "{line}: {}",
            notice(&world)
        );
    }
}

#[test]
fn the_console_is_the_demo_clusters_alone() {
    let line = |world: &mut World| {
        world.press(":");
        world.write("fault kill 2");
        world.press("enter")
    };
    assert_eq!(line(&mut World::healthy()), []);
    let mut world = World::healthy_with(Settings {
        demo: true,
        ..settings()
    });
    let effects = line(&mut world);
    let [Effect::Console(id, text)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(text, "kill 2");
    world.event(Event::Console(*id, Ok("demo-2 is down".to_owned())));
    assert_eq!(notice(&world), "demo-2 is down");
}

#[test]
fn the_palette_finds_streams_brokers_and_commands() {
    let mut world = World::healthy();
    world.press("ctrl-k");
    world.write("pay");
    world.press("enter");
    assert_eq!(chosen_stream(&world), Some("payments-eu"));
    world.press("ctrl-k");
    world.write("node-3");
    world.press("enter");
    assert_eq!(
        world.app.brokers().list().selected().map(AsRef::as_ref),
        Some("node-3")
    );
    world.press("ctrl-k");
    world.write("refresh");
    assert!(world.press("enter").contains(&Effect::Refresh));
}

/// The texts that are put on the clipboard.
fn copied(effects: &[Effect]) -> Vec<&str> {
    let mut texts = Vec::new();
    for effect in effects {
        if let Effect::Loop(LoopEffect::Copy(_, text)) = effect {
            texts.push(text.as_str());
        }
    }
    texts
}

#[test]
fn no_more_is_said_of_a_copy_than_is_known() {
    for (outcome, said) in [
        (CopyOutcome::Copied, "copied the value"),
        (CopyOutcome::Sent, "sent the value to your terminal"),
        (CopyOutcome::SentToTmux, "set-clipboard on"),
    ] {
        let mut world = World::healthy();
        world.event(Event::Copied("the value".to_owned(), Ok(outcome)));
        assert!(notice(&world).contains(said), "{}", notice(&world));
        assert_eq!(
            notice(&world).starts_with("copied"),
            outcome == CopyOutcome::Copied
        );
    }
}

#[test]
fn what_is_chosen_is_copied_and_so_is_the_command_for_it() {
    let mut world = World::healthy();
    assert_eq!(copied(&world.press("3 j j y")), ["orders-eu"]);
    world.press("Y");
    world.write("liftui");
    let on_cluster = format!("--addr {}", settings().addresses.join(","));
    let expected = format!("liftui {on_cluster} describe orders-eu");
    assert_eq!(copied(&world.press("enter")), [expected]);
    world.press("z");
    let expected = format!("liftui {on_cluster} pause orders-eu --partitions 0-3");
    assert_eq!(copied(&world.press("c")), [expected]);
    assert!(world.app.overlay().is_some(), "the question still stands");
}

#[test]
fn a_paste_goes_into_the_open_text_box_alone() {
    let mut world = World::healthy();
    assert_eq!(world.event(Event::Paste("qD".to_owned())), []);
    world.press("3 /");
    world.event(Event::Paste("orders".to_owned()));
    assert_eq!(world.app.streams().list().rows().len(), 1);
}

#[test]
fn tab_walks_through_what_a_line_could_become() {
    let mut world = World::healthy();
    world.press(":");
    world.write("de");
    let line = |world: &World| match world.app.overlay() {
        Some(Overlay::CommandLine(line)) => line.text(),
        _ => String::new(),
    };
    let mut seen = Vec::new();
    for _ in 0..3 {
        world.press("tab");
        seen.push(line(&world));
    }
    assert_eq!(seen[0], seen[2], "{seen:?}");
    assert_ne!(seen[0], seen[1], "{seen:?}");
}

#[test]
fn enter_where_nothing_fits_leaves_the_menu_open() {
    let mut world = World::healthy();
    world.press("3 ctrl-k");
    world.write("nothing is called so");
    world.press("enter");
    assert!(matches!(world.app.overlay(), Some(Overlay::Menu(_))));
    assert!(world.write("Dzq").is_empty(), "letters are no commands");
    assert!(matches!(world.app.overlay(), Some(Overlay::Menu(_))));
}

#[test]
fn a_key_goes_to_the_message_that_was_acked() {
    let mut world = World::healthy();
    world.press("alt-g");
    assert!(notice(&world).contains("nothing was published"));
    publish(&mut world, 123);
    assert_eq!(
        notice(&world),
        "acked: orders-eu:0 @ 123 · alt-g goes there"
    );
    let opened = world.press("1 alt-g");
    let mut starts = Vec::new();
    for effect in &opened {
        if let Effect::OpenTail(_, spec) = effect {
            starts.push(spec.start);
        }
    }
    assert_eq!(starts.last(), Some(&StartAt::Offset(123)), "{starts:?}");
    assert_eq!(world.app.focus().pane(), Pane::Inspector);
}

#[test]
fn a_form_can_be_copied_as_a_command() {
    let mut world = World::healthy();
    world.press("3 c");
    world.write("returns");
    world.press("tab tab");
    world.write("3");
    let effects = world.press("alt-y");
    let copied_now = copied(&effects);
    let [command] = copied_now.as_slice() else {
        panic!("{copied_now:?}")
    };
    assert!(command.starts_with("liftui --addr "), "{command}");
    assert!(
        command.ends_with(" create returns --partitions 3"),
        "{command}"
    );
    world.write("x");
    assert_eq!(copied(&world.press("alt-y")), Vec::<&str>::new());
    assert!(notice(&world).contains("no command for this yet"));
}

#[test]
fn who_stores_a_subject_is_shown_as_of_when_it_was_asked() {
    let mut world = World::healthy();
    world.press(":");
    world.write("subjects orders.eu.1");
    world.press("enter");
    let shown = shown(&mut world);
    for text in [
        "Who stores orders.eu.1",
        "orders-eu:1",
        "1 partition stores",
    ] {
        assert!(shown.contains(text), "{text} in {shown}");
    }
    world.press("esc :");
    world.write("subjects nobody.here");
    world.press("enter");
    let shown = self::shown(&mut world);
    assert!(
        shown.contains("stores what is published to nobody.here"),
        "{shown}"
    );
    world.press("esc 3 j j U");
    let shown = self::shown(&mut world);
    assert!(shown.contains("Subjects of orders-eu"), "{shown}");
    assert!(
        shown.contains("No other stream stores any of it."),
        "{shown}"
    );
    world.press("esc :");
    world.write("subjects a..b");
    world.press("enter");
    assert!(notice(&world).contains("a..b"), "{}", notice(&world));
}

fn shown(world: &mut World) -> String {
    text(&frame(world, 120, 36, &Theme::default()))
}
