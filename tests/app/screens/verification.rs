//! The copies of a partition compared: what differs, which copy is not compared and why.

use std::sync::Arc;

use liftui::app::{Effect, Event, RequestId, VerifySpec};
use liftui::store::{Aspect, CopyDifference, VerifyReport};

use super::{after, golden, shows};
use crate::world::World;

/// Copies that are yet to be read, of a partition that has one on a broker that is down.
fn begun() -> (World, RequestId, VerifySpec) {
    let mut world = after(
        World::seasoned().after_the_election(),
        "3 / o r d e r s enter enter",
    );
    let effects = world.press("V");
    let found = effects.into_iter().find_map(|effect| {
        let Effect::Verify(id, spec) = effect else {
            return None;
        };
        Some((id, spec))
    });
    let (id, spec) = found.expect("it is asked for");
    (world, id, spec)
}

/// Half of it is compared, or all of it, and one copy differs twice.
fn report(spec: &VerifySpec, is_done: bool) -> VerifyReport {
    let mut report = VerifyReport::new(
        Arc::clone(&spec.stream),
        spec.partition,
        spec.copies.clone(),
    );
    let last = if is_done {
        report.copies.common
    } else {
        report.copies.common / 2
    };
    let differs = |offset, aspects: &[Aspect]| CopyDifference {
        offset,
        last_offset: offset,
        replica: spec.copies.replicas.last().cloned(),
        aspects: aspects.to_vec(),
    };
    (report.first, report.last) = (Some(0), Some(last));
    report.compared = u64::try_from(last + 1).expect("it is no less");
    report.differences = 2;
    report.by_replica = vec![0, 2];
    report.first_differences = vec![
        differs(4_117, &[Aspect::Value]),
        differs(12_890, &[Aspect::Headers, Aspect::Timestamp]),
    ];
    report
}

/// Two differences were found, and all is compared.
pub(super) fn verified() -> World {
    let (mut world, id, spec) = begun();
    let report = Arc::new(report(&spec, true));
    world.event(Event::Verification(id, Ok((report, true))));
    world
}

#[test]
fn copies_that_differ_and_one_that_nobody_can_read() {
    golden(
        "verify",
        verified(),
        "
            60 Copies of orders
            60 2 differences in
            60 COPIES
            60 node-2 not verified: it does not answer
            60 ✖ node-3 2 differences
            80 OFFSET REPLICA WHAT
            80 4,117 node-3 value
            80 12,890 node-3 headers, timestamp
            120 IN A SHELL
            60 V stop, or compare again",
    );
}

#[test]
fn while_they_are_compared_it_is_said_how_far_that_is() {
    let (mut world, id, spec) = begun();
    let report = Arc::new(report(&spec, false));
    world.event(Event::Verification(id, Ok((report, false))));
    shows(
        world,
        "
            60 Comparing:
            60 50 %
            60 at most 20,000 messages a second",
    );
}
