//! The columns of every list at every width: what a narrow window shows a wider one shows too, and columns stay where they
//! are while the selection moves.

use std::collections::BTreeMap;

use liftui::app::{HitTarget, Pane, Viewport};
use liftui::ui::Theme;

use super::{draw, text};
use crate::world::World;

/// The widths, from the least that is drawn to one at which nothing is missing.
const WIDTHS: std::ops::RangeInclusive<u16> = 60..=220;

/// The height: that of a usual window.
const HEIGHT: u16 = 36;

/// Where columns begin, by their pane and their number.
type Columns = BTreeMap<(String, usize), u16>;

fn columns(viewport: &Viewport) -> Columns {
    let columns = viewport.hits().iter().filter_map(|(area, hit)| {
        if let HitTarget::Column(pane, number) = hit {
            return Some(((format!("{pane:?}"), *number), area.x));
        }
        None
    });
    columns.collect()
}

fn at(world: &mut World, width: u16, height: u16) -> Columns {
    let viewport = draw(&world.app, width, height, &Theme::default()).0;
    world.viewport(viewport.clone());
    columns(&viewport)
}

/// Clusters as they can be: nothing wrong, a broker down, leaders elected, replicas behind, a broker back.
fn worlds() -> Vec<(&'static str, World)> {
    let mut active = World::seasoned();
    active.activity();
    vec![
        ("healthy", active),
        ("a broker down", World::seasoned().without_node_two()),
        ("under-replicated", World::seasoned().after_the_election()),
    ]
}

/// Every screen with a list, by its keys, and how many columns its lists have.
const SCREENS: [(&str, &[(Pane, usize)]); 5] = [
    ("2", &[(Pane::Brokers, 8)]),
    ("3 j j", &[(Pane::Streams, 8), (Pane::Partitions, 10)]),
    ("4", &[(Pane::Cursors, 8), (Pane::Groups, 6)]),
    ("5", &[(Pane::Activity, 3)]),
    ("7", &[(Pane::Incidents, 4)]),
];

#[test]
fn what_a_list_shows_it_shows_in_every_wider_window_too() {
    for (state, mut world) in worlds() {
        for (keys, lists) in SCREENS {
            world.press(keys);
            let mut narrower = Columns::new();
            // Where one pane has the whole width, nothing depends on it but how much is left out.
            let step = if lists.len() > 1 { 1 } else { 5 };
            for width in WIDTHS.step_by(step) {
                let shown = at(&mut world, width, HEIGHT);
                let lost = narrower.keys().filter(|one| !shown.contains_key(*one));
                let lost: Vec<_> = lost.collect();
                assert!(lost.is_empty(), "{state}: at {width} without {lost:?}");
                narrower = shown;
            }
            for (pane, count) in lists {
                let name = format!("{pane:?}");
                let own = narrower.keys().filter(|(pane, _)| *pane == name);
                assert_eq!(own.count(), *count, "{state}: {name} at the widest");
            }
        }
    }
}

#[test]
fn columns_stay_where_they_are_while_the_selection_moves() {
    for (state, mut world) in worlds() {
        for (keys, lists) in SCREENS {
            world.press(keys);
            for (width, height) in [(80, 24), (120, 36), (200, 60)] {
                world.press("g");
                let first = at(&mut world, width, height);
                for _ in 0..12 {
                    world.press("j");
                    let later = at(&mut world, width, height);
                    for (pane, _) in lists.iter().take(1) {
                        let own = |columns: &Columns| {
                            let mut own = columns.clone();
                            own.retain(|(name, _), _| *name == format!("{pane:?}"));
                            own
                        };
                        assert_eq!(
                            own(&later),
                            own(&first),
                            "{state}: {pane:?} at {width}x{height}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_tail_shows_the_same_columns_in_every_window() {
    let mut world = World::seasoned();
    world.press("3 j j enter l");
    for width in WIDTHS {
        let (viewport, buffer) = draw(&world.app, width, HEIGHT, &Theme::default());
        world.viewport(viewport);
        let shown = text(&buffer);
        let head = ["OFFSET", "TIME", "KEY", "VALUE"];
        let is_head = |line: &str| head.iter().all(|name| line.contains(name));
        assert!(shown.lines().any(is_head), "{width}:\n{shown}");
    }
}

#[test]
fn a_column_without_room_says_so_in_the_menu_of_columns() {
    let mut world = World::seasoned();
    world.press("3");
    at(&mut world, 80, 24);
    world.press("K");
    let menu = |world: &mut World, width| {
        at(world, width, 36);
        text(&draw(&world.app, width, 36, &Theme::default()).1)
    };
    let line = |shown: &str, name: &str| {
        let mut lines = shown.lines().filter(|line| line.contains("│ "));
        let found = lines.find(|line| line.contains(name));
        found
            .unwrap_or_else(|| panic!("{name} in {shown}"))
            .to_owned()
    };
    let narrow = menu(&mut world, 80);
    assert!(
        line(&narrow, "CREATED").contains("no room at 80 columns"),
        "{narrow}"
    );
    assert!(line(&narrow, "HEALTH").contains(" shown"), "{narrow}");
    let wide = menu(&mut world, 120);
    assert!(line(&wide, "CREATED").contains(" shown"), "{wide}");
}

#[test]
fn two_lists_stand_beside_each_other_where_both_are_whole() {
    for keys in ["3 j j", "4"] {
        let mut world = World::seasoned();
        world.press(keys);
        let tops = |world: &mut World, width| {
            let viewport = draw(&world.app, width, HEIGHT, &Theme::default()).0;
            world.viewport(viewport.clone());
            let heads = viewport
                .hits()
                .iter()
                .filter_map(|(area, hit)| matches!(hit, HitTarget::Column(_, 0)).then_some(area.y));
            heads.collect::<Vec<_>>()
        };
        let [first, second] = tops(&mut world, 120)[..] else {
            panic!("there are two lists");
        };
        assert!(first < second, "one above the other");
        let [first, second] = tops(&mut world, 240)[..] else {
            panic!("there are two lists");
        };
        assert_eq!(first, second, "side by side");
    }
}
