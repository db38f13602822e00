//! How far cursors lag in a cluster that goes on.

use std::time::Duration;

use liftui::health::{
    AlertOptions, DrainTime, HealthOptions, LagCertainty, Rule, RuleOptions, Verdict,
};
use liftui::model::{CursorEntry, Partition};

use super::world::{World, at, found, led_by};

fn grown(newest: i64) -> Partition {
    Partition {
        newest_offset: newest,
        high_watermark: newest,
        ..led_by(1)
    }
}

#[test]
fn a_cursor_that_falls_behind_is_found_by_messages_or_by_time() {
    let limits = |lag_messages, lag_time| HealthOptions {
        alerts: AlertOptions {
            lag_messages,
            lag_time,
            ..AlertOptions::default()
        },
        ..HealthOptions::default()
    };
    for (options, finds) in [
        (limits(Some(50), None), true),
        (limits(Some(500), None), false),
        (limits(None, Some(Duration::from_secs(10))), true),
        (limits(None, Some(Duration::from_secs(100))), false),
    ] {
        let mut world = World::new(options);
        world.cursor(1.0, 100);
        world.report(1.0, 1, vec![grown(100)]);
        world.report(3.0, 1, vec![grown(200)]);
        let truth = world.truth(20.0);
        assert_eq!(truth.cursors[0].lag, Some(100));
        assert_eq!(found(&truth, Rule::CursorLag).is_some(), finds);
    }
}

/// A cursor that does not move from offset 100 although there is more from second 3 on; read last at second 50.
fn standing_still() -> World {
    let mut world = World::default();
    world.cursor(1.0, 100);
    world.report(1.0, 1, vec![grown(100)]);
    world.report(3.0, 1, vec![grown(200)]);
    world.cursor(50.0, 100);
    world
}

#[test]
fn a_cursor_with_something_to_read_that_does_not_move_stands_still() {
    let mut world = standing_still();
    assert!(found(&world.truth(60.0), Rule::CursorStalled).is_none());
    let truth = world.truth(63.0);
    let finding = found(&truth, Rule::CursorStalled).unwrap();
    assert_eq!(finding.message, "cursor billing on orders:0 is stalled");
    assert_eq!(finding.detail[0], "lag 100 messages");
    world.cursor(64.0, 150);
    assert!(found(&world.truth(64.0), Rule::CursorStalled).is_none());
}

#[test]
fn very_many_that_stand_still_are_one_finding_that_names_the_worst() {
    let mut world = World::default();
    let read = |world: &mut World, seconds: f64, count: i64| {
        let cursors = (0..count).map(|number| CursorEntry {
            id: if number % 3 == 0 {
                format!("__group:g{number:03}").into()
            } else {
                format!("c{number:03}").into()
            },
            stream: "orders".into(),
            partition: 0,
            offset: number,
            time: at(1.0),
            read_at: at(seconds),
        });
        let mut cursors: Vec<_> = cursors.collect();
        cursors.sort_by(|one, other| one.id.cmp(&other.id));
        world.health.record_cursors(&cursors);
    };
    for (count, findings) in [(50, 50), (60, 1)] {
        read(&mut world, 1.0, count);
        world.report(1.0, 1, vec![grown(100)]);
        world.report(3.0, 1, vec![grown(200)]);
        read(&mut world, 62.0, count);
        let truth = world.truth(63.0);
        let stalled = truth
            .findings
            .iter()
            .filter(|one| one.rule == Rule::CursorStalled);
        let stalled: Vec<_> = stalled.collect();
        assert_eq!(stalled.len(), findings, "{:?}", truth.findings);
        if findings == 1 {
            assert_eq!(
                stalled[0].message,
                "20 groups and 40 cursors on orders are stalled"
            );
            assert_eq!(stalled[0].detail[0], "g000: lag 200 messages");
            assert_eq!(stalled[0].detail.last().unwrap(), "and 55 more");
        }
        for (stream, verdict) in [("orders", Verdict::Warning), ("payments", Verdict::Ok)] {
            let judged = RuleOptions {
                streams: Some(vec![stream.into()]),
                ..RuleOptions::default()
            };
            assert_eq!(judged.verdict(&truth), verdict, "{stream}");
        }
        let named = truth
            .cursors
            .find("c001", "orders", 0)
            .expect("it is there");
        assert_eq!(named.lag, Some(199));
        assert!(truth.cursors.find("c001", "orders", 1).is_none());
    }
}

#[test]
fn a_lag_that_is_too_long_is_dated_by_when_that_began_and_not_by_its_length() {
    let mut world = World::new(HealthOptions {
        alerts: AlertOptions {
            lag_messages: Some(50),
            ..AlertOptions::default()
        },
        ..HealthOptions::default()
    });
    // It keeps up first, with one message that has been there for long.
    world.cursor(100.0, 99);
    let mut partition = grown(100);
    partition.received.latest = at(2.0);
    world.report(100.0, 1, vec![partition]);
    assert!(found(&world.truth(101.0), Rule::CursorLag).is_none());
    for second in [120.0, 130.0, 140.0] {
        world.cursor(second, 100);
        world.report(second, 1, vec![grown(500)]);
        let truth = world.truth(second);
        let finding = found(&truth, Rule::CursorLag).expect("it lags");
        assert_eq!(finding.since, at(120.0));
        assert!(!finding.at_least, "it was seen to begin");
    }
    world.cursor(150.0, 490);
    assert!(found(&world.truth(150.0), Rule::CursorLag).is_none());
}

#[test]
fn a_lag_whose_beginning_nobody_saw_is_as_old_as_is_proved() {
    let mut world = World::new(HealthOptions {
        alerts: AlertOptions {
            lag_time: Some(Duration::from_secs(30)),
            ..AlertOptions::default()
        },
        ..HealthOptions::default()
    });
    let mut partition = grown(500);
    partition.received.latest = at(40.0);
    world.report(100.0, 1, vec![partition]);
    world.cursor(100.0, 100);
    let truth = world.truth(101.0);
    let finding = found(&truth, Rule::CursorLag).expect("it lags");
    assert_eq!(
        finding.since,
        at(70.0),
        "unread for more than 30 s from then on"
    );
    assert!(finding.at_least, "and maybe for longer");
}

#[test]
fn a_cursor_that_cannot_be_read_is_not_said_to_be_stalled() {
    let mut world = standing_still();
    assert!(found(&world.truth(63.0), Rule::CursorStalled).is_some());
    // What is stored since is not known: the same reading is handed in again.
    let truth = world.truth(100.0);
    assert!(found(&truth, Rule::CursorStalled).is_none(), "{truth:?}");
    let finding = found(&truth, Rule::CursorUnreadable).expect("it was stalled");
    assert_eq!(finding.message, "cursor billing on orders:0 cannot be read");
    assert_eq!(finding.since, at(50.0));
    let detail = finding.detail.join("; ");
    assert!(
        detail.contains("whether it moved since is unknown"),
        "{detail}"
    );
    assert!(detail.contains("as of "), "{detail}");
    world.cursor(101.0, 100);
    let truth = world.truth(102.0);
    assert!(found(&truth, Rule::CursorUnreadable).is_none());
    assert!(found(&truth, Rule::CursorStalled).is_some());
}

#[test]
fn a_cursor_of_a_stream_that_nobody_knows_has_no_lag() {
    let mut world = World::default();
    world.cursor(1.0, 100);
    let truth = world.truth(2.0);
    let cursor = &truth.cursors[0];
    assert_eq!(
        (cursor.lag, cursor.lag_time, cursor.time_to_drain),
        (None, None, DrainTime::Unknown)
    );
}

#[test]
fn cursors_read_after_the_views_know_when_the_last_message_came() {
    let mut world = World::default();
    let mut partition = grown(100);
    partition.received.latest = at(40.0);
    world.report(100.0, 1, vec![partition]);
    world.cursor(100.0, 90);
    let truth = world.truth(101.0);
    let lag = truth.cursors[0].lag_time.unwrap();
    assert_eq!(
        (lag.at_least, lag.certainty),
        (Duration::from_secs(61), LagCertainty::AtLeast)
    );
}

#[test]
fn a_cursor_that_was_moved_back_is_found_with_when_until_it_is_where_it_was() {
    let mut world = World::default();
    world.report(1.0, 1, vec![grown(2_000)]);
    world.cursor(1.0, 900);
    assert!(found(&world.truth(2.0), Rule::CursorMovedBack).is_none());
    world.cursor(50.0, 100);
    let truth = world.truth(60.0);
    let back = found(&truth, Rule::CursorMovedBack).expect("it went back");
    assert_eq!(back.since, at(50.0));
    assert!(back.message.ends_with("was moved back"), "{back:?}");
    let detail = back.detail.join(" ");
    assert!(
        detail.contains("0: from 900 to 100 at ") && detail.contains("800 offsets read again"),
        "{detail}"
    );
    world.cursor(70.0, 500);
    assert!(found(&world.truth(71.0), Rule::CursorMovedBack).is_some());
    world.cursor(80.0, 901);
    assert!(found(&world.truth(81.0), Rule::CursorMovedBack).is_none());
}
