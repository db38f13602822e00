//! A broker that has come back: when what it says is believed.

use liftui::model::{ErrorKind, Partition, Stream};

use super::world::{World, at, cluster, failure, led_by, stream};

/// Streams of one partition each.
fn streams_led_by(leader: usize, names: &[&str]) -> Vec<Stream> {
    let streams = names.iter().map(|name| stream(name, vec![led_by(leader)]));
    streams.collect()
}

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

/// A seed, as `localhost`, is asked once: from then on its broker is asked at the address that it advertises.
#[test]
fn what_was_said_once_at_another_address_keeps_nobody_from_being_believed() {
    let streams = || vec![stream("orders", vec![led_by(1)])];
    let mut world = World::default();
    let seen = cluster(1, &[1, 2, 3], streams());
    world.observe_elsewhere(0.0, 1, "localhost:9292", seen);
    let mut believed = None;
    for step in 0..80 {
        let now = f64::from(step) / 2.0 + 0.1;
        for by in [1, 3] {
            world.report(now, by, vec![led_by(1)]);
        }
        if (10.0..30.0).contains(&now) {
            world.refuse(now, 2);
        } else {
            world.report(now, 2, vec![led_by(1)]);
        }
        let truth = world.truth(now);
        let node_2 = truth.broker("node-2").expect("it is listed");
        let is_back = now >= 30.0 && node_2.is_answering() && !node_2.catching_up;
        believed = believed.or(is_back.then_some(now - 30.0));
    }
    let believed = believed.expect("it says what the others say");
    assert!(believed < 2.0, "after {believed} s");
}

#[test]
fn what_was_said_once_at_another_address_is_no_answer_of_now() {
    let mut world = World::default();
    let seen = cluster(
        1,
        &[1, 2, 3],
        vec![
            stream("gone", vec![led_by(1)]),
            stream("orders", vec![led_by(1)]),
        ],
    );
    world.observe_elsewhere(0.0, 1, "localhost:9292", seen);
    for second in 1..100 {
        for by in [1, 2, 3] {
            world.report(f64::from(second), by, vec![led_by(1)]);
        }
        world.truth(f64::from(second));
    }
    for by in [2, 3] {
        world.report(100.0, by, vec![led_by(1)]);
    }
    for step in 0..8 {
        world.refuse(100.0 + f64::from(step) / 2.0, 1);
    }
    let truth = world.truth(104.0);
    let node_1 = truth.broker("node-1").expect("it is listed");
    assert_eq!(node_1.reach.silent_since(), Some(at(99.0)));
    assert!(truth.stream("gone").is_none());
    // Without the answer of the seed its first streams would be believed again.
    let stale = cluster(1, &[1, 2, 3], vec![stream("gone", vec![led_by(1)])]);
    world.observe(105.0, 1, Ok(stale));
    let truth = world.truth(105.0);
    assert!(truth.broker("node-1").is_some_and(|it| it.catching_up));
    assert!(truth.stream("gone").is_none());
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

/// Node-3 dies after a stream was deleted, and both others were restarted shortly before: nobody who answers knows better.
#[test]
fn a_deleted_stream_does_not_come_back_with_brokers_that_were_restarted() {
    let named = |names: &[&str]| streams_led_by(3, names);
    let mut world = World::default();
    for now in [0.0, 1.0, 2.0] {
        let listed: &[&str] = if now < 1.0 {
            &["ghost", "orders"]
        } else {
            &["orders"]
        };
        for by in [1, 2, 3] {
            world.observe(now, by, Ok(cluster(by, &[1, 2, 3], named(listed))));
        }
        world.truth(now);
    }
    let mut shown = None;
    for step in 6..200 {
        let now = f64::from(step) / 2.0;
        for by in [1, 2] {
            let result = if now < 5.0 {
                Err(failure(ErrorKind::Unreachable))
            } else {
                let listed: &[&str] = if now < 8.0 {
                    &["orders"]
                } else {
                    &["ghost", "orders"]
                };
                Ok(cluster(by, &[1, 2, 3], named(listed)))
            };
            world.observe(now, by, result);
        }
        if now < 8.0 {
            world.observe(now, 3, Ok(cluster(3, &[1, 2, 3], named(&["orders"]))));
        } else {
            world.refuse(now, 3);
        }
        if world.truth(now).stream("ghost").is_some() {
            shown = shown.or(Some(now));
        }
    }
    let shown = shown.expect("they may be right after all");
    assert!(shown >= 65.0, "a deleted stream is shown at second {shown}");
}

/// Node-1 has come back, and on its way through its log of changes it names for a moment what node-3 does: the stream that it
/// names next was created and deleted shortly before.
#[test]
fn a_broker_that_replays_is_not_believed_in_a_stream_older_than_its_return() {
    let mut world = World::default();
    world.report(0.0, 3, vec![led_by(3)]);
    for now in [0.0, 2.0, 6.0, 6.5, 7.0] {
        let ghost = Stream {
            created: at(1.0),
            ..stream("ghost", vec![led_by(3)])
        };
        let mut streams = vec![stream("orders", vec![led_by(3)])];
        streams.extend((now > 6.0).then_some(ghost));
        let answer = Ok(cluster(1, &[1, 2, 3], streams));
        let is_down = (1.0..5.0).contains(&now);
        let down = || Err(failure(ErrorKind::Unreachable));
        world.observe(now, 1, if is_down { down() } else { answer });
        world.report(now, 3, vec![led_by(3)]);
        assert!(world.truth(now).stream("ghost").is_none(), "at {now}");
    }
}

#[test]
fn a_stream_made_anew_under_a_deleted_name_is_shown_at_once() {
    let mut world = World::default();
    world.report(0.0, 1, vec![led_by(1)]);
    world.truth(0.0);
    world.observe(
        1.0,
        1,
        Ok(cluster(1, &[1], vec![stream("other", vec![led_by(1)])])),
    );
    assert!(world.truth(1.0).stream("orders").is_none());
    let mut anew = stream("orders", vec![led_by(1)]);
    anew.created = at(2.0);
    world.observe(3.0, 1, Ok(cluster(1, &[1], vec![anew])));
    assert!(world.truth(3.0).stream("orders").is_some());
}

/// Node-2 and node-3 have come back and node-1 dies before they have caught up; then it comes back too. Without a metadata
/// leader each stands where its log of changes stood.
fn shown_after_all_were_restarted(streams: &[&'static str], own_created: f64) -> Option<f64> {
    let named = |names: &[&str], own_created: f64| {
        let streams = streams_led_by(3, names);
        let mut own = stream("__cursors", vec![led_by(3)]);
        own.created = at(own_created);
        std::iter::once(own).chain(streams).collect::<Vec<_>>()
    };
    let mut world = World::default();
    let mut shown = None;
    for step in 1..300 {
        let now = f64::from(step) / 2.0;
        for (by, gone) in [(1, 6.0..9.0), (2, 3.0..5.0), (3, 3.0..5.0)] {
            let result = if gone.contains(&now) {
                Err(failure(ErrorKind::Unreachable))
            } else if now < gone.start {
                Ok(cluster(by, &[1, 2, 3], named(&["orders"], 1.0)))
            } else {
                Ok(cluster(by, &[1, 2, 3], named(streams, own_created)))
            };
            world.observe(now, by, result);
        }
        if world.truth(now).stream("ghost").is_some() {
            shown = shown.or(Some(now - 9.0));
        }
    }
    shown
}

#[test]
fn brokers_that_all_came_back_with_other_streams_are_believed_late() {
    let shown = shown_after_all_were_restarted(&["ghost", "orders"], 1.0);
    let shown = shown.expect("they may be right after all");
    assert!(shown >= 50.0, "a deleted stream is shown after {shown} s");
}

#[test]
fn a_cluster_that_was_made_anew_is_believed_soon() {
    let shown = shown_after_all_were_restarted(&["ghost"], 7.0);
    let shown = shown.expect("the old cluster is gone");
    assert!(shown <= 10.0, "a new cluster is shown after {shown} s");
}

/// A stream that node-3 goes on to name, for as long as the others know better.
#[test]
fn a_deleted_stream_is_gone_though_one_broker_does_not_hear_of_it() {
    let named = |names: &[&str]| streams_led_by(1, names);
    let mut world = World::default();
    let both: &[&str] = &["audit", "orders"];
    for step in 1..200 {
        let now = f64::from(step) / 2.0;
        for by in [1, 2, 3] {
            // It is created at second 0, and deleted at second 4: as long as it might be new, nobody can tell.
            let known: &[&str] = if now >= 4.0 && by < 3 {
                &["orders"]
            } else {
                both
            };
            world.observe(now, by, Ok(cluster(by, &[1, 2, 3], named(known))));
        }
        let is_shown = world.truth(now).stream("audit").is_some();
        assert_eq!(is_shown, now < 10.0, "at {now}");
    }
    // It is there where a majority names it again.
    world.observe(101.0, 1, Ok(cluster(1, &[1, 2, 3], named(both))));
    assert!(world.truth(101.0).stream("audit").is_some());
}

/// One that was created elsewhere a moment ago, and one that emptied brokers know nothing of, are there.
#[test]
fn a_stream_that_one_broker_names_is_there_where_the_others_cannot_know() {
    let named = |names: &[&str]| streams_led_by(1, names);
    let mut world = World::default();
    for now in [20.0, 21.0] {
        for by in [1, 2, 3] {
            let mut streams = named(&["orders"]);
            if by == 1 {
                streams.push(Stream {
                    created: at(20.0),
                    ..stream("payments", vec![led_by(1)])
                });
            }
            world.observe(now, by, Ok(cluster(by, &[1, 2, 3], streams)));
        }
        assert!(world.truth(now).stream("payments").is_some(), "at {now}");
    }
    let mut emptied = World::default();
    for step in 1..300 {
        let now = f64::from(step) / 2.0;
        for by in [1, 2, 3] {
            let known: &[&str] = if by < 3 && now > 5.0 {
                &[]
            } else {
                &["orders", "audit"]
            };
            emptied.observe(now, by, Ok(cluster(by, &[1, 2, 3], named(known))));
        }
        assert!(emptied.truth(now).stream("orders").is_some(), "at {now}");
    }
}
