//! Notices of changes that others made.
//! Without a terminal or a loop; how it looks is `screens`'s business.

use std::sync::Arc;
use std::time::Duration;

use liftui::app::Event;

use crate::world::World;

#[test]
fn the_last_good_truth_stays_when_brokers_fall_silent() {
    let mut world = World::healthy().without_node_two();
    let before = world.app.truth().streams.len();
    world.event(Event::Tick(world.now.plus(Duration::from_secs(60))));
    assert_eq!(world.app.truth().streams.len(), before);
}

#[test]
fn a_broker_that_falls_silent_and_leaders_that_move_are_noticed() {
    let world = World::healthy().after_the_election();
    let texts: Vec<&str> = world
        .app
        .notices()
        .history()
        .map(|notice| notice.text.as_str())
        .collect();
    assert!(
        texts
            .iter()
            .any(|text| text.starts_with("node-2 does not answer")),
        "{texts:?}"
    );
    assert!(
        texts.iter().any(|text| text.contains("leaders moved")),
        "{texts:?}"
    );
}

#[test]
fn a_cluster_that_vanished_from_metadata_is_noticed() {
    let mut world = World::healthy();
    let mut view = world.view_of(0);
    let mut cluster = view.result.clone().unwrap().as_ref().clone();
    cluster.streams.remove("refunds-eu");
    for number in 0..3 {
        view = world.view_of(number);
        view.at = world.now.plus(Duration::from_secs(1));
        view.result = Ok(Arc::new(cluster.clone()));
        cluster.answered_by.clone_from(&view.broker);
        view.result = Ok(Arc::new(cluster.clone()));
        world.event(Event::BrokerView(Arc::new(view)));
    }
    let texts = world.app.notices().history();
    let texts: Vec<&str> = texts.map(|notice| notice.text.as_str()).collect();
    assert!(texts.contains(&"stream refunds-eu is gone"), "{texts:?}");
}
