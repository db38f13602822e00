//! Messages of the made-up cluster, and dashboards that show them in a tail, with the events that the runtime would send.
//!
//! What they look like is pinned by `screens`.

use std::sync::Arc;
use std::time::Duration;

use liftui::app::{
    App, DecoderCommand, Effect, Event, ScanEvent, Schemas, Settings, TailEvent, TailId,
};
use liftui::cli::typed_line;
use liftui::model::{
    EndReason, ErrorKind, Failure, MessageSink, MessageStamp, PartitionId, SubscriptionEvent,
    Target,
};
use liftui::store::{Chunk, ChunkBuilder, FieldIndex, QueryRun};
use liftui::ui::Theme;

use crate::screens::frame;
use crate::world::{World, settings};

/// Partitions of the stream that is tailed.
const PARTITIONS: PartitionId = 4;
const NAMES: [&str; 5] = ["Zoë", "Łukasz", "Grace", "山田", "Ada"];
const ITEMS: [&str; 4] = ["lamp", "keyboard", "chair", "screen"];

/// The n-th order.
fn order(number: i64) -> String {
    let pick = |from: &[&'static str], step: i64| -> &'static str {
        let count = i64::try_from(from.len()).unwrap();
        from[usize::try_from((number * step) % count).unwrap()]
    };
    let (first, second) = (pick(&ITEMS, 1), pick(&ITEMS, 3));
    format!(
        r#"{{"order":{},"customer":{{"id":"c-{}","name":"{}"}},"items":["{first}","{second}"],"amount":{}.{:02},"currency":"EUR","express":{}}}"#,
        100_000 + number,
        1000 + number % 8,
        pick(&NAMES, 2),
        (number * 37) % 900 + 12,
        number % 100,
        number % 3 == 0,
    )
}

/// A chunk of orders in that partition: every fourth of those numbers, a third of a second apart, the last one now.
fn orders(world: &World, partition: PartitionId, numbers: std::ops::Range<i64>) -> Arc<Chunk> {
    let json = |number| order(number).into_bytes();
    orders_of(world, partition, numbers, json)
}

/// The same with those values.
fn orders_of(
    world: &World,
    partition: PartitionId,
    numbers: std::ops::Range<i64>,
    value: impl Fn(i64) -> Vec<u8>,
) -> Arc<Chunk> {
    let mut builder = ChunkBuilder::new();
    let last = numbers.end - 1;
    let own = numbers.filter(|number| number % i64::from(PARTITIONS) == i64::from(partition));
    for number in own {
        builder.stream(b"orders-eu");
        builder.subject(format!("orders.eu.{partition}").as_bytes());
        builder.key(format!("user-{}", number % 23).as_bytes());
        builder.header(
            b"trace-id",
            format!("4bf92f{:06x}", number * 7919).as_bytes(),
        );
        builder.header(b"content-type", b"application/json");
        builder.value(&value(number));
        let ago = Duration::from_millis(u64::try_from(last - number).unwrap() * 333);
        let stamp = MessageStamp {
            offset: 48_000 + number / i64::from(PARTITIONS),
            partition,
            timestamp: world.now.minus(ago),
        };
        assert_eq!(builder.commit(stamp), None);
    }
    builder.flush().expect("there are some")
}

/// The tail that is shown.
pub(crate) fn tail_id(app: &App) -> TailId {
    app.tails().shown().expect("a tail is open").id()
}

fn subscription(world: &mut World, partition: PartitionId, event: SubscriptionEvent) {
    let stream = "orders-eu".into();
    let event = TailEvent::Subscription {
        stream,
        partition,
        event,
    };
    world.event(Event::Tail(tail_id(&world.app), event));
}

/// More orders arrive.
pub(crate) fn arrive(world: &mut World, numbers: std::ops::Range<i64>) {
    for partition in 0..PARTITIONS {
        let chunk = orders(world, partition, numbers.clone());
        world.event(Event::Tail(tail_id(&world.app), TailEvent::Chunk(chunk)));
    }
}

/// A tail of a stream whose subscriptions were just asked for.
pub(crate) fn opening(mut world: World) -> World {
    frame(&mut world, 120, 36, &Theme::default());
    // Offsets of these messages are not those at which the cursors of the stream are.
    if world.ends.is_none() {
        world.cursors_elsewhere();
    }
    world.press("3 j j l");
    frame(&mut world, 120, 36, &Theme::default());
    world
}

/// The same once it is served, with a screenful of messages.
pub(crate) fn tailing() -> World {
    tailing_in(World::seasoned())
}

fn tailing_in(world: World) -> World {
    let mut world = opening(world);
    for partition in 0..PARTITIONS {
        let broker = "node-1".into();
        subscription(&mut world, partition, SubscriptionEvent::Opened { broker });
    }
    arrive(&mut world, 0..200);
    world.run(Duration::from_secs(2));
    arrive(&mut world, 200..206);
    world.run(Duration::from_secs(2));
    world
}

/// What one customer's orders have in common, in the order of time.
pub(crate) fn traced() -> World {
    let mut world = World::seasoned();
    frame(&mut world, 120, 32, &Theme::default());
    let line = "trace key:user-7 orders-eu";
    let task = typed_line::parse(line);
    let mut effects = world.event(Event::LineParsed(line.to_owned(), task));
    for partition in 0..PARTITIONS {
        let broker = "node-1".into();
        subscription(&mut world, partition, SubscriptionEvent::Opened { broker });
    }
    for partition in 0..PARTITIONS {
        let chunk = TailEvent::Chunk(orders(&world, partition, 0..200));
        effects.extend(world.event(Event::Tail(tail_id(&world.app), chunk)));
    }
    effects.extend(world.run(Duration::from_secs(2)));
    scan(&mut world, effects);
    world.press("k k");
    world
}

/// A tail with cursors among its messages and beyond them, and logs that end where the messages do.
pub(crate) fn with_cursors() -> World {
    let mut world = tailing_in(World::ending_at(48_051));
    let mut slept = world.cursor("audit", "orders-eu", 3, 47_000);
    slept.read_at = world.now.minus(Duration::from_secs(180));
    let own = [
        world.cursor("invoices", "orders-eu", 0, 48_049),
        world.cursor("fraud", "orders-eu", 0, 48_049),
        world.cursor("__group:picking", "orders-eu", 1, 48_049),
        world.cursor("__group:picking", "orders-eu", 2, 48_050),
        slept,
    ];
    world.event(Event::Cursors(Ok(Arc::new(own.to_vec()))));
    world
}

/// An order as it stands in few bytes, and in words.
fn packed_order(number: i64) -> (Vec<u8>, String) {
    let name = NAMES[usize::try_from(number * 2).unwrap() % NAMES.len()];
    let cents = (number * 37) % 900 * 100 + number % 100;
    let mut bytes = u32::try_from(100_000 + number)
        .unwrap()
        .to_be_bytes()
        .to_vec();
    bytes.extend(cents.to_be_bytes());
    bytes.extend(name.as_bytes());
    let amount = format!("{}.{:02}", cents / 100, cents % 100);
    let order = 100_000 + number;
    let text = format!(r#"{{"order": {order}, "amount": {amount}, "customer": "{name}"}}"#);
    (bytes, text)
}

/// A tail whose values a program decodes, but for one of them.
pub(crate) fn decoded() -> World {
    let command = DecoderCommand {
        words: vec!["/usr/local/bin/decode-order".to_owned()],
        folder: "/etc".into(),
    };
    let settings = Settings {
        schemas: Schemas::new([("orders*".to_owned(), command)]),
        ..settings()
    };
    let mut world = opening(World::healthy_with(settings));
    let mut asked = Vec::new();
    for partition in 0..PARTITIONS {
        let broker = "node-1".into();
        subscription(&mut world, partition, SubscriptionEvent::Opened { broker });
        let chunk = orders_of(&world, partition, 0..206, |number| match number {
            203 => packed_order(number).0[..9].to_vec(),
            number => packed_order(number).0,
        });
        asked.extend(world.event(Event::Tail(tail_id(&world.app), TailEvent::Chunk(chunk))));
    }
    frame(&mut world, 120, 36, &Theme::default());
    asked.extend(world.run(Duration::from_secs(2)));
    asked.extend(world.press("k k enter"));
    decode(&mut world, asked);
    world
}

/// Answers what was asked for as the program would.
fn decode(world: &mut World, mut effects: Vec<Effect>) {
    while let Some(effect) = effects.pop() {
        let Effect::DecodeValues(values) = effect else {
            continue;
        };
        for value in values {
            let bytes = value.value.bytes();
            let texts = (0..206).map(packed_order);
            let text = texts.into_iter().find(|(packed, _)| packed == bytes);
            let why = "error: unpack_from requires a buffer of at least 12 bytes (actual buffer size is 9)";
            let text = text.map_or(Err(why.into()), |(_, text)| Ok(text.into()));
            effects.extend(world.event(Event::ValueDecoded(value.id, text)));
        }
    }
}

/// A tail like the others, the messages of one partition having come seconds after those of the others.
pub(crate) fn late() -> World {
    let mut world = tailing();
    world.catch_up();
    let withheld = orders(&world, 3, 206..214);
    world.run(Duration::from_secs(3));
    for partition in 0..3 {
        let chunk = orders(&world, partition, 206..214);
        world.event(Event::Tail(tail_id(&world.app), TailEvent::Chunk(chunk)));
    }
    world.event(Event::Tail(tail_id(&world.app), TailEvent::Chunk(withheld)));
    world.run(Duration::from_secs(1));
    world
}

/// The same, one of the partitions cut from its broker.
pub(crate) fn cut() -> World {
    let mut world = tailing();
    let target = Target::Broker("node-2".into());
    let sentence = "broker node-2 refused the connection";
    let failure = Failure::new(ErrorKind::Unreachable, target, sentence);
    let event = SubscriptionEvent::Resuming {
        attempt: 3,
        failure,
    };
    subscription(&mut world, 1, event);
    world.run(Duration::from_secs(5));
    world
}

/// The same, all of them paused.
pub(crate) fn paused() -> World {
    let mut world = tailing();
    for partition in 0..PARTITIONS {
        let event = SubscriptionEvent::Ended(EndReason::Paused);
        subscription(&mut world, partition, event);
    }
    world.run(Duration::from_secs(2));
    world
}

/// Opens the box for a query and types that; which fields messages have is known by then.
pub(crate) fn type_query(world: &mut World, text: &str) {
    let effects = world.press("/");
    for effect in effects {
        if let Effect::IndexFields(id, chunks, schemas) = effect {
            let index = Arc::new(FieldIndex::reading_by(&chunks, Some(&schemas)));
            world.event(Event::Fields(id, index));
        }
    }
    world.write(text);
}

/// Types a line into the prompt of that key, and lets what it scans for be found.
pub(crate) fn line(world: &mut World, key: &str, text: &str) {
    world.press(key);
    world.write(text);
    let effects = world.press("enter");
    scan(world, effects);
}

/// Lets what is to be looked through be found.
fn scan(world: &mut World, mut effects: Vec<Effect>) {
    while let Some(effect) = effects.pop() {
        let Effect::Scan(id, query, chunks) = effect else {
            continue;
        };
        for (chunk, scanned) in chunks.iter().enumerate() {
            let indices = query
                .predicate()
                .scan(scanned, &QueryRun::at(world.now))
                .into();
            let matches = ScanEvent::Matches { chunk, indices };
            effects.extend(world.event(Event::Scan(id, matches)));
        }
        effects.extend(world.event(Event::Scan(id, ScanEvent::Finished { undecided: 0 })));
    }
}
