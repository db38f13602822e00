//! Several partitions as one sequence: order, identity, budget.

use std::sync::Arc;

use liftui::store::{Budget, Evict, MessageId, Store};

use super::{Given, chunks};

fn id(partition: i32, offset: i64) -> MessageId {
    MessageId {
        stream: "orders".into(),
        partition,
        offset,
    }
}

fn at(partition: i32, offset: i64, time: i64) -> Given {
    Given {
        partition,
        time,
        ..Given::value(offset, format!("{partition}-{offset}"))
    }
}

fn push_all(store: &mut Store, given: &[Given]) {
    for chunk in &chunks(given) {
        store.push(chunk);
    }
}

fn seen(store: &Store) -> Vec<(i32, i64)> {
    store
        .rows_from(0)
        .map(|message| (message.partition(), message.offset()))
        .collect()
}

#[test]
fn partitions_are_merged_by_time() {
    let mut store = Store::new();
    push_all(&mut store, &[at(0, 0, 10), at(0, 1, 30), at(0, 2, 50)]);
    push_all(&mut store, &[at(1, 7, 20), at(1, 8, 30), at(1, 9, 60)]);
    assert_eq!(
        seen(&store),
        [(0, 0), (1, 7), (0, 1), (1, 8), (0, 2), (1, 9)]
    );
    assert_eq!(store.position(&id(1, 8)), Some(3));
    assert_eq!(store.at(4).unwrap().id(), id(0, 2));
}

#[test]
fn a_partition_keeps_the_order_of_its_offsets_when_its_clock_goes_back() {
    let mut store = Store::new();
    push_all(&mut store, &[at(0, 0, 10), at(0, 1, 100), at(0, 2, 20)]);
    push_all(&mut store, &[at(0, 3, 30)]);
    push_all(&mut store, &[at(1, 0, 50)]);
    assert_eq!(seen(&store), [(0, 0), (1, 0), (0, 1), (0, 2), (0, 3)]);
}

#[test]
fn what_comes_twice_is_kept_once() {
    let mut store = Store::new();
    let given: Vec<Given> = (0..100).map(|offset| at(0, offset, offset)).collect();
    push_all(&mut store, &given[20..60]);
    push_all(&mut store, &given[0..40]);
    push_all(&mut store, &given[50..100]);
    push_all(&mut store, &given);
    assert_eq!(
        seen(&store),
        (0..100).map(|offset| (0, offset)).collect::<Vec<_>>()
    );
    assert_eq!(store.counters().repeated, 20 + 10 + 100);
}

#[test]
fn a_held_message_survives_its_chunk() {
    let mut store = Store::new();
    push_all(
        &mut store,
        &(0..5000)
            .map(|offset| at(0, offset, offset))
            .collect::<Vec<_>>(),
    );
    let held = store.pin(&id(0, 3)).unwrap();
    assert!(Budget::new(1).enforce([&mut store]) || store.kept() < 5000);
    assert!(store.get(&id(0, 3)).is_none());
    assert_eq!(held.message().value(), b"0-3");
}

#[test]
fn the_end_that_leaves_is_the_one_that_was_chosen() {
    let given: Vec<Given> = (0..40_000).map(|offset| at(0, offset, offset)).collect();
    let mut store = Store::new();
    push_all(&mut store, &given);
    let budget = Budget::new(store.bytes() / 2);
    store.set_evict(Evict::Nothing);
    assert!(!budget.enforce([&mut store]));
    assert_eq!(store.kept(), 40_000);
    store.set_evict(Evict::Newest);
    assert!(budget.enforce([&mut store]));
    assert_eq!(store.offsets("orders", 0).unwrap().0, 0);
    store.set_evict(Evict::Oldest);
    Budget::new(1).enforce([&mut store]);
    assert!(store.offsets("orders", 0).unwrap().0 > 0);
}

#[test]
fn the_tail_that_takes_most_gives_first() {
    let mut busy = Store::new();
    push_all(
        &mut busy,
        &(0..20_000)
            .map(|offset| at(0, offset, offset))
            .collect::<Vec<_>>(),
    );
    let mut quiet = Store::new();
    push_all(&mut quiet, &[at(0, 0, 0)]);
    let budget = Budget::new(quiet.bytes() + busy.bytes() / 2);
    assert!(budget.enforce([&mut busy, &mut quiet]));
    assert_eq!(quiet.kept(), 1);
    assert!(busy.kept() < 20_000);
}

#[test]
fn a_trickle_does_not_cost_a_chunk_a_message() {
    let mut trickle = Store::new();
    for offset in 0..2000 {
        push_all(&mut trickle, &[at(0, offset, offset)]);
    }
    assert_eq!(trickle.len(), 2000);
    let payload: usize = trickle.rows_from(0).map(|message| message.size()).sum();
    assert!(
        trickle.bytes() - payload < 50 * 2000,
        "{}",
        trickle.bytes() - payload
    );
}

/// Whatever comes in whatever pieces, with eviction at either end: order, positions and identity agree.
#[test]
fn order_and_identity_hold_under_eviction() {
    for seed in 0..20 {
        let mut random = fastrand::Rng::with_seed(seed);
        let lanes = random.i32(1..5);
        let mut next = vec![(1000_i64, 1_000_000_i64); usize::try_from(lanes).unwrap()];
        let mut store = Store::new();
        for _ in 0..30 {
            let lane = random.usize(..next.len());
            let (offset, time) = &mut next[lane];
            let mut given = Vec::new();
            for _ in 0..random.usize(1..600) {
                *offset += random.i64(1..3);
                *time += random.i64(-3..20);
                given.push(at(i32::try_from(lane).unwrap(), *offset, *time));
            }
            push_all(&mut store, &given);
            store.set_evict(if random.u8(..4) == 0 {
                Evict::Newest
            } else {
                Evict::Oldest
            });
            Budget::new(random.usize(20_000..200_000)).enforce([&mut store]);
            check(&store, &mut random);
        }
    }
}

fn check(store: &Store, random: &mut fastrand::Rng) {
    let rows: Vec<MessageId> = store.rows_from(0).map(|message| message.id()).collect();
    assert_eq!(rows.len(), store.len());
    assert_eq!(rows.len(), store.kept());
    let mut last = std::collections::HashMap::new();
    for row in &rows {
        let before = last.insert(row.partition, row.offset);
        assert!(before.is_none_or(|before| before < row.offset));
    }
    for _ in 0..20 {
        let position = random.usize(..rows.len());
        assert_eq!(
            store.at(position).map(|m| m.id()).as_ref(),
            rows.get(position)
        );
        assert_eq!(store.position(&rows[position]), Some(position));
        let rest: Vec<MessageId> = store
            .rows_from(position)
            .take(5)
            .map(|message| message.id())
            .collect();
        assert_eq!(rest, rows[position..rows.len().min(position + 5)]);
    }
    assert!(store.at(rows.len()).is_none());
}

#[test]
fn a_chunk_is_moved_not_copied() {
    let mut store = Store::new();
    let sealed = chunks(
        &(0..4096)
            .map(|offset| at(0, offset, offset))
            .collect::<Vec<_>>(),
    );
    store.push(&sealed[0]);
    assert_eq!(Arc::strong_count(&sealed[0]), 2);
}
