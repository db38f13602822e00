//! What the dashboard does with events: state and orders, without a terminal or a loop.
//!
//! How it looks is `screens`'s business; how a tail behaves, `tails`'s.

mod bursts;
mod changes;
mod columns;
mod large;
mod lists;
mod losses;
mod mouse;
mod notices;
mod places;
mod tour;
mod typed;

use liftui::app::{Effect, RequestId};
use liftui::model::Operation;

use crate::world::World;

fn notice(world: &World) -> String {
    let current = world.app.notices().current(world.app.now());
    current
        .map(|notice| notice.text.clone())
        .unwrap_or_default()
}

fn operations(effects: &[Effect]) -> Vec<(RequestId, Operation)> {
    let mut sent = Vec::new();
    for effect in effects {
        if let Effect::Perform(id, operation) = effect {
            sent.push((*id, operation.clone()));
        }
    }
    sent
}

fn chosen_stream(world: &World) -> Option<&str> {
    world.app.streams().list().selected().map(AsRef::as_ref)
}
