//! Lists: what is chosen, marked, filtered, hidden.
//! Without a terminal or a loop; how it looks is `screens`'s business.

use std::sync::Arc;
use std::time::Duration;

use liftui::app::{Effect, Event, Listing, Overlay, Pane};
use liftui::model::{ActivityKind, CursorEntry, ErrorKind, Failure, Target};
use liftui::ui::Theme;

use super::{chosen_stream, notice};
use crate::screens::{frame, text};
use crate::world::World;

#[test]
fn selection_survives_a_refresh_and_a_change_of_order() {
    let mut world = World::healthy();
    world.press("3 j j");
    assert_eq!(chosen_stream(&world), Some("orders-eu"));
    world.press("o o O i");
    world.run(Duration::from_secs(4));
    assert_eq!(chosen_stream(&world), Some("orders-eu"));
}

#[test]
fn the_partitions_are_those_of_the_chosen_stream_and_marks_stay_with_it() {
    let mut world = World::healthy();
    world.press("3 j j tab space space");
    assert_eq!(world.app.streams().partitions().rows().len(), 4);
    assert_eq!(world.app.streams().partitions().marked(), 2);
    world.press("tab j");
    assert_eq!(world.app.streams().partitions().rows().len(), 2);
    assert_eq!(world.app.streams().partitions().marked(), 0);
}

#[test]
fn a_filter_narrows_while_it_is_typed() {
    let mut world = World::healthy();
    world.press("3 /");
    world.write("!eu");
    let rows: Vec<&str> = world
        .app
        .streams()
        .list()
        .rows()
        .iter()
        .map(AsRef::as_ref)
        .collect();
    assert_eq!(
        rows,
        ["clicks-of-the-web-shop-in-all-countries", "settings"]
    );
}

#[test]
fn faults_only_hides_what_is_well() {
    let mut world = World::healthy();
    world.press("3 !");
    assert!(world.app.streams().list().rows().is_empty());
    let mut world = world.without_node_two();
    let rows = world.app.streams().list().rows();
    assert!(rows.iter().any(|name| &**name == "orders-eu"), "{rows:?}");
    // Each screen for itself.
    world.press("2");
    let brokers = |world: &World| {
        let rows = world.app.brokers().list().rows().iter();
        rows.map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(brokers(&world), ["node-1", "node-2", "node-3"]);
    world.press("!");
    assert_eq!(brokers(&world), ["node-2"]);
    // It lasts over what leads to a row that it does not hide, and ends where it would.
    for (broker, lasts) in [("node-2", true), ("node-1", false)] {
        world.press("1 :");
        world.write(&format!("what-if {broker}"));
        world.press("enter esc 2");
        assert_eq!(world.app.faults_only(), lasts, "{broker}");
    }
    world.press("1 :");
    world.write("stream orders-eu");
    world.press("enter");
    assert!(world.app.faults_only(), "it is not well");
}

#[test]
fn what_is_named_is_acted_on_though_the_list_hides_it() {
    let mut world = World::healthy();
    let typed = |world: &mut World, line: &str| {
        world.press(":");
        world.write(line);
        world.press("enter");
    };
    world.press("3 !");
    assert!(world.app.streams().list().rows().is_empty());
    typed(&mut world, "publish settings");
    assert!(matches!(world.app.overlay(), Some(Overlay::Form(_))));
    assert_eq!(chosen_stream(&world), Some("settings"));
    assert!(!world.app.faults_only(), "it is shown");
    world.press("esc");
    // Behind the text of a filter, and of the brokers.
    world.press("/");
    world.write("clicks");
    world.press("enter");
    typed(&mut world, "stream settings");
    assert_eq!(chosen_stream(&world), Some("settings"));
    world.press("2 ! /");
    world.write("node-3");
    world.press("enter");
    // By what differs in the names, as lists call them.
    typed(&mut world, "what-if 1");
    let selected = world.app.brokers().list().selected();
    assert_eq!(selected.map(AsRef::as_ref), Some("node-1"));
}

#[test]
fn internal_streams_are_shown_on_request() {
    let mut world = World::healthy();
    world.press("3");
    assert_eq!(world.app.streams().list().rows().len(), 7);
    world.press("i");
    assert_eq!(world.app.streams().list().rows().len(), 9);
}

#[test]
fn the_worst_finding_stays_in_sight_until_the_user_moves() {
    let mut world = World::healthy();
    world.press("1");
    let before = world.app.overview().findings().selected().cloned();
    let mut world = World::healthy().without_node_two();
    let worst = world.app.overview().findings().selected().cloned();
    assert_ne!(before, worst);
    assert_eq!(world.app.overview().findings().state().row(), 0);
    world.press("enter");
    assert_eq!(world.app.focus().pane(), Pane::Brokers);
    assert_eq!(
        world.app.brokers().list().selected().map(AsRef::as_ref),
        Some("node-2")
    );
}

#[test]
fn cursors_are_read_when_they_are_looked_at() {
    let mut world = World::healthy();
    assert!(world.press("4").contains(&Effect::FetchCursors));
    let effects = world.run(Duration::from_secs(6));
    let reads = effects
        .iter()
        .filter(|effect| **effect == Effect::FetchCursors)
        .count();
    assert_eq!(reads, 2);
}

#[test]
fn the_journal_is_followed_once_it_is_looked_at_and_again_after_a_failure() {
    let mut world = World::healthy();
    assert_eq!(world.press("5"), [Effect::FollowActivity(true)]);
    assert_eq!(world.press("3 5"), []);
    let failure = Failure::new(ErrorKind::NoSuchStream, Target::Cluster, "no journal");
    world.event(Event::Activity(Err(failure)));
    assert!(world.press("r").contains(&Effect::FollowActivity(true)));
}

#[test]
fn activity_that_is_paused_is_read_again_at_a_calm_pace_and_shows_so_meanwhile() {
    let mut world = World::healthy();
    world.press("5");
    world.activity();
    let orders = |effects: Vec<Effect>| {
        let order = |effect: &&Effect| **effect == Effect::FollowActivity(true);
        effects.iter().filter(order).count()
    };
    let paused = || {
        let sentence = "__activity is paused: the next event resumes it";
        let failure = Failure::new(ErrorKind::PartitionPaused, Target::Cluster, sentence);
        Event::Activity(Err(failure))
    };
    assert_eq!(orders(world.run(Duration::from_secs(60))), 0);
    world.event(paused());
    assert_eq!(orders(world.run(Duration::from_secs(1))), 1);
    assert_eq!(
        orders(world.run(Duration::from_secs(60))),
        0,
        "one at a time"
    );
    world.event(paused());
    assert_eq!(orders(world.run(Duration::from_secs(1))), 1);
    world.event(paused());
    assert_eq!(orders(world.run(Duration::from_secs(4))), 0);
    assert_eq!(orders(world.run(Duration::from_secs(1))), 1);
    world.activity();
    assert_eq!(orders(world.run(Duration::from_secs(60))), 0);
}

#[test]
fn an_event_that_is_delivered_twice_is_shown_once() {
    let mut world = World::healthy();
    world.activity();
    world.activity();
    world.press("5");
    assert_eq!(world.app.activity().list().rows().len(), 6);
}

#[test]
fn a_key_that_has_nothing_to_act_on_gives_a_notice_and_changes_nothing_elsewhere() {
    let mut world = World::healthy();
    world.press("4 ! i");
    assert!(notice(&world).contains("own streams"), "{}", notice(&world));
    assert!(!world.app.faults_only());
    world.press("3");
    let streams = world.app.streams().list().rows();
    assert!(!streams.iter().any(|name| name.starts_with("__")));
    world.press("/");
    world.write("nowhere");
    for key in ["z", "W", "l"] {
        world.press("enter");
        world.run(Duration::from_secs(30));
        world.press(key);
        assert!(notice(&world).contains("no stream or partition"), "{key}");
    }
}

#[test]
fn a_cursor_that_was_moved_back_is_a_line_of_the_activity_and_a_finding() {
    let mut world = World::healthy();
    let mut store = |offset, ago| {
        let entry = CursorEntry {
            id: "billing".into(),
            stream: "orders-eu".into(),
            partition: 0,
            offset,
            time: world.now.minus(Duration::from_secs(ago)),
            read_at: world.now,
        };
        world.event(Event::Cursors(Ok(Arc::new(vec![entry]))));
    };
    store(900, 60);
    store(100, 20);
    world.activity();
    world.press("5");
    let rows = world.app.activity().list().rows();
    // By its time it stands among the others: one of them is five seconds old.
    let times: Vec<_> = rows.iter().map(|event| event.time).collect();
    assert!(times.is_sorted_by(|one, other| one >= other), "{rows:?}");
    let moves: Vec<_> = rows
        .iter()
        .filter(|event| {
            matches!(
                event.kind,
                ActivityKind::MoveCursorBack {
                    from: 900,
                    to: 100,
                    ..
                }
            )
        })
        .collect();
    assert_eq!(moves.len(), 1, "{rows:?}");
    assert_eq!(moves[0].time, world.now.minus(Duration::from_secs(20)));
    let mut findings = world.app.truth().findings.iter();
    let message = "cursor billing on orders-eu:0 was moved back";
    assert!(findings.any(|finding| finding.message == message));
}

#[test]
fn keys_leave_the_rows_as_they_are_and_another_order_makes_them_anew() {
    let mut world = World::healthy();
    world.press("3");
    let rows = |world: &World| world.app.streams().list().rows().as_ptr();
    let before = rows(&world);
    world.press("j j k");
    assert_eq!(rows(&world), before, "nothing was filtered or sorted");
    world.press("o");
    assert_ne!(rows(&world), before, "by another column");
}

#[test]
fn a_new_filter_stands_in_place_of_the_one_before() {
    let mut world = World::healthy();
    world.press("3 /");
    world.write("orders");
    world.press("enter /");
    world.write("clicks");
    world.press("enter");
    assert_eq!(world.app.streams().list().filter().text(), "clicks");
    world.press("/ ctrl-e");
    world.write("x");
    assert_eq!(world.app.streams().list().filter().text(), "clicksx");
}

#[test]
fn evidence_that_does_not_fit_is_said_to_be_cut() {
    let mut world = World::seasoned().without_node_two();
    let mut were_cut = 0;
    for (width, height) in [(60, 24), (80, 24), (120, 36), (200, 60)] {
        let text = text(&frame(&mut world, width, height, &Theme::default()));
        let finding = world
            .app
            .truth()
            .findings
            .first()
            .expect("a broker is dead");
        let words = finding
            .detail
            .iter()
            .filter_map(|line| line.split(' ').next_back());
        // In the list, and above its evidence.
        let below = text.splitn(3, &finding.message).nth(2).unwrap_or_default();
        let is_whole = words.into_iter().all(|word| below.contains(word));
        let is_said = below.contains("more line");
        assert!(is_whole || is_said, "{width}x{height}: {text}");
        were_cut += usize::from(is_said);
    }
    assert!(were_cut > 0, "one size is too small");
}
