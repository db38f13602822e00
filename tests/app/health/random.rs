//! Whatever brokers say, however absurd: no panic, and what must always hold, holds.

use std::cmp::Reverse;

use fastrand::Rng;
use liftui::health::{Known, PartitionStatus, Truth};
use liftui::model::{
    Cluster, CursorEntry, ErrorKind, EventTimes, Partition, Probe, ProbeState, Stream, Timestamp,
};

use super::world::{World, at, cluster, failure, id};

/// Small numbers mostly, and now and then the ends of the range.
fn number(rng: &mut Rng) -> i64 {
    match rng.u8(..12) {
        0 => i64::MAX,
        1 => i64::MIN,
        2 => -1,
        _ => rng.i64(0..1_000),
    }
}

fn times(rng: &mut Rng) -> EventTimes {
    EventTimes {
        first: Timestamp(number(rng)),
        latest: Timestamp(number(rng)),
    }
}

fn brokers(rng: &mut Rng) -> Vec<usize> {
    (1..=5).filter(|_| rng.bool()).collect()
}

fn partition(rng: &mut Rng, id_of: i32) -> Partition {
    let names = |rng: &mut Rng| brokers(rng).into_iter().map(id).collect();
    Partition {
        id: id_of,
        leader: rng.bool().then(|| id(rng.usize(1..=6))),
        replicas: names(rng),
        isr: names(rng),
        high_watermark: number(rng),
        newest_offset: number(rng),
        paused_flag: rng.bool(),
        readonly_flag: rng.bool(),
        received: times(rng),
        pause_changed: times(rng),
        readonly_changed: times(rng),
    }
}

fn stream(rng: &mut Rng) -> Stream {
    let name = ["orders", "clicks", "__cursors"][rng.usize(..3)];
    let ids = (0..4).filter(|_| rng.bool()).collect::<Vec<i32>>();
    Stream {
        name: name.into(),
        subject: name.into(),
        created: Timestamp(rng.i64(0..3)),
        partitions: ids.into_iter().map(|id| partition(rng, id)).collect(),
    }
}

fn view(rng: &mut Rng, by: usize) -> Cluster {
    let listed = brokers(rng);
    let streams = (0..rng.usize(..4)).map(|_| stream(rng)).collect();
    cluster(by, &listed, streams)
}

fn cursor(rng: &mut Rng, seconds: f64) -> CursorEntry {
    CursorEntry {
        id: ["billing", "__group:audit"][rng.usize(..2)].into(),
        stream: "orders".into(),
        partition: rng.i32(0..4),
        offset: number(rng),
        time: Timestamp(number(rng)),
        read_at: at(seconds),
    }
}

fn step(world: &mut World, rng: &mut Rng, seconds: f64) {
    let by = rng.usize(1..=5);
    match rng.u8(..8) {
        0 => world.refuse(seconds, by),
        1 => world.miss(seconds, by),
        2 => world.observe(seconds, by, Err(failure(ErrorKind::Server))),
        3 => {
            let entries: Vec<CursorEntry> =
                (0..rng.usize(..4)).map(|_| cursor(rng, seconds)).collect();
            world.health.record_cursors(&entries);
        }
        4 => {
            let partition = Box::new(partition(rng, 0));
            let readonly = Some(rng.bool());
            let serving = ProbeState::Serving {
                partition,
                readonly,
            };
            world.health.record_probe(&Probe {
                stream: "clicks".into(),
                partition: rng.i32(-1..5),
                at: at(seconds),
                state: if rng.bool() {
                    serving
                } else {
                    ProbeState::Paused
                },
            });
        }
        _ => world.observe(seconds, by, Ok(view(rng, by))),
    }
}

fn check(truth: &Truth) {
    assert!(truth.streams.is_sorted_by(|a, b| a.name < b.name));
    assert!(
        truth
            .findings
            .is_sorted_by_key(|finding| Reverse(finding.severity))
    );
    assert!(
        truth
            .findings
            .iter()
            .all(|finding| !finding.message.is_empty())
    );
    for partition in truth
        .streams
        .iter()
        .flat_map(|stream| stream.partitions.iter())
    {
        assert!(partition.rate.is_none_or(|rate| rate >= 0.0));
        assert!(
            partition
                .replica_lag()
                .all(|(_, lag)| lag.is_none_or(|lag| lag >= 0))
        );
        let down = partition.status == PartitionStatus::LeaderUnreachable;
        assert_eq!(down, partition.leader_reachable == Known::No);
    }
    for cursor in &truth.cursors {
        assert!(cursor.lag.is_none_or(|lag| lag >= 0));
        assert!(cursor.speed.is_none_or(|speed| speed >= 0.0));
    }
    let leaders: usize = truth.brokers.iter().map(|broker| broker.leaders).sum();
    let led = truth
        .streams
        .iter()
        .flat_map(|stream| stream.partitions.iter());
    assert_eq!(
        leaders,
        led.filter(|partition| partition.leader.is_some()).count()
    );
}

#[test]
fn nothing_that_brokers_say_breaks_the_truth() {
    for seed in 0..60 {
        let mut rng = Rng::with_seed(seed);
        let mut world = World::default();
        let mut seconds = 0.0;
        for _ in 0..60 {
            seconds += rng.f64() * 4.0 - 0.5;
            step(&mut world, &mut rng, f64::max(seconds, 0.0));
            check(&world.truth(f64::max(seconds, 0.0)));
        }
    }
}
