//! Where styles carry a meaning: what stands out in each theme, and that no meaning hangs on colour alone.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier, Style};

use liftui::ui::Theme;

use crate::messages::{cut, tailing};
use crate::world::{World, settings};

use super::{after, find, frame};

fn theme(name: &str) -> Theme {
    Theme::named(name).expect("it comes with the program")
}

fn cell<'a>(buffer: &'a Buffer, text: &str) -> &'a Cell {
    &buffer[find(buffer, text)]
}

#[test]
fn the_selected_row_and_the_title_in_focus_stand_out() {
    for name in ["dark", "light", "deuteranopia"] {
        let theme = theme(name);
        let mut world = after(World::seasoned(), "3 j");
        let buffer = frame(&mut world, 120, 36, &theme);
        let (x, y) = find(&buffer, "▸ clicks");
        assert_eq!(Some(buffer[(x + 2, y)].bg), theme.chosen.bg, "{name}");
        assert_eq!(Some(cell(&buffer, "STREAMS").fg), theme.focus.fg, "{name}");
        assert_eq!(Some(cell(&buffer, "PARTITIONS").fg), theme.title.fg);
    }
}

#[test]
fn what_is_broken_has_the_colour_for_it_in_every_theme() {
    for name in ["dark", "light", "deuteranopia"] {
        let theme = theme(name);
        let mut world = after(World::seasoned().without_node_two(), "1");
        let buffer = frame(&mut world, 120, 36, &theme);
        let (x, y) = find(&buffer, "✖ node-2");
        assert_eq!(Some(buffer[(x, y)].fg), theme.broken.fg, "{name}");
        assert_ne!(theme.broken.fg, theme.degraded.fg);
        assert_ne!(theme.broken.fg, theme.good.fg);
    }
}

#[test]
fn the_state_of_a_tail_has_a_colour_and_a_name() {
    let theme = theme("light");
    let buffer = frame(&mut tailing(), 120, 36, &theme);
    assert_eq!(Some(cell(&buffer, "following").fg), theme.good.fg);
    let buffer = frame(&mut after(tailing(), "space"), 120, 36, &theme);
    assert_eq!(Some(cell(&buffer, "frozen").fg), theme.degraded.fg);
    let buffer = frame(&mut cut(), 120, 36, &theme);
    assert_eq!(
        Some(cell(&buffer, "cut off from leader").fg),
        theme.degraded.fg
    );
}

#[test]
fn without_colour_no_cell_has_one() {
    let theme = theme("none");
    let worlds = vec![
        after(World::seasoned().without_node_two(), "3 ?"),
        after(tailing(), "enter"),
        after(World::seasoned(), "3 j j p"),
    ];
    for mut world in worlds {
        let buffer = frame(&mut world, 120, 36, &theme);
        for cell in buffer.content() {
            let colors = (Style::reset().fg, Style::reset().bg);
            assert_eq!((Some(cell.fg), Some(cell.bg)), colors, "{}", cell.symbol());
        }
    }
}

#[test]
fn without_colour_a_selected_row_is_reversed_and_blanks_beside_others_are_bare() {
    let mut world = after(World::seasoned(), "3 j");
    let buffer = frame(&mut world, 120, 36, &theme("none"));
    let (x, y) = find(&buffer, "▸ clicks");
    assert!(buffer[(x + 2, y)].modifier.contains(Modifier::REVERSED));
    assert_eq!(buffer[(x, y + 1)].modifier, Modifier::empty());
}

#[test]
fn without_colour_the_selected_choice_and_the_button_in_focus_show() {
    let theme = theme("none");
    let mut world = after(World::seasoned(), "3 j j p");
    let buffer = frame(&mut world, 120, 36, &theme);
    let (selected, other) = (cell(&buffer, "round robin"), cell(&buffer, "by key"));
    assert_ne!(selected.modifier, other.modifier);
    let mut world = after(World::seasoned(), "3 j j z");
    let buffer = frame(&mut world, 120, 36, &theme);
    let (focus, other) = (cell(&buffer, "Pause  "), cell(&buffer, "Cancel"));
    assert!(focus.modifier.contains(Modifier::REVERSED));
    assert!(!other.modifier.contains(Modifier::REVERSED));
}

#[test]
fn a_contexts_colour_frames_the_dashboard() {
    let mut world = World::silent(liftui::app::Settings {
        color: Some("red".to_owned()),
        ..settings()
    });
    let buffer = frame(&mut world, 80, 24, &Theme::default());
    assert_eq!(cell(&buffer, "liftui").fg, Color::Red);
}
