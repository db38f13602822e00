//! Notices of changes that others made.
//! Without a terminal or a loop; how it looks is `screens`'s business.

use std::sync::Arc;
use std::time::Duration;

use liftui::app::Event;
use liftui::ui::Theme;

use crate::screens::{frame, text};
use crate::world::{World, settings};

#[test]
fn the_last_good_truth_stays_when_brokers_fall_silent() {
    let mut world = World::healthy().without_node_two();
    let before = world.app.truth().streams.len();
    world.event(Event::Tick(world.now.plus(Duration::from_secs(60))));
    assert_eq!(world.app.truth().streams.len(), before);
}

#[test]
fn an_incident_is_noticed_once_when_it_begins_and_once_when_it_is_over() {
    let mut world = World::healthy().after_the_election();
    assert_eq!(
        texts(&world),
        [
            "node-2 does not answer · 1 partition down until it is back: \
         clicks-of-the-web-shop-in-all-countries:1",
        ]
    );
    world.bring_back();
    let told = texts(&world);
    let [_, end] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert!(
        end.starts_with("over after ")
            && end.contains("all in sync again")
            && end.ends_with("node-2 does not answer"),
        "{end}"
    );
}

#[test]
fn what_was_so_at_the_first_look_is_no_news() {
    let mut world = World::silent(settings());
    world.fail_node_two();
    world.run(Duration::from_secs(8));
    assert!(!world.app.truth().findings.is_empty());
    assert_eq!(texts(&world), [""; 0]);
    assert_eq!(incidents(&mut world), ["node-2 does not answer"]);
}

#[test]
fn leaders_that_move_while_nothing_is_wrong_are_noticed() {
    let mut world = World::healthy();
    world.move_leaders();
    world.run(Duration::from_secs(2));
    let told = texts(&world);
    assert!(
        told.iter().any(|text| text.contains("leaders moved")),
        "{told:?}"
    );
    assert_eq!(incidents(&mut world), [""; 0]);
}

#[test]
fn the_end_of_a_notice_is_on_narrow_screens_too() {
    let mut world = World::healthy();
    for line in ["tail orders-eu:2", "streams", "close"] {
        world.press(":");
        world.write(line);
        world.press("enter");
    }
    let told = texts(&world).last().copied().unwrap_or_default();
    assert!(told.len() > 70, "{told}");
    let told = told.to_owned();
    for width in [60, 80, 120] {
        let screen = text(&frame(&mut world, width, 24, &Theme::default()));
        let foot: Vec<&str> = screen.trim_end().lines().rev().take(3).collect();
        let [keys, below, above] = foot[..] else {
            panic!("{screen}")
        };
        let whole = format!("{} {}", above.trim(), below.trim());
        assert!(whole.contains(&told), "{told}: {screen}");
        assert!(keys.contains("help"), "{screen}");
    }
}

fn texts(world: &World) -> Vec<&str> {
    let notices = world.app.notices().history();
    notices.map(|notice| notice.text.as_str()).collect()
}

/// What the screen of incidents lists, the newest first.
fn incidents(world: &mut World) -> Vec<String> {
    world.press("7");
    let incidents = world.app.incidents();
    let rows = incidents.list().rows().iter();
    rows.map(|began| incidents.find(*began).unwrap().title.clone())
        .collect()
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
