//! What the mouse does.
//! Without a terminal or a loop; how it looks is `screens`'s business.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use liftui::app::{Area, Event, HitTarget, Pane, Viewport};

use super::chosen_stream;
use crate::world::World;

#[test]
fn a_click_chooses_and_a_second_one_opens() {
    let mut world = World::healthy();
    world.press("3");
    let mut viewport = Viewport::new(80, 24);
    viewport.add(
        Area {
            x: 0,
            y: 3,
            width: 80,
            height: 9,
        },
        HitTarget::Rows(Pane::Streams),
    );
    world.viewport(viewport);
    click(&mut world, 10, 5);
    assert_eq!(chosen_stream(&world), Some("orders-eu"));
    assert_eq!(world.app.focus().pane(), Pane::Streams);
    click(&mut world, 10, 5);
    assert_eq!(world.app.focus().pane(), Pane::Partitions);
}

#[test]
fn a_click_on_a_head_sorts_and_the_wheel_moves() {
    let mut world = World::healthy();
    world.press("3");
    let mut viewport = Viewport::new(80, 24);
    viewport.add(
        Area {
            x: 20,
            y: 2,
            width: 5,
            height: 1,
        },
        HitTarget::Column(Pane::Streams, 2),
    );
    viewport.add(
        Area {
            x: 0,
            y: 3,
            width: 80,
            height: 9,
        },
        HitTarget::Rows(Pane::Streams),
    );
    world.viewport(viewport);
    click(&mut world, 22, 2);
    assert_eq!(
        chosen_stream(&world),
        Some("clicks-of-the-web-shop-in-all-countries")
    );
    mouse(&mut world, MouseEventKind::ScrollDown, 10, 5);
    assert_eq!(world.app.streams().list().state().row(), 3);
}

pub(super) fn click(world: &mut World, column: u16, row: u16) {
    mouse(world, MouseEventKind::Down(MouseButton::Left), column, row);
}

fn mouse(world: &mut World, kind: MouseEventKind, column: u16, row: u16) {
    world.event(Event::Mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    }));
}
