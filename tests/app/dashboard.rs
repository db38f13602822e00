//! What the dashboard does with events: state and orders, without a terminal or a loop.
//!
//! How it looks is `screens`'s business; how a tail behaves, `tails`'s.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use liftui::app::modal::{Modal, Subject};
use liftui::app::table::Listing;
use liftui::app::{Area, Effect, Event, FeedId, Hit, Pane, RequestId, Screen, Settings, Viewport};
use liftui::model::{ErrorKind, Failure, Operation, Outcome, Probe, ProbeState, Target};

use crate::world::{World, settings};

fn notice(world: &World) -> String {
    let current = world.app.desk.notices.current(world.app.desk.now);
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
    world.app.streams.list.chosen().map(AsRef::as_ref)
}

#[test]
fn digits_show_screens_and_each_remembers_its_pane() {
    let mut world = World::healthy();
    world.press("3 tab 2 3");
    assert_eq!(world.app.focus.pane(), Pane::Partitions);
    assert_eq!(world.app.focus.screen(), Screen::Streams);
}

#[test]
fn enter_goes_deeper_and_q_the_same_way_back() {
    let mut world = World::healthy();
    world.press("3 j j enter");
    assert_eq!(world.app.focus.pane(), Pane::Partitions);
    let effects = world.press("enter");
    assert!(matches!(effects[..], [Effect::OpenFeed(..)]), "{effects:?}");
    assert_eq!(world.app.focus.pane(), Pane::Tail);
    world.press("q q");
    assert_eq!(world.app.focus.pane(), Pane::Streams);
    assert_eq!(world.press("q"), [Effect::Quit]);
}

#[test]
fn ctrl_c_asks_once_and_forgets_after_a_while() {
    let mut world = World::healthy();
    assert_eq!(world.press("ctrl-c"), []);
    assert!(notice(&world).contains("again"));
    world.run(Duration::from_secs(5));
    assert!(!world.press("ctrl-c").contains(&Effect::Quit));
    assert_eq!(world.press("ctrl-c"), [Effect::Quit]);
}

#[test]
fn quit_works_before_any_broker_has_answered() {
    let mut world = World::silent(settings());
    assert_eq!(world.press("q"), [Effect::Quit]);
    assert_eq!(world.event(Event::Shutdown), [Effect::Quit]);
}

#[test]
fn escape_leaves_one_thing_at_a_time() {
    let mut world = World::healthy();
    world.press("3 space enter / r ?");
    assert_eq!(
        world.app.filter().unwrap().text(),
        "r?",
        "a text box takes every printable key"
    );
    world.press("esc ?");
    assert!(world.app.modal.is_some());
    world.press("esc");
    assert!(world.app.modal.is_none());
    assert_eq!(world.app.filter().unwrap().text(), "r?");
    world.press("esc");
    assert_eq!(world.app.filter().unwrap().text(), "");
    assert_eq!(world.app.focus.pane(), Pane::Partitions);
    world.press("esc");
    assert_eq!(world.app.focus.pane(), Pane::Streams);
    assert_eq!(world.app.streams.list.marked(), 1);
    world.press("esc");
    assert_eq!(world.app.streams.list.marked(), 0);
}

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
    assert_eq!(world.app.streams.partitions.rows().len(), 4);
    assert_eq!(world.app.streams.partitions.marked(), 2);
    world.press("tab j");
    assert_eq!(world.app.streams.partitions.rows().len(), 2);
    assert_eq!(world.app.streams.partitions.marked(), 0);
}

#[test]
fn a_filter_narrows_while_it_is_typed() {
    let mut world = World::healthy();
    world.press("3 /");
    world.write("!eu");
    let rows: Vec<&str> = world
        .app
        .streams
        .list
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
    let mut world = World::healthy().without_node_two();
    world.press("3 !");
    let rows = world.app.streams.list.rows();
    assert!(rows.iter().all(|name| &**name != "audit-eu") && !rows.is_empty());
    world.press("2");
    let silent: Vec<&str> = world.app.brokers.rows().iter().map(AsRef::as_ref).collect();
    assert_eq!(silent, ["node-2"]);
}

#[test]
fn internal_streams_are_shown_on_request() {
    let mut world = World::healthy();
    world.press("3");
    assert_eq!(world.app.streams.list.rows().len(), 7);
    world.press("i");
    assert_eq!(world.app.streams.list.rows().len(), 9);
}

#[test]
fn the_worst_finding_stays_in_sight_until_the_user_moves() {
    let mut world = World::healthy();
    world.press("1");
    let before = world.app.overview.findings.chosen().cloned();
    let mut world = World::healthy().without_node_two();
    let worst = world.app.overview.findings.chosen().cloned();
    assert_ne!(before, worst);
    assert_eq!(world.app.overview.findings.cursor().row(), 0);
    world.press("enter");
    assert_eq!(world.app.focus.pane(), Pane::Brokers);
    assert_eq!(
        world.app.brokers.chosen().map(AsRef::as_ref),
        Some("node-2")
    );
}

#[test]
fn a_finding_about_a_partition_leads_to_it() {
    let mut world = World::healthy().without_node_two();
    world.press("1 /");
    world.write("orders-eu:1");
    world.press("enter enter");
    let chosen = world.app.streams.partitions.chosen().cloned();
    assert_eq!(chosen, Some(("orders-eu".into(), 1)));
    assert_eq!(world.app.focus.pane(), Pane::Partitions);
}

#[test]
fn pausing_asks_first_and_leaves_out_what_cannot_be_paused() {
    let mut world = World::healthy().without_node_two();
    assert_eq!(operations(&world.press("3 j j z")), []);
    let effects = world.press("enter");
    let expected = Operation::Pause {
        stream: "orders-eu".into(),
        partitions: vec![0, 2, 3],
        resume_all: false,
    };
    let sent: Vec<Operation> = operations(&effects)
        .into_iter()
        .map(|(_, one)| one)
        .collect();
    assert_eq!(sent, [expected]);
    assert!(world.app.is_busy());
}

#[test]
fn nothing_is_sent_where_the_answer_is_no() {
    for no in ["esc", "n", "tab enter", "q"] {
        let mut world = World::healthy();
        world.press("3 j j z");
        assert_eq!(operations(&world.press(no)), [], "{no}");
        assert!(world.app.modal.is_none());
    }
}

#[test]
fn no_single_key_stops_others_work() {
    for key in ["z", "W", "D"] {
        let mut world = World::healthy();
        assert_eq!(
            operations(&world.press(&format!("3 j j {key}"))),
            [],
            "{key}"
        );
        assert!(matches!(world.app.modal, Some(Modal::Confirm(_))), "{key}");
    }
}

#[test]
fn deleting_needs_the_streams_name() {
    let mut world = World::healthy();
    world.press("3 j j D");
    world.write("orders");
    assert_eq!(operations(&world.press("enter")), []);
    world.write("-eu");
    let sent = operations(&world.press("enter"));
    assert_eq!(
        sent[0].1,
        Operation::Delete {
            stream: "orders-eu".into()
        }
    );
}

#[test]
fn marked_partitions_of_a_paused_stream_are_resumed() {
    let mut world = World::healthy();
    for partition in [0, 2] {
        let probe = Probe {
            stream: "orders-eu".into(),
            partition,
            at: world.now,
            state: ProbeState::Paused,
        };
        world.event(Event::Probe(probe));
    }
    world.press("3 j j enter space j space z");
    let sent = operations(&world.press("enter"));
    let expected = Operation::Resume {
        stream: "orders-eu".into(),
        partitions: vec![0, 2],
    };
    assert_eq!(sent[0].1, expected);
}

#[test]
fn an_answer_is_told_and_what_it_changed_is_looked_at_again() {
    let mut world = World::healthy();
    world.press("3 j j z");
    let (id, _) = operations(&world.press("y"))[0].clone();
    let effects = world.event(Event::Done(id, Ok(Outcome::Done)));
    assert!(effects.contains(&Effect::Refresh), "{effects:?}");
    let probed = |effect: &Effect| matches!(effect, Effect::Probe(places) if places.len() == 4);
    assert!(effects.iter().any(probed), "{effects:?}");
    assert_eq!(notice(&world), "orders-eu:0-3 paused");
    assert!(!world.app.is_busy());
}

#[test]
fn a_late_answer_is_dropped_and_counted() {
    let mut world = World::healthy();
    assert_eq!(
        world.event(Event::Done(RequestId(99), Ok(Outcome::Done))),
        []
    );
    assert_eq!(world.app.desk.inflight.strays(), 1);
    let failure = Failure::new(ErrorKind::Timeout, Target::Cluster, "late");
    world.event(Event::Feed(
        FeedId(98),
        liftui::app::FeedEvent::Failed(failure),
    ));
    assert_eq!(world.app.tails.strays(), 1);
}

#[test]
fn a_failure_is_told_and_can_be_read_whole() {
    let mut world = World::healthy();
    world.press("3 j j z");
    let (id, _) = operations(&world.press("y"))[0].clone();
    let failure = Failure::new(ErrorKind::OutcomeUnknown, Target::Cluster, "no answer came");
    world.event(Event::Done(id, Err(failure.clone())));
    assert_eq!(notice(&world), "no answer came");
    world.press("E");
    let Some(Modal::Reader(reader)) = &world.app.modal else {
        panic!("a text is open")
    };
    assert_eq!(reader.subject, Subject::Failure(failure));
}

#[test]
fn an_observer_changes_nothing_and_is_told_why() {
    let mut world = World::healthy_with(Settings {
        observer: true,
        ..settings()
    });
    for keys in ["3 j j z", "W", "D", "c", "p"] {
        assert_eq!(operations(&world.press(keys)), [], "{keys}");
        assert!(world.app.modal.is_none(), "{keys}");
        assert!(notice(&world).contains("observer"), "{keys}");
    }
}

#[test]
fn the_last_good_truth_stays_when_brokers_fall_silent() {
    let mut world = World::healthy().without_node_two();
    let before = world.app.truth().streams.len();
    world.event(Event::Tick(world.now.plus(Duration::from_secs(60))));
    assert_eq!(world.app.truth().streams.len(), before);
}

#[test]
fn a_broker_that_falls_silent_and_leaders_that_move_are_told() {
    let world = World::healthy().after_the_election();
    let told: Vec<&str> = world
        .app
        .desk
        .notices
        .history()
        .map(|notice| notice.text.as_str())
        .collect();
    assert!(
        told.iter()
            .any(|text| text.starts_with("node-2 does not answer")),
        "{told:?}"
    );
    assert!(
        told.iter().any(|text| text.contains("leaders moved")),
        "{told:?}"
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
fn an_event_that_is_delivered_twice_is_shown_once() {
    let mut world = World::healthy();
    world.activity();
    world.activity();
    world.press("5");
    assert_eq!(world.app.activity.list.rows().len(), 6);
}

#[test]
fn a_typed_command_does_what_its_key_does() {
    let mut world = World::healthy();
    world.press(":");
    world.write("delete orders-eu");
    world.press("enter");
    assert!(matches!(world.app.modal, Some(Modal::Confirm(_))));
    world.press("esc :");
    world.write("stream payments-eu");
    world.press("enter");
    assert_eq!(chosen_stream(&world), Some("payments-eu"));
}

#[test]
fn a_mistyped_command_is_named_with_the_likeliest_meant() {
    let mut world = World::healthy();
    for (line, expected) in [
        ("refesh", "refresh"),
        ("delete ordres-eu", "orders-eu"),
        ("broker node-9", "node-"),
        ("ctx stagin", "staging"),
    ] {
        world.press(":");
        world.write(line);
        world.press("enter");
        assert!(
            notice(&world).contains(expected),
            "{line}: {}",
            notice(&world)
        );
    }
}

#[test]
fn the_console_is_the_demo_clusters_alone() {
    let line = |world: &mut World| {
        world.press(":");
        world.write("fault kill 2");
        world.press("enter")
    };
    assert_eq!(line(&mut World::healthy()), []);
    let mut world = World::healthy_with(Settings {
        demo: true,
        ..settings()
    });
    let effects = line(&mut world);
    let [Effect::Console(id, text)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(text, "kill 2");
    world.event(Event::Console(*id, Ok("demo-2 is down".to_owned())));
    assert_eq!(notice(&world), "demo-2 is down");
}

#[test]
fn the_palette_finds_streams_brokers_and_commands() {
    let mut world = World::healthy();
    world.press("ctrl-k");
    world.write("pay");
    world.press("enter");
    assert_eq!(chosen_stream(&world), Some("payments-eu"));
    world.press("ctrl-k");
    world.write("node-3");
    world.press("enter");
    assert_eq!(
        world.app.brokers.chosen().map(AsRef::as_ref),
        Some("node-3")
    );
    world.press("ctrl-k");
    world.write("refresh");
    assert!(world.press("enter").contains(&Effect::Refresh));
}

#[test]
fn another_context_is_gone_to_by_menu_or_by_name() {
    let mut world = World::healthy();
    world.press("C");
    world.write("stag");
    assert_eq!(
        world.press("enter"),
        [Effect::SwitchContext("staging".to_owned())]
    );
    world.press(":");
    world.write("ctx staging");
    assert_eq!(
        world.press("enter"),
        [Effect::SwitchContext("staging".to_owned())]
    );
}

#[test]
fn what_is_chosen_is_copied_and_so_is_the_command_for_it() {
    let mut world = World::healthy();
    assert_eq!(
        world.press("3 j j y"),
        [Effect::Copy("orders-eu".to_owned())]
    );
    world.press("Y");
    world.write("liftui");
    assert_eq!(
        world.press("enter"),
        [Effect::Copy("liftui describe orders-eu".to_owned())]
    );
    world.press("z");
    let expected = "liftui pause orders-eu --partitions 0-3";
    assert_eq!(world.press("c"), [Effect::Copy(expected.to_owned())]);
    assert!(world.app.modal.is_some(), "the question still stands");
}

#[test]
fn what_if_tells_of_the_chosen_broker() {
    let mut world = World::healthy();
    world.press("2 j w");
    let Some(Modal::Reader(reader)) = &world.app.modal else {
        panic!("a text is open")
    };
    assert_eq!(reader.subject, Subject::WhatIf("node-2".to_owned()));
}

#[test]
fn a_text_scrolls_no_further_than_its_end() {
    let mut world = World::healthy();
    world.press("3 ?");
    let mut viewport = Viewport::new(80, 24);
    viewport.add(
        Area {
            x: 0,
            y: 0,
            width: 80,
            height: 10,
        },
        Hit::Overlay,
    );
    viewport.overlay_lines = 25;
    world.viewport(viewport);
    world.press("G j j");
    let Some(Modal::Reader(reader)) = &world.app.modal else {
        panic!("a text is open")
    };
    assert_eq!(reader.scroll, 15);
}

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
        Hit::Rows(Pane::Streams),
    );
    world.viewport(viewport);
    click(&mut world, 10, 5);
    assert_eq!(chosen_stream(&world), Some("orders-eu"));
    assert_eq!(world.app.focus.pane(), Pane::Streams);
    click(&mut world, 10, 5);
    assert_eq!(world.app.focus.pane(), Pane::Partitions);
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
        Hit::Column(Pane::Streams, 2),
    );
    viewport.add(
        Area {
            x: 0,
            y: 3,
            width: 80,
            height: 9,
        },
        Hit::Rows(Pane::Streams),
    );
    world.viewport(viewport);
    click(&mut world, 22, 2);
    assert_eq!(
        chosen_stream(&world),
        Some("clicks-of-the-web-shop-in-all-countries")
    );
    mouse(&mut world, MouseEventKind::ScrollDown, 10, 5);
    assert_eq!(world.app.streams.list.cursor().row(), 3);
}

fn click(world: &mut World, column: u16, row: u16) {
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

#[test]
fn a_paste_goes_into_the_open_text_box_alone() {
    let mut world = World::healthy();
    assert_eq!(world.event(Event::Paste("qD".to_owned())), []);
    world.press("3 /");
    world.event(Event::Paste("orders".to_owned()));
    assert_eq!(world.app.streams.list.rows().len(), 1);
}

#[test]
fn an_unfinished_chord_waits_and_is_shown() {
    let own = [("streams.delete".to_owned(), vec!["ctrl-x d".to_owned()])].into();
    let keymap = settings().keymap.customised(&own).unwrap();
    let mut world = World::healthy_with(Settings {
        keymap,
        ..settings()
    });
    world.press("3 j j ctrl-x");
    assert_eq!(world.app.pressed().len(), 1);
    world.press("d");
    assert!(matches!(world.app.modal, Some(Modal::Confirm(_))));
}

#[test]
fn the_same_events_lead_to_the_same_orders() {
    let run = || {
        let mut world = World::healthy();
        let mut effects = world.press("3 j j l q z y 4 5 r");
        effects.extend(world.run(Duration::from_secs(20)));
        effects
    };
    assert_eq!(run(), run());
}

#[test]
fn a_cluster_that_vanished_from_metadata_is_told() {
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
        world.event(Event::View(Arc::new(view)));
    }
    let told = world.app.desk.notices.history();
    let told: Vec<&str> = told.map(|notice| notice.text.as_str()).collect();
    assert!(told.contains(&"stream refunds-eu is gone"), "{told:?}");
}
