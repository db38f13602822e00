//! Partitions read once into one sequence: order within the window, and no message lost or waiting for ever.

use std::time::Duration;

use liftui::model::{StreamName, Timestamp};
use liftui::store::Merge;

use super::{Given, chunks};

const SECOND: i64 = 1_000_000_000;

fn at(partition: i32, offset: i64, time: i64) -> Given {
    Given {
        partition,
        time,
        ..Given::value(offset, "")
    }
}

fn push(merge: &mut Merge, given: &[Given], now: i64) {
    for chunk in chunks(given) {
        merge.push(chunk, Timestamp(now));
    }
}

fn take(merge: &mut Merge, now: i64) -> Vec<(i32, i64)> {
    let mut taken = Vec::new();
    while let Some((chunk, run)) = merge.next_run(Timestamp(now)) {
        let messages = chunk.iter().skip(run.start).take(run.len());
        taken.extend(messages.map(|message| (message.partition(), message.offset())));
    }
    taken
}

fn merge_of(partitions: i32) -> Merge {
    let mut merge = Merge::new(Duration::from_secs(1));
    for partition in 0..partitions {
        merge.open(&StreamName::from("orders"), partition, Timestamp(0));
    }
    merge
}

#[test]
fn what_all_partitions_have_brought_goes_on_in_order_of_time() {
    let mut merge = merge_of(2);
    push(&mut merge, &[at(0, 0, 10), at(0, 1, 30), at(0, 2, 50)], 100);
    assert_eq!(take(&mut merge, 100), []);
    push(&mut merge, &[at(1, 0, 20), at(1, 1, 40)], 100);
    assert_eq!(take(&mut merge, 100), [(0, 0), (1, 0), (0, 1), (1, 1)]);
    merge.end(&StreamName::from("orders"), 1, Timestamp(100));
    assert_eq!(take(&mut merge, 100), [(0, 2)]);
    assert!(merge.is_empty());
}

#[test]
fn one_partition_alone_never_waits() {
    let mut merge = merge_of(1);
    push(&mut merge, &[at(0, 0, 100)], 100);
    assert_eq!(take(&mut merge, 100), [(0, 0)]);
}

#[test]
fn a_quiet_partition_holds_new_messages_for_the_window_and_old_ones_not_at_all() {
    let mut merge = merge_of(2);
    let now = 10 * SECOND;
    push(&mut merge, &[at(0, 0, SECOND), at(0, 1, now)], now);
    assert_eq!(take(&mut merge, now), [(0, 0)]);
    assert_eq!(take(&mut merge, now + SECOND / 2), []);
    assert_eq!(take(&mut merge, now + SECOND), [(0, 1)]);
}

#[test]
fn what_comes_after_the_window_is_counted_as_late() {
    let mut merge = merge_of(2);
    push(&mut merge, &[at(0, 0, 50)], 100);
    assert_eq!(take(&mut merge, 100 + SECOND), [(0, 0)]);
    push(&mut merge, &[at(1, 0, 40), at(1, 1, 60)], 2 * SECOND);
    assert_eq!(take(&mut merge, 4 * SECOND), [(1, 0), (1, 1)]);
    assert_eq!(merge.out_of_order(), 1);
}

#[test]
fn nothing_is_lost_or_doubled_whatever_comes_when() {
    for seed in 0..50 {
        let mut random = fastrand::Rng::with_seed(seed);
        let partitions = random.i32(1..5);
        let mut merge = merge_of(partitions);
        let mut next = [0; 5];
        let mut taken = Vec::new();
        let mut now = 0;
        for _ in 0..100 {
            now += random.i64(0..SECOND / 4);
            let partition = random.i32(0..partitions);
            let offset = &mut next[usize::try_from(partition).unwrap()];
            let given: Vec<Given> = (0..random.i64(0..20))
                .map(|i| at(partition, *offset + i, now + i))
                .collect();
            *offset += i64::try_from(given.len()).unwrap();
            push(&mut merge, &given, now);
            taken.extend(take(&mut merge, now));
        }
        taken.extend(take(&mut merge, now + SECOND));
        assert!(merge.is_empty());
        for partition in 0..partitions {
            let offsets: Vec<i64> = taken
                .iter()
                .filter(|(p, _)| *p == partition)
                .map(|(_, o)| *o)
                .collect();
            let count = next[usize::try_from(partition).unwrap()];
            assert_eq!(offsets, (0..count).collect::<Vec<_>>());
        }
    }
}
