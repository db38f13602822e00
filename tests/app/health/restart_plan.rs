//! Which brokers may be restarted, and what would even the load.

use liftui::health::{Balance, HealthOptions, RestartCheck, RestartSafety, Truth, is_in_sync};
use liftui::model::Partition;

use super::world::{World, at, ids, led_by};

use RestartSafety::{Dangerous, Down, Safe, Wait};

fn check(truth: &Truth, number: usize) -> (RestartSafety, String) {
    check_with(truth, number, &HealthOptions::default(), false)
}

fn check_with(
    truth: &Truth,
    number: usize,
    options: &HealthOptions,
    allow_downtime: bool,
) -> (RestartSafety, String) {
    let broker = truth.broker(&format!("node-{number}")).expect("a broker");
    let check = RestartCheck::of(broker, truth, options, allow_downtime);
    let reasons: Vec<String> = check.reasons.into_iter().map(|it| it.text).collect();
    (check.safety, reasons.join("; "))
}

#[test]
fn in_sync_and_answering_is_safe() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &led_by(1));
    let truth = world.truth(1.0);
    for number in 1..=3 {
        assert_eq!(check(&truth, number), (Safe, String::new()));
    }
}

#[test]
fn another_that_is_silent_has_to_be_waited_for_and_who_is_silent_is_not_restarted() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &led_by(1));
    world.refuse(2.0, 3);
    world.report_all(2.1, &[1, 2], &led_by(1));
    let truth = world.truth(2.2);
    let (safety, why) = check(&truth, 1);
    assert_eq!(safety, Wait, "{why}");
    assert!(why.contains("node-3 does not answer"), "{why}");
    assert!(why.contains("1 of 3 brokers is no majority"), "{why}");
    // It may run and be the last one in sync: that it does not answer us says nothing.
    let (safety, why) = check(&truth, 3);
    assert_eq!(safety, Down, "{why}");
    assert_eq!(
        why,
        "it does not answer: start it first if it is down, and look why if it runs"
    );
}

#[test]
fn the_only_replica_in_sync_is_not_restarted_until_others_are() {
    let mut world = World::default();
    let behind = Partition {
        isr: ids(&[1]).into(),
        ..led_by(1)
    };
    world.report_all(1.0, &[1, 2, 3], &behind);
    let truth = world.truth(1.0);
    let (safety, why) = check(&truth, 1);
    assert_eq!(safety, Wait, "{why}");
    assert!(why.contains("1 partition would have no leader"), "{why}");
    assert!(!is_in_sync("node-1", &truth));
}

/// What node-1 leads, up to that offset.
fn log(newest: i64) -> Partition {
    Partition {
        high_watermark: newest,
        newest_offset: newest,
        ..led_by(1)
    }
}

#[test]
fn whoever_holds_what_its_leader_lost_is_never_restarted() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &log(99));
    world.truth(1.0);
    for (number, newest) in [(1, 4), (2, 99), (3, 99)] {
        world.report(2.0, number, vec![log(newest)]);
    }
    let truth = world.truth(2.0);
    for allow_downtime in [false, true] {
        let options = HealthOptions::default();
        let (safety, why) = check_with(&truth, 2, &options, allow_downtime);
        assert_eq!(safety, Dangerous, "{why}");
        assert!(
            why.contains("holds 95 messages that its leader lost"),
            "{why}"
        );
    }
}

#[test]
fn one_that_is_down_and_leads_alone_is_no_danger_and_one_that_holds_what_others_lost_is() {
    let mut world = World::default();
    let alone = Partition {
        replicas: ids(&[3]).into(),
        isr: ids(&[3]).into(),
        id: 1,
        ..led_by(3)
    };
    let report = |world: &mut World, seconds, number, newest| {
        world.report(seconds, number, vec![log(newest), alone.clone()]);
    };
    for number in 1..=3 {
        report(&mut world, 1.0, number, 99);
    }
    assert_eq!(
        check(&world.truth(1.0), 3).0,
        Dangerous,
        "it would stop one"
    );
    world.refuse(2.0, 3);
    report(&mut world, 2.0, 1, 99);
    report(&mut world, 2.0, 2, 99);
    let (safety, why) = check(&world.truth(2.1), 3);
    assert_eq!(safety, Down, "{why}");
    // The leader is emptied while node-3 is away, which may be the last to hold that.
    report(&mut world, 3.0, 1, 4);
    report(&mut world, 3.0, 2, 4);
    let (safety, why) = check(&world.truth(3.1), 3);
    assert_eq!(safety, Dangerous, "{why}");
    assert!(
        why.contains("save what it holds before it is started"),
        "{why}"
    );
}

#[test]
fn what_many_partitions_have_lost_is_one_line_for_each_broker() {
    let mut world = World::default();
    let logs = |newest| {
        let log = |id| Partition {
            id,
            high_watermark: newest,
            newest_offset: newest,
            ..led_by(1)
        };
        (0..5).map(log).collect::<Vec<_>>()
    };
    for number in 1..=3 {
        world.report(1.0, number, logs(99));
    }
    world.truth(1.0);
    for (number, newest) in [(1, 4), (2, 99), (3, 4)] {
        world.report(2.0, number, logs(newest));
    }
    let truth = world.truth(2.0);
    let lines = |number| {
        let (safety, why) = check(&truth, number);
        assert_eq!(safety, Dangerous, "{why}");
        let lines = why.split("; ").filter(|line| line.contains("orders:"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let names = "orders:0, orders:1, orders:2 and 2 more";
    let cut_off = format!(
        "it holds 475 messages that the leaders of 5 partitions lost, and a restart cuts them off: {names}"
    );
    assert_eq!(lines(2), [cut_off]);
    let lost = format!(
        "5 partitions went back and nobody has acknowledged that, so save what others hold first: {names}"
    );
    for number in [1, 3] {
        assert_eq!(lines(number), std::slice::from_ref(&lost));
    }
}

#[test]
fn what_stops_until_the_broker_is_back_is_dangerous_unless_that_is_allowed() {
    let mut world = World::default();
    let alone = Partition {
        replicas: ids(&[2]).into(),
        isr: ids(&[2]).into(),
        ..led_by(2)
    };
    world.report_all(1.0, &[1, 2, 3], &alone);
    let truth = world.truth(1.0);
    let options = HealthOptions::default();
    let (safety, why) = check(&truth, 2);
    assert_eq!(safety, Dangerous);
    assert!(why.contains("1 partition with no other replica"), "{why}");
    assert_eq!(check_with(&truth, 2, &options, true).0, Safe);
    assert_eq!(check(&truth, 1).0, Safe);
}

#[test]
fn a_minimum_isr_of_all_replicas_stops_commits_at_each_restart() {
    let options = HealthOptions {
        min_isr: [("orders".to_owned(), 3)].into(),
        ..HealthOptions::default()
    };
    let mut world = World::new(options.clone());
    world.report_all(1.0, &[1, 2, 3], &led_by(1));
    let truth = world.truth(1.0);
    let (safety, why) = check_with(&truth, 2, &options, false);
    assert_eq!(safety, Dangerous);
    assert!(why.contains("below minimum ISR until it is back"), "{why}");
    assert_eq!(check_with(&truth, 2, &options, true).0, Safe);
}

#[test]
fn a_broker_that_came_back_is_restarted_last_and_done_once_all_is_in_sync() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &led_by(1));
    world.truth(1.0);
    world.refuse(2.0, 2);
    world.truth(2.0);
    world.report_all(3.0, &[1, 3], &led_by(1));
    world.report(3.1, 2, vec![led_by(1)]);
    world.report_all(4.0, &[1, 2, 3], &led_by(1));
    world.report_all(5.0, &[1, 2, 3], &led_by(1));
    let truth = world.truth(5.0);
    let checks = RestartCheck::of_all(&truth, &HealthOptions::default(), false);
    let last = checks.last().expect("three brokers");
    assert_eq!(&*last.broker, "node-2");
    assert!(last.is_done_since(at(2.0), &truth), "{last:?}");
    assert!(!last.is_done_since(at(4.0), &truth), "it came back before");
}

#[test]
fn an_idle_broker_and_the_restart_that_would_even_the_leaders_are_told() {
    let mut world = World::default();
    let all: Vec<Partition> = (0..6)
        .map(|id| Partition {
            id,
            ..led_by(if id < 5 { 1 } else { 2 })
        })
        .collect();
    for number in 1..=3 {
        world.report(1.0, number, all.clone());
    }
    let balance = Balance::of(&world.truth(1.0));
    let leads: Vec<usize> = balance.brokers.iter().map(|load| load.leaders).collect();
    assert_eq!(leads, [5, 1, 0]);
    assert!((balance.even_leaders() - 2.0).abs() < f64::EPSILON);
    let advice = balance.advice.join("\n");
    assert!(advice.contains("node-3 leads 0 of 6"), "{advice}");
    // Each of the five goes to whoever leads least: 3 and 3, and nothing is left for the restarted one.
    assert!(advice.contains("node-1 0, node-2 3, node-3 3"), "{advice}");
    assert!(advice.contains("moves no leader on request"), "{advice}");
}

#[test]
fn streams_without_a_replica_on_the_emptiest_broker_are_named() {
    let mut world = World::default();
    let on = |id, replicas: &[usize]| Partition {
        id,
        replicas: ids(replicas).into(),
        isr: ids(replicas).into(),
        ..led_by(1)
    };
    for number in 1..=3 {
        let all = vec![on(0, &[1, 2]), on(1, &[1, 2])];
        world.report(1.0, number, all);
    }
    let advice = Balance::of(&world.truth(1.0)).advice.join("\n");
    assert!(advice.contains("node-3 holds 2 replicas less"), "{advice}");
    assert!(advice.contains("orders could be made anew"), "{advice}");
}

#[test]
fn messages_that_are_not_committed_yet_are_waited_for() {
    let mut world = World::default();
    let uncommitted = |newest| Partition {
        newest_offset: newest,
        ..led_by(1)
    };
    for second in 1..=12 {
        let seconds = f64::from(second);
        world.report_all(seconds, &[1, 2, 3], &uncommitted(9 + i64::from(second)));
        world.truth(seconds);
    }
    let (safety, why) = check(&world.truth(12.0), 1);
    assert_eq!(safety, Wait, "{why}");
    assert!(
        why.contains("messages are not committed yet: orders:0"),
        "{why}"
    );
}

#[test]
fn an_address_that_never_told_who_listens_there_is_no_broker_of_the_plan() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &led_by(1));
    world.refuse(1.1, 9);
    world.refuse(2.1, 9);
    let truth = world.truth(2.2);
    let checks = RestartCheck::of_all(&truth, &HealthOptions::default(), false);
    assert_eq!(checks.len(), 3);
    assert!(
        checks.iter().all(|check| check.safety == Safe),
        "{checks:?}"
    );
    assert_eq!(Balance::of(&truth).brokers.len(), 3);
}
