//! What was stored and is gone: logs that end too early, streams made anew, cursors beyond the end.

use liftui::health::{RestartCheck, Rule, Severity, Truth};
use liftui::model::{Offset, Partition};

use super::world::{World, at, cluster, found, led_by, rules, stream};

fn log(leader: usize, high_watermark: Offset, newest: Offset) -> Partition {
    Partition {
        high_watermark,
        newest_offset: newest,
        ..led_by(leader)
    }
}

/// node-1 was emptied and leads again, while node-2 and node-3 still have 100 messages.
fn emptied(world: &mut World, from: f64) {
    for (number, ends) in [(1, 4), (2, 99), (3, 99)] {
        world.report(from, number, vec![log(1, ends, ends)]);
    }
}

fn loss(truth: &Truth) -> Option<(&str, Vec<&str>)> {
    let finding = found(truth, Rule::LogWentBack)?;
    assert_eq!(finding.severity, Severity::Critical);
    let detail = finding.detail.iter().map(String::as_str).collect();
    Some((&finding.message, detail))
}

#[test]
fn a_leader_that_has_less_than_was_committed_went_back_and_who_holds_more_is_told() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &log(1, 99, 99));
    assert_eq!(rules(&world.truth(1.0)), []);
    emptied(&mut world, 2.0);
    let truth = world.truth(2.0);
    let (message, detail) = loss(&truth).unwrap();
    assert_eq!(message, "orders:0 went back from 99 to 4");
    assert_eq!(
        detail[0],
        "node-2 and node-3 still hold 95 more: do not restart them"
    );
    assert_eq!(
        truth.findings[0].rule,
        Rule::LogWentBack,
        "the worst of all"
    );
}

#[test]
fn a_log_that_grew_a_moment_before_it_was_emptied_is_compared_with_what_it_was_for_certain() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &log(1, 99, 99));
    world.truth(1.0);
    // A follower still told of more when the leader had been emptied already.
    world.report(2.9, 2, vec![log(1, 105, 105)]);
    world.truth(2.9);
    world.report(3.0, 1, vec![log(1, -1, -1)]);
    let truth = world.truth(3.0);
    assert!(loss(&truth).unwrap().0.ends_with("from 105 to nothing"));
}

#[test]
fn a_loss_is_told_at_once_though_the_clock_has_not_come_to_the_answer_that_shows_it() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &log(1, 99, 99));
    world.truth(1.0);
    emptied(&mut world, 2.6);
    let truth = world.truth(2.0);
    assert!(loss(&truth).is_some(), "{:?}", truth.findings);
}

#[test]
fn who_looks_for_the_first_time_sees_it_by_followers_that_have_committed_more() {
    let mut world = World::default();
    emptied(&mut world, 1.0);
    assert!(
        loss(&world.truth(1.0)).is_none(),
        "they may have been asked in any order"
    );
    emptied(&mut world, 2.0);
    let truth = world.truth(2.0);
    assert!(loss(&truth).unwrap().0.ends_with("from 99 to 4"));
}

/// Nothing is found by the first look, which is no word that all is well.
#[test]
fn what_the_first_look_cannot_tell_is_not_said_to_be_well() {
    let mut world = World::default();
    emptied(&mut world, 1.0);
    let first = world.truth(1.0);
    assert_eq!((loss(&first), first.totals.unsettled), (None, 1));
    emptied(&mut world, 3.0);
    let second = world.truth(3.0);
    assert!(loss(&second).is_some(), "{:?}", second.findings);
    assert_eq!(second.totals.unsettled, 0);
    // More has come to a leader that has lost nothing since it was asked.
    let mut world = World::default();
    world.report(1.0, 1, vec![log(1, 50, 50)]);
    world.report(1.1, 2, vec![log(1, 60, 60)]);
    assert_eq!(world.truth(1.1).totals.unsettled, 1);
    world.report(3.0, 1, vec![log(1, 250, 250)]);
    world.report(3.1, 2, vec![log(1, 260, 260)]);
    assert_eq!(world.truth(3.1).totals.unsettled, 0);
}

#[test]
fn what_was_delivered_or_acked_counts_although_no_view_had_it_yet() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &log(1, 50, 50));
    world.truth(1.0);
    world.health.record_stored(&"orders".into(), 0, 57);
    world.health.date_stored(at(1.5));
    world.report_all(3.0, &[1, 2, 3], &log(1, 52, 52));
    assert_eq!(
        loss(&world.truth(3.0)).unwrap().0,
        "orders:0 went back from 57 to 52"
    );
}

#[test]
fn a_loss_stays_until_somebody_knows_of_it_and_is_not_told_twice() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &log(1, 99, 99));
    world.truth(1.0);
    emptied(&mut world, 2.0);
    assert!(loss(&world.truth(2.0)).is_some());
    world.report_all(60.0, &[1, 2, 3], &log(1, 300, 300));
    let truth = world.truth(60.0);
    let (_, detail) = loss(&truth).unwrap();
    assert!(
        detail[0].ends_with("other messages have their offsets by now"),
        "{detail:?}"
    );
    world.health.acknowledge("orders");
    assert!(loss(&world.truth(61.0)).is_none());
    world.report_all(62.0, &[1, 2, 3], &log(1, 400, 400));
    assert_eq!(rules(&world.truth(62.0)), []);
    world.report_all(63.0, &[1, 2, 3], &log(1, 350, 350));
    assert!(loss(&world.truth(63.0)).is_some(), "another one is told");
}

#[test]
fn replicas_that_were_cut_to_the_leaders_log_hold_nothing_more() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &log(1, 99, 99));
    world.truth(1.0);
    emptied(&mut world, 2.0);
    world.truth(2.0);
    // node-2 follows the leader again, node-3 is still to come.
    world.report(3.0, 1, vec![log(1, 10, 10)]);
    world.report(3.0, 2, vec![log(1, 10, 10)]);
    world.report(3.0, 3, vec![log(1, 99, 99)]);
    let truth = world.truth(3.0);
    let (_, detail) = loss(&truth).unwrap();
    assert_eq!(detail[0], "node-3 still holds 95 more: do not restart it");
    assert!(
        detail[1].starts_with("node-2 held 95 more and was cut to the leader's log by "),
        "{detail:?}"
    );
    assert!(!detail[1].contains("any more"), "{detail:?}");
    world.report_all(4.0, &[1, 2, 3], &log(1, 12, 12));
    let truth = world.truth(4.0);
    let (message, detail) = loss(&truth).unwrap();
    assert_eq!(message, "orders:0 went back from 99 to 4");
    assert!(detail[0].starts_with("node-2 and node-3 held 95 more and were cut"));
    assert!(
        detail[0].ends_with("no replica that answers holds it any more"),
        "{detail:?}"
    );
    let plan = RestartCheck::of_all(&truth, world.health.options(), true);
    let told = plan.iter().flat_map(|check| &check.reasons);
    let told: Vec<&str> = told.map(|reason| &*reason.text).collect();
    assert!(
        !told.iter().any(|text| text.contains("cuts them off")),
        "{told:?}"
    );
}

#[test]
fn what_silent_brokers_held_is_not_called_overwritten() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &log(1, 99, 99));
    world.truth(1.0);
    emptied(&mut world, 2.0);
    let truth = world.truth(2.0);
    let (_, detail) = loss(&truth).unwrap();
    assert!(detail[0].ends_with("do not restart them"), "{detail:?}");
    for broker in 1..=3 {
        world.refuse(3.0, broker);
    }
    let truth = world.truth(4.0);
    let (_, detail) = loss(&truth).unwrap();
    assert!(
        detail[0].ends_with("more when heard last: save that before they are started"),
        "{detail:?}"
    );
    world.report(5.0, 2, vec![]);
    let truth = world.truth(6.0);
    let (_, detail) = loss(&truth).unwrap();
    assert!(!detail[0].contains("by now"), "{detail:?}");
}

/// Somebody knows of what a log lost that was emptied.
fn acknowledged() -> World {
    let mut world = World::default();
    emptied(&mut world, 1.0);
    world.truth(1.0);
    emptied(&mut world, 2.0);
    assert!(loss(&world.truth(2.0)).is_some());
    world.health.acknowledge("orders");
    world
}

#[test]
fn an_acknowledged_loss_does_not_come_back_while_the_others_still_hold_more() {
    let mut world = acknowledged();
    for second in 3..9 {
        emptied(&mut world, f64::from(second));
        assert!(loss(&world.truth(f64::from(second))).is_none());
    }
}

#[test]
fn uncommitted_messages_that_an_election_cuts_are_no_loss() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &log(1, 90, 99));
    world.truth(1.0);
    world.report_all(2.0, &[1, 2, 3], &log(2, 90, 92));
    assert!(loss(&world.truth(2.0)).is_none());
}

#[test]
fn a_leader_that_was_asked_before_its_follower_is_not_behind_it() {
    let mut world = World::default();
    for second in 1..20 {
        let (time, newest) = (f64::from(second), i64::from(second) * 100);
        world.report(time, 1, vec![log(1, newest, newest)]);
        world.report(time + 0.9, 2, vec![log(1, newest + 89, newest + 90)]);
        world.report(time + 0.9, 3, vec![log(1, newest + 89, newest + 90)]);
        assert!(loss(&world.truth(time + 0.9)).is_none());
    }
}

#[test]
fn a_stream_that_was_made_anew_is_told_until_somebody_knows_of_it() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &log(1, 99, 99));
    world.truth(1.0);
    for number in 1..=3 {
        let mut anew = stream("orders", vec![log(1, 0, 0)]);
        anew.created = at(1.5);
        world.observe(2.0, number, Ok(cluster(number, &[1, 2, 3], vec![anew])));
    }
    let truth = world.truth(2.0);
    assert_eq!(rules(&truth), [Rule::StreamRecreated]);
    assert_eq!(
        truth.findings[0].message,
        "orders was deleted and created anew"
    );
    assert!(truth.findings[0].detail[0].ends_with("100 offsets were given"));
    world.health.acknowledge("orders");
    assert_eq!(rules(&world.truth(3.0)), []);
}

#[test]
fn a_cursor_beyond_the_end_is_told_only_where_the_log_was_seen_after_it() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &log(1, 50, 50));
    world.cursor(1.5, 60);
    assert_eq!(rules(&world.truth(1.5)), [], "the log may have grown since");
    world.report_all(2.0, &[1, 2, 3], &log(1, 50, 50));
    let truth = world.truth(2.0);
    assert_eq!(rules(&truth), [Rule::CursorBeyondEnd]);
    assert_eq!(
        truth.findings[0].message,
        "cursor billing on orders:0 is beyond the end"
    );
    world.report_all(3.0, &[1, 2, 3], &log(1, 59, 59));
    assert_eq!(
        rules(&world.truth(3.0)),
        [],
        "it names the next message to read"
    );
}

#[test]
fn streams_that_vanish_with_liftbridges_own_were_not_deleted_by_anybody() {
    let own = |created: f64| {
        let mut stream = stream("__activity", vec![log(1, 3, 3)]);
        stream.created = at(created);
        stream
    };
    let report = |world: &mut World, seconds: f64, names: &[(&str, i64)], created: f64| {
        for number in 1..=3 {
            let logs = names
                .iter()
                .map(|(name, end)| stream(name, vec![log(1, *end, *end)]));
            let streams = logs.chain([own(created)]).collect();
            world.observe(seconds, number, Ok(cluster(number, &[1, 2, 3], streams)));
        }
        rules(&world.truth(seconds))
    };
    let mut world = World::default();
    let both = [("orders", 99), ("payments", 9)];
    assert_eq!(report(&mut world, 1.0, &both, 0.0), []);
    // One is deleted by somebody: that is no loss.
    assert_eq!(report(&mut world, 2.0, &both[..1], 0.0), []);
    let anew = at(5.0);
    for second in 0..12 {
        report(&mut world, 6.0 + f64::from(second), &[], 5.0);
    }
    let truth = world.truth(18.0);
    let vanished = truth
        .findings
        .iter()
        .find(|it| it.message.contains("vanished"));
    let vanished = vanished.expect("it is told");
    assert_eq!(vanished.message, "1 stream vanished: orders");
    assert!(vanished.detail[0].contains("100 offsets"), "{vanished:?}");
    assert_eq!(
        (vanished.severity, vanished.since),
        (Severity::Critical, anew)
    );
    world.health.acknowledge("orders");
    world.health.acknowledge("__activity");
    assert_eq!(rules(&world.truth(19.0)), []);
}

#[test]
fn a_cluster_with_other_brokers_and_other_own_streams_has_lost_nothing_of_the_one_before_it() {
    let run = |world: &mut World, brokers: &[usize], names: &[&str], created: f64| {
        for seconds in [10.0, 11.0] {
            for number in brokers {
                let mut own = stream("__activity", vec![log(brokers[0], 3, 3)]);
                own.created = at(created);
                let streams = names
                    .iter()
                    .map(|name| stream(name, vec![log(brokers[0], 9, 9)]));
                let streams = streams.chain([own]).collect();
                world.observe(seconds, *number, Ok(cluster(*number, brokers, streams)));
            }
            world.truth(seconds);
        }
        rules(&world.truth(12.0))
    };
    let mut before = World::default();
    run(&mut before, &[1, 2, 3], &["orders", "Payments"], 0.0);
    let known = before.health.known_streams(at(20.0));
    let brokers = || (1..=3).map(|number| format!("node-{number}")).collect();
    for (now, streams, is_told) in [
        (&[4, 5][..], &["Payments"][..], false),
        (&[4, 5], &[], false),
        // One that knows it is the same cluster.
        (&[3, 4, 5], &[], true),
        // Brokers were replaced one by one, and the streams are still there.
        (&[4, 5, 6], &["orders", "Payments"], false),
    ] {
        let mut later = World::default();
        later.health.recall_brokers(brokers());
        later.health.recall(known.clone());
        let created = if streams.len() == 2 { 0.0 } else { 5.0 };
        let found = run(&mut later, now, streams, created);
        let told = found.contains(&Rule::StreamRecreated);
        assert_eq!(told, is_told, "{now:?} {streams:?}: {found:?}");
    }
}

#[test]
fn that_a_stream_was_made_anew_is_said_by_later_runs_too() {
    let report = |world: &mut World, created: f64| {
        for number in 1..=3 {
            let mut orders = stream("orders", vec![log(1, 9, 9)]);
            orders.created = at(created);
            world.observe(10.0, number, Ok(cluster(number, &[1, 2, 3], vec![orders])));
        }
        rules(&world.truth(10.0))
    };
    let mut world = World::default();
    assert_eq!(report(&mut world, 0.0), []);
    let mut known = world.health.known_streams(at(11.0));
    for run in ["the first", "the second", "the third"] {
        let mut later = World::default();
        later.health.recall(known);
        assert_eq!(report(&mut later, 5.0), [Rule::StreamRecreated], "{run}");
        let detail = later.truth(11.0).findings[0].detail[0].clone();
        assert!(detail.ends_with("10 offsets were given"), "{run}: {detail}");
        known = later.health.known_streams(at(11.0));
    }
    let mut later = World::default();
    later.health.recall(known);
    report(&mut later, 5.0);
    later.health.acknowledge("orders");
    let mut last = World::default();
    last.health.recall(later.health.known_streams(at(12.0)));
    assert_eq!(report(&mut last, 5.0), []);
}

#[test]
fn an_acknowledged_loss_does_not_come_back_in_later_runs_that_look_once_each() {
    let mut world = acknowledged();
    world.truth(2.5);
    let mut known = world.health.known_streams(at(3.0));
    for second in 4..9 {
        let seconds = f64::from(second);
        let mut later = World::default();
        later.health.recall(known);
        emptied(&mut later, seconds);
        assert!(loss(&later.truth(seconds)).is_none(), "second {second}");
        known = later.health.known_streams(at(seconds + 0.5));
    }
    // The others have followed, and then more is lost.
    let mut later = World::default();
    later.health.recall(known);
    later.report_all(20.0, &[1, 2, 3], &log(1, 50, 50));
    assert!(loss(&later.truth(20.0)).is_none());
    let mut last = World::default();
    last.health.recall(later.health.known_streams(at(21.0)));
    last.report_all(22.0, &[1, 2, 3], &log(1, 20, 20));
    last.truth(22.0);
    assert!(loss(&last.truth(23.0)).is_some(), "another loss");
}
