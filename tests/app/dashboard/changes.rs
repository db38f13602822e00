//! Changes of the cluster: what is asked first, what is sent, what an answer means.
//! Without a terminal or a loop; how it looks is `screens`'s business.

use std::time::Duration;

use liftui::app::{DetailTarget, Effect, Event, Overlay, RequestId, Settings, TailId};
use liftui::cli::typed_line;
use liftui::model::{ErrorKind, Failure, Operation, Outcome, Probe, ProbeState, Target};
use liftui::ui::Theme;

use super::{notice, operations};
use crate::screens::{frame, header, text};
use crate::world::{World, settings};

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
    assert!(header(&world.app).contains("sending"));
}

#[test]
fn nothing_is_sent_where_the_answer_is_no() {
    for no in ["esc", "n", "tab enter", "q"] {
        let mut world = World::healthy();
        world.press("3 j j z");
        assert_eq!(operations(&world.press(no)), [], "{no}");
        assert!(world.app.overlay().is_none());
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
        assert!(
            matches!(world.app.overlay(), Some(Overlay::Confirm(_))),
            "{key}"
        );
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
fn an_outcome_is_a_notice_and_what_it_changed_is_probed_again() {
    let mut world = World::healthy();
    world.press("3 j j z");
    let (id, _) = operations(&world.press("y"))[0].clone();
    let effects = world.event(Event::Done(id, Ok(Outcome::Done)));
    assert!(effects.contains(&Effect::Refresh), "{effects:?}");
    let probed = |effect: &Effect| matches!(effect, Effect::Probe(places) if places.len() == 4);
    assert!(effects.iter().any(probed), "{effects:?}");
    assert_eq!(notice(&world), "orders-eu:0-3 paused");
    assert!(!header(&world.app).contains("sending"));
}

#[test]
fn a_late_answer_is_dropped_and_counted() {
    let mut world = World::healthy();
    assert_eq!(
        world.event(Event::Done(RequestId(99), Ok(Outcome::Done))),
        []
    );
    assert_eq!(world.app.late_answers(), 1);
    let failure = Failure::new(ErrorKind::Timeout, Target::Cluster, "late");
    world.event(Event::Tail(
        TailId(98),
        liftui::app::TailEvent::Failed(failure),
    ));
    assert_eq!(world.app.late_answers(), 2);
}

#[test]
fn a_failure_is_a_notice_and_can_be_read_whole() {
    let mut world = World::healthy();
    world.press("3 j j z");
    let (id, _) = operations(&world.press("y"))[0].clone();
    let failure = Failure::new(ErrorKind::OutcomeUnknown, Target::Cluster, "no answer came");
    world.event(Event::Done(id, Err(failure.clone())));
    assert_eq!(notice(&world), "no answer came");
    world.press("E");
    let Some(Overlay::Pager(pager)) = world.app.overlay() else {
        panic!("a text is open")
    };
    assert_eq!(*pager.target(), DetailTarget::Failure(failure));
}

#[test]
fn an_observer_changes_nothing_and_gets_a_notice() {
    let mut world = World::healthy_with(Settings {
        observer: true,
        ..settings()
    });
    for keys in ["3 j j z", "W", "D", "c", "p"] {
        assert_eq!(operations(&world.press(keys)), [], "{keys}");
        assert!(world.app.overlay().is_none(), "{keys}");
        assert!(notice(&world).contains("observer"), "{keys}");
    }
}

/// Types a line, and gives it to the parser of the command line where it is one for that.
fn type_line(world: &mut World, line: &str) -> Vec<Effect> {
    world.press(":");
    world.write(line);
    let mut effects = world.press("enter");
    if effects.contains(&Effect::ParseLine(line.to_owned())) {
        let parsed = typed_line::parse(line);
        effects.extend(world.event(Event::LineParsed(line.to_owned(), parsed)));
    }
    effects
}

#[test]
fn a_command_without_a_name_is_about_what_is_shown_and_never_about_a_hidden_row() {
    let mut world = World::healthy();
    // One stream is chosen in the list, a partition of another one is tailed.
    type_line(&mut world, "stream payments-eu");
    type_line(&mut world, "tail orders-eu:2");
    for (line, asked) in [
        ("delete", "Delete orders-eu?"),
        ("pause", "Pause 1 of 4 partitions of orders-eu?"),
        ("readonly", "Make 1 of 4 partitions of orders-eu readonly?"),
    ] {
        assert_eq!(operations(&type_line(&mut world, line)), [], "{line}");
        let screen = text(&frame(&mut world, 120, 40, &Theme::default()));
        assert!(screen.contains(asked), "{line}: {screen}");
        world.press("esc");
    }
    type_line(&mut world, "tail orders-eu payments-eu");
    for line in ["delete", "pause", "readonly"] {
        type_line(&mut world, line);
        assert!(world.app.overlay().is_none(), "{line}: of two streams");
        assert!(notice(&world).contains("no stream or partition"), "{line}");
    }
    world.press("2");
    for line in ["delete", "pause", "readonly"] {
        world.run(Duration::from_secs(30));
        type_line(&mut world, line);
        assert!(world.app.overlay().is_none(), "{line}: of a broker");
        assert!(notice(&world).contains("no stream or partition"), "{line}");
    }
}

#[test]
fn partitions_are_typed_behind_the_stream_and_only_those_that_are_there_are_asked_about() {
    let mut world = World::healthy_with(Settings {
        shell_commands: typed_line::commands(),
        ..settings()
    });
    for (line, asked) in [
        (
            "pause orders-eu:0,2-3",
            "Pause 3 of 4 partitions of orders-eu?",
        ),
        (
            "readonly orders-eu:1",
            "Make 1 of 4 partitions of orders-eu readonly?",
        ),
        (
            "pause orders-eu -p 1",
            "Pause 1 of 4 partitions of orders-eu?",
        ),
        ("pause orders-eu", "Pause all 4 partitions of orders-eu?"),
    ] {
        type_line(&mut world, line);
        let screen = text(&frame(&mut world, 120, 40, &Theme::default()));
        assert!(screen.contains(asked), "{line}: {screen}");
        world.press("esc");
    }
    for (line, said) in [
        (
            "pause orders-eu:77",
            "partition 77 of stream \"orders-eu\" does not exist",
        ),
        (
            "readonly orders-eu:0,9",
            "partition 9 of stream \"orders-eu\" does not exist",
        ),
        (
            "pause orders-eu -p 9",
            "partition 9 of stream \"orders-eu\" does not exist",
        ),
        ("pause orders-eu:x", "\"x\" names no partitions"),
        (
            "pause ordres-eu:1",
            "stream \"ordres-eu\" does not exist; did you mean \"orders-eu\"?",
        ),
        ("writable ordres-eu", "did you mean \"orders-eu\"?"),
    ] {
        assert_eq!(operations(&type_line(&mut world, line)), [], "{line}");
        // A stream is denied once brokers were asked.
        world.run(Duration::from_secs(2));
        assert!(world.app.overlay().is_none(), "{line}");
        assert!(notice(&world).contains(said), "{line}: {}", notice(&world));
    }
}

#[test]
fn a_command_of_a_tail_shows_the_tail_and_closes_none_that_is_hidden() {
    let shown = |line: &str| {
        let mut world = World::healthy();
        type_line(&mut world, "tail orders-eu:2");
        world.press("3");
        type_line(&mut world, line);
        let screen = text(&frame(&mut world, 120, 40, &Theme::default()));
        (world, screen)
    };
    for line in ["freeze", "query", "seek", "newest-first"] {
        let (_, screen) = shown(line);
        assert!(screen.contains("no message is chosen"), "{line}: {screen}");
    }
    let (mut world, screen) = shown("close");
    assert!(notice(&world).contains("no tail is shown"), "{screen}");
    world.press("6");
    let screen = text(&frame(&mut world, 120, 40, &Theme::default()));
    assert!(
        screen.contains("orders-eu:2"),
        "it is still there: {screen}"
    );
    type_line(&mut world, "close");
    let screen = text(&frame(&mut world, 120, 40, &Theme::default()));
    assert!(!screen.contains("orders-eu:2"), "{screen}");
}
