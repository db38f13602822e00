//! A stream as a table, and the history of one of its keys, with the events that the runtime would send.

use std::sync::Arc;
use std::time::Duration;

use liftui::app::{
    Effect, Event, KeyHistorySpec, RequestId, TableEvent, TableId, TableProgress, TableReport,
    TableSpec, TableView,
};
use liftui::model::{ErrorKind, Failure, MessageSink, MessageStamp, PartitionId, Target};
use liftui::store::{Chunk, ChunkBuilder, KeyHistoryBuilder, KeyTable, RowOrder};
use liftui::ui::Theme;

use super::{frame, golden, shows, text};
use crate::world::World;

const KINDS: [&str; 4] = ["new", "paid", "packed", "sent"];

/// What was last published for orders: each goes through some states, and the ninth of each ten is deleted.
fn orders(world: &World, stream: &str, partition: PartitionId) -> Arc<Chunk> {
    let mut builder = ChunkBuilder::new();
    let mut offset = 41_200;
    for step in 0..4_i64 {
        for number in (0..60).filter(|number| number % 4 == i64::from(partition)) {
            if step > number % 5 {
                continue;
            }
            let kind = KINDS[usize::try_from(step).unwrap()];
            let total = (number * 37) % 900 + 12;
            let value = match (number % 10, step) {
                (8, 3) => String::new(),
                _ => format!(
                    r#"{{"status":"{kind}","customer":{{"id":"c-{}"}},"total":{total}.50}}"#,
                    1_000 + number % 8
                ),
            };
            builder.stream(stream.as_bytes());
            builder.key(format!("order-{}", 7_100 + number).as_bytes());
            builder.value(value.as_bytes());
            let ago = Duration::from_secs(u64::try_from((4 - step) * 600 - number * 3).unwrap());
            let stamp = MessageStamp {
                offset,
                partition,
                timestamp: world.now.minus(ago),
            };
            assert_eq!(builder.commit(stamp), None);
            offset += 3;
        }
    }
    builder.flush().expect("there are some")
}

fn table_of(effects: &[Effect]) -> Option<(TableId, TableSpec, TableView)> {
    effects.iter().find_map(|effect| {
        let Effect::OpenTable(id, spec, view) = effect else {
            return None;
        };
        Some((*id, spec.clone(), view.clone()))
    })
}

/// A table as it was opened: nothing has come.
fn opening() -> (World, TableId, TableSpec, TableView) {
    let mut world = World::seasoned();
    frame(&mut world, 120, 36, &Theme::default());
    let effects = world.press("3 j j T");
    let (id, spec, view) = table_of(&effects).expect("it is opened");
    frame(&mut world, 120, 36, &Theme::default());
    (world, id, spec, view)
}

/// Folds the messages as the runtime does.
fn folded(world: &World, spec: &TableSpec) -> KeyTable {
    let mut table = KeyTable::new(&spec.partitions, 1 << 20);
    for (stream, partition) in &spec.partitions {
        let chunk = orders(world, stream, *partition);
        table
            .add_chunk(&chunk, None, world.now)
            .expect("there is room");
    }
    table
}

/// Tells the world what it wants to know of the table.
fn tell(world: &mut World, id: TableId, table: &KeyTable, view: &TableView) {
    let report = TableReport {
        totals: table.totals(),
        order: RowOrder::from(table.order(&view.order, |_| true)),
        keeps_values: table.keeps_values(),
        progress: TableProgress::Live,
        notes: Vec::new(),
    };
    let report = TableEvent::Report(Arc::new(report));
    let effects = world.event(Event::Table(id, report));
    answer(world, id, table, effects);
}

/// Tells what stands in the rows that are asked for, and returns the most that were at once.
fn answer(world: &mut World, id: TableId, table: &KeyTable, mut effects: Vec<Effect>) -> usize {
    let mut most = 0;
    while let Some(effect) = effects.pop() {
        if let Effect::ViewTable(_, view) = effect {
            most = most.max(view.rows.len());
            let entry = |id| Some((id, Arc::new(table.entry(id)?)));
            let entries = view.rows.into_iter().filter_map(entry);
            let entries = TableEvent::Entries(entries.collect());
            effects.extend(world.event(Event::Table(id, entries)));
        }
    }
    most
}

/// A table that is read, its deleted keys shown.
pub(super) fn table() -> World {
    let (mut world, id, spec, _) = opening();
    let table = folded(&world, &spec);
    let effects = world.press("H");
    let view = effects.into_iter().find_map(|effect| {
        let Effect::ViewTable(_, view) = effect else {
            return None;
        };
        Some(view)
    });
    tell(&mut world, id, &table, &view.expect("it is asked for"));
    world.press("j j j");
    world
}

/// The history of the selected key.
fn history() -> World {
    let mut world = table();
    let effects = world.press("enter");
    let (id, spec) = history_of(effects).expect("it is asked for");
    let chunk = orders(&world, &spec.stream, spec.partition);
    let mut builder = KeyHistoryBuilder::new(spec.stream, spec.partition, spec.key, None);
    builder.add_chunk(&chunk);
    let history = Arc::new(builder.history().clone());
    world.event(Event::KeyHistory(id, Ok((history, true))));
    world
}

fn history_of(effects: Vec<Effect>) -> Option<(RequestId, KeyHistorySpec)> {
    effects.into_iter().find_map(|effect| {
        let Effect::ReadKeyHistory(id, spec) = effect else {
            return None;
        };
        Some((id, spec))
    })
}

#[test]
fn a_table_shows_keys_with_their_values_and_strikes_deleted_ones() {
    golden(
        "table",
        table(),
        "
            60 TABLE orders-eu:0-3 live,
            60 KEY↑ VALUE
            60 CHANGES
            80 TIME
            60 order-7100
            60 ▸ order-7103
            60 order-7108 deleted
            80 \"status\":\"sent\"
            120 OFFSET #
            120 60",
    );
    let (world, ..) = opening();
    shows(
        world,
        "60 TABLE orders-eu:0-3 reading…\n60 Reading the stream…",
    );
}

#[test]
fn the_history_of_a_key_is_a_list_of_what_changed() {
    golden(
        "key-history",
        history(),
        "
            60 History of order-7103
            60 4 messages of the key among the
            60 @ 41,
            60 - status: \"packed\"
            60 + status: \"sent\"",
    );
}

#[test]
fn of_a_large_table_what_is_in_sight_is_asked_for_and_no_more() {
    const KEYS: i64 = 20_000;
    let (mut world, id, spec, view) = opening();
    let mut table = KeyTable::new(&spec.partitions, 64 << 20);
    let mut builder = ChunkBuilder::new();
    let mut chunks = Vec::new();
    for offset in 0..KEYS {
        builder.stream(b"orders-eu");
        builder.key(format!("key-{offset:05}").as_bytes());
        builder.value(b"on");
        let stamp = MessageStamp {
            offset,
            timestamp: world.now,
            ..MessageStamp::default()
        };
        chunks.extend(builder.commit(stamp));
    }
    chunks.extend(builder.flush());
    for chunk in chunks {
        table
            .add_chunk(&chunk, None, world.now)
            .expect("there is room");
    }
    tell(&mut world, id, &table, &view);
    for (keys, seen) in [
        ("G", "key-19999"),
        ("ctrl-u ctrl-u ctrl-u ctrl-u", "key-19950"),
        ("g", "key-00000"),
    ] {
        let effects = world.press(keys);
        let most = answer(&mut world, id, &table, effects);
        assert!((1..=3 * 36).contains(&most), "{most} rows after {keys}");
        let screen = text(&frame(&mut world, 120, 36, &Theme::default()));
        assert!(
            screen.contains(seen) && screen.contains("20,000"),
            "{keys}: {screen}"
        );
    }
}

#[test]
fn a_table_that_takes_too_much_memory_says_so() {
    let (mut world, id, _, _) = opening();
    let target = Target::Stream("orders-eu".into());
    let sentence = "stream \"orders-eu\" is no table here";
    let failure = Failure::new(ErrorKind::Local, target, sentence);
    world.event(Event::Table(id, TableEvent::Failed(failure)));
    shows(
        world,
        "60 stream \"orders-eu\" is no table here\n60 There is no table of this stream.",
    );
}
