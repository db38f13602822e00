//! Columns of lists: which are shown, which letter sorts by which, and what observer mode and a click make of the footer.

use liftui::app::{Effect, KeptView, Listing, Settings};
use liftui::ui::Theme;

use super::mouse::click;
use crate::screens::{frame, text};
use crate::world::{World, settings};

fn shown(world: &mut World) -> String {
    text(&frame(world, 120, 36, &Theme::default()))
}

/// The line with the heads of the list of streams.
fn heads(world: &mut World) -> String {
    let text = text(&frame(world, 200, 36, &Theme::default()));
    let heads = text.lines().find(|line| line.contains("NAME"));
    heads.unwrap_or_default().to_owned()
}

#[test]
fn a_column_is_hidden_in_the_menu_and_stays_so_in_the_next_run() {
    let keeping = Settings {
        view: Some(KeptView::default()),
        ..settings()
    };
    let mut world = World::healthy_with(keeping);
    world.press("3");
    assert!(heads(&mut world).contains("SUBJECT"));
    world.press("K");
    let menu = shown(&mut world);
    for line in ["NAME", "always shown", "SUBJECT", "sorts by it"] {
        assert!(menu.contains(line), "{line} in {menu}");
    }
    world.write("subj");
    world.press("enter");
    assert!(shown(&mut world).contains("hidden"), "the menu stays");
    world.press("esc");
    assert!(!heads(&mut world).contains("SUBJECT"));

    let view = kept(&mut world);
    let kept = Settings {
        view: Some(view),
        ..settings()
    };
    let mut later = World::healthy_with(kept);
    later.press("3");
    assert!(!heads(&mut later).contains("SUBJECT"));
    later.press("K");
    later.write("subj");
    later.press("enter esc");
    assert!(heads(&mut later).contains("SUBJECT"), "shown again");
}

/// How the dashboard looks, as it is kept when something of it changes.
fn kept(world: &mut World) -> KeptView {
    let mut effects = world.press("3 i");
    effects.extend(world.press("i"));
    let mut kept = None;
    for effect in effects {
        if let Effect::SaveView(view) = effect {
            kept = Some(*view);
        }
    }
    kept.expect("the view has changed")
}

#[test]
fn the_column_that_says_which_row_it_is_stays() {
    let mut world = World::healthy();
    world.press("3 K enter esc");
    assert!(heads(&mut world).contains("NAME"));
}

#[test]
fn a_letter_with_shift_sorts_and_reverses() {
    let mut world = World::healthy();
    world.press("3");
    let rows = |world: &World| {
        let rows = world.app.streams().list().rows();
        rows.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let by_name = rows(&world);
    // S of MSG/S: M is the mouse.
    world.press("S");
    let by_rate = rows(&world);
    assert_ne!(by_rate, by_name);
    world.press("S");
    let reversed = rows(&world);
    assert_eq!(reversed.first(), by_rate.last(), "the same again reverses");
    world.press("A");
    assert_eq!(rows(&world), by_name, "A of NAME: N finds");
}

#[test]
fn a_letter_means_a_command_before_it_means_a_column() {
    let mut world = World::healthy();
    world.press("3");
    let choices = world.app.streams().list().columns();
    assert!(choices.len() > 5);
    world.press("D");
    assert!(shown(&mut world).contains("Delete"), "D deletes");
}

#[test]
fn a_key_that_is_bound_anew_takes_its_letter_from_the_column() {
    let mut world = World::healthy();
    world.press("3 :");
    world.write("bind streams.favourite S");
    world.press("enter S");
    assert!(shown(&mut world).contains("it stands first"));
}

#[test]
fn observer_mode_says_in_footer_help_and_palette_what_it_refuses() {
    let observing = Settings {
        observer: true,
        ..settings()
    };
    let mut world = World::healthy_with(observing);
    world.press("3 ?");
    assert!(shown(&mut world).contains("Refused while observing."));
    world.press("esc ctrl-k");
    world.write("streams.delete");
    assert!(shown(&mut world).contains("refused while observing"));
    world.press("esc");
    let footer = footer_of(&mut world);
    assert!(
        footer.contains("filter") && footer.contains("tail"),
        "{footer}"
    );
    for word in ["publish", "pause", "readonly", "create"] {
        assert!(!footer.contains(word), "{word}: {footer}");
    }
    let mut world = World::healthy();
    world.press("3");
    assert!(footer_of(&mut world).contains("publish"));
}

fn footer_of(world: &mut World) -> String {
    let text = shown(world);
    text.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn a_click_on_a_key_of_the_footer_is_that_key() {
    let mut world = World::healthy();
    world.press("3");
    let text = shown(&mut world);
    let footer = text.lines().last().expect("rows");
    click(&mut world, column_of("filter", footer), 35);
    world.write("eu");
    let rows = world.app.streams().list().rows();
    assert!(!rows.is_empty() && rows.iter().all(|name| name.contains("eu")));
}

/// The column at which a word begins in a line.
fn column_of(word: &str, line: &str) -> u16 {
    let (before, _) = line.split_once(word).expect("the word in the line");
    u16::try_from(before.chars().count()).unwrap()
}
