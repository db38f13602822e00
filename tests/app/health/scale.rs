//! A large cluster: what is looked at again is only what changed, and never too much at once.

use std::sync::Arc;

use liftui::health::{IncidentRecorder, StreamTruth, Truth, TruthChanges};
use liftui::model::{Cluster, Partition};

use super::world::{World, at, cluster, led_by, stream};

/// So many streams of four partitions each, as that broker sees them.
fn view(streams: usize, by: usize, partition: impl Fn(usize) -> Partition) -> Cluster {
    let streams = (0..streams).map(|number| {
        let one = |id: i32| Partition {
            id,
            ..partition(number)
        };
        stream(&format!("stream-{number:05}"), (0..4).map(one).collect())
    });
    cluster(by, &[1, 2, 3], streams.collect())
}

fn grown(newest: i64) -> Partition {
    Partition {
        newest_offset: newest,
        high_watermark: newest,
        ..led_by(1)
    }
}

#[test]
fn ten_thousand_streams_share_what_did_not_change() {
    const STREAMS: usize = 10_000;
    let mut world = World::default();
    let busy = |newest| move |number| grown(if number == 0 { newest } else { 7 });
    for by in 1..=3 {
        world.observe(1.0, by, Ok(view(STREAMS, by, busy(10))));
        world.observe(3.0, by, Ok(view(STREAMS, by, busy(10))));
    }
    let before = world.truth(3.0);
    assert_eq!(before.totals.partitions, STREAMS * 4);
    for by in 1..=3 {
        world.observe(3.5, by, Ok(view(STREAMS, by, busy(10))));
    }
    let same = world.truth(3.5);
    let is_shared = Arc::ptr_eq(&before.streams, &same.streams);
    assert!(is_shared, "brokers said the same again");
    for by in 1..=3 {
        world.observe(4.0, by, Ok(view(STREAMS, by, busy(30))));
    }
    let after = world.truth(4.0);
    let same = |(old, new): &(&Arc<StreamTruth>, &Arc<StreamTruth>)| Arc::ptr_eq(old, new);
    let shared = before.streams.iter().zip(after.streams.iter()).filter(same);
    assert_eq!(shared.count(), STREAMS - 1);
    assert_eq!(newest(&after, 0), Some(30));
    let again = world.health.assess(at(4.1));
    assert!(Arc::ptr_eq(&after, &again), "nothing was reported");
}

#[test]
fn logs_that_all_grow_take_turns_and_a_new_leader_does_not_wait() {
    const STREAMS: usize = 2_500;
    let mut world = World::default();
    world.observe(1.0, 1, Ok(view(STREAMS, 1, |_| grown(10))));
    world.truth(1.0);
    let moved = |number| match number {
        2_499 => Partition {
            leader: None,
            ..grown(20)
        },
        _ => grown(20),
    };
    world.observe(3.0, 1, Ok(view(STREAMS, 1, moved)));
    let seen = |truth: &Truth| {
        let all = 0..STREAMS;
        all.filter(|number| newest(truth, *number) == Some(20))
            .count()
    };
    let first = world.truth(3.0);
    assert_eq!((seen(&first), newest(&first, 2_499)), (1_001, Some(20)));
    assert_eq!(seen(&world.truth(3.1)), 2_001);
    assert_eq!(seen(&world.truth(3.2)), STREAMS);

    world.observe(5.0, 1, Ok(view(STREAMS, 1, |_| grown(20))));
    world.observe(7.0, 1, Ok(view(STREAMS, 1, |_| grown(30))));
    let whole = world.health.assess_whole(at(7.0));
    let all_grown = (0..STREAMS).all(|number| newest(&whole, number) == Some(30));
    assert!(all_grown, "who asks once gets all");
}

#[test]
fn a_large_cluster_is_taken_in_by_steps_and_shown_whole() {
    const STREAMS: usize = 2_500;
    let mut stepwise = World::default();
    let mut at_once = World::default();
    // All is new; a few streams come, and a few go; all have another leader.
    let views = |by, round| match round {
        1 => view(STREAMS, by, |_| grown(10)),
        2 => view(STREAMS - 100, by, |_| grown(10)),
        3 => view(STREAMS + 100, by, |_| grown(10)),
        _ => view(STREAMS + 100, by, |_| Partition {
            leader: Some(super::world::id(2)),
            ..grown(10)
        }),
    };
    let mut before = Arc::default();
    for round in 1..=4_i32 {
        let seconds = f64::from(round) * 2.0;
        for by in 1..=3 {
            stepwise.observe(seconds, by, Ok(views(by, round)));
            at_once.observe(seconds, by, Ok(views(by, round)));
        }
        let (truth, steps) = by_steps(&mut stepwise, seconds);
        assert!(steps > 1, "round {round} was taken in at once");
        assert!(!Arc::ptr_eq(&before, &truth), "round {round}");
        let expected = at_once.health.assess_whole(at(seconds));
        let shown = structure(&truth);
        assert!(shown == structure(&expected), "round {round}");
        before = truth;
    }
}

#[test]
fn a_stream_of_very_many_partitions_is_assessed_by_parts_and_shown_whole() {
    let view = |by, count: i32, leader: usize, newest| {
        let one = |id: i32| Partition {
            id,
            leader: Some(super::world::id(leader)),
            ..grown(newest)
        };
        let large = stream("large", (0..count).map(one).collect());
        cluster(by, &[1, 2, 3], vec![stream("a", vec![grown(1)]), large])
    };
    // It is new, all have another leader, all logs grow, it has more partitions, and it is gone and back.
    let rounds = [
        (9_001, 1, 10),
        (9_001, 2, 10),
        (9_001, 2, 20),
        (9_500, 2, 20),
        (0, 2, 0),
        (5_000, 3, 7),
    ];
    let (mut stepwise, mut at_once) = (World::default(), World::default());
    for (round, (count, leader, newest)) in (1..).zip(rounds) {
        let seconds = f64::from(round) * 2.0;
        for by in 1..=3 {
            stepwise.observe(seconds, by, Ok(view(by, count, leader, newest)));
            at_once.observe(seconds, by, Ok(view(by, count, leader, newest)));
        }
        let (truth, steps) = by_steps(&mut stepwise, seconds);
        let expected = at_once.health.assess_whole(at(seconds));
        assert!(
            steps > usize::try_from(count / 2_000).unwrap(),
            "{round}: {steps} steps"
        );
        assert!(structure(&truth) == structure(&expected), "round {round}");
        let ends = |truth: &Truth| {
            let large = truth.stream("large");
            large.map(|it| {
                it.partitions
                    .iter()
                    .map(|one| one.newest_offset)
                    .collect::<Vec<_>>()
            })
        };
        assert!(ends(&truth) == ends(&expected), "round {round}");
    }
}

/// The truth as of then, and how many steps it took.
fn by_steps(world: &mut World, seconds: f64) -> (Arc<Truth>, usize) {
    let mut steps = (1..).map(|step| (world.health.assess_some(at(seconds)), step));
    let whole = steps.find_map(|(truth, step)| Some((truth?, step)));
    whole.expect("it comes to its end")
}

/// All that takes no turns: streams, who leads them, and what is wrong.
fn structure(truth: &Truth) -> impl PartialEq + use<> {
    let streams = truth.streams.iter();
    let leaders = streams.map(|stream| {
        let leaders = stream.partitions.iter().map(|one| one.leader.clone());
        (Arc::clone(&stream.name), leaders.collect::<Vec<_>>())
    });
    (leaders.collect::<Vec<_>>(), truth.findings.clone())
}

fn newest(truth: &Truth, number: usize) -> Option<i64> {
    truth
        .partition(&format!("stream-{number:05}"), 3)?
        .newest_offset
}

#[test]
fn an_incident_of_ten_thousand_streams_counts_what_it_leaves_out() {
    const STREAMS: usize = 10_000;
    let mut world = World::default();
    for by in 1..=3 {
        world.observe(1.0, by, Ok(view(STREAMS, by, |_| led_by(1))));
    }
    let before = world.truth(1.0);
    let mut recorder = IncidentRecorder::default();
    recorder.record(&before, &TruthChanges::default(), at(1.0));
    world.refuse(20.0, 1);
    let after = world.truth(20.0);
    for seconds in [20.0, 21.0] {
        let changes = TruthChanges::between(&before, &after);
        recorder.record(&after, &changes, at(seconds));
    }
    let incident = recorder.current().next().expect("a broker is gone");
    let told = u64::try_from(incident.events.len()).unwrap() + incident.left_out;
    assert!(incident.left_out > 0, "{} events", incident.events.len());
    assert_eq!(
        told,
        u64::try_from(after.findings.len()).unwrap(),
        "each once"
    );
}
