//! Messages that are gone: found beside what a tail delivered or a publish was acked, and acknowledged by the user.
//! Without a terminal or a loop; how it looks is `screens`'s business.

use std::time::Duration;

use liftui::app::{Effect, Event};
use liftui::health::{KnownLoss, Rule};
use liftui::model::{Ack, AckPolicy, Offset, Operation, Outcome};
use liftui::ui::Theme;

use super::notice;
use crate::messages::tailing;
use crate::screens::{frame, text};
use crate::world::World;

fn lost(world: &World) -> Vec<String> {
    let findings = world.app.truth().findings.iter();
    let lost = findings.filter(|finding| finding.rule == Rule::LogWentBack);
    lost.map(|finding| finding.message.clone()).collect()
}

#[test]
fn a_tail_delivered_more_than_the_leader_has_now() {
    let mut world = tailing();
    assert_eq!(lost(&world), [""; 0]);
    world.ends = Some(48_000);
    world.run(Duration::from_secs(4));
    let told = lost(&world);
    let orders = told.iter().find(|text| text.starts_with("orders-eu"));
    assert!(
        orders.is_some_and(|text| text.contains("went back")),
        "{told:?}"
    );
}

#[test]
fn a_loss_ends_when_the_user_knows_of_it_and_nothing_else_does() {
    let mut world = tailing();
    world.ends = Some(48_000);
    world.run(Duration::from_secs(4));
    world.press("1 /");
    world.write("orders-eu");
    world.press("enter");
    let hints = text(&frame(&mut world, 80, 24, &Theme::default()));
    assert!(hints.contains("A acknowledge"), "{hints}");
    let list = |world: &mut World| {
        world.press("3");
        let list = text(&frame(world, 120, 36, &Theme::default()));
        let mut rows = list.lines().filter(|row| row.contains("orders-eu"));
        let row = rows.next().unwrap_or_default().to_owned();
        world.press("1");
        row
    };
    let row = list(&mut world);
    assert!(row.contains("lost messages"), "{row}");
    let effects = world.press("A");
    let saved = effects.into_iter().find_map(|effect| {
        if let Effect::SaveIncidents(incidents) = effect {
            return incidents.last().cloned();
        }
        None
    });
    let saved = saved.expect("who quits now is not told of it again");
    let is_of_it = |loss: &KnownLoss| loss.stream == "orders-eu";
    assert!(!saved.losses.is_empty() && !saved.losses.iter().any(is_of_it));
    let told = lost(&world);
    assert!(
        !told.iter().any(|text| text.starts_with("orders-eu")),
        "{told:?}"
    );
    assert!(!told.is_empty(), "that of other streams stays: {told:?}");
    let row = list(&mut world);
    assert!(!row.contains("lost messages"), "{row}");
    assert!(notice(&world).contains("orders-eu: what it lost is known"));
}

#[test]
fn other_findings_are_not_acknowledged() {
    let mut world = World::healthy().without_node_two();
    let before = world.app.truth().findings.len();
    world.press("1 A");
    assert_eq!(world.app.truth().findings.len(), before);
    assert!(notice(&world).contains("only messages that are gone"));
}

/// Publishes to `orders-eu:0` with an ack of all replicas, and has it acked at that offset.
pub(super) fn publish(world: &mut World, offset: Offset) {
    world.press("3 j j enter p");
    world.write("key");
    let sent = world.press("tab tab tab right alt-enter");
    let Some(Effect::Perform(id, Operation::Publish(options))) = sent.into_iter().next() else {
        panic!("nothing was published");
    };
    assert_eq!(options.ack_policy, AckPolicy::All);
    let ack = Ack {
        stream: "orders-eu".into(),
        offset,
        ..Ack::default()
    };
    let partition = Some(0);
    world.event(Event::Done(id, Ok(Outcome::Acked { ack, partition })));
}

#[test]
fn what_all_replicas_have_acked_must_stay() {
    let mut world = World::healthy();
    publish(&mut world, 9_000_000);
    world.run(Duration::from_secs(4));
    let told = lost(&world);
    assert!(
        told.iter()
            .any(|text| text.starts_with("orders-eu:0 went back from 9,000,000")),
        "{told:?}"
    );
}
