//! A broker that has come back: when what it says is believed.

use liftui::model::Partition;

use super::world::{World, cluster, led_by, stream};

/// Node-2 is dead, node-3 was there all the time, node-1 has come back at second 10 and says what `returned` says.
fn seconds_until_believed(
    returned: impl Fn() -> Vec<(&'static str, Partition)>,
    shows: impl Fn(&World, &liftui::health::Truth) -> bool,
) -> Option<f64> {
    let streams = |named: Vec<(&str, Partition)>| {
        let named = named.into_iter();
        named
            .map(|(name, partition)| stream(name, vec![partition]))
            .collect()
    };
    let mut world = World::default();
    for by in [1, 2, 3] {
        world.report(0.0, by, vec![led_by(3)]);
    }
    world.truth(0.0);
    for step in 1..200 {
        let now = f64::from(step) / 2.0;
        world.refuse(now, 2);
        if now < 10.0 {
            world.refuse(now, 1);
        } else {
            let view = cluster(1, &[1, 2, 3], streams(returned()));
            world.observe(now, 1, Ok(view));
        }
        world.report(now, 3, vec![led_by(3)]);
        let truth = world.truth(now);
        if now > 10.0 && shows(&world, &truth) {
            return Some(now - 10.0);
        }
    }
    None
}

#[test]
fn streams_that_it_alone_names_are_not_shown_while_it_stands_where_its_log_stood() {
    let believed = seconds_until_believed(
        || vec![("ghost", led_by(1)), ("orders", led_by(3))],
        |_, truth| truth.stream("ghost").is_some(),
    );
    let believed = believed.expect("it may be right");
    assert!(
        believed >= 60.0,
        "a deleted stream is shown after {believed} s"
    );
}

#[test]
fn another_leader_is_believed_sooner() {
    let catches_up = |truth: &liftui::health::Truth| {
        let broker = truth.broker("node-1");
        broker.is_some_and(|broker| broker.catching_up)
    };
    let believed = seconds_until_believed(
        || vec![("orders", led_by(1))],
        |_, truth| !catches_up(truth),
    );
    let believed = believed.expect("it may be right");
    assert!((15.0..20.0).contains(&believed), "after {believed} s");
}
