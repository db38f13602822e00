//! The store against a simple model: each partition a sorted map, the sequence found by sorting all of them.
//! Operations are random; what fails is printed in its shortest form, with its seed.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use liftui::store::{Budget, Chunk, ChunkKey, Evict, MessageId, Store};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Given, chunks};

const PARTITIONS: i32 = 3;

/// One operation.
#[derive(Clone, Debug)]
enum Step {
    /// The messages of a partition in a range of offsets.
    Push(i32, Range<i64>),
    /// Only every so many-th offset matches from now on.
    BeginQuery(i64),
    EndQuery,
    /// At most so many chunks are passed to a scan.
    Ask(usize),
    /// One of the chunks passed is answered, however late.
    Answer(usize),
    SetEvict(Evict),
    /// So many percent of what is kept may stay.
    Enforce(usize),
    Clear,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let range = (0..300_i64, 1..60_i64).prop_map(|(from, count)| from..from + count);
    let evict = prop_oneof![
        Just(Evict::Oldest),
        Just(Evict::Newest),
        Just(Evict::Nothing)
    ];
    let step = prop_oneof![
        8 => (0..PARTITIONS, range).prop_map(|(to, range)| Step::Push(to, range)),
        2 => (2..5_i64).prop_map(Step::BeginQuery),
        1 => Just(Step::EndQuery),
        3 => (1..5_usize).prop_map(Step::Ask),
        4 => any::<usize>().prop_map(Step::Answer),
        2 => evict.prop_map(Step::SetEvict),
        3 => (20..110_usize).prop_map(Step::Enforce),
        1 => Just(Step::Clear),
    ];
    vec(step, 1..40)
}

/// The offsets in a range at which a broker has messages: some were compacted away.
fn kept_in(range: Range<i64>) -> impl Iterator<Item = i64> + Clone {
    range.filter(|offset| offset * 7 % 5 != 1)
}

/// What a broker has at that offset; its clock goes back now and then. Large enough that not all chunks are joined.
fn given(partition: i32, offset: i64) -> Given {
    let scatter = offset
        .wrapping_mul(7_919)
        .wrapping_add(i64::from(partition) * 31)
        % 97;
    Given {
        partition,
        time: offset * 10 + scatter * 3,
        ..Given::value(offset, vec![b'v'; 1_500])
    }
}

#[derive(Clone, Debug)]
struct Kept {
    /// The time by which it is placed: never earlier than a lower offset, and never earlier than it was once.
    placed: i64,
    /// Tells it from the same message before it left and came again.
    instance: u64,
    asked: bool,
    /// What the query found; `None` while it has not looked.
    matches: Option<bool>,
}

/// A chunk passed to a scan, and which messages it held.
struct Asked {
    query: u64,
    key: ChunkKey,
    chunk: Arc<Chunk>,
    instances: Vec<u64>,
}

#[derive(Default)]
struct Model {
    logs: Vec<(i32, BTreeMap<i64, Kept>)>,
    instances: u64,
    queries: u64,
    /// Which offsets match.
    query: Option<i64>,
    asked: Vec<Asked>,
    received: u64,
    repeated: u64,
    evicted: u64,
}

impl Model {
    fn push(&mut self, partition: i32, offsets: impl Iterator<Item = i64> + Clone) {
        if offsets.clone().next().is_none() {
            return;
        }
        let number = self.logs.iter().position(|(of, _)| *of == partition);
        let number = number.unwrap_or_else(|| {
            self.logs.push((partition, BTreeMap::new()));
            self.logs.len() - 1
        });
        let log = &mut self.logs[number].1;
        for offset in offsets {
            self.received += 1;
            self.instances += 1;
            if log.contains_key(&offset) {
                self.repeated += 1;
                continue;
            }
            let new = Kept {
                placed: given(partition, offset).time,
                instance: self.instances,
                asked: false,
                matches: None,
            };
            log.insert(offset, new);
        }
        let mut latest = i64::MIN;
        for kept in log.values_mut() {
            latest = latest.max(kept.placed);
            kept.placed = latest;
        }
    }

    fn is_seen(&self, kept: &Kept) -> bool {
        self.query.is_none() || kept.matches == Some(true)
    }

    /// The sequence of what is seen: time, log, offset.
    fn rows(&self) -> Vec<(i64, usize, i64)> {
        let mut rows = Vec::new();
        for (number, (_, log)) in self.logs.iter().enumerate() {
            let seen = log.iter().filter(|(_, kept)| self.is_seen(kept));
            rows.extend(seen.map(|(offset, kept)| (kept.placed, number, *offset)));
        }
        rows.sort_unstable();
        rows
    }

    fn id(&self, number: usize, offset: i64) -> MessageId {
        MessageId {
            stream: "orders".into(),
            partition: self.logs[number].0,
            offset,
        }
    }

    /// Where a message that is not seen would stand.
    fn position_near(&self, number: usize, offset: i64) -> Option<usize> {
        let log = &self.logs[number].1;
        let after = log.range(offset..).next().or_else(|| log.last_key_value());
        let time = after?.1.placed;
        let before = |(placed, of, at): &&(i64, usize, i64)| {
            if *of == number {
                *at < offset
            } else {
                (*placed, *of) < (time, number)
            }
        };
        Some(self.rows().iter().filter(before).count())
    }

    fn forget_answers(&mut self) {
        self.queries += 1;
        for kept in self.logs.iter_mut().flat_map(|(_, log)| log.values_mut()) {
            (kept.asked, kept.matches) = (false, None);
        }
    }

    fn log_of(&mut self, partition: i32) -> Option<&mut BTreeMap<i64, Kept>> {
        let mut logs = self.logs.iter_mut();
        Some(&mut logs.find(|(of, _)| *of == partition)?.1)
    }

    fn ask(&mut self, key: ChunkKey, chunk: Arc<Chunk>) {
        let log = self.log_of(chunk.partition()).expect("the chunk is kept");
        let mut instances = Vec::new();
        for message in chunk.iter() {
            let kept = log.get_mut(&message.offset()).expect("the message is kept");
            assert!(!kept.asked, "it is passed to a scan once");
            kept.asked = true;
            instances.push(kept.instance);
        }
        let query = self.queries;
        self.asked.push(Asked {
            query,
            key,
            chunk,
            instances,
        });
    }

    fn answer(&mut self, number: usize, store: &mut Store) {
        if self.asked.is_empty() {
            return;
        }
        let asked = self.asked.swap_remove(number % self.asked.len());
        let by = self.query.unwrap_or(1);
        let indices = (0..).zip(asked.chunk.iter());
        let found = indices.filter(|(_, message)| message.offset() % by == 0);
        store.accept(asked.key, found.map(|(index, _)| index).collect());
        if asked.query != self.queries || self.query.is_none() {
            return;
        }
        let Some(log) = self.log_of(asked.chunk.partition()) else {
            return;
        };
        for (message, instance) in asked.chunk.iter().zip(asked.instances) {
            if let Some(kept) = log.get_mut(&message.offset())
                && kept.instance == instance
            {
                kept.matches = Some(message.offset() % by == 0);
            }
        }
    }

    /// Takes out what the store no longer has: of each partition only what lies at the end that leaves.
    fn evict(&mut self, store: &Store) {
        for number in 0..self.logs.len() {
            let offsets: Vec<i64> = self.logs[number].1.keys().copied().collect();
            let gone = |offset: &i64| store.get(&self.id(number, *offset)).is_none();
            let gone: Vec<bool> = offsets.iter().map(gone).collect();
            let count = gone.iter().filter(|gone| **gone).count();
            let left = match store.evict() {
                Evict::Oldest => &gone[..count],
                Evict::Newest => &gone[gone.len() - count..],
                Evict::Nothing => &[],
            };
            assert_eq!(left.iter().filter(|gone| **gone).count(), count);
            self.evicted += u64::try_from(count).expect("few");
            let mut gone = gone.into_iter();
            self.logs[number].1.retain(|_, _| gone.next() != Some(true));
        }
    }

    fn run(&mut self, step: Step, store: &mut Store) {
        match step {
            Step::Push(partition, range) => {
                let offsets = kept_in(range);
                let messages = offsets.clone().map(|offset| given(partition, offset));
                let messages: Vec<Given> = messages.collect();
                for chunk in &chunks(&messages) {
                    store.push(chunk);
                }
                self.push(partition, offsets);
            }
            Step::BeginQuery(by) => {
                store.begin_query();
                self.query = Some(by);
                self.forget_answers();
            }
            Step::EndQuery => {
                store.end_query();
                self.query = None;
                self.forget_answers();
            }
            Step::Ask(limit) => {
                let asked = store.unasked(limit);
                assert!(asked.len() <= limit && (self.query.is_some() || asked.is_empty()));
                for (key, chunk) in asked {
                    self.ask(key, chunk);
                }
            }
            Step::Answer(number) => self.answer(number, store),
            Step::SetEvict(evict) => store.set_evict(evict),
            Step::Enforce(percent) => {
                let budget = Budget::new(store.bytes() * percent / 100);
                if budget.enforce([&mut *store]) {
                    assert!(store.bytes() <= budget.limit());
                }
                self.evict(store);
            }
            Step::Clear => {
                store.clear();
                self.logs.clear();
            }
        }
    }

    fn check(&self, store: &Store) {
        let rows = self.rows();
        let expected: Vec<MessageId> = rows.iter().map(|(_, of, at)| self.id(*of, *at)).collect();
        let found: Vec<MessageId> = store.rows_from(0).map(|message| message.id()).collect();
        let mut pairs = found.iter().zip(&expected);
        let differs = pairs.find(|(found, expected)| found != expected);
        assert_eq!((differs, found.len()), (None, expected.len()));
        for (position, id) in expected.iter().enumerate().step_by(7) {
            assert_eq!(store.position(id), Some(position));
            assert_eq!(
                store.at(position).map(|message| message.id()).as_ref(),
                Some(id)
            );
            assert!(
                store
                    .rows_from(position)
                    .map(|message| message.id())
                    .eq(expected[position..].iter().cloned())
            );
        }
        let kept = || self.logs.iter().flat_map(|(_, log)| log.values());
        assert_eq!((store.len(), store.kept()), (rows.len(), kept().count()));
        let undecided = kept().filter(|one| self.query.is_some() && one.matches.is_none());
        assert_eq!(store.unscanned_len(), undecided.count());
        let counters = store.counters();
        assert_eq!(
            (counters.received, counters.repeated, counters.evicted),
            (self.received, self.repeated, self.evicted)
        );
        if self.query.is_none() {
            let bytes: usize = store.seen().iter().map(|(chunk, _)| chunk.bytes()).sum();
            assert_eq!(store.bytes(), bytes);
        }
        for (number, (partition, log)) in self.logs.iter().enumerate() {
            let ends = log.first_key_value().zip(log.last_key_value());
            let ends = ends.map(|((first, _), (last, _))| (*first, *last));
            assert_eq!(store.offsets("orders", *partition), ends);
            for offset in (-1..365).step_by(13) {
                let near = store.position_near(&self.id(number, offset));
                assert_eq!(
                    near,
                    self.position_near(number, offset),
                    "{partition} @ {offset}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn it_is_what_a_sorted_list_would_be(steps in steps()) {
        let (mut store, mut model) = (Store::new(), Model::default());
        for step in steps {
            model.run(step, &mut store);
            model.check(&store);
        }
    }
}
