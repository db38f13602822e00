//! Screens with more than there is room for: large numbers, long names, sentences in narrow panes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use liftui::app::{ConnectionState, Effect, Event};
use liftui::model::{
    ActivityEvent, ActivityKind, Broker, BrokerView, Cluster, CursorEntry, ErrorKind, Failure,
    Partition, Stream, StreamName, Target,
};
use liftui::ui::Theme;

use super::{frame, text};
use crate::world::{NOON, World, settings};

/// Partitions that each broker leads.
const LED: i32 = 13_333;
const TOOK: [u64; 3] = [765, 12_431, 4];

fn name(number: usize) -> String {
    let number = number + 1;
    format!("liftbridge-production-eu-west-1-node-{number}")
}

fn stream(number: usize) -> Stream {
    let leader = || vec![name(number).as_str().into()];
    let partition = |id| Partition {
        id,
        leader: Some(name(number).as_str().into()),
        replicas: leader().into(),
        isr: leader().into(),
        high_watermark: 123_456_789_012,
        newest_offset: 123_456_789_012,
        ..Partition::default()
    };
    let long = "of-the-web-shop-in-all-the-countries-of-europe".repeat(number + 1);
    Stream {
        name: format!("orders-{number}-{long}").as_str().into(),
        subject: "orders".into(),
        partitions: (0..LED).map(partition).collect(),
        created: NOON,
    }
}

/// Three brokers that lead 13,333 partitions each and take from 4 ms to 12 s to say so.
fn crowded() -> World {
    let mut world = World::silent(settings());
    world.event(Event::Connection(ConnectionState::Connected));
    let broker = |number: usize| Broker {
        id: name(number).as_str().into(),
        host: "10.0.0.1".into(),
        port: 9292 + i32::try_from(number).unwrap(),
        partition_count: LED,
        leader_count: LED,
    };
    let streams = (0..3).map(stream);
    let streams: BTreeMap<StreamName, Arc<Stream>> = streams
        .map(|stream| (StreamName::clone(&stream.name), stream.into()))
        .collect();
    for (number, took) in TOOK.into_iter().enumerate() {
        let id = || Some(name(number).as_str().into());
        let cluster = Cluster {
            answered_by: id(),
            brokers: (0..3).map(broker).collect(),
            streams: streams.clone(),
        };
        let view = BrokerView {
            address: format!("10.0.0.1:{}", 9292 + number).into(),
            broker: id(),
            at: world.now,
            took: Duration::from_millis(took),
            result: Ok(Arc::new(cluster)),
        };
        world.event(Event::BrokerView(Arc::new(view)));
    }
    world.event(Event::Tick(world.now));
    world
}

/// The rows of a screen that show this text, and the columns in which its end stands.
fn ends_of(shown: &str, part: &str) -> Vec<usize> {
    let end = |row: &str| {
        let (before, _) = row.split_once(part)?;
        Some(before.chars().count() + part.chars().count())
    };
    let lists = shown.lines().filter(|row| !row.contains("replicas  "));
    lists.filter_map(end).collect()
}

#[test]
fn large_numbers_stand_whole_apart_from_their_neighbours_and_in_line() {
    let mut world = crowded();
    for (keys, sizes) in [
        ("1", &[(60, 20), (80, 24), (120, 36), (200, 60)]),
        ("2", &[(60, 20), (80, 24), (120, 36), (200, 60)]),
    ] {
        world.press(keys);
        for (width, height) in sizes {
            let shown = text(&frame(&mut world, *width, *height, &Theme::default()));
            let numbers = ends_of(&shown, " 13,333");
            assert!(numbers.len() >= 3, "{width}:\n{shown}");
            assert!(numbers.windows(2).all(|pair| pair[0] == pair[1]), "{shown}");
            assert!(
                !shown.contains("13,3…") && !shown.contains("s13,"),
                "{shown}"
            );
            // Where there is room for it, the time stands in line too, and apart.
            for took in [" 765ms ", " 12.4s ", " 4ms "] {
                let stands = ends_of(&shown, took);
                assert!(keys == "2" || !stands.is_empty(), "{took}:\n{shown}");
            }
        }
    }
}

#[test]
fn rows_of_replicas_stay_in_line_with_long_names_of_brokers() {
    let mut world = crowded();
    world.press("3 tab");
    let shown = text(&frame(&mut world, 120, 36, &Theme::default()));
    let rows: Vec<&str> = shown
        .lines()
        .skip_while(|row| !row.contains("what each replica reports"))
        .filter(|row| row.contains("liftbridge-"))
        .collect();
    assert!(!rows.is_empty(), "{shown}");
    assert!(rows.iter().all(|row| row.contains("  hw ")), "{shown}");
}

#[test]
fn activity_stays_in_line_whatever_the_events_and_names() {
    let mut world = crowded();
    let long: StreamName = "a-very-long-name-of-a-stream-".repeat(9).as_str().into();
    let kinds = [
        ActivityKind::CreateStream {
            stream: StreamName::clone(&long),
            partitions: (0..99).collect(),
        },
        ActivityKind::SetReadonly {
            stream: long,
            partitions: vec![0],
            readonly: false,
        },
        ActivityKind::LeaveGroup {
            group: "g".repeat(200),
            consumer: "c".repeat(200),
            expired: true,
        },
        ActivityKind::Unknown { op: 77 },
    ];
    let event = |(id, kind)| ActivityEvent {
        id,
        time: world.now.minus(Duration::from_secs(400 * 86_400 * id)),
        kind,
    };
    let events: Vec<_> = (1..).zip(kinds).map(event).collect();
    world.event(Event::Activity(Ok(Arc::new(events))));
    world.press("5");
    for (width, height) in super::SIZES {
        let shown = text(&frame(&mut world, width, height, &Theme::default()));
        let head = shown.lines().find(|row| row.contains("WHAT"));
        let head = head.unwrap_or_else(|| panic!("{width}:\n{shown}"));
        let column = head.chars().count() - "WHAT".len();
        let rows: Vec<&str> = shown
            .lines()
            .filter(|row| {
                ["a-very", "cccc", "operation 77"]
                    .iter()
                    .any(|part| row.contains(part))
            })
            .collect();
        assert!(rows.len() >= 3, "{width}:\n{shown}");
        for row in rows {
            let before: Vec<char> = row.chars().skip(column - 2).take(2).collect();
            assert_eq!(before, [' ', ' '], "{width}:\n{shown}");
            assert!(row.chars().count() <= usize::from(width), "{shown}");
        }
    }
}

#[test]
fn an_error_in_a_form_is_whole_and_says_what_it_is_about() {
    let sentence = "broker liftbridge-production-eu-west-1-node-1 refused to store the message: its ISR is \
                    below the minimum of the stream, and no ack comes before another replica is in sync again";
    for (width, height) in super::SIZES {
        let mut world = World::healthy();
        frame(&mut world, width, height, &Theme::default());
        world.press("3 p");
        world.event(Event::Paste("key".to_owned()));
        let effects = world.press("alt-enter");
        let sent = effects.iter().find_map(|effect| {
            if let Effect::Perform(id, _) = effect {
                Some(*id)
            } else {
                None
            }
        });
        let sent = sent.expect("the form is sent");
        let target = Target::Partition("orders-eu".into(), 3);
        let failure = Failure::new(ErrorKind::Unreachable, target, sentence);
        world.event(Event::Done(sent, Err(failure)));
        let shown = text(&frame(&mut world, width, height, &Theme::default()));
        let bare = shown.replace(['│', '┃'], " ");
        let words = bare.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(sentence), "{width}:\n{shown}");
        let about = "about partition 3 of stream \"orders-eu\"";
        assert!(words.contains(about), "{width}:\n{shown}");
        assert!(words.contains("Unreachable"), "{shown}");
        assert!(words.contains("Cancel"), "{shown}");
    }
}

/// The words of a screen, pane by pane where two stand side by side, one space apart.
fn words(shown: &str) -> String {
    let part = |number| {
        let rows = shown.lines().map(move |row| row.split('▏').nth(number));
        rows.flatten().flat_map(str::split_whitespace)
    };
    let words: Vec<&str> = part(0).chain(part(1)).collect();
    words.join(" ")
}

#[test]
fn sentences_of_empty_panes_are_wrapped_and_not_cut() {
    let mut world = crowded();
    let none: Vec<CursorEntry> = Vec::new();
    world.event(Event::Cursors(Ok(Arc::new(none))));
    world.event(Event::Groups(Ok(Arc::new(Vec::new()))));
    let cursors = [
        "No cursors are stored.",
        "Consumers store them with SetCursor, where the cluster has cursors switched on.",
        "They show by their cursors, and by joins in the activity.",
    ];
    let incidents = [
        "Nothing has gone wrong while liftui watched.",
        "Whatever does is told here, and kept for later runs.",
    ];
    let tails = ["shows the streams;", "tails the chosen stream or partition"];
    for (keys, sentences) in [("4", &cursors[..]), ("7", &incidents), ("6", &tails)] {
        world.press(keys);
        for (width, height) in [(60, 20), (60, 30), (80, 24), (120, 36)] {
            let shown = text(&frame(&mut world, width, height, &Theme::default()));
            for sentence in sentences {
                assert!(
                    words(&shown).contains(sentence),
                    "{width}: {sentence}\n{shown}"
                );
            }
        }
    }
}

/// A cursor that was stored a quarter of an hour ago, and read so many seconds ago.
fn billing(world: &World, read: u64) -> CursorEntry {
    CursorEntry {
        id: "billing".into(),
        stream: "orders-eu".into(),
        partition: 0,
        offset: 100,
        time: world.now.minus(Duration::from_secs(900)),
        read_at: world.now.minus(Duration::from_secs(read)),
    }
}

#[test]
fn cursors_that_cannot_be_read_any_more_stay_with_their_age() {
    let mut world = World::healthy();
    let entry = billing(&world, 300);
    world.press("4");
    world.event(Event::Cursors(Ok(Arc::new(vec![entry]))));
    super::shows(world, "60 billing\n60 1 as of 5m");
}

#[test]
fn cursors_that_are_not_followed_are_counted_until_all_are() {
    let mut world = World::healthy();
    let entry = billing(&world, 0);
    world.press("4");
    world.event(Event::Cursors(Ok(Arc::new(vec![entry.clone()]))));
    world.event(Event::CursorsLeftOut(30_312));
    let said = "30,312 stored before these are not followed";
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let shown = text(&frame(&mut world, width, height, &Theme::default()));
        assert!(shown.contains(said), "{width}: {shown}");
    }
    let narrow = text(&frame(&mut world, 60, 20, &Theme::default()));
    assert!(narrow.contains("30,312"), "{narrow}");
    world.event(Event::Cursors(Ok(Arc::new(vec![entry]))));
    let shown = text(&frame(&mut world, 120, 36, &Theme::default()));
    assert!(!shown.contains("not followed"), "{shown}");
}
